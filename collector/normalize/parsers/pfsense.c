/*
 * pfsense - log-ins and changes in the web interface of pfSense and OPNsense
 *
 *	php-fpm[12]: /index.php: Successful login for user 'admin' from: 192.0.2.50 (Local
 *Database) php-fpm[12]: /index.php: webConfigurator authentication error for user 'x' from:
 *192.0.2.9 audit[12]: /index.php: Web GUI authentication error for 'x' from 192.0.2.9
 *
 * Other messages of these programs belong to others.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/wording.h"

#define SAYS(telling, text)                                                                    \
	{                                                                                      \
		{SLICE_BYTES("gui")}, {SLICE_BYTES(text)}, TELLS_##telling                     \
	}

/* The texts of pfSense's auth.inc and config.lib.inc, and of OPNsense's. */
static const struct wording messages[] = {
	SAYS(LOGIN, "/{page}: Successful login for user '{user*}' from: {src}"),
	SAYS(LOGIN, "/{page}: Successful login via {-} for user '{user*}' from: {src}"),
	SAYS(LOGIN_FAILED,
		"/{page}: webConfigurator authentication error for user '{user*}' from: {src}"),
	SAYS(LOGIN_FAILED,
		"/{page}: webConfigurator authentication error for '{user*}' from: {src}"),
	SAYS(LOGIN_FAILED, "/{page}: Web GUI authentication error for '{user*}' from {src}"),
	SAYS(LOGOUT, "/{page}: User logged out for user '{user*}' from: {src}"),
	SAYS(LOGOUT, "/{page}: Session timed out for user '{user*}' from: {src}"),
	SAYS(CONFIG, "/{page}: Configuration Change: {user*}@{src} ({-}): {reason}"),
	SAYS(CONFIG, "user {user*}@{src} changed configuration to {file} in {reason}"),
	SAYS(LOGIN, "user {user*} authenticated successfully for {service} {-}"),
	SAYS(LOGIN_FAILED, "user {user*} could not authenticate for {service}. {-}"),
};
static struct wording_table table = WORDING_TABLE(messages);

static const struct device firewall = {
	{SLICE_BYTES("Netgate")}, {SLICE_BYTES("pfSense")}, {SLICE_BYTES("firewall")}};

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (put_wording(&table, SLICE_LIT("gui"), context->message, record, context) == NULL)
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
