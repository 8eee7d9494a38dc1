#include <stdio.h>

#include "collector/national/types/types.h"
#include "collector/national/xml.h"
#include "collector/national/xmldsig.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/file.h"
#include "tests/collector/national/counted.h"
#include "tests/collector/national/fixture.h"
#include "tests/support/check.h"

enum { TEXT_MAX = 8 << 20 };

struct scene {
	struct counted counted;
	struct fixture fixture;
};

static void open_scene(struct scene *scene)
{
	counted_open(&scene->counted, counted_moment("2026-11-22T01:07:30Z"));
	fixture_start(&scene->fixture, SIGNER_ES256);
	scene->counted.context.signer = scene->fixture.signer;
	counted_set_now(&scene->counted, scene->counted.context.now_ns, 4711);
}

static void close_scene(struct scene *scene)
{
	fixture_stop(&scene->fixture);
	counted_close(&scene->counted);
}

static void add_hits(struct scene *scene, unsigned n)
{
	char sql[512];

	counted_run(&scene->counted, "BEGIN");
	for (unsigned i = 0; i < n; i++) {
		snprintf(sql, sizeof(sql),
			"INSERT INTO hits(day, identity, agency, origin, host, shared, at, "
			"name,"
			" type, behavior, path, hash, host_name, host_ip, host_public)"
			" VALUES(1795305600, randomblob(16), 1, 1, %u, 0, 1795309200000000000,"
			" 'EICAR_Test', 'Test', 'None', '/home/nguyenvana/%u.com', 'ab%u', '', "
			"'',"
			" '')",
			i % 3, i, i);
		counted_run(&scene->counted, sql);
	}
	counted_run(&scene->counted, "COMMIT");
	counted_run(&scene->counted,
		"INSERT OR REPLACE INTO machines VALUES"
		"(1, 0, 1795309200, 'web0', '10.47.5.0', '', 0),"
		"(1, 1, 1795309200, 'web1', '10.47.5.1', '203.0.113.1', 1790000000),"
		"(1, 2, 1795309200, 'web2', '10.47.5.2', '', 1795300000)");
}

static void publish(struct scene *scene)
{
	struct err err;

	ck_assert_msg(message_avreport.publish(&scene->counted.context,
			      &scene->counted.statistics, &scene->counted.outbox, &err),
		"%s", err.text);
}

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

static bool has(const struct strbuf *text, const char *words)
{
	return slice_search(strbuf_slice(text), slice_str(words)) < text->len;
}

static void check_good(struct scene *scene, struct slice body)
{
	struct strbuf report = STRBUF_INIT(TEXT_MAX);

	ck_assert_msg(
		message_avreport.check(scene->counted.profile, "report.xml", body, &report),
		"%s%.*s", strbuf_cstr(&report), SLICE_FMT(body));
	strbuf_reset(&report);
	ck_assert_msg(message_avreport.verify(scene->counted.profile, body, SLICE_NONE,
			      scene->fixture.ca_file, &report),
		"%s", strbuf_cstr(&report));
	strbuf_done(&report);
}

static void get_body(struct scene *scene, const char *key, struct strbuf *body)
{
	strbuf_reset(body);
	counted_body(&scene->counted, key, body);
	check_good(scene, strbuf_slice(body));
}

#define HITS "H47/H47.02.12/malware/hits/"

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

	open_scene(&scene);
	add_hits(&scene, 5);
	/* Of the last two, one was not heard of for a month, one never said when. */
	counted_run(&scene.counted,
		"INSERT INTO machines VALUES(1, 9, 1795300000, '', '', '', 1793000000),"
		" (2, 3, 1790000000, '', '', '', 1790000000), (2, 4, 1795300000, '', '', '', "
		"0)");
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 1);
	get_body(&scene, HITS "1", &body);
	compare_with_file(&body, "avreport.xml");
	ck_assert_int_eq(
		counted_number(&scene.counted,
			"SELECT count(*) FROM outbox WHERE type = 'malware' AND jws = 0"
			" AND schema = 'edxml-avreport/1'"),
		1);
	strbuf_done(&body);
	close_scene(&scene);
}
END_TEST

START_TEST(the_extended_shape_has_masked_paths_and_hashes)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	open_scene(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	add_hits(&scene, 4);
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	compare_with_file(&body, "avreport-extended.xml");
	ck_assert(!has(&body, "nguyenvana"));
	strbuf_done(&body);
	close_scene(&scene);
}
END_TEST

