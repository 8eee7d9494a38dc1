#include "collector/derive/statistics_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/derive/tally.h"
#include "collector/record/encode.h"
#include "common/clock.h"

static const int64_t lengths_s[WINDOW_KINDS] = {
	[WINDOW_5M] = 300,
	[WINDOW_HOUR] = 3600,
	[WINDOW_DAY] = 86400,
};

const char *window_name(enum window_kind kind)
{
	static const char *const names[WINDOW_KINDS] = {
		[WINDOW_5M] = "5m",
		[WINDOW_HOUR] = "1h",
		[WINDOW_DAY] = "1d",
	};

	return names[kind];
}

const char *window_item(const struct window *window, char out[WINDOW_ITEM_MAX])
{
	char start[CLOCK_TEXT_MAX];

	snprintf(out, WINDOW_ITEM_MAX, "%s/%s", window_name(window->kind),
		clock_format_utc(window->start_ns, 0, start));
	return out;
}

struct window window_at(enum window_kind kind, int64_t at_ns, int32_t zone_seconds)
{
	int64_t length_ns = lengths_s[kind] * CLOCK_NS_PER_S;
	int64_t shift_ns = zone_seconds * CLOCK_NS_PER_S;
	int64_t into_ns = (at_ns + shift_ns) % length_ns;

	if (into_ns < 0)
		into_ns += length_ns;
	return (struct window){
		.kind = kind,
		.start_ns = at_ns - into_ns,
		.end_ns = at_ns - into_ns + length_ns,
	};
}

static int64_t seconds(int64_t ns)
{
	return ns / CLOCK_NS_PER_S;
}

/* ---- windows ---------------------------------------------------------------- */

static bool last_window(
	struct statistics *statistics, unsigned kind, int64_t *start_s, struct err *err)
{
	bool failed;
	sqlite3_stmt *row = database_select(
		statistics->database, err, STATEMENT_WINDOW_LAST, "i", (int64_t)kind);

	if (row == NULL)
		return false;
	if (database_row(statistics->database, row, &failed, err) &&
		sqlite3_column_type(row, 0) != SQLITE_NULL)
		*start_s = sqlite3_column_int64(row, 0);
	database_end(row);
	return !failed;
}

static bool open_kind(struct statistics *statistics, enum window_kind kind, struct err *err)
{
	int64_t now_s =
		seconds(window_at(kind, statistics->now_ns, statistics->settings->zone_seconds)
				.start_ns);
	int64_t at_s = now_s - lengths_s[kind]; /* without any, the present one is the first */

	if (!last_window(statistics, kind, &at_s, err))
		return false;
	for (at_s += lengths_s[kind]; at_s <= now_s; at_s += lengths_s[kind]) {
		if (!database_run(statistics->database, err, STATEMENT_WINDOW_DIRTY, "iii",
			    (int64_t)kind, at_s, at_s + lengths_s[kind]))
			return false;
	}
	return true;
}

bool statistics_open_windows(struct statistics *statistics, struct err *err)
{
	for (unsigned kind = 0; kind < WINDOW_KINDS; kind++) {
		if (!open_kind(statistics, (enum window_kind)kind, err))
			return false;
	}
	return true;
}

static bool copy_windows(struct statistics *statistics, struct database *derived,
	int64_t from_ns, int64_t to_ns, struct err *err)
{
	bool failed, ok = true;
	sqlite3_stmt *rows = database_select(
		derived, err, STATEMENT_WINDOWS_WITHIN, "ii", seconds(from_ns), seconds(to_ns));

	if (rows == NULL)
		return false;
	while (ok && database_row(derived, rows, &failed, err))
		ok = database_run(statistics->database, err, STATEMENT_WINDOW_DIRTY, "iii",
			(int64_t)sqlite3_column_int64(rows, 0),
			(int64_t)sqlite3_column_int64(rows, 1),
			(int64_t)sqlite3_column_int64(rows, 2));
	database_end(rows);
	return ok && !failed;
}

