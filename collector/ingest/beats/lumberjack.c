#include "collector/ingest/beats/lumberjack.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	VERSION_AND_TYPE = 2,
	HEAD_MAX = 10,
	PIECE = 16 << 10,     /* unpacked at once */
	UNPACKING = 64 << 10, /* bytes of memory that unpacking takes, with its piece */
	KEPT = 16 << 10,      /* bytes of memory for an event that are kept for the next */
};

/* Frames one after the other: those on the wire, or those in a compressed one. */
struct layer {
	bool is_packed;
	unsigned char head[HEAD_MAX];
	unsigned n_head; /* bytes of it so far */
	bool in_event;
	uint32_t number, left; /* of the event: bytes to come */
	uint64_t whole;
};

struct lumberjack {
	size_t max;
	enum lumberjack_trouble trouble;
	struct layer wire, packed;
	struct strbuf held; /* the first bytes of an event that came in pieces */

	/* The compressed frame that is being read. */
	bool is_unpacking;
	uint32_t left; /* bytes of it to come */
	uint64_t taken, unpacked;
	bool stream_ended;
	bool is_damaged; /* behind the piece */
	bool has_more;   /* the last piece was full: there may be more without further bytes */
	z_stream stream;
	struct slice piece; /* unpacked and not read */
	char *room;         /* PIECE of it, while a frame is unpacked */
};

struct lumberjack *lumberjack_new(size_t max)
{
	struct lumberjack *lumberjack = calloc(1, sizeof(*lumberjack));

	if (lumberjack == NULL)
		abort();
	lumberjack->max = max;
	lumberjack->packed.is_packed = true;
	strbuf_init(&lumberjack->held, max);
	return lumberjack;
}

static void end_unpacking(struct lumberjack *lumberjack)
{
	if (!lumberjack->is_unpacking)
		return;
	(void)inflateEnd(&lumberjack->stream);
	free(lumberjack->room);
	lumberjack->room = NULL;
	lumberjack->is_unpacking = false;
	lumberjack->piece = SLICE_NONE;
}

void lumberjack_free(struct lumberjack *lumberjack)
{
	if (lumberjack == NULL)
		return;
	end_unpacking(lumberjack);
	strbuf_done(&lumberjack->held);
	free(lumberjack);
}

enum lumberjack_trouble lumberjack_trouble(const struct lumberjack *lumberjack)
{
	return lumberjack->trouble;
}

const char *lumberjack_trouble_text(enum lumberjack_trouble trouble)
{
	static const char *const texts[] = {
		[LUMBERJACK_FINE] = "nothing is wrong",
		[LUMBERJACK_VERSION_1] = "version 1 of the protocol; Beats speak version 2",
		[LUMBERJACK_NO_FRAME] = "no frame of the Beats protocol",
		[LUMBERJACK_TOO_LARGE] = "a frame beyond all limits",
		[LUMBERJACK_NOT_IN_THAT] = "a compressed frame with something else than events",
		[LUMBERJACK_DAMAGED] = "a compressed frame that cannot be unpacked",
		[LUMBERJACK_BOMB] = "a compressed frame that unpacks to too much",
	};

	return texts[trouble];
}

bool lumberjack_is_within(const struct lumberjack *lumberjack)
{
	return lumberjack->is_unpacking || lumberjack->wire.n_head > 0;
}

static bool is_in_event(const struct lumberjack *lumberjack)
{
	return lumberjack->wire.in_event || lumberjack->packed.in_event;
}

size_t lumberjack_held(const struct lumberjack *lumberjack)
{
	return (is_in_event(lumberjack) ? lumberjack->held.len : 0) +
	       (lumberjack->is_unpacking ? UNPACKING : 0);
}

static void put_u32(unsigned char *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (unsigned char)(value >> (24 - 8 * i));
}

void lumberjack_ack(uint32_t number, unsigned char out[LUMBERJACK_ACK_SIZE])
{
	out[0] = '2';
	out[1] = 'A';
	put_u32(out + VERSION_AND_TYPE, number);
}

static enum lumberjack_got fail(struct lumberjack *lumberjack, enum lumberjack_trouble trouble)
{
	lumberjack->trouble = trouble;
	end_unpacking(lumberjack);
	return LUMBERJACK_BROKEN;
}

/* ---- heads ------------------------------------------------------------------- */

