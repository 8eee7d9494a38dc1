/*
 * normalize_lines - the lines of a file or pipe into JSON, one object a line, in order
 *
 * A line that goes on with an earlier one (common/joining.h) becomes an object with
 * soc.parse_status "joined" and the number of that line, from 1, as
 * soc.joined_line; the fields of the whole stand in the object of the first.
 * Every object has its own line as event.original. The last record of an audit
 * event carries the event (audit_event.h).
 *
 * Streaming: what was read is written as soon as nothing more follows for
 * a moment, which also ends a record that could have gone on.
 */
#ifndef COLLECTOR_NORMALIZE_LINES_H
#define COLLECTOR_NORMALIZE_LINES_H

#include "collector/enrich/enrich.h"
#include "collector/normalize/masking/masking.h"
#include "collector/normalize/normalize.h"
#include "common/err.h"

struct normalize_lines {
	struct normalize_settings settings;
	const struct parser *format; /* asked first, or NULL */
	struct enricher *enricher;   /* NULL = fields are those of the line alone */
	const struct masker *masker; /* what of it may be seen; NULL = all */
	enum charset charset;        /* UTF-16 is found out by its mark, too */
	const char *name;            /* of the file, for the records */
	int from, to;                /* descriptors */
};

/* Until the end of the input. False when reading or writing fails. */
MUST_USE bool normalize_lines(const struct normalize_lines *lines, struct err *err);

#endif
