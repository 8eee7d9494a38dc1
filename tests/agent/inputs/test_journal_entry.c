#include "agent/inputs/journal_entry.h"

#include <yyjson.h>

#include "common/utf8.h"
#include "tests/support/check.h"

static const struct journal_cursor stamps = {
	.parts = CURSOR_WHOLE, .realtime_us = 1700000000000001, .monotonic_us = 5};

#define HEAD "{\"__REALTIME_TIMESTAMP\":\"1700000000000001\",\"__MONOTONIC_TIMESTAMP\":\"5\""

struct bench {
	struct journal_entry entry;
	struct strbuf line;
	uint64_t whole;
};

static void bench_init(struct bench *bench)
{
	journal_entry_init(&bench->entry, 64 << 10);
	strbuf_init(&bench->line, 4 << 20);
}

static void bench_done(struct bench *bench)
{
	journal_entry_done(&bench->entry);
	strbuf_done(&bench->line);
}

static void put(struct bench *bench, struct slice data)
{
	journal_entry_add(&bench->entry, data);
}

static struct slice line_of(struct bench *bench, size_t max)
{
	strbuf_reset(&bench->line);
	bench->whole = journal_entry_write(&bench->entry, &stamps, max, &bench->line);
	ck_assert_uint_le(bench->line.len, max);
	ck_assert(!bench->line.overflow);
	return strbuf_slice(&bench->line);
}

START_TEST(fields_stand_by_name_behind_the_stamps)
{
	struct bench bench;

	bench_init(&bench);
	put(&bench, SLICE_LIT("_PID=1"));
	put(&bench, SLICE_LIT("MESSAGE=hello"));
	put(&bench, SLICE_LIT("MESSAGE_ID=x"));
	put(&bench, SLICE_LIT("EMPTY="));
	ck_assert_slice_eq(line_of(&bench, 1 << 20),
		SLICE_LIT(HEAD ",\"EMPTY\":\"\",\"MESSAGE\":\"hello\",\"MESSAGE_ID\":\"x\","
			       "\"_PID\":\"1\"}"));
	ck_assert_uint_eq(bench.whole, bench.line.len);
	journal_entry_reset(&bench.entry);
	ck_assert_slice_eq(line_of(&bench, 1 << 20), SLICE_LIT(HEAD "}"));
	bench_done(&bench);
}
END_TEST

START_TEST(a_field_given_twice_is_an_array)
{
	struct bench bench;

	bench_init(&bench);
	put(&bench, SLICE_LIT("B=2"));
	put(&bench, SLICE_LIT("A=1"));
	put(&bench, SLICE_LIT("B=1"));
	put(&bench, SLICE_LIT("B=2"));
	ck_assert_slice_eq(line_of(&bench, 1 << 20),
		SLICE_LIT(HEAD ",\"A\":\"1\",\"B\":[\"2\",\"1\",\"2\"]}"));
	bench_done(&bench);
}
END_TEST

START_TEST(all_bytes_can_be_had_back)
{
	struct bench bench;
	char data[8 + 256] = "MESSAGE=";
	yyjson_val *message;

	for (int i = 0; i < 256; i++)
		data[8 + i] = (char)i;
	bench_init(&bench);
	put(&bench, slice_of(data, sizeof(data)));
	struct slice line = line_of(&bench, 1 << 20);
	for (size_t i = 0; i < line.len; i++)
		ck_assert_uint_ge((unsigned char)line.ptr[i], 0x20);
	yyjson_doc *doc = yyjson_read(line.ptr, line.len, YYJSON_READ_ALLOW_INVALID_UNICODE);
	ck_assert_ptr_nonnull(doc);
	message = yyjson_obj_get(yyjson_doc_get_root(doc), "MESSAGE");
	ck_assert_slice_eq(slice_of(yyjson_get_str(message), yyjson_get_len(message)),
		slice_of(data + 8, 256));
	yyjson_doc_free(doc);
	bench_done(&bench);
}
END_TEST

START_TEST(what_is_no_field_is_passed_over)
{
	struct bench bench;

	bench_init(&bench);
	put(&bench, SLICE_LIT(""));
	put(&bench, SLICE_LIT("=x"));
	put(&bench, SLICE_LIT("NAME"));
	put(&bench, SLICE_LIT("__REALTIME_TIMESTAMP=1"));
	ck_assert_slice_eq(line_of(&bench, 1 << 20), SLICE_LIT(HEAD "}"));
	bench_done(&bench);
}
END_TEST

