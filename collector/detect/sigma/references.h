/*
 * references - which rules correlations and filters mean
 *
 * By id or by name; of several rules of one name those of the same file first,
 * then the first read. A correlation of a rule that is not there, was refused,
 * or leads back to itself, is refused with it. Private to sigma/.
 */
#ifndef COLLECTOR_DETECT_SIGMA_REFERENCES_H
#define COLLECTOR_DETECT_SIGMA_REFERENCES_H

#include "collector/detect/sigma/rule.h"
#include "common/table.h"

struct rule_loading;

struct rule_names {
	struct sigma_rule *rules;
	size_t n;
	struct table by_name; /* hash of an id or a name -> its last use + 1 */
	struct name_use *uses;
	size_t n_uses;
};

/* `rules` must not move any more. */
void rule_names_init(struct rule_names *names, struct sigma_rule *rules, size_t n);
void rule_names_done(struct rule_names *names);

/* The rule that a document of `path` means, or NULL. */
struct sigma_rule *rule_names_find(
	const struct rule_names *names, struct slice name, const char *path);

/* Every correlation finds its rules and the fields it asks for, or is refused; rules that are
 * correlated become silent. */
void references_resolve(const struct rule_names *names, struct rule_loading *loading);

#endif
