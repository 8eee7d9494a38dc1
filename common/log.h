/*
 * log - the program's own log
 *
 * One line an event on standard error: priority in the form journald reads
 * ("<4>"), or time and level when a person looks at it, then a dotted name
 * *room.happening* and key=value pairs:
 *
 *	log_warn("session.refused", "peer=%s reason=%s", peer, LOG_TEXT(reason));
 *
 * Bytes from outside go through log_text(), which escapes quotes and what utf8_shown()
 * refuses, so that no line can be forged and no terminal be moved. The same name is written at
 * most LOG_BURST times a minute; then a line says how many were left out.
 *
 * Any thread. Only composition roots and facades of rooms log; parsers,
 * codecs and the rest of common/ count and return errors.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/slice.h"

enum log_level {
	LOG_ERROR, /* somebody must act */
	LOG_WARN,  /* degraded; the line says what is done instead */
	LOG_INFO,  /* life of the program */
	LOG_DEBUG,
};

enum { LOG_BURST = 20, LOG_TEXT_MAX = 160 };

struct log_quote {
	char text[LOG_TEXT_MAX * 4 + 8];
};

/* Lines above `level` are not written. `program` is a literal, or NULL. Call once, first. */
void log_open(const char *program, enum log_level level);

void log_write(enum log_level level, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

/* `text` in double quotes and escaped, cut after LOG_TEXT_MAX bytes, in `quote`. */
const char *log_text(struct log_quote *quote, struct slice text);

/* For one use inside a log_*() call. */
#define LOG_TEXT(slice) log_text(&(struct log_quote){0}, (slice))

#endif
