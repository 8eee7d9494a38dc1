/*
 * rule_loading - files of rules into rules that know each other
 *
 * Every document of every file becomes a rule, one that is refused too: a
 * detection, a correlation or a filter. When all files are read, filters are
 * put to the rules they name and correlations find theirs, in whatever order
 * and files they stand. What is loaded belongs to who loads. Private to sigma/.
 */
#ifndef COLLECTOR_DETECT_SIGMA_RULE_LOADING_H
#define COLLECTOR_DETECT_SIGMA_RULE_LOADING_H

#include "collector/detect/sigma/fields.h"
#include "collector/detect/sigma/pipelines.h"
#include "collector/detect/sigma/rule.h"

struct filter;

struct rule_loading {
	struct arena *arena;
	struct fields *fields;
	const struct pipelines *pipelines;
	struct strbuf *mistakes;

	struct sigma_rule *rules;
	size_t n_rules, rules_room;
	struct regex **regexes;
	size_t n_regexes, regexes_room;
	size_t regex_memory; /* bytes */
	bool keywords;

	/* of what is being read */
	const struct log_source *source;
	struct mistakes *said;
	uint64_t meaning;     /* hash of the names of fields and the lists it asked for */
	unsigned global_line; /* of "action: global" in this file, or 0 */

	struct filter **filters;
	size_t n_filters, filters_room;
	struct tree **trees; /* of files with filters */
	size_t n_trees, trees_room;
};

/* For expressions of rules and events of the log source. */
struct detection rule_loading_detection(
	struct rule_loading *loading, const struct log_source *source, struct mistakes *said);

/* A folder or a file; more may follow. */
void rule_loading_read(struct rule_loading *loading, const char *path);

/* After the last: filters and correlations find their rules. */
void rule_loading_end(struct rule_loading *loading);

/* The rule does not count, and why: the first line of `said`, all of which is told. */
void rule_loading_refuse(
	struct rule_loading *loading, struct sigma_rule *rule, const struct strbuf *said);

/* `list` with room for one more of `size` bytes. */
void *room_for_one(void *list, size_t n, size_t *room, size_t size);

#endif
