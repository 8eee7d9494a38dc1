#include "agent/scan/result.h"

#include "tests/support/check.h"

static void put_sample(struct strbuf *body)
{
	struct strbuf hits = STRBUF_INIT(1 << 16);
	struct hit hit = {.rule = SLICE_LIT("r"),
		.ruleset = SLICE_LIT("set"),
		.cut = HIT_CUT_META,
		.n_tags = 1,
		.n_metas = 2,
		.n_strings = 1,
		.tags = {SLICE_LIT("tag")},
		.metas = {{SLICE_LIT("author"), META_TEXT, SLICE_LIT("me"), 0},
			{SLICE_LIT("score"), META_INTEGER, SLICE_NONE, -7}},
		.strings = {{SLICE_LIT("$a"), 5, 6}}};
	struct result result = {.ticket = 3,
		.outcome = RESULT_SCANNED,
		.bytes = 100,
		.worker_cpu_us = 5,
		.hashed = true,
		.sha256 = {1, 2, 3},
		.words = SLICE_LIT("words"),
		.n_hits = 1,
		.n_unlisted = 9};

	hit_put(&hits, &hit);
	result_put(body, &result, strbuf_slice(&hits));
	strbuf_done(&hits);
}

START_TEST(what_is_written_is_read)
{
	struct strbuf body = STRBUF_INIT(1 << 16);
	struct result result;
	struct hit hit;

	put_sample(&body);
	struct varint_reader reader = varint_reader(strbuf_slice(&body));
	ck_assert(result_read(&reader, &result));
	ck_assert_uint_eq(result.ticket, 3);
	ck_assert_uint_eq(result.bytes, 100);
	ck_assert(result.hashed && !result.partial);
	ck_assert_uint_eq(result.sha256[2], 3);
	ck_assert_slice_eq(result.words, SLICE_LIT("words"));
	ck_assert_uint_eq(result.n_unlisted, 9);
	ck_assert(hit_read(&reader, &hit));
	ck_assert(varint_reader_done(&reader));
	ck_assert_slice_eq(hit.rule, SLICE_LIT("r"));
	ck_assert_slice_eq(hit.tags[0], SLICE_LIT("tag"));
	ck_assert_int_eq(hit.metas[1].integer, -7);
	ck_assert_slice_eq(hit.metas[0].text, SLICE_LIT("me"));
	ck_assert_uint_eq(hit.strings[0].length, 6);
	ck_assert_uint_eq(hit.cut, HIT_CUT_META);
	strbuf_done(&body);
}
END_TEST

START_TEST(a_result_cut_anywhere_is_refused)
{
	struct strbuf body = STRBUF_INIT(1 << 16);
	struct result result;
	struct hit hit;

	put_sample(&body);
	for (size_t len = 0; len < body.len; len++) {
		struct varint_reader reader =
			varint_reader(slice_head(strbuf_slice(&body), len));
		ck_assert(!result_read(&reader, &result) || !hit_read(&reader, &hit));
	}
	strbuf_done(&body);
}
END_TEST

START_TEST(more_than_the_limits_is_refused)
{
	struct strbuf body = STRBUF_INIT(1 << 16);
	struct result result = {.n_hits = RESULT_HITS_MAX + 1};

	result_put(&body, &result, SLICE_LIT(""));
	struct varint_reader reader = varint_reader(strbuf_slice(&body));
	ck_assert(!result_read(&reader, &result));
	strbuf_reset(&body);
	result = (struct result){.outcome = RESULT_OUTCOMES};
	result_put(&body, &result, SLICE_LIT(""));
	reader = varint_reader(strbuf_slice(&body));
	ck_assert(!result_read(&reader, &result));
	strbuf_done(&body);
}
END_TEST

TEST_MAIN("result", what_is_written_is_read, a_result_cut_anywhere_is_refused,
	more_than_the_limits_is_refused)
