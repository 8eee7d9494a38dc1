/*
 * aruba - ArubaOS of Aruba's wireless controllers, and of its switches (HP ProCurve)
 *
 *	authmgr[2435]: <522008> <2435> <NOTI> <wc-1 192.0.2.2>  User Authentication Successful:
 *		username=an MAC=00:00:5e:00:53:01 IP=192.0.2.7 role=nhan-vien VLAN=10 ...
 *	00419 auth:  Invalid user name/password on SSH session User 'x' is trying to login from
 *		203.0.113.9
 *
 * A controller's message has its number, process, severity and origin in brackets; a switch's
 * number stands before the tag.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"

static const struct device controller = {
	{SLICE_BYTES("Aruba")}, {SLICE_BYTES("ArubaOS")}, {SLICE_BYTES("wireless-controller")}};
static const struct device switched = {
	{SLICE_BYTES("HPE Aruba")}, {SLICE_BYTES("ArubaOS-Switch")}, {SLICE_BYTES("switch")}};

/* ArubaOS 6.5 and 8 Syslog Messages Reference Guide. */
static const struct phrase controller_sentences[] = {
	{"User Authentication Successful: username={user.name*} MAC={source.mac+} "
	 "IP={source.ip} role={.role} VLAN={network.vlan.id} AP={.ap} SSID={.ssid} AAA "
	 "profile={.profile} auth method={.method} auth server={.server}",
		MEANS_TELLING(LOGIN)},
	{"User Authentication Successful: username={user.name*} MAC={source.mac+} "
	 "IP={source.ip}{}",
		MEANS_TELLING(LOGIN)},
	{"User Authentication failed. username={user.name*} userip={source.ip} "
	 "usermac={source.mac+} authmethod={.method} servername={.server}[[ serverip={}]]{}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"Authentication Failed for User {user.name*}, Logged in from {source.ip} port "
	 "{source.port}, Connecting to {destination.ip} port {destination.port} connection "
	 "type "
	 "{.way}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"Authentication Succeeded for User {user.name*}, Logged in from {source.ip} port "
	 "{source.port}, Connecting to {destination.ip} port {destination.port} connection "
	 "type "
	 "{.way}",
		MEANS_TELLING(LOGIN)},
	{"USER: {user.name*} has logged in from {source*}.", MEANS_TELLING(LOGIN)},
	{"USER: {user.name*} has logged out from {source*}.", MEANS_TELLING(LOGOUT)},
	{"USER:{user.name}@{source+} COMMAND:<{process.command_line*}> -- {.result}",
		MEANS_TELLING(COMMAND)},
	{"Assoc success @ {}: {source.mac+}: AP {.ap}", MEANS_TELLING(CONNECTION)},
	{"Deauth to sta: {source.mac+}: {event.reason}", MEANS_TELLING(CONNECTION)},
	{"Deauth from sta: {source.mac+}: AP {.ap} Reason {event.reason}",
		MEANS_TELLING(CONNECTION)},
	{"Disassoc from sta: {source.mac+}: AP {.ap} Reason {event.reason}",
		MEANS_TELLING(CONNECTION)},
};
static struct phrases controller_phrases = PHRASES(controller_sentences);

/* ArubaOS-Switch 16 Event Log Message Reference Guide. */
static const struct phrase switch_sentences[] = {
	{"Invalid user name/password on {.way} session User '{user.name*}' is trying to login "
	 "from {source}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"Invalid user name/password on {.way} session", MEANS_TELLING(LOGIN_FAILED)},
	{"User '{user.name*}' logged in from {source} to {.way} session", MEANS_TELLING(LOGIN)},
	{"User '{user.name*}' logged out of {.way} session from {source}",
		MEANS_TELLING(LOGOUT)},
	{"User '{user.name*}' is locked out {event.reason}", MEANS_TELLING(LOCKED)},
	{"SME {.way} from {source} - {.level} Mode", MEANS_TELLING(LOGIN)},
	{"SME CONSOLE Session - {.level} Mode", MEANS_TELLING(LOGIN)},
	{"SME {.way} Session - {.level} Mode", MEANS_TELLING(LOGIN)},
	{"SNMP: Security access violation from {source}", MEANS_TELLING(LOGIN_FAILED)},
	{"Security access violation from {source}[[ for the community name or user name : "
	 "{user.name*}]]",
		MEANS_TELLING(LOGIN_FAILED)},
	{"port {in} is now on-line", MEANS_TELLING(LINK_UP)},
	{"port {in} is now off-line", MEANS_TELLING(LINK_DOWN)},
	{"port {in} is Blocked by {event.reason}", MEANS_TELLING(NEIGHBOR)},
	{"System went down: {event.reason}", MEANS_TELLING(RESTART)},
	{"System reboot due to {event.reason}", MEANS_TELLING(RESTART)},
	{"Running configuration changed by {user.name*}{}", MEANS_TELLING(CONFIG)},
};
static struct phrases switch_phrases = PHRASES(switch_sentences);

/* "<522008> <2435> <NOTI> <wc-1 192.0.2.2>  "; the process and the origin may be absent, or
 * stand between bars: "|authmgr|" */
static bool take_head(struct slice *rest, struct slice *code, struct slice *severity)
{
	struct slice at = *rest, part;

	if (!skip_byte(&at, '<') || !take_until(&at, '>', code) || code->len != 6 ||
		!all_digits(*code))
		return false;
	for (skip_blanks(&at); at.len > 0 && (at.ptr[0] == '<' || at.ptr[0] == '|');
		skip_blanks(&at)) {
		char end = at.ptr[0] == '<' ? '>' : '|';

		at = slice_from(at, 1);
		if (!take_until(&at, end, &part))
			return false;
		if (part.len == 4 && part.ptr[0] >= 'A' && part.ptr[0] <= 'Z')
			*severity = part;
	}
	*rest = at;
	return true;
}

static enum parse_result finish(struct record *record, struct parse_context *context,
	struct phrases *phrases, struct slice rest)
{
	bool known = phrases_read(phrases, record, context, rest) != NULL;

	if (!known)
		put_telling(record, context, TELLS_SYSTEM);
	context->message = SLICE_NONE;
	return known ? PARSED : PARSED_PARTLY;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = slice_trim(context->message), code, severity = SLICE_NONE;

	if (take_head(&rest, &code, &severity)) {
		put_device(record, context, &controller);
		put(record, context, FIELD_EVENT_CODE, code);
		put(record, context, FIELD_LOG_LEVEL, severity);
		put_over(record, context, FIELD_MESSAGE, rest);
		return finish(record, context, &controller_phrases, rest);
	}
	if (slice_starts(rest, SLICE_LIT("USER:")))
		return finish(record, context, &controller_phrases, rest);
	/* The envelope has read a switch's number. */
	if (record_get(record, FIELD_EVENT_CODE).len != 5)
		return PARSED_NOT_MINE;
	put_device(record, context, &switched);
	return finish(record, context, &switch_phrases, rest);
}

static const char *const programs[] = {"authmgr", "stm", "aaa", "fpcli", "sapd", "wms",
	"isakmpd", "localdb", "auth", "mgr", "ports", "snmp", "system", "chassis", NULL};

const struct parser parser_aruba = {
	.number = 85,
	.name = "aruba",
	.module = "aruba",
	.summary = "ArubaOS: controllers, switches (HP ProCurve)",
	.source = "ArubaOS 6.5 and 8 Syslog Messages Reference; ArubaOS-Switch 16 Event Log "
		  "Message Reference",
	.programs = programs,
	.parse = parse,
};
