#include "collector/store/recover.h"

#include <stdio.h>

#include "collector/store/tail.h"
#include "common/clock.h"

/* A class on its way through its blocks. */
struct place {
	struct store_class *class;
	struct seglog_cursor *cursor;
	struct arena arena;
	struct block_head head; /* of the block the cursor is at */
	struct block_front front;
	bool at_end;
};

struct recovering {
	struct store *store;
	struct store_recovery *recovery;
	struct tail tails[STORE_CLASSES];
	struct place places[STORE_CLASSES];
	struct segments_end sealed[STORE_CLASSES];
	uint64_t expected[STORE_CLASSES]; /* number of the next record; 0 = not known */
};

/* ---- opening ------------------------------------------------------------- */

static bool open_log(struct recovering *recovering, struct store_class *class, struct err *err)
{
	const struct store *store = recovering->store;
	char dir[PATH_MAX + 32];
	struct seglog_damage damage = {0};
	struct seglog_settings settings = {
		.dir = dir,
		/* We close segments; the log itself never has a reason to. */
		.segment_size = store->settings.segment_size + 2 * (uint64_t)SEGLOG_PAYLOAD_MAX,
	};

	snprintf(dir, sizeof(dir), "%s/class-%u", store->dir, class->class);
	class->log = seglog_open(&settings, &damage, err);
	recovering->recovery->torn_bytes += damage.torn_bytes;
	recovering->recovery->lost_ranges += damage.lost_ranges;
	if (class->log == NULL)
		return false;
	class->segments = segments_open(dir, class->class, true, err);
	return class->segments != NULL &&
	       segments_end(class->segments, &recovering->sealed[class->class - 1], err);
}

/* ---- from the newest snapshot on, in the order of commits ------------------ */

static void enter(struct place *place, uint64_t sequence)
{
	seglog_cursor_close(place->cursor);
	place->cursor = seglog_cursor_open(place->class->log, sequence);
	seglog_cursor_wait(place->cursor);
	place->at_end = false;
}

static bool read_tables(struct place *place, struct slice block)
{
	return block_head_read(block, &place->head) &&
	       block.len == BLOCK_HEAD_SIZE + block_tail_size(&place->head) &&
	       block_tables_read(&place->head,
		       slice_of(block.ptr + BLOCK_HEAD_SIZE, place->head.front_packed),
		       &place->arena, &place->front);
}

/* To the next block or snapshot that can be read. */
static bool advance(struct place *place, struct err *err)
{
	struct seglog_entry entry;

	for (;;) {
		switch (seglog_cursor_next(place->cursor, &entry, err)) {
		case SEGLOG_END:
			place->at_end = true;
			return true;
		case SEGLOG_READ_FAILED:
			return false;
		case SEGLOG_LOST:
			continue;
		case SEGLOG_ENTRY:
			break;
		}
		arena_reset(&place->arena);
		if (read_tables(place, entry.payload))
			return true;
	}
}

static bool wanted(const struct store *store, const struct block_head *head, uint64_t after)
{
	return head->kind == BLOCK_RECORDS && head->commit > after &&
	       !undone_has(&store->undone, head->commit);
}

static bool advance_to_block(
	const struct store *store, struct place *place, uint64_t after, struct err *err)
{
	do {
		if (!advance(place, err))
			return false;
	} while (!place->at_end && !wanted(store, &place->head, after));
	return true;
}

/* `from` of a move tells what an earlier block must have held; out of order it tells nothing.
 */
static void restore_moves(struct recovering *recovering, struct place *place, bool in_order)
{
	for (uint32_t i = 0; i < place->front.n_moves; i++) {
		struct block_move move = place->front.moves[i];

		if (!in_order)
			move.from = 0;
		ledger_restore(
			recovering->store->ledger, &place->front.streams[move.stream], &move);
	}
}

static void note_next(struct recovering *recovering, const struct place *place)
{
	memcpy(recovering->store->next, place->front.parts[0].next,
		sizeof(recovering->store->next));
}

static void count_lost(struct recovering *recovering, unsigned i, uint64_t first)
{
	uint64_t expected = recovering->expected[i];

	if (expected > 0 && first > expected)
		recovering->recovery->lost_records += first - expected;
}

static void restore_block(struct recovering *recovering, struct place *place)
{
	unsigned i = place->class->class - 1u;

	count_lost(recovering, i, place->head.first);
	restore_moves(recovering, place, true);
	note_next(recovering, place);
	recovering->expected[i] = place->head.first + place->head.n_records;
}

