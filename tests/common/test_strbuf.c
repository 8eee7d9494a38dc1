#include "common/strbuf.h"

#include "tests/support/check.h"

START_TEST(grows_up_to_the_limit_and_says_when_it_was_passed)
{
	struct strbuf buf = STRBUF_INIT(5);

	strbuf_add_str(&buf, "abc");
	strbuf_add_str(&buf, "def");
	ck_assert(buf.overflow);
	ck_assert_slice_eq(strbuf_slice(&buf), SLICE_LIT("abc"));
	strbuf_add_str(&buf, "de");
	ck_assert_str_eq(strbuf_cstr(&buf), "abcde");
	strbuf_reset(&buf);
	ck_assert(!buf.overflow);
	strbuf_done(&buf);
}
END_TEST

START_TEST(numbers_are_written_whole)
{
	struct strbuf buf = STRBUF_INIT(200);

	strbuf_add_u64(&buf, UINT64_MAX);
	strbuf_add_byte(&buf, ' ');
	strbuf_add_i64(&buf, INT64_MIN);
	strbuf_addf(&buf, " %s=%d", "n", -3);
	ck_assert_str_eq(strbuf_cstr(&buf), "18446744073709551615 -9223372036854775808 n=-3");
	strbuf_done(&buf);
}
END_TEST

START_TEST(an_empty_buffer_is_an_empty_text)
{
	struct strbuf buf = STRBUF_INIT(10);

	ck_assert(!slice_absent(strbuf_slice(&buf)));
	ck_assert_str_eq(strbuf_cstr(&buf), "");
	strbuf_done(&buf);
}
END_TEST

TEST_MAIN("strbuf", grows_up_to_the_limit_and_says_when_it_was_passed,
	numbers_are_written_whole, an_empty_buffer_is_an_empty_text)
