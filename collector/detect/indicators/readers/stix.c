/*
 * STIX 2.0 and 2.1: a bundle, the envelope of a TAXII answer, a list of objects, or one of
 * them. Of its objects those of type "indicator" count, whose pattern is one of STIX
 * (stix_pattern.h) and that are not revoked.
 */
#include "collector/detect/indicators/reader.h"
#include "collector/detect/indicators/stix_pattern.h"
#include "collector/detect/indicators/words.h"

enum { PATTERN_MEMORY = 4 << 20 }; /* bytes, of one pattern */

static bool is_object(yyjson_val *value)
{
	struct slice type = feed_text(value, "type"), id = feed_text(value, "id");

	return !slice_absent(type) && slice_starts(id, type) &&
	       slice_starts(slice_from(id, type.len), SLICE_LIT("--"));
}

static bool is_mine(const struct feed *feed)
{
	yyjson_val *objects = yyjson_obj_get(feed->root, "objects");

	return is_object(feed->root) || is_object(yyjson_arr_get_first(feed->root)) ||
	       is_object(yyjson_arr_get_first(objects));
}

struct stix_reading {
	struct reading *reading;
	struct arena arena;
};

/* indicator_types of 2.1, labels of both, kill chain phases say what it is for. */
static void take_class(yyjson_val *words, struct indicator_fact *fact)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(words);

	if (!yyjson_is_arr(words))
		return;
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;) {
		struct slice word = yyjson_is_str(one)
					    ? slice_of(yyjson_get_str(one), yyjson_get_len(one))
					    : feed_text(one, "phase_name");
		enum attack_class attack = indicator_class_of(word);

		if (attack != CLASS_NONE &&
			(fact->attack == CLASS_NONE || fact->attack == CLASS_OTHER))
			fact->attack = attack;
	}
}

static struct indicator_fact fact_of(const struct reading *reading, yyjson_val *object)
{
	struct indicator_fact fact = reading_fact(reading);
	yyjson_val *confidence = yyjson_obj_get(object, "confidence");
	struct slice name = feed_text(object, "name");

	if (!slice_absent(name))
		fact.label = name;
	if (yyjson_is_uint(confidence) && yyjson_get_uint(confidence) <= 100)
		fact.confidence = (uint8_t)yyjson_get_uint(confidence);
	if (fact.attack == CLASS_NONE) {
		take_class(yyjson_obj_get(object, "indicator_types"), &fact);
		take_class(yyjson_obj_get(object, "labels"), &fact);
		take_class(yyjson_obj_get(object, "kill_chain_phases"), &fact);
	}
	if (fact.attack == CLASS_NONE || fact.attack == CLASS_OTHER) {
		enum attack_class attack = indicator_class_of(name);

		fact.attack = attack != CLASS_NONE ? attack : fact.attack;
	}
	fact.until_s = reading_time(feed_text(object, "valid_until"));
	fact.seen_s = reading_time(feed_text(object, "valid_from"));
	return fact;
}

static void read_pattern(
	struct stix_reading *stix, struct slice id, struct slice pattern, yyjson_val *object)
{
	struct indicator_fact fact = fact_of(stix->reading, object);
	struct stix_values values;
	struct pos at = {0};
	struct err err = {0};

	arena_reset(&stix->arena);
	if (!stix_pattern_read(pattern, &stix->arena, &values, &err)) {
		reading_refuse(
			stix->reading, at, "%s: pattern: %s", MISTAKE_TEXT(id), err.text);
		return;
	}
	if (values.n_unusable > 0)
		reading_refuse(stix->reading, at, "%s: pattern%s: %s in %s", MISTAKE_TEXT(id),
			values.n > 0 ? ", in part" : "", values.unusable,
			MISTAKE_TEXT(pattern));
	for (size_t i = 0; i < values.n; i++)
		(void)reading_add(
			stix->reading, at, values.items[i].type, values.items[i].text, &fact);
}

static void read_object(struct stix_reading *stix, yyjson_val *object)
{
	struct slice id = feed_text(object, "id"), pattern = feed_text(object, "pattern");
	struct slice language = feed_text(object, "pattern_type");

	if (!yyjson_equals_str(yyjson_obj_get(object, "type"), "indicator"))
		return;
	if (yyjson_is_true(yyjson_obj_get(object, "revoked")))
		reading_unused(stix->reading);
	else if (!slice_absent(language) && !slice_eq(language, SLICE_LIT("stix")))
		reading_refuse(stix->reading, (struct pos){0},
			"%s: a pattern in another language: %s", MISTAKE_TEXT(id),
			MISTAKE_TEXT(language));
	else if (slice_absent(pattern))
		reading_refuse(
			stix->reading, (struct pos){0}, "%s: no pattern", MISTAKE_TEXT(id));
	else
		read_pattern(stix, id, pattern, object);
}

static void read_objects(struct stix_reading *stix, yyjson_val *objects)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(objects);

	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;)
		read_object(stix, one);
}

static void read_stix(struct reading *reading, const struct feed *feed)
{
	struct stix_reading stix = {.reading = reading};
	yyjson_val *objects = yyjson_obj_get(feed->root, "objects");

	arena_init(&stix.arena, PATTERN_MEMORY);
	if (yyjson_is_arr(feed->root))
		read_objects(&stix, feed->root);
	else if (yyjson_is_arr(objects))
		read_objects(&stix, objects);
	else
		read_object(&stix, feed->root);
	arena_done(&stix.arena);
}

const struct indicator_reader reader_stix = {
	"stix", "bundles of STIX 2.0 and 2.1", is_mine, read_stix};
