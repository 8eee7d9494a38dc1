/*
 * container - what container engines write of the output of their containers
 *
 *	{"log":"text\n","stream":"stdout","time":"2026-03-07T03:00:00.123456789Z"}     Docker
 *	2026-03-07T03:00:00.123456789+07:00 stdout F text                       Kubernetes (CRI)
 *	web-1  | text                                                           docker compose
 *
 * A long line comes in parts: Docker's end without a line end but for the last, those of CRI
 * are marked P, the last F. Parts that came together are one text; the text is a line of its
 * own.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

enum {
	STAMP_SHORTEST = 20, /* "2026-03-07T03:00:00Z" */
	COMPOSE_NAME_MAX = 64,
};

static bool is_name_byte(char byte)
{
	return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
	       byte == '_' || byte == '-' || byte == '.';
}

/* One line of the engine's file. */
struct part {
	struct slice text, stream;
	int64_t ns;
	bool last; /* of its line of output */
};

static bool read_docker(struct parse_context *context, struct slice line, struct part *part)
{
	struct pairs *pairs = context->pairs;
	struct slice time;

	pairs_read_json(pairs, line, context->arena);
	context->full = context->full || pairs->full;
	part->text = pairs_get_lit(pairs, "log");
	part->stream = pairs_get_lit(pairs, "stream");
	time = pairs_get_lit(pairs, "time");
	if (pairs->state != PAIRS_WHOLE || slice_absent(part->text) ||
		slice_absent(part->stream) || !take_stamp_iso(&time, context, &part->ns))
		return false;
	part->last = slice_ends(part->text, SLICE_LIT("\n"));
	part->text.len -= part->last;
	return true;
}

/* "F" or "P", and tags of later versions behind a colon */
static bool read_cri(struct parse_context *context, struct slice rest, struct part *part)
{
	struct slice stamp, flag;

	if (rest.len < STAMP_SHORTEST || rest.ptr[10] != 'T')
		return false;
	stamp = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	if (!slice_starts(rest, SLICE_LIT("stdout ")) &&
		!slice_starts(rest, SLICE_LIT("stderr ")))
		return false;
	part->stream = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	if (!take_stamp_iso(&stamp, context, &part->ns) || stamp.len > 0)
		return false;
	flag = take_word(&rest);
	flag = slice_head(flag, slice_find(flag, ':'));
	if (!slice_eq(flag, SLICE_LIT("F")) && !slice_eq(flag, SLICE_LIT("P")))
		return false;
	(void)skip_byte(&rest, ' ');
	part->last = flag.ptr[0] == 'F';
	part->text = rest;
	return true;
}

static bool read_part(struct parse_context *context, struct slice line, struct part *part)
{
	return line.len > 0 && line.ptr[0] == '{' ? read_docker(context, line, part)
						  : read_cri(context, line, part);
}

/* The text of all parts, in the arena when there are several. A line that is no part, as a
 * cut one, ends them. */
static struct slice join(struct parse_context *context, struct slice lines, struct part *last)
{
	struct slice text = last->text, line;
	struct part part;

	if (slice_absent(lines))
		return text;
	char *room = arena_alloc(context->arena, text.len + lines.len);
	if (room == NULL) {
		context->full = true;
		return text;
	}
	size_t len = text.len;
	memcpy(room, text.ptr, len);
	while (slice_cut(&lines, '\n', &line) && read_part(context, line, &part)) {
		memcpy(room + len, part.text.ptr, part.text.len);
		len += part.text.len;
		last->last = part.last;
	}
	return slice_of(room, len);
}

/* "web-1  | text", as `docker compose logs` writes it: names are padded to one width */
static bool take_compose(struct slice line, struct slice *name, struct slice *text)
{
	size_t len = 0;

	while (len < COMPOSE_NAME_MAX && len < line.len && is_name_byte(line.ptr[len]))
		len++;
	*name = slice_head(line, len);
	*text = slice_from(line, len);
	if (len == 0 || !slice_starts(*text, SLICE_LIT("  ")))
		return false;
	skip_blanks(text);
	return skip_lit(text, "| ");
}

static enum parse_result parse_compose(struct record *record, struct parse_context *context)
{
	struct slice name, text;

	if (!take_compose(context->message, &name, &text))
		return PARSED_NOT_MINE;
	put(record, context, FIELD_CONTAINER_NAME, name);
	put_over(record, context, FIELD_MESSAGE, text);
	context->message = text.len > 0 ? text : SLICE_NONE;
	context->whole_line = true;
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice lines = context->message, line, text;
	struct part part;

	(void)slice_cut(&lines, '\n', &line);
	if (!read_part(context, line, &part))
		return parse_compose(record, context);
	record->created_ns = part.ns;
	put(record, context, FIELD_CONTAINER_ID, pairs_get_lit(context->pairs, "attrs.id"));
	put(record, context, FIELD_CONTAINER_NAME, pairs_get_lit(context->pairs, "attrs.name"));
	put(record, context, FIELD_SOC_STREAM, part.stream);
	text = join(context, lines, &part);
	if (!part.last)
		put(record, context, FIELD_TAGS, SLICE_LIT("partial_line"));
	while (text.len > 0 && text.ptr[text.len - 1] == '\r')
		text.len--;
	put_over(record, context, FIELD_MESSAGE, text);
	context->message = text.len > 0 ? text : SLICE_NONE;
	context->whole_line = true;
	return PARSED;
}

const struct parser parser_container = {
	.number = 100,
	.roles = PARSER_ENVELOPE,
	.name = "container",
	.module = "container",
	.summary = "lines of containers: Docker's json-file, Kubernetes CRI, docker compose",
	.source = "Docker, JSON File logging driver; Kubernetes, CRI logging format",
	.first_bytes = FIRST_BYTES_JSON FIRST_BYTES_DIGITS
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
	.digits = DIGITS(ISO_T) | DIGITS(REST),
	.parse = parse,
};
