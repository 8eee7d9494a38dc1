#include <stdio.h>

#include "collector/national/types/types.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/collector/national/counted.h"
#include "tests/collector/national/fixture.h"
#include "tests/support/check.h"

enum { TEXT_MAX = 1 << 20 };

#define START      "1795309200" /* 2026-11-22T01:00:00Z, a Sunday */
#define START_TEXT "2026-11-22T01:00:00Z"
#define MANIFEST   "H47/manifest/statistics/5m/" START_TEXT
#define HEALTH     "H47/H47.05/statistics/5m/" START_TEXT

/* The window 08:00 to 08:05 of the province, seen at 08:07:30. */
static void open_window(struct counted *counted)
{
	counted_open(counted, counted_moment("2026-11-22T01:07:30Z"));
	counted_run(counted, "INSERT INTO windows VALUES(0, " START ", " START " + 300, 1, 0)");
	counted_set_now(counted, counted->context.now_ns, 4711);
}

static void fill_window(struct counted *counted)
{
	counted_run(counted, "INSERT INTO counts VALUES"
			     "(" START ", 1, 3, 5, 2, 0, 12, 1),"
			     "(" START ", 1, 3, 1, 3, 0, 2, 0)");
	counted_run(counted, "INSERT INTO hosts VALUES"
			     "(" START ", 1, 3, 5, 2, 0, 7), (" START ", 1, 3, 5, 2, 0, 8),"
			     "(" START ", 1, 3, 1, 3, 0, 7)");
	counted_run(counted, "INSERT INTO found VALUES"
			     "(" START ", 1, 'EICAR', 'Test', 7, 'aa', 1),"
			     "(" START ", 1, 'EICAR', 'Test', 7, 'bb', 1)");
	counted_run(counted, "INSERT INTO quality VALUES"
			     "(" START ", 1, 1000, 15, 3, 1, 2, 4, 0, 5, 1, 40, 250, 6)");
	counted_run(counted, "INSERT INTO days VALUES(1, 7, 1795280400, 1795280400), (1, 9, "
			     "1790000000, 1790000000)");
	counted_run(counted, "INSERT INTO agents SELECT agency, host, min(first) FROM days"
			     " GROUP BY agency, host");
	counted_run(counted, "INSERT INTO seen VALUES(" START ", 1, 7)");
}

static void publish(struct counted *counted)
{
	struct err err;

	ck_assert_msg(message_statistics.publish(
			      &counted->context, &counted->statistics, &counted->outbox, &err),
		"%s", err.text);
}

static void check_good(const struct counted *counted, struct slice body)
{
	struct strbuf mistakes = STRBUF_INIT(TEXT_MAX);

	ck_assert_msg(message_statistics.check(counted->profile, "body", body, &mistakes),
		"%s%.*s", strbuf_cstr(&mistakes), SLICE_FMT(body));
	strbuf_done(&mistakes);
}

static void compare_with_file(struct slice body, const char *name)
{
	struct strbuf golden = STRBUF_INIT(TEXT_MAX);
	char path[512];
	struct err err;

	snprintf(path, sizeof(path), "%s/tests/collector/national/golden/%s",
		getenv("SOC_SOURCE"), name);
	if (getenv("SOC_WRITE_GOLDEN") != NULL) /* then read the difference, then commit it */
		ck_assert(file_replace(path, body, 0644, &err));
	ck_assert_msg(file_read(path, &golden, &err), "%s", err.text);
	ck_assert_msg(slice_eq(body, strbuf_slice(&golden)), "not as in %s", path);
	strbuf_done(&golden);
}

static void check_published(struct counted *counted, const char *key, const char *golden)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);

	counted_body(counted, key, &body);
	check_good(counted, strbuf_slice(&body));
	compare_with_file(strbuf_slice(&body), golden);
	strbuf_done(&body);
}

START_TEST(a_window_becomes_a_message_an_agency_and_a_manifest)
{
	struct counted counted;

	open_window(&counted);
	fill_window(&counted);
	publish(&counted);
	ck_assert_int_eq(counted_number(&counted, "SELECT count(*) FROM outbox"), 2);
	check_published(&counted, HEALTH, "statistics-agency.json");
	check_published(&counted, MANIFEST, "statistics-manifest.json");
	ck_assert_int_eq(counted_number(&counted,
				 "SELECT count(*) FROM outbox WHERE type = 'statistics' AND "
				 "schema = 'soc-statistics/1' AND jws = 1 AND revision = 4711"),
		2);
	ck_assert_int_eq(
		counted_number(&counted, "SELECT count(*) FROM windows WHERE dirty"), 0);
	counted_close(&counted);
}
END_TEST

