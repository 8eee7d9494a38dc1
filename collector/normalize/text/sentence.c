/*
 * A sentence becomes steps: text, values, parts that may be absent. A value ends where one of
 * its followers stands: the text behind it and, while a part that may be absent begins there,
 * the text behind that part too.
 */
#include "collector/normalize/text/sentence.h"

#include <stdlib.h>

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/network.h"
#include "common/netaddr.h"

enum step_kind {
	STEP_TEXT,
	STEP_NUMBER,
	STEP_IP,
	STEP_VALUE,
	STEP_OPTION, /* the steps up to STEP_OPTION_END may be absent */
	STEP_OPTION_END,
	STEP_END,
};

enum extent { TO_FIRST, TO_LAST, TO_BLANK };

/* What is done with a value; those that are no field of the dictionary. */
enum special {
	SPECIAL_NOTHING = FIELD_ID_MAX,
	SPECIAL_OTHER,
	SPECIAL_SOURCE, /* put_end() counts on the order of these eight */
	SPECIAL_SOURCE_PORT,
	SPECIAL_DESTINATION,
	SPECIAL_DESTINATION_PORT,
	SPECIAL_CLIENT,
	SPECIAL_CLIENT_PORT,
	SPECIAL_SERVER,
	SPECIAL_SERVER_PORT,
	SPECIAL_SOURCE_NAT,
	SPECIAL_DESTINATION_NAT,
	SPECIAL_IN,
	SPECIAL_OUT,
	SPECIAL_TRANSPORT,
	SPECIAL_PROTOCOL,
	SPECIAL_DIRECTION,
	SPECIAL_DURATION,
	SPECIAL_HOST,
	SPECIAL_URL,
	SPECIAL_REQUEST,
	SPECIAL_HASH,
};

static const struct {
	struct slice name;
	enum special special;
} specials[] = {
	{{SLICE_BYTES("")}, SPECIAL_NOTHING},
	{{SLICE_BYTES("source")}, SPECIAL_SOURCE},
	{{SLICE_BYTES("source:")}, SPECIAL_SOURCE_PORT},
	{{SLICE_BYTES("destination")}, SPECIAL_DESTINATION},
	{{SLICE_BYTES("destination:")}, SPECIAL_DESTINATION_PORT},
	{{SLICE_BYTES("client")}, SPECIAL_CLIENT},
	{{SLICE_BYTES("client:")}, SPECIAL_CLIENT_PORT},
	{{SLICE_BYTES("server")}, SPECIAL_SERVER},
	{{SLICE_BYTES("server:")}, SPECIAL_SERVER_PORT},
	{{SLICE_BYTES("source.nat")}, SPECIAL_SOURCE_NAT},
	{{SLICE_BYTES("destination.nat")}, SPECIAL_DESTINATION_NAT},
	{{SLICE_BYTES("in")}, SPECIAL_IN},
	{{SLICE_BYTES("out")}, SPECIAL_OUT},
	{{SLICE_BYTES("transport")}, SPECIAL_TRANSPORT},
	{{SLICE_BYTES("protocol")}, SPECIAL_PROTOCOL},
	{{SLICE_BYTES("direction")}, SPECIAL_DIRECTION},
	{{SLICE_BYTES("duration")}, SPECIAL_DURATION},
	{{SLICE_BYTES("host")}, SPECIAL_HOST},
	{{SLICE_BYTES("url")}, SPECIAL_URL},
	{{SLICE_BYTES("request")}, SPECIAL_REQUEST},
	{{SLICE_BYTES("hash")}, SPECIAL_HASH},
};

enum { STEPS_MAX = 96 };

struct step {
	struct slice text; /* of STEP_TEXT; the name of SPECIAL_OTHER */
	enum step_kind kind;
	enum extent extent;
	unsigned field; /* enum field_id or enum special */
};

struct sentence {
	unsigned n;
	struct step steps[];
};

/* ---- from the text ---------------------------------------------------------------------- */

static void must(bool right)
{
	if (!right)
		abort();
}

static unsigned special_of(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(specials); i++) {
		if (slice_eq(specials[i].name, name))
			return specials[i].special;
	}
	abort();
}

