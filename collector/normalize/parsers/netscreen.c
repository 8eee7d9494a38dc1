/*
 * netscreen - ScreenOS of Juniper's NetScreen, SSG and ISG firewalls
 *
 *	ns-1: NetScreen device_id=ns-1  [Root]system-notification-00257(traffic):
 *start_time="..." duration=15 policy_id=3 service=http proto=6 src zone=Trust dst zone=Untrust
 *		action=Permit sent=1200 rcvd=4800 src=192.0.2.7 dst=203.0.113.9 src_port=51000
 *... ns-1: NetScreen device_id=ns-1  [Root]system-warning-00515: Admin user quantri has logged
 *		on via SSH from 192.0.2.50:5000
 *
 * "[vsys]system-SEVERITY-TYPE" comes before each message.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"

static const struct device device = {
	{SLICE_BYTES("Juniper")}, {SLICE_BYTES("ScreenOS")}, {SLICE_BYTES("firewall")}};

#define TRAFFIC                                                                                \
	"start_time=\"{}\" duration={duration} policy_id={rule.id} service={.service} "        \
	"proto={transport} src zone={observer.ingress.zone} dst zone={observer.egress.zone} "
#define FLOW                                                                                   \
	"sent={source.bytes} rcvd={destination.bytes} src={source} dst={destination+}"         \
	"[[ src_port={source.port} dst_port={destination.port}]]"                              \
	"[[ icmp type={.icmp_type}]][[ icmp code={.icmp_code}]]"                               \
	"[[ src-xlated ip={source.nat} port={source.nat.port}]]"                               \
	"[[ dst-xlated ip={destination.nat} port={destination.nat.port}]]"                     \
	"[[ session_id={.session}]][[ reason={event.reason}]]"
#define ATTACK "{rule.name}! From {source:} to {destination:}, proto {transport} (zone "

/* ScreenOS 6.3 Message Log Reference. */
static const struct phrase sentences[] = {
	{TRAFFIC "action=Permit " FLOW, MEANS_TELLING(ENDED)},
	{TRAFFIC "action=Tunnel " FLOW, MEANS_TELLING(ENDED)},
	{TRAFFIC "action=Deny " FLOW, MEANS_TELLING(DENIED)},
	{TRAFFIC "action=Reject " FLOW, MEANS_TELLING(DENIED)},
	{ATTACK "{observer.ingress.zone}, int {observer.ingress.interface.name}){}",
		MEANS_TELLING(ATTACK_DENIED)},
	{ATTACK "{observer.ingress.zone} int {observer.ingress.interface.name}){}",
		MEANS_TELLING(ATTACK_DENIED)},
	{"{rule.name} has been detected from {source:} to {destination:} {}",
		MEANS_TELLING(ATTACK_DENIED)},
	{"Admin user {user.name*} has logged on via {.way} from {source:}[[ ({})]]",
		MEANS_TELLING(LOGIN)},
	{"Admin user \"{user.name*}\" logged in for {.way} management (port {}) from {source:}"
	 "[[ ({})]]",
		MEANS_TELLING(LOGIN)},
	{"Admin user {user.name*} has logged out via {.way} from {source:}[[ ({})]]",
		MEANS_TELLING(LOGOUT)},
	{"Admin user \"{user.name*}\" logged out for {.way} management (port {}) from {source:}"
	 "[[ ({})]]",
		MEANS_TELLING(LOGOUT)},
	{"Login attempt to system by admin {user.name*} via {.way} from {source:} has failed"
	 "[[ ({})]]",
		MEANS_TELLING(LOGIN_FAILED)},
	{"Admin user \"{user.name*}\" login attempt for {.way} management (port {}) from "
	 "{source:} failed{}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"ADM: Local admin authentication failed for login name '{user.name*}': {event.reason}"
	 "[[ ({})]]",
		MEANS_TELLING(LOGIN_FAILED)},
	{"ADM: Local admin authentication successful for login name '{user.name*}'{}",
		MEANS_TELLING(LOGIN)},
	{"SSH: Password authentication failed for admin user '{user.name*}' at host {source}"
	 "[[ ({})]]",
		MEANS_TELLING(LOGIN_FAILED)},
	{"SSH: Password authentication successful for admin user '{user.name*}' at host "
	 "{source}[[ ({})]]",
		MEANS_TELLING(LOGIN)},
	{"User {user.name*} at {source} is rejected by {}", MEANS_TELLING(LOGIN_FAILED)},
	{"User {user.name*} at {source} is accepted via {}", MEANS_TELLING(LOGIN)},
	{"Policy ({.policy}) was {.change} by {user.name*} via {.way} from host {source} to "
	 "{destination:}{}",
		MEANS_TELLING(CONFIG)},
	{"{.object} was {.change} by {user.name*} via {.way} from host {source} to "
	 "{destination:}{}",
		MEANS_TELLING(CONFIG)},
	{"{.object} has been changed to {.value} by {user.name*} via {.way} from host {source} "
	 "to {destination:}{}",
		MEANS_TELLING(CONFIG)},
	{"System configuration saved by {user.name*} via {.way} from host {source} to "
	 "{destination:} by {}",
		MEANS_TELLING(CONFIG)},
	{"IKE<{source}> Phase 1: Completed {}", MEANS_TELLING(VPN_INFO)},
	{"IKE {source} Phase 1: Completed {}", MEANS_TELLING(VPN_INFO)},
	{"IKE {source} Phase 2 msg ID {}: Completed negotiations {}", MEANS_TELLING(VPN)},
	{"IKE {source} Phase 1: Retransmission limit has been reached.{}",
		MEANS_TELLING(VPN_FAILED)},
	{"VPN '{.vpn}' from {source} is up.{}", MEANS_TELLING(VPN)},
	{"VPN '{.vpn}' from {source} is down.{}", MEANS_TELLING(VPN_ENDED)},
	{"Interface {in} physical link {}down{}", MEANS_TELLING(LINK_DOWN)},
	{"Interface {in} physical link {}up{}", MEANS_TELLING(LINK_UP)},
};
static struct phrases phrases = PHRASES(sentences);

