/*
 * reading - what a reader of one file reports into
 *
 * Readers know formats; here stands what is done with what they find: it is
 * normalized, judged, put into the table, and everything left out is counted
 * and, as far as MISTAKES_MAX goes, named with its place. One thread.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_READING_H
#define COLLECTOR_DETECT_INDICATORS_READING_H

#include "collector/detect/indicators/table.h"
#include "collector/detect/indicators/warning_lists.h"
#include "common/mistakes.h"

/* What became of what a list has. */
struct list_counts {
	size_t added;
	size_t known;   /* another list has it, or the same one twice */
	size_t expired; /* its time is over */
	size_t refused; /* not understood, or of no use; named among the mistakes */
	size_t unused;  /* the list says itself that it is not for detection */
	size_t full;    /* beyond the limits of the table */
};

struct reading {
	struct indicator_table *table;
	struct warning_lists *warnings;
	const struct suffixes *suffixes;
	const char *path;
	struct mistakes *mistakes;
	struct list_counts *counts;
	struct indicator_fact standard; /* where the file says nothing */
	bool confidence_fixed;          /* settings say it, the file does not count */
	int64_t now_s, ttl_s;           /* since 1970; ttl 0 = for ever */
	int64_t file_s;                 /* when the file was written */
	struct indicator_key key;       /* scratch */
};

/* The standard one of the file. */
struct indicator_fact reading_fact(const struct reading *reading);

/* One indicator; `type` as the format says, or INDICATOR_ANY. False when it was refused. */
bool reading_add(struct reading *reading, struct pos at, enum indicator_type type,
	struct slice text, const struct indicator_fact *fact);

/* Left out, and why. */
void reading_refuse(struct reading *reading, struct pos at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static inline void reading_unused(struct reading *reading)
{
	reading->counts->unused++;
}

/* A moment as RFC 3339 text, a date alone, or seconds since 1970; 0 when it is none. */
uint32_t reading_time(struct slice text);

#endif
