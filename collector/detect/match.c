#include "collector/detect/match.h"

enum {
	GROUP_MAX = 512, /* bytes: two numbers and the values */
	VALUE_MAX = 64,  /* bytes of a value; of longer ones these count */
};

static const struct {
	struct slice name;
	enum field_id subject;
	bool by_action; /* a group for each program and action */
} rules[] = {
	[MATCH_SSH_FAILED_LOGIN] = {{SLICE_BYTES("ssh-failed-login")}, FIELD_SOURCE_IP, false},
	[MATCH_FAILED_SIGN_IN] = {{SLICE_BYTES("failed-sign-in")}, FIELD_SOURCE_IP, true},
	[MATCH_FAILED_SIGN_IN_OF_USER] = {{SLICE_BYTES("failed-sign-in-of-user")},
		FIELD_USER_NAME, true},
	[MATCH_SIGN_IN] = {{SLICE_BYTES("sign-in")}, FIELD_SOURCE_IP, false},
	[MATCH_SIGN_IN_OF_USER] = {{SLICE_BYTES("sign-in-of-user")}, FIELD_USER_NAME, false},
};

struct slice match_rule_name(uint32_t rule)
{
	return rule > 0 && rule < ARRAY_LEN(rules) ? rules[rule].name : SLICE_NONE;
}

/* ---- what a record tells ------------------------------------------------------ */

static bool has_value(const struct record *record, enum field_id id, struct slice value)
{
	for (unsigned i = 0; i < record->n_fields; i++) {
		if (record->fields[i].id == id &&
			slice_eq(field_value(&record->fields[i]), value))
			return true;
	}
	return false;
}

static bool is_module(const struct record *record, struct slice module)
{
	return slice_eq(record_get(record, FIELD_EVENT_MODULE), module);
}

/* Refusals count beside failed passwords: on servers that take keys only, nothing else is
 * written of an attempt. */
static bool is_failed_ssh_login(const struct record *record)
{
	struct slice action = record_get(record, FIELD_EVENT_ACTION);

	if (slice_eq(action, SLICE_LIT("ssh_login")))
		return slice_eq(record_get(record, FIELD_EVENT_OUTCOME), SLICE_LIT("failure"));
	return slice_eq(action, SLICE_LIT("ssh_invalid_user")) ||
	       slice_eq(action, SLICE_LIT("ssh_user_not_allowed"));
}

/* They tell of a sign-in beside the program that somebody signs in to. */
static bool is_second_voice(const struct record *record)
{
	return is_module(record, SLICE_LIT("pam")) || is_module(record, SLICE_LIT("auditd"));
}

static enum match_rule failure_rule(const struct record *record)
{
	if (!slice_absent(record_get(record, FIELD_SOURCE_IP)))
		return MATCH_FAILED_SIGN_IN;
	return is_second_voice(record) ? 0 : MATCH_FAILED_SIGN_IN_OF_USER;
}

static enum match_rule success_rule(const struct record *record)
{
	if (has_value(record, FIELD_EVENT_TYPE, SLICE_LIT("end")))
		return 0;
	return slice_absent(record_get(record, FIELD_SOURCE_IP)) ? MATCH_SIGN_IN_OF_USER
								 : MATCH_SIGN_IN;
}

/* 0 = none. */
static enum match_rule rule_of(const struct record *record)
{
	const bool is_sshd = is_module(record, SLICE_LIT("sshd"));

	if (is_sshd && is_failed_ssh_login(record))
		return MATCH_SSH_FAILED_LOGIN;
	if (!has_value(record, FIELD_EVENT_CATEGORY, SLICE_LIT("authentication")))
		return 0;

	const struct slice outcome = record_get(record, FIELD_EVENT_OUTCOME);
	if (slice_eq(outcome, SLICE_LIT("success")))
		return success_rule(record);
	return slice_eq(outcome, SLICE_LIT("failure")) && !is_sshd ? failure_rule(record) : 0;
}

