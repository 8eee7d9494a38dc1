/*
 * draytek - Vigor routers (DrayOS)
 *
 *	<141>Mar  7 10:00:00 Vigor: [FILTER][Block][WAN->LAN/RT/VPN, 0:10:22][@S:R=2:2,
 *		203.0.113.9:40000->192.0.2.7:22][TCP][HLen=20, TLen=60, Flag=S, ...]
 *	<143>Mar  7 10:00:00 Vigor: Local User (MAC=00-00-5E-00-53-01): 192.0.2.7:51000 ->
 *		203.0.113.9:443 (TCP) Web
 *	<142>Mar  7 10:00:00 Vigor: [L2TP][@an] dial-in login
 *
 * The router's name, which its administrator chose, stands where a host or a tag would: only
 * the sentences tell whose they are.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"

static const struct device router = {
	{SLICE_BYTES("DrayTek")}, {SLICE_BYTES("Vigor")}, {SLICE_BYTES("router")}};

/* ---- firewall and content ---------------------------------------------------------------- */

struct speaker {
	struct slice name;
	enum telling open, stopped;
};

/* "[FILTER]", "[CSM_WF]": which part of the firewall speaks. */
static const struct speaker speakers[] = {
	{{SLICE_BYTES("FILTER")}, TELLS_ALLOWED, TELLS_DENIED},
	{{SLICE_BYTES("IPF")}, TELLS_ALLOWED, TELLS_DENIED},
	{{SLICE_BYTES("CSM_AE")}, TELLS_ALLOWED, TELLS_DENIED},
	{{SLICE_BYTES("CSM_UF")}, TELLS_URL, TELLS_URL_DENIED},
	{{SLICE_BYTES("CSM_WF")}, TELLS_URL, TELLS_URL_DENIED},
	{{SLICE_BYTES("CSM_DNSF")}, TELLS_URL, TELLS_URL_DENIED},
	{{SLICE_BYTES("DOS")}, TELLS_ATTACK, TELLS_ATTACK_DENIED},
};

static const struct speaker *speaker_of(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(speakers); i++) {
		if (slice_eq(speakers[i].name, name))
			return &speakers[i];
	}
	return NULL;
}

/* "[Type=KW(G:O=0:1)]": up to the next bracket. */
static bool take_bracket(struct slice *rest, struct slice *inside)
{
	struct slice at = *rest;

	if (!skip_byte(&at, '[') || !take_until(&at, ']', inside))
		return false;
	*rest = at;
	return true;
}

/* "203.0.113.9:40000->192.0.2.7:22", "192.0.2.7:50345->http://www.example.vn:80/path" */
static void put_flow(struct record *record, struct parse_context *context, struct slice text)
{
	size_t arrow = slice_search(text, SLICE_LIT("->"));

	if (arrow == text.len)
		return;
	struct slice to = slice_from(text, arrow + 2);
	put_endpoint(record, context, &endpoint_source, slice_head(text, arrow));
	if (slice_search(to, SLICE_LIT("://")) < to.len)
		access_log_put_url(record, context, to);
	else
		put_endpoint(record, context, &endpoint_destination, to);
}

/* "WAN->LAN/RT/VPN, 0:10:22 " */
static void put_zones(struct record *record, struct parse_context *context, struct slice text)
{
	size_t arrow = slice_search(text, SLICE_LIT("->"));
	struct slice to = slice_from(text, arrow + 2);

	to = slice_head(to, slice_find(to, ','));
	put_some(record, context, FIELD_OBSERVER_INGRESS_ZONE, slice_head(text, arrow));
	put_some(record, context, FIELD_OBSERVER_EGRESS_ZONE, slice_trim(to));
}

/* "HLen=20, TLen=60, Type=8, Code=0" */
static void put_packet(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice part, name;

	while (slice_cut(&text, ',', &part)) {
		part = slice_trim(part);
		if (!take_until(&part, '=', &name))
			continue;
		if (slice_eq(name, SLICE_LIT("TLen")))
			put_digits(record, context, FIELD_NETWORK_BYTES, part);
		else
			put_other(record, context, FIELD_OTHER, name, part);
	}
}

static void put_word(struct record *record, struct parse_context *context, struct slice word,
	bool behind_flow)
{
	if (!behind_flow)
		put_lower(record, context, FIELD_NETWORK_APPLICATION, word);
	else if (slice_eq(word, SLICE_LIT("HTTP")) || slice_eq(word, SLICE_LIT("HTTPS")) ||
		 slice_eq(word, SLICE_LIT("DNS")))
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, word);
	else
		put_transport(record, context, word);
}

/* One bracket behind the verdict's; true when it was the addresses. */
static bool put_bracket(struct record *record, struct parse_context *context,
	struct slice inside, bool behind_flow)
{
	struct slice rule, name, value = inside;

