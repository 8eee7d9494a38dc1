/*
 * vmware-sso - vCenter Single Sign-On's audit events, audit_events.log and its forwarding
 *
 *	2026-03-07T10:00:00.123+07:00 INFO  {"user":"an@VSPHERE.LOCAL","client":"203.0.113.9",
 *	 "timestamp":"03/07/2026 10:00:00 ICT","description":"User ... logged in ...",
 *	 "eventSeverity":"INFO","type":"com.vmware.sso.LoginSuccess"}
 *
 * The time stands before the object; the one in it has the zone's name and the month first.
 */
#include <stdio.h>

#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/stamp.h"
#include "common/clock.h"

#define IAM(what, whom, kind)                                                                  \
	.action = {SLICE_BYTES(what)}, .category = {ECS_IAM}, .type = {whom}, .type2 = {kind}

static const struct value_meaning types[] = {
	VALUE("com.vmware.sso.LoginSuccess", .action = {SLICE_BYTES("vm_host_login")},
		.category = {ECS_AUTHENTICATION}, .type = {ECS_START},
		.outcome = {ECS_SUCCESS}),
	VALUE("com.vmware.sso.LoginFailure", .action = {SLICE_BYTES("vm_host_login")},
		.category = {ECS_AUTHENTICATION}, .type = {ECS_START},
		.outcome = {ECS_FAILURE}),
	VALUE("com.vmware.sso.Logout", .action = {SLICE_BYTES("vm_host_logout")},
		.category = {ECS_AUTHENTICATION}, .type = {ECS_END}),
	VALUE("com.vmware.sso.PrincipalManagement",
		IAM("account_changed", ECS_USER, ECS_CHANGE)),
	VALUE("com.vmware.sso.RoleManagement", IAM("role_changed", ECS_GROUP, ECS_CHANGE)),
	VALUE("com.vmware.sso.ConfigurationManagement",
		.action = {SLICE_BYTES("vm_host_configured")}, .category = {ECS_CONFIGURATION},
		.type = {ECS_CHANGE}),
	VALUE("com.vmware.sso.PasswordPolicyManagement",
		.action = {SLICE_BYTES("vm_host_configured")}, .category = {ECS_CONFIGURATION},
		.type = {ECS_CHANGE}),
	VALUE("com.vmware.sso.LockoutPolicyManagement",
		.action = {SLICE_BYTES("vm_host_configured")}, .category = {ECS_CONFIGURATION},
		.type = {ECS_CHANGE}),
};
static const struct meaning noted = {.category = {ECS_CONFIGURATION}, .type = {ECS_INFO}};

static const struct name_entry entries[] = {
	NAME("user", NAME_DROPPED), /* put_user() */
	NAME("client", FIELD_SOURCE_IP),
	NAME("timestamp", NAME_DROPPED),
	NAME("eventSeverity", FIELD_LOG_LEVEL),
	NAME("type", FIELD_EVENT_CODE),
	NAME("description", FIELD_MESSAGE),
};
static struct name_table names = NAME_TABLE(entries);

/* "an@VSPHERE.LOCAL", "SO\an" */
static void put_user(struct record *record, struct parse_context *context, struct slice user)
{
	struct slice domain = SLICE_NONE, before, after, rest = user;

	if (take_until(&rest, '\\', &domain)) {
		user = rest;
	} else if (cut_last(user, SLICE_LIT("@"), &before, &after)) {
		user = before;
		domain = after;
	}
	if (slice_eq(user, SLICE_LIT("n/a")))
		return;
	put_some(record, context, FIELD_USER_NAME, user);
	put_some(record, context, FIELD_USER_DOMAIN, domain);
}

/* "03/07/2026 10:00:00 ICT": the month stands first. */
static bool take_own_time(struct slice text, const struct parse_context *context, int64_t *ns)
{
	enum { STAMP_LEN = 19 };
	struct parse_context utc = *context;
	struct slice stamp, zone = slice_from(text, text.len < STAMP_LEN ? 0 : STAMP_LEN);
	char iso[STAMP_LEN + 1];
	int32_t seconds;
	int64_t local;

	if (text.len < STAMP_LEN || text.ptr[2] != '/' || text.ptr[5] != '/' ||
		text.ptr[10] != ' ')
		return false;
	parse_in_utc(&utc);
	(void)snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2s %.8s", text.ptr + 6, text.ptr,
		text.ptr + 3, text.ptr + 11);
	stamp = slice_of(iso, STAMP_LEN);
	if (!take_stamp_iso(&stamp, &utc, &local) || stamp.len > 0 || !skip_byte(&zone, ' ') ||
		!take_zone(&zone, &seconds) || zone.len > 0)
		return false;
	*ns = local - (int64_t)seconds * CLOCK_NS_PER_S;
	return true;
}

/* "2026-03-07T10:00:00.123+07:00 INFO  {" */
static bool take_head(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	if (rest->len > 0 && rest->ptr[0] == '{')
		return true;
	if (!take_stamp_iso(rest, context, ns) || !skip_byte(rest, ' '))
		return false;
	(void)take_word(rest);
	skip_blanks(rest);
	return rest->len > 0 && rest->ptr[0] == '{';
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	static const char *const required[] = {"user", "client", "description", "type", NULL};
	struct slice whole = context->message, type, user;
	const struct meaning *meaning;
	enum parse_result result;
	int64_t ns = record->created_ns;
	bool timed = true;

	if (!take_head(&context->message, context, &ns) || !document_read(context, required) ||
		!slice_starts(
			pairs_get_lit(context->pairs, "type"), SLICE_LIT("com.vmware.sso."))) {
		context->message = whole;
		return PARSED_NOT_MINE;
	}
	type = pairs_get_lit(context->pairs, "type");
	user = pairs_get_lit(context->pairs, "user");
	if (ns == CLOCK_NONE)
		timed = take_own_time(pairs_get_lit(context->pairs, "timestamp"), context, &ns);
	result = document_put(record, context, &names);
	if (result == PARSED && !timed)
		result = PARSED_PARTLY;
	record->created_ns = ns;
	meaning = meaning_of_value(types, ARRAY_LEN(types), type);
	put_meaning(record, context, meaning ? meaning : &noted);
	put_user(record, context, user);
	return result;
}

const struct parser parser_vmware_sso = {
	.number = 163,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "vmware-sso",
	.module = "vmware",
	.summary = "vCenter Single Sign-On: audit events",
	.source = "VMware vSphere 6.7 to 8.0, vCenter Single Sign-On audit events",
	.first_bytes = FIRST_BYTES_DIGITS "{",
	.digits = DIGITS(ISO_T),
	.parse = parse,
};
