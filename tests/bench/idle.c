/*
 * idle - opens thousands of connections that then say next to nothing
 *
 *	idle --address 127.0.0.1:6514 --dir PKI [--steps 1000,5000] [--agency N]... [--syslog]
 *
 * PKI is the folder of the authority: every connection gets a certificate of its
 * own from its key, made in memory before anything is measured; connection i is
 * host 1000 + i of the agencies in turn. Each says HELLO, or with --syslog sends
 * one message (RFC 5425). At every step it prints a line of JSON and waits for a
 * line on standard input; agents go on sending heartbeats meanwhile.
 */
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/pki.h"
#include "tests/bench/speak.h"

enum { STEPS_MAX = 8, AGENCIES_MAX = 16, THREADS = 4, HEARTBEAT_S = 5, FIRST_HOST = 1000 };

static struct {
	const char *address, *dir;
	unsigned steps[STEPS_MAX], n_steps;
	uint32_t agencies[AGENCIES_MAX];
	unsigned n_agencies;
	bool syslog;
} options;

struct idler {
	struct load_connection connection;
	X509 *certificate;
	atomic_bool open;
};

static struct idler *idlers;
static EVP_PKEY *key; /* of all of them */
static SSL_CTX *tls;
static atomic_uint next;
static unsigned opening_until;

/* ---- certificates ----------------------------------------------------------- */

static struct slice read_pem(const char *name)
{
	static struct strbuf text = STRBUF_INIT(1 << 16);
	char path[4096];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", options.dir, name);
	strbuf_reset(&text);
	if (!file_read(path, &text, &err))
		load_die(err.text);
	return strbuf_slice(&text);
}

static void make_certificates(unsigned n)
{
	struct err err;
	X509 *ca = pki_cert_read(read_pem("ca.pem"), &err);
	EVP_PKEY *ca_key = ca ? pki_key_read(read_pem("ca.key"), &err) : NULL;

	key = ca_key ? pki_key_new(PKI_KEY_P256, &err) : NULL;
	if (key == NULL)
		load_die(err.text);
	for (unsigned i = 0; i < n; i++) {
		const struct pki_request request = {.profile = PKI_AGENT,
			.common_name = "agent-2-1",
			.identity = {.kind = TLS_PEER_AGENT,
				.agency = options.agencies[i % options.n_agencies],
				.host = FIRST_HOST + i},
			.days = 1};

		idlers[i].certificate =
			pki_issue(ca, ca_key, key, &request, clock_wall_ns(), &err);
		if (idlers[i].certificate == NULL)
			load_die(err.text);
	}
	X509_free(ca);
	EVP_PKEY_free(ca_key);
}

/* Verifies the server against the authority; own certificates are set on each connection. */
static void make_context(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/ca.pem", options.dir);
	tls = SSL_CTX_new(TLS_client_method());
	if (tls == NULL || SSL_CTX_load_verify_locations(tls, path, NULL) != 1)
		load_die("cannot make a TLS context");
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
}

/* ---- connections ------------------------------------------------------------ */

static void open_idler(struct idler *idler, char *buffer)
{
	struct load_connection *connection = &idler->connection;

	connection->fd = load_dial(options.address);
	connection->ssl = SSL_new(tls);
	if (connection->ssl == NULL ||
		SSL_use_certificate(connection->ssl, idler->certificate) != 1 ||
		SSL_use_PrivateKey(connection->ssl, key) != 1 ||
		SSL_set_fd(connection->ssl, connection->fd) != 1 ||
		SSL_connect(connection->ssl) != 1)
		load_die("TLS handshake failed");
	if (options.syslog)
		load_put(connection,
			SLICE_LIT("48 <38>1 - idle bench - - - a message, then no more"));
	else
		(void)speak_hello(connection, buffer, (uint64_t)(idler - idlers) + 1);
	atomic_store(&idler->open, true);
}

static void *open_some(void *unused)
{
	char *buffer = malloc(SPEAK_BUFFER);
	unsigned i;

	(void)unused;
	while ((i = atomic_fetch_add(&next, 1)) < opening_until)
		open_idler(&idlers[i], buffer);
	free(buffer);
	return NULL;
}

static void *keep_alive(void *unused)
{
	(void)unused;
	for (;;) {
		unsigned n = options.steps[options.n_steps - 1];

		sleep(HEARTBEAT_S);
		for (unsigned i = 0; i < n; i++)
			if (atomic_load(&idlers[i].open))
				speak_heartbeat(&idlers[i].connection);
	}
	return NULL;
}

static void open_until(unsigned n)
{
	pthread_t threads[THREADS];

	opening_until = n;
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, open_some, NULL) != 0)
			load_die("cannot start a thread");
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&next, n);
}

static void report(unsigned n, double seconds)
{
	struct strbuf out = STRBUF_INIT(1024);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_u64(&json, "open", n);
	json_key(&json, SLICE_LIT("seconds"));
	json_double(&json, seconds);
	json_key(&json, SLICE_LIT("cpu_s"));
	json_double(&json, load_cpu_s());
	json_object_end(&json);
	puts(strbuf_cstr(&out));
	fflush(stdout);
	strbuf_done(&out);
}

/* ---- options ---------------------------------------------------------------- */

static void read_steps(struct slice list)
{
	struct slice word;

	while (slice_cut(&list, ',', &word)) {
		uint64_t n;

		if (options.n_steps == STEPS_MAX || !slice_to_u64(word, 100000, &n) || n == 0)
			load_die("--steps: up to eight rising numbers");
		options.steps[options.n_steps++] = (unsigned)n;
	}
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {{"address", 1, NULL, 'a'}, {"dir", 1, NULL, 'd'},
		{"steps", 1, NULL, 's'}, {"agency", 1, NULL, 'g'}, {"syslog", 0, NULL, 'y'},
		{0}};
	int letter;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		uint64_t n = 0;

		if (letter == 'a')
			options.address = optarg;
		else if (letter == 'd')
			options.dir = optarg;
		else if (letter == 's')
			read_steps(slice_str(optarg));
		else if (letter == 'y')
			options.syslog = true;
		else if (letter == 'g' && options.n_agencies < AGENCIES_MAX &&
			 slice_to_u64(slice_str(optarg), UINT32_MAX, &n))
			options.agencies[options.n_agencies++] = (uint32_t)n;
		else
			load_die("wrong option; see the head of idle.c");
	}
	if (!options.address || !options.dir || !options.n_agencies || !options.n_steps)
		load_die("needs --address, --dir, --agency and --steps");
}

int main(int argc, char **argv)
{
	pthread_t keeper;
	int letter;

	signal(SIGPIPE, SIG_IGN);
	read_options(argc, argv);
	idlers = calloc(options.steps[options.n_steps - 1], sizeof(*idlers));
	if (idlers == NULL)
		load_die("out of memory");
	make_certificates(options.steps[options.n_steps - 1]);
	make_context();
	if (!options.syslog && pthread_create(&keeper, NULL, keep_alive, NULL) != 0)
		load_die("cannot start a thread");
	report(0, 0);
	for (unsigned i = 0; i < options.n_steps; i++) {
		while ((letter = getchar()) != '\n')
			if (letter == EOF)
				return EXIT_SUCCESS;
		int64_t start_ns = clock_mono_ns();
		open_until(options.steps[i]);
		report(options.steps[i], (double)(clock_mono_ns() - start_ns) / 1e9);
	}
	(void)getchar();
	return EXIT_SUCCESS;
}
