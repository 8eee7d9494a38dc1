/*
 * elasticsearch - audit logs of Elasticsearch and OpenSearch
 *
 *	{"type":"audit","timestamp":"2026-03-07T10:00:00,123+0700","event.type":"rest",
 *	 "event.action":"authentication_failed","user.name":"x","origin.address":"203.0.113.9:5"}
 *	{"audit_category":"FAILED_LOGIN","audit_request_remote_address":"203.0.113.9",...}
 */
#include "collector/normalize/text/documents.h"

#define LOGIN(how)                                                                             \
	.action = {SLICE_BYTES("database_login")}, .category = {ECS_AUTHENTICATION},           \
	.category2 = {ECS_DATABASE}, .type = {ECS_START}, .outcome = {how}
#define DENIED                                                                                 \
	.action = {SLICE_BYTES("database_access_denied")}, .category = {ECS_DATABASE},         \
	.category2 = {ECS_NETWORK}, .type = {ECS_DENIED}, .outcome = {ECS_FAILURE}
#define CHANGED                                                                                \
	.action = {SLICE_BYTES("account_changed")}, .category = {ECS_IAM}, .type = {ECS_USER}, \
	.type2 = {ECS_CHANGE}

/* event.action of Elasticsearch, audit_category of OpenSearch */
static const struct value_meaning actions[] = {
	VALUE("authentication_failed", LOGIN(ECS_FAILURE)),
	VALUE("realm_authentication_failed", LOGIN(ECS_FAILURE)),
	VALUE("anonymous_access_denied", DENIED),
	VALUE("authentication_success", LOGIN(ECS_SUCCESS)),
	VALUE("access_denied", DENIED),
	VALUE("connection_denied", DENIED),
	VALUE("run_as_denied", DENIED),
	VALUE("tampered_request", DENIED),
	VALUE("put_user", CHANGED),
	VALUE("change_password", CHANGED),
	VALUE("delete_user", CHANGED),
	VALUE("put_role", CHANGED),
	VALUE("delete_role", CHANGED),
	VALUE("create_apikey", CHANGED),
	VALUE("FAILED_LOGIN", LOGIN(ECS_FAILURE)),
	VALUE("AUTHENTICATED", LOGIN(ECS_SUCCESS)),
	VALUE("MISSING_PRIVILEGES", DENIED),
	VALUE("BAD_HEADERS", DENIED),
	VALUE("SSL_EXCEPTION", DENIED),
	VALUE("OPENSEARCH_SECURITY_INDEX_ATTEMPT", DENIED),
	VALUE("COMPLIANCE_INTERNAL_CONFIG_WRITE", CHANGED),
};
static const struct meaning accessed = {.action = {SLICE_BYTES("database_access")},
	.category = {ECS_DATABASE},
	.type = {ECS_ACCESS}};

static const struct name_entry entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("@timestamp", NAME_TIME),
	NAME("type", NAME_DROPPED),
	NAME("event.type", NAME_DROPPED),
	NAME("event.action", FIELD_EVENT_CODE),
	NAME("cluster.name", FIELD_SERVICE_NAME),
	NAME("host.ip", FIELD_HOST_IP),
	NAME("user.name", FIELD_USER_NAME),
	NAME("user.run_as.name", FIELD_USER_EFFECTIVE_NAME),
	NAME("user.roles", FIELD_USER_ROLES),
	NAME("origin.address", NAME_SOURCE),
	NAME("x_forwarded_for", NAME_FORWARDED),
	NAME("url.path", FIELD_URL_ORIGINAL),
	NAME("url.query", FIELD_URL_QUERY),
	NAME("request.method", FIELD_HTTP_REQUEST_METHOD),
	NAME("request.id", FIELD_HTTP_REQUEST_ID),
	NAME("audit_category", FIELD_EVENT_CODE),
	NAME("audit_cluster_name", FIELD_SERVICE_NAME),
	NAME("audit_request_remote_address", FIELD_SOURCE_IP),
	NAME("audit_request_effective_user", FIELD_USER_NAME),
	NAME("audit_rest_request_path", FIELD_URL_ORIGINAL),
	NAME("audit_rest_request_method", FIELD_HTTP_REQUEST_METHOD),
	NAME("audit_request_exception_stacktrace", NAME_DROPPED),
};
static struct name_table names = NAME_TABLE(entries);

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	static const char *const elasticsearch[] = {
		"event.action", "event.type", "node.id", "timestamp", NULL};
	static const char *const opensearch[] = {"audit_category", "audit_cluster_name", NULL};

	if (!document_read(context, elasticsearch) && !document_read(context, opensearch))
		return PARSED_NOT_MINE;
	enum parse_result result = document_put(record, context, &names);
	const struct meaning *meaning = meaning_of_value(
		actions, ARRAY_LEN(actions), record_get(record, FIELD_EVENT_CODE));
	put_meaning(record, context, meaning ? meaning : &accessed);
	return result;
}

const struct parser parser_elasticsearch = {
	.number = 130,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "elasticsearch",
	.module = "elasticsearch",
	.summary = "Elasticsearch and OpenSearch: audit logs in JSON",
	.source = "Elasticsearch 7 and 8, Audit events; OpenSearch 1 and 2, Audit log field "
		  "reference",
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