START_TEST(a_window_without_anything_is_published_as_zeros)
{
	struct counted counted;

	open_window(&counted);
	publish(&counted);
	ck_assert_int_eq(counted_number(&counted, "SELECT count(*) FROM outbox"), 1);
	check_published(&counted, MANIFEST, "statistics-zeros.json");
	counted_close(&counted);
}
END_TEST

static bool has(const struct strbuf *text, const char *words)
{
	return slice_search(strbuf_slice(text), slice_str(words)) < text->len;
}

START_TEST(what_belongs_to_no_listed_agency_is_in_the_manifest)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	open_window(&counted);
	counted_run(&counted,
		"INSERT INTO counts VALUES(" START ", 99, 0, 5, 2, 0, 5, 0),"
		"(" START ", 0, 0, 5, 2, 0, 2, 0), (" START ", 3, 2, 5, 2, 0, 1, 0)");
	publish(&counted);
	counted_body(&counted, MANIFEST, &body);
	check_good(&counted, strbuf_slice(&body));
	ck_assert(has(&body, "\"unlisted\":{\"agencies\":2,\"events\":7,"));
	/* Closed, and yet it has counts: it is named. */
	ck_assert(has(&body, "\"organ_id\":\"000.00.25.H47\",\"organ_name\":\"UBND huyện\","
			     "\"detail\":true,\"events\":1,"));
	ck_assert(has(&body, "\"totals\":{\"agencies\":5,\"events\":8,"));
	strbuf_done(&body);
	counted_close(&counted);
}
END_TEST

START_TEST(what_came_late_replaces_the_whole_window_under_the_same_key)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	open_window(&counted);
	fill_window(&counted);
	publish(&counted);
	counted_run(&counted, "UPDATE counts SET events = events + 1 WHERE attack = 5");
	counted_run(&counted, "UPDATE windows SET dirty = 1, published = 0");
	counted_set_now(&counted, counted.context.now_ns + 60 * CLOCK_NS_PER_S, 4800);
	publish(&counted);
	counted_body(&counted, HEALTH, &body);
	check_good(&counted, strbuf_slice(&body));
	ck_assert(has(&body, "\"revision\":4800,"));
	ck_assert(has(&body, "\"status\":\"open\",\"events\":13,"));
	ck_assert_int_eq(counted_number(&counted, "SELECT count(DISTINCT key) FROM outbox"), 2);
	strbuf_done(&body);
	counted_close(&counted);
}
END_TEST

START_TEST(names_of_malware_beyond_the_bound_are_summed_up)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct counted counted;
	char sql[256];

	open_window(&counted);
	for (unsigned i = 0; i < 600; i++) {
		snprintf(sql, sizeof(sql),
			"INSERT INTO found VALUES(" START ", 1, 'name%u', 't', 7, 'f', %u)", i,
			i + 1);
		counted_run(&counted, sql);
	}
	publish(&counted);
	counted_body(&counted, HEALTH, &body);
	check_good(&counted, strbuf_slice(&body));
	ck_assert(has(&body, "\"rows\":[{\"name\":\"name599\",\"type\":\"t\",\"hits\":600,"));
	ck_assert(has(&body, "\"name100\""));
	ck_assert(!has(&body, "\"name99\""));
	ck_assert(has(&body, "\"omitted\":{\"names\":100,\"hits\":5050}"));
	strbuf_reset(&body);
	counted_body(&counted, MANIFEST, &body);
	ck_assert(has(&body, "\"hits\":180300,"));
	strbuf_done(&body);
	counted_close(&counted);
}
END_TEST

START_TEST(names_made_to_grow_do_not_grow_a_message_beyond_its_bound)
{
	struct strbuf body = STRBUF_INIT(8 << 20), sql = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	open_window(&counted);
	for (unsigned i = 0; i < 500; i++) {
		strbuf_reset(&sql);
		strbuf_addf(&sql,
			"INSERT INTO found VALUES(" START
			", 1, cast(zeroblob(250) || %u AS TEXT),"
			" cast(zeroblob(255) AS TEXT), 7, 'f', 1)",
			i);
		counted_run(&counted, strbuf_cstr(&sql));
	}
	publish(&counted);
	counted_body(&counted, HEALTH, &body);
	check_good(&counted, strbuf_slice(&body));
	ck_assert_uint_lt(body.len, 600 << 10);
	ck_assert(!has(&body, "\"omitted\":{\"names\":0,"));
	strbuf_reset(&body);
	counted_body(&counted, MANIFEST, &body);
	ck_assert(has(&body, "\"hits\":500,"));
	strbuf_done(&sql);
	strbuf_done(&body);
	counted_close(&counted);
}
END_TEST

