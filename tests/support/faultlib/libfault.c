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

enum operation {
	OP_OPEN,
	OP_WRITE,
	OP_FSYNC,
	OP_FDATASYNC,
	OP_RENAME,
	OP_UNLINK,
	OP_TRUNCATE,
	OP_ALLOCATE,
	OP_COUNT,
};

static const char *const operation_names[OP_COUNT] = {
	"open", "write", "fsync", "fdatasync", "rename", "unlink", "truncate", "allocate"};

enum effect {
	EFFECT_NONE,
	EFFECT_ERRNO,
	EFFECT_SHORT,
	EFFECT_KILL,
	EFFECT_KILL_AFTER,
	EFFECT_DELAY,
};

struct rule {
	unsigned operations; /* bits of enum operation */
	enum effect effect;
	int number;                               /* errno, or milliseconds */
	uint64_t nth, after, every, bytes, times; /* 0 = not asked */
	char name[64];
	uint64_t seen, fired;
};

enum {
	RULES_MAX = 32,
	FILES_MAX = 1 << 16, /* a power of two */
	EXIT_DEAF = 97,
	EXIT_MISUSED = 98,
};

/* The trace: this header, then path, second path (b bytes, renames), data. */
struct trace_record {
	uint32_t size; /* of the whole record */
	char type;
	uint8_t flags;
	uint16_t path_len;
	uint64_t inode;
	uint64_t a; /* offset, or new size */
	uint64_t b; /* length, or length of the second path */
};

enum trace_flag {
	TRACE_CREATED = 1,
	TRACE_TRUNCATED = 2,
	TRACE_KEEP_SIZE = 4,
};

static const char trace_magic[8] = "SOCIOT1\n";

static struct {
	pthread_mutex_t lock;
	bool active;
	bool must;
	char prefix[PATH_MAX]; /* canonical, without a slash at the end; "" = everything */
	const char *report;
	const char *rules_file;
	struct timespec rules_time;
	int trace_fd;
	struct rule rules[RULES_MAX];
	size_t n_rules;
	uint64_t bytes_written;
	uint64_t seen[OP_COUNT];
	uint64_t n_seen, n_fired;
	struct {
		dev_t device;
		ino_t inode;
		bool used;
	} files[FILES_MAX];
	size_t n_files;
} self = {.lock = PTHREAD_MUTEX_INITIALIZER, .trace_fd = -1};

static void complain(const char *format, ...)
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

static void __attribute__((noreturn)) misused(const char *what, const char *text)
{
	complain("%s: '%s'", what, text);
	_exit(EXIT_MISUSED);
}

