#include "tests/common/seglog_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

enum { SECTOR = 512, FILES_MAX = 4096, OPS_MAX = 4096 };

struct op {
	uint64_t offset;
	char *bytes; /* NULL: the file ends at `offset` */
	size_t len;
};

/* A name made for a file, or removed. */
struct name_op {
	char name[64];
	size_t file;      /* its number, from 1; 0 = removed */
	bool with_former; /* happens when the one before does: a renaming is one thing */
};

struct file {
	ino_t inode;
	char *durable;
	size_t durable_len;
	struct op *ops;
	size_t n_ops, capacity;
};

struct name {
	char name[64];
	size_t file;
};

static struct {
	bool on;
	int dir_fd;
	ino_t dir_inode;
	struct file files[FILES_MAX];
	size_t n_files;
	struct name names[FILES_MAX]; /* durable ones */
	size_t n_names;
	struct name_op name_ops[OPS_MAX];
	size_t n_name_ops;
} record;

static struct {
	uint64_t nth[DISK_CALLS];
	int sys[DISK_CALLS];
	bool stays[DISK_CALLS];
	uint64_t count[DISK_CALLS];
	uint64_t refuse_from, refuse_to;
	ino_t refuse_inode; /* 0 = any */
	uint64_t limit;
	uint64_t written;
	uint64_t faults;
	bool stutter;
	bool interrupted;
} fault;

int __real_ftruncate64(int fd, off_t size);
int __real_openat64(int dir, const char *path, int flags, ...);
ssize_t __real_pwrite64(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __real_pread64(int fd, void *bytes, size_t len, off_t offset);
int __real_fdatasync(int fd);
int __real_fsync(int fd);
int __real_unlinkat(int dir, const char *path, int flags);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);

int __wrap_ftruncate64(int fd, off_t size);
int __wrap_openat64(int dir, const char *path, int flags, ...);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t len, off_t offset);
ssize_t __wrap___pread64_chk(int fd, void *bytes, size_t len, off_t offset, size_t room);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);

/* ---- faults ---------------------------------------------------------------- */

void disk_heal(void)
{
	memset(&fault, 0, sizeof(fault));
}

void disk_fail(enum disk_call call, uint64_t nth, int sys, bool stays)
{
	memset(fault.count, 0, sizeof(fault.count));
	fault.nth[call] = nth;
	fault.sys[call] = sys;
	fault.stays[call] = stays;
}

void disk_refuse_block(uint64_t from, uint64_t to)
{
	fault.refuse_from = from;
	fault.refuse_to = to;
	fault.refuse_inode = 0;
}

void disk_refuse_file(const char *path, uint64_t from, uint64_t to)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	disk_refuse_block(from, to);
	fault.refuse_inode = st.st_ino;
}

void disk_stutter(bool on)
{
	fault.stutter = on;
}

void disk_limit(uint64_t bytes)
{
	fault.limit = bytes;
	fault.written = 0;
}

uint64_t disk_count(enum disk_call call)
{
	return fault.count[call];
}

uint64_t disk_faults(void)
{
	return fault.faults;
}

static void (*before_call)(void);

void disk_before_call(void (*hook)(void))
{
	before_call = hook;
}

static void run_hook(void)
{
	void (*hook)(void) = before_call;

	if (hook == NULL || !record.on)
		return;
	before_call = NULL;
	hook();
	before_call = hook;
}

static bool refused(int sys)
{
	fault.faults++;
	errno = sys;
	return true;
}

static bool fails(enum disk_call call)
{
	uint64_t count = ++fault.count[call];

	if (call != DISK_PREAD)
		run_hook();

	if (fault.nth[call] > 0 &&
		(count == fault.nth[call] || (fault.stays[call] && count > fault.nth[call])))
		return refused(fault.sys[call]);
	if (fault.stutter && call <= DISK_FTRUNCATE) {
		fault.interrupted = !fault.interrupted;
		if (fault.interrupted)
			return refused(EINTR);
	}
	return false;
}

/* ---- recording ------------------------------------------------------------- */

/* Number of the file, 0 = none. An inode may have been another file's before. */
static size_t find_file(ino_t inode)
{
	size_t i = record.n_files;

	while (i > 0 && record.files[i - 1].inode != inode)
		i--;
	return i;
}

static void forget_ops(struct file *file)
{
	for (size_t i = 0; i < file->n_ops; i++)
		free(file->ops[i].bytes);
	file->n_ops = 0;
}

