/*
 * http_request - a stream of bytes into HTTP/1.1 requests (RFC 9112)
 *
 * Requests come one after the other, each as a head, pieces of its body, and an
 * end:
 *
 *	HTTP_GOT_HEAD ─► HTTP_GOT_BODY ... ─► HTTP_GOT_END ─► the next one
 *
 * A body is handed on as it arrives and never held: a length or chunks (whose
 * extensions and trailers are read and not looked at) tell where it ends, and
 * what else than that could be meant is refused (http_head.h). Pieces are the
 * bytes as they were sent, until http_reader_unpack() asks for those behind the
 * content coding. Damage in a stream is found behind the good pieces before it.
 *
 * Bounds: HTTP_HEAD_SIZE_MAX bytes of a head, of a body's trailers; a body of
 * HTTP_BODY_MAX bytes as sent, HTTP_UNPACKED_MAX unpacked. No more than a head, a
 * line of a chunk and one piece is held.
 *
 * A pure state machine: any split of the bytes gives the same requests. Not
 * thread-safe. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_REQUEST_H
#define COLLECTOR_INGEST_HTTP_REQUEST_H

#include "collector/ingest/http/http_head.h"
#include "collector/ingest/http/http_unpack.h"

struct http_reader;

enum {
	HTTP_HEAD_SIZE_MAX = 16 << 10,
	HTTP_CHUNK_LINE_MAX = 1024, /* bytes of a chunk's size and extensions */
	HTTP_BODY_MAX = 256 << 20,
};

enum http_got {
	HTTP_GOT_NOTHING, /* all bytes were taken, and what they end with is not whole */
	HTTP_GOT_HEAD,    /* http_reader_head() has it */
	HTTP_GOT_BODY,    /* a piece, never empty */
	HTTP_GOT_END,     /* of the request */
	HTTP_GOT_BROKEN,  /* nothing more can be taken; why, says http_reader_trouble() */
};

MUST_USE struct http_reader *http_reader_new(void);
void http_reader_free(struct http_reader *reader); /* NULL is fine */

/*
 * The next of what `bytes` holds, which moves behind what was taken. To be called until it says
 * HTTP_GOT_NOTHING: something may wait when `bytes` is empty. `piece` is valid until the next
 * call, and no longer than the bytes that were given.
 */
MUST_USE enum http_got http_reader_next(
	struct http_reader *reader, struct slice *bytes, struct slice *piece);

/* Of the request that is being read; valid until the next call after its end. */
const struct http_head *http_reader_head(const struct http_reader *reader);

/* To be called after HTTP_GOT_HEAD: its body comes without its content coding. False: that is
 * one we do not know. */
MUST_USE bool http_reader_unpack(struct http_reader *reader);

/* Bytes of memory that its sender has made it need, beyond what is held of every request. */
size_t http_reader_held(const struct http_reader *reader);

struct http_trouble http_reader_trouble(const struct http_reader *reader);

/* A request has begun, and its end has not come. */
bool http_reader_is_within(const struct http_reader *reader);

/* Its head is whole, its end has not come. */
bool http_reader_is_in_body(const struct http_reader *reader);

#endif
