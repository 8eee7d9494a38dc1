/*
 * bind - ISC BIND's named: queries, refusals, transfers, updates, limits, in any channel
 *
 *	07-Mar-2026 10:00:00.123 queries: info: client @0x7f1c 192.0.2.1#51000 (a.vn): query:
 *a.vn IN A +E(0)K (192.0.2.53)
 *
 * print-time, print-category and print-severity choose what stands before the text; in syslog
 * there may be none of it. named escapes what is not a letter, a digit or a hyphen in names.
 */
#include "collector/normalize/families/dns.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

/* Who asks; the name in brackets is the one asked for. */
#define CLIENT                                                                                 \
	"client [[@{} ]]{source.ip}#{source.port}[[/key {.key}]][[ ({})]][[: view {.view}]]: "

static const struct phrase sentences[] = {
	/* category queries */
	{CLIENT "query: {dns.question.name+} {dns.question.class+} {dns.question.type+} "
		"{.flags+} ({destination.ip}){}",
		&dns_queried},
	{CLIENT "query: {dns.question.name+} {dns.question.class+} {dns.question.type+} {}",
		&dns_queried},
	/* responses */
	{CLIENT "response: {dns.question.name+} {dns.question.class+} {dns.question.type+} "
		"{dns.response_code+} {}",
		&dns_answered},
	/* query-errors */
	{CLIENT "query failed ({dns.response_code}) for {dns.question.name}/"
		"{dns.question.class}/{dns.question.type} at {}",
		&dns_failed},
	/* security, update-security */
	{CLIENT "query (cache) '{dns.question.name}/{dns.question.type}/{dns.question.class}' "
		"denied[[ ({event.reason})]]",
		&dns_refused},
	{CLIENT "query '{dns.question.name}/{dns.question.type}/{dns.question.class}' "
		"denied[[ ({event.reason})]]",
		&dns_refused},
	{CLIENT "recursion available: denied", &dns_refused},
	{CLIENT "zone transfer '{dns.question.name}/{dns.question.type}/{dns.question.class}' "
		"denied",
		&dns_transfer_refused},
	{CLIENT "zone transfer '{dns.question.name}/{dns.question.class}' denied",
		&dns_transfer_refused},
	{CLIENT "bad zone transfer request: '{dns.question.name}/{dns.question.class}': "
		"{event.reason}",
		&dns_transfer_refused},
	{CLIENT "update '{dns.question.name}/{dns.question.class}' denied",
		&dns_update_refused},
	{CLIENT "update forwarding '{dns.question.name}/{dns.question.class}' denied",
		&dns_update_refused},
	{CLIENT "updating zone '{dns.question.name}/{dns.question.class}': update "
		"unsuccessful: "
		"{event.reason}",
		&dns_update_refused},
	{CLIENT "updating zone '{dns.question.name}/{dns.question.class}': {.change}",
		&dns_updated},
	{CLIENT "request has invalid signature: {event.reason}", &dns_refused},
	{CLIENT "signer \"{.key}\" denied", &dns_refused},
	{CLIENT "signer \"{.key}\" approved", &dns_noted},
	{CLIENT "notify question section contains no SOA", &dns_error},
	{CLIENT "received notify for zone '{dns.question.name}'{}", &dns_noted},
	{CLIENT "refused notify from non-{}", &dns_refused},
	{CLIENT "no more recursive clients{}", &dns_limited},
	{CLIENT "no more TCP clients{}", &dns_limited},
	/* xfer-out */
	{CLIENT "transfer of '{dns.question.name}/{dns.question.class}': "
		"{dns.question.type} started{}",
		&dns_transfer},
	{CLIENT "transfer of '{dns.question.name}/{dns.question.class}': "
		"{dns.question.type} ended{}",
		&dns_transfer},
	/* rate-limit */
	{CLIENT "rate limit {.what} response to {.prefix} for {dns.question.name+} "
		"{dns.question.class+} {dns.question.type+} {}",
		&dns_limited},
	{CLIENT "rate limit {.what} response to {.prefix} {}", &dns_limited},
	{"[[would ]]limit {.what} to {.prefix} for {dns.question.name+} {dns.question.class+} "
	 "{dns.question.type+} {}",
		&dns_limited},
	{"[[would ]]limit {.what} to {.prefix}", &dns_limited},
	{"stop limiting {.what} to {.prefix}[[ for {}]]", &dns_noted},
	/* rpz */
	{CLIENT "[[disabled ]]rpz {.trigger+} {.policy+} rewrite {dns.question.name}/"
		"{dns.question.type}/{dns.question.class} via {rule.name}",
		&dns_blocked},
	{CLIENT "rpz {.trigger+} {.policy+} rewrite {dns.question.name} via {rule.name}",
		&dns_blocked},
	/* resolver, lame-servers */
	{"lame server resolving '{dns.question.name}' (in '{}'?): {destination.ip}#"
	 "{destination.port}",
		&dns_failed},
	{"unexpected RCODE ({dns.response_code}) resolving '{dns.question.name}/"
	 "{dns.question.type}/{dns.question.class}': {destination.ip}#{destination.port}",
		&dns_failed},
	{"{dns.response_code+} unexpected RCODE resolving '{dns.question.name}/"
	 "{dns.question.type}/{dns.question.class}': {destination.ip}#{destination.port}",
		&dns_failed},
	{"error ({event.reason}) resolving '{dns.question.name}/{dns.question.type}/"
	 "{dns.question.class}': {destination.ip}#{destination.port}",
		&dns_failed},
	{"DNS format error from {destination.ip}#{destination.port} resolving "
	 "{dns.question.name}/{dns.question.type} for {}: {event.reason}",
		&dns_failed},
	{"{event.reason} resolving '{dns.question.name}/{dns.question.type}/"
	 "{dns.question.class}': {destination.ip}#{destination.port}",
		&dns_failed},
	/* dnssec */
	{"validating {dns.question.name}/{dns.question.type}: {event.reason}", &dns_failed},
	/* the server itself */
	{"zone {dns.question.name}/{dns.question.class}[[/{}]]: notify from {source.ip}#"
	 "{source.port}: {event.reason}",
		&dns_noted},
	{"zone {dns.question.name}/{dns.question.class}[[/{}]]: {event.reason}", &dns_noted},
	{"transfer of '{dns.question.name}/{dns.question.class}' from {destination.ip}#"
	 "{destination.port}: {event.reason}",
		&dns_noted},
	{"received control channel command '{process.command_line*}'", &dns_noted},
	{"invalid command from {source.ip}#{source.port}: {event.reason}", &dns_refused},
	{"rejected command from {source.ip}#{source.port}{}", &dns_refused},
	{"starting BIND {service.version+}{}", &dns_noted},
};
static struct phrases phrases = PHRASES(sentences);

