#include "collector/normalize/masking/masking.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { JSON_MAX = 1 << 22, FILE_MAX = 1 << 20 };

static struct arena arena;
static struct masker *masker;
static struct normalizer *normalizer;
static struct mask_tally tally;

static void setup(const char *policy)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	masker = masker_parse("policy", slice_str(policy), &mistakes);
	ck_assert_msg(masker != NULL, "%s", strbuf_cstr(&mistakes));
	strbuf_done(&mistakes);
	normalizer = normalizer_new(&(struct normalize_settings){0});
	arena_init(&arena, 1 << 22);
}

static void teardown(void)
{
	masker_free(masker);
	normalizer_free(normalizer);
	arena_done(&arena);
}

static struct record masked(const char *line)
{
	struct record record = {.raw = slice_str(line),
		.read_ns = CLOCK_NONE,
		.received_ns = 0,
		.kind = RECORD_LOG};

	normalize_record(normalizer, NULL, &arena, &record);
	ck_assert(mask_record(masker, &arena, &record, &tally));
	ck_assert_uint_eq(record.raw.len, strlen(line));
	return record;
}

static void expect_gone(const char *line, const char *secret)
{
	struct record record = masked(line);
	struct strbuf json = STRBUF_INIT(JSON_MAX);

	ck_assert_msg(strstr(line, secret) != NULL, "no '%s' in the test's own line", secret);
	encode_json(&json, &record, SLICE_NONE);
	ck_assert_msg(slice_search(record.raw, slice_str(secret)) == record.raw.len,
		"'%s' is left in %.*s", secret, SLICE_FMT(record.raw));
	ck_assert_msg(slice_search(strbuf_slice(&json), slice_str(secret)) == json.len,
		"'%s' is left in %s", secret, strbuf_cstr(&json));
	ck_assert_uint_ne(record.flags & RECORD_MASKED, 0);
	strbuf_done(&json);
}

static void expect_kept(const char *line)
{
	struct record record = masked(line);

	ck_assert_slice_eq(record.raw, slice_str(line));
	ck_assert_ptr_eq(record.raw.ptr, line);
	ck_assert_uint_eq(record.flags & RECORD_MASKED, 0);
}

#define NGINX(target)                                                                          \
	"192.0.2.1 - - [07/Mar/2026:10:00:00 +0700] \"GET " target                             \
	" HTTP/1.1\" 200 612 \"-\" \"x\""
#define SUDO(command)                                                                          \
	"Mar  7 10:00:00 h sudo: an : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=" command

START_TEST(secrets_in_urls_are_masked)
{
	setup("");
	expect_gone(NGINX("/a?password=b1mat&x=1"), "b1mat");
	expect_gone(NGINX("/a?x=1&newPassword=b1mat"), "b1mat");
	expect_gone(NGINX("/a?access_token=eyJhbGciOi.J9.abc-_"), "eyJhbGciOi");
	expect_gone(NGINX("/a?api_key=k123#frag"), "k123");
	expect_gone(NGINX("/a;PHPSESSID=ab12cd"), "ab12cd");
	expect_gone(NGINX("/a?json={%22password%22%3D%22b1mat%22}"), "b1mat");
	expect_gone(NGINX("https://an:b1mat@host/"), "b1mat");
	expect_gone("192.0.2.1 - - [07/Mar/2026:10:00:00 +0700] \"GET / HTTP/1.1\" 200 6 "
		    "\"https://x.vn/?pwd=b1mat\" \"x\"",
		"b1mat");
	teardown();
}
END_TEST

START_TEST(what_surrounds_a_secret_stays)
{
	setup("");
	struct record record = masked(NGINX("/a?password=b1mat&x=1"));

	ck_assert_slice_eq(
		record_get(&record, FIELD_URL_ORIGINAL), SLICE_LIT("/a?password=*****&x=1"));
	ck_assert_slice_eq(
		record_get(&record, FIELD_URL_QUERY), SLICE_LIT("password=*****&x=1"));
	ck_assert_slice_eq(record_get(&record, FIELD_SOURCE_IP), SLICE_LIT("192.0.2.1"));
	ck_assert_ptr_eq(record_get(&record, FIELD_SOURCE_IP).ptr, record.raw.ptr);
	ck_assert_slice_eq(record.raw, SLICE_LIT(NGINX("/a?password=*****&x=1")));
	teardown();
}
END_TEST

