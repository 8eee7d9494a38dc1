#include "collector/ingest/http/http_items.h"

#include "tests/support/check.h"

enum { MAX = 12 };

static void hear(struct strbuf *out, const struct http_item *item)
{
	ck_assert_uint_le(item->bytes.len, MAX);
	strbuf_addf(out, "%llu:%.*s", (unsigned long long)item->number, SLICE_FMT(item->bytes));
	if (item->whole > item->bytes.len)
		strbuf_addf(out, "+%llu", (unsigned long long)(item->whole - item->bytes.len));
	strbuf_add_byte(out, '|');
}

static bool push(struct http_items *items, struct slice bytes, struct strbuf *out)
{
	enum http_items_got got;
	struct http_item item;

	while ((got = http_items_next(items, &bytes, &item)) == ITEMS_ITEM)
		hear(out, &item);
	ck_assert(got == ITEMS_BROKEN || bytes.len == 0);
	return got != ITEMS_BROKEN;
}

static void read_pieces(
	struct slice bytes, size_t size, enum http_items_of of, struct strbuf *out)
{
	struct http_items items;
	struct http_item item;
	bool good = true;

	http_items_init(&items, MAX, of);
	while (good && bytes.len > 0) {
		const size_t n = size < bytes.len ? size : bytes.len;

		good = push(&items, slice_head(bytes, n), out);
		bytes = slice_from(bytes, n);
	}
	const enum http_items_got got = good ? http_items_end(&items, &item) : ITEMS_BROKEN;
	if (got == ITEMS_ITEM)
		hear(out, &item);
	if (got == ITEMS_BROKEN)
		strbuf_add_byte(out, '!');
	http_items_done(&items);
}

static void check(const char *body, enum http_items_of of, const char *expected)
{
	for (size_t size = 1; size <= strlen(body); size++) {
		struct strbuf out = STRBUF_INIT(1 << 16);

		read_pieces(slice_str(body), size, of, &out);
		ck_assert_str_eq(strbuf_cstr(&out), expected);
		strbuf_done(&out);
	}
}

START_TEST(lines_end_with_lf_or_cr_lf_or_the_body)
{
	check("a\nbc\n", ITEMS_OF_LINES, "1:a|2:bc|");
	check("a\r\nbc", ITEMS_OF_LINES, "1:a|2:bc|");
	check("a\r\n\r\n\nb\rc\r", ITEMS_OF_LINES, "1:a|4:b\rc|");
	check("\r\nab\r\n", ITEMS_OF_LINES, "2:ab|");
	check("\n\n", ITEMS_OF_LINES, "");
	check(" x\n", ITEMS_OF_LINES, "1: x|");
	check("[a]\n[b]\n", ITEMS_OF_LINES, "1:[a]|2:[b]|");
	check("{\"a\":1}\n{}\n", ITEMS_OF_JSON, "1:{\"a\":1}|2:{}|");
}
END_TEST

START_TEST(lines_beyond_the_limit_are_cut_and_their_length_told)
{
	check("123456789012\n1234567890123\nx\n", ITEMS_OF_LINES,
		"1:123456789012|2:123456789012+1|3:x|");
	check("1234567890123456", ITEMS_OF_LINES, "1:123456789012+4|");
}
END_TEST

START_TEST(elements_of_an_array_are_told_apart)
{
	check("[]", ITEMS_OF_JSON, "");
	check(" [ {\"a\":1} , {\"b\":[]}\n]\n", ITEMS_OF_JSON, "1:{\"a\":1}|2:{\"b\":[]}|");
	check("[1,\"a,]\\\"b\",null]", ITEMS_OF_JSON, "1:1|2:\"a,]\\\"b\"|3:null|");
	check("[[1,[2]],{\"]\":1}]", ITEMS_OF_JSON, "1:[1,[2]]|2:{\"]\":1}|");
	check("[{\"a\":\"\\\\\"},2]", ITEMS_OF_JSON, "1:{\"a\":\"\\\\\"}|2:2|");
	check("[ {\"a\": \"bcdefgh\"},3]", ITEMS_OF_JSON, "1:{\"a\": \"bcdef+4|2:3|");
	check("[1,,2]", ITEMS_OF_JSON, "1:1|3:2|");
}
END_TEST

