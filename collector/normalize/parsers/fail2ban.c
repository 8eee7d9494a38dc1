/*
 * fail2ban - who was seen failing and who was shut out, by fail2ban
 *
 *	2026-03-07 10:00:00,123 fail2ban.actions        [812]: NOTICE  [sshd] Ban 192.0.2.7
 *	2026-03-07 10:00:00,123 fail2ban.filter         [812]: INFO    [sshd] Found 192.0.2.7 -
 *... fail2ban.actions[812]: WARNING [ssh-iptables] Ban 192.0.2.7                  syslog
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { LEVEL_MAX = 8 };

#define SHUT(name, what, how)                                                                  \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_INTRUSION_DETECTION},          \
		.category2 = {what}, .type = {                                                 \
			how                                                                    \
		}                                                                              \
	}

static const struct meaning banned = SHUT("address_banned", ECS_NETWORK, ECS_DENIED);
static const struct meaning unbanned = SHUT("address_unbanned", ECS_NETWORK, ECS_ALLOWED);
static const struct meaning found = SHUT("failure_found", ECS_NETWORK, ECS_INFO);
static const struct meaning ignored = SHUT("failure_ignored", ECS_NETWORK, ECS_INFO);
static const struct meaning jail_started = {
	.action = {SLICE_BYTES("jail_started")},
	.category = {ECS_CONFIGURATION},
	.type = {ECS_INFO},
};
static const struct meaning jail_stopped = {
	.action = {SLICE_BYTES("jail_stopped")},
	.category = {ECS_CONFIGURATION},
	.type = {ECS_INFO},
};
static const struct meaning server_started = {
	.action = {SLICE_BYTES("service_started")},
	.category = {ECS_PROCESS},
	.type = {ECS_START},
};
static const struct meaning server_stopped = {
	.action = {SLICE_BYTES("service_stopped")},
	.category = {ECS_PROCESS},
	.type = {ECS_END},
};
static const struct meaning noted = {
	.action = {SLICE_BYTES("fail2ban_notice")},
	.type = {ECS_INFO},
};

/* Behind the jail in brackets, if one is named. */
static const struct phrase known_sentences[] = {
	{"Ban {source+}{}", &banned},
	{"Restore Ban {source+}{}", &banned},
	{"Increase Ban {source+}{}", &banned},
	{"{source+} already banned{}", &banned},
	{"Unban {source+}{}", &unbanned},
	{"Found {source+}{}", &found},
	{"Ignore {source+} by{}", &ignored},
	{"Jail '{rule.name+}' started{}", &jail_started},
	{"Jail '{rule.name+}' stopped{}", &jail_stopped},
	{"Creating new jail '{rule.name+}'{}", &jail_started},
	{"Jail {rule.name+} is not a JournalFilter instance{}", &noted},
	{"Starting Fail2ban v{.version+}{}", &server_started},
	{"Exiting Fail2ban{}", &server_stopped},
	{"Shutdown in progress{}", &server_stopped},
	{"Flush ban list{}", &noted},
	{"Added logfile: '{file.path*}'{}", &noted},
	{"maxRetry: {}", &noted},
	{"findtime: {}", &noted},
	{"banTime: {}", &noted},
	{"encoding: {}", &noted},
	{"Connected to fail2ban persistent database '{file.path*}'{}", &noted},
};
static struct phrases known = PHRASES(known_sentences);

/* "NOTICE  ", "INFO    ": capitals, then blanks */
static struct slice take_level(struct slice *rest)
{
	struct slice at = *rest, level = take_word(&at);

	if (level.len < 4 || level.len > LEVEL_MAX)
		return SLICE_NONE;
	for (size_t i = 0; i < level.len; i++) {
		if (level.ptr[i] < 'A' || level.ptr[i] > 'Z')
			return SLICE_NONE;
	}
	skip_blanks(&at);
	*rest = at;
	return level;
}

/* Of the file: "STAMP fail2ban.actions        [812]: ". */
static bool take_head(struct record *record, struct parse_context *context, struct slice *rest)
{
	struct slice logger, pid;
	int64_t ns;

	if (slice_search(slice_head(*rest, rest->len < 40 ? rest->len : 40),
		    SLICE_LIT(" fail2ban.")) == (rest->len < 40 ? rest->len : 40) ||
		!take_stamp_any(rest, context, &ns) || !skip_byte(rest, ' '))
		return false;
	logger = take_word(rest);
	skip_blanks(rest);
	if (!skip_byte(rest, '[') || !take_digits(rest, &pid) || !skip_lit(rest, "]: "))
		return false;
	record->created_ns = ns;
	put_some(record, context, FIELD_LOG_LOGGER, logger);
	put_digits(record, context, FIELD_PROCESS_PID, pid);
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, jail;

	if (slice_absent(context->program) && !take_head(record, context, &rest))
		return PARSED_NOT_MINE;
	put(record, context, FIELD_LOG_LEVEL, take_level(&rest));
	if (skip_byte(&rest, '[') && take_until(&rest, ']', &jail)) {
		put_some(record, context, FIELD_RULE_NAME, jail);
		skip_blanks(&rest);
	}
	if (slice_absent(record_get(record, FIELD_MESSAGE)))
		put(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	if (phrases_read(&known, record, context, slice_trim(rest)))
		return PARSED;
	put_meaning(record, context, &noted);
	return PARSED_PARTLY;
}

static const char *const programs[] = {"fail2ban.actions", "fail2ban.filter", "fail2ban.server",
	"fail2ban.jail", "fail2ban.observer", "fail2ban", "fail2ban-server", NULL};

const struct parser parser_fail2ban = {
	.number = 43,
	.roles = PARSER_ENVELOPE,
	.name = "fail2ban",
	.module = "fail2ban",
	.summary = "fail2ban: addresses that failed, were shut out, let in again",
	.source = "fail2ban 0.8 to 1.1: server/actions.py, filter.py, jail.py",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
