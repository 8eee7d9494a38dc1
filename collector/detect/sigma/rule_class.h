/*
 * rule_class - what a rule's findings count as in national statistics
 *
 * A rule says it itself, by a tag soc.class.<name> (names of national/classes.yaml); else a
 * table says it, configs/sigma/classes.yaml, by the rule's tags of ATT&CK and its log source.
 *
 * The table is immutable. Any thread.
 */
#ifndef COLLECTOR_DETECT_SIGMA_RULE_CLASS_H
#define COLLECTOR_DETECT_SIGMA_RULE_CLASS_H

#include "collector/detect/sigma/rule.h"
#include "collector/record/record.h"

enum {
	RULE_CLASSES_MAX = 500,          /* entries */
	RULE_CLASSES_SIZE_MAX = 1 << 20, /* bytes of the file */
};

struct rule_classes;

/* `path` NULL: the table that is built in. Mistakes are added a line each, as
 * file:line:column; entries that are right hold. Never NULL; the caller frees. */
MUST_USE struct rule_classes *rule_classes_load(const char *path, struct strbuf *mistakes);
void rule_classes_free(struct rule_classes *classes); /* NULL is fine */

/* CLASS_OTHER when nothing says more. */
enum attack_class rule_class(const struct rule_classes *classes, const struct sigma_rule *rule);

/* The class that a tag soc.class.<name> names; CLASS_COUNT: it names none that there is;
 * CLASS_NONE: it is another kind of tag. */
enum attack_class rule_class_of_tag(struct slice tag);

#endif
