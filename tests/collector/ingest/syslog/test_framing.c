#include "collector/ingest/syslog/framing.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/check.h"

enum { MAX = 64 };

/* What came out: "<message>" "/whole" when it was cut, "~" when the stream ended within it. */
struct heard {
	struct strbuf text;
	unsigned n;
};

static void hear(void *user, const struct framed *framed)
{
	struct heard *heard = user;

	ck_assert_uint_gt(framed->bytes.len, 0);
	ck_assert_uint_le(framed->bytes.len, MAX);
	ck_assert_uint_le(framed->bytes.len, framed->whole);
	strbuf_add_byte(&heard->text, '[');
	strbuf_add(&heard->text, framed->bytes);
	if (framed->whole > framed->bytes.len)
		strbuf_addf(&heard->text, "/%llu", (unsigned long long)framed->whole);
	strbuf_add_str(&heard->text, framed->unterminated ? "~]" : "]");
	heard->n++;
}

/* In pieces that end at `first` and `second`. */
static bool push_split(struct framing *framing, struct slice bytes, size_t first, size_t second)
{
	return framing_push(framing, slice_head(bytes, first)) &&
	       framing_push(framing, slice_head(slice_from(bytes, first), second - first)) &&
	       framing_push(framing, slice_from(bytes, second));
}

/* Every split in three gives the same. */
static void check_mode(
	enum framing_mode mode, struct slice bytes, bool good, const char *wanted)
{
	for (size_t first = 0; first <= bytes.len; first++) {
		for (size_t second = first; second <= bytes.len; second++) {
			struct heard heard = {.text = STRBUF_INIT(1 << 16)};
			struct framing framing;

			framing_init(&framing, mode, MAX, hear, &heard);
			ck_assert_int_eq(push_split(&framing, bytes, first, second), good);
			if (good) {
				framing_end(&framing);
				ck_assert(!framing_is_within(&framing));
			}
			ck_assert_str_eq(strbuf_cstr(&heard.text), wanted);
			framing_done(&framing);
			strbuf_done(&heard.text);
		}
	}
}

#define CHECK(literal, wanted)  check_mode(FRAMING_AUTO, SLICE_LIT(literal), true, wanted)
#define BROKEN(literal, wanted) check_mode(FRAMING_AUTO, SLICE_LIT(literal), false, wanted)

START_TEST(lines_end_at_line_ends)
{
	CHECK("<13>one\n<14>two\r\n", "[<13>one][<14>two]");
	CHECK("no priority\n", "[no priority]");
	CHECK("a\rb\n", "[a\rb]");
}
END_TEST

START_TEST(counted_messages_end_where_their_count_says)
{
	CHECK("7 <13>one8 <14>four", "[<13>one][<14>four]");
	CHECK("11 <13>one\ntwo6 <14>xx", "[<13>one\ntwo][<14>xx]");
}
END_TEST

START_TEST(both_are_mixed_on_one_connection)
{
	CHECK("<13>line\n7 <13>one<14>line\n7 <13>two\n<15>end\n",
		"[<13>line][<13>one][<14>line][<13>two][<15>end]");
}
END_TEST

START_TEST(what_some_write_behind_counted_messages_is_skipped)
{
	CHECK("7 <13>one\n8 <14>four\r\n\0", "[<13>one][<14>four]");
	CHECK("8 <13>one\n9 <14>four\n", "[<13>one][<14>four]");
}
END_TEST

START_TEST(empty_messages_are_none)
{
	CHECK("", "");
	CHECK("\n\n\r\n\0\n", "");
}
END_TEST

START_TEST(lines_may_begin_with_digits)
{
	CHECK("2026 Nov 22 01:02:03 r1: x\n", "[2026 Nov 22 01:02:03 r1: x]");
	CHECK("123: *Mar 1 00:00:01: y\n", "[123: *Mar 1 00:00:01: y]");
	CHECK("1763777723123456789 <13>x\n", "[1763777723123456789 <13>x]");
	CHECK("12\n", "[12]");
	CHECK("12 \n", "[12 ]");
	CHECK("0 <13>x\n", "[0 <13>x]");
	CHECK("007 <13>x\n", "[007 <13>x]");
}
END_TEST

