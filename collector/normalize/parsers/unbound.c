/*
 * unbound - NLnet Labs' resolver Unbound, in syslog and in a file of its own
 *
 *	[1772852400] unbound[123:0] info: 192.0.2.1 a.vn. A IN
 *	unbound[123:0]: [123:0] info: 192.0.2.1 a.vn. A IN NOERROR 0.000000 1 45
 */
#include "collector/normalize/families/dns.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define QUESTION "{dns.question.name+} {dns.question.type+} {dns.question.class+}"

static const struct phrase sentences[] = {
	{"[[query: ]]{source.ip} {dns.question.name+} {dns.question.type+} IN "
	 "{dns.response_code+} {.seconds+} {.cached+} {.bytes}",
		&dns_answered},
	{"reply: {source.ip} " QUESTION " {dns.response_code+} {.seconds+} {.cached+} {.bytes}",
		&dns_answered},
	{"query: {source.ip} " QUESTION, &dns_queried},
	{"{source.ip} {dns.question.name+} {dns.question.type+} IN", &dns_queried},
	{"{source.ip} {dns.question.name+} {dns.question.type+} CH", &dns_queried},
	{"rpz: applied [{rule.name}] {.trigger+} {.policy+} "
	 "{source.ip}@{source.port} " QUESTION,
		&dns_blocked},
	{"rpz: applied {.trigger+} {.policy+} {source.ip}@{source.port} " QUESTION,
		&dns_blocked},
	{"{.zone+} {.policy+} {source.ip}@{source.port} " QUESTION, &dns_blocked},
	{"validation failure <" QUESTION ">: {event.reason}", &dns_failed},
	{"validation failure <{dns.question.name+} {dns.question.type+} IN>: {event.reason}",
		&dns_failed},
	{"ip_ratelimit exceeded {source.ip} {.limit+}[[ " QUESTION "]]", &dns_limited},
	{"ratelimit exceeded {.zone+} {.limit+} query " QUESTION " from {source.ip} {}",
		&dns_limited},
	{"ratelimit exceeded {.zone+} {.limit+}[[ {}]]", &dns_limited},
	{"refused query from {source.ip} {}", &dns_refused},
	{"error sending query to auth server {destination.ip} port {destination.port}",
		&dns_failed},
	{"SERVFAIL <{dns.question.name+} {dns.question.type+} IN>: {event.reason}",
		&dns_failed},
	{"start of service (unbound {service.version}).", &dns_noted},
	{"service stopped (unbound {service.version}).", &dns_noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "[1772852400] unbound[123:0] " of its own file, "[123:0] " of syslog */
static bool take_head(struct slice *rest, struct record *record, struct parse_context *context)
{
	struct slice bracket, pid;
	int64_t ns;

	if (!skip_byte(rest, '[') || !take_until(rest, ']', &bracket) || !skip_byte(rest, ' '))
		return false;
	if (slice_find(bracket, ':') == bracket.len) {
		if (!stamp_from_epoch(bracket, &ns) || !skip_lit(rest, "unbound[") ||
			!take_until(rest, ']', &bracket) || !skip_byte(rest, ' '))
			return false;
		record->created_ns = ns;
	}
	if (!take_until(&bracket, ':', &pid) || !all_digits(pid))
		return false;
	put_digits(record, context, FIELD_PROCESS_THREAD_ID, bracket);
	return true;
}

static void trim_name(struct record *record)
{
	for (unsigned i = 1; i < record->n_fields; i++) {
		struct field *field = &record->fields[i];

		if (field->id == FIELD_DNS_QUESTION_NAME && field->len > 1 &&
			field->ptr[field->len - 1] == '.')
			field->len--;
	}
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level;

	if ((!take_head(&rest, record, context) && slice_absent(context->program)) ||
		!take_until(&rest, ':', &level) || level.len > 10 || !skip_byte(&rest, ' '))
		return PARSED_NOT_MINE;
	put(record, context, FIELD_LOG_LEVEL, level);
	put_over(record, context, FIELD_MESSAGE, rest);
	enum parse_result result = phrases_put(&phrases, record, context, rest,
		slice_eq(level, SLICE_LIT("error")) ? &dns_error : &dns_noted);
	trim_name(record);
	dns_finish(record, context);
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"unbound", NULL};

const struct parser parser_unbound = {
	.number = 112,
	.roles = PARSER_ENVELOPE,
	.name = "unbound",
	.module = "unbound",
	.summary = "Unbound: queries, replies, blocks, validation, rate limits",
	.source = "Unbound 1.6 to 1.22, unbound.conf(5): log-queries, log-replies, log-local-"
		  "actions; util/log.c, util/net_help.c",
	.programs = programs,
	.first_bytes = "[",
	.parse = parse,
};
