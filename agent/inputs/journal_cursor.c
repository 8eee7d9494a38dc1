#include "agent/inputs/journal_cursor.h"

static int digit_of(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return -1;
}

static bool read_number(struct slice text, uint64_t *number)
{
	*number = 0;
	if (text.len == 0 || text.len > 16)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = digit_of(text.ptr[i]);

		if (digit < 0)
			return false;
		*number = *number << 4 | (uint64_t)digit;
	}
	return true;
}

static bool read_id(struct slice text, union journal_id *id)
{
	if (text.len != 2 * sizeof(id->bytes))
		return false;
	for (size_t i = 0; i < sizeof(id->bytes); i++) {
		int high = digit_of(text.ptr[2 * i]), low = digit_of(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		id->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* 0 for a part that is unknown; CURSOR_WHOLE + 1 for one that is wrong. */
static unsigned read_part(char name, struct slice value, struct journal_cursor *cursor)
{
	enum { WRONG = CURSOR_WHOLE + 1 };

	switch (name) {
	case 's':
		return read_id(value, &cursor->seqnum_id) ? CURSOR_SEQNUM_ID : WRONG;
	case 'i':
		return read_number(value, &cursor->seqnum) ? CURSOR_SEQNUM : WRONG;
	case 'b':
		return read_id(value, &cursor->boot_id) ? CURSOR_BOOT : WRONG;
	case 'm':
		return read_number(value, &cursor->monotonic_us) ? CURSOR_MONOTONIC : WRONG;
	case 't':
		return read_number(value, &cursor->realtime_us) ? CURSOR_REALTIME : WRONG;
	case 'x':
		return read_number(value, &cursor->xor_hash) ? CURSOR_HASH : WRONG;
	default:
		return 0;
	}
}

struct journal_cursor journal_cursor_read(struct slice text)
{
	struct journal_cursor cursor = {0};
	struct slice part;

	while (text.len < JOURNAL_CURSOR_MAX && slice_cut(&text, ';', &part)) {
		unsigned bit = CURSOR_WHOLE + 1;

		if (part.len > 2 && part.ptr[1] == '=')
			bit = read_part(part.ptr[0], slice_from(part, 2), &cursor);
		if (bit > CURSOR_WHOLE || (cursor.parts & bit) != 0)
			return (struct journal_cursor){0};
		cursor.parts |= bit;
	}
	return cursor;
}

static bool same_id(const union journal_id *a, const union journal_id *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

bool journal_cursor_same(const struct journal_cursor *a, const struct journal_cursor *b)
{
	const unsigned needed = CURSOR_BOOT | CURSOR_MONOTONIC | CURSOR_REALTIME | CURSOR_HASH;

	return (a->parts & b->parts & needed) == needed && same_id(&a->boot_id, &b->boot_id) &&
	       a->monotonic_us == b->monotonic_us && a->realtime_us == b->realtime_us &&
	       a->xor_hash == b->xor_hash;
}

bool journal_cursor_between(
	const struct journal_cursor *before, const struct journal_cursor *behind, uint64_t *n)
{
	const unsigned needed = CURSOR_SEQNUM_ID | CURSOR_SEQNUM;

	if ((before->parts & behind->parts & needed) != needed ||
		!same_id(&before->seqnum_id, &behind->seqnum_id) ||
		behind->seqnum <= before->seqnum)
		return false;
	*n = behind->seqnum - before->seqnum - 1;
	return true;
}
