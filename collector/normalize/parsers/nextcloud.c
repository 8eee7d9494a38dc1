/*
 * nextcloud - nextcloud.log and audit.log of Nextcloud and ownCloud
 *
 *	{"reqId":"x","level":2,"time":"2026-03-07T03:00:00+00:00","remoteAddr":"203.0.113.9",
 *	 "user":"--","app":"core","method":"POST","url":"/login","message":"Login failed: 'an'
 *..."}
 *
 * The address is the server's own value; what stands in the message was typed.
 */
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/phrases.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("web_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {                      \
			how                                                                    \
		}                                                                              \
	}
#define ON_FILE(what, kind)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_FILE}, .category2 = {ECS_WEB}, \
		.type = {kind}, .outcome = {                                                   \
			ECS_SUCCESS                                                            \
		}                                                                              \
	}
#define ACCOUNT(what, kind)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_IAM}, .type = {ECS_USER},      \
		.type2 = {                                                                     \
			kind                                                                   \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning logged_out = MEANS("web_logout", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_END});
static const struct meaning brute_force =
	MEANS("brute_force_throttled", .category = {ECS_AUTHENTICATION},
		.category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_DENIED});
static const struct meaning wrong_host = MEANS("web_host_refused", .category = {ECS_WEB},
	.category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_DENIED}, .outcome = {ECS_FAILURE});
static const struct meaning read_file = ON_FILE("file_read", ECS_ACCESS);
static const struct meaning written = ON_FILE("file_written", ECS_CHANGE);
static const struct meaning created_file = ON_FILE("file_created", ECS_CREATION);
static const struct meaning deleted_file = ON_FILE("file_deleted", ECS_DELETION);
static const struct meaning renamed = ON_FILE("file_renamed", ECS_CHANGE);
static const struct meaning shared = ON_FILE("file_shared", ECS_ACCESS);
static const struct meaning created = ACCOUNT("account_created", ECS_CREATION);
static const struct meaning deleted = ACCOUNT("account_deleted", ECS_DELETION);
static const struct meaning changed = ACCOUNT("account_changed", ECS_CHANGE);
static const struct meaning password = ACCOUNT("password_changed", ECS_CHANGE);
static const struct meaning group = MEANS(
	"group_changed", .category = {ECS_IAM}, .type = {ECS_GROUP}, .type2 = {ECS_CHANGE});
static const struct meaning app = MEANS("application_changed", .category = {ECS_CONFIGURATION},
	.category2 = {ECS_WEB}, .type = {ECS_CHANGE});
static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};
static const struct meaning error = {.category = {ECS_WEB}, .type = {ECS_ERROR}};

static const struct phrase sentences[] = {
	{"Login failed: '{user.name*}' (Remote IP: '{}')", &refused},
	{"Login failed: {user.name*} (Remote IP: {})", &refused},
	{"Login failed: '{user.name*}' (Remote IP: '{}', X-Forwarded-For: '{}')", &refused},
	{"Login attempt: \"{user.name*}\"", &noted},
	{"Login successful: \"{user.name*}\"", &let_in},
	{"Logout occurred", &logged_out},
	{"Two factor authentication attempt of user {user.name*} ({}) with {} failed",
		&refused},
	{"Bruteforce attempt from \"{}\" detected for action \"{.action}\".", &brute_force},
	{"IP address throttled because it reached the attempts limit{}", &brute_force},
	{"IP address blocked because it reached the maximum failed attempts{}", &brute_force},
	{"Trusted domain error. \"{}\" tried to access using \"{url.domain*}\" as host.",
		&wrong_host},
	{"File accessed: \"{file.path*}\"", &read_file},
	{"File with id \"{}\" accessed: \"{file.path*}\"", &read_file},
	{"File written to: \"{file.path*}\"", &written},
	{"File with id \"{}\" written to: \"{file.path*}\"", &written},
	{"File created: \"{file.path*}\"", &created_file},
	{"File with id \"{}\" created: \"{file.path*}\"", &created_file},
	{"File deleted: \"{file.path*}\"", &deleted_file},
	{"File was deleted: \"{file.path*}\"", &deleted_file},
	{"File with id \"{}\" deleted: \"{file.path*}\"", &deleted_file},
	{"File renamed: \"{file.path*}\" to \"{file.target_path*}\"", &renamed},
	{"The {.kind} \"{file.path*}\" with ID \"{}\" has been shared via link with "
	 "permissions "
	 "{}",
		&shared},
	{"The {.kind} \"{file.path*}\" with ID \"{}\" has been shared to the {} \"{.with*}\" "
	 "with permissions {}",
		&shared},
	{"The shared {.kind} with the token \"{}\" by \"{}\" has been accessed {}", &read_file},
	{"User created: \"{user.target.name*}\"", &created},
	{"User deleted: \"{user.target.name*}\"", &deleted},
	{"User enabled: \"{user.target.name*}\"", &changed},
	{"User disabled: \"{user.target.name*}\"", &changed},
	{"Password of user \"{user.target.name*}\" has been changed", &password},
	{"Group created: \"{group.name*}\"", &group},
	{"Group deleted: \"{group.name*}\"", &group},
	{"User \"{user.target.name*}\" added to group \"{group.name*}\"", &group},
	{"User \"{user.target.name*}\" removed from group \"{group.name*}\"", &group},
	{"App \"{service.name}\" enabled{}", &app},
	{"App \"{service.name}\" disabled", &app},
};
static struct phrases phrases = PHRASES(sentences);

static const struct name_entry entries[] = {
	NAME("reqId", FIELD_HTTP_REQUEST_ID),
	NAME("time", NAME_TIME),
	NAME("remoteAddr", FIELD_SOURCE_IP),
	NAME("user", NAME_DROPPED), /* read below */
	NAME("app", FIELD_LOG_LOGGER),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("url", FIELD_URL_ORIGINAL),
	NAME("message", NAME_MESSAGE),
	NAME("userAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("version", FIELD_SERVICE_VERSION),
	NAME("exception.Message", FIELD_ERROR_MESSAGE),
	NAME("Exception.Message", FIELD_ERROR_MESSAGE),
};
static struct name_table names = NAME_TABLE(entries);

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	static const char *const needed[] = {"reqId", "remoteAddr", "app", "level", NULL};
	const struct pairs *pairs = context->pairs;

	if (!document_read(context, needed))
		return PARSED_NOT_MINE;
	struct slice level = pairs_get_lit(pairs, "level"), user = pairs_get_lit(pairs, "user");
	enum parse_result result = document_put(record, context, &names);
	if (result == PARSED_DAMAGED)
		return result;
	result = phrases_put(&phrases, record, context, record_get(record, FIELD_MESSAGE),
		level.len == 1 && level.ptr[0] >= '3' ? &error : &noted);
	if (slice_absent(record_get(record, FIELD_USER_NAME)) &&
		!slice_eq(user, SLICE_LIT("--")))
		put_some(record, context, FIELD_USER_NAME, user);
	return result;
}

static const char *const programs[] = {"Nextcloud", "nextcloud", "ownCloud", NULL};

const struct parser parser_nextcloud = {
	.number = 124,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "nextcloud",
	.module = "nextcloud",
	.summary = "Nextcloud and ownCloud: log-ins, files, shares, accounts",
	.source = "Nextcloud 13 to 30 Administration Manual, Logging; apps/admin_audit",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
