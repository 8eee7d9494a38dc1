#include "collector/ingest/wef/sldc.h"

enum {
	HISTORY = 1024, /* bytes */
	BYTE_MARK = 0xff,
	UNIT_BITS = 32, /* what a flush fills up */
};

enum control {
	CONTROL_FLUSH = 0,
	CONTROL_SCHEME_1 = 1,
	CONTROL_SCHEME_2 = 2,
	CONTROL_RECORD_END = 4,
	CONTROL_RESET_1 = 5,
	CONTROL_RESET_2 = 6,
	CONTROL_END = 15,
};

enum step { STEP_ON, STEP_END, STEP_DAMAGED };

struct unpacking {
	struct slice packed;
	size_t at;       /* bit */
	unsigned scheme; /* 1, 2; 0 = before the first reset */
	char *to;
	size_t len, size;
	size_t start; /* of what the history holds, at most its last HISTORY bytes */
};

static size_t bits_left(const struct unpacking *unpacking)
{
	return unpacking->packed.len * 8 - unpacking->at;
}

/* The next `n` <= 16 bits, and zeros behind the end; they stay. */
static unsigned peek(const struct unpacking *unpacking, unsigned n)
{
	const size_t byte = unpacking->at / 8;
	const struct slice rest = slice_from(unpacking->packed, byte);
	uint32_t word = 0;

	for (unsigned i = 0; i < 3; i++)
		word = word << 8 | (i < rest.len ? (unsigned char)rest.ptr[i] : 0);
	return word >> (24 - unpacking->at % 8 - n) & ((1U << n) - 1);
}

/* False when there are not so many. */
static bool take(struct unpacking *unpacking, unsigned n, unsigned *bits)
{
	if (bits_left(unpacking) < n)
		return false;
	*bits = peek(unpacking, n);
	unpacking->at += n;
	return true;
}

static enum step put_byte(struct unpacking *unpacking, unsigned byte)
{
	if (unpacking->len == unpacking->size)
		return STEP_DAMAGED;
	unpacking->to[unpacking->len++] = (char)byte;
	return STEP_ON;
}

/* How many bytes a copy has: classes by their leading ones. */
static bool take_count(struct unpacking *unpacking, unsigned *count)
{
	static const struct {
		uint8_t mark, bits, least; /* bits of the mark, of the number; its zero */
	} classes[] = {{1, 1, 2}, {2, 2, 4}, {3, 3, 8}, {4, 4, 16}, {4, 8, 32}};
	const unsigned ahead = peek(unpacking, 4);
	const unsigned class = ahead < 8 ? 0 : ahead < 12 ? 1 : ahead < 14 ? 2 : ahead - 11U;
	unsigned number, mark;

	if (!take(unpacking, classes[class].mark, &mark) ||
		!take(unpacking, classes[class].bits, &number))
		return false;
	*count = classes[class].least + number; /* 272 and more begin as a control symbol */
	return true;
}

/* Bytes between a place of the ring and the next one to be written; 0 = it holds nothing yet.
 */
static size_t distance_to(const struct unpacking *unpacking, unsigned position)
{
	const size_t written = unpacking->len - unpacking->start;
	const size_t back = (written - position) % HISTORY;
	const size_t distance = back == 0 ? HISTORY : back;

	return distance <= written ? distance : 0;
}

static enum step copy(struct unpacking *unpacking)
{
	unsigned count, position;

	if (!take_count(unpacking, &count) || !take(unpacking, 10, &position) ||
		count > unpacking->size - unpacking->len)
		return STEP_DAMAGED;
	const size_t distance = distance_to(unpacking, position);
	if (distance == 0)
		return STEP_DAMAGED;
	for (unsigned i = 0; i < count; i++, unpacking->len++)
		unpacking->to[unpacking->len] = unpacking->to[unpacking->len - distance];
	return STEP_ON;
}

static enum step flush(struct unpacking *unpacking)
{
	unsigned bit;

	while (unpacking->at % UNIT_BITS != 0) {
		if (!take(unpacking, 1, &bit) || bit != 0)
			return STEP_DAMAGED;
	}
	return STEP_ON;
}

static enum step change_scheme(struct unpacking *unpacking, unsigned scheme, bool reset)
{
	if (unpacking->scheme == 0 && !reset)
		return STEP_DAMAGED;
	unpacking->scheme = scheme;
	if (reset)
		unpacking->start = unpacking->len;
	return STEP_ON;
}

/* Records follow each other; behind the last one the end need not be said. */
static enum step end_record(const struct unpacking *unpacking)
{
	return unpacking->len == unpacking->size ? STEP_END : STEP_ON;
}

static enum step control(struct unpacking *unpacking)
{
	unsigned symbol;

	if (!take(unpacking, 4, &symbol))
		return STEP_DAMAGED;
	switch (symbol) {
	case CONTROL_FLUSH:
		return flush(unpacking);
	case CONTROL_SCHEME_1:
	case CONTROL_SCHEME_2:
		return change_scheme(unpacking, symbol, false);
	case CONTROL_RESET_1:
	case CONTROL_RESET_2:
		return change_scheme(unpacking, symbol - CONTROL_RESET_1 + 1, true);
	case CONTROL_RECORD_END:
		return end_record(unpacking);
	case CONTROL_END:
		return STEP_END;
	default:
		return STEP_DAMAGED;
	}
}

static enum step step_scheme_1(struct unpacking *unpacking)
{
	unsigned bits;

	if (peek(unpacking, 9) == 0x1ff) {
		unpacking->at += 9;
		return control(unpacking);
	}
	if (!take(unpacking, 1, &bits))
		return STEP_DAMAGED;
	if (bits == 1)
		return copy(unpacking);
	return take(unpacking, 8, &bits) ? put_byte(unpacking, bits) : STEP_DAMAGED;
}

static enum step step_scheme_2(struct unpacking *unpacking)
{
	unsigned byte, is_control = 0;

	if (!take(unpacking, 8, &byte) ||
		(byte == BYTE_MARK && !take(unpacking, 1, &is_control)))
		return STEP_DAMAGED;
	return is_control == 1 ? control(unpacking) : put_byte(unpacking, byte);
}

/* Before anything else a reset says which scheme it is. */
static enum step step_first(struct unpacking *unpacking)
{
	unsigned mark;

	return take(unpacking, 9, &mark) && mark == 0x1ff ? control(unpacking) : STEP_DAMAGED;
}

static enum step step(struct unpacking *unpacking)
{
	switch (unpacking->scheme) {
	case 1:
		return step_scheme_1(unpacking);
	case 2:
		return step_scheme_2(unpacking);
	default:
		return step_first(unpacking);
	}
}

/* Zeros, fewer than a flush could add. */
static bool is_padding(struct unpacking *unpacking)
{
	unsigned bit;

	if (bits_left(unpacking) >= UNIT_BITS)
		return false;
	while (take(unpacking, 1, &bit)) {
		if (bit != 0)
			return false;
	}
	return true;
}

bool sldc_unpack(struct slice packed, size_t size, struct strbuf *out)
{
	if (packed.len == 0 || packed.len > SIZE_MAX / 8 || size / SLDC_GROWTH > packed.len)
		return false;
	struct unpacking unpacking = {
		.packed = packed,
		.to = strbuf_reserve(out, size),
		.size = size,
	};
	enum step now = STEP_ON;

	if (unpacking.to == NULL)
		return false;
	while (now == STEP_ON)
		now = step(&unpacking);
	if (now == STEP_DAMAGED || unpacking.len != size || !is_padding(&unpacking))
		return false;
	strbuf_extend(out, size);
	return true;
}
