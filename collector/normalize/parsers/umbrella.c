/*
 * umbrella - Cisco Umbrella's and Secure Access' files of names asked for, pages and packets
 *
 *	"2026-03-07 03:00:00","an","an,PC-1","192.0.2.7","198.51.100.2","Blocked","1 (A)",
 *		"NOERROR","example.com.","Malware","AD Users","AD Users,Sites","Malware"
 *	"2026-03-07 03:00:00","an","192.0.2.7","198.51.100.2","203.0.113.9","text/html",
 *		"ALLOWED","https://example.com/","","Mozilla/5.0","200","460","12","12","",...
 *	"2026-03-07 03:00:00","[1]","Passive Monitor","CDFW Tunnel Device","OUTBOUND","1","84",
 *		"192.0.2.7","","203.0.113.9","","sin1.edc","12","ALLOW"
 *
 * Stamps are UTC. Which file a line is of the words at their places tell.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/families/dns.h"
#include "collector/normalize/text/csv.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"

static const struct device umbrella = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("Umbrella")}, {SLICE_BYTES("proxy")}};

struct reading {
	struct record *record;
	struct parse_context *context;
	const struct csv *csv;
	struct slice categories, blocked; /* of what was asked for, and those that forbade it */
	bool stopped;
};

/* Umbrella User Guide, "DNS Log Formats", version 1 to 10. */
static const struct csv_column dns_columns[] = {
	{1, FIELD_USER_NAME},
	{3, FIELD_SOURCE_IP},
	{4, FIELD_SOURCE_NAT_IP},
	{5, FIELD_EVENT_ACTION},
	{7, FIELD_DNS_RESPONSE_CODE},
	{9, FIELD_RULE_CATEGORY},
};

/* "Proxy Log Formats" */
static const struct csv_column proxy_columns[] = {
	{1, FIELD_USER_NAME},
	{2, FIELD_SOURCE_IP},
	{3, FIELD_SOURCE_NAT_IP},
	{4, FIELD_DESTINATION_IP},
	{5, FIELD_HTTP_RESPONSE_MIME_TYPE},
	{6, FIELD_EVENT_ACTION},
	{7, CSV_URL},
	{8, FIELD_HTTP_REQUEST_REFERRER},
	{9, FIELD_USER_AGENT_ORIGINAL},
	{10, FIELD_HTTP_RESPONSE_STATUS_CODE},
	{11, FIELD_HTTP_REQUEST_BYTES},
	{12, FIELD_HTTP_RESPONSE_BYTES},
	{13, FIELD_HTTP_RESPONSE_BODY_BYTES},
	{14, CSV_HASH},
	{15, FIELD_RULE_CATEGORY},
	{19, FIELD_THREAT_NAME},
};

/* "Cloud Firewall Log Formats" */
static const struct csv_column firewall_columns[] = {
	{2, FIELD_USER_NAME},
	{4, CSV_DIRECTION},
	{5, CSV_TRANSPORT},
	{6, FIELD_NETWORK_BYTES},
	{7, FIELD_SOURCE_IP},
	{8, FIELD_SOURCE_PORT},
	{9, FIELD_DESTINATION_IP},
	{10, FIELD_DESTINATION_PORT},
	{12, FIELD_RULE_ID},
	{13, FIELD_EVENT_ACTION},
};

static void put_columns(
	const struct reading *reading, const struct csv_column *columns, size_t n)
{
	csv_put(reading->record, reading->context, reading->csv, columns, n);
}

/* Categories that are attacks by their name: "Malware", "Phishing", "Command and Control". */
static void put_threat(const struct reading *reading)
{
	struct slice category =
		reading->blocked.len > 0 ? reading->blocked : reading->categories;
	enum attack_class attack = attack_of_name(category, CLASS_NONE);

	if (slice_search(category, SLICE_LIT("Command and Control")) < category.len)
		attack = CLASS_MALWARE;
	if (attack != CLASS_NONE)
		put_attack(reading->record, reading->context, attack, SEVERITY_HIGH,
			reading->stopped);
}

/* "1 (A)" */
static void put_type(const struct reading *reading)
{
	struct slice type = csv_at(reading->csv, 6), number;

	if (take_until(&type, '(', &number) && type.len > 1 && type.ptr[type.len - 1] == ')')
		put(reading->record, reading->context, FIELD_DNS_QUESTION_TYPE,
			slice_head(type, type.len - 1));
}

static void tell_dns(struct reading *reading)
{
	reading->categories = csv_at(reading->csv, 9);
	reading->blocked = csv_at(reading->csv, 12);
	put_columns(reading, dns_columns, ARRAY_LEN(dns_columns));
	put_type(reading);
	dns_put_question(reading->record, reading->context, csv_at(reading->csv, 8));
	put_telling(reading->record, reading->context,
		reading->stopped ? TELLS_DENIED : TELLS_ALLOWED);
	dns_finish(reading->record, reading->context);
}

