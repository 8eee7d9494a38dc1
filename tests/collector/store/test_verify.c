#include "collector/store/verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/collector/store/fixture.h"

enum {
	FLIPS = 400,
	SEGMENT_HEADS = 128, /* a running segment has its head twice, and needs one */
};

struct found {
	unsigned n;
	uint8_t class;
	char file[PATH_MAX];
	uint64_t offset;
	char what[128];
};

static void on_fault(void *user, const struct store_fault *fault)
{
	struct found *found = user;

	if (found->n++ > 0)
		return;
	found->class = fault->class;
	found->offset = fault->offset;
	snprintf(found->file, sizeof(found->file), "%s", fault->file);
	snprintf(found->what, sizeof(found->what), "%s", fault->what);
}

static struct found verify(const struct fixture *fixture, struct store_verified *verified)
{
	struct found found = {0};
	struct err err;

	const struct store_verify_user user = {on_fault, NULL, &found};

	ck_assert_msg(store_verify(fixture->dir, &user, verified, &err), "%s", err.text);
	ck_assert_uint_eq(found.n, verified->faults);
	return found;
}

static void expect_intact(const struct fixture *fixture, uint64_t n_records)
{
	struct store_verified verified;
	struct found found = verify(fixture, &verified);

	ck_assert_msg(found.n == 0, "%s:%llu: %s", found.file, (unsigned long long)found.offset,
		found.what);
	ck_assert_uint_eq(store_verified_records(&verified), n_records);
}

/* Two classes, sealed and running segments. */
static void fill(struct fixture *fixture)
{
	struct stream stream = fixture_stream(1, 99);

	fixture_init(fixture);
	fixture->settings.segment_size = 4096;
	fixture_open(fixture);
	for (unsigned i = 0; i < 40; i++)
		ck_assert_uint_eq(fixture_store(fixture, stream, i * 20 + 1, 20,
					  (uint8_t)(i % 4 == 0 ? 4 : 2)),
			BATCH_STORED);
	store_settle(fixture->store);
}

static long file_size(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (long)st.st_size;
}

static void flip_byte(const char *path, long at, int bit)
{
	int fd = open(path, O_RDWR);
	unsigned char byte;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= (unsigned char)(1 << bit);
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

START_TEST(an_intact_store_has_no_fault_running_or_not)
{
	struct fixture fixture;
	struct store_verified verified;
	struct store_chain_head heads[STORE_CLASSES];

	fill(&fixture);
	expect_intact(&fixture, 800);
	store_chain_heads(fixture.store, heads);
	fixture_close(&fixture);
	verify(&fixture, &verified);
	ck_assert_uint_eq(verified.faults, 0);
	ck_assert_uint_gt(verified.classes[1].sealed, 1);
	ck_assert_uint_eq(verified.classes[1].running, 1);
	ck_assert_uint_eq(verified.classes[1].records, 600);
	ck_assert_uint_eq(verified.classes[3].records, 200);
	ck_assert_uint_eq(verified.classes[3].first_commit, 1);
	ck_assert_uint_eq(verified.classes[1].first_commit, 2);
	ck_assert_uint_eq(verified.classes[1].last_commit, 40);
	ck_assert_uint_eq(verified.classes[0].records, 0);
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		ck_assert_uint_eq(verified.classes[i].head.commit, heads[i].commit);
		ck_assert_mem_eq(verified.classes[i].head.sha256, heads[i].sha256, 32);
	}
	fixture_done(&fixture);
}
END_TEST

/* Any byte of a sealed segment, and of the blocks of a running one. */
static void expect_found(const struct fixture *fixture, const char *path, long at, int bit)
{
	struct store_verified verified;

	flip_byte(path, at, bit);
	struct found found = verify(fixture, &verified);
	flip_byte(path, at, bit);
	ck_assert_msg(found.n > 0, "%s:%ld bit %d is not found", path, at, bit);
	ck_assert_str_eq(found.file, path);
	ck_assert_msg(found.offset <= (uint64_t)at, "%s:%ld is named as %llu", path, at,
		(unsigned long long)found.offset);
}

START_TEST(every_flipped_byte_is_found_and_named)
{
	struct fixture fixture;
	unsigned random = 7;
	char paths[2][PATH_MAX];

	fill(&fixture);
	fixture_close(&fixture);
	ck_assert(fixture_file(&fixture, 2, ".sealed", paths[0]));
	ck_assert(fixture_file(&fixture, 2, ".seg", paths[1]));
	for (unsigned i = 0; i < FLIPS; i++) {
		const char *path = paths[i % 2];
		long skip = i % 2 ? SEGMENT_HEADS : 0;

		random = random * 1103515245u + 12345u;
		expect_found(&fixture, path,
			skip + (long)((random >> 8) % (unsigned long)(file_size(path) - skip)),
			(int)(random >> 5 & 7));
	}
	expect_intact(&fixture, 800);
	fixture_done(&fixture);
}
END_TEST

