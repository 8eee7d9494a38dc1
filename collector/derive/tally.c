#include "collector/derive/tally.h"

#include "common/clock.h"
#include "common/counter.h"

static struct counter cut = COUNTER("derive.repeats_cut",
	"records that say they happened so often that more is not counted");

enum { TABLE_MOST = 1 << 17 };

struct count_key {
	int64_t start; /* seconds */
	uint32_t agency;
	uint8_t level, attack, severity, status;
};

struct count_value {
	uint64_t events, findings;
};

struct host_key {
	struct count_key count;
	uint32_t host;
	uint32_t zero;
};

struct quality_key {
	int64_t start;
	uint32_t agency;
	uint32_t zero;
};

struct quality_value {
	uint64_t records, status[4], late, truncated, unattributed, masked, gaps, missing, test;
	int64_t skew_ms; /* -1 = unknown */
};

struct seen_key {
	int64_t start; /* of the window or the day */
	uint32_t agency, host;
};

struct day_value {
	int64_t first; /* start of the first window of that day */
};

void tally_init(
	struct tally *tally, const struct derive_settings *settings, struct database *database)
{
	*tally = (struct tally){
		.settings = settings,
		.from_ns = INT64_MIN,
		.to_ns = INT64_MAX,
		.database = database,
	};
	table_init(&tally->counts, sizeof(struct count_key), sizeof(struct count_value),
		TABLE_MOST);
	table_init(&tally->hosts, sizeof(struct host_key), 0, TABLE_MOST);
	table_init(&tally->quality, sizeof(struct quality_key), sizeof(struct quality_value),
		TABLE_MOST);
	table_init(&tally->seen, sizeof(struct seen_key), 0, TABLE_MOST);
	table_init(&tally->days, sizeof(struct seen_key), sizeof(struct day_value), TABLE_MOST);
	malware_init(&tally->malware, settings, database);
}

void tally_limit(struct tally *tally, int64_t from_ns, int64_t to_ns)
{
	tally->from_ns = from_ns;
	tally->to_ns = to_ns;
	malware_limit(&tally->malware, from_ns, to_ns);
}

void tally_done(struct tally *tally)
{
	table_done(&tally->counts);
	table_done(&tally->hosts);
	table_done(&tally->quality);
	table_done(&tally->seen);
	table_done(&tally->days);
	malware_done(&tally->malware);
}

int64_t tally_time(
	const struct derive_settings *settings, const struct columns *columns, bool *late)
{
	int64_t received_ns = columns->received_ns;

	*late = false;
	if (columns->created_ns == CLOCK_NONE)
		return received_ns;
	*late = columns->created_ns >
			received_ns + (int64_t)settings->ahead_ms * CLOCK_NS_PER_MS ||
		columns->created_ns <
			received_ns - (int64_t)settings->back_ms * CLOCK_NS_PER_MS;
	return *late ? received_ns : columns->created_ns;
}

static int64_t window_start(const struct tally *tally, int64_t at_ns, enum window_kind kind)
{
	return window_at(kind, at_ns, tally->settings->zone_seconds).start_ns / CLOCK_NS_PER_S;
}

static bool is_asked_for(const struct tally *tally, int64_t at_ns)
{
	return at_ns >= tally->from_ns && at_ns < tally->to_ns;
}

static struct quality_value *quality_at(struct tally *tally, int64_t at_ns, uint32_t agency)
{
	struct quality_key key = {
		.start = window_start(tally, at_ns, WINDOW_5M),
		.agency = agency,
	};
	bool is_new;
	struct quality_value *value = table_put(&tally->quality, &key, &is_new);

	if (value != NULL && is_new)
		value->skew_ms = -1;
	return value;
}

static void add_quality(struct quality_value *value, const struct columns *columns, bool late)
{
	value->records++;
	value->status[columns->status & 3]++;
	value->late += late;
	value->truncated += (columns->flags & RECORD_TRUNCATED) != 0;
	value->unattributed += (columns->flags & RECORD_UNATTRIBUTED) != 0;
	value->masked += (columns->flags & RECORD_MASKED) != 0;
	if (columns->skew_ms != UINT32_MAX && (int64_t)columns->skew_ms > value->skew_ms)
		value->skew_ms = columns->skew_ms;
}

