#include "collector/derive/statistics_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/derive/tally.h"
#include "collector/record/encode.h"
#include "common/clock.h"

static int64_t seconds(int64_t ns)
{
	return ns / CLOCK_NS_PER_S;
}

struct outbox *statistics_outbox(struct statistics *statistics)
{
	return &statistics->outbox;
}

/* ---- what was counted ------------------------------------------------------- */

static uint64_t number(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

bool statistics_counts(struct statistics *statistics, const struct window *window,
	bool (*visit)(void *user, const struct statistics_count *count), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(statistics->database, err, STATEMENT_COUNTS, "ii",
		seconds(window->start_ns), seconds(window->end_ns));

	if (rows == NULL)
		return false;
	while (more && database_row(statistics->database, rows, &failed, err))
		more = visit(user, &(struct statistics_count){
					   .agency = (uint32_t)number(rows, 0),
					   .level = (uint8_t)number(rows, 1),
					   .attack = (uint8_t)number(rows, 2),
					   .severity = (uint8_t)number(rows, 3),
					   .status = (uint8_t)number(rows, 4),
					   .events = number(rows, 5),
					   .findings = number(rows, 6),
					   .hosts = number(rows, 7),
				   });
	database_end(rows);
	return more && !failed;
}

bool statistics_malware_sums(struct statistics *statistics, const struct window *window,
	bool (*visit)(void *user, const struct statistics_malware_sum *sum), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(statistics->database, err, STATEMENT_MALWARE_SUMS,
		"ii", seconds(window->start_ns), seconds(window->end_ns));

	if (rows == NULL)
		return false;
	while (more && database_row(statistics->database, rows, &failed, err))
		more = visit(user, &(struct statistics_malware_sum){
					   .agency = (uint32_t)number(rows, 0),
					   .hits = number(rows, 1),
					   .names = number(rows, 2),
				   });
	database_end(rows);
	return more && !failed;
}

bool statistics_malware(struct statistics *statistics, const struct window *window,
	uint32_t agency, unsigned most,
	bool (*visit)(void *user, const struct statistics_malware *malware), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(statistics->database, err, STATEMENT_MALWARE,
		"iiii", seconds(window->start_ns), seconds(window->end_ns), (int64_t)agency,
		(int64_t)most);

	if (rows == NULL)
		return false;
	while (more && database_row(statistics->database, rows, &failed, err))
		more = visit(user, &(struct statistics_malware){
					   .name = database_text(rows, 0),
					   .type = database_text(rows, 1),
					   .hits = number(rows, 2),
					   .hosts = number(rows, 3),
					   .files = number(rows, 4),
				   });
	database_end(rows);
	return more && !failed;
}

bool statistics_quality(struct statistics *statistics, const struct window *window,
	bool (*visit)(void *user, const struct statistics_quality *quality), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(statistics->database, err, STATEMENT_QUALITY, "ii",
		seconds(window->start_ns), seconds(window->end_ns));

	if (rows == NULL)
		return false;
	while (more && database_row(statistics->database, rows, &failed, err))
		more = visit(user, &(struct statistics_quality){
					   .agency = (uint32_t)number(rows, 0),
					   .records = number(rows, 1),
					   .unknown = number(rows, 2),
					   .partial = number(rows, 3),
					   .damaged = number(rows, 4),
					   .late = number(rows, 5),
					   .truncated = number(rows, 6),
					   .unattributed = number(rows, 7),
					   .masked = number(rows, 8),
					   .gaps = number(rows, 9),
					   .missing = number(rows, 10),
					   .skew_ms_max = sqlite3_column_int64(rows, 11),
					   .agents_enrolled = number(rows, 12),
					   .agents_online = number(rows, 13),
					   .agents_stale = number(rows, 14),
					   .test = number(rows, 15),
				   });
	database_end(rows);
	return more && !failed;
}

static bool visit_hits(struct statistics *statistics, sqlite3_stmt *rows,
	bool (*visit)(void *user, const struct statistics_hit *hit), void *user,
	struct err *err)
{
	bool failed, more = true;

	if (rows == NULL)
		return false;
	while (more && database_row(statistics->database, rows, &failed, err))
		more = visit(user, &(struct statistics_hit){
					   .number = number(rows, 0),
					   .agency = (uint32_t)number(rows, 1),
					   .origin = (uint32_t)number(rows, 2),
					   .host = (uint32_t)number(rows, 3),
					   .at_ns = sqlite3_column_int64(rows, 4),
					   .name = database_text(rows, 5),
					   .type = database_text(rows, 6),
					   .behavior = database_text(rows, 7),
					   .path = database_text(rows, 8),
					   .hash = database_text(rows, 9),
					   .machine_name = database_text(rows, 10),
					   .address = database_text(rows, 11),
					   .public_address = database_text(rows, 12),
					   .files = number(rows, 13),
					   .is_open = sqlite3_column_int(rows, 14) != 0,
					   .times = number(rows, 15),
				   });
	database_end(rows);
	return more && !failed;
}

bool statistics_hits(struct statistics *statistics, uint64_t after, unsigned most,
	bool (*visit)(void *user, const struct statistics_hit *hit), void *user,
	struct err *err)
{
	return visit_hits(statistics,
		database_select(statistics->database, err, STATEMENT_HITS, "ii", (int64_t)after,
			(int64_t)most),
		visit, user, err);
}

bool statistics_hits_latest(struct statistics *statistics, unsigned most,
	bool (*visit)(void *user, const struct statistics_hit *hit), void *user,
	struct err *err)
{
	return visit_hits(statistics,
		database_select(statistics->database, err, STATEMENT_HITS_LATEST, "ii",
			INT64_C(0), (int64_t)most),
		visit, user, err);
}

bool statistics_findings(struct statistics *statistics, int64_t from_ns, int64_t to_ns,
	bool (*visit)(void *user, const struct statistics_finding *finding), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(statistics->database, err, STATEMENT_FINDINGS,
		"ii", seconds(from_ns), seconds(to_ns));

	if (rows == NULL)
		return false;
	while (more && database_row(statistics->database, rows, &failed, err))
		more = visit(
			user, &(struct statistics_finding){
				      .number = number(rows, 0),
				      .day_ns = sqlite3_column_int64(rows, 1) * CLOCK_NS_PER_S,
				      .identity = database_text(rows, 2),
				      .at_ns = sqlite3_column_int64(rows, 3),
				      .name = database_text(rows, 4),
				      .agency = (uint32_t)number(rows, 5),
				      .host = (uint32_t)number(rows, 6),
				      .is_reported = sqlite3_column_int(rows, 7) != 0,
				      .is_open = sqlite3_column_int(rows, 8) != 0,
			      });
	database_end(rows);
	return more && !failed;
}

bool statistics_machines_not_updated(
	struct statistics *statistics, int64_t before_ns, uint64_t *n, struct err *err)
{
	enum { HEARD_OF_S = 30 * 86400 };
	int64_t machines = 0;
	bool ok = database_number(statistics->database,
		database_select(statistics->database, err, STATEMENT_MACHINES_NOT_UPDATED, "ii",
			seconds(before_ns), seconds(statistics->now_ns) - HEARD_OF_S),
		&machines, err);

	*n = (uint64_t)machines;
	return ok;
}

/* ---- of derive.db as it is ---------------------------------------------------- */

struct statistics *statistics_open(const char *derive_dir, struct err *err)
{
	struct statistics *statistics = calloc(1, sizeof(*statistics));
	char path[PATH_MAX];

	if (statistics == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/derive.db", derive_dir);
	statistics->database = &statistics->own;
	statistics->outbox.database = &statistics->own;
	if (database_open_read_only(&statistics->own, path, err))
		return statistics;
	statistics_free(statistics);
	return NULL;
}
