/*
 * event - what rules look at: an event's values by the numbers of rule fields
 *
 * Filled for each event anew, by name; values are borrowed until the next
 * sigma_event_begin(). Of every value that some rule may ask for a copy with
 * its case folded stands in one text, a line end before and behind each: what
 * is searched for all rules at once (prefilter.h).
 *
 * One thread; the steady state allocates nothing.
 */
#ifndef COLLECTOR_DETECT_SIGMA_EVENT_H
#define COLLECTOR_DETECT_SIGMA_EVENT_H

#include "collector/detect/sigma/fields.h"
#include "collector/detect/sigma/regex.h"
#include "common/clock.h"
#include "common/strbuf.h"

/* Of one event. What is beyond is not looked at, and counted in n_left_out. */
enum {
	EVENT_VALUES_MAX = 10000,
	EVENT_TEXT_MAX = 16 << 20,        /* bytes of all values */
	EVENT_REGEX_VALUE_MAX = 32 << 10, /* bytes of a value that a regular expression sees */
	EVENT_REGEX_TEXT_MAX = 512 << 10, /* bytes that all of them see */
	EVENT_PAIRS_MAX = 10000,          /* comparisons of two fields' values */
};

struct event_value {
	struct slice text;
	uint32_t folded_at; /* in event->folded */
};

/* A value in the list of a field. */
struct event_item {
	uint32_t value; /* number in event->values */
	uint32_t next;  /* in event->items, + 1; 0 = none */
};

struct event_field {
	uint32_t first; /* in event->items, + 1; 0 = the event does not have it */
	uint32_t last;
	uint16_t rank;
	uint16_t place; /* values seen of the name of which it is one alone */
	bool touched;
};

struct sigma_event {
	const struct fields *fields;
	struct event_field *of_field; /* fields->n */
	uint16_t *touched;            /* numbers of those that are not 0 */
	size_t n_touched;
	struct event_value *values;
	size_t n_values, values_room;
	struct event_item *items;
	size_t n_items, items_room;
	struct strbuf folded;
	bool whole; /* values no field asks for are kept too: for keywords */
	unsigned n_left_out;
	/* Of a record (record_event.h), values among the others: */
	char time[CLOCK_TEXT_MAX], agency[12], host[12];

	struct regex_matcher *matcher;
	size_t regex_text;   /* bytes that regular expressions looked at, in this event */
	unsigned n_pairs;    /* values of fields compared with each other, likewise */
	unsigned n_given_up; /* matches of regular expressions, likewise */
};

/* `fields` must not change any more. `whole`: rules have keywords. */
void sigma_event_init(struct sigma_event *event, const struct fields *fields, bool whole);
void sigma_event_done(struct sigma_event *event);

void sigma_event_begin(struct sigma_event *event);
void sigma_event_add(struct sigma_event *event, struct slice name, struct slice value);

/* The same where the name was looked up before; NULL: no rule asks for it. An absent value is
 * not added. */
void sigma_event_add_use(
	struct sigma_event *event, const struct field_use *use, struct slice value);

static inline const struct event_item *event_first(
	const struct sigma_event *event, unsigned field)
{
	uint32_t first = event->of_field[field].first;

	return first ? &event->items[first - 1] : NULL;
}

static inline const struct event_item *event_next(
	const struct sigma_event *event, const struct event_item *item)
{
	return item->next ? &event->items[item->next - 1] : NULL;
}

static inline struct slice event_folded(const struct sigma_event *event, uint32_t value)
{
	return slice_of(event->folded.ptr + event->values[value].folded_at,
		event->values[value].text.len);
}

#endif
