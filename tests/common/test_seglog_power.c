/*
 * A log against a model of itself: random steps, and after each run what the disk may hold
 * when the power went. SOC_SEGLOG_SEED runs one seed, SOC_SEGLOG_ROUNDS more of them.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/seglog.h"
#include "tests/common/seglog_disk.h"
#include "tests/common/seglog_fixture.h"
#include "tests/support/check.h"

enum { ENTRIES_MAX = 2000, STEPS = 60, IMAGES = 5 };

struct model_entry {
	uint64_t first;
	uint32_t count;
	size_t len;
};

static struct {
	struct seglog *log;
	char dir[128];
	struct model_entry entries[ENTRIES_MAX];
	size_t n;         /* appended, or just being appended */
	size_t n_durable; /* for certain */
	uint64_t segment_size;
	uint64_t released;
} model;

static uint64_t random_state;

/* xorshift64*: the same run for the same seed on every machine. */
static uint64_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 2685821657736338717u >> 16;
}

static uint64_t below(uint64_t limit)
{
	return next_random() % limit;
}

static uint64_t end_of(size_t n)
{
	return n > 0 ? model.entries[n - 1].first + model.entries[n - 1].count : 1;
}

/* ---- steps ----------------------------------------------------------------- */

static void append(void)
{
	static const size_t sizes[] = {8, 40, 300, 700, 3000, 190000};
	struct model_entry *entry = &model.entries[model.n];

	if (model.n == ENTRIES_MAX)
		return;
	*entry = (struct model_entry){
		.first = seglog_next(model.log),
		.count = (uint32_t)(1 + below(5)),
		.len = sizes[below(ARRAY_LEN(sizes) - (model.segment_size < 5000))] + below(9),
	};
	ck_assert_uint_eq(entry->first, end_of(model.n));
	model.n++;
	fixture_append(model.log, entry->count, entry->len);
	/* A new segment makes all before it durable. */
	while (end_of(model.n_durable) <= seglog_durable(model.log))
		model.n_durable++;
}

static void sync_log(void)
{
	fixture_sync(model.log);
	model.n_durable = model.n;
}

static void roll(void)
{
	struct err err;

	ck_assert_int_eq(seglog_roll(model.log, &err), SEGLOG_OK);
	model.n_durable = model.n;
}

static void take_back(void)
{
	struct err err;
	size_t keep = model.n_durable + below(model.n - model.n_durable + 1);

	ck_assert(seglog_take_back(model.log, end_of(keep), &err));
	model.n = keep;
	ck_assert_uint_eq(seglog_next(model.log), end_of(keep));
}

static void release(void)
{
	uint64_t durable = seglog_durable(model.log);
	struct err err;

	if (durable <= model.released)
		return;
	model.released += 1 + below(durable - model.released);
	ck_assert_msg(seglog_release(model.log, model.released, &err), "%s", err.text);
}

static void maybe_lose_power(void);

/* ---- checking -------------------------------------------------------------- */

static const struct model_entry *find(uint64_t first, size_t n)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (model.entries[middle].first < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && model.entries[low].first == first ? &model.entries[low] : NULL;
}

/* Everything between `from` and the end is there, as it was appended. */
static void check_entries(struct seglog *log, uint64_t from, size_t n)
{
	struct err err;
	struct seglog_cursor *cursor = seglog_cursor_open(log, from);
	struct seglog_entry entry;
	enum seglog_read what;

	while ((what = seglog_cursor_next(cursor, &entry, &err)) != SEGLOG_END) {
		const struct model_entry *want = find(entry.first, n);

		ck_assert_int_eq(what, SEGLOG_ENTRY);
		ck_assert_ptr_nonnull(want);
		ck_assert(entry.count == want->count && entry.payload.len == want->len);
		ck_assert(fixture_right(&entry));
		ck_assert(entry.first <= from && from < entry.first + entry.count);
		from = entry.first + entry.count;
	}
	ck_assert_uint_eq(from, seglog_next(log));
	seglog_cursor_close(cursor);
}

static struct seglog *open_whole(const char *dir)
{
	struct seglog_damage damage;
	struct seglog *log = fixture_open_damaged(dir, model.segment_size, &damage);

	ck_assert_uint_eq(damage.lost_sequences, 0);
	ck_assert_uint_eq(damage.foreign_segments, 0);
	ck_assert_uint_eq(damage.skipped_bytes, 0);
	return log;
}

/* All that was durable is there, and beyond it only what was appended, in order. */
static void check_image(const char *dir)
{
	struct seglog *log = open_whole(dir);
	uint64_t next = seglog_next(log);
	uint64_t released = seglog_released(log);
	size_t n = model.n_durable;

	while (end_of(n) < next && n < model.n)
		n++;
	ck_assert_uint_ge(next, end_of(model.n_durable));
	ck_assert_uint_eq(next, end_of(n));
	ck_assert_uint_le(released, model.released);
	check_entries(log, released + 1, n);
	seglog_close(log);
}

static void try_image(enum disk_luck luck)
{
	char image[128];

	disk_before_call(NULL);
	snprintf(image, sizeof(image), "%s", fixture_dir());
	disk_lose_power(image, luck, next_random);
	check_image(image);
	fixture_remove(image);
	disk_before_call(maybe_lose_power);
}

