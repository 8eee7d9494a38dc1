#include "collector/detect/sigma/json_event.h"

static struct slice text_of(yyjson_val *value)
{
	if (yyjson_is_str(value))
		return slice_of(yyjson_get_str(value), yyjson_get_len(value));
	if (yyjson_is_raw(value))
		return slice_of(yyjson_get_raw(value), yyjson_get_len(value));
	return yyjson_get_bool(value) ? SLICE_LIT("true") : SLICE_LIT("false");
}

static void add_value(struct json_event_walk *walk, size_t len, yyjson_val *value);

/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_object(struct json_event_walk *walk, size_t len, yyjson_val *object)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);

	for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter)) != NULL;) {
		size_t n = yyjson_get_len(key), start = len + (len > 0);

		if (start + n >= JSON_EVENT_NAME_MAX) {
			walk->n_left_out++;
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
static void add_list(struct json_event_walk *walk, size_t len, yyjson_val *list)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);

	for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;)
		add_value(walk, len, one);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_value(struct json_event_walk *walk, size_t len, yyjson_val *value)
{
	if (yyjson_is_ctn(value) && walk->nested == JSON_EVENT_DEPTH_MAX) {
		walk->n_left_out++;
	} else if (yyjson_is_ctn(value)) {
		walk->nested++;
		if (yyjson_is_obj(value))
			add_object(walk, len, value);
		else
			add_list(walk, len, value);
		walk->nested--;
	} else if (!yyjson_is_null(value)) {
		walk->one(walk->user, walk, slice_of(walk->name, len), text_of(value));
	}
}

unsigned json_event_each(yyjson_val *root, json_event_value *one, void *user)
{
	struct json_event_walk walk;

	walk.one = one;
	walk.user = user;
	walk.depth = walk.nested = 0;
	walk.n_left_out = 0;
	if (yyjson_is_obj(root))
		add_value(&walk, 0, root);
	return walk.n_left_out;
}

/* "a.b.c" as "a.*.c" */
static void add_starred(struct sigma_event *event, const struct json_event_walk *walk,
	size_t len, struct slice value)
{
	char name[JSON_EVENT_NAME_MAX];
	size_t from, to;

	/* an empty name has no dot behind it */
	if (walk->depth < 2 || walk->starts[walk->depth - 1] == 0)
		return;
	from = walk->starts[walk->depth - 2];
	to = walk->starts[walk->depth - 1] - 1;
	memcpy(name, walk->name, from);
	name[from] = '*';
	memcpy(name + from + 1, walk->name + to, len - to);
	sigma_event_add(event, slice_of(name, from + 1 + len - to), value);
}

static void add_to_event(
	void *user, const struct json_event_walk *walk, struct slice name, struct slice value)
{
	struct sigma_event *event = user;

	sigma_event_add(event, name, value);
	if (event->fields->stars) /* only then rules may ask for it */
		add_starred(event, walk, name.len, value);
}

void json_event_add(struct sigma_event *event, yyjson_val *root)
{
	event->n_left_out += json_event_each(root, add_to_event, event);
}
