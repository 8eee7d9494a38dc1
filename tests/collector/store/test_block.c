#include "collector/store/builder.h"

#include "common/clock.h"
#include "tests/support/check.h"

enum { RECORDS = 777 };

static struct columns make_columns(unsigned i)
{
	return (struct columns){
		.created_ns = i % 7 == 0 ? CLOCK_NONE : INT64_MAX - (int64_t)i * 999999937,
		.received_ns = 1700000000000000000 + i * 1000,
		.sequence = i % 50 == 0 ? UINT64_MAX - i : i,
		.agency = 12,
		.host = 1000 + i / 100,
		.body_size = i % 13,
		.stream = (uint16_t)(i % 2),
		.system = (uint16_t)(i * 31),
		.parser = 9,
		.flags = (uint16_t)i,
		.level = 3,
		.skew_ms = UINT32_MAX,
		.source = i % 5 == 0 ? COLUMNS_NO_SOURCE : i % 3,
	};
}

static const struct stream streams[] = {
	{.agency = 1, .host = 2, .lane = 3, .epoch = UINT64_MAX},
	{.agency = UINT32_MAX, .host = UINT32_MAX, .lane = 255, .epoch = 0},
};

static const struct record_source sources[] = {
	{SLICE_LIT("file"), SLICE_LIT("/a"), SLICE_LIT("")},
	{SLICE_LIT("file"), SLICE_LIT("/b"), SLICE_LIT("")},
	{SLICE_LIT("file/b"), SLICE_LIT(""), SLICE_LIT("")},
};

static void add_part(struct builder *builder, unsigned first, unsigned n, uint64_t commit)
{
	static const char bodies[13 * RECORDS] = "bodies";
	struct columns columns[RECORDS];
	size_t size = 0;

	for (unsigned i = 0; i < n; i++) {
		columns[i] = make_columns(first + i);
		size += columns[i].body_size;
	}
	for (unsigned i = 0; i < ARRAY_LEN(streams); i++)
		ck_assert_uint_eq(builder_stream(builder, &streams[i]), i);
	for (unsigned i = 0; i < ARRAY_LEN(sources); i++)
		ck_assert_uint_eq(builder_source(builder, &sources[i]), i);
	if (n > 0)
		builder_records(builder, columns, n, slice_of(bodies, size));
	builder_move(builder, &(struct block_move){.stream = 1,
				      .home = 5,
				      .from = 7,
				      .position = {.stored = UINT64_MAX,
					      .crc = 1,
					      .records = 2,
					      .declared = 3,
					      .duplicates = 4,
					      .lost = 5,
					      .first = 6,
					      .last_received_ns = -1}});
	builder_gap(builder, 0,
		&(struct store_block_gap){.first = first,
			.count = UINT32_MAX,
			.reason = 2,
			.bytes = UINT64_MAX,
			.received_ns = INT64_MIN,
			.source = SLICE_LIT("gone")});
	builder_part(builder, &(struct block_part){.commit = commit,
				      .set = 0x15,
				      .committed_ns = -5 * (int64_t)commit,
				      .next = {1, 2, UINT64_MAX, 4, 5}});
}

static void expect_columns(const struct block_front *front, unsigned n)
{
	uint32_t body_at = 0;

	for (unsigned i = 0; i < n; i++) {
		struct columns expected = make_columns(i);

		expected.body_at = body_at;
		body_at += expected.body_size;
		ck_assert_mem_eq(&front->columns[i], &expected, sizeof(expected));
	}
}

static void expect_tables(const struct block_front *front, unsigned n_parts)
{
	ck_assert_uint_eq(front->n_streams, ARRAY_LEN(streams));
	ck_assert_uint_eq(front->streams[0].epoch, UINT64_MAX);
	ck_assert_uint_eq(front->streams[1].host, UINT32_MAX);
	ck_assert_uint_eq(front->n_sources, ARRAY_LEN(sources));
	ck_assert_slice_eq(front->sources[2].input, SLICE_LIT("file/b"));
	ck_assert_uint_eq(front->n_moves, n_parts);
	ck_assert_uint_eq(front->moves[0].position.stored, UINT64_MAX);
	ck_assert_uint_eq(front->moves[0].position.lost, 5);
	ck_assert_int_eq(front->moves[0].position.last_received_ns, -1);
	ck_assert_uint_eq(front->n_gaps, n_parts);
	ck_assert_uint_eq(front->gaps[0].stream.epoch, UINT64_MAX);
	ck_assert_int_eq(front->gaps[0].received_ns, INT64_MIN);
	ck_assert_slice_eq(front->gaps[0].source, SLICE_LIT("gone"));
	for (unsigned i = 0; i < n_parts; i++) {
		ck_assert_uint_eq(front->parts[i].commit, 100 + i);
		ck_assert_int_eq(front->parts[i].committed_ns, -5 * (int64_t)(100 + i));
		ck_assert_uint_eq(front->parts[i].set, 0x15);
		ck_assert_uint_eq(front->parts[i].next[2], UINT64_MAX);
	}
}

