/*
 * What a log says after its files were damaged: original entries and exact losses, nothing
 * else; and it goes on.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/seglog.h"
#include "common/seglog_segment.h"
#include "tests/common/seglog_fixture.h"
#include "tests/support/check.h"

enum { SEGMENT = 600, GROUPS = 4, GROUP = 3, ENTRIES = GROUPS * GROUP };

static const size_t sizes[] = {8, 61, 200, 17};

struct placed {
	uint64_t first;
	uint32_t count;
	uint64_t segment; /* that holds it */
	uint64_t offset, end;
	bool marked; /* a later entry of the segment says that it was durable */
};

static char dir[128];  /* the log as it was closed */
static char work[128]; /* the copy that is damaged */
static struct placed placed[ENTRIES];
static uint64_t next; /* behind the last entry */
static uint64_t last_segment;

static uint64_t second_segment(void)
{
	unsigned i = 0;

	while (placed[i].segment == 1)
		i++;
	return placed[i].segment;
}

/* Entries of several sizes in groups, each group synced at once; several segments. */
static void make_log(void)
{
	snprintf(dir, sizeof(dir), "%s", fixture_dir());
	struct seglog *log = fixture_open(dir, SEGMENT, 0);
	uint64_t at = 0, segment = 0;

	for (unsigned i = 0; i < ENTRIES; i++) {
		size_t len = sizes[i % ARRAY_LEN(sizes)];
		uint64_t first = seglog_next(log);

		fixture_append(log, 1 + i % 3, len);
		if (seglog_segment_first(log) != segment) {
			segment = seglog_segment_first(log);
			at = SEGMENT_HEAD_SIZE;
		}
		placed[i] = (struct placed){.first = first,
			.count = 1 + i % 3,
			.segment = segment,
			.offset = at,
			.end = at + SEGMENT_ENTRY_HEAD_SIZE + len};
		at = placed[i].end;
		if (i % GROUP == GROUP - 1)
			fixture_sync(log);
	}
	for (unsigned i = 0; i < ENTRIES; i++)
		for (unsigned j = i + 1; j < ENTRIES; j++)
			placed[i].marked |=
				placed[j].segment == placed[i].segment && j / GROUP > i / GROUP;
	next = seglog_next(log);
	last_segment = segment;
	ck_assert_uint_gt(last_segment, second_segment());
	seglog_close(log);
}

static void remove_log(void)
{
	fixture_remove(dir);
}

static void copy_log(void)
{
	snprintf(work, sizeof(work), "%s", fixture_dir());
	fixture_copy_dir(dir, work);
}

/* Sequences of entries that the bytes from..to of a segment touch. */
static uint64_t touched(uint64_t segment, uint64_t from, uint64_t to)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ENTRIES; i++)
		if (placed[i].segment == segment && placed[i].offset < to &&
			placed[i].end > from)
			n += placed[i].count;
	return n;
}

/* The damaged copy has lost so much, goes on, and stays so when it is opened again. */
static void check_lost(uint64_t lost)
{
	struct seglog_damage damage;
	struct seglog *log = fixture_open_damaged(work, SEGMENT, &damage);

	ck_assert_uint_eq(seglog_next(log), next);
	struct fixture_seen seen = fixture_see(log, 1);
	ck_assert_uint_eq(seen.next, next);
	ck_assert_uint_eq(seen.lost, lost);
	ck_assert_uint_le(damage.lost_sequences, lost);
	fixture_append(log, 2, 50);
	fixture_sync(log);
	ck_assert_uint_eq(fixture_see(log, 1).lost, lost);
	seglog_close(log);

	log = fixture_open(work, SEGMENT, 0);
	seen = fixture_see(log, 1);
	ck_assert_uint_eq(seen.lost, lost);
	ck_assert_uint_eq(seen.next, next + 2);
	seglog_close(log);
	fixture_remove(work);
}

