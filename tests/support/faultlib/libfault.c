/*
 * libfault - makes file operations of a program fail on order, and records them
 *
 * Loaded with LD_PRELOAD. Two uses, alone or together:
 *
 *   SOC_FAULT="fdatasync:EIO:nth=17;write:ENOSPC:after=1000"
 *	orders faults; rules are tried in turn, the first that fires wins. A rule is
 *	OPERATION:EFFECT[:CONDITION]...
 *	  OPERATION  open write fsync fdatasync sync (both) rename unlink truncate allocate
 *	  EFFECT     an errno by name; `short` (half of the bytes are written); `kill` (the
 *	             program is killed before the operation); `killafter`; `delay=MS`
 *	  CONDITION  nth=N (the Nth only), after=N (every one after N), every=N, bytes=N
 *	             (writes, once N bytes were written), times=N (fires at most N times),
 *	             name=TEXT (path contains it; not with write and sync of files opened
 *	             before). Without a condition it fires always.
 *   SOC_FAULT_FILE=FILE   the rules stand in a file that may change meanwhile
 *   SOC_IOTRACE=FILE      every change below SOC_FAULT_PATH is recorded, with the bytes
 *	                 written; %p in the name becomes the process id. crashimg.py builds
 *	                 from it the disks that a power cut may leave.
 *   SOC_FAULT_PATH=DIR    only files below DIR count; needed for a trace
 *   SOC_FAULT_PROGRAM=NAME   only in a program of that name (its file's last part)
 *   SOC_FAULT_WORD=WORD  only in a program with that argument, as a role of soc-collector
 *   SOC_FAULT_MUST=1      a program that ends without one operation seen prints why and
 *	                 exits with 97: a static or otherwise deaf program tests nothing
 *   SOC_FAULT_REPORT=FILE one line per process at its end: what was seen, what fired
 *
 * What it cannot see: raw system calls, io_uring, writes through mmap, and what stdio and
 * opendir do inside the C library. A trace is of one process, and knows no renamed folders.
 *
 * One lock is held across an operation and its record, so the trace has the true order.
 */

#include "tests/support/faultlib/faultlib.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct faultlib self = {.lock = PTHREAD_MUTEX_INITIALIZER, .trace_fd = -1};

void complain(const char *format, ...)
{
	char text[PATH_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	int n = snprintf(text, sizeof(text), "libfault: ");
	n += vsnprintf(text + n, sizeof(text) - (size_t)n - 1, format, arguments);
	va_end(arguments);
	text[n++] = '\n';
	syscall(SYS_write, STDERR_FILENO, text, (size_t)n);
}

void misused(const char *what, const char *text)
{
	complain("%s: '%s'", what, text);
	_exit(EXIT_MISUSED);
}

/* ---- life ------------------------------------------------------------------------- */

static void before_fork(void)
{
	pthread_mutex_lock(&self.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&self.lock);
}

static void in_child(void)
{
	const char *name = getenv("SOC_IOTRACE");

	if (name != NULL && strstr(name, "%p") != NULL)
		iotrace_open();
	self.n_seen = self.n_fired = 0;
	memset(self.seen, 0, sizeof(self.seen));
	self.must = false; /* a child may well have nothing to write */
	pthread_mutex_unlock(&self.lock);
}

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], word) == 0)
			return true;
	}
	return false;
}

/* The C library gives constructors what main() will get. */
static void __attribute__((constructor)) begin(int argc, char **argv)
{
	const char *word = getenv("SOC_FAULT_WORD");
	const char *program = getenv("SOC_FAULT_PROGRAM"), *path = getenv("SOC_FAULT_PATH");
	const char *must = getenv("SOC_FAULT_MUST"), *rules = getenv("SOC_FAULT");

	if (program != NULL && strcmp(program, program_invocation_short_name) != 0)
		return;
	if (word != NULL && !has_word(argc, argv, word))
		return;
	if (path != NULL && *path != '\0' && realpath(path, self.prefix) == NULL)
		misused("SOC_FAULT_PATH is no folder", path);
	self.must = must != NULL && strcmp(must, "1") == 0;
	self.report = getenv("SOC_FAULT_REPORT");
	self.rules_file = getenv("SOC_FAULT_FILE");
	if (rules != NULL)
		faults_parse(rules);
	iotrace_open();
	pthread_atfork(before_fork, after_fork, in_child);
	self.active = true;
}

