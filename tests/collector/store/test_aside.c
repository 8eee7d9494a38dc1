/* What export and verify-store do: reading the folder of a store that runs, while segments are
 * closed, sealed and unlinked under the reader. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "collector/store/store.h"
#include "collector/store/verify.h"
#include "tests/collector/store/fixture.h"

enum { BATCHES = 120, COUNT = 40, SEGMENT_SIZE = 3000 };

static struct fixture fixture;
static _Atomic bool sender_done;

static void *send_all(void *user)
{
	struct stream stream = fixture_stream(1, 1);

	(void)user;
	for (unsigned i = 0; i < BATCHES; i++) {
		/* Level 0: the classes change from record to record. */
		fixture_send(&fixture,
			fixture_batch(&fixture, stream, i * COUNT + 1, COUNT, i % 3 ? 0 : 2));
		fixture_wait(&fixture);
		fixture_free_home(&fixture);
	}
	sender_done = true;
	return NULL;
}

static pthread_t start_sending(void)
{
	pthread_t thread;

	fixture_init(&fixture);
	fixture.settings.segment_size = SEGMENT_SIZE;
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, fixture_stream(9, 1), 1, 5, 0), BATCH_STORED);
	sender_done = false;
	ck_assert_int_eq(pthread_create(&thread, NULL, send_all, NULL), 0);
	return thread;
}

/* All that was durable when it began, but perhaps the last commit; nothing twice, nothing
 * lost. */
static void read_once(void)
{
	uint64_t position = store_position(fixture.store);
	struct seen seen;

	fixture_read_dir(fixture.dir, 0, &seen);
	ck_assert_uint_eq(seen.n_lost, 0);
	ck_assert_uint_eq(seen.n_bad_bodies, 0);
	ck_assert_uint_ge(seen.position + 1, position);
	ck_assert_uint_eq(seen.n_records, 5 + (seen.position - 1) * COUNT);
	seen_done(&seen);
}

START_TEST(a_folder_is_read_whole_while_its_store_runs)
{
	pthread_t sender = start_sending();

	while (!sender_done)
		read_once();
	pthread_join(sender, NULL);
	read_once();
	fixture_done(&fixture);
}
END_TEST

static void wait_for_position(uint64_t position)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t wakes;

	store_notify(fixture.store, fd);
	while (store_position(fixture.store) < position)
		(void)!read(fd, &wakes, sizeof(wakes));
	store_notify_stop(fixture.store, fd);
	close(fd);
}

/* Slow ones find nothing as it was when they began. */
START_TEST(a_reader_that_is_overtaken_goes_on_in_sealed_segments)
{
	pthread_t sender = start_sending();
	struct seen seen[4] = {0};
	struct store_reader *readers[4];
	struct err err = {0};

	for (unsigned i = 0; i < ARRAY_LEN(readers); i++) {
		wait_for_position(i * BATCHES / 5 + 2);
		readers[i] = store_reader_open_dir(fixture.dir, 0, &err);
		ck_assert_msg(readers[i] != NULL, "%s", err.text);
	}
	pthread_join(sender, NULL);
	store_settle(fixture.store);
	for (unsigned i = 0; i < ARRAY_LEN(readers); i++) {
		fixture_read_on(readers[i], &seen[i]);
		ck_assert_uint_eq(seen[i].n_lost, 0);
		ck_assert_uint_ge(seen[i].position, i * BATCHES / 5 + 1);
		ck_assert_uint_eq(seen[i].n_records, 5 + (seen[i].position - 1) * COUNT);
		store_reader_close(readers[i]);
		seen_done(&seen[i]);
	}
	fixture_done(&fixture);
}
END_TEST

static void say(void *user, const struct store_fault *fault)
{
	(void)user;
	ck_abort_msg(
		"%s:%llu: %s", fault->file, (unsigned long long)fault->offset, fault->what);
}

START_TEST(a_store_that_runs_is_verified_without_a_fault)
{
	pthread_t sender = start_sending();
	const struct store_verify_user user = {say, NULL, NULL};
	struct store_verified verified;
	struct err err = {0};

	while (!sender_done)
		ck_assert_msg(
			store_verify(fixture.dir, &user, &verified, &err), "%s", err.text);
	pthread_join(sender, NULL);
	store_settle(fixture.store);
	ck_assert(store_verify(fixture.dir, &user, &verified, &err));
	ck_assert_uint_eq(store_verified_records(&verified), 5 + BATCHES * COUNT);
	fixture_done(&fixture);
}
END_TEST

TEST_MAIN("aside", a_folder_is_read_whole_while_its_store_runs,
	a_reader_that_is_overtaken_goes_on_in_sealed_segments,
	a_store_that_runs_is_verified_without_a_fault)