/* ---- rules ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	int number;
} errnos[] = {
	{"EACCES", EACCES},
	{"EAGAIN", EAGAIN},
	{"EBUSY", EBUSY},
	{"EDQUOT", EDQUOT},
	{"EEXIST", EEXIST},
	{"EINTR", EINTR},
	{"EINVAL", EINVAL},
	{"EIO", EIO},
	{"EMFILE", EMFILE},
	{"ENFILE", ENFILE},
	{"ENOENT", ENOENT},
	{"ENOMEM", ENOMEM},
	{"ENOSPC", ENOSPC},
	{"EPERM", EPERM},
	{"EROFS", EROFS},
	{"EXDEV", EXDEV},
};

static bool parse_operation(struct rule *rule, const char *word)
{
	if (strcmp(word, "sync") == 0) {
		rule->operations = 1U << OP_FSYNC | 1U << OP_FDATASYNC;
		return true;
	}
	for (unsigned i = 0; i < OP_COUNT; i++) {
		if (strcmp(word, operation_names[i]) == 0) {
			rule->operations = 1U << i;
			return true;
		}
	}
	return false;
}

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

static bool parse_effect(struct rule *rule, const char *word)
{
	uint64_t ms;

	if (strcmp(word, "short") == 0) {
		rule->effect = EFFECT_SHORT;
	} else if (strcmp(word, "kill") == 0) {
		rule->effect = EFFECT_KILL;
	} else if (strcmp(word, "killafter") == 0) {
		rule->effect = EFFECT_KILL_AFTER;
	} else if (strncmp(word, "delay=", 6) == 0 && parse_number(word + 6, &ms)) {
		rule->effect = EFFECT_DELAY;
		rule->number = (int)ms;
	} else {
		rule->effect = EFFECT_ERRNO;
		for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
			if (strcmp(word, errnos[i].name) == 0)
				rule->number = errnos[i].number;
		return rule->number != 0;
	}
	return true;
}

static bool parse_condition(struct rule *rule, char *word)
{
	const struct {
		const char *key;
		uint64_t *value;
	} numbers[] = {
		{"nth", &rule->nth},
		{"after", &rule->after},
		{"every", &rule->every},
		{"bytes", &rule->bytes},
		{"times", &rule->times},
	};
	char *value = strchr(word, '=');

	if (value == NULL)
		return false;
	*value++ = '\0';
	if (strcmp(word, "name") == 0)
		return snprintf(rule->name, sizeof(rule->name), "%s", value) <
		       (int)sizeof(rule->name);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(word, numbers[i].key) == 0)
			return parse_number(value, numbers[i].value);
	return false;
}

static void parse_rules(const char *text)
{
	char copy[4096];

	self.n_rules = 0;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		misused("too long", text);
	for (char *rest = copy, *one; (one = strsep(&rest, ";\n")) != NULL;) {
		if (*one == '\0')
			continue;
		if (self.n_rules == RULES_MAX)
			misused("too many rules", text);
		struct rule *rule = &self.rules[self.n_rules++];
		*rule = (struct rule){0};
		char *word = strsep(&one, ":");
		if (!parse_operation(rule, word))
			misused("unknown operation", word);
		word = strsep(&one, ":");
		if (word == NULL || !parse_effect(rule, word))
			misused("unknown effect", word ? word : text);
		while ((word = strsep(&one, ":")) != NULL)
			if (!parse_condition(rule, word))
				misused("unknown condition", word);
	}
}

/* Reads the rules anew when their file has changed; no file, no rules. */
static void refresh_rules(void)
{
	struct stat status;
	char text[4096];

	if (self.rules_file == NULL)
		return;
	if (stat(self.rules_file, &status) != 0) {
		self.n_rules = 0;
		self.rules_time = (struct timespec){0};
		return;
	}
	if (status.st_mtim.tv_sec == self.rules_time.tv_sec &&
		status.st_mtim.tv_nsec == self.rules_time.tv_nsec)
		return;
	self.rules_time = status.st_mtim;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, self.rules_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		syscall(SYS_close, fd);
	text[n > 0 ? n : 0] = '\0';
	parse_rules(text);
}

static bool fires(struct rule *rule, enum operation operation, const char *path)
{
	if ((rule->operations & 1U << operation) == 0)
		return false;
	if (rule->name[0] != '\0' && (path == NULL || strstr(path, rule->name) == NULL))
		return false;
	rule->seen++;
	if (rule->times != 0 && rule->fired >= rule->times)
		return false;
	if (rule->nth != 0 && rule->seen != rule->nth)
		return false;
	if (rule->after != 0 && rule->seen <= rule->after)
		return false;
	if (rule->every != 0 && rule->seen % rule->every != 0)
		return false;
	if (rule->bytes != 0 && self.bytes_written < rule->bytes)
		return false;
	rule->fired++;
	self.n_fired++;
	return true;
}

/* Counts an operation and says what shall happen to it. Kills and delays happen here. */
static const struct rule *consider(enum operation operation, const char *path)
{
	static const struct rule nothing = {.effect = EFFECT_NONE};

	self.seen[operation]++;
	self.n_seen++;
	refresh_rules();
	for (size_t i = 0; i < self.n_rules; i++) {
		struct rule *rule = &self.rules[i];
		if (!fires(rule, operation, path))
			continue;
		if (rule->effect == EFFECT_KILL)
			kill(getpid(), SIGKILL);
		if (rule->effect == EFFECT_DELAY) {
			struct timespec pause = {
				rule->number / 1000, rule->number % 1000 * 1000000L};
			pthread_mutex_unlock(&self.lock); /* others go on meanwhile */
			nanosleep(&pause, NULL);
			pthread_mutex_lock(&self.lock);
			continue;
		}
		return rule;
	}
	return &nothing;
}

static void after(const struct rule *rule)
{
	if (rule->effect == EFFECT_KILL_AFTER)
		kill(getpid(), SIGKILL);
}

/* ---- which files ------------------------------------------------------------------ */

/* The slot of a file in the table of files below the prefix, or the free one for it. */
static size_t file_slot(const struct stat *status)
{
	size_t at = (status->st_ino * 0x9e3779b97f4a7c15ULL >> 40) % FILES_MAX;

	while (self.files[at].used && (self.files[at].inode != status->st_ino ||
					      self.files[at].device != status->st_dev))
		at = (at + 1) % FILES_MAX;
	return at;
}

