/*
 * jboss - server log of JBoss EAP, WildFly and Keycloak, and Keycloak's events in it
 *
 *	2026-03-07 10:00:00,123 INFO  [org.jboss.as] (Controller Boot Thread) WFLYSRV0025: text
 *	2026-03-07 10:00:00,123 WARN  [org.keycloak.events] (executor-1) type="LOGIN_ERROR",
 *		realmId="x", clientId="dvc", userId="null", ipAddress="192.0.2.1", error="..."
 *
 * or as documents: {"loggerName":"org.keycloak.events","message":"type=\"LOGIN\", ...",...}.
 *
 * Keycloak writes what a person typed behind what it knows itself: of two values of one name
 * the first is its own.
 */
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};
static const struct meaning error = {.category = {ECS_WEB}, .type = {ECS_ERROR}};
static const struct meaning refused = MEANS("web_login", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {ECS_FAILURE});
static const struct meaning deployed = MEANS("web_application_deployed",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_WEB}, .type = {ECS_CREATION});
static const struct meaning undeployed = MEANS("web_application_removed",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_WEB}, .type = {ECS_DELETION});
static const struct meaning started =
	MEANS("service_started", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning stopped =
	MEANS("service_stopped", .category = {ECS_PROCESS}, .type = {ECS_END});

static const struct phrase sentences[] = {
	{"WFLYSRV0010: Deployed \"{file.name}\"{}", &deployed},
	{"WFLYSRV0027: Starting deployment of \"{file.name}\"{}", &deployed},
	{"WFLYSRV0009: Undeployed \"{file.name}\"{}", &undeployed},
	{"WFLYSRV0025: {service.version} started in {}", &started},
	{"WFLYSRV0026: {service.version} started (with errors) in {}", &started},
	{"WFLYSRV0050: {service.version} stopped in {}", &stopped},
	{"JBAS018559: Deployed \"{file.name}\"{}", &deployed},
	{"JBAS018558: Undeployed \"{file.name}\"{}", &undeployed},
	{"{service.name} {service.version+} on JVM (powered by Quarkus {}) started in {}",
		&started},
	{"{service.name} {service.version+} native (powered by Quarkus {}) started in {}",
		&started},
	{"{service.name} stopped in {}", &stopped},
	{"PBOX{}: Login failure{}", &refused},
	{"PBOX{}: Password invalid{}", &refused},
	{"ELY{}: Authentication failed{}", &refused},
	{"UT005023: Exception handling request to {url}: {event.reason}", &error},
	{"UT005023: Exception handling request to {url}", &error},
};
static struct phrases phrases = PHRASES(sentences);

/* ---- Keycloak --------------------------------------------------------------------------- */

#define ACCOUNT(what, kind, ...)                                                               \
	.action = {SLICE_BYTES(what)}, .category = {ECS_IAM}, .type = {ECS_USER},              \
	.type2 = {kind}, __VA_ARGS__
#define LOGIN(how)                                                                             \
	.action = {SLICE_BYTES("web_login")}, .category = {ECS_AUTHENTICATION},                \
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {how}

static const struct value_meaning types[] = {
	VALUE("LOGIN", LOGIN(ECS_SUCCESS)),
	VALUE("LOGIN_ERROR", LOGIN(ECS_FAILURE)),
	VALUE("CLIENT_LOGIN", LOGIN(ECS_SUCCESS)),
	VALUE("CLIENT_LOGIN_ERROR", LOGIN(ECS_FAILURE)),
	VALUE("IDENTITY_PROVIDER_LOGIN", LOGIN(ECS_SUCCESS)),
	VALUE("IDENTITY_PROVIDER_LOGIN_ERROR", LOGIN(ECS_FAILURE)),
	VALUE("USER_DISABLED_BY_PERMANENT_LOCKOUT", ACCOUNT("account_locked", ECS_CHANGE)),
	VALUE("USER_DISABLED_BY_TEMPORARY_LOCKOUT", ACCOUNT("account_locked", ECS_CHANGE)),
	VALUE("LOGOUT", .action = {SLICE_BYTES("web_logout")}, .category = {ECS_AUTHENTICATION},
		.category2 = {ECS_WEB}, .type = {ECS_END}, .outcome = {ECS_SUCCESS}),
	VALUE("REGISTER",
		ACCOUNT("account_registered", ECS_CREATION, .outcome = {ECS_SUCCESS})),
	VALUE("REGISTER_ERROR",
		ACCOUNT("account_registered", ECS_CREATION, .outcome = {ECS_FAILURE})),
	VALUE("UPDATE_PASSWORD",
		ACCOUNT("password_changed", ECS_CHANGE, .outcome = {ECS_SUCCESS})),
	VALUE("UPDATE_PASSWORD_ERROR",
		ACCOUNT("password_changed", ECS_CHANGE, .outcome = {ECS_FAILURE})),
	VALUE("RESET_PASSWORD",
		ACCOUNT("password_reset", ECS_CHANGE, .outcome = {ECS_SUCCESS})),
	VALUE("RESET_PASSWORD_ERROR",
		ACCOUNT("password_reset", ECS_CHANGE, .outcome = {ECS_FAILURE})),
	VALUE("UPDATE_TOTP",
		ACCOUNT("second_factor_changed", ECS_CHANGE, .outcome = {ECS_SUCCESS})),
	VALUE("REMOVE_TOTP",
		ACCOUNT("second_factor_removed", ECS_CHANGE, .outcome = {ECS_SUCCESS})),
};
static const struct meaning noted_event = {.category = {ECS_IAM}, .type = {ECS_INFO}};

/* name="value" or, of old, name=value, up to the next comma. */
static bool take_value(struct slice *rest, struct slice *name, struct slice *value)
{
	skip_blanks(rest);
	if (!take_until(rest, '=', name))
		return false;
	size_t len = skip_byte(rest, '"') ? slice_search(*rest, SLICE_LIT("\", "))
					  : slice_find(*rest, ',');
	*value = slice_head(*rest, len);
	if (len == rest->len && slice_ends(*value, SLICE_LIT("\"")))
		value->len--;
	*rest = slice_from(*rest, len);
	(void)skip_byte(rest, '"');
	(void)skip_byte(rest, ',');
	return true;
}

static void put_once(struct record *record, struct parse_context *context, enum field_id id,
	struct slice value)
{
	if (slice_absent(record_get(record, id)) && !slice_eq(value, SLICE_LIT("null")))
		put_some(record, context, id, value);
}

static void put_event_value(struct record *record, struct parse_context *context,
	struct slice name, struct slice value)
{
	if (slice_eq(name, SLICE_LIT("ipAddress"))) {
		if (slice_absent(record_get(record, FIELD_SOURCE_IP)))
			put_address(
				record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, value);
	} else if (slice_eq(name, SLICE_LIT("username"))) {
		put_once(record, context, FIELD_USER_NAME, value);
	} else if (slice_eq(name, SLICE_LIT("userId"))) {
		put_once(record, context, FIELD_USER_ID, value);
	} else if (slice_eq(name, SLICE_LIT("error"))) {
		put_once(record, context, FIELD_EVENT_REASON, value);
	} else if (slice_eq(name, SLICE_LIT("clientId")) ||
		   slice_eq(name, SLICE_LIT("realmId")) ||
		   slice_eq(name, SLICE_LIT("realmName")) ||
		   slice_eq(name, SLICE_LIT("auth_method"))) {
		put_other(record, context, FIELD_OTHER, name, value);
	}
}

static void put_keycloak(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice name, value, type = SLICE_NONE, before, after;

	/* The name of a client that does not exist was typed too, and stands first. */
	if (slice_search(text, SLICE_LIT("client_not_found")) < text.len &&
		cut_last(text, SLICE_LIT("ipAddress="), &before, &after) &&
		slice_search(before, SLICE_LIT("ipAddress=")) < before.len)
		text = slice_head(text, slice_search(text, SLICE_LIT("clientId=")));
	if (take_value(&text, &name, &type) && slice_eq(name, SLICE_LIT("type"))) {
		const struct meaning *meaning = meaning_of_value(types, ARRAY_LEN(types), type);

		put_meaning(record, context, meaning ? meaning : &noted_event);
		put_some(record, context, FIELD_EVENT_CODE, type);
	}
	while (take_value(&text, &name, &value))
		put_event_value(record, context, name, value);
}

/* ---- the line --------------------------------------------------------------------------- */

/* "WFLYSRV0025: text" */
static void put_code(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice code = slice_head(text, slice_find(text, ':'));
	size_t letters = 0;

	while (letters < code.len && code.ptr[letters] >= 'A' && code.ptr[letters] <= 'Z')
		letters++;
	if (letters > 1 && code.len < text.len && all_digits(slice_from(code, letters)))
		put(record, context, FIELD_EVENT_CODE, code);
}

static bool is_error(struct slice level)
{
	return slice_eq(level, SLICE_LIT("ERROR")) || slice_eq(level, SLICE_LIT("FATAL"));
}

static bool take_head(
	struct slice *rest, struct slice *level, struct slice *logger, struct slice *thread)
{
	*level = take_word(rest);
	skip_blanks(rest);
	return level->len >= 4 && level->len <= 5 && skip_byte(rest, '[') &&
	       take_until(rest, ']', logger) && skip_lit(rest, " (") &&
	       take_until(rest, ')', thread) && skip_byte(rest, ' ');
}

/* The same lines as documents: JBoss Log Manager's JSON formatter, Quarkus' "log.console.json"
 */
static const struct name_entry entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("level", FIELD_LOG_LEVEL),
	NAME("loggerName", FIELD_LOG_LOGGER),
	NAME("threadName", FIELD_PROCESS_THREAD_NAME),
	NAME("message", NAME_MESSAGE),
	NAME("hostName", FIELD_HOST_HOSTNAME),
	NAME("processId", FIELD_PROCESS_PID),
	NAME("processName", FIELD_PROCESS_NAME),
	NAME("exception.message", FIELD_ERROR_MESSAGE),
};
static struct name_table names = NAME_TABLE(entries);

