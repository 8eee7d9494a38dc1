/*
 * seglog_open_inner - what the parts of opening a log share
 *
 * seglog_open.c says in which order; seglog_find.c finds the segments; seglog_tail.c reads the
 * last one. One thread, before the log is given to anybody.
 */
#ifndef COMMON_SEGLOG_OPEN_INNER_H
#define COMMON_SEGLOG_OPEN_INNER_H

#include <string.h>

#include "common/seglog.h"
#include "common/seglog_inner.h"

struct candidate {
	uint64_t name; /* first sequence by the file's name */
	uint64_t size;
	bool regular;
	bool has_head;
	bool unread; /* the disk refused its head */
	bool blank;  /* was never written */
	bool ours;   /* of this log, and in its place */
	struct segment_head head;
};

struct opening {
	struct seglog *log;
	const struct seglog_settings *settings; /* NULL: opened for reading */
	struct seglog_damage damage;
	struct state_values state;
	bool state_known;
	struct candidate *candidates; /* by name */
	size_t n, capacity;
};

/* The candidates become those segments that are the log's, by name; log->id and log->seed are
 * chosen. What is not the log's is renamed to "*.bad", except by a reader. */
MUST_USE bool opening_find(struct opening *opening, struct err *err);

/* Renames a file to "*.bad"; it is counted. */
MUST_USE bool opening_set_aside(struct opening *opening, const char *name, struct err *err);

MUST_USE bool opening_file_exists(const struct seglog *log, const char *name);

/* Cuts the torn tail and makes the log ready for its next entry. The segments are listed, and
 * log->released is known. */
MUST_USE bool opening_recover_end(struct opening *opening, struct err *err);

/* Declares sequences lost; those that were released are not missed. */
void opening_add_lost(struct opening *opening, uint64_t first, uint64_t last);

static inline bool same_id(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, SEGLOG_ID_SIZE) == 0;
}

static inline uint64_t greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
