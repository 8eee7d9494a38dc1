/*
 * Each message is a table of its fields in the order they stand on the wire;
 * one reader and one writer walk the tables, so both directions agree. What a
 * value may be is said once, in the `valid_` functions.
 */
#include "common/frame.h"

#include <assert.h>
#include <stddef.h>

#include "common/bytes.h"
#include "common/chunk.h"
#include "common/clock.h"
#include "common/crc32c.h"

enum {
	CHECKED_SIZE = 12, /* bytes of the header that its CRC covers */
	TYPE_AT = 4,
	FLAGS_AT = 5,
	RESERVED_AT = 6,
	BODY_SIZE_AT = 8,
	CRC_AT = 12,
};

static const char magic[4] = {'\xa5', 'S', 'O', 'C'};

/* The header's CRC goes on from here, so that no other file or protocol has the same one. */
static const uint32_t crc_seed = 0x50434f53;

enum field_kind {
	FIELD_NUMBER = 1, /* `size` bytes, little-endian, the same in memory */
	FIELD_TIME,       /* 8 bytes, clock_foreign() of it */
	FIELD_TEXT,       /* u16 length, bytes */
	FIELD_REST,       /* all bytes up to the end, at least one */
	FIELD_LANES,      /* u8 count, then so many entries that begin with their lane */
	FIELD_LATER,      /* u16 length, fields of later versions: skipped */
};

struct field {
	enum field_kind kind;
	size_t at;   /* of the member in its struct */
	size_t size; /* of the member; of one entry for FIELD_LANES */
	const struct field *entry;
	size_t count_at; /* of the unsigned that counts entries */
	size_t n_entry_fields;
};

#define MEMBER(type, member) .at = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define NUMBER(type, member)                                                                   \
	{                                                                                      \
		.kind = FIELD_NUMBER, MEMBER(type, member)                                     \
	}
#define TIME(type, member)                                                                     \
	{                                                                                      \
		.kind = FIELD_TIME, MEMBER(type, member)                                       \
	}
#define TEXT(type, member)                                                                     \
	{                                                                                      \
		.kind = FIELD_TEXT, MEMBER(type, member)                                       \
	}
#define REST(type, member)                                                                     \
	{                                                                                      \
		.kind = FIELD_REST, MEMBER(type, member)                                       \
	}
#define LANES(type, entry_fields)                                                              \
	{                                                                                      \
		.kind = FIELD_LANES, .at = offsetof(type, lanes),                              \
		.size = sizeof(((type *)0)->lanes[0]), .count_at = offsetof(type, n_lanes),    \
		.entry = (entry_fields), .n_entry_fields = ARRAY_LEN(entry_fields)             \
	}
#define LATER                                                                                  \
	{                                                                                      \
		.kind = FIELD_LATER                                                            \
	}

static const struct field lane_offer_fields[] = {
	NUMBER(struct frame_lane_offer, lane),
	NUMBER(struct frame_lane_offer, epoch),
	NUMBER(struct frame_lane_offer, first),
	NUMBER(struct frame_lane_offer, next),
	NUMBER(struct frame_lane_offer, acked),
	NUMBER(struct frame_lane_offer, acked_crc),
};

static const struct field hello_fields[] = {
	NUMBER(struct frame_hello, version_min),
	NUMBER(struct frame_hello, version_max),
	TIME(struct frame_hello, wall_ns),
	NUMBER(struct frame_hello, boot_id),
	TEXT(struct frame_hello, agent_version),
	TEXT(struct frame_hello, host_name),
	TEXT(struct frame_hello, os),
	LANES(struct frame_hello, lane_offer_fields),
	LATER,
};

static const struct field lane_resume_fields[] = {
	NUMBER(struct frame_lane_resume, lane),
	NUMBER(struct frame_lane_resume, resume),
	NUMBER(struct frame_lane_resume, stored),
	NUMBER(struct frame_lane_resume, stored_crc),
};

static const struct field hello_ack_fields[] = {
	NUMBER(struct frame_hello_ack, version),
	TIME(struct frame_hello_ack, wall_ns),
	NUMBER(struct frame_hello_ack, heartbeat_ms),
	NUMBER(struct frame_hello_ack, window_bytes),
	TEXT(struct frame_hello_ack, collector_version),
	LANES(struct frame_hello_ack, lane_resume_fields),
	LATER,
};

