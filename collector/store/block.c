/* The layout is in collector/README.md, "A block". */
#include "collector/store/block.h"

#include <zstd.h>

#include "collector/store/planes.h"
#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/varint.h"

void block_head_write(const struct block_head *head, char to[BLOCK_HEAD_SIZE])
{
	memset(to, 0, BLOCK_HEAD_SIZE);
	bytes_put_u32(to, BLOCK_MAGIC);
	to[8] = (char)head->kind;
	to[9] = (char)head->class;
	bytes_put_u32(to + 12, head->n_parts);
	bytes_put_u64(to + 16, head->commit);
	bytes_put_u64(to + 24, head->last_commit);
	bytes_put_u64(to + 32, head->first);
	bytes_put_u32(to + 40, head->n_records);
	bytes_put_u32(to + 44, head->front_packed);
	bytes_put_u32(to + 48, head->front_size);
	bytes_put_u32(to + 52, head->bodies_packed);
	bytes_put_u32(to + 56, head->bodies_size);
	bytes_put_u32(to + 60, head->front_crc);
	bytes_put_u32(to + 64, head->bodies_crc);
	bytes_put_u32(to + 4, crc32c(0, to + 8, BLOCK_HEAD_SIZE - 8));
}

static bool head_is_sound(const struct block_head *head)
{
	return (head->kind == BLOCK_RECORDS || head->kind == BLOCK_SNAPSHOT) &&
	       head->class >= 1 && head->class <= STORE_CLASSES && head->n_parts >= 1 &&
	       head->commit <= head->last_commit && head->n_records <= BLOCK_RECORDS_MAX &&
	       head->front_size <= BLOCK_FRONT_MAX && head->bodies_size <= BLOCK_BODIES_MAX &&
	       head->front_packed <= BLOCK_SIZE_MAX && head->bodies_packed <= BLOCK_SIZE_MAX;
}

bool block_head_read(struct slice bytes, struct block_head *out)
{
	const char *at = bytes.ptr;

	if (bytes.len < BLOCK_HEAD_SIZE || bytes_get_u32(at) != BLOCK_MAGIC ||
		bytes_get_u32(at + 4) != crc32c(0, at + 8, BLOCK_HEAD_SIZE - 8))
		return false;

	struct block_head head = {
		.kind = (uint8_t)at[8],
		.class = (uint8_t)at[9],
		.n_parts = bytes_get_u32(at + 12),
		.commit = bytes_get_u64(at + 16),
		.last_commit = bytes_get_u64(at + 24),
		.first = bytes_get_u64(at + 32),
		.n_records = bytes_get_u32(at + 40),
		.front_packed = bytes_get_u32(at + 44),
		.front_size = bytes_get_u32(at + 48),
		.bodies_packed = bytes_get_u32(at + 52),
		.bodies_size = bytes_get_u32(at + 56),
		.front_crc = bytes_get_u32(at + 60),
		.bodies_crc = bytes_get_u32(at + 64),
	};
	if (!head_is_sound(&head))
		return false;
	*out = head;
	return true;
}

/* Room for `n` things of `size` bytes, of which each takes at least `least` bytes in the
 * reader. NULL, and bad, when there cannot be so many. */
static void *room_for(struct varint_reader *reader, struct arena *arena, uint64_t n,
	size_t size, size_t least)
{
	if (n > (size_t)(reader->end - reader->at) / least)
		reader->bad = true;

	void *room = reader->bad ? NULL : arena_alloc(arena, (size_t)n * size);
	reader->bad |= room == NULL;
	return room;
}

static uint64_t read_u64(struct varint_reader *reader)
{
	struct slice bytes = varint_read_bytes(reader, sizeof(uint64_t));

	return bytes.len == sizeof(uint64_t) ? bytes_get_u64(bytes.ptr) : 0;
}

static int64_t read_time(struct varint_reader *reader)
{
	return varint_unfold(varint_read(reader));
}

static struct slice read_text(struct varint_reader *reader)
{
	return varint_read_bytes(reader, varint_read(reader));
}

static struct stream read_stream(struct varint_reader *reader)
{
	struct stream stream = {0};

