#include "collector/derive/quality.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/derive/database.h"
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