START_TEST(secrets_in_messages_are_masked)
{
	setup("");
	expect_gone("Mar  7 10:00:00 h app: login user=an password=\"b1 mat\" ok", "b1 mat");
	expect_gone("Mar  7 10:00:00 h app: password: b1mat", "b1mat");
	expect_gone("Mar  7 10:00:00 h app: mật khẩu: b1mat", "b1mat");
	expect_gone("Mar  7 10:00:00 h app: Authorization: Basic YW46YjFtYXQ=", "YW46YjFtYXQ=");
	expect_gone("Mar  7 10:00:00 h app: \"Authorization\": \"Bearer abc.def\"", "abc.def");
	expect_gone("Mar  7 10:00:00 h app: sent Bearer abcdef to x", "abcdef");
	expect_gone("Mar  7 10:00:00 h app: Cookie: a=b1; sid=b1mat", "b1mat");
	expect_gone("{\"user\":\"an\",\"message\":\"x\",\"password\":\"b1\\\"mat\"}", "mat");
	expect_gone("{\"message\":\"body {\\\"password\\\":\\\"b1mat\\\"} end\"}", "b1mat");
	expect_gone("{\"message\":\"dong\\u0020password=b1mat\"}", "b1mat");
	expect_gone("time=2026-03-07T10:00:00Z user=an msg=\"a \\\"q\\\" password=b1mat\"",
		"b1mat");
	teardown();
}
END_TEST

START_TEST(a_value_is_masked_by_its_name_when_no_field_has_it)
{
	setup("");
	expect_gone("{\"level\":\"info\",\"password\":\"hi\\\"dden\"}", "dden");
	expect_gone("{\"level\":\"info\",\"password\":\"z\\\"q\"}", "z\\\"q");
	expect_gone("{\"a\":{\"b\":{\"new_password\":\"\\u0068idden\"}}}", "idden");
	expect_gone("user=an level=info src=192.0.2.1 passwd=\"hid\\\"den\"", "den\"");
	teardown();
}
END_TEST

START_TEST(secrets_on_command_lines_are_masked)
{
	setup("");
	expect_gone(SUDO("/usr/bin/mysql -u root -pb1mat db"), "b1mat");
	expect_gone(SUDO("/usr/bin/mysqldump --password=b1mat db"), "b1mat");
	expect_gone(SUDO("/usr/bin/sshpass -p b1mat ssh h"), "b1mat");
	expect_gone(SUDO("/usr/bin/sshpass -p'b1 mat' ssh h"), "b1 mat");
	expect_gone(SUDO("/usr/bin/curl -s -u an:b1mat http://x"), "b1mat");
	expect_gone(SUDO("/usr/bin/tool --password b1mat"), "b1mat");
	expect_kept(SUDO("/bin/mkdir -p /srv/a"));
	expect_kept(SUDO("/usr/bin/nmap -p22 host"));
	expect_kept(SUDO("/usr/bin/mysql -u root -p"));
	teardown();
}
END_TEST

#define QUERY "2026-03-07T03:00:00.123456Z\t   14 Query\t"

START_TEST(passwords_in_sql_are_masked)
{
	setup("");
	expect_gone(QUERY "CREATE USER 'a'@'%' IDENTIFIED BY 'b1mat'", "b1mat");
	expect_gone(
		QUERY "alter user a identified with caching_sha2_password by 'b1mat'", "b1mat");
	expect_gone(QUERY "SET PASSWORD FOR 'a'@'%' = PASSWORD('b1mat')", "b1mat");
	expect_gone(QUERY "SET PASSWORD FOR 'a'@'%' = 'b1mat'", "b1mat");
	expect_gone(QUERY "GRANT ALL ON *.* TO a IDENTIFIED BY PASSWORD '*b1mat'", "b1mat");
	expect_gone("2026-03-07 10:00:00.123 +07 [4711] an@ho_so LOG:  statement: ALTER USER "
		    "an WITH ENCRYPTED PASSWORD 'b1mat'",
		"b1mat");
	expect_kept("Mar  7 10:00:00 h app: no password for user=\"an\" given");
	expect_kept("Mar  7 10:00:00 h app: [\"password\",\"an\"] are wanted");
	expect_kept("Mar  7 10:00:00 h app: it was identified by x");
	teardown();
}
END_TEST

START_TEST(ordinary_lines_are_not_touched)
{
	setup("");
	expect_kept(
		"Mar  7 10:00:00 h sshd[1]: Failed password for root from 192.0.2.1 port 22 "
		"ssh2");
	expect_kept(
		"Mar  7 10:00:00 h sshd[1]: pam_unix(sshd:session): session opened for user "
		"an by (uid=0)");
	expect_kept("Mar  7 10:00:00 h sshd[1]: pam_unix(sshd:auth): check pass; user unknown");
	expect_kept(NGINX("/bypass=1?tokenize=2&mail=an@x.vn&passwords=3"));
	expect_kept("Mar  7 10:00:00 h passwd[1]: password changed for an");
	expect_kept("");
	teardown();
}
END_TEST

