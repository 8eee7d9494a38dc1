/*
 * mikrotik - RouterOS
 *
 *	firewall,info DROP input: in:ether1 out:(unknown 0), connection-state:new src-mac ...,
 *		proto TCP (SYN), 203.0.113.9:40000->192.0.2.7:22, len 60
 *	system,error,critical login failure for user root from 203.0.113.9 via ssh
 *
 * Topics come first, one of them a severity. Whether a rule dropped a packet only its prefix
 * can tell, if the administrator wrote so.
 */
#include "collector/normalize/families/device_phrases.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"

enum { TOPICS_MAX = 64 };

#define BEFORE             "{.chain}: in:{in} out:{out}, {}proto {transport+}[[ ({.flags})]], "
#define IPV4               "{source+}:{source.port+}->{destination+}:{destination.port+}"
#define IPV6               "[{source+}]:{source.port+}->[{destination+}]:{destination.port+}"
#define NO_PORT            "{source+}->{destination+}"
#define NAT                ",[[ NAT ({}:{}->{source.nat+}:{source.nat.port+})->{},]]"
#define NAT_OF_DESTINATION ", NAT {}->({}->{destination.nat+}:{destination.nat.port+}),"
#define BEHIND             " len {network.bytes}{}"
#define PACKET(topic, telling)                                                                 \
	SAYS(topic, telling, BEFORE IPV4 NAT_OF_DESTINATION BEHIND),                           \
		SAYS(topic, telling, BEFORE IPV6 NAT BEHIND),                                  \
		SAYS(topic, telling, BEFORE IPV4 NAT BEHIND),                                  \
		SAYS(topic, telling, BEFORE NO_PORT "," BEHIND)

