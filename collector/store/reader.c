/*
 * Brings the classes together in the order of commits. Every part says what the
 * next record of every class is behind its commit; where the records that came
 * do not reach so far, the difference is lost, exactly.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/store/class_reader.h"
#include "collector/store/core.h"
#include "collector/store/tail.h"

struct store_reader {
	struct store *store;                  /* NULL: `dir_*` instead */
	struct store_reader *before, *behind; /* of the store's open ones, under its lock */
	struct seglog *dir_logs[STORE_CLASSES];
	struct segments *dir_segments[STORE_CLASSES];
	struct undone dir_undone;
	uint64_t dir_limit; /* newest whole commit when it was opened */

	struct class_reader *classes[STORE_CLASSES];
	_Atomic uint64_t position;        /* last commit that was given whole */
	uint64_t expected[STORE_CLASSES]; /* number of the next record; 0 = not known */
	bool started;                     /* `expected` is as it was behind `position` */

	uint64_t commit;              /* being given; 0 = none */
	uint64_t next[STORE_CLASSES]; /* of `expected`, behind it */
	struct class_part parts[STORE_CLASSES];
	uint8_t present; /* bit class - 1: has a part of it */
	unsigned class;  /* to be given next; STORE_CLASSES: losses, then the end */
	int given;       /* class of the block given last; -1 = none */
};

static struct store_reader *new_reader(uint64_t position)
{
	struct store_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		abort();
	reader->position = position;
	reader->given = -1;
	return reader;
}

static void enlist(struct store *store, struct store_reader *reader)
{
	pthread_mutex_lock(&store->lock);
	reader->behind = store->readers;
	if (reader->behind != NULL)
		reader->behind->before = reader;
	store->readers = reader;
	pthread_mutex_unlock(&store->lock);
}

static void delist(struct store *store, struct store_reader *reader)
{
	pthread_mutex_lock(&store->lock);
	if (reader->before != NULL)
		reader->before->behind = reader->behind;
	else
		store->readers = reader->behind;
	if (reader->behind != NULL)
		reader->behind->before = reader->before;
	pthread_mutex_unlock(&store->lock);
}

uint64_t store_slowest_reader(struct store *store)
{
	uint64_t slowest = UINT64_MAX;

	pthread_mutex_lock(&store->lock);
	for (const struct store_reader *one = store->readers; one; one = one->behind) {
		uint64_t position = atomic_load(&one->position);

		if (position < slowest)
			slowest = position;
	}
	pthread_mutex_unlock(&store->lock);
	return slowest;
}

struct store_reader *store_reader_open(struct store *store, uint64_t position, struct err *err)
{
	struct store_reader *reader = new_reader(position);

	(void)err;
	reader->store = store;
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		const struct class_place place = {
			.class = (uint8_t)(i + 1),
			.log = store->classes[i].log,
			.segments = store->classes[i].segments,
			.undone = &store->undone,
		};

		reader->classes[i] = class_reader_new(&place, position);
	}
	enlist(store, reader);
	return reader;
}

/* The log first: what is released of it meanwhile was sealed before. */
static bool open_class(
	struct store_reader *reader, const char *dir, unsigned i, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/class-%u", dir, i + 1);
	reader->dir_logs[i] = seglog_open_reading(path, NULL, err);
	if (reader->dir_logs[i] == NULL)
		return false;
	reader->dir_segments[i] = segments_open(path, (uint8_t)(i + 1), false, err);
	if (reader->dir_segments[i] == NULL)
		return false;

	const struct class_place place = {
		.class = (uint8_t)(i + 1),
		.log = reader->dir_logs[i],
		.segments = reader->dir_segments[i],
		.refresh = true,
		.undone = &reader->dir_undone,
	};
	reader->classes[i] = class_reader_new(&place, reader->position);
	return true;
}

static bool open_classes(struct store_reader *reader, const char *dir, struct err *err)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (!open_class(reader, dir, i, err))
			return false;
	}
	return true;
}

/*
 * What is behind the newest whole commit may still be on its way. It is looked for before the
 * classes are opened: whatever is durable now is in each of them then.
 */
static bool find_limit(struct store_reader *reader, const char *dir, struct err *err)
{
	bool whole;

	if (!tails_newest_in(dir, &reader->dir_undone, &reader->dir_limit, &whole, err))
		return false;
	reader->dir_limit -= !whole;
	return true;
}

struct store_reader *store_reader_open_dir(const char *dir, uint64_t position, struct err *err)
{
	struct store_reader *reader = new_reader(position);

	if (undone_load(&reader->dir_undone, dir, err) && find_limit(reader, dir, err) &&
		open_classes(reader, dir, err))
		return reader;
	store_reader_close(reader);
	return NULL;
}

void store_reader_close(struct store_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->store != NULL)
		delist(reader->store, reader);
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		class_reader_free(reader->classes[i]);
		segments_close(reader->dir_segments[i]);
		seglog_close(reader->dir_logs[i]);
	}
	undone_done(&reader->dir_undone);
	free(reader);
}

/* ---- which commit is next ------------------------------------------------- */

/* How far may be read; with a running store also what the records' numbers are there. */
static uint64_t read_limit(struct store_reader *reader, uint64_t next[STORE_CLASSES])
{
	struct store *store = reader->store;

	if (store == NULL)
		return reader->dir_limit;
	pthread_mutex_lock(&store->lock);
	uint64_t limit = store->position;
	memcpy(next, store->next, sizeof(store->next));
	pthread_mutex_unlock(&store->lock);
	return limit;
}

/* When all that was at the start is removed: what was removed from there on is lost to this
 * reader. The segment the start lies in counts whole, there is nothing left to tell better. */
