/*
 * The store is killed at random moments under load, again and again: what was
 * acknowledged is there exactly once and in order, and nothing is there that
 * was not sent. SOC_KILLS sets how often (the suite's own number is small).
 */
#include "collector/store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/collector/store/fixture.h"

enum { HOSTS = 5, KILLS = 6, BATCHES_OUT = 12 };

struct acked {
	uint32_t host;
	uint64_t stored;
};

static struct fixture child;
static int acks_fd;
static uint64_t child_next[HOSTS + 1];

static void on_home(struct batch *batch)
{
	struct acked acked = {.host = batch->stream.host, .stored = batch->stored};

	if (batch->outcome == BATCH_STORED)
		(void)!write(acks_fd, &acked, sizeof(acked));
	pthread_mutex_lock(&child.lock);
	child.n_out--;
	pthread_cond_signal(&child.came_home);
	pthread_mutex_unlock(&child.lock);
	fixture_free(batch);
}

static void send_one(uint32_t host, unsigned *random)
{
	*random = *random * 1103515245u + 12345u;
	uint32_t count = 1 + (*random >> 16) % 40;
	uint8_t level = (uint8_t)((*random >> 8) % 3 * 2); /* 0 = all classes, 2, 4 */
	struct batch *batch =
		fixture_batch(&child, fixture_stream(host, 1), child_next[host], count, level);

	batch->send_home = on_home;
	child_next[host] += count;
	pthread_mutex_lock(&child.lock);
	while (child.n_out >= BATCHES_OUT)
		pthread_cond_wait(&child.came_home, &child.lock);
	child.n_out++;
	pthread_mutex_unlock(&child.lock);
	store_submit(child.store, batch);
}

/* Sends until it is killed. */
static void run_child(const struct fixture *parent, int fd, unsigned round)
{
	unsigned random = round * 77 + 1;

	acks_fd = fd;
	child.settings = parent->settings;
	pthread_mutex_init(&child.lock, NULL);
	pthread_cond_init(&child.came_home, NULL);
	fixture_open(&child);
	for (uint32_t host = 1; host <= HOSTS; host++) {
		struct stream stream = fixture_stream(host, 1);
		struct stream_position position = {0};

		(void)!store_stream(child.store, &stream, &position);
		child_next[host] = position.stored + 1;
	}
	for (;;) {
		for (uint32_t host = 1; host <= HOSTS; host++)
			send_one(host, &random);
	}
}

/* Kills the child some time after its first acknowledgement; fills what it acknowledged. */
static void run_and_kill(const struct fixture *fixture, unsigned round, uint64_t *acked)
{
	int fds[2];
	struct acked one;
	bool armed = false;

	ck_assert_int_eq(pipe(fds), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fds[0]);
		run_child(fixture, fds[1], round);
		_exit(1);
	}
	close(fds[1]);
	int64_t kill_at = 0;
	while (read(fds[0], &one, sizeof(one)) == sizeof(one)) {
		if (acked[one.host] < one.stored)
			acked[one.host] = one.stored;
		if (!armed)
			kill_at = clock_mono_ns() + round * 7919 % 97 * CLOCK_NS_PER_MS;
		armed = true;
		if (kill_at > 0 && clock_mono_ns() >= kill_at) {
			kill(pid, SIGKILL);
			kill_at = 0;
		}
	}
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(armed);
}

static void check(struct fixture *fixture, const uint64_t *acked)
{
	struct seen seen;
	uint64_t total = 0;

	fixture_open(fixture);
	ck_assert_uint_eq(fixture->recovery.lost_records, 0);
	fixture_read(fixture, 0, &seen);
	for (uint32_t host = 1; host <= HOSTS; host++) {
		struct stream stream = fixture_stream(host, 1);
		struct stream_position position = {0};

		(void)!store_stream(fixture->store, &stream, &position);
		ck_assert_uint_ge(position.stored, acked[host]);
		ck_assert_uint_eq(position.records, position.stored);
		ck_assert_uint_eq(position.lost, 0);
		for (uint64_t n = 1; n <= position.stored; n++)
			ck_assert_msg(seen_count(&seen, stream, n) == 1,
				"host %u sequence %" PRIu64, host, n);
		total += position.stored;
	}
	ck_assert_uint_eq(seen.n_records, total);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
	fixture_close(fixture);
}

START_TEST(what_was_acknowledged_survives_kills)
{
	struct fixture fixture;
	uint64_t acked[HOSTS + 1] = {0};
	unsigned kills = KILLS;

	if (getenv("SOC_KILLS") != NULL)
		kills = (unsigned)strtoul(getenv("SOC_KILLS"), NULL, 10);
	fixture_init(&fixture);
	fixture.settings.segment_size = 16 << 10;
	for (unsigned round = 0; round < kills; round++) {
		run_and_kill(&fixture, round, acked);
		check(&fixture, acked);
	}
	fixture_done(&fixture);
}
END_TEST

TEST_MAIN("crash", what_was_acknowledged_survives_kills)
