#include "collector/normalize/families/antivirus.h"

#include "collector/normalize/families/malware_name.h"
#include "common/netaddr.h"

enum { WORDS_READ_MAX = 200 };

/* ---- what words for a remedy say ---------------------------------------------------- */

static const struct {
	struct slice text; /* somewhere in the words, in either case */
	enum antivirus_state state;
} words[] = {
	/* What takes back the words behind it comes first. */
	{{SLICE_BYTES("unable")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("fail")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("cannot")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("could not")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("unsuccessful")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("not ")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("notcured")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("no action")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("error")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("left alone")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("still")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("skip")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("ignore")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("allow")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("retained")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("pending")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("passed")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("untreated")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("action invalid")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("act_tak_none")}, ANTIVIRUS_ACTIVE},
	/* It is back. */
	{{SLICE_BYTES("restor")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("releas")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("unquarantin")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("unblock")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("undelet")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("khôi phục")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("khoi phuc")}, ANTIVIRUS_ACTIVE},
	/* It is to be done. */
	{{SLICE_BYTES("would be")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("will be")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("after restart")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("restart required")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("restart is required")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("reboot")}, ANTIVIRUS_ACTIVE},
	/* They hold words for what helped. */
	{{SLICE_BYTES("secure")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("unclean")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("uncure")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("incur")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("không")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("chưa")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("thất bại")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("bỏ qua")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("khong ")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("chua ")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("that bai")}, ANTIVIRUS_ACTIVE},
	{{SLICE_BYTES("bo qua")}, ANTIVIRUS_ACTIVE},

	{{SLICE_BYTES("quarantin")}, ANTIVIRUS_QUARANTINED},
	{{SLICE_BYTES("moved")}, ANTIVIRUS_QUARANTINED},
	{{SLICE_BYTES("act_tak_mov")}, ANTIVIRUS_QUARANTINED},
	{{SLICE_BYTES("cách ly")}, ANTIVIRUS_QUARANTINED},
	{{SLICE_BYTES("cach ly")}, ANTIVIRUS_QUARANTINED},
	{{SLICE_BYTES("delet")}, ANTIVIRUS_DELETED},
	{{SLICE_BYTES("remov")}, ANTIVIRUS_DELETED},
	{{SLICE_BYTES("act_tak_del")}, ANTIVIRUS_DELETED},
	{{SLICE_BYTES("xóa")}, ANTIVIRUS_DELETED},
	{{SLICE_BYTES("xoá")}, ANTIVIRUS_DELETED},
	{{SLICE_BYTES("xoa")}, ANTIVIRUS_DELETED},
	{{SLICE_BYTES("clean")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("disinfect")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("cure")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("repair")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("act_tak_cln")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("diệt")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("làm sạch")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("khử")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("đã xử lý")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("da xu ly")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("diet")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("lam sach")}, ANTIVIRUS_CLEANED},
	{{SLICE_BYTES("block")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("denied")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("deny")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("terminat")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("prevent")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("stopped")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("kill")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("act_tak_den")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("chặn")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("ngăn")}, ANTIVIRUS_BLOCKED},
	{{SLICE_BYTES("da chan")}, ANTIVIRUS_BLOCKED},
};

static bool holds(struct slice text, struct slice part)
{
	for (size_t i = 0; i + part.len <= text.len; i++) {
		if (slice_eq_nocase(slice_head(slice_from(text, i), part.len), part))
			return true;
	}
	return false;
}

enum antivirus_state antivirus_state_of(struct slice text)
{
	text = slice_head(text, text.len < WORDS_READ_MAX ? text.len : WORDS_READ_MAX);
	if (slice_eq_nocase(text, SLICE_LIT("pass")) ||
		slice_eq_nocase(text, SLICE_LIT("none")))
		return ANTIVIRUS_ACTIVE;
	if (slice_eq_nocase(text, SLICE_LIT("not applicable")))
		return ANTIVIRUS_UNTOLD;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (holds(text, words[i].text))
			return words[i].state;
	}
	return ANTIVIRUS_UNTOLD;
}

