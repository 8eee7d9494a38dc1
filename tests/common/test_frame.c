#include "common/frame.h"

#include "common/bytes.h"
#include "common/chunk.h"
#include "common/crc32c.h"
#include "tests/support/check.h"

enum { OUT_MAX = 6 << 20 };

static const char chunk_bytes[] = "any \0 bytes";

/* One good message of each type, as every test below wants it. */
static struct frame sample(enum frame_type type)
{
	static const struct frame samples[] = {
		[FRAME_HELLO] = {.type = FRAME_HELLO,
			.hello = {.version_min = 1,
				.version_max = 3,
				.agent_version = {SLICE_BYTES("0.1.0")},
				.host_name = {SLICE_BYTES("m\xc3\xa1y-ch\xe1\xbb\xa7 \xff\n")},
				.os = {SLICE_BYTES("Debian GNU/Linux 12 (bookworm)")},
				.wall_ns = 5,
				.boot_id = UINT64_MAX,
				.n_lanes = 2,
				.lanes = {{LANE_BULK, 7, 3, 900, 2, 0xdeadbeef},
					{LANE_URGENT, UINT64_MAX, 1, 1, 0, 0}}}},
		[FRAME_HELLO_ACK] = {.type = FRAME_HELLO_ACK,
			.hello_ack = {.version = 1,
				.wall_ns = INT64_C(1) << 62,
				.heartbeat_ms = 30000,
				.window_bytes = 8 << 20,
				.collector_version = {SLICE_BYTES("0.1.0")},
				.n_lanes = 2,
				.lanes = {{LANE_URGENT, RESUME_NEW_EPOCH, 5, 6},
					{LANE_BULK, RESUME_OK, 899, 0}}}},
		[FRAME_BATCH] = {.type = FRAME_BATCH,
			.batch = {.lane = LANE_BULK,
				.epoch = 7,
				.first = 900,
				.count = CHUNK_ITEMS_MAX,
				.chunk = {chunk_bytes, sizeof(chunk_bytes) - 1}}},
		[FRAME_GAP] = {.type = FRAME_GAP,
			.gap = {.lane = LANE_URGENT,
				.epoch = 8,
				.first = UINT64_MAX - UINT32_MAX,
				.count = UINT32_MAX,
				.reason = GAP_UNREADABLE,
				.bytes = 12345,
				.source = {SLICE_BYTES("/var/log/auth.log")}}},
		[FRAME_ACK] = {.type = FRAME_ACK,
			.ack = {.n_lanes = 1, .lanes = {{LANE_BULK, 7, 4995}}}},
		[FRAME_HEARTBEAT] = {.type = FRAME_HEARTBEAT,
			.heartbeat = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		[FRAME_ORDER] = {.type = FRAME_ORDER,
			.order = {.order = ORDER_SLOW_DOWN, .argument = 5000}},
		[FRAME_GOODBYE] = {.type = FRAME_GOODBYE,
			.goodbye = {.reason = GOODBYE_OVERLOAD,
				.retry_ms = 60000,
				.text = {SLICE_BYTES("come back later")}}},
	};
	struct frame frame = samples[type];

	if (type == FRAME_BATCH)
		frame.batch.crc = crc32c(0, frame.batch.chunk.ptr, frame.batch.chunk.len);
	return frame;
}

static struct slice body_of(const struct strbuf *out)
{
	ck_assert_uint_ge(out->len, FRAME_HEADER_SIZE);
	return slice_of(out->ptr + FRAME_HEADER_SIZE, out->len - FRAME_HEADER_SIZE);
}

/* Reads one whole frame. */
static enum frame_status read_frame(struct slice bytes, struct frame *frame)
{
	struct frame_header header;
	enum frame_status status = frame_read_header(bytes, &header);

