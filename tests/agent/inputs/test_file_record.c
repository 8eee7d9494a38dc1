#include "agent/inputs/file_record.h"

#include <stdio.h>

#include "common/strbuf.h"
#include "tests/support/check.h"

static enum charset charset = CHARSET_UTF_8; /* of the texts */

/* Feeds `text` in blocks of `size` bytes, as a reader would; joins records with '|'. */
static void split(const struct line_rule *rule, const char *text, size_t size, bool flush,
	char *out, size_t out_size)
{
	struct file_scan scan;
	struct file_record record;
	size_t len = strlen(text), used = 0;

	file_scan_start(&scan, 0);
	for (uint64_t end = 0; end < len;) {
		uint64_t at = file_scan_needs(&scan);
		if (at + size <= end)
			size++; /* a block must be larger than an undecided line */
		size_t n = at + size < len ? size : (size_t)(len - at);

		while (file_scan_next(
			&scan, rule, charset, slice_of(text + at, n), at, &record))
			used += (size_t)snprintf(out + used, out_size - used, "%.*s|",
				(int)record.len, text + record.start);
		end = at + n;
	}
	while (flush && file_scan_flush(&scan, charset, &record))
		used += (size_t)snprintf(out + used, out_size - used, "%.*s%s", (int)record.len,
			text + record.start, record.unterminated ? "!" : "|");
	if (used == 0)
		out[0] = '\0';
}

static void expect(const struct line_rule *rule, const char *text, const char *want)
{
	char got[512];

	for (size_t size = 8; size < 70; size++) {
		split(rule, text, size, true, got, sizeof(got));
		ck_assert_str_eq(got, want);
	}
}

static struct line_rule *rule_of(enum line_rule_kind kind, const char *start, uint32_t max)
{
	struct line_rule *rule;
	struct err err;

	ck_assert_msg(line_rule_new(kind, start, max, &rule, &err), "%s", err.text);
	return rule;
}

START_TEST(lines_end_at_lf_in_whatever_blocks_they_come)
{
	expect(NULL, "a\nbc\n\nlonger line here\nx\n", "a|bc||longer line here|x|");
	expect(NULL, "a\rb\n\r\n", "a\rb|\r|");
	expect(NULL, "no end", "no end!");
	expect(NULL, "\n", "|");
}
END_TEST

/* The records of the text as UTF-16, in blocks of any size; `!` behind what has no end. */
static void expect_units(const struct line_rule *rule, const char *text, const char *want)
{
	const bool big = charset == CHARSET_UTF_16BE;
	size_t len = strlen(text) * 2;
	char bytes[256] = {0};

	for (size_t i = 0; i < len / 2; i++)
		bytes[2 * i + big] = text[i];
	for (size_t size = 24; size < 60; size++) {
		struct strbuf got = STRBUF_INIT(1 << 10);
		struct file_record record;
		struct file_scan scan;
		size_t block = size;

		file_scan_start(&scan, 0);
		for (uint64_t end = 0; end < len;) {
			uint64_t at = file_scan_needs(&scan);
			while (at + block <= end)
				block++; /* it must hold what the rule wants to see */
			size_t n = at + block < len ? block : (size_t)(len - at);

			ck_assert_uint_eq(at % 2, 0);
			while (file_scan_next(
				&scan, rule, charset, slice_of(bytes + at, n), at, &record)) {
				for (uint64_t i = 0; i < record.len; i += 2)
					strbuf_add_byte(&got, bytes[record.start + i + big]);
				strbuf_add_byte(&got, '|');
			}
			end = at + n;
		}
		while (file_scan_flush(&scan, charset, &record)) {
			for (uint64_t i = 0; i < record.len; i += 2)
				strbuf_add_byte(&got, bytes[record.start + i + big]);
			strbuf_add_byte(&got, record.unterminated ? '!' : '|');
		}
		ck_assert_str_eq(strbuf_cstr(&got), want);
		strbuf_done(&got);
	}
}

