#include "collector/forward/destinations.h"

#include "common/clock.h"
#include "tests/support/check.h"

enum { WINDOW = 4, RETRY_MS = 1000, RETRY_MOST_MS = 4000, RETRY_ASIDE_MS = 60000 };

static struct destinations all;

static struct destination *begin(void)
{
	destinations_init(&all, &(struct destinations_settings){
					.prefix = "soc.H47.",
					.in_flight = WINDOW,
					.retry_ms = RETRY_MS,
					.retry_most_ms = RETRY_MOST_MS,
					.retry_aside_ms = RETRY_ASIDE_MS,
				});
	return destinations_of_type(&all, SLICE_LIT("malware"));
}

static bool is_open(const struct destination *destination)
{
	return destination_is_open(&all, destination, clock_mono_ms());
}

static bool opens_at_its_time(const struct destination *destination)
{
	return !destination_is_open(&all, destination, destination->retry_ms - 1) &&
	       destination_is_open(&all, destination, destination->retry_ms);
}

START_TEST(a_type_has_one_topic)
{
	struct destination *malware = begin();

	ck_assert_str_eq(malware->topic, "soc.H47.malware.v1");
	ck_assert_ptr_eq(destinations_of_type(&all, SLICE_LIT("malware")), malware);
	ck_assert_ptr_eq(destinations_of_topic(&all, "soc.H47.malware.v1"), malware);
	ck_assert_ptr_null(destinations_of_topic(&all, "soc.H47.alert.v1"));
	ck_assert_ptr_ne(destinations_of_type(&all, SLICE_LIT("alert")), malware);
	destinations_done(&all);
}
END_TEST

START_TEST(names_that_are_too_long_or_too_many_are_refused)
{
	char name[DESTINATION_TYPE_MAX + 1];

	begin();
	memset(name, 'x', sizeof(name));
	ck_assert_ptr_null(destinations_of_type(&all, slice_of(name, DESTINATION_TYPE_MAX)));
	for (size_t len = 1; len < DESTINATIONS_MAX; len++)
		ck_assert_ptr_nonnull(destinations_of_type(&all, slice_of(name, len)));
	ck_assert_ptr_null(destinations_of_type(&all, SLICE_LIT("one more")));
	ck_assert_uint_eq(all.n, DESTINATIONS_MAX);
	destinations_done(&all);
}
END_TEST

START_TEST(as_many_are_under_way_as_the_window_holds)
{
	struct destination *one = begin();
	struct destination *other = destinations_of_type(&all, SLICE_LIT("alert"));

	for (int64_t row = 1; row <= WINDOW; row++) {
		ck_assert(is_open(one));
		destination_offered(&all, one, row);
	}
	ck_assert(!is_open(one));
	ck_assert(is_open(other));
	destination_delivered(&all, one, 1);
	ck_assert(is_open(one));
	ck_assert_uint_eq(one->sent, 1);
	destinations_done(&all);
}
END_TEST

START_TEST(one_that_failed_waits_alone_and_begins_again_with_what_failed)
{
	struct destination *one = begin();
	struct destination *other = destinations_of_type(&all, SLICE_LIT("alert"));

	for (int64_t row = 11; row <= 13; row++)
		destination_offered(&all, one, row);
	ck_assert_int_eq(destination_failed(&all, one, 12, false, "no such topic"),
		DESTINATION_BEGINS_TO_WAIT);
	ck_assert_int_eq(one->after, 11);
	ck_assert_str_eq(one->reason, "no such topic");
	ck_assert(is_open(other));
	/* what was sent before it failed says nothing of now, and none overtakes it */
	destination_delivered(&all, one, 1);
	ck_assert(!destination_is_open(&all, one, INT64_MAX));
	ck_assert_int_eq(destination_failed(&all, one, 11, false, "no such topic"),
		DESTINATION_WAITS_ON);
	ck_assert_int_eq(one->after, 10);
	ck_assert_uint_eq(one->failures, 1);
	ck_assert(opens_at_its_time(one));
	ck_assert_int_eq(destinations_next_ms(&all, clock_mono_ms()), one->retry_ms);
	ck_assert_int_eq(destinations_next_ms(&all, one->retry_ms), INT64_MAX);
	destinations_done(&all);
}
END_TEST

START_TEST(one_row_is_tried_and_its_delivery_opens_the_window)
{
	struct destination *one = begin();

	destination_offered(&all, one, 1);
	(void)destination_failed(&all, one, 1, false, "why");
	destination_offered(&all, one, 1);
	ck_assert(!destination_is_open(&all, one, INT64_MAX));
	destination_delivered(&all, one, 1);
	ck_assert_str_eq(one->reason, "");
	ck_assert_uint_eq(one->failures, 0);
	destination_offered(&all, one, 2);
	ck_assert(is_open(one));
	destinations_done(&all);
}
END_TEST

