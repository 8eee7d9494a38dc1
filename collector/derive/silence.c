#include "collector/derive/silence.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "collector/derive/weekly.h"
#include "collector/record/record.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"
#include "common/table.h"

enum {
	BACK_HOURS = 2,              /* our clock is set back by more: it was wrong before */
	RING_HOURS = 8 * WEEK_HOURS, /* of which it is known whether lines were received */
	HOUR_S = 3600,
	HOUR_MS = HOUR_S * 1000,
	DAY_MS = 24 * HOUR_MS,
	LEARNING_DAYS = 14,
	NEW_DAYS = 2,   /* before which nothing is said */
	NEW_LONGER = 5, /* times the longest silence so far */
	NEW_REST_DAYS = 3,
	CHILDREN_MIN = 2, /* or a host or agency is what it consists of */
	HELD_TIMES = 4, /* a silence is told by itself however long that of all others lasts */
	LOOK_MOST = 8,  /* a longer pause between two looks was not watched */
};

#define NOWHERE      UINT32_MAX
#define NEVER        INT64_MIN
#define MISSED_CHILD 3.0 /* a child misses some */

static struct counter told =
	COUNTER("derive.silent", "findings that a source, a host or an agency is silent");
static struct counter ended =
	COUNTER("derive.silent_ended", "such findings that ended because lines came again");

enum watched_level { LEVEL_SOURCE, LEVEL_HOST, LEVEL_AGENCY, LEVEL_ALL, LEVELS };

static const char *const level_names[LEVELS] = {"source", "host", "agency", "all agencies"};

/* Compared as bytes: no holes. */
struct watched_key {
	uint32_t level, agency, host, source;
};

struct watched {
	uint32_t parent; /* NOWHERE = none */
	uint32_t n_children;
	uint16_t system;
	uint8_t at_level; /* of the information system */
	bool unsaved;
	int64_t hour; /* local, of the newest line; NEVER = none */
	int64_t first_hour;
	uint64_t lines; /* of it */
	int64_t heard_ns;
	int64_t raised_ns;                         /* told to be silent; 0 = it is not */
	uint64_t watched_ms, quiet_ms, longest_ms; /* longest silence since it is watched */
	double pace;                               /* lines an hour to be expected now */
	uint32_t n_missing;                        /* of its children, so many miss some */
	double missed;                             /* lines to be expected since the newest */
	uint64_t quiet_saved; /* in its row; 0 = it is not known to be silent there */
	struct weekly weekly;
};

struct silence {
	const struct derive_settings *settings;
	struct database *database;
	struct holidays holidays;
	struct table table;         /* struct watched_key -> struct watched */
	struct silence_moment last; /* mono_ms 0 = there was none */
	int64_t ring_hour;          /* the newest */
	uint64_t ring[RING_HOURS / 64];
	bool ring_unsaved;
	bool muted;
	bool unsaved; /* some of those watched */
};

static struct watched *at(const struct silence *silence, uint32_t place)
{
	return table_value(&silence->table, place);
}

/* ---- hours in which lines were received --------------------------------------- */

static void ring_set(struct silence *silence, int64_t hour, bool received)
{
	const uint64_t bit = UINT64_C(1) << (hour % 64);
	uint64_t *word = &silence->ring[hour % RING_HOURS / 64];

	*word = received ? *word | bit : *word & ~bit;
}

static void note_hour(struct silence *silence, int64_t hour)
{
	if (hour > silence->ring_hour + RING_HOURS || hour < silence->ring_hour - BACK_HOURS) {
		memset(silence->ring, 0, sizeof(silence->ring));
		silence->ring_hour = hour - 1;
	}
	if (hour <= silence->ring_hour)
		return;
	while (silence->ring_hour < hour)
		ring_set(silence, ++silence->ring_hour, false);
	ring_set(silence, hour, true);
	silence->ring_unsaved = true;
}

static bool was_received(const struct silence *silence, int64_t hour)
{
	return hour > silence->ring_hour - RING_HOURS && hour <= silence->ring_hour &&
	       silence->ring[hour % RING_HOURS / 64] & UINT64_C(1) << (hour % 64);
}

/* ---- who is watched ----------------------------------------------------------- */

