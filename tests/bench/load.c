#include "tests/bench/load.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/tls.h"

static struct strbuf text = STRBUF_INIT(1 << 30);
static struct slice *lines;
static size_t n_lines;
static atomic_bool done;

void load_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(EXIT_FAILURE);
}

/* ---- options ---------------------------------------------------------------- */

static void take_option(struct load *load, int letter, uint64_t number)
{
	switch (letter) {
	case 'a':
		load->address = optarg;
		break;
	case 'A':
		load->ca = optarg;
		break;
	case 'c':
		if (load->n_certs == LOAD_CERTS_MAX)
			load_die("too many certificates");
		load->certs[load->n_certs++] = optarg;
		break;
	case 'k':
		if (load->n_keys == LOAD_CERTS_MAX)
			load_die("too many keys");
		load->keys[load->n_keys++] = optarg;
		break;
	case 'n':
		if (number < 1 || number > LOAD_CONNECTIONS_MAX)
			load_die("--connections: 1 to 512");
		load->connections = (unsigned)number;
		break;
	case 'l':
		load->lines = number;
		break;
	case 'w':
		load->window = number;
		break;
	case 'p':
		load->probe = true;
		break;
	case 'f':
		load->corpus_name = optarg;
		break;
	default:
		load_die("wrong option; see tests/bench/load.h");
	}
}

void load_options(struct load *load, int argc, char **argv)
{
	static const struct option known[] = {{"address", 1, NULL, 'a'}, {"ca", 1, NULL, 'A'},
		{"cert", 1, NULL, 'c'}, {"key", 1, NULL, 'k'}, {"connections", 1, NULL, 'n'},
		{"lines", 1, NULL, 'l'}, {"corpus", 1, NULL, 'f'}, {"window", 1, NULL, 'w'},
		{"probe", 0, NULL, 'p'}, {0}};
	int letter;

	signal(SIGPIPE, SIG_IGN);
	*load = (struct load){
		.connections = 8, .lines = 1000000, .window = 4 << 20, .corpus_name = "150"};
	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		uint64_t number = 0;

		if (strchr("nlw", letter) != NULL &&
			!slice_to_u64(slice_str(optarg), UINT64_MAX, &number))
			load_die("not a number");
		take_option(load, letter, number);
	}
	if (!load->address || !load->ca || load->n_certs == 0 || load->n_certs != load->n_keys)
		load_die("needs --address, --ca, and pairs of --cert and --key");
}

/* ---- lines ------------------------------------------------------------------ */

static void make_lines(enum corpus corpus)
{
	struct strbuf line = STRBUF_INIT(CORPUS_LINE_MAX);
	int64_t now_ns = clock_wall_ns();

	for (unsigned i = 0; i < CORPUS_LINES; i++) {
		corpus_line(&line, corpus, i, now_ns);
		strbuf_add(&text, strbuf_slice(&line));
		strbuf_add_byte(&text, '\n');
	}
	strbuf_done(&line);
}

static void read_lines(const char *path)
{
	struct err err;

	if (!file_read(path, &text, &err))
		load_die(err.text);
	if (text.len == 0 || text.ptr[text.len - 1] != '\n')
		strbuf_add_byte(&text, '\n');
}

static size_t count_lines(void)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n';
	return n;
}

void load_corpus(const struct load *load)
{
	enum corpus corpus;
	struct slice rest;

	if (corpus_named(load->corpus_name, &corpus))
		make_lines(corpus);
	else
		read_lines(load->corpus_name);
	rest = strbuf_slice(&text);
	lines = calloc(count_lines(), sizeof(*lines));
	if (lines == NULL)
		load_die("out of memory");
	while (rest.len > 0) {
		struct slice line = slice_head(rest, slice_find(rest, '\n'));

		rest = slice_from(rest, line.len + 1);
		if (line.len > 0)
			lines[n_lines++] = line;
	}
	if (n_lines == 0)
		load_die("the corpus is empty");
}