	if (skip_lit(&inside, "@S:R=")) {
		if (take_until(&inside, ',', &rule))
			put_some(record, context, FIELD_RULE_ID, rule);
		put_flow(record, context, slice_trim(inside));
		return true;
	}
	if (slice_search(inside, SLICE_LIT("->")) < inside.len) {
		bool flow = slice_find(inside, ':') < slice_search(inside, SLICE_LIT("->"));

		if (flow)
			put_flow(record, context, inside);
		else
			put_zones(record, context, inside);
		return flow;
	}
	if (slice_starts(inside, SLICE_LIT("HLen=")))
		put_packet(record, context, inside);
	else if (!take_until(&value, '=', &name))
		put_word(record, context, inside, behind_flow);
	else if (slice_eq(name, SLICE_LIT("Category")))
		put_some(record, context, FIELD_RULE_CATEGORY, value);
	else
		put_other(record, context, FIELD_OTHER, name, value);
	return false;
}

static void put_dos(
	struct record *record, struct parse_context *context, struct slice attack, bool stopped)
{
	attack = slice_head(attack, slice_find(attack, ','));
	put_some(record, context, FIELD_RULE_NAME, attack);
	put_attack(
		record, context, attack_of_name(attack, CLASS_DOS), SEVERITY_MEDIUM, stopped);
}

/* "[FILTER][Block][WAN->LAN/RT/VPN, 0:10:22 ][@S:R=2:2, ...][TCP][HLen=20, ...]" */
static bool read_firewall(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice name, verdict, inside;
	bool flow = false;

	if (!take_bracket(&rest, &name))
		return false;
	const struct speaker *speaker = speaker_of(name);
	if (speaker == NULL || !take_bracket(&rest, &verdict))
		return false;
	const bool stopped = verdict_of(verdict) == VERDICT_DENIED;
	put_other(record, context, FIELD_OTHER, SLICE_LIT("log"), name);
	if (speaker->open == TELLS_ATTACK && take_bracket(&rest, &inside))
		put_dos(record, context, inside, stopped);
	while (take_bracket(&rest, &inside))
		flow = put_bracket(record, context, inside, flow) || flow;
	put_telling(record, context, stopped ? speaker->stopped : speaker->open);
	return true;
}

/* ---- sentences --------------------------------------------------------------------------- */

#define USER "Local User[[ (MAC={source.mac})]]: "

/* DrayTek's knowledge base on syslog: user access, call, WAN and VPN. */
static const struct phrase sentences[] = {
	{USER "{source.ip} DNS -> {destination.ip} inquire {dns.question.name}",
		MEANS_TELLING(CONNECTION)},
	{USER "{source.ip}:{source.port} -> {destination.ip}:{destination.port} ({transport}) "
	      "{.service}",
		MEANS_TELLING(CONNECTION)},
	{USER "{source.ip}:{source.port} -> {destination.ip}:{destination.port} ({transport})",
		MEANS_TELLING(CONNECTION)},
	{USER "{source.ip} -> {destination.ip} ({transport}){}", MEANS_TELLING(CONNECTION)},
	{"DoS {rule.name+} Block({}s) {source.ip},{source.port} -> {destination.ip},"
	 "{destination.port} PR {}({transport}){}",
		MEANS_TELLING(ATTACK_DENIED)},
	{"DoS {rule.name+} Block({}s) {source.ip} -> {destination.ip} PR {}({transport}){}",
		MEANS_TELLING(ATTACK_DENIED)},
	{"[SSL]Portal login fail from IP {source.ip}!", MEANS_TELLING(LOGIN_FAILED)},
	{"PPTP accept client from {source.ip}:{source.port} ...", MEANS_TELLING(VPN_INFO)},
	{"[{.vpn}][@{user.name*}] dial-in login", MEANS_TELLING(VPN)},
	{"[{.vpn}][@{user.name*}] dial-in logout", MEANS_TELLING(VPN_ENDED)},
};
static struct phrases phrases = PHRASES(sentences);

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	if (!read_firewall(record, context, rest)) {
		const struct phrase *phrase = phrases_read(&phrases, record, context, rest);

		if (phrase == NULL)
			return PARSED_NOT_MINE;
		if (phrase->meaning == MEANS_TELLING(ATTACK_DENIED))
			put_attack(record, context, CLASS_DOS, SEVERITY_MEDIUM, true);
	}
	put_device(record, context, &router);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_draytek = {
	.number = 78,
	.roles = PARSER_ANY_PROGRAM,
	.name = "draytek",
	.module = "draytek",
	.summary = "DrayTek Vigor routers",
	.source =
		"DrayTek knowledge base, Syslog about Firewall and Content Security Management",
	.first_bytes = "[LDP",
	.parse = parse,
};
