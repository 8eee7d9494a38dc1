/*
 * zimbra - audit.log and mailbox.log of Zimbra Collaboration
 *
 *	2026-03-07 10:00:00,123 WARN  [qtp1-12:https:AuthRequest]
 *[name=an@so.vn;oip=203.0.113.9; ua=zclient/8.8;] security - cmd=Auth; account=an@so.vn;
 *protocol=soap; error=authentication failed for [an@so.vn], invalid password;
 *
 * A client may put what looks like an address into its name or agent: of two addresses under
 * one name none is believed.
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("mailbox_login")}, .category = {ECS_AUTHENTICATION},    \
		.category2 = {ECS_EMAIL}, .type = {ECS_START}, .outcome = {                    \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning account = MEANS(
	"account_changed", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CHANGE});
static const struct meaning created = MEANS(
	"account_created", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_CREATION});
static const struct meaning deleted = MEANS(
	"account_deleted", .category = {ECS_IAM}, .type = {ECS_USER}, .type2 = {ECS_DELETION});
static const struct meaning noted = {.category = {ECS_EMAIL}, .type = {ECS_INFO}};

static const struct phrase sentences[] = {
	{"security - cmd=Auth; account={user.name*}; protocol={network.protocol}; error="
	 "{event.reason}",
		&refused},
	{"security - cmd=Auth; account={user.name*}; error={event.reason}", &refused},
	{"security - cmd=Auth; account={user.name*}; protocol={network.protocol};", &let_in},
	{"security - cmd=AdminAuth; account={user.name*}; error={event.reason}", &refused},
	{"security - cmd=AdminAuth; account={user.name*};", &let_in},
	{"security - cmd=DelegateAuth; {}account={user.target.name*}; {}", &account},
	{"security - cmd=ChangePassword; name={user.target.name*};{}", &account},
	{"security - cmd=SetPassword; name={user.target.name*};{}", &account},
	{"security - cmd=ModifyAccount; name={user.target.name*}; {}", &account},
	{"security - cmd=CreateAccount; name={user.target.name*};{}", &created},
	{"security - cmd=DeleteAccount; name={user.target.name*};{}", &deleted},
	{"security - cmd={.command}; {}", &noted},
	{"account - Error occurred during authentication: authentication failed for "
	 "[{user.name*}]. "
	 "Reason: {event.reason}",
		&refused},
	{"SoapEngine - handler exception: authentication failed for [{user.name*}], "
	 "{event.reason}",
		&refused},
	{"imap - authentication failed for [{user.name*}] ({event.reason})", &refused},
	{"pop - authentication failed for [{user.name*}] ({event.reason})", &refused},
	{"account - {event.reason}", &noted},
};
static struct phrases phrases = PHRASES(sentences);

/* The value of "oip=203.0.113.9;" when there is one such name only. */
static struct slice context_value(struct slice text, struct slice name)
{
	size_t at = slice_search(text, name);
	struct slice value;

	if (at == text.len)
		return SLICE_NONE;
	value = slice_from(text, at + name.len);
	if (slice_search(value, name) < value.len)
		return SLICE_NONE;
	return slice_head(value, slice_find(value, ';'));
}

static void put_context(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice agent = context_value(text, SLICE_LIT("ua="));

	/* What the client calls itself stands behind what the server knows. */
	if (!slice_absent(agent))
		text = slice_head(text, (size_t)(agent.ptr - text.ptr));
	struct slice original = context_value(text, SLICE_LIT("oip="));
	struct slice address = context_value(text, SLICE_LIT(";ip="));

	if (slice_absent(original) && slice_search(text, SLICE_LIT("oip=")) == text.len)
		original = slice_starts(text, SLICE_LIT("ip="))
				   ? context_value(text, SLICE_LIT("ip="))
				   : address;
	if (!slice_absent(original)) /* "client, proxy" */
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
			slice_head(original, slice_find(original, ',')));
	put_some(record, context, FIELD_USER_AGENT_ORIGINAL, agent);
	if (slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME,
			context_value(text, SLICE_LIT("name=")));
}

/* "WARN  [thread] [name=an;oip=203.0.113.9;] ": the category and a dash follow */
static bool take_head(
	struct slice *rest, struct slice *level, struct slice *thread, struct slice *values)
{
	*level = take_word(rest);
	skip_blanks(rest);
	if (level->len < 4 || level->len > 5 || !skip_byte(rest, '['))
		return false;
	size_t end = slice_search(*rest, SLICE_LIT("] ["));
	if (end == rest->len)
		return false;
	*thread = slice_head(*rest, end);
	*rest = slice_from(*rest, end + 3);
	end = slice_search(*rest, SLICE_LIT("] "));
	if (end == rest->len)
		return false;
	*values = slice_head(*rest, end);
	*rest = slice_from(*rest, end + 2);
	return slice_search(slice_head(*rest, slice_find(*rest, '\n')), SLICE_LIT(" - ")) < 24;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level, thread, values;
	int64_t ns;

	if (rest.len < 40 || rest.ptr[4] != '-' || rest.ptr[10] != ' ' || rest.ptr[19] != ',' ||
		!take_stamp_any(&rest, context, &ns) || !skip_byte(&rest, ' ') ||
		!take_head(&rest, &level, &thread, &values))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("thread"), thread);
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	enum parse_result result = phrases_put(
		&phrases, record, context, slice_head(rest, slice_find(rest, '\n')), &noted);
	put_context(record, context, values);
	return result;
}

const struct parser parser_zimbra = {
	.number = 135,
	.roles = PARSER_ENVELOPE,
	.name = "zimbra",
	.module = "zimbra",
	.summary = "Zimbra: audit.log, mailbox.log",
	.source =
		"Zimbra Collaboration 8 to 10 Administrator Guide, Log Files; log4j pattern of "
		"mailboxd, security audit",
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
