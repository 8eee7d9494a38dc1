/*
 * One byte that says how, then the stream of requests: as it is, or as the chunked and gzipped
 * body of one. Split anywhere it gives the same requests, and the same verdict.
 */
#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

#include "collector/ingest/http/http_request.h"
#include "common/crc32c.h"
#include "common/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was heard, as a sum over it: heads, bodies as a whole, ends. */
struct heard {
	uint32_t sum;
	unsigned heads, ends;
	uint64_t body;
	bool has_zstd; /* what it gives before damage depends on how it is split */
};

static void hear(struct heard *heard, struct slice bytes)
{
	heard->sum = crc32c(heard->sum, bytes.ptr, bytes.len);
}

static void hear_head(struct heard *heard, struct http_reader *reader)
{
	const struct http_head *head = http_reader_head(reader);
	const struct slice all[] = {head->path, head->query, head->host, head->content_type,
		head->content_encoding, head->authorization, head->user_agent};

	assert(head->path.len > 0 && head->path.ptr[0] == '/');
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert(slice_find(all[i], '\n') == all[i].len);
		hear(heard, all[i]);
	}
	(void)http_query_value(head->query, SLICE_LIT("a"));
	heard->has_zstd |= http_coding_of(head->content_encoding) == HTTP_ZSTD;
	(void)!http_reader_unpack(reader);
	heard->heads++;
}

/* False when it is broken. */
static bool push(struct http_reader *reader, struct slice bytes, struct heard *heard)
{
	struct slice piece;

	for (;;) {
		switch (http_reader_next(reader, &bytes, &piece)) {
		case HTTP_GOT_NOTHING:
			assert(bytes.len == 0);
			return true;
		case HTTP_GOT_HEAD:
			hear_head(heard, reader);
			break;
		case HTTP_GOT_BODY:
			assert(piece.len > 0);
			hear(heard, piece);
			heard->body += piece.len;
			break;
		case HTTP_GOT_END:
			hear(heard, SLICE_LIT("end"));
			heard->ends++;
			break;
		case HTTP_GOT_BROKEN:
			assert(http_reader_trouble(reader).status >= 400);
			return false;
		}
	}
}

/* Bytes are given in memory of their own, which is gone afterwards. */
static bool push_copy(struct http_reader *reader, struct slice bytes, struct heard *heard)
{
	char *copy = malloc(bytes.len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes.ptr, bytes.len);
	const bool good = push(reader, slice_of(copy, bytes.len), heard);
	free(copy);
	return good;
}

static bool run(struct slice bytes, size_t piece, struct heard *heard)
{
	struct http_reader *reader = http_reader_new();
	bool good = true;

	*heard = (struct heard){0};
	while (good && bytes.len > 0) {
		const size_t n = piece < bytes.len ? piece : bytes.len;

		good = push_copy(reader, slice_head(bytes, n), heard);
		bytes = slice_from(bytes, n);
	}
	http_reader_free(reader);
	return good;
}

static void check_split(struct slice bytes, size_t piece, const struct heard *whole, bool good)
{
	struct heard split;

	assert(run(bytes, piece, &split) == good);
	assert(split.heads == whole->heads && split.ends == whole->ends);
	assert((!good && whole->has_zstd) ||
		(split.body == whole->body && split.sum == whole->sum));
}

static void check(struct slice bytes, size_t piece)
{
	struct heard whole;
	const bool good = run(bytes, bytes.len, &whole);

	check_split(bytes, 1, &whole, good);
	check_split(bytes, piece, &whole, good);
}

/* A body of that: gzipped, in chunks of `step` bytes. */
static void check_packed(struct slice body, size_t step)
{
	struct strbuf out = STRBUF_INIT(1 << 24);
	z_stream stream = {0};

	if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	const size_t size = deflateBound(&stream, body.len);
	unsigned char *packed = malloc(size);
	stream.next_in = (z_const Bytef *)(uintptr_t)body.ptr;
	stream.avail_in = (uInt)body.len;
	stream.next_out = packed;
	stream.avail_out = (uInt)size;
	if (packed == NULL || deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	const size_t len = size - stream.avail_out;
	(void)deflateEnd(&stream);
	strbuf_add_str(&out, "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n"
			     "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < len; at += step) {
		const size_t n = len - at < step ? len - at : step;

		strbuf_addf(&out, "%zx\r\n", n);
		strbuf_add(&out, slice_of(packed + at, n));
		strbuf_add_str(&out, "\r\n");
	}
	strbuf_add_str(&out, "0\r\n\r\n");
	struct heard whole;
	const bool good = run(strbuf_slice(&out), out.len, &whole);
	assert(good && whole.ends == 1 && whole.body == body.len);
	check_split(strbuf_slice(&out), step + 1, &whole, true);
	free(packed);
	strbuf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;

	const struct slice bytes = slice_of(data + 1, size - 1);
	const size_t piece = data[0] / 2 + 1;
	if (data[0] % 2)
		check_packed(bytes, piece);
	else
		check(bytes, piece);
	return 0;
}
