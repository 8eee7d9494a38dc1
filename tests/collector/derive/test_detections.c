#include "collector/derive/detections.h"

#include "collector/detect/detector.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "tests/collector/derive/derive_bench.h"
#include "tests/support/folder.h"

static struct folder folder;
static const char *subject; /* of the next records */

#define ID "11111111-2222-4333-8444-555555555555"

static void begin_with(const char *rules)
{
	struct strbuf warnings = STRBUF_INIT(1 << 16);
	struct err err = {0};

	folder_make(&folder);
	ck_assert_int_eq(mkdir(folder_path(&folder, "rules"), 0700), 0);
	folder_replace(&folder, "rules/a.yml", rules);
	bench_detector = detector_load(folder.path, NULL, &warnings, &err);
	ck_assert_ptr_nonnull(bench_detector);
	ck_assert_msg(warnings.len == 0, "%s", strbuf_cstr(&warnings));
	strbuf_done(&warnings);
	bench_begin();
	subject = "192.0.2.9";
}

static void begin(const char *level)
{
	struct strbuf text = STRBUF_INIT(1 << 16);

	strbuf_addf(&text,
		"title: Reverse shell\nid: " ID "\nlevel: %s\n"
		"tags: [attack.execution, attack.t1059.004, attack.T1071, cve.2021-44228]\n"
		"detection: {one: {a: b}, condition: one}\n",
		level);
	begin_with(strbuf_cstr(&text));
	strbuf_done(&text);
}

static void end(struct derive *derive)
{
	bench_end(derive);
	detector_unref(bench_detector);
	bench_detector = NULL;
	folder_remove(&folder);
}

static void hit(struct record *record, struct batch *batch, unsigned i)
{
	(void)i;
	ck_assert(record_match(record, &batch->arena, MATCH_SIGMA,
		SLICE_LIT(ID "\0"
			     "0123abcd")));
	if (subject[0] != '\0')
		ck_assert(
			record_add(record, &batch->arena, FIELD_SOURCE_IP, slice_str(subject)));
	ck_assert(record_add(
		record, &batch->arena, FIELD_PROCESS_COMMAND_LINE, SLICE_LIT("nc -e /bin/sh")));
}

/* Of a shared source: each of another agency. */
static void hit_elsewhere(struct record *record, struct batch *batch, unsigned i)
{
	hit(record, batch, i);
	record->agency = 20 + i;
}

struct told {
	unsigned n;
	enum severity severity;
	struct strbuf text; /* fields of the last */
};

static void take(struct told *told, struct store_reader *reader,
	const struct store_block *block, unsigned i)
{
	struct arena arena;
	struct record record;

	arena_init(&arena, 1 << 20);
	ck_assert(decode_record(
		store_reader_body(reader, i), &block->columns[i], &arena, &record));
	strbuf_reset(&told->text);
	for (unsigned f = 0; f < record.n_fields; f++) {
		strbuf_add(&told->text, field_name(record.fields[f].id));
		strbuf_add_byte(&told->text, '=');
		strbuf_add(&told->text, field_value(&record.fields[f]));
		strbuf_add_byte(&told->text, '\n');
	}
	told->n++;
	told->severity = block->columns[i].severity;
	arena_done(&arena);
}

static void look(struct told *told)
{
	struct err err = {0};
	struct store_reader *reader = store_reader_open(bench.fixture.store, 0, &err);
	struct store_block block;

	told->n = 0;
	for (enum store_read got;
		(got = store_reader_next(reader, &block, &err)) != STORE_END;) {
		for (unsigned i = 0; got == STORE_BLOCK && i < block.n_records; i++) {
			if (block.columns[i].kind == RECORD_FINDING)
				take(told, reader, &block, i);
		}
	}
	store_reader_close(reader);
}

static void await(struct told *told, unsigned n)
{
	for (look(told); told->n < n; look(told))
		bench_wait_for_publish();
	bench_wait_until_read();
	look(told);
	ck_assert_uint_eq(told->n, n);
}

static void check_has(struct told *told, const char *line)
{
	ck_assert_msg(strstr(strbuf_cstr(&told->text), line) != NULL, "no %s in %s", line,
		strbuf_cstr(&told->text));
}

START_TEST(a_match_is_a_finding_that_says_which_rule_and_whom)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin("critical");
	struct derive *derive = bench_start();
	bench_store(1, 1, 200, 3, hit);
	await(&told, 1);
	ck_assert_uint_eq(told.severity, SEVERITY_CRITICAL);
	check_has(&told, "rule.id=" ID "\n");
	check_has(&told, "rule.name=Reverse shell\n");
	check_has(&told, "rule.version=0123abcd\n");
	check_has(&told, "threat.technique.id=T1059.004\n");
	check_has(&told, "threat.technique.id=T1071\n");
	check_has(&told, "source.ip=192.0.2.9\n");
	check_has(&told, "process.command_line=nc -e /bin/sh\n");
	check_has(&told, "soc.evidence=3-1\n");
	check_has(&told, "event.kind=alert\n");
	ck_assert_ptr_null(strstr(strbuf_cstr(&told.text), "CVE"));
	subject = ""; /* about its host */
	bench_store(1, 201, 1, 3, hit);
	await(&told, 2);
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