START_TEST(numbers_of_people_are_masked_when_asked_for)
{
	setup("{citizen-ids: mask, card-numbers: mask}");
	expect_gone(NGINX("/tra-cuu?cccd=001203012345"), "001203012345");
	expect_gone("Mar  7 10:00:00 h app: card 4111111111111111 ok", "4111111111111111");
	expect_kept(NGINX("/tra-cuu?id=101203012345"));  /* no such place */
	expect_kept(NGINX("/tra-cuu?id=001403012345"));  /* no such century */
	expect_kept(NGINX("/tra-cuu?id=0012030123456")); /* 13 digits */
	expect_kept(NGINX("/tra-cuu?id=x001203012345")); /* part of a word */
	expect_kept("Mar  7 10:00:00 h app: card 4111111111111112 ok");
	teardown();
	setup("");
	expect_kept(NGINX("/tra-cuu?cccd=001203012345"));
	teardown();
}
END_TEST

#define APP(text) "Mar  7 10:00:00 h app: " text

START_TEST(each_pattern_is_masked_when_asked_for)
{
	setup("{old-citizen-ids: mask, phones: mask, emails: mask, bank-accounts: mask}");
	expect_gone(APP("cmnd=012345678 ok"), "012345678");
	expect_gone(APP("S\xe1\xbb\x91 CMT: 012345678 ok"), "012345678");
	expect_kept(APP("pid 012345678 ok"));
	expect_gone(APP("goi +84 912 345 678"), "912 345 678");
	expect_gone(APP("sdt:0912345678"), "0912345678");
	expect_gone(APP("to=<an@x.gov.vn>, relay=x"), "an@x.gov.vn");
	expect_gone(APP("chuyen STK 19012345678 MB"), "19012345678");
	expect_kept(APP("chuyen 19012345678 MB"));
	teardown();
}
END_TEST

START_TEST(tokens_and_keys_in_lines_are_masked)
{
	setup("");
	expect_gone(APP("sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl ok"),
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl");
	expect_gone(APP("key -----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIB\\n-----END RSA PRIVATE "
			"KEY-----"),
		"MIIEpAIB");
	expect_gone(APP("key -----BEGIN PRIVATE KEY----- MIIEpAIB"), "MIIEpAIB");
	expect_gone(APP("Proxy-Authorization: Digest username=\"an\""), "username");
	expect_gone(APP("Set-Cookie: sid=b1mat; Path=/"), "b1mat");
	expect_kept(APP("eyJ and eyJa.b are no token"));
	teardown();
}
END_TEST

START_TEST(escapes_hide_nothing)
{
	setup("{citizen-ids: mask, phones: mask, emails: mask}");
	expect_gone("{\"message\":\"tra \\u0030\\u003012030123\\u00345 ok\"}",
		"\\u0030\\u003012030123\\u00345");
	expect_gone("{\"message\":\"tra \\u0030\\u003012030123\\u00345 ok\"}", "12030123");
	expect_gone(NGINX("/tra-cuu?id=%30012030123%34%35"), "012030123%34%35");
	expect_gone(NGINX("/tra-cuu?sdt=%2B84912345678"), "84912345678");
	expect_gone(NGINX("/tra-cuu?q=so%200912345678"), "0912345678");
	expect_gone(NGINX("/dang-ky?mail=an%40x.gov.vn"), "an%40x.gov.vn");
	expect_gone("{\"message\":\"p\\u0061ssword=b1mat\"}", "b1mat");
	expect_gone("{\"message\":\"{\\u0022password\\u0022:\\u0022b1mat\\u0022}\"}", "b1mat");
	expect_gone(NGINX("/a?u=https%3A%2F%2Fan%3Ab1mat%40host"), "b1mat");
	expect_gone("{\"message\":\"a\\n0912345678\\tx\"}", "0912345678");
	teardown();
}
END_TEST

/* Far behind the first escape, and longer than what is looked at at once. */
START_TEST(escapes_hide_nothing_in_long_lines)
{
	static char line[40000], secret[9000];

	setup("{citizen-ids: mask}");
	for (size_t at = 0; at < 20000; at += 997) {
		memset(line, '.', 20000);
		line[0] = '%';
		line[1] = '4';
		line[2] = '1';
		snprintf(line + 3 + at, sizeof(line) - at - 3, " %%3001203012345 tail");
		expect_gone(line, "01203012345");
	}
	memset(secret, 's', sizeof(secret) - 1);
	snprintf(line, sizeof(line), "a p%%61ssword=%s end", secret);
	expect_gone(line, "sss");
	teardown();
}
END_TEST

/* ---- tokens, fields ------------------------------------------------------------ */

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct folder folder;

/* A policy with a key beside it. */
static void setup_with_key(const char *policy)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	folder_make(&folder);
	folder_append(&folder, "k", "k1 " KEY "\n");
	ck_assert_int_eq(chmod(folder_path(&folder, "k"), 0600), 0);
	folder_append(&folder, "policy.yaml", policy);
	masker = masker_load(folder_path(&folder, "policy.yaml"), &mistakes);
	ck_assert_msg(masker != NULL, "%s", strbuf_cstr(&mistakes));
	strbuf_done(&mistakes);
	normalizer = normalizer_new(&(struct normalize_settings){0});
	arena_init(&arena, 1 << 22);
	memset(&tally, 0, sizeof(tally));
}

