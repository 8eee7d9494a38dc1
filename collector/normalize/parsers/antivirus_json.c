/*
 * antivirus-json - detections in JSON: ESET PROTECT, Bitdefender GravityZone, Sophos Central,
 *and whoever names a malware by a name of antivirus_names.def
 *
 *	{"event_type":"Threat_Event","hostname":"ws-1","threat_name":"Win32/X","action_taken":...}
 *	{"module":"av","computer_name":"WS-1","malware_name":"X","final_status":"deleted",...}
 *	{"type":"Event::Endpoint::Threat::Detected","location":"WS-1","threat":"X",...}
 *	{"rule":{"level":12,...},"agent":{"name":"ws-1"},"manager":{...},"full_log":"/x: X
 *FOUND"}
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/text/names.h"

/* Names that only these products' objects have. */
static struct antivirus_source source_of(const struct pairs *pairs)
{
	struct slice type = pairs_get_lit(pairs, "type");

	if (slice_starts(type, SLICE_LIT("Event::")))
		return (struct antivirus_source){.vendor = SLICE_LIT("Sophos"),
			.product = SLICE_LIT("Central"),
			.id = type};
	if (slice_ends(pairs_get_lit(pairs, "event_type"), SLICE_LIT("_Event")) &&
		pairs_have(pairs, SLICE_LIT("source_uuid")))
		return (struct antivirus_source){
			.vendor = SLICE_LIT("ESET"), .product = SLICE_LIT("PROTECT")};
	if (pairs_have(pairs, SLICE_LIT("product_installed")) &&
		pairs_have(pairs, SLICE_LIT("module")))
		return (struct antivirus_source){.vendor = SLICE_LIT("Bitdefender"),
			.product = SLICE_LIT("GravityZone")};
	if (pairs_have(pairs, SLICE_LIT("manager.name")) &&
		pairs_have(pairs, SLICE_LIT("rule.level")))
		return (struct antivirus_source){
			.vendor = SLICE_LIT("Wazuh"), .product = SLICE_LIT("Wazuh")};
	return (struct antivirus_source){.vendor = SLICE_NONE};
}

/* "/srv/x: Name FOUND" of clamd, in a Wazuh alert. */
static struct slice name_found(struct slice line)
{
	const struct slice found = {SLICE_BYTES(" FOUND")};
	struct slice before, name;

	if (!slice_ends(line, found) || !cut_last(slice_head(line, line.len - found.len),
						SLICE_LIT(": "), &before, &name))
		return SLICE_NONE;
	return name;
}

/* Wazuh's alerts wrap what others said: the event of Defender, clamd's line, VirusTotal's count
 * of engines. */
static struct slice name_in_wazuh(const struct pairs *pairs)
{
	struct slice name = pairs_get_lit(pairs, "data.win.eventdata.threat Name");

	if (slice_absent(name))
		name = name_found(pairs_get_lit(pairs, "full_log"));
	if (slice_absent(name) &&
		slice_eq(pairs_get_lit(pairs, "data.virustotal.malicious"), SLICE_LIT("1")))
		name = SLICE_LIT("VirusTotal");
	return name;
}

/* Products whose name for the malware's name is a word that others use for something else. */
static void name_threat(struct pairs *pairs, const struct antivirus_source *source)
{
	if (slice_eq(source->vendor, SLICE_LIT("Sophos"))) {
		pairs_add(pairs, SLICE_LIT("threat_name"), pairs_get_lit(pairs, "threat"));
		pairs_add(pairs, SLICE_LIT("computer_name"), pairs_get_lit(pairs, "location"));
	}
	if (slice_eq(source->vendor, SLICE_LIT("Wazuh")))
		pairs_add(pairs, SLICE_LIT("threat_name"), name_in_wazuh(pairs));
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_meaning_hashed(pair->name, pair->hash);

	if (meaning == NAME_TIME || meaning == NAME_MESSAGE)
		named_put(record, context, values, meaning, pair->value);
	else if (!antivirus_knows(pair) && !slice_starts(pair->name, SLICE_LIT("soc.")))
		put_other(record, context, FIELD_OTHER_JSON, pair->name, pair->value);
}

/* ESET's is in UTC whatever the source's zone is; Sophos says "when". */
static void take_time(
	const struct pairs *pairs, struct parse_context *context, struct named_values *values)
{
	static const struct slice names[] = {
		{SLICE_BYTES("occurred")}, {SLICE_BYTES("occured")}, {SLICE_BYTES("when")}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice time = pairs_get(pairs, names[i]);

		if (slice_absent(time))
			continue;
		values->time = time;
		parse_in_utc(context);
		return;
	}
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state != PAIRS_WHOLE)
		return PARSED_NOT_MINE;
	struct antivirus_source source = source_of(pairs);
	name_threat(pairs, &source);
	if (!antivirus_put_pairs(record, context, &source))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	put_some(record, context, FIELD_OBSERVER_VENDOR, source.vendor);
	put_some(record, context, FIELD_OBSERVER_PRODUCT, source.product);
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	take_time(pairs, context, &values);
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_antivirus_json = {
	.number = 150,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "antivirus-json",
	.module = "antivirus",
	.summary = "malware detections in JSON: ESET PROTECT, Bitdefender GravityZone, Sophos "
		   "Central",
	.source = "ESET PROTECT online help, Events exported to JSON format; Bitdefender "
		  "GravityZone "
		  "API guide, push events; Sophos Central SIEM API",
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
