#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

static bool read_into(int fd, const char *path, struct strbuf *out, struct err *err)
{
	enum { PART = 64 * 1024 };

	for (;;) {
		size_t room = out->limit - out->len;
		char probe;
		char *to = room > 0 ? strbuf_reserve(out, room < PART ? room : PART) : &probe;
		ssize_t n = read(fd, to, room == 0 ? 1 : room < PART ? room : PART);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "%s", path);
		if (n == 0)
			return true;
		if (room == 0)
			return err_set(err, "%s: larger than %zu bytes", path, out->limit);
		strbuf_extend(out, (size_t)n);
	}
}

bool file_read(const char *path, struct strbuf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, "%s", path);

	bool ok = read_into(fd, path, out, err);
	close(fd);
	return ok;
}

bool file_write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool file_write_all_at(int fd, const void *bytes, size_t len, uint64_t offset)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = pwrite(fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return true;
}

ssize_t file_read_at(int fd, void *bytes, size_t len, uint64_t offset)
{
	char *to = bytes;
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, to + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

bool file_is_refused(int sys)
{
	/* The medium; check sums of file systems; their tables. */
	return sys == EIO || sys == ENODATA || sys == EBADMSG || sys == EUCLEAN;
}

bool file_sync_data(int fd)
{
	int result;

	do
		result = fdatasync(fd);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

bool file_sync(int fd)
{
	int result;

	do
		result = fsync(fd);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

bool file_truncate(int fd, uint64_t size)
{
	int result;

	do
		result = ftruncate(fd, (off_t)size);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

bool file_sync_dir(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "%s", path);

	bool ok = fsync(fd) == 0;
	if (!ok)
		err_sys(err, "syncing %s", path);
	close(fd);
	return ok;
}

static bool sync_parent(const char *path, struct err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return file_sync_dir(".", err);
	if (slash == path)
		return file_sync_dir("/", err);
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	return file_sync_dir(dir, err);
}

static bool write_new(const char *path, struct slice content, mode_t mode, struct err *err)
{
	/* What a crash left behind may have another mode. */
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(err, "removing %s", path);

	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, "%s", path);

	bool ok = file_write_all(fd, content.ptr, content.len) && fdatasync(fd) == 0;
	if (!ok)
		err_sys(err, "writing %s", path);
	if (close(fd) != 0 && ok)
		ok = err_sys(err, "closing %s", path);
	return ok;
}

static int64_t time_ns(struct timespec time)
{
	return (int64_t)time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec;
}

struct file_mark file_mark(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct file_mark){0};
	return (struct file_mark){
		.device = st.st_dev,
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.mtime_ns = time_ns(st.st_mtim),
		.ctime_ns = time_ns(st.st_ctim),
	};
}

bool file_mark_same(const struct file_mark *a, const struct file_mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

bool file_replace(const char *path, struct slice content, mode_t mode, struct err *err)
{
	char neighbour[PATH_MAX];

	if ((size_t)snprintf(neighbour, sizeof(neighbour), "%s.new", path) >= sizeof(neighbour))
		return err_set(err, "%s: name too long", path);
	if (!write_new(neighbour, content, mode, err)) {
		(void)unlink(neighbour);
		return false;
	}
	if (rename(neighbour, path) != 0) {
		err_sys(err, "renaming to %s", path);
		(void)unlink(neighbour);
		return false;
	}
	return sync_parent(path, err);
}

static bool make_dir(const char *path, mode_t mode, struct err *err)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return sync_parent(path, err);
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return err_sys(err, "creating folder %s", path);
}

bool file_make_dirs(const char *path, mode_t mode, struct err *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return err_set(err, "folder name of %zu bytes", len);
	for (size_t i = 1; i < len; i++) {
		if (path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		struct stat st;
		if (stat(part, &st) != 0 && !make_dir(part, mode, err))
			return false;
	}
	return make_dir(path, mode, err);
}
