/*
 * A list of MISP's project of warning lists:
 *
 *	{"name": "List of ...", "type": "string" | "substring" | "hostname" | "cidr" | "regex",
 *	 "matching_attributes": ["ip-src", "domain", ...], "list": ["value", ...], ...}
 */
#include "collector/detect/indicators/reader.h"

static bool is_mine(const struct feed *feed)
{
	return yyjson_is_arr(yyjson_obj_get(feed->root, "list")) &&
	       warning_kind_by_name(feed_text(feed->root, "type")) != WARNING_KINDS;
}

/* Without any named, it is for all. */
static unsigned families_of(yyjson_val *attributes)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(attributes);
	unsigned families = 0;

	if (!yyjson_is_arr(attributes) || yyjson_arr_size(attributes) == 0)
		return WARNING_ALL;
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;) {
		if (yyjson_is_str(one))
			families |= warning_families_of(
				slice_of(yyjson_get_str(one), yyjson_get_len(one)));
	}
	return families;
}

static void add_values(
	struct reading *reading, uint32_t list, enum warning_kind kind, yyjson_val *values)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(values);

	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;) {
		struct slice value = slice_of(yyjson_get_str(one), yyjson_get_len(one));
		const char *why = yyjson_is_str(one)
					  ? warning_lists_add(reading->warnings, list, value)
					  : "no text";

		/* top-level domains, numbers of certificates: nothing here is called so */
		if (why != NULL && kind == WARNING_STRING)
			reading_unused(reading);
		else if (why != NULL)
			reading_refuse(reading, (struct pos){0}, "list[%zu] %s: %s",
				iter.idx - 1, MISTAKE_TEXT(value), why);
	}
}

static void read_list(struct reading *reading, const struct feed *feed)
{
	struct slice name = feed_text(feed->root, "name");
	enum warning_kind kind = warning_kind_by_name(feed_text(feed->root, "type"));
	unsigned families = families_of(yyjson_obj_get(feed->root, "matching_attributes"));
	uint32_t list;

	if (slice_absent(name))
		name = feed_folder(feed->path, 1);
	if (families == 0) {
		reading_unused(reading); /* phone numbers and the like */
		return;
	}
	list = warning_lists_begin(reading->warnings, name, kind, families);
	if (list == UINT32_MAX)
		reading_refuse(reading, (struct pos){0}, "more than %d warning lists",
			WARNING_LISTS_MAX);
	else
		add_values(reading, list, kind, yyjson_obj_get(feed->root, "list"));
}

const struct indicator_reader reader_warning_list = {
	"warning-list", "a warning list of MISP", is_mine, read_list};