static void teardown_with_key(void)
{
	teardown();
	folder_remove(&folder);
}

static struct record masked_any_length(const char *line)
{
	struct record record = {
		.raw = slice_str(line), .read_ns = CLOCK_NONE, .kind = RECORD_LOG};

	normalize_record(normalizer, NULL, &arena, &record);
	ck_assert(mask_record(masker, &arena, &record, &tally));
	return record;
}

/* The token in a line: from its kind to what is none of it. */
static struct slice token_in(struct slice text, const char *kind)
{
	struct slice rest = slice_from(text, slice_search(text, slice_str(kind)));
	size_t len = 0;

	while (len < rest.len && ((rest.ptr[len] >= 'a' && rest.ptr[len] <= 'z') ||
					 rest.ptr[len] == '_' || rest.ptr[len] == '1'))
		len++;
	return slice_head(rest, len);
}

START_TEST(a_value_has_one_token_wherever_and_however_it_stands)
{
	static const char *const lines[] = {APP("goi 0912345678 nhe"),
		APP("goi +84 912 345 678 nhe"), NGINX("/a?sdt=%2B84912345678&x=1"),
		"{\"phone\":\"0912.345.678\",\"message\":\"x\"}"};
	struct slice token = SLICE_NONE;

	setup_with_key("{key: k, phones: token}\n");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct record record = masked_any_length(lines[i]);
		struct slice found = token_in(record.raw, "phone_k1_");

		ck_assert_msg(found.len == 29, "%.*s", SLICE_FMT(record.raw));
		ck_assert(slice_absent(token) || slice_eq(token, found));
		ck_assert_uint_ne(record.flags & RECORD_MASKED, 0);
		token = found;
	}
	ck_assert_uint_ge(tally.n[MASK_PHONES], ARRAY_LEN(lines));
	teardown_with_key();
}
END_TEST

START_TEST(fields_follow_tokens_of_another_length)
{
	setup_with_key("{key: k, citizen-ids: token, secrets: token}\n");
	struct record record =
		masked_any_length(NGINX("/tra-cuu?cccd=001203012345&token=b1&x=2"));
	struct slice query = record_get(&record, FIELD_URL_QUERY);

	ck_assert(slice_starts(query, SLICE_LIT("cccd=cccd_k1_")));
	ck_assert(slice_ends(query, SLICE_LIT("&x=2")));
	ck_assert(slice_is_within(query, record.raw));
	ck_assert_uint_eq(slice_search(query, SLICE_LIT("b1&")), query.len);
	ck_assert_slice_eq(record_get(&record, FIELD_SOURCE_IP), SLICE_LIT("192.0.2.1"));
	ck_assert_slice_eq(
		record_get(&record, FIELD_HTTP_RESPONSE_STATUS_CODE), SLICE_LIT("200"));
	ck_assert_slice_eq(record_get(&record, FIELD_URL_PATH), SLICE_LIT("/tra-cuu"));
	ck_assert_uint_eq(tally.n[MASK_CITIZEN_IDS], 1);
	teardown_with_key();
}
END_TEST

#define SSHD(user)                                                                             \
	"Mar  7 10:00:00 h sshd[1]: Failed password for " user " from 192.0.2.1 port 22 ssh2"