static const struct field batch_fields[] = {
	NUMBER(struct frame_batch, lane),
	NUMBER(struct frame_batch, epoch),
	NUMBER(struct frame_batch, first),
	NUMBER(struct frame_batch, count),
	NUMBER(struct frame_batch, crc),
	REST(struct frame_batch, chunk),
};

static const struct field gap_fields[] = {
	NUMBER(struct frame_gap, lane),
	NUMBER(struct frame_gap, epoch),
	NUMBER(struct frame_gap, first),
	NUMBER(struct frame_gap, count),
	NUMBER(struct frame_gap, reason),
	NUMBER(struct frame_gap, bytes),
	TEXT(struct frame_gap, source),
};

static const struct field ack_lane_fields[] = {
	NUMBER(struct frame_ack_lane, lane),
	NUMBER(struct frame_ack_lane, epoch),
	NUMBER(struct frame_ack_lane, stored),
};

static const struct field ack_fields[] = {
	LANES(struct frame_ack, ack_lane_fields),
};

static const struct field heartbeat_fields[] = {
	TIME(struct frame_heartbeat, wall_ns),
	TIME(struct frame_heartbeat, echo_wall_ns),
	TIME(struct frame_heartbeat, echo_hold_ns),
	NUMBER(struct frame_heartbeat, queued_items),
	NUMBER(struct frame_heartbeat, queued_bytes),
	NUMBER(struct frame_heartbeat, read_items),
	NUMBER(struct frame_heartbeat, dropped_items),
	NUMBER(struct frame_heartbeat, rss_kib),
	NUMBER(struct frame_heartbeat, cpu_ms),
	NUMBER(struct frame_heartbeat, settings_version),
	NUMBER(struct frame_heartbeat, rules_version),
	LATER,
};

static const struct field order_fields[] = {
	NUMBER(struct frame_order, order),
	NUMBER(struct frame_order, argument),
};

static const struct field goodbye_fields[] = {
	NUMBER(struct frame_goodbye, reason),
	NUMBER(struct frame_goodbye, retry_ms),
	TEXT(struct frame_goodbye, text),
};

static bool valid_offer(const struct frame_lane_offer *offer)
{
	return offer->first >= 1 && offer->first <= offer->next && offer->acked < offer->next;
}

static bool valid_hello(const struct frame *frame)
{
	const struct frame_hello *hello = &frame->hello;

	for (unsigned i = 0; i < hello->n_lanes; i++)
		if (!valid_offer(&hello->lanes[i]))
			return false;
	return hello->version_min >= 1 && hello->version_min <= hello->version_max;
}

static bool valid_hello_ack(const struct frame *frame)
{
	const struct frame_hello_ack *ack = &frame->hello_ack;

	for (unsigned i = 0; i < ack->n_lanes; i++)
		if (ack->lanes[i].resume > RESUME_NEW_EPOCH)
			return false;
	return ack->version >= 1 && ack->window_bytes >= 1 &&
	       ack->heartbeat_ms >= FRAME_HEARTBEAT_MIN_MS &&
	       ack->heartbeat_ms <= FRAME_HEARTBEAT_MAX_MS;
}

/* Also the sequence behind the range must exist. */
static bool valid_range(uint8_t lane, uint64_t first, uint32_t count)
{
	return lane < LANE_COUNT && first >= 1 && count >= 1 && first <= UINT64_MAX - count;
}

static bool valid_batch(const struct frame *frame)
{
	const struct frame_batch *batch = &frame->batch;

	return valid_range(batch->lane, batch->first, batch->count) &&
	       batch->count <= CHUNK_ITEMS_MAX && batch->chunk.len >= 1;
}

static bool valid_gap(const struct frame *frame)
{
	const struct frame_gap *gap = &frame->gap;

	return valid_range(gap->lane, gap->first, gap->count) && gap->reason >= 1 &&
	       gap->reason < GAP_REASON_COUNT;
}

static bool valid_order(const struct frame *frame)
{
	return frame->order.order >= 1 && frame->order.order < ORDER_KIND_COUNT;
}

static bool valid_goodbye(const struct frame *frame)
{
	return frame->goodbye.reason >= 1 && frame->goodbye.reason < GOODBYE_REASON_COUNT;
}