START_TEST(hostile_names_still_make_a_valid_message)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX), sql = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	open_window(&counted);
	strbuf_add_str(&sql, "INSERT INTO found VALUES(" START ", 1, 'a");
	for (unsigned i = 0; i < 85; i++) /* 3 bytes each: the bound of 255 is inside one */
		strbuf_add_str(&sql, "ệ");
	strbuf_add_str(&sql, "', '', 7, 'f', 1)");
	counted_run(&counted, strbuf_cstr(&sql));
	counted_run(&counted, "INSERT INTO found VALUES(" START
			      ", 1, cast(x'ff225c000a' AS TEXT), 'x', 7, 'f', 1)");
	publish(&counted);
	counted_body(&counted, HEALTH, &body);
	check_good(&counted, strbuf_slice(&body));
	ck_assert(has(&body, "\"type\":\"Unknown\""));
	ck_assert(has(&body, "\"name\":\"\xef\xbf\xbd\\\"\\\\\\u0000\\n\""));
	strbuf_done(&sql);
	strbuf_done(&body);
	counted_close(&counted);
}
END_TEST

/* ---- what cannot be published ------------------------------------------------------ */

static int64_t count_keys(struct counted *counted, const char *like)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM outbox WHERE key LIKE '%s'", like);
	return counted_number(counted, sql);
}

static void publish_all(struct counted *counted)
{
	struct err err = {0};

	ck_assert_msg(messages_publish(
			      &counted->context, &counted->statistics, &counted->outbox, &err),
		"%s", err.text);
}

static void later(struct counted *counted, int64_t seconds)
{
	counted_set_now(counted, counted->context.now_ns + seconds * CLOCK_NS_PER_S,
		counted->context.position + 1);
}

START_TEST(a_window_that_cannot_be_published_holds_up_no_other)
{
	struct counted counted;

	open_window(&counted);
	fill_window(&counted);
	counted_run(
		&counted, "INSERT INTO windows VALUES(0, " START " - 300, " START ", 1, 0)");
	counted_run(&counted, "CREATE TEMP TRIGGER poison BEFORE INSERT ON outbox WHEN new.key"
			      " LIKE '%manifest%T01:00:00Z' BEGIN"
			      " SELECT RAISE(ABORT, 'poisoned'); END");
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%T00:55:00Z"), 2);
	ck_assert_int_eq(count_keys(&counted, "%T01:00:00Z"), 0); /* not even a part of it */
	ck_assert_int_eq(counted_number(&counted, "SELECT count(*) FROM held WHERE type ="
						  " 'statistics' AND item = "
						  "'5m/2026-11-22T01:00:00Z'"
						  " AND reason LIKE '%poisoned%'"),
		1);
	counted_run(&counted, "DROP TRIGGER poison");
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%T01:00:00Z"), 0); /* it rests */
	later(&counted, 61);
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%T01:00:00Z"), 2);
	ck_assert_int_eq(counted_number(&counted, "SELECT count(*) FROM held"), 0);
	counted_close(&counted);
}
END_TEST

START_TEST(many_such_windows_starve_nobody)
{
	struct counted counted;

	open_window(&counted);
	fill_window(&counted);
	counted_run(&counted, "CREATE TEMP TRIGGER poison BEFORE INSERT ON outbox WHEN new.key"
			      " NOT LIKE '%T01:00:00Z' BEGIN SELECT RAISE(ABORT, 'poisoned');"
			      " END");
	counted_run(&counted,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 200)"
		" INSERT INTO windows SELECT 0, " START " - 300 * i, " START
		" - 300 * i + 300, 1, 0 FROM n");
	for (unsigned i = 0; i < 4; i++)
		publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%T01:00:00Z"), 2);
	ck_assert_int_eq(counted_number(&counted, "SELECT count(*) FROM held"), 200);
	counted_close(&counted);
}
END_TEST

START_TEST(what_was_held_when_the_clock_was_ahead_is_not_held_until_then)
{
	struct counted counted;

	open_window(&counted);
	fill_window(&counted);
	counted_run(&counted, "INSERT INTO held VALUES('statistics', '5m/2026-11-22T01:00:00Z',"
			      " 2080000000, 5, 2080000000, 'then')");
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%T01:00:00Z"), 2);
	counted_close(&counted);
}
END_TEST

