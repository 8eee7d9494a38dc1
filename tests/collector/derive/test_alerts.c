#include <sqlite3.h>
#include <stdio.h>

#include "collector/derive/acts.h"
#include "collector/derive/alert_reader.h"
#include "common/clock.h"
#include "tests/collector/derive/derive_bench.h"

static const int64_t hour_ns = 3600 * CLOCK_NS_PER_S;

/* What the next findings say. */
static struct {
	const char *rule, *address; /* address NULL: another one each */
	uint8_t severity;
	uint16_t flags;
	int64_t later_ns; /* than now */
} next;

static uint64_t sequences[8]; /* by host */

static struct slice copy_text(struct batch *batch, const char *text)
{
	return arena_copy(&batch->arena, slice_str(text));
}

static void add(struct record *record, struct batch *batch, enum field_id id, const char *value)
{
	ck_assert(record_add(record, &batch->arena, id, copy_text(batch, value)));
}

static void finding(struct record *record, struct batch *batch, unsigned i)
{
	char address[32];

	snprintf(address, sizeof(address), "198.51.%u.%u", (i / 250) % 250, i % 250);
	record->kind = RECORD_FINDING;
	record->severity = next.severity;
	record->flags = next.flags;
	record->received_ns += next.later_ns;
	record->created_ns = record->received_ns;
	record->n_fields = 0;
	add(record, batch, FIELD_RULE_NAME, next.rule);
	add(record, batch, FIELD_SOURCE_IP, next.address ? next.address : address);
	add(record, batch, FIELD_THREAT_TECHNIQUE_ID, "T1110.001");
	add(record, batch, FIELD_MESSAGE, "{\"events\":10}");
}

/* What is read is looked at before it is committed: the next look is behind that. */
static void wait_until_committed(void)
{
	bench_wait_until_read();
	bench_wait_for_publish();
}

static void tell(uint32_t host, uint32_t n)
{
	bench_store(host, sequences[host] + 1, n, 3, finding);
	sequences[host] += n;
	wait_until_committed();
}

/* ---- acts ----------------------------------------------------------------------- */

static uint64_t n_acts;

static void store_act_in(uint8_t lane, const struct act *act, int64_t later_ns)
{
	const struct stream stream = {.lane = lane, .epoch = ACTS_EPOCH};
	struct batch *batch = fixture_batch(&bench.fixture, stream, ++n_acts, 1, 1);
	struct record *record = &batch->records[0];
	struct strbuf text = STRBUF_INIT(1 << 16);
	struct json json = json_into(&text);

	act_put(&json, act);
	record->kind = RECORD_NOTE;
	record->received_ns += later_ns;
	record->created_ns = record->received_ns;
	record->n_fields = 0;
	add(record, batch, FIELD_EVENT_ACTION, act_name(act->kind));
	add(record, batch, FIELD_MESSAGE, strbuf_cstr(&text));
	strbuf_reset(&batch->encoded);
	ck_assert(encode_batch(batch));
	ck_assert_int_eq(fixture_submit(&bench.fixture, batch), BATCH_STORED);
	fixture_free(batch);
	strbuf_done(&text);
	wait_until_committed();
}

/* As the collector writes them. */
static void store_act(const struct act *act, int64_t later_ns)
{
	store_act_in(ACTS_LANE, act, later_ns);
}

static struct act act_on(enum act_kind kind, int64_t alert, const char *subject)
{
	return (struct act){
		.kind = kind,
		.who = SLICE_LIT("lan (uid 1000)"),
		.alert = alert,
		.rule = SLICE_LIT("ssh-brute-force"),
		.subject = slice_str(subject),
		.agency = AGENCY,
		.host = 1,
		.verdict = ALERT_FALSE,
		.text = SLICE_LIT("the scanner of the centre"),
		.owner = SLICE_LIT("minh"),
	};
}

static void do_to_first(enum act_kind kind)
{
	const struct act act = act_on(kind, 1, "192.0.2.9");

	store_act(&act, next.later_ns);
}

static void order(enum standing_kind kind, struct scope scope)
{
	const struct act act = {
		.kind = ACT_STANDING_ADD,
		.who = SLICE_LIT("lan (uid 1000)"),
		.order =
			{
				.kind = kind,
				.made_ns = clock_wall_ns(),
				.begins_ns = clock_wall_ns() - hour_ns,
				.ends_ns = clock_wall_ns() + hour_ns,
				.owner = SLICE_LIT("lan"),
				.reason = SLICE_LIT("a drill"),
				.scope = scope,
			},
	};

	store_act(&act, 0);
}