	if (status != FRAME_OK)
		return status;
	return frame_read_body(&header, slice_from(bytes, FRAME_HEADER_SIZE), frame);
}

/* What a peer would write around this body. */
static void put_raw(struct strbuf *out, unsigned type, struct slice body)
{
	char header[FRAME_HEADER_SIZE] = {'\xa5', 'S', 'O', 'C', (char)type};

	bytes_put_u32(header + 8, (uint32_t)body.len);
	bytes_put_u32(header + 12, crc32c(0x50434f53, header, 12));
	strbuf_add(out, slice_of(header, sizeof(header)));
	strbuf_add(out, body);
}

START_TEST(every_type_comes_back_as_it_went)
{
	for (enum frame_type type = FRAME_HELLO; type <= FRAME_GOODBYE; type++) {
		struct strbuf out = STRBUF_INIT(OUT_MAX), again = STRBUF_INIT(OUT_MAX);
		struct frame sent = sample(type), got;

		frame_write(&out, &sent);
		ck_assert(!out.overflow);
		ck_assert_int_eq(read_frame(strbuf_slice(&out), &got), FRAME_OK);
		ck_assert_int_eq(got.type, type);
		frame_write(&again, &got);
		ck_assert_slice_eq(strbuf_slice(&again), strbuf_slice(&out));
		strbuf_done(&out);
		strbuf_done(&again);
	}
}
END_TEST

START_TEST(values_arrive_in_their_places)
{
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame sent = sample(FRAME_HELLO), got;

	frame_write(&out, &sent);
	ck_assert_int_eq(read_frame(strbuf_slice(&out), &got), FRAME_OK);
	ck_assert_slice_eq(got.hello.host_name, sent.hello.host_name);
	ck_assert_slice_eq(got.hello.os, sent.hello.os);
	ck_assert_int_eq(got.hello.wall_ns, 5);
	ck_assert_uint_eq(got.hello.n_lanes, 2);
	ck_assert_uint_eq(got.hello.lanes[0].lane, LANE_BULK);
	ck_assert_uint_eq(got.hello.lanes[0].next, 900);
	ck_assert_uint_eq(got.hello.lanes[0].acked_crc, 0xdeadbeef);
	ck_assert_uint_eq(got.hello.lanes[1].epoch, UINT64_MAX);
	strbuf_done(&out);
}
END_TEST

/* Other programs will be written after agent/README.md: these bytes may never change. */
START_TEST(bytes_on_the_wire_are_those_written_down)
{
	static const unsigned char order[] = {0xa5, 'S', 'O', 'C', 7, 0, 0, 0, 9, 0, 0, 0, 0x7a,
		0xa2, 0x2d, 0x75, 2, 0x88, 0x13, 0, 0, 0, 0, 0, 0};
	static const unsigned char ack[] = {
		1, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0x83, 0x13, 0, 0, 0, 0, 0, 0};
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame frame = sample(FRAME_ORDER);

	frame_write(&out, &frame);
	ck_assert_slice_eq(strbuf_slice(&out), slice_of(order, sizeof(order)));

	strbuf_reset(&out);
	frame = sample(FRAME_ACK);
	frame_write(&out, &frame);
	ck_assert_slice_eq(body_of(&out), slice_of(ack, sizeof(ack)));
	strbuf_done(&out);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	for (enum frame_type type = FRAME_HELLO; type <= FRAME_GOODBYE; type++) {
		struct strbuf whole = STRBUF_INIT(OUT_MAX), part = STRBUF_INIT(OUT_MAX);
		struct frame frame = sample(type);

		frame_write(&whole, &frame);
		for (size_t len = 0; len < whole.len; len++)
			ck_assert_int_eq(
				read_frame(slice_head(strbuf_slice(&whole), len), &frame),
				FRAME_SHORT);
		for (size_t len = 0; len < whole.len - FRAME_HEADER_SIZE; len++) {
			strbuf_reset(&part);
			put_raw(&part, type, slice_of(whole.ptr + FRAME_HEADER_SIZE, len));
			enum frame_status status = read_frame(strbuf_slice(&part), &frame);
			ck_assert_msg(status == FRAME_BAD_BODY || status == FRAME_BAD_CRC,
				"%s cut to %zu: %d", frame_type_text(type), len, status);
		}
		strbuf_done(&whole);
		strbuf_done(&part);
	}
}
END_TEST

START_TEST(every_flipped_bit_of_a_header_is_seen)
{
	for (enum frame_type type = FRAME_HELLO; type <= FRAME_GOODBYE; type++) {
		struct strbuf out = STRBUF_INIT(OUT_MAX);
		struct frame frame = sample(type);
		struct frame_header header;

		frame_write(&out, &frame);
		for (size_t bit = 0; bit < FRAME_HEADER_SIZE * 8; bit++) {
			enum frame_status want = bit < 32 ? FRAME_BAD_MAGIC : FRAME_BAD_CRC;

			out.ptr[bit / 8] = (char)(out.ptr[bit / 8] ^ 1 << bit % 8);
			ck_assert_int_eq(frame_read_header(strbuf_slice(&out), &header), want);
			out.ptr[bit / 8] = (char)(out.ptr[bit / 8] ^ 1 << bit % 8);
		}
		ck_assert_int_eq(frame_read_header(strbuf_slice(&out), &header), FRAME_OK);
		strbuf_done(&out);
	}
}
END_TEST

START_TEST(a_flipped_bit_of_a_chunk_is_seen)
{
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame frame = sample(FRAME_BATCH);

	frame_write(&out, &frame);
	for (size_t at = out.len - sizeof(chunk_bytes) + 1; at < out.len; at++) {
		out.ptr[at] ^= 4;
		ck_assert_int_eq(read_frame(strbuf_slice(&out), &frame), FRAME_BAD_CRC);
		out.ptr[at] ^= 4;
	}
	strbuf_done(&out);
}
END_TEST

START_TEST(sizes_are_checked_before_the_body_is_there)
{
	static const uint32_t sizes[] = {FRAME_BODY_MAX + 1, 1u << 31, UINT32_MAX};

	for (enum frame_type type = FRAME_HELLO; type <= FRAME_GOODBYE; type++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			char bytes[FRAME_HEADER_SIZE] = {'\xa5', 'S', 'O', 'C', (char)type};
			struct frame_header header;

			bytes_put_u32(bytes + 8, sizes[i]);
			bytes_put_u32(bytes + 12, crc32c(0x50434f53, bytes, 12));
			ck_assert_int_eq(
				frame_read_header(slice_of(bytes, sizeof(bytes)), &header),
				FRAME_TOO_LARGE);
		}
	}
}
END_TEST

