/*
 * Lines as programs write them, normalized, against rules in Sigma's words: the pipelines that
 * are built in. Each rule and each line is written here.
 */
#include <fcntl.h>
#include <unistd.h>

#include "collector/detect/sigma/field_report.h"
#include "collector/normalize/normalize_lines.h"
#include "common/file.h"
#include "tests/collector/detect/sigma/rules_for_test.h"
#include "tests/support/check.h"

/* `source` and `detection` are YAML in braces. `hits`: the lines that fit, from 1, as "2 3". */
struct expected {
	const char *source, *detection, *lines, *hits;
};

static void write_lines(struct folder *folder, const char *name, const char *text)
{
	struct err err = {0};

	ck_assert_msg(file_replace(folder_path(folder, name), slice_str(text), 0600, &err),
		"%s", err.text);
}

/* One JSON object a line, of what `soc-collector normalize` would write. */
static void normalize_text(struct folder *folder, const char *text, struct strbuf *out)
{
	struct normalize_lines lines = {
		.settings = {.zone = {.seconds = 7 * 3600}, .year = 2026}, .name = "-"};
	struct err err = {0};

	write_lines(folder, "in", text);
	lines.from = open(folder_path(folder, "in"), O_RDONLY | O_CLOEXEC);
	lines.to =
		open(folder_path(folder, "out"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert(lines.from >= 0 && lines.to >= 0);
	ck_assert_msg(normalize_lines(&lines, &err), "%s", err.text);
	close(lines.from);
	close(lines.to);
	ck_assert(file_read(folder_path(folder, "out"), out, &err));
}

static void matching_lines(struct rules_for_test *rules, struct slice json, struct strbuf *hits)
{
	struct slice line;
	char text[16384];

	for (unsigned number = 1; slice_cut(&json, '\n', &line); number++) {
		if (line.len == 0)
			continue;
		ck_assert_uint_lt(line.len, sizeof(text));
		snprintf(text, sizeof(text), "%.*s", SLICE_FMT(line));
		if (rules_for_test_match(rules, text, NULL) > 0)
			strbuf_addf(hits, "%s%u", hits->len > 0 ? " " : "", number);
	}
}

static void expect(const struct expected *expected)
{
	struct strbuf rule = STRBUF_INIT(1 << 16), json = STRBUF_INIT(1 << 20),
		      hits = STRBUF_INIT(1 << 12);
	struct rules_for_test rules;

	strbuf_addf(&rule,
		"title: a rule\nid: one\nlogsource: {%s}\ndetection:\n  s: {%s}\n"
		"  condition: s\n",
		expected->source, expected->detection);
	rules_for_test_load(&rules, strbuf_cstr(&rule), NULL, true);
	ck_assert_msg(rules.mistakes.len == 0, "%s", strbuf_cstr(&rules.mistakes));
	ck_assert_msg(rule_set_has_source(rules.set, 0), "%s", expected->source);
	normalize_text(&rules.folder, expected->lines, &json);
	matching_lines(&rules, strbuf_slice(&json), &hits);
	ck_assert_msg(slice_eq(strbuf_slice(&hits), slice_str(expected->hits)),
		"{%s} {%s}: lines %s, not %s, of\n%s", expected->source, expected->detection,
		strbuf_cstr(&hits), expected->hits, strbuf_cstr(&json));
	rules_for_test_done(&rules);
	strbuf_done(&rule);
	strbuf_done(&json);
	strbuf_done(&hits);
}

static void expect_all(const struct expected *expected, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(&expected[i]);
}

#define STAMP "msg=audit(1772852400.123:501): "

/* Linux audit: audit-documentation, "Audit event fields" and "record types" */
static const char audit[] =
	"type=SYSCALL " STAMP
	"arch=c000003e syscall=59 success=yes exit=0 a0=55d1 a1=55d2 a2=55d3 "
	"a3=8 items=1 ppid=900 pid=901 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 "
	"comm=\"tail\" "
	"exe=\"/usr/bin/tail\" key=\"doc-tep\"\n"
	"type=EXECVE " STAMP "argc=4 a0=\"tail\" a1=\"-n\" a2=\"5\" a3=\"/etc/shadow\"\n"
	"type=CWD " STAMP "cwd=\"/root\"\n"
	"type=PATH " STAMP
	"item=0 name=\"/usr/bin/tail\" inode=1 dev=fd:00 mode=0100755 ouid=0 "
	"ogid=0 rdev=00:00 nametype=NORMAL\n"
	"type=PROCTITLE " STAMP "proctitle=7461696C002D6E0035002F6574632F736861646F77\n";

static const char audit_made[] =
	"type=SYSCALL " STAMP "arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7f "
	"a2=241 a3=1b6 items=2 ppid=900 pid=902 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 "
	"comm=\"touch\" exe=\"/usr/bin/touch\" key=\"tep\"\n"
	"type=PATH " STAMP "item=0 name=\"/etc/cron.d/\" inode=1 dev=fd:00 mode=040755 ouid=0 "
	"ogid=0 rdev=00:00 nametype=PARENT\n"
	"type=PATH " STAMP
	"item=1 name=\"/etc/cron.d/la\" inode=7 dev=fd:00 mode=0100644 ouid=0 "
	"ogid=0 rdev=00:00 nametype=CREATE\n"
	"type=PROCTITLE " STAMP "proctitle=746F756368\n";

static const char audit_connected[] =
	"type=SYSCALL " STAMP
	"arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7f a2=10 a3=0 "
	"items=0 ppid=1 pid=903 auid=1000 uid=0 gid=0 euid=0 tty=(none) ses=3 comm=\"nc\" "
	"exe=\"/usr/bin/nc\" key=\"mang\"\n"
	"type=SOCKADDR " STAMP "saddr=02001F90C0000201000000000000000000\n"
	"type=PROCTITLE " STAMP "proctitle=6E63\n";

START_TEST(records_of_auditd_are_read_in_their_own_words)
{
	const char *auditd = "product: linux, service: auditd";
	const struct expected all[] = {
		{auditd, "type: EXECVE, a0: tail, a1: '-n', a3|startswith: /etc/", audit, "2"},
		{auditd, "type: EXECVE, a1: tail", audit, ""},
		{auditd, "type: SYSCALL, SYSCALL: execve, exe|endswith: /tail", audit, "1"},
		{auditd, "type: SYSCALL, key: doc-tep, comm: tail, a3: 8", audit, "1"},
		{auditd, "type: PATH, name: /usr/bin/tail", audit, "4"},
		{auditd, "type: CWD, cwd: /root", audit, "3"},
		{auditd, "type: PATH, nametype: CREATE, name|startswith: /etc/cron.d/",
			audit_made, "3"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

START_TEST(an_audit_event_is_one_of_linux)
{
	const struct expected all[] = {
		{"product: linux, category: process_creation",
			"Image|endswith: /tail, CommandLine|contains: ' /etc/shadow'", audit,
			"5"},
		{"category: process_creation, product: linux", "CommandLine|contains: touch",
			audit_made, ""},
		{"product: linux, category: file_event",
			"TargetFilename|startswith: /etc/cron.d/, Image|endswith: /touch",
			audit_made, "4"},
		{"product: linux, category: file_event", "TargetFilename|startswith: /usr",
			audit, ""},
		{"product: linux, category: network_connection",
			"Image|endswith: /nc, DestinationIp: 192.0.2.1, DestinationPort: 8080",
			audit_connected, "3"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

START_TEST(programs_started_are_told_by_several_sources)
{
	const char *linux = "product: linux, category: process_creation";
	const struct expected all[] = {
		{linux, "Image: /usr/bin/wget, CommandLine|contains: 'http://'",
			"{\"name\":\"process_events\",\"hostIdentifier\":\"h\",\"unixTime\":"
			"1772852400,\"columns\":{\"pid\":\"10\",\"path\":\"/usr/bin/wget\","
			"\"cmdline\":\"wget http://a.vn/\",\"cwd\":\"/root\"},\"action\":"
			"\"added\"}\n",
			"1"},
		{linux, "ParentImage|endswith: /sh, Image|endswith: /curl",
			"{\"process_exec\":{\"process\":{\"exec_id\":\"a\",\"pid\":5,"
			"\"binary\":"
			"\"/usr/bin/curl\",\"arguments\":\"-s http://a.vn\"},\"parent\":{"
			"\"exec_id\":\"b\",\"pid\":1,\"binary\":\"/bin/sh\"}},\"node_name\":"
			"\"n\",\"time\":\"2026-03-07T03:00:00Z\"}\n",
			"1"},
		{linux, "CommandLine|startswith: /usr/bin/vi",
			"Mar  7 10:00:00 db sudo:   an : TTY=pts/0 ; PWD=/home/an ; USER=root "
			"; "
			"COMMAND=/usr/bin/vi /etc/passwd\n"
			"Mar  7 10:00:01 db sudo:   an : 3 incorrect password attempts ; "
			"TTY=pts/0 "
			"; PWD=/home/an ; USER=root ; COMMAND=/usr/bin/vi /etc/passwd\n",
			"1"},
		{linux, "Image|endswith: /base64, ParentCommandLine: bash, User: root",
			"<Event><System><Provider Name=\"Linux-Sysmon\"/><EventID>1</EventID>"
			"<TimeCreated SystemTime=\"2026-03-07T03:00:00Z\"/><Channel>"
			"Linux-Sysmon/Operational</Channel><Computer>h</Computer></System>"
			"<EventData><Data Name=\"Image\">/usr/bin/base64</Data><Data "
			"Name=\"CommandLine\">base64 -d x</Data><Data Name=\"User\">root</Data>"
			"<Data Name=\"ParentCommandLine\">bash</Data></EventData></Event>\n",
			"1"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

START_TEST(services_of_linux_are_told_by_their_program)
{
	const char *lines = "Mar  7 10:00:00 db sshd[5]: error in libcrypto\n"
			    "Mar  7 10:00:00 db CRON[6]: (root) CMD (error in libcrypto)\n"
			    "Mar  7 10:00:00 db vsftpd[7]: error in libcrypto\n"
			    "Mar  7 10:00:00 db guacd[8]: error in libcrypto\n";
	const char *words = "'|all': [error in libcrypto]";
	const struct expected all[] = {
		{"product: linux, service: sshd", words, lines, "1"},
		{"product: linux, service: auth", words, lines, "1"},
		{"product: linux, service: cron", words, lines, "2"},
		{"product: linux, service: vsftpd", words, lines, "3"},
		{"product: linux, service: guacamole", words, lines, "4"},
		{"product: linux", words, lines, "1 2 3 4"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

START_TEST(web_servers_and_proxies_are_told_apart)
{
	const char *server =
		"203.0.113.9 - an [07/Mar/2026:10:00:00 +0700] \"GET /a.php?id=1%27 HTTP/1.1\" "
		"404 9 \"-\" \"sqlmap/1.7\"\n";
	const char *proxy =
		"1772852400.123    310 192.0.2.1 TCP_MISS/200 1020 GET "
		"http://xau.example/a.exe?b=c an HIER_DIRECT/192.0.2.80 text/html\n";
	const char *iis =
		"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username "
		"c-ip cs(User-Agent) sc-status\n"
		"2026-03-07 03:00:00 192.0.2.80 POST /owa/auth.owa x=1 443 - 203.0.113.9 "
		"curl/8 500\n";
	const struct expected all[] = {
		{"category: webserver",
			"cs-uri-query|contains: '%27', cs-method: GET, sc-status: 404, "
			"cs-user-agent|startswith: sqlmap, c-ip: 203.0.113.9, cs-username: an",
			server, "1"},
		{"category: webserver", "cs-uri-stem: /a.php", server, "1"},
		{"category: proxy", "c-uri|contains: a.php", server, ""},
		{"category: proxy",
			"c-uri: 'http://xau.example/a.exe?b=c', cs-host: xau.example, "
			"c-uri-extension: exe, c-uri-query: b=c, sc-status: 200, src_ip: "
			"192.0.2.1",
			proxy, "1"},
		{"category: webserver", "cs-uri-stem: /owa/auth.owa, cs-method: POST", iis,
			"2"},
		{"service: nginx", "'|all': [sqlmap]", server, "1"},
		{"product: apache, service: error", "'|all': [core]",
			"[Sat Mar 07 10:00:00.123456 2026] [core:notice] [pid 5:tid 5] "
			"AH00052: "
			"child pid 9 exit signal Segmentation fault (11)\n",
			"1"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

START_TEST(names_asked_for_and_packets)
{
	const char *bind = "07-Mar-2026 10:00:00.123 queries: info: client 192.0.2.1#51000 "
			   "(xau.example): query: xau.example IN TXT + (192.0.2.53)\n";
	const char *netfilter =
		"Mar  7 10:00:00 gw kernel: [UFW BLOCK] IN=eth0 OUT= MAC= SRC=203.0.113.9 "
		"DST=192.0.2.80 LEN=44 TTL=43 ID=1 PROTO=TCP SPT=52220 DPT=3306 WINDOW=1024 "
		"SYN\n";
	const char *forti =
		"date=2026-03-07 time=10:00:00 devname=\"FW\" devid=\"FG1\" "
		"logid=\"0100044547\" type=\"event\" subtype=\"system\" level=\"information\" "
		"vd=\"root\" logdesc=\"Object attribute configured\" user=\"quantri\" "
		"ui=\"GUI(192.0.2.50)\" action=\"Add\" cfgpath=\"system.admin\" "
		"msg=\"Add system.admin la\"\n";
	const struct expected all[] = {
		{"category: dns", "query|endswith: .example, record_type: TXT", bind, "1"},
		{"category: network, service: dns",
			"dns.question.name: xau.example, source.ip: 192.0.2.1", bind, "1"},
		{"category: firewall", "dst_port: 3306, src_ip: 203.0.113.9", netfilter, "1"},
		{"category: network, service: connection", "destination.port: 3306", netfilter,
			"1"},
		{"product: fortigate, service: event", "action: Add, cfgpath: system.admin",
			forti, "1"},
		{"product: fortios, service: sslvpnd", "'|all': [system.admin]", forti, "1"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

/* Book of Zeek, "Zeek Logs" */
START_TEST(zeek_is_read_in_its_own_words)
{
	const char *head = "{\"_path\":\"%s\",\"ts\":1772852400.5,\"uid\":"
			   "\"C5bLoe2Mvxqhawzqqd\",\"id.orig_h\":\"192.0.2.4\",\"id.orig_p\":"
			   "46378,\"id.resp_h\":\"203.0.113.9\",\"id.resp_p\":80,%s}\n";
	static const struct {
		const char *path, *columns, *detection;
	} logs[] = {
		{"http",
			"\"method\":\"POST\",\"host\":\"a.example\",\"uri\":\"/wsman\","
			"\"user_agent\":\"curl\",\"request_body_len\":12,\"status_code\":200,"
			"\"client_header_names\":[\"HOST\"]",
			"status_code: 200, uri: /wsman, method: POST, request_body_len: 12, "
			"host|endswith: .example, client_header_names: HOST"},
		{"dns",
			"\"proto\":\"udp\",\"trans_id\":5,\"query\":\"a.example\",\"qtype_"
			"name\":"
			"\"AAAA\",\"rcode_name\":\"NOERROR\",\"Z\":0,\"rejected\":false,"
			"\"answers\":[\"198.51.100.1\"]",
			"Z: 0, query: a.example, qtype_name: AAAA, answers: 198.51.100.1, "
			"rejected: 'false'"},
		{"smb_files",
			"\"action\":\"SMB::FILE_OPEN\",\"path\":\"\\\\\\\\dc\\\\IPC$\","
			"\"name\":\"spoolss\"",
			"path|endswith: IPC$, name: spoolss"},
		{"kerberos",
			"\"request_type\":\"TGS\",\"client\":\"an/X\",\"service\":\"HOST/x\","
			"\"success\":true,\"cipher\":\"rc4-hmac\"",
			"request_type: TGS, cipher: rc4-hmac, service|startswith: HOST"},
		{"rdp",
			"\"cookie\":\"an\",\"result\":\"encrypted\",\"security_protocol\":"
			"\"HYBRID\"",
			"id.orig_h|cidr: 192.0.2.0/24, result: encrypted"},
		{"dce_rpc",
			"\"named_pipe\":\"lsass\",\"endpoint\":\"drsuapi\",\"operation\":"
			"\"DRSGetNCChanges\"",
			"operation: DRSGetNCChanges, endpoint: drsuapi"},
		{"conn", "\"proto\":\"tcp\",\"conn_state\":\"S0\",\"history\":\"S\"",
			"conn_state: S0, proto: tcp, id.resp_p: 80"},
	};
	char source[64], line[1024];

	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		struct expected expected = {source, logs[i].detection, line, "1"};

		snprintf(source, sizeof(source), "product: zeek, service: %s", logs[i].path);
		/* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral) */
		snprintf(line, sizeof(line), head, logs[i].path, logs[i].columns);
		expect(&expected);
	}
}
END_TEST

START_TEST(malware_has_one_shape_whoever_found_it)
{
	const char *detection = "Signature|contains: Emotet, Filename|endswith: .exe";
	const struct expected all[] = {
		{"category: antivirus", detection,
			"Mar  7 10:00:00 ksc CEF:0|KasperskyLab|SecurityCenter|13.2|"
			"GNRL_EV_VIRUS_FOUND|Found|4|cs1=HEUR:Trojan.Win32.Emotet.gen "
			"cs1Label=VirusName filePath=C:\\\\a.exe\n",
			"1"},
		{"category: antivirus", detection,
			"Mar  7 10:00:00 h clamd[5]: /srv/a.exe: Win.Trojan.Emotet-1 FOUND\n",
			"1"},
		{"product: linux, service: clamav", "'|all': [FOUND]",
			"Mar  7 10:00:00 h clamd[5]: /srv/a.exe: Win.Trojan.Emotet-1 FOUND\n",
			"1"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

START_TEST(clouds_and_applications)
{
	const struct expected all[] = {
		{"product: aws, service: cloudtrail",
			"eventSource: iam.amazonaws.com, eventName: CreateUser, "
			"userIdentity.type: IAMUser, userAgent: aws-cli, "
			"requestParameters.userName: la",
			"{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\","
			"\"arn\":\"a\",\"userName\":\"an\"},\"eventTime\":"
			"\"2026-03-07T03:00:00Z\",\"eventSource\":\"iam.amazonaws.com\","
			"\"eventName\":\"CreateUser\",\"awsRegion\":\"us-east-1\","
			"\"sourceIPAddress\":\"203.0.113.9\",\"userAgent\":\"aws-cli\","
			"\"requestParameters\":{\"userName\":\"la\"},\"eventID\":\"e\","
			"\"eventType\":\"AwsApiCall\"}\n",
			"1"},
		{"category: application, product: spring", "'|all': [SpelEvaluationException]",
			"2026-03-07 10:00:00.123 ERROR 5 --- [main] o.s.web : "
			"org.springframework.expression.spel.SpelEvaluationException: "
			"EL1001E\n",
			"1"},
		{"category: database", "'|all': ['drop table']",
			"2026-03-07T03:00:00.123456Z\t   42 Query\tDROP TABLE congdan\n", "1"},
		{"category: application, product: kubernetes, service: audit",
			"verb: create, objectRef.resource: pods, objectRef.subresource: exec",
			"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":"
			"\"Metadata\",\"auditID\":\"1\",\"stage\":\"ResponseComplete\","
			"\"requestURI\":\"/api/v1/"
			"x\",\"verb\":\"create\",\"user\":{\"username\":"
			"\"an\"},\"objectRef\":{\"resource\":\"pods\",\"namespace\":\"d\","
			"\"name\":\"x\",\"subresource\":\"exec\"}}\n",
			"1"},
		{"product: bkav", "Signature|contains: Trojan",
			"CEF:0|BKAV|Bkav Endpoint|1|1|Virus|8|cs1=W32.Trojan.A "
			"cs1Label=VirusName "
			"filePath=C:\\\\a.exe\n",
			"1"},
	};

	expect_all(all, ARRAY_LEN(all));
}
END_TEST

START_TEST(a_number_in_brackets_is_one_value_of_a_list)
{
	const char *rule = "title: a\nlogsource: {product: x}\ndetection:\n"
			   "  s: {second: two}\n  condition: s\n";
	const char *pipeline = "log-sources:\n  - {product: x, when: {words: '*'}}\n"
			       "fields:\n  - names: {second: ['words[1]', last]}\n";
	struct rules_for_test rules;

	rules_for_test_load(&rules, rule, pipeline, true);
	ck_assert_uint_eq(
		rules_for_test_match(&rules, "{\"words\":[\"one\",\"two\"]}", NULL), 1);
	ck_assert_uint_eq(
		rules_for_test_match(&rules, "{\"words\":[\"two\",\"one\"]}", NULL), 0);
	ck_assert_uint_eq(rules_for_test_match(&rules, "{\"words\":[\"two\"]}", NULL), 0);
	ck_assert_uint_eq(
		rules_for_test_match(&rules, "{\"words\":[\"one\"],\"last\":\"two\"}", NULL),
		1);
	ck_assert_uint_eq(
		rules_for_test_match(&rules, "{\"words\":[1,\"two\"],\"last\":\"no\"}", NULL),
		1);
	rules_for_test_done(&rules);
}
END_TEST

START_TEST(each_way_to_tell_a_log_source_is_tried)
{
	const char *rule = "title: a\nlogsource: {product: x, service: y}\ndetection:\n"
			   "  s: {f: 1}\n  condition: s\n";
	const char *pipeline = "log-sources:\n"
			       "  - product: x\n    when:\n      - {a: null, b: [1, 2]}\n"
			       "      - [{c|exists: true}, {d: 1}, {e: 1}, {g: 1}, {h: 1}]\n"
			       "      - word\n"
			       "  - product: x\n    when: {i: null}\n"
			       "  - service: y\n    when: {f: 1}\n";
	static const struct {
		const char *json;
		size_t n;
	} all[] = {
		{"{\"f\":1,\"b\":2,\"i\":1}", 1},
		{"{\"f\":1,\"b\":2,\"i\":1,\"a\":1}", 0},
		{"{\"f\":1,\"b\":3,\"i\":1}", 0},
		{"{\"f\":1,\"c\":9,\"i\":1}", 1},
		{"{\"f\":1,\"h\":1,\"i\":1}", 1},
		{"{\"f\":1,\"k\":\"a word\",\"i\":1}", 1},
		{"{\"f\":1}", 1},
		{"{\"f\":2}", 0},
	};
	struct rules_for_test rules;

	rules_for_test_load(&rules, rule, pipeline, true);
	ck_assert_msg(rules.mistakes.len == 0, "%s", strbuf_cstr(&rules.mistakes));
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ck_assert_msg(rules_for_test_match(&rules, all[i].json, NULL) == all[i].n, "%s",
			all[i].json);
	rules_for_test_done(&rules);
}
END_TEST

START_TEST(fields_are_listed_with_who_delivers_them)
{
	const char *rule = "title: a\nlogsource: {product: x}\ndetection:\n"
			   "  s: {Image: a, 'Image|endswith': b, second: c, own: d, "
			   "nobody|fieldref: own}\n"
			   "  condition: s\n"
			   "---\ntitle: b\nlogsource: {product: x}\ndetection:\n"
			   "  s: {Image: c, source.ip: 192.0.2.1}\n  condition: not s\n"
			   "---\ntitle: c\nlogsource: {product: y}\ndetection:\n"
			   "  s: {Image: c}\n  condition: s\n";
	const char *pipeline =
		"fields:\n  - of: {product: x}\n    names:\n      Image: [nothing, "
		"process.executable]\n      second: ['process.args[1]']\n"
		"  - of: {product: x}\n    names: {own: [ours.own]}\n";
	const struct {
		const char *name, *as;
		enum field_delivery delivery;
		size_t n_rules;
	} all[] = {
		{"Image", "process.executable", FIELD_BY_PARSERS, 2},
		{"nobody", "", FIELD_BY_NONE, 1},
		{"own", "ours.own", FIELD_BY_PRODUCT, 1},
		{"second", "process.args[1]", FIELD_BY_PARSERS, 1},
		{"source.ip", "source.ip", FIELD_BY_PARSERS, 1},
		{"Image", "", FIELD_BY_NONE, 1},
	};
	struct rules_for_test rules;
	struct field_report report;

	rules_for_test_load(&rules, rule, pipeline, true);
	ck_assert_msg(rules.mistakes.len == 0, "%s", strbuf_cstr(&rules.mistakes));
	field_report_make(&report, rules.set);
	ck_assert_uint_eq(report.n, ARRAY_LEN(all));
	for (size_t i = 0; i < report.n; i++) {
		ck_assert_msg(
			slice_eq(report.fields[i].name, slice_str(all[i].name)), "%zu", i);
		ck_assert_msg(slice_eq(report.fields[i].as, slice_str(all[i].as)), "%zu", i);
		ck_assert_msg(report.fields[i].delivery == all[i].delivery, "%zu", i);
		ck_assert_uint_eq(report.fields[i].n_rules, all[i].n_rules);
	}
	field_report_done(&report);
	rules_for_test_done(&rules);
}
END_TEST

START_TEST(mistakes_of_a_pipeline_are_told_with_their_place)
{
	static const struct {
		const char *pipeline, *says;
	} all[] = {
		{"log-source: []\n", "one.yml:1:1: unknown key 'log-source'"},
		{"log-sources:\n  - {product: x}\n", "one.yml:2:5: an entry has category, "},
		{"log-sources:\n  - {when: {a: 1}}\n", "one.yml:2:5: neither category nor"},
		{"fields:\n  - {of: {product: x}, name: {}}\n",
			"one.yml:2:24: unknown key 'name'"},
		{"fields:\n  - names: {a: {b: c}}\n", "one.yml:2:16: a text should stand here"},
		{"placeholders: [a]\n", "one.yml:1:15: placeholders: a mapping of lists"},
		{"log-sources:\n  - {product: x, when: {a|nothing: 1}}\n", "one.yml:2:"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct rules_for_test rules;

		rules_for_test_load(&rules, "", all[i].pipeline, true);
		ck_assert_msg(strstr(strbuf_cstr(&rules.mistakes), all[i].says) != NULL, "%s",
			strbuf_cstr(&rules.mistakes));
		rules_for_test_done(&rules);
	}
}
END_TEST

TEST_MAIN("detect/sigma/pipelines", records_of_auditd_are_read_in_their_own_words,
	an_audit_event_is_one_of_linux, programs_started_are_told_by_several_sources,
	services_of_linux_are_told_by_their_program, web_servers_and_proxies_are_told_apart,
	names_asked_for_and_packets, zeek_is_read_in_its_own_words,
	malware_has_one_shape_whoever_found_it, clouds_and_applications,
	a_number_in_brackets_is_one_value_of_a_list, each_way_to_tell_a_log_source_is_tried,
	fields_are_listed_with_who_delivers_them,
	mistakes_of_a_pipeline_are_told_with_their_place)