static void edit(const char *name, size_t at, const void *bytes, size_t len)
{
	FILE *file = fopen(fixture_path(work, name), "r+b");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, (long)at, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static void flip_each_byte(const char *name, uint64_t segment, unsigned char mask)
{
	size_t len;
	unsigned char *bytes = fixture_read(fixture_path(dir, name), &len);

	for (size_t at = 0; at < len; at++) {
		unsigned char flipped = bytes[at] ^ mask;

		copy_log();
		edit(name, at, &flipped, 1);
		check_lost(segment > 0 ? touched(segment, at, at + 1) : 0);
	}
	free(bytes);
}

START_TEST(every_flipped_byte_costs_at_most_its_entry)
{
	char name[SEGMENT_NAME_SIZE];

	make_log();
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (i > 0 && placed[i].segment == placed[i - 1].segment)
			continue;
		segment_name(placed[i].segment, name);
		flip_each_byte(name, placed[i].segment, 0x01);
		flip_each_byte(name, placed[i].segment, 0xff);
	}
	remove_log();
}
END_TEST

START_TEST(no_flipped_byte_of_the_state_costs_anything)
{
	make_log();
	size_t len;
	unsigned char *bytes = fixture_read(fixture_path(dir, "state"), &len);
	ck_assert_uint_eq(len, 8192);
	for (size_t at = 0; at < len; at++) {
		if (at % 4096 >= 64)
			continue;
		unsigned char flipped = bytes[at] ^ 0x10;
		copy_log();
		edit("state", at, &flipped, 1);
		check_lost(0);
	}
	free(bytes);
	remove_log();
}
END_TEST

/* Without the state: what a later entry vouches for is lost, the rest is a torn tail. */
START_TEST(without_state_the_end_is_a_torn_tail)
{
	char name[SEGMENT_NAME_SIZE];

	make_log();
	segment_name(last_segment, name);
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (placed[i].segment != last_segment)
			continue;
		for (uint64_t at = placed[i].offset; at < placed[i].end; at++) {
			struct seglog_damage damage;

			copy_log();
			unlink(fixture_path(work, "state"));
			edit(name, at, "\xee\xee\xee", at + 3 <= placed[i].end ? 3 : 1);
			struct seglog *log = fixture_open_damaged(work, SEGMENT, &damage);
			struct fixture_seen seen = fixture_see(log, 1);
			ck_assert_uint_eq(seen.lost, placed[i].marked ? placed[i].count : 0);
			ck_assert_uint_eq(damage.lost_sequences, seen.lost);
			ck_assert_uint_eq(
				seglog_next(log), placed[i].marked ? next : placed[i].first);
			ck_assert_int_eq(damage.torn_bytes > 0, !placed[i].marked);
			fixture_append(log, 1, 70);
			fixture_sync(log);
			ck_assert_uint_eq(fixture_see(log, 1).lost, seen.lost);
			seglog_close(log);
			fixture_remove(work);
		}
	}
	remove_log();
}
END_TEST

static void truncate_copy(uint64_t segment, size_t len)
{
	ck_assert_int_eq(truncate(fixture_segment(work, segment), (off_t)len), 0);
}

static size_t segment_len(uint64_t segment)
{
	size_t len;

	free(fixture_read(fixture_segment(dir, segment), &len));
	return len;
}

START_TEST(every_truncation_costs_what_was_behind_it)
{
	make_log();
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t segment = placed[i].segment;

		if (i > 0 && segment == placed[i - 1].segment)
			continue;
		for (size_t len = 0; len < segment_len(segment); len++) {
			copy_log();
			truncate_copy(segment, len);
			check_lost(touched(segment, len, UINT64_MAX));
		}
	}
	remove_log();
}
END_TEST