static uint32_t place_of(struct silence *silence, const struct watched_key *key,
	const struct silence_source *source)
{
	bool is_new;
	struct watched *watched = table_put(&silence->table, key, &is_new);
	uint32_t parent = NOWHERE;

	assert(watched != NULL);
	const uint32_t place = (uint32_t)table_index(&silence->table, watched);
	if (!is_new)
		return place;
	*watched = (struct watched){
		.parent = NOWHERE,
		.system = key->level <= LEVEL_HOST ? source->system : 0,
		.at_level = source->level,
		.unsaved = true,
		.hour = NEVER,
	};
	if (key->level < LEVEL_ALL) {
		struct watched_key above = {.level = key->level + 1};

		above.agency = above.level <= LEVEL_AGENCY ? key->agency : 0;
		above.host = above.level <= LEVEL_HOST ? key->host : 0;
		parent = place_of(silence, &above, source);
		at(silence, parent)->n_children++;
	}
	at(silence, place)->parent = parent; /* the table may have moved */
	return place;
}

uint32_t silence_place(struct silence *silence, const struct silence_source *source)
{
	const struct watched_key key = {
		.agency = source->agency, .host = source->host, .source = source->source};

	return place_of(silence, &key, source);
}

/* ---- telling ------------------------------------------------------------------ */

static void put_source(struct silence *silence, struct json *json, uint32_t number)
{
	struct err err;
	bool failed;
	sqlite3_stmt *row = database_select(
		silence->database, &err, STATEMENT_SOURCE_NAME, "i", (int64_t)number);

	if (row == NULL)
		return;
	if (database_row(silence->database, row, &failed, &err)) {
		json_put_text(json, "input", database_text(row, 0));
		json_put_text(json, "name", database_text(row, 1));
	}
	database_end(row);
}

static void describe(struct silence *silence, struct json *json, uint32_t place, bool heard)
{
	const struct watched_key *key = table_key(&silence->table, place);
	const struct watched *watched = at(silence, place);

	json_object(json);
	json_put_str(json, "rule", "source-silent");
	json_put_str(json, "what", level_names[key->level]);
	json_put_bool(json, "ended", heard);
	if (key->level <= LEVEL_AGENCY)
		json_put_u64(json, "agency", key->agency);
	if (key->level <= LEVEL_HOST)
		json_put_u64(json, "host", key->host);
	if (key->level == LEVEL_SOURCE) {
		json_put_u64(json, "source", key->source);
		put_source(silence, json, key->source);
	}
	json_put_time(json, "heard", watched->heard_ns, 0);
	json_put_u64(json, "silent_minutes", watched->quiet_ms / 60000);
	json_put_u64(json, "lines_expected", (uint64_t)watched->missed);
	json_object_end(json);
}

static bool tell(
	struct silence *silence, uint32_t place, bool heard, int64_t at_ns, struct err *err)
{
	const struct watched_key *key = table_key(&silence->table, place);
	const struct watched *watched = at(silence, place);
	const enum severity severity = heard                        ? SEVERITY_NONE
				       : key->level >= LEVEL_AGENCY ? SEVERITY_HIGH
								    : SEVERITY_MEDIUM;
	if (silence->muted)
		return true;
	struct strbuf text = STRBUF_INIT(8192);
	struct json json = json_into(&text);

	describe(silence, &json, place, heard);
	bool done = database_run(silence->database, err, STATEMENT_EMIT_STATE_ADD,
		"iiiiiitttii", (int64_t)key->agency, (int64_t)key->host,
		(int64_t)watched->system, (int64_t)(watched->at_level ? watched->at_level : 1),
		(int64_t)severity, at_ns, SLICE_LIT("source-silent"),
		heard ? SLICE_LIT("source-heard-again") : SLICE_LIT("source-silent"),
		strbuf_slice(&text), watched->heard_ns, (int64_t)heard);
	strbuf_done(&text);
	counter_add(heard ? &ended : &told, 1);
	return done;
}

/* ---- lines come --------------------------------------------------------------- */

/* The hours since the last line are over. What is known to be silent learns nothing of it. */
/* Who works on a holiday does not work on Sundays. */
static void learn_hour(
	const struct silence *silence, struct watched *watched, int64_t hour, uint64_t lines)
{
	if (!holidays_contain(&silence->holidays, hour))
		weekly_learn(
			&watched->weekly, holidays_week_hour(&silence->holidays, hour), lines);
}

