/* folder - a temporary folder for a test, and files in it */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/support/check.h"

struct folder {
	char path[64];
	char name[PATH_MAX]; /* of the last folder_path() */
};

static inline void folder_make(struct folder *folder)
{
	snprintf(folder->path, sizeof(folder->path), "/tmp/soc-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder->path));
}

static inline int folder_remove_one(
	const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void folder_remove(const struct folder *folder)
{
	ck_assert_int_eq(nftw(folder->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Valid until the next call. */
static inline const char *folder_path(struct folder *folder, const char *name)
{
	snprintf(folder->name, sizeof(folder->name), "%s/%s", folder->path, name);
	return folder->name;
}

static inline void folder_write_at(
	struct folder *folder, const char *name, struct slice bytes, int how)
{
	int fd = open(folder_path(folder, name), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert(file_write_all(fd, bytes.ptr, bytes.len));
	ck_assert_int_eq(close(fd), 0);
}

static inline void folder_append(struct folder *folder, const char *name, const char *text)
{
	folder_write_at(folder, name, slice_str(text), O_APPEND);
}

static inline void folder_replace(struct folder *folder, const char *name, const char *text)
{
	folder_write_at(folder, name, slice_str(text), O_TRUNC);
}

static inline void folder_rename(struct folder *folder, const char *from, const char *to)
{
	char old[PATH_MAX];

	snprintf(old, sizeof(old), "%s", folder_path(folder, from));
	ck_assert_int_eq(rename(old, folder_path(folder, to)), 0);
}

#endif
