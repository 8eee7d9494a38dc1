#include "collector/store/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/file.h"

#define REMOVED_MAGIC UINT32_C(0x31564d52) /* "RMV1" */

enum { SEGMENT_PATH_MAX = PATH_MAX + NAME_MAX + 2 };

struct sealed_segment {
	uint64_t first_commit;
	uint64_t bytes;
};

struct segments {
	char dir[PATH_MAX];
	uint8_t class;
	pthread_mutex_t lock;
	struct sealed_segment *items; /* by first_commit */
	size_t n, room;
	uint64_t bytes;
};

static void append(struct segments *segments, uint64_t first_commit, uint64_t bytes)
{
	if (segments->n == segments->room) {
		segments->room = segments->room ? segments->room * 2 : 64;
		segments->items =
			reallocarray(segments->items, segments->room, sizeof(*segments->items));
		if (segments->items == NULL)
			abort();
	}
	segments->items[segments->n++] =
		(struct sealed_segment){.first_commit = first_commit, .bytes = bytes};
	segments->bytes += bytes;
}

static int by_commit(const void *a, const void *b)
{
	uint64_t x = ((const struct sealed_segment *)a)->first_commit;
	uint64_t y = ((const struct sealed_segment *)b)->first_commit;

	return (x > y) - (x < y);
}

