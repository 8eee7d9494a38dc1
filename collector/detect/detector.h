/*
 * detector - the Sigma rules in force, on batches of records
 *
 * Reads the folders "rules" and "pipelines" and the file "classes.yaml" of a
 * folder; what is there of the latter two replaces what is built in. A rule that cannot be read
 * harms no other. Every record that a rule fits gets a tag (MATCH_SIGMA) with the rule's key
 * and its version; what follows from it is decided in derive/.
 *
 * Immutable but for the matchers, which threads borrow a batch long; reference
 * counted. Any thread.
 */
#ifndef COLLECTOR_DETECT_DETECTOR_H
#define COLLECTOR_DETECT_DETECTOR_H

#include "collector/detect/sigma/rule_set.h"
#include "collector/record/batch.h"

enum { DETECTOR_VERSION_LEN = 8 }; /* hexadecimal digits */

struct detector;

/*
 * `before` (may be NULL) is given again when no file has changed since. What is wrong with
 * files is added to `warnings`, a line each, the first ones. No folder: no rules. NULL, with
 * the reason, only when no scanner can be built. The caller holds one reference.
 */
MUST_USE struct detector *detector_load(
	const char *folder, struct detector *before, struct strbuf *warnings, struct err *err);

struct detector *detector_ref(struct detector *detector); /* NULL is fine */
void detector_unref(struct detector *detector);           /* the last one frees; NULL is fine */

/* Tags the batch's lines; the gravest rules first. Tags that found no room are counted in what
 * is returned. */
unsigned detector_match_batch(struct detector *detector, struct batch *batch);

/* The rule of a tag, by its key: its id, without one its name or title. NULL when it is not in
 * force any more. */
const struct sigma_rule *detector_rule(const struct detector *detector, struct slice key);

/* What the rule's findings count as; `rule` is one of detector_rule(). */
enum attack_class detector_class(
	const struct detector *detector, const struct sigma_rule *rule);

/* Its rules, and the number of one of them there. */
const struct rule_set *detector_set(const struct detector *detector);
uint32_t detector_number(const struct detector *detector, const struct sigma_rule *rule);

/* What the rules see of a record, in an event of rule_set_event_init(). */
void detector_fill(const struct detector *detector, struct sigma_event *event,
	const struct record *record);

/* Of a tag's group: the key and the version; false when it is no such tag. */
MUST_USE bool detector_tag(const struct match *match, struct slice *key, struct slice *version);

enum rule_state {
	RULE_IN_FORCE,
	RULE_REFUSED,            /* rule->reason */
	RULE_WITHOUT_LIST,       /* it waits for the placeholder rule->no_list */
	RULE_WITHOUT_LOG_SOURCE, /* no pipeline knows its events: it fits none */
	RULE_TOO_COSTLY,         /* it took too much time, and is off until rules are read */
};

struct rule_view {
	const struct sigma_rule *rule;
	enum rule_state state;
	uint64_t matches; /* since the rules were read */
	int64_t last_ns;  /* when the last of them arrived; CLOCK_NONE = none */
};

/* Every rule that was read, in the order of their files; false ends it. */
void detector_walk(const struct detector *detector,
	bool (*see)(void *user, const struct rule_view *view), void *user);

/* From now on, for those without a limit; before the first batch. See rule_costs_new(). */
void detector_limit(
	struct detector *detector, uint64_t most_ms, const struct rule_clock *clock);

/* Rules that went off since the last call; one thread calls it. */
size_t detector_take_off(struct detector *detector,
	void (*see)(void *user, const struct sigma_rule *rule, uint64_t took_ms), void *user);

int64_t detector_read_ns(const struct detector *detector); /* when the rules were read */

struct rule_set_figures detector_figures(const struct detector *detector);

#endif