struct message {
	const char *name;
	unsigned senders; /* enum frame_side, either or both */
	uint32_t body_max;
	const struct field *fields;
	size_t n_fields;
	bool (*valid)(const struct frame *frame); /* NULL: any value goes */
};

#define FIELDS(table) .fields = (table), .n_fields = ARRAY_LEN(table)

static const struct message messages[] = {
	[FRAME_HELLO] = {"HELLO", FRAME_AGENT, 4096, FIELDS(hello_fields), valid_hello},
	[FRAME_HELLO_ACK] = {"HELLO_ACK", FRAME_COLLECTOR, 4096, FIELDS(hello_ack_fields),
		valid_hello_ack},
	[FRAME_BATCH] = {"BATCH", FRAME_AGENT, FRAME_BODY_MAX, FIELDS(batch_fields),
		valid_batch},
	[FRAME_GAP] = {"GAP", FRAME_AGENT, 512, FIELDS(gap_fields), valid_gap},
	[FRAME_ACK] = {"ACK", FRAME_COLLECTOR, 128, FIELDS(ack_fields), NULL},
	[FRAME_HEARTBEAT] = {"HEARTBEAT", FRAME_AGENT | FRAME_COLLECTOR, 1024,
		FIELDS(heartbeat_fields), NULL},
	[FRAME_ORDER] = {"ORDER", FRAME_COLLECTOR, 64, FIELDS(order_fields), valid_order},
	[FRAME_GOODBYE] = {"GOODBYE", FRAME_AGENT | FRAME_COLLECTOR, 512,
		FIELDS(goodbye_fields), valid_goodbye},
};

static const struct message *find_message(unsigned type)
{
	return type < ARRAY_LEN(messages) && messages[type].name != NULL ? &messages[type]
									 : NULL;
}

bool frame_allowed(enum frame_type type, enum frame_side sender)
{
	const struct message *message = find_message(type);

	return message != NULL && (message->senders & (unsigned)sender) != 0;
}

/* ---- reading -------------------------------------------------------------- */

enum frame_status frame_read_header(struct slice bytes, struct frame_header *header)
{
	const char *at = bytes.ptr;

	if (bytes.len < FRAME_HEADER_SIZE)
		return FRAME_SHORT;
	if (memcmp(at, magic, sizeof(magic)) != 0)
		return FRAME_BAD_MAGIC;
	if (crc32c(crc_seed, at, CHECKED_SIZE) != bytes_get_u32(at + CRC_AT))
		return FRAME_BAD_CRC;

	const struct message *message = find_message((uint8_t)at[TYPE_AT]);
	if (message == NULL || at[FLAGS_AT] != 0 || bytes_get_u16(at + RESERVED_AT) != 0)
		return FRAME_BAD_TYPE;

	uint32_t body_size = bytes_get_u32(at + BODY_SIZE_AT);
	if (body_size > message->body_max)
		return FRAME_TOO_LARGE;
	*header = (struct frame_header){(enum frame_type)(message - messages), body_size};
	return FRAME_OK;
}

/* Moves `size` bytes from the front of *body to *part. */
static bool take(struct slice *body, size_t size, struct slice *part)
{
	if (body->len < size)
		return false;
	*part = slice_head(*body, size);
	*body = slice_from(*body, size);
	return true;
}

static bool take_counted(struct slice *body, struct slice *part)
{
	struct slice len;

	return take(body, sizeof(uint16_t), &len) && take(body, bytes_get_u16(len.ptr), part);
}

static bool read_number(const struct field *field, struct slice *body, char *to)
{
	struct slice part;

	if (!take(body, field->size, &part))
		return false;
	memcpy(to + field->at, part.ptr, field->size);
	return true;
}

static int64_t member_time(const struct field *field, const char *from)
{
	int64_t ns;

	memcpy(&ns, from + field->at, sizeof(ns));
	return clock_foreign(ns);
}

static bool read_time(const struct field *field, struct slice *body, char *to)
{
	if (!read_number(field, body, to))
		return false;

	int64_t ns = member_time(field, to);
	memcpy(to + field->at, &ns, sizeof(ns));
	return true;
}

static bool read_text(const struct field *field, struct slice *body, char *to)
{
	struct slice part;

	if (!take_counted(body, &part) || part.len > FRAME_TEXT_MAX)
		return false;
	memcpy(to + field->at, &part, sizeof(part));
	return true;
}

