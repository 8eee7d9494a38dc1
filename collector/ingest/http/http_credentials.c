#include "collector/ingest/http/http_credentials.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "common/base64.h"

enum { DECODED_MAX = 4096 };

static bool hash_token(struct slice token, unsigned char hash[TOKEN_HASH_SIZE])
{
	if (token.len == 0)
		return false;
	if (EVP_Digest(token.ptr, token.len, hash, NULL, EVP_sha256(), NULL) != 1)
		abort(); /* every OpenSSL has it */
	return true;
}

/* Behind the first colon of what base64 says. */
static bool hash_behind_colon(struct slice encoded, unsigned char hash[TOKEN_HASH_SIZE])
{
	struct strbuf decoded = STRBUF_INIT(DECODED_MAX);
	bool good = false;

	if (base64_read(&decoded, BASE64_PLAIN, encoded)) {
		const struct slice text = strbuf_slice(&decoded);
		const size_t colon = slice_find(text, ':');

		good = colon < text.len && hash_token(slice_from(text, colon + 1), hash);
	}
	if (decoded.ptr != NULL)
		OPENSSL_cleanse(decoded.ptr, decoded.capacity);
	strbuf_done(&decoded);
	return good;
}

bool http_token_hash(struct slice authorization, unsigned char hash[TOKEN_HASH_SIZE])
{
	static const struct {
		struct slice scheme;
		bool (*hash)(struct slice value, unsigned char hash[TOKEN_HASH_SIZE]);
	} schemes[] = {
		{{SLICE_BYTES("Bearer")}, hash_token},
		{{SLICE_BYTES("Basic")}, hash_behind_colon},
		{{SLICE_BYTES("ApiKey")}, hash_behind_colon},
		{{SLICE_BYTES("Splunk")}, hash_token},
	};
	struct slice scheme;

	if (!slice_cut(&authorization, ' ', &scheme) || slice_absent(authorization))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (slice_eq_nocase(schemes[i].scheme, scheme))
			return schemes[i].hash(slice_trim(authorization), hash);
	}
	return false;
}