START_TEST(a_field_goes_from_the_line_too)
{
	setup_with_key("{key: k, fields: [{field: user.name, action: token}, "
		       "{field: host.hostname}]}\n");
	struct record record = masked_any_length(SSHD("nguyen.an"));

	ck_assert(slice_starts(record_get(&record, FIELD_USER_NAME), SLICE_LIT("value_k1_")));
	ck_assert_uint_eq(slice_search(record.raw, SLICE_LIT("nguyen")), record.raw.len);
	ck_assert_uint_lt(
		slice_search(record.raw, record_get(&record, FIELD_USER_NAME)), record.raw.len);
	ck_assert_slice_eq(record_get(&record, FIELD_HOST_HOSTNAME), SLICE_LIT("*"));
	ck_assert_slice_eq(record_get(&record, FIELD_SOURCE_IP), SLICE_LIT("192.0.2.1"));
	struct slice message = record_get(&record, FIELD_MESSAGE);
	ck_assert_uint_eq(slice_search(message, SLICE_LIT("nguyen")), message.len);
	teardown_with_key();
}
END_TEST

START_TEST(a_field_goes_from_a_line_of_json_however_it_is_escaped)
{
	static const char *const lines[] = {
		"{\"log.level\":\"info\",\"user.name\":\"nguyen\\u002ean\",\"message\":\"hi\"}",
		"{\"log.level\":\"info\",\"user.name\":\"nguyen.an\",\"message\":\"hi "
		"nguyen.an\"}",
	};

	setup_with_key("{key: k, fields: [{field: user.name, action: token}]}\n");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct record record = masked_any_length(lines[i]);
		struct strbuf json = STRBUF_INIT(JSON_MAX);

		encode_json(&json, &record, SLICE_NONE);
		ck_assert_msg(
			strstr(strbuf_cstr(&json), "nguyen") == NULL, "%s", strbuf_cstr(&json));
		ck_assert(strstr(strbuf_cstr(&json), "value_k1_") != NULL);
		ck_assert_uint_gt(record.raw.len, 10);
		strbuf_done(&json);
	}
	teardown_with_key();
}
END_TEST

/* auditd writes it in hexadecimal digits: nobody finds it there. */
START_TEST(a_line_goes_when_the_value_is_not_found_in_it)
{
	setup_with_key("{fields: [{field: process.title}]}\n");
	struct record record = masked_any_length(
		"type=PROCTITLE msg=audit(1700000000.123:1): proctitle=6C73002D6C");

	if (!slice_absent(record_get(&record, FIELD_PROCESS_TITLE))) {
		ck_assert_slice_eq(record.raw, SLICE_LIT(""));
		ck_assert_uint_ne(record.flags & RECORD_TRUNCATED, 0);
	}
	teardown_with_key();
}
END_TEST

/* More than there is room for: those that are left get stars. */
START_TEST(a_line_full_of_numbers_is_masked_all_the_same)
{
	static char line[64 * 1024];
	size_t len = 0;

	setup_with_key("{key: k, phones: token}\n");
	while (len < sizeof(line) - 20)
		len += (size_t)snprintf(line + len, 20, "0912345678;");
	struct record record = masked_any_length(line);
	ck_assert_uint_eq(slice_search(record.raw, SLICE_LIT("0912345678")), record.raw.len);
	ck_assert_uint_gt(tally.n[MASK_PHONES], 5000);
	teardown_with_key();
}
END_TEST

static void expect_gone_somehow(const char *line, const char *secret)
{
	struct record record = masked_any_length(line);
	struct strbuf json = STRBUF_INIT(JSON_MAX);

	encode_json(&json, &record, SLICE_NONE);
	ck_assert_msg(slice_search(strbuf_slice(&json), slice_str(secret)) == json.len,
		"'%s' is left in %s", secret, strbuf_cstr(&json));
	ck_assert_uint_ne(record.flags & RECORD_MASKED, 0);
	strbuf_done(&json);
}

#define AUDIT(type, text) "type=" type " msg=audit(1700000000.123:7): " text

/* sshpass -p b1matS3cret ssh h */
START_TEST(what_is_found_in_a_decoded_value_goes_from_the_line)
{
	static const char title[] = AUDIT("PROCTITLE",
		"proctitle=73736870617373002D700062316D61745333637265740073736800"
		"68");
	static const char command[] =
		AUDIT("USER_CMD", "pid=1 uid=0 auid=0 ses=1 msg='cwd=\"/\" "
				  "cmd=73736870617373202D702062316D617453336372657420737368 "
				  "terminal=pts/0 res=success'");

	setup("");
	expect_gone(title, "62316D61745333637265");
	expect_gone_somehow(title, "b1matS3cret");
	expect_gone(command, "62316D61745333637265");
	expect_gone_somehow(command, "b1matS3cret");
	expect_gone(
		"{\"message\":\"get https:\\/\\/an:b1matS3cret@host\\/ done\"}", "b1matS3cret");
	expect_gone(
		"{\"log\":\"{\\\"message\\\":\\\"{\\\\\\\"password\\\\\\\":\\\\\\\"b1matS3cret"
		"\\\\\\\"}\\\"}\\n\",\"stream\":\"stdout\",\"time\":"
		"\"2026-03-07T10:00:00.123456789Z\"}",
		"b1matS3cret");
	expect_gone(AUDIT("EXECVE",
			    "argc=4 a0=\"sshpass\" a1=\"-p\" a2=\"b1matS3cret\" a3=\"ssh\""),
		"b1matS3cret");
	expect_gone("{\"message\":\"x\",\"process\":{\"args\":[\"sshpass\",\"-p\","
		    "\"b1matS3cret\"]}}",
		"b1matS3cret");
	teardown();
}
END_TEST