static const char *const categories[] = {"client", "cname", "config", "database", "default",
	"delegation-only", "dispatch", "dnssec", "dnstap", "edns-disabled", "general",
	"lame-servers", "network", "notify", "nsid", "queries", "query-errors", "rate-limit",
	"resolver", "responses", "rpz", "rpz-passthru", "security", "serve-stale", "spill",
	"sslkeylog", "trust-anchor-telemetry", "unmatched", "update", "update-security",
	"xfer-in", "xfer-out", "zoneload", NULL};
static const char *const severities[] = {
	"critical", "error", "warning", "notice", "info", "debug", NULL};

enum { MARK_MAX = 40 };

/* "queries: ", "debug 3: " */
static bool take_mark(struct slice *rest, const char *const *marks, struct slice *mark)
{
	struct slice at = *rest, digits;

	*mark = slice_head(
		at, slice_find(slice_head(at, at.len < MARK_MAX ? at.len : MARK_MAX), ':'));
	at = slice_from(at, mark->len);
	if (mark->len == 0 || !skip_lit(&at, ": "))
		return false;
	struct slice word = take_word(&(struct slice){mark->ptr, mark->len});
	for (; *marks != NULL; marks++) {
		if (**marks != word.ptr[0] || !slice_eq(slice_str(*marks), word))
			continue;
		digits = slice_from(*mark, word.len);
		if (digits.len > 0 && !all_digits(slice_from(digits, 1)))
			return false;
		*rest = at;
		return true;
	}
	return false;
}

/* Syslog has such stamps too: "2026-03-07T10:00:00.123Z " stands before a category. */
static bool is_iso(struct slice rest)
{
	struct slice category;

	if (rest.len < 24 || rest.ptr[10] != 'T')
		return false;
	(void)take_word(&rest);
	return skip_byte(&rest, ' ') && take_mark(&rest, categories, &category);
}

/* "07-Mar-2026 10:00:00.123 ", "2026-03-07T10:00:00.123Z " */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	return rest->len > 24 && is_digit(rest->ptr[0]) &&
	       (rest->ptr[2] == '-' || is_iso(*rest)) && take_stamp_any(rest, context, ns) &&
	       skip_byte(rest, ' ');
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, category, level = SLICE_NONE;
	int64_t ns = record->created_ns;
	bool told = !slice_absent(context->program) || context->named, marked;

	if (!take_time(&rest, context, &ns) && !told)
		return PARSED_NOT_MINE;
	marked = take_mark(&rest, categories, &category);
	if (marked)
		put(record, context, FIELD_LOG_LOGGER, category);
	if (take_mark(&rest, severities, &level))
		put(record, context, FIELD_LOG_LEVEL, level);
	enum parse_result result = phrases_put(&phrases, record, context, rest,
		slice_eq(level, SLICE_LIT("error")) ? &dns_error : &dns_noted);
	if (result == PARSED_PARTLY && !marked && !told)
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_over(record, context, FIELD_MESSAGE, rest);
	dns_finish(record, context);
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"named", "bind", "named-sdb", NULL};

const struct parser parser_bind = {
	.number = 110,
	.roles = PARSER_ENVELOPE,
	.name = "bind",
	.module = "bind",
	.summary = "BIND: queries, security, rate-limit, resolver and the other categories",
	.source =
		"BIND 9.11 to 9.20 Administrator Reference Manual, logging; bin/named, lib/ns",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(DAY) | DIGITS(ISO_T),
	.parse = parse,
};
