/* Windows: which there are, which are due, which were published. */
#include <stdio.h>

#include "collector/derive/statistics_private.h"
#include "common/clock.h"
#include "common/log.h"

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

/* ---- opening ---------------------------------------------------------------- */

enum {
	OPENED_MOST = 31 * 24 * 12, /* windows of a kind at a time */
	CLOCK_STEP_S = 86400,       /* a clock set back by less has only to be waited for */
};

static const struct slice marks[WINDOW_KINDS] = {
	[WINDOW_5M] = {SLICE_BYTES("opened-5m")},
	[WINDOW_HOUR] = {SLICE_BYTES("opened-1h")},
	[WINDOW_DAY] = {SLICE_BYTES("opened-1d")},
};

/* What lies before was left out on purpose, leave_out(). */
static const struct slice left_out[WINDOW_KINDS] = {
	[WINDOW_5M] = {SLICE_BYTES("left-out-5m")},
	[WINDOW_HOUR] = {SLICE_BYTES("left-out-1h")},
	[WINDOW_DAY] = {SLICE_BYTES("left-out-1d")},
};

static bool read_first(
	struct statistics *statistics, enum window_kind kind, int64_t *start_s, struct err *err)
{
	return database_number(statistics->database,
		database_select(
			statistics->database, err, STATEMENT_WINDOW_FIRST, "i", (int64_t)kind),
		start_s, err);
}

bool statistics_oldest(struct statistics *statistics, int64_t *start_ns, struct err *err)
{
	int64_t start_s = 0;

	if (!read_first(statistics, WINDOW_DAY, &start_s, err))
		return false;
	*start_ns = start_s * CLOCK_NS_PER_S;
	return true;
}

/*
 * Opening went on while the clock was ahead, and what lies between that moment and now was left
 * out: over again, from the first window there is.
 */
static bool clock_went_back(struct statistics *statistics, enum window_kind kind, int64_t now_s,
	int64_t *start_s, struct err *err)
{
	int64_t first_s = now_s, left_s = 0;
	int64_t most_s = OPENED_MOST * lengths_s[kind];

	log_warn("derive.clock",
		"windows=%s were opened until %lld s from now: the clock was ahead",
		window_name(kind), (long long)(*start_s - now_s));
	if (!read_first(statistics, kind, &first_s, err) ||
		!database_meta(statistics->database, left_out[kind], &left_s, err))
		return false;
	if (first_s < left_s && left_s <= now_s)
		first_s = left_s;
	if (first_s > now_s)
		first_s = now_s;
	*start_s = (first_s < now_s - most_s ? now_s - most_s : first_s) - lengths_s[kind];
	return true;
}

/* Behind a pause so long, or a clock that jumped so far, nothing is claimed of the time
 * between: that it was quiet is not known. */
static bool leave_out(struct statistics *statistics, enum window_kind kind, int64_t now_s,
	int64_t *start_s, struct err *err)
{
	log_warn("derive.clock", "windows=%s not opened: %lld, the clock is too far on",
		window_name(kind), (long long)((now_s - *start_s) / lengths_s[kind] - 1));
	*start_s = now_s - lengths_s[kind];
	return database_run(
		statistics->database, err, STATEMENT_META_SET, "ti", left_out[kind], now_s);
}

static bool open_behind(struct statistics *statistics, enum window_kind kind, int64_t start_s,
	int64_t now_s, struct err *err)
{
	const int64_t length_s = lengths_s[kind];

	for (int64_t at_s = start_s + length_s; at_s <= now_s; at_s += length_s) {
		if (!database_run(statistics->database, err, STATEMENT_WINDOW_OPEN, "iiii",
			    (int64_t)kind, at_s, at_s + length_s, seconds(statistics->now_ns)))
			return false;
	}
	return database_run(
		statistics->database, err, STATEMENT_META_SET, "ti", marks[kind], now_s);
}

/*
 * Not where the newest window stands: a stamp that is a little ahead makes one early, and what
 * lies before it must not be left out.
 */
static bool open_kind(struct statistics *statistics, enum window_kind kind, struct err *err)
{
	const int64_t length_s = lengths_s[kind];
	int64_t now_s =
		seconds(window_at(kind, statistics->now_ns, statistics->settings->zone_seconds)
				.start_ns);
	int64_t at_s = now_s - length_s; /* without any, the present one is the first */

	if (!database_meta(statistics->database, marks[kind], &at_s, err))
		return false;
	if (at_s >= now_s && at_s <= now_s + CLOCK_STEP_S)
		return true;
	if (at_s > now_s && !clock_went_back(statistics, kind, now_s, &at_s, err))
		return false;
	if (at_s + (OPENED_MOST + 1) * length_s < now_s &&
		!leave_out(statistics, kind, now_s, &at_s, err))
		return false;
	return open_behind(statistics, kind, at_s, now_s, err);
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

static bool copy_days(struct statistics *statistics, struct database *derived,
	int64_t before_ns, struct err *err)
{
	bool failed, ok = true;
	sqlite3_stmt *rows =
		database_select(derived, err, STATEMENT_DAYS_BEFORE, "i", seconds(before_ns));

	if (rows == NULL)
		return false;
	while (ok && database_row(derived, rows, &failed, err))
		ok = database_run(statistics->database, err, STATEMENT_DAY_ADD, "iiii",
			(int64_t)sqlite3_column_int64(rows, 0),
			(int64_t)sqlite3_column_int64(rows, 1),
			(int64_t)sqlite3_column_int64(rows, 2),
			(int64_t)sqlite3_column_int64(rows, 3));
	database_end(rows);
	return ok && !failed;
}

static bool copy_agents(struct statistics *statistics, struct database *derived,
	int64_t before_ns, struct err *err)
{
	bool failed, ok = true;
	sqlite3_stmt *rows =
		database_select(derived, err, STATEMENT_AGENTS_BEFORE, "i", seconds(before_ns));

	if (rows == NULL)
		return false;
	while (ok && database_row(derived, rows, &failed, err))
		ok = database_run(statistics->database, err, STATEMENT_AGENT_ADD, "iii",
			(int64_t)sqlite3_column_int64(rows, 0),
			(int64_t)sqlite3_column_int64(rows, 1),
			(int64_t)sqlite3_column_int64(rows, 2));
	database_end(rows);
	return ok && !failed;
}

bool statistics_ask_for(struct statistics *statistics, const char *derived_path,
	int64_t from_ns, int64_t to_ns, int64_t removed_ns, struct err *err)
{
	struct database derived;

	if (!database_open_read_only(&derived, derived_path, err))
		return false;
	bool ok = copy_windows(statistics, &derived, from_ns, to_ns, err) &&
		  copy_days(statistics, &derived, removed_ns, err) &&
		  copy_agents(statistics, &derived, removed_ns, err);
	database_close(&derived);
	return ok && database_run(statistics->database, err, STATEMENT_WINDOWS_OUTSIDE, "ii",
			     seconds(from_ns), seconds(to_ns));
}

/* ---- publishing ------------------------------------------------------------- */

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
	int64_t ended_s, published_s, n = 0;

	due_limits(statistics, &ended_s, &published_s);
	return database_number(statistics->database,
		       database_select(statistics->database, err, STATEMENT_WINDOW_DUE_COUNT,
			       "iii", ended_s, published_s, seconds(statistics->now_ns)),
		       &n, err)
		       ? (unsigned)n
		       : 0;
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