/* Nobody removes where he came from by calling it a password. */
START_TEST(an_address_is_no_secret_elsewhere)
{
	setup("");
	struct record record = masked_any_length(
		"{\"source.ip\":\"192.0.2.1\",\"message\":\"a \\\"b\\\" password=192.0.2.1\"}");

	ck_assert_uint_lt(slice_search(record.raw, SLICE_LIT("\"192.0.2.1\"")), record.raw.len);
	teardown();
}
END_TEST

START_TEST(a_value_goes_by_the_name_of_its_element_or_column)
{
	setup("");
	expect_gone(
		"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"
		"<System><Provider Name='x'/><EventID>1</EventID><Computer>h</Computer>"
		"</System><EventData><Data Name=\"Password\">b1mat</Data></EventData></Event>",
		"b1mat");
	expect_gone("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"
		    "<System><Provider Name='x'/><EventID>1</EventID><Computer>h</Computer>"
		    "</System><UserData><a><Password>b1mat</Password></a></UserData></Event>",
		"b1mat");
	expect_gone(APP("<Password>b1mat</Password>"), "b1mat");
	teardown();
}
END_TEST

START_TEST(the_longer_of_two_values_goes_whole)
{
	setup_with_key("{fields: [{field: user.name}, {field: user.full_name}]}\n");
	expect_gone_somehow(
		"{\"log.level\":\"info\",\"user.name\":\"nguyen\",\"user.full_name\":"
		"\"nguyen van secret\",\"message\":\"hi nguyen van secret\"}",
		"secret");
	teardown_with_key();
}
END_TEST

START_TEST(a_token_inside_of_a_secret_leaves_none_of_it)
{
	setup_with_key("{key: k, fields: [{field: user.name, action: token}]}\n");
	expect_gone_somehow("{\"log.level\":\"info\",\"user.name\":\"admin\",\"message\":"
			    "\"password=admin@2024secret\"}",
		"2024secret");
	expect_gone_somehow("{\"log.level\":\"info\",\"user.name\":\"password\",\"message\":"
			    "\"password=x2024secret\"}",
		"x2024secret");
	teardown_with_key();
}
END_TEST

START_TEST(what_follows_the_end_of_a_key_stays)
{
	static const char line[] = APP("-----END PRIVATE KEY----- then src=192.0.2.1");

	setup("");
	expect_kept(line);
	expect_gone(APP("-----BEGIN+EC+PRIVATE+KEY-----MIIE"), "MIIE");
	teardown();
}
END_TEST

START_TEST(values_in_lists_and_with_a_letter_are_masked)
{
	setup("");
	expect_gone(APP("{\"password\":[\"b1mat\",\"b2mat\"]}"), "b2mat");
	expect_gone(APP("{\"password\":[\"b1mat\"]}"), "b1mat");
	expect_gone(APP("\"Authorization\":[\"Basic b1mat\"]"), "b1mat");
	expect_gone(APP("\"Cookie\":[\"sid=b1mat\"]"), "b1mat");
	expect_gone(APP("{u'password': u'b1mat'}"), "b1mat");
	teardown();
}
END_TEST

START_TEST(secrets_go_to_their_end)
{
	setup("");
	expect_gone(APP("password=abc#b1mat"), "b1mat");
	expect_gone(APP("https://an:p@b1mat@host/ ok"), "b1mat");
	expect_gone(APP("Password:\tb1mat"), "b1mat");
	expect_gone(
		APP("Authorization: Digest username=\"an\", realm=\"x\", response=\"b1mat\""),
		"b1mat");
	expect_gone(APP("Authorization: AWS4-HMAC-SHA256 Credential=AK/x, SignedHeaders=a;b, "
			"Signature=b1mat"),
		"b1mat");
	expect_gone(APP("Authorization: YW46YjFtYXQ= 200"), "YW46YjFtYXQ=");
	expect_gone(SUDO("/usr/bin/curl -u 'an:b1 mat' http://x"), "b1 mat");
	teardown();
}
END_TEST