START_TEST(bytes_of_any_kind_stay_within_messages)
{
	char line[] = "<13>a\0b\xff\x01 c\n";
	struct heard heard = {.text = STRBUF_INIT(1 << 10)};
	struct framing framing;

	framing_init(&framing, FRAMING_AUTO, MAX, hear, &heard);
	ck_assert(framing_push(&framing, slice_of(line, sizeof(line) - 1)));
	ck_assert(slice_eq(strbuf_slice(&heard.text), SLICE_LIT("[<13>a\0b\xff\x01 c]")));
	framing_done(&framing);
	strbuf_done(&heard.text);
}
END_TEST

START_TEST(longer_messages_are_cut_and_their_length_is_told)
{
	char text[400], wanted[400];
	const int n = snprintf(text, sizeof(text), "100 <13>%096d<14>%096d\n<15>x\n", 0, 0);

	snprintf(wanted, sizeof(wanted), "[<13>%060d/100][<14>%060d/100][<15>x]", 0, 0);
	check_mode(FRAMING_AUTO, slice_of(text, (size_t)n), true, wanted);
}
END_TEST

START_TEST(a_message_of_exactly_the_limit_is_whole)
{
	char text[200], wanted[200];
	const int n = snprintf(text, sizeof(text), "64 <13>%060d<14>%060d\n", 0, 0);

	snprintf(wanted, sizeof(wanted), "[<13>%060d][<14>%060d]", 0, 0);
	check_mode(FRAMING_AUTO, slice_of(text, (size_t)n), true, wanted);
}
END_TEST

START_TEST(a_count_beyond_all_messages_ends_the_stream)
{
	BROKEN("<13>x\n1073741824 <13>abc", "[<13>x]");
	BROKEN("9999999999 <13>abc", "");
	BROKEN("16777217 <13>abc", "");
	CHECK("16777216 <13>abc", "[<13>abc/16777216~]");
}
END_TEST

START_TEST(what_a_stream_ends_within_is_kept_and_marked)
{
	CHECK("<13>one\n<14>tw", "[<13>one][<14>tw~]");
	CHECK("20 <13>one", "[<13>one/20~]");
	CHECK("20", "[20~]");
	CHECK("20 ", "[20 ~]");
}
END_TEST

START_TEST(settings_can_say_which_framing_it_is)
{
	check_mode(FRAMING_LINES, SLICE_LIT("7 <13>one\n"), true, "[7 <13>one]");
	check_mode(FRAMING_COUNTED, SLICE_LIT("5 {\"a\"}"), true, "[{\"a\"}]");
	check_mode(FRAMING_COUNTED, SLICE_LIT("4 {\"a\"\n3 xyz"), true, "[{\"a\"][xyz]");
	check_mode(FRAMING_COUNTED, SLICE_LIT("3 xyz<13>x\n"), false, "[xyz]");
	check_mode(FRAMING_COUNTED, SLICE_LIT("3x"), false, "");
}
END_TEST

/* Whatever comes, no more than a message is held. */
START_TEST(memory_is_bounded_by_a_message)
{
	static char noise[1 << 16];
	struct heard heard = {.text = STRBUF_INIT(1 << 10)};
	struct framing framing;

	memset(noise, 'x', sizeof(noise));
	framing_init(&framing, FRAMING_AUTO, MAX, hear, &heard);
	for (int i = 0; i < 64; i++)
		ck_assert(framing_push(&framing, slice_of(noise, sizeof(noise))));
	ck_assert_uint_le(framing.held.capacity, 4 * MAX);
	ck_assert(framing_is_within(&framing));
	ck_assert_uint_eq(heard.n, 0);
	framing_end(&framing);
	ck_assert_uint_eq(heard.n, 1);
	framing_done(&framing);
	strbuf_done(&heard.text);
}
END_TEST

TEST_MAIN("framing", lines_end_at_line_ends, counted_messages_end_where_their_count_says,
	both_are_mixed_on_one_connection, what_some_write_behind_counted_messages_is_skipped,
	empty_messages_are_none, lines_may_begin_with_digits,
	bytes_of_any_kind_stay_within_messages,
	longer_messages_are_cut_and_their_length_is_told,
	a_message_of_exactly_the_limit_is_whole, a_count_beyond_all_messages_ends_the_stream,
	what_a_stream_ends_within_is_kept_and_marked, settings_can_say_which_framing_it_is,
	memory_is_bounded_by_a_message)