START_TEST(every_torn_tail_is_cut)
{
	make_log();
	for (size_t len = 0; len < segment_len(last_segment); len++) {
		uint64_t kept = len < SEGMENT_HEAD_SIZE ? 0 : SEGMENT_HEAD_SIZE;
		struct seglog_damage damage;

		copy_log();
		unlink(fixture_path(work, "state"));
		truncate_copy(last_segment, len);
		for (unsigned i = 0; i < ENTRIES; i++)
			if (placed[i].segment == last_segment && placed[i].end <= len)
				kept = placed[i].end;
		struct seglog *log = fixture_open_damaged(work, SEGMENT, &damage);
		ck_assert_uint_eq(damage.torn_bytes, len - kept);
		ck_assert_uint_eq(damage.lost_sequences, 0);
		ck_assert_uint_eq(
			next - seglog_next(log), touched(last_segment, len, UINT64_MAX));
		fixture_append(log, 1, 70);
		fixture_sync(log);
		ck_assert_uint_eq(fixture_see(log, 1).lost, 0);
		seglog_close(log);
		fixture_remove(work);
	}
	remove_log();
}
END_TEST

/* Sequences of entries of the first segment that lose more than zeros in from..to. */
static uint64_t without_zeros(const unsigned char *bytes, size_t from, size_t to)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ENTRIES && placed[i].segment == 1; i++) {
		bool changed = false;

		for (size_t at = from; at < to; at++)
			changed |=
				at >= placed[i].offset && at < placed[i].end && bytes[at] != 0;
		n += changed ? placed[i].count : 0;
	}
	return n;
}

START_TEST(zeroed_and_missing_parts_cost_what_they_held)
{
	static const char zeros[SEGMENT];
	char name[SEGMENT_NAME_SIZE];

	make_log();
	segment_name(1, name);
	size_t len;
	unsigned char *bytes = fixture_read(fixture_segment(dir, 1), &len);
	for (size_t from = 0; from < len; from += 13) {
		for (size_t size = 1; from + size <= len; size += 101) {
			copy_log();
			edit(name, from, zeros, size);
			check_lost(without_zeros(bytes, from, from + size));

			/* The part is gone and the rest has moved up. */
			copy_log();
			edit(name, from, bytes + from + size, len - from - size);
			truncate_copy(1, len - size);
			check_lost(touched(1, from, from + size));
		}
	}
	free(bytes);
	remove_log();
}
END_TEST

static uint64_t count_of(uint64_t segment)
{
	return touched(segment, 0, UINT64_MAX);
}

START_TEST(a_missing_segment_is_lost_and_no_other)
{
	make_log();
	copy_log();
	unlink(fixture_segment(work, 1));
	check_lost(count_of(1));
	copy_log();
	unlink(fixture_segment(work, second_segment()));
	check_lost(count_of(second_segment()));
	copy_log();
	unlink(fixture_segment(work, last_segment));
	check_lost(count_of(last_segment));
	/* All of them: the state knows where to go on. */
	copy_log();
	for (uint64_t first = 1; first < next; first++)
		unlink(fixture_segment(work, first));
	check_lost(next - 1);
	remove_log();
}
END_TEST

START_TEST(an_empty_segment_is_set_aside)
{
	make_log();
	for (unsigned i = 0; i < 3; i++) {
		static const size_t lens[] = {0, 10, SEGMENT_HEAD_SIZE};
		struct seglog_damage damage;

		copy_log();
		truncate_copy(second_segment(), lens[i]);
		struct seglog *log = fixture_open_damaged(work, SEGMENT, &damage);
		ck_assert_uint_eq(damage.foreign_segments, lens[i] < SEGMENT_HEAD_SIZE);
		seglog_close(log);
		check_lost(count_of(second_segment()));
	}
	remove_log();
}
END_TEST