static void learn_until(
	struct silence *silence, struct watched *watched, int64_t hour, bool was_told)
{
	int64_t from = watched->hour + 1;

	if (watched->hour > watched->first_hour) /* that one began in the middle */
		learn_hour(silence, watched, watched->hour, watched->lines);
	if (from < hour - RING_HOURS)
		from = hour - RING_HOURS;
	for (; from < hour && !was_told; from++) {
		if (was_received(silence, from))
			learn_hour(silence, watched, from, 0);
	}
}

static void turn_to(
	struct silence *silence, struct watched *watched, int64_t hour, bool was_told)
{
	if (hour <= watched->hour && hour >= watched->hour - BACK_HOURS)
		return;
	if (watched->hour == NEVER || hour < watched->hour)
		watched->first_hour = hour;
	else
		learn_until(silence, watched, hour, was_told);
	watched->hour = hour;
	watched->lines = 0;
	watched->unsaved = silence->unsaved = true;
}

/* How much was missed in each hour since that one; what was told only as a whole. */
static void learn_silence(
	struct silence *silence, struct watched *watched, int64_t from, bool was_told)
{
	double missed = 0;

	if (was_told || from < watched->hour - RING_HOURS)
		from = watched->hour;
	for (; from < watched->hour; from++) {
		const unsigned hour = holidays_week_hour(&silence->holidays, from);

		missed += (double)watched->weekly.rate[hour];
		if (missed < watched->missed)
			weekly_heard(&watched->weekly, hour, missed, false);
		else
			weekly_heard(&watched->weekly, hour, watched->missed, false);
	}
	weekly_heard(&watched->weekly, holidays_week_hour(&silence->holidays, watched->hour),
		watched->missed, was_told);
}

/* `since`: the hour in which it began. */
static void end_silence(
	struct silence *silence, struct watched *watched, int64_t since, bool was_told)
{
	if (watched->missed >= 1)
		learn_silence(silence, watched, since, was_told);
	if (!was_told && watched->quiet_ms > watched->longest_ms)
		watched->longest_ms = watched->quiet_ms;
	if (watched->quiet_saved > 0 || watched->raised_ns != 0)
		watched->unsaved = silence->unsaved = true;
	watched->missed = 0;
	watched->quiet_ms = 0;
	watched->raised_ns = 0;
}

static bool is_told_of(const struct silence *silence, uint32_t place)
{
	for (; place != NOWHERE; place = at(silence, place)->parent) {
		if (at(silence, place)->raised_ns != 0)
			return true;
	}
	return false;
}

/* All of what was silent as a whole has as much time again. */
static void excuse(struct silence *silence, uint32_t above)
{
	for (size_t i = 0; i < silence->table.n; i++) {
		struct watched *watched = at(silence, (uint32_t)i);
		uint32_t place = watched->parent;

		while (place != NOWHERE && place != above)
			place = at(silence, place)->parent;
		if (place != above || watched->raised_ns != 0)
			continue;
		watched->missed = 0;
		watched->quiet_ms = 0;
		watched->unsaved |= watched->quiet_saved > 0;
	}
}

static bool hear(struct silence *silence, uint32_t place, int64_t hour, uint64_t lines,
	int64_t heard_ns, bool was_told, struct err *err)
{
	struct watched *watched = at(silence, place);
	const bool was_raised = watched->raised_ns != 0;
	const int64_t since = watched->hour;

	turn_to(silence, watched, hour, was_told);
	watched->lines += lines;
	if (was_raised && !tell(silence, place, true, heard_ns, err))
		return false;
	end_silence(silence, watched, since, was_told);
	if (heard_ns > watched->heard_ns)
		watched->heard_ns = heard_ns;
	if (was_raised && watched->n_children > 0)
		excuse(silence, place);
	return true;
}

bool silence_heard(struct silence *silence, uint32_t place, int64_t local_hour, uint64_t lines,
	int64_t heard_ns, struct err *err)
{
	note_hour(silence, local_hour);
	while (place != NOWHERE) {
		const bool was_told = is_told_of(silence, place);

		if (!hear(silence, place, local_hour, lines, heard_ns, was_told, err))
			return false;
		place = at(silence, place)->parent;
	}
	return true;
}

/* ---- looking ------------------------------------------------------------------ */

