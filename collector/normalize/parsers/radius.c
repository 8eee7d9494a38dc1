/*
 * radius - FreeRADIUS
 *
 *	Sat Mar  7 10:00:00 2026 : Auth: (12) Login OK: [an] (from client ap1 port 7 cli
 *02-00-...) radiusd[8]: (12) Login incorrect (mschap: ...): [an/<via Auth-Type = eap>] (from
 *client ...)
 *
 * The name is whatever was typed, and the password may follow it behind a '/', by the server's
 * settings; what follows the brackets is the server's own.
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(how, ...)                                                                        \
	{                                                                                      \
		.action = {SLICE_BYTES("radius_login")}, .category = {ECS_AUTHENTICATION},     \
		.type = {ECS_START}, .outcome = {                                              \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning noted = {.category = {ECS_NETWORK}, .type = {ECS_INFO}};
static const struct meaning error = {
	.category = {ECS_NETWORK}, .type = {ECS_INFO}, .outcome = {ECS_FAILURE}};

#define BEHIND "] (from client {observer.name} port {.port}[[ cli {.calling_station}]])[[ {}]]"

static const struct phrase sentences[] = {
	{"Login OK: [{user.name*}/<via Auth-Type = {.auth_type}>" BEHIND, &let_in},
	{"Login OK: [{user.name*}/<no User-Password attribute>" BEHIND, &let_in},
	{"Login OK: [{user.name*}" BEHIND, &let_in},
	{"Login incorrect ({event.reason}): [{user.name*}/<via Auth-Type = "
	 "{.auth_type}>" BEHIND,
		&refused},
	{"Login incorrect ({event.reason}): [{user.name*}/<no User-Password attribute>" BEHIND,
		&refused},
	{"Login incorrect ({event.reason}): [{user.name*}" BEHIND, &refused},
	{"Login incorrect: [{user.name*}/<via Auth-Type = {.auth_type}>" BEHIND, &refused},
	{"Login incorrect: [{user.name*}" BEHIND, &refused},
	{"Invalid user{}: [{user.name*}" BEHIND, &refused},
	{"Multiple logins (max {}){}: [{user.name*}" BEHIND, &refused},
	{"Ignoring request to {} from unknown client {source.ip} port {source.port}{}", &error},
	{"Dropping packet without response because of error: {event.reason}", &error},
	{"Received packet from {source.ip} with invalid Message-Authenticator!{}", &error},
	{"Ready to process requests", &noted},
};
static struct phrases phrases = PHRASES(sentences);

static const char *const levels[] = {
	"Auth", "Error", "Info", "Warning", "Proxy", "Acct", "Debug", "ERROR", "WARN", NULL};

/* "Auth: ", "ERROR: " */
static void take_level(struct slice *rest, struct slice *level)
{
	*level = SLICE_NONE;
	for (const char *const *name = levels; *name != NULL; name++) {
		struct slice at = *rest;

		if (skip_text(&at, slice_str(*name)) && skip_lit(&at, ": ")) {
			*level = slice_str(*name);
			*rest = at;
			return;
		}
	}
}

/* "(12) " */
static void skip_request(struct slice *rest)
{
	struct slice at = *rest, number;

	skip_blanks(&at);
	if (skip_byte(&at, '(') && take_digits(&at, &number) && skip_byte(&at, ')')) {
		skip_blanks(&at);
		*rest = at;
	}
}

static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	return rest->len > 28 && rest->ptr[3] == ' ' && rest->ptr[24] == ' ' &&
	       rest->ptr[25] == ':' && take_stamp_any(rest, context, ns) &&
	       skip_lit(rest, " : ");
}

/* "an/geheim": what was typed as the password is no part of the name. */
static void cut_password(struct record *record)
{
	for (unsigned i = 1; i < record->n_fields; i++) {
		struct field *field = &record->fields[i];

		if (field->id == FIELD_USER_NAME)
			field->len = (uint32_t)slice_find(field_value(field), '/');
	}
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level;
	int64_t ns = record->created_ns;

	if (!take_time(&rest, context, &ns) && slice_absent(context->program) &&
		!context->named)
		return PARSED_NOT_MINE;
	take_level(&rest, &level);
	skip_request(&rest);
	if (slice_absent(level))
		take_level(&rest, &level);
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	enum parse_result result = phrases_put(&phrases, record, context, rest,
		slice_eq_nocase(level, SLICE_LIT("error")) ? &error : &noted);
	cut_password(record);
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("radius"));
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"radiusd", "freeradius", NULL};

const struct parser parser_radius = {
	.number = 120,
	.roles = PARSER_ENVELOPE,
	.name = "radius",
	.module = "radius",
	.summary = "FreeRADIUS: log-ins",
	.source =
		"FreeRADIUS 2.2 to 3.2, src/main/auth.c rad_authlog(), raddb/radiusd.conf log",
	.programs = programs,
	.first_bytes = "SMTWF",
	.parse = parse,
};
