#include <stdio.h>

#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/pairs.h"
#include "tests/support/check.h"

static struct arena arena;
static struct pairs pairs;

static void setup(void)
{
	arena_init(&arena, 1 << 16);
	pairs_reset(&pairs, SLICE_NONE, PAIRS_NOTHING);
}

static void teardown(void)
{
	arena_done(&arena);
}

static void expect_pair(unsigned at, const char *name, const char *value)
{
	ck_assert_uint_lt(at, pairs.n);
	ck_assert_slice_eq(pairs.items[at].name, slice_str(name));
	ck_assert_slice_eq(pairs.items[at].value, slice_str(value));
}

static void read_keyvalue(const char *text)
{
	pairs_read_keyvalue(&pairs, slice_str(text), &arena);
}

START_TEST(json_gives_dotted_names)
{
	setup();
	pairs_read_json(&pairs,
		SLICE_LIT("{\"a\":{\"b\":1,\"c\":[\"x\",\"\\u0079\"]},\"d\":null,\"e\":true}"),
		&arena);
	ck_assert_int_eq(pairs.state, PAIRS_WHOLE);
	ck_assert_uint_eq(pairs.n, 4);
	expect_pair(0, "a.b", "1");
	expect_pair(1, "a.c", "x");
	expect_pair(2, "a.c", "y");
	expect_pair(3, "e", "true");
	ck_assert_slice_eq(pairs_get_lit(&pairs, "e"), SLICE_LIT("true"));
	ck_assert(!pairs_have(&pairs, SLICE_LIT("d")));
	teardown();
}
END_TEST

START_TEST(a_text_is_read_once)
{
	struct slice text = SLICE_LIT("{\"a\":\"b\\u0063\"}");

	setup();
	pairs_read_json(&pairs, text, &arena);
	size_t used = arena.used;
	ck_assert_uint_ne(used, 0);
	pairs_read_json(&pairs, text, &arena);
	ck_assert_uint_eq(arena.used, used);
	pairs_read_keyvalue(&pairs, text, &arena);
	ck_assert_int_eq(pairs.state, PAIRS_NOT_MINE);
	pairs_read_json(&pairs, text, &arena);
	ck_assert_int_eq(pairs.state, PAIRS_WHOLE);
	teardown();
}
END_TEST

START_TEST(broken_json_gives_what_stood_before)
{
	setup();
	pairs_read_json(&pairs, SLICE_LIT("{\"a\":1,\"b\":"), &arena);
	ck_assert_int_eq(pairs.state, PAIRS_BROKEN);
	expect_pair(0, "a", "1");
	ck_assert_uint_eq(pairs.n, 1);
	teardown();
}
END_TEST

START_TEST(a_full_arena_is_said)
{
	setup();
	arena_done(&arena);
	arena_init(&arena, 4);
	pairs_read_json(&pairs, SLICE_LIT("{\"a\":\"long \\u0041\"}"), &arena);
	ck_assert(pairs.full);
	teardown();
}
END_TEST

START_TEST(more_pairs_than_fit_are_left_out)
{
	char text[8 * PAIRS_MAX + 64];
	size_t len = 0;

	setup();
	for (unsigned i = 0; i <= PAIRS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "a%u=1 ", i);
	pairs_read_keyvalue(&pairs, slice_of(text, len), &arena);
	ck_assert_uint_eq(pairs.n, PAIRS_MAX);
	ck_assert(pairs.left_out);
	teardown();
}
END_TEST

START_TEST(name_and_value_are_cut_at_blanks_commas_and_quotes)
{
	setup();
	read_keyvalue("a=1, b=\"x y\" c='z \"' d= e.f=\"\" g=h=i; ");
	ck_assert_int_eq(pairs.state, PAIRS_WHOLE);
	ck_assert_uint_eq(pairs.n, 6);
	expect_pair(0, "a", "1");
	expect_pair(1, "b", "x y");
	expect_pair(2, "c", "z \"");
	expect_pair(3, "d", "");
	expect_pair(4, "e.f", "");
	expect_pair(5, "g", "h=i");
	teardown();
}
END_TEST

START_TEST(backslashes_escape_quotes_and_themselves_only)
{
	setup();
	read_keyvalue("a=\"x\\\"y\" b=\"C:\\\\Users\\an\" c=\"\\\\\\\"\" d='it\\'s'");
	expect_pair(0, "a", "x\"y");
	expect_pair(1, "b", "C:\\Users\\an");
	expect_pair(2, "c", "\\\"");
	expect_pair(3, "d", "it's");
	teardown();
}
END_TEST

START_TEST(names_with_colons_end_at_semicolons)
{
	setup();
	read_keyvalue("tcp_flags: RST-ACK; src: 192.0.2.1; rule: \"a; b\"; x: ;");
	ck_assert_int_eq(pairs.state, PAIRS_WHOLE);
	ck_assert_uint_eq(pairs.n, 4);
	expect_pair(0, "tcp_flags", "RST-ACK");
	expect_pair(1, "src", "192.0.2.1");
	expect_pair(2, "rule", "a; b");
	expect_pair(3, "x", "");
	teardown();
}
END_TEST

START_TEST(sentences_are_no_pairs)
{
	static const char *const texts[] = {"", " ", "name", "name a=b", "a=b name", "=b",
		"a=\"b", "a=\"b\"c", "a b=c;", "note: this is text", "x: y z; w"};

	setup();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		read_keyvalue(texts[i]);
		ck_assert_msg(pairs.state == PAIRS_NOT_MINE, "%s", texts[i]);
	}
	teardown();
}
END_TEST

static const struct name_entry entries[] = {
	NAME("src", 1),
	NAME("src", 2),
	NAME("winlog.event_data.SubjectUserName", 3),
	NAME("winlog.event_data.TargetUserName", 4),
	NAME("", 5),
};
static struct name_table table = NAME_TABLE(entries);

static unsigned find(const char *name)
{
	return name_table_find(&table, slice_str(name), name_hash(slice_str(name)));
}

START_TEST(a_table_finds_the_earlier_of_two)
{
	ck_assert_uint_eq(find("src"), 1);
	ck_assert_uint_eq(find("winlog.event_data.SubjectUserName"), 3);
	ck_assert_uint_eq(find("winlog.event_data.TargetUserName"), 4);
	ck_assert_uint_eq(find(""), 5);
	ck_assert_uint_eq(find("sr"), 0);
	ck_assert_uint_eq(find("SRC"), 0);
}
END_TEST

TEST_MAIN("normalize/pairs", json_gives_dotted_names, a_text_is_read_once,
	broken_json_gives_what_stood_before, a_full_arena_is_said,
	more_pairs_than_fit_are_left_out, name_and_value_are_cut_at_blanks_commas_and_quotes,
	backslashes_escape_quotes_and_themselves_only, names_with_colons_end_at_semicolons,
	sentences_are_no_pairs, a_table_finds_the_earlier_of_two)