static void remember_file(const struct stat *status)
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

/* A regular file that counts, by its open descriptor. */
static bool counts(int fd, struct stat *status)
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

/* A file outside may have been given the inode of a removed one that counted. */
static void forget_outsider(int fd)
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

/* The path of a name below the prefix, in `buffer`; NULL when it does not count. */
static const char *counted_path(int dirfd, const char *name, char *buffer)
{
	if (!self.active || name == NULL)
		return NULL;
	int saved = errno;
	const char *path = canonical(dirfd, name, buffer) ? below_prefix(buffer) : NULL;
	errno = saved;
	return path;
}

/* ---- the trace -------------------------------------------------------------------- */

static void trace(struct trace_record record, const char *path, const char *second,
	const struct iovec *data, int n_data, size_t size)
{
	struct iovec parts[IOV_MAX];
	int n = 3;

	if (self.trace_fd < 0)
		return;
	record.path_len = (uint16_t)(path ? strlen(path) : 0);
	if (second != NULL)
		record.b = strlen(second);
	parts[0] = (struct iovec){&record, sizeof(record)};
	parts[1] = (struct iovec){(void *)(uintptr_t)path, record.path_len};
	parts[2] = (struct iovec){(void *)(uintptr_t)second, second ? record.b : 0};
	size_t left = size, total = sizeof(record) + record.path_len + parts[2].iov_len + size;
	for (int i = 0; i < n_data && left > 0 && n < IOV_MAX; i++) {
		size_t part = data[i].iov_len < left ? data[i].iov_len : left;
		parts[n++] = (struct iovec){data[i].iov_base, part};
		left -= part;
	}
	record.size = (uint32_t)total;
	if (left > 0 || syscall(SYS_writev, self.trace_fd, parts, n) != (long)total)
		misused("the trace cannot be written", strerror(errno));
}

static void open_trace(void)
{
	const char *name = getenv("SOC_IOTRACE"), *mark;
	char path[PATH_MAX];

	if (name == NULL || *name == '\0')
		return;
	if (self.prefix[0] == '\0')
		misused("SOC_IOTRACE needs SOC_FAULT_PATH", name);
	if ((mark = strstr(name, "%p")) != NULL)
		snprintf(path, sizeof(path), "%.*s%d%s", (int)(mark - name), name, getpid(),
			mark + 2);
	else
		snprintf(path, sizeof(path), "%s", name);
	if (self.trace_fd >= 0)
		syscall(SYS_close, self.trace_fd);
	int fd = (int)syscall(
		SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	/* High up, where programs that close what they inherit do not look. */
	self.trace_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 1000);
	if (self.trace_fd < 0)
		misused("the trace cannot be opened", path);
	syscall(SYS_close, fd);
	if (lseek(self.trace_fd, 0, SEEK_END) == 0)
		syscall(SYS_write, self.trace_fd, trace_magic, sizeof(trace_magic));
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
		open_trace();
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
		parse_rules(rules);
	open_trace();
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
	const char *path = counted_path(dirfd, name, buffer);
	struct stat status;

	if (path == NULL || (flags & O_TMPFILE) == O_TMPFILE || flags & O_PATH) {
		int fd = (int)syscall(SYS_openat, dirfd, name, flags, mode);
		if (fd >= 0 && self.active && self.prefix[0] != '\0')
			forget_outsider(fd);
		return fd;
	}

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = consider(OP_OPEN, path);
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
			remember_file(&status);
			trace((struct trace_record){.type = 'O',
				      .flags = (uint8_t)((existed ? 0 : TRACE_CREATED) |
							 (cut ? TRACE_TRUNCATED : 0)),
				      .inode = status.st_ino},
				path, NULL, NULL, 0, 0);
		}
		errno = saved;
	}
	after(rule);
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

	if (!counts(fd, &status) || n < 0 || n > IOV_MAX - 3)
		return plain_write(fd, parts, n, offset);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = consider(OP_WRITE, NULL);
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
		trace(
			(struct trace_record){
				.type = 'W', .inode = status.st_ino, .a = (uint64_t)at},
			NULL, NULL, parts, n, (size_t)done);
		errno = saved;
	}
	after(rule);
	pthread_mutex_unlock(&self.lock);
	return done;
}

