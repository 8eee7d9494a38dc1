/*
 * What rules see of a record is what they see of its JSON: every sample line of the normalizer,
 * both ways, value by value.
 */
#include "collector/detect/sigma/record_event.h"

#include "collector/detect/sigma/json_event.h"
#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/utf8.h"
#include "tests/collector/normalize/sample_files.h"
#include "tests/support/check.h"

enum { ARENA_MAX = 1 << 22, JSON_MAX = 1 << 22, FIELDS_ARENA_MAX = 64 << 20 };

struct walk {
	struct normalizer *normalizer;
	struct arena arena, names_arena;
	struct strbuf json;
	struct fields fields;
	struct record_names names;
	struct sigma_event live, read;
	bool gathering;
	unsigned n_lines, n_values;
};

/* Columns of the record, which encode.h writes beside its fields. */
static bool is_column(struct slice name)
{
	return (slice_starts(name, SLICE_LIT("soc.")) && field_by_name(name) == FIELD_NONE) ||
	       slice_eq(name, SLICE_LIT("event.created")) ||
	       slice_eq(name, SLICE_LIT("event.ingested"));
}

static void gather(struct walk *walk, yyjson_val *root)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(root);

	for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter)) != NULL;) {
		const struct slice name = slice_of(yyjson_get_str(key), yyjson_get_len(key));
		const struct slice copy = arena_copy(&walk->names_arena, name);

		if (!is_column(name))
			ck_assert_uint_lt(
				fields_number(&walk->fields, copy, &copy, 1), FIELDS_MAX);
	}
}

static void compare_field(const struct walk *walk, unsigned field, struct slice line)
{
	const struct event_item *live = event_first(&walk->live, field),
				*read = event_first(&walk->read, field);

	while (live != NULL && read != NULL) {
		const struct slice a = walk->live.values[live->value].text,
				   b = walk->read.values[read->value].text;

		if (!slice_eq(a, b) && utf8_valid(a)) /* JSON cannot say the others */
			ck_abort_msg("%.*s: live '%.*s', as JSON '%.*s', of %.*s",
				SLICE_FMT(walk->fields.names[field]), SLICE_FMT(a),
				SLICE_FMT(b), SLICE_FMT(line));
		live = event_next(&walk->live, live);
		read = event_next(&walk->read, read);
	}
	if ((live == NULL) != (read == NULL))
		ck_abort_msg("%.*s: only %s, of %.*s", SLICE_FMT(walk->fields.names[field]),
			live != NULL ? "live" : "as JSON", SLICE_FMT(line));
}

static void compare(struct walk *walk, const struct record *record, yyjson_val *root)
{
	record_event_fill(&walk->live, &walk->names, record);
	sigma_event_begin(&walk->read);
	json_event_add(&walk->read, root);
	for (unsigned i = 0; i < walk->fields.n; i++)
		compare_field(walk, i, record->raw);
	walk->n_values += (unsigned)walk->live.n_values;
}

static void walk_line(struct walk *walk, struct slice line, const struct parser *format)
{
	struct record record = {.raw = line,
		.received_ns = SAMPLES_RECEIVED_NS,
		.created_ns = CLOCK_NONE,
		.read_ns = CLOCK_NONE,
		.whole = line.len,
		.kind = RECORD_LOG};

	arena_reset(&walk->arena);
	strbuf_reset(&walk->json);
	normalize_record(walk->normalizer, format, &walk->arena, &record);
	encode_json(&walk->json, &record, SLICE_LIT("x"));
	yyjson_doc *doc =
		yyjson_read(walk->json.ptr, walk->json.len, YYJSON_READ_NUMBER_AS_RAW);
	ck_assert_ptr_nonnull(doc);
	if (walk->gathering)
		gather(walk, yyjson_doc_get_root(doc));
	else
		compare(walk, &record, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	walk->n_lines++;
}

static void walk_file(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	struct slice line;

	(void)stem;
	while (text.len > 0 && slice_cut(&text, '\n', &line)) {
		if (line.len > 0)
			walk_line(user, line, format);
	}
}

START_TEST(rules_see_the_same_of_a_record_and_of_its_json)
{
	struct walk walk = {.normalizer = normalizer_new(&(struct normalize_settings){0}),
		.json = STRBUF_INIT(JSON_MAX),
		.gathering = true};

	arena_init(&walk.arena, ARENA_MAX);
	arena_init(&walk.names_arena, FIELDS_ARENA_MAX);
	fields_init(&walk.fields, &walk.names_arena);
	sample_files_each(walk_file, &walk);
	ck_assert_uint_gt(walk.n_lines, 1000);
	ck_assert_uint_gt(walk.fields.n, 500);

	walk.gathering = false;
	record_names_init(&walk.names, &walk.fields);
	sigma_event_init(&walk.live, &walk.fields, false);
	sigma_event_init(&walk.read, &walk.fields, false);
	sample_files_each(walk_file, &walk);
	ck_assert_uint_gt(walk.n_values, 10 * walk.n_lines / 2);

	sigma_event_done(&walk.live);
	sigma_event_done(&walk.read);
	fields_done(&walk.fields);
	arena_done(&walk.arena);
	arena_done(&walk.names_arena);
	strbuf_done(&walk.json);
	normalizer_free(walk.normalizer);
}
END_TEST

TEST_MAIN("record_event", rules_see_the_same_of_a_record_and_of_its_json)
