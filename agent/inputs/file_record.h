/*
 * file_record - where records begin and end in a file
 *
 * A record is a line, or several lines by a rule: those after a first line
 * that do not begin a new record, which the line itself tells, or with
 * LINE_RULE_AUTO the lines before it too. Either way it is one run of bytes of the
 * file, so nothing is copied or kept here: the scan says which run, and how
 * far it has looked. Bytes are taken as they are: only LF has a meaning, and
 * the LF that ends a record does not belong to it. In a file of UTF-16 an LF
 * has two bytes, at an even offset.
 *
 * A record longer than memory should hold is no special case: the scan walks
 * over it block by block, the caller keeps what it wants of its beginning.
 */
#ifndef AGENT_INPUTS_FILE_RECORD_H
#define AGENT_INPUTS_FILE_RECORD_H

#include "agent/inputs/line_rule.h"
#include "common/charset.h"
#include "common/joining.h"
#include "common/slice.h"

enum {
	FILE_PROBE_MAX = 4096, /* bytes of a line the rule gets to see */

	/* ... and of the lines before it, whose last newline is among them */
	FILE_BEFORE_MAX = 2 * (JOINING_BEFORE_MAX + 1),
};

struct file_scan {
	uint64_t start;  /* offset of the record in progress */
	uint64_t line;   /* ... of its last, unfinished line */
	uint64_t seen;   /* up to here no LF ends that line */
	uint32_t lines;  /* finished lines of the record */
	bool line_known; /* the rule has said that the unfinished line belongs to it */

	/* Of LINE_RULE_AUTO */
	bool is_auto;
	bool probing; /* the rule has not seen enough of the first line */
	bool whole;   /* nothing is expected behind the first line */
	struct joining joining;
};

struct file_record {
	uint64_t start;
	uint64_t len;  /* bytes without the last LF */
	uint64_t next; /* offset of what follows */
	uint32_t lines;
	bool unterminated;
};

/* At the beginning of a record. */
void file_scan_start(struct file_scan *scan, uint64_t offset);

/* Offset from which the next block must have its bytes. */
uint64_t file_scan_needs(const struct file_scan *scan);

/*
 * The next record that ends inside `block`, bytes from offset `at` on (at <= needs). False:
 * more bytes are needed, all of the block was seen. rule NULL = each line is a record.
 */
MUST_USE bool file_scan_next(struct file_scan *scan, const struct line_rule *rule,
	enum charset charset, struct slice block, uint64_t at, struct file_record *record);

/* Something is begun and not ended. */
static inline bool file_scan_pending(const struct file_scan *scan)
{
	return scan->seen > scan->start;
}

/* More lines may belong to what is begun: it is worth a wait. */
static inline bool file_scan_may_go_on(const struct file_scan *scan)
{
	return !scan->whole || scan->lines > 1;
}

/* The last line has no LF yet. */
static inline bool file_scan_partial(const struct file_scan *scan)
{
	return scan->seen > scan->line;
}

/* Nothing more will come, or not soon enough: the record in progress, ended where the scan is;
 * call again, there may be one more. False when nothing is pending. */
MUST_USE bool file_scan_flush(
	struct file_scan *scan, enum charset charset, struct file_record *record);

#endif
