#include "common/reading.h"

#include "tests/support/check.h"

START_TEST(what_is_written_is_read_again)
{
	const struct reading written = {SLICE_LIT("nginx"),
		SLICE_LIT("CET-1CEST,M3.5.0,M10.5.0/3"), SLICE_LIT("tcvn3")};
	char word[CHUNK_WORD_MAX + 1];

	ck_assert(reading_write(&written, word));
	ck_assert_str_eq(word, "nginx;zone=CET-1CEST,M3.5.0,M10.5.0/3;charset=tcvn3");
	struct reading read = reading_read(slice_str(word));
	ck_assert_slice_eq(read.format, written.format);
	ck_assert_slice_eq(read.zone, written.zone);
	ck_assert_slice_eq(read.charset, written.charset);
}
END_TEST

START_TEST(a_format_alone_is_what_it_was_before_there_was_more)
{
	const struct reading written = {SLICE_LIT("auto"), SLICE_LIT(""), SLICE_LIT("")};
	char word[CHUNK_WORD_MAX + 1];

	ck_assert(reading_write(&written, word));
	ck_assert_str_eq(word, "auto");
	struct reading read = reading_read(SLICE_LIT("sshd"));
	ck_assert_slice_eq(read.format, SLICE_LIT("sshd"));
	ck_assert_slice_eq(read.zone, SLICE_LIT(""));
	ck_assert_slice_eq(read.charset, SLICE_LIT(""));
	ck_assert_slice_eq(reading_read(SLICE_LIT("")).format, SLICE_LIT(""));
}
END_TEST

START_TEST(what_a_younger_agent_says_is_passed_over)
{
	struct reading read = reading_read(SLICE_LIT("cef;x=1;;zone=UTC;y;charset="));

	ck_assert_slice_eq(read.format, SLICE_LIT("cef"));
	ck_assert_slice_eq(read.zone, SLICE_LIT("UTC"));
	ck_assert_slice_eq(read.charset, SLICE_LIT(""));
}
END_TEST

START_TEST(what_fits_no_word_is_refused)
{
	const char name[] = "a-name-of-a-parser-that-is-as-long-as-forty-bytes";
	const struct reading written = {
		slice_str(name), SLICE_LIT("+07:00"), SLICE_LIT("windows-1258")};
	char word[CHUNK_WORD_MAX + 1];

	ck_assert(!reading_write(&written, word));
}
END_TEST

TEST_MAIN("reading", what_is_written_is_read_again,
	a_format_alone_is_what_it_was_before_there_was_more,
	what_a_younger_agent_says_is_passed_over, what_fits_no_word_is_refused)