START_TEST(a_first_finding_goes_at_once_and_others_wait_for_company)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	open_scene(&scene);
	publish(&scene); /* nothing was ever reported: an empty report */
	ck_assert_int_eq(count_messages(&scene), 1);
	get_body(&scene, "H47/H47.02.12/malware/none/2026-11-22T01:07:30Z", &body);
	ck_assert(has(&body, "<Malware></Malware><Update><NumberMachineNotUpdateOn15Day>0<"));
	later(&scene, 60);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 1);
	add_hits(&scene, 1);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 2);
	add_hits(&scene, 1);
	later(&scene, 9);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 2);
	later(&scene, 1);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	get_body(&scene, HITS "2", &body);
	later(&scene, 899);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	later(&scene, 1);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 4);
	add_hits(&scene, 1);
	counted_set_now(&scene.counted, counted_moment("2026-11-20T00:00:00Z"), 9000);
	publish(&scene); /* a clock set back holds nothing up */
	ck_assert_int_eq(count_messages(&scene), 5);
	strbuf_done(&body);
	close_scene(&scene);
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

		check_good(scene, body);
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

	open_scene(&scene);
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/copy", "h1", "");
	add_hit(&scene, 1, false, "/b", "", "");
	add_hit(&scene, 1, false, "/b", "", "");
	add_hit(&scene, 1, false, "/c", "h2", "");
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	ck_assert(has(&body, "<NumberFile>3</NumberFile>"));
	ck_assert_uint_eq(count_files(&scene), 3);
	strbuf_done(&body);
	close_scene(&scene);
}
END_TEST

START_TEST(in_the_extended_shape_every_path_is_told)
{
	struct scene scene;

	open_scene(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/a", "h1", "");
	add_hit(&scene, 1, false, "/copy", "h1", "");
	publish(&scene);
	ck_assert_uint_eq(count_files(&scene), 2);
	close_scene(&scene);
}
END_TEST

START_TEST(a_machine_is_what_its_own_agent_says_of_it)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	open_scene(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	counted_run(&scene.counted,
		"INSERT INTO machines VALUES"
		"(1, 4, 1795309200, 'web4', '10.47.5.4', '203.0.113.4', 0)");
	add_hit(&scene, 4, false, "/a", "h", "forged");
	add_hit(&scene, 5, false, "/a", "h", "forged");
	add_hit(&scene, 4, true, "/a", "h", "client");
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	ck_assert(!has(&body, "forged"));
	ck_assert(has(&body, "ip=\"10.47.5.4\" ippublic=\"203.0.113.4\" name=\"web4\""));
	ck_assert(has(&body, "ip=\"0.0.0.0\" ippublic=\"\" name=\"H47.05/5\""));
	ck_assert(has(&body, "ip=\"192.0.2.7\" ippublic=\"203.0.113.9\" name=\"client\""));
	strbuf_done(&body);
	close_scene(&scene);
}
END_TEST

START_TEST(many_findings_of_one_commit_make_several_reports_and_none_is_lost)
{
	struct scene scene;

	open_scene(&scene);
	add_hits(&scene, 2500);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	ck_assert_uint_eq(count_files(&scene), 2500);
	later(&scene, 5);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 3);
	close_scene(&scene);
}
END_TEST

START_TEST(a_report_is_closed_before_it_grows_too_large)
{
	struct scene scene;

	open_scene(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	scene.counted.profile->malware.report_size = 16 << 10;
	add_hits(&scene, 100);
	counted_run(&scene.counted,
		"UPDATE hits SET path = printf('%.*c', 5000, '\"') WHERE row = 50");
	publish(&scene);
	ck_assert_int_gt(count_messages(&scene), 2);
	ck_assert_uint_eq(count_files(&scene), 100);
	ck_assert_int_lt(counted_number(&scene.counted, "SELECT max(length(body)) FROM outbox"),
		(16 << 10) + 6000); /* envelope and signature come on top */
	close_scene(&scene);
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

	open_scene(&scene);
	add_hits(&scene, 3);
	scene.counted.context.signer = NULL;
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 0);
	scene.counted.context.signer = scene.fixture.signer;
	add_hits(&scene, 1500);
	uint64_t before = count_unsigned();
	kill(scene.fixture.pid, SIGSTOP);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 0);
	ck_assert_uint_eq(count_unsigned(), before + 1); /* tried once, not for each report */
	kill(scene.fixture.pid, SIGCONT);
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 2);
	ck_assert_uint_eq(count_files(&scene), 1500);
	close_scene(&scene);
}
END_TEST

