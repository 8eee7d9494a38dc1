/*
 * ipsec - strongSwan's charon and Libreswan's pluto
 *
 *	charon[8]: 07[IKE] <dvc|1> authentication of 'an' with EAP successful
 *	pluto[8]: "dvc"[1] 203.0.113.9 #2: XAUTH: User an: Authentication Successful
 *
 * An identity is what the other side says of itself, before it is proved. One that is an
 *address is where it is, by default.
 */
#include "collector/normalize/families/vpn.h"
#include "collector/normalize/text/phrases.h"

static const struct phrase charon_sentences[] = {
	{"authentication of '{}' (myself) {}", &vpn_noted},
	{"authentication of '{source.ip}' with {.method} successful", &vpn_let_in},
	{"authentication of '{source.ip}' with {.method} failed", &vpn_refused},
	{"authentication of '{user.name*}' with {.method} successful", &vpn_let_in},
	{"authentication of '{user.name*}' with {.method} failed", &vpn_refused},
	{"XAuth authentication of '{user.name*}' successful", &vpn_let_in},
	{"XAuth authentication of '{user.name*}' failed", &vpn_refused},
	{"RADIUS authentication of '{user.name*}' successful", &vpn_let_in},
	{"RADIUS authentication of '{user.name*}' failed", &vpn_refused},
	{"EAP method {.method+} failed for peer {user.name}", &vpn_refused},
	{"EAP method {.method+} succeeded, {}", &vpn_noted},
	{"EAP-{.method} verification failed, {event.reason}", &vpn_refused},
	{"received EAP identity '{user.name*}'", &vpn_noted},
	{"tried {} shared key{}for '{}' - '{source.ip}', but MAC mismatched", &vpn_refused},
	{"tried {} shared key{}for '{}' - '{user.name*}', but MAC mismatched", &vpn_refused},
	{"no shared key found for '{}' - '{source.ip}'", &vpn_refused},
	{"no shared key found for '{}' - '{user.name*}'", &vpn_refused},
	{"no EAP key found for hosts '{}' - '{source.ip}'", &vpn_refused},
	{"no EAP key found for hosts '{}' - '{user.name*}'", &vpn_refused},
	{"no trusted {} public key found for '{source.ip}'", &vpn_refused},
	{"no trusted {} public key found for '{user.name*}'", &vpn_refused},
	{"no public key found for '{source.ip}'", &vpn_refused},
	{"no public key found for '{user.name*}'", &vpn_refused},
	{"signature validation failed, {event.reason}", &vpn_refused},
	{"certificate was revoked on {event.reason}", &vpn_refused},
	{"subject certificate invalid ({event.reason})", &vpn_refused},
	{"constraint check failed: {event.reason}", &vpn_refused},
	{"received AUTHENTICATION_FAILED notify error", &vpn_refused},
	{"no matching peer config found", &vpn_refused},
	{"no IKE config found for {destination.ip}...{source.ip}, sending NO_PROPOSAL_CHOSEN",
		&vpn_failed},
	{"received proposals unacceptable", &vpn_failed},
	{"received NO_PROPOSAL_CHOSEN notify error", &vpn_failed},
	{"received {event.reason} notify error", &vpn_failed},
	{"{source.ip} is initiating an IKE_SA", &vpn_attempt},
	{"{source.ip} is initiating a {.mode} IKE_SA", &vpn_attempt},
	{"looking for {}configs matching {destination.ip}[{}]...{source.ip}[{}", &vpn_noted},
	{"IKE_SA {.connection+} established between {destination.ip}[{}]...{source.ip}["
	 "{user.name*}]",
		&vpn_connected},
	{"CHILD_SA {.connection+} established with SPIs {} and TS {.selectors}", &vpn_noted},
	{"deleting IKE_SA {.connection+} between {destination.ip}[{}]...{source.ip}["
	 "{user.name*}]",
		&vpn_disconnected},
	{"deleting half open IKE_SA with {source.ip} after timeout", &vpn_failed},
	{"giving up after {} retransmits", &vpn_failed},
	{"assigning virtual IP {client.ip} to peer '{user.name*}'", &vpn_address},
	{"received packet: from {source.ip}[{source.port}] to {destination.ip}["
	 "{destination.port}]{}",
		&vpn_noted},
	{"sending packet: from {source.ip}[{source.port}] to {destination.ip}["
	 "{destination.port}]{}",
		&vpn_noted},
	{"ignoring IKE_SA setup from {source.ip}, {event.reason}", &vpn_failed},
	{"Starting IKE charon daemon (strongSwan {service.version}, {}", &vpn_noted},
	{"Starting charon daemon (strongSwan {service.version}, {}", &vpn_noted},
};
static struct phrases charon_phrases = PHRASES(charon_sentences);