	stream.agency = (uint32_t)varint_read_max(reader, UINT32_MAX);
	stream.host = (uint32_t)varint_read_max(reader, UINT32_MAX);
	stream.lane = (uint8_t)varint_read_max(reader, UINT8_MAX);
	stream.epoch = read_u64(reader);
	return stream;
}

static void read_streams(
	struct varint_reader *reader, struct arena *arena, struct block_front *front)
{
	uint64_t n = varint_read_max(reader, UINT32_MAX);
	struct stream *streams = room_for(reader, arena, n, sizeof(*streams), 11);

	for (uint64_t i = 0; i < n && !reader->bad; i++)
		streams[i] = read_stream(reader);
	front->streams = streams;
	front->n_streams = (uint32_t)n;
}

static void read_sources(
	struct varint_reader *reader, struct arena *arena, struct block_front *front)
{
	uint64_t n = varint_read_max(reader, UINT32_MAX);
	struct record_source *sources = room_for(reader, arena, n, sizeof(*sources), 3);

	for (uint64_t i = 0; i < n && !reader->bad; i++) {
		sources[i].input = read_text(reader);
		sources[i].name = read_text(reader);
		sources[i].format = read_text(reader);
	}
	front->sources = sources;
	front->n_sources = (uint32_t)n;
}

/* `before` is the part in front of it. */
static struct block_part read_part(
	struct varint_reader *reader, const struct block_part *before)
{
	struct block_part part = {0};

	part.commit = before->commit + varint_read(reader);
	part.set = (uint8_t)varint_read_max(reader, (1u << STORE_CLASSES) - 1);
	part.committed_ns =
		(int64_t)((uint64_t)before->committed_ns + (uint64_t)read_time(reader));
	part.n_records = (uint32_t)varint_read_max(reader, BLOCK_RECORDS_MAX);
	part.n_moves = (uint32_t)varint_read_max(reader, UINT32_MAX);
	part.n_gaps = (uint32_t)varint_read_max(reader, UINT32_MAX);
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		part.next[i] = varint_read(reader);
	reader->bad |= part.commit < before->commit;
	return part;
}

/* The parts; the sums of their counts must be the block's. */
static void read_parts(struct varint_reader *reader, struct arena *arena,
	const struct block_head *head, struct block_front *front)
{
	struct block_part *parts =
		room_for(reader, arena, head->n_parts, sizeof(*parts), 6 + STORE_CLASSES);
	struct block_part last = {.commit = head->commit};
	uint64_t n_records = 0, n_moves = 0, n_gaps = 0;

	for (uint32_t i = 0; i < head->n_parts && !reader->bad; i++) {
		last = parts[i] = read_part(reader, &last);
		n_records += last.n_records;
		n_moves += last.n_moves;
		n_gaps += last.n_gaps;
	}
	reader->bad |= last.commit != head->last_commit || n_records != head->n_records ||
		       n_moves > UINT32_MAX || n_gaps > UINT32_MAX;
	front->parts = parts;
	front->n_moves = (uint32_t)n_moves;
	front->n_gaps = (uint32_t)n_gaps;
}

static struct block_move read_move(struct varint_reader *reader, uint32_t n_streams)
{
	struct block_move move = {0};

	move.stream = (uint32_t)varint_read_max(reader, UINT32_MAX);
	move.home = (uint8_t)varint_read_max(reader, STORE_CLASSES);
	move.from = varint_read(reader);
	move.position.stored = varint_read(reader);
	move.position.crc = (uint32_t)varint_read_max(reader, UINT32_MAX);
	move.position.records = varint_read(reader);
	move.position.declared = varint_read(reader);
	move.position.duplicates = varint_read(reader);
	move.position.lost = varint_read(reader);
	move.position.first = varint_read(reader);
	move.position.last_received_ns = read_time(reader);
	reader->bad |= move.stream >= n_streams;
	return move;
}

static void read_moves(
	struct varint_reader *reader, struct arena *arena, struct block_front *front)
{
	struct block_move *moves = room_for(reader, arena, front->n_moves, sizeof(*moves), 11);

	for (uint32_t i = 0; i < front->n_moves && !reader->bad; i++)
		moves[i] = read_move(reader, front->n_streams);
	front->moves = moves;
}

static struct store_block_gap read_gap(
	struct varint_reader *reader, const struct block_front *front)
{
	struct store_block_gap gap = {0};
	uint64_t stream = varint_read(reader);