START_TEST(a_refused_row_is_an_answer_too)
{
	struct destination *one = begin();

	destination_offered(&all, one, 1);
	(void)destination_failed(&all, one, 1, false, "why");
	destination_offered(&all, one, 1);
	destination_refused(&all, one, 1);
	ck_assert(is_open(one));
	ck_assert_uint_eq(one->refused, 1);
	destinations_done(&all);
}
END_TEST

START_TEST(waits_grow_to_a_bound)
{
	struct destination *one = begin();
	int64_t wait_ms = 0;

	for (unsigned i = 0; i < 12; i++) {
		destination_offered(&all, one, 1);
		(void)destination_failed(&all, one, 1, false, "why");
		wait_ms = one->retry_ms - clock_mono_ms();
		ck_assert_int_le(wait_ms, i == 0 ? RETRY_MS : RETRY_MOST_MS);
	}
	ck_assert_uint_eq(one->failures, 12);
	ck_assert_uint_eq(one->backoff.step_ms, RETRY_MOST_MS);
	destinations_done(&all);
}
END_TEST

START_TEST(what_an_output_was_too_busy_for_is_offered_again)
{
	struct destination *one = begin();

	destination_offered(&all, one, 7);
	destination_taken_back(&all, one, 7);
	ck_assert_int_eq(one->after, 6);
	ck_assert_uint_eq(one->in_flight, 0);
	ck_assert(is_open(one));
	destinations_done(&all);
}
END_TEST

START_TEST(a_wait_without_a_failure_ends_with_the_next_offer)
{
	struct destination *one = begin();

	destination_wait(&all, one, 500, "no signer");
	ck_assert(opens_at_its_time(one));
	ck_assert_str_eq(one->reason, "no signer");
	destination_offered(&all, one, 1);
	ck_assert(is_open(one));
	destination_delivered(&all, one, 1);
	ck_assert_str_eq(one->reason, "");
	destinations_done(&all);
}
END_TEST

/* Tries it alone; returns the outcome of the last of so many tries. */
static enum destination_failure fail_alone(
	struct destination *one, int64_t row, bool by_itself, unsigned times)
{
	enum destination_failure failure = DESTINATION_WAITS_ON;

	while (times-- > 0) {
		destination_offered(&all, one, row);
		failure = destination_failed(&all, one, row, by_itself, "why");
	}
	return failure;
}

START_TEST(a_row_that_fails_by_itself_lets_those_behind_it_go)
{
	struct destination *one = begin();

	ck_assert_int_eq(fail_alone(one, 5, true, DESTINATION_TRIES - 1), DESTINATION_WAITS_ON);
	ck_assert_uint_eq(one->n_aside, 0);
	ck_assert_int_eq(fail_alone(one, 5, true, 1), DESTINATION_ROW_ASIDE);
	ck_assert(destination_is_aside(one, 5));
	ck_assert_int_eq(one->after, 5);
	ck_assert_str_eq(one->aside_reason, "why");
	ck_assert_str_eq(one->reason, "");
	ck_assert_int_eq(one->retry_ms, 0);
	for (int64_t row = 6; row < 6 + WINDOW; row++) {
		ck_assert(is_open(one));
		destination_offered(&all, one, row);
	}
	destination_delivered(&all, one, 6);
	ck_assert_uint_eq(one->n_aside, 1);
	destinations_done(&all);
}
END_TEST

START_TEST(only_failures_of_its_own_one_after_the_other_set_a_row_aside)
{
	struct destination *one = begin();

	(void)fail_alone(one, 5, false, 3 * DESTINATION_TRIES);
	(void)fail_alone(one, 5, true, DESTINATION_TRIES - 1);
	(void)fail_alone(one, 4, true, DESTINATION_TRIES - 1);
	(void)fail_alone(one, 5, true, DESTINATION_TRIES - 1);
	(void)fail_alone(one, 5, false, 1);
	(void)fail_alone(one, 5, true, DESTINATION_TRIES - 1);
	destination_offered(&all, one, 4);
	destination_delivered(&all, one, 4);
	(void)fail_alone(one, 5, true, DESTINATION_TRIES - 1);
	ck_assert_uint_eq(one->n_aside, 0);
	ck_assert_int_eq(fail_alone(one, 5, true, 1), DESTINATION_ROW_ASIDE);
	destinations_done(&all);
}
END_TEST