/* ---- what a message means ------------------------------------------------------------ */

#define MALWARE_EVENT(name)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_MALWARE}, .type = { ECS_INFO } \
	}
#define PRODUCT_EVENT(name, how)                                                               \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_CONFIGURATION}, .type = {      \
			how                                                                    \
		}                                                                              \
	}
#define SCAN_EVENT(name, how)                                                                  \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_PROCESS}, .type = { how }      \
	}

static const struct meaning meanings[] = {
	[ANTIVIRUS_DETECTED] = MALWARE_EVENT("malware-detected"),
	[ANTIVIRUS_OUTCOME] = MALWARE_EVENT("malware-action-taken"),
	[ANTIVIRUS_SUSPECTED] = MALWARE_EVENT("suspicious-behavior-detected"),
	[ANTIVIRUS_UPDATED] = PRODUCT_EVENT("antivirus-updated", ECS_CHANGE),
	[ANTIVIRUS_UPDATE_FAILED] = PRODUCT_EVENT("signature-update-failed", ECS_INFO),
	[ANTIVIRUS_OUTDATED] = PRODUCT_EVENT("antivirus-outdated", ECS_INFO),
	[ANTIVIRUS_PROTECTION_OFF] = PRODUCT_EVENT("real-time-protection-disabled", ECS_CHANGE),
	[ANTIVIRUS_PROTECTION_ON] = PRODUCT_EVENT("real-time-protection-enabled", ECS_CHANGE),
	[ANTIVIRUS_SCAN_STARTED] = SCAN_EVENT("antivirus-scan-started", ECS_START),
	[ANTIVIRUS_SCAN_ENDED] = SCAN_EVENT("antivirus-scan-ended", ECS_END),
	[ANTIVIRUS_OUTBREAK] = MALWARE_EVENT("malware-outbreak"),
};

static bool is_of_malware(enum antivirus_kind kind)
{
	return kind == ANTIVIRUS_DETECTED || kind == ANTIVIRUS_OUTCOME;
}

static void put_event(
	struct record *record, struct parse_context *context, const struct antivirus *said)
{
	struct meaning meaning = meanings[said->kind];
	bool is_active = said->state == ANTIVIRUS_ACTIVE;

	if (said->kind == ANTIVIRUS_OUTCOME && is_active)
		meaning.action = SLICE_LIT("malware-action-failed");
	if (is_of_malware(said->kind)) {
		put_over(record, context, FIELD_EVENT_KIND, SLICE_LIT("alert"));
		if (said->state != ANTIVIRUS_UNTOLD)
			meaning.outcome =
				is_active ? SLICE_LIT("failure") : SLICE_LIT("success");
	}
	take_out(record, FIELD_EVENT_ACTION);
	take_out(record, FIELD_EVENT_OUTCOME);
	put_meaning(record, context, &meaning);
}

static const struct slice state_words[] = {
	[ANTIVIRUS_CLEANED] = {SLICE_BYTES("cleaned")},
	[ANTIVIRUS_DELETED] = {SLICE_BYTES("deleted")},
	[ANTIVIRUS_QUARANTINED] = {SLICE_BYTES("quarantined")},
	[ANTIVIRUS_BLOCKED] = {SLICE_BYTES("blocked")},
	[ANTIVIRUS_ACTIVE] = {SLICE_BYTES("active")},
};

static void replace(struct record *record, struct parse_context *context, enum field_id id,
	struct slice value)
{
	if (value.len > 1 || (value.len == 1 && !slice_eq(value, SLICE_LIT("-"))))
		put_over(record, context, id, value);
}

static struct slice first_of(struct slice a, struct slice b)
{
	return a.len > 0 ? a : b;
}