static bool has_learned(const struct watched *watched)
{
	return watched->watched_ms >= (uint64_t)LEARNING_DAYS * DAY_MS;
}

static bool is_longer_than_ever(const struct watched *watched)
{
	const uint64_t longer = NEW_LONGER * watched->longest_ms;
	const uint64_t least =
		watched->longest_ms < HOUR_MS ? HOUR_MS : (uint64_t)NEW_REST_DAYS * DAY_MS;

	return watched->watched_ms >= (uint64_t)NEW_DAYS * DAY_MS &&
	       watched->quiet_ms >= (longer > least ? longer : least);
}

static double limit_of(
	const struct silence *silence, const struct watched *watched, unsigned week_hour)
{
	return weekly_limit(&watched->weekly, week_hour, silence->settings->silence_lines);
}

static bool is_silent(
	const struct silence *silence, const struct watched *watched, unsigned week_hour)
{
	if (watched->quiet_ms < silence->settings->silence_least_ms)
		return false;
	return has_learned(watched) ? watched->missed >= limit_of(silence, watched, week_hour)
				    : is_longer_than_ever(watched);
}

/* Since it was heard last, hardly anybody beside it was: what is above is about to be told. */
static bool is_held(const struct silence *silence, uint32_t place, unsigned week_hour)
{
	const struct watched *watched = at(silence, place);

	if (has_learned(watched) &&
		watched->missed >= HELD_TIMES * limit_of(silence, watched, week_hour))
		return false;
	for (uint32_t up = watched->parent; up != NOWHERE; up = at(silence, up)->parent) {
		const struct watched *above = at(silence, up);

		if (above->n_missing >= CHILDREN_MIN && has_learned(above) &&
			above->quiet_ms >= watched->quiet_ms / 2)
			return true;
	}
	return false;
}

static bool judge(struct silence *silence, uint32_t place, unsigned week_hour,
	const struct silence_moment *moment, unsigned *n_told, struct err *err)
{
	struct watched *watched = at(silence, place);
	const struct watched_key *key = table_key(&silence->table, place);

	if ((key->level != LEVEL_SOURCE &&
		    (watched->n_missing < CHILDREN_MIN || !has_learned(watched))) ||
		is_told_of(silence, place) || !is_silent(silence, watched, week_hour) ||
		is_held(silence, place, week_hour))
		return true;
	watched->raised_ns = moment->wall_ns;
	watched->unsaved = true;
	++*n_told;
	return tell(silence, place, false, moment->wall_ns, err);
}

static bool judge_all(struct silence *silence, unsigned week_hour,
	const struct silence_moment *moment, unsigned *n_told, struct err *err)
{
	for (unsigned level = LEVELS; level-- > 0;) {
		for (size_t i = 0; i < silence->table.n; i++) {
			const struct watched_key *key = table_key(&silence->table, i);

			if (key->level == level &&
				!judge(silence, (uint32_t)i, week_hour, moment, n_told, err))
				return false;
		}
	}
	return true;
}

/* What is told to be silent is expected of nobody above it. */
static void expect(struct silence *silence, unsigned week_hour)
{
	for (size_t i = 0; i < silence->table.n; i++) {
		struct watched *watched = at(silence, (uint32_t)i);

		watched->pace = (double)watched->weekly.rate[week_hour];
		watched->n_missing = 0;
	}
	for (size_t i = 0; i < silence->table.n; i++) {
		const struct watched *watched = at(silence, (uint32_t)i);

		if (watched->raised_ns == 0 || is_told_of(silence, watched->parent))
			continue;
		for (uint32_t up = watched->parent; up != NOWHERE; up = at(silence, up)->parent)
			at(silence, up)->pace -= (double)watched->weekly.rate[week_hour];
	}
}

static void pass_time(struct silence *silence, unsigned week_hour, uint64_t passed_ms)
{
	expect(silence, week_hour);
	for (size_t i = 0; i < silence->table.n; i++) {
		struct watched *watched = at(silence, (uint32_t)i);

		watched->watched_ms += passed_ms;
		watched->quiet_ms += passed_ms;
		if (watched->pace > 0)
			watched->missed += watched->pace * (double)passed_ms / HOUR_MS;
		if (watched->missed >= MISSED_CHILD && watched->raised_ns == 0 &&
			watched->parent != NOWHERE)
			at(silence, watched->parent)->n_missing++;
	}
}