START_TEST(lines_of_utf_16_end_at_lf_of_two_bytes)
{
	struct line_rule *rule = rule_of(LINE_RULE_START, "^[0-9]", 10);

	for (unsigned i = 0; i < 2; i++) {
		charset = i == 0 ? CHARSET_UTF_16LE : CHARSET_UTF_16BE;
		expect_units(
			NULL, "a\nbc\n\nlonger line here\nx\n", "a|bc||longer line here|x|");
		expect_units(NULL, "a\nno end", "a|no end!");
		expect_units(rule, "1 a\n b\n2 c\n", "1 a\n b|2 c|");
	}
	charset = CHARSET_UTF_8;
	line_rule_free(rule);
}
END_TEST

START_TEST(positions_are_those_of_the_file)
{
	struct file_scan scan;
	struct file_record record;

	file_scan_start(&scan, 1000);
	ck_assert(
		file_scan_next(&scan, NULL, CHARSET_UTF_8, SLICE_LIT("ab\ncd"), 1000, &record));
	ck_assert_uint_eq(record.start, 1000);
	ck_assert_uint_eq(record.len, 2);
	ck_assert_uint_eq(record.next, 1003);
	ck_assert(!file_scan_next(
		&scan, NULL, CHARSET_UTF_8, SLICE_LIT("ab\ncd"), 1000, &record));
	ck_assert_uint_eq(file_scan_needs(&scan), 1005);
	ck_assert(file_scan_pending(&scan));
	ck_assert(file_scan_partial(&scan));
}
END_TEST

START_TEST(a_first_line_begins_a_record)
{
	struct line_rule *rule = rule_of(LINE_RULE_START, "^#", 100);

	expect(rule, "#1\n a\n b\n#2\n#3\nc\n", "#1\n a\n b|#2|#3\nc|");
	expect(rule, "x\ny\n#1\n", "x\ny|#1|");
	line_rule_free(rule);
}
END_TEST

START_TEST(an_undecided_last_line_is_a_record_of_its_own)
{
	struct line_rule *rule = rule_of(LINE_RULE_START, "^#", 100);

	expect(rule, "#1\n a\n#2 unfini", "#1\n a|#2 unfini!");
	line_rule_free(rule);
}
END_TEST

START_TEST(blank_lines_continue)
{
	struct line_rule *rule = rule_of(LINE_RULE_BLANK, NULL, 100);

	expect(rule, "a\n b\n\tc\nd\n\ne\n", "a\n b\n\tc|d||e|");
	line_rule_free(rule);
}
END_TEST

START_TEST(a_record_has_no_more_lines_than_allowed)
{
	struct line_rule *rule = rule_of(LINE_RULE_BLANK, NULL, 2);

	expect(rule, "a\n b\n c\n d\n e\n", "a\n b| c\n d| e|");
	line_rule_free(rule);
}
END_TEST

START_TEST(lines_that_belong_together_by_their_text_are_one_record)
{
	struct line_rule *rule = rule_of(LINE_RULE_AUTO, NULL, 100);

	expect(rule, "a\n\tat b\nc\nx.yException: z\n\tat d\nCaused by: e\nf\n",
		"a\n\tat b|c\nx.yException: z\n\tat d\nCaused by: e|f|");
	expect(rule,
		"{\"log\":\"a\",\"stream\":\"stdout\"}\n{\"log\":\"b\\n\",\"stream\":"
		"\"stdout\"}\n{\"log\":\"c\\n\",\"stream\":\"stdout\"}\n",
		"{\"log\":\"a\",\"stream\":\"stdout\"}\n{\"log\":\"b\\n\",\"stream\":"
		"\"stdout\"}|{\"log\":\"c\\n\",\"stream\":\"stdout\"}|");
	expect(rule, "# User@Host: a\n# b\nc;\n# User@Host: d\ne",
		"# User@Host: a\n# b\nc;|"
		"# User@Host: d|e!");
	expect(rule, " a\n b\nc\r\n d\r\n", " a| b|c\r\n d\r|");
	line_rule_free(rule);
}
END_TEST

