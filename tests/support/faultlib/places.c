#include "tests/support/faultlib/faultlib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The slot of a file in the table of files below the prefix, or the free one for it. */
static size_t file_slot(const struct stat *status)
{
	size_t at = (status->st_ino * 0x9e3779b97f4a7c15ULL >> 40) % FILES_MAX;

	while (self.files[at].used && (self.files[at].inode != status->st_ino ||
					      self.files[at].device != status->st_dev))
		at = (at + 1) % FILES_MAX;
	return at;
}

void places_remember(const struct stat *status)
{
	size_t at = file_slot(status);

	if (self.files[at].used)
		return;
	if (++self.n_files > FILES_MAX / 2)
		misused("too many files", self.prefix);
	self.files[at].device = status->st_dev;
	self.files[at].inode = status->st_ino;
	self.files[at].used = true;
}

bool places_count(int fd, struct stat *status)
{
	if (!self.active || fd == self.trace_fd)
		return false;
	int saved = errno;
	bool regular = fstat(fd, status) == 0 && S_ISREG(status->st_mode);
	errno = saved;
	if (!regular)
		return false;
	if (self.prefix[0] == '\0')
		return true;
	pthread_mutex_lock(&self.lock);
	bool known = self.files[file_slot(status)].used;
	pthread_mutex_unlock(&self.lock);
	return known;
}

static bool path_of_descriptor(int dirfd, char *out)
{
	char link[64];

	if (dirfd == AT_FDCWD)
		return getcwd(out, PATH_MAX) != NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	ssize_t n = readlink(link, out, PATH_MAX - 1);
	if (n < 0)
		return false;
	out[n] = '\0';
	return true;
}

/* The canonical path of a name, whose last part need not exist; false: no such folder. */
static bool canonical(int dirfd, const char *name, char *out)
{
	char joined[2 * PATH_MAX], folder[PATH_MAX];

	if (name[0] == '/') {
		snprintf(joined, sizeof(joined), "%s", name);
	} else {
		if (!path_of_descriptor(dirfd, folder))
			return false;
		snprintf(joined, sizeof(joined), "%s/%s", folder, name);
	}
	char *last = strrchr(joined, '/');
	*last++ = '\0';
	if (realpath(joined[0] ? joined : "/", folder) == NULL)
		return false;
	return snprintf(out, PATH_MAX, "%s/%s", strcmp(folder, "/") ? folder : "", last) <
	       PATH_MAX;
}

/* The part of a canonical path below the prefix; NULL when it lies outside. */
static const char *below_prefix(const char *path)
{
	size_t n = strlen(self.prefix);

	if (strncmp(path, self.prefix, n) != 0)
		return NULL;
	if (path[n] == '\0')
		return path + n;
	return path[n] == '/' ? path + n + 1 : NULL;
}

void places_forget_outsider(int fd)
{
	struct stat status;
	char path[PATH_MAX];
	int saved = errno;

	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		path_of_descriptor(fd, path) && below_prefix(path) == NULL) {
		pthread_mutex_lock(&self.lock);
		size_t at = file_slot(&status);
		if (self.files[at].used)
			self.files[at].inode = 0; /* the slot stays, so that searches pass */
		pthread_mutex_unlock(&self.lock);
	}
	errno = saved;
}

const char *places_path(int dirfd, const char *name, char *buffer)
{
	if (!self.active || name == NULL)
		return NULL;
	int saved = errno;
	const char *path = canonical(dirfd, name, buffer) ? below_prefix(buffer) : NULL;
	errno = saved;
	return path;
}

const char *places_folder(int fd, char *buffer)
{
	return path_of_descriptor(fd, buffer) ? below_prefix(buffer) : NULL;
}