START_TEST(the_report_of_malware_and_statistics_share_no_fate)
{
	struct counted counted;
	struct fixture fixture;

	open_window(&counted);
	fill_window(&counted);
	fixture_start(&fixture, SIGNER_ES256);
	counted.context.signer = fixture.signer;
	counted_run(&counted, "CREATE TEMP TRIGGER poison BEFORE INSERT ON outbox WHEN new.type"
			      " = 'malware' BEGIN SELECT RAISE(ABORT, 'poisoned'); END");
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%T01:00:00Z"), 2);
	counted_run(&counted, "DROP TRIGGER poison");
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%malware%"), 0);
	later(&counted, 61);
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%malware%"), 1);
	counted_run(&counted, "UPDATE windows SET dirty = 1, published = 0");
	counted_run(&counted, "UPDATE counts SET events = events + 1");
	counted_run(&counted, "CREATE TEMP TRIGGER poison BEFORE UPDATE ON windows BEGIN"
			      " SELECT RAISE(ABORT, 'poisoned'); END");
	counted_run(
		&counted, "INSERT INTO found VALUES(" START ", 2, 'Other', 'T', 3, '/x', 1)");
	later(&counted, 61);
	publish_all(&counted);
	ck_assert_int_eq(count_keys(&counted, "%malware%"), 2);
	fixture_stop(&fixture);
	counted_close(&counted);
}
END_TEST

/* ---- checking --------------------------------------------------------------------- */

struct change {
	const char *from, *to, *why; /* why NULL: still good */
};

static void replace(struct strbuf *out, struct slice text, const struct change *change)
{
	size_t at = slice_search(text, slice_str(change->from));

	ck_assert_msg(at < text.len || change->from[0] == '\0', "no '%s'", change->from);
	strbuf_reset(out);
	strbuf_add(out, slice_head(text, at));
	strbuf_add_str(out, change->to);
	strbuf_add(out, slice_from(text, at + strlen(change->from)));
}

static void check_changes(
	struct counted *counted, const char *key, const struct change *changes, size_t n)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX), changed = STRBUF_INIT(TEXT_MAX);

	counted_body(counted, key, &body);
	for (size_t i = 0; i < n; i++) {
		struct strbuf mistakes = STRBUF_INIT(TEXT_MAX);

		replace(&changed, strbuf_slice(&body), &changes[i]);
		bool good = message_statistics.check(
			counted->profile, "body.json", strbuf_slice(&changed), &mistakes);
		ck_assert_msg(good == (changes[i].why == NULL), "'%s' to '%s': %s",
			changes[i].from, changes[i].to, strbuf_cstr(&mistakes));
		ck_assert_msg(changes[i].why == NULL || has(&mistakes, changes[i].why),
			"'%s' to '%s': %s", changes[i].from, changes[i].to,
			strbuf_cstr(&mistakes));
		strbuf_done(&mistakes);
	}
	strbuf_done(&body);
	strbuf_done(&changed);
}

START_TEST(mistakes_of_every_sort_are_named)
{
	static const struct change changes[] = {
		{"{\"schema\"", "{ \"schema\"", NULL},
		{"Sở Y tế", "Sở", NULL},
		{"{\"schema\"", "[\"schema\"", "body.json:1:10: no JSON"},
		{"{\"schema\"", "{\n\"schema\" ,", "body.json:2:10: no JSON"},
		{"soc-statistics/1", "soc-statistics/2",
			"'schema': expected 'soc-statistics/1'"},
		{"\"kind\":\"agency\"", "\"kind\":\"other\"", "none of the forms"},
		{"\"revision\":4711", "\"revision\":-1", "'revision': too small"},
		{"\"revision\":4711", "\"revision\":4.5", "'revision': expected 'integer'"},
		{"\"revision\":4711", "\"revision\":4712", "not the one of key and revision"},
		{"\"revision\":4711,", "", "lacks 'revision'"},
		{"\"revision\":4711,", "\"revision\":4711,\"x\":1,", "'x': unknown member"},
		{"\"revision\":4711", "\"revision\":4711,\"revision\":4711", "stands twice"},
		{"H47/H47.05", "H47/H47.06", "not the one of its parts"},
		{"\"organ_id\":\"H47.05\"", "\"organ_id\":\"h47.05\"",
			"does not have its form"},
		{"T08:05:00+07", "T08:06:00+07", "not those of a window"},
		{"T08:00:00+07", "T08:00:00+06", "not those of a window"},
		{"created\":\"2026-11-22", "created\":\"2026-13-22", "no such moment"},
		{"\"system_level\":3", "\"system_level\":6",
			"rows[0].system_level': too large"},
		{"\"class\":\"malware\"", "\"class\":\"none\"", "not one of the known words"},
		{"\"class\":\"unauthorized-access\",\"severity\":\"medium\"",
			"\"class\":\"malware\",\"severity\":\"high\"", "stands twice"},
		{"\"unit\":\"agent\"", "\"unit\":\"host\"", "'agents.unit': expected 'agent'"},
		{"\"offset_max\":250", "\"offset_max\":null", NULL},
		{"\"offset_max\":250", "\"offset_max\":\"250\"", "wrong type"},
		{"Sở Y tế", "S\xff", "no JSON"},
	};
	struct counted counted;

	open_window(&counted);
	fill_window(&counted);
	publish(&counted);
	check_changes(&counted, HEALTH, changes, ARRAY_LEN(changes));
	counted_close(&counted);
}
END_TEST

