/*
 * tls_parts - what the files of tls.h know of one another
 *
 *	tls.c           contexts of both ends, and how they verify a peer
 *	tls_identity.c  who a certificate says it is of; the names in a device's
 *	tls_files.c     keys and certificates of files
 *
 * Any thread.
 */
#ifndef COMMON_TLS_PARTS_H
#define COMMON_TLS_PARTS_H

#include "common/tls.h"

/* Identity, serial, fingerprint and validity; when it has not what it must, why. */
MUST_USE bool tls_read_peer(X509 *cert, struct tls_peer *peer, const char **why);

/* "certificate CN=... (serial 0a1b): <why>"; NULL = the peer showed none. */
void tls_describe(X509 *cert, const char *why, struct err *err);

/* Of OpenSSL's pem_password_cb: keys under a pass phrase are refused. */
int tls_no_passphrase(char *buf, int size, int writing, void *user);

/* The caller frees; NULL with err set. A key that others can read is refused. */
MUST_USE EVP_PKEY *tls_read_key(const char *path, struct err *err);
MUST_USE STACK_OF(X509) * tls_read_authorities(const char *path, struct err *err);

#endif