START_TEST(only_a_batch_may_be_large)
{
	for (enum frame_type type = FRAME_HELLO; type <= FRAME_GOODBYE; type++) {
		char bytes[FRAME_HEADER_SIZE] = {'\xa5', 'S', 'O', 'C', (char)type};
		struct frame_header header;

		bytes_put_u32(bytes + 8, 4097);
		bytes_put_u32(bytes + 12, crc32c(0x50434f53, bytes, 12));
		ck_assert_int_eq(frame_read_header(slice_of(bytes, sizeof(bytes)), &header),
			type == FRAME_BATCH ? FRAME_OK : FRAME_TOO_LARGE);
	}
}
END_TEST

START_TEST(unknown_types_and_bits_are_refused)
{
	static const struct {
		size_t at;
		char value;
	} cases[] = {{4, 0}, {4, 9}, {4, '\xff'}, {5, 1}, {5, '\x80'}, {6, 1}, {7, '\x80'}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char bytes[FRAME_HEADER_SIZE] = {'\xa5', 'S', 'O', 'C', FRAME_ORDER};
		struct frame_header header;

		bytes[cases[i].at] = cases[i].value;
		bytes_put_u32(bytes + 12, crc32c(0x50434f53, bytes, 12));
		ck_assert_int_eq(frame_read_header(slice_of(bytes, sizeof(bytes)), &header),
			FRAME_BAD_TYPE);
	}
}
END_TEST

