#include "collector/normalize/own/samples.h"

#include <stdlib.h>

#include "collector/normalize/own/meanings.h"
#include "common/clock.h"

enum { ARENA_MAX = 4 << 20, ZONE_SECONDS = 7 * 3600, SHOWN_MAX = 400 };

struct trying {
	const struct parser *parser;
	const struct conf *conf;
	struct mistakes *mistakes;
	const struct written_sample *sample;
	struct record record;
	struct arena arena;
	struct field fields[RECORD_FIELDS_MAX];
	struct pairs pairs;
};

static struct slice line_of(const struct written_sample *sample)
{
	struct slice line = slice_str(sample->line);

	return slice_head(line, line.len - slice_ends(line, SLICE_LIT("\n")));
}

static enum parse_result try(struct trying *trying)
{
	struct parse_context context = {.arena = &trying->arena,
		.now_ns = OWN_SAMPLES_NS,
		.zone_seconds = ZONE_SECONDS,
		.message = line_of(trying->sample),
		.pairs = &trying->pairs,
		.parser = trying->parser};

	arena_reset(&trying->arena);
	pairs_reset(&trying->pairs, SLICE_NONE, PAIRS_NOTHING);
	trying->fields[0] = (struct field){.id = FIELD_NONE}; /* of the module */
	trying->record = (struct record){.raw = context.message,
		.kind = RECORD_LOG,
		.received_ns = OWN_SAMPLES_NS,
		.created_ns = CLOCK_NONE,
		.fields = trying->fields,
		.n_fields = 1,
		.fields_room = RECORD_FIELDS_MAX};
	return trying->parser->parse(&trying->record, &context);
}

/* ---- what was read -------------------------------------------------------------- */

/* The n-th value under a name, with the module's before its own. */
static struct slice value_of(const struct trying *trying, struct slice name, unsigned n)
{
	struct slice module = slice_str(trying->parser->module);
	struct slice rest = slice_starts(name, module) && name.len > module.len
				    ? slice_from(name, module.len + 1)
				    : SLICE_NONE;

	for (unsigned i = 1; i < trying->record.n_fields; i++) {
		const struct field *field = &trying->record.fields[i];
		bool is_other = field->id == FIELD_OTHER;
		struct slice known = is_other ? field_value(field) : field_name(field->id);

		if (slice_eq(known, is_other ? rest : name) && n-- == 0)
			return field_value(is_other ? field + 1 : field);
	}
	return SLICE_NONE;
}

static bool is_time(const struct trying *trying, struct slice expected)
{
	size_t used;
	int64_t ns;

	return clock_parse_iso(expected, 0, &ns, &used) && used == expected.len &&
	       trying->record.created_ns == ns;
}

static void add_time(const struct trying *trying, struct strbuf *out)
{
	char text[CLOCK_TEXT_MAX];

	if (trying->record.created_ns == CLOCK_NONE)
		strbuf_add_str(out, "nothing");
	else
		strbuf_add_str(out, clock_format_utc(trying->record.created_ns, 3, text));
}

static void differs(struct trying *trying, const struct setting_pair *pair, struct slice value)
{
	struct strbuf found = STRBUF_INIT(SHOWN_MAX);
	struct mistake_quote quote = {0};

	if (strcmp(pair->key, "@timestamp") == 0)
		add_time(trying, &found);
	else
		strbuf_add_str(
			&found, slice_absent(value) ? "nothing" : mistake_text(&quote, value));
	mistake_add(trying->mistakes, conf_at(trying->conf, &pair->value),
		"the sample's %s is %s, not %s", MISTAKE_TEXT(slice_str(pair->key)),
		strbuf_cstr(&found), MISTAKE_TEXT(slice_str(pair->value)));
	strbuf_done(&found);
}

/* How often the same key stands before this pair: which of its values is meant. */
static unsigned repeats_of(const struct setting_pairs *pairs, size_t at)
{
	unsigned n = 0;

	for (size_t i = 0; i < at; i++)
		n += strcmp(pairs->items[i].key, pairs->items[at].key) == 0;
	return n;
}

static bool is_last_of_key(const struct setting_pairs *pairs, size_t at)
{
	return at + 1 == pairs->n ||
	       strcmp(pairs->items[at].key, pairs->items[at + 1].key) != 0;
}

static void check_fields(struct trying *trying)
{
	const struct setting_pairs *expected = &trying->sample->fields;

	for (size_t i = 0; i < expected->n; i++) {
		const struct setting_pair *pair = &expected->items[i];
		struct slice key = slice_str(pair->key), wanted = slice_str(pair->value);
		unsigned n = repeats_of(expected, i);
		struct slice value = value_of(trying, key, n);
		bool same = slice_eq(key, SLICE_LIT("@timestamp"))
				    ? is_time(trying, wanted)
				    : !slice_absent(value) && slice_eq(value, wanted);

		if (!same)
			differs(trying, pair, value);
		else if (is_last_of_key(expected, i) &&
			 !slice_absent(value_of(trying, key, n + 1)))
			differs(trying, pair, value_of(trying, key, n + 1));
	}
}

static bool is_expected(const struct trying *trying, struct slice type)
{
	struct slice category;

	for (unsigned n = 0;; n++) {
		category = value_of(trying, SLICE_LIT("event.category"), n);
		if (slice_absent(category))
			return n == 0;
		if (own_meaning_pairs(category, type))
			return true;
	}
}

static void check_meaning(struct trying *trying)
{
	struct slice type;

	for (unsigned n = 0;; n++) {
		type = value_of(trying, SLICE_LIT("event.type"), n);
		if (slice_absent(type))
			return;
		if (!is_expected(trying, type))
			mistake_add(trying->mistakes,
				conf_at(trying->conf, &trying->sample->line),
				"ECS has no event.type %s in the event.category of this sample",
				MISTAKE_TEXT(type));
	}
}

static void check_sample(struct trying *trying)
{
	const struct written_sample *sample = trying->sample;
	struct pos at = conf_at(trying->conf, &sample->line);
	enum parse_result result = try(trying);

	if (!sample->fits && result != PARSED_NOT_MINE)
		mistake_add(trying->mistakes, at, "the sample fits a pattern");
	else if (sample->fits && result == PARSED_NOT_MINE)
		mistake_add(trying->mistakes, at, "the sample fits no pattern");
	else if (sample->fits && result != PARSED)
		mistake_add(trying->mistakes, at,
			result == PARSED_PARTLY ? "the sample's time does not exist"
						: "the sample is damaged");
	if (!sample->fits || result == PARSED_NOT_MINE)
		return;
	check_fields(trying);
	check_meaning(trying);
}

void own_samples_check(const struct parser *parser, const struct conf *conf,
	const struct written_format *written, struct mistakes *mistakes)
{
	struct trying *trying = calloc(1, sizeof(*trying));
	const struct written_sample *samples = written->samples.items;

	if (trying == NULL)
		abort();
	trying->parser = parser;
	trying->conf = conf;
	trying->mistakes = mistakes;
	arena_init(&trying->arena, ARENA_MAX);
	for (size_t i = 0; i < written->samples.n; i++) {
		trying->sample = &samples[i];
		check_sample(trying);
	}
	arena_done(&trying->arena);
	free(trying);
}