START_TEST(a_manifest_that_does_not_add_up_is_found)
{
	static const struct change changes[] = {
		{"\"unlisted\":{\"agencies\":0,\"events\":0",
			"\"unlisted\":{\"agencies\":0,\"events\":1",
			"total of events is not the sum"},
		{"\"totals\":{\"agencies\":2", "\"totals\":{\"agencies\":3",
			"there are 2 agencies"},
		{"H47.06", "H47.05", "stands twice"},
		{"\"detail\":true", "\"detail\":1", "expected 'boolean'"},
	};
	struct counted counted;

	open_window(&counted);
	fill_window(&counted);
	publish(&counted);
	check_changes(&counted, MANIFEST, changes, ARRAY_LEN(changes));
	counted_close(&counted);
}
END_TEST

START_TEST(many_mistakes_are_counted_and_not_all_written)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX), mistakes = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	counted_open(&counted, 0);
	strbuf_add_str(&body, "{\"kind\":\"agency\",\"schema\":\"soc-statistics/1\","
			      "\"dictionary\":\"soc-dictionary/1\"");
	for (unsigned i = 0; i < 10000; i++)
		strbuf_addf(&body, ",\"x%u\":[[[[[]]]]]", i);
	strbuf_add_str(&body, "}");
	ck_assert(!message_statistics.check(
		counted.profile, "body.json", strbuf_slice(&body), &mistakes));
	ck_assert(has(&mistakes, "more"));
	ck_assert_uint_lt(mistakes.len, 20000);
	strbuf_done(&body);
	strbuf_done(&mistakes);
	counted_close(&counted);
}
END_TEST

static bool show(struct slice body, char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);
	struct err err;
	bool shown = message_statistics.show(body, out, &err);

	fclose(out);
	return shown;
}

START_TEST(a_person_gets_tables_without_controls)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct counted counted;
	char *text;
	size_t len;

	open_window(&counted);
	fill_window(&counted);
	counted_run(&counted, "INSERT INTO found VALUES(" START
			      ", 1, cast(x'1b5b324a' AS TEXT), 'x', 7, 'f', 1)");
	publish(&counted);
	counted_body(&counted, HEALTH, &body);
	ck_assert(show(strbuf_slice(&body), &text, &len));
	ck_assert_ptr_nonnull(strstr(text, "  unauthorized-access  "));
	ck_assert_ptr_nonnull(strstr(text, "  12 "));
	ck_assert_ptr_nonnull(strstr(text, "\\x1b[2J"));
	ck_assert_ptr_null(strchr(text, '\x1b'));
	free(text);
	ck_assert(show(SLICE_LIT("[1]"), &text, &len));
	free(text);
	ck_assert(!show(SLICE_LIT("<xml/>"), &text, &len));
	free(text);
	strbuf_done(&body);
	counted_close(&counted);
}
END_TEST

TEST_MAIN("statistics", a_window_that_cannot_be_published_holds_up_no_other,
	many_such_windows_starve_nobody,
	what_was_held_when_the_clock_was_ahead_is_not_held_until_then,
	the_report_of_malware_and_statistics_share_no_fate,
	a_window_becomes_a_message_an_agency_and_a_manifest,
	a_window_without_anything_is_published_as_zeros,
	what_belongs_to_no_listed_agency_is_in_the_manifest,
	what_came_late_replaces_the_whole_window_under_the_same_key,
	names_of_malware_beyond_the_bound_are_summed_up,
	names_made_to_grow_do_not_grow_a_message_beyond_its_bound,
	hostile_names_still_make_a_valid_message, mistakes_of_every_sort_are_named,
	a_manifest_that_does_not_add_up_is_found, many_mistakes_are_counted_and_not_all_written,
	a_person_gets_tables_without_controls)
