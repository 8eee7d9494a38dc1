/*
 * Every samples/PARSER/NAME.log, line by line, against NAME.json: the JSON that
 * `soc-collector normalize` writes. SOC_SAMPLES_WRITE=1 writes the NAME.json instead; read the
 * difference before you commit it. A NAME.log whose first line starts with "# format: NAME"
 * names the parser as a source's settings would.
 */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/collector/normalize/sample_files.h"
#include "tests/support/check.h"

enum { FILE_MAX = 4 << 20, FOLDERS_MIN = 3 };

static const struct record_source source = {
	.input = {SLICE_BYTES("file")}, .name = {SLICE_BYTES("a.log")}};

static void put_line(const struct normalizer *normalizer, struct headers *headers,
	const struct parser *format, struct slice line, uint64_t offset, struct strbuf *out)
{
	struct header_scope scope;
	struct arena arena;
	struct record record = {
		.raw = line,
		.received_ns = SAMPLES_RECEIVED_NS,
		.read_ns = CLOCK_NONE,
		.offset = offset,
		.whole = line.len,
		.source = &source,
		.kind = RECORD_LOG,
	};

	if (slice_starts(line, SLICE_LIT("{\"rule.n")))
		record.kind = RECORD_HIT;
	arena_init(&arena, 1 << 20);
	header_scope_begin(&scope, headers, &arena, 0);
	normalize_in_scope(normalizer, format, &scope, &record);
	header_scope_end(&scope);
	record.received_ns = CLOCK_NONE;
	record.source = NULL; /* no sample says where it came from */

	const struct parser *parser = parser_by_number(record.parser);
	encode_json(out, &record, slice_str(parser ? parser->name : NULL));
	strbuf_add_byte(out, '\n');
	arena_done(&arena);
}

static void make(struct slice text, const struct parser *format, struct strbuf *out)
{
	static const struct normalize_settings settings = {.zone.seconds = 7 * 3600};
	struct normalizer *normalizer = normalizer_new(&settings);
	struct headers *headers = headers_new(); /* a file is a source */
	const char *start = text.ptr;
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (slice_absent(text) && line.len == 0)
			break;
		put_line(normalizer, headers, format, line, (uint64_t)(line.ptr - start), out);
	}
	headers_free(headers);
	normalizer_free(normalizer);
}

/* The first line that differs, said in full. */
static void expect_lines(const char *path, struct slice made, struct slice wanted)
{
	struct slice a, b;

	for (unsigned line = 1; slice_cut(&made, '\n', &a); line++) {
		ck_assert_msg(slice_cut(&wanted, '\n', &b), "%s:%u: more lines than expected",
			path, line);
		ck_assert_msg(slice_eq(a, b), "%s:%u:\n got %.*s\nwant %.*s", path, line,
			SLICE_FMT(a), SLICE_FMT(b));
	}
	ck_assert_msg(slice_absent(wanted), "%s: fewer lines than expected", path);
}

static void write_file(const char *path, struct slice text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text.ptr, 1, text.len, file), text.len);
	ck_assert_int_eq(fclose(file), 0);
}

static void check_sample(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	struct strbuf path = STRBUF_INIT(PATH_MAX);
	struct strbuf made = STRBUF_INIT(FILE_MAX), wanted = STRBUF_INIT(FILE_MAX);
	struct err err;

	ck_assert_ptr_null(user);
	make(text, format, &made);
	strbuf_add(&path, stem);
	strbuf_add_str(&path, ".json");
	if (getenv("SOC_SAMPLES_WRITE") != NULL)
		write_file(strbuf_cstr(&path), strbuf_slice(&made));
	ck_assert_msg(file_read(strbuf_cstr(&path), &wanted, &err), "%s", err.text);
	expect_lines(strbuf_cstr(&path), strbuf_slice(&made), strbuf_slice(&wanted));
	strbuf_done(&path);
	strbuf_done(&made);
	strbuf_done(&wanted);
}

START_TEST(every_sample_gives_its_json)
{
	ck_assert_uint_ge(sample_files_each(check_sample, NULL), FOLDERS_MIN);
}
END_TEST

START_TEST(every_parser_has_samples)
{
	struct strbuf path = STRBUF_INIT(PATH_MAX);

	sample_files_root(&path);
	size_t len = path.len;
	for (unsigned i = 0; parsers[i] != NULL; i++) {
		strbuf_addf(&path, "/%s", parsers[i]->name);
		ck_assert_msg(access(strbuf_cstr(&path), R_OK) == 0, "%s is missing",
			strbuf_cstr(&path));
		strbuf_cut(&path, len);
	}
	strbuf_done(&path);
}
END_TEST

START_TEST(numbers_and_names_of_parsers_are_unique)
{
	for (unsigned i = 0; parsers[i] != NULL; i++) {
		ck_assert_ptr_eq(parser_by_number(parsers[i]->number), parsers[i]);
		ck_assert_ptr_eq(parser_by_name(slice_str(parsers[i]->name)), parsers[i]);
		ck_assert_uint_ne(parsers[i]->number, 0);
	}
	ck_assert_ptr_null(parser_by_number(0));
	ck_assert_ptr_null(parser_by_name(SLICE_LIT("none")));
}
END_TEST

TEST_MAIN("normalize/samples", every_sample_gives_its_json, every_parser_has_samples,
	numbers_and_names_of_parsers_are_unique)