START_TEST(a_missing_or_foreign_segment_is_found)
{
	struct fixture fixture, other;
	struct store_verified verified;
	char path[PATH_MAX], aside[PATH_MAX + 8], foreign[PATH_MAX];

	fill(&fixture);
	fill(&other);
	fixture_close(&fixture);
	fixture_close(&other);
	ck_assert(fixture_file(&fixture, 2, ".sealed", path));
	snprintf(aside, sizeof(aside), "%s.gone", path);
	ck_assert_int_eq(rename(path, aside), 0);
	ck_assert_uint_gt(verify(&fixture, &verified).n, 0);
	/* Under the same name, of another store. */
	ck_assert(fixture_file(&other, 2, ".sealed", foreign));
	ck_assert_int_eq(rename(foreign, path), 0);
	struct found found = verify(&fixture, &verified);
	ck_assert_uint_gt(found.n, 0);
	ck_assert_str_eq(found.file, path);
	ck_assert_int_eq(rename(aside, path), 0);
	expect_intact(&fixture, 800);
	fixture_done(&fixture);
	fixture_done(&other);
}
END_TEST

START_TEST(a_class_cut_at_its_end_is_found)
{
	struct fixture fixture;
	struct store_verified verified;
	char path[PATH_MAX];

	fill(&fixture);
	fixture_close(&fixture);
	ck_assert(fixture_file(&fixture, 4, ".seg", path));
	ck_assert_int_eq(truncate(path, SEGMENT_HEADS), 0);
	ck_assert(fixture_file(&fixture, 4, "state", path));
	ck_assert_int_eq(unlink(path), 0);
	struct found found = verify(&fixture, &verified);
	ck_assert_uint_gt(found.n, 0);
	ck_assert_uint_eq(found.class, 4);
	fixture_done(&fixture);
}
END_TEST

START_TEST(what_retention_removed_is_no_fault_but_its_entry_counts)
{
	struct fixture fixture;
	struct store_verified verified;
	char path[PATH_MAX];

	fill(&fixture);
	fixture_close(&fixture);
	fixture.settings.classes[1].keep_bytes = 3000;
	fixture_open(&fixture);
	store_settle(fixture.store);
	fixture_close(&fixture);
	ck_assert_uint_eq(verify(&fixture, &verified).n, 0);
	ck_assert_uint_gt(verified.classes[1].removed, 0);
	ck_assert_uint_lt(store_verified_records(&verified), 800);
	ck_assert(fixture_file(&fixture, 2, "removed", path));
	for (long at = 0; at < file_size(path); at += 11) {
		flip_byte(path, at, 3);
		ck_assert_uint_gt(verify(&fixture, &verified).n, 0);
		flip_byte(path, at, 3);
	}
	fixture_done(&fixture);
}
END_TEST

static void ignore_fault(void *user, const struct store_fault *fault)
{
	fprintf(stderr, "%s:%llu: %s\n", fault->file, (unsigned long long)fault->offset,
		fault->what);
	(*(unsigned *)user)++;
}

START_TEST(a_store_under_load_has_no_fault)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct store_verified verified;
	struct err err;
	unsigned n_faults = 0;
	const struct store_verify_user user = {ignore_fault, NULL, &n_faults};

	fixture_init(&fixture);
	fixture.settings.segment_size = 4096;
	fixture.settings.classes[2].keep_bytes = 9000;
	fixture_open(&fixture);
	for (unsigned i = 0; i < 60; i++) {
		for (unsigned j = 0; j < 4; j++)
			fixture_send(
				&fixture, fixture_batch(&fixture, stream, (i * 4 + j) * 20 + 1,
						  20, (uint8_t)(j % 3)));
		ck_assert_msg(
			store_verify(fixture.dir, &user, &verified, &err), "%s", err.text);
		ck_assert_uint_eq(n_faults, 0);
		fixture_wait(&fixture);
		fixture_free_home(&fixture);
	}
	fixture_done(&fixture);
}
END_TEST

TEST_MAIN("verify", an_intact_store_has_no_fault_running_or_not,
	every_flipped_byte_is_found_and_named, a_missing_or_foreign_segment_is_found,
	a_class_cut_at_its_end_is_found,
	what_retention_removed_is_no_fault_but_its_entry_counts,
	a_store_under_load_has_no_fault)