/* Without a snapshot that can be read: what the newest sealed segment of each class says. */
static bool restore_sealed(struct recovering *recovering, struct place *place, struct err *err)
{
	struct segments *segments = place->class->segments;
	struct sealed_reader *reader;
	struct sealed_block block;
	enum sealed_read status;
	uint64_t first_commit;
	size_t n = segments_count(segments);

	if (n == 0 || !segments_at(segments, n - 1, &first_commit))
		return true;
	if (sealed_reader_open(segments_dir(segments), first_commit, place->class->class,
		    &reader, err) == SEALED_FAILED)
		return false;
	while (reader != NULL && (status = sealed_reader_next(reader, &block)) != SEALED_END) {
		arena_reset(&place->arena);
		if (status == SEALED_BLOCK && block_front_read(&block.head, block.front,
						      &place->arena, &place->front))
			restore_moves(recovering, place, false);
	}
	sealed_reader_close(reader);
	return true;
}

/* *found = whether a snapshot could be read; *base = the commit up to which the ledger is known
 * then. */
static bool restore_snapshot(
	struct recovering *recovering, bool *found, uint64_t *base, struct err *err)
{
	const struct tail *tail = tails_snapshot(recovering->tails);
	struct place *place;

	*base = 0;
	*found = false;
	if (tail == NULL)
		return true;
	place = &recovering->places[tail - recovering->tails];
	enter(place, tail->snapshot);
	if (!advance(place, err))
		return false;
	if (place->at_end || place->head.kind != BLOCK_SNAPSHOT)
		return true;
	restore_moves(recovering, place, true);
	note_next(recovering, place);
	memcpy(recovering->expected, recovering->store->next, sizeof(recovering->expected));
	*base = place->head.commit;
	*found = true;
	return true;
}

/* The ledger as it was at the newest snapshot, or as well as it can still be told. */
static bool restore_base(struct recovering *recovering, uint64_t *base, struct err *err)
{
	bool found;

	if (!restore_snapshot(recovering, &found, base, err))
		return false;
	for (unsigned i = 0; i < STORE_CLASSES && !found; i++) {
		if (!restore_sealed(recovering, &recovering->places[i], err))
			return false;
	}
	return true;
}

static struct place *earliest(struct recovering *recovering)
{
	struct place *earliest = NULL;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct place *place = &recovering->places[i];

		if (!place->at_end &&
			(earliest == NULL || place->head.commit < earliest->head.commit))
			earliest = place;
	}
	return earliest;
}

static bool restore_blocks(struct recovering *recovering, uint64_t base, struct err *err)
{
	struct store *store = recovering->store;
	struct place *place;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		place = &recovering->places[i];
		enter(place, recovering->tails[i].start);
		if (!advance_to_block(store, place, base, err))
			return false;
	}
	while ((place = earliest(recovering)) != NULL) {
		restore_block(recovering, place);
		if (!advance_to_block(store, place, base, err))
			return false;
	}
	return true;
}

/* Numbering goes on behind everything that was ever durable, be it lost now. */
static void restore_numbers(struct recovering *recovering)
{
	struct store *store = recovering->store;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		const struct segments_end *sealed = &recovering->sealed[i];

		count_lost(recovering, i, store->next[i]);
		if (store->next[i] < sealed->next_record)
			store->next[i] = sealed->next_record;
		if (store->next[i] == 0)
			store->next[i] = 1;
		store->classes[i].next_record = store->next[i];
		if (store->position < sealed->last_commit)
			store->position = sealed->last_commit;
	}
}

/* ---- all of it -------------------------------------------------------------- */

static bool undo_partial(struct recovering *recovering, struct err *err)
{
	struct store *store = recovering->store;
	uint64_t newest;
	bool whole;

	if (!tails_newest(recovering->tails, &store->undone, &newest, &whole, err))
		return false;
	store->position = newest;
	if (whole)
		return true;
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		recovering->recovery->undone_blocks += recovering->tails[i].commit == newest;
	return undone_add(&store->undone, store->dir, newest, err);
}

static void note_segment(struct store_class *class, const struct tail *tail)
{
	class->snapshot_due = !tail->has_snapshot;
	class->segment_bytes = tail->bytes;
	class->segment_blocks = tail->n_blocks;
	class->segment_started_ms = clock_mono_ms();
}

static bool recover(struct recovering *recovering, struct err *err)
{
	struct store *store = recovering->store;

	if (!undone_load(&store->undone, store->dir, err))
		return false;
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct store_class *class = &store->classes[i];

		if (!open_log(recovering, class, err) ||
			!tail_read(&recovering->tails[i], class->log, err))
			return false;
		note_segment(class, &recovering->tails[i]);
	}
	uint64_t base;
	if (!undo_partial(recovering, err) || !restore_base(recovering, &base, err) ||
		!restore_blocks(recovering, base, err))
		return false;
	restore_numbers(recovering);
	return true;
}

bool store_recover(struct store *store, struct store_recovery *recovery, struct err *err)
{
	struct recovering recovering = {.store = store, .recovery = recovery};

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		recovering.places[i].class = &store->classes[i];
		arena_init(&recovering.places[i].arena, BLOCK_ARENA_MAX);
	}
	bool ok = recover(&recovering, err);
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		seglog_cursor_close(recovering.places[i].cursor);
		arena_done(&recovering.places[i].arena);
	}
	return ok;
}