static bool read_rest(const struct field *field, struct slice *body, char *to)
{
	struct slice part;

	if (body->len == 0 || !take(body, body->len, &part))
		return false;
	memcpy(to + field->at, &part, sizeof(part));
	return true;
}

static bool read_lanes(const struct field *field, struct slice *body, char *to)
{
	struct slice part;
	unsigned seen = 0;

	if (!take(body, 1, &part))
		return false;

	unsigned n = (uint8_t)part.ptr[0];
	if (n < 1 || n > LANE_COUNT)
		return false;
	for (unsigned i = 0; i < n; i++) {
		char *entry = to + field->at + i * field->size;

		for (size_t k = 0; k < field->n_entry_fields; k++)
			if (!read_number(&field->entry[k], body, entry))
				return false;

		unsigned lane = (uint8_t)entry[0];
		if (lane >= LANE_COUNT || (seen & 1u << lane) != 0)
			return false;
		seen |= 1u << lane;
	}
	memcpy(to + field->count_at, &n, sizeof(n));
	return true;
}

static bool read_field(const struct field *field, struct slice *body, char *to)
{
	struct slice later;

	switch (field->kind) {
	case FIELD_NUMBER:
		return read_number(field, body, to);
	case FIELD_TIME:
		return read_time(field, body, to);
	case FIELD_TEXT:
		return read_text(field, body, to);
	case FIELD_REST:
		return read_rest(field, body, to);
	case FIELD_LANES:
		return read_lanes(field, body, to);
	case FIELD_LATER:
		return take_counted(body, &later);
	}
	return false;
}

static bool read_message(const struct message *message, struct slice body, struct frame *frame)
{
	for (size_t i = 0; i < message->n_fields; i++)
		if (!read_field(&message->fields[i], &body, (char *)&frame->hello))
			return false;
	return body.len == 0 && (message->valid == NULL || message->valid(frame));
}

static bool chunk_damaged(const struct frame_batch *batch)
{
	return crc32c(0, batch->chunk.ptr, batch->chunk.len) != batch->crc;
}

enum frame_status frame_read_body(
	const struct frame_header *header, struct slice body, struct frame *frame)
{
	const struct message *message = find_message(header->type);
	struct frame read = {.type = header->type};

	if (body.len < header->body_size)
		return FRAME_SHORT;
	assert(message != NULL && body.len == header->body_size);
	if (!read_message(message, body, &read))
		return FRAME_BAD_BODY;
	if (read.type == FRAME_BATCH && chunk_damaged(&read.batch))
		return FRAME_BAD_CRC;
	*frame = read;
	return FRAME_OK;
}

/* ---- writing -------------------------------------------------------------- */

static void write_counted(struct strbuf *out, struct slice bytes)
{
	char len[sizeof(uint16_t)];

	bytes_put_u16(len, (uint16_t)bytes.len);
	strbuf_add(out, slice_of(len, sizeof(len)));
	strbuf_add(out, bytes);
}

static struct slice member_slice(const struct field *field, const char *from)
{
	struct slice s;

	memcpy(&s, from + field->at, sizeof(s));
	return s;
}

static void write_time(const struct field *field, struct strbuf *out, const char *from)
{
	int64_t ns = member_time(field, from);

	strbuf_add(out, slice_of(&ns, sizeof(ns)));
}

static void write_text(const struct field *field, struct strbuf *out, const char *from)
{
	struct slice text = member_slice(field, from);

	write_counted(
		out, slice_head(text, text.len < FRAME_TEXT_MAX ? text.len : FRAME_TEXT_MAX));
}

static void write_lanes(const struct field *field, struct strbuf *out, const char *from)
{
	unsigned n;

	memcpy(&n, from + field->count_at, sizeof(n));
	assert(n >= 1 && n <= LANE_COUNT);
	strbuf_add_byte(out, (char)n);
	for (unsigned i = 0; i < n; i++) {
		const char *entry = from + field->at + i * field->size;

		for (size_t k = 0; k < field->n_entry_fields; k++)
			strbuf_add(out,
				slice_of(entry + field->entry[k].at, field->entry[k].size));
	}
}

