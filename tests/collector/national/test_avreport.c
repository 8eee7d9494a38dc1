#include <stdio.h>

#include "collector/national/xmldsig.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/file.h"
#include "tests/collector/national/avreport_scene.h"

static int64_t count_messages(struct scene *scene)
{
	return counted_number(&scene->counted, "SELECT count(*) FROM outbox");
}

static void later(struct scene *scene, unsigned seconds)
{
	counted_set_now(&scene->counted,
		scene->counted.context.now_ns + seconds * CLOCK_NS_PER_S,
		scene->counted.context.position + 1);
}

/* Without the signature, which is another each time. */
static void compare_with_file(const struct strbuf *body, const char *name)
{
	struct strbuf golden = STRBUF_INIT(TEXT_MAX), cut = STRBUF_INIT(TEXT_MAX);
	struct slice text = strbuf_slice(body);
	size_t from = slice_search(text, SLICE_LIT("<Signature "));
	size_t to = slice_search(text, SLICE_LIT("</edXML:edXMLHeader>"));
	char path[512];
	struct err err;

	strbuf_add(&cut, slice_head(text, from));
	strbuf_add(&cut, slice_from(text, to));
	snprintf(path, sizeof(path), "%s/tests/collector/national/golden/%s",
		getenv("SOC_SOURCE"), name);
	if (getenv("SOC_WRITE_GOLDEN") != NULL)
		ck_assert(file_replace(path, strbuf_slice(&cut), 0644, &err));
	ck_assert_msg(file_read(path, &golden, &err), "%s", err.text);
	ck_assert_msg(slice_eq(strbuf_slice(&cut), strbuf_slice(&golden)), "not as in %s: %s",
		path, strbuf_cstr(&cut));
	strbuf_done(&golden);
	strbuf_done(&cut);
}

START_TEST(findings_become_a_signed_report_by_machine)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 5);
	/* Of the last two, one was not heard of for a month, one never said when. */
	counted_run(&scene.counted,
		"INSERT INTO machines VALUES(1, 9, 1795300000, '', '', '', 1793000000),"
		" (2, 3, 1790000000, '', '', '', 1790000000), (2, 4, 1795300000, '', '', '', "
		"0)");
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 1);
	scene_body(&scene, HITS "1", &body);
	compare_with_file(&body, "avreport.xml");
	ck_assert_int_eq(
		counted_number(&scene.counted,
			"SELECT count(*) FROM outbox WHERE type = 'malware' AND jws = 0"
			" AND schema = 'edxml-avreport/1'"),
		1);
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

START_TEST(the_extended_shape_has_masked_paths_and_hashes)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	scene_add_hits(&scene, 4);
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	compare_with_file(&body, "avreport-extended.xml");
	ck_assert(!has(&body, "nguyenvana"));
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

START_TEST(a_first_finding_goes_at_once_and_others_wait_for_company)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene_publish(&scene); /* nothing was ever reported: an empty report */
	ck_assert_int_eq(count_messages(&scene), 1);
	scene_body(&scene, "H47/H47.02.12/malware/none/2026-11-22T01:07:30Z", &body);
	ck_assert(has(&body, "<Malware></Malware><Update><NumberMachineNotUpdateOn15Day>0<"));
	later(&scene, 60);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 1);
	scene_add_hits(&scene, 1);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 2);
	scene_add_hits(&scene, 1);
	later(&scene, 9);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 2);
	later(&scene, 1);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	scene_body(&scene, HITS "2", &body);
	later(&scene, 899);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	later(&scene, 1);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 4);
	scene_add_hits(&scene, 1);
	counted_set_now(&scene.counted, counted_moment("2026-11-20T00:00:00Z"), 9000);
	scene_publish(&scene); /* a clock set back holds nothing up */
	ck_assert_int_eq(count_messages(&scene), 5);
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

/* Sums all <NumberFile> of all reports. */
static uint64_t count_files(struct scene *scene)
{
	sqlite3_stmt *rows;
	uint64_t sum = 0;

	ck_assert_int_eq(sqlite3_prepare_v2(scene->counted.database.handle,
				 "SELECT body FROM outbox ORDER BY row", -1, &rows, NULL),
		SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW) {
		struct slice body = slice_of(
			sqlite3_column_blob(rows, 0), (size_t)sqlite3_column_bytes(rows, 0));
		struct slice rest = body, element;

		scene_check_good(scene, body);
		while (slice_cut(&rest, '<', &element)) {
			uint64_t files = 0;

			if (slice_starts(element, SLICE_LIT("NumberFile>")))
				ck_assert(slice_to_u64(
					slice_from(element, 11), UINT64_MAX, &files));
			sum += files;
		}
	}
	sqlite3_finalize(rows);
	return sum;
}

