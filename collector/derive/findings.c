#include "collector/derive/findings.h"

#include <assert.h>
#include <sys/random.h>

#include "collector/derive/rule_findings.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"
#include "common/log.h"

enum {
	EMITS_MOST = 256,
	FINDINGS_LANE = 3,
	MESSAGE_MAX = 8192, /* bytes of what an analyst reads */
};

static struct counter untold = COUNTER("derive.findings_untold",
	"findings concluded by a restored or new derive.db that the log did not have");

static bool is_of_account(struct slice rule)
{
	return slice_starts(rule, SLICE_LIT(FINDINGS_OF_ACCOUNT));
}

enum { COLUMN_ACTION = 13, COLUMN_ABOUT, COLUMN_RESOLVED, COLUMN_FIELDS };

/* A state of a source or a host, described where it was told. */
static bool is_state(sqlite3_stmt *row)
{
	return database_text(row, COLUMN_ABOUT).len > 0;
}

/* ---- fields beside rule and subject ------------------------------------------- */

/* Number of the field and bytes of its value, then the value. */
struct field_head {
	uint16_t id, len;
};

void findings_put_field(struct strbuf *fields, enum field_id id, struct slice value)
{
	const struct field_head head = {(uint16_t)id, (uint16_t)value.len};

	assert(value.len <= UINT16_MAX);
	strbuf_add(fields, slice_of((const char *)&head, sizeof(head)));
	strbuf_add(fields, value);
}

/* False at the end, and where a database that was damaged makes no sense. */
static bool next_field(struct slice *fields, enum field_id *id, struct slice *value)
{
	struct field_head head;

	if (fields->len < sizeof(head))
		return false;
	memcpy(&head, fields->ptr, sizeof(head));
	*fields = slice_from(*fields, sizeof(head));
	if (head.len > fields->len || head.id == FIELD_NONE || head.id >= FIELD_ID_MAX)
		return false;
	*id = head.id;
	*value = slice_head(*fields, head.len);
	*fields = slice_from(*fields, head.len);
	return true;
}

/* ---- as a record ---------------------------------------------------------------- */

static bool has_fields(sqlite3_stmt *row)
{
	return database_text(row, COLUMN_FIELDS).len > 0;
}

/* Which rule it is; the others are fields of the record. */
static void describe_fields(struct json *json, struct slice fields)
{
	enum field_id id;
	struct slice value;

	while (next_field(&fields, &id, &value)) {
		if (id == FIELD_RULE_ID)
			json_put_text(json, "id", value);
		else if (id == FIELD_SOC_EVIDENCE)
			json_put_text(json, "evidence", value);
	}
}

/* What an analyst reads; also the record's original. */
static struct slice describe(struct arena *arena, sqlite3_stmt *row)
{
	if (is_state(row))
		return arena_copy(arena, database_text(row, COLUMN_ABOUT));

	struct strbuf text = STRBUF_INIT(MESSAGE_MAX);
	struct json json = json_into(&text);
	char since[CLOCK_TEXT_MAX], at[CLOCK_TEXT_MAX];

	json_object(&json);
	json_put_text(&json, "rule", database_text(row, 8));
	if (has_fields(row))
		describe_fields(&json, database_text(row, COLUMN_FIELDS));
	else
		json_put_text(&json,
			is_of_account(database_text(row, 8)) ? "user" : "source_ip",
			database_text(row, 9));
	json_put_i64(&json, "events", sqlite3_column_int64(row, 10));
	json_put_str(&json, "since", clock_format_utc(sqlite3_column_int64(row, 11), 3, since));
	json_put_str(&json, "at", clock_format_utc(sqlite3_column_int64(row, 7), 3, at));
	if (sqlite3_column_int64(row, 12) > 0)
		json_put_i64(&json, "held_back", sqlite3_column_int64(row, 12));
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

static void add_fields(struct record *record, struct arena *arena, struct slice fields)
{
	enum field_id id;
	struct slice value;

	while (next_field(&fields, &id, &value))
		add(record, arena, id, arena_copy(arena, value));
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
		.flags = sqlite3_column_int64(row, COLUMN_RESOLVED) ? RECORD_RESOLVED : 0,
	};
	record->whole = record->raw.len;
	add(record, arena, FIELD_RULE_NAME, arena_copy(arena, database_text(row, 8)));
	if (is_state(row))
		add(record, arena, FIELD_EVENT_ACTION,
			arena_copy(arena, database_text(row, COLUMN_ACTION)));
	else if (has_fields(row))
		add_fields(record, arena, database_text(row, COLUMN_FIELDS));
	else
		add(record, arena,
			is_of_account(database_text(row, 8)) ? FIELD_USER_NAME
							     : FIELD_SOURCE_IP,
			arena_copy(arena, database_text(row, 9)));
	add(record, arena, FIELD_EVENT_KIND, SLICE_LIT("alert"));
	add(record, arena, FIELD_MESSAGE, record->raw);
}

