/*
 * MISP's JSON (datatracker.ietf.org: draft-dulaunoy-misp-core-format): an Event with Attributes
 * and Objects of Attributes, alone, in a list, or in the "response" of the API, and the files
 * of a MISP feed. An attribute counts when its to_ids is true and it is not deleted.
 *
 * hashes.csv of a feed has MD5 sums of attributes, for finding events: no indicators.
 */
#include "collector/detect/indicators/reader.h"
#include "collector/detect/indicators/words.h"

static yyjson_val *attributes_of(yyjson_val *object)
{
	return yyjson_obj_get(object, "Attribute");
}

/* An event, a list of events, or the answer with one of them. */
static bool is_event(yyjson_val *value)
{
	yyjson_val *first = yyjson_is_arr(value) ? yyjson_arr_get_first(value) : value;

	return yyjson_is_obj(yyjson_obj_get(first, "Event")) ||
	       yyjson_is_arr(attributes_of(first)) ||
	       yyjson_is_obj(yyjson_obj_get(first, "Attribute"));
}

static bool is_manifest(yyjson_val *root)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(root);
	yyjson_val *key = yyjson_is_obj(root) ? yyjson_obj_iter_next(&iter) : NULL;
	yyjson_val *first = key ? yyjson_obj_iter_get_val(key) : NULL;

	return yyjson_get_len(key) == 36 && yyjson_is_obj(yyjson_obj_get(first, "Orgc"));
}

static bool is_mine(const struct feed *feed)
{
	return is_event(feed->root) || is_event(yyjson_obj_get(feed->root, "response")) ||
	       is_manifest(feed->root);
}

/* ---- an attribute ------------------------------------------------------------------ */

/* True of true, 1, "1" and "true". */
static bool is_true(yyjson_val *value, bool standard)
{
	if (value == NULL)
		return standard;
	if (yyjson_is_str(value))
		return yyjson_equals_str(value, "1") || yyjson_equals_str(value, "true");
	return yyjson_is_true(value) || (yyjson_is_int(value) && yyjson_get_int(value) == 1);
}

static void take_tags(yyjson_val *tags, struct indicator_fact *fact)
{
	const struct slice confidence = SLICE_LIT("misp:confidence-level=\"");
	yyjson_arr_iter iter = yyjson_arr_iter_with(tags);

	if (!yyjson_is_arr(tags))
		return;
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;) {
		struct slice name = feed_text(one, "name");
		enum attack_class attack = indicator_class_of(name);

		if (slice_starts(name, confidence) && slice_ends(name, SLICE_LIT("\""))) {
			int level = indicator_confidence_of(slice_of(
				name.ptr + confidence.len, name.len - confidence.len - 1));
			fact->confidence = level < 0 ? fact->confidence : (uint8_t)level;
		} else if (attack != CLASS_NONE && fact->attack == CLASS_NONE) {
			fact->attack = attack;
		}
	}
}

static uint32_t time_of(yyjson_val *object, const char *key)
{
	yyjson_val *value = yyjson_obj_get(object, key);

	if (yyjson_is_uint(value) && yyjson_get_uint(value) <= UINT32_MAX)
		return (uint32_t)yyjson_get_uint(value);
	return reading_time(feed_text(object, key));
}

static void add_value(struct reading *reading, struct pos at, struct slice name,
	const struct indicator_kind *kind, struct slice value,
	const struct indicator_fact *fact)
{
	struct slice rest = value, first;
	struct strbuf endpoint = STRBUF_INIT(256);

	if (!kind->compound) {
		(void)reading_add(reading, at, kind->first, value, fact);
		return;
	}
	(void)slice_cut(&rest, '|', &first);
	if (slice_absent(rest)) {
		reading_refuse(reading, at, "%s: %s wants two values with '|' between",
			MISTAKE_TEXT(value), MISTAKE_TEXT(name));
	} else if (kind->first == INDICATOR_ENDPOINT) {
		bool v6 = slice_find(first, ':') < first.len;

		strbuf_addf(&endpoint, v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", SLICE_FMT(first),
			SLICE_FMT(rest));
		(void)reading_add(
			reading, at, INDICATOR_ENDPOINT, strbuf_slice(&endpoint), fact);
	} else {
		if (kind->first != INDICATOR_TYPES)
			(void)reading_add(reading, at, kind->first, first, fact);
		if (kind->second != INDICATOR_TYPES)
			(void)reading_add(reading, at, kind->second, rest, fact);
	}
	strbuf_done(&endpoint);
}