/* "NetScreen device_id=ns-1  [Root]system-warning-00515: " and "...-00257(traffic): "; an
 * envelope may have taken the first words. */
static bool take_head(
	struct slice *rest, struct slice *name, struct slice *severity, struct slice *code)
{
	struct slice at = *rest, vsys;
	size_t id = slice_search(at, SLICE_LIT("device_id="));

	if (id == at.len || id > sizeof("NetScreen ") - 1)
		return false;
	at = slice_from(at, id + sizeof("device_id=") - 1);
	*name = take_word(&at);
	skip_blanks(&at);
	if (skip_byte(&at, '[') && !take_until(&at, ']', &vsys))
		return false;
	if (!skip_lit(&at, "system-") || !take_until(&at, '-', severity) ||
		!take_digits(&at, code))
		return false;
	(void)skip_lit(&at, "(traffic)");
	if (!skip_byte(&at, ':'))
		return false;
	skip_blanks(&at);
	*rest = at;
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, name, severity, code;

	if (!take_head(&rest, &name, &severity, &code))
		return PARSED_NOT_MINE;
	put_device(record, context, &device);
	put_some(record, context, FIELD_OBSERVER_NAME, name);
	put(record, context, FIELD_LOG_LEVEL, severity);
	put(record, context, FIELD_EVENT_CODE, code);
	put_over(record, context, FIELD_MESSAGE, rest);
	const struct phrase *phrase = phrases_read(&phrases, record, context, rest);

	if (phrase == NULL)
		put_telling(record, context, TELLS_SYSTEM);
	else if (phrase->meaning == MEANS_TELLING(ATTACK_DENIED))
		put_attack(record, context,
			attack_of_name(record_get(record, FIELD_RULE_NAME), CLASS_DOS),
			severity_of_word(severity), true);
	put_totals(record, context);
	context->message = SLICE_NONE;
	return phrase != NULL ? PARSED : PARSED_PARTLY;
}

static const char *const programs[] = {"NetScreen", NULL};

const struct parser parser_netscreen = {
	.number = 77,
	.roles = PARSER_ANY_PROGRAM,
	.name = "netscreen",
	.module = "juniper",
	.summary = "Juniper NetScreen, SSG and ISG (ScreenOS)",
	.source = "ScreenOS 6.3 Message Log Reference Guide",
	.programs = programs,
	.first_bytes = "Nd",
	.parse = parse,
};