/* The day, what tells it from others and who says so do not matter here. */
static void add_hit(struct scene *scene, unsigned host, bool shared, const char *path,
	const char *hash, const char *machine)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		"INSERT INTO hits(day, identity, agency, origin, host, shared, at, name, type,"
		" behavior, path, hash, host_name, host_ip, host_public) VALUES(0,"
		" randomblob(16), 2, 1, %u, %u, 0, 'N', 'T', 'B', '%s', '%s', '%s', "
		"'192.0.2.7',"
		" '203.0.113.9')",
		host, shared, path, hash, machine);
	counted_run(&scene->counted, sql);
}

START_TEST(a_file_is_one_file_however_often_it_was_found)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/copy", "h1", "");
	add_hit(&scene, 1, false, "/b", "", "");
	add_hit(&scene, 1, false, "/b", "", "");
	add_hit(&scene, 1, false, "/c", "h2", "");
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	ck_assert(has(&body, "<NumberFile>3</NumberFile>"));
	ck_assert_uint_eq(count_files(&scene), 3);
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

START_TEST(in_the_extended_shape_every_path_is_told)
{
	struct scene scene;

	scene_open(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/copy", "h1", "");
	scene_publish(&scene);
	ck_assert_uint_eq(count_files(&scene), 2);
	scene_close(&scene);
}
END_TEST

START_TEST(a_machine_is_what_its_own_agent_says_of_it)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	counted_run(&scene.counted,
		"INSERT INTO machines VALUES"
		"(1, 4, 1795309200, 'web4', '10.47.5.4', '203.0.113.4', 0)");
	add_hit(&scene, 4, false, "/a", "h", "forged");
	add_hit(&scene, 5, false, "/a", "h", "forged");
	add_hit(&scene, 4, true, "/a", "h", "client");
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	ck_assert(!has(&body, "forged"));
	ck_assert(has(&body, "ip=\"10.47.5.4\" ippublic=\"203.0.113.4\" name=\"web4\""));
	ck_assert(has(&body, "ip=\"0.0.0.0\" ippublic=\"\" name=\"H47.05/5\""));
	ck_assert(has(&body, "ip=\"192.0.2.7\" ippublic=\"203.0.113.9\" name=\"client\""));
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

START_TEST(many_findings_of_one_commit_make_several_reports_and_none_is_lost)
{
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 2500);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	ck_assert_uint_eq(count_files(&scene), 2500);
	later(&scene, 5);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	scene_close(&scene);
}
END_TEST

START_TEST(a_report_is_closed_before_it_grows_too_large)
{
	struct scene scene;

	scene_open(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	scene.counted.profile->malware.report_size = 16 << 10;
	scene_add_hits(&scene, 100);
	counted_run(&scene.counted,
		"UPDATE hits SET path = printf('%.*c', 5000, '\"') WHERE row = 50");
	scene_publish(&scene);
	ck_assert_int_gt(count_messages(&scene), 2);
	ck_assert_uint_eq(count_files(&scene), 100);
	ck_assert_int_lt(counted_number(&scene.counted, "SELECT max(length(body)) FROM outbox"),
		(16 << 10) + 6000); /* envelope and signature come on top */
	scene_close(&scene);
}
END_TEST

struct counted_value {
	const char *name;
	uint64_t value;
};

static void take_value(void *user, const struct counter *counter)
{
	struct counted_value *wanted = user;

	if (strcmp(counter->name, wanted->name) == 0)
		wanted->value = counter_value(counter);
}

static uint64_t value_of(const char *name)
{
	struct counted_value wanted = {.name = name};

	counter_walk(take_value, &wanted);
	return wanted.value;
}

static uint64_t count_unsigned(void)
{
	return value_of("national.unsigned");
}

START_TEST(without_a_signature_the_report_waits_and_nobody_else)
{
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 3);
	scene.counted.context.signer = NULL;
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 0);
	scene.counted.context.signer = scene.fixture.signer;
	scene_add_hits(&scene, 1500);
	uint64_t before = count_unsigned();
	kill(scene.fixture.pid, SIGSTOP);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 0);
	ck_assert_uint_eq(count_unsigned(), before + 1); /* tried once, not for each report */
	kill(scene.fixture.pid, SIGCONT);
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 2);
	ck_assert_uint_eq(count_files(&scene), 1500);
	scene_close(&scene);
}
END_TEST

START_TEST(a_false_signature_is_never_given_away)
{
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 1);
	fixture_be_false(&scene.fixture, SIGNER_ES256);
	scene.counted.context.signer = scene.fixture.signer;
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 0);
	scene_close(&scene);
}
END_TEST

/* ---- what cannot be signed --------------------------------------------------------- */

/* What real documents with this text in them do not do. */
static const char *spoiling = NULL;

enum xmldsig_outcome __real_xmldsig_sign(struct signer *signer,
	const struct national_xml *names, struct slice text, size_t at, uint32_t timeout_ms,
	struct strbuf *out, struct err *err);
