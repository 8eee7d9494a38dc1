/*
 * blast - many agents in one process, for load: sends lines as fast as they are acknowledged
 *
 *	blast --address 127.0.0.1:6514 --ca ca.pem --cert agent.pem --key agent.key
 *	      [--connections N] [--lines N] [--size 150|350] [--corpus FILE] [--window BYTES]
 *
 * Every connection is a thread with one certificate: --cert may be given
 * several times, connection i takes certificate i modulo their number (one
 * identity has one session). Chunks are built before the clock starts, so that
 * the sender's cost is TLS alone. Prints one JSON line: lines, seconds, lines
 * a second, and percentiles of the time from sending a batch to its
 * acknowledgement.
 */
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/chunk.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/file.h"
#include "common/frame.h"
#include "common/json.h"
#include "common/tls.h"

enum { CERTS_MAX = 512, CONNECTIONS_MAX = 512, CHUNK_LINES = 1500, CHUNKS = 16 };

static struct {
	const char *address, *ca, *certs[CERTS_MAX], *keys[CERTS_MAX], *corpus;
	unsigned n_certs, n_keys, connections;
	uint64_t lines, window;
	unsigned size;
} options = {.connections = 8, .lines = 1000000, .size = 150, .window = 4 << 20};

/* A chunk as it is sent, and what it holds. */
struct ready_chunk {
	struct slice bytes;
	uint32_t count, crc;
};

static struct ready_chunk chunks[CHUNKS];

struct connection {
	pthread_t thread;
	unsigned number;
	uint64_t lines; /* to send */
	SSL *ssl;
	int fd;
	uint64_t epoch, sent, stored; /* sequences */
	uint64_t *sent_at_ns;         /* by number of the batch, ring */
	uint64_t n_batches, n_acked;
	uint32_t *latency_us;
};

enum { RING = 4096 };

static void die(const char *what)
{
	fprintf(stderr, "blast: %s\n", what);
	exit(EXIT_FAILURE);
}

/* ---- corpus ----------------------------------------------------------------- */

static void make_line(struct strbuf *line, uint64_t i)
{
	static const char *const users[] = {
		"root", "admin", "oracle", "nguyenvana", "postgres"};
	uint64_t h = i * UINT64_C(0x9e3779b97f4a7c15);

	strbuf_reset(line);
	strbuf_addf(line,
		"Nov 22 %02u:%02u:%02u srv-web-%02u sshd[%u]: Failed password for invalid user "
		"%s "
		"from 203.0.%u.%u port %u ssh2",
		(unsigned)(i / 3600 % 24), (unsigned)(i / 60 % 60), (unsigned)(i % 60),
		(unsigned)(h >> 60), (unsigned)(h >> 40 & 0x7fff), users[h % 5],
		(unsigned)(h >> 16 & 0xff), (unsigned)(h >> 24 & 0xff),
		(unsigned)(1024 + (h >> 32 & 0x7fff)));
	while (line->len < options.size)
		strbuf_addf(line, " key%u=%llx", (unsigned)(line->len % 10),
			(unsigned long long)(h ^ line->len));
	strbuf_cut(line, options.size);
}

static void seal_chunk(struct chunk_builder *builder, struct ready_chunk *chunk)
{
	struct slice sealed = chunk_builder_seal(builder);
	char *copy = malloc(sealed.len);

	memcpy(copy, sealed.ptr, sealed.len);
	chunk->bytes = slice_of(copy, sealed.len);
	chunk->count = chunk_builder_items(builder);
	chunk->crc = crc32c(0, copy, sealed.len);
	chunk_builder_reset(builder);
}

static void build_chunks(void)
{
	struct chunk_builder *builder = chunk_builder_new();
	struct strbuf line = STRBUF_INIT(4096), corpus = STRBUF_INIT(1 << 30);
	struct slice rest = SLICE_NONE;
	struct err err;
	uint64_t number = 0;

	if (options.corpus != NULL) {
		if (!file_read(options.corpus, &corpus, &err))
			die(err.text);
		rest = strbuf_slice(&corpus);
	}
	for (unsigned c = 0; c < CHUNKS; c++) {
		const struct chunk_source source = {.input = SLICE_LIT("file"),
			.name = SLICE_LIT("/var/log/auth.log"),
			.format = SLICE_LIT(""),
			.position = SLICE_LIT("")};
		unsigned n = chunk_builder_source(builder, &source);

		for (unsigned i = 0; i < CHUNK_LINES; i++) {
			struct slice bytes;

			if (options.corpus == NULL) {
				make_line(&line, number++);
				bytes = strbuf_slice(&line);
			} else if (!slice_cut(&rest, '\n', &bytes) || bytes.len == 0) {
				rest = strbuf_slice(&corpus);
				(void)slice_cut(&rest, '\n', &bytes);
			}
			const struct chunk_item item = {.kind = ITEM_LINE,
				.source = n,
				.read_ns = clock_wall_ns(),
				.whole = bytes.len,
				.bytes = bytes};
			if (!chunk_builder_add(builder, &item))
				break;
		}
		seal_chunk(builder, &chunks[c]);
	}
	strbuf_done(&line);
	strbuf_done(&corpus);
	chunk_builder_free(builder);
}

