#include "collector/record/encode.h"

#include "common/clock.h"
#include "tests/support/check.h"

enum { BODY_MAX = 1 << 20 };

static const struct record_source sources[] = {
	{SLICE_LIT("file"), SLICE_LIT("/var/log/auth.log"), SLICE_LIT("")},
	{SLICE_LIT("journal"), SLICE_LIT("sshd.service"), SLICE_LIT("sshd")},
};

static void add(
	struct record *record, struct arena *arena, enum field_id id, struct slice value)
{
	ck_assert(record_add(record, arena, id, value));
}

static struct record full_record(struct arena *arena)
{
	struct slice raw = SLICE_LIT("Failed password for root from 192.0.2.7 port 22");
	struct record record = {
		.raw = raw,
		.received_ns = 1700000000000000001,
		.created_ns = 1699999999000000000,
		.read_ns = 1700000000000500001, /* the agent's clock is ahead */
		.sequence = 77,
		.offset = 123456789012,
		.whole = 5000,
		.source = &sources[1],
		.agency = 12,
		.host = 345,
		.system = 6,
		.level = 3,
		.kind = RECORD_LOG,
		.status = PARSE_OK,
		.attack = CLASS_UNAUTHORIZED_ACCESS,
		.severity = SEVERITY_LOW,
		.strength = IDENTITY_CERTIFICATE,
		.parser = 9,
		.flags = RECORD_TRUNCATED | RECORD_TEST,
	};

	add(&record, arena, FIELD_USER_NAME, slice_of(raw.ptr + 20, 4));
	add(&record, arena, FIELD_EVENT_OUTCOME, SLICE_LIT("failure"));
	add(&record, arena, FIELD_MESSAGE, slice_from(raw, raw.len));
	add(&record, arena, FIELD_SOURCE_IP, SLICE_LIT(""));
	add(&record, arena, FIELD_MESSAGE, raw);
	ck_assert(record_match(&record, arena, 4000000000u, SLICE_LIT("a\0b")));
	ck_assert(record_match(&record, arena, 1, SLICE_LIT("")));
	return record;
}

static void expect_same_fields(const struct record *a, const struct record *b)
{
	ck_assert_uint_eq(a->n_fields, b->n_fields);
	for (unsigned i = 0; i < a->n_fields; i++) {
		ck_assert_uint_eq(a->fields[i].id, b->fields[i].id);
		ck_assert_slice_eq(field_value(&a->fields[i]), field_value(&b->fields[i]));
	}
	ck_assert_uint_eq(a->n_matches, b->n_matches);
	for (unsigned i = 0; i < a->n_matches; i++) {
		ck_assert_uint_eq(a->matches[i].rule, b->matches[i].rule);
		ck_assert_slice_eq(a->matches[i].group, b->matches[i].group);
	}
}

static void expect_same(const struct record *a, const struct record *b)
{
	ck_assert_slice_eq(a->raw, b->raw);
	ck_assert_int_eq(a->received_ns, b->received_ns);
	ck_assert_int_eq(a->created_ns, b->created_ns);
	ck_assert_int_eq(a->read_ns, b->read_ns);
	ck_assert_uint_eq(a->sequence, b->sequence);
	ck_assert_uint_eq(a->offset, b->offset);
	ck_assert_uint_eq(a->whole, b->whole);
	ck_assert_uint_eq(a->agency, b->agency);
	ck_assert_uint_eq(a->host, b->host);
	ck_assert_uint_eq(a->system, b->system);
	ck_assert_uint_eq(a->level, b->level);
	ck_assert_uint_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->status, b->status);
	ck_assert_uint_eq(a->attack, b->attack);
	ck_assert_uint_eq(a->severity, b->severity);
	ck_assert_uint_eq(a->strength, b->strength);
	ck_assert_uint_eq(a->parser, b->parser);
	ck_assert_uint_eq(a->flags, b->flags);
	expect_same_fields(a, b);
}

static struct slice body_of(const struct batch *batch, unsigned i)
{
	return slice_of(
		batch->encoded.ptr + batch->columns[i].body_at, batch->columns[i].body_size);
}

static struct batch two_records(void)
{
	struct batch batch;

	batch_init(&batch);
	batch.records = arena_alloc(&batch.arena, 2 * sizeof(*batch.records));
	ck_assert_ptr_nonnull(batch.records);
	batch.records[0] = full_record(&batch.arena);
	batch.records[1] = (struct record){
		.raw = SLICE_LIT(""),
		.created_ns = CLOCK_NONE,
		.read_ns = CLOCK_NONE,
		.sequence = 78,
	};
	batch.n_records = 2;
	batch.sources = sources;
	batch.n_sources = ARRAY_LEN(sources);
	return batch;
}

