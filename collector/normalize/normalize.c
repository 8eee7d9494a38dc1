#include "collector/normalize/normalize.h"

#include <stdlib.h>

#include "collector/normalize/candidates.h"
#include "collector/normalize/decoding.h"
#include "collector/normalize/event_id.h"
#include "collector/normalize/own/folder.h"
#include "collector/normalize/parsers.h"
#include "collector/normalize/text/extract.h"
#include "common/clock.h"
#include "common/pulse.h"

/* Programs are found by hash, open addressing; parsers of one program in order of the table. */
enum { SLOTS = 4096, PROGRAM_MAX = 48, PARSERS_PER_PROGRAM = 8 };

/* Lines within lines: a container's line of a syslog line of JSON. */
enum { DEPTH_MAX = 3 };

struct slot {
	struct slice program;
	const struct parser *parsers[PARSERS_PER_PROGRAM];
};

struct normalizer {
	struct normalize_settings settings;
	struct candidates envelopes, any_program, last;
	struct slot slots[SLOTS];
	const struct parser *numbered[PARSER_COUNT_MAX]; /* NULL: none has it */
};

static uint32_t hash_of(struct slice program)
{
	uint32_t hash = 2166136261; /* FNV-1a */

	for (size_t i = 0; i < program.len; i++)
		hash = (hash ^ (unsigned char)program.ptr[i]) * 16777619;
	return hash ^ hash >> 15;
}

/* The slot of a program, or the empty one where it belongs. */
static const struct slot *find_slot(const struct normalizer *normalizer, struct slice program)
{
	uint32_t at = hash_of(program) % SLOTS;

	while (!slice_absent(normalizer->slots[at].program) &&
		!slice_eq(normalizer->slots[at].program, program))
		at = (at + 1) % SLOTS;
	return &normalizer->slots[at];
}

static void register_program(
	struct normalizer *normalizer, const char *program, const struct parser *parser)
{
	ptrdiff_t at = find_slot(normalizer, slice_str(program)) - normalizer->slots;
	struct slot *slot = &normalizer->slots[at];
	unsigned n = 0;

	slot->program = slice_str(program);
	while (n < PARSERS_PER_PROGRAM && slot->parsers[n] != NULL)
		n++;
	if (n == PARSERS_PER_PROGRAM)
		abort();
	slot->parsers[n] = parser;
}

static void register_parsers(struct normalizer *normalizer, const struct parser *const *parser)
{
	for (unsigned i = 0; parser[i] != NULL; i++) {
		if (i + 1 >= PARSER_COUNT_MAX || parser[i]->number >= PARSER_COUNT_MAX)
			abort();
		if (normalizer->numbered[parser[i]->number] == NULL)
			normalizer->numbered[parser[i]->number] = parser[i];
		if (parser[i]->roles & PARSER_ENVELOPE)
			candidates_add(&normalizer->envelopes, parser[i]);
		if (parser[i]->roles & PARSER_ANY_PROGRAM)
			candidates_add(&normalizer->any_program, parser[i]);
		if (parser[i]->roles & PARSER_LAST)
			candidates_add(&normalizer->last, parser[i]);
		const char *const *program = parser[i]->programs;
		for (; program != NULL && *program != NULL; program++)
			register_program(normalizer, *program, parser[i]);
	}
}

struct normalizer *normalizer_new(const struct normalize_settings *settings)
{
	struct normalizer *normalizer = calloc(1, sizeof(*normalizer));

	if (normalizer == NULL)
		abort();
	normalizer->settings = *settings;
	/* Who writes a format for his own lines means it to be asked before those of others. */
	register_parsers(normalizer, own_formats_parsers(settings->formats));
	register_parsers(normalizer, parsers);
	return normalizer;
}

void normalizer_free(struct normalizer *normalizer)
{
	free(normalizer);
}

const struct parser *normalizer_parser(const struct normalizer *normalizer, struct slice name)
{
	const struct parser *own = own_formats_by_name(normalizer->settings.formats, name);

	return own != NULL ? own : parser_by_name(name);
}

const struct parser *normalizer_numbered(const struct normalizer *normalizer, unsigned number)
{
	return number < PARSER_COUNT_MAX ? normalizer->numbered[number] : NULL;
}

/* "/usr/sbin/cron" is cron, "sshd(pam_unix)" is sshd. */
static struct slice bare_program(struct slice program)
{
	struct slice before, after;

