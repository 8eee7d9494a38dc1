#include "collector/derive/sources.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

#include "collector/derive/offsets.h"
#include "collector/derive/samples.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"
#include "common/log.h"
#include "common/table.h"
#include "common/utf8.h"

enum {
	COUNTS_MOST = 1 << 17,   /* in one step; then they are written in between */
	AGENCIES_MOST = 1 << 16, /* beside the sources */
	HOUR_S = 3600,
	BACK_HOURS = 2,
	AHEAD_S = 86400, /* a stamp further ahead is nobody's newest */
};

static struct counter unnamed = COUNTER(
	"derive.sources_unnamed", "lines of sources beyond the most that are kept apart");

static struct counter clocks =
	COUNTER("derive.clocks_wrong", "findings that the clock of a source is wrong");

/* Compared as bytes: no holes. */
struct source_key {
	uint32_t agency, host; /* host 0: what an agency has too many of */
	uint64_t name;         /* hash of input and name; 0 = those without a name */
};

struct source {
	uint32_t number; /* row in derive.db */
	int64_t hour;    /* of the newest line, local hours since 1970 */
	int64_t heard_ns;
	int64_t created_ns; /* stamp of the newest line that has one; CLOCK_NONE */
	uint32_t place;     /* in silence.h */
	uint64_t unheard;   /* lines of this hour it was not told of yet */
	uint32_t skew_ms;   /* what its agent measured; UINT32_MAX = nothing did */
	struct offsets offsets;
	uint8_t looks_read, looks_unread; /* at records of this hour */
	bool clock_wrong;
	bool touched; /* in this step */
};

struct host {
	uint32_t sources;
	uint32_t wrong; /* of these, so many have a wrong clock */
};

struct count_key {
	int64_t start; /* seconds */
	uint32_t source;
	uint16_t parser;
	uint16_t status;
};

struct count_value {
	uint64_t lines, bytes, undated;
};

/* Where the last record led: most have the same way. */
struct last {
	uint64_t commit;
	uint8_t class;
	uint32_t in_block, agency, host;
	bool shared;
	size_t source; /* in the table */
	struct count_key key;
	size_t count;
	bool counted;
};

struct sources {
	const struct derive_settings *settings;
	struct database *database;
	struct silence *silence;
	bool muted;
	struct samples samples;
	struct table table;    /* struct source_key -> struct source */
	struct table hosts;    /* source_key of a host -> struct host */
	struct table agencies; /* uint32_t -> uint32_t: of its hosts, so many sources */
	struct table counts;   /* of this step */
	uint32_t newest;       /* number given last */
	uint32_t *touched;     /* n_touched places in the table */
	size_t n_touched;
	struct last last;
};

/* ---- which one --------------------------------------------------------------- */

static struct slice named(struct slice text)
{
	return utf8_head(text, SOURCE_TEXT_MAX);
}

static uint64_t hash_name(struct slice input, struct slice name)
{
	uint64_t hash =
		XXH3_64bits_withSeed(name.ptr, name.len, XXH3_64bits(input.ptr, input.len));

	return hash != 0 ? hash : 1;
}

static struct source_key host_key(const struct source_key *key)
{
	return (struct source_key){.agency = key->agency, .host = key->host};
}

/* Whoever comes late has room too. */
static bool has_its_share(const struct sources *sources, uint32_t agency)
{
	const size_t most = sources->settings->sources_most;
	const uint32_t *n = table_get(&sources->agencies, &agency);

	return sources->table.n >= most || (n != NULL && *n >= most - sources->table.n);
}

/* Those of the host without a name, or of the agency. */
static struct source_key key_with_room(
	const struct sources *sources, const struct source_key *key)
{
	const struct source_key of_host = host_key(key);
	const struct host *host = table_get(&sources->hosts, &of_host);

	if (sources->table.n + 1 >= sources->table.most)
		return (struct source_key){0}; /* more agencies than there can be */
	if (has_its_share(sources, key->agency))
		return (struct source_key){.agency = key->agency};
	return host == NULL || host->sources < SOURCES_OF_HOST_MOST ? *key : of_host;
}

/* NULL: there is no room for it. */
static struct host *host_of(struct sources *sources, const struct source_key *key)
{
	const struct source_key of_host = host_key(key);

	return table_put(&sources->hosts, &of_host, NULL);
}

