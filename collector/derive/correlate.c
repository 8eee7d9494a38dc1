#include "collector/derive/correlate.h"

#include <assert.h>
#include <stdlib.h>

#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"
#include "common/table.h"

enum {
	GROUP_BYTES =
		120, /* of rule and values; longer ones are hashed by being cut: counted */
	EMITS_MOST = 256,
	REPEAT_MS = 3600 * 1000,
	FINDINGS_LANE = 3,
};

static struct counter groups_forgotten =
	COUNTER("derive.correlation_evicted", "quiet groups forgotten to make room");
static struct counter groups_cut =
	COUNTER("derive.correlation_cut", "matches whose group-by values were too long");
static struct counter findings = COUNTER("derive.findings", "findings concluded");

struct group_key {
	uint32_t rule;
	uint32_t len;
	char values[GROUP_BYTES];
};

struct group {
	double level;     /* matches in the bucket */
	int64_t last_ns;  /* event time */
	int64_t since_ns; /* the episode's begin */
	int64_t fired_ns; /* of the last finding; CLOCK_NONE = none in this episode */
	uint64_t events;  /* of the episode */
	uint64_t changed; /* since the last save */
};

struct correlate {
	const struct derive_settings *settings;
	struct database *database;
	struct table groups;
};

static bool load(struct correlate *correlate, struct err *err)
{
	sqlite3_stmt *rows = database_select(correlate->database, err, STATEMENT_GROUPS, "");
	bool failed;

	if (rows == NULL)
		return false;
	while (database_row(correlate->database, rows, &failed, err)) {
		struct slice bytes = database_text(rows, 0);
		struct group_key key = {0};

		if (bytes.len != sizeof(key))
			continue;
		memcpy(&key, bytes.ptr, sizeof(key));
		struct group *group = table_put(&correlate->groups, &key, NULL);
		if (group == NULL)
			break;
		*group = (struct group){
			.level = sqlite3_column_double(rows, 1),
			.last_ns = sqlite3_column_int64(rows, 2),
			.since_ns = sqlite3_column_int64(rows, 3),
			.fired_ns = sqlite3_column_int64(rows, 4),
			.events = (uint64_t)sqlite3_column_int64(rows, 5),
		};
	}
	database_end(rows);
	return !failed;
}

struct correlate *correlate_new(
	const struct derive_settings *settings, struct database *database, struct err *err)
{
	struct correlate *correlate = calloc(1, sizeof(*correlate));

	if (correlate == NULL)
		abort();
	correlate->settings = settings;
	correlate->database = database;
	table_init(&correlate->groups, sizeof(struct group_key), sizeof(struct group),
		CORRELATE_GROUPS_MAX);
	if (!load(correlate, err)) {
		correlate_free(correlate);
		return NULL;
	}
	return correlate;
}

void correlate_free(struct correlate *correlate)
{
	if (correlate == NULL)
		return;
	table_done(&correlate->groups);
	free(correlate);
}

/* ---- forgetting ------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* The moment before which half of the groups were quiet. */
static int64_t median_time(const struct table *groups)
{
	int64_t *times = malloc(groups->n * sizeof(*times));

	if (times == NULL)
		abort();
	for (size_t i = 0; i < groups->n; i++)
		times[i] = ((const struct group *)table_value(groups, i))->last_ns;
	qsort(times, groups->n, sizeof(*times), compare_times);
	int64_t median_ns = times[groups->n / 2];
	free(times);
	return median_ns;
}

static bool forget_quiet(struct correlate *correlate, struct err *err)
{
	int64_t limit_ns = median_time(&correlate->groups);
	struct table kept;

	table_init(&kept, sizeof(struct group_key), sizeof(struct group), CORRELATE_GROUPS_MAX);
	for (size_t i = 0; i < correlate->groups.n; i++) {
		const struct group *group = table_value(&correlate->groups, i);

		if (group->last_ns > limit_ns)
			*(struct group *)table_put(
				&kept, table_key(&correlate->groups, i), NULL) = *group;
	}
	counter_add(&groups_forgotten, correlate->groups.n - kept.n);
	table_done(&correlate->groups);
	correlate->groups = kept;
	return database_run(
		correlate->database, err, STATEMENT_GROUP_REMOVE, "i", limit_ns + 1);
}

