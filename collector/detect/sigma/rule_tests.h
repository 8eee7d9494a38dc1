/*
 * rule_tests - the tests that a rule carries
 *
 * A custom attribute of the rule's own document (Sigma rules specification 2.1
 * leaves these to everyone), so that rule and tests are never apart:
 *
 *	tests:
 *	  - name: what is tried            for people
 *	    match: true                    whether the rule fits
 *	    events:
 *	      - line: 'a raw line'         normalized as any line that arrives
 *	        format: sshd               its parser, when it cannot be told from the line
 *	      - fields: {EventID: 1, ...}  or an event as JSON would have it
 *	        times: 20                  repeated; "{n}" in its texts is 1, 2, ...
 *	        every: 5s                  between repetitions, and before the next (1s)
 *	        after: 10m                 before it, beside that
 *
 * "match: true" of a detection: every event fits; false: none. Of a correlation:
 * there is a conclusion, or none; "conclusions: 2" instead says how many.
 */
#ifndef COLLECTOR_DETECT_SIGMA_RULE_TESTS_H
#define COLLECTOR_DETECT_SIGMA_RULE_TESTS_H

#include "common/arena.h"
#include "common/tree.h"

enum {
	RULE_TESTS_MAX = 200,
	RULE_TEST_EVENTS_MAX = 1000,
	RULE_TEST_TIMES_MAX = 10000, /* repetitions of one event */
};

struct rule_test_event {
	struct pos at;
	struct slice line, format;      /* absent: `fields` */
	const struct tree_node *fields; /* a mapping */
	uint32_t times;
	int64_t after_ns, every_ns;
};

struct rule_test {
	struct pos at;
	struct slice name;
	bool match;
	bool counted; /* `conclusions` was given */
	uint32_t conclusions;
	struct rule_test_event *events;
	size_t n_events;
};

struct rule_tests {
	struct rule_test *tests;
	size_t n;
	bool positive, negative; /* there is one that must match, one that must not */
};

/* Of one document of a rule file; no tests are none. Texts are the tree's. False after
 * mistakes. */
MUST_USE bool rule_tests_read(const struct tree_node *document, struct arena *arena,
	struct rule_tests *tests, struct mistakes *mistakes);

#endif