START_TEST(a_batch_goes_both_ways)
{
	struct batch batch = two_records();
	struct record record;

	batch.skew_ms = 250;
	ck_assert(encode_batch(&batch));
	for (unsigned i = 0; i < batch.n_records; i++) {
		ck_assert(decode_record(
			body_of(&batch, i), &batch.columns[i], &batch.arena, &record));
		expect_same(&batch.records[i], &record);
		ck_assert_ptr_null(record.source);
		ck_assert_uint_eq(batch.columns[i].skew_ms, 250);
	}
	ck_assert_uint_eq(batch.columns[0].source, 1);
	ck_assert_uint_eq(batch.columns[0].n_matches, 2);
	ck_assert_uint_eq(batch.columns[1].source, COLUMNS_NO_SOURCE);
	ck_assert_uint_eq(batch.columns[1].body_at, batch.columns[0].body_size);
	batch_done(&batch);
}
END_TEST

/* Whether the JSON of a stored record has these words. */
static bool is_told(const struct batch *batch, const char *words)
{
	struct strbuf json = STRBUF_INIT(1 << 16);
	struct arena arena;
	struct record record;

	arena_init(&arena, 1 << 16);
	ck_assert(decode_record(body_of(batch, 0), &batch->columns[0], &arena, &record));
	encode_json(&json, &record, SLICE_NONE);
	bool told = slice_search(strbuf_slice(&json), slice_str(words)) < json.len;
	strbuf_done(&json);
	arena_done(&arena);
	return told;
}

START_TEST(times_of_event_agent_and_collector_are_kept_apart)
{
	struct batch batch = two_records();

	batch.records[0].created_ns = INT64_C(1000000000) * 1700000000;
	batch.records[0].read_ns = INT64_C(1000000000) * 1700000300;
	batch.records[0].received_ns = INT64_C(1000000000) * 1700000060;
	batch.skew_ms = 240000;
	ck_assert(encode_batch(&batch));
	ck_assert(is_told(&batch, "\"@timestamp\":\"2023-11-14T22:13:20.000Z\""));
	ck_assert(is_told(&batch, "\"event.created\":\"2023-11-14T22:18:20.000Z\""));
	ck_assert(is_told(&batch, "\"event.ingested\":\"2023-11-14T22:14:20.000Z\""));
	ck_assert(is_told(&batch, "\"soc.clock_skew_ms\":240000"));
	batch.skew_ms = UINT32_MAX;
	ck_assert(encode_batch(&batch));
	ck_assert(!is_told(&batch, "clock_skew"));
	batch_done(&batch);
}
END_TEST

START_TEST(original_bytes_are_kept_once)
{
	struct batch batch = two_records();

	ck_assert(encode_batch(&batch));
	ck_assert_uint_lt(batch.columns[0].body_size, batch.records[0].raw.len + 55);
	batch_done(&batch);
}
END_TEST

START_TEST(a_second_encoding_replaces_the_first)
{
	struct batch batch = two_records();

	ck_assert(encode_batch(&batch));
	size_t len = batch.encoded.len;
	ck_assert(encode_batch(&batch));
	ck_assert_uint_eq(batch.encoded.len, len);
	batch_done(&batch);
}
END_TEST

START_TEST(without_columns_times_are_unknown)
{
	struct batch batch = two_records();
	struct record record;

	ck_assert(encode_batch(&batch));
	ck_assert(decode_record(body_of(&batch, 0), NULL, &batch.arena, &record));
	ck_assert_int_eq(record.created_ns, CLOCK_NONE);
	ck_assert_int_eq(record.read_ns, CLOCK_NONE);
	ck_assert_slice_eq(record.raw, batch.records[0].raw);
	expect_same_fields(&batch.records[0], &record);
	batch_done(&batch);
}
END_TEST

START_TEST(extreme_times_survive)
{
	static const int64_t times[] = {INT64_MIN + 1, -1, 0, 1, INT64_MAX};
	struct arena arena;
	struct strbuf body = STRBUF_INIT(BODY_MAX);
	struct record again;

	arena_init(&arena, BODY_MAX);
	for (size_t i = 0; i < ARRAY_LEN(times) * ARRAY_LEN(times); i++) {
		struct record record = {
			.received_ns = times[i / ARRAY_LEN(times)],
			.read_ns = times[i % ARRAY_LEN(times)],
		};
		struct columns columns = {.received_ns = record.received_ns};

		strbuf_reset(&body);
		encode_record(&body, &record);
		ck_assert(decode_record(strbuf_slice(&body), &columns, &arena, &again));
		ck_assert_int_eq(again.read_ns, record.read_ns);
	}
	strbuf_done(&body);
	arena_done(&arena);
}
END_TEST

START_TEST(every_cut_is_damaged)
{
	struct batch batch = two_records();
	struct record record = {.agency = 1};

	ck_assert(encode_batch(&batch));
	struct slice body = body_of(&batch, 0);
	for (size_t len = 0; len < body.len; len++)
		ck_assert(!decode_record(slice_head(body, len), NULL, &batch.arena, &record));
	ck_assert_uint_eq(record.agency, 1);
	batch_done(&batch);
}
END_TEST

