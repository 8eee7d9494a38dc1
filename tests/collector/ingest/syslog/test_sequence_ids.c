#include "collector/ingest/syslog/sequence_ids.h"

#include <stdio.h>

#include "tests/support/check.h"

static struct sequence_ids *ids;

static int64_t note(uint64_t peer, const char *host, unsigned number)
{
	char text[200];
	const int n = snprintf(text, sizeof(text),
		"<165>1 2026-11-22T01:02:03Z %s app - - [meta sequenceId=\"%u\"] x", host,
		number);

	return sequence_ids_note(ids, peer, slice_of(text, (size_t)n));
}

START_TEST(what_is_missing_between_two_numbers_is_told)
{
	ids = sequence_ids_new();
	ck_assert_int_eq(note(1, "a", 5), 0); /* the first one heard */
	ck_assert_int_eq(note(1, "a", 6), 0);
	ck_assert_int_eq(note(1, "a", 10), 3);
	ck_assert_int_eq(note(1, "a", 8), -1); /* late, not lost */
	ck_assert_int_eq(note(1, "a", 11), 0);
	sequence_ids_free(ids);
}
END_TEST

START_TEST(originators_are_told_apart)
{
	ids = sequence_ids_new();
	ck_assert_int_eq(note(1, "a", 5), 0);
	ck_assert_int_eq(note(1, "b", 500), 0);
	ck_assert_int_eq(note(2, "a", 70), 0);
	ck_assert_int_eq(note(1, "a", 6), 0);
	ck_assert_int_eq(note(1, "b", 502), 1);
	ck_assert_int_eq(note(2, "a", 71), 0);
	sequence_ids_free(ids);
}
END_TEST

START_TEST(a_new_start_is_no_loss)
{
	ids = sequence_ids_new();
	ck_assert_int_eq(note(1, "a", 500000), 0);
	ck_assert_int_eq(note(1, "a", 1), 0);
	ck_assert_int_eq(note(1, "a", 2), 0);
	ck_assert_int_eq(note(1, "a", 900), 897);
	ck_assert_int_eq(note(1, "a", 1), 0);
	ck_assert_int_eq(note(1, "a", 2147483647), 0);
	ck_assert_int_eq(note(1, "a", 1), 0);
	sequence_ids_free(ids);
}
END_TEST

static void check_read(const char *text, uint32_t wanted, const char *wanted_host)
{
	uint32_t number = 0;
	struct slice host;

	ck_assert(sequence_ids_read(slice_str(text), &number, &host));
	ck_assert_uint_eq(number, wanted);
	ck_assert_slice_eq(host, slice_str(wanted_host));
}

static void check_unread(const char *text)
{
	uint32_t number;
	struct slice host;

	ck_assert_msg(!sequence_ids_read(slice_str(text), &number, &host), "%s", text);
}

START_TEST(the_number_is_read_where_the_standard_has_it)
{
	check_read("<13>1 - host a - - [meta sequenceId=\"29\"]", 29, "host");
	check_read(
		"<13>1 - h a - - [x@1 a=\"]\\\" [meta \"][meta ip=\"::\" sequenceId=\"7\"] m",
		7, "h");
	check_unread("");
	check_unread("<13>");
	check_unread("<13>1");
	check_unread("<13>1 - h a - - - [meta sequenceId=\"29\"]");
	check_unread("<13>1 - h a - - [x@1 a=\"1\"] [meta sequenceId=\"29\"]");
	check_unread("<13>1 - h a - - [x@1 a=\"[meta sequenceId=\\\"29\\\"\"]");
	check_unread("<13>1 - h a - - [meta sequenceId=\"0\"]");
	check_unread("<13>1 - h a - - [meta sequenceId=\"2147483648\"]");
	check_unread("<13>1 - h a - - [meta sequenceId=\"");
	check_unread("<13>2 - h a - - [meta sequenceId=\"1\"]");
	check_unread("<13>Nov 22 01:02:03 h a: [meta sequenceId=\"1\"]");
}
END_TEST

TEST_MAIN("sequence_ids", what_is_missing_between_two_numbers_is_told,
	originators_are_told_apart, a_new_start_is_no_loss,
	the_number_is_read_where_the_standard_has_it)
