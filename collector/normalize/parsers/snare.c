/*
 * snare - events of the Windows event log as Snare's agents send them
 *
 * Values with tabs between, the text for people at the end:
 *
 *	MSWinEventLog<t>CRITICALITY<t>LOG<t>COUNTER<t>STAMP<t>ID<t>SOURCE<t>USER<t>SID TYPE<t>
 *	AUDIT<t>COMPUTER<t>CATEGORY<t>DATA<t>TEXT[<t>CHECKSUM]
 *
 * The values of the event stand in the text only, as "Name:  value" under headings that say
 * whose they are. rsyslog may have written "#011" for the tabs. A stranger who fails to log on
 * chooses the names of account and workstation, which stand before the address: the network's
 * heading and labels are looked for from the end.
 */
#include "collector/normalize/families/winlog.h"
#include "collector/normalize/text/stamp.h"

enum { PARTS = 13 };

enum part {
	CRITICALITY,
	LOG_NAME,
	COUNTER,
	STAMP,
	EVENT_ID,
	SOURCE,
	USER_NAME,
	SID_TYPE,
	AUDIT,
	COMPUTER,
	CATEGORY,
	DATA_STRING,
	TEXT
};

/* A heading of the text, and what its labels are as values of the event. Labels are looked for
 * behind the heading, in order; the same label means another value under another heading. */
struct label {
	struct slice heading, text, data;
};

#define LABEL(heading, text, data)                                                             \
	{                                                                                      \
		{SLICE_BYTES(heading)}, {SLICE_BYTES(text)},                                   \
		{                                                                              \
			SLICE_BYTES(data)                                                      \
		}                                                                              \
	}

/* Of the English texts of Windows Vista and later. */
static const struct label labels[] = {
	LABEL("Subject:", "Security ID:", "SubjectUserSid"),
	LABEL("Subject:", "Account Name:", "SubjectUserName"),
	LABEL("Subject:", "Account Domain:", "SubjectDomainName"),
	LABEL("Subject:", "Logon ID:", "SubjectLogonId"),
	LABEL("Logon Type:", "", "LogonType"),
	LABEL("New Logon:", "Security ID:", "TargetUserSid"),
	LABEL("New Logon:", "Account Name:", "TargetUserName"),
	LABEL("New Logon:", "Account Domain:", "TargetDomainName"),
	LABEL("New Logon:", "Logon ID:", "TargetLogonId"),
	LABEL("Account For Which Logon Failed:", "Security ID:", "TargetUserSid"),
	LABEL("Account For Which Logon Failed:", "Account Name:", "TargetUserName"),
	LABEL("Account For Which Logon Failed:", "Account Domain:", "TargetDomainName"),
	LABEL("Account Whose Credentials Were Used:", "Account Name:", "TargetUserName"),
	LABEL("Account Whose Credentials Were Used:", "Account Domain:", "TargetDomainName"),
	LABEL("New Account:", "Account Name:", "TargetUserName"),
	LABEL("New Account:", "Account Domain:", "TargetDomainName"),
	LABEL("Target Account:", "Account Name:", "TargetUserName"),
	LABEL("Target Account:", "Account Domain:", "TargetDomainName"),
	LABEL("Account That Was Locked Out:", "Account Name:", "TargetUserName"),
	LABEL("Member:", "Security ID:", "MemberSid"),
	LABEL("Member:", "Account Name:", "MemberName"),
	LABEL("Group:", "Group Name:", "TargetUserName"),
	LABEL("Group:", "Group Domain:", "TargetDomainName"),
	LABEL("Failure Information:", "Failure Reason:", "FailureReason"),
	LABEL("Failure Information:", "Status:", "Status"),
	LABEL("Failure Information:", "Sub Status:", "SubStatus"),
	LABEL("Process Information:", "New Process ID:", "NewProcessId"),
	LABEL("Process Information:", "New Process Name:", "NewProcessName"),
	LABEL("Process Information:", "Creator Process ID:", "ProcessId"),
	LABEL("Process Information:", "Creator Process Name:", "ParentProcessName"),
	LABEL("Process Information:", "Process Command Line:", "CommandLine"),
	LABEL("Process Information:", "Caller Process ID:", "ProcessId"),
	LABEL("Process Information:", "Caller Process Name:", "ProcessName"),
	LABEL("Network Information:", "Workstation Name:", "WorkstationName"),
	LABEL("Network Information:", "Source Network Address:", "IpAddress"),
	LABEL("Network Information:", "Client Address:", "IpAddress"),
	LABEL("Network Information:", "Source Port:", "IpPort"),
	LABEL("Network Information:", "Client Port:", "IpPort"),
	LABEL("Account Information:", "Account Name:", "TargetUserName"),
	LABEL("Account Information:", "Account Domain:", "TargetDomainName"),
	LABEL("Service Information:", "Service Name:", "ServiceName"),
};

