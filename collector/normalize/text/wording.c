/*
 * A pattern becomes steps: text, value, and the start of an optional part with the number of
 * its steps. A value knows the texts that may follow it: the next one, and while that is
 * optional also the one behind. It ends at the earliest of them (with '*': at the latest).
 */
#include "collector/normalize/text/wording.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/pairs.h"
#include "common/netaddr.h"

enum { FOLLOWERS_MAX = 6, VALUES_MAX = 32, STEPS_MAX = 96 };

/* Values that are more than a field. */
enum wording_value {
	VALUE_OTHER = FIELD_ID_MAX, /* under the name in the pattern */
	VALUE_NOTHING,
	VALUE_TRANSPORT,
	VALUE_PROTOCOL,
	VALUE_DIRECTION,
	VALUE_SECONDS,
	VALUE_URL,
	VALUE_SOURCE_ONLY, /* an address, or the sentence is another */
	VALUE_SWITCH_PORT, /* of a switch: the interface something came by */
};

static const struct word {
	struct slice name;
	unsigned meaning;
	bool is_word;
} words[] = {
#define WORD(name, meaning, is_word) {{SLICE_BYTES(name)}, (meaning), (is_word)},
#include "collector/normalize/text/wording_names.def"
#undef WORD
};

struct step {
	enum { STEP_TEXT, STEP_VALUE, STEP_OPTIONAL } kind;
	struct slice text; /* or the value's name */
	unsigned meaning;  /* of a value */
	bool is_word, is_greedy;
	bool may_end; /* of a value: the text may end behind it */
	uint8_t n_followers;
	uint8_t n_steps; /* of an optional part */
	struct slice followers[FOLLOWERS_MAX];
};

struct sentence {
	const struct wording *row;
	uint32_t hash;
	struct sentence *next; /* of the same hash slot, in order of the table */
	unsigned n_steps;
	struct step *steps;
};

struct wording_slots {
	uint32_t mask;
	struct sentence *sentences;
	struct sentence *first[];
};

/* ---- compiling -------------------------------------------------------------------------- */

/* A pattern that is no pattern is our own mistake; tests read every table. */
static void reject(bool wrong)
{
	if (wrong)
		abort();
}

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static struct step value_step(struct slice name)
{
	struct step step = {.kind = STEP_VALUE, .meaning = VALUE_OTHER};

	if (slice_ends(name, SLICE_LIT("*"))) {
		step.is_greedy = true;
		name.len--;
	}
	step.text = name;
	if (slice_eq(name, SLICE_LIT("-")))
		step.meaning = VALUE_NOTHING;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!slice_eq(words[i].name, name))
			continue;
		step.meaning = words[i].meaning;
		step.is_word = words[i].is_word;
	}
	return step;
}

/* Up to the next value, or the start or end of an optional part. */
static struct step text_step(struct slice *rest)
{
	size_t len = 1;

	while (len < rest->len && rest->ptr[len] != '{' &&
		!slice_starts(slice_from(*rest, len), SLICE_LIT("?}")))
		len++;
	struct step step = {.kind = STEP_TEXT, .text = slice_head(*rest, len)};
	*rest = slice_from(*rest, len);
	return step;
}

static unsigned read_steps(struct slice rest, struct step *steps)
{
	unsigned n = 0, open = STEPS_MAX;
	struct slice name;

	while (rest.len > 0) {
		reject(n == STEPS_MAX);
		if (skip_lit(&rest, "{?")) {
			reject(open != STEPS_MAX);
			open = n;
			steps[n++] = (struct step){.kind = STEP_OPTIONAL};
		} else if (open != STEPS_MAX && skip_lit(&rest, "?}")) {
			steps[open].n_steps = (uint8_t)(n - open - 1);
			open = STEPS_MAX;
		} else if (skip_byte(&rest, '{')) {
			reject(!take_until(&rest, '}', &name));
			steps[n++] = value_step(name);
		} else {
			steps[n++] = text_step(&rest);
		}
	}
	reject(open != STEPS_MAX);
	return n;
}

static void add_follower(struct step *value, struct slice text)
{
	reject(value->n_followers == FOLLOWERS_MAX);
	value->followers[value->n_followers++] = text;
}

/* What may stand behind the value at `at`; behind the last step of an optional part stands
 * what stands behind the part. */
