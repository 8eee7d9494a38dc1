#include "collector/signer/signer.h"

#include <errno.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collector/signer/channel.h"
#include "collector/signer/confine.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/pulse.h"
#include "common/tls.h"

enum { ES256_HALF = 32 }; /* bytes of r and of s: RFC 7518 §3.4 */

struct held_key {
	EVP_PKEY *key; /* NULL = none */
	enum signer_algorithm algorithm;
	unsigned char certificate[SIGNER_CERTIFICATE_MAX];
	size_t certificate_len;
	time_t not_before, not_after; /* of the certificate */
};

/* ---- reading keys ----------------------------------------------------------- */

static bool is_private(FILE *file, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fileno(file), &st) != 0)
		return err_sys(err, "%s", path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return err_set(
			err, "%s: others may read this key; run: chmod 600 %s", path, path);
	return true;
}

static bool read_key(const char *path, struct held_key *held, struct err *err)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return err_sys(err, "%s", path);
	bool ok = is_private(file, path, err);
	if (ok) {
		held->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		ok = held->key != NULL || tls_err(err, path);
	}
	fclose(file);
	return ok;
}

static bool read_validity(const X509 *certificate, struct held_key *held)
{
	struct tm from, to;

	if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &from) != 1 ||
		ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &to) != 1)
		return false;
	held->not_before = timegm(&from);
	held->not_after = timegm(&to);
	return true;
}

static bool read_certificate(const char *path, struct held_key *held, struct err *err)
{
	FILE *file = fopen(path, "re");
	X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	unsigned char *to = held->certificate;
	bool ok = false;

	if (file == NULL)
		return err_sys(err, "%s", path);
	fclose(file);
	if (certificate == NULL)
		return tls_err(err, path);
	int len = i2d_X509(certificate, NULL);
	if (len <= 0 || len > SIGNER_CERTIFICATE_MAX)
		err_set(err, "%s: certificate of %d bytes", path, len);
	else if (X509_check_private_key(certificate, held->key) != 1)
		err_set(err, "%s: is not the certificate of the key", path);
	else if (!read_validity(certificate, held))
		err_set(err, "%s: validity cannot be read", path);
	else
		ok = (held->certificate_len = (size_t)i2d_X509(certificate, &to)) > 0;
	X509_free(certificate);
	return ok;
}

static bool fits(const struct held_key *held, const char *path, struct err *err)
{
	bool is_rsa = EVP_PKEY_is_a(held->key, "RSA") && EVP_PKEY_get_bits(held->key) >= 2048;
	bool is_p256 = EVP_PKEY_is_a(held->key, "EC") && EVP_PKEY_get_bits(held->key) == 256;

	if (held->algorithm == SIGNER_ES256 ? is_p256 : is_rsa)
		return true;
	return err_set(err,
		"%s: the key does not fit the algorithm: ES256 needs P-256, RS256 and "
		"PS256 RSA of 2048 bits or more",
		path);
}

static bool hold(
	const struct signer_key_settings *settings, struct held_key *held, struct err *err)
{
	held->algorithm = (enum signer_algorithm)settings->algorithm;
	return read_key(settings->key, held, err) &&
	       read_certificate(settings->certificate, held, err) &&
	       fits(held, settings->key, err);
}

/* ---- signing ---------------------------------------------------------------- */

/* DER (r, s) to r || s of fixed length. */
static bool flatten_ecdsa(unsigned char *bytes, size_t *len)
{
	const unsigned char *at = bytes;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)*len);

	if (pair == NULL)
		return false;
	bool ok = BN_bn2binpad(ECDSA_SIG_get0_r(pair), bytes, ES256_HALF) == ES256_HALF &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(pair), bytes + ES256_HALF, ES256_HALF) ==
			  ES256_HALF;
	ECDSA_SIG_free(pair);
	*len = (size_t)2 * ES256_HALF;
	return ok;
}

static bool choose_padding(EVP_PKEY_CTX *ctx, enum signer_algorithm algorithm)
{
	switch (algorithm) {
	case SIGNER_ES256:
		return true;
	case SIGNER_RS256:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	case SIGNER_PS256:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
	}
	return false;
}