/* A finding that is no attack: that a host is silent, say. It speaks of it, not by it. */
static bool is_about_silence(const struct columns *columns)
{
	return columns->kind == RECORD_FINDING && columns->attack == CLASS_NONE;
}

/* When it was heard, whatever the record tells of: what is known of agents in a window must
 * not change when one that was cut off comes back, or no recount would find it again. */
static bool see_host(struct tally *tally, const struct columns *columns)
{
	struct seen_key day = {
		.start = window_start(tally, columns->received_ns, WINDOW_DAY),
		.agency = columns->agency,
		.host = columns->host,
	};
	struct seen_key window = day;
	bool is_new;

	if (columns->host == 0 || is_about_silence(columns))
		return true;
	window.start = window_start(tally, columns->received_ns, WINDOW_5M);
	struct day_value *value = table_put(&tally->days, &day, &is_new);
	if (value == NULL)
		return false;
	if (is_new || window.start < value->first)
		value->first = window.start;
	return !is_asked_for(tally, columns->received_ns) ||
	       table_put(&tally->seen, &window, NULL) != NULL;
}

static bool count_attack(struct tally *tally, int64_t at_ns, const struct columns *columns)
{
	struct host_key key = {
		.count =
			{
				.start = window_start(tally, at_ns, WINDOW_5M),
				.agency = columns->agency,
				.level = columns->level,
				.attack = columns->attack,
				.severity = columns->severity,
				.status = columns->flags & RECORD_RESOLVED ? COUNT_RESOLVED
									   : COUNT_OPEN,
			},
		.host = columns->host,
	};

	struct count_value *value = table_put(&tally->counts, &key.count, NULL);
	if (value == NULL || table_put(&tally->hosts, &key, NULL) == NULL)
		return false;
	if (columns->kind == RECORD_FINDING)
		value->findings++;
	else
		value->events += 1u + columns->repeats;
	if (columns->repeats == RECORD_REPEATS_MAX)
		counter_add(&cut, 1);
	return true;
}

/* Room first, counting after: a record is counted whole or not at all. */
static bool has_room(const struct tally *tally)
{
	return tally->counts.n < TABLE_MOST && tally->hosts.n < TABLE_MOST &&
	       tally->quality.n < TABLE_MOST && tally->seen.n < TABLE_MOST &&
	       tally->days.n < TABLE_MOST;
}

static bool has_quality(const struct columns *columns)
{
	return columns->kind == RECORD_LOG || columns->kind == RECORD_HIT;
}

/* That there were any is all that is said of them. */
static void count_test(struct tally *tally, int64_t at_ns, const struct columns *columns)
{
	if (is_asked_for(tally, at_ns) && has_quality(columns))
		quality_at(tally, at_ns, columns->agency)->test++;
}

bool tally_record(struct tally *tally, const struct columns *columns)
{
	bool late;
	int64_t at_ns = tally_time(tally->settings, columns, &late);

	if (!has_room(tally))
		return false;
	if (columns->flags & RECORD_TEST) {
		count_test(tally, at_ns, columns);
		return true;
	}
	if (!see_host(tally, columns))
		return false;
	if (!is_asked_for(tally, at_ns))
		return true;
	if (has_quality(columns))
		add_quality(quality_at(tally, at_ns, columns->agency), columns, late);
	return columns->attack == CLASS_NONE || count_attack(tally, at_ns, columns);
}

bool tally_gap(struct tally *tally, const struct store_block_gap *gap)
{
	if (!is_asked_for(tally, gap->received_ns))
		return true;

	struct quality_value *value = quality_at(tally, gap->received_ns, gap->stream.agency);
	if (value == NULL)
		return false;
	value->gaps++;
	value->missing += gap->count;
	return true;
}

/* ---- into the database ------------------------------------------------------ */

