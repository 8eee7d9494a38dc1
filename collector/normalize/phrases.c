#include "collector/normalize/phrases.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "collector/normalize/access_log.h"
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
	SPECIAL_SOURCE,
	SPECIAL_SOURCE_PORT,
	SPECIAL_DESTINATION,
	SPECIAL_DESTINATION_PORT,
	SPECIAL_CLIENT,
	SPECIAL_CLIENT_PORT,
	SPECIAL_SERVER,
	SPECIAL_SERVER_PORT,
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
	{{SLICE_BYTES("host")}, SPECIAL_HOST},
	{{SLICE_BYTES("url")}, SPECIAL_URL},
	{{SLICE_BYTES("request")}, SPECIAL_REQUEST},
	{{SLICE_BYTES("hash")}, SPECIAL_HASH},
};

struct step {
	struct slice text; /* of STEP_TEXT; the name of SPECIAL_OTHER */
	enum step_kind kind;
	enum extent extent;
	unsigned field; /* enum field_id or enum special */
};

struct phrases_ready {
	size_t *first; /* of each sentence, in steps */
	size_t n, room;
	struct step *steps;
};

/* ---- reading the table ------------------------------------------------------------------ */

static void add_step(struct phrases_ready *ready, struct step step)
{
	if (ready->n == ready->room) {
		ready->room = ready->room ? 2 * ready->room : 64;
		ready->steps = realloc(ready->steps, ready->room * sizeof(*ready->steps));
		if (ready->steps == NULL)
			abort();
	}
	ready->steps[ready->n++] = step;
}

static unsigned special_of(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(specials); i++) {
		if (slice_eq(specials[i].name, name))
			return specials[i].special;
	}
	abort();
}

static enum step_kind kind_of(unsigned field)
{
	if (field >= FIELD_ID_MAX)
		return STEP_VALUE;
	switch (field_type(field)) {
	case FIELD_LONG:
		return STEP_NUMBER;
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
	step.kind = kind_of(step.field);
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

static void add_sentence(struct phrases_ready *ready, struct slice text)
{
	struct slice name;

	while (text.len > 0) {
		if (skip_lit(&text, "[["))
			add_step(ready, (struct step){.kind = STEP_OPTION});
		else if (skip_lit(&text, "]]"))
			add_step(ready, (struct step){.kind = STEP_OPTION_END});
		else if (skip_byte(&text, '{') && take_until(&text, '}', &name))
			add_step(ready, value_step(name));
		else {
			size_t len = text_length(text);

			if (len == 0)
				abort();
			add_step(ready, (struct step){.kind = STEP_TEXT,
						.text = slice_head(text, len)});
			text = slice_from(text, len);
		}
	}
	add_step(ready, (struct step){.kind = STEP_END});
}

static struct phrases_ready *make_ready(struct phrases *phrases)
{
	struct phrases_ready *ready = calloc(1, sizeof(*ready)), *published = NULL;

	if (ready == NULL)
		abort();
	ready->first = calloc(phrases->n, sizeof(*ready->first));
	if (ready->first == NULL)
		abort();
	for (size_t i = 0; i < phrases->n; i++) {
		ready->first[i] = ready->n;
		add_sentence(ready, slice_str(phrases->list[i].text));
	}
	if (atomic_compare_exchange_strong(&phrases->ready, &published, ready))
		return ready;
	free(ready->first); /* another thread was first */
	free(ready->steps);
	free(ready);
	return published;
}

/* ---- one sentence ----------------------------------------------------------------------- */

struct value {
	const struct step *step;
	struct slice text;
};

struct reading {
	struct slice rest;
	unsigned n;
	struct value values[PHRASE_VALUES_MAX];
};

static bool is_ip(struct slice text)
{
	struct netaddr address;

	if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = slice_of(text.ptr + 1, text.len - 2);
	text = slice_head(text, slice_find(text, '%'));
	return netaddr_parse(text, &address);
}

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

/* How far a value goes whose sentence goes on with the steps at `next`. */
static bool find_end(
	struct slice rest, const struct step *next, enum extent extent, size_t *len)
{
	struct slice before, after;

	for (;; next++) {
		if (next->kind == STEP_OPTION) {
			*len = slice_search(rest, next[1].text);
			if (*len < rest.len)
				return true;
			while (next->kind != STEP_OPTION_END)
				next++;
		}
		if (next->kind != STEP_OPTION_END)
			break;
	}
	*len = rest.len;
	if (next->kind == STEP_END)
		return true;
	if (next->kind != STEP_TEXT) {
		*len = word_length(rest);
		return *len > 0;
	}
	if (extent == TO_FIRST) {
		*len = slice_search(rest, next->text);
		return *len < rest.len;
	}
	if (!cut_last(rest, next->text, &before, &after))
		return false;
	*len = before.len;
	return true;
}

static bool take_value(struct reading *reading, const struct step *step)
{
	size_t len;

	if (step->kind == STEP_NUMBER)
		len = digits_length(reading->rest);
	else if (step->extent == TO_BLANK)
		len = word_length(reading->rest);
	else if (!find_end(reading->rest, step + 1, step->extent, &len))
		return false;

	struct slice text = slice_head(reading->rest, len);
	if ((len == 0 && (step->kind == STEP_NUMBER || step->extent == TO_BLANK)) ||
		(step->kind == STEP_IP && !is_ip(text)))
		return false;
	reading->rest = slice_from(reading->rest, len);
	if (step->field == SPECIAL_NOTHING)
		return true;
	if (reading->n == PHRASE_VALUES_MAX)
		abort();
	reading->values[reading->n++] = (struct value){step, text};
	return true;
}

/* The steps up to the end of the sentence or of the part that may be absent. */
static bool take_steps(struct reading *reading, const struct step **at)
{
	const struct step *step = *at;

	for (;; step++) {
		if (step->kind == STEP_END || step->kind == STEP_OPTION_END ||
			step->kind == STEP_OPTION)
			break;
		if (step->kind == STEP_TEXT ? !skip_text(&reading->rest, step->text)
					    : !take_value(reading, step))
			return false;
	}
	*at = step;
	return true;
}

static const struct step *behind_option(const struct step *step)
{
	while (step->kind != STEP_OPTION_END)
		step++;
	return step + 1;
}

static void take_option(struct reading *reading, const struct step **at)
{
	const struct step *step = *at + 1;
	struct slice rest = reading->rest;
	unsigned n = reading->n;

	if (!take_steps(reading, &step)) {
		reading->rest = rest;
		reading->n = n;
	}
	*at = behind_option(*at);
}

static bool take_sentence(struct reading *reading, const struct step *step)
{
	for (;;) {
		if (!take_steps(reading, &step))
			return false;
		if (step->kind == STEP_END)
			return reading->rest.len == 0;
		if (step->kind != STEP_OPTION)
			abort();
		take_option(reading, &step);
	}
}

/* ---- the fields ------------------------------------------------------------------------- */

const struct endpoint_fields endpoint_source = {
	FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, FIELD_SOURCE_PORT};
const struct endpoint_fields endpoint_destination = {
	FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, FIELD_DESTINATION_PORT};
const struct endpoint_fields endpoint_client = {
	FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, FIELD_CLIENT_PORT};
const struct endpoint_fields endpoint_server = {
	FIELD_SERVER_IP, FIELD_SERVER_ADDRESS, FIELD_SERVER_PORT};

void put_endpoint(struct record *record, struct parse_context *context,
	const struct endpoint_fields *fields, struct slice text)
{
	struct slice host, port;

	if (cut_last(text, SLICE_LIT(":"), &host, &port) && all_digits(port) && host.len > 0 &&
		(slice_find(host, ':') == host.len || host.ptr[0] == '[' || !is_ip(text))) {
		put_address(record, context, fields->ip, fields->other, host);
		put_digits(record, context, fields->port, port);
		return;
	}
	put_address(record, context, fields->ip, fields->other, text);
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
	case SPECIAL_SOURCE:
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, text);
		break;
	case SPECIAL_SOURCE_PORT:
		put_endpoint(record, context, &endpoint_source, text);
		break;
	case SPECIAL_DESTINATION:
		put_address(
			record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, text);
		break;
	case SPECIAL_DESTINATION_PORT:
		put_endpoint(record, context, &endpoint_destination, text);
		break;
	case SPECIAL_CLIENT:
		put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, text);
		break;
	case SPECIAL_CLIENT_PORT:
		put_endpoint(record, context, &endpoint_client, text);
		break;
	case SPECIAL_SERVER:
		put_address(record, context, FIELD_SERVER_IP, FIELD_SERVER_ADDRESS, text);
		break;
	case SPECIAL_SERVER_PORT:
		put_endpoint(record, context, &endpoint_server, text);
		break;
	case SPECIAL_HOST:
		put_address(record, context, FIELD_HOST_IP, FIELD_HOST_NAME, text);
		break;
	case SPECIAL_URL:
		access_log_put_url(record, context, text);
		break;
	case SPECIAL_REQUEST:
		access_log_put_request(record, context, text);
		break;
	case SPECIAL_HASH:
		put_hash(record, context, text);
		break;
	}
}

