/*
 * cisco-ise - Identity Services Engine and its forerunner ACS
 *
 *	CISE_Failed_Attempts 0000012346 1 0 2026-03-07 10:00:00.123 +07:00 0001234568 5400
 *NOTICE Failed-Attempt: Authentication failed, ConfigVersionId=77, Device IP Address=192.0.2.1,
 *UserName=an, FailureReason=24408 User authentication ..., CISE_RADIUS_Accounting 0000012347 2
 *1  Calling-Station-ID=00-11-22-33-44-55, ...
 *
 * Behind the number of the message stand how many parts it has and which this is, from 0; only
 * the first says what it tells. Values end at a comma that no backslash stands before.
 */
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

static const struct device ise = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("ISE")}, {SLICE_BYTES("nac")}};

/* Cisco Identity Services Engine Syslogs, "Message Format" and message catalog. */
static const struct name_entry entries[] = {
	NAME("UserName", NAMED_USER),
	NAME("User-Name", NAMED_USER),
	NAME("User", NAMED_USER),
	NAME("AdminName", NAMED_USER),
	NAME("PortalUser", NAMED_USER),
	NAME("GuestUserName", NAMED_USER),
	NAME("Calling-Station-ID", NAMED_LATER),
	NAME("Framed-IP-Address", NAMED_LATER),
	NAME("Remote-Address", NAMED_LATER),
	NAME("AdminIPAddress", NAMED_LATER),
	NAME("DestinationIPAddress", FIELD_DESTINATION_IP),
	NAME("DestinationPort", FIELD_DESTINATION_PORT),
	NAME("Protocol", NAMED_PROTOCOL),
	NAME("FailureReason", FIELD_EVENT_REASON),
	NAME("Acct-Input-Octets", FIELD_SOURCE_BYTES),
	NAME("Acct-Output-Octets", FIELD_DESTINATION_BYTES),
	NAME("Acct-Input-Packets", FIELD_SOURCE_PACKETS),
	NAME("Acct-Output-Packets", FIELD_DESTINATION_PACKETS),
	NAME("Acct-Session-Time", NAMED_SECONDS),
	NAME("Acct-Status-Type", NAMED_LATER),
	NAME("CmdSet", NAMED_LATER),
	NAME("CmdAV", FIELD_PROCESS_COMMAND_LINE),
	NAME("Airespace-Wlan-Id", FIELD_NETWORK_NAME),
};
static struct name_table names = NAME_TABLE(entries);

/* ---- names and values ------------------------------------------------------------------- */

/* Where ", " ends a value: "\," does not. */
static size_t value_end(struct slice rest)
{
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.ptr[i] == '\\')
			i++;
		else if (rest.ptr[i] == ',')
			return i;
	}
	return rest.len;
}

static void read_values(struct pairs *pairs, struct slice rest)
{
	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	while (rest.len > 0) {
		size_t end = value_end(rest);
		struct slice item = slice_trim(slice_head(rest, end));
		size_t sign = slice_find(item, '=');

		if (sign > 0 && sign < item.len)
			pairs_add(pairs, slice_head(item, sign), slice_from(item, sign + 1));
		rest = slice_from(rest, end < rest.len ? end + 1 : end);
	}
}

/* Of TACACS+: "[ CmdAV=show CmdArgAV=version ]" */
static void put_command(
	struct record *record, struct parse_context *context, struct slice command)
{
	if (command.len > 2 && command.ptr[0] == '[' && command.ptr[command.len - 1] == ']')
		command = slice_trim(slice_of(command.ptr + 1, command.len - 2));
	(void)skip_lit(&command, "CmdAV=");
	put_some(record, context, FIELD_PROCESS_COMMAND_LINE, command);
}

/* Who asked to be let in: a station by its address on the wire or, through a VPN, of the
 * Internet. */
static void put_station(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice station = pairs_get_lit(pairs, "Calling-Station-ID");
	struct slice remote = pairs_get_lit(pairs, "AdminIPAddress");

	if (slice_absent(remote))
		remote = pairs_get_lit(pairs, "Remote-Address");
	if (slice_absent(remote))
		remote = pairs_get_lit(pairs, "Framed-IP-Address");
	if (slice_find(station, '.') < station.len && slice_find(station, '-') == station.len) {
		put_only_address(record, context, FIELD_SOURCE_IP, station);
		return;
	}
	put_some(record, context, FIELD_SOURCE_MAC, station);
	if (!slice_absent(remote))
		put_only_address(record, context, FIELD_SOURCE_IP, remote);
}

static void put_values(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct named_values ignored = {0};
	struct slice command = pairs_get_lit(pairs, "CmdSet");

	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];

		named_device_put(record, context, &ignored, pair,
			name_table_find(&names, pair->name, pair->hash));
	}
	put_station(record, context, pairs);
	if (!slice_absent(command))
		put_command(record, context, command);
}

/* ---- what it tells ---------------------------------------------------------------------- */

