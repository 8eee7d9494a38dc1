/*
 * su - one user becoming another
 *
 *	(to root) an on pts/1                         util-linux
 *	FAILED SU (to root) an on pts/1
 *	Successful su for root by an                  shadow
 *	FAILED su for root by an
 *	+ /dev/pts/1 an:root    - /dev/pts/1 an:root  shadow, coreutils
 *	'su root' failed for an on /dev/pts/8         RFC 3164's example, older Unix
 *	BAD SU an to root on /dev/pts/8               BSD
 */
#include "collector/normalize/text/extract.h"

static const struct meaning became = {
	.action = {SLICE_BYTES("su")},
	.category = {ECS_AUTHENTICATION},
	.category2 = {ECS_SESSION},
	.type = {ECS_START},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning failed = {
	.action = {SLICE_BYTES("su")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};

struct change {
	bool ok;
	struct slice user, target, tty;
};

/* "(to root) an on pts/1" */
static bool read_to(struct slice rest, struct change *change)
{
	if (!skip_lit(&rest, "(to ") || !take_until(&rest, ')', &change->target))
		return false;
	skip_blanks(&rest);
	change->user = take_word(&rest);
	if (skip_lit(&rest, " on "))
		change->tty = rest;
	return true;
}

/* "root by an" */
static bool read_by(struct slice rest, struct change *change)
{
	change->target = take_word(&rest);
	if (!skip_lit(&rest, " by "))
		return false;
	change->user = rest;
	return true;
}

/* " /dev/pts/1 an:root" */
static bool read_sign(struct slice rest, struct change *change)
{
	skip_blanks(&rest);
	change->tty = take_word(&rest);
	skip_blanks(&rest);
	if (!take_until(&rest, ':', &change->user) && !take_until(&rest, '-', &change->user))
		return false;
	change->target = rest;
	return true;
}

/* "root failed for an on /dev/pts/8" */
static bool read_failed_for(struct slice rest, struct change *change)
{
	change->target = take_word(&rest);
	if (slice_ends(change->target, SLICE_LIT("'")))
		change->target.len--;
	if (!skip_lit(&rest, " failed for "))
		return false;
	change->user = take_word(&rest);
	if (skip_lit(&rest, " on "))
		change->tty = rest;
	return true;
}

/* "an to root on /dev/pts/8" */
static bool read_bsd(struct slice rest, struct change *change)
{
	change->user = take_word(&rest);
	if (!skip_lit(&rest, " to "))
		return false;
	change->target = take_word(&rest);
	if (skip_lit(&rest, " on "))
		change->tty = rest;
	return true;
}

static bool read_change(struct slice text, struct change *change)
{
	change->ok = !skip_lit(&text, "FAILED SU ") && !skip_lit(&text, "FAILED su ");
	if (slice_starts(text, SLICE_LIT("(to ")))
		return read_to(text, change);
	if (skip_lit(&text, "Successful su for ") || skip_lit(&text, "for "))
		return read_by(text, change);
	if (skip_byte(&text, '+'))
		return read_sign(text, change);
	if (skip_byte(&text, '-')) {
		change->ok = false;
		return read_sign(text, change);
	}
	if (skip_lit(&text, "BAD SU ")) {
		change->ok = false;
		return read_bsd(text, change);
	}
	if (skip_lit(&text, "'su ") || skip_lit(&text, "su ")) {
		change->ok = false;
		return read_failed_for(text, change);
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct change change = {0};

	if (!read_change(context->message, &change))
		return PARSED_NOT_MINE;
	put_meaning(record, context, change.ok ? &became : &failed);
	put_some(record, context, FIELD_USER_NAME, change.user);
	put_some(record, context, FIELD_USER_EFFECTIVE_NAME, change.target);
	put_some(record, context, FIELD_SOC_TTY, change.tty);
	return PARSED;
}

static const char *const programs[] = {"su", "su-l", NULL};

const struct parser parser_su = {
	.number = 6,
	.name = "su",
	.module = "su",
	.summary = "su: one user becoming another, or failing to",
	.source = "util-linux su-common.c, shadow su.c, BSD su(1)",
	.programs = programs,
	.parse = parse,
};
