/*
 * http_unpack - content codings of a body: gzip and deflate (RFC 9110 §8.4.1), zstd (RFC 8878)
 *
 * Unpacked piece by piece, as pieces are asked for: a bomb costs only the time up
 * to HTTP_UNPACKED_MAX, or to HTTP_RATIO_MAX times what came. Of a damaged body of zstd the
 * last pieces before the damage may not be given.
 *
 * Not thread-safe. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_UNPACK_H
#define COLLECTOR_INGEST_HTTP_UNPACK_H

#include "common/slice.h"

struct http_unpacker;

enum {
	HTTP_PIECE = 16 << 10,             /* bytes unpacked at once, at most */
	HTTP_UNPACKED_MAX = 256 << 20,     /* bytes of one body */
	HTTP_RATIO_MAX = 500,              /* of these to what came, */
	HTTP_RATIO_COUNTS_FROM = 16 << 20, /* in a body that unpacks to more than that */
	HTTP_WINDOW_LOG_MAX = 23,          /* of zstd: 8 MiB (RFC 9659 §3) */
};

enum http_coding { HTTP_IDENTITY, HTTP_GZIP, HTTP_DEFLATE, HTTP_ZSTD, HTTP_UNKNOWN_CODING };

/* Of a field Content-Encoding; absent and empty are HTTP_IDENTITY. */
enum http_coding http_coding_of(struct slice content_encoding);

enum http_unpacked {
	HTTP_UNPACKED,
	HTTP_DAMAGED, /* no such stream */
	HTTP_BOMB,    /* unpacks to more than an honest one can */
};

/* `coding`: one that packs. */
MUST_USE struct http_unpacker *http_unpacker_new(enum http_coding coding);
void http_unpacker_free(struct http_unpacker *unpacker); /* NULL is fine */

/* What the first bytes of `part`, which moves, give; `piece` may be empty, and is valid until
 * the next call. */
MUST_USE enum http_unpacked http_unpack(
	struct http_unpacker *unpacker, struct slice *part, struct slice *piece);

/* There may be more without further bytes. */
bool http_unpacker_has_more(const struct http_unpacker *unpacker);

/* Bytes of memory, beyond what every request may take, that its sender has made it need. */
size_t http_unpacker_held(const struct http_unpacker *unpacker);

/* Nothing was given, or all of a stream. */
bool http_unpacker_is_whole(const struct http_unpacker *unpacker);

#endif