static int do_sync(int fd, long number, enum operation operation)
{
	struct stat status;
	char buffer[PATH_MAX];
	const char *path = NULL;
	bool folder = self.active && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);

	if (folder && path_of_descriptor(fd, buffer))
		path = below_prefix(buffer);
	if (folder ? path == NULL : !counts(fd, &status))
		return (int)syscall(number, fd);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = consider(operation, path);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(number, fd);
	if (result == 0)
		trace((struct trace_record){.type = folder ? 'D' : 'S', .inode = status.st_ino},
			path, NULL, NULL, 0, 0);
	after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

static int do_rename(int old_dirfd, const char *old_name, int new_dirfd, const char *new_name,
	unsigned flags)
{
	char old_buffer[PATH_MAX], new_buffer[PATH_MAX];
	const char *old_path = counted_path(old_dirfd, old_name, old_buffer);
	const char *new_path = counted_path(new_dirfd, new_name, new_buffer);

	if (old_path == NULL || new_path == NULL)
		return (int)syscall(
			SYS_renameat2, old_dirfd, old_name, new_dirfd, new_name, flags);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = consider(OP_RENAME, new_path);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(
			SYS_renameat2, old_dirfd, old_name, new_dirfd, new_name, flags);
	if (result == 0)
		trace((struct trace_record){.type = 'R'}, old_path, new_path, NULL, 0, 0);
	after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

/* A second name of a file; nothing is ordered to fail. */
static int do_link(
	int old_dirfd, const char *old_name, int new_dirfd, const char *new_name, int flags)
{
	char old_buffer[PATH_MAX], new_buffer[PATH_MAX];
	const char *old_path = counted_path(old_dirfd, old_name, old_buffer);
	const char *new_path = counted_path(new_dirfd, new_name, new_buffer);

	if (old_path == NULL || new_path == NULL)
		return (int)syscall(
			SYS_linkat, old_dirfd, old_name, new_dirfd, new_name, flags);

	pthread_mutex_lock(&self.lock);
	int result = (int)syscall(SYS_linkat, old_dirfd, old_name, new_dirfd, new_name, flags);
	if (result == 0)
		trace((struct trace_record){.type = 'L'}, old_path, new_path, NULL, 0, 0);
	pthread_mutex_unlock(&self.lock);
	return result;
}

/* Operations on a name that need nothing but the name: 'U', 'M', 'N'. */
static int do_name(char type, int dirfd, const char *name, long number, long argument)
{
	char buffer[PATH_MAX];
	const char *path = counted_path(dirfd, name, buffer);

	if (path == NULL)
		return (int)syscall(number, dirfd, name, argument);

	pthread_mutex_lock(&self.lock);
	static const struct rule nothing = {.effect = EFFECT_NONE};
	const struct rule *rule = type == 'M' ? &nothing : consider(OP_UNLINK, path);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(number, dirfd, name, argument);
	if (result == 0)
		trace((struct trace_record){.type = type}, path, NULL, NULL, 0, 0);
	after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

static int do_truncate(int fd, off_t size)
{
	struct stat status;

	if (!counts(fd, &status))
		return (int)syscall(SYS_ftruncate, fd, size);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = consider(OP_TRUNCATE, NULL);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(SYS_ftruncate, fd, size);
	if (result == 0)
		trace(
			(struct trace_record){
				.type = 'T', .inode = status.st_ino, .a = (uint64_t)size},
			NULL, NULL, NULL, 0, 0);
	after(rule);
	pthread_mutex_unlock(&self.lock);
	return result;
}

static int do_allocate(int fd, int mode, off_t offset, off_t size)
{
	struct stat status;

	if (!counts(fd, &status))
		return (int)syscall(SYS_fallocate, fd, mode, offset, size);

	pthread_mutex_lock(&self.lock);
	const struct rule *rule = consider(OP_ALLOCATE, NULL);
	int result = -1;
	if (rule->effect == EFFECT_ERRNO)
		errno = rule->number;
	else
		result = (int)syscall(SYS_fallocate, fd, mode, offset, size);
	if (result == 0 && (mode & ~FALLOC_FL_KEEP_SIZE) == 0)
		trace((struct trace_record){.type = 'A',
			      .flags = mode & FALLOC_FL_KEEP_SIZE ? TRACE_KEEP_SIZE : 0,
			      .inode = status.st_ino,
			      .a = (uint64_t)offset,
			      .b = (uint64_t)size},
			NULL, NULL, NULL, 0, 0);
	else if (result == 0 && self.trace_fd >= 0)
		misused("the trace knows no such fallocate", "mode");
	after(rule);
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
