/*
 * A line twice as long is twice the work: every sample line, cut in several places, goes on
 * with one of its parser's own words, over and over. What grows faster than the line is a way
 * to stop a worker with a few lines. Work is counted in the bytes that searches look at, so
 * that the outcome is the same on any machine.
 */
#include <limits.h>
#include <stdio.h>

#include "collector/normalize/normalize.h"
#include "collector/normalize/text/extract.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/collector/normalize/sample_files.h"
#include "tests/support/check.h"

enum {
	FILE_MAX = 4 << 20,
	ARENA_MAX = 1 << 20,
	LINES_MAX = 12,   /* of one file */
	TOKENS_MAX = 400, /* of one parser */
	SHOWN_MAX = 20,
	CUTS = 4,           /* of one line */
	SHORT = 2 << 10,    /* bytes */
	LONG = 4 * SHORT,   /* bytes */
	WORK_PER_BYTE = 60, /* looks at each byte that nobody need think about */
	GROWTH_MOST = 8     /* times, of a line four times as long; 16 is the square */
};

/* ---- counting: of the linker, --wrap
 * --------------------------------------------------------- */

size_t __real_slice_find(struct slice s, char byte);
size_t __real_slice_search(struct slice s, struct slice needle);
bool __real_cut_last(
	struct slice text, struct slice delim, struct slice *before, struct slice *after);
size_t __wrap_slice_find(struct slice s, char byte);
size_t __wrap_slice_search(struct slice s, struct slice needle);
bool __wrap_cut_last(
	struct slice text, struct slice delim, struct slice *before, struct slice *after);

static size_t work;

size_t __wrap_slice_find(struct slice s, char byte)
{
	size_t at = __real_slice_find(s, byte);

	work += at + 1;
	return at;
}

size_t __wrap_slice_search(struct slice s, struct slice needle)
{
	size_t at = __real_slice_search(s, needle);

	work += at + 1;
	return at;
}

bool __wrap_cut_last(
	struct slice text, struct slice delim, struct slice *before, struct slice *after)
{
	struct slice head = SLICE_NONE, tail = SLICE_NONE;
	bool found = __real_cut_last(text, delim, &head, &tail);

	work += 1 + (found ? tail.len : text.len);
	if (found) {
		*before = head;
		*after = tail;
	}
	return found;
}

/* ---- words of a parser
 * ----------------------------------------------------------------------- */

struct growth {
	struct normalizer *normalizer;
	struct arena arena;
	struct strbuf source; /* of the parser, which the tokens point into */
	struct slice tokens[TOKENS_MAX];
	unsigned n_tokens;
	unsigned n_lines;
	unsigned n_grown; /* faster than their lines */
};

static void add_token(struct growth *growth, struct slice token)
{
	for (unsigned i = 0; i < growth->n_tokens; i++) {
		if (slice_eq(growth->tokens[i], token))
			return;
	}
	if (token.len > 0 && growth->n_tokens < TOKENS_MAX)
		growth->tokens[growth->n_tokens++] = token;
}

/* SLICE_LIT("..."), SLICE_BYTES("..."), skip_lit(&rest, "..."): those without an escape. */
static void add_literals(struct growth *growth, struct slice source)
{
	struct slice line, head, literal;

	while (slice_cut(&source, '\n', &line)) {
		while (slice_cut(&line, '"', &head) && slice_cut(&line, '"', &literal)) {
			if (__real_slice_find(literal, '\\') == literal.len)
				add_token(growth, literal);
		}
	}
}

/* parsers/windows_xml.c of samples/windows-xml; not all have a file of that name. */
static void read_source(struct growth *growth, struct slice stem)
{
	struct strbuf path = STRBUF_INIT(PATH_MAX);
	struct slice folder, name;
	struct err err;

	ck_assert(__real_cut_last(stem, SLICE_LIT("/"), &folder, &name));
	ck_assert(__real_cut_last(folder, SLICE_LIT("/"), &folder, &name));
	strbuf_add_str(&path, getenv("SOC_SOURCE"));
	strbuf_add_str(&path, "/collector/normalize/parsers/");
	for (size_t i = 0; i < name.len; i++)
		strbuf_add_byte(&path, name.ptr[i] == '-' ? '_' : name.ptr[i]);
	strbuf_add_str(&path, ".c");
	strbuf_reset(&growth->source);
	if (file_read(strbuf_cstr(&path), &growth->source, &err))
		add_literals(growth, strbuf_slice(&growth->source));
	strbuf_done(&path);
}

