/*
 * netscaler - Citrix NetScaler ADC and Gateway
 *
 *	<134> 03/07/2026:03:00:00 GMT ns-1 0-PPE-0 : default SSLVPN LOGIN 36493 0 : Context
 *		an@203.0.113.7 - SessionId: 1767 - User an - Client_ip 203.0.113.7 - Nat_ip
 *		"Mapped Ip" - Vserver 198.51.100.1:443 - Browser_type "..." - Group(s) "N/A"
 *
 * "[partition] FEATURE MESSAGE number 0 :", then names, each with its value behind a blank,
 * and " - " between.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

static const struct device device = {
	{SLICE_BYTES("Citrix")}, {SLICE_BYTES("NetScaler")}, {SLICE_BYTES("load-balancer")}};

enum { WORD_MAX = 48, NAMES_MAX = 80 };

/* ---- what the messages tell ---------------------------------------------------------------
 */

static const struct {
	struct slice feature, message; /* the message begins with it */
	enum telling telling;
} tellings_of[] = {
	{{SLICE_BYTES("AAA")}, {SLICE_BYTES("LOGIN_FAILED")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("AAATM")}, {SLICE_BYTES("LOGIN")}, TELLS_LOGIN},
	{{SLICE_BYTES("AAATM")}, {SLICE_BYTES("LOGOUT")}, TELLS_LOGOUT},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("LOGIN")}, TELLS_LOGIN},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("LOGOUT")}, TELLS_LOGOUT},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("ICASTART")}, TELLS_STARTED},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("ICAEND")}, TELLS_ENDED},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("TCPCONNSTAT")}, TELLS_ENDED},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("UDPFLOWSTAT")}, TELLS_ENDED},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("NONHTTP_RESOURCEACCESS_DENIED")}, TELLS_DENIED},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("HTTP_RESOURCEACCESS_DENIED")},
		TELLS_URL_DENIED},
	{{SLICE_BYTES("SSLVPN")}, {SLICE_BYTES("HTTPREQUEST")}, TELLS_URL},
	{{SLICE_BYTES("TCP")}, {SLICE_BYTES("CONN_DELINK")}, TELLS_ENDED},
	{{SLICE_BYTES("TCP")}, {SLICE_BYTES("CONN_TERMINATE")}, TELLS_ENDED},
	{{SLICE_BYTES("TCP")}, {SLICE_BYTES("OTHERCONN_DELINK")}, TELLS_ENDED},
	{{SLICE_BYTES("TCP")}, {SLICE_BYTES("NAT_")}, TELLS_TRANSLATION},
	{{SLICE_BYTES("SSLLOG")}, {SLICE_BYTES("SSL_HANDSHAKE_SUCCESS")}, TELLS_CONNECTION},
	{{SLICE_BYTES("SSLLOG")}, {SLICE_BYTES("SSL_HANDSHAKE_FAILURE")}, TELLS_CONNECTION},
	{{SLICE_BYTES("UI")}, {SLICE_BYTES("CMD_EXECUTED")}, TELLS_COMMAND},
	{{SLICE_BYTES("API")}, {SLICE_BYTES("CMD_EXECUTED")}, TELLS_COMMAND},
	{{SLICE_BYTES("CLI")}, {SLICE_BYTES("CMD_EXECUTED")}, TELLS_COMMAND},
	{{SLICE_BYTES("GUI")}, {SLICE_BYTES("CMD_EXECUTED")}, TELLS_COMMAND},
	{{SLICE_BYTES("ACL")}, {SLICE_BYTES("ACL_PKT_LOG")}, TELLS_CONNECTION},
	{{SLICE_BYTES("EVENT")}, {SLICE_BYTES("DEVICEDOWN")}, TELLS_FAULT},
	{{SLICE_BYTES("EVENT")}, {SLICE_BYTES("MONITORDOWN")}, TELLS_FAULT},
	{{SLICE_BYTES("EVENT")}, {SLICE_BYTES("NICRESET")}, TELLS_LINK_DOWN},
	{{SLICE_BYTES("EVENT")}, {SLICE_BYTES("STARTSYS")}, TELLS_BOOTED},
	{{SLICE_BYTES("EVENT")}, {SLICE_BYTES("STOPSYS")}, TELLS_RESTART},
	{{SLICE_BYTES("EVENT")}, {SLICE_BYTES("STATECHANGE")}, TELLS_FAILOVER},
};

