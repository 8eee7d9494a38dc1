/*
 * kaspersky - Kaspersky Security Center's own syslog: RFC 5424 with an element "event@23668"
 *
 *	[event@23668 p1="..." p2="C:\\a.exe" p5="Trojan.Win32.X" p7="SO\\an"
 *	 et="GNRL_EV_VIRUS_FOUND" tdn="Protection" etdn="Malicious object detected" hdn="WS-1"
 *	 hip="192.0.2.1" gn="Managed devices"] text for people
 *
 * The parameters p1 to p9 are the event's own: of what is about an object, p2 is its path, p5
 * the malware, p7 the user.
 */
#include "collector/normalize/families/antivirus.h"

enum { PARAMETERS_MAX = 64 };

static const struct slice element = {SLICE_BYTES("[event@23668")};

static const struct {
	struct slice theirs, ours;
} names[] = {
	{{SLICE_BYTES("p1")}, {SLICE_BYTES("hash")}}, /* when it looks like one */
	{{SLICE_BYTES("p2")}, {SLICE_BYTES("filePath")}},
	{{SLICE_BYTES("p5")}, {SLICE_BYTES("VirusName")}},
	{{SLICE_BYTES("p7")}, {SLICE_BYTES("UserName")}},
};

static struct slice our_name(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(names[i].theirs, name))
			return names[i].ours;
	}
	return name;
}

static bool take_parameter(struct slice *rest, struct slice *name, struct slice *value)
{
	skip_blanks(rest);
	if (!take_until(rest, '=', name) || !skip_byte(rest, '"'))
		return false;
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			i++;
		} else if (rest->ptr[i] == '"') {
			*value = slice_head(*rest, i);
			*rest = slice_from(*rest, i + 1);
			return true;
		}
	}
	return false;
}

static void read_parameters(struct parse_context *context, struct slice rest)
{
	struct slice name, value;

	pairs_reset(context->pairs, rest, PAIRS_NOTHING);
	for (unsigned n = 0; n < PARAMETERS_MAX && take_parameter(&rest, &name, &value); n++) {
		/* RFC 5424 §6.3.3 */
		value = unescaped(context, value, '\\', "\"\"\\\\]]");
		pairs_add(context->pairs, our_name(name), value);
	}
}

/* "KES|12.4.0.467": the product that told Security Center. */
static void put_product(struct record *record, struct parse_context *context)
{
	struct slice version = context->program, product;

	put(record, context, FIELD_OBSERVER_VENDOR, SLICE_LIT("Kaspersky"));
	if (!take_until(&version, '|', &product))
		return;
	put_some(record, context, FIELD_OBSERVER_PRODUCT, product);
	put_some(record, context, FIELD_OBSERVER_VERSION, version);
	take_out(record, FIELD_PROCESS_NAME);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = record_get(record, FIELD_LOG_SYSLOG_STRUCTURED_DATA);

	if (!skip_text(&rest, element))
		return PARSED_NOT_MINE;
	read_parameters(context, rest);
	const struct antivirus_source source = {
		.vendor = SLICE_LIT("Kaspersky"),
		.product = SLICE_LIT("Security Center"),
		.id = pairs_get_lit(context->pairs, "et"),
		.title = pairs_get_lit(context->pairs, "etdn"),
	};
	put_product(record, context);
	put_some(record, context, FIELD_EVENT_CODE, source.id);
	if (!antivirus_put_pairs(record, context, &source))
		return PARSED_PARTLY;
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_kaspersky = {
	.number = 153,
	.roles = PARSER_ANY_PROGRAM,
	.name = "kaspersky",
	.module = "kaspersky",
	.summary = "Kaspersky Security Center's events by its own syslog",
	.source = "Kaspersky Security Center 14 help, Exporting events to SIEM systems; KSC "
		  "open API, "
		  "List of event attributes",
	.parse = parse,
};
