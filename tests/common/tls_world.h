/*
 * tls_world - one trusted root, what pretends to be it, and an honest end with its folder
 *
 * For tests of who is refused, by real handshakes; nothing fails but by a failed check.
 */
#ifndef TESTS_COMMON_TLS_WORLD_H
#define TESTS_COMMON_TLS_WORLD_H

#include "common/tls.h"
#include "tests/support/certs.h"
#include "tests/support/forge.h"

#define AGENT_URI     "urn:soc:agency:7:host:42"
#define COLLECTOR_URI "urn:soc:collector:hue1"
#define URI(text)                                                                              \
	{                                                                                      \
		{                                                                              \
			GEN_URI, text, 0                                                       \
		}                                                                              \
	}

enum { CHAIN_MAX = 5 };

extern struct test_ca files;       /* of the honest end: ca.pem, crl.pem, honest.pem */
extern struct forge_cert root;     /* trusted */
extern struct forge_cert twin;     /* another key under the root's name */
extern struct forge_cert stranger; /* a CA that nobody trusts */
extern struct forge_cert honest;   /* the honest end's certificate, by the root */
extern struct err world_err;       /* of the last thing that failed */

void make_world(bool honest_is_server);
void end_world(void);

int64_t in_days(int days); /* a moment; negative: days ago */

/* PEM files of the honest end. */
void write_certs(const char *name, X509 *const *certs, size_t n);
void write_crl(const struct forge_cert *ca, X509 *revoked, int made_days_ago);

/* `revoked` NULL: an empty one. add_crl() takes it. */
X509_CRL *crl_of(const struct forge_cert *ca, X509 *revoked, int made_days_ago);
void add_crl(struct strbuf *text, X509_CRL *crl);

/* By the files as they are now; the caller frees. */
SSL_CTX *honest_context(bool is_server);

/* A peer that checks nothing and sends what it likes. chain[0] has the key. */
SSL_CTX *hostile_context(
	bool is_server, const struct forge_cert *leaf, X509 *const *chain, size_t n_chain);

/* The honest end ends the handshake, its error has these words, and no byte comes through. */
void expect_refused(const char *name, bool honest_is_server, SSL_CTX *honest_ctx,
	SSL_CTX *hostile_ctx, const char *words);
/* What may have been sent is not read, and the peer has no name. */
void expect_nothing_delivered(const char *name, SSL *honest_end);

void expect_accepted(const char *name, SSL_CTX *server, SSL_CTX *client);

#endif