static void __attribute__((destructor)) end(void)
{
	char line[512];

	if (!self.active)
		return;
	if (self.report != NULL) {
		int n = snprintf(line, sizeof(line), "%s[%d] seen=%llu fired=%llu",
			program_invocation_short_name, getpid(),
			(unsigned long long)self.n_seen, (unsigned long long)self.n_fired);
		for (int i = 0; i < OP_COUNT; i++)
			n += snprintf(line + n, sizeof(line) - (size_t)n, " %s=%llu",
				operation_names[i], (unsigned long long)self.seen[i]);
		line[n++] = '\n';
		int fd = (int)syscall(SYS_openat, AT_FDCWD, self.report,
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		syscall(SYS_write, fd, line, (size_t)n);
		syscall(SYS_close, fd);
	}
	if (self.must && self.n_seen == 0) {
		complain("saw not one file operation of %s%s%s: nothing was tested",
			program_invocation_short_name, self.prefix[0] ? " below " : "",
			self.prefix);
		_exit(EXIT_DEAF);
	}
}

/* ---- the operations --------------------------------------------------------------- */

static int do_open(int dirfd, const char *name, int flags, mode_t mode)
{
	char buffer[PATH_MAX];
	const char *path = places_path(dirfd, name, buffer);
	struct stat status;

	if (path == NULL || (flags & O_TMPFILE) == O_TMPFILE || flags & O_PATH) {
		int fd = (int)syscall(SYS_openat, dirfd, name, flags, mode);
		if (fd >= 0 && self.active && self.prefix[0] != '\0')
			places_forget_outsider(fd);
		return fd;
	}

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = faults_consider(OP_OPEN, path);
	int fd = -1;
	if (rule->effect == EFFECT_ERRNO) {
		errno = rule->number;
	} else {
		int saved = errno;
		bool existed = fstatat(dirfd, name, &status, 0) == 0;
		bool cut = existed && flags & O_TRUNC && status.st_size > 0;
		errno = saved;
		fd = (int)syscall(SYS_openat, dirfd, name, flags, mode);
		saved = errno;
		if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
			places_remember(&status);
			iotrace_put((struct trace_record){.type = 'O',
					    .flags = (uint8_t)((existed ? 0 : TRACE_CREATED) |
							       (cut ? TRACE_TRUNCATED : 0)),
					    .inode = status.st_ino},
				path, NULL, NULL, 0, 0);
		}
		errno = saved;
	}
	faults_after(rule);
	pthread_mutex_unlock(&self.lock);
	return fd;
}

static ssize_t plain_write(int fd, const struct iovec *parts, int n, off_t offset)
{
	if (offset < 0)
		return syscall(SYS_writev, fd, parts, n);
	return syscall(SYS_pwritev, fd, parts, n, offset, 0);
}

/* Writes half of the bytes that were asked for, but at least one. */
static ssize_t short_write(int fd, const struct iovec *parts, int n, off_t offset)
{
	struct iovec some[IOV_MAX];
	size_t total = 0;
	int used = 0;

	for (int i = 0; i < n; i++)
		total += parts[i].iov_len;
	size_t left = total > 1 ? total / 2 : total;
	for (int i = 0; i < n && left > 0; i++) {
		some[used] = parts[i];
		if (some[used].iov_len > left)
			some[used].iov_len = left;
		left -= some[used++].iov_len;
	}
	return plain_write(fd, some, used, offset);
}

/* offset -1: at the descriptor's own position. */
static ssize_t do_write(int fd, const struct iovec *parts, int n, off_t offset)
{
	struct stat status;

	if (!places_count(fd, &status) || n < 0 || n > IOV_MAX - 3)
		return plain_write(fd, parts, n, offset);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = faults_consider(OP_WRITE, NULL);
	ssize_t done = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else if (rule->effect == EFFECT_SHORT)
		done = short_write(fd, parts, n, offset);
	else
		done = plain_write(fd, parts, n, offset);
	if (done > 0) {
		int saved = errno;
		off_t at = offset;
		if (fcntl(fd, F_GETFL) & O_APPEND && offset >= 0)
			at = status.st_size; /* Linux appends even then */
		else if (offset < 0)
			at = lseek(fd, 0, SEEK_CUR) - done;
		self.bytes_written += (uint64_t)done;
		iotrace_put(
			(struct trace_record){
				.type = 'W', .inode = status.st_ino, .a = (uint64_t)at},
			NULL, NULL, parts, n, (size_t)done);
		errno = saved;
	}
	faults_after(rule);
	pthread_mutex_unlock(&self.lock);
	return done;
}

