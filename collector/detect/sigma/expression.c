#include "collector/detect/sigma/expression.h"

#include <math.h>
#include <stdlib.h>

#include "collector/detect/sigma/event.h"

/* What is left of a value within the limits of the value and of the event. */
static struct slice bounded(struct sigma_event *event, struct slice text)
{
	size_t most = EVENT_REGEX_TEXT_MAX - event->regex_text;

	if (most > EVENT_REGEX_VALUE_MAX)
		most = EVENT_REGEX_VALUE_MAX;
	if (text.len > most) {
		event->n_left_out++;
		text = slice_head(text, most);
	}
	event->regex_text += text.len;
	return text;
}

static bool holds_regex(const struct regex *regex, struct sigma_event *event, struct slice text)
{
	enum regex_outcome outcome = regex_search(regex, event->matcher, bounded(event, text));

	event->n_given_up += outcome == REGEX_GIVEN_UP;
	return outcome == REGEX_YES;
}

/* ---- numbers and times ---------------------------------------------------- */

bool number_from(struct slice text, double *number)
{
	char copy[64];
	char *end;

	if (text.len == 0 || text.len >= sizeof(copy) ||
		strchr("+-.0123456789", text.ptr[0]) == NULL || text.ptr[0] == '\0')
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	*number = strtod(copy, &end);
	return end == copy + text.len && isfinite(*number);
}

bool comparison_holds(double a, enum comparison comparison, double b)
{
	switch (comparison) {
	case COMPARE_EQ:
		return a <= b && a >= b;
	case COMPARE_LT:
		return a < b;
	case COMPARE_LTE:
		return a <= b;
	case COMPARE_GT:
		return a > b;
	case COMPARE_GTE:
		return a >= b;
	}
	return false;
}

static bool holds_number(const struct atom *atom, struct slice text)
{
	double number = 0;

	if (atom->number.part == TIME_WHOLE ? !number_from(text, &number)
					    : !time_part_of(text, atom->number.part, &number))
		return false;
	return comparison_holds(number, atom->number.comparison, atom->number.value);
}

/* ---- other fields --------------------------------------------------------- */

static bool holds_place(enum pattern_kind place, struct slice text, struct slice part)
{
	return pattern_matches(&(struct pattern){.kind = place, .literal = part}, text);
}

static struct slice value_text(
	const struct sigma_event *event, const struct atom *atom, const struct event_item *item)
{
	return atom->cased ? event->values[item->value].text : event_folded(event, item->value);
}

static bool holds_other(
	const struct atom *atom, struct sigma_event *event, const struct event_item *item)
{
	const struct event_item *other = event_first(event, atom->other.field);

	for (; other != NULL; other = event_next(event, other)) {
		if (event->n_pairs++ == EVENT_PAIRS_MAX)
			event->n_left_out++;
		if (event->n_pairs > EVENT_PAIRS_MAX)
			return false;
		if (holds_place(atom->other.place, value_text(event, atom, item),
			    value_text(event, atom, other)))
			return true;
	}
	return false;
}

/* ---- atoms ---------------------------------------------------------------- */

static bool holds_value(
	const struct atom *atom, struct sigma_event *event, const struct event_item *item)
{
	struct slice text = event->values[item->value].text;
	struct netaddr address;

	switch (atom->test) {
	case ATOM_PATTERN:
		return pattern_matches(&atom->pattern, value_text(event, atom, item));
	case ATOM_REGEX:
		return holds_regex(atom->regex, event, text);
	case ATOM_PREFIX:
		return netaddr_parse(text, &address) &&
		       netprefix_holds(&atom->prefix, &address);
	case ATOM_FIELD:
		return holds_other(atom, event, item);
	case ATOM_NUMBER:
		return holds_number(atom, text);
	case ATOM_ABSENT:
	case ATOM_EXISTS:
		break;
	}
	return true;
}

/* In any value; the line as it came is one of them. */
static bool holds_keyword(const struct atom *atom, struct sigma_event *event)
{
	for (uint32_t i = 0; i < event->n_values; i++) {
		if (holds_value(atom, event, &(struct event_item){.value = i}))
			return true;
	}
	return false;
}

static bool atom_holds(const struct atom *atom, struct sigma_event *event)
{
	const struct event_item *item;

	if (atom->field == FIELD_NUMBER_ANY)
		return holds_keyword(atom, event);
	item = event_first(event, atom->field);
	if (atom->test == ATOM_ABSENT)
		return item == NULL;
	for (; item != NULL; item = event_next(event, item)) {
		if (holds_value(atom, event, item))
			return true;
	}
	return false;
}

/* ---- expressions ---------------------------------------------------------- */

static bool holds_of(const struct expression *expression, struct sigma_event *event)
{
	unsigned n = 0;

	for (unsigned i = 0; i < expression->n_parts && n < expression->least; i++)
		n += expression_holds(expression->parts[i], event);
	return n >= expression->least;
}

/* As deep as rules may be nested, condition.h and detection.h. */
/* NOLINTNEXTLINE(misc-no-recursion) */
bool expression_holds(const struct expression *expression, struct sigma_event *event)
{
	switch (expression->kind) {
	case EXPRESSION_ATOM:
		return atom_holds(&expression->atom, event);
	case EXPRESSION_NOT:
		return !expression_holds(expression->parts[0], event);
	case EXPRESSION_AND:
		for (unsigned i = 0; i < expression->n_parts; i++) {
			if (!expression_holds(expression->parts[i], event))
				return false;
		}
		return true;
	case EXPRESSION_OR:
		for (unsigned i = 0; i < expression->n_parts; i++) {
			if (expression_holds(expression->parts[i], event))
				return true;
		}
		return false;
	case EXPRESSION_OF:
		return holds_of(expression, event);
	}
	return false;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
bool expression_touches(const struct expression *expression, const struct sigma_event *event)
{
	if (expression->kind == EXPRESSION_ATOM)
		return expression->atom.field == FIELD_NUMBER_ANY ||
		       event_first(event, expression->atom.field) != NULL;
	for (unsigned i = 0; i < expression->n_parts; i++) {
		if (expression_touches(expression->parts[i], event))
			return true;
	}
	return false;
}

static const struct expression *made_of(struct arena *arena, struct expression like,
	const struct expression *const *parts, size_t n)
{
	struct expression *expression = arena_alloc(arena, sizeof(*expression));
	const struct expression **copy = arena_alloc(arena, (n + 1) * sizeof(*copy));

	if (expression == NULL || copy == NULL)
		return NULL;
	if (n > 0)
		memcpy(copy, parts, n * sizeof(*copy));
	for (size_t i = 0; i < n && like.weight <= EXPRESSION_WEIGHT_MAX; i++)
		like.weight += parts[i]->weight;
	if (like.weight > EXPRESSION_WEIGHT_MAX)
		like.weight = EXPRESSION_WEIGHT_MAX + 1;
	*expression = like;
	expression->n_parts = (unsigned)n;
	expression->parts = copy;
	return expression;
}

const struct expression *expression_of_parts(struct arena *arena, enum expression_kind kind,
	const struct expression *const *parts, size_t n)
{
	return n == 1 ? parts[0] : made_of(arena, (struct expression){.kind = kind}, parts, n);
}

const struct expression *expression_not(struct arena *arena, const struct expression *part)
{
	return made_of(arena, (struct expression){.kind = EXPRESSION_NOT}, &part, 1);
}

const struct expression *expression_count(
	struct arena *arena, unsigned least, const struct expression *const *parts, size_t n)
{
	return made_of(
		arena, (struct expression){.kind = EXPRESSION_OF, .least = least}, parts, n);
}
