/*
 * pfsense - log-ins and changes in the web interface of pfSense and OPNsense
 *
 *	php-fpm[12]: /index.php: Successful login for user 'admin' from: 192.0.2.50 (Local
 *Database) php-fpm[12]: /index.php: webConfigurator authentication error for user 'x' from:
 *192.0.2.9 audit[12]: /index.php: Web GUI authentication error for 'x' from 192.0.2.9
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
	GUI(LOGIN, "user {user.name*} authenticated successfully for {service.name} {}"),
	GUI(LOGIN_FAILED, "user {user.name*} could not authenticate for {service.name}. {}"),
};
static struct device_phrases phrases = DEVICE_PHRASES(messages);

static const struct device firewall = {
	{SLICE_BYTES("Netgate")}, {SLICE_BYTES("pfSense")}, {SLICE_BYTES("firewall")}};

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (device_phrases_read(
		    &phrases, record, context, SLICE_LIT("gui"), context->message) == NULL)
		return PARSED_NOT_MINE;
	put_device(record, context, &firewall);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"php-fpm", "php", "audit", NULL};

const struct parser parser_pfsense = {
	.number = 70,
	.roles = 0,
	.name = "pfsense",
	.module = "pfsense",
	.summary = "web interface of pfSense and OPNsense",
	.source = "pfSense 2.4 to 2.7, auth.inc; OPNsense 23 to 25, authgui.inc",
	.programs = programs,
	.parse = parse,
};
