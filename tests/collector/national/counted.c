#include "tests/collector/national/counted.h"

#include "common/clock.h"
#include "tests/support/check.h"

static const char register_text[] =
	"province: {code: H47, name: \"Tỉnh Thử\", utc-offset: \"+07:00\"}\n"
	"agencies:\n"
	"  - number: 1\n"
	"    attributes: [{from: 2021-01-01, identifier: H47.05, name: \"Sở Y tế\"}]\n"
	"    systems: [{number: 1, name: \"Cổng\", level: 3}]\n"
	"  - number: 2\n"
	"    attributes: [{from: 2021-01-01, identifier: H47.06, name: \"Sở Nội vụ\"}]\n"
	"    systems: [{number: 1, name: \"Cổng\", level: 2}]\n"
	"  - number: 3\n"
	"    attributes: [{from: 2021-01-01, identifier: 000.00.25.H47, name: \"UBND "
	"huyện\"}]\n"
	"    closed: 2025-07-01\n"
	"    systems: [{number: 1, name: \"Cổng\", level: 2}]\n";

static const char views[] =
	"CREATE TEMP VIEW found AS SELECT 0 AS start, 0 AS agency, '' AS name, '' AS type,"
	" 0 AS host, '' AS file, 0 AS hits;"
	"CREATE TEMP TRIGGER find INSTEAD OF INSERT ON found BEGIN"
	" INSERT INTO hits(day, identity, agency, origin, host, shared, at, name, type,"
	"  behavior, path, hash, host_name, host_ip, host_public) VALUES(new.start, "
	"randomblob(16),"
	"  new.agency, new.agency, new.host, 0, new.start * 1000000000, new.name, new.type, "
	"'None',"
	"  new.file, '', '', '', '');"
	" INSERT INTO malware SELECT new.start, new.agency, new.agency, new.host, max(row),"
	"  new.hits FROM hits;"
	"END;";

int64_t counted_moment(const char *text)
{
	int64_t ns;
	size_t used;

	ck_assert(clock_parse_iso(slice_str(text), 0, &ns, &used));
	return ns;
}

void counted_open(struct counted *counted, int64_t now_ns)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16), warnings = STRBUF_INIT(1 << 16);
	struct err err;

	*counted = (struct counted){.settings.zone_seconds = 7 * 3600,
		.settings.watermark_ms = 120000,
		.settings.republish_ms = 900000};
	ck_assert_msg(database_open(&counted->database, NULL, &err), "%s", err.text);
	counted_run(counted, views);
	counted->statistics.database = &counted->database;
	counted->statistics.settings = &counted->settings;
	counted->outbox.database = &counted->database;
	counted->agencies =
		agencies_parse("agencies.yaml", slice_str(register_text), &mistakes, &warnings);
	ck_assert_msg(counted->agencies != NULL, "%s", strbuf_cstr(&mistakes));
	counted->profile = national_profile_load(NULL, &mistakes);
	ck_assert_msg(counted->profile != NULL, "%s", strbuf_cstr(&mistakes));
	counted->context.profile = counted->profile;
	counted->context.agencies = counted->agencies;
	counted_set_now(counted, now_ns, 1);
	strbuf_done(&mistakes);
	strbuf_done(&warnings);
}

void counted_close(struct counted *counted)
{
	database_close(&counted->database);
	agencies_unref(counted->agencies);
	national_profile_free(counted->profile);
}

void counted_set_now(struct counted *counted, int64_t now_ns, uint64_t position)
{
	counted->statistics.now_ns = now_ns;
	counted->context.now_ns = now_ns;
	counted->context.position = position;
}

void counted_run(struct counted *counted, const char *sql)
{
	char *why = NULL;

	ck_assert_msg(
		sqlite3_exec(counted->database.handle, sql, NULL, NULL, &why) == SQLITE_OK,
		"%s: %s", sql, why);
}

int64_t counted_number(struct counted *counted, const char *sql)
{
	sqlite3_stmt *statement;

	ck_assert_int_eq(
		sqlite3_prepare_v2(counted->database.handle, sql, -1, &statement, NULL),
		SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

void counted_body(struct counted *counted, const char *key, struct strbuf *body)
{
	sqlite3_stmt *statement;

	ck_assert_int_eq(sqlite3_prepare_v2(counted->database.handle,
				 "SELECT body FROM outbox WHERE key = ?1 AND state = 0", -1,
				 &statement, NULL),
		SQLITE_OK);
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	ck_assert_msg(sqlite3_step(statement) == SQLITE_ROW, "no message %s", key);
	strbuf_add(body, slice_of(sqlite3_column_blob(statement, 0),
				 (size_t)sqlite3_column_bytes(statement, 0)));
	sqlite3_finalize(statement);
}
