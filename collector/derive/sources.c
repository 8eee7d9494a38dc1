#include "collector/derive/sources.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

#include "collector/derive/offsets.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/table.h"
#include "common/utf8.h"

enum {
	COUNTS_MOST = 1 << 17,   /* in one step; then they are written in between */
	AGENCIES_MOST = 1 << 16, /* beside the sources */
	HOUR_S = 3600,
};

static struct counter unnamed = COUNTER(
	"derive.sources_unnamed", "lines of sources beyond the most that are kept apart");

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
	uint32_t skew_ms;   /* what its agent measured; UINT32_MAX = nothing did */
	struct offsets offsets;
	bool touched; /* in this step */
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
	struct table table;  /* struct source_key -> struct source */
	struct table hosts;  /* source_key of a host -> how many sources */
	struct table counts; /* of this step */
	uint32_t newest;     /* number given last */
	uint32_t *touched;   /* n_touched places in the table */
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

/* Those of the host without a name, or of the agency. */
static struct source_key key_with_room(
	const struct sources *sources, const struct source_key *key)
{
	const struct source_key of_host = host_key(key);
	const uint32_t *n = table_get(&sources->hosts, &of_host);

	if (sources->table.n < sources->settings->sources_most)
		return n == NULL || *n < SOURCES_OF_HOST_MOST ? *key : of_host;
	return (struct source_key){.agency = key->agency};
}

static void count_of_host(struct sources *sources, const struct source_key *key)
{
	const struct source_key of_host = host_key(key);
	uint32_t *n = table_put(&sources->hosts, &of_host, NULL);

	if (n != NULL)
		(*n)++;
}

static bool add(struct sources *sources, const struct source_key *key,
	const struct record_source *from, int64_t received_ns, struct err *err)
{
	const bool has_name = key->name != 0 && from != NULL;
	struct source *source = table_put(&sources->table, key, NULL);

	if (source == NULL)
		return err_set(
			err, "there are sources of more than %d agencies", AGENCIES_MOST);
	*source = (struct source){
		.number = ++sources->newest,
		.hour = INT64_MIN,
		.heard_ns = received_ns,
		.created_ns = CLOCK_NONE,
		.skew_ms = UINT32_MAX,
	};
	count_of_host(sources, key);
	return database_run(sources->database, err, STATEMENT_SOURCE_ADD, "iiiitti",
		(int64_t)source->number, (int64_t)key->agency, (int64_t)key->host,
		(int64_t)key->name, has_name ? named(from->input) : SLICE_LIT(""),
		has_name ? named(from->name) : SLICE_LIT(""), received_ns);
}

/* *at is its place in the table. */
static bool find(struct sources *sources, struct source_key key,
	const struct record_source *from, int64_t received_ns, size_t *at, struct err *err)
{
	if (table_get(&sources->table, &key) == NULL) {
		const struct source_key with_room = key_with_room(sources, &key);

		key = with_room;
		if (table_get(&sources->table, &key) == NULL &&
			!add(sources, &key, from, received_ns, err))
			return false;
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
	return find(sources, key, from, columns->received_ns, &last->source, err);
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

static void put_time(struct source *source, const struct columns *columns)
{
	if (columns->received_ns > source->heard_ns)
		source->heard_ns = columns->received_ns;
	if (columns->skew_ms != UINT32_MAX)
		source->skew_ms = columns->skew_ms;
	if (columns->created_ns == CLOCK_NONE)
		return;
	if (columns->created_ns > source->created_ns)
		source->created_ns = columns->created_ns;
	offsets_add(&source->offsets, columns->received_ns, columns->created_ns);
}

/* Our own clock that is set back takes no hour back. */
static void turn_to(struct source *source, int64_t hour)
{
	if (hour <= source->hour)
		return;
	offsets_turn(&source->offsets);
	source->hour = hour;
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

	turn_to(source, local_hour(sources, columns->received_ns));
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
	put_time(source, columns);
	touch(sources, source);
	return true;
}

bool sources_record(
	struct sources *sources, const struct store_block *block, unsigned i, struct err *err)
{
	const struct columns *columns = &block->columns[i];

	if (columns->kind != RECORD_LOG)
		return true;
	if (!is_as_last(sources, block, columns) && !choose(sources, block, columns, err))
		return err_within(err, "sources");
	return count(sources, columns, err) || err_within(err, "sources");
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
	return database_run(sources->database, err, STATEMENT_SOURCE_SET, "iiiiiibi",
		(int64_t)source->number, source->hour, source->heard_ns, source->created_ns,
		(int64_t)offsets_tell(&source->offsets, &ms), (int64_t)ms,
		slice_of(offsets, sizeof(offsets)),
		source->skew_ms == UINT32_MAX ? -1 : (int64_t)source->skew_ms);
}

bool sources_flush(struct sources *sources, struct err *err)
{
	if (!flush_counts(sources, err))
		return false;
	for (; sources->n_touched > 0; sources->n_touched--) {
		const uint32_t at = sources->touched[sources->n_touched - 1];

		if (!write_source(sources, table_value(&sources->table, at), err))
			return false;
	}
	return true;
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
	count_of_host(sources, &key);
	if (source->number > sources->newest)
		sources->newest = source->number;
}

static bool load(struct sources *sources, struct err *err)
{
	sqlite3_stmt *rows =
		database_select(sources->database, err, STATEMENT_SOURCES_LOAD, "");
	bool failed;

	table_clear(&sources->table);
	table_clear(&sources->hosts);
	sources->last.counted = false;
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
	table_init(&sources->hosts, sizeof(struct source_key), sizeof(uint32_t), most);
	table_init(&sources->counts, sizeof(struct count_key), sizeof(struct count_value),
		COUNTS_MOST);
	sources->touched = calloc(most, sizeof(*sources->touched));
	if (sources->touched == NULL)
		abort();
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
	table_done(&sources->counts);
	free(sources->touched);
	free(sources);
}

bool sources_reload(struct sources *sources, struct err *err)
{
	assert(sources->n_touched == 0 && sources->counts.n == 0);
	return load(sources, err);
}

size_t sources_count(const struct sources *sources)
{
	return sources->table.n;
}
