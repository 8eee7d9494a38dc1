/*
 * journal - journal files for tests, made by systemd-journal-remote
 *
 * Entries are written in journald's export format and given to the program of
 * Debian's package systemd-journal-remote; no journald runs. Files made one
 * after the other are each numbered anew; journal_continue() makes one the
 * successor of another, as journald's own rotation does.
 */
#ifndef TESTS_SUPPORT_JOURNAL_H
#define TESTS_SUPPORT_JOURNAL_H

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/file.h"
#include "tests/support/check.h"

#define JOURNAL_REMOTE "/lib/systemd/systemd-journal-remote"
#define JOURNAL_BOOT   "00112233445566778899aabbccddeeff"

enum { JOURNAL_REALTIME = 1700000000, JOURNAL_EXPORT_MAX = 64 << 20 };

struct journal_text {
	struct strbuf export;
	const char *boot;     /* 32 digits */
	uint64_t realtime_us; /* of the next entry */
	uint64_t monotonic_us;
};

static inline bool journal_tool_missing(void)
{
	return access(JOURNAL_REMOTE, X_OK) != 0;
}

static inline void journal_text_init(struct journal_text *text)
{
	*text = (struct journal_text){.export = STRBUF_INIT(JOURNAL_EXPORT_MAX),
		.boot = JOURNAL_BOOT,
		.realtime_us = UINT64_C(1000000) * JOURNAL_REALTIME,
		.monotonic_us = 1000000};
}

/* A value of any bytes. */
static inline void journal_field(
	struct journal_text *text, const char *name, struct slice value)
{
	strbuf_addf(&text->export, "%s\n", name);
	char size[8];
	bytes_put_u64(size, value.len);
	strbuf_add(&text->export, slice_of(size, sizeof(size)));
	strbuf_add(&text->export, value);
	strbuf_add_byte(&text->export, '\n');
}

static inline void journal_entry_begin(struct journal_text *text)
{
	strbuf_addf(&text->export,
		"__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%llu\n_BOOT_ID=%s\n",
		(unsigned long long)text->realtime_us, (unsigned long long)text->monotonic_us,
		text->boot);
	text->realtime_us += 1000;
	text->monotonic_us += 1000;
}

static inline void journal_entry_end(struct journal_text *text)
{
	strbuf_add_byte(&text->export, '\n');
}

/* Entries "line FIRST" and on. */
static inline void journal_lines(struct journal_text *text, int first, int n)
{
	for (int i = first; i < first + n; i++) {
		journal_entry_begin(text);
		strbuf_addf(&text->export,
			"MESSAGE=line %d\nPRIORITY=6\nSYSLOG_IDENTIFIER=test\n_PID=%d\n", i, i);
		journal_entry_end(text);
	}
}

/* Writes what was said into the journal file `path`, made or continued, and forgets it. */
static inline void journal_save(struct journal_text *text, const char *path)
{
	char export[PATH_MAX + sizeof(".export")];
	struct err err;
	int status = -1;

	snprintf(export, sizeof(export), "%s.export", path);
	ck_assert_msg(
		file_replace(export, strbuf_slice(&text->export), 0600, &err), "%s", err.text);
	strbuf_reset(&text->export);
	pid_t child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		(void)dup2(null, STDERR_FILENO);
		execl(JOURNAL_REMOTE, JOURNAL_REMOTE, "--compress=yes", "-o", path, export,
			(char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(unlink(export), 0);
}

static inline void journal_text_done(struct journal_text *text)
{
	strbuf_done(&text->export);
}

/* ---- the format: systemd's JOURNAL_FILE_FORMAT --------------------------------- */

enum {
	JOURNAL_AT_SEQNUM_ID = 72,
	JOURNAL_AT_HEADER_SIZE = 88,
	JOURNAL_AT_TAIL_OBJECT = 136,
	JOURNAL_AT_TAIL_SEQNUM = 160,
	JOURNAL_AT_HEAD_SEQNUM = 168,
	JOURNAL_OBJECT_ENTRY = 3,
};

static inline void journal_read_file(const char *path, struct strbuf *bytes)
{
	struct err err;

	strbuf_init(bytes, JOURNAL_EXPORT_MAX);
	ck_assert_msg(file_read(path, bytes, &err), "%s", err.text);
}

static inline void journal_write_file(const char *path, const struct strbuf *bytes)
{
	struct err err;

	ck_assert_msg(file_replace(path, strbuf_slice(bytes), 0600, &err), "%s", err.text);
}

static inline void journal_add_to(struct strbuf *bytes, size_t at, uint64_t n)
{
	bytes_put_u64(bytes->ptr + at, bytes_get_u64(bytes->ptr + at) + n);
}

/* Offset of the object after the one at `at`. */
static inline size_t journal_object_end(const struct strbuf *bytes, size_t at)
{
	return at + ((size_t)bytes_get_u64(bytes->ptr + at + 8) + 7) / 8 * 8;
}

/* Calls visit for each entry object, in the order they were written. */
static inline void journal_each_entry(struct strbuf *bytes,
	void (*visit)(void *user, struct strbuf *bytes, size_t at), void *user)
{
	size_t at = (size_t)bytes_get_u64(bytes->ptr + JOURNAL_AT_HEADER_SIZE);
	size_t tail = (size_t)bytes_get_u64(bytes->ptr + JOURNAL_AT_TAIL_OBJECT);

	for (; at <= tail; at = journal_object_end(bytes, at))
		if (bytes->ptr[at] == JOURNAL_OBJECT_ENTRY)
			visit(user, bytes, at);
}

static inline void journal_move_entry(void *user, struct strbuf *bytes, size_t at)
{
	journal_add_to(bytes, at + 16, *(uint64_t *)user);
}

/* The entries of `path` get the numbers behind those of `before`, plus `gap`. */
static inline void journal_continue(const char *path, const char *before, uint64_t gap)
{
	struct strbuf bytes, other;

	journal_read_file(path, &bytes);
	journal_read_file(before, &other);
	uint64_t n = bytes_get_u64(other.ptr + JOURNAL_AT_TAIL_SEQNUM) + gap;
	memcpy(bytes.ptr + JOURNAL_AT_SEQNUM_ID, other.ptr + JOURNAL_AT_SEQNUM_ID, 16);
	journal_add_to(&bytes, JOURNAL_AT_HEAD_SEQNUM, n);
	journal_add_to(&bytes, JOURNAL_AT_TAIL_SEQNUM, n);
	journal_each_entry(&bytes, journal_move_entry, &n);
	journal_write_file(path, &bytes);
	strbuf_done(&bytes);
	strbuf_done(&other);
}

#endif
