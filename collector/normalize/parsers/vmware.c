/*
 * vmware - ESXi's hostd, vpxa, vobd and vmkernel; vCenter's vpxd and single sign-on
 *
 *	Hostd: info hostd[8] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=x] Event 12 : User
 *		root@203.0.113.9 logged in as VMware-client/8.0
 *	vobd[8]: [UserLevelCorrelator] 12us: [esx.audit.ssh.enabled] SSH access has been
 *enabled. vpxd 8 - - Event [12] [1-1] [2026-03-07T03:00:00Z] [vim.event.UserLoginSessionEvent]
 *[info] [SO\an] [DC] [12] [User SO\an@203.0.113.9 logged in as JAX-WS RI]
 *
 * A name is what somebody typed; "@" and the address behind the last one are the host's.
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("vm_host_login")}, .category = {ECS_AUTHENTICATION},    \
		.category2 = {ECS_HOST}, .type = {ECS_START}, .outcome = {                     \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning logged_out = MEANS("vm_host_logout",
	.category = {ECS_AUTHENTICATION}, .category2 = {ECS_HOST}, .type = {ECS_END});
static const struct meaning locked = MEANS(
	"account_locked", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CHANGE});
static const struct meaning account = MEANS(
	"account_changed", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CHANGE});
static const struct meaning configured = MEANS("vm_host_configured",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_HOST}, .type = {ECS_CHANGE});
static const struct meaning shell = MEANS("vm_host_shell_enabled",
	.category = {ECS_CONFIGURATION}, .category2 = {ECS_HOST}, .type = {ECS_CHANGE});
static const struct meaning powered_on =
	MEANS("vm_powered_on", .category = {ECS_HOST}, .type = {ECS_START});
static const struct meaning powered_off =
	MEANS("vm_powered_off", .category = {ECS_HOST}, .type = {ECS_END});
static const struct meaning created =
	MEANS("vm_created", .category = {ECS_HOST}, .type = {ECS_CHANGE});
static const struct meaning removed =
	MEANS("vm_removed", .category = {ECS_HOST}, .type = {ECS_CHANGE});
static const struct meaning file =
	MEANS("datastore_file_accessed", .category = {ECS_FILE}, .type = {ECS_ACCESS});
static const struct meaning commanded =
	MEANS("shell_command", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning noted = {.category = {ECS_HOST}, .type = {ECS_INFO}};

static const struct phrase sentences[] = {
	{"User {user.name*}@{source.ip} logged in as {user_agent.original}", &let_in},
	{"User {user.name*}@{source.ip} logged out {}", &logged_out},
	{"Cannot login {user.name*}@{source.ip}", &refused},
	{"Cannot login user {user.name*}@{source.ip}: {event.reason}", &refused},
	{"Accepted password for user {user.name*} from {source.ip}", &let_in},
	{"Rejected password for user {user.name*} from {source.ip}", &refused},
	{"Authentication of user {user.name*} has failed from {source.ip}", &refused},
	{"Remote access for ESXi local user account '{user.name*}' has been locked for {} "
	 "seconds after {.attempts} failed login attempts.",
		&locked},
	{"Account {user.target.name*} was created on host {}", &account},
	{"Account {user.target.name*} was removed on host {}", &account},
	{"Account {user.target.name*} was updated on host {}", &account},
	{"Password was changed for account {user.target.name*} on host {}", &account},
	{"Permission created for {user.target.name*} on {}", &account},
	{"Permission rule removed for {user.target.name*} on {}", &account},
	{"ESXi Shell for the host {}has been enabled", &shell},
	{"ESXi Shell for the host has been enabled", &shell},
	{"SSH for the host {}has been enabled", &shell},
	{"SSH for the host has been enabled", &shell},
	{"SSH access has been enabled.{}", &shell},
	{"The ESXi Shell for the host has been enabled.{}", &shell},
	{"The DCUI has been enabled.", &configured},
	{"SSH session was opened for '{user.name*}@{source.ip}'.", &let_in},
	{"SSH session was closed for '{user.name*}@{source.ip}'.", &logged_out},
	{"Administrator access to the host has been enabled.", &configured},
	{"Firewall configuration has changed. Operation '{.operation}' for rule set "
	 "{.rule_set} "
	 "succeeded.",
		&configured},
	{"Firewall has been disabled.", &configured},
	{"The time {} on host {} was changed{}", &configured},
	{"{.vm*} on {} in {} is powered on", &powered_on},
	{"{.vm*} on {} in {} is powered off", &powered_off},
	{"Virtual machine {.vm*} was created on {}", &created},
	{"Created virtual machine {.vm*} on {} in {}", &created},
	{"New virtual machine {.vm*} was created on {}", &created},
	{"Removed {.vm*} on {} from {}", &removed},
	{"File download from path '{file.path*}' was initiated from '{}@{source.ip}' and {}",
		&file},
	{"File upload to path '{file.path*}' was initiated from '{}@{source.ip}' and {}",
		&file},
	{"Deletion of file or directory {file.path} from {} was initiated from "
	 "'{}@{source.ip}' "
	 "and completed with status '{}'",
		&file},
};
static struct phrases phrases = PHRASES(sentences);

/* "info hostd[8] [Originator@6876 sub=Vimsvc opID=x] ", in some versions without the first */
static void take_origin(
	struct slice *rest, struct record *record, struct parse_context *context)
{
	size_t at = slice_search(*rest, SLICE_LIT("[Originator@6876"));
	struct slice head = slice_head(*rest, at), level = take_word(&head), origin, before,
		     sub;