START_TEST(a_block_of_many_parts_goes_both_ways)
{
	struct builder *builder = builder_new();
	struct packed_block packed;
	struct block_head head;
	struct block_front front;
	struct arena arena;
	struct strbuf bodies = STRBUF_INIT(BLOCK_BODIES_MAX);

	arena_init(&arena, BLOCK_ARENA_MAX);
	for (unsigned round = 0; round < 2; round++) {
		builder_reset(builder, BLOCK_RECORDS, 5, 4000);
		add_part(builder, 0, 300, 100);
		add_part(builder, 300, 0, 101);
		add_part(builder, 300, RECORDS - 300, 102);
		ck_assert_uint_eq(builder_next_record(builder), 4000 + RECORDS);
		builder_pack(builder, 1, &packed);
		ck_assert(block_head_read(slice_of(packed.head_bytes, BLOCK_HEAD_SIZE), &head));
		ck_assert_uint_eq(head.n_records, RECORDS);
		ck_assert_uint_eq(head.last_commit, 102);
		ck_assert_uint_eq(head.class, 5);
		arena_reset(&arena);
		strbuf_reset(&bodies);
		ck_assert(block_front_read(&head, packed.front, &arena, &front));
		expect_tables(&front, 3);
		expect_columns(&front, RECORDS);
		ck_assert(block_bodies_read(&head, packed.bodies, &bodies));
		ck_assert_uint_eq(bodies.len, head.bodies_size);
	}
	strbuf_done(&bodies);
	arena_done(&arena);
	builder_free(builder);
}
END_TEST

START_TEST(a_single_record_and_none_are_fine)
{
	struct builder *builder = builder_new();
	struct packed_block packed;
	struct block_front front;
	struct arena arena;

	arena_init(&arena, BLOCK_ARENA_MAX);
	for (unsigned n = 0; n <= 1; n++) {
		builder_reset(builder, BLOCK_RECORDS, 1, 1);
		add_part(builder, 0, n, 100);
		builder_pack(builder, 1, &packed);
		ck_assert(block_front_read(&packed.head, packed.front, &arena, &front));
		expect_columns(&front, n);
	}
	arena_done(&arena);
	builder_free(builder);
}
END_TEST

START_TEST(every_flipped_bit_is_seen)
{
	struct builder *builder = builder_new();
	struct packed_block packed;
	struct block_head head;
	struct block_front front;
	struct arena arena;

	arena_init(&arena, BLOCK_ARENA_MAX);
	builder_reset(builder, BLOCK_RECORDS, 5, 4000);
	add_part(builder, 0, 20, 100);
	builder_pack(builder, 1, &packed);
	for (unsigned i = 0; i < BLOCK_HEAD_SIZE * 8; i++) {
		packed.head_bytes[i / 8] ^= (char)(1 << i % 8);
		ck_assert(
			!block_head_read(slice_of(packed.head_bytes, BLOCK_HEAD_SIZE), &head));
		packed.head_bytes[i / 8] ^= (char)(1 << i % 8);
	}
	char *bytes = malloc(packed.front.len);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, packed.front.ptr, packed.front.len);
	for (size_t i = 0; i < packed.front.len * 8; i++) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		ck_assert(!block_front_read(
			&packed.head, slice_of(bytes, packed.front.len), &arena, &front));
		bytes[i / 8] ^= (char)(1 << i % 8);
		arena_reset(&arena);
	}
	free(bytes);
	arena_done(&arena);
	builder_free(builder);
}
END_TEST

TEST_MAIN("block", a_block_of_many_parts_goes_both_ways, a_single_record_and_none_are_fine,
	every_flipped_bit_is_seen)
