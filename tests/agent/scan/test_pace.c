#include "agent/scan/pace.h"

#include "tests/support/check.h"

START_TEST(work_is_paid_for_by_a_pause)
{
	struct pace pace;

	pace_init(&pace, 20, 0, 0);
	/* 200 ms of work in 200 ms at 20 %: 160 ms of credit are missing, 800 ms of time. */
	ck_assert_int_eq(pace_pause_ms(&pace, 200, 200000), 801);
	ck_assert_int_eq(pace_pause_ms(&pace, 1000, 200000), 0);
}
END_TEST

START_TEST(idle_time_is_kept_for_a_short_while_only)
{
	struct pace pace;

	pace_init(&pace, 50, 0, 0);
	ck_assert_int_eq(pace_pause_ms(&pace, 3600000, 0), 0);
	/* One second of the budget was kept, however long nothing was done. */
	ck_assert_int_eq(pace_pause_ms(&pace, 3600000, 500000), 0);
	ck_assert_int_gt(pace_pause_ms(&pace, 3600000, 600000), 190);
}
END_TEST

START_TEST(no_limit_never_pauses)
{
	struct pace pace;

	pace_init(&pace, 0, 0, 0);
	ck_assert_int_eq(pace_pause_ms(&pace, 1, UINT64_C(1000000000)), 0);
}
END_TEST

START_TEST(a_pause_has_an_end)
{
	struct pace pace;

	pace_init(&pace, 1, 0, 0);
	ck_assert_int_eq(pace_pause_ms(&pace, 1, UINT64_C(1000000000)), PACE_PAUSE_MOST_MS);
}
END_TEST

START_TEST(a_worker_is_believed_as_far_as_the_time_that_passed)
{
	ck_assert_uint_eq(pace_believe(0, 1500, 1), 1500);
	ck_assert_uint_eq(pace_believe(1000, 4000, 10), 4000);
	ck_assert_uint_eq(pace_believe(1000, UINT64_MAX, 10), 1000 + 11 * 1000);
	ck_assert_uint_eq(pace_believe(5000, 1, 10), 5000);
}
END_TEST

TEST_MAIN("pace", a_worker_is_believed_as_far_as_the_time_that_passed,
	work_is_paid_for_by_a_pause, idle_time_is_kept_for_a_short_while_only,
	no_limit_never_pauses, a_pause_has_an_end)