static void join_agency(struct sources *sources, const struct source_key *key)
{
	uint32_t *n = table_put(&sources->agencies, &key->agency, NULL);

	if (n != NULL && key->host != 0)
		++*n;
}

static void join_host(
	struct sources *sources, const struct source_key *key, const struct source *source)
{
	struct host *host = host_of(sources, key);

	if (host == NULL)
		return;
	host->sources++;
	host->wrong += source->clock_wrong;
}

static uint32_t place_of(struct sources *sources, const struct source_key *key,
	const struct source *source, const struct columns *columns)
{
	const struct silence_source watched = {
		.agency = key->agency,
		.host = key->host,
		.source = source->number,
		.system = columns != NULL ? columns->system : 0,
		.level = columns != NULL ? columns->level : 0,
	};

	return silence_place(sources->silence, &watched);
}

static bool add(struct sources *sources, const struct source_key *key,
	const struct record_source *from, const struct columns *columns, struct err *err)
{
	const int64_t received_ns = columns->received_ns;
	const bool has_name = key->name != 0 && from != NULL;
	struct source *source = table_put(&sources->table, key, NULL);

	assert(source != NULL); /* the last place is for those without any name */
	*source = (struct source){
		.number = ++sources->newest,
		.hour = INT64_MIN,
		.heard_ns = received_ns,
		.created_ns = CLOCK_NONE,
		.skew_ms = UINT32_MAX,
	};
	join_host(sources, key, source);
	join_agency(sources, key);
	source->place = place_of(sources, key, source, columns);
	return database_run(sources->database, err, STATEMENT_SOURCE_ADD, "iiiitti",
		(int64_t)source->number, (int64_t)key->agency, (int64_t)key->host,
		(int64_t)key->name, has_name ? named(from->input) : SLICE_LIT(""),
		has_name ? named(from->name) : SLICE_LIT(""), received_ns);
}

static void tell_no_room(const struct sources *sources, const struct source_key *key)
{
	const uint32_t *n = table_get(&sources->agencies, &key->agency);

	log_warn("derive.sources",
		"agency=%u has %u sources of %zu in all; further ones are counted together "
		"(derive.sources-most is %u)",
		key->agency, n != NULL ? *n : 0, sources->table.n,
		sources->settings->sources_most);
}

/* *at is its place in the table. */
static bool find(struct sources *sources, struct source_key key,
	const struct record_source *from, const struct columns *columns, size_t *at,
	struct err *err)
{
	if (table_get(&sources->table, &key) == NULL) {
		const struct source_key with_room = key_with_room(sources, &key);

		if (table_get(&sources->table, &with_room) == NULL) {
			if (with_room.host != key.host)
				tell_no_room(sources, &key);
			if (!add(sources, &with_room, from, columns, err))
				return false;
		}
		key = with_room;
	}
	if (key.name == 0)
		counter_add(&unnamed, 1);
	*at = table_index(&sources->table, table_get(&sources->table, &key));
	return true;
}

static bool is_as_last(const struct sources *sources, const struct store_block *block,
	const struct columns *columns)
{
	const struct last *last = &sources->last;

	return last->counted && columns->source == last->in_block &&
	       block->commit == last->commit && block->class == last->class &&
	       columns->agency == last->agency && columns->host == last->host &&
	       ((columns->flags & RECORD_SHARED) != 0) == last->shared;
}

static bool choose(struct sources *sources, const struct store_block *block,
	const struct columns *columns, struct err *err)
{
	const bool shared = (columns->flags & RECORD_SHARED) != 0;
	const struct stream *stream = &block->streams[columns->stream];
	const struct record_source *from =
		columns->source < block->n_sources ? &block->sources[columns->source] : NULL;
	const struct source_key key = {
		.agency = shared ? stream->agency : columns->agency,
		.host = shared ? stream->host : columns->host,
		.name = from != NULL ? hash_name(from->input, from->name) : 0,
	};
	struct last *last = &sources->last;

	*last = (struct last){
		.commit = block->commit,
		.class = block->class,
		.in_block = columns->source,
		.agency = columns->agency,
		.host = columns->host,
		.shared = shared,
	};
	return find(sources, key, from, columns, &last->source, err);
}

/* ---- counting ---------------------------------------------------------------- */

static int64_t local_hour(const struct sources *sources, int64_t at_ns)
{
	const int64_t local_s =
		clock_foreign(at_ns) / CLOCK_NS_PER_S + sources->settings->zone_seconds;

	return local_s / HOUR_S;
}