/* ---- one connection --------------------------------------------------------- */

static int dial(void)
{
	char host[256];
	const char *colon = strrchr(options.address, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	const int on = 1;

	if (colon == NULL)
		die("--address needs host:port");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - options.address), options.address);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		die("cannot resolve the address");
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
		die("cannot connect");
	freeaddrinfo(found);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void put(struct connection *connection, struct slice bytes)
{
	while (bytes.len > 0) {
		int n = SSL_write(connection->ssl, bytes.ptr, (int)bytes.len);
		if (n <= 0)
			die("connection lost while writing");
		bytes = slice_from(bytes, (size_t)n);
	}
}

static void get(struct connection *connection, char *to, size_t len)
{
	while (len > 0) {
		int n = SSL_read(connection->ssl, to, (int)len);
		if (n <= 0)
			die("connection lost while reading");
		to += n;
		len -= (size_t)n;
	}
}

static void get_frame(struct connection *connection, char *buffer, struct frame *frame)
{
	struct frame_header header;

	get(connection, buffer, FRAME_HEADER_SIZE);
	if (frame_read_header(slice_of(buffer, FRAME_HEADER_SIZE), &header) != FRAME_OK)
		die("bad header");
	get(connection, buffer + FRAME_HEADER_SIZE, header.body_size);
	if (frame_read_body(&header, slice_of(buffer + FRAME_HEADER_SIZE, header.body_size),
		    frame) != FRAME_OK)
		die("bad body");
	if (frame->type == FRAME_GOODBYE) {
		fprintf(stderr, "blast: goodbye: %.*s\n", SLICE_FMT(frame->goodbye.text));
		exit(EXIT_FAILURE);
	}
}

/* Returns the collector's window in bytes. */
static uint64_t greet(struct connection *connection, char *buffer)
{
	struct strbuf out = STRBUF_INIT(8192);
	struct frame frame = {.type = FRAME_HELLO,
		.hello = {.version_min = FRAME_VERSION,
			.version_max = FRAME_VERSION,
			.agent_version = SLICE_LIT("blast"),
			.host_name = SLICE_LIT("blast"),
			.os = SLICE_LIT(""),
			.wall_ns = clock_wall_ns(),
			.boot_id = connection->epoch,
			.n_lanes = 1}};

	frame.hello.lanes[0] = (struct frame_lane_offer){
		.lane = LANE_BULK, .epoch = connection->epoch, .first = 1, .next = 1};
	frame_write(&out, &frame);
	put(connection, strbuf_slice(&out));
	strbuf_done(&out);
	do
		get_frame(connection, buffer, &frame);
	while (frame.type != FRAME_HELLO_ACK);
	return frame.hello_ack.window_bytes;
}

static void take_ack(struct connection *connection, char *buffer)
{
	struct frame frame;

	get_frame(connection, buffer, &frame);
	if (frame.type != FRAME_ACK)
		return;
	connection->stored = frame.ack.lanes[0].stored;
	uint64_t now_ns = (uint64_t)clock_mono_ns(), at = 0;
	/* Batches are of known sizes: walk on to the one that was acknowledged last. */
	static _Thread_local uint64_t walked;
	at = walked;
	while (connection->n_acked < connection->n_batches) {
		uint64_t end = at + chunks[connection->n_acked % CHUNKS].count;

		if (end > connection->stored)
			break;
		connection->latency_us[connection->n_acked] =
			(uint32_t)((now_ns -
					   connection->sent_at_ns[connection->n_acked % RING]) /
				   1000);
		connection->n_acked++;
		at = end;
	}
	walked = at;
}

static void send_batch(struct connection *connection)
{
	const struct ready_chunk *chunk = &chunks[connection->n_batches % CHUNKS];
	struct strbuf head = STRBUF_INIT(256);
	const struct frame_batch batch = {.lane = LANE_BULK,
		.epoch = connection->epoch,
		.first = connection->sent + 1,
		.count = chunk->count,
		.crc = chunk->crc,
		.chunk = chunk->bytes};

	frame_write_batch_head(&head, &batch);
	connection->sent_at_ns[connection->n_batches % RING] = (uint64_t)clock_mono_ns();
	put(connection, strbuf_slice(&head));
	put(connection, chunk->bytes);
	strbuf_done(&head);
	connection->n_batches++;
	connection->sent += chunk->count;
}

static void *run(void *user)
{
	struct connection *connection = user;
	static _Thread_local char buffer[64 * 1024];
	uint64_t window = greet(connection, buffer);
	uint64_t in_flight = (window < options.window ? window : options.window) /
			     (chunks[0].bytes.len + 64);

	if (in_flight < 1)
		in_flight = 1;
	while (connection->sent < connection->lines) {
		while (connection->n_batches - connection->n_acked >= in_flight)
			take_ack(connection, buffer);
		send_batch(connection);
	}
	while (connection->stored < connection->sent)
		take_ack(connection, buffer);
	return NULL;
}