static void see_file(struct segments *segments, int dir_fd, const char *name, bool clean)
{
	uint64_t first_commit;
	struct stat st;

	if (clean && slice_ends(slice_str(name), SLICE_LIT(".sealed.tmp")))
		(void)unlinkat(dir_fd, name, 0);
	else if (sealed_name_read(name, &first_commit) &&
		 fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
		append(segments, first_commit, (uint64_t)st.st_size);
}

static bool list(struct segments *segments, bool clean, struct err *err)
{
	DIR *dir = opendir(segments->dir);
	struct dirent *entry;

	if (dir == NULL)
		return err_sys(err, "%s", segments->dir);
	segments->n = 0;
	segments->bytes = 0;
	while (errno = 0, (entry = readdir(dir)) != NULL)
		see_file(segments, dirfd(dir), entry->d_name, clean);
	bool ok = errno == 0 || err_sys(err, "listing %s", segments->dir);
	closedir(dir);
	if (segments->n > 0)
		qsort(segments->items, segments->n, sizeof(*segments->items), by_commit);
	return ok;
}

struct segments *segments_open(const char *dir, uint8_t class, bool clean, struct err *err)
{
	struct segments *segments = calloc(1, sizeof(*segments));

	if (segments == NULL)
		abort();
	snprintf(segments->dir, sizeof(segments->dir), "%s", dir);
	segments->class = class;
	pthread_mutex_init(&segments->lock, NULL);
	if (list(segments, clean, err))
		return segments;
	segments_close(segments);
	return NULL;
}

void segments_close(struct segments *segments)
{
	if (segments == NULL)
		return;
	pthread_mutex_destroy(&segments->lock);
	free(segments->items);
	free(segments);
}

bool segments_refresh(struct segments *segments, struct err *err)
{
	pthread_mutex_lock(&segments->lock);
	bool ok = list(segments, false, err);
	pthread_mutex_unlock(&segments->lock);
	return ok;
}

const char *segments_dir(const struct segments *segments)
{
	return segments->dir;
}

uint64_t segments_bytes(struct segments *segments)
{
	pthread_mutex_lock(&segments->lock);
	uint64_t bytes = segments->bytes;
	pthread_mutex_unlock(&segments->lock);
	return bytes;
}

size_t segments_count(struct segments *segments)
{
	pthread_mutex_lock(&segments->lock);
	size_t n = segments->n;
	pthread_mutex_unlock(&segments->lock);
	return n;
}

bool segments_at(struct segments *segments, size_t i, uint64_t *first_commit)
{
	pthread_mutex_lock(&segments->lock);
	bool there = i < segments->n;
	if (there)
		*first_commit = segments->items[i].first_commit;
	pthread_mutex_unlock(&segments->lock);
	return there;
}

bool segments_find(
	struct segments *segments, uint64_t done, uint64_t after, uint64_t *first_commit)
{
	const struct sealed_segment *best = NULL;

	pthread_mutex_lock(&segments->lock);
	for (size_t i = segments->n; i > 0; i--) {
		const struct sealed_segment *one = &segments->items[i - 1];

		if (one->first_commit <= done)
			break;
		best = one;
		if (one->first_commit <= after)
			break;
	}
	if (best != NULL)
		*first_commit = best->first_commit;
	pthread_mutex_unlock(&segments->lock);
	return best != NULL;
}

void segments_add(struct segments *segments, uint64_t first_commit, uint64_t bytes)
{
	pthread_mutex_lock(&segments->lock);
	append(segments, first_commit, bytes);
	pthread_mutex_unlock(&segments->lock);
}

static bool read_ends(struct segments *segments, uint64_t first_commit,
	struct sealed_head *head, struct sealed_foot *foot, struct err *err)
{
	struct sealed_reader *reader;
	enum sealed_open status =
		sealed_reader_open(segments->dir, first_commit, segments->class, &reader, err);

	if (status == SEALED_GONE || status == SEALED_FAILED)
		return false;
	*head = *sealed_reader_head(reader);
	sealed_reader_end(reader, foot);
	sealed_reader_close(reader);
	return true;
}

bool segments_end(struct segments *segments, struct segments_end *end, struct err *err)
{
	struct sealed_head head;
	struct sealed_foot foot;
	struct removed removed;
	size_t n = segments_count(segments);
	uint64_t first_commit;

	*end = (struct segments_end){0};
	if (n > 0 && segments_at(segments, n - 1, &first_commit)) {
		if (!read_ends(segments, first_commit, &head, &foot, err))
			return false;
		*end = (struct segments_end){
			.last_commit = foot.last_commit,
			.next_record = foot.next_record,
			.last_ns = foot.last_ns,
			.chain = foot.chain,
		};
	} else if (segments_removed_before(segments, UINT64_MAX, &removed)) {
		*end = (struct segments_end){
			.last_commit = removed.last_commit,
			.next_record = removed.next_record,
			.chain = removed.chain,
		};
	}
	return true;
}

bool segments_oldest_ns(struct segments *segments, int64_t *last_ns)
{
	struct sealed_head head;
	struct sealed_foot foot;
	uint64_t first_commit;
	struct err err;

	if (!segments_at(segments, 0, &first_commit) ||
		!read_ends(segments, first_commit, &head, &foot, &err))
		return false;
	*last_ns = foot.last_ns;
	return true;
}

/* ---- what is removed --------------------------------------------------------- */

static void removed_path(const struct segments *segments, char path[SEGMENT_PATH_MAX])
{
	snprintf(path, SEGMENT_PATH_MAX, "%s/removed", segments->dir);
}

static void removed_write(const struct removed *removed, char to[REMOVED_SIZE])
{
	memset(to, 0, REMOVED_SIZE);
	bytes_put_u32(to, REMOVED_MAGIC);
	bytes_put_u64(to + 8, removed->first_commit);
	bytes_put_u64(to + 16, removed->last_commit);
	bytes_put_u64(to + 24, removed->first_record);
	bytes_put_u64(to + 32, removed->next_record);
	bytes_put_u64(to + 40, (uint64_t)removed->removed_ns);
	bytes_put_u64(to + 48, removed->bytes);
	memcpy(to + 56, &removed->chain, CHAIN_SIZE);
	bytes_put_u32(to + 4, crc32c(0, to + 8, REMOVED_SIZE - 8));
}

static bool removed_read(const char *at, struct removed *removed)
{
	if (bytes_get_u32(at) != REMOVED_MAGIC ||
		bytes_get_u32(at + 4) != crc32c(0, at + 8, REMOVED_SIZE - 8))
		return false;
	removed->first_commit = bytes_get_u64(at + 8);
	removed->last_commit = bytes_get_u64(at + 16);
	removed->first_record = bytes_get_u64(at + 24);
	removed->next_record = bytes_get_u64(at + 32);
	removed->removed_ns = (int64_t)bytes_get_u64(at + 40);
	removed->bytes = bytes_get_u64(at + 48);
	memcpy(&removed->chain, at + 56, CHAIN_SIZE);
	return true;
}

/* Appends behind the last whole entry and makes it durable. */
static bool note_removed(
	struct segments *segments, const struct removed *removed, struct err *err)
{
	char path[SEGMENT_PATH_MAX], bytes[REMOVED_SIZE];
	struct stat st;

	removed_path(segments, path);
	removed_write(removed, bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_sys(err, "%s", path);
		if (fd >= 0)
			close(fd);
		return false;
	}
	off_t end = st.st_size - st.st_size % REMOVED_SIZE;
	bool ok = lseek(fd, end, SEEK_SET) == end && file_write_all(fd, bytes, sizeof(bytes)) &&
		  fsync(fd) == 0;
	if (!ok)
		err_sys(err, "writing %s", path);
	close(fd);
	return ok && (st.st_size > 0 || file_sync_dir(segments->dir, err));
}

static void unlist_first(struct segments *segments)
{
	pthread_mutex_lock(&segments->lock);
	segments->bytes -= segments->items[0].bytes;
	segments->n--;
	memmove(segments->items, segments->items + 1, segments->n * sizeof(*segments->items));
	pthread_mutex_unlock(&segments->lock);
}

/* Of the oldest segment, from its own head and foot. */
static bool describe_first(
	struct segments *segments, int64_t now_ns, struct removed *removed, struct err *err)
{
	struct sealed_head head;
	struct sealed_foot foot;
	uint64_t first_commit;

	if (!segments_at(segments, 0, &first_commit))
		return err_set(err, "%s: nothing to remove", segments->dir);
	if (!read_ends(segments, first_commit, &head, &foot, err))
		return false;
	*removed = (struct removed){
		.first_commit = first_commit,
		.last_commit = foot.last_commit,
		.first_record = head.first_record,
		.next_record = foot.next_record,
		.removed_ns = now_ns,
		.bytes = foot.size + SEALED_FOOT_SIZE,
		.chain = foot.chain,
	};
	return true;
}

bool segments_remove(
	struct segments *segments, int64_t now_ns, struct removed *removed, struct err *err)
{
	char path[SEGMENT_PATH_MAX], name[SEALED_NAME_SIZE];
	struct removed last;

	if (!describe_first(segments, now_ns, removed, err))
		return false;
	/* The entry may be there from a start that was interrupted. */
	bool noted = segments_removed_before(segments, UINT64_MAX, &last) &&
		     last.first_commit >= removed->first_commit;
	if (!noted && !note_removed(segments, removed, err))
		return false;
	sealed_name(removed->first_commit, name);
	snprintf(path, sizeof(path), "%s/%s", segments->dir, name);
	unlist_first(segments);
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(err, "removing %s", path);
	return file_sync_dir(segments->dir, err);
}

/* Entry number `i`, counted from the last; false at the end and when it is damaged. */
static bool removed_at(int fd, off_t size, off_t i, struct removed *removed)
{
	char bytes[REMOVED_SIZE];
	off_t at = size - size % REMOVED_SIZE - (i + 1) * REMOVED_SIZE;

	return i >= 0 && at >= 0 && pread(fd, bytes, sizeof(bytes), at) == REMOVED_SIZE &&
	       removed_read(bytes, removed);
}

static int open_removed(struct segments *segments, off_t *size)
{
	char path[SEGMENT_PATH_MAX];
	struct stat st;

	removed_path(segments, path);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) != 0) {
		close(fd);
		return -1;
	}
	*size = fd >= 0 ? st.st_size : 0;
	return fd;
}

