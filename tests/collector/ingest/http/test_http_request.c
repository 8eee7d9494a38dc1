/* Streams of bytes into HTTP requests, and what could be read in two ways refused. */
#include "collector/ingest/http/http_request.h"

#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "common/strbuf.h"
#include "tests/support/check.h"

enum { OUT_MAX = 1 << 26 };

/* What a reader said, in text: "POST /a?q [hello] . ", or "!400". */
struct heard {
	struct strbuf text;
	struct strbuf body;
	unsigned status;
	bool unpacks; /* not asked to: bytes as they were sent */
};

static void hear_head(struct heard *heard, struct http_reader *reader)
{
	const struct http_head *head = http_reader_head(reader);

	strbuf_addf(&heard->text, "%d %.*s", head->method, SLICE_FMT(head->path));
	if (!slice_absent(head->query))
		strbuf_addf(&heard->text, "?%.*s", SLICE_FMT(head->query));
	if (!head->keeps_alive)
		strbuf_add_str(&heard->text, " close");
	if (heard->unpacks && !http_reader_unpack(reader))
		strbuf_add_str(&heard->text, " coding?");
	strbuf_reset(&heard->body);
}

static void hear_end(struct heard *heard)
{
	strbuf_addf(&heard->text, " [%.*s]\n", SLICE_FMT(strbuf_slice(&heard->body)));
}

static bool push(struct http_reader *reader, struct slice bytes, struct heard *heard)
{
	struct slice piece;

	for (;;) {
		switch (http_reader_next(reader, &bytes, &piece)) {
		case HTTP_GOT_NOTHING:
			ck_assert_uint_eq(bytes.len, 0);
			return true;
		case HTTP_GOT_HEAD:
			hear_head(heard, reader);
			break;
		case HTTP_GOT_BODY:
			ck_assert_uint_gt(piece.len, 0);
			strbuf_add(&heard->body, piece);
			break;
		case HTTP_GOT_END:
			hear_end(heard);
			break;
		case HTTP_GOT_BROKEN:
			heard->status = http_reader_trouble(reader).status;
			ck_assert_ptr_nonnull(http_reader_trouble(reader).why);
			return false;
		}
	}
}

static struct heard read_pieces(struct slice bytes, size_t piece, bool unpacks)
{
	struct heard heard = {STRBUF_INIT(OUT_MAX), STRBUF_INIT(OUT_MAX), .unpacks = unpacks};
	struct http_reader *reader = http_reader_new();
	bool good = true;

	while (good && bytes.len > 0) {
		const size_t n = piece < bytes.len ? piece : bytes.len;

		good = push(reader, slice_head(bytes, n), &heard);
		bytes = slice_from(bytes, n);
	}
	http_reader_free(reader);
	return heard;
}

static void done(struct heard *heard)
{
	strbuf_done(&heard->text);
	strbuf_done(&heard->body);
}

static void check_bytes(struct slice bytes, const char *expected, unsigned status)
{
	for (size_t piece = 1; piece <= bytes.len; piece += piece < 40 ? 1 : bytes.len) {
		struct heard heard = read_pieces(bytes, piece, true);

		ck_assert_str_eq(strbuf_cstr(&heard.text), expected);
		ck_assert_uint_eq(heard.status, status);
		done(&heard);
	}
}

static void check(const char *bytes, const char *expected)
{
	check_bytes(slice_str(bytes), expected, 0);
}

/* Refused with that status, before anything was said. */
static void refused(const char *bytes, unsigned status)
{
	check_bytes(slice_str(bytes), "", status);
}

#define HOST "Host: h\r\n"

START_TEST(requests_come_with_their_bodies)
{
	check("GET / HTTP/1.1\r\n" HOST "\r\n", "1 / []\n");
	check("POST /a/_bulk?x=y HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
		"4 /a/_bulk?x=y [hello]\n");
	check("PUT /? HTTP/1.1\r\n" HOST "content-length:0\r\n\r\n", "8 /? []\n");
	check("PATCH /p HTTP/1.1\r\n" HOST "\r\n", "32 /p []\n");
	check("GET http://h:80/p?q HTTP/1.1\r\n" HOST "\r\n", "1 /p?q []\n");
}
END_TEST

