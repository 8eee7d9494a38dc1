/*
 * jenkins - Jenkins: its log, and the audit trail of its plug-in
 *
 *	2026-03-07 03:00:00.123+0000 [id=33]	INFO	j.s.SecurityListener#failedToLogIn:
 *failed to log in: an Mar 07, 2026 10:00:00,123 AM /job/a/build by an from 203.0.113.9
 *
 * A trace of an exception behind a line belongs to it (joining.h).
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("web_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {                      \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning left = MEANS("web_logout", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_END});
static const struct meaning asked =
	MEANS("job_request", .category = {ECS_WEB}, .type = {ECS_ACCESS});
static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};

static const struct phrase sentences[] = {
	{"failed to log in: {user.name}", &refused},
	{"failed to authenticate: {user.name}", &refused},
	{"Failed to login user {user.name}", &refused},
	{"logged in: {user.name}", &let_in},
	{"authenticated: {user.name}", &let_in},
	{"logged out: {user.name}", &left},
	{"loggedOut: {user.name}", &left},
};
static struct phrases phrases = PHRASES(sentences);

static const struct phrase trail[] = {
	{"{url+} by {user.name*} from {source}", &asked},
	{"{url+} by {user.name}", &asked},
};
static struct phrases trail_phrases = PHRASES(trail);

/* "2026-03-07 03:00:00.123+0000 [id=33]	INFO	a.b.C#method: " */
static enum parse_result read_log(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, thread, level, logger;
	int64_t ns;

	if (!take_stamp_iso(&rest, context, &ns) || !skip_lit(&rest, " [id=") ||
		!take_digits(&rest, &thread) || !skip_lit(&rest, "]\t") ||
		!take_until(&rest, '\t', &level) || slice_find(rest, '#') == rest.len)
		return PARSED_NOT_MINE;
	size_t at = slice_search(rest, SLICE_LIT(": "));
	if (at == rest.len)
		return PARSED_NOT_MINE;
	logger = slice_head(rest, at);
	rest = slice_from(rest, at + 2);
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	put(record, context, FIELD_LOG_LOGGER, logger);
	put_digits(record, context, FIELD_PROCESS_THREAD_ID, thread);
	put_over(record, context, FIELD_MESSAGE, rest);
	if (phrases_read(&phrases, record, context, slice_head(rest, slice_find(rest, '\n'))) ==
			NULL &&
		!sign_in_take(record, context, rest))
		put_meaning(record, context, &noted);
	context->message = SLICE_NONE;
	return PARSED;
}

/* "Mar 07, 2026 10:00:00,123 AM", as java.text writes it: the comma is before the year */
static bool take_trail_time(
	struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	char text[32];
	struct slice at = *rest, stamp;

	if (at.len < 28 || at.ptr[6] != ',' || at.ptr[3] != ' ' || at.ptr[12] != ' ')
		return false;
	memcpy(text, at.ptr, 6);
	memcpy(text + 6, at.ptr + 7, 14); /* " 2026 10:00:00" */
	stamp = slice_of(text, 20);
	at = slice_from(at, 21);
	struct slice fraction;
	if (skip_byte(&at, ',') && !take_digits(&at, &fraction))
		return false;
	bool is_pm = slice_starts(at, SLICE_LIT(" PM"));
	bool is_am = slice_starts(at, SLICE_LIT(" AM"));
	if (!take_stamp_bsd(&stamp, context, ns))
		return false;
	unsigned hour = (unsigned)((text[12] - '0') * 10 + text[13] - '0') % 24;
	if (is_pm && hour < 12)
		*ns += 12 * INT64_C(3600) * CLOCK_NS_PER_S;
	if (is_am && hour == 12)
		*ns -= 12 * INT64_C(3600) * CLOCK_NS_PER_S;
	*rest = slice_from(at, is_pm || is_am ? 3 : 0);
	skip_blanks(rest);
	return true;
}

static enum parse_result read_trail(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	int64_t ns;

	if (!take_trail_time(&rest, context, &ns) || rest.len == 0 || rest.ptr[0] != '/' ||
		phrases_read(&trail_phrases, record, context, rest) == NULL)
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	context->message = SLICE_NONE;
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	return text.len > 0 && is_digit(text.ptr[0]) ? read_log(record, context)
						     : read_trail(record, context);
}

const struct parser parser_jenkins = {
	.number = 143,
	.roles = PARSER_ENVELOPE,
	.name = "jenkins",
	.module = "jenkins",
	.summary = "Jenkins: log-ins in its log, the audit trail plug-in",
	.source = "Jenkins 2.204 and later, SupportLogFormatter, jenkins.security."
		  "SecurityListener; Audit Trail plugin 2 and 3",
	.first_bytes = FIRST_BYTES_DIGITS "JFMASOND",
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