static int64_t hour_start(const struct sources *sources, int64_t hour)
{
	return hour * HOUR_S - sources->settings->zone_seconds;
}

/* One line of the year 2100 would be the newest for ever. */
static void put_stamp(struct source *source, int64_t received_ns, int64_t created_ns)
{
	const int64_t most_ns = clock_foreign(received_ns) + AHEAD_S * CLOCK_NS_PER_S;

	if (created_ns <= most_ns &&
		(created_ns > source->created_ns || source->created_ns > most_ns))
		source->created_ns = created_ns;
}

static void put_time(struct source *source, const struct columns *columns)
{
	if (columns->received_ns > source->heard_ns)
		source->heard_ns = columns->received_ns;
	if (columns->skew_ms != UINT32_MAX)
		source->skew_ms = columns->skew_ms;
	if (columns->created_ns == CLOCK_NONE)
		return;
	put_stamp(source, columns->received_ns, columns->created_ns);
	offsets_add(&source->offsets, columns->received_ns, columns->created_ns);
}

static bool hear(struct sources *sources, struct source *source, struct err *err)
{
	const uint64_t lines = source->unheard;

	source->unheard = 0;
	return lines == 0 || silence_heard(sources->silence, source->place, source->hour, lines,
				     source->heard_ns, err);
}

static int64_t distance(int64_t ms)
{
	return ms < 0 ? -ms : ms;
}

static bool tell_clock(struct sources *sources, const struct source *source,
	const struct source_key *key, int32_t behind_ms, const struct columns *columns,
	struct err *err)
{
	const bool wrong = source->clock_wrong;

	if (sources->muted)
		return true;
	struct strbuf text = STRBUF_INIT(4096);
	struct json json = json_into(&text);

	json_object(&json);
	json_put_str(&json, "rule", "source-clock");
	json_put_bool(&json, "ended", !wrong);
	json_put_u64(&json, "agency", key->agency);
	json_put_u64(&json, "host", key->host);
	json_put_u64(&json, "source", source->number);
	json_put_i64(&json, "clock_behind_ms", behind_ms);
	if (source->skew_ms != UINT32_MAX)
		json_put_u64(&json, "agent_clock_off_ms", source->skew_ms);
	json_object_end(&json);
	counter_add(&clocks, wrong);
	bool done = database_run(sources->database, err, STATEMENT_EMIT_STATE_ADD,
		"iiiiiitttii", (int64_t)key->agency, (int64_t)key->host,
		(int64_t)columns->system, (int64_t)(columns->level ? columns->level : 1),
		(int64_t)(wrong ? SEVERITY_MEDIUM : SEVERITY_NONE), columns->received_ns,
		SLICE_LIT("source-clock"),
		wrong ? SLICE_LIT("source-clock-wrong") : SLICE_LIT("source-clock-right"),
		strbuf_slice(&text), columns->received_ns, (int64_t)!wrong);
	strbuf_done(&text);
	return done;
}

/* The first of a host is told, and when none is left. Right again is half as wrong. */
static bool look_at_clock(struct sources *sources, struct source *source,
	const struct columns *columns, struct err *err)
{
	const struct source_key *key = table_key(&sources->table, sources->last.source);
	const int64_t most_ms = (int64_t)sources->settings->clock_wrong_ms;
	struct host *host = host_of(sources, key);
	int32_t ms;

	if (host == NULL || most_ms == 0 || offsets_tell(&source->offsets, &ms) != OFFSETS_HIGH)
		return true;
	if (source->clock_wrong ? distance(ms) > most_ms / 2 : distance(ms) <= most_ms)
		return true;
	source->clock_wrong = !source->clock_wrong;
	if (source->clock_wrong)
		return host->wrong++ > 0 || tell_clock(sources, source, key, ms, columns, err);
	return --host->wrong > 0 || tell_clock(sources, source, key, ms, columns, err);
}

/* Our own clock that is set back a little takes no hour back. */
static bool turn_to(struct sources *sources, struct source *source,
	const struct columns *columns, struct err *err)
{
	const int64_t hour = local_hour(sources, columns->received_ns);

	if (hour <= source->hour && hour >= source->hour - BACK_HOURS)
		return true;
	if (!hear(sources, source, err))
		return false;
	offsets_turn(&source->offsets);
	source->hour = hour;
	source->looks_read = source->looks_unread = 0;
	return look_at_clock(sources, source, columns, err);
}