static bool is_number(unsigned field)
{
	return field < FIELD_ID_MAX && field_type(field) == FIELD_LONG;
}

/* As a word a number may be any. */
static enum step_kind kind_of(unsigned field, enum extent extent)
{
	if (field >= FIELD_ID_MAX)
		return STEP_VALUE;
	switch (field_type(field)) {
	case FIELD_LONG:
		return extent == TO_BLANK ? STEP_VALUE : STEP_NUMBER;
	case FIELD_IP:
		return STEP_IP;
	default:
		return STEP_VALUE;
	}
}

/* What stands between braces. */
static struct step value_step(struct slice name)
{
	struct step step = {.extent = TO_FIRST};

	if (slice_ends(name, SLICE_LIT("*")))
		step.extent = TO_LAST;
	else if (slice_ends(name, SLICE_LIT("+")))
		step.extent = TO_BLANK;
	name.len -= step.extent != TO_FIRST;
	if (skip_byte(&name, '.')) {
		step.field = SPECIAL_OTHER;
		step.text = name;
	} else {
		step.field = field_by_name(name);
		if (step.field == FIELD_NONE)
			step.field = special_of(name);
	}
	step.kind = kind_of(step.field, step.extent);
	return step;
}

static size_t text_length(struct slice text)
{
	size_t len = 0;

	while (len < text.len && text.ptr[len] != '{' &&
		!slice_starts(slice_from(text, len), SLICE_LIT("[[")) &&
		!slice_starts(slice_from(text, len), SLICE_LIT("]]")))
		len++;
	return len;
}

static struct step take_step(struct slice *text)
{
	struct slice name;

	if (skip_lit(text, "[["))
		return (struct step){.kind = STEP_OPTION};
	if (skip_lit(text, "]]"))
		return (struct step){.kind = STEP_OPTION_END};
	if (skip_byte(text, '{')) {
		must(take_until(text, '}', &name));
		return value_step(name);
	}
	struct slice words = slice_head(*text, text_length(*text));
	must(words.len > 0);
	*text = slice_from(*text, words.len);
	return (struct step){.kind = STEP_TEXT, .text = words};
}

static bool is_value(const struct step *step)
{
	return step->kind == STEP_NUMBER || step->kind == STEP_IP || step->kind == STEP_VALUE;
}

/* Digits and words end by themselves. */
static bool ends_itself(const struct step *step)
{
	return step->kind == STEP_NUMBER || (is_value(step) && step->extent == TO_BLANK);
}

/* Aborts when the rules are broken. A value that another follows at once is a word. */
static void check(struct step *steps, unsigned n)
{
	bool within = false;

	for (unsigned i = 0; i < n; i++) {
		const struct step *next = &steps[i + 1];

		if (steps[i].kind == STEP_OPTION)
			must(!within && next->kind == STEP_TEXT);
		if (steps[i].kind == STEP_OPTION_END)
			must(within);
		if (is_value(&steps[i]) && is_value(next))
			steps[i].extent = TO_BLANK;
		within = (within || steps[i].kind == STEP_OPTION) &&
			 steps[i].kind != STEP_OPTION_END;
	}
	must(!within);
}

struct sentence *sentence_new(struct slice text)
{
	struct step steps[STEPS_MAX + 1];
	unsigned n = 0, n_values = 0;

	for (; text.len > 0; n++) {
		must(n < STEPS_MAX);
		steps[n] = take_step(&text);
		n_values += is_value(&steps[n]);
	}
	steps[n] = (struct step){.kind = STEP_END};
	must(n_values <= SENTENCE_VALUES_MAX);
	check(steps, n);
	struct sentence *sentence = malloc(sizeof(*sentence) + (n + 1) * sizeof(*steps));
	must(sentence != NULL);
	sentence->n = n;
	memcpy(sentence->steps, steps, (n + 1) * sizeof(*steps));
	return sentence;
}

void sentence_free(struct sentence *sentence)
{
	free(sentence);
}

int sentence_head(const struct sentence *sentence)
{
	const struct step *first = &sentence->steps[0];

	return first->kind == STEP_TEXT && first->text.ptr[0] != ' '
		       ? (unsigned char)first->text.ptr[0]
		       : -1;
}