static void lose_power(void)
{
	for (unsigned i = 0; i < IMAGES; i++)
		try_image(i < DISK_KEEPS_SOME ? (enum disk_luck)i : DISK_KEEPS_SOME);
}

/* In the middle of a call of the log. */
static void maybe_lose_power(void)
{
	if (below(8) == 0)
		try_image(DISK_KEEPS_SOME);
}

/* Goes on with an image as if the machine had started again. */
static void restart(void)
{
	char image[128];

	snprintf(image, sizeof(image), "%s", fixture_dir());
	disk_lose_power(image, (enum disk_luck)below(4), next_random);
	disk_before_call(NULL);
	disk_forget();
	seglog_close(model.log);
	fixture_remove(model.dir);
	snprintf(model.dir, sizeof(model.dir), "%s", image);

	disk_record(model.dir);
	model.log = open_whole(model.dir);
	model.released = seglog_released(model.log);
	while (model.n > 0 && end_of(model.n) > seglog_next(model.log))
		model.n--;
	model.n_durable = model.n;
	ck_assert_uint_eq(end_of(model.n), seglog_next(model.log));
	disk_before_call(maybe_lose_power);
}

static void reopen(void)
{
	seglog_close(model.log);
	model.log = open_whole(model.dir);
	model.n_durable = model.n;
	ck_assert_uint_eq(seglog_next(model.log), end_of(model.n));
	ck_assert_uint_eq(seglog_released(model.log), model.released);
	check_entries(model.log, model.released + 1, model.n);
}

/* ---- running --------------------------------------------------------------- */

static void step(void)
{
	static void (*const steps[])(void) = {append, append, append, append, append, append,
		append, append, sync_log, sync_log, sync_log, release, release, roll, take_back,
		reopen, lose_power, restart};

	steps[below(ARRAY_LEN(steps))]();
}

static void run_seed(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15u + 1;
	memset(&model, 0, sizeof(model));
	model.segment_size = seed % 4 == 0 ? 400000 : 3000;
	snprintf(model.dir, sizeof(model.dir), "%s", fixture_dir());
	disk_record(model.dir);
	disk_before_call(maybe_lose_power);
	model.log = open_whole(model.dir);
	for (unsigned i = 0; i < STEPS; i++)
		step();
	lose_power();
	reopen();
	disk_before_call(NULL);
	disk_forget();
	seglog_close(model.log);
	fixture_remove(model.dir);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	uint64_t value;

	return slice_to_u64(slice_str(getenv(name)), UINT64_MAX, &value) ? value : otherwise;
}

START_TEST(what_was_synced_survives_every_power_loss)
{
	uint64_t first = from_environment("SOC_SEGLOG_SEED", 1);
	uint64_t rounds = from_environment(
		"SOC_SEGLOG_ROUNDS", getenv("SOC_SEGLOG_SEED") != NULL ? 1 : 60);

	for (uint64_t seed = first; seed < first + rounds; seed++) {
		fprintf(stderr, "SOC_SEGLOG_SEED=%llu\n", (unsigned long long)seed);
		run_seed(seed);
	}
	ck_assert_uint_gt(disk_count(DISK_PWRITE), 0);
	ck_assert_uint_gt(disk_count(DISK_FDATASYNC), 0);
	ck_assert_uint_gt(disk_count(DISK_FSYNC), 0);
}
END_TEST

START_TEST(taken_back_entries_stay_gone_after_a_power_loss)
{
	const char *dir = fixture_dir();
	char image[128];
	struct err err;

	disk_record(dir);
	struct seglog *log = fixture_open(dir, 16 << 20, 0);
	fixture_append(log, 1, 100);
	fixture_sync(log);
	for (unsigned i = 0; i < 4; i++) /* so many that they are in the file */
		fixture_append(log, 1, 190000);
	ck_assert(seglog_take_back(log, 2, &err));
	snprintf(image, sizeof(image), "%s", fixture_dir());
	disk_lose_power(image, DISK_KEEPS_WRITES, next_random);
	struct seglog *after = fixture_open(image, 16 << 20, 0);
	ck_assert_uint_eq(seglog_next(after), 2);
	seglog_close(after);
	fixture_remove(image);
	disk_forget();
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_released_log_keeps_its_numbering_without_state)
{
	const char *dir = fixture_dir();
	const char *image = fixture_dir();
	struct err err;

	disk_record(dir);
	struct seglog *log = fixture_open(dir, 4096, 0);
	for (unsigned i = 0; i < 10; i++)
		fixture_append(log, 1, 1000);
	ck_assert_int_eq(seglog_roll(log, &err), SEGLOG_OK);
	ck_assert(seglog_release(log, 10, &err));
	disk_lose_power(image, DISK_LOSES_ALL, next_random);
	unlink(fixture_path(image, "state"));
	struct seglog *after = fixture_open(image, 4096, 0);
	ck_assert_uint_eq(seglog_next(after), 11);
	ck_assert_uint_eq(seglog_released(after), 10);
	seglog_close(after);
	fixture_remove(image);
	disk_forget();
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

TEST_MAIN("seglog_power", a_released_log_keeps_its_numbering_without_state,
	taken_back_entries_stay_gone_after_a_power_loss,
	what_was_synced_survives_every_power_loss)
