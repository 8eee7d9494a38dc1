#include "collector/ingest/http/http_request.h"

#include <stdlib.h>

#include "common/strbuf.h"

enum { CHUNK_DIGITS_MAX = 16 };

enum state {
	STATE_HEAD,
	STATE_BODY,       /* `left` bytes of it to come */
	STATE_CHUNK_SIZE, /* a line */
	STATE_CHUNK,      /* `left` bytes of it to come */
	STATE_CHUNK_END,  /* the empty line behind it */
	STATE_TRAILERS,
	STATE_END, /* said, once the coding has given all */
	STATE_BROKEN,
};

struct http_reader {
	enum state state;
	struct http_trouble trouble;
	struct strbuf text; /* of the head */
	size_t line_at;     /* where its last line begins */
	bool has_skipped;   /* an empty line before it: old clients (RFC 9112 §2.2) */
	struct http_head head;
	struct strbuf line; /* of a chunk, of trailers */
	size_t trailers;    /* bytes of them */
	uint64_t left, taken;
	struct http_unpacker *unpacker;
};

struct http_reader *http_reader_new(void)
{
	struct http_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		abort();
	strbuf_init(&reader->text, HTTP_HEAD_SIZE_MAX);
	strbuf_init(&reader->line, HTTP_CHUNK_LINE_MAX);
	return reader;
}

static void end_unpacking(struct http_reader *reader)
{
	http_unpacker_free(reader->unpacker);
	reader->unpacker = NULL;
}

void http_reader_free(struct http_reader *reader)
{
	if (reader == NULL)
		return;
	end_unpacking(reader);
	strbuf_done(&reader->text);
	strbuf_done(&reader->line);
	free(reader);
}

const struct http_head *http_reader_head(const struct http_reader *reader)
{
	return &reader->head;
}

struct http_trouble http_reader_trouble(const struct http_reader *reader)
{
	return reader->trouble;
}

bool http_reader_is_in_body(const struct http_reader *reader)
{
	return reader->state != STATE_HEAD && reader->state != STATE_BROKEN;
}

bool http_reader_is_within(const struct http_reader *reader)
{
	return http_reader_is_in_body(reader) || reader->text.len > 0;
}

bool http_reader_unpack(struct http_reader *reader)
{
	const enum http_coding coding = http_coding_of(reader->head.content_encoding);

	end_unpacking(reader);
	if (coding != HTTP_IDENTITY && coding != HTTP_UNKNOWN_CODING)
		reader->unpacker = http_unpacker_new(coding);
	return coding != HTTP_UNKNOWN_CODING;
}

size_t http_reader_held(const struct http_reader *reader)
{
	return reader->unpacker != NULL ? http_unpacker_held(reader->unpacker) : 0;
}

static enum http_got fail(struct http_reader *reader, unsigned status, const char *why)
{
	reader->trouble = (struct http_trouble){status, why};
	reader->state = STATE_BROKEN;
	return HTTP_GOT_BROKEN;
}

/* ---- lines --------------------------------------------------------------------- */

static bool has_control(struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (!http_is_head_byte((unsigned char)bytes.ptr[i]))
			return true;
	}
	return false;
}

/* Moves bytes up to a line feed. True when that came. */
static bool take_line(struct strbuf *to, struct slice *bytes)
{
	const size_t at = slice_find(*bytes, '\n');
	const size_t len = at < bytes->len ? at + 1 : at;

	strbuf_add(to, slice_head(*bytes, len));
	*bytes = slice_from(*bytes, len);
	return len > at;
}

/* Without its CR LF; absent when it does not end so. */
static struct slice line_of(struct slice text)
{
	return slice_ends(text, SLICE_LIT("\r\n")) ? slice_head(text, text.len - 2)
						   : SLICE_NONE;
}

/* ---- the head ------------------------------------------------------------------- */

static enum http_got begin_body(struct http_reader *reader)
{
	const struct http_head *head = &reader->head;