/* NULL: there is no room before a flush. */
static struct count_value *count_of(struct sources *sources, const struct count_key *key)
{
	struct last *last = &sources->last;

	if (last->counted && memcmp(key, &last->key, sizeof(*key)) == 0)
		return table_value(&sources->counts, last->count);
	struct count_value *value = table_put(&sources->counts, key, NULL);
	last->counted = value != NULL;
	if (value != NULL) {
		last->key = *key;
		last->count = table_index(&sources->counts, value);
	}
	return value;
}

static void touch(struct sources *sources, struct source *source)
{
	if (!source->touched)
		sources->touched[sources->n_touched++] = (uint32_t)sources->last.source;
	source->touched = true;
}

static bool count(struct sources *sources, const struct columns *columns, struct err *err)
{
	struct source *source = table_value(&sources->table, sources->last.source);

	if (!turn_to(sources, source, columns, err))
		return false;
	const struct count_key key = {
		.start = hour_start(sources, source->hour),
		.source = source->number,
		.parser = columns->parser,
		.status = columns->status,
	};
	struct count_value *value = count_of(sources, &key);
	if (value == NULL) {
		if (!sources_flush(sources, err))
			return false;
		value = count_of(sources, &key);
		assert(value != NULL);
	}
	value->lines++;
	value->bytes += columns->body_size;
	value->undated += columns->created_ns == CLOCK_NONE;
	source->unheard++;
	put_time(source, columns);
	touch(sources, source);
	return true;
}

static bool is_wanted(struct sources *sources, const struct columns *columns)
{
	struct source *source = table_value(&sources->table, sources->last.source);
	uint8_t *looks =
		columns->status == PARSE_OK ? &source->looks_read : &source->looks_unread;

	if (*looks >= LOOKS_AN_HOUR || columns->flags & RECORD_TEST)
		return false;
	++*looks;
	return true;
}

void sources_look(struct sources *sources, const struct record *record)
{
	const struct source *source = table_value(&sources->table, sources->last.source);

	samples_look(&sources->samples, source->number, source->hour, record);
}

bool sources_record(struct sources *sources, const struct store_block *block, unsigned i,
	bool *looks, struct err *err)
{
	const struct columns *columns = &block->columns[i];

	*looks = false;

	if (columns->kind != RECORD_LOG)
		return true;
	if (!is_as_last(sources, block, columns) && !choose(sources, block, columns, err))
		return err_within(err, "sources");
	if (!count(sources, columns, err))
		return err_within(err, "sources");
	*looks = is_wanted(sources, columns);
	return true;
}

/* ---- into the database ------------------------------------------------------- */

static bool flush_counts(struct sources *sources, struct err *err)
{
	for (size_t i = 0; i < sources->counts.n; i++) {
		const struct count_key *key = table_key(&sources->counts, i);
		const struct count_value *value = table_value(&sources->counts, i);

		if (!database_run(sources->database, err, STATEMENT_SOURCE_HOUR_ADD, "iiiiiii",
			    key->start, (int64_t)key->source, (int64_t)key->parser,
			    (int64_t)key->status, (int64_t)value->lines, (int64_t)value->bytes,
			    (int64_t)value->undated))
			return false;
	}
	table_clear(&sources->counts);
	sources->last.counted = false;
	return true;
}

static bool write_source(struct sources *sources, struct source *source, struct err *err)
{
	char offsets[OFFSETS_SIZE];
	int32_t ms = 0;

	source->touched = false;
	offsets_save(&source->offsets, offsets);
	return database_run(sources->database, err, STATEMENT_SOURCE_SET, "iiiiiibii",
		(int64_t)source->number, source->hour, source->heard_ns, source->created_ns,
		(int64_t)offsets_tell(&source->offsets, &ms), (int64_t)ms,
		slice_of(offsets, sizeof(offsets)),
		source->skew_ms == UINT32_MAX ? -1 : (int64_t)source->skew_ms,
		(int64_t)source->clock_wrong);
}

bool sources_flush(struct sources *sources, struct err *err)
{
	if (!flush_counts(sources, err))
		return false;
	for (; sources->n_touched > 0; sources->n_touched--) {
		const uint32_t at = sources->touched[sources->n_touched - 1];

		struct source *source = table_value(&sources->table, at);

		if (!hear(sources, source, err) || !write_source(sources, source, err))
			return false;
	}
	return samples_flush(&sources->samples, err) && silence_save(sources->silence, err);
}

