/*
 * load - what the loaders share: options, TLS connections, a thread each, one line of result
 *
 *	PROGRAM --address 127.0.0.1:6514 --ca ca.pem --cert agent.pem --key agent.key
 *		[--connections N] [--lines N] [--corpus 150|350|failed|noise|FILE]
 *		[--window BYTES] [--probe]
 *
 * --cert and --key may be given several times: connection i takes pair i modulo
 * their number. --probe adds a connection, with the pair behind the others', that
 * has no share of the lines. Whatever goes wrong ends the program: a loader that goes on
 * with less would measure something else.
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "common/json.h"
#include "tests/bench/corpus.h"

enum { LOAD_CERTS_MAX = 513, LOAD_CONNECTIONS_MAX = 512, LOAD_PROBES_MAX = 1 };

struct load {
	const char *address, *ca;
	const char *certs[LOAD_CERTS_MAX], *keys[LOAD_CERTS_MAX];
	unsigned n_certs, n_keys, connections;
	uint64_t lines, window;
	const char *corpus_name;
	bool probe;
};

/* One connection and its share of the lines. */
struct load_connection {
	pthread_t thread;
	unsigned number;
	uint64_t lines;
	int fd;
	SSL *ssl;
	void *own; /* the loader's */
};

_Noreturn void load_die(const char *what);

void load_options(struct load *load, int argc, char **argv);

/*
 * All different lines, the same for every loader: `number` is 0..load_corpus_lines() − 1.
 * What is given is valid until the end of the program.
 */
void load_corpus(const struct load *load);
size_t load_corpus_lines(void);
struct slice load_line(size_t number);

/* A connected socket; "host:port". */
MUST_USE int load_dial(const char *address);

void load_put(struct load_connection *connection, struct slice bytes);
void load_get(struct load_connection *connection, char *to, size_t len);

/*
 * Connects all, then runs `run` in a thread each, and `probe` in one more; returns the seconds
 * the former took. `connections` has room for LOAD_PROBES_MAX more than the options say.
 */
double load_run(const struct load *load, struct load_connection *connections,
	void *(*run)(void *), void *(*probe)(void *));

/* For the probe: the others are through. */
bool load_done(void);

/* A loader's own processor time in seconds. */
double load_cpu_s(void);

/* Opens the line of JSON with what all loaders say; load_report_end() prints it. */
void load_report(struct json *json, struct strbuf *out, uint64_t lines, double seconds);
void load_report_end(struct json *json, struct strbuf *out);

#endif