struct head {
	struct slice feature, message, id;
};

static enum telling telling_of(const struct head *head)
{
	for (size_t i = 0; i < ARRAY_LEN(tellings_of); i++) {
		if (slice_eq(tellings_of[i].feature, head->feature) &&
			slice_starts(head->message, tellings_of[i].message))
			return tellings_of[i].telling;
	}
	return TELLS_SYSTEM;
}

/* ---- names with values ------------------------------------------------------------------- */

enum value {
	VALUE_SOURCE = NAME_MEANING_END, /* with a port */
	VALUE_DESTINATION,
	VALUE_SOURCE_NAT,
	VALUE_SERVER,
	VALUE_SECONDS,
	VALUE_STATUS,
	VALUE_REQUEST,
	VALUE_TRANSPORT,
};

/* NetScaler Log Message Reference. */
static const struct name_entry entries[] = {
	NAME("User", FIELD_USER_NAME),
	NAME("Client_ip", FIELD_SOURCE_IP),
	NAME("ClientIP", FIELD_SOURCE_IP),
	NAME("ClientPort", FIELD_SOURCE_PORT),
	NAME("Remote_ip", FIELD_SOURCE_IP),
	NAME("Source", VALUE_SOURCE),
	NAME("Destination", VALUE_DESTINATION),
	NAME("Vserver", VALUE_SERVER),
	NAME("VserverServiceIP", FIELD_SERVER_IP),
	NAME("VserverServicePort", FIELD_SERVER_PORT),
	NAME("NatIP", VALUE_SOURCE_NAT),
	NAME("Nat_ip", VALUE_SOURCE_NAT),
	NAME("Total_bytes_send", FIELD_SOURCE_BYTES),
	NAME("Total_bytes_recv", FIELD_DESTINATION_BYTES),
	NAME("Duration", VALUE_SECONDS),
	NAME("Browser_type", FIELD_USER_AGENT_ORIGINAL),
	NAME("Group(s)", FIELD_USER_GROUP_NAME),
	NAME("Command", FIELD_PROCESS_COMMAND_LINE),
	NAME("Status", VALUE_STATUS),
	NAME("Failure_reason", FIELD_EVENT_REASON),
	NAME("LogoutMethod", FIELD_EVENT_REASON),
	NAME("Denied_by_policy", FIELD_RULE_NAME),
	NAME("Protocol", VALUE_TRANSPORT),
};
static struct name_table table = NAME_TABLE(entries);

struct reading {
	struct record *record;
	struct parse_context *context;
	struct named_values values;
	bool failed;
};

static void put_value(struct reading *reading, struct slice name, struct slice value)
{
	struct record *record = reading->record;
	struct parse_context *context = reading->context;
	unsigned meaning = name_table_find(&table, name, name_hash(name));

	switch (meaning) {
	case 0:
		put_other(record, context, FIELD_OTHER, name, value);
		break;
	case VALUE_SOURCE:
		put_endpoint(record, context, &endpoint_source, value);
		break;
	case VALUE_DESTINATION:
		put_endpoint(record, context, &endpoint_destination, value);
		break;
	case VALUE_SERVER:
		put_endpoint(record, context, &endpoint_server, value);
		break;
	case VALUE_SOURCE_NAT:
		put_only_address(record, context, FIELD_SOURCE_NAT_IP,
			slice_head(value, slice_find(value, ':')));
		break;
	case VALUE_SECONDS:
		put_seconds(record, context, value);
		break;
	case VALUE_TRANSPORT:
		put_transport(record, context, value);
		break;
	case VALUE_STATUS:
		reading->failed = slice_starts(value, SLICE_LIT("ERROR"));
		put_other(record, context, FIELD_OTHER, SLICE_LIT("status"), value);
		break;
	default:
		if (value.len > 0 && !slice_eq(value, SLICE_LIT("N/A")))
			named_put(record, context, &reading->values, meaning, value);
	}
}