static void find_followers(struct step *steps, unsigned n, unsigned at)
{
	struct step *value = &steps[at];
	unsigned i = at + 1;

	while (i < n && steps[i].kind == STEP_OPTIONAL) {
		reject(steps[i + 1].kind != STEP_TEXT);
		add_follower(value, steps[i + 1].text);
		i += 1u + steps[i].n_steps;
	}
	value->may_end = i == n;
	reject(i < n && steps[i].kind != STEP_TEXT);
	if (i < n)
		add_follower(value, steps[i].text);
}

static void compile(struct sentence *sentence, const struct wording *row)
{
	struct step steps[STEPS_MAX + 1] = {0};

	sentence->row = row;
	sentence->hash = name_hash(row->code);
	sentence->n_steps = slice_absent(row->pattern) ? 0 : read_steps(row->pattern, steps);
	for (unsigned i = 0; i < sentence->n_steps; i++) {
		if (steps[i].kind == STEP_VALUE)
			find_followers(steps, sentence->n_steps, i);
	}
	sentence->steps = allocate(sentence->n_steps, sizeof(*steps));
	memcpy(sentence->steps, steps, sentence->n_steps * sizeof(*steps));
}

static struct wording_slots *make(const struct wording_table *table)
{
	uint32_t n = 4;

	while (n <= table->n)
		n *= 2;
	struct wording_slots *slots = allocate(1, sizeof(*slots) + n * sizeof(slots->first[0]));
	slots->mask = n - 1;
	slots->sentences = allocate(table->n, sizeof(*slots->sentences));
	for (size_t i = table->n; i-- > 0;) {
		struct sentence *sentence = &slots->sentences[i];

		compile(sentence, &table->rows[i]);
		sentence->next = slots->first[sentence->hash & slots->mask];
		slots->first[sentence->hash & slots->mask] = sentence;
	}
	return slots;
}

static void discard(struct wording_slots *slots, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(slots->sentences[i].steps);
	free(slots->sentences);
	free(slots);
}

static const struct wording_slots *slots_of(struct wording_table *table)
{
	struct wording_slots *slots = atomic_load_explicit(&table->slots, memory_order_acquire),
			     *published = NULL;

	if (slots != NULL)
		return slots;
	slots = make(table);
	if (atomic_compare_exchange_strong(&table->slots, &published, slots))
		return slots;
	discard(slots, table->n);
	return published;
}

/* ---- reading ---------------------------------------------------------------------------- */

struct reading {
	unsigned n;
	struct {
		const struct step *step;
		struct slice value;
	} values[VALUES_MAX];
};

/* A blank in the pattern is one or more in the text. */
static bool take_text(struct slice *rest, struct slice text)
{
	if (skip_text(rest, text)) {
		if (text.ptr[text.len - 1] == ' ')
			skip_blanks(rest);
		return true;
	}
	struct slice at = *rest;
	for (size_t i = 0; i < text.len; i++) {
		if (!skip_byte(&at, text.ptr[i]))
			return false;
		if (text.ptr[i] == ' ')
			skip_blanks(&at);
	}
	*rest = at;
	return true;
}

static size_t last_place(struct slice text, struct slice wanted)
{
	struct slice before, after;

	return cut_last(text, wanted, &before, &after) ? before.len : text.len;
}

/* Where the value at the start of `rest` ends; beyond the text when nowhere. */
static size_t value_end(const struct step *step, struct slice rest)
{
	size_t end = rest.len + 1;

	for (unsigned i = 0; i < step->n_followers; i++) {
		struct slice head = rest;
		size_t at;

		if (step->is_greedy) {
			at = last_place(rest, step->followers[i]);
			if (at < rest.len && (end > rest.len || at > end))
				end = at;
			continue;
		}
		if (end + step->followers[i].len < rest.len)
			head = slice_head(rest, end + step->followers[i].len);
		at = slice_search(head, step->followers[i]);
		if (at < head.len && at < end)
			end = at;
	}
	return end > rest.len && step->may_end ? rest.len : end;
}

static bool take_value(const struct step *step, struct slice *rest, struct reading *reading)
{
	size_t len = value_end(step, *rest);
	struct netaddr address;

	if (len > rest->len || reading->n == VALUES_MAX)
		return false;
	struct slice value = slice_head(*rest, len);
	if (step->is_word && step->n_followers == 0)
		value = slice_head(value, slice_find(value, ' '));
	if (step->is_word && (value.len == 0 || slice_find(value, ' ') < value.len))
		return false;
	if (step->meaning == VALUE_SOURCE_ONLY && !netaddr_parse(value, &address))
		return false;
	*rest = slice_from(*rest, value.len);
	reading->values[reading->n].step = step;
	reading->values[reading->n++].value = value;
	return true;
}

