/*
 * rule_costs - what each rule of a set costs, and which are off because of it
 *
 * Of every RULE_COSTS_SAMPLE-th event each evaluation of a rule is timed, in
 * CPU time of its thread, and stands for as many. A rule that takes more than
 * its share of one core within a minute is off until the rules are read again:
 * it is not evaluated any more, by nobody who has these costs. Beside the rule
 * set, which is immutable. Any thread; no lock.
 */
#ifndef COLLECTOR_DETECT_SIGMA_RULE_COSTS_H
#define COLLECTOR_DETECT_SIGMA_RULE_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"

enum { RULE_COSTS_SAMPLE = 64, RULE_COSTS_MINUTE_MS = 60000 };

/* For tests another one. */
struct rule_clock {
	int64_t (*cpu_ns)(void);  /* of the thread */
	int64_t (*mono_ms)(void); /* of everybody */
};
extern const struct rule_clock rule_clock_real;

struct rule_costs;

/* `most_ms` of CPU time a minute; 0: no rule is ever off. `clock` outlives it. */
MUST_USE struct rule_costs *rule_costs_new(
	size_t n_rules, uint64_t most_ms, const struct rule_clock *clock);
void rule_costs_free(struct rule_costs *costs); /* NULL is fine */

bool rule_costs_is_off(const struct rule_costs *costs, size_t rule);

/* Before and behind an evaluation that is timed. */
int64_t rule_costs_begin(const struct rule_costs *costs);
void rule_costs_end(struct rule_costs *costs, size_t rule, int64_t begun_ns);

/* Rules that went off since the last call, by one thread: their number, and what they took in
 * their last minute; how many. */
size_t rule_costs_take_off(struct rule_costs *costs,
	void (*see)(void *user, size_t rule, uint64_t took_ms), void *user);

#endif