static void tell_proxy(struct reading *reading)
{
	reading->categories = csv_at(reading->csv, 15);
	reading->blocked = csv_at(reading->csv, 22);
	put_columns(reading, proxy_columns, ARRAY_LEN(proxy_columns));
	put_telling(reading->record, reading->context,
		reading->stopped ? TELLS_URL_DENIED : TELLS_URL);
}

static void tell_firewall(struct reading *reading)
{
	put_columns(reading, firewall_columns, ARRAY_LEN(firewall_columns));
	put_telling(reading->record, reading->context,
		reading->stopped ? TELLS_DENIED : TELLS_ALLOWED);
}

/* ---- which file it is: others write words of verdicts between quotes as well ------------- */

/* RFC 1035, 2136, 6891 */
static bool is_rcode(struct slice word)
{
	static const struct slice words[] = {{SLICE_BYTES("NOERROR")}, {SLICE_BYTES("FORMERR")},
		{SLICE_BYTES("SERVFAIL")}, {SLICE_BYTES("NXDOMAIN")}, {SLICE_BYTES("NOTIMP")},
		{SLICE_BYTES("REFUSED")}, {SLICE_BYTES("YXDOMAIN")}, {SLICE_BYTES("YXRRSET")},
		{SLICE_BYTES("NXRRSET")}, {SLICE_BYTES("NOTAUTH")}, {SLICE_BYTES("NOTZONE")},
		{SLICE_BYTES("BADVERS")}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq_nocase(words[i], word))
			return true;
	}
	return false;
}

/* "1 (A)" */
static bool is_type(struct slice text)
{
	struct slice digits;

	return take_digits(&text, &digits) && skip_lit(&text, " (") &&
	       slice_ends(text, SLICE_LIT(")"));
}

static bool is_dns(const struct csv *csv)
{
	return (is_address(csv_at(csv, 3)) || is_address(csv_at(csv, 4))) &&
	       is_type(csv_at(csv, 6)) && is_rcode(csv_at(csv, 7));
}

static bool is_proxy(const struct csv *csv)
{
	struct slice url = csv_at(csv, 7);

	return (is_address(csv_at(csv, 2)) || is_address(csv_at(csv, 3))) &&
	       slice_search(url, SLICE_LIT("://")) < url.len;
}

static bool is_firewall(const struct csv *csv)
{
	return is_address(csv_at(csv, 7)) && is_address(csv_at(csv, 9));
}

static const struct {
	unsigned verdict, columns; /* where it stands, how many there are at least */
	bool (*is)(const struct csv *csv);
	void (*tell)(struct reading *reading);
} files[] = {
	{5, 9, is_dns, tell_dns},
	{6, 15, is_proxy, tell_proxy},
	{13, 14, is_firewall, tell_firewall},
};

static bool is_verdict(struct slice word)
{
	static const struct slice words[] = {{SLICE_BYTES("Allowed")}, {SLICE_BYTES("Blocked")},
		{SLICE_BYTES("Proxied")}, {SLICE_BYTES("Allow")}, {SLICE_BYTES("Block")}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq_nocase(words[i], word))
			return true;
	}
	return false;
}

static bool take_time(struct slice text, struct parse_context *context, int64_t *ns)
{
	enum { STAMP_LEN = 19 };
	struct parse_context utc = *context;

	parse_in_utc(&utc);
	return text.len == STAMP_LEN && text.ptr[10] == ' ' &&
	       take_stamp_iso(&text, &utc, ns) && text.len == 0;
}

/* "\"2026-03-07 03:00:00\"," */
static bool begins_well(struct slice text)
{
	enum { QUOTED_LEN = 22 };

	return text.len > QUOTED_LEN && text.ptr[0] == '"' && is_digit(text.ptr[1]) &&
	       text.ptr[5] == '-' && text.ptr[11] == ' ' && text.ptr[14] == ':' &&
	       text.ptr[20] == '"' && text.ptr[21] == ',';
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct csv csv;
	int64_t ns;

	if (!begins_well(context->message))
		return PARSED_NOT_MINE;
	csv_read(&csv, context->message, context);
	if (!take_time(csv_at(&csv, 0), context, &ns))
		return PARSED_NOT_MINE;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct slice verdict = csv_at(&csv, files[i].verdict);
		struct reading reading = {.record = record, .context = context, .csv = &csv};

		if (csv.n < files[i].columns || slice_absent(verdict) || !is_verdict(verdict) ||
			!files[i].is(&csv))
			continue;
		reading.stopped = (verdict.ptr[0] | 0x20) == 'b';
		record->created_ns = ns;
		put_device(record, context, &umbrella);
		files[i].tell(&reading);
		put_threat(&reading);
		put_totals(record, context);
		context->message = SLICE_NONE;
		return PARSED;
	}
	return PARSED_NOT_MINE;
}

const struct parser parser_umbrella = {
	.number = 83,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "umbrella",
	.module = "cisco",
	.summary = "Cisco Umbrella and Secure Access: DNS, proxy and firewall files",
	.source = "Umbrella User Guide, DNS, Proxy and Cloud Firewall Log Formats",
	.first_bytes = "\"",
	.parse = parse,
};