/* ---- the line ------------------------------------------------------------------------- */

/* Up to the next tab, or "#011" in its place. */
static struct slice take_part(struct slice *rest, struct slice separator)
{
	size_t len = slice_search(*rest, separator);
	struct slice part = slice_head(*rest, len);

	*rest = slice_from(*rest, len < rest->len ? len + separator.len : len);
	return slice_trim(part);
}

/* "host<t>MSWinEventLog<t>", "MSWinEventLog<t>", "MSWinEventLog 1#011"; an envelope may have
 * taken the marker for a program. */
static bool take_marker(
	struct slice *rest, const struct parse_context *context, struct slice *separator)
{
	static const struct slice marker = {SLICE_BYTES("MSWinEventLog")};

	if (!slice_eq(context->program, marker)) {
		struct slice start = slice_head(*rest, rest->len < 256 ? rest->len : 256);
		size_t at = slice_find(start, 'M');

		at += slice_search(slice_from(start, at), marker);
		if (at == start.len)
			return false;
		*rest = slice_from(*rest, at + marker.len);
	}
	*separator = slice_find(*rest, '\t') < rest->len ? SLICE_LIT("\t") : SLICE_LIT("#011");
	return slice_search(*rest, *separator) < rest->len;
}

static void take_parts(struct slice rest, struct slice separator, struct slice *parts)
{
	(void)(skip_text(&rest, separator) || skip_byte(&rest, ' '));
	for (unsigned i = CRITICALITY; i < TEXT; i++)
		parts[i] = take_part(&rest, separator);
	parts[TEXT] = rest;
}

/* ---- the text ---------------------------------------------------------------------------- */

/* Values stand apart by two blanks or more. */
static struct slice take_value(struct slice rest)
{
	rest = slice_trim(rest);
	size_t len = slice_search(rest, SLICE_LIT("  "));

	len = len < slice_find(rest, '\t') ? len : slice_find(rest, '\t');
	return slice_head(rest, len);
}

static bool is_heading(struct slice text, size_t at)
{
	return at == 0 || text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t';
}

/* What stands behind the first `word`, or behind the last one. */
static bool find_behind(struct slice text, struct slice word, bool last, struct slice *before,
	struct slice *behind)
{
	size_t at = slice_search(text, word);

	if (at == text.len)
		return false;
	*before = slice_head(text, at);
	*behind = slice_from(text, at + word.len);
	return !last || cut_last(text, word, before, behind);
}

static void put_label(struct winlog *winlog, struct slice text, const struct label *label)
{
	bool last = slice_eq(label->heading, SLICE_LIT("Network Information:"));
	struct slice before;

	if (!find_behind(text, label->heading, last, &before, &text) ||
		!is_heading(before, before.len) ||
		!find_behind(text, label->text, last, &before, &text))
		return;
	struct slice value = take_value(text);
	if (value.len > 0)
		winlog_add_data(winlog, label->data, value);
}

static void put_parts(struct winlog *winlog, const struct slice *parts)
{
	struct slice domain, user = parts[USER_NAME];

	winlog->channel = parts[LOG_NAME];
	winlog->provider = parts[SOURCE];
	winlog->event_id = parts[EVENT_ID];
	winlog->computer = parts[COMPUTER];
	winlog->task = parts[CATEGORY];
	winlog->message = slice_trim(parts[TEXT]);
	if (slice_eq_nocase(parts[AUDIT], SLICE_LIT("Failure Audit")))
		winlog->outcome = SLICE_LIT("failure");
	else if (slice_eq_nocase(parts[AUDIT], SLICE_LIT("Success Audit")))
		winlog->outcome = SLICE_LIT("success");
	else
		winlog->level = parts[AUDIT];
	if (take_until(&user, '\\', &domain))
		winlog->user_domain = domain;
	winlog->user_name = user;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		put_label(winlog, winlog->message, &labels[i]);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, separator, parts[PARTS];
	int64_t ns;

	if (!take_marker(&rest, context, &separator))
		return PARSED_NOT_MINE;
	struct winlog winlog = {.record = record, .context = context};
	take_parts(rest, separator, parts);
	if (!all_digits(parts[EVENT_ID]))
		return PARSED_DAMAGED;
	if (take_stamp_any(&parts[STAMP], context, &ns))
		record->created_ns = ns;
	take_out(record, FIELD_PROCESS_NAME); /* an envelope took the marker for a program */
	put_parts(&winlog, parts);
	winlog_put(&winlog);
	context->message = winlog.inner;
	return PARSED;
}

static const char *const programs[] = {"MSWinEventLog", NULL};

const struct parser parser_snare = {
	.number = 26,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "snare",
	.module = "windows",
	.summary = "Windows events in Snare's lines, also with #011 for tabs",
	.source = "Snare for Windows, Guide, appendix Event Output Format",
	.programs = programs,
	.parse = parse,
};
