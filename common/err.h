/*
 * err - what went wrong, said once to a person
 *
 * Lives on the caller's stack, owns nothing, needs no cleanup. A function that
 * can fail returns bool and takes `struct err *err` last; it fills err when it
 * returns false and leaves it alone otherwise. err may be NULL when the caller
 * does not want the words. Layers add context as the failure travels up:
 *
 *	configs/collector.yaml:12:9: unknown key 'listne', nearest is 'listen'
 *	opening store: /var/lib/soc/000017.seg: No space left on device
 *
 * Outcomes the caller branches on (end of stream, "not my format") are enums,
 * not errors. Broken invariants are assert(), not errors.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>

#include "common/attr.h"

enum { ERR_TEXT_MAX = 512 }; /* bytes with the NUL; longer text is cut */

struct pos {
	const char *file; /* borrowed; NULL when the text has no name */
	unsigned line;    /* from 1; 0 = unknown */
	unsigned column;  /* in bytes, from 1; 0 = unknown */
};

struct err {
	int sys; /* errno of the failed call, 0 when none failed */
	char text[ERR_TEXT_MAX];
};

/* These set err and return false, so that a failing line reads
 * `return err_at(err, pos, "...")`. err_sys() appends strerror(errno). */
bool err_set(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool err_at(struct err *err, struct pos at, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool err_sys(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Put "context: " before the text already there. Returns false. */
bool err_within(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#if defined(__clang_analyzer__) && !defined(COMMON_ERR_C)
/* The analyzer looks into no other file and would go on behind a failure. */
#define err_set(...)    (err_set(__VA_ARGS__), false)
#define err_at(...)     (err_at(__VA_ARGS__), false)
#define err_sys(...)    (err_sys(__VA_ARGS__), false)
#define err_within(...) (err_within(__VA_ARGS__), false)
#endif

#endif
