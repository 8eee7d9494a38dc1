#include "collector/store/seal.h"

#include <assert.h>

enum {
	SEAL_LEVEL = 1, /* of zstd; 3 makes log lines hardly smaller and takes twice the time */
	MERGE_RECORDS_MAX = 1 << 16,
	MERGE_FRONT_MAX = 8 << 20, /* bytes of tables and columns */
	MERGE_STREAMS_MAX = BLOCK_STREAMS_MAX - COMMIT_BATCHES_MAX,
};

/* A merged block that is not full takes one more, of which each batch may bring a stream. */
static_assert(MERGE_STREAMS_MAX > 0 && MERGE_STREAMS_MAX + COMMIT_BATCHES_MAX <= UINT16_MAX,
	"numbers of streams are 16 bits");

bool seal_init(struct seal *seal, uint8_t class, struct seglog *log, struct segments *segments,
	const struct undone *undone, struct chain *chain, struct err *err)
{
	*seal = (struct seal){
		.class = class,
		.log = log,
		.segments = segments,
		.undone = undone,
		.chain = chain,
		.builder = builder_new(),
	};
	arena_init(&seal->arena, BLOCK_ARENA_MAX);
	strbuf_init(&seal->snapshot, BLOCK_SIZE_MAX);
	if (!segments_end(segments, &seal->end, err))
		return false;
	if (seal->end.last_commit == 0)
		seal->end.chain = chain_start(chain, class, seglog_id(log));
	return true;
}

void seal_done(struct seal *seal)
{
	sealed_writer_drop(seal->writer);
	builder_free(seal->builder);
	arena_done(&seal->arena);
	strbuf_done(&seal->snapshot);
	*seal = (struct seal){0};
}

/* ---- writing ------------------------------------------------------------------ */

static bool start_writer(struct seal *seal, const struct block_head *block, struct err *err)
{
	struct sealed_head head = {
		.class = seal->class,
		.first_commit = block->commit,
		.first_record = block->first,
		.chain = seal->end.chain,
	};

	if (seal->writer != NULL)
		return true;
	memcpy(head.id, seglog_id(seal->log), sizeof(head.id));
	seal->writer_first = block->commit;
	seal->writer = sealed_writer_new(segments_dir(seal->segments), &head, seal->chain, err);
	return seal->writer != NULL;
}

static void note_parts(
	struct seal *seal, const struct block_head *head, const struct block_front *front)
{
	uint64_t next = head->first;

	for (uint32_t i = 0; i < head->n_parts; i++) {
		next += front->parts[i].n_records;
		sealed_writer_part(seal->writer, &front->parts[i], next);
	}
}

static bool flush(struct seal *seal, struct err *err)
{
	struct packed_block packed;

	if (builder_n_parts(seal->builder) == 0)
		return true;
	builder_pack(seal->builder, SEAL_LEVEL, &packed);
	bool ok = sealed_writer_block(
		seal->writer, &packed.head, packed.front, packed.bodies, err);
	builder_reset(seal->builder, BLOCK_RECORDS, seal->class, 0);
	return ok;
}

static bool keep_block(struct seal *seal, const struct block_head *head,
	const struct block_front *front, struct slice block, struct err *err)
{
	struct slice packed = slice_of(block.ptr + BLOCK_HEAD_SIZE, head->front_packed);

	if (!flush(seal, err) || !sealed_writer_block(seal->writer, head, packed,
					 block_bodies(head, block), err))
		return false;
	if (head->kind == BLOCK_RECORDS)
		note_parts(seal, head, front);
	return true;
}

/* ---- merging -------------------------------------------------------------------- */

static void merge_records(struct seal *seal, const struct block_head *head,
	const struct block_front *front, struct slice bodies)
{
	struct builder *builder = seal->builder;

	if (head->n_records == 0)
		return;
	struct columns *columns =
		builder_records(builder, front->columns, head->n_records, bodies);
	for (uint32_t i = 0; i < head->n_records; i++) {
		columns[i].stream =
			(uint16_t)builder_stream(builder, &front->streams[columns[i].stream]);
		if (columns[i].source != COLUMNS_NO_SOURCE)
			columns[i].source =
				builder_source(builder, &front->sources[columns[i].source]);
	}
}

static void merge_moves(struct seal *seal, const struct block_front *front)
{
	for (uint32_t i = 0; i < front->n_moves; i++) {
		struct block_move move = front->moves[i];

		move.stream = builder_stream(seal->builder, &front->streams[move.stream]);
		builder_move(seal->builder, &move);
	}
	for (uint32_t i = 0; i < front->n_gaps; i++)
		builder_gap(seal->builder,
			builder_stream(seal->builder, &front->gaps[i].stream), &front->gaps[i]);
}

static bool merged_is_full(const struct seal *seal, const struct block_head *head)
{
	const struct builder *builder = seal->builder;
	size_t bodies = builder_bodies_size(builder);

	return builder_n_parts(builder) > 0 &&
	       (bodies >= SEAL_MERGE_SIZE ||
		       builder_n_records(builder) + head->n_records > MERGE_RECORDS_MAX ||
		       builder_size(builder) - bodies > MERGE_FRONT_MAX ||
		       builder_n_streams(builder) > MERGE_STREAMS_MAX ||
		       builder_next_record(builder) != head->first);
}

