/*
 * classify - what a record counts as in national statistics, and how grave it is
 *
 * The rules are data: configs/national/classes.yaml, where the counting
 * dictionary stands too. A rule names conditions on a record's fields, a class
 * and a severity; of the rules that fit, the gravest decides, the earlier one
 * among equals. No rule: CLASS_NONE, SEVERITY_NONE.
 *
 * Rules are sorted by module when they are loaded, texts to look for are
 * searched together, so that a record pays for the rules of its own module
 * only. A classifier is immutable; every worker uses the same one at once, and
 * a reload makes another.
 */
#ifndef COLLECTOR_DETECT_CLASSIFY_H
#define COLLECTOR_DETECT_CLASSIFY_H

#include "collector/record/batch.h"
#include "common/strbuf.h"

enum { CLASSIFY_RULES_MAX = 2000 };

/* How a class is counted. */
enum class_counting {
	COUNTS_NOTHING, /* no attack: class none */
	COUNTS_ATTACK,  /* cyber attack */
	COUNTS_FAULT,   /* reported beside attacks: faults, mistakes, disasters */
};

struct class_text {
	const char *vi, *en; /* "" when the file does not name the class */
	enum class_counting counting;
};

struct classifier;

/* NULL with what is wrong in `mistakes`, a line each. The caller frees. */
MUST_USE struct classifier *classifier_load(const char *path, struct strbuf *mistakes);

/* The same from memory; `name` stands for the file in messages. */
MUST_USE struct classifier *classifier_parse(
	const char *name, struct slice text, struct strbuf *mistakes);

void classifier_free(struct classifier *classifier); /* NULL is fine */

/* Fills attack and severity of every record, and sets RECORD_MALWARE and RECORD_RESOLVED;
 * findings have theirs already. */
void classify_batch(const struct classifier *classifier, struct batch *batch);
void classify_record(const struct classifier *classifier, struct record *record);

/* Lives as long as the classifier. */
const struct class_text *classifier_text(
	const struct classifier *classifier, enum attack_class attack);

/* "web-attack-sqli"; the rule that decides on this record, or SLICE_NONE. For people who try
 * out rules: classify_record() does the same and forgets it. */
struct slice classify_reason(const struct classifier *classifier, const struct record *record);

#endif