	reader->left = head->framing == HTTP_LENGTH ? head->length : 0;
	reader->taken = reader->trailers = 0;
	strbuf_reset(&reader->line);
	if (reader->left > HTTP_BODY_MAX)
		return fail(reader, 413, "a body beyond all limits");
	reader->state = head->framing == HTTP_CHUNKED ? STATE_CHUNK_SIZE
			: reader->left > 0            ? STATE_BODY
						      : STATE_END;
	return HTTP_GOT_HEAD;
}

static enum http_got end_head(struct http_reader *reader)
{
	const struct slice text = slice_head(strbuf_slice(&reader->text), reader->line_at);

	reader->trouble = http_head_parse(text, &reader->head);
	if (reader->trouble.status != 0)
		return fail(reader, reader->trouble.status, reader->trouble.why);
	return begin_body(reader);
}

static enum http_got take_head_line(struct http_reader *reader)
{
	const struct slice line =
		line_of(slice_from(strbuf_slice(&reader->text), reader->line_at));

	if (slice_absent(line))
		return fail(reader, 400, "a line that does not end with CR LF");
	if (line.len > 0) {
		reader->line_at = reader->text.len;
		return HTTP_GOT_NOTHING;
	}
	if (reader->line_at > 0)
		return end_head(reader);
	if (reader->has_skipped)
		return fail(reader, 400, "no request line of HTTP");
	reader->has_skipped = true;
	strbuf_reset(&reader->text);
	return HTTP_GOT_NOTHING;
}

static enum http_got take_head(struct http_reader *reader, struct slice *bytes)
{
	const size_t before = reader->text.len;
	const bool ended = take_line(&reader->text, bytes);

	if (reader->text.overflow)
		return reader->line_at == 0 ? fail(reader, 414, "a request line beyond limits")
					    : fail(reader, 431, "a head beyond limits");
	if (has_control(slice_from(strbuf_slice(&reader->text), before)))
		return fail(reader, 400, "control characters in a head");
	return ended ? take_head_line(reader) : HTTP_GOT_NOTHING;
}

/* ---- chunks ----------------------------------------------------------------------- */

