#include "collector/normalize/masking.h"

#include <limits.h>
#include <stdio.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/support/check.h"

enum { JSON_MAX = 1 << 22, FILE_MAX = 1 << 20 };

static struct arena arena;
static struct masker *masker;
static struct normalizer *normalizer;

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
	ck_assert(mask_record(masker, &arena, &record));
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
	setup("{citizen-ids: true, card-numbers: true}");
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

START_TEST(a_policy_can_be_switched_off)
{
	setup("{secrets: false, commands: false}");
	expect_kept(NGINX("/a?password=b1mat"));
	expect_kept(SUDO("/usr/bin/sshpass -p b1mat ssh h"));
	teardown();
	setup("{names: [\"ma_pin=\"]}");
	expect_kept(NGINX("/a?password=b1mat"));
	expect_gone(NGINX("/a?ma_pin=1234"), "=1234");
	teardown();
}
END_TEST

START_TEST(without_room_the_line_goes_not_the_mask)
{
	struct record record = {.raw = SLICE_LIT("password=b1mat"), .kind = RECORD_LOG};
	struct arena small;

	setup("");
	arena_init(&small, 4);
	ck_assert(!mask_record(masker, &small, &record));
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
		"bearer ", "@", "https://a:@", "\\", "authorization: "};
	enum { SIZE = 1 << 18 };
	static char line[SIZE + 32];

	setup("");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t len = 0;

		while (len < SIZE) {
			memcpy(line + len, parts[i], strlen(parts[i]));
			len += strlen(parts[i]);
		}
		line[len] = '\0';
		struct record record = {.raw = slice_of(line, len), .kind = RECORD_LOG};
		ck_assert(mask_record(masker, &arena, &record));
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
	a_policy_can_be_switched_off, without_room_the_line_goes_not_the_mask,
	hostile_lines_are_masked_too, the_shipped_policy_is_the_default,
	names_that_are_too_short_are_mistakes)
