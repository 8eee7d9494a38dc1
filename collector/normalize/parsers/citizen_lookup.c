/*
 * citizen-lookup - who looked up whom in a citizen database: deploy/citizen-lookup/README.md
 *
 *	{"schema":"soc-citizen-lookup/1","time":"2026-03-07T10:00:00+07:00","account":"an",...}
 *	soc-citizen-lookup/1,2026-03-07T10:00:00+07:00,e-1,an,H47.02.12,procedure,...
 *
 * A line that breaks the contract is kept, partial, and tagged with what is wrong, so that the
 * vendor can be held to it. An identity number in the place of the token is never put into a
 * field.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

enum {
	TOKEN_MIN = 22, /* 128 bits in base64url */
	TOKEN_MAX = 86,
};

static const struct slice schema_name = {SLICE_BYTES("soc-citizen-lookup/1")};

/* In the order of the columns of CSV, the schema before them. */
enum column {
	TIME,
	EVENT_ID,
	ACCOUNT,
	UNIT,
	PURPOSE,
	REFERENCE,
	PERSON,
	CLIENT,
	ADDRESS,
	OPERATION,
	RESULT,
	PERSONS,
	COLUMNS
};

static const struct {
	struct slice name;
	enum field_id id; /* FIELD_NONE: read by itself */
	bool is_required;
} columns[COLUMNS] = {
	[TIME] = {{SLICE_BYTES("time")}, FIELD_NONE, true},
	[EVENT_ID] = {{SLICE_BYTES("event_id")}, FIELD_EVENT_ID, true},
	[ACCOUNT] = {{SLICE_BYTES("account")}, FIELD_USER_NAME, true},
	[UNIT] = {{SLICE_BYTES("unit")}, FIELD_GROUP_NAME, true},
	[PURPOSE] = {{SLICE_BYTES("purpose")}, FIELD_NONE, true},
	[REFERENCE] = {{SLICE_BYTES("reference")}, FIELD_SOC_CITIZEN_REFERENCE, false},
	[PERSON] = {{SLICE_BYTES("person")}, FIELD_NONE, false},
	[CLIENT] = {{SLICE_BYTES("client")}, FIELD_SOC_CITIZEN_CLIENT, true},
	[ADDRESS] = {{SLICE_BYTES("address")}, FIELD_NONE, true},
	[OPERATION] = {{SLICE_BYTES("operation")}, FIELD_NONE, true},
	[RESULT] = {{SLICE_BYTES("result")}, FIELD_NONE, true},
	[PERSONS] = {{SLICE_BYTES("persons")}, FIELD_NONE, true},
};

struct lookup {
	struct record *record;
	struct parse_context *context;
	struct slice values[COLUMNS]; /* absent or empty: not said */
	bool is_broken;
};

/* ---- the two forms --------------------------------------------------------------------- */

static bool read_json(struct lookup *lookup)
{
	struct pairs *pairs = lookup->context->pairs;

	pairs_read_json(pairs, lookup->context->message, lookup->context->arena);
	if (pairs->state != PAIRS_WHOLE ||
		!slice_eq(pairs_get_lit(pairs, "schema"), schema_name))
		return false;
	lookup->context->full = lookup->context->full || pairs->full;
	for (unsigned i = 0; i < COLUMNS; i++)
		lookup->values[i] = pairs_get(pairs, columns[i].name);
	return true;
}

/* "a ""b""" is a "b". */
static struct slice unquote(struct parse_context *context, struct slice text)
{
	char *start = arena_alloc(context->arena, text.len), *to = start;

	if (start == NULL) {
		context->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < text.len; i++) {
		*to++ = text.ptr[i];
		i += text.ptr[i] == '"';
	}
	return slice_of(start, (size_t)(to - start));
}

/* RFC 4180: in quotes, or up to the next comma. False behind the last. */
static bool take_column(struct parse_context *context, struct slice *rest, struct slice *value)
{
	struct slice quoted = *rest;
	size_t end = 0;

	if (slice_absent(*rest))
		return false;
	if (!skip_byte(&quoted, '"'))
		return slice_cut(rest, ',', value);
	while (end < quoted.len &&
		(quoted.ptr[end] != '"' ||
			(end + 1 < quoted.len && quoted.ptr[end + 1] == '"')))
		end += quoted.ptr[end] == '"' ? 2 : 1;
	if (end >= quoted.len)
		return false;
	*value = unquote(context, slice_head(quoted, end));
	*rest = slice_from(quoted, end + 1);
	if (!skip_byte(rest, ','))
		*rest = SLICE_NONE;
	return true;
}

static bool read_csv(struct lookup *lookup)
{
	struct slice rest = lookup->context->message, more;

	if (!skip_text(&rest, schema_name) || !skip_byte(&rest, ','))
		return false;
	for (unsigned i = 0; i < COLUMNS; i++) {
		if (!take_column(lookup->context, &rest, &lookup->values[i]))
			lookup->is_broken = true;
	}
	if (take_column(lookup->context, &rest, &more))
		lookup->is_broken = true;
	return true;
}

/* ---- values ---------------------------------------------------------------------------- */

static void complain(struct lookup *lookup, struct slice what)
{
	lookup->is_broken = true;
	put(lookup->record, lookup->context, FIELD_TAGS, what);
}

static bool is_one_of(struct slice value, const struct slice *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq(words[i], value))
			return true;
	}
	return false;
}

static void put_word(struct lookup *lookup, enum column column, enum field_id id,
	const struct slice *words, size_t n)
{
	struct slice value = lookup->values[column];

	if (value.len > 0 && !is_one_of(value, words, n))
		complain(lookup, SLICE_LIT("citizen_lookup_unknown_word"));
	put_some(lookup->record, lookup->context, id, value);
}

