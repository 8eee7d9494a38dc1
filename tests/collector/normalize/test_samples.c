/*
 * Every samples/PARSER/NAME.log, line by line, against NAME.json: the JSON that
 * `soc-collector normalize` writes. SOC_SAMPLES_WRITE=1 writes the NAME.json instead; read the
 * difference before you commit it. A NAME.log whose first line starts with "# format: NAME"
 * names the parser as a source's settings would.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/support/check.h"

enum { FILE_MAX = 4 << 20, FOLDERS_MIN = 3 };

/* 2026-06-15T05:00:00Z: completes years. */
static const int64_t received_ns = INT64_C(1781499600) * CLOCK_NS_PER_S;

static void put_line(const struct normalizer *normalizer, const struct parser *format,
	struct slice line, struct strbuf *out)
{
	struct arena arena;
	struct record record = {
		.raw = line,
		.received_ns = received_ns,
		.read_ns = CLOCK_NONE,
		.whole = line.len,
		.kind = RECORD_LOG,
	};

	if (slice_starts(line, SLICE_LIT("{\"rule.n")))
		record.kind = RECORD_HIT;
	arena_init(&arena, 1 << 20);
	normalize_record(normalizer, format, &arena, &record);
	record.received_ns = CLOCK_NONE;

	const struct parser *parser = parser_by_number(record.parser);
	encode_json(out, &record, slice_str(parser ? parser->name : NULL));
	strbuf_add_byte(out, '\n');
	arena_done(&arena);
}

static const struct parser *named_format(struct slice *text)
{
	struct slice line = *text, name;

	if (!slice_starts(line, SLICE_LIT("# format: ")))
		return NULL;
	ck_assert(slice_cut(text, '\n', &line));
	name = slice_from(line, sizeof("# format: ") - 1);
	const struct parser *parser = parser_by_name(name);
	ck_assert_msg(parser != NULL, "no parser '%.*s'", SLICE_FMT(name));
	return parser;
}

static void make(struct slice text, struct strbuf *out)
{
	static const struct normalize_settings settings = {.zone_seconds = 7 * 3600};
	struct normalizer *normalizer = normalizer_new(&settings);
	const struct parser *format = named_format(&text);
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (slice_absent(text) && line.len == 0)
			break;
		put_line(normalizer, format, line, out);
	}
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

/* `stem` is the path without ".log". */
static void check_sample(struct slice stem)
{
	struct strbuf path = STRBUF_INIT(PATH_MAX), log = STRBUF_INIT(FILE_MAX);
	struct strbuf made = STRBUF_INIT(FILE_MAX), wanted = STRBUF_INIT(FILE_MAX);
	struct err err;

	strbuf_add(&path, stem);
	strbuf_add_str(&path, ".log");
	ck_assert_msg(file_read(strbuf_cstr(&path), &log, &err), "%s", err.text);
	make(strbuf_slice(&log), &made);

	strbuf_cut(&path, stem.len);
	strbuf_add_str(&path, ".json");
	if (getenv("SOC_SAMPLES_WRITE") != NULL)
		write_file(strbuf_cstr(&path), strbuf_slice(&made));
	ck_assert_msg(file_read(strbuf_cstr(&path), &wanted, &err), "%s", err.text);
	expect_lines(strbuf_cstr(&path), strbuf_slice(&made), strbuf_slice(&wanted));
	strbuf_done(&path);
	strbuf_done(&log);
	strbuf_done(&made);
	strbuf_done(&wanted);
}

/* `folder` is given back as it was. */
static unsigned check_folder(struct strbuf *folder)
{
	DIR *dir = opendir(strbuf_cstr(folder));
	size_t len = folder->len;
	unsigned n = 0;

	ck_assert_msg(dir != NULL, "%s", strbuf_cstr(folder));
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct slice name = slice_str(entry->d_name);

		if (!slice_ends(name, SLICE_LIT(".log")))
			continue;
		strbuf_add_byte(folder, '/');
		strbuf_add(folder, slice_head(name, name.len - sizeof(".log") + 1));
		check_sample(strbuf_slice(folder));
		strbuf_cut(folder, len);
		n++;
	}
	closedir(dir);
	return n;
}

/* The folder of all samples. */
static void add_root(struct strbuf *path)
{
	const char *source = getenv("SOC_SOURCE");

	ck_assert_ptr_nonnull(source);
	strbuf_add_str(path, source);
	strbuf_add_str(path, "/tests/collector/normalize/samples");
}

START_TEST(every_sample_gives_its_json)
{
	struct strbuf path = STRBUF_INIT(PATH_MAX);
	unsigned folders = 0;

	add_root(&path);
	size_t len = path.len;
	DIR *dir = opendir(strbuf_cstr(&path));
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		strbuf_addf(&path, "/%s", entry->d_name);
		ck_assert_msg(check_folder(&path) > 0, "%s is empty", strbuf_cstr(&path));
		strbuf_cut(&path, len);
		folders++;
	}
	closedir(dir);
	strbuf_done(&path);
	ck_assert_uint_ge(folders, FOLDERS_MIN);
}
END_TEST

START_TEST(every_parser_has_samples)
{
	struct strbuf path = STRBUF_INIT(PATH_MAX);

	add_root(&path);
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