	if (at == rest->len)
		return;
	if (at > 0)
		put(record, context, FIELD_LOG_LEVEL, level);
	*rest = slice_from(*rest, at);
	if (!take_until(rest, ']', &origin))
		return;
	skip_blanks(rest);
	if (cut_last(origin, SLICE_LIT(" sub="), &before, &sub))
		put_some(record, context, FIELD_LOG_LOGGER,
			slice_head(sub, slice_find(sub, ' ')));
}

/* "Event 12 : " */
static bool skip_event(struct slice *rest)
{
	struct slice at = *rest, number;

	if (!skip_lit(&at, "Event ") || !take_digits(&at, &number) || !skip_lit(&at, " : "))
		return false;
	*rest = at;
	return true;
}

/* "Event [12] [1-1] [TIME] [TYPE] [LEVEL] [USER] [DATACENTER] [CHAIN] [TEXT]"; the text holds
 * what it likes and is the last. */
static bool take_vpxd(struct slice *rest, struct record *record, struct parse_context *context)
{
	struct slice at = *rest, parts[8];

	if (!skip_lit(&at, "Event ["))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t len = slice_search(at, SLICE_LIT("] ["));

		if (len == at.len)
			return false;
		parts[i] = slice_head(at, len);
		at = slice_from(at, len + 3);
	}
	put_some(record, context, FIELD_EVENT_CODE, parts[3]);
	put_some(record, context, FIELD_LOG_LEVEL, parts[4]);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("session_user"), parts[5]);
	*rest = slice_head(at, at.len - slice_ends(at, SLICE_LIT("]")));
	return true;
}

/* "[UserLevelCorrelator] 12us: [esx.audit.ssh.enabled] ", "[GenericCorrelator] ..." */
static void take_vob(struct slice *rest, struct record *record, struct parse_context *context)
{
	size_t at = slice_search(*rest, SLICE_LIT("[esx."));
	struct slice id;

	if (at == rest->len) {
		at = slice_search(*rest, SLICE_LIT("[vob."));
		if (at == rest->len)
			return;
	}
	*rest = slice_from(*rest, at + 1);
	if (!take_until(rest, ']', &id))
		return;
	skip_blanks(rest);
	put(record, context, FIELD_EVENT_CODE, id);
}