static void read_attribute(
	struct reading *reading, yyjson_val *attribute, const struct indicator_fact *of_event)
{
	struct slice type = feed_text(attribute, "type"), value = feed_text(attribute, "value");
	struct slice category = feed_text(attribute, "category");
	struct indicator_kind kind = indicator_kind_by_name(type);
	struct indicator_fact fact = *of_event;
	struct pos at = {0};

	if (!is_true(yyjson_obj_get(attribute, "to_ids"), false) ||
		is_true(yyjson_obj_get(attribute, "deleted"), false)) {
		reading_unused(reading);
		return;
	}
	if (slice_absent(value) || !kind.is_known ||
		(kind.first == INDICATOR_TYPES && !kind.compound)) {
		reading_refuse(reading, at, "attribute %s: nothing looks for its type %s",
			MISTAKE_TEXT(feed_text(attribute, "uuid")), MISTAKE_TEXT(type));
		return;
	}
	take_tags(yyjson_obj_get(attribute, "Tag"), &fact);
	if (fact.attack == CLASS_NONE)
		fact.attack = indicator_class_of(category);
	fact.seen_s = time_of(attribute, "first_seen");
	if (fact.seen_s == 0)
		fact.seen_s = time_of(attribute, "timestamp");
	add_value(reading, at, type, &kind, value, &fact);
}

/* ---- events ------------------------------------------------------------------------ */

static void read_attributes(
	struct reading *reading, yyjson_val *list, const struct indicator_fact *fact)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);

	if (yyjson_is_obj(list))
		read_attribute(reading, list, fact);
	if (!yyjson_is_arr(list))
		return;
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;)
		read_attribute(reading, one, fact);
}

static void read_event(struct reading *reading, yyjson_val *event)
{
	struct indicator_fact fact = reading_fact(reading);
	yyjson_val *objects = yyjson_obj_get(event, "Object");
	yyjson_arr_iter iter = yyjson_arr_iter_with(objects);
	struct slice info = feed_text(event, "info");

	take_tags(yyjson_obj_get(event, "Tag"), &fact);
	if (!slice_absent(info))
		fact.label = info;
	if (fact.attack == CLASS_NONE)
		fact.attack = indicator_class_of(info);
	read_attributes(reading, attributes_of(event), &fact);
	if (!yyjson_is_arr(objects))
		return;
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;)
		read_attributes(reading, attributes_of(one), &fact);
}

static void read_one(struct reading *reading, yyjson_val *value)
{
	yyjson_val *event = yyjson_obj_get(value, "Event");

	read_event(reading, event ? event : value);
}

static void read_all(struct reading *reading, yyjson_val *value)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(value);

	if (!yyjson_is_arr(value)) {
		read_one(reading, value);
		return;
	}
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;)
		read_one(reading, one);
}

static void read_misp(struct reading *reading, const struct feed *feed)
{
	yyjson_val *response = yyjson_obj_get(feed->root, "response");

	if (!is_manifest(feed->root))
		read_all(reading, response ? response : feed->root);
}

const struct indicator_reader reader_misp = {
	"misp", "events and attributes of MISP, as JSON", is_mine, read_misp};

/* ---- what is none ------------------------------------------------------------------- */

static bool is_hash_index(const struct feed *feed)
{
	return feed->root == NULL && slice_ends(feed->path, SLICE_LIT("/hashes.csv")) &&
	       feed->text.len > 32 + 1 + 36 && feed->text.ptr[32] == ',' &&
	       feed->text.ptr[32 + 1 + 8] == '-';
}

static void read_nothing(struct reading *reading, const struct feed *feed)
{
	(void)reading;
	(void)feed;
}

const struct indicator_reader reader_misp_hashes = {"misp-hashes",
	"the index of a feed of MISP: no indicators", is_hash_index, read_nothing};
