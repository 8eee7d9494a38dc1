/*
 * syslog_blast - sends syslog over TLS (RFC 5425) as fast as it is taken
 *
 * Options: load.h; --window and --probe have no meaning. The same lines as blast sends, with
 * octet counts, in writes of 16 KiB. Ends when the receiver has closed every
 * connection, which syslog servers do when they have read to the end.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/bench/load.h"

enum { WRITE = 16384 };

static struct load load;
static struct strbuf frames = STRBUF_INIT(1 << 30);
static size_t *frame_at; /* of every line, and where the last one ends */

static void build_frames(void)
{
	size_t n = load_corpus_lines();

	frame_at = calloc(n + 1, sizeof(*frame_at));
	if (frame_at == NULL)
		load_die("out of memory");
	for (size_t i = 0; i < n; i++) {
		struct slice line = load_line(i);

		frame_at[i] = frames.len;
		strbuf_add_u64(&frames, line.len);
		strbuf_add_byte(&frames, ' ');
		strbuf_add(&frames, line);
	}
	frame_at[n] = frames.len;
}

static void put_frames(struct load_connection *connection, size_t from, size_t to)
{
	struct slice rest =
		slice_of(frames.ptr + frame_at[from], frame_at[to] - frame_at[from]);

	while (rest.len > 0) {
		struct slice part = slice_head(rest, rest.len < WRITE ? rest.len : WRITE);

		load_put(connection, part);
		rest = slice_from(rest, part.len);
	}
}

static void hang_up(struct load_connection *connection)
{
	char ignored[256];

	(void)SSL_shutdown(connection->ssl);
	(void)shutdown(connection->fd, SHUT_WR);
	while (read(connection->fd, ignored, sizeof(ignored)) > 0)
		;
}

static void *run(void *user)
{
	struct load_connection *connection = user;
	size_t n = load_corpus_lines(), at = connection->number * 7919u % n;

	for (uint64_t left = connection->lines; left > 0;) {
		size_t count = left < n - at ? (size_t)left : n - at;

		put_frames(connection, at, at + count);
		left -= count;
		at = 0;
	}
	hang_up(connection);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct load_connection connections[LOAD_CONNECTIONS_MAX];
	struct strbuf out = STRBUF_INIT(4096);
	struct json json;

	load_options(&load, argc, argv);
	load_corpus(&load);
	build_frames();
	double seconds = load_run(&load, connections, run, NULL);
	load_report(&json, &out, load.lines, seconds);
	load_report_end(&json, &out);
	return EXIT_SUCCESS;
}