START_TEST(objects_stand_on_lines_of_their_own_or_of_others)
{
	check("{\"a\":1}{\"b\":2}", ITEMS_OF_JSON, "1:{\"a\":1}|2:{\"b\":2}|");
	check("\n {\n \"a\": 1\n}\r\n{}\n", ITEMS_OF_JSON, "1:{\n \"a\": 1\n}|2:{}|");
	check("{\"}\":{}} {\"\\\"{\":[]}", ITEMS_OF_JSON, "1:{\"}\":{}}|2:{\"\\\"{\":[]}|");
	check("{}x y\r\n{}", ITEMS_OF_JSON, "1:{}|2:x y|3:{}|");
	check("{}]\n\n", ITEMS_OF_JSON, "1:{}|2:]|");
}
END_TEST

START_TEST(an_object_that_does_not_end_takes_no_others_with_it)
{
	check("{\"a\":{\n{\"b\":2}\n", ITEMS_OF_JSON, "1:{\"a\":{|2:{\"b\":2}|");
	check("{\"a\":\"x\n{\"b\":2}\n", ITEMS_OF_JSON, "1:{\"a\":\"x|2:{\"b\":2}|");
	check("{\"a\":\"x\\\n{}", ITEMS_OF_JSON, "1:{\"a\":\"x\\|2:{}|");
	check("{\"a\":123456789}{", ITEMS_OF_JSON, "1:{\"a\":1234567+3|2:{|");
	check("{ \n", ITEMS_OF_JSON, "1:{|");
}
END_TEST

START_TEST(an_object_on_many_lines_may_have_no_indentation)
{
	check("{\"a\":[\n{},\n{}\n]}{}", ITEMS_OF_JSON, "1:{\"a\":[\n{},\n{+4|2:{}|");
	check("{\"a\":[\n{}\n]}\n{}", ITEMS_OF_JSON, "1:{\"a\":[\n{}\n]}|2:{}|");
	check("{\"a\": \n\n{}\n}{}", ITEMS_OF_JSON, "1:{\"a\": \n\n{}\n}|2:{}|");
	/* An object has no place behind its own comma, in a string, behind a value. */
	check("{\"a\":1,\n{}", ITEMS_OF_JSON, "1:{\"a\":1,|2:{}|");
	check("{\"a\":\"[\n{}", ITEMS_OF_JSON, "1:{\"a\":\"[|2:{}|");
	check("{\"a\":\":\n\n{}", ITEMS_OF_JSON, "1:{\"a\":\":|2:{}|");
	check("{\"a\":[1 \n{}", ITEMS_OF_JSON, "1:{\"a\":[1|2:{}|");
}
END_TEST

START_TEST(all_of_it_is_one_without_the_blanks_around_it)
{
	check("{\"a\":[\n{}\n]}", ITEMS_OF_ALL, "1:{\"a\":[\n{}\n]}|");
	check("\r\n {\"a\":\n\n12345 \r\n ", ITEMS_OF_ALL, "1:{\"a\":\n\n12345|");
	check(" {\"a\":\n\n123456\n", ITEMS_OF_ALL, "1:{\"a\":\n\n12345+1|");
	check("a\n \n{}\n{}", ITEMS_OF_ALL, "1:a\n \n{}\n{}|");
	check("[1", ITEMS_OF_ALL, "1:[1|");
	check(" \n", ITEMS_OF_ALL, "");
}
END_TEST

START_TEST(an_array_that_is_not_whole_is_broken)
{
	check("[1,2", ITEMS_OF_JSON, "1:1|!");
	check("[", ITEMS_OF_JSON, "!");
	check("[1] x", ITEMS_OF_JSON, "1:1|!");
	check("[1]]", ITEMS_OF_JSON, "1:1|!");
	check("[\"]", ITEMS_OF_JSON, "!");
}
END_TEST

TEST_MAIN("http_items", lines_end_with_lf_or_cr_lf_or_the_body,
	lines_beyond_the_limit_are_cut_and_their_length_told,
	elements_of_an_array_are_told_apart, objects_stand_on_lines_of_their_own_or_of_others,
	an_object_that_does_not_end_takes_no_others_with_it,
	an_object_on_many_lines_may_have_no_indentation,
	all_of_it_is_one_without_the_blanks_around_it, an_array_that_is_not_whole_is_broken)