/* MikroTik documentation, "Log" and "Firewall"; RouterOS 6.49 and 7. */
static const struct device_phrase messages[] = {
	PACKET("denied", DENIED),
	PACKET("allowed", ALLOWED),
	PACKET("firewall", CONNECTION),
	SAYS("system", LOGIN_FAILED,
		"login failure for user {user.name*} from {source+} via {.way}"),
	SAYS("system", LOGIN_FAILED, "login failure for user {user.name*} via {.way}"),
	SAYS("system", LOGIN, "user {user.name*} logged in from {source+} via {.way}"),
	SAYS("system", LOGIN, "user {user.name*} logged in via {.way}"),
	SAYS("system", LOGOUT, "user {user.name*} logged out from {source+} via {.way}"),
	SAYS("system", LOGOUT, "user {user.name*} logged out via {.way}"),
	SAYS("system", BOOTED, "router rebooted{event.reason}"),
	SAYS("system", USER_ADDED, "user {user.target.name} added by {user.name}"),
	SAYS("system", USER_DELETED, "user {user.target.name} removed by {user.name}"),
	SAYS("system", CONFIG,
		"{.object} added by {.way}:{user.name}@{source+} ({process.command_line*}){}"),
	SAYS("system", CONFIG,
		"{.object} changed by {.way}:{user.name}@{source+} "
		"({process.command_line*}){}"),
	SAYS("system", CONFIG,
		"{.object} removed by {.way}:{user.name}@{source+} "
		"({process.command_line*}){}"),
	SAYS("system", CONFIG, "{.object} added by {user.name}"),
	SAYS("system", CONFIG, "{.object} changed by {user.name}"),
	SAYS("system", CONFIG, "{.object} removed by {user.name}"),
	SAYS("system", CONFIG, "{.object} moved by {user.name}"),
	SAYS("dhcp", LEASE, "{.server} assigned {.assigned} to {source.mac+}{}"),
	SAYS("dhcp", LEASE,
		"{.server} assigned {.assigned} for {source.mac+}[[ {source.domain}]]"),
	SAYS("dhcp", LEASE_ENDED, "{.server} deassigned {.assigned} {} {source.mac+}{}"),
	SAYS("interface", LINK_UP, "{in} link up{event.reason}"),
	SAYS("interface", LINK_DOWN, "{in} link down{}"),
	SAYS("ppp", LOGIN_FAILED, "<{source.ip+}>: user {user.name*} authentication failed{}"),
	SAYS("ppp", LOGIN_FAILED, "{}user {user.name*} authentication failed{}"),
	SAYS("ppp", AUTHENTICATION, "<{.session}>: authenticated"),
	SAYS("ppp", VPN, "<{.session}>: connected"),
	SAYS("ppp", VPN_ENDED, "<{.session}>: disconnected"),
	SAYS("ppp", VPN_ENDED, "<{.session}>: terminating... - {event.reason}"),
	SAYS("ppp", VPN, "{user.name*} logged in, {.assigned} from {source+}{}"),
	SAYS("ppp", VPN, "{user.name*} logged in, {.assigned}"),
	SAYS("ppp", VPN_ENDED,
		"{user.name*} logged out, {duration} {source.bytes} {destination.bytes} "
		"{.spackets} {.dpackets} from {source+}{}"),
	SAYS("ppp", VPN_ENDED,
		"{user.name*} logged out, {duration} {source.bytes} {destination.bytes} {}"),
	SAYS("hotspot", AUTHENTICATION,
		"{user.name*} ({source+}): trying to log in by {event.reason}"),
	SAYS("hotspot", LOGIN, "{user.name*} ({source+}): logged in{}"),
	SAYS("hotspot", LOGOUT, "{user.name*} ({source+}): logged out: {event.reason}"),
	SAYS("hotspot", LOGIN_FAILED, "{user.name*} ({source+}): login failed: {event.reason}"),
	SAYS("ipsec", VPN_FAILED, "{source+} phase1 negotiation failed{event.reason}"),
	SAYS("ipsec", VPN_FAILED, "{source+} failed to {event.reason}"),
	SAYS("ipsec", VPN_INFO,
		"new ike2 SA ({}): {.peer} {destination.ip}[{destination.port}]-"
		"{source.ip}[{source.port}] {}"),
	SAYS("ipsec", VPN_ENDED,
		"killing ike2 SA: {.peer} {destination.ip}[{destination.port}]-"
		"{source.ip}[{source.port}] {}"),
	SAYS("ipsec", VPN,
		"peer authorized: {.peer} {destination.ip}[{destination.port}]-"
		"{source.ip}[{source.port}] {}"),
	SAYS("ipsec", VPN_INFO,
		"respond new phase 1 ({}): {destination.ip}[{}]<=>{source.ip}[{source.port}]"),
	SAYS("ipsec", VPN,
		"ISAKMP-SA established {destination.ip}[{}]-{source.ip}[{source.port}] {}"),
	SAYS("ipsec", VPN_ENDED,
		"ISAKMP-SA deleted {destination.ip}[{}]-{source.ip}[{source.port}] {}"),
	SAYS("pptp", VPN_INFO, "TCP connection established from {source+}"),
	SAYS("sstp", VPN_INFO, "TCP connection established from {source+}"),
	SAYS("ovpn", VPN_INFO, "TCP connection established from {source+}"),
	SAYS("l2tp", VPN_INFO, "first L2TP UDP packet received from {source+}"),
	SAYS("wireguard", VPN_INFO, "{in}: [{.peer}] {.key}: Handshake for peer completed"),
	SAYS("wireguard", VPN_FAILED,
		"{in}: [{.peer}] {.key}: Handshake for peer did not complete {event.reason}"),
	SAYS("web-proxy", URL, "{source+} {http.request.method+} {url+} action=allow{}"),
	SAYS("web-proxy", URL_DENIED, "{source+} {http.request.method+} {url+} action=deny{}"),
	SAYS("caps", LOGIN, "{source.mac+}@{in} connected, {event.reason}"),
	SAYS("caps", LOGOUT, "{source.mac+}@{in} disconnected, {event.reason}"),
	SAYS("wireless", LOGIN, "{source.mac+}@{in}: connected[[, {event.reason}]]"),
	SAYS("wireless", LOGOUT, "{source.mac+}@{in}: disconnected[[, {event.reason}]]"),
};
static struct device_phrases phrases = DEVICE_PHRASES(messages);

static const struct device router = {
	{SLICE_BYTES("MikroTik")}, {SLICE_BYTES("RouterOS")}, {SLICE_BYTES("router")}};

static bool is_one_of(struct slice word, const struct slice *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq(words[i], word))
			return true;
	}
	return false;
}

static bool is_severity(struct slice topic)
{
	static const struct slice words[] = {{SLICE_BYTES("info")}, {SLICE_BYTES("error")},
		{SLICE_BYTES("warning")}, {SLICE_BYTES("critical")}, {SLICE_BYTES("debug")}};

	return is_one_of(topic, words, ARRAY_LEN(words));
}

