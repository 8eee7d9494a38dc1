#include "collector/normalize/decoding.h"

#include <stdio.h>
#include <unistd.h>

#include "collector/normalize/masking/masking.h"
#include "collector/normalize/normalize.h"
#include "collector/normalize/normalize_lines.h"
#include "common/clock.h"
#include "tests/support/check.h"

static struct arena arena;
static struct normalizer *normalizer;

static void setup(void)
{
	arena_init(&arena, 1 << 20);
	normalizer = normalizer_new(&(struct normalize_settings){.year = 2026});
}

static void teardown(void)
{
	arena_done(&arena);
	normalizer_free(normalizer);
}

static struct record normalized(enum charset charset, struct slice line)
{
	static struct record_source source;
	struct record record = {.raw = line,
		.whole = line.len,
		.read_ns = CLOCK_NONE,
		.source = &source,
		.kind = RECORD_LOG};

	source.charset = charset;
	normalize_record(normalizer, NULL, &arena, &record);
	return record;
}

#define SSHD(user)                                                                             \
	"Mar  7 10:00:00 h sshd[1]: Failed password for " user " from 192.0.2.1 port 22 ssh2"

START_TEST(lines_are_parsed_as_utf_8)
{
	setup();
	struct record record = normalized(CHARSET_TCVN3, SLICE_LIT(SSHD("b\xd8nh")));

	ck_assert_slice_eq(record_get(&record, FIELD_USER_NAME), SLICE_LIT("b\xe1\xbb\x89nh"));
	ck_assert_slice_eq(record.raw, SLICE_LIT(SSHD("b\xe1\xbb\x89nh")));
	ck_assert_uint_eq(record.whole, record.raw.len);
	ck_assert(slice_is_within(record_get(&record, FIELD_USER_NAME), record.raw));
	ck_assert_slice_eq(record_get(&record, FIELD_SOC_CHARSET), SLICE_LIT("tcvn3"));
	ck_assert(slice_absent(record_get(&record, FIELD_SOC_ORIGINAL_HEX)));
	ck_assert_int_eq(record.status, PARSE_OK);
	teardown();
}
END_TEST

START_TEST(bytes_are_kept_where_the_text_does_not_tell_them)
{
	setup();
	struct record record = normalized(CHARSET_WINDOWS_1258, SLICE_LIT("a\xec\x81"));

	ck_assert_slice_eq(record.raw, SLICE_LIT("\xc3\xa1\\x81"));
	ck_assert_slice_eq(record_get(&record, FIELD_SOC_CHARSET), SLICE_LIT("windows-1258"));
	ck_assert_slice_eq(record_get(&record, FIELD_SOC_CHARSET_UNDECODABLE), SLICE_LIT("1"));
	ck_assert_slice_eq(record_get(&record, FIELD_SOC_ORIGINAL_HEX), SLICE_LIT("61ec81"));
	ck_assert_int_eq(record.status, PARSE_UNKNOWN);
	record = normalized(CHARSET_UTF_8, SLICE_LIT("a\xec\x81"));
	ck_assert_slice_eq(record.raw, SLICE_LIT("a\xec\x81"));
	ck_assert_uint_eq(record.n_fields, 0);
	teardown();
}
END_TEST

START_TEST(what_is_masked_is_not_kept_in_bytes)
{
	setup();
	struct strbuf mistakes = STRBUF_INIT(1 << 12);
	struct masker *masker = masker_parse("policy", SLICE_LIT(""), &mistakes);
	struct record record = normalized(CHARSET_WINDOWS_1258, SLICE_LIT("password=a\xec"
									  "b1mat"));
	struct mask_tally tally = {0};

	ck_assert_ptr_nonnull(masker);
	ck_assert(!slice_absent(record_get(&record, FIELD_SOC_ORIGINAL_HEX)));
	ck_assert(mask_record(masker, &arena, &record, &tally));
	ck_assert_uint_ne(record.flags & RECORD_MASKED, 0);
	ck_assert(slice_absent(record_get(&record, FIELD_SOC_ORIGINAL_HEX)));
	ck_assert_slice_eq(record_get(&record, FIELD_SOC_CHARSET), SLICE_LIT("windows-1258"));
	masker_free(masker);
	strbuf_done(&mistakes);
	teardown();
}
END_TEST

START_TEST(without_room_the_line_stays_and_is_damaged)
{
	setup();
	struct record_source source = {.charset = CHARSET_TCVN3};
	struct record record = {.raw = SLICE_LIT("b\xd8nh b\xd8nh b\xd8nh b\xd8nh"),
		.source = &source,
		.kind = RECORD_LOG};
	struct arena small;

	arena_init(&small, 8);
	normalize_record(normalizer, NULL, &small, &record);
	ck_assert_int_eq(record.status, PARSE_DAMAGED);
	ck_assert_uint_eq(record.raw.len, 19);
	arena_done(&small);
	teardown();
}
END_TEST

/* What the command makes of a file's bytes. */
static void expect_lines(
	enum charset charset, struct slice bytes, const char *const *parts, size_t n)
{
	FILE *in = tmpfile(), *out = tmpfile();
	char text[1 << 14];
	struct err err;

	ck_assert(in != NULL && out != NULL);
	ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, in), bytes.len);
	rewind(in);
	const struct normalize_lines lines = {
		.name = "-", .from = fileno(in), .to = fileno(out), .charset = charset};
	ck_assert_msg(normalize_lines(&lines, &err), "%s", err.text);
	rewind(out);
	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_nonnull(fgets(text, sizeof(text), out));
		ck_assert_msg(strstr(text, parts[i]) != NULL, "no '%s' in %s", parts[i], text);
	}
	ck_assert_ptr_null(fgets(text, sizeof(text), out));
	fclose(in);
	fclose(out);
}

START_TEST(lines_of_two_bytes_a_character_end_at_their_own_newlines)
{
	static const char *const two[] = {"\"event.original\":\"a\xe0\xa8\x8a\"", "\"b\""};
	static const char *const odd[] = {"\"event.original\":\"a\\\\x0a\""};

	/* U+0A0A is no newline. */
	expect_lines(CHARSET_UTF_16LE, SLICE_LIT("a\0\x0a\x0a\x0a\0b\0\x0a\0"), two, 2);
	expect_lines(CHARSET_UTF_16BE, SLICE_LIT("\0a\x0a\x0a\0\x0a\0b"), two, 2);
	expect_lines(CHARSET_UTF_8,
		SLICE_LIT("\xff\xfe"
			  "a\0\x0a\x0a\x0a\0b\0"),
		two, 2);
	expect_lines(CHARSET_UTF_16LE, SLICE_LIT("a\0\x0a"), odd, 1);
}
END_TEST

TEST_MAIN("decoding", lines_are_parsed_as_utf_8,
	bytes_are_kept_where_the_text_does_not_tell_them, what_is_masked_is_not_kept_in_bytes,
	without_room_the_line_stays_and_is_damaged,
	lines_of_two_bytes_a_character_end_at_their_own_newlines)