START_TEST(swapped_segments_find_their_place)
{
	make_log();
	for (unsigned i = 0; i < 2; i++) {
		uint64_t other = i == 0 ? second_segment() : last_segment;

		copy_log();
		rename(fixture_segment(work, 1), fixture_path(work, "x"));
		rename(fixture_segment(work, other), fixture_segment(work, 1));
		rename(fixture_path(work, "x"), fixture_segment(work, other));
		check_lost(0);
	}
	/* A move that was interrupted half-way. */
	copy_log();
	char moving[64];
	snprintf(moving, sizeof(moving), "%020llu.seg.moving",
		(unsigned long long)second_segment());
	rename(fixture_segment(work, second_segment()), fixture_path(work, moving));
	check_lost(0);
	remove_log();
}
END_TEST

START_TEST(a_second_copy_of_a_segment_is_set_aside)
{
	make_log();
	copy_log();
	size_t len;
	unsigned char *bytes = fixture_read(fixture_segment(dir, 1), &len);
	fixture_write(fixture_segment(work, next + 1000), bytes, len);
	free(bytes);
	check_lost(0);
	remove_log();
}
END_TEST

START_TEST(another_logs_segments_are_set_aside)
{
	make_log();
	copy_log();
	char mine[128];
	snprintf(mine, sizeof(mine), "%s", dir);
	make_log(); /* the same content under another id */
	size_t len;
	unsigned char *bytes = fixture_read(fixture_segment(dir, second_segment()), &len);
	fixture_write(fixture_segment(work, second_segment()), bytes, len);
	fixture_write(fixture_segment(work, next + 5), "not a segment at all", 20);
	struct seglog_damage damage;
	struct seglog *log = fixture_open_damaged(work, SEGMENT, &damage);
	ck_assert_uint_eq(damage.foreign_segments, 1);
	ck_assert_uint_eq(damage.torn_bytes, 20);
	seglog_close(log);
	char bad[SEGMENT_NAME_SIZE + 4];
	segment_name(second_segment(), bad);
	memcpy(bad + SEGMENT_NAME_SIZE - 1, ".bad", 5);
	ck_assert_int_eq(access(fixture_path(work, bad), F_OK), 0);
	check_lost(count_of(second_segment()));
	free(bytes);
	remove_log();
	fixture_remove(mine);
}
END_TEST

START_TEST(what_is_no_file_is_no_segment)
{
	make_log();
	copy_log();
	ck_assert_int_eq(symlink("/etc/passwd", fixture_segment(work, next + 7)), 0);
	check_lost(0);
	remove_log();
}
END_TEST

START_TEST(a_state_file_may_be_old_missing_short_or_torn)
{
	size_t len;

	make_log();
	unsigned char *old = fixture_read(fixture_path(dir, "state"), &len);
	struct seglog *log = fixture_open(dir, SEGMENT, 0);
	struct err err;
	ck_assert(seglog_release(log, last_segment - 1, &err));
	uint64_t first = seglog_first(log);
	ck_assert_uint_eq(first, last_segment);
	seglog_close(log);

	for (unsigned i = 0; i < 6; i++) {
		copy_log();
		const char *state = fixture_path(work, "state");
		switch (i) {
		case 0:
			fixture_write(state, old, len);
			break;
		case 1:
			unlink(state);
			break;
		case 2:
			ck_assert_int_eq(truncate(state, 4000), 0);
			break;
		case 3:
			ck_assert_int_eq(truncate(state, 0), 0);
			break;
		case 4:
			edit("state", 30, "torn", 4);
			break;
		default:
			edit("state", 4096 + 30, "torn", 4);
		}
		log = fixture_open(work, SEGMENT, 0);
		ck_assert_uint_eq(seglog_next(log), next);
		/* The old one knows of less; all others of the last segment's head or better.
		 */
		ck_assert_uint_eq(seglog_released(log), i == 0 ? 0 : last_segment - 1);
		ck_assert_uint_eq(fixture_see(log, first).lost, 0);
		seglog_close(log);
		check_lost(first - 1);
	}
	free(old);
	remove_log();
}
END_TEST