/* ---- groups --------------------------------------------------------------------- */

/* Decimal digits and a NUL; the place behind them. */
static char *put_number(char *to, uint32_t number)
{
	char digits[10];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (n > 0)
		*to++ = digits[--n];
	*to++ = '\0';
	return to;
}

/* In small letters, as far as it counts; NUL stands between values only. */
static char *put_value(char *to, struct slice value)
{
	for (size_t i = 0; i < value.len && i < VALUE_MAX; i++) {
		const char byte = value.ptr[i];

		*to++ = byte == '\0'                 ? ' '
			: byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20)
						     : byte;
	}
	return to;
}

static char *put_action(char *to, const struct record *record)
{
	to = put_value(to, record_get(record, FIELD_EVENT_MODULE));
	*to++ = '\0';
	to = put_value(to, record_get(record, FIELD_EVENT_ACTION));
	*to++ = '\0';
	return to;
}

/* "12\0" "34\0" "postgresql\0" "database_login\0", and where the subject goes behind it. */
static char *put_group(char *to, const struct record *record, uint32_t rule)
{
	to = put_number(put_number(to, record->agency), record->host);
	return rules[rule].by_action ? put_action(to, record) : to;
}

static bool match_record(struct record *record, struct arena *arena)
{
	const enum match_rule rule = rule_of(record);
	char group[GROUP_MAX];

	if (rule == 0)
		return true;

	const struct slice subject = record_get(record, rules[rule].subject);
	if (subject.len == 0)
		return true;
	const char *end = put_value(put_group(group, record, rule), subject);
	struct slice copy = arena_copy(arena, slice_of(group, (size_t)(end - group)));
	return !slice_absent(copy) && record_match(record, arena, rule, copy);
}

unsigned match_batch(struct batch *batch)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < batch->n_records; i++)
		lost += !match_record(&batch->records[i], &batch->arena);
	return lost;
}

/* ---- after masking ---------------------------------------------------------------- */

static bool is_shown(const struct record *record, const struct match *match)
{
	char value[VALUE_MAX];
	const char *end = put_value(value, record_get(record, rules[match->rule].subject));

	return slice_eq(slice_of(value, (size_t)(end - value)), match_subject(match));
}

/* The group as the record is now: an action may have had a secret in it. */
static struct slice regrouped(
	const struct record *record, struct arena *arena, uint32_t rule, struct slice subject)
{
	char head[GROUP_MAX];
	const size_t len = (size_t)(put_group(head, record, rule) - head);
	char *group = slice_absent(subject) ? NULL : arena_alloc(arena, len + subject.len);

	if (group == NULL)
		return SLICE_NONE;
	memcpy(group, head, len);
	memcpy(group + len, subject.ptr, subject.len);
	return slice_of(group, len + subject.len);
}

static unsigned conceal_record(
	struct record *record, struct arena *arena, match_conceal *conceal, void *user)
{
	const unsigned before = record->n_matches;
	unsigned kept = 0;

	for (unsigned i = 0; i < before; i++) {
		struct match match = record->matches[i];

		/* A Sigma rule tells no value, an indicator what a list tells everybody. */
		if (match.rule >= ARRAY_LEN(rules)) {
			record->matches[kept++] = match;
			continue;
		}
		struct slice subject = match_subject(&match);
		const bool shown = is_shown(record, &match);

		if (!shown)
			subject = conceal(user, arena, subject);
		if (!shown || rules[match.rule].by_action)
			match.group = regrouped(record, arena, match.rule, subject);
		if (!slice_absent(match.group))
			record->matches[kept++] = match;
	}
	record->n_matches = (uint16_t)kept;
	return before - kept;
}

unsigned match_conceal_batch(struct batch *batch, match_conceal *conceal, void *user)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < batch->n_records; i++) {
		struct record *record = &batch->records[i];

		if (record->flags & RECORD_MASKED)
			lost += conceal_record(record, &batch->arena, conceal, user);
	}
	return lost;
}