static bool sign_digest(
	const struct held_key *held, const unsigned char *digest, struct channel_reply *reply)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(held->key, NULL);
	size_t len = sizeof(reply->bytes);

	bool ok = ctx != NULL && EVP_PKEY_sign_init(ctx) > 0 &&
		  choose_padding(ctx, held->algorithm) &&
		  EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
		  EVP_PKEY_sign(ctx, reply->bytes, &len, digest, SIGNER_DIGEST_SIZE) > 0 &&
		  (held->algorithm != SIGNER_ES256 || flatten_ecdsa(reply->bytes, &len));
	EVP_PKEY_CTX_free(ctx);
	reply->len = (uint32_t)len;
	return ok && len <= SIGNER_SIGNATURE_MAX;
}

/* Receivers would refuse what an expired one signs: it waits, and that is seen. */
static bool is_valid_now(const struct held_key *held)
{
	time_t now = (time_t)(clock_wall_ns() / CLOCK_NS_PER_S);

	return now >= held->not_before && now <= held->not_after;
}

static enum channel_answer serve(const struct held_key *keys,
	const struct channel_request *request, struct channel_reply *reply)
{
	if (request->version != CHANNEL_VERSION || request->key >= SIGNER_KEYS)
		return ANSWER_BAD_REQUEST;

	const struct held_key *held = &keys[request->key];
	if (held->key == NULL)
		return ANSWER_NO_KEY;
	reply->algorithm = held->algorithm;
	switch (request->ask) {
	case ASK_SIGN:
		if (!is_valid_now(held))
			return ANSWER_NOT_VALID;
		return sign_digest(held, request->digest, reply) ? ANSWER_OK : ANSWER_FAILED;
	case ASK_CERTIFICATE:
		memcpy(reply->bytes, held->certificate, held->certificate_len);
		reply->len = (uint32_t)held->certificate_len;
		return ANSWER_OK;
	default:
		return ANSWER_BAD_REQUEST;
	}
}

/* False when the channel is closed. */
static bool serve_one(int channel, const struct held_key *keys)
{
	struct channel_request request;
	struct channel_reply reply = {0};
	ssize_t n = recv(channel, &request, sizeof(request), 0);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	if (n != (ssize_t)sizeof(request)) {
		reply.answer = ANSWER_BAD_REQUEST;
	} else {
		reply.id = request.id;
		reply.answer = serve(keys, &request, &reply);
	}
	if (reply.answer != ANSWER_OK)
		reply.len = 0;
	(void)send(channel, &reply, offsetof(struct channel_reply, bytes) + reply.len,
		MSG_NOSIGNAL);
	return true;
}

/* It is asked for nothing for minutes, and gives signs of life all the same. */
static bool wait_at_most(int channel, struct err *err)
{
	const struct timeval wait = {.tv_sec = PULSE_EVERY_MS / 1000};

	return setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 ||
	       err_sys(err, "setting the wait for requests");
}

static bool prepare(const struct signer_settings *settings, int channel, struct held_key *keys,
	struct err *err)
{
	return hold(&settings->jws, &keys[SIGNER_JWS], err) &&
	       hold(&settings->xml, &keys[SIGNER_XML], err) && wait_at_most(channel, err) &&
	       confine(err);
}

int signer_run(const struct signer_settings *settings, int channel, void (*alive)(void))
{
	struct held_key keys[SIGNER_KEYS] = {{0}};
	struct err err;

	signal(SIGHUP, SIG_IGN); /* for a reload it is started again, and reads its keys */
	if (!prepare(settings, channel, keys, &err)) {
		log_error("signer.failed", "reason=\"%s\"", err.text);
		return EXIT_FAILURE;
	}
	do
		alive();
	while (serve_one(channel, keys));
	for (unsigned i = 0; i < SIGNER_KEYS; i++)
		EVP_PKEY_free(keys[i].key);
	return EXIT_SUCCESS;
}