START_TEST(the_newer_slot_of_the_state_holds)
{
	make_log();
	struct seglog *log = fixture_open(dir, SEGMENT, 0);
	for (uint64_t released = 1; released <= 3; released++) {
		struct err err;

		ck_assert(seglog_release(log, released, &err));
		copy_log(); /* as if the program had been killed now */
		struct seglog *after = fixture_open(work, SEGMENT, 0);
		ck_assert_uint_eq(seglog_released(after), released);
		seglog_close(after);
		fixture_remove(work);
	}
	seglog_close(log);
	remove_log();
}
END_TEST

START_TEST(what_the_state_knows_to_be_released_is_not_lost)
{
	struct seglog_damage damage;
	struct err err;

	make_log();
	copy_log();
	struct seglog *log = fixture_open(work, SEGMENT, 0);
	for (unsigned i = 0; i < 50; i++)
		fixture_append(log, 1, 10);
	fixture_sync(log);
	ck_assert(seglog_release(log, next + 49, &err));
	seglog_close(log);
	/* The state of the log as it became over the segments from before. */
	size_t len;
	unsigned char *bytes = fixture_read(fixture_path(work, "state"), &len);
	fixture_remove(work);
	copy_log();
	fixture_write(fixture_path(work, "state"), bytes, len);
	free(bytes);
	log = fixture_open_damaged(work, SEGMENT, &damage);
	ck_assert_uint_eq(damage.lost_sequences, 0);
	ck_assert_uint_eq(seglog_next(log), next + 50);
	seglog_close(log);
	fixture_remove(work);
	remove_log();
}
END_TEST

static struct seglog *open_knowing(
	const unsigned char *id, uint64_t durable, struct seglog_damage *damage)
{
	const struct seglog_settings settings = {
		.dir = work, .segment_size = SEGMENT, .known_id = id, .known_durable = durable};
	struct err err;
	struct seglog *log = seglog_open(&settings, damage, &err);

	ck_assert_msg(log != NULL, "%s", err.text);
	return log;
}

/* The program was killed, so the state is old; then the last entry is damaged. */
START_TEST(what_the_user_knows_to_be_durable_is_no_torn_tail)
{
	unsigned char id[SEGLOG_ID_SIZE], other[SEGLOG_ID_SIZE] = {1};
	const struct {
		const unsigned char *id;
		uint64_t lost;
	} cases[] = {{id, 1}, {other, 0}, {NULL, 0}};

	make_log();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct placed *last = &placed[ENTRIES - 1];
		struct seglog_damage damage;
		char name[SEGMENT_NAME_SIZE];

		copy_log();
		struct seglog *log = fixture_open(work, SEGMENT, 0);
		memcpy(id, seglog_id(log), sizeof(id));
		seglog_close(log);
		unlink(fixture_path(work, "state"));
		segment_name(last->segment, name);
		edit(name, last->end - 1, "\x55", 1);
		log = open_knowing(cases[i].id, next - 1, &damage);
		ck_assert_uint_eq(damage.lost_ranges, cases[i].lost);
		ck_assert_uint_eq(damage.lost_sequences, cases[i].lost * last->count);
		ck_assert_uint_eq(damage.torn_bytes > 0, cases[i].lost == 0);
		ck_assert_uint_eq(seglog_next(log), cases[i].lost > 0 ? next : last->first);
		ck_assert_uint_eq(fixture_see(log, 1).lost, damage.lost_sequences);
		seglog_close(log);
		fixture_remove(work);
	}
	remove_log();
}
END_TEST