/* ---- rows --------------------------------------------------------------------- */

/* A row for each pause of a source that is heard every minute would be many. */
static bool is_long(const struct silence *silence, const struct watched *watched)
{
	return watched->quiet_ms >= silence->settings->silence_least_ms / 2;
}

static bool save_one(struct silence *silence, uint32_t place, struct err *err)
{
	const struct watched_key *key = table_key(&silence->table, place);
	struct watched *watched = at(silence, place);
	char weekly[WEEKLY_SIZE];

	weekly_save(&watched->weekly, weekly);
	const bool known = is_long(silence, watched);

	watched->unsaved = false;
	watched->quiet_saved = known ? watched->quiet_ms : 0;
	return database_run(silence->database, err, STATEMENT_SILENCE_SET, "iiiiiiiiiiiiidb",
		(int64_t)key->level, (int64_t)key->agency, (int64_t)key->host,
		(int64_t)key->source, (int64_t)watched->system, (int64_t)watched->at_level,
		watched->hour, watched->first_hour, watched->heard_ns, watched->raised_ns,
		(int64_t)watched->watched_ms, (int64_t)watched->quiet_saved,
		(int64_t)watched->longest_ms, known ? watched->missed : 0.0,
		slice_of(weekly, sizeof(weekly)));
}

static bool is_to_be_saved(const struct silence *silence, const struct watched *watched)
{
	return watched->unsaved ||
	       (is_long(silence, watched) && watched->quiet_ms >= 2 * watched->quiet_saved);
}

static bool save(struct silence *silence, struct err *err)
{
	for (size_t i = 0; i < silence->table.n; i++) {
		if (is_to_be_saved(silence, at(silence, (uint32_t)i)) &&
			!save_one(silence, (uint32_t)i, err))
			return false;
	}
	silence->unsaved = false;
	if (!silence->ring_unsaved)
		return true;
	silence->ring_unsaved = false;
	return database_run(silence->database, err, STATEMENT_SILENCE_HOURS_SET, "ib",
		silence->ring_hour, slice_of(silence->ring, sizeof(silence->ring)));
}

void silence_mute(struct silence *silence, bool muted)
{
	silence->muted = muted;
}

bool silence_save(struct silence *silence, struct err *err)
{
	return !silence->unsaved || save(silence, err);
}

static int64_t longest_look_ms(const struct silence *silence)
{
	const int64_t often_ms = (int64_t)silence->settings->publish_ms;

	return LOOK_MOST * (often_ms > SILENCE_LOOK_MS ? often_ms : SILENCE_LOOK_MS);
}

bool silence_watch(struct silence *silence, const struct silence_moment *moment,
	unsigned *n_told, struct err *err)
{
	const int64_t passed_ms = moment->mono_ms - silence->last.mono_ms;
	const bool watched = silence->last.mono_ms != 0 && silence->last.receives &&
			     moment->receives && passed_ms <= longest_look_ms(silence);

	*n_told = 0;
	if (silence->last.mono_ms != 0 && passed_ms < SILENCE_LOOK_MS)
		return true;
	silence->last = *moment;
	if (!watched)
		return true;
	const int64_t hour = (clock_foreign(moment->wall_ns) / CLOCK_NS_PER_S +
				     silence->settings->zone_seconds) /
			     HOUR_S;
	const unsigned week_hour = holidays_week_hour(&silence->holidays, hour);
	note_hour(silence, hour);
	pass_time(silence, week_hour, (uint64_t)passed_ms);
	return judge_all(silence, week_hour, moment, n_told, err) && save(silence, err);
}

/* ---- life --------------------------------------------------------------------- */

