/*
 * slice - a borrowed run of bytes
 *
 * A slice points into memory that somebody else owns: a receive buffer, an
 * arena, a string literal. It is passed by value, holds any byte including
 * NUL, and is never NUL-terminated. It is valid as long as the owner's memory;
 * keep it longer by copying it with arena_copy() or strbuf_add().
 *
 * Absent and empty differ: SLICE_NONE has ptr NULL, "" has ptr non-NULL.
 */
#ifndef COMMON_SLICE_H
#define COMMON_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/attr.h"

struct slice {
	const char *ptr; /* first byte, or NULL when absent */
	size_t len;      /* bytes */
};

#define SLICE_NONE           ((struct slice){0})
#define SLICE_LIT(literal)   ((struct slice){SLICE_BYTES(literal)})
#define SLICE_BYTES(literal) .ptr = "" literal, .len = sizeof(literal) - 1 /* in tables */

/* For printf: printf("host=%.*s\n", SLICE_FMT(host)). Not for untrusted text;
 * log.h escapes that. */
#define SLICE_FMT(s) (int)(s).len, (s).ptr

static inline struct slice slice_of(const void *ptr, size_t len)
{
	return (struct slice){.ptr = ptr, .len = len};
}

/* A C string without its NUL; NULL gives SLICE_NONE. */
static inline struct slice slice_str(const char *text)
{
	return text ? slice_of(text, strlen(text)) : SLICE_NONE;
}

static inline bool slice_absent(struct slice s)
{
	return s.ptr == NULL;
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len && (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len,
								  suffix.ptr, suffix.len) == 0);
}

/* The bytes from `at` on; empty when `at` is the end. `at` <= s.len. */
static inline struct slice slice_from(struct slice s, size_t at)
{
	return slice_of(s.ptr + at, s.len - at);
}

/* The first `len` bytes. `len` <= s.len. */
static inline struct slice slice_head(struct slice s, size_t len)
{
	return slice_of(s.ptr, len);
}

/* Whether the bytes of `part` are bytes of `whole`: the same ones, not equal ones. */
static inline bool slice_is_within(struct slice part, struct slice whole)
{
	uintptr_t at = (uintptr_t)part.ptr, start = (uintptr_t)whole.ptr;

	return at >= start && at - start <= whole.len && part.len <= whole.len - (at - start);
}

/* ASCII letters only; other bytes must be equal. */
bool slice_eq_nocase(struct slice a, struct slice b);

/* Offset of the first `byte`, or s.len when there is none. */
size_t slice_find(struct slice s, char byte);

/* Offset of the first `needle`, or s.len when there is none. An empty needle is at 0. */
size_t slice_search(struct slice s, struct slice needle);

/*
 * Split at the first `delim`: the bytes before it go to *head, `rest` moves
 * past it. Without a delim, *head gets everything and rest becomes absent.
 * Returns false when `rest` was absent already, so a loop ends by itself:
 *
 *	while (slice_cut(&line, ' ', &word))
 */
bool slice_cut(struct slice *rest, char delim, struct slice *head);

/* Remove ASCII blanks and tabs from both ends. */
struct slice slice_trim(struct slice s);

/*
 * Read all of `s` as a decimal number; no sign, no blanks.
 * False for an empty slice, another byte, or a value above `max`.
 */
MUST_USE bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out);

#endif
