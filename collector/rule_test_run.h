/*
 * rule_test_run - the tests of rules, run as lines and events would be that arrive
 *
 * Lines are normalized with the formats that are built in and those of a
 * folder; an event of no known log source fits no rule, as in the daemon. Zone
 * of stamps without one: Viet Nam's. One thread.
 */
#ifndef COLLECTOR_RULE_TEST_RUN_H
#define COLLECTOR_RULE_TEST_RUN_H

#include "collector/detect/sigma/rule_set.h"
#include "collector/detect/sigma/rule_tests.h"
#include "collector/normalize/own/folder.h"

struct rule_test_run;

/* Both outlive it; `formats` may be NULL. NULL, with the reason, when no scanner can be built.
 */
MUST_USE struct rule_test_run *rule_test_run_new(
	const struct rule_set *set, const struct own_formats *formats, struct err *err);
void rule_test_run_free(struct rule_test_run *run); /* NULL is fine */

/* Tests rule number `rule`, which is loaded. False, with what was not as expected and where. */
MUST_USE bool rule_test_passes(struct rule_test_run *run, size_t rule,
	const struct rule_test *test, struct pos *at, struct err *err);

#endif