static const struct phrase pluto_sentences[] = {
	{"packet from {source:}: initial {.mode} message received on {destination:} but {}",
		&vpn_failed},
	{"packet from {source.ip}:{source.port}: {event.reason}", &vpn_failed},
	{"\"{.connection}\"[{}] {source.ip} #{}: XAUTH: User {user.name*}: Attempting to login",
		&vpn_attempt},
	{"\"{.connection}\"[{}] {source.ip} #{}: XAUTH: User {user.name*}: Authentication "
	 "Successful",
		&vpn_let_in},
	{"\"{.connection}\"[{}] {source.ip} #{}: XAUTH: User {user.name*}: Authentication "
	 "Failed{}",
		&vpn_refused},
	{"\"{.connection}\"[{}] {source.ip} #{}: probable authentication failure "
	 "{event.reason}",
		&vpn_refused},
	{"\"{.connection}\" #{}: probable authentication failure {event.reason}", &vpn_refused},
	{"\"{.connection}\"[{}] {source.ip} #{}: authentication failed: {event.reason}",
		&vpn_refused},
	{"\"{.connection}\"[{}] {source.ip} #{}: {}: authentication failed: {event.reason}",
		&vpn_refused},
	{"\"{.connection}\"[{}] {source.ip} #{}: responder established IKE SA; authenticated "
	 "{}peer {} '{user.name*}'{}",
		&vpn_connected},
	{"\"{.connection}\"[{}] {source.ip} #{}: {}IPsec SA established {}", &vpn_connected},
	{"\"{.connection}\" #{}: {}IPsec SA established {}", &vpn_connected},
	{"\"{.connection}\"[{}] {source.ip} #{}: deleting {event.reason}", &vpn_disconnected},
	{"\"{.connection}\"[{}] {source.ip}: deleting connection {}", &vpn_disconnected},
	{"\"{.connection}\" #{}: deleting {event.reason}", &vpn_disconnected},
	{"\"{.connection}\"[{}] {source.ip} #{}: {event.reason}", &vpn_noted},
	{"\"{.connection}\" #{}: {event.reason}", &vpn_noted},
	{"Starting Pluto (Libreswan Version {service.version+} {}", &vpn_noted},
};
static struct phrases pluto_phrases = PHRASES(pluto_sentences);

/* "07[IKE] ", "<dvc|1> " */
static bool take_head(struct slice *rest, struct record *record, struct parse_context *context)
{
	struct slice at = *rest, thread, group, connection;

	if (!take_digits(&at, &thread) || !skip_byte(&at, '[') ||
		!take_until(&at, ']', &group) || group.len != 3 || !skip_byte(&at, ' '))
		return false;
	put_digits(record, context, FIELD_PROCESS_THREAD_ID, thread);
	put(record, context, FIELD_LOG_LOGGER, group);
	*rest = at;
	if (skip_byte(&at, '<') && take_until(&at, '>', &connection) && skip_byte(&at, ' ')) {
		put_other(record, context, FIELD_OTHER, SLICE_LIT("sa"), connection);
		*rest = at;
	}
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("ipsec"));
	if (take_head(&rest, record, context))
		return phrases_put(&charon_phrases, record, context, rest, &vpn_noted);
	return phrases_put(&pluto_phrases, record, context, rest, &vpn_noted);
}

static const char *const programs[] = {
	"charon", "charon-systemd", "ipsec", "pluto", "charon-nm", NULL};

const struct parser parser_ipsec = {
	.number = 118,
	.name = "ipsec",
	.module = "ipsec",
	.summary = "IPsec: strongSwan's charon, Libreswan's pluto",
	.source = "strongSwan 5.1 to 6.0, src/libcharon; Libreswan 3.2 to 5.0, programs/pluto",
	.programs = programs,
	.parse = parse,
};