/* ---- what is to be seen --------------------------------------------------------- */

static struct derive *begin(void)
{
	bench_begin();
	memset(sequences, 0, sizeof(sequences));
	n_acts = 0;
	next.rule = "ssh-brute-force";
	next.address = "192.0.2.9";
	next.severity = SEVERITY_MEDIUM;
	next.flags = 0;
	next.later_ns = 0;
	return bench_start();
}

static void expect_number(const char *sql, int64_t want)
{
	const int64_t got = bench_sql(sql);

	ck_assert_msg(got == want, "%s: %lld, not %lld", sql, (long long)got, (long long)want);
}

static int put_values(void *user, int n, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < n; i++)
		strbuf_addf(user, "%s|", values[i] ? values[i] : "NULL");
	strbuf_add_str(user, "\n");
	return 0;
}

/* All that the log says of alerts. */
static void dump(struct strbuf *out)
{
	static const char *const queries[] = {"SELECT * FROM alerts ORDER BY number",
		"SELECT * FROM alert_evidence ORDER BY alert, finding",
		"SELECT alert, at, who, what, text FROM alert_history ORDER BY row",
		"SELECT * FROM alert_days ORDER BY alert, day",
		"SELECT * FROM standing ORDER BY number",
		"SELECT value FROM meta WHERE name = 'alerts-began'"};
	char path[PATH_MAX + 32];
	sqlite3 *handle;

	strbuf_reset(out);
	snprintf(path, sizeof(path), "%s/derive.db", bench.derive_dir);
	ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
	sqlite3_busy_timeout(handle, 20000);
	for (unsigned i = 0; i < ARRAY_LEN(queries); i++)
		ck_assert_int_eq(
			sqlite3_exec(handle, queries[i], put_values, out, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static struct derive *start_anew(struct derive *derive)
{
	static const char *const files[] = {"derive.db", "derive.db-wal"};
	char path[PATH_MAX + 64];

	derive_stop(derive);
	for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", bench.derive_dir, files[i]);
		(void)unlink(path);
	}
	bench.published.position = 0;
	derive = bench_start();
	wait_until_committed();
	return derive;
}

/* ---- grouping ------------------------------------------------------------------- */

START_TEST(findings_about_one_subject_are_one_alert)
{
	struct derive *derive = begin();

	tell(1, 20);
	tell(2, 1);
	next.address = "192.0.2.10";
	tell(1, 3);
	expect_number("SELECT count(*) FROM alerts", 3);
	expect_number("SELECT findings FROM alerts WHERE number = 1", 20);
	expect_number("SELECT findings FROM alerts WHERE host = 2", 1);
	expect_number("SELECT count(*) FROM alert_evidence WHERE alert = 1", 6);
	expect_number("SELECT sum(techniques = 'T1110.001') FROM alerts", 3);
	bench_end(derive);
}
END_TEST

START_TEST(what_comes_after_the_window_is_another_alert)
{
	struct derive *derive = begin();

	tell(1, 1);
	next.later_ns = 23 * hour_ns;
	tell(1, 1);
	next.later_ns = 46 * hour_ns;
	tell(1, 1);
	expect_number("SELECT findings FROM alerts", 3);
	next.later_ns = 71 * hour_ns;
	tell(1, 1);
	expect_number("SELECT count(*) FROM alerts", 2);
	bench_end(derive);
}
END_TEST

START_TEST(a_graver_finding_and_many_findings_raise_an_alert)
{
	struct derive *derive = begin();

	next.severity = SEVERITY_LOW;
	tell(1, 99);
	expect_number("SELECT severity FROM alerts", SEVERITY_LOW);
	tell(1, 1);
	expect_number("SELECT severity FROM alerts", SEVERITY_MEDIUM);
	tell(1, 900);
	expect_number("SELECT severity FROM alerts", SEVERITY_HIGH);
	next.severity = SEVERITY_CRITICAL;
	tell(1, 1);
	expect_number("SELECT severity FROM alerts", SEVERITY_CRITICAL);
	expect_number("SELECT count(*) FROM alert_history WHERE what = 'graver'", 3);
	bench_end(derive);
}
END_TEST

START_TEST(what_was_found_and_has_ended_is_said_so)
{
	struct derive *derive = begin();

	tell(1, 1);
	next.flags = RECORD_RESOLVED;
	tell(1, 1);
	expect_number("SELECT findings FROM alerts WHERE resolved > 0", 1);
	next.flags = 0;
	tell(1, 1);
	expect_number("SELECT findings FROM alerts WHERE resolved = 0", 2);
	bench_end(derive);
}
END_TEST

static void scanner_hit(struct record *record, struct batch *batch, unsigned i)
{
	finding(record, batch, i);
	record->kind = RECORD_HIT;
	record->attack = CLASS_MALWARE;
}

START_TEST(hits_of_a_scanner_are_alerts_and_tests_are_none)
{
	struct derive *derive = begin();

	next.rule = "EICAR";
	bench_store(1, 1, 4, 3, scanner_hit);
	next.flags = RECORD_TEST;
	bench_store(1, 5, 4, 3, scanner_hit);
	wait_until_committed();
	expect_number("SELECT findings FROM alerts WHERE rule = 'malware'"
		      " AND subject = 'EICAR'",
		4);
	bench_end(derive);
}
END_TEST

/* ---- what people do ------------------------------------------------------------- */

START_TEST(an_alert_that_was_closed_opens_again_with_its_verdict)
{
	struct derive *derive = begin();

	tell(1, 1);
	do_to_first(ACT_ACKNOWLEDGE);
	expect_number("SELECT status FROM alerts", ALERT_ACKNOWLEDGED);
	do_to_first(ACT_WORK);
	do_to_first(ACT_ASSIGN);
	do_to_first(ACT_COMMENT);
	expect_number("SELECT status FROM alerts WHERE owner = 'minh'", ALERT_IN_PROGRESS);
	do_to_first(ACT_CLOSE);
	expect_number(
		"SELECT status FROM alerts WHERE verdict = 2 AND closed > 0", ALERT_CLOSED);
	next.later_ns = 6 * 24 * hour_ns;
	tell(1, 1);
	expect_number(
		"SELECT status FROM alerts WHERE verdict = 2 AND reopened = 1", ALERT_NEW);
	do_to_first(ACT_CLOSE);
	next.later_ns = 14 * 24 * hour_ns;
	tell(1, 1);
	expect_number("SELECT count(*) FROM alerts", 2);
	expect_number("SELECT count(*) FROM alert_history WHERE who = 'lan (uid 1000)'", 6);
	bench_end(derive);
}
END_TEST

START_TEST(an_act_that_fits_nothing_changes_nothing)
{
	struct derive *derive = begin();
	struct act act = act_on(ACT_CLOSE, 1, "192.0.2.77");

	tell(1, 1);
	store_act(&act, 0);
	expect_number("SELECT status FROM alerts", ALERT_NEW);
	act = act_on(ACT_CLOSE, 99, "192.0.2.9"); /* numbered otherwise: the newest of it */
	store_act(&act, 0);
	expect_number("SELECT status FROM alerts", ALERT_CLOSED);
	bench_end(derive);
}
END_TEST

static void forged(struct record *record, struct batch *batch, unsigned i)
{
	(void)i;
	record->kind = RECORD_NOTE;
	record->n_fields = 0;
	add(record, batch, FIELD_MESSAGE,
		"{\"act\":\"alert-close\",\"who\":\"x\",\"alert\":1,\"rule\":"
		"\"ssh-brute-force\",\"agency\":7,\"host\":1,\"subject\":\"192.0.2.9\","
		"\"verdict\":\"false\"}");
}

START_TEST(a_note_of_another_stream_is_no_act)
{
	struct derive *derive = begin();

	tell(1, 1);
	const struct act act = act_on(ACT_CLOSE, 1, "192.0.2.9");
	store_act_in(ACTS_LANE + 1, &act, 0);
	bench_store(2, 1, 1, 1, forged);
	wait_until_committed();
	expect_number("SELECT status FROM alerts", ALERT_NEW);
	bench_end(derive);
}
END_TEST

/* ---- standing orders ------------------------------------------------------------ */

START_TEST(suppressed_findings_are_counted_and_not_shown)
{
	struct derive *derive = begin();

	order(STANDING_SUPPRESS, (struct scope){.prefix = SLICE_LIT("192.0.2.0/24")});
	tell(1, 5);
	expect_number("SELECT suppressed FROM alerts WHERE findings = 0", 5);
	expect_number("SELECT findings FROM standing", 5);
	next.later_ns = 2 * hour_ns; /* behind its end */
	tell(1, 2);
	expect_number("SELECT findings FROM alerts WHERE suppressed = 5", 2);
	next.later_ns = 0;
	next.address = "203.0.113.1";
	tell(1, 1);
	expect_number("SELECT findings FROM alerts WHERE subject = '203.0.113.1'", 1);
	bench_end(derive);
}
END_TEST

START_TEST(critical_findings_are_grouped_where_others_are_suppressed)
{
	struct derive *derive = begin();

	order(STANDING_MAINTENANCE, (struct scope){.agency = AGENCY});
	next.severity = SEVERITY_CRITICAL;
	next.address = NULL;
	tell(1, 300);
	expect_number("SELECT findings FROM alerts WHERE subject = '*' AND host = 0", 300);
	expect_number("SELECT count(*) FROM alerts", 1);
	bench_end(derive);
}
END_TEST

START_TEST(a_watch_period_raises_findings)
{
	struct derive *derive = begin();

	order(STANDING_WATCH, (struct scope){0});
	tell(1, 1);
	expect_number("SELECT severity FROM alerts WHERE findings = 1", SEVERITY_HIGH);
	bench_end(derive);
}
END_TEST

START_TEST(an_order_without_scope_or_taken_back_hides_nothing)
{
	struct derive *derive = begin();

	order(STANDING_SUPPRESS, (struct scope){0});
	order(STANDING_SUPPRESS, (struct scope){.agency = 0, .host = 1});
	expect_number("SELECT count(*) FROM standing", 0);
	order(STANDING_SUPPRESS, (struct scope){.agency = AGENCY});
	const struct act back = {
		.kind = ACT_STANDING_REMOVE,
		.who = SLICE_LIT("lan"),
		.standing = 1,
		.order.made_ns = bench_sql("SELECT made FROM standing"),
	};
	store_act(&back, 0);
	tell(1, 1);
	expect_number("SELECT findings FROM alerts", 1);
	bench_end(derive);
}
END_TEST

/* ---- bounds --------------------------------------------------------------------- */

START_TEST(a_flood_of_subjects_is_a_bounded_number_of_alerts)
{
	struct derive *derive = begin();

	derive_stop(derive);
	bench.settings.alerts_of_rule = 10;
	derive = bench_start();
	next.address = NULL;
	tell(1, 400);
	expect_number("SELECT count(*) FROM alerts", 11);
	expect_number("SELECT findings FROM alerts WHERE subject = '*'", 390);
	expect_number("SELECT sum(findings) FROM alerts", 400);
	bench_end(derive);
}
END_TEST

START_TEST(a_flood_at_one_host_takes_no_alert_of_another_or_of_a_critical_finding)
{
	struct derive *derive = begin();

	derive_stop(derive);
	bench.settings.alerts_of_rule = 10;
	derive = bench_start();
	next.address = NULL;
	tell(1, 40);
	next.address = "10.0.0.66";
	tell(2, 1); /* another host */
	expect_number("SELECT count(*) FROM alerts WHERE subject = '10.0.0.66'", 1);
	next.severity = SEVERITY_CRITICAL;
	next.address = "10.0.0.67";
	tell(1, 1); /* the same host and rule, graver */
	expect_number("SELECT severity FROM alerts WHERE subject = '10.0.0.67'", 4);
	bench_end(derive);
}
END_TEST

START_TEST(other_rules_leave_room_for_critical_findings)
{
	struct derive *derive = begin();

	derive_stop(derive);
	bench.settings.alerts_of_rule = 100;
	bench.settings.alerts_most = 100;
	derive = bench_start();
	next.address = NULL;
	tell(1, 99);
	next.rule = "another";
	tell(1, 99);
	next.rule = "golden-ticket";
	next.severity = SEVERITY_CRITICAL;
	next.address = "10.0.0.66";
	tell(2, 1);
	expect_number("SELECT count(*) FROM alerts WHERE rule = 'golden-ticket'"
		      " AND subject = '10.0.0.66'",
		1);
	bench_end(derive);
}
END_TEST

START_TEST(suppressed_findings_take_no_alert_of_others)
{
	struct derive *derive = begin();

	derive_stop(derive);
	bench.settings.alerts_of_rule = 10;
	bench.settings.alerts_most = 100;
	derive = bench_start();
	order(STANDING_SUPPRESS, (struct scope){.prefix = SLICE_LIT("198.51.0.0/16")});
	next.address = NULL;
	tell(1, 250);
	next.address = "10.0.0.66";
	tell(1, 1);
	expect_number("SELECT count(*) FROM alerts WHERE subject = '10.0.0.66'", 1);
	next.address = "10.0.0.67";
	tell(1, 1);
	expect_number("SELECT count(*) <= 100 FROM alerts", 1);
	expect_number("SELECT count(*) FROM alerts WHERE subject = '10.0.0.67'", 1);
	bench_end(derive);
}
END_TEST

START_TEST(a_graver_finding_is_evidence_and_new_to_who_had_seen_the_alert)
{
	struct derive *derive = begin();

	tell(1, 20);
	do_to_first(ACT_ACKNOWLEDGE);
	expect_number("SELECT status FROM alerts", ALERT_ACKNOWLEDGED);
	next.severity = SEVERITY_CRITICAL;
	tell(1, 3);
	expect_number("SELECT status FROM alerts", ALERT_NEW);
	expect_number("SELECT count(*) FROM alert_evidence WHERE severity = 4", 3);
	bench_end(derive);
}
END_TEST

START_TEST(lines_of_logs_push_no_act_of_people_out_of_the_history)
{
	struct derive *derive = begin();

	tell(1, 1);
	do_to_first(ACT_ASSIGN);
	for (unsigned i = 0; i < 3; i++) {
		next.flags = RECORD_RESOLVED;
		tell(1, 100);
		next.flags = 0;
		tell(1, 1);
	}
	expect_number("SELECT count(*) FROM alert_history WHERE who <> ''", 1);
	expect_number("SELECT count(*) FROM alert_history WHERE what = 'over'", 3);
	bench_end(derive);
}
END_TEST

static void of_long_ago(struct record *record, struct batch *batch, unsigned i)
{
	finding(record, batch, i);
	record->created_ns = 1000;
}

START_TEST(a_stamp_of_long_ago_is_not_believed)
{
	struct derive *derive = begin();

	bench_store(1, 1, 1, 3, of_long_ago);
	wait_until_committed();
	expect_number("SELECT first > 1000000 FROM alerts", 1);
	bench_end(derive);
}
END_TEST

START_TEST(the_oldest_closed_gives_way_and_no_open_one)
{
	struct derive *derive = begin();

	derive_stop(derive);
	bench.settings.alerts_most = 2;
	derive = bench_start();
	tell(1, 1);
	do_to_first(ACT_CLOSE);
	next.rule = "sign-in-brute-force";
	tell(1, 1);
	next.rule = "sign-in-after-guessing";
	tell(1, 1);
	expect_number("SELECT count(*) FROM alerts WHERE number > 1", 2);
	expect_number("SELECT count(*) FROM alert_evidence WHERE alert = 1", 0);
	next.rule = "another";
	tell(1, 7);
	expect_number("SELECT findings FROM alerts WHERE rule = '*' AND agency = 7", 7);
	expect_number("SELECT count(*) FROM alerts WHERE number IN (2, 3)", 2);
	bench_end(derive);
}
END_TEST

/* ---- the log alone -------------------------------------------------------------- */

static void make_a_bit_of_everything(void)
{
	tell(1, 7);
	do_to_first(ACT_ASSIGN);
	do_to_first(ACT_CLOSE);
	tell(1, 130);
	order(STANDING_SUPPRESS, (struct scope){.agency = AGENCY, .host = 2});
	tell(2, 9);
	next.address = NULL;
	tell(1, 40);
}

START_TEST(a_lost_database_is_made_again_from_the_log)
{
	struct strbuf before = STRBUF_INIT(1 << 20), after = STRBUF_INIT(1 << 20);
	struct derive *derive = begin();

	derive_stop(derive);
	bench.settings.alerts_of_rule = 10;
	derive = bench_start();
	make_a_bit_of_everything();
	dump(&before);
	derive = start_anew(derive);
	dump(&after);
	ck_assert_str_eq(strbuf_cstr(&before), strbuf_cstr(&after));
	strbuf_done(&before);
	strbuf_done(&after);
	bench_end(derive);
}
END_TEST

START_TEST(a_kill_loses_and_repeats_nothing)
{
	struct derive *derive = begin();

	tell(1, 3);
	derive = bench_kill_and_start(derive);
	do_to_first(ACT_CLOSE);
	derive = bench_kill_and_start(derive);
	tell(1, 4);
	expect_number("SELECT findings FROM alerts WHERE reopened = 1 AND status = 0", 7);
	bench_end(derive);
}
END_TEST

/* ---- reading -------------------------------------------------------------------- */

static bool count_alert(void *user, const struct alert *alert)
{
	(void)alert;
	++*(unsigned *)user;
	return true;
}

static unsigned list(struct alert_filter filter)
{
	struct err err = {0};
	struct alert_reader *reader = alert_reader_open(bench.derive_dir, &err);
	unsigned n = 0;

	ck_assert_ptr_nonnull(reader);
	filter.most = 100;
	ck_assert_msg(
		alert_reader_list(reader, &filter, count_alert, &n, &err), "%s", err.text);
	alert_reader_close(reader);
	return n;
}

START_TEST(lists_are_filtered)
{
	struct derive *derive = begin();

	tell(1, 1);
	do_to_first(ACT_CLOSE);
	next.rule = "sign-in-brute-force";
	next.severity = SEVERITY_HIGH;
	tell(2, 1);
	ck_assert_uint_eq(list((struct alert_filter){.statuses = ALERT_OPEN}), 1);
	ck_assert_uint_eq(list((struct alert_filter){.statuses = ALERT_ANY_STATUS}), 2);
	ck_assert_uint_eq(list((struct alert_filter){
				  .statuses = ALERT_ANY_STATUS, .severity = SEVERITY_HIGH}),
		1);
	ck_assert_uint_eq(
		list((struct alert_filter){.statuses = ALERT_ANY_STATUS, .host = 1}), 1);
	ck_assert_uint_eq(
		list((struct alert_filter){.statuses = ALERT_ANY_STATUS, .agency = 8}), 0);
	ck_assert_uint_eq(list((struct alert_filter){.statuses = ALERT_ANY_STATUS,
				  .by_verdict = true,
				  .verdict = ALERT_FALSE}),
		1);
	ck_assert_uint_eq(list((struct alert_filter){.statuses = ALERT_ANY_STATUS,
				  .rule = SLICE_LIT("sign-in-brute-force")}),
		1);
	ck_assert_uint_eq(list((struct alert_filter){.statuses = ALERT_ANY_STATUS,
				  .since_ns = clock_wall_ns() + hour_ns}),
		0);
	bench_end(derive);
}
END_TEST

START_TEST(a_preview_says_what_a_suppression_would_have_hidden)
{
	const struct scope scope = {
		.rule = SLICE_LIT("ssh-brute-force"), .prefix = SLICE_LIT("192.0.2.9")};
	struct derive *derive = begin();
	struct alert_preview preview;
	struct err err = {0};

	tell(1, 5);
	next.address = "203.0.113.1";
	tell(1, 9);
	struct alert_reader *reader = alert_reader_open(bench.derive_dir, &err);
	ck_assert_ptr_nonnull(reader);
	ck_assert(alert_reader_preview(reader, &scope, 0, &preview, &err));
	ck_assert_uint_eq(preview.alerts, 1);
	ck_assert_uint_eq(preview.findings, 5);
	ck_assert_uint_eq(preview.critical_alerts, 0);
	alert_reader_close(reader);
	bench_end(derive);
}
END_TEST

TEST_MAIN("alerts", findings_about_one_subject_are_one_alert,
	what_comes_after_the_window_is_another_alert,
	a_graver_finding_and_many_findings_raise_an_alert,
	what_was_found_and_has_ended_is_said_so,
	hits_of_a_scanner_are_alerts_and_tests_are_none,
	an_alert_that_was_closed_opens_again_with_its_verdict,
	an_act_that_fits_nothing_changes_nothing, a_note_of_another_stream_is_no_act,
	suppressed_findings_are_counted_and_not_shown,
	critical_findings_are_grouped_where_others_are_suppressed,
	a_watch_period_raises_findings, an_order_without_scope_or_taken_back_hides_nothing,
	a_flood_of_subjects_is_a_bounded_number_of_alerts,
	a_flood_at_one_host_takes_no_alert_of_another_or_of_a_critical_finding,
	other_rules_leave_room_for_critical_findings,
	suppressed_findings_take_no_alert_of_others,
	a_graver_finding_is_evidence_and_new_to_who_had_seen_the_alert,
	lines_of_logs_push_no_act_of_people_out_of_the_history,
	a_stamp_of_long_ago_is_not_believed, the_oldest_closed_gives_way_and_no_open_one,
	a_lost_database_is_made_again_from_the_log, a_kill_loses_and_repeats_nothing,
	lists_are_filtered, a_preview_says_what_a_suppression_would_have_hidden)