/* ---- the stream --------------------------------------------------------------- */

static const struct slice epoch_name = {SLICE_BYTES("findings-epoch")};
static const struct slice doubt_name = {SLICE_BYTES("findings-muted")};

bool findings_begin_anew(struct database *database, struct err *err)
{
	uint64_t epoch;

	if (getrandom(&epoch, sizeof(epoch), 0) != (ssize_t)sizeof(epoch))
		return err_sys(err, "getrandom");
	return database_run(
		database, err, STATEMENT_META_SET, "ti", epoch_name, (int64_t)(epoch >> 1 | 1));
}

static bool doubt_until(struct database *database, uint64_t position, struct err *err)
{
	return database_run(
		database, err, STATEMENT_META_SET, "ti", doubt_name, (int64_t)position);
}

bool findings_set_back(struct database *database, uint64_t position, struct err *err)
{
	return database_run(
		database, err, STATEMENT_META_LOWER, "ti", doubt_name, (int64_t)position);
}

/* Numbers go on behind `stored`. */
static bool follow_store(
	struct database *database, uint64_t stored, uint64_t position, struct err *err)
{
	log_warn("derive.findings",
		"stored=%llu, more than derive.db ever gave: it was restored, and goes on "
		"there",
		(unsigned long long)stored);
	return database_run(database, err, STATEMENT_EMITS_RAISE, "i", (int64_t)stored) &&
	       database_run(database, err, STATEMENT_EMITS_DONE, "i", (int64_t)stored) &&
	       doubt_until(database, position, err);
}

static bool compare_with_store(
	struct database *database, struct store *store, uint64_t epoch, struct err *err)
{
	const struct stream stream = {.lane = FINDINGS_LANE, .epoch = epoch};
	struct stream_position at;
	int64_t last = 0;

	if (!store_stream(store, &stream, &at))
		return true;
	return database_number(database,
		       database_select(database, err, STATEMENT_EMITS_LAST, ""), &last, err) &&
	       (at.stored <= (uint64_t)last ||
		       follow_store(database, at.stored, store_position(store), err));
}

bool findings_begin(
	struct database *database, struct store *store, uint64_t *until, struct err *err)
{
	int64_t epoch = 0, doubted = 0;

	if (!database_meta(database, epoch_name, &epoch, err))
		return false;
	bool ok = epoch == 0 ? findings_begin_anew(database, err) &&
				       doubt_until(database, store_position(store), err)
			     : compare_with_store(database, store, (uint64_t)epoch, err);
	if (!ok || !database_meta(database, doubt_name, &doubted, err))
		return false;
	*until = (uint64_t)doubted;
	return true;
}

/* ---- what may be told already ---------------------------------------------------- */

bool findings_are_of(const struct stream *stream)
{
	return stream->lane == FINDINGS_LANE && stream->agency == 0 && stream->host == 0;
}

/* As its row had it. */
static struct slice subject_of(const struct record *record, struct slice rule)
{
	if (!slice_absent(record_get(record, FIELD_RULE_ID)))
		return rule_findings_subject(record);
	return record_get(record, is_of_account(rule) ? FIELD_USER_NAME : FIELD_SOURCE_IP);
}

bool findings_told(struct database *database, const struct columns *columns,
	const struct record *record, struct err *err)
{
	const struct slice rule = record_get(record, FIELD_RULE_NAME);

	return database_run(database, err, STATEMENT_DOUBT_TOLD, "iitti",
		(int64_t)columns->agency, (int64_t)columns->host, subject_of(record, rule),
		rule, columns->created_ns);
}

bool findings_settle(struct database *database, struct err *err)
{
	if (!database_run(database, err, STATEMENT_DOUBTS_EMIT, ""))
		return false;
	int n = database_changes(database);
	if (n == 0)
		return true;
	counter_add(&untold, (uint64_t)n);
	log_info("derive.findings", "findings=%d concluded once more were not in the log", n);
	return database_run(database, err, STATEMENT_DOUBTS_DONE, "");
}

/* ---- what waits --------------------------------------------------------------- */

bool findings_waiting(struct database *database, struct batch *batch, struct err *err)
{
	int64_t epoch = 0;
	bool failed;

	if (!database_meta(database, epoch_name, &epoch, err))
		return false;
	sqlite3_stmt *rows =
		database_select(database, err, STATEMENT_EMITS, "i", (int64_t)EMITS_MOST);
	if (rows == NULL)
		return false;
	batch->records = arena_alloc(&batch->arena, EMITS_MOST * sizeof(*batch->records));
	batch->sources = &source;
	batch->n_sources = 1;
	batch->stream = (struct stream){.lane = FINDINGS_LANE, .epoch = (uint64_t)epoch};
	while (database_row(database, rows, &failed, err))
		fill_finding(batch, &batch->records[batch->n_records++], rows);
	database_end(rows);
	if (batch->n_records > 0)
		batch->first = batch->records[0].sequence;
	batch->count = batch->n_records;
	return !failed;
}