static bool flush_counts(struct tally *tally, struct err *err)
{
	for (size_t i = 0; i < tally->counts.n; i++) {
		const struct count_key *key = table_key(&tally->counts, i);
		const struct count_value *value = table_value(&tally->counts, i);

		if (!database_run(tally->database, err, STATEMENT_COUNT_ADD, "iiiiiiii",
			    key->start, (int64_t)key->agency, (int64_t)key->level,
			    (int64_t)key->attack, (int64_t)key->severity, (int64_t)key->status,
			    (int64_t)value->events, (int64_t)value->findings))
			return false;
	}
	for (size_t i = 0; i < tally->hosts.n; i++) {
		const struct host_key *key = table_key(&tally->hosts, i);

		if (!database_run(tally->database, err, STATEMENT_HOST_ADD, "iiiiiii",
			    key->count.start, (int64_t)key->count.agency,
			    (int64_t)key->count.level, (int64_t)key->count.attack,
			    (int64_t)key->count.severity, (int64_t)key->count.status,
			    (int64_t)key->host))
			return false;
	}
	return true;
}

static bool mark_dirty(struct tally *tally, int64_t start_s, struct err *err)
{
	for (unsigned kind = 0; kind < WINDOW_KINDS; kind++) {
		struct window window = window_at((enum window_kind)kind,
			start_s * CLOCK_NS_PER_S, tally->settings->zone_seconds);

		if (!database_run(tally->database, err, STATEMENT_WINDOW_DIRTY, "iii",
			    (int64_t)kind, window.start_ns / CLOCK_NS_PER_S,
			    window.end_ns / CLOCK_NS_PER_S))
			return false;
	}
	return true;
}

static bool flush_quality(struct tally *tally, struct err *err)
{
	for (size_t i = 0; i < tally->quality.n; i++) {
		const struct quality_key *key = table_key(&tally->quality, i);
		const struct quality_value *v = table_value(&tally->quality, i);

		if (!database_run(tally->database, err, STATEMENT_QUALITY_ADD, "iiiiiiiiiiiiii",
			    key->start, (int64_t)key->agency, (int64_t)v->records,
			    (int64_t)v->status[PARSE_UNKNOWN],
			    (int64_t)v->status[PARSE_PARTIAL],
			    (int64_t)v->status[PARSE_DAMAGED], (int64_t)v->late,
			    (int64_t)v->truncated, (int64_t)v->unattributed, (int64_t)v->masked,
			    (int64_t)v->gaps, (int64_t)v->missing, v->skew_ms,
			    (int64_t)v->test))
			return false;
	}
	return true;
}

/* Of the windows in which something was counted. */
static bool mark_counted(struct tally *tally, struct err *err)
{
	for (size_t i = 0; i < tally->quality.n; i++) {
		const struct quality_key *key = table_key(&tally->quality, i);

		if (!mark_dirty(tally, key->start, err))
			return false;
	}
	for (size_t i = 0; i < tally->counts.n; i++) {
		const struct count_key *key = table_key(&tally->counts, i);

		if (!mark_dirty(tally, key->start, err))
			return false;
	}
	return true;
}

static bool flush_seen(struct tally *tally, struct err *err)
{
	for (size_t i = 0; i < tally->seen.n; i++) {
		const struct seen_key *key = table_key(&tally->seen, i);

		if (!database_run(tally->database, err, STATEMENT_SEEN_ADD, "iii", key->start,
			    (int64_t)key->agency, (int64_t)key->host) ||
			!mark_dirty(tally, key->start, err))
			return false;
	}
	for (size_t i = 0; i < tally->days.n; i++) {
		const struct seen_key *key = table_key(&tally->days, i);
		const struct day_value *value = table_value(&tally->days, i);

		if (!database_run(tally->database, err, STATEMENT_DAY_ADD, "iiii",
			    (int64_t)key->agency, (int64_t)key->host, key->start,
			    value->first) ||
			!database_run(tally->database, err, STATEMENT_AGENT_ADD, "iii",
				(int64_t)key->agency, (int64_t)key->host, value->first))
			return false;
	}
	return true;
}

bool tally_flush(struct tally *tally, struct err *err)
{
	if (!flush_counts(tally, err) || !flush_quality(tally, err) ||
		!flush_seen(tally, err) || !mark_counted(tally, err) ||
		!malware_flush(&tally->malware, err))
		return false;
	table_clear(&tally->counts);
	table_clear(&tally->hosts);
	table_clear(&tally->quality);
	table_clear(&tally->seen);
	table_clear(&tally->days);
	return true;
}