static int do_sync(int fd, long number, enum operation operation)
{
	struct stat status;
	char buffer[PATH_MAX];
	const char *path = NULL;
	bool folder = self.active && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);

	if (folder)
		path = places_folder(fd, buffer);
	if (folder ? path == NULL : !places_count(fd, &status))
		return (int)syscall(number, fd);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = faults_consider(operation, path);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(number, fd);
	if (result == 0)
		iotrace_put((struct trace_record){.type = folder ? 'D' : 'S',
				    .inode = status.st_ino},
			path, NULL, NULL, 0, 0);
	faults_after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

static int do_rename(int old_dirfd, const char *old_name, int new_dirfd, const char *new_name,
	unsigned flags)
{
	char old_buffer[PATH_MAX], new_buffer[PATH_MAX];
	const char *old_path = places_path(old_dirfd, old_name, old_buffer);
	const char *new_path = places_path(new_dirfd, new_name, new_buffer);

	if (old_path == NULL || new_path == NULL)
		return (int)syscall(
			SYS_renameat2, old_dirfd, old_name, new_dirfd, new_name, flags);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = faults_consider(OP_RENAME, new_path);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(
			SYS_renameat2, old_dirfd, old_name, new_dirfd, new_name, flags);
	if (result == 0)
		iotrace_put((struct trace_record){.type = 'R'}, old_path, new_path, NULL, 0, 0);
	faults_after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

/* A second name of a file; nothing is ordered to fail. */
static int do_link(
	int old_dirfd, const char *old_name, int new_dirfd, const char *new_name, int flags)
{
	char old_buffer[PATH_MAX], new_buffer[PATH_MAX];
	const char *old_path = places_path(old_dirfd, old_name, old_buffer);
	const char *new_path = places_path(new_dirfd, new_name, new_buffer);

	if (old_path == NULL || new_path == NULL)
		return (int)syscall(
			SYS_linkat, old_dirfd, old_name, new_dirfd, new_name, flags);

	pthread_mutex_lock(&self.lock);
	int result = (int)syscall(SYS_linkat, old_dirfd, old_name, new_dirfd, new_name, flags);
	if (result == 0)
		iotrace_put((struct trace_record){.type = 'L'}, old_path, new_path, NULL, 0, 0);
	pthread_mutex_unlock(&self.lock);
	return result;
}

/* Operations on a name that need nothing but the name: 'U', 'M', 'N'. */
static int do_name(char type, int dirfd, const char *name, long number, long argument)
{
	char buffer[PATH_MAX];
	const char *path = places_path(dirfd, name, buffer);

	if (path == NULL)
		return (int)syscall(number, dirfd, name, argument);

	pthread_mutex_lock(&self.lock);
	static const struct rule nothing = {.effect = EFFECT_NONE};
	const struct rule *rule = type == 'M' ? &nothing : faults_consider(OP_UNLINK, path);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(number, dirfd, name, argument);
	if (result == 0)
		iotrace_put((struct trace_record){.type = type}, path, NULL, NULL, 0, 0);
	faults_after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

static int do_truncate(int fd, off_t size)
{
	struct stat status;

	if (!places_count(fd, &status))
		return (int)syscall(SYS_ftruncate, fd, size);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = faults_consider(OP_TRUNCATE, NULL);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(SYS_ftruncate, fd, size);
	if (result == 0)
		iotrace_put(
			(struct trace_record){
				.type = 'T', .inode = status.st_ino, .a = (uint64_t)size},
			NULL, NULL, NULL, 0, 0);
	faults_after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

static int do_allocate(int fd, int mode, off_t offset, off_t size)
{
	struct stat status;

	if (!places_count(fd, &status))
		return (int)syscall(SYS_fallocate, fd, mode, offset, size);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = faults_consider(OP_ALLOCATE, NULL);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(SYS_fallocate, fd, mode, offset, size);
	if (result == 0 && (mode & ~FALLOC_FL_KEEP_SIZE) == 0)
		iotrace_put((struct trace_record){.type = 'A',
				    .flags = mode & FALLOC_FL_KEEP_SIZE ? TRACE_KEEP_SIZE : 0,
				    .inode = status.st_ino,
				    .a = (uint64_t)offset,
				    .b = (uint64_t)size},
			NULL, NULL, NULL, 0, 0);
	else if (result == 0 && self.trace_fd >= 0)
		misused("the trace knows no such fallocate", "mode");
	faults_after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

/* ---- the C library's names -------------------------------------------------------- */

#define OPEN_MODE(flags, last, mode)                                                           \
	do {                                                                                   \
		if ((flags) & (O_CREAT | __O_TMPFILE)) {                                       \
			va_list arguments;                                                     \
			va_start(arguments, last);                                             \
			(mode) = va_arg(arguments, mode_t);                                    \
			va_end(arguments);                                                     \
		}                                                                              \
	} while (0)

EXPORT int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	OPEN_MODE(flags, flags, mode);
	return do_open(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	OPEN_MODE(flags, flags, mode);
	return do_open(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	OPEN_MODE(flags, flags, mode);
	return do_open(dirfd, path, flags, mode);
}

EXPORT int openat64(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	OPEN_MODE(flags, flags, mode);
	return do_open(dirfd, path, flags, mode);
}

/* What FORTIFY makes of open without a mode. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags);
EXPORT int __openat_2(int dirfd, const char *path, int flags);
EXPORT int __openat64_2(int dirfd, const char *path, int flags);

EXPORT int __open_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

EXPORT int __openat_2(int dirfd, const char *path, int flags)
{
	return do_open(dirfd, path, flags, 0);
}

EXPORT int __openat64_2(int dirfd, const char *path, int flags)
{
	return do_open(dirfd, path, flags, 0);
}

EXPORT int creat(const char *path, mode_t mode)
{
	return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int creat64(const char *path, mode_t mode)
{
	return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	struct iovec part = {(void *)(uintptr_t)data, size};

	/* Raw, because writev refuses nothing that write takes but costs pipes more. */
	if (!self.active)
		return syscall(SYS_write, fd, data, size);
	return do_write(fd, &part, 1, -1);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int n)
{
	return do_write(fd, parts, n, -1);
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	struct iovec part = {(void *)(uintptr_t)data, size};

	return do_write(fd, &part, 1, offset);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	struct iovec part = {(void *)(uintptr_t)data, size};

	return do_write(fd, &part, 1, offset);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t offset)
{
	return do_write(fd, parts, n, offset);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int n, off64_t offset)
{
	return do_write(fd, parts, n, offset);
}

EXPORT int fsync(int fd)
{
	return do_sync(fd, SYS_fsync, OP_FSYNC);
}

EXPORT int fdatasync(int fd)
{
	return do_sync(fd, SYS_fdatasync, OP_FDATASYNC);
}

EXPORT int rename(const char *from, const char *to)
{
	return do_rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
	return do_rename(from_dirfd, from, to_dirfd, to, 0);
}

EXPORT int renameat2(
	int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
	return do_rename(from_dirfd, from, to_dirfd, to, flags);
}

EXPORT int link(const char *from, const char *to)
{
	return do_link(AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
	return do_link(from_dirfd, from, to_dirfd, to, flags);
}

EXPORT int unlink(const char *path)
{
	return do_name('U', AT_FDCWD, path, SYS_unlinkat, 0);
}

EXPORT int unlinkat(int dirfd, const char *path, int flags)
{
	return do_name(flags & AT_REMOVEDIR ? 'N' : 'U', dirfd, path, SYS_unlinkat, flags);
}

EXPORT int rmdir(const char *path)
{
	return do_name('N', AT_FDCWD, path, SYS_unlinkat, AT_REMOVEDIR);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	return do_name('M', AT_FDCWD, path, SYS_mkdirat, (long)mode);
}

EXPORT int mkdirat(int dirfd, const char *path, mode_t mode)
{
	return do_name('M', dirfd, path, SYS_mkdirat, (long)mode);
}

EXPORT int ftruncate(int fd, off_t size)
{
	return do_truncate(fd, size);
}

EXPORT int ftruncate64(int fd, off64_t size)
{
	return do_truncate(fd, size);
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t size)
{
	return do_allocate(fd, mode, offset, size);
}

EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t size)
{
	return do_allocate(fd, mode, offset, size);
}

EXPORT int posix_fallocate(int fd, off_t offset, off_t size)
{
	return do_allocate(fd, 0, offset, size) == 0 ? 0 : errno;
}

EXPORT int posix_fallocate64(int fd, off64_t offset, off64_t size)
{
	return do_allocate(fd, 0, offset, size) == 0 ? 0 : errno;
}