static void expect_removed(struct store_reader *reader)
{
	struct removed removed;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct segments *segments = reader->store ? reader->store->classes[i].segments
							  : reader->dir_segments[i];

		if (segments_removed_after(segments, reader->position, &removed))
			reader->expected[i] = removed.first_record;
	}
}

/* Takes over the best of what the classes learnt on the way to the start. */
static void learn_start(struct store_reader *reader)
{
	const struct class_start *best = class_reader_start(reader->classes[0]);

	for (unsigned i = 1; i < STORE_CLASSES; i++) {
		const struct class_start *start = class_reader_start(reader->classes[i]);

		if (start->commit > best->commit)
			best = start;
	}
	if (reader->position > 0 && best->commit > 0)
		memcpy(reader->expected, best->next, sizeof(reader->expected));
	else if (reader->position > 0)
		expect_removed(reader);
	reader->started = true;
}

static void pass_given(struct store_reader *reader)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (reader->present >> i & 1)
			class_reader_pass(reader->classes[i]);
	}
	reader->present = 0;
	reader->given = -1;
}

/* Looks at all classes; the earliest commit they stand at, UINT64_MAX when at none. */
static bool find_commit(struct store_reader *reader, uint64_t *commit, struct err *err)
{
	*commit = UINT64_MAX;
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct class_part *part = &reader->parts[i];

		*part = (struct class_part){0};
		if (class_reader_look(reader->classes[i], part, err) == CLASS_FAILED)
			return false;
		if (part->part != NULL && part->part->commit < *commit)
			*commit = part->part->commit;
	}
	return true;
}

static void begin_commit(struct store_reader *reader, uint64_t commit)
{
	reader->commit = commit;
	reader->class = 0;
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		const struct block_part *part = reader->parts[i].part;

		if (part == NULL || part->commit != commit)
			continue;
		reader->present |= (uint8_t)(1u << i);
		memcpy(reader->next, part->next, sizeof(reader->next));
	}
}

/* STORE_COMMIT: a commit was begun. */
static enum store_read next_commit(struct store_reader *reader, struct err *err)
{
	uint64_t next[STORE_CLASSES] = {0}, commit;
	uint64_t limit = read_limit(reader, next);

	pass_given(reader);
	if (!find_commit(reader, &commit, err))
		return STORE_READ_FAILED;
	if (!reader->started)
		learn_start(reader);
	if (commit <= limit) {
		begin_commit(reader, commit);
		return STORE_COMMIT;
	}
	if (reader->store == NULL || limit <= reader->position)
		return STORE_END;
	/* The last commits are damaged; only the store knows that they were. */
	begin_commit(reader, limit);
	memcpy(reader->next, next, sizeof(reader->next));
	return STORE_COMMIT;
}

/* ---- what is in it --------------------------------------------------------- */

static enum store_read give_lost(
	struct store_reader *reader, unsigned class, uint64_t next, struct store_block *block)
{
	uint64_t n = next - reader->expected[class];

	*block = (struct store_block){
		.commit = reader->commit,
		.class = (uint8_t)(class + 1),
		.first = reader->expected[class],
		.n_records = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX,
	};
	reader->expected[class] += block->n_records;
	reader->given = -1;
	return STORE_LOST;
}

static bool is_lost(const struct store_reader *reader, unsigned class, uint64_t next)
{
	return reader->expected[class] > 0 && reader->expected[class] < next;
}

static enum store_read give_part(
	struct store_reader *reader, unsigned class, struct store_block *block)
{
	const struct class_part *part = &reader->parts[class];
	const struct block_front *front = part->front;

	*block = (struct store_block){
		.commit = reader->commit,
		.class = (uint8_t)(class + 1),
		.first = part->first,
		.n_records = part->part->n_records,
		.columns = front->columns + part->at,
		.streams = front->streams,
		.n_streams = front->n_streams,
		.sources = front->sources,
		.n_sources = front->n_sources,
		.gaps = front->gaps + part->gaps_at,
		.n_gaps = part->part->n_gaps,
	};
	reader->expected[class] = part->first + part->part->n_records;
	reader->given = (int)class;
	return STORE_BLOCK;
}

static enum store_read end_commit(struct store_reader *reader, struct store_block *block)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (is_lost(reader, i, reader->next[i]))
			return give_lost(reader, i, reader->next[i], block);
		reader->expected[i] = reader->next[i];
	}
	*block = (struct store_block){.commit = reader->commit};
	reader->position = reader->commit;
	reader->commit = 0;
	reader->given = -1;
	return STORE_COMMIT;
}

enum store_read store_reader_next(
	struct store_reader *reader, struct store_block *block, struct err *err)
{
	if (reader->commit == 0) {
		enum store_read status = next_commit(reader, err);

		if (status != STORE_COMMIT)
			return status;
	}
	for (; reader->class < STORE_CLASSES; reader->class ++) {
		unsigned class = reader->class;

		if (!(reader->present >> class & 1))
			continue;
		if (is_lost(reader, class, reader->parts[class].first))
			return give_lost(reader, class, reader->parts[class].first, block);
		reader->class ++;
		return give_part(reader, class, block);
	}
	return end_commit(reader, block);
}

struct slice store_reader_body(struct store_reader *reader, unsigned i)
{
	if (reader->given < 0)
		return SLICE_NONE;

	const struct class_part *part = &reader->parts[reader->given];
	const struct columns *columns = &part->front->columns[part->at + i];
	struct slice bodies = class_reader_bodies(reader->classes[reader->given]);

	if (slice_absent(bodies))
		return SLICE_NONE;
	return slice_of(bodies.ptr + columns->body_at, columns->body_size);
}
