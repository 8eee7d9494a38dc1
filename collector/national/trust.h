/*
 * trust - certificates of those who sign messages, and signatures under them
 *
 * A certificate is good for signing documents when its key usage, if it has
 * one, allows digitalSignature or nonRepudiation, and its extended key usage,
 * if it has one, names documentSigning (RFC 9336), Microsoft's document
 * signing, emailProtection or any: a TLS certificate of the same authority
 * signs no national message.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NATIONAL_TRUST_H
#define COLLECTOR_NATIONAL_TRUST_H

#include <openssl/x509.h>

#include "collector/signer/signer.h"
#include "common/err.h"
#include "common/strbuf.h"

enum { TRUST_FILE_MAX = 1 << 20, TRUST_RSA_BITS_MIN = 2048 };

/* All certificates of a PEM file, at least one. NULL on failure; the caller frees with
 * OSSL_STACK_OF_X509_free or sk_X509_pop_free. */
MUST_USE STACK_OF(X509) * trust_load(const char *path, struct err *err);

/* Is `certificate` one of `trusted`, or issued below one, valid now, and for documents? */
MUST_USE bool trust_holds(STACK_OF(X509) * trusted, X509 *certificate, struct err *err);

/* Does the certificate's key, which must fit `algorithm` and be strong enough, say that
 * `signature` is of `digest`? ES256: r || s of 32 bytes each. */
MUST_USE bool trust_signature(X509 *certificate, enum signer_algorithm algorithm,
	const unsigned char digest[SIGNER_DIGEST_SIZE], struct slice signature);

/* SHA-256 of its DER. */
void trust_thumbprint(X509 *certificate, unsigned char thumbprint[SIGNER_DIGEST_SIZE]);

/* "CN=...,O=..." (RFC 2253, UTF-8) appended. */
void trust_subject(X509 *certificate, struct strbuf *out);

/* What a person needs to know about a good signature: algorithm, signer, and whether the
 * certificate was held against those of `ca_file` (NULL: it was not). A line each. */
void trust_report(
	X509 *certificate, const char *algorithm, const char *ca_file, struct strbuf *report);

#endif
