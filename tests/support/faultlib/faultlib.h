/*
 * faultlib - what the files of libfault.so share
 *
 *	libfault.c  the operations, under the C library's names; start and end
 *	faults.c    the rules: which operation fails, and how
 *	places.c    which files count
 *	iotrace.c   the record of what was done
 *
 * The places_*() but places_remember() take `lock` themselves where they need it; the others
 * are called under `lock`.
 */
#ifndef TESTS_SUPPORT_FAULTLIB_H
#define TESTS_SUPPORT_FAULTLIB_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

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

struct faultlib {
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
};

extern struct faultlib self;
extern const char *const operation_names[OP_COUNT];

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void misused(const char *what, const char *text) __attribute__((noreturn));

/* The rules of SOC_FAULT; a mistake ends the program. */
void faults_parse(const char *text);

/* Counts an operation and says what shall happen to it. Kills and delays happen here. `path`
 * NULL: it is not known. */
const struct rule *faults_consider(enum operation operation, const char *path);

/* When the operation is done. */
void faults_after(const struct rule *rule);

/* A regular file that counts, by its open descriptor. */
bool places_count(int fd, struct stat *status);

/* A file below the prefix was opened. */
void places_remember(const struct stat *status);

/* A file outside may have been given the inode of a removed one that counted. */
void places_forget_outsider(int fd);

/* The path of a name below the prefix, in `buffer`; NULL when it does not count. */
const char *places_path(int dirfd, const char *name, char *buffer);

/* The same of an open folder. */
const char *places_folder(int fd, char *buffer);

/* Anew for each process when its name has %p. */
void iotrace_open(void);

/* Lengths and sizes of the record are filled in; nothing happens without a trace. */
void iotrace_put(struct trace_record record, const char *path, const char *second,
	const struct iovec *data, int n_data, size_t size);

#endif