static void put_many(struct bench *bench, const char *name, char byte, size_t n)
{
	struct strbuf data = STRBUF_INIT(4 << 20);

	strbuf_addf(&data, "%s=", name);
	for (size_t i = 0; i < n; i++)
		strbuf_add_byte(&data, byte);
	put(bench, strbuf_slice(&data));
	strbuf_done(&data);
}

static size_t len_of(struct slice line, const char *name)
{
	yyjson_doc *doc = yyjson_read(line.ptr, line.len, 0);

	ck_assert_msg(doc != NULL, "%.*s", SLICE_FMT(line));
	size_t len = yyjson_get_len(yyjson_obj_get(yyjson_doc_get_root(doc), name));
	yyjson_doc_free(doc);
	return len;
}

START_TEST(too_long_an_entry_loses_fields_and_then_the_end_of_its_message)
{
	struct bench bench;

	bench_init(&bench);
	put_many(&bench, "BIG", 'b', 600);
	put_many(&bench, "MESSAGE", 'm', 900);
	put_many(&bench, "SMALL", 's', 20);
	put_many(&bench, "_VOUCHED", 'v', 100);
	struct slice line = line_of(&bench, 1024);
	ck_assert_uint_eq(len_of(line, "BIG"), 0);
	ck_assert_uint_eq(len_of(line, "SMALL"), 20);
	ck_assert_uint_eq(len_of(line, "_VOUCHED"), 100);
	ck_assert_uint_ge(len_of(line, "MESSAGE"), 500);
	ck_assert_uint_lt(len_of(line, "MESSAGE"), 900);
	ck_assert_uint_gt(bench.whole, 1620);
	bench_done(&bench);
}
END_TEST

START_TEST(a_value_beyond_all_limits_is_cut)
{
	struct bench bench;

	bench_init(&bench);
	put_many(&bench, "MESSAGE", '\n', 3 << 20);
	put_many(&bench, "COREDUMP", 'x', 1 << 20);
	struct slice line = line_of(&bench, 64 << 10);
	ck_assert_uint_gt(len_of(line, "MESSAGE"), 30000);
	ck_assert_uint_gt(bench.whole, 4 << 20);
	bench_done(&bench);
}
END_TEST

START_TEST(characters_are_not_cut_in_the_middle)
{
	struct bench bench;
	struct strbuf data = STRBUF_INIT(1 << 20);

	bench_init(&bench);
	strbuf_add_str(&data, "MESSAGE=");
	for (int i = 0; i < 1000; i++)
		strbuf_add_str(&data, "\xe1\xba\xaf");
	put(&bench, strbuf_slice(&data));
	for (size_t max = 1024; max < 1024 + 6; max++) {
		struct slice line = line_of(&bench, max);

		ck_assert(utf8_valid(line));
		ck_assert_uint_gt(len_of(line, "MESSAGE"), 800);
	}
	strbuf_done(&data);
	bench_done(&bench);
}
END_TEST

START_TEST(the_number_of_fields_is_bounded)
{
	struct bench bench;

	bench_init(&bench);
	for (int i = 0; i < 5000; i++) {
		char data[32];

		snprintf(data, sizeof(data), "F%d=%d", i, i);
		put(&bench, slice_str(data));
	}
	struct slice line = line_of(&bench, 1 << 20);
	ck_assert_uint_eq(len_of(line, "F1023"), 4);
	ck_assert_uint_eq(len_of(line, "F1024"), 0);
	ck_assert_uint_gt(bench.whole, line.len);
	bench_done(&bench);
}
END_TEST

START_TEST(names_are_told_apart)
{
	struct bench bench;

	bench_init(&bench);
	put(&bench, SLICE_LIT("_SOURCE_REALTIME_TIMESTAMP=5"));
	ck_assert(journal_entry_has(&bench.entry, SLICE_LIT("_SOURCE_REALTIME_TIMESTAMP")));
	ck_assert(!journal_entry_has(&bench.entry, SLICE_LIT("_SOURCE")));
	bench_done(&bench);
}
END_TEST

TEST_MAIN("journal_entry", fields_stand_by_name_behind_the_stamps,
	a_field_given_twice_is_an_array, all_bytes_can_be_had_back,
	what_is_no_field_is_passed_over,
	too_long_an_entry_loses_fields_and_then_the_end_of_its_message,
	a_value_beyond_all_limits_is_cut, characters_are_not_cut_in_the_middle,
	the_number_of_fields_is_bounded, names_are_told_apart)
