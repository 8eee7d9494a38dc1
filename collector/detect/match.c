#include "collector/detect/match.h"

enum { GROUP_MAX = 128 }; /* bytes: two numbers and an address */

struct slice match_rule_name(uint32_t rule)
{
	return rule == MATCH_SSH_FAILED_LOGIN ? SLICE_LIT("ssh-failed-login") : SLICE_NONE;
}

/* Refusals count beside failed passwords: on servers that take keys only, nothing else is
 * written of an attempt. */
static bool is_failed_ssh_login(const struct record *record)
{
	if (!slice_eq(record_get(record, FIELD_EVENT_MODULE), SLICE_LIT("sshd")))
		return false;

	struct slice action = record_get(record, FIELD_EVENT_ACTION);
	if (slice_eq(action, SLICE_LIT("ssh_login")))
		return slice_eq(record_get(record, FIELD_EVENT_OUTCOME), SLICE_LIT("failure"));
	return slice_eq(action, SLICE_LIT("ssh_invalid_user")) ||
	       slice_eq(action, SLICE_LIT("ssh_user_not_allowed"));
}

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

/* "12\0" "34\0" "192.0.2.1" */
static struct slice group_of(
	const struct record *record, struct arena *arena, struct slice address)
{
	char group[GROUP_MAX];
	char *to = put_number(put_number(group, record->agency), record->host);
	size_t len = (size_t)(to - group);

	if (address.len > sizeof(group) - len)
		return SLICE_NONE;
	memcpy(to, address.ptr, address.len);
	return arena_copy(arena, slice_of(group, len + address.len));
}

static bool match_record(struct record *record, struct arena *arena)
{
	struct slice address;

	if (!is_failed_ssh_login(record))
		return true;
	address = record_get(record, FIELD_SOURCE_IP);
	if (slice_absent(address))
		return true;

	struct slice group = group_of(record, arena, address);
	return !slice_absent(group) &&
	       record_match(record, arena, MATCH_SSH_FAILED_LOGIN, group);
}

unsigned match_batch(struct batch *batch)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < batch->n_records; i++)
		lost += !match_record(&batch->records[i], &batch->arena);
	return lost;
}
