/*
 * seglog_fixture - a log in a folder of its own, filled with entries that prove themselves
 *
 * The payload of an entry is made from its first sequence, so that a reader
 * knows a right entry without having kept it.
 */
#ifndef TESTS_COMMON_SEGLOG_FIXTURE_H
#define TESTS_COMMON_SEGLOG_FIXTURE_H

#include "common/seglog.h"

enum { FIXTURE_PAYLOAD_MAX = 200000 };

/* A new empty folder; four paths stay valid at a time. */
const char *fixture_dir(void);
void fixture_remove(const char *dir);

/* Path of a file in the folder; four stay valid at a time. */
const char *fixture_path(const char *dir, const char *name);
const char *fixture_segment(const char *dir, uint64_t first);

/* The file's bytes; to be freed. */
unsigned char *fixture_read(const char *path, size_t *len);
void fixture_write(const char *path, const void *bytes, size_t len);
void fixture_copy_dir(const char *from, const char *to);

/* Fails the test when the log does not open. */
struct seglog *fixture_open(const char *dir, uint64_t segment_size, uint64_t quota);
struct seglog *fixture_open_damaged(
	const char *dir, uint64_t segment_size, struct seglog_damage *damage);

/* Payload of `len` bytes, at least 8, for the entry that starts with `first`. */
struct slice fixture_payload(uint64_t first, size_t len);

/* Appends the right entry. */
enum seglog_status fixture_try_append(struct seglog *log, uint32_t count, size_t len);
void fixture_append(struct seglog *log, uint32_t count, size_t len);
void fixture_sync(struct seglog *log);

/* Whether the payload is the one that fixture_append() gave the entry. */
bool fixture_right(const struct seglog_entry *entry);

/* What a cursor gave from `from` to the end: every sequence exactly once, or the test fails. */
struct fixture_seen {
	uint64_t entries;
	uint64_t sequences; /* covered by entries */
	uint64_t lost;      /* sequences declared lost */
	uint64_t ranges;    /* of them; adjoining ones count once */
	uint64_t next;      /* behind the last one seen */
};

struct fixture_seen fixture_see(struct seglog *log, uint64_t from);

#endif
