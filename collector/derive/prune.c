#include "collector/derive/prune.h"

#include "collector/derive/outbox.h"
#include "collector/derive/statistics.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum {
	DAY_S = 86400,
	DAY_MS = DAY_S * 1000,
	DETAILS_LONGER = 2,    /* days than a stamp may reach back */
	STALE_DAYS = 16,       /* agents silent for 15 days are told of */
	MACHINES_DAYS = 90,    /* without an inventory */
	ROWS_MOST = 5000,      /* in a step, more or less */
	SOURCE_DAYS = 9,       /* that the hours of sources are kept: a week and more */
	DAILY_NAMES_MOST = 200 /* of malware, an agency and day; the others are one row */
};

static struct counter pruned =
	COUNTER("derive.pruned", "rows of derive.db that were too old to be kept");
static struct counter given_up = COUNTER("derive.windows_given_up",
	"windows that could not be published before their details were too old");

static const struct slice rolled_up = {SLICE_BYTES(STATISTICS_ROLLED_UP)};

enum limit {
	LIMIT_DETAILS,
	LIMIT_AGENTS,
	LIMIT_MESSAGES,
	LIMIT_MACHINES,
	LIMIT_DAYS,
	LIMIT_SOURCE_HOURS,
	LIMIT_SOURCES,
	LIMITS
};

/* What goes when it is older than a limit. Those with `in_parts` take the number of rows too,
 * the others remove what has the oldest moment, if that is old. */
static const struct part {
	enum statement which;
	enum limit limit;
	bool in_parts;
	bool of_windows; /* what a window that is to be published is made of, and itself */
} parts[] = {
	{STATEMENT_PRUNE_HOSTS, LIMIT_DETAILS, false, true},
	{STATEMENT_PRUNE_SEEN, LIMIT_DETAILS, false, true},
	{STATEMENT_PRUNE_LISTED, LIMIT_DETAILS, false, true},
	{STATEMENT_PRUNE_HITS, LIMIT_DETAILS, true, true},
	{STATEMENT_PRUNE_HITS_UNREPORTED, LIMIT_DAYS, true},
	{STATEMENT_PRUNE_DAYS, LIMIT_AGENTS, false, true},
	{STATEMENT_PRUNE_MACHINES, LIMIT_MACHINES, false},
	{STATEMENT_PRUNE_OUTBOX, LIMIT_MESSAGES, true},
	{STATEMENT_PRUNE_WINDOWS, LIMIT_MESSAGES, false, true},
	{STATEMENT_PRUNE_HELD, LIMIT_MESSAGES, false},
	{STATEMENT_PRUNE_DAILY_COUNTS, LIMIT_DAYS, false},
	{STATEMENT_PRUNE_DAILY_MALWARE, LIMIT_DAYS, false},
	{STATEMENT_PRUNE_DAILY_QUALITY, LIMIT_DAYS, false},
	{STATEMENT_PRUNE_SOURCE_HOURS, LIMIT_SOURCE_HOURS, true},
	{STATEMENT_PRUNE_SOURCES_HOURS, LIMIT_SOURCES, true},
	{STATEMENT_PRUNE_SOURCES, LIMIT_SOURCES, false},
	{STATEMENT_PRUNE_SILENCES, LIMIT_SOURCES, false},
	{STATEMENT_PRUNE_SAMPLES, LIMIT_SOURCE_HOURS, false},
	{STATEMENT_PRUNE_SOURCE_FIELDS, LIMIT_SOURCE_HOURS, false},
};

/* ---- how long --------------------------------------------------------------- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The day of the province that was so long ago, in seconds. */
static int64_t day_ago(const struct prune *prune, int64_t now_ns, uint64_t ms)
{
	int64_t then_ns = now_ns - (int64_t)ms * CLOCK_NS_PER_MS;

	return window_at(WINDOW_DAY, then_ns, prune->settings->zone_seconds).start_ns /
	       CLOCK_NS_PER_S;
}