START_TEST(restarts_repeat_no_finding_and_lose_none)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin("medium");
	bench.settings.correlation_ms = 3600 * 1000;
	struct derive *derive = bench_start();
	bench_store(1, 1, 1, 3, hit);
	await(&told, 1);
	derive = bench_kill_and_start(derive);
	bench_store(1, 2, 100, 3, hit);
	await(&told, 1);
	derive = bench_kill_and_start(derive);
	subject = "192.0.2.10";
	bench_store(1, 102, 1, 3, hit);
	await(&told, 2);
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

START_TEST(a_level_below_the_limit_is_no_finding)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin("low");
	bench.settings.finding_level = SIGMA_MEDIUM;
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, hit);
	bench_wait_until_read();
	look(&told);
	ck_assert_uint_eq(told.n, 0);
	derive_stop(derive);
	bench.settings.finding_level = SIGMA_LOW;
	derive = bench_start();
	bench_store(1, 11, 10, 3, hit);
	await(&told, 1);
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

/* An attacker who floods a rule fills no database, and the rule goes on. */
START_TEST(a_flood_of_subjects_is_held_back)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};
	char address[64];

	begin("critical");
	bench.settings.findings_most = 5;
	struct derive *derive = bench_start();
	for (unsigned i = 0; i < 50; i++) {
		snprintf(address, sizeof(address), "198.51.100.%u", i);
		subject = address;
		bench_store(1, 1 + i, 1, 3, hit);
	}
	await(&told, 5);
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

/* The rule is gone, not what it found. */
START_TEST(a_match_of_a_rule_that_is_gone_is_a_finding)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin("high");
	struct detector *rules = bench_detector;
	bench_detector = NULL;
	struct derive *derive = bench_start();
	bench_store(1, 1, 1, 3, hit);
	await(&told, 1);
	ck_assert_uint_eq(told.severity, SEVERITY_MEDIUM);
	check_has(&told, "rule.name=" ID "\n");
	bench_detector = rules;
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

START_TEST(the_same_address_in_three_agencies_is_a_finding)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin("low"); /* the rule itself is not grave enough to count */
	subject = "8.8.4.4";
	struct derive *derive = bench_start();
	bench_store(1, 1, 2, 3, hit_elsewhere);
	await(&told, 2);
	bench_store(1, 3, 3, 3, hit_elsewhere); /* two of them again */
	await(&told, 4);
	check_has(&told, "rule.name=spread-of-address\n");
	check_has(&told, "soc.values=agencies=3\n");
	check_has(&told, "source.ip=8.8.4.4\n");
	ck_assert_uint_eq(told.severity, SEVERITY_HIGH);
	bench_store(1, 6, 6, 3, hit_elsewhere); /* three more agencies, within the hour */
	await(&told, 7);
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

START_TEST(private_addresses_are_of_each_agency_and_grave_rules_spread)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin("high");
	subject = "10.0.0.1";
	struct derive *derive = bench_start();
	bench_store(1, 1, 3, 3, hit_elsewhere);
	await(&told, 4);
	check_has(&told, "rule.name=spread-of-rule\n");
	check_has(&told, "soc.group=Reverse shell\n");
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

static void known_bad(struct record *record, struct batch *batch, unsigned i)
{
	(void)i;
	ck_assert(record_match(record, &batch->arena, MATCH_INDICATOR,
		SLICE_LIT("domain\0"
			  "evil.example\0"
			  "list\0"
			  "2\0"
			  "85")));
	ck_assert(record_add(
		record, &batch->arena, FIELD_DNS_QUESTION_NAME, SLICE_LIT("a.evil.example")));
	ck_assert(record_add(record, &batch->arena, FIELD_SOURCE_IP, slice_str(subject)));
}

START_TEST(an_indicator_is_a_finding_about_the_indicator)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin("low");
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, known_bad);
	subject = "192.0.2.10"; /* the same at the same host */
	bench_store(1, 11, 10, 3, known_bad);
	await(&told, 1);
	ck_assert_uint_eq(told.severity, SEVERITY_HIGH);
	check_has(&told, "rule.name=indicator\n");
	check_has(&told, "threat.indicator.type=domain\n");
	check_has(&told, "threat.indicator.name=evil.example\n");
	check_has(&told, "threat.indicator.provider=list\n");
	check_has(&told, "dns.question.name=a.evil.example\n");
	check_has(&told, "source.ip=192.0.2.9\n");
	derive = bench_kill_and_start(derive);
	bench_wait_until_read();
	await(&told, 1);
	bench_check_text("7/3/phishing/high:0,1,1 quality 7:20 late=0 gaps=0,0 agents=1/1/0 ");
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