/* A running block has one part, so its moves and gaps are that part's. */
static bool merge_block(struct seal *seal, const struct block_head *head,
	const struct block_front *front, struct slice block, struct err *err)
{
	struct strbuf bodies = STRBUF_INIT(BLOCK_BODIES_MAX);

	if (merged_is_full(seal, head) && !flush(seal, err))
		return false;
	if (builder_n_parts(seal->builder) == 0)
		builder_reset(seal->builder, BLOCK_RECORDS, seal->class, head->first);
	bool ok = block_bodies_read(head, block_bodies(head, block), &bodies);
	if (ok) {
		merge_records(seal, head, front, strbuf_slice(&bodies));
		merge_moves(seal, front);
		builder_part(seal->builder, &front->parts[0]);
		note_parts(seal, head, front);
	}
	strbuf_done(&bodies);
	/* Bodies that do not unpack although their check sums agree are kept as they are. */
	return ok || keep_block(seal, head, front, block, err);
}

/* ---- one segment ------------------------------------------------------------------ */

static bool is_sealed(const struct seal *seal, const struct block_head *head)
{
	return head->last_commit <= seal->end.last_commit ||
	       undone_has(seal->undone, head->commit);
}

/* A snapshot waits for the first block behind it that is not sealed. */
static bool keep_snapshot(struct seal *seal, struct err *err)
{
	struct slice block = strbuf_slice(&seal->snapshot);
	struct block_head head;

	if (seal->snapshot.len == 0 || !block_head_read(block, &head))
		return true;
	bool ok = keep_block(seal, &head, NULL, block, err);
	strbuf_reset(&seal->snapshot);
	return ok;
}

static bool add_records(struct seal *seal, const struct block_head *head,
	const struct block_front *front, struct slice block, struct err *err)
{
	if (is_sealed(seal, head))
		return true;
	if (!start_writer(seal, head, err) || !keep_snapshot(seal, err))
		return false;
	if (head->bodies_size >= SEAL_LARGE_SIZE || head->n_parts != 1)
		return keep_block(seal, head, front, block, err);
	return merge_block(seal, head, front, block, err);
}

enum added { ADDED, ADDED_NEXT_SEGMENT, ADDED_FAILED };

static enum added add_block(struct seal *seal, struct slice block, struct err *err)
{
	struct block_head head;
	struct block_front front;

	arena_reset(&seal->arena);
	if (!block_read(block, &seal->arena, &head, &front)) {
		seal->n_lost++;
		return ADDED;
	}
	if (head.kind == BLOCK_RECORDS)
		return add_records(seal, &head, &front, block, err) ? ADDED : ADDED_FAILED;
	if (seal->writer != NULL)
		return ADDED_NEXT_SEGMENT;
	strbuf_reset(&seal->snapshot);
	strbuf_add(&seal->snapshot, block);
	return ADDED;
}

static bool finish(struct seal *seal, struct err *err)
{
	struct sealed_writer *writer = seal->writer;
	struct sealed_foot foot;

	if (writer == NULL)
		return true;
	if (!flush(seal, err))
		return false;
	seal->writer = NULL;
	sealed_writer_date(writer, seal->end.last_ns, seal->now_ns);
	if (!sealed_writer_finish(writer, &foot, err))
		return false;
	segments_add(seal->segments, seal->writer_first, foot.size + SEALED_FOOT_SIZE);
	seal->end = (struct segments_end){
		.last_commit = foot.last_commit,
		.next_record = foot.next_record,
		.last_ns = foot.last_ns,
		.chain = foot.chain,
	};
	return true;
}

/* Adds entries up to `closed_to` or the end of the segment; *last = the last one taken. */
static bool add_segment(struct seal *seal, struct seglog_cursor *cursor, uint64_t closed_to,
	uint64_t *last, struct err *err)
{
	struct seglog_entry entry;

	while (*last < closed_to) {
		enum added added = ADDED;

		switch (seglog_cursor_next(cursor, &entry, err)) {
		case SEGLOG_READ_FAILED:
			return false;
		case SEGLOG_END:
			return true;
		case SEGLOG_LOST:
			seal->n_lost += entry.count;
			break;
		case SEGLOG_ENTRY:
			added = add_block(seal, entry.payload, err);
			break;
		}
		if (added != ADDED)
			return added == ADDED_NEXT_SEGMENT;
		*last = entry.first + entry.count - 1;
	}
	return true;
}

static void drop(struct seal *seal)
{
	sealed_writer_drop(seal->writer);
	seal->writer = NULL;
	strbuf_reset(&seal->snapshot);
	builder_reset(seal->builder, BLOCK_RECORDS, seal->class, 0);
}

bool seal_next(struct seal *seal, uint64_t closed_to, int64_t now_ns, uint64_t *released,
	struct err *err)
{
	uint64_t before = seglog_released(seal->log), last;

	if (before < seal->sealed_to)
		before = seal->sealed_to;
	last = before;
	*released = 0;
	seal->now_ns = now_ns;
	if (closed_to <= before)
		return true;

	struct seglog_cursor *cursor = seglog_cursor_open(seal->log, before + 1);
	drop(seal);
	bool ok = add_segment(seal, cursor, closed_to, &last, err) && finish(seal, err);
	seglog_cursor_close(cursor);
	drop(seal);
	if (ok && last > before)
		*released = seal->sealed_to = last < closed_to ? last : closed_to;
	return ok;
}
