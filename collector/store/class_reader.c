#include "collector/store/class_reader.h"

#include <stdlib.h>

struct class_reader {
	struct class_place place;
	uint64_t after; /* commits up to here are not given */
	struct class_start start;

	/* One of these is being read; with neither, the next is looked for. */
	struct sealed_reader *sealed;
	struct seglog_cursor *cursor;
	uint64_t sealed_done; /* first commit of the sealed segment opened last */

	bool at_block;
	struct block_head head;
	struct block_front front;
	struct arena arena;         /* of the front */
	struct slice bodies_packed; /* until the cursor moves */
	struct strbuf bodies;
	enum { BODIES_PACKED, BODIES_READY, BODIES_DAMAGED } bodies_state;
	uint32_t part; /* of the front */
	uint32_t at, gaps_at;
};

struct class_reader *class_reader_new(const struct class_place *place, uint64_t after)
{
	struct class_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		abort();
	reader->place = *place;
	reader->after = after;
	arena_init(&reader->arena, BLOCK_ARENA_MAX);
	strbuf_init(&reader->bodies, BLOCK_BODIES_MAX);
	return reader;
}

void class_reader_free(struct class_reader *reader)
{
	if (reader == NULL)
		return;
	sealed_reader_close(reader->sealed);
	seglog_cursor_close(reader->cursor);
	arena_done(&reader->arena);
	strbuf_done(&reader->bodies);
	free(reader);
}

const struct class_start *class_reader_start(const struct class_reader *reader)
{
	return &reader->start;
}

static void learn_start(struct class_reader *reader, const struct block_part *part)
{
	if (part->commit > reader->after || part->commit < reader->start.commit)
		return;
	reader->start.commit = part->commit;
	memcpy(reader->start.next, part->next, sizeof(reader->start.next));
}

/* Whether the block is worth its front: it has something to give, or to say about the start. */
static bool of_use(const struct class_reader *reader, const struct block_head *head)
{
	if (head->class != reader->place.class)
		return false;
	if (head->kind == BLOCK_SNAPSHOT)
		return head->commit <= reader->after;
	return head->last_commit >= reader->after;
}

/* False when the block gives nothing, or is not sound. */
static bool open_block(
	struct class_reader *reader, const struct block_head *head, struct slice front)
{
	if (!of_use(reader, head))
		return false;
	arena_reset(&reader->arena);
	strbuf_reset(&reader->bodies);
	if (!block_front_read(head, front, &reader->arena, &reader->front))
		return false;
	reader->head = *head;
	for (uint32_t i = 0; i < head->n_parts; i++)
		learn_start(reader, &reader->front.parts[i]);
	reader->part = reader->at = reader->gaps_at = 0;
	reader->bodies_state = BODIES_PACKED;
	reader->bodies_packed = SLICE_NONE;
	reader->at_block = head->kind == BLOCK_RECORDS && head->last_commit > reader->after;
	return reader->at_block;
}

/* ---- sealed segments --------------------------------------------------------- */

/* To the next block that gives something, or the end of the segment. */
static void next_sealed(struct class_reader *reader)
{
	struct sealed_block block;
	enum sealed_read status;

	while ((status = sealed_reader_next(reader->sealed, &block)) != SEALED_END) {
		if (status == SEALED_BLOCK && open_block(reader, &block.head, block.front))
			return;
	}
	sealed_reader_close(reader->sealed);
	reader->sealed = NULL;
}

/* Goes to the next sealed segment; CLASS_END when there is none. */
static enum class_read enter_sealed(struct class_reader *reader, struct err *err)
{
	uint64_t first_commit;

	while (segments_find(
		reader->place.segments, reader->sealed_done, reader->after, &first_commit)) {
		switch (sealed_reader_open(segments_dir(reader->place.segments), first_commit,
			reader->place.class, &reader->sealed, err)) {
		case SEALED_OPEN:
		case SEALED_BROKEN: /* its blocks can be read all the same */
			reader->sealed_done = first_commit;
			return CLASS_PART;
		case SEALED_GONE: /* removed just now */
			reader->sealed_done = first_commit;
			break;
		case SEALED_FAILED:
			return CLASS_FAILED;
		}
	}
	return CLASS_END;
}

