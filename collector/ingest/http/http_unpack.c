#include "collector/ingest/http/http_unpack.h"

#include <stdlib.h>
#include <zlib.h>

enum { WINDOW_OF_ZLIB = 15, WINDOW_OF_GZIP = 15 + 16 };

struct http_unpacker {
	enum http_coding coding;
	z_stream stream;
	uint64_t taken, given;
	bool ended;      /* between streams */
	bool has_more;   /* the last piece was full */
	bool is_damaged; /* behind the last piece */
	unsigned char room[HTTP_PIECE];
};

enum http_coding http_coding_of(struct slice content_encoding)
{
	static const struct {
		struct slice name;
		enum http_coding coding;
	} known[] = {
		{{SLICE_BYTES("")}, HTTP_IDENTITY},
		{{SLICE_BYTES("identity")}, HTTP_IDENTITY},
		{{SLICE_BYTES("gzip")}, HTTP_GZIP},
		{{SLICE_BYTES("x-gzip")}, HTTP_GZIP},
		{{SLICE_BYTES("deflate")}, HTTP_DEFLATE},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq_nocase(known[i].name, content_encoding))
			return known[i].coding;
	}
	return HTTP_UNKNOWN_CODING;
}

struct http_unpacker *http_unpacker_new(enum http_coding coding)
{
	struct http_unpacker *unpacker = calloc(1, sizeof(*unpacker));

	if (unpacker == NULL ||
		inflateInit2(&unpacker->stream,
			coding == HTTP_GZIP ? WINDOW_OF_GZIP : WINDOW_OF_ZLIB) != Z_OK)
		abort(); /* out of memory: nothing else can be */
	unpacker->coding = coding;
	unpacker->ended = true;
	return unpacker;
}

void http_unpacker_free(struct http_unpacker *unpacker)
{
	if (unpacker == NULL)
		return;
	(void)inflateEnd(&unpacker->stream);
	free(unpacker);
}

bool http_unpacker_has_more(const struct http_unpacker *unpacker)
{
	return unpacker->has_more;
}

bool http_unpacker_is_whole(const struct http_unpacker *unpacker)
{
	return unpacker->ended;
}

static bool is_bomb(const struct http_unpacker *unpacker)
{
	return unpacker->given > HTTP_UNPACKED_MAX ||
	       (unpacker->given > HTTP_RATIO_COUNTS_FROM &&
		       unpacker->given > HTTP_RATIO_MAX * unpacker->taken);
}

/* A gzip file may have several streams, one behind the other (RFC 1952 §2.2); zlib's is one. */
static bool begin_stream(struct http_unpacker *unpacker)
{
	if (unpacker->taken > 0 &&
		(unpacker->coding != HTTP_GZIP || inflateReset(&unpacker->stream) != Z_OK))
		return false;
	unpacker->ended = false;
	return true;
}

enum http_unpacked http_unpack(
	struct http_unpacker *unpacker, struct slice *part, struct slice *piece)
{
	z_stream *stream = &unpacker->stream;

	*piece = slice_of(unpacker->room, 0);
	if (unpacker->is_damaged)
		return HTTP_DAMAGED;
	if (unpacker->ended && part->len > 0 && !begin_stream(unpacker))
		return HTTP_DAMAGED;
	stream->next_in = (z_const Bytef *)(uintptr_t)part->ptr;
	stream->avail_in = (uInt)part->len;
	stream->next_out = unpacker->room;
	stream->avail_out = HTTP_PIECE;
	const int result = inflate(stream, Z_NO_FLUSH);
	const size_t taken = part->len - stream->avail_in;
	*part = slice_from(*part, taken);
	piece->len = HTTP_PIECE - stream->avail_out;
	unpacker->taken += taken;
	unpacker->given += piece->len;
	unpacker->ended = result == Z_STREAM_END;
	unpacker->is_damaged =
		result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
	unpacker->has_more =
		unpacker->is_damaged || (stream->avail_out == 0 && !unpacker->ended);
	return is_bomb(unpacker) ? HTTP_BOMB : HTTP_UNPACKED;
}