START_TEST(lines_of_utf_16_belong_together_as_well)
{
	struct line_rule *rule = rule_of(LINE_RULE_AUTO, NULL, 100);

	for (unsigned i = 0; i < 2; i++) {
		charset = i == 0 ? CHARSET_UTF_16LE : CHARSET_UTF_16BE;
		expect_units(rule, "{\n \"a\":1\n}\nb\n c\n", "{\n \"a\":1\n}|b\n c|");
	}
	charset = CHARSET_UTF_8;
	line_rule_free(rule);
}
END_TEST

/* A part of Docker's is known by its end, which another block may hold than the next line. */
START_TEST(the_end_of_a_long_line_is_seen_in_whatever_block_it_comes)
{
	enum { LONG = 20000, BLOCK = 6000 };
	static const char end[] = "\",\"stream\":\"stdout\",\"time\":\"t\"}\n";
	static const char last[] = "{\"log\":\"b\\n\",\"stream\":\"stdout\"}\nnext\n";
	struct line_rule *rule = rule_of(LINE_RULE_AUTO, NULL, 100);

	for (size_t longer = 0; longer < BLOCK; longer += 37) {
		struct strbuf text = STRBUF_INIT(1 << 16);
		struct file_scan scan;
		struct file_record record = {0};

		strbuf_add_str(&text, "{\"log\":\"");
		for (size_t i = 0; i < LONG + longer; i++)
			strbuf_add_byte(&text, 'x');
		strbuf_add_str(&text, end);
		size_t whole = text.len + sizeof(last) - sizeof("next\n") - 1;
		strbuf_add_str(&text, last);
		file_scan_start(&scan, 0);
		for (bool found = false; !found;) {
			uint64_t at = file_scan_needs(&scan);
			struct slice rest = slice_from(strbuf_slice(&text), (size_t)at);

			found = file_scan_next(&scan, rule, charset,
				slice_head(rest, rest.len < BLOCK ? rest.len : BLOCK), at,
				&record);
		}
		ck_assert_uint_eq(record.len, whole);
		ck_assert_uint_eq(record.lines, 2);
		strbuf_done(&text);
	}
	line_rule_free(rule);
}
END_TEST

START_TEST(what_stands_alone_is_not_waited_for)
{
	struct line_rule *rule = rule_of(LINE_RULE_AUTO, NULL, 100);
	static const char *const lines[] = {
		"Mar  7 10:00:00 web su: x\n", "{\"a\":1}\n", "2026-03-07 10:00:00 ERROR x\n"};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct file_scan scan;
		struct file_record record;

		file_scan_start(&scan, 0);
		ck_assert(
			!file_scan_next(&scan, rule, charset, slice_str(lines[i]), 0, &record));
		ck_assert_int_eq(file_scan_may_go_on(&scan), i == 2);
	}
	line_rule_free(rule);
}
END_TEST

START_TEST(a_wrong_expression_is_explained)
{
	struct line_rule *rule;
	struct err err;

	ck_assert(!line_rule_new(LINE_RULE_START, "a(b", 10, &rule, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "character 4"));
}
END_TEST

/* Backtracks exponentially; the limit ends it and the line stands alone. */
START_TEST(an_expensive_expression_is_stopped)
{
	struct line_rule *rule = rule_of(LINE_RULE_START, "^(a+)+$", 10);
	char line[200];

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '!';
	ck_assert(line_rule_begins(rule, slice_of(line, sizeof(line))));
	ck_assert(!line_rule_begins(rule, SLICE_LIT("b")));
	line_rule_free(rule);
}
END_TEST

TEST_MAIN("file_record", lines_end_at_lf_in_whatever_blocks_they_come,
	lines_of_utf_16_end_at_lf_of_two_bytes, positions_are_those_of_the_file,
	a_first_line_begins_a_record, an_undecided_last_line_is_a_record_of_its_own,
	blank_lines_continue, lines_that_belong_together_by_their_text_are_one_record,
	lines_of_utf_16_belong_together_as_well,
	the_end_of_a_long_line_is_seen_in_whatever_block_it_comes,
	what_stands_alone_is_not_waited_for, a_record_has_no_more_lines_than_allowed,
	a_wrong_expression_is_explained, an_expensive_expression_is_stopped)
