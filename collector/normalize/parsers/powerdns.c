/*
 * powerdns - PowerDNS Authoritative Server and Recursor
 */
#include "collector/normalize/families/dns.h"
#include "collector/normalize/text/phrases.h"

static const struct phrase sentences[] = {
	/* Recursor */
	{"{.thread+} [{}] question for '{dns.question.name*}|{dns.question.type}' from "
	 "{source.ip}",
		&dns_queried},
	{"{.thread+} [{}] answer to question '{dns.question.name*}|{dns.question.type}': {}",
		&dns_answered},
	{"{.thread+} question for '{dns.question.name*}|{dns.question.type}' from {source.ip}",
		&dns_queried},
	{"Sending SERVFAIL to {source.ip} during resolve of '{dns.question.name*}' because: "
	 "{event.reason}",
		&dns_failed},
	{"Ignoring answer from {destination.ip}{}", &dns_error},
	{"Unable to parse packet from remote {}client {source:}: {event.reason}", &dns_error},
	{"Dropped UDP question from {source.ip}{}", &dns_refused},
	{"[{.component}] DNS query {}from {source.ip} is not allowed{}", &dns_refused},
	/* Authoritative */
	{"Remote {source.ip} wants '{dns.question.name*}|{dns.question.type}', {}",
		&dns_queried},
	{"Remote {source.ip}<-{} wants '{dns.question.name*}|{dns.question.type}', {}",
		&dns_queried},
	{"AXFR of domain '{dns.question.name*}' denied to {source.ip}[[: {event.reason}]]",
		&dns_transfer_refused},
	{"AXFR of domain '{dns.question.name*}' denied: {event.reason}", &dns_transfer_refused},
	{"AXFR of domain '{dns.question.name*}' initiated by {source.ip}{}", &dns_transfer},
	{"AXFR of domain '{dns.question.name*}' to {source.ip} finished{}", &dns_transfer},
	{"AXFR-out zone '{dns.question.name*}', client '{source:}', transfer initiated{}",
		&dns_transfer},
	{"AXFR-out zone '{dns.question.name*}', client '{source:}', denied: {event.reason}",
		&dns_transfer_refused},
	{"AXFR-out zone '{dns.question.name*}', client '{source:}', {event.reason}",
		&dns_noted},
	{"UPDATE ({}) from {source.ip} for {dns.question.name}: {}REFUSED{}",
		&dns_update_refused},
	{"UPDATE ({}) from {source.ip} for {dns.question.name}: {event.reason}", &dns_updated},
	{"Received NOTIFY for {dns.question.name} from {source.ip} {event.reason}", &dns_noted},
	{"HTTP: Login failed for web interface{}", &dns_refused},
	{"HTTP Request \"{url.path}\": {}Authentication failed{}", &dns_refused},
	{"[webserver] {} {source:} \"{request}\" {http.response.status_code} "
	 "{http.response.body.bytes}",
		NULL},
	{"PowerDNS {}{service.version} (C) {}", &dns_noted},
};
static struct phrases phrases = PHRASES(sentences);

/* msg="Question" subsystem="syncres" ... qname="a.vn" qtype="A" remote="192.0.2.1:51000" */
static bool read_structured(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct pairs *pairs = context->pairs;
	struct slice remote;

	if (!slice_starts(text, SLICE_LIT("msg=\"")))
		return false;
	pairs_read_keyvalue(pairs, text, context->arena);
	if (pairs->state == PAIRS_NOT_MINE)
		return false;
	remote = pairs_get_lit(pairs, "remote");
	put_meaning(record, context,
		slice_eq(pairs_get_lit(pairs, "msg"), SLICE_LIT("Question")) ? &dns_queried
									     : &dns_noted);
	put_over(record, context, FIELD_MESSAGE, text);
	dns_put_question(record, context, pairs_get_lit(pairs, "qname"));
	put_some(record, context, FIELD_DNS_QUESTION_TYPE, pairs_get_lit(pairs, "qtype"));
	put_some(record, context, FIELD_DNS_RESPONSE_CODE, pairs_get_lit(pairs, "rcode"));
	put_some(record, context, FIELD_LOG_LOGGER, pairs_get_lit(pairs, "subsystem"));
	put_some(record, context, FIELD_LOG_LEVEL, pairs_get_lit(pairs, "level"));
	put_some(record, context, FIELD_ERROR_MESSAGE, pairs_get_lit(pairs, "error"));
	if (!slice_absent(remote))
		put_endpoint(record, context, &endpoint_source, remote);
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	enum parse_result result =
		read_structured(record, context, text)
			? PARSED
			: phrases_put(&phrases, record, context, text, &dns_noted);
	dns_finish(record, context);
	return result;
}

static const char *const programs[] = {
	"pdns", "pdns_server", "pdns_recursor", "pdns-recursor", "recursor", NULL};

const struct parser parser_powerdns = {
	.number = 113,
	.name = "powerdns",
	.module = "powerdns",
	.summary = "PowerDNS: Authoritative Server and Recursor",
	.source = "PowerDNS Authoritative 4.1 to 4.9, Recursor 4.1 to 5.1: logging; "
		  "structured logging dictionary",
	.programs = programs,
	.parse = parse,
};