	if (program.len > 0 && program.ptr[0] == '/' &&
		cut_last(program, SLICE_LIT("/"), &before, &after))
		program = after;
	if (skip_byte(&program, '(')) { /* "(squid-1)": a worker */
		program = slice_head(program, slice_find(program, ')'));
		return slice_head(program, slice_find(program, '-'));
	}
	return slice_head(program, slice_find(program, '('));
}

/* What one parser said of a text; the text and the fields are as before when not its own. */
static enum parse_result ask(
	const struct parser *parser, struct record *record, struct parse_context *context)
{
	struct parse_context before = *context;
	uint16_t n_fields = record->n_fields;
	int64_t created_ns = record->created_ns;

	context->parser = parser;
	context->header = context->head.parser == parser ? context->head.text : SLICE_NONE;
	enum parse_result result = parser->parse(record, context);

	if (result == PARSED_NOT_MINE) {
		*context = before;
		record->n_fields = n_fields;
		record->created_ns = created_ns;
	}
	return result;
}

static const struct parser *ask_candidates(const struct candidates *candidates,
	struct record *record, struct parse_context *context, enum parse_result *result)
{
	const struct parser *const *parser = candidates_of(candidates, context->message);

	for (; *parser != NULL; parser++) {
		*result = ask(*parser, record, context);
		if (*result != PARSED_NOT_MINE)
			return *parser;
	}
	return NULL;
}

static const struct parser *ask_program(const struct normalizer *normalizer,
	struct slice program, struct record *record, struct parse_context *context,
	enum parse_result *result)
{
	if (program.len == 0 || program.len > PROGRAM_MAX)
		return NULL;

	const struct slot *slot = find_slot(normalizer, program);
	for (unsigned i = 0; i < PARSERS_PER_PROGRAM && slot->parsers[i]; i++) {
		*result = ask(slot->parsers[i], record, context);
		if (*result != PARSED_NOT_MINE)
			return slot->parsers[i];
	}
	return NULL;
}

/* "%ASA-6-302013", "%LINK-3-UPDOWN", "%%01SHELL/5/LOGIN": the tags of network devices are found
 * as "%ASA", "%%", and all others as "%". */
static const struct parser *ask_device(const struct normalizer *normalizer, struct slice tag,
	struct record *record, struct parse_context *context, enum parse_result *result)
{
	size_t len = tag.ptr[1] == '%' ? 2 : slice_find(tag, '-');
	const struct parser *found =
		ask_program(normalizer, slice_head(tag, len), record, context, result);

	return found ? found
		     : ask_program(normalizer, slice_head(tag, 1), record, context, result);
}

/* The one that the settings name; by the program's whole name, and by the parts of
 * "postfix/smtpd", "postfix-2/smtpd". */
static const struct parser *ask_message_parsers(const struct normalizer *normalizer,
	const struct parser *format, struct record *record, struct parse_context *context,
	enum parse_result *result)
{
	if (format != NULL) {
		context->named = true;
		*result = ask(format, record, context);
		context->named = false;
		if (*result != PARSED_NOT_MINE)
			return format;
	}

	struct slice program = bare_program(context->program), head, tail;
	const struct parser *found = ask_program(normalizer, program, record, context, result);

	if (found == NULL && program.len > 1 && program.ptr[0] == '%')
		return ask_device(normalizer, program, record, context, result);

	if (found == NULL && cut_last(program, SLICE_LIT("/"), &head, &tail)) {
		head = slice_head(head, slice_find(head, '/'));
		found = ask_program(normalizer, head, record, context, result);
		if (found == NULL)
			found = ask_program(normalizer, tail, record, context, result);
	}
	return found ? found
		     : ask_candidates(&normalizer->any_program, record, context, result);
}

static enum parse_status status_of(enum parse_result result)
{
	switch (result) {
	case PARSED:
		return PARSE_OK;
	case PARSED_PARTLY:
		return PARSE_PARTIAL;
	case PARSED_DAMAGED:
		return PARSE_DAMAGED;
	case PARSED_NOT_MINE:
		break;
	}
	return PARSE_UNKNOWN;
}

/* Items of our agents that are no lines have a format of their own. */
static const struct parser *format_of_kind(unsigned kind)
{
	switch (kind) {
	case RECORD_HIT:
		return &parser_yara;
	case RECORD_INVENTORY:
	case RECORD_AGENT:
		return &parser_agent;
	default:
		return NULL;
	}
}