	if (stream >= front->n_streams)
		reader->bad = true;
	else
		gap.stream = front->streams[stream];
	gap.first = varint_read(reader);
	gap.count = (uint32_t)varint_read_max(reader, UINT32_MAX);
	gap.reason = (uint8_t)varint_read_max(reader, UINT8_MAX);
	gap.bytes = varint_read(reader);
	gap.received_ns = read_time(reader);
	gap.source = read_text(reader);
	return gap;
}

static void read_gaps(
	struct varint_reader *reader, struct arena *arena, struct block_front *front)
{
	struct store_block_gap *gaps = room_for(reader, arena, front->n_gaps, sizeof(*gaps), 7);

	for (uint32_t i = 0; i < front->n_gaps && !reader->bad; i++)
		gaps[i] = read_gap(reader, front);
	front->gaps = gaps;
}

static bool columns_are_sound(const struct columns *columns, const struct block_head *head,
	const struct block_front *front)
{
	uint64_t bodies_size = 0;

	for (uint32_t i = 0; i < head->n_records; i++) {
		const struct columns *here = &columns[i];

		bodies_size += here->body_size;
		if (here->stream >= front->n_streams ||
			(here->source != COLUMNS_NO_SOURCE && here->source >= front->n_sources))
			return false;
	}
	return bodies_size == head->bodies_size;
}

static void read_columns(struct varint_reader *reader, struct arena *arena,
	const struct block_head *head, struct block_front *front)
{
	struct columns *columns = arena_alloc(arena, head->n_records * sizeof(*columns));

	if (reader->bad || columns == NULL) {
		reader->bad = true;
		return;
	}
	if (head->n_records > 0) {
		struct slice rest = slice_of(reader->at, (size_t)(reader->end - reader->at));
		size_t used = planes_read(rest, columns, head->n_records);

		reader->at += used;
		reader->bad = used == 0;
	}
	reader->bad = reader->bad || !columns_are_sound(columns, head, front);
	front->columns = columns;
}

static bool unpack(struct slice packed, uint32_t crc, char *to, size_t size)
{
	return crc32c(0, packed.ptr, packed.len) == crc &&
	       ZSTD_decompress(to, size, packed.ptr, packed.len) == size;
}

static bool read_front(const struct block_head *head, struct slice packed, struct arena *arena,
	bool with_columns, struct block_front *out)
{
	char *bytes = arena_alloc(arena, head->front_size);
	struct block_front front = {0};

	if (bytes == NULL || packed.len != head->front_packed ||
		!unpack(packed, head->front_crc, bytes, head->front_size))
		return false;

	struct varint_reader reader = varint_reader(slice_of(bytes, head->front_size));
	read_streams(&reader, arena, &front);
	read_sources(&reader, arena, &front);
	read_parts(&reader, arena, head, &front);
	read_moves(&reader, arena, &front);
	read_gaps(&reader, arena, &front);
	if (with_columns)
		read_columns(&reader, arena, head, &front);
	if (reader.bad || (with_columns && !varint_reader_done(&reader)))
		return false;
	*out = front;
	return true;
}

bool block_front_read(const struct block_head *head, struct slice packed, struct arena *arena,
	struct block_front *front)
{
	return read_front(head, packed, arena, true, front);
}

bool block_tables_read(const struct block_head *head, struct slice packed, struct arena *arena,
	struct block_front *front)
{
	return read_front(head, packed, arena, false, front);
}

bool block_read(struct slice block, struct arena *arena, struct block_head *head,
	struct block_front *front)
{
	if (!block_head_read(block, head) ||
		block.len != BLOCK_HEAD_SIZE + block_tail_size(head))
		return false;
	return block_front_read(
		head, slice_of(block.ptr + BLOCK_HEAD_SIZE, head->front_packed), arena, front);
}

bool block_bodies_read(const struct block_head *head, struct slice packed, struct strbuf *out)
{
	char *to = strbuf_reserve(out, head->bodies_size);

	if (head->bodies_size == 0)
		return packed.len == 0;
	if (to == NULL || packed.len != head->bodies_packed ||
		!unpack(packed, head->bodies_crc, to, head->bodies_size))
		return false;
	strbuf_extend(out, head->bodies_size);
	return true;
}
