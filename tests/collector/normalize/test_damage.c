/*
 * What happens to lines on their way: every sample line is cut at every byte, and has every
 * byte changed in turn. Whatever comes out, its values lie where they may, its JSON is JSON,
 * and nothing that a line says is taken for what the collector says.
 */
#include <yyjson.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "tests/collector/normalize/sample_files.h"
#include "tests/support/check.h"

enum { LINE_MAX_BYTES = 4096, ARENA_MAX = 1 << 20, JSON_MAX = 1 << 22 };

/* Of the linker: this program's image, constants included. */
extern const char __executable_start, end;

static struct normalizer *normalizer;
static struct arena arena;
static struct strbuf json;

static void setup(void)
{
	static const struct normalize_settings settings = {.zone_seconds = 7 * 3600};

	normalizer = normalizer_new(&settings);
	arena_init(&arena, ARENA_MAX);
	json = (struct strbuf)STRBUF_INIT(JSON_MAX);
}

static void teardown(void)
{
	normalizer_free(normalizer);
	arena_done(&arena);
	strbuf_done(&json);
}

static bool is_constant(struct slice value)
{
	uintptr_t at = (uintptr_t)value.ptr;

	return at >= (uintptr_t)&__executable_start && at + value.len <= (uintptr_t)&end;
}

static bool lies_in(struct slice text, struct slice value)
{
	uintptr_t at = (uintptr_t)value.ptr, start = (uintptr_t)text.ptr;

	return at >= start && at + value.len <= start + text.len;
}

static void check_values(const struct record *record)
{
	for (unsigned i = 0; i < record->n_fields; i++) {
		struct slice value = field_value(&record->fields[i]);

		if (value.ptr == NULL ||
			(!lies_in(record->raw, value) && !arena_holds(&arena, value) &&
				!is_constant(value)))
			ck_abort_msg("field %u of %.*s", i, SLICE_FMT(record->raw));
	}
}

/* The names that only the collector may write stand once. */
static void check_json(const struct record *record)
{
	static const char *const ours[] = {"event.original", "event.module", "soc.parser",
		"soc.parse_status", "event.kind"};

	strbuf_reset(&json);
	encode_json(&json, record, SLICE_LIT("x"));
	yyjson_doc *doc = yyjson_read(json.ptr, json.len, YYJSON_READ_NOFLAG);
	if (doc == NULL)
		ck_abort_msg("%s", strbuf_cstr(&json));
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		size_t n = 0, at, max;
		yyjson_val *key, *value;

		yyjson_obj_foreach(yyjson_doc_get_root(doc), at, max, key, value) n +=
			yyjson_equals_str(key, ours[i]);
		if (n > 1)
			ck_abort_msg("%s twice: %s", ours[i], strbuf_cstr(&json));
	}
	yyjson_doc_free(doc);
}

static void check_line(struct slice line, const struct parser *format)
{
	struct record record = {.raw = line,
		.received_ns = SAMPLES_RECEIVED_NS,
		.read_ns = CLOCK_NONE,
		.whole = line.len,
		.kind = RECORD_LOG};

	arena_reset(&arena);
	normalize_record(normalizer, format, &arena, &record);
	check_values(&record);
	check_json(&record);
}

/* Shorter by one byte each time, in memory that ends there so that a reader past it is seen. */
static void cut_line(struct slice line, const struct parser *format)
{
	for (size_t len = 0; len <= line.len; len++) {
		char *copy = malloc(len + 1);

		if (copy == NULL)
			ck_abort();
		memcpy(copy + 1, line.ptr, len);
		check_line(slice_of(copy + 1, len), format);
		free(copy);
	}
}

static void flip_line(struct slice line, const struct parser *format)
{
	static const char others[] = {'\0', '\xff', '"', '\\', ' ', '9', '{', '='};
	char copy[LINE_MAX_BYTES];

	memcpy(copy, line.ptr, line.len);
	for (size_t i = 0; i < line.len; i++) {
		copy[i] = others[i % sizeof(others)];
		check_line(slice_of(copy, line.len), format);
		copy[i] = (char)(line.ptr[i] ^ 1 << i % 8);
		check_line(slice_of(copy, line.len), format);
		copy[i] = line.ptr[i];
	}
}

typedef void damage_function(struct slice line, const struct parser *format);

static void damage_file(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	damage_function *const *damage = user;
	struct slice line;

	ck_assert_uint_ne(stem.len, 0);
	while (slice_cut(&text, '\n', &line)) {
		if (line.len <= LINE_MAX_BYTES)
			(*damage)(line, format);
	}
}

START_TEST(a_line_may_end_anywhere)
{
	damage_function *damage = cut_line;

	setup();
	sample_files_each(damage_file, &damage);
	teardown();
}
END_TEST

START_TEST(a_byte_may_be_another)
{
	damage_function *damage = flip_line;

	setup();
	sample_files_each(damage_file, &damage);
	teardown();
}
END_TEST

TEST_MAIN("normalize/damage", a_line_may_end_anywhere, a_byte_may_be_another)