/* The parser that the settings name, the one that knows the head of the source, or else the
 * first envelope that claims the line. */
static const struct parser *ask_envelopes(const struct normalizer *normalizer,
	const struct parser *format, struct record *record, struct parse_context *context,
	enum parse_result *result)
{
	const struct parser *headed = context->head.parser;

	if (format != NULL) {
		context->named = true;
		*result = ask(format, record, context);
		context->named = false;
		if (*result != PARSED_NOT_MINE)
			return format;
	}
	if (headed != NULL && headed != format) {
		*result = ask(headed, record, context);
		if (*result != PARSED_NOT_MINE)
			return headed;
	}
	return ask_candidates(&normalizer->envelopes, record, context, result);
}

/* A source whose lines have an own format may send them inside of syslog. A format that is
 * built in is an envelope, or finds its messages by their program. */
static bool is_own(const struct parser *format)
{
	return format->number >= OWN_NUMBER_MIN;
}

static const struct parser *own_of(const struct parser *format)
{
	return format != NULL && is_own(format) ? format : NULL;
}

/* What the parser that left the message did not understand of it. The record stays that one's:
 * the names of its fields do not change with what a message says. */
static void ask_last(const struct normalizer *normalizer, struct record *record,
	struct parse_context *context)
{
	enum parse_result result = PARSED_NOT_MINE;

	if (ask_candidates(&normalizer->last, record, context, &result) != NULL)
		record->status = (uint8_t)status_of(result);
}

/* Whether one program alone writes the lines, so that nobody can tell what those of others are:
 * a file, one that a shipper names around its lines, the output of a container. Into a socket
 * anybody writes. */
static bool is_of_one_writer(const struct record *record, const struct parse_context *context)
{
	const struct record_source *source = record->source;
	const bool is_file = source != NULL && slice_eq(source->input, SLICE_LIT("file"));

	if (context->depth == 0)
		return is_file;
	return (is_file || (source != NULL && source->wrapped)) && context->names_file;
}

/* What the line told of those to come. A file whose first line is none of the format that an
 * older one of its name had is not read by that one's head. */
static void keep_told(struct header_scope *scope, const struct record *record,
	const struct parse_context *context, const struct parser *found)
{
	const struct source_header *head = &context->head;
	struct source_header told = {found, context->header};

	if (found != NULL && !slice_absent(told.text)) {
		if (told.text.ptr != head->text.ptr || told.text.len != head->text.len)
			header_scope_keep(scope, record, context->depth, &told);
	} else if (context->starts_source && head->parser != NULL && found != head->parser) {
		told = (struct source_header){.parser = NULL};
		header_scope_keep(scope, record, context->depth, &told);
	}
}

/* The same, with what the source's earlier lines told of this one; what it tells is kept. Where
 * strangers write too, only of the format that the settings name. */
static const struct parser *ask_in_scope(const struct normalizer *normalizer,
	struct header_scope *scope, const struct parser *format, struct record *record,
	struct parse_context *context, enum parse_result *result)
{
	const bool is_trusted = is_of_one_writer(record, context);
	const struct parser *found;

	if (!is_trusted && format == NULL)
		scope = NULL;
	context->header = SLICE_NONE;
	if (scope != NULL)
		context->head = header_scope_find(scope, record, context->depth);
	if (!is_trusted && context->head.parser != format) /* its name was another's */
		context->head = (struct source_header){.parser = NULL};
	found = ask_envelopes(normalizer, format, record, context, result);
	if (scope != NULL && (found == NULL || !is_own(found)) &&
		(is_trusted || found == format))
		keep_told(scope, record, context, found);
	context->head.parser = NULL; /* of the line, not of the message in it */
	context->starts_source = false;
	return found;
}

/* Within how many others the line lies that `format` is of. */
static unsigned depth_of_line(const struct parser *format, const struct record *record)
{
	return format != NULL && record->source != NULL && record->source->wrapped;
}

/* Nothing that the line says is asked. */
static void note_certificate(struct record *record)
{
	const struct record_source *source = record->source;

	if (source != NULL && source->names_host)
		record->forwarded_host = source->forwarder;
}