START_TEST(each_side_sends_only_its_own_types)
{
	static const enum frame_type agents[] = {FRAME_HELLO, FRAME_BATCH, FRAME_GAP};
	static const enum frame_type collectors[] = {FRAME_HELLO_ACK, FRAME_ACK, FRAME_ORDER};
	static const enum frame_type both[] = {FRAME_HEARTBEAT, FRAME_GOODBYE};

	for (size_t i = 0; i < ARRAY_LEN(agents); i++) {
		ck_assert(frame_allowed(agents[i], FRAME_AGENT));
		ck_assert(!frame_allowed(agents[i], FRAME_COLLECTOR));
	}
	for (size_t i = 0; i < ARRAY_LEN(collectors); i++) {
		ck_assert(!frame_allowed(collectors[i], FRAME_AGENT));
		ck_assert(frame_allowed(collectors[i], FRAME_COLLECTOR));
	}
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		ck_assert(frame_allowed(both[i], FRAME_AGENT));
		ck_assert(frame_allowed(both[i], FRAME_COLLECTOR));
	}
	ck_assert(!frame_allowed((enum frame_type)0, FRAME_AGENT));
	ck_assert(!frame_allowed((enum frame_type)200, FRAME_COLLECTOR));
}
END_TEST

START_TEST(a_byte_too_many_is_refused)
{
	for (enum frame_type type = FRAME_HELLO; type <= FRAME_GOODBYE; type++) {
		struct strbuf whole = STRBUF_INIT(OUT_MAX), longer = STRBUF_INIT(OUT_MAX);
		struct frame frame = sample(type);

		if (type == FRAME_BATCH)
			continue; /* one more byte of the chunk: its CRC sees it */
		frame_write(&whole, &frame);
		strbuf_add_byte(&whole, 0);
		put_raw(&longer, type, body_of(&whole));
		ck_assert_int_eq(read_frame(strbuf_slice(&longer), &frame), FRAME_BAD_BODY);
		strbuf_done(&whole);
		strbuf_done(&longer);
	}
}
END_TEST