#define CORRELATION(type, condition)                                                           \
	"title: Shells\nname: shell\nid: " ID "\nlevel: low\n"                                 \
	"detection: {one: {a: b}, condition: one}\n---\n"                                      \
	"title: Many shells\nid: many\nlevel: high\n"                                          \
	"tags: [attack.t1059, soc.class.dos]\n"                                                \
	"correlation:\n  type: " type "\n  rules: [shell]\n  group-by: [source.ip]\n"          \
	"  timespan: 10m\n  condition: {" condition "}\n"

START_TEST(a_correlation_is_one_finding_and_its_rule_none)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin_with(CORRELATION("event_count", "gte: 5"));
	struct derive *derive = bench_start();
	bench_store(1, 1, 4, 3, hit);
	bench_wait_until_read();
	look(&told);
	ck_assert_uint_eq(told.n, 0);
	bench_store(1, 5, 100, 3, hit);
	await(&told, 1);
	ck_assert_uint_eq(told.severity, SEVERITY_HIGH);
	check_has(&told, "rule.id=many\n");
	check_has(&told, "rule.name=Many shells\n");
	check_has(&told, "threat.technique.id=T1059\n");
	check_has(&told, "source.ip=192.0.2.9\n");
	check_has(&told, "soc.group=source.ip=192.0.2.9\n");
	check_has(&told, "soc.evidence=3-1\n");
	check_has(&told, "soc.evidence=3-5\n");
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

START_TEST(restarts_keep_what_a_correlation_has_counted)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin_with(CORRELATION("event_count", "gte: 5"));
	struct derive *derive = bench_start();
	bench_store(1, 1, 3, 3, hit);
	bench_wait_until_read();
	derive_stop(derive); /* saved */
	derive = bench_start();
	bench_store(1, 4, 1, 3, hit);
	bench_wait_until_read();
	derive = bench_kill_and_start(derive); /* read again from what was saved */
	bench_store(1, 5, 1, 3, hit);
	await(&told, 1);
	derive = bench_kill_and_start(derive);
	bench_store(1, 6, 50, 3, hit);
	bench_wait_until_read();
	derive_stop(derive);
	derive = bench_start();
	bench_wait_until_read();
	look(&told);
	ck_assert_uint_eq(told.n, 1);
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

/* What happened less often than it should is known when the time is over. */
static void hit_an_hour_ago(struct record *record, struct batch *batch, unsigned i)
{
	hit(record, batch, i);
	record->created_ns = record->received_ns - INT64_C(3600) * CLOCK_NS_PER_S;
}

START_TEST(what_closes_concludes_though_nothing_more_comes_and_once)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin_with(CORRELATION("event_count", "lt: 5"));
	bench.settings.correlation_ms = 3600 * 1000; /* but for what concluded */
	struct derive *derive = bench_start();
	bench_store(1, 1, 3, 3, hit_an_hour_ago);
	await(&told, 1);
	check_has(&told, "rule.id=many\n");
	derive = bench_kill_and_start(derive);
	subject = "192.0.2.10"; /* another group */
	bench_store(1, 4, 1, 3, hit_an_hour_ago);
	await(&told, 2);
	derive = bench_kill_and_start(derive);
	bench_wait_for_publish();
	bench_wait_until_read();
	look(&told);
	ck_assert_uint_eq(told.n, 2);
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

/* What one address does in three agencies is three addresses for a rule that does not ask. */
START_TEST(groups_are_of_an_agency_unless_the_rule_asks_for_agencies)
{
	struct told told = {.text = STRBUF_INIT(1 << 16)};

	begin_with(CORRELATION("event_count",
		"gte: 3") "---\n"
			  "title: Agencies\nid: across\nlevel: high\ncorrelation:\n  type: "
			  "value_count\n"
			  "  rules: [shell]\n  group-by: [source.ip]\n  timespan: 10m\n"
			  "  condition: {field: soc.agency, gte: 3}\n");
	subject = "10.0.0.1";
	struct derive *derive = bench_start();
	bench_store(1, 1, 3, 3, hit_elsewhere);
	await(&told, 1);
	check_has(&told, "rule.id=across\n");
	bench_store(1, 4, 3, 3, hit_elsewhere);
	bench_store(1, 7, 3, 3, hit_elsewhere);
	await(&told, 5); /* one of each agency, and that the rule spreads */
	check_has(&told, "rule.name=spread-of-rule\n");
	strbuf_done(&told.text);
	end(derive);
}
END_TEST

TEST_MAIN("detections", a_match_is_a_finding_that_says_which_rule_and_whom,
	restarts_repeat_no_finding_and_lose_none, a_level_below_the_limit_is_no_finding,
	a_flood_of_subjects_is_held_back, a_match_of_a_rule_that_is_gone_is_a_finding,
	an_indicator_is_a_finding_about_the_indicator,
	the_same_address_in_three_agencies_is_a_finding,
	private_addresses_are_of_each_agency_and_grave_rules_spread,
	a_correlation_is_one_finding_and_its_rule_none,
	groups_are_of_an_agency_unless_the_rule_asks_for_agencies,
	restarts_keep_what_a_correlation_has_counted,
	what_closes_concludes_though_nothing_more_comes_and_once)
