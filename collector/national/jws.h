/*
 * jws - detached JSON Web Signatures (RFC 7515, appendix F)
 *
 *	BASE64URL(header) ".." BASE64URL(signature)
 *
 * The signed text is BASE64URL(header) "." BASE64URL(payload): the payload is
 * the message byte by byte as it travels. The header names alg, kid (the
 * certificate's serial number in hexadecimal), x5t#S256 and carries the
 * certificate itself in x5c, so that a receiver needs the authority only.
 */
#ifndef COLLECTOR_NATIONAL_JWS_H
#define COLLECTOR_NATIONAL_JWS_H

#include "collector/signer/signer.h"
#include "common/strbuf.h"

enum { JWS_SIZE_MAX = 16 << 10 };

/* Appends the JWS of `payload`. Waits for the signer at most `timeout_ms` twice. A signature
 * that the certificate does not bear out is an error and never given away. */
MUST_USE bool jws_sign(struct signer *signer, struct slice payload, uint32_t timeout_ms,
	struct strbuf *jws, struct err *err);

/*
 * Is `jws` of `payload`? `ca_file` holds trusted certificates (PEM), or NULL to take the one
 * in the header. Says in `report` who signed and what was and was not checked, a line each,
 * or why not. Any bytes may be given.
 */
MUST_USE bool jws_verify(
	struct slice jws, struct slice payload, const char *ca_file, struct strbuf *report);

#endif
