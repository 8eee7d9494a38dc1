#include "common/expiry.h"

#include "common/clock.h"
#include "tests/support/check.h"

#define HOUR (INT64_C(3600) * CLOCK_NS_PER_S)
#define DAY  (24 * HOUR)
#define NOW  (20000 * DAY)

/* Asks every hour; the hours before the end at which it was said, in `hours`. */
static unsigned warnings(enum expiry_kind kind, int64_t life_ns, int64_t hours[8])
{
	const struct validity validity = {NOW, NOW + life_ns};
	struct expiry expiry = {0};
	unsigned n = 0;

	for (int64_t at = NOW; at < NOW + life_ns + 3 * DAY; at += HOUR)
		if (expiry_due(&expiry, kind, &validity, at)) {
			ck_assert_uint_lt(n, 8);
			hours[n++] = (validity.until_ns - at) / HOUR;
		}
	return n;
}

START_TEST(a_certificate_is_warned_of_thirty_seven_and_one_day_before_and_at_its_end)
{
	int64_t hours[8];

	ck_assert_uint_eq(warnings(EXPIRY_CERTIFICATE, 90 * DAY, hours), 4);
	ck_assert_int_eq(hours[0], 30 * 24);
	ck_assert_int_eq(hours[1], 7 * 24);
	ck_assert_int_eq(hours[2], 24);
	ck_assert_int_eq(hours[3], 0);
}
END_TEST

START_TEST(a_crl_is_warned_of_two_days_before)
{
	int64_t hours[8];

	ck_assert_uint_eq(warnings(EXPIRY_CRL, 7 * DAY, hours), 2);
	ck_assert_int_eq(hours[0], 48);
	ck_assert_int_eq(hours[1], 0);
}
END_TEST

START_TEST(what_lives_shortly_is_warned_of_at_half_its_life)
{
	int64_t hours[8];

	ck_assert_uint_eq(warnings(EXPIRY_CRL, DAY, hours), 2);
	ck_assert_int_eq(hours[0], 12);
	ck_assert_uint_eq(warnings(EXPIRY_CERTIFICATE, 10 * DAY, hours), 3);
	ck_assert_int_eq(hours[0], 5 * 24);
	ck_assert_int_eq(hours[1], 24);
	ck_assert_int_eq(hours[2], 0);
}
END_TEST

START_TEST(who_asks_late_hears_it_once)
{
	const struct validity validity = {NOW, NOW + 90 * DAY};
	struct expiry expiry = {0};

	ck_assert(expiry_due(&expiry, EXPIRY_CERTIFICATE, &validity, NOW + 89 * DAY + HOUR));
	ck_assert(!expiry_due(&expiry, EXPIRY_CERTIFICATE, &validity, NOW + 89 * DAY + HOUR));
	ck_assert(expiry_due(&expiry, EXPIRY_CERTIFICATE, &validity, NOW + 90 * DAY));
}
END_TEST

START_TEST(a_renewed_one_begins_anew)
{
	struct validity validity = {NOW, NOW + 90 * DAY};
	struct expiry expiry = {0};

	ck_assert(expiry_due(&expiry, EXPIRY_CERTIFICATE, &validity, NOW + 80 * DAY));
	validity = (struct validity){NOW + 80 * DAY, NOW + 170 * DAY};
	ck_assert(!expiry_due(&expiry, EXPIRY_CERTIFICATE, &validity, NOW + 80 * DAY));
	ck_assert(expiry_due(&expiry, EXPIRY_CERTIFICATE, &validity, NOW + 141 * DAY));
}
END_TEST

START_TEST(a_clock_that_goes_back_repeats_nothing)
{
	const struct validity validity = {NOW, NOW + 7 * DAY};
	struct expiry expiry = {0};

	ck_assert(expiry_due(&expiry, EXPIRY_CRL, &validity, NOW + 3652 * DAY));
	ck_assert(!expiry_due(&expiry, EXPIRY_CRL, &validity, NOW));
	ck_assert(!expiry_due(&expiry, EXPIRY_CRL, &validity, NOW + 6 * DAY));
}
END_TEST

START_TEST(moments_nobody_can_live_to_are_not_warned_of)
{
	const struct validity for_ever = {NOW, INT64_MAX}, odd = {INT64_MAX, CLOCK_NONE};
	struct expiry expiry = {0};

	ck_assert(!expiry_due(&expiry, EXPIRY_CERTIFICATE, &for_ever, NOW + 9999 * DAY));
	ck_assert(expiry_due(&expiry, EXPIRY_CERTIFICATE, &odd, NOW));
}
END_TEST

START_TEST(what_is_near_its_end_is_told_from_what_is_not)
{
	const struct validity validity = {NOW, NOW + 90 * DAY};

	ck_assert(!expiry_is_near(EXPIRY_CERTIFICATE, &validity, NOW + 60 * DAY - 1));
	ck_assert(expiry_is_near(EXPIRY_CERTIFICATE, &validity, NOW + 60 * DAY));
	ck_assert(!expiry_is_near(EXPIRY_CRL, &validity, NOW + 88 * DAY - 1));
	ck_assert(expiry_is_near(EXPIRY_CRL, &validity, NOW + 91 * DAY));
}
END_TEST

TEST_MAIN("expiry", what_is_near_its_end_is_told_from_what_is_not,
	a_certificate_is_warned_of_thirty_seven_and_one_day_before_and_at_its_end,
	a_crl_is_warned_of_two_days_before, what_lives_shortly_is_warned_of_at_half_its_life,
	who_asks_late_hears_it_once, a_renewed_one_begins_anew,
	a_clock_that_goes_back_repeats_nothing, moments_nobody_can_live_to_are_not_warned_of)