/* "user=<an> " with its blank, and '<' alone. */
static void add_words(struct growth *growth, struct slice line)
{
	while (line.len > 0) {
		size_t len = __real_slice_find(line, ' ');

		len += len < line.len;
		add_token(growth, slice_head(line, len));
		line = slice_from(line, len);
	}
}

static void add_signs(struct growth *growth)
{
	static const char signs[] = "&<>()[]{}\"'\\=,;:|/- \ta0";

	for (size_t i = 0; i + 1 < sizeof(signs); i++)
		add_token(growth, slice_of(signs + i, 1));
}

/* ---- growing
 * --------------------------------------------------------------------------------- */

static size_t work_of(struct growth *growth, const struct parser *format, struct slice head,
	struct slice token, size_t size)
{
	char line[LONG + PATH_MAX];
	size_t len = head.len < PATH_MAX ? head.len : PATH_MAX;
	struct record record = {
		.received_ns = SAMPLES_RECEIVED_NS, .read_ns = CLOCK_NONE, .kind = RECORD_LOG};

	memcpy(line, head.ptr, len);
	for (size_t room = size; room >= token.len; room -= token.len, len += token.len)
		memcpy(line + len, token.ptr, token.len);
	record.raw = slice_of(line, len);
	arena_reset(&growth->arena);
	work = 0;
	normalize_record(growth->normalizer, format, &growth->arena, &record);
	return work;
}

static void grow(struct growth *growth, const struct parser *format, struct slice head,
	struct slice token)
{
	size_t much = work_of(growth, format, head, token, LONG), little;

	if (much < WORK_PER_BYTE * (size_t)LONG)
		return;
	little = work_of(growth, format, head, token, SHORT);
	if (much <= GROWTH_MOST * little)
		return;
	if (growth->n_grown++ < SHOWN_MAX)
		fprintf(stderr,
			"%zu bytes looked at for %d, %zu for %d: '%.*s' and '%.*s' ...\n",
			little, SHORT, much, LONG, SLICE_FMT(head), SLICE_FMT(token));
}

static void grow_line(struct growth *growth, const struct parser *format, struct slice line)
{
	for (unsigned cut = 1; cut <= CUTS; cut++) {
		struct slice head = slice_head(line, line.len * cut / CUTS);

		for (unsigned i = 0; i < growth->n_tokens; i++)
			grow(growth, format, head, growth->tokens[i]);
	}
}

static void grow_file(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	struct growth *growth = user;
	struct slice line, lines = text;

	growth->n_tokens = 0;
	add_signs(growth);
	read_source(growth, stem);
	for (unsigned n = 0; n < LINES_MAX && slice_cut(&lines, '\n', &line); n++)
		add_words(growth, line);
	lines = text;
	for (unsigned n = 0; n < LINES_MAX && slice_cut(&lines, '\n', &line); n++) {
		grow_line(growth, format, line);
		growth->n_lines++;
	}
}

START_TEST(work_grows_as_the_line_does)
{
	struct growth growth = {.normalizer = normalizer_new(&(struct normalize_settings){0}),
		.source = STRBUF_INIT(FILE_MAX)};

	arena_init(&growth.arena, ARENA_MAX);
	sample_files_each(grow_file, &growth);
	ck_assert_uint_gt(growth.n_lines, 300);
	ck_assert_uint_eq(growth.n_grown, 0);
	arena_done(&growth.arena);
	strbuf_done(&growth.source);
	normalizer_free(growth.normalizer);
}
END_TEST

TEST_MAIN("normalize/growth", work_grows_as_the_line_does)