START_TEST(what_is_aside_is_tried_beside_the_others_until_it_goes)
{
	struct destination *one = begin();

	(void)fail_alone(one, 5, true, DESTINATION_TRIES);
	ck_assert_int_eq(destination_aside_due(&all, one, clock_mono_ms()), 0);
	const int64_t due_ms = one->aside[0].due_ms;
	ck_assert_int_eq(destination_aside_due(&all, one, due_ms - 1), 0);
	ck_assert_int_eq(destination_aside_due(&all, one, due_ms), 5);
	destination_offered(&all, one, 9);
	/* it is no other try of those in turn, and stays where it is */
	destination_offered(&all, one, 5);
	ck_assert_int_eq(one->after, 9);
	ck_assert_int_eq(destination_aside_due(&all, one, clock_mono_ms()), 0);
	ck_assert_int_eq(
		destination_failed(&all, one, 5, false, "still"), DESTINATION_WAITS_ON);
	ck_assert(is_open(one));
	ck_assert_int_eq(one->after, 9);
	ck_assert_uint_eq(one->n_aside, 1);
	destination_offered(&all, one, 5);
	destination_taken_back(&all, one, 5);
	ck_assert_int_eq(one->after, 9);
	ck_assert_int_eq(destination_aside_due(&all, one, clock_mono_ms()), 5);
	destination_offered(&all, one, 5);
	destination_delivered(&all, one, 5);
	ck_assert_uint_eq(one->n_aside, 0);
	ck_assert_uint_eq(one->in_flight, 1);
	destinations_done(&all);
}
END_TEST

START_TEST(what_is_aside_waits_while_its_topic_fails)
{
	struct destination *one = begin();

	(void)fail_alone(one, 5, true, DESTINATION_TRIES);
	(void)fail_alone(one, 6, false, 1);
	ck_assert_int_eq(destination_aside_due(&all, one, INT64_MAX), 0);
	destination_offered(&all, one, 6);
	destination_delivered(&all, one, 6);
	ck_assert_int_eq(destination_aside_due(&all, one, INT64_MAX), 5);
	destinations_done(&all);
}
END_TEST

START_TEST(no_more_are_set_aside_than_there_are_places_for)
{
	struct destination *one = begin();

	for (int64_t row = 1; row <= DESTINATION_ASIDE_MAX; row++)
		ck_assert_int_eq(
			fail_alone(one, row, true, DESTINATION_TRIES), DESTINATION_ROW_ASIDE);
	ck_assert_int_eq(
		fail_alone(one, 1000, true, 2 * DESTINATION_TRIES), DESTINATION_WAITS_ON);
	ck_assert_int_eq(one->after, 999);
	destination_forget_aside(&all, one, 7);
	ck_assert(!destination_is_aside(one, 7));
	ck_assert(destination_is_aside(one, 8) && destination_is_aside(one, 64));
	ck_assert_int_eq(fail_alone(one, 1000, true, 1), DESTINATION_ROW_ASIDE);
	destination_pass(&all, one, 1001);
	ck_assert_int_eq(one->after, 1001);
	destinations_done(&all);
}
END_TEST

static void count(void *user, const struct destination *destination)
{
	unsigned *n = user;

	ck_assert_ptr_ne(destination, &all.all[*n]);
	ck_assert_str_eq(destination->topic, all.all[*n].topic);
	++*n;
}

START_TEST(others_see_a_copy)
{
	unsigned n = 0;

	begin();
	(void)destinations_of_type(&all, SLICE_LIT("alert"));
	destinations_walk(&all, count, &n);
	ck_assert_uint_eq(n, 2);
	destinations_done(&all);
}
END_TEST

TEST_MAIN("destinations", a_type_has_one_topic, names_that_are_too_long_or_too_many_are_refused,
	as_many_are_under_way_as_the_window_holds,
	one_that_failed_waits_alone_and_begins_again_with_what_failed,
	one_row_is_tried_and_its_delivery_opens_the_window, a_refused_row_is_an_answer_too,
	waits_grow_to_a_bound, what_an_output_was_too_busy_for_is_offered_again,
	a_wait_without_a_failure_ends_with_the_next_offer,
	a_row_that_fails_by_itself_lets_those_behind_it_go,
	only_failures_of_its_own_one_after_the_other_set_a_row_aside,
	what_is_aside_is_tried_beside_the_others_until_it_goes,
	what_is_aside_waits_while_its_topic_fails,
	no_more_are_set_aside_than_there_are_places_for, others_see_a_copy)
