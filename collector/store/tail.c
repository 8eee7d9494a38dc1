#include "collector/store/tail.h"

#include <limits.h>
#include <stdio.h>

static void note_entry(
	struct tail *tail, const struct seglog_entry *entry, const struct block_head *head)
{
	bool running = entry->first >= seglog_segment_first(tail->log);

	if (head->kind == BLOCK_SNAPSHOT) {
		tail->snapshot = entry->first;
		tail->snapshot_commit = head->commit;
		tail->has_snapshot |= running;
	} else {
		tail->block = entry->first;
		tail->commit = head->commit;
		tail->n_blocks += running;
	}
	tail->bytes += running ? entry->payload.len : 0;
}

static bool read_from(struct tail *tail, struct seglog *log, uint64_t sequence, struct err *err)
{
	struct seglog_cursor *cursor = seglog_cursor_open(log, sequence);
	struct seglog_entry entry;
	struct block_head head;
	enum seglog_read status;

	*tail = (struct tail){.log = log, .start = sequence};
	seglog_cursor_wait(cursor);
	while ((status = seglog_cursor_next(cursor, &entry, err)) == SEGLOG_ENTRY ||
		status == SEGLOG_LOST) {
		if (status == SEGLOG_ENTRY && block_head_read(entry.payload, &head))
			note_entry(tail, &entry, &head);
	}
	seglog_cursor_close(cursor);
	return status == SEGLOG_END;
}

bool tail_read(struct tail *tail, struct seglog *log, struct err *err)
{
	uint64_t first = seglog_first(log);

	if (!read_from(tail, log, seglog_segment_first(log), err))
		return false;
	return tail->snapshot > 0 || tail->start <= first || read_from(tail, log, first, err);
}

const struct tail *tails_snapshot(const struct tail tails[STORE_CLASSES])
{
	const struct tail *newest = NULL;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (tails[i].snapshot > 0 &&
			(newest == NULL || tails[i].snapshot_commit > newest->snapshot_commit))
			newest = &tails[i];
	}
	return newest;
}

/* The classes the last block of a tail says its commit has. */
static bool read_set(const struct tail *tail, uint8_t *set, struct err *err)
{
	struct seglog_cursor *cursor = seglog_cursor_open(tail->log, tail->block);
	struct seglog_entry entry;
	struct block_head head;
	struct block_front front;
	struct arena arena;

	*set = 0;
	seglog_cursor_wait(cursor);
	enum seglog_read status = seglog_cursor_next(cursor, &entry, err);
	arena_init(&arena, BLOCK_ARENA_MAX);
	if (status == SEGLOG_ENTRY && block_read(entry.payload, &arena, &head, &front))
		*set = front.parts[0].set;
	arena_done(&arena);
	seglog_cursor_close(cursor);
	return status != SEGLOG_READ_FAILED;
}

bool tails_newest(const struct tail tails[STORE_CLASSES], const struct undone *undone,
	uint64_t *newest, bool *whole, struct err *err)
{
	const struct tail *last = NULL, *snapshot = tails_snapshot(tails);
	uint8_t set, present = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (tails[i].block > 0 && (last == NULL || tails[i].commit > last->commit))
			last = &tails[i];
	}
	*newest = last != NULL ? last->commit : 0;
	*whole = true;
	if (snapshot != NULL && snapshot->snapshot_commit >= *newest) {
		*newest = snapshot->snapshot_commit;
		return true;
	}
	if (last == NULL || undone_has(undone, *newest))
		return true;
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (tails[i].block > 0 && tails[i].commit == *newest)
			present |= (uint8_t)(1u << i);
	}
	if (!read_set(last, &set, err))
		return false;
	*whole = (set & ~present) == 0;
	return true;
}

/* Until the newest segment is still there when it was read. */
static struct seglog *open_and_read(const char *path, struct tail *tail, struct err *err)
{
	for (;;) {
		struct seglog *log = seglog_open_reading(path, NULL, err);

		if (log == NULL)
			return NULL;
		bool read = tail_read(tail, log, err), overtaken = seglog_overtaken(log);
		if (read && !overtaken)
			return log;
		seglog_close(log);
		if (!overtaken)
			return NULL;
	}
}

bool tails_newest_in(const char *dir, const struct undone *undone, uint64_t *newest,
	bool *whole, struct err *err)
{
	struct seglog *logs[STORE_CLASSES] = {0};
	struct tail tails[STORE_CLASSES];
	char path[PATH_MAX];
	bool ok = true;

	for (unsigned i = 0; i < STORE_CLASSES && ok; i++) {
		snprintf(path, sizeof(path), "%s/class-%u", dir, i + 1);
		logs[i] = open_and_read(path, &tails[i], err);
		ok = logs[i] != NULL;
	}
	ok = ok && tails_newest(tails, undone, newest, whole, err);
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		seglog_close(logs[i]);
	return ok;
}