static int hex_value(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* RFC 9112 §7.1: digits, then perhaps extensions; blanks stand before their ';' at most. */
static bool read_chunk_size(struct slice line, uint64_t *size)
{
	size_t n = 0;

	*size = 0;
	while (n < line.len && n < CHUNK_DIGITS_MAX && hex_value(line.ptr[n]) >= 0) {
		*size = *size << 4 | (uint64_t)hex_value(line.ptr[n]);
		n++;
	}
	const struct slice rest = slice_trim(slice_from(line, n));
	return n > 0 && (n == line.len || (rest.len > 0 && rest.ptr[0] == ';'));
}

static enum http_got begin_chunk(struct http_reader *reader, struct slice line)
{
	if (slice_absent(line) || !read_chunk_size(line, &reader->left))
		return fail(reader, 400, "a chunk without a size");
	if (reader->left > HTTP_BODY_MAX - reader->taken)
		return fail(reader, 413, "a body beyond all limits");
	reader->state = reader->left > 0 ? STATE_CHUNK : STATE_TRAILERS;
	return HTTP_GOT_NOTHING;
}

static enum http_got end_chunk(struct http_reader *reader, struct slice line)
{
	if (slice_absent(line) || line.len > 0)
		return fail(reader, 400, "a chunk longer than its size");
	reader->state = STATE_CHUNK_SIZE;
	return HTTP_GOT_NOTHING;
}

static enum http_got take_trailer(struct http_reader *reader, struct slice line)
{
	reader->trailers += reader->line.len;
	if (reader->trailers > HTTP_HEAD_SIZE_MAX)
		return fail(reader, 431, "trailers beyond limits");
	if (slice_absent(line) || (line.len > 0 && !http_is_field(line)))
		return fail(reader, 400, "a trailer that is no field");
	if (line.len == 0)
		reader->state = STATE_END;
	return HTTP_GOT_NOTHING;
}

static enum http_got take_chunk_line(struct http_reader *reader, struct slice *bytes)
{
	const size_t before = reader->line.len;
	const bool ended = take_line(&reader->line, bytes);
	enum http_got got = HTTP_GOT_NOTHING;

	if (reader->line.overflow ||
		has_control(slice_from(strbuf_slice(&reader->line), before)))
		return fail(reader, 400, "a line of a chunk beyond limits");
	if (!ended)
		return HTTP_GOT_NOTHING;
	const struct slice line = line_of(strbuf_slice(&reader->line));
	if (!slice_absent(line) && slice_find(line, '\r') < line.len)
		return fail(reader, 400, "a line that does not end with CR LF");
	if (reader->state == STATE_CHUNK_SIZE)
		got = begin_chunk(reader, line);
	else if (reader->state == STATE_CHUNK_END)
		got = end_chunk(reader, line);
	else
		got = take_trailer(reader, line);
	strbuf_reset(&reader->line);
	return got;
}

/* ---- the body ----------------------------------------------------------------------- */

/* What `part`, which moves, gives. */
static enum http_got unpack(struct http_reader *reader, struct slice *part, struct slice *piece)
{
	switch (http_unpack(reader->unpacker, part, piece)) {
	case HTTP_UNPACKED:
		return piece->len > 0 ? HTTP_GOT_BODY : HTTP_GOT_NOTHING;
	case HTTP_DAMAGED:
		return fail(reader, 400, "a body that cannot be unpacked");
	case HTTP_BOMB:
		return fail(reader, 413, "a body that unpacks to too much");
	}
	abort();
}

static enum http_got take_body(
	struct http_reader *reader, struct slice *bytes, struct slice *piece)
{
	struct slice part =
		slice_head(*bytes, reader->left < bytes->len ? reader->left : bytes->len);
	const size_t len = part.len;
	enum http_got got = HTTP_GOT_BODY;

	*piece = part;
	if (reader->unpacker != NULL)
		got = unpack(reader, &part, piece);
	else
		part = slice_from(part, len);
	*bytes = slice_from(*bytes, len - part.len);
	reader->left -= len - part.len;
	reader->taken += len - part.len;
	if (got != HTTP_GOT_BROKEN && reader->left == 0)
		reader->state = reader->state == STATE_CHUNK ? STATE_CHUNK_END : STATE_END;
	return got;
}

/* What the coding has kept back, without further bytes. */
static bool has_more(const struct http_reader *reader)
{
	return reader->unpacker != NULL && reader->state != STATE_BROKEN &&
	       http_unpacker_has_more(reader->unpacker);
}

static enum http_got end_request(struct http_reader *reader)
{
	const bool is_whole =
		reader->unpacker == NULL || http_unpacker_is_whole(reader->unpacker);

	if (!is_whole)
		return fail(reader, 400, "a body that ends before its content coding");
	end_unpacking(reader);
	strbuf_reset(&reader->text);
	reader->line_at = 0;
	reader->has_skipped = false;
	reader->state = STATE_HEAD;
	return HTTP_GOT_END;
}

static enum http_got step(struct http_reader *reader, struct slice *bytes, struct slice *piece)
{
	switch (reader->state) {
	case STATE_HEAD:
		return take_head(reader, bytes);
	case STATE_BODY:
	case STATE_CHUNK:
		return take_body(reader, bytes, piece);
	case STATE_CHUNK_SIZE:
	case STATE_CHUNK_END:
	case STATE_TRAILERS:
		return take_chunk_line(reader, bytes);
	case STATE_END:
		return end_request(reader);
	case STATE_BROKEN:
		return HTTP_GOT_BROKEN;
	}
	abort();
}

enum http_got http_reader_next(
	struct http_reader *reader, struct slice *bytes, struct slice *piece)
{
	enum http_got got = HTTP_GOT_NOTHING;

	while (got == HTTP_GOT_NOTHING) {
		struct slice none = slice_of("", 0);

		if (has_more(reader))
			got = unpack(reader, &none, piece);
		else if (bytes->len > 0 || reader->state == STATE_END ||
			 reader->state == STATE_BROKEN)
			got = step(reader, bytes, piece);
		else
			return HTTP_GOT_NOTHING;
	}
	return got;
}