/* ---- one text --------------------------------------------------------------------------- */

struct reading {
	struct slice rest;
	struct sentence_values *values;
};

static size_t digits_length(struct slice text)
{
	size_t len = 0;

	while (len < text.len && is_digit(text.ptr[len]))
		len++;
	return len;
}

static size_t word_length(struct slice text)
{
	size_t len = 0;

	while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != '\t')
		len++;
	return len;
}

/* A blank of the sentence is one or more of the text. */
static bool take_text(struct slice *rest, struct slice text)
{
	struct slice at = *rest;

	if (!skip_text(&at, text)) {
		for (size_t i = 0; i < text.len; i++) {
			if (!skip_byte(&at, text.ptr[i]))
				return false;
			if (text.ptr[i] == ' ')
				skip_blanks(&at);
		}
	} else if (text.ptr[text.len - 1] == ' ') {
		skip_blanks(&at);
	}
	*rest = at;
	return true;
}

/* Where a text stands last; beyond the end when nowhere. */
static size_t search_last(struct slice rest, struct slice text)
{
	struct slice before, after;

	return cut_last(rest, text, &before, &after) ? before.len : rest.len + 1;
}

/* Moves *end to where `text` stands, when that is better: earlier or, TO_LAST, later. */
static void try_follower(struct slice rest, struct slice text, enum extent extent, size_t *end)
{
	size_t at;

	if (extent == TO_LAST) {
		at = search_last(rest, text);
		if (at <= rest.len && (*end > rest.len || at > *end))
			*end = at;
		return;
	}
	struct slice head =
		*end + text.len < rest.len ? slice_head(rest, *end + text.len) : rest;
	at = slice_search(head, text);
	if (at < head.len && at < *end)
		*end = at;
}

static const struct step *behind_option(const struct step *step)
{
	while (step->kind != STEP_OPTION_END)
		step++;
	return step + 1;
}

/* How far a value goes that the steps at `next` follow; beyond the text when they do not. */
static size_t find_end(struct slice rest, const struct step *next, enum extent extent)
{
	size_t end = extent == TO_BLANK ? word_length(rest) : rest.len + 1;

	for (;;) {
		if (next->kind == STEP_OPTION) {
			try_follower(rest, next[1].text, extent, &end);
			next = behind_option(next);
		} else if (next->kind == STEP_OPTION_END) {
			next++;
		} else {
			break;
		}
	}
	if (next->kind == STEP_TEXT)
		try_follower(rest, next->text, extent, &end);
	else if (end > rest.len)
		end = is_value(next) ? word_length(rest) : rest.len;
	return end;
}

static bool ends_clause(char byte)
{
	return byte == '.' || byte == ',';
}

/* An address at the end of a clause, "192.0.2.1." or "fe80::1,", without what ends that. */
static struct slice without_stop(struct slice text)
{
	struct slice address = text;

	while (address.len > 0 && ends_clause(address.ptr[address.len - 1]))
		address.len--;
	return address.len < text.len && is_address(address) ? address : text;
}

static bool take_value(struct reading *reading, const struct step *step)
{
	size_t len = step->kind == STEP_NUMBER
			     ? digits_length(reading->rest)
			     : find_end(reading->rest, step + 1, step->extent);

	if (len > reading->rest.len || (len == 0 && ends_itself(step)))
		return false;
	struct slice text = slice_trim(slice_head(reading->rest, len));
	if (step->extent == TO_BLANK)
		text = without_stop(text);
	if (step->kind == STEP_IP && !is_address(text))
		return false;
	reading->rest = slice_from(reading->rest, len);
	if (step->field == SPECIAL_NOTHING)
		return true;
	reading->values->list[reading->values->n].step = step;
	reading->values->list[reading->values->n++].text = text;
	return true;
}

/* The steps up to the end of the sentence, or of a part, or to the start of one. */
static bool take_steps(struct reading *reading, const struct step **at)
{
	const struct step *step = *at;

	for (; step->kind < STEP_OPTION; step++) {
		if (step->kind == STEP_TEXT ? !take_text(&reading->rest, step->text)
					    : !take_value(reading, step))
			return false;
	}
	*at = step;
	return true;
}

