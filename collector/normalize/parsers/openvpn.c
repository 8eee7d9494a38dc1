/*
 * openvpn - the server and client of OpenVPN
 *
 *	2026-03-07 10:00:00 an/203.0.113.9:51000 MULTI: Learn: 10.8.0.6 -> an/203.0.113.9:51000
 *	Sat Mar  7 10:00:00 2026 203.0.113.9:51000 TLS Error: TLS handshake failed until 2.4
 *	openvpn[812]: 203.0.113.9:51000 VERIFY OK: depth=0, CN=an
 *
 * The name before the address is of the certificate or the user; OpenVPN makes what is not a
 * letter, a digit or one of "_-.@:/" an underscore: the address is behind the last '/'.
 */
#include "collector/normalize/families/vpn.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct phrase sentences[] = {
	{"TLS: Initial packet from [AF_INET]{source:}, sid={}", &vpn_attempt},
	{"TLS: Initial packet from {}, sid={}", &vpn_attempt},
	{"TLS: Username/Password authentication succeeded for username '{user.name*}'{}",
		&vpn_let_in},
	{"TLS: Username/Password authentication deferred for username '{user.name*}'{}",
		&vpn_attempt},
	{"TLS Auth Error: Auth Username/Password verification failed for peer", &vpn_refused},
	{"TLS Auth Error: username attempted to change from '{user.name*}' to '{}' -- {}",
		&vpn_refused},
	{"TLS Auth Error: {event.reason}", &vpn_refused},
	{"SENT CONTROL [{user.name}]: 'AUTH_FAILED{}", &vpn_refused},
	{"AUTH: Received control message: AUTH_FAILED{}", &vpn_refused},
	{"SENT CONTROL [{user.name}]: 'PUSH_REPLY{}", &vpn_noted},
	{"VERIFY OK: depth={.depth}, {tls.client.subject}", &vpn_noted},
	{"VERIFY ERROR: depth={.depth}, error={event.reason}: {tls.client.subject}",
		&vpn_refused},
	{"VERIFY ERROR: depth={.depth}, subject={tls.client.subject}: {event.reason}",
		&vpn_refused},
	{"VERIFY CRL: {tls.client.subject} is revoked{}", &vpn_refused},
	{"VERIFY X509NAME ERROR: {tls.client.subject}, must be {}", &vpn_refused},
	{"VERIFY SCRIPT ERROR: depth={.depth}, {tls.client.subject}", &vpn_refused},
	{"[{user.name}] Peer Connection Initiated with [AF_INET]{source:}", &vpn_connected},
	{"[{user.name}] Peer Connection Initiated with [AF_INET6]{source.ip}:{source.port}",
		&vpn_connected},
	{"[{user.name}] Peer Connection Initiated with {}", &vpn_connected},
	{"MULTI: primary virtual IP for {}: {client.ip}", &vpn_address},
	{"MULTI: Learn: {client.ip} -> {}", &vpn_address},
	{"MULTI_sva: pool returned IPv4={client.ip}, IPv6={}", &vpn_address},
	{"MULTI: bad source address from client [{client.ip}], packet dropped",
		&vpn_bad_packet},
	{"MULTI: new connection by client '{user.name}' will cause previous active sessions by "
	 "this client to be dropped.{}",
		&vpn_noted},
	{"TLS Error: TLS key negotiation failed to occur within {} seconds {}", &vpn_failed},
	{"TLS Error: TLS handshake failed", &vpn_failed},
	{"TLS Error: cannot locate HMAC in incoming packet from [AF_INET]{source:}",
		&vpn_bad_packet},
	{"TLS Error: incoming packet authentication failed from [AF_INET]{source:}",
		&vpn_bad_packet},
	{"TLS Error: could not determine wrapping from [AF_INET]{source:}", &vpn_bad_packet},
	{"TLS Error: {event.reason}", &vpn_failed},
	{"TLS_ERROR: {event.reason}", &vpn_failed},
	{"OpenSSL: error:{event.reason}", &vpn_failed},
	{"Authenticate/Decrypt packet error: {event.reason}", &vpn_bad_packet},
	{"tls-crypt unwrap error: {event.reason}", &vpn_bad_packet},
	{"tls-crypt-v2 {event.reason}", &vpn_bad_packet},
	{"WARNING: Bad encapsulated packet length from peer {}", &vpn_bad_packet},
	{"WARNING: Failed running command (--auth-user-pass-verify): {event.reason}",
		&vpn_refused},
	{"Connection reset, restarting [{}]", &vpn_disconnected},
	{"Connection reset command was pushed by server{}", &vpn_disconnected},
	{"SIGUSR1[soft,{event.reason}] received, client-instance restarting",
		&vpn_disconnected},
	{"SIGTERM[soft,{event.reason}] received, client-instance exiting", &vpn_disconnected},
	{"[{user.name}] Inactivity timeout (--ping-{}", &vpn_disconnected},
	{"peer info: IV_PLAT={host.os.name}", &vpn_noted},
	{"peer info: IV_VER={.peer_version}", &vpn_noted},
	{"peer info: IV_GUI_VER={.peer_gui_version}", &vpn_noted},
	{"peer info: {}", &vpn_noted},
	{"Control Channel: {tls.version}, cipher {} {tls.cipher}, {}", &vpn_noted},
	{"Control Channel: {tls.version}, cipher {tls.cipher}", &vpn_noted},
	{"Data Channel: {}", &vpn_noted},
	{"Data Channel Encrypt: {}", &vpn_noted},
	{"Outgoing Data Channel: {}", &vpn_noted},
	{"Incoming Data Channel: {}", &vpn_noted},
	{"Initialization Sequence Completed", &vpn_noted},
	{"OpenVPN {service.version+} {}", &vpn_noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "an/203.0.113.9:51000 ", "203.0.113.9:51000 ", "[AF_INET]..." */
static void take_peer(struct slice *rest, struct slice *user, struct slice *address)
{
	struct slice at = *rest, word = take_word(&at), host, port, name;

	*user = *address = SLICE_NONE;
	if (!skip_byte(&at, ' ') || !cut_last(word, SLICE_LIT(":"), &host, &port) ||
		!all_digits(port))
		return;
	if (cut_last(word, SLICE_LIT("/"), &name, &host)) {
		*user = name;
		word = host;
	}
	*address = word;
	*rest = at;
}

/* Both forms have the length of their parts; syslog has others. */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	bool iso = rest->len > 20 && rest->ptr[4] == '-' && rest->ptr[10] == ' ' &&
		   rest->ptr[19] == ' ';
	bool ctime = rest->len > 25 && rest->ptr[3] == ' ' && rest->ptr[13] == ':' &&
		     rest->ptr[19] == ' ' && is_digit(rest->ptr[20]) && rest->ptr[24] == ' ';

	return (iso || ctime) && take_stamp_any(rest, context, ns) && skip_byte(rest, ' ');
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, user, address;
	int64_t ns = record->created_ns;
	bool told = !slice_absent(context->program) || context->named;

	if (!take_time(&rest, context, &ns) && !told)
		return PARSED_NOT_MINE;
	if (skip_lit(&rest, "us=")) /* microseconds, of verb 4 */
		(void)(take_word(&rest).len > 0 && skip_byte(&rest, ' '));
	take_peer(&rest, &user, &address);
	enum parse_result result = phrases_put(&phrases, record, context, rest, &vpn_noted);
	if (result == PARSED_PARTLY && !told)
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	if (slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME, user);
	if (!slice_absent(address) && slice_absent(record_get(record, FIELD_SOURCE_IP)))
		put_endpoint(record, context, &endpoint_source, address);
	put(record, context, FIELD_NETWORK_APPLICATION, SLICE_LIT("openvpn"));
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {
	"openvpn", "ovpn-server", "ovpn-client", "openvpn-server", "nm-openvpn", NULL};

const struct parser parser_openvpn = {
	.number = 116,
	.roles = PARSER_ENVELOPE,
	.name = "openvpn",
	.module = "openvpn",
	.summary = "OpenVPN: log-ins, certificates, tunnels, bad packets",
	.source = "OpenVPN 2.3 to 2.6: src/openvpn/ssl.c, ssl_verify.c, multi.c, push.c",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "SMTWF",
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
