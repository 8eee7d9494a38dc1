#include "agent/inputs/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "agent/inputs/safe_open.h"
#include "common/filesystem.h"

/* What was unpacked last, so that the beginning of an unfinished line need not be unpacked
 * again from the start of the file. */
struct file_gzip {
	gzFile stream;
	uint64_t window_at;
	size_t window_len;
	char window[FILE_BLOCK_SIZE];
};

static bool refuse(int fd, struct err *err, const char *path, const char *why)
{
	close(fd);
	return err_set(err, "%s: %s", path, why);
}

static struct file_gzip *gzip_open(int fd)
{
	struct file_gzip *gzip = malloc(sizeof(*gzip));
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (gzip == NULL)
		abort();
	gzip->stream = own < 0 ? NULL : gzdopen(own, "rb");
	gzip->window_at = 0;
	gzip->window_len = 0;
	if (gzip->stream != NULL)
		return gzip;
	if (own >= 0)
		close(own);
	free(gzip);
	return NULL;
}

bool file_source_open(
	struct file_source *source, const char *path, bool packed, struct err *err)
{
	struct file_source opened = FILE_SOURCE_CLOSED;

	opened.fd = safe_open(path, err);
	if (opened.fd < 0)
		return false;
	if (filesystem_of(opened.fd) == FILESYSTEM_PSEUDO)
		return refuse(opened.fd, err, path, "not on a file system for files");
	if (packed) {
		opened.gzip = gzip_open(opened.fd);
		if (opened.gzip == NULL)
			return refuse(opened.fd, err, path, "cannot be unpacked");
	}
	*source = opened;
	return true;
}

void file_source_close(struct file_source *source)
{
	if (source->fd < 0)
		return;
	if (source->gzip != NULL) {
		gzclose(source->gzip->stream);
		free(source->gzip);
	}
	close(source->fd);
	*source = (struct file_source)FILE_SOURCE_CLOSED;
}

static ssize_t read_plain(int fd, char *to, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, to + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return done > 0 ? (ssize_t)done : -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static size_t from_window(const struct file_gzip *gzip, char *to, size_t len, uint64_t offset)
{
	uint64_t end = gzip->window_at + gzip->window_len;

	if (offset < gzip->window_at || offset >= end)
		return 0;
	if (len > end - offset)
		len = (size_t)(end - offset);
	memcpy(to, gzip->window + (offset - gzip->window_at), len);
	return len;
}

static void keep_window(struct file_gzip *gzip, const char *bytes, size_t len, uint64_t offset)
{
	size_t kept = len < sizeof(gzip->window) ? len : sizeof(gzip->window);

	memcpy(gzip->window, bytes + (len - kept), kept);
	gzip->window_at = offset + (len - kept);
	gzip->window_len = kept;
}

/* The stream ended in its middle. */
static bool cut_short(const struct file_gzip *gzip)
{
	int code = Z_OK;

	(void)gzerror(gzip->stream, &code);
	return code == Z_BUF_ERROR;
}

static ssize_t read_packed(struct file_gzip *gzip, char *to, size_t len, uint64_t offset)
{
	size_t done = from_window(gzip, to, len, offset);

	if (done < len && gztell(gzip->stream) != (z_off_t)(offset + done) &&
		gzseek(gzip->stream, (z_off_t)(offset + done), SEEK_SET) < 0) {
		errno = EBADMSG;
		return -1;
	}
	while (done < len) {
		int n = gzread(gzip->stream, to + done, (unsigned)(len - done));

		if (n < 0 || (n == 0 && done == 0 && cut_short(gzip))) {
			errno = EBADMSG;
			return -1;
		}
		if (n == 0)
			break;
		done += (size_t)n;
	}
	keep_window(gzip, to, done, offset);
	return (ssize_t)done;
}

ssize_t file_source_read(struct file_source *source, void *to, size_t len, uint64_t offset)
{
	if (offset > INT64_MAX - len)
		return 0;
	return source->gzip != NULL ? read_packed(source->gzip, to, len, offset)
				    : read_plain(source->fd, to, len, offset);
}

bool file_source_stat(const struct file_source *source, struct stat *st)
{
	return fstat(source->fd, st) == 0;
}

uint64_t file_source_data(const struct file_source *source, uint64_t offset)
{
	off_t data = source->gzip != NULL ? -1 : lseek(source->fd, (off_t)offset, SEEK_DATA);

	return data < 0 ? offset : (uint64_t)data;
}