/* Before anybody reads the message inside, whose names are those of who wrote it. */
static void note_forwarder(struct record *record, const struct parse_context *context,
	const struct parser *outermost)
{
	const struct record_source *source = record->source;

	if (source == NULL || !source->names_host || !slice_absent(source->forwarder))
		return;
	if (!source->wrapped)
		record->forwarded_host = context->header_host;
	else if (outermost->roles & PARSER_SHIPPER)
		record->forwarded_host = record_get(record, FIELD_HOST_NAME);
}

/* A device that does not name itself is the host of its header. */
static void note_observer(struct record *record, struct parse_context *context)
{
	struct slice host = record_get(record, FIELD_HOST_HOSTNAME);

	if (!slice_absent(record_get(record, FIELD_OBSERVER_VENDOR)) &&
		slice_absent(record_get(record, FIELD_OBSERVER_NAME)) && host.len > 0)
		put(record, context, FIELD_OBSERVER_NAME, host);
}

/* Before somebody reads names and values of the message inside. */
static void identify(struct record *record, const struct parse_context *context)
{
	const struct record_source *source = record->source;

	if (source != NULL && source->resends && context->pairs->form == PAIRS_JSON)
		record->id = event_id_of_pairs(record, context->pairs);
	else if (source != NULL && source->resends)
		record->id = event_id_of_text(
			record, record->raw, record_get(record, FIELD_WINLOG_RECORD_ID));
}

/* Whose file the lines inside are of. */
static void note_file(struct header_scope *scope, const struct record *record,
	struct parse_context *context, const struct parser *outermost)
{
	const bool is_shipper = outermost->roles & PARSER_SHIPPER;

	context->names_file =
		outermost == &parser_container ||
		(is_shipper && !slice_absent(record_get(record, FIELD_LOG_FILE_PATH)));
	if (scope != NULL && context->whole_line)
		header_scope_enter(scope, record,
			is_shipper ? pairs_get_lit(context->pairs, "agent.id") : SLICE_NONE);
}

static void note_outermost(struct header_scope *scope, struct record *record,
	struct parse_context *context, const struct parser *outermost)
{
	note_forwarder(record, context, outermost);
	identify(record, context);
	note_file(scope, record, context, outermost);
}

/* The innermost parser that claimed something, or NULL; fills record->status. */
static const struct parser *run_parsers(const struct normalizer *normalizer,
	struct header_scope *scope, const struct parser *format, struct record *record,
	struct parse_context *context)
{
	const unsigned line_at = depth_of_line(format, record);
	const struct parser *found = NULL;

	note_certificate(record);
	for (context->depth = 0; context->depth < DEPTH_MAX; context->depth++) {
		enum parse_result result = PARSED_NOT_MINE;
		const bool is_line = context->depth == line_at;
		const struct parser *outer = ask_in_scope(
			normalizer, scope, is_line ? format : NULL, record, context, &result);

		if (outer == NULL && is_line && line_at > 0)
			outer = ask_message_parsers(normalizer, NULL, record, context, &result);
		if (outer == NULL)
			break;
		found = outer;
		record->status = (uint8_t)status_of(result);
		if (context->depth == 0)
			note_outermost(scope, record, context, outer);
		if (result == PARSED_DAMAGED || slice_absent(context->message) ||
			!(outer->roles & PARSER_ENVELOPE))
			return found;

		bool whole_line = context->whole_line;
		const struct parser *inner = NULL;
		if (!whole_line || context->depth >= line_at)
			inner = ask_message_parsers(normalizer,
				outer != format ? own_of(format) : NULL, record, context,
				&result);
		if (inner != NULL) {
			record->status = (uint8_t)status_of(result);
			return inner;
		}
		if (!whole_line)
			break;
		context->whole_line = false;
	}
	if (found != NULL)
		ask_last(normalizer, record, context);
	return found;
}

static struct slice without_line_end(struct slice raw)
{
	while (raw.len > 0 && (raw.ptr[raw.len - 1] == '\n' || raw.ptr[raw.len - 1] == '\r'))
		raw.len--;
	return raw;
}

/* Of what is added behind it (enrich/), so that the fields need not move again. */
enum { FIELDS_SPARE = 12 };