static void load_one(struct silence *silence, sqlite3_stmt *row)
{
	const struct watched_key key = {
		.level = (uint32_t)sqlite3_column_int64(row, 0),
		.agency = (uint32_t)sqlite3_column_int64(row, 1),
		.host = (uint32_t)sqlite3_column_int64(row, 2),
		.source = (uint32_t)sqlite3_column_int64(row, 3),
	};
	const struct silence_source source = {
		.system = (uint16_t)sqlite3_column_int64(row, 4),
		.level = (uint8_t)sqlite3_column_int64(row, 5),
	};
	struct watched *watched = at(silence, place_of(silence, &key, &source));

	watched->unsaved = false;
	watched->hour = sqlite3_column_int64(row, 6);
	watched->first_hour = sqlite3_column_int64(row, 7);
	watched->heard_ns = sqlite3_column_int64(row, 8);
	watched->raised_ns = sqlite3_column_int64(row, 9);
	watched->watched_ms = (uint64_t)sqlite3_column_int64(row, 10);
	watched->quiet_ms = (uint64_t)sqlite3_column_int64(row, 11);
	watched->longest_ms = (uint64_t)sqlite3_column_int64(row, 12);
	watched->quiet_saved = watched->quiet_ms;
	watched->missed = sqlite3_column_double(row, 13);
	weekly_load(&watched->weekly, database_text(row, 14));
}

static bool load_rows(struct silence *silence, struct err *err)
{
	sqlite3_stmt *rows = database_select(silence->database, err, STATEMENT_SILENCES, "");
	bool failed;

	if (rows == NULL)
		return false;
	while (database_row(silence->database, rows, &failed, err))
		load_one(silence, rows);
	database_end(rows);
	return !failed;
}

/* Of the hour that a source is in, the lines are in source_hours. */
static bool load_lines(struct silence *silence, struct err *err)
{
	sqlite3_stmt *rows = database_select(silence->database, err, STATEMENT_SILENCE_LINES,
		"i", (int64_t)silence->settings->zone_seconds);
	bool failed;

	if (rows == NULL)
		return false;
	while (database_row(silence->database, rows, &failed, err)) {
		const struct watched_key key = {
			.agency = (uint32_t)sqlite3_column_int64(rows, 0),
			.host = (uint32_t)sqlite3_column_int64(rows, 1),
			.source = (uint32_t)sqlite3_column_int64(rows, 2),
		};
		struct watched *watched = table_get(&silence->table, &key);
		const int64_t hour = sqlite3_column_int64(rows, 3);

		for (; watched != NULL; watched = watched->parent == NOWHERE
							  ? NULL
							  : at(silence, watched->parent)) {
			if (watched->hour == hour)
				watched->lines += (uint64_t)sqlite3_column_int64(rows, 4);
		}
	}
	database_end(rows);
	return !failed;
}

static bool load_ring(struct silence *silence, struct err *err)
{
	sqlite3_stmt *row =
		database_select(silence->database, err, STATEMENT_SILENCE_HOURS, "");
	bool failed;

	if (row == NULL)
		return false;
	if (database_row(silence->database, row, &failed, err)) {
		const struct slice bytes = database_text(row, 1);

		silence->ring_hour = sqlite3_column_int64(row, 0);
		if (bytes.len == sizeof(silence->ring))
			memcpy(silence->ring, bytes.ptr, bytes.len);
	}
	database_end(row);
	return !failed;
}

struct silence *silence_new(
	const struct derive_settings *settings, struct database *database, struct err *err)
{
	struct silence *silence = calloc(1, sizeof(*silence));

	if (silence == NULL)
		abort();
	silence->settings = settings;
	silence->database = database;
	table_init(&silence->table, sizeof(struct watched_key), sizeof(struct watched),
		UINT32_MAX - 1);
	if (holidays_read(
		    &silence->holidays, &settings->holidays, settings->zone_seconds, err) &&
		load_rows(silence, err) && load_lines(silence, err) && load_ring(silence, err))
		return silence;
	silence_free(silence);
	return NULL;
}

static void continue_one(struct watched *watched, const struct watched *former)
{
	const uint32_t parent = watched->parent, n_children = watched->n_children;

	*watched = *former;
	watched->parent = parent;
	watched->n_children = n_children;
}

void silence_continue(struct silence *silence, const struct silence *former)
{
	for (size_t i = 0; i < silence->table.n; i++) {
		const struct watched *before =
			table_get(&former->table, table_key(&silence->table, i));

		if (before != NULL)
			continue_one(at(silence, (uint32_t)i), before);
	}
	silence->last = former->last;
	silence->ring_hour = former->ring_hour;
	memcpy(silence->ring, former->ring, sizeof(silence->ring));
	silence->ring_unsaved = former->ring_unsaved;
	silence->muted = former->muted;
	silence->unsaved = former->unsaved;
}

void silence_free(struct silence *silence)
{
	if (silence == NULL)
		return;
	table_done(&silence->table);
	free(silence);
}