static bool take_steps(
	const struct step *steps, unsigned n, struct slice *rest, struct reading *reading)
{
	for (unsigned i = 0; i < n; i++) {
		const struct step *step = &steps[i];
		struct slice at = *rest;
		unsigned n_values = reading->n;

		if (step->kind == STEP_OPTIONAL) {
			if (take_steps(step + 1, step->n_steps, &at, reading))
				*rest = at;
			else
				reading->n = n_values;
			i += step->n_steps;
		} else if (step->kind == STEP_TEXT ? !take_text(rest, step->text)
						   : !take_value(step, rest, reading)) {
			return false;
		}
	}
	return true;
}

/* ---- adding ----------------------------------------------------------------------------- */

static enum field_id instead_of_address(unsigned id)
{
	switch (id) {
	case FIELD_SOURCE_IP:
		return FIELD_SOURCE_ADDRESS;
	case FIELD_DESTINATION_IP:
		return FIELD_DESTINATION_ADDRESS;
	default:
		return FIELD_NONE;
	}
}

static void put_field(struct record *record, struct parse_context *context, enum field_id id,
	struct slice value)
{
	enum field_id other = instead_of_address(id);

	if (field_type(id) == FIELD_LONG)
		put_digits(record, context, id, value);
	else if (field_type(id) == FIELD_IP && other != FIELD_NONE)
		put_address(record, context, id, other, value);
	else if (field_type(id) == FIELD_IP)
		put_only_address(record, context, id, value);
	else
		put_some(record, context, id, value);
}

static void put_value(struct record *record, struct parse_context *context,
	const struct step *step, struct slice value)
{
	value = slice_trim(value);
	switch (step->meaning) {
	case VALUE_OTHER:
		put_other(record, context, FIELD_OTHER, step->text, value);
		break;
	case VALUE_NOTHING:
		break;
	case VALUE_TRANSPORT:
		put_transport(record, context, value);
		break;
	case VALUE_PROTOCOL:
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, value);
		break;
	case VALUE_DIRECTION:
		put_direction(record, context, value);
		break;
	case VALUE_SECONDS:
		put_seconds(record, context, value);
		break;
	case VALUE_URL:
		if (value.len > 0)
			access_log_put_url(record, context, value);
		break;
	case VALUE_SOURCE_ONLY:
		put_only_address(record, context, FIELD_SOURCE_IP, value);
		break;
	case VALUE_SWITCH_PORT:
		put_some(record, context, FIELD_OBSERVER_INGRESS_INTERFACE, value);
		break;
	default:
		put_field(record, context, (enum field_id)step->meaning, value);
	}
}

static void put_row(
	struct record *record, struct parse_context *context, const struct wording *row)
{
	put_telling(record, context, row->telling);
	if (row->attack != CLASS_NONE)
		put_attack(record, context, row->attack, row->severity,
			row->telling == TELLS_ATTACK_DENIED ||
				row->telling == TELLS_MALWARE_DENIED);
}

bool wording_knows(struct wording_table *table, struct slice code)
{
	const struct wording_slots *slots = slots_of(table);
	uint32_t hash = name_hash(code);

	for (const struct sentence *i = slots->first[hash & slots->mask]; i; i = i->next) {
		if (i->hash == hash && slice_eq(i->row->code, code))
			return true;
	}
	return false;
}

const struct wording *put_wording(struct wording_table *table, struct slice code,
	struct slice text, struct record *record, struct parse_context *context)
{
	const struct wording_slots *slots = slots_of(table);

	if (slice_absent(code) || slice_absent(text))
		return NULL;
	uint32_t hash = name_hash(code);
	for (const struct sentence *i = slots->first[hash & slots->mask]; i; i = i->next) {
		struct reading reading = {.n = 0};
		struct slice rest = text;

		if (i->hash != hash || !slice_eq(i->row->code, code) ||
			!take_steps(i->steps, i->n_steps, &rest, &reading))
			continue;
		for (unsigned j = 0; j < reading.n; j++)
			put_value(record, context, reading.values[j].step,
				reading.values[j].value);
		put_row(record, context, i->row);
		return i->row;
	}
	return NULL;
}
