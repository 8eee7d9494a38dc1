#include "collector/ingest/syslog/framing.h"

enum { KEPT = 16 << 10 }; /* bytes of memory that are kept for the next message */

void framing_init(struct framing *framing, enum framing_mode mode, size_t max,
	void (*take)(void *user, const struct framed *framed), void *user)
{
	*framing = (struct framing){.mode = mode, .max = max, .take = take, .user = user};
	/* Before it is known that there is a message, its count is held. */
	strbuf_init(&framing->held,
		max > FRAMING_COUNT_DIGITS + 2 ? max : FRAMING_COUNT_DIGITS + 2);
}

void framing_done(struct framing *framing)
{
	strbuf_done(&framing->held);
}

static bool is_end(char byte)
{
	return byte == '\n' || byte == '\r' || byte == '\0';
}

struct slice framing_without_end(struct slice message)
{
	while (message.len > 0 && is_end(message.ptr[message.len - 1]))
		message.len--;
	return message;
}

/* ---- messages -------------------------------------------------------------- */

static void begin_next(struct framing *framing)
{
	const size_t limit = framing->held.limit;

	strbuf_reset(&framing->held);
	if (framing->held.capacity > KEPT) {
		strbuf_done(&framing->held);
		strbuf_init(&framing->held, limit);
	}
	framing->state = FRAMING_BETWEEN;
	framing->whole = framing->count = 0;
}

/* What is kept of a message is `bytes`, of `whole`; then the next begins. */
static void give(struct framing *framing, struct slice bytes, bool unterminated)
{
	const bool cut = framing->whole > bytes.len;
	struct framed framed = {
		.bytes = cut ? bytes : framing_without_end(bytes),
		.whole = framing->whole,
		.unterminated = unterminated,
	};

	if (!cut)
		framed.whole = framed.bytes.len;
	if (framed.bytes.len > 0)
		framing->take(framing->user, &framed);
	begin_next(framing);
}

/* More of the message: kept as far as there is room. */
static void hold(struct framing *framing, struct slice bytes)
{
	const size_t room =
		framing->max > framing->held.len ? framing->max - framing->held.len : 0;

	framing->whole += bytes.len;
	strbuf_add(&framing->held, slice_head(bytes, bytes.len < room ? bytes.len : room));
}

/* The last bytes of it. In one piece they are given without being copied. */
static void finish(struct framing *framing, struct slice bytes)
{
	if (framing->held.len == 0 && framing->whole == 0) {
		framing->whole = bytes.len;
		give(framing,
			slice_head(bytes, bytes.len < framing->max ? bytes.len : framing->max),
			false);
		return;
	}
	hold(framing, bytes);
	give(framing, strbuf_slice(&framing->held), false);
}

/* ---- states: each takes some of the bytes ------------------------------------ */

static bool may_be_count(const struct framing *framing, char byte)
{
	return framing->mode != FRAMING_LINES && byte >= '1' && byte <= '9';
}

static bool take_between(struct framing *framing, struct slice *bytes)
{
	const char first = bytes->ptr[0];

	if (is_end(first)) {
		*bytes = slice_from(*bytes, 1);
		return true;
	}
	if (may_be_count(framing, first))
		framing->state = FRAMING_DIGITS;
	else if (framing->mode == FRAMING_COUNTED)
		return false;
	else
		framing->state = FRAMING_LINE;
	return true;
}

/* It was no count: what was held of it is the beginning of a line. */
static bool begin_line(struct framing *framing)
{
	framing->state = FRAMING_LINE;
	framing->whole = framing->held.len;
	if (framing->held.len > framing->max)
		strbuf_cut(&framing->held, framing->max);
	return framing->mode != FRAMING_COUNTED;
}

static bool take_digit(struct framing *framing, struct slice *bytes)
{
	const char byte = bytes->ptr[0];

	if (byte >= '0' && byte <= '9' && framing->held.len < FRAMING_COUNT_DIGITS)
		framing->count = framing->count * 10 + (uint64_t)(byte - '0');
	else if (byte == ' ')
		framing->state = FRAMING_BLANK;
	else
		return begin_line(framing);
	strbuf_add_byte(&framing->held, byte);
	*bytes = slice_from(*bytes, 1);
	return true;
}

static bool take_first(struct framing *framing, const struct slice *bytes)
{
	if (bytes->ptr[0] != '<' && framing->mode != FRAMING_COUNTED)
		return begin_line(framing);
	strbuf_reset(&framing->held);
	framing->state = FRAMING_COUNT;
	return framing->count <= FRAMING_COUNT_MAX;
}

static bool take_counted(struct framing *framing, struct slice *bytes)
{
	const uint64_t left = framing->count - framing->whole;
	const struct slice piece =
		slice_head(*bytes, left < bytes->len ? (size_t)left : bytes->len);

	*bytes = slice_from(*bytes, piece.len);
	if (piece.len == left)
		finish(framing, piece);
	else
		hold(framing, piece);
	return true;
}

static bool take_line(struct framing *framing, struct slice *bytes)
{
	const size_t len = slice_find(*bytes, '\n');
	const struct slice piece = slice_head(*bytes, len);

	if (len == bytes->len) {
		hold(framing, piece);
		*bytes = slice_from(*bytes, len);
		return true;
	}
	finish(framing, piece);
	*bytes = slice_from(*bytes, len + 1);
	return true;
}

static bool take_some(struct framing *framing, struct slice *bytes)
{
	switch (framing->state) {
	case FRAMING_BETWEEN:
		return take_between(framing, bytes);
	case FRAMING_DIGITS:
		return take_digit(framing, bytes);
	case FRAMING_BLANK:
		return take_first(framing, bytes);
	case FRAMING_COUNT:
		return take_counted(framing, bytes);
	case FRAMING_LINE:
		return take_line(framing, bytes);
	}
	return false;
}

bool framing_push(struct framing *framing, struct slice bytes)
{
	while (bytes.len > 0) {
		if (!take_some(framing, &bytes))
			return false;
	}
	return true;
}

void framing_end(struct framing *framing)
{
	switch (framing->state) {
	case FRAMING_BETWEEN:
		return;
	case FRAMING_DIGITS:
	case FRAMING_BLANK:
		(void)begin_line(framing);
		break;
	case FRAMING_COUNT:
		framing->whole = framing->count; /* what it would have been */
		break;
	case FRAMING_LINE:
		break;
	}
	give(framing, strbuf_slice(&framing->held), true);
}