/* Quarkus shortens it in its default format, "%c{3.}". */
static bool is_keycloak(struct slice logger)
{
	return slice_eq(logger, SLICE_LIT("org.keycloak.events")) ||
	       slice_eq(logger, SLICE_LIT("org.key.events"));
}

static enum parse_result put_message(struct record *record, struct parse_context *context,
	struct slice level, struct slice logger, struct slice text)
{
	if (is_keycloak(logger)) {
		put_keycloak(record, context, text);
		return PARSED;
	}
	put_code(record, context, text);
	struct slice line = slice_head(text, slice_find(text, '\n'));
	return phrases_put(&phrases, record, context, line, is_error(level) ? &error : &noted);
}

static enum parse_result parse_document(struct record *record, struct parse_context *context)
{
	static const char *const needed[] = {
		"loggerClassName", "loggerName", "level", "message", "timestamp", NULL};
	const struct pairs *pairs = context->pairs;

	if (!document_read(context, needed))
		return PARSED_NOT_MINE;
	enum parse_result result = document_put(record, context, &names);
	if (result == PARSED_DAMAGED)
		return result;
	return put_message(record, context, pairs_get_lit(pairs, "level"),
		pairs_get_lit(pairs, "loggerName"), pairs_get_lit(pairs, "message"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level, logger, thread;
	int64_t ns;

	if (slice_starts(rest, SLICE_LIT("{")))
		return parse_document(record, context);
	if (rest.len < 30 || rest.ptr[4] != '-' || rest.ptr[10] != ' ' ||
		(rest.ptr[19] != ',' && rest.ptr[19] != '.') ||
		!take_stamp_any(&rest, context, &ns) || !skip_byte(&rest, ' ') ||
		!take_head(&rest, &level, &logger, &thread))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	put(record, context, FIELD_LOG_LOGGER, logger);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("thread"), thread);
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	return put_message(record, context, level, logger, rest);
}

const struct parser parser_jboss = {
	.number = 105,
	.roles = PARSER_ENVELOPE,
	.name = "jboss",
	.module = "jboss",
	.summary = "JBoss EAP, WildFly, Keycloak: server log, log-in events",
	.source = "WildFly 8 to 35, default log formatter and message ids; Keycloak 4 to 26, "
		  "JBossLoggingEventListenerProvider",
	.first_bytes = FIRST_BYTES_DIGITS "{",
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
