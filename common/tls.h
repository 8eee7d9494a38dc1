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
 * 1..4294967295; names of a..z, 0..9, '-' and '.'). The subject is never read
 * as identity.
 *
 * The handshake itself refuses a peer, before a byte of ours is sent or one of
 * its is delivered, when its chain, validity, key strength (112 bits: no SHA-1,
 * no RSA below 2048), purpose (an extended key usage that says clientAuth, or
 * serverAuth), revocation or URI is not right. A CRL file, when named, must
 * hold a current CRL of every issuer in the chain: a missing or expired one
 * refuses new sessions (revocation.h). Under TLS 1.3 a client believes it is
 * connected before the server has looked at its certificate: only the first
 * answer of the application says that it was taken.
 *
 * An end of stream without close_notify is delivered as an ordinary end
 * (SSL_OP_IGNORE_UNEXPECTED_EOF): frames carry their length and what counts is
 * acknowledged, so a cut shows there, and hosts do lose power.
 *
 * Contexts are reference counted by OpenSSL: a reload makes a new one, living
 * sessions keep theirs. Making one: any thread. Handshakes on one context: any
 * number of threads at once. SIGPIPE must be ignored by the program.
 */
#ifndef COMMON_TLS_H
#define COMMON_TLS_H

#include <openssl/ssl.h>

#include "common/err.h"
#include "common/expiry.h"
#include "common/slice.h"

enum {
	TLS_NAME_MAX = 64,           /* bytes of a collector's name with the NUL */
	TLS_SERIAL_MAX = 44,         /* hexadecimal text of 20 bytes, and the NUL */
	TLS_URI_MAX = 96,            /* bytes of an identity URI with the NUL */
	TLS_INTERMEDIATES_MAX = 2,   /* certificates between leaf and trusted root */
	TLS_CHAIN_BYTES_MAX = 16384, /* of a peer's certificate message */
};

struct tls_settings {
	const char *ca_file;   /* PEM: trusted roots, and intermediates that have a CRL */
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
	uint32_t agency, host;       /* of an agent */
	char name[TLS_NAME_MAX];     /* of a collector */
	struct validity validity;    /* of the certificate */
	char serial[TLS_SERIAL_MAX]; /* hexadecimal, lower case */
	char fingerprint[65];        /* SHA-256 of the certificate, hexadecimal */
};

/* Server side: requires an agent's certificate; no tickets, no renegotiation, buffers released
 * when idle. NULL on failure with the file's name in err. */
MUST_USE SSL_CTX *tls_server_new(const struct tls_settings *settings, struct err *err);

enum tls_clients {
	TLS_CLIENTS_NONE, /* are not asked for a certificate */
	TLS_CLIENTS_OPTIONAL,
	TLS_CLIENTS_REQUIRED,
};

/* Server side for devices of others: TLS 1.2 or later. Certificates, ours and theirs, carry no
 * identity of ours; theirs is verified as above, by ca_file and crl_file, when it is shown. */
MUST_USE SSL_CTX *tls_devices_new(
	const struct tls_settings *settings, enum tls_clients clients, struct err *err);

/* The names in the verified certificate of the peer until `visit` returns true: its DNS names,
 * or the common names of its subject when it has no DNS name at all. As they are written there:
 * "*.example" is that and nothing else. False when it never did, or there is no certificate. */
bool tls_peer_names(const SSL *ssl, bool (*visit)(void *user, struct slice name), void *user);

/* close_notify, without waiting for the peer's: one that gets none sees an error. */
void tls_bye(SSL *ssl);

/* Client side: requires a collector's certificate; the caller compares the peer's name with
 * the one it wants. */
MUST_USE SSL_CTX *tls_client_new(const struct tls_settings *settings, struct err *err);

/*
 * A client's context as `from`, with the CRLs that the file has now. NULL when they cannot be
 * used, or must not follow those of `from` (revocation_may_follow()). Nothing else is read
 * anew; `from` is not changed.
 */
MUST_USE SSL_CTX *tls_client_renew(SSL_CTX *from, const char *crl_file, struct err *err);

/* The identity in the context's own certificate. It may be expired: look at `validity`. */
MUST_USE bool tls_own(const SSL_CTX *ctx, struct tls_peer *own, struct err *err);

/* From when until when the context's own certificate is good. */
struct validity tls_own_validity(const SSL_CTX *ctx);

/* The same of the one of its CRLs that expires first; false when it has none. */
MUST_USE bool tls_crl_validity(const SSL_CTX *ctx, struct validity *validity);

/* Who is at the other end of a finished, verified handshake. */
MUST_USE bool tls_peer(const SSL *ssl, struct tls_peer *peer, struct err *err);

/* False with the reason (expired, not yet valid, revoked by `ctx`'s present CRL) when the
 * certificate of a running session would be refused today. Verifies anew: some 0.06 ms. */
MUST_USE bool tls_peer_still_good(SSL_CTX *ctx, const SSL *ssl, struct err *err);

/*
 * Why the handshake on `ssl` failed, in words: what was wrong with the peer's certificate and
 * which one it was, or else OpenSSL's `code` (as bufferevent_get_openssl_error() gives it), or
 * for 0 this thread's error queue, which is emptied. Returns false. The text holds names the
 * peer chose, escaped.
 */
bool tls_handshake_err(const SSL *ssl, unsigned long code, struct err *err);

/* OpenSSL's error queue of this thread as one line; empties it. Returns false. */
bool tls_err(struct err *err, const char *what);

/* The URI of an identity as text; `out` has TLS_URI_MAX bytes and is returned. */
const char *tls_identity_uri(const struct tls_peer *peer, char *out);

/* True with kind, agency, host or name set when `uri` is an identity in canonical form. */
MUST_USE bool tls_identity_parse(struct slice uri, struct tls_peer *peer);

/* The serial number as hexadecimal text; false when it is negative or has over 20 bytes. */
MUST_USE bool tls_serial(X509 *cert, char out[TLS_SERIAL_MAX]);

/* The identity in a certificate; nothing is verified. */
MUST_USE bool tls_identity_of(X509 *cert, struct tls_peer *peer, struct err *err);

#endif
