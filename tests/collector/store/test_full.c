/* A disk that fills up: a small tmpfs, which takes root to mount. */
#include "collector/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/collector/store/fixture.h"

enum { DISK = 384 << 10, BALLAST = 64 << 10, COUNT = 1000, ROUNDS = 2000 };

static bool mount_disk(const struct fixture *fixture)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%d,mode=0700", DISK);
	/* In a namespace of our own, so that nothing stays behind. */
	if (unshare(CLONE_NEWNS) == 0 &&
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("tmpfs", fixture->dir, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0)
		return true;
	fprintf(stderr, "SKIPPED: a full disk cannot be made: %s\n", strerror(errno));
	return false;
}

static void write_ballast(const char *path)
{
	static char zeros[BALLAST];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, zeros, sizeof(zeros)), BALLAST);
	close(fd);
}

/* Stores until a batch is refused; returns the last sequence stored. */
static uint64_t fill(struct fixture *fixture, struct stream stream, uint64_t stored)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		enum batch_outcome outcome =
			fixture_store(fixture, stream, stored + 1, COUNT, (uint8_t)(i % 3));

		if (outcome == BATCH_REFUSED)
			return stored;
		ck_assert_uint_eq(outcome, BATCH_STORED);
		stored += COUNT;
	}
	ck_abort_msg("the disk never filled up");
}

static void expect_all(struct fixture *fixture, uint64_t stored)
{
	struct seen seen;

	fixture_read(fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, stored);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
}

START_TEST(a_full_disk_refuses_and_loses_nothing)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 1);
	struct store_state state;
	char ballast[PATH_MAX + 16];
	uint64_t stored;

	fixture_init(&fixture);
	if (!mount_disk(&fixture)) {
		fixture_done(&fixture);
		return;
	}
	snprintf(ballast, sizeof(ballast), "%s/ballast", fixture.dir);
	write_ballast(ballast);
	fixture.settings.segment_size = 32 << 10;
	fixture_open(&fixture);
	stored = fill(&fixture, stream, 0);
	ck_assert_uint_gt(stored, 0);
	store_state(fixture.store, &state);
	ck_assert(state.refusing);
	ck_assert(!state.failed);
	expect_all(&fixture, stored);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, COUNT, 1), BATCH_DUPLICATE);

	/* There is space again: it goes on by itself. */
	ck_assert_int_eq(unlink(ballast), 0);
	store_settle(fixture.store);
	uint64_t more = fill(&fixture, stream, stored);
	ck_assert_uint_gt(more, stored);
	expect_all(&fixture, more);
	fixture_close(&fixture);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture.recovery.lost_records, 0);
	expect_all(&fixture, more);
	fixture_close(&fixture);
	ck_assert_int_eq(umount2(fixture.dir, MNT_DETACH), 0);
	fixture_done(&fixture);
}
END_TEST

TEST_MAIN("full", a_full_disk_refuses_and_loses_nothing)
