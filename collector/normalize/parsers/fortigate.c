/*
 * fortigate - FortiOS' own log format, as syslog's message and in files
 *
 *	date=2026-05-10 time=11:50:48 devname="FW-1" devid="FG100F..." logid="0000000013"
 *		type="traffic" subtype="forward" level="notice" srcip=192.0.2.7 ...
 *	date=2026-05-10,time=11:50:48,devname="FW-1",...           format csv
 *	logver=702071577 idseq=... itime=1778388648 devid="FG..."   sent on by FortiAnalyzer
 */
#include "collector/normalize/families/fortigate.h"

#include "collector/normalize/text/extract.h"

/* Every log of FortiOS says of which type and subtype it is; older ones write log_id. */
static bool is_fortios(const struct pairs *pairs)
{
	struct slice id = pairs_get_lit(pairs, "logid");

	if (slice_absent(id))
		id = pairs_get_lit(pairs, "log_id");
	return all_digits(id) && pairs_have(pairs, SLICE_LIT("type")) &&
	       pairs_have(pairs, SLICE_LIT("subtype")) &&
	       (pairs_have(pairs, SLICE_LIT("devid")) ||
		       pairs_have(pairs, SLICE_LIT("device_id")) ||
		       pairs_have(pairs, SLICE_LIT("vd")));
}

static bool begins_well(struct slice text)
{
	static const struct slice names[] = {
		{SLICE_BYTES("date=")},
		{SLICE_BYTES("logver=")},
		{SLICE_BYTES("itime=")},
		{SLICE_BYTES("timestamp=")},
		{SLICE_BYTES("devname=")},
		{SLICE_BYTES("devid=")},
		{SLICE_BYTES("device_id=")},
		{SLICE_BYTES("eventtime=")},
		{SLICE_BYTES("logid=")},
		{SLICE_BYTES("id=")},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_starts(text, names[i]))
			return true;
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	if (!begins_well(context->message))
		return PARSED_NOT_MINE;
	pairs_read_keyvalue(pairs, context->message, context->arena);
	if (pairs->state != PAIRS_WHOLE || !is_fortios(pairs))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];
		unsigned meaning = fortigate_meaning(pair->name, pair->hash);

		if (meaning != 0)
			fortigate_put(record, context, &values, pair, meaning);
		else
			put_other(record, context, FIELD_OTHER, pair->name, pair->value);
	}
	fortigate_finish(record, context, pairs, false);
	if (values.message.len > 0)
		put_over(record, context, FIELD_MESSAGE, values.message);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_fortigate = {
	.number = 60,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "fortigate",
	.module = "fortinet",
	.summary = "Fortinet FortiGate: traffic, security profiles, events",
	.source = "Fortinet, FortiOS Log Message Reference 5.4 to 7.6",
	.first_bytes = "dlite",
	.parse = parse,
};
