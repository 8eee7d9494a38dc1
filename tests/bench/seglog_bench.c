/*
 * seglog_bench - what an entry costs in seglog
 *
 * usage: seglog_bench DIR [BYTES [ENTRIES [PER_SYNC]]]
 *
 * Prints time and processor time per entry for appending (with and without the syncs),
 * reading, seeking and opening a log in DIR/seglog_bench, which is removed again.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/seglog.h"

struct run {
	char dir[4096];
	uint64_t size, entries, per_sync;
	struct seglog *log;
};

static void die(const char *what, const struct err *err)
{
	fprintf(stderr, "seglog_bench: %s: %s\n", what, err->text);
	exit(1);
}

struct watch {
	int64_t wall, cpu; /* ns */
};

static struct watch watch_now(void)
{
	struct timespec cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	return (struct watch){clock_mono_ns(), cpu.tv_sec * CLOCK_NS_PER_S + cpu.tv_nsec};
}

/* a + b - c */
static struct watch watch_sum(struct watch a, struct watch b, struct watch c)
{
	return (struct watch){a.wall + b.wall - c.wall, a.cpu + b.cpu - c.cpu};
}

static struct watch watch_since(struct watch start)
{
	return watch_sum(watch_now(), (struct watch){0}, start);
}

static void report(const char *what, const struct run *run, uint64_t n, struct watch took)
{
	printf("%-16s %10.1f ns each, %10.1f ns of a processor, %8.1f MB/s\n", what,
		(double)took.wall / (double)n, (double)took.cpu / (double)n,
		(double)(n * run->size) * 1000.0 / (double)took.wall);
}

static void open_log(struct run *run)
{
	struct seglog_settings settings = {.dir = run->dir, .segment_size = 64 << 20};
	struct err err;

	run->log = seglog_open(&settings, NULL, &err);
	if (run->log == NULL)
		die("opening", &err);
}

static void append(struct run *run)
{
	char *bytes = calloc(1, run->size);
	struct slice part = slice_of(bytes, run->size);
	struct err err;
	struct watch start = watch_now(), syncs = {0};

	for (uint64_t i = 1; i <= run->entries; i++) {
		if (seglog_append(run->log, 1, 1, &part, 1, &err) != SEGLOG_OK)
			die("appending", &err);
		if (i % run->per_sync != 0 && i < run->entries)
			continue;
		struct watch before = watch_now();
		if (seglog_sync(run->log, &err) != SEGLOG_OK)
			die("syncing", &err);
		syncs = watch_sum(syncs, watch_now(), before);
	}
	struct watch all = watch_since(start);
	report("append", run, run->entries, watch_sum(all, (struct watch){0}, syncs));
	report("append and sync", run, run->entries, all);
	free(bytes);
}

static void read_all(struct run *run)
{
	struct err err;
	struct seglog_cursor *cursor = seglog_cursor_open(run->log, 1);
	struct seglog_entry entry;
	struct watch start = watch_now();
	uint64_t n = 0;

	while (seglog_cursor_next(cursor, &entry, &err) == SEGLOG_ENTRY)
		n++;
	report("read", run, n, watch_since(start));
	seglog_cursor_close(cursor);
}

static void seek(struct run *run)
{
	enum { SEEKS = 200 };
	struct err err;
	struct seglog_cursor *cursor = seglog_cursor_open(run->log, 1);
	struct seglog_entry entry;
	struct watch start = watch_now();

	for (uint64_t i = 0; i < SEEKS; i++) {
		uint64_t to = 1 + i * 7919 * run->entries / SEEKS % run->entries;

		seglog_cursor_seek(cursor, to);
		if (seglog_cursor_next(cursor, &entry, &err) != SEGLOG_ENTRY)
			die("seeking", &err);
	}
	report("seek anywhere", run, SEEKS, watch_since(start));
	seglog_cursor_close(cursor);
}

static void reopen(struct run *run)
{
	int64_t start = clock_mono_ns();

	seglog_close(run->log);
	open_log(run);
	printf("%-16s %10.3f ms, %" PRIu64 " bytes\n", "close and open",
		(double)(clock_mono_ns() - start) / 1e6, seglog_bytes(run->log));
}

static void remove_log(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *file;

	if (dir == NULL)
		return;
	while ((file = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), file->d_name, 0);
	closedir(dir);
	rmdir(path);
}

static uint64_t number(int argc, char **argv, int i, uint64_t otherwise)
{
	uint64_t value = otherwise;

	if (i < argc && (!slice_to_u64(slice_str(argv[i]), UINT32_MAX, &value) || value == 0)) {
		fprintf(stderr, "seglog_bench: '%s' is no number\n", argv[i]);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct run run = {
		.size = number(argc, argv, 2, 100),
		.entries = number(argc, argv, 3, 2000000),
		.per_sync = number(argc, argv, 4, 10000),
	};

	if (argc < 2 || argc > 5) {
		fprintf(stderr, "usage: seglog_bench DIR [BYTES [ENTRIES [PER_SYNC]]]\n");
		return 2;
	}
	snprintf(run.dir, sizeof(run.dir), "%s/seglog_bench", argv[1]);
	open_log(&run);
	append(&run);
	read_all(&run);
	seek(&run);
	reopen(&run);
	seglog_close(run.log);
	remove_log(run.dir);
	return 0;
}