static uint32_t number_at(const struct layer *layer, unsigned at)
{
	const unsigned char *head = layer->head + at;

	return (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 |
	       (uint32_t)head[3];
}

/* Bytes of the head, as far as its first ones tell. */
static unsigned head_size(const struct layer *layer)
{
	if (layer->n_head < VERSION_AND_TYPE)
		return VERSION_AND_TYPE;
	return layer->head[1] == 'J' ? VERSION_AND_TYPE + 8 : VERSION_AND_TYPE + 4;
}

static enum lumberjack_trouble judge_head(const struct layer *layer)
{
	const unsigned char version = layer->head[0], type = layer->head[1];

	if (version == '1' && layer->n_head > 0)
		return LUMBERJACK_VERSION_1;
	if (version != '2' && layer->n_head > 0)
		return LUMBERJACK_NO_FRAME;
	if (layer->n_head < VERSION_AND_TYPE || type == 'J')
		return LUMBERJACK_FINE;
	if (type != 'W' && type != 'C')
		return LUMBERJACK_NO_FRAME;
	return layer->is_packed ? LUMBERJACK_NOT_IN_THAT : LUMBERJACK_FINE;
}

/* True when the head is whole. */
static bool take_head(
	struct layer *layer, struct slice *bytes, enum lumberjack_trouble *trouble)
{
	*trouble = LUMBERJACK_FINE;
	while (bytes->len > 0 && layer->n_head < head_size(layer)) {
		layer->head[layer->n_head++] = (unsigned char)bytes->ptr[0];
		*bytes = slice_from(*bytes, 1);
		*trouble = judge_head(layer);
		if (*trouble != LUMBERJACK_FINE)
			return false;
	}
	return layer->n_head == head_size(layer);
}

/* ---- events ------------------------------------------------------------------- */

static void begin_event(struct lumberjack *lumberjack, struct layer *layer)
{
	layer->in_event = true;
	layer->number = number_at(layer, VERSION_AND_TYPE);
	layer->left = number_at(layer, VERSION_AND_TYPE + 4);
	layer->whole = layer->left;
	strbuf_reset(&lumberjack->held);
}

/* Of an event that was given: a large one's memory is not kept until the next one comes. */
static void release(struct lumberjack *lumberjack)
{
	if (is_in_event(lumberjack) || lumberjack->held.capacity <= KEPT)
		return;
	strbuf_done(&lumberjack->held);
	strbuf_init(&lumberjack->held, lumberjack->max);
}

/* As far as there is room for it. */
static void hold(struct lumberjack *lumberjack, struct slice bytes)
{
	const size_t room = lumberjack->max - lumberjack->held.len;

	strbuf_add(&lumberjack->held, slice_head(bytes, bytes.len < room ? bytes.len : room));
}

/* `last`: the bytes that end it. In one piece they are given without being copied. */
static void give(struct lumberjack *lumberjack, struct layer *layer, struct slice last,
	struct lumberjack_event *event)
{
	struct slice bytes =
		slice_head(last, last.len < lumberjack->max ? last.len : lumberjack->max);

	if (lumberjack->held.len > 0) {
		hold(lumberjack, last);
		bytes = strbuf_slice(&lumberjack->held);
	}
	*event = (struct lumberjack_event){
		.number = layer->number, .bytes = bytes, .whole = layer->whole};
	layer->in_event = false;
	layer->n_head = 0;
}

static enum lumberjack_got take_event(struct lumberjack *lumberjack, struct layer *layer,
	struct slice *bytes, struct lumberjack_event *event)
{
	const struct slice part =
		slice_head(*bytes, layer->left < bytes->len ? layer->left : bytes->len);

	*bytes = slice_from(*bytes, part.len);
	layer->left -= (uint32_t)part.len;
	if (layer->left == 0) {
		give(lumberjack, layer, part, event);
		return LUMBERJACK_EVENT;
	}
	hold(lumberjack, part);
	return LUMBERJACK_MORE;
}

/* ---- compressed frames ----------------------------------------------------------- */

static void begin_unpacking(struct lumberjack *lumberjack, uint32_t size)
{
	lumberjack->stream = (z_stream){0};
	lumberjack->room = malloc(PIECE);
	if (lumberjack->room == NULL || inflateInit(&lumberjack->stream) != Z_OK)
		abort(); /* out of memory: nothing else can be */
	lumberjack->is_unpacking = true;
	lumberjack->left = size;
	lumberjack->taken = lumberjack->unpacked = 0;
	lumberjack->stream_ended = lumberjack->has_more = lumberjack->is_damaged = false;
	lumberjack->piece = SLICE_NONE;
	lumberjack->packed.n_head = 0;
	lumberjack->packed.in_event = false;
}

static bool is_bomb(const struct lumberjack *lumberjack)
{
	return lumberjack->unpacked > LUMBERJACK_UNPACKED_MAX ||
	       (lumberjack->unpacked > LUMBERJACK_RATIO_COUNTS_FROM &&
		       lumberjack->unpacked > LUMBERJACK_RATIO_MAX * lumberjack->taken);
}

/* Another piece out of `part`, which moves; Z_BUF_ERROR says that it gives nothing more. */
static int unpack(struct lumberjack *lumberjack, struct slice *part)
{
	z_stream *stream = &lumberjack->stream;
	unsigned char *room = (unsigned char *)lumberjack->room;

	stream->next_in = (z_const Bytef *)(uintptr_t)part->ptr;
	stream->avail_in = (uInt)part->len;
	stream->next_out = room;
	stream->avail_out = PIECE;
	const int result = inflate(stream, Z_NO_FLUSH);
	lumberjack->taken += part->len - stream->avail_in;
	*part = slice_from(*part, part->len - stream->avail_in);
	lumberjack->piece = slice_of(room, PIECE - stream->avail_out);
	lumberjack->unpacked += lumberjack->piece.len;
	lumberjack->has_more = stream->avail_out == 0;
	lumberjack->stream_ended = result == Z_STREAM_END;
	return result;
}

/* Bytes of the frame behind the end of its stream are nobody's. */
static void skip_rest(struct lumberjack *lumberjack, struct slice *bytes)
{
	const size_t len = lumberjack->left < bytes->len ? lumberjack->left : bytes->len;

	*bytes = slice_from(*bytes, len);
	lumberjack->left -= (uint32_t)len;
}

/* Its end came: it has to be one between events. */
static enum lumberjack_got finish_unpacking(struct lumberjack *lumberjack)
{
	if (lumberjack->packed.n_head > 0)
		return fail(lumberjack, LUMBERJACK_DAMAGED);
	end_unpacking(lumberjack);
	lumberjack->wire.n_head = 0;
	return LUMBERJACK_MORE;
}

static enum lumberjack_got unpack_more(struct lumberjack *lumberjack, struct slice *bytes)
{
	struct slice part = slice_head(
		*bytes, lumberjack->left < bytes->len ? lumberjack->left : bytes->len);
	const size_t before = part.len;
	const int result = unpack(lumberjack, &part);

	*bytes = slice_from(*bytes, before - part.len);
	lumberjack->left -= (uint32_t)(before - part.len);
	lumberjack->is_damaged =
		result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
	return is_bomb(lumberjack) ? fail(lumberjack, LUMBERJACK_BOMB) : LUMBERJACK_MORE;
}

/* ---- the walk ------------------------------------------------------------------------ */

static enum lumberjack_got begin_frame(struct lumberjack *lumberjack, uint32_t *window)
{
	struct layer *wire = &lumberjack->wire;
	const uint32_t number = number_at(wire, VERSION_AND_TYPE);

	if (wire->head[1] == 'W') {
		wire->n_head = 0;
		*window = number;
		return number <= LUMBERJACK_WINDOW_MAX ? LUMBERJACK_WINDOW
						       : fail(lumberjack, LUMBERJACK_TOO_LARGE);
	}
	if (number > LUMBERJACK_FRAME_MAX)
		return fail(lumberjack, LUMBERJACK_TOO_LARGE);
	begin_unpacking(lumberjack, number);
	return LUMBERJACK_MORE;
}

/* Of one layer. */
static enum lumberjack_got take_frame(struct lumberjack *lumberjack, struct layer *layer,
	struct slice *bytes, struct lumberjack_event *event, uint32_t *window)
{
	enum lumberjack_trouble trouble;

	if (!layer->in_event) {
		if (!take_head(layer, bytes, &trouble))
			return trouble != LUMBERJACK_FINE ? fail(lumberjack, trouble)
							  : LUMBERJACK_MORE;
		if (layer->head[1] != 'J')
			return begin_frame(lumberjack, window);
		begin_event(lumberjack, layer);
		if (layer->whole == 0)
			return fail(lumberjack, LUMBERJACK_NO_FRAME);
		if (layer->whole > LUMBERJACK_FRAME_MAX)
			return fail(lumberjack, LUMBERJACK_TOO_LARGE);
	}
	return take_event(lumberjack, layer, bytes, event);
}

/* Something of the compressed frame; false when it has nothing more to give without bytes. */
static bool take_packed(struct lumberjack *lumberjack, struct slice *bytes,
	struct lumberjack_event *event, enum lumberjack_got *got)
{
	uint32_t none; /* no window comes in it */

	*got = LUMBERJACK_MORE;
	if (lumberjack->piece.len > 0)
		*got = take_frame(
			lumberjack, &lumberjack->packed, &lumberjack->piece, event, &none);
	else if (lumberjack->is_damaged)
		*got = fail(lumberjack, LUMBERJACK_DAMAGED);
	else if (lumberjack->stream_ended && lumberjack->left > 0 && bytes->len > 0)
		skip_rest(lumberjack, bytes);
	else if (!lumberjack->stream_ended &&
		 (lumberjack->has_more || (lumberjack->left > 0 && bytes->len > 0)))
		*got = unpack_more(lumberjack, bytes);
	else if (lumberjack->left == 0)
		*got = finish_unpacking(lumberjack);
	else
		return false;
	return true;
}

enum lumberjack_got lumberjack_next(struct lumberjack *lumberjack, struct slice *bytes,
	struct lumberjack_event *event, uint32_t *window)
{
	enum lumberjack_got got = LUMBERJACK_MORE;

	if (lumberjack->trouble != LUMBERJACK_FINE)
		return LUMBERJACK_BROKEN;
	release(lumberjack);
	while (got == LUMBERJACK_MORE) {
		if (lumberjack->is_unpacking) {
			if (!take_packed(lumberjack, bytes, event, &got))
				return LUMBERJACK_MORE;
		} else if (bytes->len > 0) {
			got = take_frame(lumberjack, &lumberjack->wire, bytes, event, window);
		} else {
			return LUMBERJACK_MORE;
		}
	}
	return got;
}
