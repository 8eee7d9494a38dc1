#include "collector/store/age.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "tests/support/check.h"

#define HOUR_NS (INT64_C(3600) * CLOCK_NS_PER_S)
#define DAY_NS  (24 * HOUR_NS)
#define YEAR_NS (365 * DAY_NS)

enum { HOUR_MS = 3600 * 1000 };

static char dir[] = "/tmp/soc-test-age-XXXXXX";
static struct age age;
static struct err err;

static void begin(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void end(void)
{
	unlink(age.path);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* From here on at a known time. */
static void open_at(int64_t newest_ns)
{
	age_open(&age, dir, newest_ns);
	age.mono_ms = 0;
}

START_TEST(it_follows_a_clock_that_goes_right)
{
	begin();
	open_at(YEAR_NS);
	for (int64_t hour = 1; hour < 100; hour++)
		ck_assert_int_eq(age_at(&age, YEAR_NS + hour * HOUR_NS, hour * HOUR_MS),
			YEAR_NS + hour * HOUR_NS);
	ck_assert(!age_held(&age));
	end();
}
END_TEST

START_TEST(a_clock_that_jumps_ahead_is_followed_slowly_also_by_the_next_run)
{
	begin();
	open_at(YEAR_NS);
	ck_assert_int_eq(age_at(&age, YEAR_NS, 0), YEAR_NS);
	ck_assert_int_eq(age_at(&age, 11 * YEAR_NS, HOUR_MS), YEAR_NS + DAY_NS);
	ck_assert(age_held(&age));
	open_at(11 * YEAR_NS); /* what was stored since says nothing */
	ck_assert_int_eq(age_at(&age, 11 * YEAR_NS, HOUR_MS), YEAR_NS + 2 * DAY_NS);
	ck_assert(age_held(&age));
	ck_assert_int_eq(age_at(&age, YEAR_NS + HOUR_NS, 2 * HOUR_MS), YEAR_NS + HOUR_NS);
	ck_assert(!age_held(&age));
	end();
}
END_TEST

START_TEST(after_a_pause_it_catches_up)
{
	begin();
	open_at(YEAR_NS);
	ck_assert_int_eq(age_at(&age, YEAR_NS + 7 * DAY_NS, 7 * HOUR_MS), YEAR_NS + 7 * DAY_NS);
	ck_assert(!age_held(&age));
	end();
}
END_TEST

START_TEST(a_clock_that_went_back_makes_nothing_old)
{
	begin();
	open_at(YEAR_NS);
	ck_assert_int_eq(age_at(&age, 5, HOUR_MS), 5);
	ck_assert_int_eq(
		age_at(&age, YEAR_NS + 2 * HOUR_NS, 2 * HOUR_MS), YEAR_NS + 2 * HOUR_NS);
	end();
}
END_TEST

START_TEST(without_a_file_to_believe_it_starts_at_the_newest_commit)
{
	char path[128];

	begin();
	snprintf(path, sizeof(path), "%s/age", dir);
	ck_assert(file_replace(path, SLICE_LIT("never\n"), 0600, &err));
	open_at(YEAR_NS);
	ck_assert_int_eq(age_at(&age, 3 * YEAR_NS, HOUR_MS), YEAR_NS + DAY_NS);
	end();
}
END_TEST

TEST_MAIN("age", it_follows_a_clock_that_goes_right,
	a_clock_that_jumps_ahead_is_followed_slowly_also_by_the_next_run,
	after_a_pause_it_catches_up, a_clock_that_went_back_makes_nothing_old,
	without_a_file_to_believe_it_starts_at_the_newest_commit)
