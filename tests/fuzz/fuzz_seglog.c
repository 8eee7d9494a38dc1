/*
 * The first byte chooses: the rest is a segment file as it comes; or an editor's script over a
 * good one, which can put the check sum of an edited head right. The log must open, declare
 * every sequence exactly once, take a new entry, and say the same when it is opened again.
 */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/file.h"
#include "common/seglog.h"
#include "common/seglog_segment.h"

enum {
	ENTRIES = 12,
	STEPS_MAX = 200000, /* a head with a right sum may claim a gap of any length */
	SEGMENT = 1 << 20,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static void remove_files(void)
{
	DIR *listing = opendir(dir);
	const struct dirent *file;

	assert(listing != NULL);
	while ((file = readdir(listing)) != NULL)
		(void)unlinkat(dirfd(listing), file->d_name, 0);
	closedir(listing);
}

static void remove_dir(void)
{
	remove_files();
	rmdir(dir);
}

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "%s/soc-fuzz-seglog-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(dir) == NULL)
		abort();
	atexit(remove_dir);
}

/* ---- a good segment, edited ------------------------------------------------ */

static const unsigned char id[SEGLOG_ID_SIZE] = "fuzzed segments";

static void add_entry(struct strbuf *out, uint64_t first, uint32_t count, size_t len)
{
	static const char letters[] = "all work and no play makes jack a dull boy";
	unsigned char head[SEGMENT_ENTRY_HEAD_SIZE];

	segment_entry_head_write(
		&(struct segment_entry_head){
			.first = first,
			.count = count,
			.length = (uint32_t)len,
			.crc = crc32c(0, letters, len),
			.undurable = first > 3 ? 3 : 0,
		},
		segment_seed(id), head);
	strbuf_add(out, slice_of(head, sizeof(head)));
	strbuf_add(out, slice_of(letters, len));
}

static void add_segment(struct strbuf *out)
{
	struct segment_head head = {.first = 1};
	unsigned char bytes[SEGMENT_HEAD_SIZE];
	uint64_t first = 1;

	memcpy(head.id, id, sizeof(id));
	segment_head_write(&head, bytes);
	strbuf_add(out, slice_of(bytes, sizeof(bytes)));
	for (uint32_t i = 0; i < ENTRIES; i++) {
		add_entry(out, first, 1 + i % 3, 1 + i * 3);
		first += 1 + i % 3;
	}
}

static void sign(struct strbuf *file, size_t at)
{
	const size_t crc_at = SEGMENT_ENTRY_HEAD_SIZE - 4;

	if (at + SEGMENT_ENTRY_HEAD_SIZE > file->len)
		return;
	bytes_put_u32(
		file->ptr + at + crc_at, crc32c(segment_seed(id), file->ptr + at, crc_at));
}

static void cut_out(struct strbuf *file, size_t at, size_t len)
{
	if (len > file->len - at)
		len = file->len - at;
	memmove(file->ptr + at, file->ptr + at + len, file->len - at - len);
	strbuf_cut(file, file->len - len);
}

/* Steps of four bytes: what, where (two), with what. */
static void edit(struct strbuf *file, struct slice script)
{
	for (; script.len >= 4; script = slice_from(script, 4)) {
		unsigned char argument = (unsigned char)script.ptr[3];
		size_t at = bytes_get_u16(script.ptr + 1);

		if (file->len == 0)
			return;
		at %= file->len;
		switch ((unsigned char)script.ptr[0] % 6) {
		case 0:
			file->ptr[at] = (char)argument;
			break;
		case 1:
			memset(file->ptr + at, 0,
				argument < file->len - at ? argument : file->len - at);
			break;
		case 2:
			cut_out(file, at, argument);
			break;
		case 3:
			strbuf_cut(file, at);
			break;
		case 4:
			sign(file, at);
			break;
		default:
			add_entry(file, at, argument, 1 + argument % 40);
		}
	}
}

/* ---- the properties -------------------------------------------------------- */

static struct seglog *open_log(struct seglog_damage *damage)
{
	struct seglog_settings settings = {.dir = dir, .segment_size = SEGMENT};
	struct err err;
	struct seglog *log = seglog_open(&settings, damage, &err);

	if (log == NULL) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return log;
}

/* Sequences held, and a sum over all that was read. */
static uint64_t read_all(struct seglog *log)
{
	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
	struct seglog_entry entry;
	uint64_t next = 1, sum = 0;
	enum seglog_read what;
	unsigned steps = 0;

	while ((what = seglog_cursor_next(cursor, &entry, NULL)) != SEGLOG_END &&
		steps++ < STEPS_MAX) {
		assert(what != SEGLOG_READ_FAILED);
		assert(entry.first == next && entry.count > 0);
		next = entry.first + entry.count;
		sum = sum * 31 + (what == SEGLOG_ENTRY ? entry.crc : entry.count);
		assert(what == SEGLOG_LOST ||
			crc32c(0, entry.payload.ptr, entry.payload.len) == entry.crc);
	}
	assert(what != SEGLOG_END || next == seglog_next(log));
	seglog_cursor_close(cursor);
	return sum;
}

static void check_log(void)
{
	const struct slice part = SLICE_LIT("one more");
	struct seglog_damage damage = {0};
	struct seglog *log = open_log(&damage);

	read_all(log);
	if (seglog_next(log) < SEGLOG_SEQUENCE_MAX) {
		assert(seglog_append(log, 1, 1, &part, 1, NULL) == SEGLOG_OK);
		assert(seglog_sync(log, NULL) == SEGLOG_OK);
	}

	uint64_t next = seglog_next(log), bytes = seglog_bytes(log);
	uint64_t sum = read_all(log);
	seglog_close(log);

	log = open_log(&damage);
	assert(damage.torn_bytes == 0);
	assert(seglog_next(log) == next && seglog_bytes(log) == bytes);
	assert(read_all(log) == sum);
	seglog_close(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf file = STRBUF_INIT(1 << 20);
	char path[sizeof(dir) + SEGMENT_NAME_SIZE + 1], name[SEGMENT_NAME_SIZE];

	if (size == 0)
		return 0;
	if (dir[0] == '\0')
		make_dir();
	if (data[0] % 2 == 0) {
		strbuf_add(&file, slice_of(data + 1, size - 1));
	} else {
		add_segment(&file);
		edit(&file, slice_of(data + 1, size - 1));
	}
	segment_name(1, name);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !file_write_all(fd, strbuf_slice(&file).ptr, file.len))
		abort();
	close(fd);
	strbuf_done(&file);
	check_log();
	remove_files();
	return 0;
}
