/*
 * pfsense - the own daemons of pfSense and OPNsense: web interface, gateways, lockouts
 *
 *	php-fpm[12]: /index.php: Successful login for user 'admin' from: 192.0.2.50 (...)
 *
 *	audit[12]: /index.php: Web GUI authentication error for 'x' from 192.0.2.9
 *
 *	dpinger[12]: WAN_DHCP 192.0.2.1: Alarm latency 0us stddev 0us loss 100%
 *
 * Other messages of these programs belong to others.
 */
#include "collector/normalize/families/device_phrases.h"
#include "collector/normalize/text/extract.h"

#define GUI(telling, text) SAYS("gui", telling, text)

/* The texts of pfSense's auth.inc and config.lib.inc, and of OPNsense's. */
static const struct device_phrase messages[] = {
	GUI(LOGIN, "/{.page}: Successful login for user '{user.name*}' from: {source+}{}"),
	GUI(LOGIN,
		"/{.page}: Successful login via {} for user '{user.name*}' from: {source+}{}"),
	GUI(LOGIN_FAILED, "/{.page}: webConfigurator authentication error for user "
			  "'{user.name*}' from: {source+}{}"),
	GUI(LOGIN_FAILED, "/{.page}: webConfigurator authentication error for '{user.name*}' "
			  "from: {source+}{}"),
	GUI(LOGIN_FAILED,
		"/{.page}: Web GUI authentication error for '{user.name*}' from {source+}{}"),
	GUI(LOGOUT, "/{.page}: User logged out for user '{user.name*}' from: {source+}{}"),
	GUI(LOGOUT, "/{.page}: Session timed out for user '{user.name*}' from: {source+}{}"),
	GUI(CONFIG,
		"/{.page}: Configuration Change: {user.name*}@{source+} ({}): {event.reason}"),
	GUI(CONFIG, "user {user.name*}@{source+} changed configuration to {file.name} in "
		    "{event.reason}"),
	/* Failures first: a name with the words of a success in it makes none. */
	GUI(LOGIN_FAILED, "user {user.name*} could not authenticate for {service.name+} {}"),
	GUI(LOGIN_FAILED,
		"user {user.name*} failed authentication for {service.name+} on {} via {.via}"),
	GUI(LOGIN, "user {user.name*} authenticated successfully for {service.name+} {}"),
	GUI(LOGIN,
		"user {user.name*} passed authentication for {service.name+} on {} via {.via}"),
	GUI(CONFIG, "action allowed {.command} for user {user.name}"),
	GUI(CONFIG_FAILED, "action denied {.command} for user {user.name}"),
	GUI(FAULT,
		"{.gateway+} {destination.ip}: Alarm latency {}us stddev {}us loss {.loss}%"),
	GUI(SYSTEM,
		"{.gateway+} {destination.ip}: Clear latency {}us stddev {}us loss {.loss}%"),
	GUI(FAULT, ">>> Gateway alarm: {.gateway} (Addr:{destination.ip} Alarm:1 {}"),
	GUI(SYSTEM, ">>> Gateway alarm: {.gateway} (Addr:{destination.ip} Alarm:0 {}"),
	GUI(LINK_UP, "Linkup starting {in}"),
	GUI(LINK_UP, "DEVD Ethernet attached event for {in}"),
	GUI(LINK_DOWN, "DEVD Ethernet detached event for {in}"),
	SUSPECTS("gui", ATTACK_DENIED, UNAUTHORIZED_ACCESS, MEDIUM,
		"lockout {source.ip} [using table {.table}] after {.attempts} attempts"),
	SUSPECTS("gui", ATTACK_DENIED, UNAUTHORIZED_ACCESS, MEDIUM,
		"Blocking \"{source.ip}/{}\" for {.seconds} secs ({event.reason*})"),
	SUSPECTS("gui", ATTACK, UNAUTHORIZED_ACCESS, LOW,
		"Attack from \"{source.ip}\" on service {service.name} with danger {.danger}."),
};
static struct device_phrases phrases = DEVICE_PHRASES(messages);

static const struct device firewall = {
	{SLICE_BYTES("Netgate")}, {SLICE_BYTES("pfSense")}, {SLICE_BYTES("firewall")}};
static const struct device opnsense = {
	{SLICE_BYTES("Deciso")}, {SLICE_BYTES("OPNsense")}, {SLICE_BYTES("firewall")}};

/* What pages of OPNsense log goes out under "audit"; pfSense's under the name of its PHP. */
static const struct device *device_of(struct slice program)
{
	static const struct slice names[] = {{SLICE_BYTES("audit")}, {SLICE_BYTES("opnsense")},
		{SLICE_BYTES("lockout_handler")}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(names[i], program))
			return &opnsense;
	}
	return &firewall;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (device_phrases_read(
		    &phrases, record, context, SLICE_LIT("gui"), context->message) == NULL)
		return PARSED_NOT_MINE;
	if (slice_eq(context->program, SLICE_LIT("sshguard"))) /* runs anywhere */
		context->module = context->program;
	else
		put_device(record, context, device_of(context->program));
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"php-fpm", "php", "audit", "dpinger", "rc.gateway_alarm",
	"check_reload_status", "opnsense", "lockout_handler", "sshguard", "sshlockout", NULL};

const struct parser parser_pfsense = {
	.number = 70,
	.roles = 0,
	.name = "pfsense",
	.module = "pfsense",
	.summary = "own daemons of pfSense and OPNsense",
	.source = "pfSense 2.4 to 2.7, auth.inc; OPNsense 23 to 26, authgui.inc; dpinger; "
		  "sshguard 2.4",
	.programs = programs,
	.parse = parse,
};