enum xmldsig_outcome __wrap_xmldsig_sign(struct signer *signer,
	const struct national_xml *names, struct slice text, size_t at, uint32_t timeout_ms,
	struct strbuf *out, struct err *err);

enum xmldsig_outcome __wrap_xmldsig_sign(struct signer *signer,
	const struct national_xml *names, struct slice text, size_t at, uint32_t timeout_ms,
	struct strbuf *out, struct err *err)
{
	if (spoiling == NULL || slice_search(text, slice_str(spoiling)) == text.len)
		return __real_xmldsig_sign(signer, names, text, at, timeout_ms, out, err);
	err_set(err, "spoiled");
	return XMLDSIG_SPOILED;
}

START_TEST(words_of_markup_in_names_stop_no_report)
{
	struct strbuf sql = STRBUF_INIT(1 << 16);
	struct scene scene;

	scene_open(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	scene_add_hits(&scene, 8);
	strbuf_add_str(&sql, "UPDATE hits SET path = '/' || row || '");
	for (unsigned i = 0; i < 60; i++)
		strbuf_add_str(&sql, " xmlns=\"a\" xmlns:b=''c'' = = = =");
	strbuf_add_str(&sql, "', name = substr(path, 1, 200), shared = 1,"
			     " host_name = 'xmlns=\"x\"'");
	counted_run(&scene.counted, strbuf_cstr(&sql));
	scene_publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 1);
	ck_assert_uint_eq(count_files(&scene), 8); /* anybody's `feed check` takes it */
	strbuf_done(&sql);
	scene_close(&scene);
}
END_TEST

START_TEST(one_finding_that_spoils_a_report_is_left_out_and_counted)
{
	uint64_t before = value_of("national.unreportable");
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 1000);
	counted_run(
		&scene.counted, "UPDATE hits SET name = 'Spoil' WHERE row IN (1, 700, 701)");
	spoiling = "Spoil";
	for (unsigned i = 0; i < 3; i++) {
		scene_publish(&scene);
		later(&scene, 10);
	}
	spoiling = NULL;
	ck_assert_uint_eq(count_files(&scene), 997);
	ck_assert_uint_eq(value_of("national.unreportable"), before + 3);
	scene_close(&scene);
}
END_TEST

START_TEST(a_profile_that_nothing_can_be_signed_with_loses_no_finding)
{
	uint64_t before = value_of("national.unreportable");
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 3);
	spoiling = "<edXMLEnvelope";
	scene_publish(&scene);
	spoiling = NULL;
	ck_assert_int_eq(count_messages(&scene), 0);
	ck_assert_uint_eq(value_of("national.unreportable"), before);
	scene_publish(&scene);
	ck_assert_uint_eq(count_files(&scene), 3);
	scene_close(&scene);
}
END_TEST

START_TEST(names_that_attack_the_report_stay_text)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 1);
	counted_run(&scene.counted,
		"UPDATE hits SET name = '</MalwareName><Evil/>', type = '', shared = 1,"
		" host_name = cast(x'ff00223e0a' AS TEXT)");
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	ck_assert(!has(&body, "<Evil"));
	ck_assert(has(&body, "<MalwareName>&lt;/MalwareName&gt;&lt;Evil/&gt;</MalwareName>"));
	ck_assert(
		has(&body, "ip=\"0.0.0.0\" name=\"\xef\xbf\xbd\xef\xbf\xbd&quot;&gt;&#xA;\""));
	ck_assert(has(&body, "<MalwareType>Unknown</MalwareType>"));
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

START_TEST(a_receivers_own_namespace_is_used_and_checked)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene.counted.profile->xml.namespace = "http://edxml.gov.vn/schema";
	scene.counted.profile->xml.canonicalization = "http://www.w3.org/TR/xml-exc-c14n/";
	scene_add_hits(&scene, 1);
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	ck_assert(has(&body, "xmlns:edXML=\"http://edxml.gov.vn/schema\""));
	ck_assert(has(&body, "Algorithm=\"http://www.w3.org/TR/xml-exc-c14n/\""));
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

TEST_MAIN("avreport", findings_become_a_signed_report_by_machine,
	the_extended_shape_has_masked_paths_and_hashes,
	a_file_is_one_file_however_often_it_was_found, in_the_extended_shape_every_path_is_told,
	a_machine_is_what_its_own_agent_says_of_it,
	a_first_finding_goes_at_once_and_others_wait_for_company,
	many_findings_of_one_commit_make_several_reports_and_none_is_lost,
	a_report_is_closed_before_it_grows_too_large,
	without_a_signature_the_report_waits_and_nobody_else,
	a_false_signature_is_never_given_away, words_of_markup_in_names_stop_no_report,
	one_finding_that_spoils_a_report_is_left_out_and_counted,
	a_profile_that_nothing_can_be_signed_with_loses_no_finding,
	names_that_attack_the_report_stay_text, a_receivers_own_namespace_is_used_and_checked)
