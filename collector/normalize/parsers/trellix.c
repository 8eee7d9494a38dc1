/*
 * trellix - McAfee and Trellix ePolicy Orchestrator's syslog: an XML document an event
 *
 *	<EPOEvent><MachineInfo><MachineName>WS-1</MachineName>...<Event><EventID>1278</EventID>
 *	<CommonFields><ThreatName>X</ThreatName><ThreatActionTaken>...</...></EPOEvent>
 *
 * Only elements that hold text and no others matter, so that no tree is built.
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/text/stamp.h"

static const struct {
	struct slice text;
	char byte;
} entities[] = {
	{{SLICE_BYTES("&amp;")}, '&'},
	{{SLICE_BYTES("&lt;")}, '<'},
	{{SLICE_BYTES("&gt;")}, '>'},
	{{SLICE_BYTES("&quot;")}, '"'},
	{{SLICE_BYTES("&apos;")}, '\''},
};

static char take_entity(struct slice *rest)
{
	char byte = rest->ptr[0];

	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		if (skip_text(rest, entities[i].text))
			return entities[i].byte;
	}
	*rest = slice_from(*rest, 1);
	return byte;
}

static struct slice unescape(struct parse_context *context, struct slice text)
{
	if (slice_find(text, '&') == text.len)
		return text;

	char *start = arena_alloc(context->arena, text.len), *to = start;
	if (start == NULL) {
		context->full = true;
		return SLICE_NONE;
	}
	while (text.len > 0)
		*to++ = take_entity(&text);
	return slice_of(start, (size_t)(to - start));
}

/* Text between "<Name ...>" and "</Name>" that follows at once. */
static bool take_element(struct slice *rest, struct slice *name, struct slice *text)
{
	struct slice skipped, tag, end;

	while (take_until(rest, '<', &skipped)) {
		struct slice at = *rest;

		if (!take_until(&at, '>', &tag))
			return false;
		*rest = at;
		*name = take_word(&tag);
		if (!take_until(&at, '<', text))
			return false;
		end = at;
		if (skip_byte(&end, '/') && skip_text(&end, *name) && skip_byte(&end, '>')) {
			*rest = end;
			return true;
		}
	}
	return false;
}

static void read_elements(struct parse_context *context, struct slice rest)
{
	struct slice name, text;

	pairs_reset(context->pairs, rest, PAIRS_NOTHING);
	while (take_element(&rest, &name, &text))
		pairs_add(context->pairs, name, unescape(context, slice_trim(text)));
}

static void put_time(struct record *record, struct parse_context *context)
{
	struct slice time = pairs_get_lit(context->pairs, "GMTTime");
	struct parse_context utc = *context;
	int64_t ns;

	utc.zone_seconds = 0;
	if (!slice_absent(time) && take_stamp_iso(&time, &utc, &ns))
		record->created_ns = ns;
}

static bool is_document(struct slice text)
{
	const size_t head_max = 200;
	struct slice head = slice_head(text, text.len < head_max ? text.len : head_max);

	return slice_search(head, SLICE_LIT("<EPOevent")) < head.len ||
	       slice_search(head, SLICE_LIT("<EPOEvent")) < head.len;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (!is_document(context->message))
		return PARSED_NOT_MINE;
	read_elements(context, context->message);
	const struct antivirus_source source = {
		.vendor = SLICE_LIT("Trellix"),
		.product = SLICE_LIT("ePolicy Orchestrator"),
		.id = pairs_get_lit(context->pairs, "EventID"),
	};
	put(record, context, FIELD_OBSERVER_VENDOR, source.vendor);
	put(record, context, FIELD_OBSERVER_PRODUCT, source.product);
	put_some(record, context, FIELD_EVENT_CODE, source.id);
	put_time(record, context);
	context->message = SLICE_NONE;
	return antivirus_put_pairs(record, context, &source) ? PARSED : PARSED_PARTLY;
}

static const char *const programs[] = {"EPOEvents", NULL};

const struct parser parser_trellix = {
	.number = 154,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "trellix",
	.module = "trellix",
	.summary = "Trellix (McAfee) ePolicy Orchestrator's events in XML",
	.source =
		"Trellix ePolicy Orchestrator 5.10 product guide, Registering syslog servers; "
		"EPO common event format",
	.programs = programs,
	.first_bytes = "<",
	.parse = parse,
};
