#include "collector/derive/quality.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/derive/database.h"
#include "collector/derive/samples.h"
#include "common/clock.h"

struct quality_reader {
	struct database database;
};

struct quality_reader *quality_reader_open(const char *derive_dir, struct err *err)
{
	struct quality_reader *reader = calloc(1, sizeof(*reader));
	char path[PATH_MAX];

	if (reader == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/derive.db", derive_dir);
	if (database_open_read_only(&reader->database, path, err))
		return reader;
	free(reader);
	return NULL;
}

void quality_reader_close(struct quality_reader *reader)
{
	if (reader == NULL)
		return;
	database_close(&reader->database);
	free(reader);
}

static struct quality_source source_of(sqlite3_stmt *row)
{
	return (struct quality_source){
		.number = (uint32_t)sqlite3_column_int64(row, 0),
		.agency = (uint32_t)sqlite3_column_int64(row, 1),
		.host = (uint32_t)sqlite3_column_int64(row, 2),
		.input = database_text(row, 3),
		.name = database_text(row, 4),
		.first_ns = sqlite3_column_int64(row, 5),
		.heard_ns = sqlite3_column_int64(row, 6),
		.created_ns = sqlite3_column_int64(row, 7),
		.clock = (enum quality_confidence)sqlite3_column_int64(row, 8),
		.behind_ms = sqlite3_column_int64(row, 9),
		.skew_ms = sqlite3_column_int64(row, 10),
		.clock_wrong = sqlite3_column_int64(row, 11) != 0,
		.watched_ms = sqlite3_column_int64(row, 12),
		.silent_ns = sqlite3_column_int64(row, 13),
	};
}

bool quality_sources(struct quality_reader *reader, uint32_t number,
	bool (*visit)(void *user, const struct quality_source *source), void *user,
	struct err *err)
{
	sqlite3_stmt *rows = database_select(
		&reader->database, err, STATEMENT_SOURCES, "i", (int64_t)number);
	bool failed = false, goes_on = true;

	if (rows == NULL)
		return false;
	while (goes_on && database_row(&reader->database, rows, &failed, err)) {
		const struct quality_source source = source_of(rows);

		goes_on = visit(user, &source);
	}
	database_end(rows);
	return !failed;
}

bool quality_shares(struct quality_reader *reader, uint32_t number, int64_t since_ns,
	bool (*visit)(void *user, const struct quality_share *share), void *user,
	struct err *err)
{
	sqlite3_stmt *rows = database_select(&reader->database, err, STATEMENT_SOURCE_SHARES,
		"ii", (int64_t)number, since_ns / CLOCK_NS_PER_S);
	bool failed = false, goes_on = true;

	if (rows == NULL)
		return false;
	while (goes_on && database_row(&reader->database, rows, &failed, err)) {
		const struct quality_share share = {
			.parser = (uint16_t)sqlite3_column_int64(rows, 0),
			.status = (uint8_t)sqlite3_column_int64(rows, 1),
			.lines = (uint64_t)sqlite3_column_int64(rows, 2),
			.bytes = (uint64_t)sqlite3_column_int64(rows, 3),
			.undated = (uint64_t)sqlite3_column_int64(rows, 4),
		};

		goes_on = visit(user, &share);
	}
	database_end(rows);
	return !failed;
}

bool quality_days(struct quality_reader *reader, uint32_t number, int64_t since_ns,
	int32_t zone_seconds, bool (*visit)(void *user, const struct quality_day *day),
	void *user, struct err *err)
{
	sqlite3_stmt *rows = database_select(&reader->database, err, STATEMENT_SOURCE_DAYS,
		"iii", (int64_t)number, since_ns / CLOCK_NS_PER_S, (int64_t)zone_seconds);
	bool failed = false, goes_on = true;

	if (rows == NULL)
		return false;
	while (goes_on && database_row(&reader->database, rows, &failed, err)) {
		const struct quality_day day = {
			.start_ns = sqlite3_column_int64(rows, 0) * CLOCK_NS_PER_S,
			.lines = (uint64_t)sqlite3_column_int64(rows, 1),
			.bytes = (uint64_t)sqlite3_column_int64(rows, 2),
			.unparsed = (uint64_t)sqlite3_column_int64(rows, 3),
			.undated = (uint64_t)sqlite3_column_int64(rows, 4),
		};

		goes_on = visit(user, &day);
	}
	database_end(rows);
	return !failed;
}

bool quality_samples(struct quality_reader *reader, uint32_t number,
	bool (*visit)(void *user, const struct quality_sample *sample), void *user,
	struct err *err)
{
	sqlite3_stmt *rows = database_select(
		&reader->database, err, STATEMENT_SAMPLES, "i", (int64_t)number);
	bool failed = false, goes_on = true;

