/*
 * gitlab - JSON logs of GitLab: production, api, auth, audit, application
 *
 *	{"method":"POST","path":"/users/sign_in","status":401,"time":"...","remote_ip":"..."}
 *	{"severity":"WARN","time":"...","message":"Rack_Attack","env":"blocklist","remote_ip":"..."}
 *	{"severity":"INFO","time":"...","author_name":"an","entity_type":"User","change":"email"}
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/phrases.h"

static const struct meaning refused = MEANS("web_login", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {ECS_FAILURE});
static const struct meaning let_in = MEANS("web_login", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {ECS_SUCCESS});
static const struct meaning throttled =
	MEANS("brute_force_throttled", .category = {ECS_AUTHENTICATION},
		.category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_DENIED});
static const struct meaning audited =
	MEANS("account_changed", .category = {ECS_IAM}, .type = {ECS_CHANGE});
static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};

static const struct name_entry entries[] = {
	NAME("time", NAME_TIME), NAME("severity", FIELD_LOG_LEVEL),
	NAME("message", NAME_MESSAGE), NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("request_method", FIELD_HTTP_REQUEST_METHOD), NAME("path", FIELD_URL_ORIGINAL),
	NAME("host", FIELD_URL_DOMAIN), NAME("status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("remote_ip", FIELD_SOURCE_IP), NAME("ip_address", FIELD_SOURCE_IP),
	NAME("ua", FIELD_USER_AGENT_ORIGINAL), NAME("username", FIELD_USER_NAME),
	NAME("user_id", FIELD_USER_ID), NAME("author_name", FIELD_USER_NAME),
	NAME("author_id", FIELD_USER_ID), NAME("target_details", FIELD_USER_TARGET_NAME),
	NAME("correlation_id", FIELD_HTTP_REQUEST_ID), NAME("meta.caller_id", NAME_DROPPED),
	NAME("meta.remote_ip", NAME_DROPPED), NAME("exception.message", FIELD_ERROR_MESSAGE),
	NAME("params.key", NAME_DROPPED),
	NAME("params.value", NAME_DROPPED), /* what a person typed, passwords filtered or not */
};
static struct name_table names = NAME_TABLE(entries);

static const struct phrase sentences[] = {
	{"Failed Login: username={user.name*} ip={source.ip}", &refused},
	{"Successful Login: username={user.name*} ip={source.ip} method={} admin={}", &let_in},
	{"Rack_Attack", &throttled},
};
static struct phrases phrases = PHRASES(sentences);

static bool is_mine(struct parse_context *context)
{
	static const char *const request[] = {
		"method", "path", "status", "correlation_id", "remote_ip", NULL};
	static const char *const attack[] = {"severity", "correlation_id", "message", NULL};
	static const char *const audit[] = {
		"severity", "author_name", "entity_type", "target_type", NULL};

	return document_read(context, request) || document_read(context, attack) ||
	       document_read(context, audit);
}

static bool is_created(const struct pairs *pairs)
{
	return slice_eq(pairs_get_lit(pairs, "action"), SLICE_LIT("create"));
}

/* Sessions are made by a request: a page that is shown again, by the action "new", is a
 * refusal. */
static bool is_login(const struct pairs *pairs)
{
	return slice_eq(pairs_get_lit(pairs, "controller"), SLICE_LIT("SessionsController")) &&
	       (is_created(pairs) ||
		       (slice_eq(pairs_get_lit(pairs, "method"), SLICE_LIT("POST")) &&
			       slice_ends(pairs_get_lit(pairs, "path"),
				       SLICE_LIT("/users/sign_in"))));
}

/* Who vouches for the user (LDAP, SAML) refused him. */
static bool is_refusal(const struct pairs *pairs)
{
	return slice_eq(pairs_get_lit(pairs, "action"), SLICE_LIT("failure")) &&
	       slice_ends(pairs_get_lit(pairs, "controller"),
		       SLICE_LIT("OmniauthCallbacksController"));
}

/* {"key":"username","value":"an"}: a form that is sent by others (LDAP) has no user in it. */
static struct slice typed_name(const struct pairs *pairs)
{
	for (unsigned i = 0; i + 1 < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];

		if (slice_eq(pair->name, SLICE_LIT("params.key")) &&
			slice_eq(pair->value, SLICE_LIT("username")) &&
			slice_eq(pair[1].name, SLICE_LIT("params.value")))
			return pair[1].value;
	}
	return pairs_get_lit(pairs, "params.value.login");
}

static void put_request_meaning(struct record *record, struct parse_context *context)
{
	struct slice status = record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE);

	if (slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME, typed_name(context->pairs));
	if (is_refusal(context->pairs))
		put_meaning(record, context, &refused);
	else if (is_login(context->pairs))
		put_meaning(record, context,
			is_created(context->pairs) && slice_eq(status, SLICE_LIT("302"))
				? &let_in
				: &refused);
	else
		access_log_put_outcome(record, context, status);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (!is_mine(context))
		return PARSED_NOT_MINE;
	const struct pairs *pairs = context->pairs;
	enum parse_result result = document_put(record, context, &names);
	if (result == PARSED_DAMAGED)
		return result;
	if (pairs_have(pairs, SLICE_LIT("entity_type"))) {
		put_meaning(record, context, &audited);
	} else if (pairs_have(pairs, SLICE_LIT("status"))) {
		put_request_meaning(record, context);
	} else {
		struct slice message = record_get(record, FIELD_MESSAGE);

		if (slice_absent(message))
			message = SLICE_LIT("");
		result = phrases_put(&phrases, record, context, message, &noted);
	}
	return result;
}

static const char *const programs[] = {"gitlab", NULL};

const struct parser parser_gitlab = {
	.number = 125,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "gitlab",
	.module = "gitlab",
	.summary = "GitLab: production, api, auth, audit and application logs in JSON",
	.source = "GitLab 12 to 17, Log system: production_json.log, auth_json.log, "
		  "audit_json.log",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
