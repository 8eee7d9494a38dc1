/*
 * tls - OpenSSL contexts for both ends, and who the peer is
 *
 * TLS 1.3 with mutual authentication against the province's own CA and its
 * CRL. A peer's identity is the URI in its certificate's subjectAltName:
 *
 *	urn:soc:agency:<number>:host:<number>     an agent
 *	urn:soc:collector:<name>                  a collector
 *
 * Exactly one such URI must be there, in canonical form (no leading zeros,
 * 1..4294967295). It is read only after the handshake verified the chain, the
 * purpose (clientAuth or serverAuth), validity and revocation.
 *
 * Contexts are reference counted by OpenSSL: a reload makes a new one, living
 * sessions keep theirs. Any thread, one at a time per context.
 */
#ifndef COMMON_TLS_H
#define COMMON_TLS_H

#include <openssl/ssl.h>

#include "common/err.h"
#include "common/slice.h"

enum { TLS_NAME_MAX = 64 };

struct tls_settings {
	const char *ca_file;   /* PEM: trusted CA certificates */
	const char *crl_file;  /* PEM: CRLs of those; NULL or "" = none */
	const char *cert_file; /* PEM: own certificate, then intermediates */
	const char *key_file;  /* PEM: own key; must not be readable by others */
};

enum tls_peer_kind {
	TLS_PEER_AGENT,
	TLS_PEER_COLLECTOR,
};

struct tls_peer {
	enum tls_peer_kind kind;
	uint32_t agency, host;   /* of an agent */
	char name[TLS_NAME_MAX]; /* of a collector */
	int64_t not_after_ns;    /* wall clock */
	char serial[44];         /* hexadecimal, lower case */
	char fingerprint[65];    /* SHA-256 of the certificate, hexadecimal */
};

/* Server side: requests and requires a client certificate; no tickets, no renegotiation,
 * buffers released when idle. NULL on failure with the file's name in err. */
MUST_USE SSL_CTX *tls_server_new(const struct tls_settings *settings, struct err *err);

/* Client side: verifies chain and purpose; the caller checks the peer's kind and name. */
MUST_USE SSL_CTX *tls_client_new(const struct tls_settings *settings, struct err *err);

/* Who is at the other end of a finished, verified handshake. */
MUST_USE bool tls_peer(const SSL *ssl, struct tls_peer *peer, struct err *err);

/* False with the reason (expired, not yet valid, revoked by `ctx`'s present CRL) when the
 * certificate of a running session would be refused today. */
MUST_USE bool tls_peer_still_good(SSL_CTX *ctx, const SSL *ssl, struct err *err);

/* OpenSSL's error queue of this thread as one line; empties it. */
bool tls_err(struct err *err, const char *what);

#endif