START_TEST(a_false_signature_is_never_given_away)
{
	struct scene scene;

	open_scene(&scene);
	add_hits(&scene, 1);
	fixture_be_false(&scene.fixture, SIGNER_ES256);
	scene.counted.context.signer = scene.fixture.signer;
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 0);
	close_scene(&scene);
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

	open_scene(&scene);
	scene.counted.profile->malware.shape = MALWARE_EXTENDED;
	add_hits(&scene, 8);
	strbuf_add_str(&sql, "UPDATE hits SET path = '/' || row || '");
	for (unsigned i = 0; i < 60; i++)
		strbuf_add_str(&sql, " xmlns=\"a\" xmlns:b=''c'' = = = =");
	strbuf_add_str(&sql, "', name = substr(path, 1, 200), shared = 1,"
			     " host_name = 'xmlns=\"x\"'");
	counted_run(&scene.counted, strbuf_cstr(&sql));
	publish(&scene);
	ck_assert_int_eq(count_messages(&scene), 1);
	ck_assert_uint_eq(count_files(&scene), 8); /* anybody's `feed check` takes it */
	strbuf_done(&sql);
	close_scene(&scene);
}
END_TEST

START_TEST(one_finding_that_spoils_a_report_is_left_out_and_counted)
{
	uint64_t before = value_of("national.unreportable");
	struct scene scene;

	open_scene(&scene);
	add_hits(&scene, 1000);
	counted_run(
		&scene.counted, "UPDATE hits SET name = 'Spoil' WHERE row IN (1, 700, 701)");
	spoiling = "Spoil";
	for (unsigned i = 0; i < 3; i++) {
		publish(&scene);
		later(&scene, 10);
	}
	spoiling = NULL;
	ck_assert_uint_eq(count_files(&scene), 997);
	ck_assert_uint_eq(value_of("national.unreportable"), before + 3);
	close_scene(&scene);
}
END_TEST

START_TEST(a_profile_that_nothing_can_be_signed_with_loses_no_finding)
{
	uint64_t before = value_of("national.unreportable");
	struct scene scene;

	open_scene(&scene);
	add_hits(&scene, 3);
	spoiling = "<edXMLEnvelope";
	publish(&scene);
	spoiling = NULL;
	ck_assert_int_eq(count_messages(&scene), 0);
	ck_assert_uint_eq(value_of("national.unreportable"), before);
	publish(&scene);
	ck_assert_uint_eq(count_files(&scene), 3);
	close_scene(&scene);
}
END_TEST

START_TEST(names_that_attack_the_report_stay_text)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	open_scene(&scene);
	add_hits(&scene, 1);
	counted_run(&scene.counted,
		"UPDATE hits SET name = '</MalwareName><Evil/>', type = '', shared = 1,"
		" host_name = cast(x'ff00223e0a' AS TEXT)");
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	ck_assert(!has(&body, "<Evil"));
	ck_assert(has(&body, "<MalwareName>&lt;/MalwareName&gt;&lt;Evil/&gt;</MalwareName>"));
	ck_assert(
		has(&body, "ip=\"0.0.0.0\" name=\"\xef\xbf\xbd\xef\xbf\xbd&quot;&gt;&#xA;\""));
	ck_assert(has(&body, "<MalwareType>Unknown</MalwareType>"));
	strbuf_done(&body);
	close_scene(&scene);
}
END_TEST

START_TEST(a_receivers_own_namespace_is_used_and_checked)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	open_scene(&scene);
	scene.counted.profile->xml.namespace = "http://edxml.gov.vn/schema";
	scene.counted.profile->xml.canonicalization = "http://www.w3.org/TR/xml-exc-c14n/";
	add_hits(&scene, 1);
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	ck_assert(has(&body, "xmlns:edXML=\"http://edxml.gov.vn/schema\""));
	ck_assert(has(&body, "Algorithm=\"http://www.w3.org/TR/xml-exc-c14n/\""));
	strbuf_done(&body);
	close_scene(&scene);
}
END_TEST

/* ---- checking --------------------------------------------------------------------- */

struct change {
	const char *from, *to, *why;
};

static void replace(struct strbuf *out, struct slice text, const struct change *change)
{
	size_t at = slice_search(text, slice_str(change->from));

	ck_assert_msg(at < text.len, "no '%s'", change->from);
	strbuf_reset(out);
	strbuf_add(out, slice_head(text, at));
	strbuf_add_str(out, change->to);
	strbuf_add(out, slice_from(text, at + strlen(change->from)));
}

typedef bool check_function(struct scene *scene, struct slice body, struct strbuf *report);

static bool check_schema(struct scene *scene, struct slice body, struct strbuf *report)
{
	return message_avreport.check(scene->counted.profile, "r.xml", body, report);
}

