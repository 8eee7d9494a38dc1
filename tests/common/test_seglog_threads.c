#include "common/seglog.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "tests/common/seglog_fixture.h"
#include "tests/support/check.h"

enum { READERS = 3, ENTRIES = 6000, SEGMENT = 16 * 1024 };

struct reader {
	struct seglog *log;
	bool hurried; /* reads everything; the others seek about */
	_Atomic uint64_t reached;
	uint64_t entries, lost;
	bool wrong;
};

/* Reads what is durable until the last entry came. */
static void *read_all(void *user)
{
	struct reader *reader = user;
	struct err err;
	struct seglog_cursor *cursor = seglog_cursor_open(reader->log, 1);
	struct seglog_entry entry;
	uint64_t next = 1;

	while (next <= ENTRIES) {
		switch (seglog_cursor_next(cursor, &entry, &err)) {
		case SEGLOG_ENTRY:
			reader->entries++;
			reader->wrong |= entry.first != next || !fixture_right(&entry) ||
					 entry.first > seglog_durable(reader->log);
			next = entry.first + entry.count;
			break;
		case SEGLOG_LOST: /* released before it was read */
			reader->lost += entry.count;
			reader->wrong |=
				entry.first != next || next > seglog_released(reader->log);
			next = entry.first + entry.count;
			break;
		case SEGLOG_END:
			sched_yield();
			break;
		case SEGLOG_READ_FAILED:
			reader->wrong = true;
			next = ENTRIES + 1;
		}
		atomic_store(&reader->reached, next - 1);
		if (!reader->hurried && reader->entries % 500 == 499) {
			seglog_cursor_seek(cursor, 1 + next / 2);
			seglog_cursor_seek(cursor, next);
		}
	}
	seglog_cursor_close(cursor);
	return NULL;
}

START_TEST(cursors_in_other_threads_see_every_entry_once)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SEGMENT, 0);
	struct reader readers[READERS] = {0};
	pthread_t threads[READERS];
	struct err err;

	for (unsigned i = 0; i < READERS; i++) {
		readers[i].log = log;
		readers[i].hurried = i == 0;
		pthread_create(&threads[i], NULL, read_all, &readers[i]);
	}
	for (unsigned i = 0; i < ENTRIES; i++) {
		fixture_append(log, 1, 20 + i % 200);
		if (i % 7 == 0)
			fixture_sync(log);
		if (i % 100 == 99)
			ck_assert(seglog_release(log, atomic_load(&readers[0].reached), &err));
	}
	fixture_sync(log);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < READERS; i++) {
		ck_assert(!readers[i].wrong);
		ck_assert_uint_eq(readers[i].entries + readers[i].lost, ENTRIES);
	}
	/* What the first had read was released: it lost nothing. */
	ck_assert_uint_eq(readers[0].lost, 0);
	ck_assert_uint_gt(seglog_first(log), 1);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

TEST_MAIN("seglog_threads", cursors_in_other_threads_see_every_entry_once)