START_TEST(requests_follow_each_other)
{
	check("POST /1 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
	      "POST /2 HTTP/1.1\r\n" HOST
	      "Transfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n"
	      "\r\nGET /3 HTTP/1.1\r\n" HOST "Connection: TE, Close\r\n\r\n"
	      "GET /4 HTTP/1.0\r\n\r\n",
		"4 /1 [ab]\n4 /2 [c]\n1 /3 close []\n1 /4 close []\n");
}
END_TEST

START_TEST(chunks_may_have_extensions_and_trailers)
{
	check("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
	      "5;a=b;c=\"d e\"\r\nhello\r\n000a ;x\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\n",
		"4 / [hello0123456789]\n");
}
END_TEST

#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"

START_TEST(chunks_that_could_be_read_otherwise_are_refused)
{
	static const char *const bad[] = {"5\nhello", "\r\n", "g\r\n", "-1\r\n", "+1\r\n",
		"0x5\r\n", " 5\r\n", "5 \r\nhello", "5 x\r\nhello", "1\r\nab\r\n", "1\r\na\n",
		"1\r\na\rb\r\n", "00000000000000001\r\na", "1;\x01\r\n", "1;a\rb\r\n",
		"0\r\nX : y\r\n", "0\r\nno field\r\n", "0\r\n X: y\r\n", "0\r\n\n"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char text[256];

		snprintf(text, sizeof(text), CHUNKED "%s", bad[i]);
		struct heard heard = read_pieces(slice_str(text), 1, true);
		ck_assert_msg(heard.status == 400, "chunk %zu", i);
		done(&heard);
	}
	check_bytes(slice_str(CHUNKED "10000001\r\n"), "4 /", 413);
	check_bytes(slice_str(CHUNKED "ffffffffffffffff\r\n"), "4 /", 413);
}
END_TEST

