/*
 * samba - smbd, winbindd and the domain controller: log-ins, and what vfs_full_audit tells
 *
 *	[2026/03/07 10:00:00.123456,  2] ../../auth/auth_log.c:653(log_authentication_event)
 *	  Auth: [SMB2,(null)] user [SO]\[an] at [...] with [NTLMv2] status [NT_STATUS_OK] ...
 *	{"timestamp":"2026-03-07T10:00:00.123456+0700","type":"Authentication","Authentication":{}}
 *	smbd_audit: an|203.0.113.9|pc7|share|unlinkat|ok|/srv/a.docx
 *
 * A name in brackets is what a client said; the brackets behind it are read from the end.
 */
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"
#include "common/netaddr.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("smb_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_NETWORK}, .type = {ECS_START}, .outcome = {                  \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning opened = MEANS("smb_share_connected", .category = {ECS_NETWORK},
	.category2 = {ECS_SESSION}, .type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning closed = MEANS("smb_share_disconnected", .category = {ECS_NETWORK},
	.category2 = {ECS_SESSION}, .type = {ECS_CONNECTION}, .type2 = {ECS_END});
static const struct meaning noted = {.category = {ECS_FILE}, .type = {ECS_INFO}};

/* ---- log.smbd --------------------------------------------------------------------------- */