/* Products write families as they like: "EMOTET", "Emotet". */
static struct slice lower(struct parse_context *context, struct slice text)
{
	char *to = slice_absent(text) ? NULL : arena_alloc(context->arena, text.len);

	if (to == NULL) {
		context->full = context->full || !slice_absent(text);
		return SLICE_NONE;
	}
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];

		to[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
	}
	return slice_of(to, text.len);
}

void antivirus_put_malware(
	struct record *record, struct parse_context *context, const struct antivirus *said)
{
	struct malware_name read = malware_name_read(said->name);

	replace(record, context, FIELD_THREAT_NAME, read.name);
	replace(record, context, FIELD_THREAT_TYPE, first_of(said->type, read.type));
	replace(record, context, FIELD_SOC_MALWARE_BEHAVIOR,
		first_of(said->behavior, read.behavior));
	replace(record, context, FIELD_SOC_MALWARE_FAMILY, lower(context, read.family));
	replace(record, context, FIELD_SOC_MALWARE_REMEDY, said->remedy);
	if (said->state != ANTIVIRUS_UNTOLD)
		put_over(record, context, FIELD_SOC_MALWARE_STATE, state_words[said->state]);
}

/* "file:///C:/Users/a.exe" is C:/Users/a.exe. */
static struct slice bare_path(struct slice path)
{
	struct slice rest = path;

	if (!skip_lit(&rest, "file:///"))
		return path;
	return rest.len > 1 && rest.ptr[1] == ':' ? rest : slice_from(path, strlen("file://"));
}

static void put_file(
	struct record *record, struct parse_context *context, const struct antivirus *said)
{
	struct slice path = bare_path(said->path), file = said->file;
	size_t at = path.len;

	while (at > 0 && path.ptr[at - 1] != '\\' && path.ptr[at - 1] != '/')
		at--;
	if (file.len == 0 && path.len > 0)
		file = slice_from(path, at);
	replace(record, context, FIELD_FILE_PATH, path);
	replace(record, context, FIELD_FILE_NAME, file);
}

/* The first of "192.0.2.1,2001:db8::1". */
static void put_address_of(
	struct record *record, struct parse_context *context, struct slice address)
{
	struct netaddr parsed;

	address = slice_trim(slice_head(address, slice_find(address, ',')));
	if (slice_absent(record_get(record, FIELD_HOST_IP)) && netaddr_parse(address, &parsed))
		put_address(record, context, FIELD_HOST_IP, FIELD_HOST_IP, address);
}

/* The sender is another machine, so that it observed what the message tells. */
static void put_machine(
	struct record *record, struct parse_context *context, const struct antivirus *said)
{
	struct slice sender = record_get(record, FIELD_HOST_HOSTNAME);

	if (said->host.len > 0) {
		take_out(record, FIELD_HOST_HOSTNAME);
		if (!slice_eq_nocase(sender, said->host) &&
			slice_absent(record_get(record, FIELD_OBSERVER_HOSTNAME)))
			put_some(record, context, FIELD_OBSERVER_HOSTNAME, sender);
		replace(record, context, FIELD_HOST_NAME, said->host);
	}
	put_address_of(record, context, said->address);
	replace(record, context, FIELD_GROUP_NAME, said->group);
}

static void put_user(struct record *record, struct parse_context *context, struct slice user)
{
	struct slice domain;

	if (user.len == 0)
		return;
	if (take_until(&user, '\\', &domain))
		replace(record, context, FIELD_USER_DOMAIN, domain);
	replace(record, context, FIELD_USER_NAME, user);
}

void antivirus_put(
	struct record *record, struct parse_context *context, const struct antivirus *said)
{
	if (said->kind == ANTIVIRUS_NOTHING)
		return;
	if (said->kind != ANTIVIRUS_TOLD)
		put_event(record, context, said);
	if (is_of_malware(said->kind) || said->name.len > 0)
		antivirus_put_malware(record, context, said);
	put_file(record, context, said);
	put_machine(record, context, said);
	put_user(record, context, said->user);
}