static bool check_signature(struct scene *scene, struct slice body, struct strbuf *report)
{
	return message_avreport.verify(
		scene->counted.profile, body, SLICE_NONE, scene->fixture.ca_file, report);
}

static void check_changes(check_function *function, const struct change *changes, size_t n)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX), changed = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	open_scene(&scene);
	add_hits(&scene, 2);
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	for (size_t i = 0; i < n; i++) {
		struct strbuf report = STRBUF_INIT(TEXT_MAX);

		replace(&changed, strbuf_slice(&body), &changes[i]);
		ck_assert_msg(!function(&scene, strbuf_slice(&changed), &report),
			"'%s' to '%s' was taken", changes[i].from, changes[i].to);
		ck_assert_msg(has(&report, changes[i].why), "'%s' to '%s': %s", changes[i].from,
			changes[i].to, strbuf_cstr(&report));
		strbuf_done(&report);
	}
	strbuf_done(&body);
	strbuf_done(&changed);
	close_scene(&scene);
}

START_TEST(mistakes_of_every_sort_are_named)
{
	static const struct change changes[] = {
		{"<AVReport", "<AvReport", "r.xml:2"},
		{"</MalwareInfo>", "", "no XML"},
		{"<NumberFile>1<", "<NumberFile>-1<", "NumberFile"},
		{"<NumberFile>1</NumberFile>", "", "NumberFile"},
		{"NumberMachineNotUpdateOn15Day>1<", "NumberMachineNotUpdateOn15Day><",
			"NumberMachineNotUpdateOn15Day"},
		{" ip=\"", " Ip=\"", "'ip"},
		{"<edXML:OrganId>H47.02.12", "<edXML:OrganId>h47", "OrganId"},
		{"<edXML:OrganId>H47.02.12",
			"<edXML:OrganId>H47.02.12.02.12.02.12.02.12.02.12.02", "OrganId"},
		{"QCVN_102_2016", "QCVN_102_2017", "edXMLHeader"},
		{"<MalwareInfo>", "<Extra/><MalwareInfo>", "Extra"},
	};

	check_changes(check_schema, changes, ARRAY_LEN(changes));
}
END_TEST

START_TEST(tampered_signatures_are_found)
{
	static const struct change changes[] = {
		{"<NumberFile>1<", "<NumberFile>2<", "changed after it was signed"},
		{"H47.02.12", "H47.02.13", "changed after it was signed"},
		{"<DigestValue>", "<DigestValue>A", "not of this certificate"},
		{"<SignatureValue>", "<SignatureValue>AAAA", "not of this certificate"},
		{"<X509Certificate>MII", "<X509Certificate>MIJ", "certificate"},
		{"#rsa-sha256", "#rsa-sha1", "not RSA with SHA-256"},
		{"xmlenc#sha256", "xmlenc#sha1", "not SHA-256"},
		{"<Reference URI=\"\">", "<Reference URI=\"#x\">", "whole document"},
		{"<Reference URI=\"\">", "<Reference>", "whole document"},
		{"</Reference></SignedInfo>", "</Reference><Reference URI=\"\"/></SignedInfo>",
			"whole document"},
		{"#enveloped-signature", "#base64", "transforms"},
		{"xml-exc-c14n#\"></Transform>", "xml-exc-c14n#\"><P/></Transform>",
			"transforms"},
		{"<edXML:edXMLBody>",
			"<edXML:edXMLBody><Signature "
			"xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>",
			"more than one"},
		{"<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">",
			"<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig\">",
			"no signature"},
	};

	check_changes(check_signature, changes, ARRAY_LEN(changes));
}
END_TEST

START_TEST(blanks_that_mean_nothing_do_not_break_a_signature)
{
	static const struct change change = {" ip=\"", "\n   ip=\"", ""};
	struct strbuf body = STRBUF_INIT(TEXT_MAX), changed = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	open_scene(&scene);
	add_hits(&scene, 1);
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	replace(&changed, strbuf_slice(&body), &change);
	check_good(&scene, strbuf_slice(&changed));
	strbuf_done(&body);
	strbuf_done(&changed);
	close_scene(&scene);
}
END_TEST

