/*
 * quality - what derive.db knows of each source of lines, to be shown
 *
 * Over a read-only connection of its own, beside a running collector. What the
 * numbers mean is in sources.h.
 */
#ifndef COLLECTOR_DERIVE_QUALITY_H
#define COLLECTOR_DERIVE_QUALITY_H

#include "collector/record/record.h"
#include "common/err.h"

struct quality_reader;

MUST_USE struct quality_reader *quality_reader_open(const char *derive_dir, struct err *err);
void quality_reader_close(struct quality_reader *reader); /* NULL is fine */

enum quality_confidence { QUALITY_CLOCK_UNKNOWN, QUALITY_CLOCK_LOW, QUALITY_CLOCK_HIGH };

struct quality_source {
	uint32_t number;
	uint32_t agency, host;
	struct slice input, name;   /* both empty: all that a host, or an agency (host 0), has
				       too many of */
	int64_t first_ns, heard_ns; /* when lines of it were received */
	int64_t created_ns;         /* the newest stamp in one; CLOCK_NONE = none had any */
	enum quality_confidence clock; /* of the next: told from the stamps of three hours */
	int64_t behind_ms;             /* our clock - its clock */
	bool clock_wrong;              /* that is a finding */
	int64_t silent_ns;  /* since then it is a finding that it, or all of its host or its
			       agency, is silent; 0 = it is not */
	int64_t watched_ms; /* so long it is known whether it was silent */
	int64_t skew_ms;    /* |our clock - its agent's| as measured; -1 = it has no agent */
};

/* Lines of one parser and status. */
struct quality_share {
	uint16_t parser;
	uint8_t status; /* enum parse_status */
	uint64_t lines, bytes, undated;
};

struct quality_day {
	int64_t start_ns;
	uint64_t lines, bytes, unparsed, undated;
};

/* By agency, host, input, name; `number` 0 = all. Texts are valid until the next one; `visit`
 * returns false to stop, and may ask for shares and days. */
MUST_USE bool quality_sources(struct quality_reader *reader, uint32_t number,
	bool (*visit)(void *user, const struct quality_source *source), void *user,
	struct err *err);

/* Of the lines received since, the most first. */
MUST_USE bool quality_shares(struct quality_reader *reader, uint32_t number, int64_t since_ns,
	bool (*visit)(void *user, const struct quality_share *share), void *user,
	struct err *err);

/* By day of the zone, oldest first. */
MUST_USE bool quality_days(struct quality_reader *reader, uint32_t number, int64_t since_ns,
	int32_t zone_seconds, bool (*visit)(void *user, const struct quality_day *day),
	void *user, struct err *err);

/* A line that was not read, or not all of it. */
struct quality_sample {
	uint8_t status;
	uint64_t times;            /* of the records that were looked into */
	int64_t first_ns, last_ns; /* of its shape */
	struct slice line;         /* masked, cut */
};

/* Most frequent first. */
MUST_USE bool quality_samples(struct quality_reader *reader, uint32_t number,
	bool (*visit)(void *user, const struct quality_sample *sample), void *user,
	struct err *err);

/* What a parser delivers of other sources, half of them at least, and never of this one. */
struct quality_missing {
	uint16_t parser;
	enum field_id field;
	uint32_t others, of; /* so many of so many deliver it */
};

/* In the last three weeks; by parser and field. `seen` gets a bit for each field that came, as
 * in samples.h; it has FIELD_ID_MAX / 8 bytes. */
MUST_USE bool quality_fields(struct quality_reader *reader, uint32_t number, char *seen,
	bool (*visit)(void *user, const struct quality_missing *missing), void *user,
	struct err *err);

#endif
