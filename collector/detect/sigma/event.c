#include "collector/detect/sigma/event.h"

#include <stdlib.h>

#include "collector/detect/sigma/pattern.h"

void sigma_event_init(struct sigma_event *event, const struct fields *fields, bool whole)
{
	*event = (struct sigma_event){.fields = fields,
		.of_field = calloc(fields->n + 1, sizeof(*event->of_field)),
		.touched = calloc(fields->n + 1, sizeof(*event->touched)),
		.folded = STRBUF_INIT(EVENT_TEXT_MAX),
		.whole = whole,
		.matcher = regex_matcher_new()};
	if (event->of_field == NULL || event->touched == NULL)
		abort();
}

void sigma_event_done(struct sigma_event *event)
{
	free(event->of_field);
	free(event->touched);
	free(event->values);
	free(event->items);
	strbuf_done(&event->folded);
	regex_matcher_free(event->matcher);
}

void sigma_event_begin(struct sigma_event *event)
{
	for (size_t i = 0; i < event->n_touched; i++)
		event->of_field[event->touched[i]] = (struct event_field){0};
	event->n_touched = event->n_values = event->n_items = 0;
	event->n_left_out = event->n_given_up = event->n_pairs = 0;
	event->regex_text = 0;
	strbuf_reset(&event->folded);
	strbuf_add_byte(&event->folded, '\n');
}

static void *room_for_one(void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return list;
	*room = *room ? 2 * *room : 128;
	list = realloc(list, *room * size);
	if (list == NULL)
		abort();
	return list;
}

/* Appends the text, folded, and a line end; false when there is no room. */
static bool add_folded(struct sigma_event *event, struct slice text, uint32_t *at)
{
	char *to = strbuf_reserve(&event->folded, text.len + 1);

	if (to == NULL) {
		event->n_left_out++;
		return false;
	}
	*at = (uint32_t)event->folded.len;
	fold_case(text, to);
	to[text.len] = '\n';
	strbuf_extend(&event->folded, text.len + 1);
	return true;
}

static void touch(struct sigma_event *event, uint16_t number)
{
	if (event->of_field[number].touched)
		return;
	event->of_field[number].touched = true;
	event->touched[event->n_touched++] = number;
}

static void add_item(struct sigma_event *event, const struct field_use *use, uint32_t value)
{
	struct event_field *field = &event->of_field[use->field];

	touch(event, use->field);
	if (use->place != 0 && (field->place == UINT16_MAX || ++field->place != use->place))
		return;
	if (field->first != 0 && field->rank < use->rank)
		return;
	event->items = room_for_one(
		event->items, event->n_items, &event->items_room, sizeof(*event->items));
	event->items[event->n_items++] = (struct event_item){.value = value};
	if (field->first != 0 && field->rank == use->rank)
		event->items[field->last - 1].next = (uint32_t)event->n_items;
	else
		field->first = (uint32_t)event->n_items;
	field->last = (uint32_t)event->n_items;
	field->rank = use->rank;
}

void sigma_event_add(struct sigma_event *event, struct slice name, struct slice value)
{
	sigma_event_add_use(event, fields_use(event->fields, name), value);
}

void sigma_event_add_use(
	struct sigma_event *event, const struct field_use *use, struct slice value)
{
	uint32_t number = (uint32_t)event->n_values;
	struct event_value *added;

	if ((use == NULL && !event->whole) || slice_absent(value))
		return;
	if (event->n_values == EVENT_VALUES_MAX) {
		event->n_left_out++;
		return;
	}
	event->values = room_for_one(
		event->values, event->n_values, &event->values_room, sizeof(*event->values));
	added = &event->values[number];
	added->text = value;
	if (!add_folded(event, value, &added->folded_at))
		return;
	event->n_values++;
	for (; use != NULL; use = fields_next_use(event->fields, use))
		add_item(event, use, number);
}