/* Those that begin the topics of the messages above, and the other common ones. */
static bool is_topic(struct slice topic)
{
	static const struct slice words[] = {{SLICE_BYTES("firewall")}, {SLICE_BYTES("system")},
		{SLICE_BYTES("dhcp")}, {SLICE_BYTES("interface")}, {SLICE_BYTES("ppp")},
		{SLICE_BYTES("l2tp")}, {SLICE_BYTES("pptp")}, {SLICE_BYTES("sstp")},
		{SLICE_BYTES("ovpn")}, {SLICE_BYTES("pppoe")}, {SLICE_BYTES("hotspot")},
		{SLICE_BYTES("ipsec")}, {SLICE_BYTES("wireless")}, {SLICE_BYTES("caps")},
		{SLICE_BYTES("dns")}, {SLICE_BYTES("ntp")}, {SLICE_BYTES("script")},
		{SLICE_BYTES("radius")}, {SLICE_BYTES("ospf")}, {SLICE_BYTES("bgp")},
		{SLICE_BYTES("route")}, {SLICE_BYTES("snmp")}, {SLICE_BYTES("web-proxy")},
		{SLICE_BYTES("upnp")}, {SLICE_BYTES("netwatch")}, {SLICE_BYTES("backup")},
		{SLICE_BYTES("wireguard")}, {SLICE_BYTES("certificate")}, {SLICE_BYTES("lte")},
		{SLICE_BYTES("bridge")}, {SLICE_BYTES("dot1x")}, {SLICE_BYTES("ssh")},
		{SLICE_BYTES("disk")}, {SLICE_BYTES("store")}, {SLICE_BYTES("watchdog")},
		{SLICE_BYTES("container")}, {SLICE_BYTES("poe-out")}, {SLICE_BYTES("rip")}};

	return is_one_of(topic, words, ARRAY_LEN(words));
}

struct topics {
	struct slice all, first, severity;
	bool ppp, account;
};

static bool take_topics(struct slice *rest, struct topics *topics)
{
	struct slice all = slice_head(*rest, rest->len < TOPICS_MAX ? rest->len : TOPICS_MAX);
	struct slice topic;

	all = slice_head(all, slice_find(all, ' '));
	if (slice_find(all, ',') == all.len || all.len == rest->len)
		return false;
	*rest = slice_from(*rest, all.len);
	skip_blanks(rest);
	if (all.ptr[all.len - 1] == ':')
		all.len--;
	topics->all = all;
	while (slice_cut(&all, ',', &topic)) {
		if (slice_absent(topics->first))
			topics->first = topic;
		if (is_severity(topic))
			topics->severity = topic;
		topics->ppp = topics->ppp || slice_eq(topic, SLICE_LIT("ppp"));
		topics->account = topics->account || slice_eq(topic, SLICE_LIT("account"));
	}
	return is_topic(topics->first) && (!slice_absent(topics->severity) || topics->account);
}

/* "DROP-SSH input: in:ether1 ...": what the words before the colon say. */
static struct slice code_of_packet(struct slice text)
{
	struct slice prefix = slice_head(text, slice_find(text, ':')), word;

	while (prefix.len > 0) {
		skip_blanks(&prefix);
		word = take_word(&prefix);
		if (verdict_of(word) == VERDICT_DENIED)
			return SLICE_LIT("denied");
		if (verdict_of(word) == VERDICT_ALLOWED &&
			!slice_eq(word, SLICE_LIT("forward")))
			return SLICE_LIT("allowed");
	}
	return SLICE_LIT("firewall");
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct topics topics = {.ppp = false};
	struct slice rest = context->message, code;

	if (!take_topics(&rest, &topics))
		return PARSED_NOT_MINE;
	code = topics.ppp ? SLICE_LIT("ppp") : topics.first;
	if (slice_eq(topics.first, SLICE_LIT("firewall")))
		code = code_of_packet(rest);
	put_device(record, context, &router);
	put_some(record, context, FIELD_LOG_LEVEL, topics.severity);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("topics"), topics.all);
	put_over(record, context, FIELD_MESSAGE, rest);
	bool known = device_phrases_read(&phrases, record, context, code, rest) != NULL;
	put_totals(record, context);
	context->message = SLICE_NONE;
	return known ? PARSED : PARSED_PARTLY;
}

const struct parser parser_mikrotik = {
	.number = 69,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "mikrotik",
	.module = "mikrotik",
	.summary = "MikroTik RouterOS",
	.source = "MikroTik documentation, Log; RouterOS 6.49 and 7",
	.first_bytes = "fsdiplohwcnrbu",
	.parse = parse,
};