START_TEST(names_of_secrets_have_many_forms)
{
	setup("");
	expect_gone(NGINX("/a?user[password]=b1mat"), "b1mat");
	expect_gone(NGINX("/a?user%5Bpassword%5D=b1mat"), "b1mat");
	expect_gone(NGINX("/a?password2=b1mat"), "b1mat");
	expect_gone(NGINX("/a?password_confirmation=b1mat"), "b1mat");
	expect_gone(APP("{\"pwd\":\"b1mat\"}"), "b1mat");
	expect_gone(APP("{\"token\": \"b1mat\"}"), "b1mat");
	expect_kept(APP("\"PWD\":\"/srv\", \"session\":{\"id\":12}"));
	expect_kept(APP("session: opened, token: 3 left, compass=4"));
	expect_gone(APP("M\xe1\xba\xacT KH\xe1\xba\xa8U: b1mat"), "b1mat");
	expect_gone(APP("M"
			"A\xcc\xa3\xcc\x82"
			"t kh"
			"a\xcc\x82\xcc\x89"
			"u: b1mat"),
		"b1mat");
	expect_gone_somehow("{\"message\":\"m\\u1eadt kh\\u1ea9u: b1matS\"}", "b1matS");
	teardown();
}
END_TEST

START_TEST(a_policy_can_be_switched_off)
{
	setup("{secrets: keep, commands: keep}");
	expect_kept(NGINX("/a?password=b1mat"));
	expect_kept(SUDO("/usr/bin/sshpass -p b1mat ssh h"));
	teardown();
	setup("{names: [\"ma_pin=\"]}");
	expect_kept(NGINX("/a?password=b1mat"));
	expect_gone(NGINX("/a?ma_pin=1234"), "=1234");
	teardown();
}
END_TEST

START_TEST(names_of_a_policy_are_found_however_they_are_spelt)
{
	setup("{names: [\"mã bí mật=\"], old-citizen-ids: mask}");
	expect_gone(APP("mã bí mật=b1mat"), "b1mat");
	expect_gone(APP("MÃ BÍ MẬT=b1mat"), "b1mat");
	expect_gone(APP("Ma\xcc\x83 bi\xcc\x81 ma\xcc\xa3\xcc\x82t=b1mat"), "b1mat");
	expect_gone(APP("MA\xcc\x83 BI\xcc\x81 M\xc3\x82\xcc\xa3T=b1mat"), "b1mat");
	expect_gone(
		APP("ch\xc6\xb0\xcc\x81ng minh nh\xc3\xa2n d\xc3\xa2n 123456789"), "123456789");
	expect_gone(APP("chu\xcc\x9b\xcc\x81ng minh: 123456789"), "123456789");
	expect_kept(APP("ma bi mat=xyz"));
	teardown();
}
END_TEST

START_TEST(without_room_the_line_goes_not_the_mask)
{
	struct record record = {.raw = SLICE_LIT("password=b1mat"), .kind = RECORD_LOG};
	struct arena small;

	setup("");
	arena_init(&small, 4);
	ck_assert(!mask_record(masker, &small, &record, &tally));
	ck_assert_uint_eq(record.raw.len, 0);
	ck_assert_uint_eq(record.n_fields, 0);
	ck_assert_uint_eq(record.status, PARSE_DAMAGED);
	ck_assert_uint_eq(record.flags, RECORD_MASKED | RECORD_TRUNCATED);
	arena_done(&small);
	teardown();
}
END_TEST

/* A line full of markers must be read in time that grows with its length only. */
START_TEST(hostile_lines_are_masked_too)
{
	static const char *const parts[] = {"cookie: ", "password=\"", "mysql", "curl ",
		"bearer ", "@", "https://a:@", "\\", "authorization: ", "eyJ", "eyJ.",
		"PRIVATE KEY-----", "%41", "p%61ssword=", "0912 ", "4111-", "1)", "a@b.vn",
		"%40"};
	enum { SIZE = 1 << 18 };
	static char line[SIZE + 32];

	setup("{citizen-ids: mask, old-citizen-ids: mask, phones: mask, emails: mask, "
	      "card-numbers: mask, bank-accounts: mask}");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t len = 0;

		while (len < SIZE) {
			memcpy(line + len, parts[i], strlen(parts[i]));
			len += strlen(parts[i]);
		}
		line[len] = '\0';
		struct record record = {.raw = slice_of(line, len), .kind = RECORD_LOG};
		ck_assert(mask_record(masker, &arena, &record, &tally));
		ck_assert_uint_eq(record.raw.len, len);
		arena_reset(&arena);
	}
	teardown();
}
END_TEST

