/*
 * The steady state allocates nothing: once every sample line has been through the parsers and
 * the writing of JSON, it goes through again without a call of malloc() and its kin.
 */
#include <stdlib.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "tests/collector/normalize/sample_files.h"
#include "tests/support/check.h"

enum { ARENA_MAX = 1 << 22, JSON_MAX = 1 << 22 };

/* Of the linker, --wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static unsigned n_calls;

void *__wrap_malloc(size_t size)
{
	n_calls++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	n_calls++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	n_calls++;
	return __real_realloc(old, size);
}

struct walk {
	struct normalizer *normalizer;
	struct arena arena;
	struct strbuf json;
	bool steady; /* everything was seen before */
	unsigned n_lines;
};

static void walk_line(struct walk *walk, struct slice line, const struct parser *format)
{
	struct record record = {.raw = line,
		.received_ns = SAMPLES_RECEIVED_NS,
		.read_ns = CLOCK_NONE,
		.whole = line.len,
		.kind = RECORD_LOG};

	unsigned before = n_calls;
	arena_reset(&walk->arena);
	strbuf_reset(&walk->json);
	normalize_record(walk->normalizer, format, &walk->arena, &record);
	encode_json(&walk->json, &record, SLICE_LIT("x"));
	if (walk->steady && n_calls != before)
		ck_abort_msg("%u allocations: %.*s", n_calls - before, SLICE_FMT(line));
	walk->n_lines++;
}

static void walk_file(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	struct slice line;

	(void)stem;
	while (slice_cut(&text, '\n', &line))
		walk_line(user, line, format);
}

START_TEST(what_was_seen_before_allocates_nothing)
{
	struct walk walk = {.normalizer = normalizer_new(&(struct normalize_settings){0}),
		.json = STRBUF_INIT(JSON_MAX)};

	arena_init(&walk.arena, ARENA_MAX);
	sample_files_each(walk_file, &walk);
	unsigned before = n_calls;
	ck_assert_uint_gt(before, 0);
	walk.steady = true;
	sample_files_each(walk_file, &walk);
	ck_assert_uint_gt(walk.n_lines, 500);
	arena_done(&walk.arena);
	strbuf_done(&walk.json);
	normalizer_free(walk.normalizer);
}
END_TEST

TEST_MAIN("steady", what_was_seen_before_allocates_nothing)
