/*
 * sign_in - who signed in, or failed to, in the words of programs that nobody has described
 *
 *	Failed login attempt for user 'an' from 192.0.2.1
 *	Đăng nhập thất bại: tài khoản an, địa chỉ IP 192.0.2.1
 *
 * Programs of all kinds say this in much the same words, English or Vietnamese. A text that has
 * them, and an address or a user, is taken for it. Since it was written by a program we do
 * not know, a name with such words in it may be taken for another: what is read here is for
 * records that no parser understood.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_SIGN_IN_H
#define COLLECTOR_NORMALIZE_SIGN_IN_H

#include "collector/normalize/parser.h"

enum { SIGN_IN_TEXT_MAX = 4096 }; /* bytes that are looked at */

/* Tried: it says that somebody tries, and not how it ends. */
enum sign_in_outcome {
	SIGN_IN_NONE,
	SIGN_IN_TRIED,
	SIGN_IN_DONE,
	SIGN_IN_FAILED,
	SIGN_IN_LOCKED,
};

/* The worst that the words of the text say; SIGN_IN_NONE when it has none of them. */
enum sign_in_outcome sign_in_outcome(struct slice text);

/*
 * Adds what happened, and of source, user and agent what the record does not have yet. False,
 * with nothing added, when the text says no such thing, or of nobody: neither the text nor the
 * record has an address or a user, and no words of a stranger's ("agent: ") hide them.
 */
bool sign_in_take(struct record *record, struct parse_context *context, struct slice text);

/*
 * The same of names and values: an event, action or operation whose name speaks of a sign-in,
 * with an outcome in that name or beside it. False, with nothing added, when there is none, or
 * the record has neither address nor user.
 */
bool sign_in_put_pairs(
	struct record *record, struct parse_context *context, const struct pairs *pairs);

#endif
