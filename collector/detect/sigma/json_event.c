#include "collector/detect/sigma/json_event.h"

struct walk {
	struct sigma_event *event;
	char name[JSON_EVENT_NAME_MAX];
	size_t starts[JSON_EVENT_DEPTH_MAX]; /* of the names, one within the other */
	unsigned depth;
	unsigned nested; /* lists and objects within each other */
};

static struct slice text_of(yyjson_val *value)
{
	if (yyjson_is_str(value))
		return slice_of(yyjson_get_str(value), yyjson_get_len(value));
	if (yyjson_is_raw(value))
		return slice_of(yyjson_get_raw(value), yyjson_get_len(value));
	return yyjson_get_bool(value) ? SLICE_LIT("true") : SLICE_LIT("false");
}

/* "a.b.c" as "a.*.c"; only where rules may ask for it. */
static void add_starred(struct walk *walk, size_t len, struct slice value)
{
	char name[JSON_EVENT_NAME_MAX];
	size_t from, to;

	/* an empty name has no dot behind it */
	if (!walk->event->fields->stars || walk->depth < 2 ||
		walk->starts[walk->depth - 1] == 0)
		return;
	from = walk->starts[walk->depth - 2];
	to = walk->starts[walk->depth - 1] - 1;
	memcpy(name, walk->name, from);
	name[from] = '*';
	memcpy(name + from + 1, walk->name + to, len - to);
	sigma_event_add(walk->event, slice_of(name, from + 1 + len - to), value);
}

static void add_value(struct walk *walk, size_t len, yyjson_val *value);

/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_object(struct walk *walk, size_t len, yyjson_val *object)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);

	for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter)) != NULL;) {
		size_t n = yyjson_get_len(key), start = len + (len > 0);

		if (start + n >= JSON_EVENT_NAME_MAX) {
			walk->event->n_left_out++;
			continue;
		}
		if (len > 0)
			walk->name[len] = '.';
		memcpy(walk->name + start, yyjson_get_str(key), n);
		walk->starts[walk->depth++] = start;
		add_value(walk, start + n, yyjson_obj_iter_get_val(key));
		walk->depth--;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_list(struct walk *walk, size_t len, yyjson_val *list)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);

	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;)
		add_value(walk, len, one);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_value(struct walk *walk, size_t len, yyjson_val *value)
{
	if (yyjson_is_ctn(value) && walk->nested == JSON_EVENT_DEPTH_MAX) {
		walk->event->n_left_out++;
	} else if (yyjson_is_ctn(value)) {
		walk->nested++;
		if (yyjson_is_obj(value))
			add_object(walk, len, value);
		else
			add_list(walk, len, value);
		walk->nested--;
	} else if (!yyjson_is_null(value)) {
		sigma_event_add(walk->event, slice_of(walk->name, len), text_of(value));
		add_starred(walk, len, text_of(value));
	}
}

void json_event_add(struct sigma_event *event, yyjson_val *root)
{
	struct walk walk = {.event = event};

	if (yyjson_is_obj(root))
		add_value(&walk, 0, root);
}
