/*
 * cloud - audit documents of clouds and of sign-on services, one object a line
 *
 *	{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser",...}
 *AWS
 *	{"CreationTime":"...","Operation":"UserLoginFailed","Workload":"...",...}   Microsoft
 *365
 *	{"time":"...","operationName":"Sign-in activity","category":"SignInLogs",...}      Azure
 *	{"eventType":"user.session.start","outcome":{"result":"FAILURE"},...}               Okta
 *	{"kind":"admin#reports#activity","id":{"time":"..."},"events":[{...}]}  Google Workspace
 */
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/endpoint.h"

#define LOGIN(how)  .category = {ECS_AUTHENTICATION}, .type = {ECS_START}, .outcome = {how}
#define LOGOUT      .category = {ECS_AUTHENTICATION}, .type = {ECS_END}
#define IAM(a, b)   .category = {ECS_IAM}, .type = {a}, .type2 = {b}
#define FILES(how)  .category = {ECS_FILE}, .type = {how}
#define CONFIG(how) .category = {ECS_CONFIGURATION}, .type = {how}

/* What begins with `text` means it; the longer text stands before the shorter one. */
struct beginning {
	struct slice text;
	struct meaning meaning;
};

#define BEGINS(start, ...)                                                                     \
	{                                                                                      \
		{SLICE_BYTES(start)},                                                          \
		{                                                                              \
			__VA_ARGS__                                                            \
		}                                                                              \
	}

struct cloud {
	const char *module, *provider; /* NULL: no cloud.provider */
	const char *const *needs;
	struct name_table *names;
	struct slice action, user; /* names of the values */
	const struct beginning *meanings;
	size_t n_meanings;
	/* Of the document; absent when it tells nothing. */
	struct slice (*outcome)(const struct pairs *pairs);
};

static const struct slice success = {ECS_SUCCESS}, failure = {ECS_FAILURE};

static struct slice first_of(struct slice one, struct slice other)
{
	return slice_absent(one) ? other : one;
}

/* ---- AWS CloudTrail -----------------------------------------------------------------------
 */

static const char *const aws_needs[] = {
	"eventVersion", "eventSource", "eventName", "awsRegion", NULL};