static const struct {
	struct slice category, text; /* how both begin */
	enum telling telling;
} messages[] = {
	{{SLICE_BYTES("Passed-Authentication")}, {SLICE_BYTES("")}, TELLS_LOGIN},
	{{SLICE_BYTES("Passed-Attempt")}, {SLICE_BYTES("")}, TELLS_LOGIN},
	{{SLICE_BYTES("Failed-Attempt")}, {SLICE_BYTES("")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("Administrator-Login")},
		{SLICE_BYTES("Administrator authentication failed")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("Administrator-Login")}, {SLICE_BYTES("Administrator logged off")},
		TELLS_LOGOUT},
	{{SLICE_BYTES("Administrator-Login")}, {SLICE_BYTES("Administrator had been")},
		TELLS_LOGOUT},
	{{SLICE_BYTES("Administrator-Login")},
		{SLICE_BYTES("Administrator authentication succeeded")}, TELLS_LOGIN},
	{{SLICE_BYTES("Administrator-Login")}, {SLICE_BYTES("")}, TELLS_AUTHENTICATION},
	{{SLICE_BYTES("Configuration-Changes")}, {SLICE_BYTES("")}, TELLS_CONFIG},
	{{SLICE_BYTES("TACACS-Accounting")}, {SLICE_BYTES("TACACS+ Accounting with Command")},
		TELLS_COMMAND},
	{{SLICE_BYTES("Tacacs-Accounting")}, {SLICE_BYTES("TACACS+ Accounting with Command")},
		TELLS_COMMAND},
	{{SLICE_BYTES("Device-Administration")}, {SLICE_BYTES("")}, TELLS_COMMAND},
	{{SLICE_BYTES("Command-Authorization")}, {SLICE_BYTES("")}, TELLS_COMMAND},
	{{SLICE_BYTES("Guest")}, {SLICE_BYTES("Guest Authentication Passed")}, TELLS_LOGIN},
	{{SLICE_BYTES("Guest")}, {SLICE_BYTES("Guest Authentication Failed")},
		TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("RADIUS")}, {SLICE_BYTES("")}, TELLS_AUTHENTICATION},
	{{SLICE_BYTES("Radius")}, {SLICE_BYTES("")}, TELLS_AUTHENTICATION},
	{{SLICE_BYTES("EAP")}, {SLICE_BYTES("")}, TELLS_AUTHENTICATION},
};

static enum telling telling_of_accounting(struct slice status)
{
	if (slice_eq(status, SLICE_LIT("Start")))
		return TELLS_STARTED;
	return slice_eq(status, SLICE_LIT("Stop")) ? TELLS_ENDED : TELLS_CONNECTION;
}

static enum telling telling_of(
	struct slice category, struct slice text, const struct pairs *pairs)
{
	struct slice status = pairs_get_lit(pairs, "Acct-Status-Type");

	if (!slice_absent(status))
		return telling_of_accounting(status);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		if (slice_starts(category, messages[i].category) &&
			slice_starts(text, messages[i].text))
			return messages[i].telling;
	}
	return TELLS_SYSTEM;
}

/* ---- the message ------------------------------------------------------------------------ */

struct head {
	struct slice id, part, code, level, category, text;
	int64_t ns;
};

/* "0000012346 1 0 " */
static bool take_number(struct slice *rest, struct slice *digits)
{
	if (!take_digits(rest, digits) || !skip_byte(rest, ' '))
		return false;
	skip_blanks(rest);
	return true;
}

/* "2026-03-07 10:00:00.123 +07:00 0001234568 5400 NOTICE Failed-Attempt: Authentication
 * failed, " */
static bool take_first(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice at = *rest, sequence;
	int32_t seconds;

	if (!take_stamp_iso(&at, context, &head->ns))
		return false;
	skip_blanks(&at);
	if (at.len > 0 && (at.ptr[0] == '+' || at.ptr[0] == '-')) {
		if (!take_zone(&at, &seconds))
			return false;
		head->ns = stamp_in_zone(context, head->ns, seconds);
		skip_blanks(&at);
	}
	if (!take_number(&at, &sequence) || !take_number(&at, &head->code))
		return false;
	head->level = take_word(&at);
	skip_blanks(&at);
	size_t end = value_end(at);
	struct slice said = slice_head(at, end);
	size_t colon = slice_find(said, ':');
	if (colon == said.len)
		return false;
	head->category = slice_head(said, colon);
	head->text = slice_trim(slice_from(said, colon + 1));
	*rest = slice_from(at, end < at.len ? end + 1 : end);
	return true;
}

static void put_head(
	struct record *record, struct parse_context *context, const struct head *head)
{
	record->created_ns = head->ns;
	put(record, context, FIELD_EVENT_CODE, head->code);
	put_some(record, context, FIELD_LOG_LEVEL, head->level);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("category"), head->category);
	put_over(record, context, FIELD_MESSAGE, head->text);
	put_telling(record, context, telling_of(head->category, head->text, context->pairs));
}

static bool is_of_ise(struct slice program)
{
	return slice_starts(program, SLICE_LIT("CISE_")) ||
	       slice_starts(program, SLICE_LIT("CSCOacs_"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, parts;
	struct head head = {.ns = CLOCK_NONE};

	if (!is_of_ise(context->program) || !take_number(&rest, &head.id) ||
		!take_number(&rest, &parts) || !take_digits(&rest, &head.part))
		return PARSED_NOT_MINE;
	skip_blanks(&rest);
	const bool first = take_first(&rest, context, &head);
	if (!first && slice_eq(head.part, SLICE_LIT("0")))
		return PARSED_NOT_MINE;
	read_values(context->pairs, rest);
	put_device(record, context, &ise);
	put(record, context, FIELD_EVENT_ID, head.id);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("part"), head.part);
	put_values(record, context, context->pairs);
	if (first)
		put_head(record, context, &head);
	put_totals(record, context);
	pairs_reset(context->pairs, SLICE_NONE, PAIRS_NOTHING);
	context->message = SLICE_NONE;
	return first ? PARSED : PARSED_PARTLY;
}

const struct parser parser_cisco_ise = {
	.number = 86,
	.roles = PARSER_ANY_PROGRAM,
	.name = "cisco-ise",
	.module = "cisco",
	.summary = "Cisco Identity Services Engine and ACS",
	.source = "Cisco Identity Services Engine Syslogs, message format and catalog",
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(RUN),
	.parse = parse,
};