static void open_connection(struct connection *connection, unsigned number)
{
	struct err err;
	const struct tls_settings settings = {.ca_file = options.ca,
		.cert_file = options.certs[number % options.n_certs],
		.key_file = options.keys[number % options.n_keys]};
	SSL_CTX *tls = tls_client_new(&settings, &err);

	if (tls == NULL)
		die(err.text);
	*connection = (struct connection){.number = number,
		.lines = options.lines / options.connections,
		.fd = dial(),
		.ssl = SSL_new(tls)};
	(void)!getrandom(&connection->epoch, sizeof(connection->epoch), 0);
	connection->epoch |= 1;
	connection->sent_at_ns = calloc(RING, sizeof(uint64_t));
	connection->latency_us =
		calloc(connection->lines / (chunks[0].count / 2) + CHUNKS, sizeof(uint32_t));
	SSL_set_fd(connection->ssl, connection->fd);
	if (SSL_connect(connection->ssl) != 1)
		die("TLS handshake failed");
	SSL_CTX_free(tls);
}

/* ---- result ----------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void report(const struct connection *connections, double seconds)
{
	uint64_t lines = 0, n = 0;
	uint32_t *all;
	struct strbuf out = STRBUF_INIT(4096);
	struct json json = json_into(&out);

	for (unsigned i = 0; i < options.connections; i++) {
		lines += connections[i].sent;
		n += connections[i].n_acked;
	}
	all = calloc(n + 1, sizeof(*all));
	n = 0;
	for (unsigned i = 0; i < options.connections; i++) {
		memcpy(all + n, connections[i].latency_us,
			connections[i].n_acked * sizeof(*all));
		n += connections[i].n_acked;
	}
	qsort(all, n, sizeof(*all), compare);
	json_object(&json);
	json_put_u64(&json, "lines", lines);
	json_key(&json, SLICE_LIT("seconds"));
	json_double(&json, seconds);
	json_put_u64(&json, "lines_per_s", (uint64_t)((double)lines / seconds));
	json_put_u64(&json, "ack_p50_us", n ? all[n / 2] : 0);
	json_put_u64(&json, "ack_p99_us", n ? all[n * 99 / 100] : 0);
	json_put_u64(&json, "ack_max_us", n ? all[n - 1] : 0);
	json_object_end(&json);
	puts(strbuf_cstr(&out));
	strbuf_done(&out);
	free(all);
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {{"address", 1, NULL, 'a'}, {"ca", 1, NULL, 'A'},
		{"cert", 1, NULL, 'c'}, {"key", 1, NULL, 'k'}, {"connections", 1, NULL, 'n'},
		{"lines", 1, NULL, 'l'}, {"size", 1, NULL, 's'}, {"corpus", 1, NULL, 'f'},
		{"window", 1, NULL, 'w'}, {0}};
	uint64_t n = 0;
	int letter;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		bool number = strchr("nlsw", letter) != NULL;
		if (number && !slice_to_u64(slice_str(optarg), UINT64_MAX, &n))
			die("not a number");
		if (letter == 'a')
			options.address = optarg;
		else if (letter == 'A')
			options.ca = optarg;
		else if (letter == 'c' && options.n_certs < CERTS_MAX)
			options.certs[options.n_certs++] = optarg;
		else if (letter == 'k' && options.n_keys < CERTS_MAX)
			options.keys[options.n_keys++] = optarg;
		else if (letter == 'n' && n >= 1 && n <= CONNECTIONS_MAX)
			options.connections = (unsigned)n;
		else if (letter == 'l')
			options.lines = n;
		else if (letter == 's' && n >= 120 && n <= 4000)
			options.size = (unsigned)n;
		else if (letter == 'f')
			options.corpus = optarg;
		else if (letter == 'w')
			options.window = n;
		else
			die("wrong option; see the head of blast.c");
	}
	if (!options.address || !options.ca || options.n_certs == 0 ||
		options.n_certs != options.n_keys)
		die("needs --address, --ca, and pairs of --cert and --key");
}

int main(int argc, char **argv)
{
	static struct connection connections[CONNECTIONS_MAX];

	signal(SIGPIPE, SIG_IGN);
	read_options(argc, argv);
	build_chunks();
	for (unsigned i = 0; i < options.connections; i++)
		open_connection(&connections[i], i);
	int64_t start_ns = clock_mono_ns();
	for (unsigned i = 0; i < options.connections; i++)
		pthread_create(&connections[i].thread, NULL, run, &connections[i]);
	for (unsigned i = 0; i < options.connections; i++)
		pthread_join(connections[i].thread, NULL);
	report(connections, (double)(clock_mono_ns() - start_ns) / 1e9);
	return EXIT_SUCCESS;
}
