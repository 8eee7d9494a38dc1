/* Several threads submit, several read along, one looks at the ledger, while segments are
 * sealed and the oldest removed. Run under the thread sanitizer. */
#include "collector/store/store.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/collector/store/fixture.h"

enum { SENDERS = 3, READERS = 3, BATCHES = 40, COUNT = 15 };

static struct fixture fixture;
static _Atomic bool senders_done;

static void *send_all(void *user)
{
	struct stream stream = fixture_stream((uint32_t)(uintptr_t)user, 1);

	for (unsigned i = 0; i < BATCHES; i++) {
		/* Every third comes twice, as after a lost acknowledgement. */
		for (unsigned again = 0; again < (i % 3 == 0 ? 2u : 1u); again++)
			fixture_send(&fixture, fixture_batch(&fixture, stream, i * COUNT + 1,
						       COUNT, (uint8_t)(i % 4)));
	}
	return NULL;
}

static void *read_along(void *user)
{
	struct err err;
	struct store_reader *reader = store_reader_open(fixture.store, 0, &err);
	struct seen *seen = user;
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t wakes;

	store_notify(fixture.store, fd);
	for (bool last = false; !last;) {
		/* Seen before reading: what came before is read in this round. */
		last = senders_done;
		fixture_read_on(reader, seen);
		if (!last)
			(void)!read(fd, &wakes, sizeof(wakes));
	}
	store_notify_stop(fixture.store, fd);
	close(fd);
	store_reader_close(reader);
	return NULL;
}

static bool count_stream(
	void *user, const struct stream *stream, const struct stream_position *position)
{
	(void)stream;
	*(uint64_t *)user += position->stored;
	return true;
}

static void *look_around(void *user)
{
	struct store_state state;
	struct store_chain_head heads[STORE_CLASSES];

	(void)user;
	while (!senders_done) {
		uint64_t stored = 0;

		store_ledger(fixture.store, count_stream, &stored);
		ck_assert_uint_le(stored, SENDERS * BATCHES * COUNT);
		store_state(fixture.store, &state);
		store_chain_heads(fixture.store, heads);
		store_settle(fixture.store);
	}
	return NULL;
}

START_TEST(submitters_readers_and_the_sealer_together)
{
	pthread_t senders[SENDERS], readers[READERS], watcher;
	struct seen seen[READERS] = {0};
	struct store_state state;

	fixture_init(&fixture);
	fixture.settings.segment_size = 8192;
	fixture_open(&fixture);
	senders_done = false;
	for (unsigned i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_along, &seen[i]), 0);
	ck_assert_int_eq(pthread_create(&watcher, NULL, look_around, NULL), 0);
	for (uintptr_t i = 0; i < SENDERS; i++)
		ck_assert_int_eq(
			pthread_create(&senders[i], NULL, send_all, (void *)(i + 1)), 0);
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	fixture_wait(&fixture);
	fixture_free_home(&fixture);
	senders_done = true;
	/* One commit more wakes readers that wait. */
	ck_assert_uint_eq(fixture_store(&fixture, fixture_stream(9, 1), 1, 1, 1), BATCH_STORED);
	pthread_join(watcher, NULL);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(readers[i], NULL);
		ck_assert_uint_ge(seen[i].n_records, SENDERS * BATCHES * COUNT);
		ck_assert_uint_eq(seen[i].n_lost, 0);
		seen_done(&seen[i]);
	}
	store_state(fixture.store, &state);
	ck_assert_uint_eq(state.records, SENDERS * BATCHES * COUNT + 1);
	ck_assert_uint_eq(state.duplicates, SENDERS * ((BATCHES + 2) / 3) * COUNT);
	fixture_done(&fixture);
}
END_TEST

TEST_MAIN("threads", submitters_readers_and_the_sealer_together)