	if (rows == NULL)
		return false;
	while (goes_on && database_row(&reader->database, rows, &failed, err)) {
		const struct quality_sample sample = {
			.status = (uint8_t)sqlite3_column_int64(rows, 0),
			.times = (uint64_t)sqlite3_column_int64(rows, 1),
			.first_ns = sqlite3_column_int64(rows, 2),
			.last_ns = sqlite3_column_int64(rows, 3),
			.line = database_text(rows, 4),
		};

		goes_on = visit(user, &sample);
	}
	database_end(rows);
	return !failed;
}

/* ---- fields ------------------------------------------------------------------ */

enum { OTHERS_MIN = 2, OTHERS_PART = 2 /* one of so many */ };

/* What one parser delivers. */
struct delivered {
	uint32_t number; /* of the source that is asked for */
	uint16_t parser;
	uint32_t other; /* whose bits are being gathered; 0 = none */
	uint32_t n_others;
	bool is_seen; /* records of its own were looked into */
	char own[FIELD_BITS_SIZE], gathered[FIELD_BITS_SIZE];
	uint32_t others[FIELD_ID_MAX];
	char *seen;
	bool (*visit)(void *user, const struct quality_missing *missing);
	void *user;
};

static void add_bits(char *to, struct slice bits)
{
	for (unsigned i = 0; i < FIELD_BITS_SIZE && i < bits.len; i++)
		to[i] = (char)(to[i] | bits.ptr[i]);
}

static void end_other(struct delivered *delivered)
{
	const struct slice bits = slice_of(delivered->gathered, FIELD_BITS_SIZE);

	for (unsigned id = 0; delivered->other != 0 && id < FIELD_ID_MAX; id++)
		delivered->others[id] += field_bit(bits, id);
	delivered->n_others += delivered->other != 0;
	delivered->other = 0;
	memset(delivered->gathered, 0, sizeof(delivered->gathered));
}

static void end_parser(struct delivered *delivered)
{
	const struct slice own = slice_of(delivered->own, FIELD_BITS_SIZE);

	end_other(delivered);
	const bool compares = delivered->is_seen && delivered->n_others >= OTHERS_MIN;

	for (unsigned id = 1; compares && id < FIELD_ID_MAX; id++) {
		const struct quality_missing missing = {
			.parser = delivered->parser,
			.field = (enum field_id)id,
			.others = delivered->others[id],
			.of = delivered->n_others,
		};

		if (!field_bit(own, id) && missing.others * OTHERS_PART >= missing.of)
			delivered->visit(delivered->user, &missing);
	}
	add_bits(delivered->seen, own);
	delivered->n_others = 0;
	delivered->is_seen = false;
	memset(delivered->own, 0, sizeof(delivered->own));
	memset(delivered->others, 0, sizeof(delivered->others));
}

static void add_row(struct delivered *delivered, sqlite3_stmt *row)
{
	const uint16_t parser = (uint16_t)sqlite3_column_int64(row, 0);
	const uint32_t source = (uint32_t)sqlite3_column_int64(row, 1);
	const struct slice bits = database_text(row, 2);

	if (parser != delivered->parser)
		end_parser(delivered);
	else if (source != delivered->other)
		end_other(delivered);
	delivered->parser = parser;
	delivered->is_seen |= source == delivered->number;
	delivered->other = source == delivered->number ? 0 : source;
	add_bits(source == delivered->number ? delivered->own : delivered->gathered, bits);
}

bool quality_fields(struct quality_reader *reader, uint32_t number, char *seen,
	bool (*visit)(void *user, const struct quality_missing *missing), void *user,
	struct err *err)
{
	struct delivered delivered = {
		.number = number, .seen = seen, .visit = visit, .user = user};
	sqlite3_stmt *rows = database_select(
		&reader->database, err, STATEMENT_SOURCE_FIELDS, "i", (int64_t)number);
	bool failed;

	memset(seen, 0, FIELD_BITS_SIZE);
	if (rows == NULL)
		return false;
	while (database_row(&reader->database, rows, &failed, err))
		add_row(&delivered, rows);
	end_parser(&delivered);
	database_end(rows);
	return !failed;
}
