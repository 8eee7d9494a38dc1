/*
 * dnsmasq - names and addresses by dnsmasq, also in Pi-hole
 *
 *	dnsmasq[812]: query[A] a.vn from 192.0.2.1
 *	dnsmasq[812]: 12 192.0.2.1/51000 query[A] a.vn from 192.0.2.1      log-queries=extra
 *	dnsmasq-dhcp[812]: DHCPACK(eth0) 192.0.2.7 02:00:00:00:00:07 pc7
 *
 * A host's name in DHCP is the host's own choice and stands last.
 */
#include "collector/normalize/families/dhcp.h"
#include "collector/normalize/families/dns.h"
#include "collector/normalize/text/phrases.h"

static const struct phrase sentences[] = {
	{"query[{dns.question.type}] {dns.question.name} from {source.ip}", &dns_queried},
	{"auth[{dns.question.type}] {dns.question.name} from {source.ip}", &dns_queried},
	{"forwarded {dns.question.name} to {destination}", &dns_noted},
	{"gravity blocked {dns.question.name} is {dns.answers.data}", &dns_blocked},
	{"regex blacklisted {dns.question.name} is {dns.answers.data}", &dns_blocked},
	{"regex denied {dns.question.name} is {dns.answers.data}", &dns_blocked},
	{"exactly denied {dns.question.name} is {dns.answers.data}", &dns_blocked},
	{"exactly blacklisted {dns.question.name} is {dns.answers.data}", &dns_blocked},
	{"reply error is {dns.response_code}", &dns_failed},
	{"reply {dns.question.name} is {dns.answers.data}", &dns_answered},
	{"cached {dns.question.name} is {dns.answers.data}", &dns_answered},
	{"cached-stale {dns.question.name} is {dns.answers.data}", &dns_answered},
	{"config {dns.question.name} is {dns.answers.data}", &dns_answered},
	{"DHCP {dns.question.name} is {dns.answers.data}", &dns_answered},
	{"/etc/hosts {dns.question.name} is {dns.answers.data}", &dns_answered},
	{"dnssec-query[{dns.question.type}] {dns.question.name} to {destination}", &dns_noted},
	{"validation result is {event.reason}", &dns_noted},
	{"validation {dns.question.name} is BOGUS{event.reason}", &dns_failed},
	{"possible DNS-rebind attack detected: {dns.question.name}", &dns_rebinding},
	{"Maximum number of concurrent DNS queries reached {}", &dns_limited},
	{"Rate-limiting {source.ip} {}", &dns_limited},
	{"ignoring query from non-local network[[ {source.ip} {}]]", &dns_refused},
	{"nameserver {destination} refused to do a recursive query", &dns_failed},
	{"started, version {service.version+} {}", &dns_noted},
	{"using nameserver {destination}#{destination.port}{}", &dns_noted},
	{"exiting on receipt of SIGTERM", &dns_noted},
};
static struct phrases phrases = PHRASES(sentences);

static const struct phrase lease_sentences[] = {
	{"DHCPDISCOVER({.interface}) {client.ip} {source.mac+}[[ {event.reason}]]",
		&dhcp_discover},
	{"DHCPDISCOVER({.interface}) {source.mac+}[[ {event.reason}]]", &dhcp_discover},
	{"DHCPOFFER({.interface}) {client.ip} {source.mac+}[[ {}]]", &dhcp_offer},
	{"DHCPREQUEST({.interface}) {client.ip} {source.mac+}[[ {event.reason}]]",
		&dhcp_request},
	{"DHCPACK({.interface}) {client.ip} {source.mac+}[[ {client.domain}]]", &dhcp_ack},
	{"DHCPNAK({.interface}) {client.ip} {source.mac+}[[ {event.reason}]]", &dhcp_nak},
	{"DHCPRELEASE({.interface}) {client.ip} {source.mac+}[[ {event.reason}]]",
		&dhcp_release},
	{"DHCPDECLINE({.interface}) {client.ip} {source.mac+}[[ {event.reason}]]",
		&dhcp_decline},
	{"DHCPINFORM({.interface}) {client.ip} {source.mac+}[[ {}]]", &dhcp_request},
	{"no address range available for DHCP request via {.interface}", &dhcp_failed},
	{"not giving name {client.domain} to the DHCP lease of {client.ip} because "
	 "{event.reason}",
		&dhcp_failed},
};
static struct phrases lease_phrases = PHRASES(lease_sentences);

/* "12 192.0.2.1/51000 " before a query's lines; "12 " before those of DHCP. */
static void skip_extra(struct record *record, struct parse_context *context, struct slice *text)
{
	struct slice at = *text, serial, word, address;

	if (!take_digits(&at, &serial) || !skip_byte(&at, ' '))
		return;
	put(record, context, FIELD_EVENT_ID, serial);
	*text = at;
	word = take_word(&at);
	if (!take_until(&word, '/', &address) || !all_digits(word) || !skip_byte(&at, ' '))
		return;
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
	put_digits(record, context, FIELD_SOURCE_PORT, word);
	*text = at;
}

/* The address asked from is told twice. */
static enum parse_result put_query(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice query, address;

	if (!slice_absent(record_get(record, FIELD_SOURCE_PORT)) &&
		cut_last(text, SLICE_LIT(" from "), &query, &address))
		take_out(record, FIELD_SOURCE_IP);
	enum parse_result result = phrases_put(&phrases, record, context, text, &dns_noted);
	dns_finish(record, context);
	return result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	skip_extra(record, context, &text);
	skip_blanks(&text);
	if (slice_eq(context->program, SLICE_LIT("dnsmasq-dhcp"))) {
		dhcp_finish(record, context);
		return phrases_put(&lease_phrases, record, context, text, &dhcp_noted);
	}
	return put_query(record, context, text);
}

static const char *const programs[] = {
	"dnsmasq", "dnsmasq-dhcp", "dnsmasq-tftp", "pihole-FTL", NULL};

const struct parser parser_dnsmasq = {
	.number = 111,
	.name = "dnsmasq",
	.module = "dnsmasq",
	.summary = "dnsmasq and Pi-hole: queries, answers, blocks, DHCP leases",
	.source = "dnsmasq 2.70 to 2.90, man page log-queries; src/cache.c log_query(), "
		  "src/rfc2131.c log_packet()",
	.programs = programs,
	.parse = parse,
};