/* ---- matching --------------------------------------------------------------- */

static void fill_key(struct group_key *key, const struct match *match)
{
	size_t len = match->group.len < GROUP_BYTES ? match->group.len : GROUP_BYTES;

	*key = (struct group_key){.rule = match->rule, .len = (uint32_t)match->group.len};
	memcpy(key->values, match->group.ptr, len);
	if (len < match->group.len)
		counter_add(&groups_cut, 1);
}

static void pour(struct group *group, const struct derive_settings *settings, int64_t at_ns)
{
	double window_ns = (double)settings->brute_force_ms * 1e6;
	double quiet_ns = at_ns > group->last_ns ? (double)(at_ns - group->last_ns) : 0;

	group->level -= quiet_ns * settings->brute_force_count / window_ns;
	if (group->level <= 0) { /* a new episode */
		group->level = 0;
		group->since_ns = at_ns;
		group->fired_ns = CLOCK_NONE;
		group->events = 0;
	}
	group->level += 1;
	if (group->level > 2.0 * settings->brute_force_count)
		group->level = 2.0 * settings->brute_force_count;
	group->events++;
	if (at_ns > group->last_ns)
		group->last_ns = at_ns;
	group->changed = 1;
}

static bool is_to_fire(
	const struct group *group, const struct derive_settings *settings, int64_t at_ns)
{
	if (group->level < settings->brute_force_count)
		return false;
	return group->fired_ns == CLOCK_NONE ||
	       at_ns - group->fired_ns >= (int64_t)REPEAT_MS * CLOCK_NS_PER_MS;
}

static bool fire(struct correlate *correlate, const struct columns *columns,
	const struct record *record, struct group *group, int64_t at_ns, struct err *err)
{
	group->fired_ns = at_ns;
	counter_add(&findings, 1);
	return database_run(correlate->database, err, STATEMENT_EMIT_ADD, "iiiiiiittii",
		(int64_t)columns->agency, (int64_t)columns->host, (int64_t)columns->system,
		(int64_t)columns->level, (int64_t)CLASS_UNAUTHORIZED_ACCESS,
		(int64_t)SEVERITY_HIGH, at_ns, SLICE_LIT("ssh-brute-force"),
		record_get(record, FIELD_SOURCE_IP), (int64_t)group->events, group->since_ns);
}

bool correlate_record(struct correlate *correlate, const struct columns *columns,
	const struct record *record, struct err *err)
{
	int64_t at_ns =
		columns->created_ns == CLOCK_NONE ? columns->received_ns : columns->created_ns;

	if (columns->flags & RECORD_TEST)
		return true;
	for (unsigned i = 0; i < record->n_matches; i++) {
		struct group_key key;

		fill_key(&key, &record->matches[i]);
		if (correlate->groups.n == CORRELATE_GROUPS_MAX &&
			!forget_quiet(correlate, err))
			return false;
		bool is_new;
		struct group *group = table_put(&correlate->groups, &key, &is_new);
		if (is_new)
			*group = (struct group){
				.last_ns = at_ns, .since_ns = at_ns, .fired_ns = CLOCK_NONE};
		pour(group, correlate->settings, at_ns);
		if (is_to_fire(group, correlate->settings, at_ns) &&
			!fire(correlate, columns, record, group, at_ns, err))
			return false;
	}
	return true;
}

bool correlate_save(struct correlate *correlate, struct err *err)
{
	for (size_t i = 0; i < correlate->groups.n; i++) {
		struct group *group = table_value(&correlate->groups, i);

		if (!group->changed)
			continue;
		if (!database_run(correlate->database, err, STATEMENT_GROUP_ADD, "bdiiii",
			    slice_of(
				    table_key(&correlate->groups, i), sizeof(struct group_key)),
			    group->level, group->last_ns, group->since_ns, group->fired_ns,
			    (int64_t)group->events))
			return false;
		group->changed = 0;
	}
	return true;
}

/* ---- emitting --------------------------------------------------------------- */