static void put_words(struct lookup *lookup)
{
	static const struct slice purposes[] = {{SLICE_BYTES("procedure")},
		{SLICE_BYTES("verification")}, {SLICE_BYTES("support")},
		{SLICE_BYTES("inspection")}, {SLICE_BYTES("statistics")},
		{SLICE_BYTES("synchronization")}, {SLICE_BYTES("other")}};
	static const struct slice operations[] = {{SLICE_BYTES("view")},
		{SLICE_BYTES("search")}, {SLICE_BYTES("export")}, {SLICE_BYTES("print")},
		{SLICE_BYTES("change")}};
	static const struct slice results[] = {{SLICE_BYTES("found")},
		{SLICE_BYTES("not-found")}, {SLICE_BYTES("denied")}, {SLICE_BYTES("error")}};

	put_word(lookup, PURPOSE, FIELD_SOC_CITIZEN_PURPOSE, purposes, ARRAY_LEN(purposes));
	put_word(lookup, OPERATION, FIELD_SOC_CITIZEN_OPERATION, operations,
		ARRAY_LEN(operations));
	put_word(lookup, RESULT, FIELD_SOC_CITIZEN_RESULT, results, ARRAY_LEN(results));
}

static bool is_token(struct slice text)
{
	if (text.len < TOKEN_MIN || text.len > TOKEN_MAX || all_digits(text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];

		if (!is_digit(byte) && !(byte >= 'a' && byte <= 'z') &&
			!(byte >= 'A' && byte <= 'Z') && byte != '_' && byte != '-')
			return false;
	}
	return true;
}

static void put_person(struct lookup *lookup)
{
	struct slice person = lookup->values[PERSON];

	if (person.len == 0)
		return;
	if (is_token(person))
		put(lookup->record, lookup->context, FIELD_SOC_CITIZEN_PERSON, person);
	else
		complain(lookup, SLICE_LIT("citizen_lookup_person_in_clear"));
}

static void put_time(struct lookup *lookup)
{
	struct slice time = lookup->values[TIME];
	int64_t ns;

	if (time.len == 0)
		return;
	if (take_stamp_iso(&time, lookup->context, &ns) && time.len == 0)
		lookup->record->created_ns = ns;
	else
		complain(lookup, SLICE_LIT("citizen_lookup_bad_time"));
}

static struct slice outcome_of(struct slice result)
{
	if (slice_eq(result, SLICE_LIT("denied")) || slice_eq(result, SLICE_LIT("error")))
		return SLICE_LIT("failure");
	return result.len > 0 ? SLICE_LIT("success") : SLICE_NONE;
}

static void put_result(struct lookup *lookup)
{
	const struct slice change = {ECS_CHANGE}, access = {ECS_ACCESS};
	const struct meaning meaning = {
		.action = SLICE_LIT("citizen-lookup"),
		.category = {ECS_DATABASE},
		.type = slice_eq(lookup->values[OPERATION], SLICE_LIT("change")) ? change
										 : access,
		.outcome = outcome_of(lookup->values[RESULT]),
	};

	put_meaning(lookup->record, lookup->context, &meaning);
}

static bool is_said(const struct lookup *lookup, enum column column, const char *word)
{
	return slice_eq(lookup->values[column], slice_str(word));
}

/* Some values are required only beside others. */
static bool is_missing(const struct lookup *lookup, enum column column)
{
	if (lookup->values[column].len > 0)
		return false;
	if (column == REFERENCE)
		return is_said(lookup, PURPOSE, "procedure");
	if (column == PERSON)
		return is_said(lookup, OPERATION, "view") && is_said(lookup, RESULT, "found");
	return columns[column].is_required;
}

static void check_required(struct lookup *lookup)
{
	for (unsigned i = 0; i < COLUMNS; i++) {
		if (is_missing(lookup, (enum column)i)) {
			complain(lookup, SLICE_LIT("citizen_lookup_value_missing"));
			return;
		}
	}
}

static void put_all(struct lookup *lookup)
{
	struct record *record = lookup->record;

	check_required(lookup);
	put_time(lookup);
	for (unsigned i = 0; i < COLUMNS; i++) {
		if (columns[i].id != FIELD_NONE)
			put_some(record, lookup->context, columns[i].id, lookup->values[i]);
	}
	put_words(lookup);
	put_person(lookup);
	put_address(record, lookup->context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
		lookup->values[ADDRESS]);
	put_digits(record, lookup->context, FIELD_SOC_CITIZEN_PERSONS, lookup->values[PERSONS]);
	put_result(lookup);
}

/* The names of the columns, in a line of their own. */
static bool is_heading(struct slice line)
{
	return slice_starts(line, SLICE_LIT("schema,time,event_id,account,"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct lookup lookup = {.record = record, .context = context};

	if (is_heading(context->message)) {
		context->message = SLICE_NONE;
		return PARSED;
	}
	if (!read_csv(&lookup) && !read_json(&lookup))
		return PARSED_NOT_MINE;
	put_all(&lookup);
	if (lookup.is_broken)
		put(record, context, FIELD_TAGS, SLICE_LIT("citizen_lookup_contract_broken"));
	context->message = SLICE_NONE;
	return lookup.is_broken ? PARSED_PARTLY : PARSED;
}

static const char *const programs[] = {"citizen-lookup", NULL};

const struct parser parser_citizen_lookup = {
	.number = 160,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "citizen-lookup",
	.module = "citizen-lookup",
	.summary = "look-ups in citizen databases, by the published contract",
	.source = "deploy/citizen-lookup/README.md",
	.programs = programs,
	.first_bytes = "{s",
	.parse = parse,
};
