/*
 * login - people at a terminal: login(1) of util-linux and of the shadow utilities
 *
 *	LOGIN ON tty1 BY an FROM 192.0.2.1
 *	ROOT LOGIN ON tty1
 *	FAILED LOGIN 2 FROM tty1 FOR an, Authentication failure         util-linux
 *	FAILED LOGIN (2) on '/dev/tty1' from '192.0.2.1' FOR 'an', ...  shadow
 *	TOO MANY LOGIN TRIES (3) FROM tty1 FOR an, Authentication failure
 *	'an' logged in on '/dev/tty1'
 *
 * What is tried as a name may hold anything; in util-linux' lines it ends before the last
 * comma.
 */
#include "collector/normalize/text/extract.h"

static const struct meaning logged_in = {
	.action = {SLICE_BYTES("login")},
	.category = {ECS_AUTHENTICATION},
	.category2 = {ECS_SESSION},
	.type = {ECS_START},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning failed = {
	.action = {SLICE_BYTES("login")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_START},
	.outcome = {ECS_FAILURE},
};
static const struct meaning too_many = {
	.action = {SLICE_BYTES("login_too_many_failures")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};

static struct slice without_quotes(struct slice text)
{
	if (text.len >= 2 && text.ptr[0] == '\'' && text.ptr[text.len - 1] == '\'')
		return slice_of(text.ptr + 1, text.len - 2);
	return text;
}

static bool is_terminal(struct slice place)
{
	return slice_starts(place, SLICE_LIT("tty")) || slice_starts(place, SLICE_LIT("pts")) ||
	       slice_starts(place, SLICE_LIT("console")) ||
	       slice_starts(place, SLICE_LIT("/dev/"));
}

/* util-linux names the host where there is one, the terminal else. */
static void put_place(struct record *record, struct parse_context *context, struct slice place)
{
	place = without_quotes(place);
	if (is_terminal(place))
		put(record, context, FIELD_SOC_TTY, place);
	else if (place.len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, place);
}

/* "tty1 BY an FROM host", "tty1 FROM host", "tty1" */
static bool read_on(struct record *record, struct parse_context *context, struct slice rest,
	struct slice user)
{
	struct slice before, host;

	put_meaning(record, context, &logged_in);
	put_place(record, context, take_word(&rest));
	if (cut_last(rest, SLICE_LIT(" FROM "), &before, &host)) {
		put_place(record, context, host);
		rest = before;
	}
	if (skip_lit(&rest, " BY "))
		user = rest;
	put_some(record, context, FIELD_USER_NAME, user);
	return true;
}

/* "2 FROM tty1 FOR an, reason", "(2) on '/dev/tty1' from 'host' FOR 'an', reason" */
static bool read_failed(struct record *record, struct parse_context *context, struct slice rest,
	const struct meaning *meaning)
{
	size_t at = slice_search(rest, SLICE_LIT(" FOR "));
	struct slice place, user, reason;

	if (at == rest.len)
		return false;
	place = slice_head(rest, at);
	put_meaning(record, context, meaning);
	if (!cut_last(slice_from(rest, at + 5), SLICE_LIT(", "), &user, &reason)) {
		user = slice_from(rest, at + 5);
		reason = SLICE_NONE;
	}
	put_some(record, context, FIELD_USER_NAME, without_quotes(user));
	put_some(record, context, FIELD_EVENT_REASON, reason);
	for (struct slice word; slice_cut(&place, ' ', &word);) {
		bool names = slice_eq_nocase(word, SLICE_LIT("from")) ||
			     slice_eq(word, SLICE_LIT("on"));

		if (names && slice_cut(&place, ' ', &word))
			put_place(record, context, word);
	}
	return true;
}

/* "'an' logged in on '/dev/tty1' from 'host'", "'an' on '/dev/tty1' from 'host'" */
static bool read_quoted(struct record *record, struct parse_context *context, struct slice rest,
	const struct meaning *meaning)
{
	struct slice user, word;

	if (!skip_byte(&rest, '\'') || !take_until(&rest, '\'', &user) ||
		(meaning == &logged_in && !slice_starts(rest, SLICE_LIT(" logged in"))))
		return false;
	put_meaning(record, context, meaning);
	put_some(record, context, FIELD_USER_NAME, user);
	while (slice_cut(&rest, ' ', &word)) {
		if (word.len > 2 && word.ptr[0] == '\'')
			put_place(record, context, word);
	}
	return true;
}

static bool read_line(struct record *record, struct parse_context *context, struct slice rest)
{
	if (skip_lit(&rest, "LOGIN ON ") || skip_lit(&rest, "DIALUP AT "))
		return read_on(record, context, rest, SLICE_NONE);
	if (skip_lit(&rest, "ROOT LOGIN ON "))
		return read_on(record, context, rest, SLICE_LIT("root"));
	if (skip_lit(&rest, "ROOT LOGIN  on ") || skip_lit(&rest, "ROOT LOGIN on "))
		return read_on(record, context, rest, SLICE_LIT("root"));
	if (skip_lit(&rest, "FAILED LOGIN "))
		return read_failed(record, context, rest, &failed);
	if (skip_lit(&rest, "TOO MANY LOGIN TRIES "))
		return read_failed(record, context, rest, &too_many);
	if (skip_lit(&rest, "invalid password for "))
		return read_quoted(record, context, rest, &failed);
	return read_quoted(record, context, rest, &logged_in);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	return read_line(record, context, context->message) ? PARSED : PARSED_NOT_MINE;
}

static const char *const programs[] = {"login", "remote", "rlogind", NULL};

const struct parser parser_login = {
	.number = 30,
	.name = "login",
	.module = "login",
	.summary = "login: people at a terminal, let in or refused",
	.source = "util-linux login-utils/login.c; shadow src/login.c",
	.programs = programs,
	.parse = parse,
};