START_TEST(bytes_behind_the_end_are_damage)
{
	struct arena arena;
	struct record record;

	arena_init(&arena, BODY_MAX);
	ck_assert(decode_record(SLICE_LIT("\x00\x01x\x00"), NULL, &arena, &record));
	ck_assert(!decode_record(SLICE_LIT("\x00\x01x\x00\x00"), NULL, &arena, &record));
	ck_assert(!decode_record(SLICE_LIT("\x10\x01x\x00"), NULL, &arena, &record));
	ck_assert(
		!decode_record(SLICE_LIT("\x00\x01x\x01\x03\x01\x01"), NULL, &arena, &record));
	ck_assert(!decode_record(SLICE_LIT("\x00\x01x\x01\x00\x00"), NULL, &arena, &record));
	arena_done(&arena);
}
END_TEST

START_TEST(a_full_arena_refuses)
{
	struct batch batch = two_records();
	struct arena arena;
	struct record record;

	ck_assert(encode_batch(&batch));
	arena_init(&arena, 16);
	ck_assert(!decode_record(body_of(&batch, 0), NULL, &arena, &record));
	arena_done(&arena);
	batch_done(&batch);
}
END_TEST

START_TEST(a_batch_past_its_limit_is_refused)
{
	struct batch batch = two_records();

	batch.encoded.limit = 100;
	ck_assert(!encode_batch(&batch));
	batch_done(&batch);
}
END_TEST

START_TEST(values_without_a_field_are_written_under_their_names)
{
	struct strbuf out = STRBUF_INIT(1 << 16);
	struct record record = {.raw = SLICE_LIT("x"),
		.received_ns = CLOCK_NONE,
		.created_ns = CLOCK_NONE,
		.read_ns = CLOCK_NONE,
		.kind = RECORD_LOG};
	struct arena arena;

	arena_init(&arena, 1 << 16);
	add(&record, &arena, FIELD_EVENT_MODULE, SLICE_LIT("cef"));
	add(&record, &arena, FIELD_OTHER, SLICE_LIT("a\"b"));
	add(&record, &arena, FIELD_OTHER_VALUE, SLICE_LIT("1"));
	add(&record, &arena, FIELD_OTHER_EVENT_DATA, SLICE_LIT("X"));
	add(&record, &arena, FIELD_OTHER_VALUE, SLICE_LIT("2"));
	add(&record, &arena, FIELD_OTHER, SLICE_LIT("X"));
	add(&record, &arena, FIELD_OTHER_VALUE, SLICE_LIT("3"));
	add(&record, &arena, FIELD_OTHER_EVENT_DATA, SLICE_LIT("X"));
	add(&record, &arena, FIELD_OTHER_VALUE, SLICE_LIT("4"));
	add(&record, &arena, FIELD_OTHER, SLICE_LIT("cut off"));
	encode_json(&out, &record, SLICE_NONE);
	ck_assert_str_eq(strbuf_cstr(&out),
		"{\"event.kind\":\"event\",\"event.module\":\"cef\",\"cef.a\\\"b\":\"1\","
		"\"winlog.event_data.X\":[\"2\",\"4\"],\"cef.X\":\"3\","
		"\"event.original\":\"x\",\"soc.parse_status\":\"unknown\"}");
	strbuf_done(&out);
	arena_done(&arena);
}
END_TEST

START_TEST(an_address_is_written_under_both_names)
{
	struct strbuf out = STRBUF_INIT(1 << 16);
	struct record record = {.raw = SLICE_LIT("x"),
		.received_ns = CLOCK_NONE,
		.created_ns = CLOCK_NONE,
		.read_ns = CLOCK_NONE,
		.kind = RECORD_LOG};
	struct arena arena;

	arena_init(&arena, 1 << 16);
	add(&record, &arena, FIELD_SOURCE_IP, SLICE_LIT("192.0.2.1"));
	add(&record, &arena, FIELD_DESTINATION_IP, SLICE_LIT("192.0.2.2"));
	add(&record, &arena, FIELD_DESTINATION_ADDRESS, SLICE_LIT("db"));
	encode_json(&out, &record, SLICE_NONE);
	ck_assert_str_eq(strbuf_cstr(&out),
		"{\"event.kind\":\"event\",\"source.ip\":\"192.0.2.1\","
		"\"destination.ip\":\"192.0.2.2\",\"destination.address\":\"db\","
		"\"source.address\":\"192.0.2.1\","
		"\"event.original\":\"x\",\"soc.parse_status\":\"unknown\"}");
	strbuf_done(&out);
	arena_done(&arena);
}
END_TEST

TEST_MAIN("encode", values_without_a_field_are_written_under_their_names,
	an_address_is_written_under_both_names, a_batch_goes_both_ways,
	original_bytes_are_kept_once, times_of_event_agent_and_collector_are_kept_apart,
	a_second_encoding_replaces_the_first, without_columns_times_are_unknown,
	extreme_times_survive, every_cut_is_damaged, bytes_behind_the_end_are_damage,
	a_full_arena_refuses, a_batch_past_its_limit_is_refused)
