#include "collector/store/class_reader.h"

#include <stdlib.h>

struct class_reader {
	struct seglog *log;
	uint8_t class;
	const struct undone *undone;
	uint64_t after; /* commits up to here are not given */
	struct class_start start;
	struct seglog_cursor *cursor;

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

struct class_reader *class_reader_new(
	struct seglog *log, uint8_t class, const struct undone *undone, uint64_t after)
{
	struct class_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		abort();
	reader->log = log;
	reader->class = class;
	reader->undone = undone;
	reader->after = after;
	arena_init(&reader->arena, BLOCK_ARENA_MAX);
	strbuf_init(&reader->bodies, BLOCK_BODIES_MAX);
	return reader;
}

void class_reader_free(struct class_reader *reader)
{
	if (reader == NULL)
		return;
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
	if (head->class != reader->class)
		return false;
	if (head->kind == BLOCK_SNAPSHOT)
		return head->commit <= reader->after;
	return head->last_commit >= reader->after;
}

/* False when it gives nothing, or is not sound. */
static bool open_block(struct class_reader *reader, struct slice block)
{
	if (!block_head_read(block, &reader->head) || !of_use(reader, &reader->head))
		return false;
	arena_reset(&reader->arena);
	strbuf_reset(&reader->bodies);
	if (!block_read(block, &reader->arena, &reader->head, &reader->front))
		return false;
	for (uint32_t i = 0; i < reader->head.n_parts; i++)
		learn_start(reader, &reader->front.parts[i]);
	reader->bodies_packed = block_bodies(&reader->head, block);
	reader->bodies_state = BODIES_PACKED;
	reader->part = reader->at = reader->gaps_at = 0;
	return reader->head.kind == BLOCK_RECORDS && reader->head.last_commit > reader->after;
}

static enum class_read next_block(struct class_reader *reader, struct err *err)
{
	struct seglog_entry entry;

	if (reader->cursor == NULL)
		reader->cursor = seglog_cursor_open(reader->log, 1, err);
	if (reader->cursor == NULL)
		return CLASS_FAILED;
	for (;;) {
		switch (seglog_cursor_next(reader->cursor, &entry, err)) {
		case SEGLOG_END:
			return CLASS_END;
		case SEGLOG_READ_FAILED:
			return CLASS_FAILED;
		case SEGLOG_LOST:
			break;
		case SEGLOG_ENTRY:
			if (open_block(reader, entry.payload)) {
				reader->at_block = true;
				return CLASS_PART;
			}
			break;
		}
	}
}

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

		if (commit > reader->after && !undone_has(reader->undone, commit))
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
	if (reader->bodies_state == BODIES_PACKED)
		reader->bodies_state =
			block_bodies_read(&reader->head, reader->bodies_packed, &reader->bodies)
				? BODIES_READY
				: BODIES_DAMAGED;
	return reader->bodies_state == BODIES_READY ? strbuf_slice(&reader->bodies)
						    : SLICE_NONE;
}
