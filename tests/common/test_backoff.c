#include "common/backoff.h"

#include "tests/support/check.h"

START_TEST(waits_double_up_to_the_most)
{
	struct backoff backoff;
	static const uint32_t steps[] = {100, 200, 400, 800, 1000, 1000};

	backoff_init(&backoff, 100, 1000);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		uint32_t wait = backoff_next(&backoff);

		ck_assert_uint_ge(wait, steps[i] / 2);
		ck_assert_uint_le(wait, steps[i]);
	}
	backoff_reset(&backoff);
	ck_assert_uint_le(backoff_next(&backoff), 100);
}
END_TEST

START_TEST(two_agents_do_not_wait_alike)
{
	struct backoff a, b;
	unsigned equal = 0;

	backoff_init(&a, 1000, 100000);
	backoff_init(&b, 1000, 100000);
	for (unsigned i = 0; i < 20; i++)
		equal += backoff_next(&a) == backoff_next(&b);
	ck_assert_uint_lt(equal, 10);
}
END_TEST

START_TEST(the_largest_step_does_not_overflow)
{
	struct backoff backoff;

	backoff_init(&backoff, UINT32_MAX / 2 + 5, UINT32_MAX);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_ge(backoff_next(&backoff), UINT32_MAX / 4);
}
END_TEST

TEST_MAIN("backoff", waits_double_up_to_the_most, two_agents_do_not_wait_alike,
	the_largest_step_does_not_overflow)