/* What is not there as a whole is not there at all. */
static void take_option(struct reading *reading, const struct step *step)
{
	const struct slice rest = reading->rest;
	const unsigned n = reading->values->n;

	step++;
	if (!take_steps(reading, &step)) {
		reading->rest = rest;
		reading->values->n = n;
	}
}

bool sentence_take(
	const struct sentence *sentence, struct slice text, struct sentence_values *values)
{
	struct reading reading = {text, values};
	const struct step *step = sentence->steps;

	values->n = 0;
	for (;;) {
		if (!take_steps(&reading, &step))
			return false;
		if (step->kind == STEP_END)
			return reading.rest.len == 0;
		take_option(&reading, step);
		step = behind_option(step);
	}
}

/* ---- the fields ------------------------------------------------------------------------- */

/* {source}, {source:}, {destination}, ...: SPECIAL_SOURCE and those behind it, in pairs. */
static void put_end(
	struct record *record, struct parse_context *context, unsigned at, struct slice text)
{
	static const struct endpoint_fields *const ends[] = {
		&endpoint_source, &endpoint_destination, &endpoint_client, &endpoint_server};
	const struct endpoint_fields *end = ends[at / 2];

	if (at % 2 == 1)
		put_endpoint(record, context, end, text);
	else
		put_address(record, context, end->ip, end->other, text);
}

static void put_special(struct record *record, struct parse_context *context,
	const struct step *step, struct slice text)
{
	switch ((enum special)step->field) {
	case SPECIAL_NOTHING:
		break;
	case SPECIAL_OTHER:
		if (slice_eq(text, SLICE_LIT("-")))
			break;
		put_other(record, context, FIELD_OTHER, step->text, text);
		break;
	case SPECIAL_SOURCE_NAT:
		put_only_address(record, context, FIELD_SOURCE_NAT_IP, text);
		break;
	case SPECIAL_DESTINATION_NAT:
		put_only_address(record, context, FIELD_DESTINATION_NAT_IP, text);
		break;
	case SPECIAL_IN:
		put_some(record, context, FIELD_OBSERVER_INGRESS_INTERFACE, text);
		break;
	case SPECIAL_OUT:
		put_some(record, context, FIELD_OBSERVER_EGRESS_INTERFACE, text);
		break;
	case SPECIAL_TRANSPORT:
		put_transport(record, context, text);
		break;
	case SPECIAL_PROTOCOL:
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, text);
		break;
	case SPECIAL_DIRECTION:
		put_direction(record, context, text);
		break;
	case SPECIAL_DURATION:
		put_seconds(record, context, text);
		break;
	case SPECIAL_HOST:
		put_address(record, context, FIELD_HOST_IP, FIELD_HOST_NAME, text);
		break;
	case SPECIAL_URL:
		if (text.len > 0)
			access_log_put_url(record, context, text);
		break;
	case SPECIAL_REQUEST:
		access_log_put_request(record, context, text);
		break;
	case SPECIAL_HASH:
		put_hash(record, context, text);
		break;
	default:
		put_end(record, context, step->field - SPECIAL_SOURCE, text);
	}
}

/* What the message speaks of, in the place of who says it. */
static bool is_spoken_of(unsigned field)
{
	return field == FIELD_PROCESS_NAME || field == FIELD_HOST_HOSTNAME;
}

static void put_value(struct record *record, struct parse_context *context,
	const struct step *step, struct slice text)
{
	enum field_id field = (enum field_id)step->field;

	if (step->field >= FIELD_ID_MAX) {
		put_special(record, context, step, text);
	} else if (is_number(step->field)) {
		if (field == FIELD_PROCESS_PID)
			take_out(record, field);
		put_digits(record, context, field, text);
	} else if (step->kind == STEP_IP) {
		put_only_address(record, context, field, text);
	} else if (is_spoken_of(field)) {
		put_over(record, context, field, text);
	} else {
		put_some(record, context, field, text);
	}
}

void sentence_put(struct record *record, struct parse_context *context,
	const struct sentence_values *values)
{
	for (unsigned i = 0; i < values->n; i++)
		put_value(record, context, values->list[i].step, values->list[i].text);
}