START_TEST(the_shipped_policy_is_the_default)
{
	char path[PATH_MAX];
	struct strbuf shipped = STRBUF_INIT(FILE_MAX), printed = STRBUF_INIT(FILE_MAX);
	struct err err;

	snprintf(path, sizeof(path), "%s/configs/masking.yaml", getenv("SOC_SOURCE"));
	conf_print(masking_settings_table, MASKING_SETTINGS_HEAD, &printed);
	if (getenv("SOC_SAMPLES_WRITE") != NULL) {
		FILE *file = fopen(path, "w");

		ck_assert_ptr_nonnull(file);
		ck_assert_uint_eq(fwrite(printed.ptr, 1, printed.len, file), printed.len);
		ck_assert_int_eq(fclose(file), 0);
	}
	ck_assert_msg(file_read(path, &shipped, &err), "%s", err.text);
	ck_assert_slice_eq(strbuf_slice(&shipped), strbuf_slice(&printed));
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct masker *loaded = masker_load(path, &mistakes);
	ck_assert_msg(loaded != NULL, "%s", strbuf_cstr(&mistakes));
	masker_free(loaded);
	strbuf_done(&mistakes);
	strbuf_done(&shipped);
	strbuf_done(&printed);
}
END_TEST

static void expect_mistake(const char *policy, const char *message)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	ck_assert_ptr_null(masker_parse("m.yaml", slice_str(policy), &mistakes));
	ck_assert_msg(strstr(strbuf_cstr(&mistakes), message) != NULL, "%s: %s", policy,
		strbuf_cstr(&mistakes));
	strbuf_done(&mistakes);
}

START_TEST(mistakes_of_a_policy_are_told_with_their_place)
{
	expect_mistake("phones: token\n", "m.yaml:1:9: token needs a 'key'");
	expect_mistake("phones: hide\n", "m.yaml:1:9: ");
	expect_mistake("fields:\n  - field: user.nam\n", "m.yaml:2:12: there is no field");
	expect_mistake("fields:\n  - {field: user.name, action: token}\n",
		"m.yaml:2:32: token needs a 'key'");
	expect_mistake("phone-prefixes: [\"12\"]\n", "m.yaml:1:18: '12' is no prefix");
	expect_mistake("key: /nonexistent/k\n", "m.yaml:1:6: /nonexistent/k");
}
END_TEST

START_TEST(names_that_are_too_short_are_mistakes)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	ck_assert_ptr_null(masker_parse("m.yaml", SLICE_LIT("names: [abc]\n"), &mistakes));
	ck_assert_str_eq(strbuf_cstr(&mistakes), "m.yaml:1:8: a name has 4 to 64 bytes\n");
	strbuf_done(&mistakes);
}
END_TEST

TEST_MAIN("masking", secrets_in_urls_are_masked, what_surrounds_a_secret_stays,
	secrets_in_messages_are_masked, secrets_on_command_lines_are_masked,
	a_value_is_masked_by_its_name_when_no_field_has_it, passwords_in_sql_are_masked,
	ordinary_lines_are_not_touched, numbers_of_people_are_masked_when_asked_for,
	a_policy_can_be_switched_off, names_of_a_policy_are_found_however_they_are_spelt,
	without_room_the_line_goes_not_the_mask, hostile_lines_are_masked_too,
	the_shipped_policy_is_the_default, names_that_are_too_short_are_mistakes,
	each_pattern_is_masked_when_asked_for, tokens_and_keys_in_lines_are_masked,
	escapes_hide_nothing, escapes_hide_nothing_in_long_lines,
	fields_follow_tokens_of_another_length,
	a_value_has_one_token_wherever_and_however_it_stands, a_field_goes_from_the_line_too,
	a_field_goes_from_a_line_of_json_however_it_is_escaped,
	a_line_goes_when_the_value_is_not_found_in_it,
	a_line_full_of_numbers_is_masked_all_the_same,
	mistakes_of_a_policy_are_told_with_their_place,
	what_is_found_in_a_decoded_value_goes_from_the_line, an_address_is_no_secret_elsewhere,
	a_value_goes_by_the_name_of_its_element_or_column, the_longer_of_two_values_goes_whole,
	a_token_inside_of_a_secret_leaves_none_of_it, what_follows_the_end_of_a_key_stays,
	values_in_lists_and_with_a_letter_are_masked, secrets_go_to_their_end,
	names_of_secrets_have_many_forms)