/* In its own files a host writes the level, "info" or "In(166)", where syslog has its name. */
static void move_level(struct record *record, struct parse_context *context)
{
	static const struct slice levels[] = {{SLICE_BYTES("info")}, {SLICE_BYTES("verbose")},
		{SLICE_BYTES("warning")}, {SLICE_BYTES("error")}, {SLICE_BYTES("panic")},
		{SLICE_BYTES("trivia")}};
	struct slice word = record_get(record, FIELD_HOST_HOSTNAME);
	bool level = word.len >= 4 && word.len <= 7 && word.ptr[2] == '(' &&
		     slice_ends(word, SLICE_LIT(")"));

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		level |= slice_eq(levels[i], word);
	if (!level)
		return;
	take_out(record, FIELD_HOST_HOSTNAME);
	put(record, context, FIELD_LOG_LEVEL, slice_head(word, slice_find(word, '(')));
}

/* "2026-03-07T10:00:00.123Z In(166) Hostd[8]: " of version 8: the level, and the priority. */
static bool take_own_head(
	struct slice *rest, struct record *record, struct parse_context *context)
{
	struct slice at = *rest, level, number, program, pid;
	int64_t ns;

	if (!take_stamp_iso(&at, context, &ns) || !skip_byte(&at, ' ') ||
		!take_until(&at, '(', &level) || level.len != 2 || !take_digits(&at, &number) ||
		!skip_lit(&at, ") ") || !take_until(&at, '[', &program) ||
		slice_find(program, ' ') < program.len || !take_digits(&at, &pid) ||
		!skip_lit(&at, "]: "))
		return false;
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	put_some(record, context, FIELD_PROCESS_NAME, program);
	put_digits(record, context, FIELD_PROCESS_PID, pid);
	*rest = at;
	context->message = at;
	return true;
}

/* "SO\an" */
static void split_user(struct record *record, struct parse_context *context)
{
	struct slice user = record_get(record, FIELD_USER_NAME), domain;

	if (slice_absent(user) || !take_until(&user, '\\', &domain))
		return;
	put_over(record, context, FIELD_USER_NAME, user);
	put_some(record, context, FIELD_USER_DOMAIN, domain);
}

/* "[root]: esxcli system version get" of the shell */
static enum parse_result read_shell(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, user;

	skip_blanks(&rest);
	if (!skip_byte(&rest, '[') || !take_until(&rest, ']', &user) ||
		!skip_lit(&rest, ": ") || slice_find(user, ' ') < user.len)
		return PARSED_NOT_MINE;
	put_meaning(record, context, &commanded);
	put_some(record, context, FIELD_USER_NAME, user);
	put_some(record, context, FIELD_PROCESS_COMMAND_LINE, rest);
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	if (slice_absent(context->program) && !take_own_head(&rest, record, context) &&
		!context->named)
		return PARSED_NOT_MINE;
	if (slice_eq(context->program, SLICE_LIT("shell")) ||
		slice_eq(context->program, SLICE_LIT("ESXShell")))
		return read_shell(record, context);
	move_level(record, context);
	skip_blanks(&rest);
	take_origin(&rest, record, context);
	if (!skip_event(&rest) && !take_vpxd(&rest, record, context))
		take_vob(&rest, record, context);
	enum parse_result result = phrases_put(&phrases, record, context, rest, &noted);
	split_user(record, context);
	return result;
}

static const char *const programs[] = {"Hostd", "hostd", "Vpxa", "vpxa", "vpxd", "vobd",
	"vmkernel", "vmkwarning", "VMkernel", "Vobd", "hostd-probe", "vmauthd", "shell",
	"ESXShell", NULL};

const struct parser parser_vmware = {
	.number = 131,
	.roles = PARSER_ENVELOPE,
	.name = "vmware",
	.module = "vmware",
	.summary = "VMware ESXi and vCenter: log-ins, shells, accounts, virtual machines",
	.source = "VMware vSphere 5.5 to 8.0: ESXi log files, vSphere events; hostd, vpxd "
		  "vim.event.*, vobd esx.audit.*",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_T),
	.parse = parse,
};