static const struct phrase sentences[] = {
	{"check_ntlm_password:  Authentication for user [{}] -> [{user.name*}] FAILED with "
	 "error "
	 "{event.reason}",
		&refused},
	{"check_ntlm_password: Authentication for user [{}] -> [{user.name*}] FAILED with "
	 "error "
	 "{event.reason}",
		&refused},
	{"check_ntlm_password:  authentication for user [{}] -> [{}] -> [{user.name*}] "
	 "succeeded",
		&let_in},
	{"Auth: [{.service}] user [{user.domain}]\\[{user.name*}] at [{}] with "
	 "[{.password_type}] "
	 "status [NT_STATUS_OK] workstation [{.workstation*}] remote host [{.remote}]{}local "
	 "host [{.local}] {}",
		&let_in},
	{"Auth: [{.service}] user [{user.domain}]\\[{user.name*}] at [{}] with "
	 "[{.password_type}] "
	 "status [{event.reason}] workstation [{.workstation*}] remote host [{.remote}]{}",
		&refused},
	{"{.workstation+} (ipv4:{source:}) connect to service {.share} initially as user "
	 "{user.name} (uid={user.id}, gid={user.group.id}) (pid {process.pid})",
		&opened},
	{"{.workstation+} (ipv4:{source:}) signed connect to service {.share} initially as "
	 "user "
	 "{user.name} (uid={user.id}, gid={user.group.id}) (pid {process.pid})",
		&opened},
	{"{.workstation+} (ipv4:{source:}) closed connection to service {.share}", &closed},
	{"Denied connection from {source.ip}{}", &refused},
	{"smbd version {service.version+} started.", &noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "[2026/03/07 10:00:00.123456,  2] ../../auth/auth_log.c:653(log_authentication_event)" */
static bool take_head(struct slice *rest, struct record *record, struct parse_context *context)
{
	struct slice level, place;
	int64_t ns;

	if (rest->len < 30 || rest->ptr[5] != '/' || !skip_byte(rest, '[') ||
		!take_stamp_any(rest, context, &ns) || !skip_byte(rest, ',') ||
		!take_until(rest, ']', &level) || !skip_byte(rest, ' '))
		return false;
	if (!slice_cut(rest, '\n', &place) || slice_find(place, '(') == place.len)
		return false;
	record->created_ns = ns;
	level = slice_trim(level);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("level"),
		slice_head(level, slice_find(level, ',')));
	put(record, context, FIELD_LOG_LOGGER, place);
	if (slice_absent(*rest))
		*rest = SLICE_LIT("");
	return true;
}

/* "ipv4:203.0.113.9:51000", "ipv6:2001:db8::9:51000" */
static void put_remote(struct record *record, struct parse_context *context,
	const struct endpoint_fields *fields, struct slice text)
{
	struct slice host, port;

	if (!skip_lit(&text, "ipv4:") && !skip_lit(&text, "ipv6:"))
		return;
	if (!cut_last(text, SLICE_LIT(":"), &host, &port) || !all_digits(port))
		return;
	put_address(record, context, fields->ip, fields->other, host);
	put_digits(record, context, fields->port, port);
}

static void put_named_remote(
	struct record *record, struct parse_context *context, struct slice name)
{
	for (unsigned i = 1; i + 1 < record->n_fields; i++) {
		if (record->fields[i].id == FIELD_OTHER &&
			slice_eq(field_value(&record->fields[i]), name)) {
			put_remote(record, context, &endpoint_source,
				field_value(&record->fields[i + 1]));
			return;
		}
	}
}

static enum parse_result read_text(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	if (!take_head(&rest, record, context) && slice_absent(context->program) &&
		!context->named)
		return PARSED_NOT_MINE;
	rest = slice_trim(rest);
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	rest = slice_head(rest, slice_find(rest, '\n'));
	enum parse_result result = phrases_put(&phrases, record, context, rest, &noted);
	put_named_remote(record, context, SLICE_LIT("remote"));
	return result;
}

/* ---- JSON of log_json ------------------------------------------------------------------- */

static const struct name_entry entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("type", FIELD_EVENT_CODE),
	NAME("Authentication.status", FIELD_EVENT_REASON),
	NAME("Authentication.remoteAddress", NAME_DROPPED), /* read below */
	NAME("Authentication.localAddress", NAME_DROPPED),
	NAME("Authentication.serviceDescription", FIELD_NETWORK_PROTOCOL),
	NAME("Authentication.clientDomain", FIELD_USER_DOMAIN),
	NAME("Authentication.clientAccount", FIELD_USER_NAME),
	NAME("Authentication.workstation", FIELD_SOURCE_DOMAIN),
	NAME("Authorization.remoteAddress", NAME_DROPPED),
	NAME("Authorization.localAddress", NAME_DROPPED),
	NAME("Authorization.serviceDescription", FIELD_NETWORK_PROTOCOL),
	NAME("Authorization.domain", FIELD_USER_DOMAIN),
	NAME("Authorization.account", FIELD_USER_NAME),
	NAME("Authorization.sid", FIELD_USER_ID),
	NAME("passwordChange.remoteAddress", NAME_DROPPED),
	NAME("passwordChange.user", FIELD_USER_TARGET_NAME),
	NAME("passwordChange.status", FIELD_EVENT_REASON),
	NAME("dsdbChange.remoteAddress", NAME_DROPPED),
	NAME("dsdbChange.dn", FIELD_USER_TARGET_NAME),
	NAME("dsdbChange.userSid", FIELD_USER_ID),
	NAME("groupChange.remoteAddress", NAME_DROPPED),
	NAME("groupChange.group", FIELD_GROUP_NAME),
	NAME("groupChange.user", FIELD_USER_TARGET_NAME),
	NAME("groupChange.userSid", FIELD_USER_ID),
};
static struct name_table names = NAME_TABLE(entries);

static const struct value_meaning types[] = {
	VALUE("Authorization", .action = {SLICE_BYTES("smb_session")},
		.category = {ECS_SESSION}, .category2 = {ECS_NETWORK}, .type = {ECS_START}),
	VALUE("passwordChange", .action = {SLICE_BYTES("password_changed")},
		.category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CHANGE}),
	VALUE("dsdbChange", .action = {SLICE_BYTES("directory_changed")}, .category = {ECS_IAM},
		.type = {ECS_CHANGE}),
	VALUE("groupChange", .action = {SLICE_BYTES("group_changed")}, .category = {ECS_IAM},
		.type = {ECS_GROUP}, .type2 = {ECS_CHANGE}),
};

static struct slice address_of(const struct pairs *pairs, const char *side)
{
	static const char *const groups[] = {"Authentication", "Authorization",
		"passwordChange", "dsdbChange", "groupChange"};

	for (unsigned i = 0; i < pairs->n; i++) {
		struct slice rest = pairs->items[i].name;

		for (size_t j = 0; j < ARRAY_LEN(groups); j++) {
			rest = pairs->items[i].name;
			if (skip_text(&rest, slice_str(groups[j])) && skip_byte(&rest, '.') &&
				slice_eq(rest, slice_str(side)))
				return pairs->items[i].value;
		}
	}
	return SLICE_NONE;
}