START_TEST(what_two_programs_could_read_in_two_ways_is_refused)
{
	refused("POST / HTTP/1.1\r\n" HOST
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
		400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
		400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 501);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 501);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
		"chunked\r\n\r\n",
		400);
	refused("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400);
	refused("GET / HTTP/1.1\nHost: h\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: h\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: h\r\n\n", 400);
	refused("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400);
}
END_TEST

START_TEST(heads_that_are_none_are_refused)
{
	refused("GET / HTTP/1.1\r\n\r\n", 400);
	refused("GET /\r\n\r\n", 400);
	refused("GET  / HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("GET / HTTP/1.1 \r\n" HOST "\r\n", 400);
	refused("GET a HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("GET * HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("GET /#f HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("G(T / HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("GET / HTTP/2.0\r\n" HOST "\r\n", 505);
	refused("PRI * HTTP/2.0\r\n\r\n", 505);
	refused("GET / HTTP/11\r\n" HOST "\r\n", 400);
	refused("GET / http/1.1\r\n" HOST "\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST ": y\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "no field\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", 400);
	refused("\x16\x03\x01 a handshake of TLS", 400);
	refused("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n", 417);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 268435457\r\n\r\n", 413);
	check_bytes(SLICE_LIT("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), "", 400);
}
END_TEST

static void refused_when_long(const char *begin, const char *more, unsigned status)
{
	struct strbuf bytes = STRBUF_INIT(OUT_MAX);

	strbuf_add_str(&bytes, begin);
	while (bytes.len < 2 * HTTP_HEAD_SIZE_MAX)
		strbuf_add_str(&bytes, more);
	struct heard heard = read_pieces(strbuf_slice(&bytes), 1000, true);
	ck_assert_uint_eq(heard.status, status);
	done(&heard);
	strbuf_done(&bytes);
}

START_TEST(everything_has_a_bound)
{
	refused_when_long("GET /", "a", 414);
	refused_when_long("GET / HTTP/1.1\r\nX: ", "a", 431);
	refused_when_long("GET / HTTP/1.1\r\n", "X: y\r\n", 431);
	refused_when_long(CHUNKED "1;", "a", 400);
	refused_when_long(CHUNKED "0\r\n", "X: y\r\n", 431);
}
END_TEST

START_TEST(fields_of_a_head_are_given)
{
	static const char text[] =
		"POST /p?a=1&b&c= HTTP/1.1\r\nhost: h\r\n"
		"CONTENT-TYPE:  application/json \r\nContent-Encoding: gzip\r\n"
		"Authorization: Bearer t\r\nUser-Agent: u\r\n"
		"Expect: 100-Continue\r\nContent-Length: 7\r\n";
	struct http_head head;

	ck_assert_uint_eq(http_head_parse(slice_str(text), &head).status, 0);
	ck_assert_slice_eq(head.host, SLICE_LIT("h"));
	ck_assert_slice_eq(head.content_type, SLICE_LIT("application/json"));
	ck_assert_slice_eq(head.content_encoding, SLICE_LIT("gzip"));
	ck_assert_slice_eq(head.authorization, SLICE_LIT("Bearer t"));
	ck_assert_slice_eq(head.user_agent, SLICE_LIT("u"));
	ck_assert(head.expects_continue && head.keeps_alive);
	ck_assert_uint_eq(head.length, 7);
	ck_assert_slice_eq(http_query_value(head.query, SLICE_LIT("a")), SLICE_LIT("1"));
	ck_assert_slice_eq(http_query_value(head.query, SLICE_LIT("b")), SLICE_LIT(""));
	ck_assert_slice_eq(http_query_value(head.query, SLICE_LIT("c")), SLICE_LIT(""));
	ck_assert(slice_absent(http_query_value(head.query, SLICE_LIT("d"))));
}
END_TEST

/* `window`: as deflateInit2() wants it. */
static void pack(struct strbuf *out, struct slice body, int window)
{
	z_stream stream = {0};
	unsigned char room[4096];

	ck_assert_int_eq(
		deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (z_const Bytef *)(uintptr_t)body.ptr;
	stream.avail_in = (uInt)body.len;
	for (int result = Z_OK; result != Z_STREAM_END;) {
		stream.next_out = room;
		stream.avail_out = sizeof(room);
		result = deflate(&stream, Z_FINISH);
		strbuf_add(out, slice_of(room, sizeof(room) - stream.avail_out));
	}
	(void)deflateEnd(&stream);
}

static void put_request(struct strbuf *out, const char *coding, struct slice body)
{
	strbuf_addf(out, "POST / HTTP/1.1\r\n" HOST "Content-Encoding: %s\r\n", coding);
	strbuf_addf(out, "Content-Length: %zu\r\n\r\n", body.len);
	strbuf_add(out, body);
}

static void check_coding(
	const char *coding, struct slice body, const char *expected, unsigned status)
{
	struct strbuf request = STRBUF_INIT(OUT_MAX);

	put_request(&request, coding, body);
	check_bytes(strbuf_slice(&request), expected, status);
	strbuf_done(&request);
}

START_TEST(content_codings_are_removed)
{
	struct strbuf packed = STRBUF_INIT(OUT_MAX);

	pack(&packed, SLICE_LIT("hello"), 15 + 16);
	check_coding("gzip", strbuf_slice(&packed), "4 / [hello]\n", 0);
	check_coding("X-GZIP", strbuf_slice(&packed), "4 / [hello]\n", 0);
	check_coding("deflate", strbuf_slice(&packed), "4 /", 400);
	pack(&packed, SLICE_LIT(" again"), 15 + 16);
	check_coding("gzip", strbuf_slice(&packed), "4 / [hello again]\n", 0);
	packed.ptr[packed.len - 1] ^= 1; /* of its length */
	check_coding("gzip", strbuf_slice(&packed), "4 /", 400);
	strbuf_cut(&packed, packed.len - 1);
	check_coding("gzip", strbuf_slice(&packed), "4 /", 400);
	strbuf_reset(&packed);
	pack(&packed, SLICE_LIT("hello"), 15);
	check_coding("deflate", strbuf_slice(&packed), "4 / [hello]\n", 0);
	strbuf_add_byte(&packed, 'x');
	check_coding("deflate", strbuf_slice(&packed), "4 /", 400);
	check_coding("gzip", SLICE_LIT(""), "4 / []\n", 0);
	check_coding("identity", SLICE_LIT("hello"), "4 / [hello]\n", 0);
	check_coding("br", SLICE_LIT("hello"), "4 / coding? [hello]\n", 0);
	check_coding("gzip, gzip", SLICE_LIT("hello"), "4 / coding? [hello]\n", 0);
	strbuf_done(&packed);
}
END_TEST

static void pack_zstd(struct strbuf *out, struct slice bytes)
{
	const size_t size = ZSTD_compressBound(bytes.len);
	char *packed = malloc(size);
	const size_t len = ZSTD_compress(packed, size, bytes.ptr, bytes.len, 1);

	ck_assert(!ZSTD_isError(len));
	strbuf_add(out, slice_of(packed, len));
	free(packed);
}

START_TEST(zstd_is_removed_too)
{
	struct strbuf packed = STRBUF_INIT(OUT_MAX);

	pack_zstd(&packed, SLICE_LIT("hello"));
	check_coding("zstd", strbuf_slice(&packed), "4 / [hello]\n", 0);
	pack_zstd(&packed, SLICE_LIT(" again"));
	check_coding("zstd", strbuf_slice(&packed), "4 / [hello again]\n", 0);
	strbuf_cut(&packed, packed.len - 1);
	check_coding("zstd", strbuf_slice(&packed), "4 /", 400);
	check_coding("zstd", SLICE_LIT(""), "4 / []\n", 0);
	check_coding("zstd", SLICE_LIT("hello"), "4 /", 400);
	/* A window of 8 and one of 16 MiB (RFC 8878 §3.1.1.1.2), and an empty last block. */
	check_coding(
		"zstd", slice_of("\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00", 9), "4 / []\n", 0);
	check_coding("zstd", slice_of("\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00", 9), "4 /", 400);
	strbuf_done(&packed);
}
END_TEST

static void check_damaged_cut_at(struct slice request, size_t cut)
{
	struct heard heard = {STRBUF_INIT(OUT_MAX), STRBUF_INIT(OUT_MAX), .unpacks = true};
	struct http_reader *reader = http_reader_new();

	if (push(reader, slice_head(request, cut), &heard))
		(void)push(reader, slice_from(request, cut), &heard);
	ck_assert_uint_eq(heard.status, 400);
	http_reader_free(reader);
	done(&heard);
}

static void check_damaged_wherever_cut(struct slice body)
{
	struct strbuf request = STRBUF_INIT(OUT_MAX);

	check_coding("zstd", body, "4 /", 400);
	put_request(&request, "zstd", body);
	for (size_t cut = request.len - body.len; cut <= request.len; cut++)
		check_damaged_cut_at(strbuf_slice(&request), cut);
	strbuf_done(&request);
}

/* Frames of 0.7, 0.6 and 0.5 with an empty last block: a library may have decoders for them,
 * which know no limit of the window. */
START_TEST(formats_before_zstd_are_damage)
{
	check_damaged_wherever_cut(slice_of("\x27\xb5\x2f\xfd\x00\x68\xc0\x00\x00", 9));
	check_damaged_wherever_cut(slice_of("\x26\xb5\x2f\xfd\x0d\xc0\x00\x00", 8));
	check_damaged_wherever_cut(slice_of("\x25\xb5\x2f\xfd\x0e\xc0\x00\x00", 8));
	/* Behind a frame, one that is to be skipped, and a head with its reserved bit. */
	check_damaged_wherever_cut(slice_of("\x28\xb5\x2f\xfd\x00\x00\x01\x00\x00"
					    "\x27\xb5\x2f\xfd\x00\x68\xc0\x00\x00",
		18));
	check_damaged_wherever_cut(slice_of("\x50\x2a\x4d\x18\x01\x00\x00\x00x"
					    "\x27\xb5\x2f\xfd\x00\x68\xc0\x00\x00",
		18));
	check_damaged_wherever_cut(slice_of("\x28\xb5\x2f\xfd\x08"
					    "\x27\xb5\x2f\xfd\x00\x68\xc0\x00\x00",
		14));
	check_coding("zstd",
		slice_of("\x50\x2a\x4d\x18\x01\x00\x00\x00x\x28\xb5\x2f\xfd\x00\x00\x09"
			 "\x00\x00y",
			19),
		"4 / [y]\n", 0);
}
END_TEST

/* What its sender makes a request need: what it unpacked so far, of a window that is larger. */
START_TEST(the_window_of_zstd_counts)
{
	enum { BYTES = 1 << 20 };
	struct strbuf packed = STRBUF_INIT(OUT_MAX), request = STRBUF_INIT(OUT_MAX);
	struct heard heard = {STRBUF_INIT(OUT_MAX), STRBUF_INIT(OUT_MAX), .unpacks = true};
	struct http_reader *reader = http_reader_new();
	char *bytes = malloc(BYTES);

	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (char)(i * i >> 8);
	pack_zstd(&packed, slice_of(bytes, BYTES));
	put_request(&request, "zstd", strbuf_slice(&packed));
	const struct slice all = strbuf_slice(&request);
	ck_assert(push(reader, slice_head(all, all.len - 1), &heard));
	ck_assert_uint_gt(http_reader_held(reader), BYTES / 4);
	ck_assert_uint_le(http_reader_held(reader), BYTES);
	ck_assert(push(reader, slice_from(all, all.len - 1), &heard));
	ck_assert_uint_eq(http_reader_held(reader), 0);
	http_reader_free(reader);
	done(&heard);
	free(bytes);
	strbuf_done(&packed);
	strbuf_done(&request);
}
END_TEST

START_TEST(a_bomb_of_zstd_ends_early)
{
	enum { ZEROS = 64 << 20 };
	struct strbuf packed = STRBUF_INIT(OUT_MAX), request = STRBUF_INIT(OUT_MAX);
	char *zeros = calloc(1, ZEROS);

	pack_zstd(&packed, slice_of(zeros, ZEROS));
	put_request(&request, "zstd", strbuf_slice(&packed));
	struct heard heard = read_pieces(strbuf_slice(&request), 65536, true);
	ck_assert_uint_eq(heard.status, 413);
	ck_assert_uint_le(heard.body.len, HTTP_RATIO_COUNTS_FROM + HTTP_PIECE);
	done(&heard);
	free(zeros);
	strbuf_done(&packed);
	strbuf_done(&request);
}
END_TEST

START_TEST(a_bomb_ends_early)
{
	enum { ZEROS = 64 << 20 };
	struct strbuf packed = STRBUF_INIT(OUT_MAX), request = STRBUF_INIT(OUT_MAX);
	char *zeros = calloc(1, ZEROS);

	pack(&packed, slice_of(zeros, ZEROS), 15 + 16);
	put_request(&request, "gzip", strbuf_slice(&packed));
	struct heard heard = read_pieces(strbuf_slice(&request), 65536, true);
	ck_assert_uint_eq(heard.status, 413);
	ck_assert_uint_le(heard.body.len, HTTP_RATIO_COUNTS_FROM + HTTP_PIECE);
	done(&heard);
	heard = read_pieces(strbuf_slice(&request), 65536, false); /* as it was sent */
	ck_assert_uint_eq(heard.status, 0);
	ck_assert_slice_eq(strbuf_slice(&heard.body), strbuf_slice(&packed));
	done(&heard);
	free(zeros);
	strbuf_done(&packed);
	strbuf_done(&request);
}
END_TEST

static const char valid[] = "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
			    "Content-Type: x/y\r\n\r\n3;e=f\r\nabc\r\n0\r\nT: u\r\n\r\n";

START_TEST(what_is_cut_anywhere_is_not_whole)
{
	for (size_t len = 0; len < sizeof(valid) - 1; len++) {
		struct heard heard = read_pieces(slice_of(valid, len), 7, true);

		ck_assert_uint_eq(heard.status, 0);
		ck_assert_ptr_null(strchr(strbuf_cstr(&heard.text), '\n'));
		done(&heard);
	}
	check(valid, "4 /a [abc]\n");
}
END_TEST

START_TEST(flipped_bits_are_read_the_same_however_they_are_split)
{
	char bytes[sizeof(valid)];

	for (size_t bit = 0; bit < 8 * (sizeof(valid) - 1); bit++) {
		memcpy(bytes, valid, sizeof(valid));
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
		struct heard one = read_pieces(slice_of(bytes, sizeof(valid) - 1), 1, true);
		struct heard all = read_pieces(slice_of(bytes, sizeof(valid) - 1), 1000, true);

		ck_assert_str_eq(strbuf_cstr(&one.text), strbuf_cstr(&all.text));
		ck_assert_uint_eq(one.status, all.status);
		done(&one);
		done(&all);
	}
}
END_TEST

TEST_MAIN("http_request", requests_come_with_their_bodies, requests_follow_each_other,
	chunks_may_have_extensions_and_trailers,
	chunks_that_could_be_read_otherwise_are_refused,
	what_two_programs_could_read_in_two_ways_is_refused, heads_that_are_none_are_refused,
	everything_has_a_bound, fields_of_a_head_are_given, content_codings_are_removed,
	zstd_is_removed_too, formats_before_zstd_are_damage, the_window_of_zstd_counts,
	a_bomb_of_zstd_ends_early, a_bomb_ends_early, what_is_cut_anywhere_is_not_whole,
	flipped_bits_are_read_the_same_however_they_are_split)