static void choose_limits(const struct prune *prune, int64_t now_ns, int64_t limits[LIMITS])
{
	const struct derive_settings *settings = prune->settings;
	uint64_t details_ms = larger(settings->details_kept_ms,
		settings->back_ms + (uint64_t)DETAILS_LONGER * DAY_MS);

	limits[LIMIT_DETAILS] = day_ago(prune, now_ns, details_ms);
	limits[LIMIT_MESSAGES] =
		day_ago(prune, now_ns, larger(settings->messages_kept_ms, details_ms));
	/* A recount of the oldest message asks who was heard before it. */
	limits[LIMIT_AGENTS] = limits[LIMIT_MESSAGES] - STALE_DAYS * DAY_S;
	limits[LIMIT_MACHINES] = day_ago(prune, now_ns, (uint64_t)MACHINES_DAYS * DAY_MS);
	limits[LIMIT_SOURCE_HOURS] = day_ago(prune, now_ns, (uint64_t)SOURCE_DAYS * DAY_MS);
	limits[LIMIT_SOURCES] = day_ago(prune, now_ns, settings->sources_kept_ms);
	limits[LIMIT_DAYS] = day_ago(prune, now_ns, larger(settings->days_kept_ms, details_ms));
}

/* ---- days ------------------------------------------------------------------- */

/* Marks only go up. */
static bool raise_mark(
	struct database *database, struct slice name, int64_t value, struct err *err)
{
	int64_t old = 0;

	return database_meta(database, name, &old, err) &&
	       (old >= value ||
		       database_run(database, err, STATEMENT_META_SET, "ti", name, value));
}

/* Complete windows of the day that are about to be published. */
static bool is_awaited(
	struct prune *prune, const struct window *day, bool *awaited, struct err *err)
{
	int64_t n = 0;

	if (!database_number(prune->database,
		    database_select(prune->database, err, STATEMENT_WINDOWS_AWAITED, "iii",
			    day->start_ns / CLOCK_NS_PER_S, day->end_ns / CLOCK_NS_PER_S,
			    clock_wall_ns() / CLOCK_NS_PER_S),
		    &n, err))
		return false;
	*awaited = n > 0;
	return true;
}

static bool give_up_windows(struct prune *prune, int64_t from_s, int64_t to_s, struct err *err)
{
	if (!database_run(prune->database, err, STATEMENT_WINDOWS_GIVE_UP, "ii", from_s, to_s))
		return false;
	int n = database_changes(prune->database);
	if (n > 0)
		log_error("derive.windows_given_up",
			"windows=%d could not be published and are too old now", n);
	counter_add(&given_up, (uint64_t)n);
	return true;
}

static bool roll_up_day(struct prune *prune, const struct window *day, struct err *err)
{
	static const enum statement each[] = {STATEMENT_ROLL_UP_COUNTS,
		STATEMENT_ROLL_UP_QUALITY, STATEMENT_ROLL_UP_MALWARE,
		STATEMENT_ROLLED_UP_COUNTS, STATEMENT_ROLLED_UP_QUALITY,
		STATEMENT_ROLLED_UP_MALWARE};
	int64_t from_s = day->start_ns / CLOCK_NS_PER_S, to_s = day->end_ns / CLOCK_NS_PER_S;

	for (unsigned i = 0; i < ARRAY_LEN(each); i++) {
		bool done = each[i] == STATEMENT_ROLL_UP_MALWARE
				    ? database_run(prune->database, err, each[i], "iii", from_s,
					      to_s, (int64_t)DAILY_NAMES_MOST)
				    : database_run(prune->database, err, each[i], "ii", from_s,
					      to_s);
		if (!done)
			return false;
	}
	log_info(
		"derive.day", "from=%lld, its details are daily counts now", (long long)from_s);
	return give_up_windows(prune, from_s, to_s, err) &&
	       raise_mark(prune->database, rolled_up, to_s, err);
}

/* *rolled: the oldest day with details was older than that, and has none now. *waits: it has
 * windows to be published first. */