/* A value in quotes goes to the quote that " -" or the end follows: commands have both. */
static struct slice take_value(struct slice *rest)
{
	struct slice at = *rest, value;
	size_t len;

	if (skip_byte(&at, '"')) {
		len = slice_search(at, SLICE_LIT("\" - "));
		if (len == at.len && len > 0 && at.ptr[len - 1] == '"')
			len--;
		value = slice_head(at, len);
		*rest = slice_from(at, len < at.len ? len + 1 : len);
	} else {
		len = slice_search(at, SLICE_LIT(" - "));
		value = slice_head(at, len);
		*rest = slice_from(at, len);
	}
	return slice_trim(value);
}

static void put_values(struct reading *reading, struct slice rest)
{
	for (rest = slice_trim(rest); rest.len > 0; skip_blanks(&rest)) {
		struct slice name = take_word(&rest);

		skip_blanks(&rest);
		if (name.len > 1 && name.ptr[name.len - 1] == ':')
			name.len--;
		struct slice value = take_value(&rest);
		if (name.len <= WORD_MAX)
			put_value(reading, name, value);
		(void)skip_lit(&rest, " - ");
	}
}

/* ---- the line ---------------------------------------------------------------------------- */

static bool is_upper_word(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if ((word.ptr[i] < 'A' || word.ptr[i] > 'Z') && word.ptr[i] != '_' &&
			!is_digit(word.ptr[i]))
			return false;
	}
	return word.len > 1 && word.len <= WORD_MAX;
}

static struct slice next_word(struct slice *rest)
{
	skip_blanks(rest);
	return take_word(rest);
}

/* "0-PPE-0 : default SSLVPN LOGIN 36493 0 : "; an envelope may have taken the first words, and
 * older releases have no partition. */
static bool take_head(struct slice *rest, struct head *head)
{
	struct slice at = *rest, digits;
	struct slice start = slice_head(at, at.len < NAMES_MAX ? at.len : NAMES_MAX);
	size_t engine = slice_search(start, SLICE_LIT("-PPE-"));

	if (engine < start.len) {
		at = slice_from(at, engine);
		(void)next_word(&at);
	}
	skip_blanks(&at);
	(void)skip_byte(&at, ':');
	head->feature = next_word(&at);
	if (!is_upper_word(head->feature))
		head->feature = next_word(&at);
	head->message = next_word(&at);
	digits = next_word(&at);
	if (!is_upper_word(head->feature) || head->message.len < 2 || !all_digits(digits) ||
		!all_digits(next_word(&at)))
		return false;
	head->id = digits;
	skip_blanks(&at);
	if (!skip_byte(&at, ':'))
		return false;
	*rest = at;
	return true;
}

static void tell(struct reading *reading, const struct head *head)
{
	enum telling telling = telling_of(head);

	put_telling(reading->record, reading->context, telling);
	if (telling == TELLS_COMMAND)
		put(reading->record, reading->context, FIELD_EVENT_OUTCOME,
			reading->failed ? SLICE_LIT("failure") : SLICE_LIT("success"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	struct slice rest = context->message;
	struct head head;

	if (!take_head(&rest, &head))
		return PARSED_NOT_MINE;
	put_device(record, context, &device);
	put(record, context, FIELD_EVENT_CODE, head.message);
	put(record, context, FIELD_EVENT_PROVIDER, head.feature);
	put(record, context, FIELD_EVENT_ID, head.id);
	put_values(&reading, rest);
	tell(&reading, &head);
	put_totals(record, context);
	named_finish(record, context, &reading.values);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_netscaler = {
	.number = 82,
	.roles = PARSER_ANY_PROGRAM,
	.name = "netscaler",
	.module = "citrix",
	.summary = "Citrix NetScaler ADC and Gateway",
	.source = "NetScaler Log Message Reference; documentation on audit logging",
	.first_bytes = ":0123456789",
	.parse = parse,
};