/* ---- running segments --------------------------------------------------------- */

/* Whether what the log does not have any more is sealed by now. */
static enum class_read look_for_sealed(struct class_reader *reader, struct err *err)
{
	if (reader->place.refresh && !segments_refresh(reader->place.segments, err))
		return CLASS_FAILED;

	enum class_read status = enter_sealed(reader, err);
	if (status == CLASS_PART) {
		seglog_cursor_close(reader->cursor);
		reader->cursor = NULL;
	}
	return status;
}

static bool open_entry(struct class_reader *reader, struct slice block)
{
	struct block_head head;

	if (!block_head_read(block, &head) ||
		block.len != BLOCK_HEAD_SIZE + block_tail_size(&head) ||
		!open_block(reader, &head,
			slice_of(block.ptr + BLOCK_HEAD_SIZE, head.front_packed)))
		return false;
	reader->bodies_packed = block_bodies(&head, block);
	return true;
}

/* CLASS_PART: at a block, or moved to a sealed segment. */
static enum class_read next_entry(struct class_reader *reader, struct err *err)
{
	struct seglog_entry entry;
	enum class_read status;

	for (;;) {
		switch (seglog_cursor_next(reader->cursor, &entry, err)) {
		case SEGLOG_END:
			return CLASS_END;
		case SEGLOG_READ_FAILED:
			return CLASS_FAILED;
		case SEGLOG_LOST:
			status = look_for_sealed(reader, err);
			if (status != CLASS_END)
				return status;
			break;
		case SEGLOG_ENTRY:
			if (open_entry(reader, entry.payload))
				return CLASS_PART;
			break;
		}
	}
}

static enum class_read next_block(struct class_reader *reader, struct err *err)
{
	while (!reader->at_block) {
		enum class_read status = CLASS_PART;

		if (reader->sealed != NULL) {
			next_sealed(reader);
		} else if (reader->cursor != NULL) {
			status = next_entry(reader, err);
		} else if ((status = enter_sealed(reader, err)) == CLASS_END) {
			reader->cursor = seglog_cursor_open(reader->place.log, 1);
			status = CLASS_PART;
		}
		if (status != CLASS_PART)
			return status;
	}
	return CLASS_PART;
}

/* ---- parts --------------------------------------------------------------------- */

static void pass_part(struct class_reader *reader)
{
	const struct block_part *part = &reader->front.parts[reader->part];

	reader->at += part->n_records;
	reader->gaps_at += part->n_gaps;
	reader->part++;
	reader->at_block = reader->part < reader->head.n_parts;
}

/* To the first part at or behind this one that is to be given. */
static bool find_part(struct class_reader *reader)
{
	while (reader->at_block) {
		uint64_t commit = reader->front.parts[reader->part].commit;

		if (commit > reader->after && !undone_has(reader->place.undone, commit))
			return true;
		pass_part(reader);
	}
	return false;
}

enum class_read class_reader_look(
	struct class_reader *reader, struct class_part *part, struct err *err)
{
	while (!find_part(reader)) {
		enum class_read status = next_block(reader, err);

		if (status != CLASS_PART)
			return status;
	}
	*part = (struct class_part){
		.part = &reader->front.parts[reader->part],
		.first = reader->head.first + reader->at,
		.at = reader->at,
		.gaps_at = reader->gaps_at,
		.front = &reader->front,
	};
	return CLASS_PART;
}

void class_reader_pass(struct class_reader *reader)
{
	reader->after = reader->front.parts[reader->part].commit;
	pass_part(reader);
}

struct slice class_reader_bodies(struct class_reader *reader)
{
	if (reader->bodies_state == BODIES_PACKED) {
		struct slice packed = reader->sealed != NULL
					      ? sealed_reader_bodies(reader->sealed)
					      : reader->bodies_packed;
		bool good = !slice_absent(packed) &&
			    block_bodies_read(&reader->head, packed, &reader->bodies);

		reader->bodies_state = good ? BODIES_READY : BODIES_DAMAGED;
	}
	return reader->bodies_state == BODIES_READY ? strbuf_slice(&reader->bodies)
						    : SLICE_NONE;
}