static bool keep_fields(struct record *record, struct arena *arena)
{
	size_t room = record->n_fields + FIELDS_SPARE;
	struct field *fields = NULL;

	if (record->n_fields == 0) { /* nothing to enrich either */
		record->fields = NULL;
		record->fields_room = 0;
		return true;
	}
	fields = arena_alloc(arena, room * sizeof(*fields));
	if (fields == NULL)
		return false;
	memcpy(fields, record->fields, record->n_fields * sizeof(*fields));
	record->fields = fields;
	record->fields_room = (uint16_t)(room < RECORD_FIELDS_MAX ? room : RECORD_FIELDS_MAX);
	return true;
}

/* The first line of a file, as the agent counts. */
static bool starts_source(const struct record *record)
{
	return record->offset == 0 && record->source != NULL &&
	       slice_eq(record->source->input, SLICE_LIT("file"));
}

static void normalize_in_zone(const struct normalizer *normalizer, struct header_scope *scope,
	const struct parser *format, const struct zone *zone, struct arena *arena,
	struct record *record)
{
	struct field room[RECORD_FIELDS_MAX];
	struct pairs pairs;
	struct seen_stamps seen = {0};
	struct decoding_facts decoded;
	bool fits = decoding_raw(arena, record, &decoded);
	struct parse_context context = {
		.arena = arena,
		.pairs = &pairs,
		.seen = &seen,
		.now_ns = record->received_ns,
		.zone_seconds = zone_offset(zone, record->received_ns / CLOCK_NS_PER_S),
		.zone = zone->turns ? zone : NULL,
		.year = normalizer->settings.year,
		.message = without_line_end(record->raw),
		.starts_source = starts_source(record),
	};

	pairs_reset(&pairs, SLICE_NONE, PAIRS_NOTHING);
	if (record->kind != RECORD_LOG)
		format = format_of_kind(record->kind);
	record->fields = room;
	room[0] = (struct field){.id = FIELD_NONE};
	record->fields_room = RECORD_FIELDS_MAX;
	record->n_fields = 1; /* for the module */
	record->created_ns = CLOCK_NONE;

	const struct parser *parser = run_parsers(normalizer, scope, format, record, &context);
	if (parser != NULL) {
		struct slice module = slice_absent(context.module) ? slice_str(parser->module)
								   : context.module;

		room[0] = (struct field){.ptr = module.ptr,
			.len = (uint32_t)module.len,
			.id = FIELD_EVENT_MODULE};
		record->parser = parser->number;
		note_observer(record, &context);
		if (context.full)
			record->status = PARSE_DAMAGED;
	}
	if (parser == NULL) {
		record->n_fields = 0;
		record->status = PARSE_UNKNOWN;
	}
	if (!fits || !decoding_put(arena, record, &decoded))
		record->status = PARSE_DAMAGED;
	if (!keep_fields(record, arena)) {
		record->status = PARSE_DAMAGED;
		record->fields = NULL;
		record->n_fields = record->fields_room = 0;
	}
}

static const struct zone *zone_of(
	const struct normalizer *normalizer, const struct record *record)
{
	return record->source != NULL && record->source->zone != NULL
		       ? record->source->zone
		       : &normalizer->settings.zone;
}

void normalize_record(const struct normalizer *normalizer, const struct parser *format,
	struct arena *arena, struct record *record)
{
	normalize_in_zone(normalizer, NULL, format, zone_of(normalizer, record), arena, record);
}

void normalize_in_scope(const struct normalizer *normalizer, const struct parser *format,
	struct header_scope *scope, struct record *record)
{
	normalize_in_zone(
		normalizer, scope, format, zone_of(normalizer, record), scope->arena, record);
}

void normalize_batch(
	const struct normalizer *normalizer, struct headers *headers, struct batch *batch)
{
	size_t limit = batch->arena.limit;
	const struct record_source *source = NULL;
	const struct parser *format = NULL;
	struct header_scope scope;

	batch->arena.limit = BATCH_FIELDS_MAX; /* the masked line has to find room as well */
	header_scope_begin(&scope, headers, &batch->arena, batch->stream.epoch);
	for (unsigned i = 0; i < batch->n_records; i++) {
		struct record *record = &batch->records[i];

		if (record->source != source) {
			source = record->source;
			format = source ? normalizer_parser(normalizer, source->format) : NULL;
		}
		normalize_in_scope(normalizer, format, &scope, record);
		if (batch->pulse != NULL)
			pulse_beat(batch->pulse); /* many slow lines are no hang */
	}
	header_scope_end(&scope);
	batch->arena.limit = limit;
}