bool segments_removed_before(
	struct segments *segments, uint64_t commit, struct removed *removed)
{
	off_t size;
	int fd = open_removed(segments, &size);
	bool found = false;

	for (off_t i = 0; fd >= 0 && !found && removed_at(fd, size, i, removed); i++)
		found = removed->first_commit < commit;
	if (fd >= 0)
		close(fd);
	return found;
}

bool segments_removed_check(struct segments *segments, uint64_t *n)
{
	off_t size, n_entries = 0;
	int fd = open_removed(segments, &size);
	struct removed removed;

	while (fd >= 0 && removed_at(fd, size, size / REMOVED_SIZE - 1 - n_entries, &removed))
		n_entries++;
	if (fd >= 0)
		close(fd);
	*n = (uint64_t)n_entries;
	return fd < 0 || n_entries * REMOVED_SIZE == size;
}

bool segments_removed_after(struct segments *segments, uint64_t after, struct removed *removed)
{
	off_t size;
	int fd = open_removed(segments, &size);
	struct removed one;
	bool found = false;

	for (off_t i = 0; fd >= 0 && removed_at(fd, size, i, &one); i++) {
		if (one.last_commit <= after)
			break;
		*removed = one;
		found = true;
	}
	if (fd >= 0)
		close(fd);
	return found;
}