/* Bodies of valid frames with some bytes replaced, so that one rule is broken. */
START_TEST(values_out_of_range_are_refused)
{
	enum { HELLO_LANES = 4 + 16 + 2 + 5 + 2 + 13 + 2 + 30, OFFER = 1 + 4 * 8 + 4 };
	enum { ACK_LANES = 2 + 8 + 4 + 4 + 2 + 5 };
	static const struct {
		const char *what;
		enum frame_type type;
		size_t at;
		struct slice bytes;
	} cases[] = {
		{"version 0", FRAME_HELLO, 0, {SLICE_BYTES("\0\0")}},
		{"version_min > version_max", FRAME_HELLO, 0, {SLICE_BYTES("\4\0")}},
		{"text longer than allowed", FRAME_HELLO, 20, {SLICE_BYTES("\1\1")}},
		{"text longer than the body", FRAME_HELLO, 20, {SLICE_BYTES("\xff\0")}},
		{"no lane", FRAME_HELLO, HELLO_LANES, {SLICE_BYTES("\0")}},
		{"more lanes than there are", FRAME_HELLO, HELLO_LANES, {SLICE_BYTES("\3")}},
		{"255 lanes", FRAME_HELLO, HELLO_LANES, {SLICE_BYTES("\xff")}},
		{"unknown lane", FRAME_HELLO, HELLO_LANES + 1, {SLICE_BYTES("\2")}},
		{"lane twice", FRAME_HELLO, HELLO_LANES + 1, {SLICE_BYTES("\0")}},
		{"first 0", FRAME_HELLO, HELLO_LANES + 10, {SLICE_BYTES("\0")}},
		{"first > next", FRAME_HELLO, HELLO_LANES + 10, {SLICE_BYTES("\0\4")}},
		{"acked = next", FRAME_HELLO, HELLO_LANES + 26, {SLICE_BYTES("\x84\3")}},
		{"first of lane 2 is 0", FRAME_HELLO, HELLO_LANES + OFFER + 10,
			{SLICE_BYTES("\0")}},
		{"later fields longer than the body", FRAME_HELLO, HELLO_LANES + 1 + 2 * OFFER,
			{SLICE_BYTES("\1\0")}},
		{"version 0", FRAME_HELLO_ACK, 0, {SLICE_BYTES("\0\0")}},
		{"heartbeat 0", FRAME_HELLO_ACK, 10, {SLICE_BYTES("\0\0\0\0")}},
		{"heartbeat 49 days", FRAME_HELLO_ACK, 10, {SLICE_BYTES("\xff\xff\xff\xff")}},
		{"window 0", FRAME_HELLO_ACK, 14, {SLICE_BYTES("\0\0\0\0")}},
		{"unknown resume", FRAME_HELLO_ACK, ACK_LANES + 2, {SLICE_BYTES("\2")}},
		{"lane twice", FRAME_HELLO_ACK, ACK_LANES + 1, {SLICE_BYTES("\1")}},
		{"unknown lane", FRAME_BATCH, 0, {SLICE_BYTES("\2")}},
		{"first 0", FRAME_BATCH, 9, {SLICE_BYTES("\0\0")}},
		{"beyond the last sequence", FRAME_BATCH, 9,
			{SLICE_BYTES("\xff\xff\xff\xff\xff\xff\xff\xff")}},
		{"count 0", FRAME_BATCH, 17, {SLICE_BYTES("\0\0\0\0")}},
		{"more items than a chunk has", FRAME_BATCH, 17, {SLICE_BYTES("\1\x10")}},
		{"unknown lane", FRAME_GAP, 0, {SLICE_BYTES("\xff")}},
		{"count 0", FRAME_GAP, 17, {SLICE_BYTES("\0\0\0\0")}},
		{"beyond the last sequence", FRAME_GAP, 9, {SLICE_BYTES("\1")}},
		{"reason 0", FRAME_GAP, 21, {SLICE_BYTES("\0")}},
		{"unknown reason", FRAME_GAP, 21, {SLICE_BYTES("\x8")}},
		{"no lane", FRAME_ACK, 0, {SLICE_BYTES("\0")}},
		{"unknown lane", FRAME_ACK, 1, {SLICE_BYTES("\x7f")}},
		{"order 0", FRAME_ORDER, 0, {SLICE_BYTES("\0")}},
		{"unknown order", FRAME_ORDER, 0, {SLICE_BYTES("\6")}},
		{"reason 0", FRAME_GOODBYE, 0, {SLICE_BYTES("\0")}},
		{"unknown reason", FRAME_GOODBYE, 0, {SLICE_BYTES("\x9")}},
		{"text longer than the body", FRAME_GOODBYE, 5, {SLICE_BYTES("\x10")}},
		{"text shorter than the body", FRAME_GOODBYE, 5, {SLICE_BYTES("\xe")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT(OUT_MAX);
		struct frame frame = sample(cases[i].type);
		size_t at = FRAME_HEADER_SIZE + cases[i].at;

		frame_write(&out, &frame);
		ck_assert_int_eq(read_frame(strbuf_slice(&out), &frame), FRAME_OK);
		ck_assert_msg(memcmp(out.ptr + at, cases[i].bytes.ptr, cases[i].bytes.len) != 0,
			"%s %s changes nothing", frame_type_text(cases[i].type), cases[i].what);
		memcpy(out.ptr + at, cases[i].bytes.ptr, cases[i].bytes.len);
		enum frame_status status = read_frame(strbuf_slice(&out), &frame);
		ck_assert_msg(status == FRAME_BAD_BODY, "%s %s: %s",
			frame_type_text(cases[i].type), cases[i].what,
			frame_status_text(status));
		strbuf_done(&out);
	}
}
END_TEST

START_TEST(fields_of_later_versions_are_skipped)
{
	static const enum frame_type types[] = {FRAME_HELLO, FRAME_HELLO_ACK, FRAME_HEARTBEAT};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct strbuf now = STRBUF_INIT(OUT_MAX), later = STRBUF_INIT(OUT_MAX);
		struct strbuf again = STRBUF_INIT(OUT_MAX);
		struct frame frame = sample(types[i]);

		frame_write(&now, &frame);
		struct slice body = body_of(&now);
		struct strbuf longer = STRBUF_INIT(OUT_MAX);
		strbuf_add(&longer, slice_head(body, body.len - 2));
		strbuf_add(&longer, SLICE_LIT("\5\0later"));
		put_raw(&later, types[i], strbuf_slice(&longer));

		ck_assert_int_eq(read_frame(strbuf_slice(&later), &frame), FRAME_OK);
		frame_write(&again, &frame);
		ck_assert_slice_eq(strbuf_slice(&again), strbuf_slice(&now));
		strbuf_done(&now);
		strbuf_done(&later);
		strbuf_done(&again);
		strbuf_done(&longer);
	}
}
END_TEST

START_TEST(a_refused_body_leaves_the_result_alone)
{
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame frame = {.type = FRAME_GOODBYE};

	put_raw(&out, FRAME_ACK, SLICE_LIT("\1"));
	ck_assert_int_eq(read_frame(strbuf_slice(&out), &frame), FRAME_BAD_BODY);
	ck_assert_int_eq(frame.type, FRAME_GOODBYE);
	strbuf_done(&out);
}
END_TEST

START_TEST(long_text_is_cut_when_written)
{
	static const char name[1000] = "/var/log/";
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame frame = sample(FRAME_GAP);

	frame.gap.source = slice_of(name, sizeof(name));
	frame_write(&out, &frame);
	ck_assert_int_eq(read_frame(strbuf_slice(&out), &frame), FRAME_OK);
	ck_assert_slice_eq(frame.gap.source, slice_of(name, FRAME_TEXT_MAX));
	strbuf_done(&out);
}
END_TEST

START_TEST(clocks_of_other_worlds_come_as_the_nearest)
{
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame frame = sample(FRAME_HEARTBEAT);

	frame_write(&out, &frame);
	bytes_put_u64(out.ptr + FRAME_HEADER_SIZE, (uint64_t)INT64_MIN);
	bytes_put_u64(out.ptr + FRAME_HEADER_SIZE + 8, (uint64_t)INT64_MAX);
	bytes_put_u64(out.ptr + FRAME_HEADER_SIZE + 16, INT64_MAX);
	ck_assert_int_eq(read_frame(strbuf_slice(&out), &frame), FRAME_OK);
	ck_assert_int_eq(frame.heartbeat.wall_ns, 0);
	ck_assert_int_eq(frame.heartbeat.echo_wall_ns, INT64_C(1) << 62);
	ck_assert_uint_eq(frame.heartbeat.echo_hold_ns, UINT64_C(1) << 62);

	strbuf_reset(&out);
	frame = sample(FRAME_HEARTBEAT);
	frame.heartbeat.wall_ns = INT64_MAX;
	frame_write(&out, &frame);
	ck_assert_uint_eq(bytes_get_u64(out.ptr + FRAME_HEADER_SIZE), UINT64_C(1) << 62);
	strbuf_done(&out);
}
END_TEST

START_TEST(absent_text_arrives_empty)
{
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame frame = sample(FRAME_GOODBYE);

	frame.goodbye.text = SLICE_NONE;
	frame_write(&out, &frame);
	ck_assert_int_eq(read_frame(strbuf_slice(&out), &frame), FRAME_OK);
	ck_assert_slice_eq(frame.goodbye.text, SLICE_LIT(""));
	strbuf_done(&out);
}
END_TEST

START_TEST(a_batch_head_with_its_chunk_behind_is_the_batch)
{
	struct strbuf whole = STRBUF_INIT(OUT_MAX), parts = STRBUF_INIT(OUT_MAX);
	struct frame frame = sample(FRAME_BATCH);

	frame_write(&whole, &frame);
	frame_write_batch_head(&parts, &frame.batch);
	strbuf_add(&parts, frame.batch.chunk);
	ck_assert_slice_eq(strbuf_slice(&parts), strbuf_slice(&whole));
	strbuf_done(&whole);
	strbuf_done(&parts);
}
END_TEST

START_TEST(the_largest_chunk_fits_a_batch)
{
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct frame frame = sample(FRAME_BATCH), got;
	char *chunk = calloc(1, CHUNK_SIZE_MAX);

	frame.batch.chunk = slice_of(chunk, CHUNK_SIZE_MAX);
	frame.batch.crc = crc32c(0, chunk, CHUNK_SIZE_MAX);
	frame_write(&out, &frame);
	ck_assert_int_eq(read_frame(strbuf_slice(&out), &got), FRAME_OK);
	ck_assert_uint_eq(got.batch.chunk.len, CHUNK_SIZE_MAX);
	free(chunk);
	strbuf_done(&out);
}
END_TEST

START_TEST(a_frame_is_written_whole_or_not_at_all)
{
	struct frame frame = sample(FRAME_HELLO);
	struct strbuf whole = STRBUF_INIT(OUT_MAX);

	frame_write(&whole, &frame);
	for (size_t limit = 1; limit < whole.len + 1; limit++) {
		struct strbuf out = STRBUF_INIT(limit);

		strbuf_add_byte(&out, 'x');
		frame_write(&out, &frame);
		ck_assert(out.overflow);
		ck_assert_slice_eq(strbuf_slice(&out), SLICE_LIT("x"));
		strbuf_done(&out);
	}
	strbuf_done(&whole);
}
END_TEST

START_TEST(frames_may_stand_one_behind_the_other)
{
	struct strbuf out = STRBUF_INIT(OUT_MAX);
	enum frame_type type = FRAME_HELLO;

	for (; type <= FRAME_GOODBYE; type++) {
		struct frame frame = sample(type);

		frame_write(&out, &frame);
	}

	struct slice rest = strbuf_slice(&out);
	for (type = FRAME_HELLO; rest.len > 0; type++) {
		struct frame_header header;
		struct frame frame;

		ck_assert_int_eq(frame_read_header(rest, &header), FRAME_OK);
		rest = slice_from(rest, FRAME_HEADER_SIZE);
		ck_assert_int_eq(
			frame_read_body(&header, slice_head(rest, header.body_size), &frame),
			FRAME_OK);
		ck_assert_int_eq(frame.type, type);
		rest = slice_from(rest, header.body_size);
	}
	ck_assert_int_eq(type, FRAME_GOODBYE + 1);
	strbuf_done(&out);
}
END_TEST

START_TEST(every_value_has_its_word)
{
	for (int i = FRAME_OK; i <= FRAME_BAD_BODY; i++)
		ck_assert_str_ne(frame_status_text((enum frame_status)i), "unknown");
	for (int i = FRAME_HELLO; i <= FRAME_GOODBYE; i++)
		ck_assert_str_ne(frame_type_text((enum frame_type)i), "unknown");
	for (int i = 1; i < GAP_REASON_COUNT; i++)
		ck_assert_str_ne(gap_reason_text((enum gap_reason)i), "unknown");
	for (int i = 1; i < GOODBYE_REASON_COUNT; i++)
		ck_assert_str_ne(goodbye_reason_text((enum goodbye_reason)i), "unknown");
	for (int i = 0; i < LANE_COUNT; i++)
		ck_assert_str_ne(frame_lane_text((enum frame_lane)i), "unknown");
	ck_assert_str_eq(frame_lane_text(LANE_COUNT), "unknown");
	ck_assert_str_eq(gap_reason_text((enum gap_reason)0), "unknown");
	ck_assert_str_eq(goodbye_reason_text(GOODBYE_REASON_COUNT), "unknown");
	ck_assert_str_eq(frame_type_text((enum frame_type)99), "unknown");
}
END_TEST

TEST_MAIN("frame", every_type_comes_back_as_it_went, values_arrive_in_their_places,
	bytes_on_the_wire_are_those_written_down, every_truncation_is_refused,
	every_flipped_bit_of_a_header_is_seen, a_flipped_bit_of_a_chunk_is_seen,
	sizes_are_checked_before_the_body_is_there, only_a_batch_may_be_large,
	unknown_types_and_bits_are_refused, each_side_sends_only_its_own_types,
	a_byte_too_many_is_refused, values_out_of_range_are_refused,
	fields_of_later_versions_are_skipped, a_refused_body_leaves_the_result_alone,
	long_text_is_cut_when_written, clocks_of_other_worlds_come_as_the_nearest,
	absent_text_arrives_empty, a_batch_head_with_its_chunk_behind_is_the_batch,
	the_largest_chunk_fits_a_batch, a_frame_is_written_whole_or_not_at_all,
	frames_may_stand_one_behind_the_other, every_value_has_its_word)