void sources_mute(struct sources *sources, bool muted)
{
	sources->muted = muted;
	silence_mute(sources->silence, muted);
}

bool sources_watch(
	struct sources *sources, const struct silence_moment *moment, struct err *err)
{
	unsigned n_told;

	return silence_watch(sources->silence, moment, &n_told, err);
}

/* ---- life -------------------------------------------------------------------- */

static void load_one(struct sources *sources, sqlite3_stmt *row)
{
	const struct source_key key = {
		.agency = (uint32_t)sqlite3_column_int64(row, 1),
		.host = (uint32_t)sqlite3_column_int64(row, 2),
		.name = (uint64_t)sqlite3_column_int64(row, 3),
	};
	struct source *source = table_put(&sources->table, &key, NULL);

	if (source == NULL)
		return;
	*source = (struct source){
		.number = (uint32_t)sqlite3_column_int64(row, 0),
		.hour = sqlite3_column_int64(row, 4),
		.heard_ns = sqlite3_column_int64(row, 5),
		.created_ns = sqlite3_column_int64(row, 6),
		.skew_ms = sqlite3_column_int64(row, 8) < 0
				   ? UINT32_MAX
				   : (uint32_t)sqlite3_column_int64(row, 8),
	};
	offsets_load(&source->offsets, database_text(row, 7));
	source->clock_wrong = sqlite3_column_int64(row, 9) != 0;
	join_host(sources, &key, source);
	join_agency(sources, &key);
	source->place = place_of(sources, &key, source, NULL);
	if (source->number > sources->newest)
		sources->newest = source->number;
}

static bool load(struct sources *sources, struct err *err)
{
	sqlite3_stmt *rows;
	bool failed;

	sources->silence = silence_new(sources->settings, sources->database, err);
	if (sources->silence == NULL)
		return false;
	rows = database_select(sources->database, err, STATEMENT_SOURCES_LOAD, "");
	if (rows == NULL)
		return false;
	while (database_row(sources->database, rows, &failed, err))
		load_one(sources, rows);
	database_end(rows);
	return !failed;
}

struct sources *sources_new(
	const struct derive_settings *settings, struct database *database, struct err *err)
{
	struct sources *sources = calloc(1, sizeof(*sources));
	const size_t most = settings->sources_most + (size_t)AGENCIES_MOST;

	if (sources == NULL)
		abort();
	sources->settings = settings;
	sources->database = database;
	table_init(&sources->table, sizeof(struct source_key), sizeof(struct source), most);
	table_init(&sources->hosts, sizeof(struct source_key), sizeof(struct host), most);
	table_init(&sources->agencies, sizeof(uint32_t), sizeof(uint32_t), most);
	table_init(&sources->counts, sizeof(struct count_key), sizeof(struct count_value),
		COUNTS_MOST);
	sources->touched = calloc(most, sizeof(*sources->touched));
	if (sources->touched == NULL)
		abort();
	samples_init(&sources->samples, database);
	if (load(sources, err))
		return sources;
	sources_free(sources);
	return NULL;
}

void sources_free(struct sources *sources)
{
	if (sources == NULL)
		return;
	table_done(&sources->table);
	table_done(&sources->hosts);
	table_done(&sources->agencies);
	table_done(&sources->counts);
	silence_free(sources->silence);
	samples_done(&sources->samples);
	free(sources->touched);
	free(sources);
}

static void swap_tables(struct table *a, struct table *b)
{
	const struct table kept = *a;

	*a = *b;
	*b = kept;
}

/* Numbers go on: that of a source that is gone is given to no other. */
bool sources_reload(struct sources *sources, struct err *err)
{
	assert(sources->n_touched == 0 && sources->counts.n == 0);
	struct sources *loaded = sources_new(sources->settings, sources->database, err);
	struct silence *former = sources->silence;

	if (loaded == NULL)
		return false;
	silence_continue(loaded->silence, former);
	sources->silence = loaded->silence;
	loaded->silence = former;
	swap_tables(&sources->table, &loaded->table);
	swap_tables(&sources->hosts, &loaded->hosts);
	swap_tables(&sources->agencies, &loaded->agencies);
	sources->last.counted = false;
	sources_free(loaded);
	return true;
}

size_t sources_count(const struct sources *sources)
{
	return sources->table.n;
}
