#include "tests/common/seglog_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/file.h"
#include "common/seglog_segment.h"
#include "tests/support/check.h"

const char *fixture_dir(void)
{
	static char dirs[4][64];
	static unsigned number;
	char *dir = dirs[number % ARRAY_LEN(dirs)];

	/* A memory file system: these tests write often, what they prove is not the disk. */
	snprintf(dir, sizeof(dirs[0]), "%s/soc-test-seglog-%u-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", number++);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	return dir;
}

void fixture_remove(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *file;

	ck_assert_ptr_nonnull(dir);
	while ((file = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), file->d_name, 0);
	closedir(dir);
	ck_assert_int_eq(rmdir(path), 0);
}

const char *fixture_path(const char *dir, const char *name)
{
	static char paths[4][512];
	static unsigned turn;
	char *path = paths[turn++ % ARRAY_LEN(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

const char *fixture_segment(const char *dir, uint64_t first)
{
	char name[SEGMENT_NAME_SIZE];

	segment_name(first, name);
	return fixture_path(dir, name);
}

unsigned char *fixture_read(const char *path, size_t *len)
{
	struct strbuf bytes = STRBUF_INIT(256 << 20);
	struct err err;

	ck_assert_msg(file_read(path, &bytes, &err), "%s", err.text);
	*len = bytes.len;
	if (bytes.ptr == NULL)
		(void)!strbuf_reserve(&bytes, 1);
	return (unsigned char *)bytes.ptr;
}

void fixture_write(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert(file_write_all(fd, bytes, len));
	close(fd);
}

void fixture_copy_dir(const char *from, const char *to)
{
	DIR *dir = opendir(from);
	const struct dirent *file;

	ck_assert_ptr_nonnull(dir);
	while ((file = readdir(dir)) != NULL) {
		if (file->d_name[0] == '.')
			continue;

		size_t len;
		unsigned char *bytes = fixture_read(fixture_path(from, file->d_name), &len);
		fixture_write(fixture_path(to, file->d_name), bytes, len);
		free(bytes);
	}
	closedir(dir);
}

static struct seglog *open_log(
	const char *dir, uint64_t segment_size, uint64_t quota, struct seglog_damage *damage)
{
	struct seglog_settings settings = {
		.dir = dir, .segment_size = segment_size, .quota = quota};
	struct err err;
	struct seglog *log = seglog_open(&settings, damage, &err);

	ck_assert_msg(log != NULL, "%s", log ? "" : err.text);
	return log;
}

struct seglog *fixture_open(const char *dir, uint64_t segment_size, uint64_t quota)
{
	return open_log(dir, segment_size, quota, NULL);
}

struct seglog *fixture_open_damaged(
	const char *dir, uint64_t segment_size, struct seglog_damage *damage)
{
	return open_log(dir, segment_size, 0, damage);
}

/* Of a payload behind its first eight bytes, which are the sequence. */
static unsigned char byte_at(uint64_t first, size_t i)
{
	return (unsigned char)(first * 31 + i * 7);
}

struct slice fixture_payload(uint64_t first, size_t len)
{
	static unsigned char bytes[FIXTURE_PAYLOAD_MAX];

	ck_assert_uint_le(len, sizeof(bytes));
	bytes_put_u64(bytes, first);
	for (size_t i = 8; i < len; i++)
		bytes[i] = byte_at(first, i);
	return slice_of(bytes, len);
}

enum seglog_status fixture_try_append(struct seglog *log, uint32_t count, size_t len)
{
	struct slice whole = fixture_payload(seglog_next(log), len);
	struct slice parts[] = {slice_head(whole, 5), SLICE_LIT(""), slice_from(whole, 5)};
	uint64_t next = seglog_next(log);
	struct err err;
	enum seglog_status status =
		seglog_append(log, (uint8_t)next, count, parts, ARRAY_LEN(parts), &err);

	if (status == SEGLOG_OK)
		ck_assert_uint_eq(seglog_next(log), next + count);
	return status;
}

void fixture_append(struct seglog *log, uint32_t count, size_t len)
{
	ck_assert_int_eq(fixture_try_append(log, count, len), SEGLOG_OK);
}

void fixture_sync(struct seglog *log)
{
	struct err err;
	enum seglog_status status = seglog_sync(log, &err);

	ck_assert_msg(status == SEGLOG_OK, "%s", status == SEGLOG_OK ? "" : err.text);
	ck_assert_uint_eq(seglog_durable(log) + 1, seglog_next(log));
}

bool fixture_right(const struct seglog_entry *entry)
{
	const unsigned char *bytes = (const unsigned char *)entry->payload.ptr;

	if (entry->kind != (uint8_t)entry->first || entry->payload.len < 8 ||
		bytes_get_u64(bytes) != entry->first)
		return false;
	for (size_t i = 8; i < entry->payload.len; i++)
		if (bytes[i] != byte_at(entry->first, i))
			return false;
	return true;
}

struct fixture_seen fixture_see(struct seglog *log, uint64_t from)
{
	struct err err = {.text = ""};
	struct seglog_cursor *cursor = seglog_cursor_open(log, from);
	struct fixture_seen seen = {.next = from};
	enum seglog_read what, before = SEGLOG_END;
	struct seglog_entry entry;

	while ((what = seglog_cursor_next(cursor, &entry, &err)) != SEGLOG_END) {
		ck_assert_msg(what != SEGLOG_READ_FAILED, "%s", err.text);
		/* Only the first entry may begin before what was asked for. */
		if (seen.entries + seen.lost > 0 || entry.first > from)
			ck_assert_uint_eq(entry.first, seen.next);
		ck_assert_uint_gt(entry.first + entry.count, seen.next);
		if (what == SEGLOG_LOST) {
			seen.lost += entry.count;
			seen.ranges += before != SEGLOG_LOST;
		} else {
			ck_assert(fixture_right(&entry));
			seen.entries++;
			seen.sequences += entry.count;
		}
		seen.next = entry.first + entry.count;
		before = what;
	}
	seglog_cursor_close(cursor);
	return seen;
}