static void set_durable(struct file *file, int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	free(file->durable);
	file->durable_len = (size_t)st.st_size;
	file->durable = malloc(file->durable_len + 1);
	ck_assert_int_eq(__real_pread64(fd, file->durable, file->durable_len, 0), st.st_size);
	forget_ops(file);
}

static size_t new_file(ino_t inode)
{
	ck_assert_uint_lt(record.n_files, FILES_MAX);
	record.files[record.n_files++] = (struct file){.inode = inode};
	return record.n_files;
}

/* The file behind a descriptor when it is one of the folder's. */
static struct file *file_of(int fd)
{
	struct stat st;

	if (!record.on || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	size_t number = find_file(st.st_ino);
	return number > 0 ? &record.files[number - 1] : NULL;
}

static void note(struct file *file, uint64_t offset, const void *bytes, size_t len)
{
	if (file == NULL)
		return;
	if (file->n_ops == file->capacity) {
		file->capacity = file->capacity * 2 + 16;
		file->ops = realloc(file->ops, file->capacity * sizeof(*file->ops));
	}
	struct op *op = &file->ops[file->n_ops++];
	*op = (struct op){.offset = offset, .len = len};
	if (bytes != NULL) {
		op->bytes = malloc(len);
		memcpy(op->bytes, bytes, len);
	}
}

static void note_name(const char *name, size_t file)
{
	ck_assert_uint_lt(record.n_name_ops, OPS_MAX);
	struct name_op *op = &record.name_ops[record.n_name_ops++];
	snprintf(op->name, sizeof(op->name), "%s", name);
	op->file = file;
	op->with_former = false;
}

static void set_name(struct name *names, size_t *n, const struct name_op *op)
{
	size_t i = 0;

	while (i < *n && strcmp(names[i].name, op->name) != 0)
		i++;
	if (op->file == 0 && i < *n)
		names[i] = names[--*n];
	if (op->file == 0)
		return;
	ck_assert_uint_lt(i, FILES_MAX);
	snprintf(names[i].name, sizeof(names[i].name), "%s", op->name);
	names[i].file = op->file;
	if (i == *n)
		++*n;
}

static void names_durable(void)
{
	for (size_t i = 0; i < record.n_name_ops; i++)
		set_name(record.names, &record.n_names, &record.name_ops[i]);
	record.n_name_ops = 0;
}

static bool is_dir(int fd)
{
	struct stat st;

	return record.on && fstat(fd, &st) == 0 && st.st_ino == record.dir_inode;
}

static ino_t inode_of(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

void disk_record(const char *dir)
{
	disk_forget();
	record.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(record.dir_fd, 0);

	struct stat st;
	ck_assert_int_eq(fstat(record.dir_fd, &st), 0);
	record.dir_inode = st.st_ino;
	record.on = true;

	DIR *listing = opendir(dir);
	const struct dirent *entry;
	while ((entry = readdir(listing)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		int fd = __real_openat64(record.dir_fd, entry->d_name, O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		size_t number = new_file(entry->d_ino);
		note_name(entry->d_name, number);
		set_durable(&record.files[number - 1], fd);
		close(fd);
	}
	closedir(listing);
	names_durable();
}

void disk_forget(void)
{
	for (size_t i = 0; i < record.n_files; i++) {
		forget_ops(&record.files[i]);
		free(record.files[i].ops);
		free(record.files[i].durable);
	}
	if (record.on)
		close(record.dir_fd);
	record.on = false;
	record.n_files = record.n_names = record.n_name_ops = 0;
}

/* ---- power ----------------------------------------------------------------- */

static bool kept(enum disk_luck luck, uint64_t (*random)(void))
{
	return luck == DISK_KEEPS_ALL || luck == DISK_KEEPS_WRITES ||
	       (luck == DISK_KEEPS_SOME && random() % 2 == 0);
}

static void lose_writes(const struct file *file, int dir, const char *name, enum disk_luck luck,
	uint64_t (*random)(void))
{
	int fd = __real_openat64(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	__real_pwrite64(fd, file->durable, file->durable_len, 0);
	for (size_t i = 0; i < file->n_ops; i++) {
		const struct op *op = &file->ops[i];

		if (op->bytes == NULL && luck != DISK_KEEPS_WRITES && kept(luck, random))
			ck_assert_int_eq(__real_ftruncate64(fd, (off_t)op->offset), 0);
		for (size_t at = 0; op->bytes != NULL && at < op->len;) {
			size_t part = SECTOR - (op->offset + at) % SECTOR;

			if (part > op->len - at)
				part = op->len - at;
			if (kept(luck, random))
				__real_pwrite64(
					fd, op->bytes + at, part, (off_t)(op->offset + at));
			at += part;
		}
	}
	close(fd);
}

void disk_lose_power(const char *to, enum disk_luck luck, uint64_t (*random)(void))
{
	static struct name names[FILES_MAX];
	size_t n = record.n_names;

	ck_assert(record.on);
	memcpy(names, record.names, n * sizeof(names[0]));
	for (size_t i = 0, happens = 0; i < record.n_name_ops; i++) {
		if (!record.name_ops[i].with_former)
			happens = kept(luck, random);
		if (happens)
			set_name(names, &n, &record.name_ops[i]);
	}
	int dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
	for (size_t i = 0; i < n; i++)
		lose_writes(&record.files[names[i].file - 1], dir, names[i].name, luck, random);
	close(dir);
}

/* ---- the calls ------------------------------------------------------------- */

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
	if (fails(DISK_PWRITE))
		return -1;
	if (fault.stutter && len > 1)
		len = len / 2;
	if (fault.limit > 0 && fault.written + len > fault.limit) {
		len = fault.limit > fault.written ? (size_t)(fault.limit - fault.written) : 0;
		if (len == 0) {
			refused(ENOSPC);
			return -1;
		}
	}

	ssize_t n = __real_pwrite64(fd, bytes, len, offset);
	if (n > 0) {
		fault.written += (size_t)n;
		note(file_of(fd), (uint64_t)offset, bytes, (size_t)n);
	}
	return n;
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t len, off_t offset)
{
	uint64_t from = (uint64_t)offset;

	if (fails(DISK_PREAD))
		return -1;
	struct stat st;
	if (fault.refuse_to > from && fault.refuse_from < from + len && fstat(fd, &st) == 0 &&
		(fault.refuse_inode == 0 || fault.refuse_inode == st.st_ino) &&
		(uint64_t)st.st_size > fault.refuse_from) {
		if (fault.refuse_from <= from) {
			refused(EIO);
			return -1;
		}
		len = (size_t)(fault.refuse_from - from);
	}
	return __real_pread64(fd, bytes, len, offset);
}

ssize_t __wrap___pread64_chk(int fd, void *bytes, size_t len, off_t offset, size_t room)
{
	ck_assert_uint_le(len, room);
	return __wrap_pread64(fd, bytes, len, offset);
}

int __wrap_fdatasync(int fd)
{
	if (fails(DISK_FDATASYNC))
		return -1;

	struct file *file = file_of(fd);
	int result = __real_fdatasync(fd);
	if (result == 0 && file != NULL)
		set_durable(file, fd);
	return result;
}

int __wrap_fsync(int fd)
{
	if (fails(DISK_FSYNC))
		return -1;

	int result = __real_fsync(fd);
	if (result == 0 && is_dir(fd))
		names_durable();
	return result;
}

int __wrap_ftruncate64(int fd, off_t size)
{
	if (fails(DISK_FTRUNCATE))
		return -1;

	int result = __real_ftruncate64(fd, size);
	if (result == 0)
		note(file_of(fd), (uint64_t)size, NULL, 0);
	return result;
}

int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);

	if (fails(DISK_OPENAT))
		return -1;

	bool made = (flags & O_CREAT) != 0 && is_dir(dir) && inode_of(dir, path) == 0;
	int fd = __real_openat64(dir, path, flags, mode);
	if (fd >= 0 && made) {
		struct stat st;

		ck_assert_int_eq(fstat(fd, &st), 0);
		note_name(path, new_file(st.st_ino));
	}
	return fd;
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	if (fails(DISK_UNLINKAT))
		return -1;

	int result = __real_unlinkat(dir, path, flags);
	if (result == 0 && is_dir(dir))
		note_name(path, 0);
	return result;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	if (fails(DISK_RENAMEAT))
		return -1;

	size_t number = is_dir(from_dir) ? find_file(inode_of(from_dir, from)) : 0;
	int result = __real_renameat(from_dir, from, to_dir, to);
	if (result == 0 && number > 0) {
		note_name(to, number);
		note_name(from, 0);
		record.name_ops[record.n_name_ops - 1].with_former = true;
	}
	return result;
}