static void write_field(const struct field *field, struct strbuf *out, const char *from)
{
	switch (field->kind) {
	case FIELD_NUMBER:
		strbuf_add(out, slice_of(from + field->at, field->size));
		break;
	case FIELD_TIME:
		write_time(field, out, from);
		break;
	case FIELD_TEXT:
		write_text(field, out, from);
		break;
	case FIELD_REST:
		strbuf_add(out, member_slice(field, from));
		break;
	case FIELD_LANES:
		write_lanes(field, out, from);
		break;
	case FIELD_LATER:
		write_counted(out, SLICE_LIT(""));
		break;
	}
}

static void fill_header(char *header, enum frame_type type, size_t body_size)
{
	memcpy(header, magic, sizeof(magic));
	header[TYPE_AT] = (char)type;
	header[FLAGS_AT] = 0;
	bytes_put_u16(header + RESERVED_AT, 0);
	bytes_put_u32(header + BODY_SIZE_AT, (uint32_t)body_size);
	bytes_put_u32(header + CRC_AT, crc32c(crc_seed, header, CHECKED_SIZE));
}

/* Writes all but the last `behind` bytes of the body, which the caller sends. */
static void write_frame(struct strbuf *out, const struct frame *frame, size_t behind)
{
	const struct message *message = find_message(frame->type);
	static const char room[FRAME_HEADER_SIZE];
	size_t start = out->len;

	assert(message != NULL && (message->valid == NULL || message->valid(frame)));
	strbuf_add(out, slice_of(room, sizeof(room)));
	for (size_t i = 0; i < message->n_fields; i++)
		if (behind == 0 || message->fields[i].kind != FIELD_REST)
			write_field(&message->fields[i], out, (const char *)&frame->hello);
	if (out->overflow) {
		strbuf_cut(out, start);
		return;
	}

	size_t body_size = out->len - start - FRAME_HEADER_SIZE + behind;
	assert(body_size <= message->body_max);
	fill_header(out->ptr + start, frame->type, body_size);
}

void frame_write(struct strbuf *out, const struct frame *frame)
{
	write_frame(out, frame, 0);
}

void frame_write_batch_head(struct strbuf *out, const struct frame_batch *batch)
{
	struct frame frame = {.type = FRAME_BATCH, .batch = *batch};

	write_frame(out, &frame, batch->chunk.len);
}

/* ---- words ---------------------------------------------------------------- */

static const char *word(const char *const *words, size_t n, unsigned value)
{
	return value < n && words[value] != NULL ? words[value] : "unknown";
}

const char *frame_status_text(enum frame_status status)
{
	static const char *const words[] = {
		[FRAME_OK] = "ok",
		[FRAME_SHORT] = "incomplete",
		[FRAME_BAD_MAGIC] = "not the agent protocol",
		[FRAME_BAD_CRC] = "damaged",
		[FRAME_BAD_TYPE] = "unknown type",
		[FRAME_TOO_LARGE] = "larger than its type may be",
		[FRAME_BAD_BODY] = "malformed body",
	};

	return word(words, ARRAY_LEN(words), status);
}

const char *frame_type_text(enum frame_type type)
{
	const struct message *message = find_message(type);

	return message ? message->name : "unknown";
}

const char *frame_lane_text(enum frame_lane lane)
{
	static const char *const words[] = {[LANE_URGENT] = "urgent", [LANE_BULK] = "bulk"};

	return word(words, ARRAY_LEN(words), lane);
}

const char *gap_reason_text(enum gap_reason reason)
{
	static const char *const words[] = {
		[GAP_QUEUE_FULL] = "queue_full",
		[GAP_ROTATED] = "rotated",
		[GAP_TRUNCATED] = "truncated",
		[GAP_DAMAGED] = "damaged",
		[GAP_RELEASED] = "released",
		[GAP_OVERSIZE] = "oversize",
		[GAP_UNREADABLE] = "unreadable",
	};

	return word(words, ARRAY_LEN(words), reason);
}

const char *goodbye_reason_text(enum goodbye_reason reason)
{
	static const char *const words[] = {
		[GOODBYE_STOPPING] = "stopping",
		[GOODBYE_VERSION] = "version",
		[GOODBYE_IDENTITY] = "identity",
		[GOODBYE_DUPLICATE] = "duplicate",
		[GOODBYE_PROTOCOL] = "protocol",
		[GOODBYE_OVERLOAD] = "overload",
		[GOODBYE_IDLE] = "idle",
		[GOODBYE_RELOAD] = "reload",
	};

	return word(words, ARRAY_LEN(words), reason);
}
