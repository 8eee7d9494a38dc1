#include "collector/ingest/http/http_unpack.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
	WINDOW_OF_ZLIB = 15,
	WINDOW_OF_GZIP = 15 + 16,
	ZSTD_HEAD_MAX = 4 + 1 + 1 + 4 + 8, /* bytes (RFC 8878 §3.1.1) */
};

struct http_unpacker {
	enum http_coding coding;
	union {
		z_stream zlib;
		ZSTD_DCtx *zstd;
	} stream;
	uint64_t taken, given;
	uint64_t of_stream; /* bytes taken of the one that is arriving */
	bool ended;         /* between streams */
	bool has_more;      /* the last piece was full */
	bool is_damaged;    /* behind the last piece */
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
		{{SLICE_BYTES("zstd")}, HTTP_ZSTD},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq_nocase(known[i].name, content_encoding))
			return known[i].coding;
	}
	return HTTP_UNKNOWN_CODING;
}

static bool begin_unpacker(struct http_unpacker *unpacker)
{
	if (unpacker->coding != HTTP_ZSTD)
		return inflateInit2(&unpacker->stream.zlib, unpacker->coding == HTTP_GZIP
								    ? WINDOW_OF_GZIP
								    : WINDOW_OF_ZLIB) == Z_OK;
	unpacker->stream.zstd = ZSTD_createDCtx();
	return unpacker->stream.zstd != NULL &&
	       !ZSTD_isError(ZSTD_DCtx_setParameter(
		       unpacker->stream.zstd, ZSTD_d_windowLogMax, HTTP_WINDOW_LOG_MAX));
}

struct http_unpacker *http_unpacker_new(enum http_coding coding)
{
	struct http_unpacker *unpacker = calloc(1, sizeof(*unpacker));

	if (unpacker == NULL)
		abort();
	unpacker->coding = coding;
	if (!begin_unpacker(unpacker))
		abort(); /* out of memory: nothing else can be */
	unpacker->ended = true;
	return unpacker;
}

void http_unpacker_free(struct http_unpacker *unpacker)
{
	if (unpacker == NULL)
		return;
	if (unpacker->coding == HTTP_ZSTD)
		(void)ZSTD_freeDCtx(unpacker->stream.zstd);
	else
		(void)inflateEnd(&unpacker->stream.zlib);
	free(unpacker);
}

/* Of zstd's window no more is touched than what was unpacked, and of the room in which it
 * gathers a block no more than what came. */
size_t http_unpacker_held(const struct http_unpacker *unpacker)
{
	if (unpacker->coding != HTTP_ZSTD)
		return 0;
	const size_t size = ZSTD_sizeof_DCtx(unpacker->stream.zstd);
	const uint64_t touched = unpacker->given + unpacker->taken;
	return touched < size ? (size_t)touched : size;
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

/* A gzip file may have several streams, one behind the other (RFC 1952 §2.2), and so may zstd
 * (RFC 8878 §3.1); zlib's is one. */
static bool begin_stream(struct http_unpacker *unpacker)
{
	if (unpacker->taken > 0 && unpacker->coding == HTTP_DEFLATE)
		return false;
	if (unpacker->taken > 0 && unpacker->coding == HTTP_GZIP &&
		inflateReset(&unpacker->stream.zlib) != Z_OK)
		return false;
	unpacker->ended = false;
	unpacker->of_stream = 0;
	return true;
}

/* How much of `part` it takes; fills `piece`. */
static size_t inflate_some(
	struct http_unpacker *unpacker, struct slice part, struct slice *piece)
{
	z_stream *stream = &unpacker->stream.zlib;

	stream->next_in = (z_const Bytef *)(uintptr_t)part.ptr;
	stream->avail_in = (uInt)part.len;
	stream->next_out = unpacker->room;
	stream->avail_out = HTTP_PIECE;
	const int result = inflate(stream, Z_NO_FLUSH);
	piece->len = HTTP_PIECE - stream->avail_out;
	unpacker->ended = result == Z_STREAM_END;
	unpacker->is_damaged =
		result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
	return part.len - stream->avail_in;
}

/* A library with the decoders of formats before 1.0, as Debian's, looks for the magic of those
 * at the begin of what it is given while it has no whole head of a frame, even behind one that
 * is wrong; their windows have no limit, and are not counted. A head that comes byte by byte
 * has no place for them. */
static size_t unzstd_some(
	struct http_unpacker *unpacker, struct slice part, struct slice *piece)
{
	const bool in_head = unpacker->of_stream < ZSTD_HEAD_MAX && part.len > 0;
	ZSTD_inBuffer in = {part.ptr, in_head ? 1 : part.len, 0};
	ZSTD_outBuffer out = {unpacker->room, HTTP_PIECE, 0};
	const size_t result = ZSTD_decompressStream(unpacker->stream.zstd, &out, &in);

	piece->len = out.pos;
	unpacker->ended = result == 0;
	unpacker->is_damaged = ZSTD_isError(result);
	return in.pos;
}

enum http_unpacked http_unpack(
	struct http_unpacker *unpacker, struct slice *part, struct slice *piece)
{
	*piece = slice_of(unpacker->room, 0);
	if (unpacker->is_damaged)
		return HTTP_DAMAGED;
	if (unpacker->ended && part->len > 0 && !begin_stream(unpacker))
		return HTTP_DAMAGED;
	const size_t taken = unpacker->coding == HTTP_ZSTD
				     ? unzstd_some(unpacker, *part, piece)
				     : inflate_some(unpacker, *part, piece);
	*part = slice_from(*part, taken);
	unpacker->taken += taken;
	unpacker->of_stream += taken;
	unpacker->given += piece->len;
	unpacker->has_more =
		unpacker->is_damaged || (piece->len == HTTP_PIECE && !unpacker->ended);
	return is_bomb(unpacker) ? HTTP_BOMB : HTTP_UNPACKED;
}