static const struct meaning *meaning_of(const struct pairs *pairs)
{
	struct slice type = pairs_get_lit(pairs, "type");
	struct slice status = pairs_get_lit(pairs, "Authentication.status");
	const struct meaning *meaning;

	if (slice_eq(type, SLICE_LIT("Authentication")))
		return slice_eq(status, SLICE_LIT("NT_STATUS_OK")) ? &let_in : &refused;
	meaning = meaning_of_value(types, ARRAY_LEN(types), type);
	return meaning ? meaning : &noted;
}

static enum parse_result read_json(struct record *record, struct parse_context *context)
{
	static const char *const needed[] = {"timestamp", "type", NULL};

	if (!document_read(context, needed) ||
		(slice_absent(address_of(context->pairs, "remoteAddress")) &&
			slice_absent(address_of(context->pairs, "sessionId"))))
		return PARSED_NOT_MINE;
	enum parse_result result = document_put(record, context, &names);
	put_meaning(record, context, meaning_of(context->pairs));
	put_remote(
		record, context, &endpoint_source, address_of(context->pairs, "remoteAddress"));
	put_remote(record, context, &endpoint_destination,
		address_of(context->pairs, "localAddress"));
	return result;
}

/* ---- vfs_full_audit --------------------------------------------------------------------- */

#define ON_FILE(what, kind)                                                                    \
	.action = {SLICE_BYTES(what)}, .category = {ECS_FILE}, .type = {kind}

static const struct value_meaning operations[] = {
	VALUE("connect", .action = {SLICE_BYTES("smb_share_connected")},
		.category = {ECS_NETWORK}, .category2 = {ECS_SESSION}, .type = {ECS_CONNECTION},
		.type2 = {ECS_START}),
	VALUE("disconnect", .action = {SLICE_BYTES("smb_share_disconnected")},
		.category = {ECS_NETWORK}, .category2 = {ECS_SESSION}, .type = {ECS_CONNECTION},
		.type2 = {ECS_END}),
	VALUE("open", ON_FILE("file_opened", ECS_ACCESS)),
	VALUE("openat", ON_FILE("file_opened", ECS_ACCESS)),
	VALUE("create_file", ON_FILE("file_opened", ECS_ACCESS)),
	VALUE("pread", ON_FILE("file_read", ECS_ACCESS)),
	VALUE("pread_recv", ON_FILE("file_read", ECS_ACCESS)),
	VALUE("read", ON_FILE("file_read", ECS_ACCESS)),
	VALUE("sendfile", ON_FILE("file_read", ECS_ACCESS)),
	VALUE("pwrite", ON_FILE("file_written", ECS_CHANGE)),
	VALUE("pwrite_recv", ON_FILE("file_written", ECS_CHANGE)),
	VALUE("write", ON_FILE("file_written", ECS_CHANGE)),
	VALUE("ftruncate", ON_FILE("file_written", ECS_CHANGE)),
	VALUE("unlink", ON_FILE("file_deleted", ECS_DELETION)),
	VALUE("unlinkat", ON_FILE("file_deleted", ECS_DELETION)),
	VALUE("rmdir", ON_FILE("directory_deleted", ECS_DELETION)),
	VALUE("rename", ON_FILE("file_renamed", ECS_CHANGE)),
	VALUE("renameat", ON_FILE("file_renamed", ECS_CHANGE)),
	VALUE("mkdir", ON_FILE("directory_created", ECS_CREATION)),
	VALUE("mkdirat", ON_FILE("directory_created", ECS_CREATION)),
	VALUE("chmod", ON_FILE("file_mode_changed", ECS_CHANGE)),
	VALUE("fchmod", ON_FILE("file_mode_changed", ECS_CHANGE)),
	VALUE("chown", ON_FILE("file_owner_changed", ECS_CHANGE)),
	VALUE("fchown", ON_FILE("file_owner_changed", ECS_CHANGE)),
};

enum { PARTS_MAX = 12 };