/* What an analyst reads; also the record's original. */
static struct slice describe(struct arena *arena, sqlite3_stmt *row)
{
	struct strbuf text = STRBUF_INIT(4096);
	struct json json = json_into(&text);
	char since[CLOCK_TEXT_MAX], at[CLOCK_TEXT_MAX];

	json_object(&json);
	json_put_text(&json, "rule", database_text(row, 8));
	json_put_text(&json, "source_ip", database_text(row, 9));
	json_put_i64(&json, "events", sqlite3_column_int64(row, 10));
	json_put_str(&json, "since", clock_format_utc(sqlite3_column_int64(row, 11), 3, since));
	json_put_str(&json, "at", clock_format_utc(sqlite3_column_int64(row, 7), 3, at));
	json_object_end(&json);
	struct slice copy = arena_copy(arena, strbuf_slice(&text));
	strbuf_done(&text);
	return copy;
}

/* The arena holds many times what a finding takes. */
static void add(
	struct record *record, struct arena *arena, enum field_id id, struct slice value)
{
	bool added = record_add(record, arena, id, value);

	assert(added);
	(void)added;
}

static const struct record_source source = {
	.input = {SLICE_BYTES("collector")},
	.name = {SLICE_BYTES("correlation")},
	.format = {SLICE_BYTES("")},
};

static void fill_finding(struct batch *batch, struct record *record, sqlite3_stmt *row)
{
	struct arena *arena = &batch->arena;

	*record = (struct record){
		.raw = describe(arena, row),
		.received_ns = clock_wall_ns(),
		.created_ns = sqlite3_column_int64(row, 7),
		.read_ns = CLOCK_NONE,
		.sequence = (uint64_t)sqlite3_column_int64(row, 0),
		.source = &source,
		.agency = (uint32_t)sqlite3_column_int64(row, 1),
		.host = (uint32_t)sqlite3_column_int64(row, 2),
		.system = (uint16_t)sqlite3_column_int64(row, 3),
		.level = (uint8_t)sqlite3_column_int64(row, 4),
		.kind = RECORD_FINDING,
		.status = PARSE_OK,
		.attack = (uint8_t)sqlite3_column_int64(row, 5),
		.severity = (uint8_t)sqlite3_column_int64(row, 6),
		.strength = IDENTITY_SELF,
	};
	record->whole = record->raw.len;
	add(record, arena, FIELD_RULE_NAME, arena_copy(arena, database_text(row, 8)));
	add(record, arena, FIELD_SOURCE_IP, arena_copy(arena, database_text(row, 9)));
	add(record, arena, FIELD_EVENT_KIND, SLICE_LIT("alert"));
	add(record, arena, FIELD_MESSAGE, record->raw);
}

static bool epoch_of_findings(struct database *database, uint64_t *epoch, struct err *err)
{
	sqlite3_stmt *row = database_select(
		database, err, STATEMENT_META, "t", SLICE_LIT("findings-epoch"));
	bool failed;

	if (row == NULL)
		return false;
	bool found = database_row(database, row, &failed, err);
	if (found)
		*epoch = (uint64_t)sqlite3_column_int64(row, 0);
	database_end(row);
	return found || (!failed && err_set(err, "derive.db: no epoch of findings"));
}

bool correlate_emits(struct database *database, struct batch *batch, struct err *err)
{
	uint64_t epoch = 0;
	bool failed;

	if (!epoch_of_findings(database, &epoch, err))
		return false;
	sqlite3_stmt *rows =
		database_select(database, err, STATEMENT_EMITS, "i", (int64_t)EMITS_MOST);
	if (rows == NULL)
		return false;
	batch->records = arena_alloc(&batch->arena, EMITS_MOST * sizeof(*batch->records));
	batch->sources = &source;
	batch->n_sources = 1;
	batch->stream = (struct stream){.lane = FINDINGS_LANE, .epoch = epoch};
	while (database_row(database, rows, &failed, err))
		fill_finding(batch, &batch->records[batch->n_records++], rows);
	database_end(rows);
	if (batch->n_records > 0)
		batch->first = batch->records[0].sequence;
	batch->count = batch->n_records;
	return !failed;
}
