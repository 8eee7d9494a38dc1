#include "collector/detect/sigma/rule_costs.h"

#include "tests/support/check.h"

static int64_t cpu_now, mono_now;

static int64_t cpu(void)
{
	return cpu_now;
}

static int64_t mono(void)
{
	return mono_now;
}

static const struct rule_clock fake = {cpu, mono};

static void take(struct rule_costs *costs, size_t rule, int64_t ns)
{
	const int64_t begun = rule_costs_begin(costs);

	cpu_now += ns;
	rule_costs_end(costs, rule, begun);
}

struct off {
	unsigned n;
	size_t rule;
	uint64_t took_ms;
};

static void see(void *user, size_t rule, uint64_t took_ms)
{
	struct off *off = user;

	off->n++;
	off->rule = rule;
	off->took_ms = took_ms;
}

/* A sample stands for RULE_COSTS_SAMPLE evaluations. */
START_TEST(a_rule_that_takes_too_much_in_a_minute_is_off_and_told_once)
{
	struct rule_costs *costs = rule_costs_new(3, 100, &fake);
	struct off off = {0};

	take(costs, 1, 1000000);
	ck_assert(!rule_costs_is_off(costs, 1));
	ck_assert_uint_eq(rule_costs_take_off(costs, see, &off), 0);
	take(costs, 1, 1000000); /* 128 ms */
	ck_assert(rule_costs_is_off(costs, 1));
	ck_assert(!rule_costs_is_off(costs, 0) && !rule_costs_is_off(costs, 2));
	ck_assert_uint_eq(rule_costs_take_off(costs, see, &off), 1);
	ck_assert_uint_eq(off.rule, 1);
	ck_assert_uint_eq(off.took_ms, 128);
	ck_assert_uint_eq(rule_costs_take_off(costs, see, &off), 0);
	rule_costs_free(costs);
}
END_TEST

START_TEST(each_minute_begins_anew)
{
	struct rule_costs *costs = rule_costs_new(1, 100, &fake);

	for (unsigned i = 0; i < 100; i++) {
		take(costs, 0, 1000000);
		mono_now += RULE_COSTS_MINUTE_MS;
	}
	ck_assert(!rule_costs_is_off(costs, 0));
	rule_costs_free(costs);
}
END_TEST

START_TEST(without_a_limit_none_is_off)
{
	struct rule_costs *costs = rule_costs_new(1, 0, &fake);

	take(costs, 0, INT64_C(3600000000000));
	ck_assert(!rule_costs_is_off(costs, 0));
	rule_costs_free(costs);
}
END_TEST

/* The counter of a processor that the thread left may stand behind. */
START_TEST(a_clock_that_goes_back_charges_nothing)
{
	struct rule_costs *costs = rule_costs_new(1, 1, &fake);

	take(costs, 0, -5000000000);
	ck_assert(!rule_costs_is_off(costs, 0));
	rule_costs_free(costs);
}
END_TEST

TEST_MAIN("rule_costs", a_rule_that_takes_too_much_in_a_minute_is_off_and_told_once,
	each_minute_begins_anew, without_a_limit_none_is_off,
	a_clock_that_goes_back_charges_nothing)