static const struct name_entry aws_entries[] = {
	NAME("eventTime", NAME_TIME), NAME("eventSource", FIELD_EVENT_PROVIDER),
	NAME("eventName", FIELD_EVENT_ACTION), NAME("eventID", FIELD_EVENT_ID),
	NAME("awsRegion", FIELD_CLOUD_REGION),
	NAME("recipientAccountId", FIELD_CLOUD_ACCOUNT_ID),
	NAME("sourceIPAddress", FIELD_SOURCE_IP), NAME("userAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("userIdentity.principalId", FIELD_USER_ID), NAME("errorCode", FIELD_ERROR_CODE),
	NAME("errorMessage", FIELD_ERROR_MESSAGE),
	NAME("requestParameters.userName", FIELD_USER_TARGET_NAME),
	NAME("requestParameters.groupName", FIELD_GROUP_NAME),
	NAME("userIdentity.userName", NAME_DROPPED), /* put_user() */
};
static struct name_table aws_names = NAME_TABLE(aws_entries);
static const struct beginning aws_meanings[] = {
	BEGINS("ConsoleLogin", LOGIN(ECS_UNKNOWN)),
	BEGINS("CheckMfa", LOGIN(ECS_UNKNOWN)),
	BEGINS("AssumeRole", LOGIN(ECS_UNKNOWN)),
	BEGINS("GetSessionToken", LOGIN(ECS_UNKNOWN)),
	BEGINS("CreateUser", IAM(ECS_USER, ECS_CREATION)),
	BEGINS("DeleteUser", IAM(ECS_USER, ECS_DELETION)),
	BEGINS("UpdateUser", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("CreateGroup", IAM(ECS_GROUP, ECS_CREATION)),
	BEGINS("DeleteGroup", IAM(ECS_GROUP, ECS_DELETION)),
	BEGINS("UpdateGroup", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("AddUserToGroup", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("RemoveUserFromGroup", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("AttachUserPolicy", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("PutUserPolicy", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("AttachGroupPolicy", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("CreateAccessKey", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("DeleteAccessKey", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("UpdateAccessKey", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("CreateLoginProfile", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("UpdateLoginProfile", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("ChangePassword", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("DeactivateMFADevice", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("CreateRole", IAM(SLICE_BYTES("admin"), ECS_CREATION)),
	BEGINS("AuthorizeSecurityGroup", CONFIG(ECS_CHANGE)),
	BEGINS("RevokeSecurityGroup", CONFIG(ECS_CHANGE)),
	BEGINS("CreateSecurityGroup", CONFIG(ECS_CREATION)),
	BEGINS("StopLogging", CONFIG(ECS_CHANGE)),
	BEGINS("DeleteTrail", CONFIG(ECS_DELETION)),
	BEGINS("UpdateTrail", CONFIG(ECS_CHANGE)),
	BEGINS("PutBucketPolicy", CONFIG(ECS_CHANGE)),
	BEGINS("PutBucketAcl", CONFIG(ECS_CHANGE)),
	BEGINS("GetObject", FILES(ECS_ACCESS)),
	BEGINS("PutObject", FILES(ECS_CHANGE)),
	BEGINS("DeleteObject", FILES(ECS_DELETION)),
};

static struct slice aws_outcome(const struct pairs *pairs)
{
	struct slice login = pairs_get_lit(pairs, "responseElements.ConsoleLogin");

	if (!slice_absent(login))
		return slice_eq(login, SLICE_LIT("Success")) ? success : failure;
	return pairs_have(pairs, SLICE_LIT("errorCode")) ||
			       pairs_have(pairs, SLICE_LIT("errorMessage"))
		       ? failure
		       : success;
}

/* ---- Microsoft 365 ------------------------------------------------------------------------
 */

static const char *const office_needs[] = {
	"CreationTime", "Operation", "Workload", "RecordType", NULL};
static const struct name_entry office_entries[] = {
	NAME("CreationTime", NAME_TIME),
	NAME("Operation", FIELD_EVENT_ACTION),
	NAME("Workload", FIELD_EVENT_PROVIDER),
	NAME("Id", FIELD_EVENT_ID),
	NAME("UserId", FIELD_USER_ID),
	NAME("UserAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("ClientIP", NAME_DROPPED), /* put_source() */
	NAME("ClientIPAddress", NAME_DROPPED),
	NAME("ActorIpAddress", NAME_DROPPED),
	NAME("ErrorNumber", FIELD_ERROR_CODE),
	NAME("LogonError", FIELD_EVENT_REASON),
	NAME("SourceFileName", FIELD_FILE_NAME),
	NAME("SourceFileExtension", FIELD_FILE_EXTENSION),
	NAME("SourceRelativeUrl", FIELD_FILE_DIRECTORY),
};
static struct name_table office_names = NAME_TABLE(office_entries);
static const struct beginning office_meanings[] = {
	BEGINS("UserLoggedIn", LOGIN(ECS_SUCCESS)),
	BEGINS("UserLoginFailed", LOGIN(ECS_FAILURE)),
	BEGINS("MailboxLogin", LOGIN(ECS_UNKNOWN)),
	BEGINS("UserLoggedOff", LOGOUT),
	BEGINS("Add user", IAM(ECS_USER, ECS_CREATION)),
	BEGINS("Delete user", IAM(ECS_USER, ECS_DELETION)),
	BEGINS("Update user", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Disable account", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Enable account", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Change user password", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Reset user password", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Change user license", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Add group", IAM(ECS_GROUP, ECS_CREATION)),
	BEGINS("Delete group", IAM(ECS_GROUP, ECS_DELETION)),
	BEGINS("Update group", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("Add member to", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("Remove member from", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("FileAccessed", FILES(ECS_ACCESS)),
	BEGINS("FileDownloaded", FILES(ECS_ACCESS)),
	BEGINS("FilePreviewed", FILES(ECS_ACCESS)),
	BEGINS("FileSyncDownloaded", FILES(ECS_ACCESS)),
	BEGINS("FileUploaded", FILES(ECS_CREATION)),
	BEGINS("FileModified", FILES(ECS_CHANGE)),
	BEGINS("FileRenamed", FILES(ECS_CHANGE)),
	BEGINS("FileMoved", FILES(ECS_CHANGE)),
	BEGINS("FileDeleted", FILES(ECS_DELETION)),
	BEGINS("FileRecycled", FILES(ECS_DELETION)),
	BEGINS("FolderCreated", FILES(ECS_CREATION)),
	BEGINS("FolderDeleted", FILES(ECS_DELETION)),
	BEGINS("New-InboxRule", CONFIG(ECS_CREATION)),
	BEGINS("New-", CONFIG(ECS_CREATION)),
	BEGINS("Set-", CONFIG(ECS_CHANGE)),
	BEGINS("Remove-", CONFIG(ECS_DELETION)),
	BEGINS("Add-MailboxPermission", IAM(ECS_USER, ECS_CHANGE)),
};

static struct slice office_outcome(const struct pairs *pairs)
{
	struct slice status = pairs_get_lit(pairs, "ResultStatus");

	if (slice_eq_nocase(status, SLICE_LIT("Failed")) ||
		slice_eq_nocase(status, SLICE_LIT("Failure")) ||
		slice_eq_nocase(status, SLICE_LIT("False")))
		return failure;
	return status.len > 0 ? success : SLICE_NONE;
}

/* ---- Azure and Entra ID ---------------------------------------------------------------------
 */

static const char *const azure_needs[] = {"time", "operationName", "category", NULL};
static const struct name_entry azure_entries[] = {
	NAME("time", NAME_TIME),
	NAME("operationName", FIELD_EVENT_ACTION),
	NAME("category", FIELD_EVENT_PROVIDER),
	NAME("callerIpAddress", NAME_DROPPED),
	NAME("properties.id", FIELD_EVENT_ID),
	NAME("properties.userId", FIELD_USER_ID),
	NAME("properties.userDisplayName", FIELD_USER_FULL_NAME),
	NAME("properties.userAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("properties.status.failureReason", FIELD_EVENT_REASON),
	NAME("properties.initiatedBy.user.ipAddress", NAME_DROPPED),
	NAME("resultType", FIELD_ERROR_CODE),
	NAME("location", FIELD_CLOUD_REGION),
};
static struct name_table azure_names = NAME_TABLE(azure_entries);
static const struct beginning azure_meanings[] = {
	BEGINS("Sign-in activity", LOGIN(ECS_UNKNOWN)),
	BEGINS("Add user", IAM(ECS_USER, ECS_CREATION)),
	BEGINS("Delete user", IAM(ECS_USER, ECS_DELETION)),
	BEGINS("Update user", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Reset user password", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Change user password", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("Add member to", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("Remove member from", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("Add group", IAM(ECS_GROUP, ECS_CREATION)),
	BEGINS("Delete group", IAM(ECS_GROUP, ECS_DELETION)),
};

static struct slice azure_outcome(const struct pairs *pairs)
{
	struct slice result = pairs_get_lit(pairs, "resultType");

	if (slice_absent(result))
		result = pairs_get_lit(pairs, "properties.result");
	if (slice_eq(result, SLICE_LIT("0")) || slice_eq_nocase(result, SLICE_LIT("success")) ||
		slice_eq(result, SLICE_LIT("Succeeded")))
		return success;
	if (all_digits(result) || slice_eq_nocase(result, SLICE_LIT("failure")) ||
		slice_eq(result, SLICE_LIT("Failed")))
		return failure;
	return SLICE_NONE;
}

/* ---- Okta
 * ------------------------------------------------------------------------------------ */

static const char *const okta_needs[] = {
	"eventType", "outcome.result", "published", "actor.alternateId", NULL};
static const struct name_entry okta_entries[] = {
	NAME("published", NAME_TIME),
	NAME("eventType", FIELD_EVENT_ACTION),
	NAME("uuid", FIELD_EVENT_ID),
	NAME("severity", FIELD_LOG_LEVEL),
	NAME("actor.id", FIELD_USER_ID),
	NAME("actor.displayName", FIELD_USER_FULL_NAME),
	NAME("client.ipAddress", FIELD_SOURCE_IP),
	NAME("client.userAgent.rawUserAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("outcome.reason", FIELD_EVENT_REASON),
	NAME("displayMessage", FIELD_MESSAGE),
};
static struct name_table okta_names = NAME_TABLE(okta_entries);
static const struct beginning okta_meanings[] = {
	BEGINS("user.session.end", LOGOUT),
	BEGINS("user.session.", LOGIN(ECS_UNKNOWN)),
	BEGINS("user.authentication.", LOGIN(ECS_UNKNOWN)),
	BEGINS("user.lifecycle.create", IAM(ECS_USER, ECS_CREATION)),
	BEGINS("user.lifecycle.delete", IAM(ECS_USER, ECS_DELETION)),
	BEGINS("user.lifecycle.", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("user.account.", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("user.mfa.", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("group.user_membership.", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("group.lifecycle.create", IAM(ECS_GROUP, ECS_CREATION)),
	BEGINS("group.lifecycle.delete", IAM(ECS_GROUP, ECS_DELETION)),
	BEGINS("policy.lifecycle.create", CONFIG(ECS_CREATION)),
	BEGINS("policy.lifecycle.delete", CONFIG(ECS_DELETION)),
	BEGINS("policy.", CONFIG(ECS_CHANGE)),
	BEGINS("zone.", CONFIG(ECS_CHANGE)),
	BEGINS("application.lifecycle.", CONFIG(ECS_CHANGE)),
	BEGINS("security.threat.", .category = {ECS_INTRUSION_DETECTION}, .type = {ECS_INFO}),
};

static struct slice okta_outcome(const struct pairs *pairs)
{
	struct slice result = pairs_get_lit(pairs, "outcome.result");

	if (slice_eq(result, SLICE_LIT("SUCCESS")) || slice_eq(result, SLICE_LIT("ALLOW")))
		return success;
	if (slice_eq(result, SLICE_LIT("FAILURE")) || slice_eq(result, SLICE_LIT("DENY")))
		return failure;
	return (struct slice){ECS_UNKNOWN};
}

/* ---- Google Workspace
 * ------------------------------------------------------------------------- */

static const char *const google_needs[] = {
	"id.time", "id.applicationName", "events.name", "actor.email", NULL};
static const struct name_entry google_entries[] = {
	NAME("id.time", NAME_TIME),
	NAME("id.applicationName", FIELD_EVENT_PROVIDER),
	NAME("id.uniqueQualifier", FIELD_EVENT_ID),
	NAME("events.name", FIELD_EVENT_ACTION),
	NAME("actor.profileId", FIELD_USER_ID),
	NAME("ipAddress", FIELD_SOURCE_IP),
};
static struct name_table google_names = NAME_TABLE(google_entries);
static const struct beginning google_meanings[] = {
	BEGINS("login_success", LOGIN(ECS_SUCCESS)),
	BEGINS("login_failure", LOGIN(ECS_FAILURE)),
	BEGINS("logout", LOGOUT),
	BEGINS("CREATE_USER", IAM(ECS_USER, ECS_CREATION)),
	BEGINS("DELETE_USER", IAM(ECS_USER, ECS_DELETION)),
	BEGINS("SUSPEND_USER", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("CHANGE_PASSWORD", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("password_edit", IAM(ECS_USER, ECS_CHANGE)),
	BEGINS("CREATE_GROUP", IAM(ECS_GROUP, ECS_CREATION)),
	BEGINS("DELETE_GROUP", IAM(ECS_GROUP, ECS_DELETION)),
	BEGINS("ADD_GROUP_MEMBER", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("REMOVE_GROUP_MEMBER", IAM(ECS_GROUP, ECS_CHANGE)),
	BEGINS("CHANGE_APPLICATION_SETTING", CONFIG(ECS_CHANGE)),
	BEGINS("view", FILES(ECS_ACCESS)),
	BEGINS("download", FILES(ECS_ACCESS)),
	BEGINS("edit", FILES(ECS_CHANGE)),
	BEGINS("upload", FILES(ECS_CREATION)),
	BEGINS("create", FILES(ECS_CREATION)),
	BEGINS("delete", FILES(ECS_DELETION)),
	BEGINS("trash", FILES(ECS_DELETION)),
};

static struct slice google_outcome(const struct pairs *pairs)
{
	(void)pairs;
	return SLICE_NONE;
}

/* ---- all of them ----------------------------------------------------------------------------
 */

#define CLOUD(id, act, who)                                                                    \
	.needs = id##_needs, .names = &id##_names, .action = {SLICE_BYTES(act)},               \
	.user = {SLICE_BYTES(who)}, .meanings = id##_meanings,                                 \
	.n_meanings = ARRAY_LEN(id##_meanings), .outcome = id##_outcome

static const struct cloud clouds[] = {
	{.module = "aws", .provider = "aws", CLOUD(aws, "eventName", "userIdentity.userName")},
	{.module = "o365", CLOUD(office, "Operation", "UserId")},
	{.module = "okta", CLOUD(okta, "eventType", "actor.alternateId")},
	{.module = "google_workspace", CLOUD(google, "events.name", "actor.email")},
	{.module = "azure",
		.provider = "azure",
		CLOUD(azure, "operationName", "properties.userPrincipalName")},
};

/* Azure writes names that others do too. */
static bool is_azure(const struct pairs *pairs)
{
	return pairs_have(pairs, SLICE_LIT("resourceId")) ||
	       pairs_have(pairs, SLICE_LIT("tenantId"));
}

static const struct cloud *find_cloud(struct parse_context *context)
{
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++) {
		if (document_read(context, clouds[i].needs) &&
			(clouds[i].names != &azure_names || is_azure(context->pairs)))
			return &clouds[i];
	}
	return NULL;
}

/* "an@tinh.gov.vn" is a name, its domain and an address of mail. */
static void put_user(struct record *record, struct parse_context *context, struct slice user)
{
	struct slice name, domain;

	if (cut_last(user, SLICE_LIT("@"), &name, &domain) && name.len > 0) {
		put_some(record, context, FIELD_USER_EMAIL, user);
		put_some(record, context, FIELD_USER_DOMAIN, domain);
		user = name;
	}
	put_some(record, context, FIELD_USER_NAME, user);
}

/* Microsoft writes the client's port behind the address, if it knows it. */
static void put_source(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	struct slice client = first_of(pairs_get_lit(pairs, "ClientIP"),
		first_of(pairs_get_lit(pairs, "ClientIPAddress"),
			first_of(pairs_get_lit(pairs, "ActorIpAddress"),
				first_of(pairs_get_lit(pairs, "callerIpAddress"),
					pairs_get_lit(pairs,
						"properties.initiatedBy.user.ipAddress")))));

	if (client.len > 0)
		put_endpoint(record, context, &endpoint_source, client);
}

static void put_what(
	struct record *record, struct parse_context *context, const struct cloud *cloud)
{
	struct slice action = pairs_get(context->pairs, cloud->action);
	struct slice outcome = cloud->outcome(context->pairs);
	struct meaning meaning = {.type = {ECS_INFO}};

	for (size_t i = 0; i < cloud->n_meanings; i++) {
		if (!slice_starts(action, cloud->meanings[i].text))
			continue;
		meaning = cloud->meanings[i].meaning;
		break;
	}
	if (!slice_absent(outcome))
		meaning.outcome = outcome;
	put_meaning(record, context, &meaning);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	const struct cloud *cloud = find_cloud(context);
	enum parse_result result;

	if (cloud == NULL)
		return PARSED_NOT_MINE;
	context->module = slice_str(cloud->module);
	parse_in_utc(context); /* the stamps of Microsoft 365 have no zone */
	result = document_put(record, context, cloud->names);
	if (cloud->provider != NULL)
		put(record, context, FIELD_CLOUD_PROVIDER, slice_str(cloud->provider));
	put_user(record, context,
		first_of(pairs_get(context->pairs, cloud->user),
			pairs_get_lit(context->pairs,
				"properties.initiatedBy.user.userPrincipalName")));
	put_source(record, context);
	put_what(record, context, cloud);
	return result;
}

const struct parser parser_cloud = {
	.number = 164,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "cloud",
	.module = "cloud",
	.summary =
		"CloudTrail, Microsoft 365, Azure and Entra ID, Okta, Google Workspace: audit",
	.source =
		"AWS CloudTrail record contents; Office 365 Management Activity API schema; "
		"Azure Monitor, Entra sign-in and audit log schema; Okta System Log API; Admin "
		"SDK, Reports API: Activities",
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