bool statistics_ask_for(struct statistics *statistics, const char *derived_path,
	int64_t from_ns, int64_t to_ns, struct err *err)
{
	struct database derived;

	if (!database_open_read_only(&derived, derived_path, err))
		return false;
	bool ok = copy_windows(statistics, &derived, from_ns, to_ns, err);
	database_close(&derived);
	return ok && database_run(statistics->database, err, STATEMENT_WINDOWS_OUTSIDE, "ii",
			     seconds(from_ns), seconds(to_ns));
}

struct outbox *statistics_outbox(struct statistics *statistics)
{
	return &statistics->outbox;
}

/* Before this moment a window must have ended, before that one been published, to be due. */
static void due_limits(
	const struct statistics *statistics, int64_t *ended_s, int64_t *published_s)
{
	const struct derive_settings *settings = statistics->settings;

	*ended_s =
		seconds(statistics->now_ns - (int64_t)settings->watermark_ms * CLOCK_NS_PER_MS);
	*published_s =
		seconds(statistics->now_ns - (int64_t)settings->republish_ms * CLOCK_NS_PER_MS);
}

unsigned statistics_due_count(struct statistics *statistics, struct err *err)
{
	int64_t ended_s, published_s;
	unsigned n = 0;
	bool failed;

	due_limits(statistics, &ended_s, &published_s);
	sqlite3_stmt *row =
		database_select(statistics->database, err, STATEMENT_WINDOW_DUE_COUNT, "iii",
			ended_s, published_s, seconds(statistics->now_ns));
	if (row == NULL)
		return 0;
	if (database_row(statistics->database, row, &failed, err))
		n = (unsigned)sqlite3_column_int64(row, 0);
	database_end(row);
	return n;
}

bool statistics_due(struct statistics *statistics,
	bool (*visit)(void *user, const struct window *window), void *user, struct err *err)
{
	enum { MOST = 64 };
	int64_t ended_s, published_s;
	struct window due[MOST];
	unsigned n = 0;
	bool failed;

	/* Gathered first: `visit` publishes, which changes what is selected here. */
	due_limits(statistics, &ended_s, &published_s);
	sqlite3_stmt *rows = database_select(statistics->database, err, STATEMENT_WINDOW_DUE,
		"iiii", ended_s, published_s, (int64_t)MOST, seconds(statistics->now_ns));
	if (rows == NULL)
		return false;
	while (database_row(statistics->database, rows, &failed, err))
		due[n++] = (struct window){
			.kind = (enum window_kind)sqlite3_column_int(rows, 0),
			.start_ns = sqlite3_column_int64(rows, 1) * CLOCK_NS_PER_S,
			.end_ns = sqlite3_column_int64(rows, 2) * CLOCK_NS_PER_S,
		};
	database_end(rows);
	for (unsigned i = 0; i < n && !failed; i++) {
		if (!visit(user, &due[i]))
			return false;
	}
	return !failed;
}

bool statistics_published(
	struct statistics *statistics, const struct window *window, struct err *err)
{
	return database_run(statistics->database, err, STATEMENT_WINDOW_PUBLISHED, "iii",
		(int64_t)window->kind, seconds(window->start_ns), seconds(statistics->now_ns));
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

bool statistics_hits(struct statistics *statistics, uint64_t after, unsigned most,
	bool (*visit)(void *user, const struct statistics_hit *hit), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(
		statistics->database, err, STATEMENT_HITS, "ii", (int64_t)after, (int64_t)most);

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
				   });
	database_end(rows);
	return more && !failed;
}

bool statistics_machines_not_updated(
	struct statistics *statistics, int64_t before_ns, uint64_t *n, struct err *err)
{
	enum { HEARD_OF_S = 30 * 86400 };
	bool failed;
	sqlite3_stmt *row =
		database_select(statistics->database, err, STATEMENT_MACHINES_NOT_UPDATED, "ii",
			seconds(before_ns), seconds(statistics->now_ns) - HEARD_OF_S);

	if (row == NULL)
		return false;
	if (database_row(statistics->database, row, &failed, err))
		*n = number(row, 0);
	database_end(row);
	return !failed;
}
