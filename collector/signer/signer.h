/*
 * signer - the process that holds the national signing keys, and its client
 *
 * It gets digests and gives signatures: no JSON, no XML, no network, no disk
 * after its keys are read (decision 13). Requests and replies are datagrams of
 * fixed layout over a SOCK_SEQPACKET socketpair that the supervisor keeps, so
 * that a signer that died is replaced without the others noticing more than a
 * delay.
 */
#ifndef COLLECTOR_SIGNER_SIGNER_H
#define COLLECTOR_SIGNER_SIGNER_H

#include "common/conf.h"
#include "common/slice.h"

enum signer_key {
	SIGNER_JWS, /* JSON messages */
	SIGNER_XML, /* XML-DSig: RSA */
	SIGNER_KEYS,
};

enum signer_algorithm {
	SIGNER_ES256, /* ECDSA P-256, SHA-256; signature as r || s (RFC 7518 §3.4) */
	SIGNER_RS256, /* RSASSA-PKCS1-v1_5, SHA-256 */
	SIGNER_PS256, /* RSASSA-PSS, SHA-256, salt 32 */
};

enum { SIGNER_SIGNATURE_MAX = 512, SIGNER_CERTIFICATE_MAX = 8192, SIGNER_DIGEST_SIZE = 32 };

struct signer_key_settings {
	const char *key;         /* PEM */
	const char *certificate; /* PEM, chain */
	int algorithm;           /* enum signer_algorithm */
};

struct signer_settings {
	struct signer_key_settings jws, xml;
};

extern const struct setting signer_settings_table[];

/* What the table cannot say of them: mistakes where `conf` that filled them has it. */
void signer_settings_check(const struct conf *conf, const struct signer_settings *settings,
	struct mistakes *mistakes);

/* The process: reads keys, confines itself, serves `channel` until it is closed or the process
 * is ended by SIGTERM. `alive` is called when it is ready, and then every second and after each
 * signature. Returns the exit status. */
int signer_run(const struct signer_settings *settings, int channel, void (*alive)(void));

/* ---- client: one of a process; any thread, requests are made one after the other ---- */

struct signer;

/* Borrows `channel`. */
MUST_USE struct signer *signer_connect(int channel);
void signer_disconnect(struct signer *signer);

struct signature {
	enum signer_algorithm algorithm;
	size_t len;
	unsigned char bytes[SIGNER_SIGNATURE_MAX];
};

/* Waits at most `timeout_ms`. False: no signer, no such key, too late. */
MUST_USE bool signer_sign(struct signer *signer, enum signer_key key,
	const unsigned char digest[SIGNER_DIGEST_SIZE], uint32_t timeout_ms,
	struct signature *signature, struct err *err);

/* The key's certificate (DER) and algorithm. */
MUST_USE bool signer_certificate(struct signer *signer, enum signer_key key,
	uint32_t timeout_ms, unsigned char der[SIGNER_CERTIFICATE_MAX], size_t *len,
	enum signer_algorithm *algorithm, struct err *err);

#endif