static void put_value(
	struct record *record, struct parse_context *context, const struct value *value)
{
	unsigned field = value->step->field;

	if (field >= FIELD_ID_MAX)
		put_special(record, context, value->step, value->text);
	else if (value->step->kind == STEP_NUMBER)
		put_digits(record, context, (enum field_id)field, value->text);
	else if (value->step->kind == STEP_IP)
		put_address(record, context, (enum field_id)field, FIELD_NONE, value->text);
	else if (field == FIELD_PROCESS_NAME || field == FIELD_HOST_HOSTNAME)
		put_over(record, context, (enum field_id)field, value->text);
	else
		put_some(record, context, (enum field_id)field, value->text);
}

const struct phrase *phrases_read(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text)
{
	struct phrases_ready *ready =
		atomic_load_explicit(&phrases->ready, memory_order_acquire);
	struct reading reading;

	if (ready == NULL)
		ready = make_ready(phrases);
	for (size_t i = 0; i < phrases->n; i++) {
		reading.rest = text;
		reading.n = 0;
		if (!take_sentence(&reading, &ready->steps[ready->first[i]]))
			continue;
		if (phrases->list[i].meaning != NULL)
			put_meaning(record, context, phrases->list[i].meaning);
		for (unsigned value = 0; value < reading.n; value++)
			put_value(record, context, &reading.values[value]);
		return &phrases->list[i];
	}
	return NULL;
}

enum parse_result phrases_put(struct phrases *phrases, struct record *record,
	struct parse_context *context, struct slice text, const struct meaning *otherwise)
{
	if (phrases_read(phrases, record, context, text) != NULL)
		return PARSED;
	put_meaning(record, context, otherwise);
	return PARSED_PARTLY;
}