size_t load_corpus_lines(void)
{
	return n_lines;
}

struct slice load_line(size_t number)
{
	return lines[number];
}

/* ---- connections ------------------------------------------------------------ */

int load_dial(const char *address)
{
	const char *colon = strrchr(address, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	const int on = 1;
	char host[256];

	if (colon == NULL)
		load_die("--address needs host:port");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		load_die("cannot resolve the address");
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
		load_die("cannot connect");
	freeaddrinfo(found);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void open_connection(const struct load *load, struct load_connection *connection)
{
	const struct tls_settings settings = {.ca_file = load->ca,
		.cert_file = load->certs[connection->number % load->n_certs],
		.key_file = load->keys[connection->number % load->n_keys]};
	struct err err;
	SSL_CTX *tls = tls_client_new(&settings, &err);

	if (tls == NULL)
		load_die(err.text);
	connection->fd = load_dial(load->address);
	connection->ssl = SSL_new(tls);
	if (connection->ssl == NULL || SSL_set_fd(connection->ssl, connection->fd) != 1 ||
		SSL_connect(connection->ssl) != 1)
		load_die("TLS handshake failed");
	SSL_CTX_free(tls);
}

void load_put(struct load_connection *connection, struct slice bytes)
{
	while (bytes.len > 0) {
		int n = SSL_write(connection->ssl, bytes.ptr, (int)bytes.len);

		if (n <= 0)
			load_die("connection lost while writing");
		bytes = slice_from(bytes, (size_t)n);
	}
}

void load_get(struct load_connection *connection, char *to, size_t len)
{
	while (len > 0) {
		int n = SSL_read(connection->ssl, to, (int)len);

		if (n <= 0)
			load_die("connection lost while reading");
		to += n;
		len -= (size_t)n;
	}
}

/* The first connections carry what does not divide. */
static uint64_t share_of(const struct load *load, unsigned number)
{
	return load->lines / load->connections + (number < load->lines % load->connections);
}

static void start(struct load_connection *connection, void *(*run)(void *))
{
	if (pthread_create(&connection->thread, NULL, run, connection) != 0)
		load_die("cannot start a thread");
}

bool load_done(void)
{
	return atomic_load(&done);
}

double load_run(const struct load *load, struct load_connection *connections,
	void *(*run)(void *), void *(*probe)(void *))
{
	int64_t start_ns, end_ns;

	for (unsigned i = 0; i < load->connections + load->probe; i++) {
		connections[i].number = i;
		connections[i].lines = i < load->connections ? share_of(load, i) : 0;
		open_connection(load, &connections[i]);
	}
	start_ns = clock_mono_ns();
	if (load->probe)
		start(&connections[load->connections], probe);
	for (unsigned i = 0; i < load->connections; i++)
		start(&connections[i], run);
	for (unsigned i = 0; i < load->connections; i++)
		pthread_join(connections[i].thread, NULL);
	end_ns = clock_mono_ns();
	atomic_store(&done, true);
	if (load->probe)
		pthread_join(connections[load->connections].thread, NULL);
	return (double)(end_ns - start_ns) / 1e9;
}

/* ---- result ----------------------------------------------------------------- */

double load_cpu_s(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double mean_line(void)
{
	return (double)(text.len - n_lines) / (double)n_lines;
}

static void put_double(struct json *json, struct slice name, double value)
{
	json_key(json, name);
	json_double(json, value);
}

void load_report(struct json *json, struct strbuf *out, uint64_t n, double seconds)
{
	*json = json_into(out);
	json_object(json);
	json_put_u64(json, "lines", n);
	put_double(json, SLICE_LIT("seconds"), seconds);
	put_double(json, SLICE_LIT("line_bytes"), mean_line());
	put_double(json, SLICE_LIT("cpu_s"), load_cpu_s());
}

void load_report_end(struct json *json, struct strbuf *out)
{
	json_object_end(json);
	puts(strbuf_cstr(out));
	strbuf_done(out);
}