static bool roll_up(
	struct prune *prune, int64_t limit_s, bool *rolled, bool *waits, struct err *err)
{
	int64_t oldest_s = limit_s;

	*rolled = *waits = false;
	if (!database_number(prune->database,
		    database_select(prune->database, err, STATEMENT_DETAILS_OLDEST, ""),
		    &oldest_s, err))
		return false;
	if (oldest_s >= limit_s)
		return true;
	struct window day =
		window_at(WINDOW_DAY, oldest_s * CLOCK_NS_PER_S, prune->settings->zone_seconds);
	if (!is_awaited(prune, &day, waits, err))
		return false;
	*rolled = !*waits;
	return *waits || roll_up_day(prune, &day, err);
}

/* ---- rows ------------------------------------------------------------------- */

static bool remove_some(struct prune *prune, const struct part *part, int64_t limit_s,
	int64_t most, int *n, struct err *err)
{
	bool done =
		part->in_parts
			? database_run(prune->database, err, part->which, "ii", limit_s, most)
			: database_run(prune->database, err, part->which, "i", limit_s);

	*n = done ? database_changes(prune->database) : 0;
	prune->sources_removed |= part->which == STATEMENT_PRUNE_SOURCES && *n > 0;
	counter_add(&pruned, (uint64_t)*n);
	return done;
}

/* `waits`: there are windows to be published first. */
static bool remove_old(struct prune *prune, const int64_t limits[LIMITS], bool waits,
	bool *more, struct err *err)
{
	int left = ROWS_MOST, n;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (waits && parts[i].of_windows)
			continue;
		do {
			if (!remove_some(
				    prune, &parts[i], limits[parts[i].limit], left, &n, err))
				return false;
			left -= n;
		} while (n > 0 && left > 0);
		if (left <= 0)
			break;
	}
	*more = left <= 0 || waits;
	return raise_mark(prune->database, OUTBOX_KEPT_FROM, limits[LIMIT_MESSAGES], err);
}

static bool work(struct prune *prune, const int64_t limits[LIMITS], bool *more, struct err *err)
{
	bool rolled, waits;

	if (!roll_up(prune, limits[LIMIT_DETAILS], &rolled, &waits, err))
		return false;
	*more = rolled;
	return rolled ||
	       ((waits || raise_mark(prune->database, rolled_up, limits[LIMIT_DETAILS], err)) &&
		       remove_old(prune, limits, waits, more, err));
}

/* ---- a step ----------------------------------------------------------------- */

bool prune_init(struct prune *prune, const struct derive_settings *settings,
	struct database *database, struct err *err)
{
	int64_t opened_s = 0;

	*prune = (struct prune){.database = database, .settings = settings};
	if (!database_meta(database, SLICE_LIT("opened-5m"), &opened_s, err))
		return false;
	age_open(&prune->age, settings->dir, opened_s * CLOCK_NS_PER_S);
	return true;
}

bool prune_step_at(struct prune *prune, int64_t now_ns, bool *more, struct err *err)
{
	int64_t limits[LIMITS];

	*more = false;
	choose_limits(prune, now_ns, limits);
	if (limits[LIMIT_DETAILS] == prune->done_s)
		return true;
	if (!database_begin(prune->database, err))
		return false;
	if (!work(prune, limits, more, err) || !database_commit(prune->database, err)) {
		database_rollback(prune->database);
		return false;
	}
	if (!*more)
		prune->done_s = limits[LIMIT_DETAILS];
	return true;
}

bool prune_step(struct prune *prune, struct err *err)
{
	bool more;

	return prune_step_at(prune, age_now(&prune->age), &more, err);
}

bool prune_kept_from(struct database *database, int64_t *from_ns, struct err *err)
{
	int64_t from_s = 0;

	if (!database_meta(database, OUTBOX_KEPT_FROM, &from_s, err))
		return false;
	*from_ns = from_s * CLOCK_NS_PER_S;
	return true;
}
