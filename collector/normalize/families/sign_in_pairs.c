#include "collector/normalize/families/sign_in.h"

#include "collector/normalize/text/extract.h"
#include "common/fold.h"

enum { VALUE_MAX = 64 }; /* bytes of a name of an event, or of a word for its outcome */

static bool has(struct slice folded, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_search(folded, slice_str(words[i])) < folded.len)
			return true;
	}
	return false;
}

/* "user.login", "ConsoleLogin", "AUTHENTICATION_FAILURE", "Đăng nhập" */
static bool names_sign_in(struct slice folded)
{
	static const char *const words[] = {"login", "logon", "log in", "sign in", "signin",
		"sign_in", "sign-in", "authenticat", "dang nhap"};
	static const char *const others[] = {"logout", "logoff"};

	return has(folded, words, ARRAY_LEN(words)) && !has(folded, others, ARRAY_LEN(others));
}

static enum sign_in_outcome outcome_of_word(struct slice folded)
{
	static const char *const bad[] = {"fail", "false", "denied", "refused", "rejected",
		"invalid", "unauthorized", "error", "that bai"};
	static const char *const good[] = {"succe", "true", "ok", "allowed", "thanh cong"};

	if (has(folded, bad, ARRAY_LEN(bad)))
		return SIGN_IN_FAILED;
	return has(folded, good, ARRAY_LEN(good)) ? SIGN_IN_DONE : SIGN_IN_NONE;
}

/* Small letters without diacritics; empty when the value is a text for people. */
static struct slice fold_value(const struct pairs *pairs, const char *name, char *room)
{
	struct slice value = pairs_get(pairs, slice_str(name));

	if (slice_absent(value) || value.len > VALUE_MAX)
		return SLICE_LIT("");
	return slice_of(room, fold_text(value, room));
}

static bool find_event(const struct pairs *pairs, enum sign_in_outcome *outcome)
{
	static const char *const names[] = {"event", "eventName", "event_name", "eventType",
		"event_type", "action", "operation", "activity", "hanh_dong"};
	char room[VALUE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice folded = fold_value(pairs, names[i], room);

		if (!names_sign_in(folded))
			continue;
		*outcome = outcome_of_word(folded);
		return true;
	}
	return false;
}

static enum sign_in_outcome find_outcome(const struct pairs *pairs)
{
	static const char *const names[] = {"success", "successful", "outcome", "result",
		"status", "ket_qua", "responseElements.ConsoleLogin"};
	enum sign_in_outcome outcome = SIGN_IN_NONE;
	char room[VALUE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names) && outcome == SIGN_IN_NONE; i++)
		outcome = outcome_of_word(fold_value(pairs, names[i], room));
	return outcome;
}

/* "authentication_failed=true" */
static bool is_flagged(const struct pairs *pairs)
{
	static const char *const names[] = {
		"authentication_failed", "auth_failed", "login_failed"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(pairs_get(pairs, slice_str(names[i])), SLICE_LIT("true")))
			return true;
	}
	return false;
}

bool sign_in_put_pairs(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	static const struct meaning done = {.category = {ECS_AUTHENTICATION},
		.type = {ECS_START},
		.outcome = {ECS_SUCCESS}};
	static const struct meaning failed = {.category = {ECS_AUTHENTICATION},
		.type = {ECS_START},
		.outcome = {ECS_FAILURE}};
	enum sign_in_outcome outcome = SIGN_IN_NONE;

	if (is_flagged(pairs))
		outcome = SIGN_IN_FAILED;
	else if (find_event(pairs, &outcome) && outcome == SIGN_IN_NONE)
		outcome = find_outcome(pairs);
	if (outcome == SIGN_IN_NONE ||
		(slice_absent(record_get(record, FIELD_USER_NAME)) &&
			slice_absent(record_get(record, FIELD_SOURCE_IP))))
		return false;
	put_meaning(record, context, outcome == SIGN_IN_DONE ? &done : &failed);
	return true;
}