static bool is_result(struct slice word)
{
	return slice_eq(word, SLICE_LIT("ok")) || slice_eq(word, SLICE_LIT("fail")) ||
	       slice_starts(word, SLICE_LIT("fail ("));
}

/* "unlinkat", "fset_nt_acl" */
static bool is_operation(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (!(word.ptr[i] >= 'a' && word.ptr[i] <= 'z') && word.ptr[i] != '_' &&
			!(i > 0 && is_digit(word.ptr[i])))
			return false;
	}
	return word.len > 0;
}

/* Of what stands before the operation: the addresses, and the first that is none as the user.
 */
static void put_prefix(struct record *record, struct parse_context *context,
	const struct slice *parts, unsigned n)
{
	struct netaddr address;
	bool named = false;

	for (unsigned i = 0; i < n; i++) {
		if (netaddr_parse(parts[i], &address)) {
			put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
				parts[i]);
		} else if (!named) {
			put_some(record, context, FIELD_USER_NAME, parts[i]);
			named = true;
		}
	}
}

/* "/srv/a|/srv/b": the name it had, and the one it has now. Names may hold '|'. */
static void put_renamed(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice between =
		slice_starts(text, SLICE_LIT("/")) ? SLICE_LIT("|/") : SLICE_LIT("|");
	size_t at = slice_search(text, between);

	put_some(record, context, FIELD_FILE_PATH, slice_head(text, at));
	if (at < text.len)
		put_some(record, context, FIELD_FILE_TARGET_PATH, slice_from(text, at + 1));
}

static void put_files(struct record *record, struct parse_context *context,
	struct slice operation, struct slice text)
{
	struct slice before, path = text;

	if (slice_starts(operation, SLICE_LIT("rename"))) {
		put_renamed(record, context, text);
		return;
	}
	if (slice_starts(operation, SLICE_LIT("open")) ||
		slice_starts(operation, SLICE_LIT("create_file")))
		(void)cut_last(text, SLICE_LIT("|"), &before, &path);
	put_some(record, context, FIELD_FILE_PATH, path);
}

/* The administrator chooses what stands before the operation: the user by default. A path may
 * hold '|', so that the result is looked for from the front. */
static bool read_operation(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice parts[PARTS_MAX], rest = text;
	unsigned n = 0;

	while (n < PARTS_MAX && slice_cut(&rest, '|', &parts[n]) &&
		!(n > 1 && is_result(parts[n]) && is_operation(parts[n - 1])))
		n++;
	if (n < 2 || n == PARTS_MAX || slice_absent(rest))
		return false;
	const struct meaning *meaning =
		meaning_of_value(operations, ARRAY_LEN(operations), parts[n - 1]);
	put_meaning(record, context, meaning ? meaning : &noted);
	put(record, context, FIELD_EVENT_OUTCOME,
		parts[n].len == 2 ? SLICE_LIT("success") : SLICE_LIT("failure"));
	put_other(record, context, FIELD_OTHER, SLICE_LIT("operation"), parts[n - 1]);
	if (parts[n].len > 2)
		put_some(record, context, FIELD_EVENT_REASON, parts[n]);
	put_prefix(record, context, parts, n - 1);
	put_files(record, context, parts[n - 1], rest);
	return true;
}

/* ---- any of them ------------------------------------------------------------------------ */

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	if (text.len > 0 && text.ptr[0] == '{')
		return read_json(record, context);
	if (slice_eq(context->program, SLICE_LIT("smbd_audit")))
		return read_operation(record, context, text) ? PARSED : PARSED_NOT_MINE;
	return read_text(record, context);
}

static const char *const programs[] = {
	"smbd", "smbd_audit", "nmbd", "winbindd", "samba", "samba-dcerpcd", NULL};

const struct parser parser_samba = {
	.number = 122,
	.roles = PARSER_ENVELOPE,
	.name = "samba",
	.module = "samba",
	.summary = "Samba: log-ins as text and JSON, vfs_full_audit",
	.source = "Samba 3.6 to 4.21: auth/auth_log.c, Setting up Audit Logging; "
		  "vfs_full_audit(8)",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON "[",
	.parse = parse,
};