START_TEST(a_report_of_more_than_a_thousand_findings_is_refused)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX), report = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	counted_open(&counted, 0);
	for (unsigned n = 1000; n <= 1001; n++) {
		strbuf_reset(&text);
		strbuf_add_str(&text,
			"<AVReport name=\"x\"><Datetime>1795305600</Datetime><Malware>"
			"<Machine ip=\"1\" name=\"x\">");
		for (unsigned i = 0; i < n; i++)
			strbuf_add_str(&text,
				"<MalwareInfo><MalwareName>x</MalwareName><MalwareType>x"
				"</MalwareType><MalwareBehavior>x</MalwareBehavior>"
				"<TypeOfDevice>x</TypeOfDevice><NumberFile>1</NumberFile>"
				"</MalwareInfo>");
		strbuf_add_str(&text, "</Machine></Malware><Update>"
				      "<NumberMachineNotUpdateOn15Day>0"
				      "</NumberMachineNotUpdateOn15Day></Update></AVReport>");
		bool good = message_avreport.check(
			counted.profile, "x", strbuf_slice(&text), &report);
		ck_assert_msg(good == (n == 1000), "%s", strbuf_cstr(&report));
	}
	ck_assert(has(&report, "1001 findings, at most 1000"));
	strbuf_done(&text);
	strbuf_done(&report);
	counted_close(&counted);
}
END_TEST

static void check_hostile(const char *text, const char *why)
{
	struct strbuf report = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	counted_open(&counted, 0);
	ck_assert(!message_avreport.check(counted.profile, "x", slice_str(text), &report));
	ck_assert_msg(has(&report, why), "'%s' is not in: %s", why, strbuf_cstr(&report));
	ck_assert(!message_avreport.verify(
		counted.profile, slice_str(text), SLICE_NONE, NULL, &report));
	strbuf_done(&report);
	counted_close(&counted);
}

START_TEST(xml_that_attacks_its_reader_is_refused)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	check_hostile("", "0 bytes");
	check_hostile("{}", "no XML");
	check_hostile("<a>\xff</a>", "not UTF-8");
	check_hostile(
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>", "not UTF-8");
	check_hostile("<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>",
		"x:1: a document type");
	check_hostile("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "a document type");
	check_hostile("<!DOCTYPE a [<!ENTITY b SYSTEM \"http://127.0.0.1/\">]><a>&b;</a>",
		"a document type");
	check_hostile("<a>&undeclared;</a>", "no XML");
	check_hostile("<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" "
		      "href=\"/etc/passwd\"/>",
		"No match");
	for (unsigned i = 0; i < 100000; i++)
		strbuf_add_str(&text, "<a>");
	check_hostile(strbuf_cstr(&text), "no XML");
	strbuf_reset(&text);
	strbuf_add_str(&text, "<a");
	for (unsigned i = 0; i < 1201; i++)
		strbuf_addf(&text, " b%u='>'", i);
	strbuf_add_str(&text, "/>");
	check_hostile(strbuf_cstr(&text), "too many attributes");
	strbuf_reset(&text);
	strbuf_add_str(&text, "<a>");
	for (unsigned i = 0; i < 257; i++)
		strbuf_addf(&text, "<b xmlns='%u'/>", i);
	check_hostile(strbuf_cstr(&text), "too many namespaces");
	strbuf_reset(&text);
	strbuf_add_str(&text, "<a ");
	while (text.len <= XML_FILE_MAX)
		strbuf_add_byte(&text, 'x');
	check_hostile(strbuf_cstr(&text), "bytes, expected 1 to");
	strbuf_done(&text);
}
END_TEST

START_TEST(a_person_gets_a_list_without_controls)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;
	struct err err;
	char *text;
	size_t len;

	open_scene(&scene);
	add_hits(&scene, 2);
	counted_run(&scene.counted, "UPDATE machines SET name = 'a' || char(0x202e) || 'b'");
	publish(&scene);
	get_body(&scene, HITS "1", &body);
	FILE *out = open_memstream(&text, &len);
	ck_assert(message_avreport.show(strbuf_slice(&body), out, &err));
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "EICAR_Test"));
	ck_assert_ptr_nonnull(strstr(text, "Anti Virus Report on 22-11-2026 08:07:30"));
	ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
	free(text);
	out = open_memstream(&text, &len);
	ck_assert(!message_avreport.show(SLICE_LIT("{}"), out, &err));
	fclose(out);
	free(text);
	strbuf_done(&body);
	close_scene(&scene);
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
	a_report_of_more_than_a_thousand_findings_is_refused,
	names_that_attack_the_report_stay_text, a_receivers_own_namespace_is_used_and_checked,
	mistakes_of_every_sort_are_named, tampered_signatures_are_found,
	blanks_that_mean_nothing_do_not_break_a_signature,
	xml_that_attacks_its_reader_is_refused, a_person_gets_a_list_without_controls)