START_TEST(a_payload_that_looks_like_an_entry_is_none)
{
	/* A whole segment of another log as payload, and this log's own first entry. */
	make_log();
	size_t len, own_len;
	unsigned char *other = fixture_read(fixture_segment(dir, 1), &len);
	snprintf(work, sizeof(work), "%s", fixture_dir());
	struct seglog *log = fixture_open(work, 16 << 20, 0);
	struct err err;

	fixture_append(log, 1, 100);
	fixture_sync(log);
	unsigned char *own = fixture_read(fixture_segment(work, 1), &own_len);
	struct slice parts[] = {slice_of(other, len), slice_of(own, own_len)};
	ck_assert_int_eq(seglog_append(log, 0, 1, parts, 2, &err), SEGLOG_OK);
	fixture_append(log, 1, 100);
	fixture_sync(log);
	seglog_close(log);

	/* With its head damaged, the reader has to search through the payload. */
	size_t whole;
	unsigned char *bytes = fixture_read(fixture_segment(work, 1), &whole);
	bytes[own_len + 5] ^= 1;
	fixture_write(fixture_segment(work, 1), bytes, whole);
	next = 4;
	check_lost(1);
	free(bytes);
	free(own);
	free(other);
	remove_log();
}
END_TEST

START_TEST(an_entry_that_comes_again_is_no_new_end)
{
	char name[SEGMENT_NAME_SIZE];
	struct seglog_damage damage;
	size_t len;

	make_log();
	copy_log();
	segment_name(last_segment, name);
	unsigned char *bytes = fixture_read(fixture_segment(dir, last_segment), &len);
	unsigned i = 0;
	while (placed[i].segment != last_segment)
		i++;
	edit(name, len, bytes + placed[i].offset, placed[i].end - placed[i].offset);
	unlink(fixture_path(work, "state"));
	struct seglog *log = fixture_open_damaged(work, SEGMENT, &damage);
	ck_assert_uint_eq(seglog_next(log), next);
	ck_assert_uint_eq(damage.torn_bytes, placed[i].end - placed[i].offset);
	seglog_close(log);
	check_lost(0);
	free(bytes);
	remove_log();
}
END_TEST

START_TEST(random_damage_never_gives_a_wrong_entry)
{
	uint64_t random = 88172645463325252u;

	make_log();
	for (unsigned round = 0; round < 800; round++) {
		copy_log();
		for (unsigned i = 0; i < 1 + round % 4; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;

			unsigned victim = (unsigned)(random % ENTRIES);
			char name[SEGMENT_NAME_SIZE];
			segment_name(placed[victim].segment, name);
			size_t len = segment_len(placed[victim].segment);
			edit(name, (random >> 8) % len, &random, 1 + (random >> 40) % 8);
			if (round % 5 == 0)
				unlink(fixture_path(work, "state"));
		}
		struct seglog *log = fixture_open(work, SEGMENT, 0);
		struct fixture_seen seen = fixture_see(log, 1);
		ck_assert_uint_eq(seen.next, seglog_next(log));
		fixture_append(log, 1, 100);
		fixture_sync(log);
		ck_assert_uint_eq(fixture_see(log, 1).lost, seen.lost);
		seglog_close(log);
		fixture_remove(work);
	}
	remove_log();
}
END_TEST

TEST_MAIN("seglog_damage", every_flipped_byte_costs_at_most_its_entry,
	no_flipped_byte_of_the_state_costs_anything, without_state_the_end_is_a_torn_tail,
	every_truncation_costs_what_was_behind_it, every_torn_tail_is_cut,
	zeroed_and_missing_parts_cost_what_they_held, a_missing_segment_is_lost_and_no_other,
	an_empty_segment_is_set_aside, swapped_segments_find_their_place,
	a_second_copy_of_a_segment_is_set_aside, another_logs_segments_are_set_aside,
	what_is_no_file_is_no_segment, a_state_file_may_be_old_missing_short_or_torn,
	the_newer_slot_of_the_state_holds, what_the_state_knows_to_be_released_is_not_lost,
	what_the_user_knows_to_be_durable_is_no_torn_tail,
	a_payload_that_looks_like_an_entry_is_none, an_entry_that_comes_again_is_no_new_end,
	random_damage_never_gives_a_wrong_entry)
