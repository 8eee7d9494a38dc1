#include "collector/national/jws.h"

#include <openssl/evp.h>
#include <yyjson.h>

#include "collector/national/trust.h"
#include "common/base64.h"
#include "common/json.h"
#include "common/mistakes.h"

enum { HEADER_MAX = 2 * SIGNER_CERTIFICATE_MAX, SUBJECT_MAX = 1024, CHUNK = 3 * 4096 };

static const char *const algorithm_names[] = {
	[SIGNER_ES256] = "ES256",
	[SIGNER_RS256] = "RS256",
	[SIGNER_PS256] = "PS256",
};

/* ---- what is signed ----------------------------------------------------------- */

/* SHA-256 of encoded header "." BASE64URL(payload), which is never held whole. */
static void signed_digest(
	struct slice header, struct slice payload, unsigned char digest[SIGNER_DIGEST_SIZE])
{
	struct strbuf text = STRBUF_INIT(CHUNK / 3 * 4);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	EVP_DigestUpdate(context, header.ptr, header.len);
	EVP_DigestUpdate(context, ".", 1);
	while (payload.len > 0) {
		size_t n = payload.len < CHUNK ? payload.len : CHUNK;

		strbuf_reset(&text);
		base64_add(&text, BASE64_URL, slice_head(payload, n));
		EVP_DigestUpdate(context, text.ptr, text.len);
		payload = slice_from(payload, n);
	}
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	strbuf_done(&text);
}

/* ---- signing ------------------------------------------------------------------ */

static void put_encoded(struct json *json, const char *key, enum base64_alphabet alphabet,
	const void *bytes, size_t len)
{
	struct strbuf text = STRBUF_INIT(HEADER_MAX);

	base64_add(&text, alphabet, slice_of(bytes, len));
	if (key != NULL)
		json_put_text(json, key, strbuf_slice(&text));
	else
		json_text(json, strbuf_slice(&text));
	strbuf_done(&text);
}

static void put_serial(struct json *json, X509 *certificate)
{
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *hex = BN_bn2hex(serial);

	for (char *at = hex; *at != '\0'; at++) {
		if (*at >= 'A' && *at <= 'F')
			*at = (char)(*at - 'A' + 'a');
	}
	json_put_str(json, "kid", hex);
	OPENSSL_free(hex);
	BN_free(serial);
}

static void put_header(struct strbuf *out, enum signer_algorithm algorithm, X509 *certificate,
	struct slice der)
{
	unsigned char thumbprint[SIGNER_DIGEST_SIZE];
	struct json json = json_into(out);

	trust_thumbprint(certificate, thumbprint);
	json_object(&json);
	json_put_str(&json, "alg", algorithm_names[algorithm]);
	put_serial(&json, certificate);
	put_encoded(&json, "x5t#S256", BASE64_URL, thumbprint, sizeof(thumbprint));
	json_key(&json, SLICE_LIT("x5c"));
	json_array(&json);
	put_encoded(&json, NULL, BASE64_PLAIN, der.ptr, der.len);
	json_array_end(&json);
	json_object_end(&json);
}

struct signing {
	X509 *certificate;
	enum signer_algorithm algorithm;
	struct slice der;
};

static bool sign_header(struct signer *signer, const struct signing *signing,
	struct slice header, struct slice payload, uint32_t timeout_ms, struct strbuf *jws,
	struct err *err)
{
	unsigned char digest[SIGNER_DIGEST_SIZE];
	struct signature signature;

	signed_digest(header, payload, digest);
	if (!signer_sign(signer, SIGNER_JWS, digest, timeout_ms, &signature, err))
		return false;
	struct slice bytes = slice_of(signature.bytes, signature.len);
	if (signature.algorithm != signing->algorithm ||
		!trust_signature(signing->certificate, signing->algorithm, digest, bytes))
		return err_set(err, "the signer's signature does not fit its certificate");
	strbuf_add(jws, header);
	strbuf_add_str(jws, "..");
	base64_add(jws, BASE64_URL, bytes);
	return !jws->overflow || err_set(err, "the signature is longer than its room");
}

static bool sign_with(struct signer *signer, const struct signing *signing,
	struct slice payload, uint32_t timeout_ms, struct strbuf *jws, struct err *err)
{
	struct strbuf header = STRBUF_INIT(HEADER_MAX), encoded = STRBUF_INIT(JWS_SIZE_MAX);

	put_header(&header, signing->algorithm, signing->certificate, signing->der);
	base64_add(&encoded, BASE64_URL, strbuf_slice(&header));
	bool done = header.overflow || encoded.overflow
			    ? err_set(err, "the signer's certificate is too large")
			    : sign_header(signer, signing, strbuf_slice(&encoded), payload,
				      timeout_ms, jws, err);
	strbuf_done(&header);
	strbuf_done(&encoded);
	return done;
}

bool jws_sign(struct signer *signer, struct slice payload, uint32_t timeout_ms,
	struct strbuf *jws, struct err *err)
{
	unsigned char der[SIGNER_CERTIFICATE_MAX];
	const unsigned char *at = der;
	struct signing signing;
	size_t len;

	if (!signer_certificate(
		    signer, SIGNER_JWS, timeout_ms, der, &len, &signing.algorithm, err))
		return false;
	signing.der = slice_of(der, len);
	signing.certificate = d2i_X509(NULL, &at, (long)len);
	if (signing.certificate == NULL)
		return err_set(err, "the signer's certificate cannot be read");
	bool done = sign_with(signer, &signing, payload, timeout_ms, jws, err);
	X509_free(signing.certificate);
	return done;
}

/* ---- verifying ---------------------------------------------------------------- */

/* What a header says; the certificate is owned. */
struct header {
	enum signer_algorithm algorithm;
	bool has_thumbprint;
	unsigned char thumbprint[SIGNER_DIGEST_SIZE];
	X509 *certificate; /* NULL: none in it */
};

static struct slice text_of(yyjson_val *value)
{
	return yyjson_is_str(value) ? slice_of(yyjson_get_str(value), yyjson_get_len(value))
				    : SLICE_NONE;
}

static bool same_key(yyjson_val *a, yyjson_val *b)
{
	return slice_eq(text_of(a), text_of(b));
}

/* RFC 7515 section 4: names are unique. */
static bool has_duplicate(yyjson_val *object)
{
	yyjson_obj_iter outer = yyjson_obj_iter_with(object);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&outer)) != NULL) {
		yyjson_obj_iter inner = outer;
		yyjson_val *later;

		while ((later = yyjson_obj_iter_next(&inner)) != NULL) {
			if (same_key(key, later))
				return true;
		}
	}
	return false;
}

static bool read_algorithm(yyjson_val *value, struct header *header, struct err *err)
{
	struct slice name = text_of(value);

	for (size_t i = 0; i < ARRAY_LEN(algorithm_names); i++) {
		if (slice_eq(name, slice_str(algorithm_names[i]))) {
			header->algorithm = (enum signer_algorithm)i;
			return true;
		}
	}
	return err_set(err, "alg is %s, expected ES256, RS256 or PS256",
		slice_absent(name) ? "missing" : MISTAKE_TEXT(name));
}

static bool read_thumbprint(yyjson_val *value, struct header *header, struct err *err)
{
	struct strbuf bytes = STRBUF_INIT(SIGNER_DIGEST_SIZE);

	if (value == NULL)
		return true;
	header->has_thumbprint = base64_read(&bytes, BASE64_URL, text_of(value)) &&
				 bytes.len == SIGNER_DIGEST_SIZE;
	if (header->has_thumbprint)
		memcpy(header->thumbprint, bytes.ptr, SIGNER_DIGEST_SIZE);
	strbuf_done(&bytes);
	return header->has_thumbprint || err_set(err, "x5t#S256 is no SHA-256");
}

static bool read_certificate(yyjson_val *chain, struct header *header, struct err *err)
{
	struct strbuf der = STRBUF_INIT(SIGNER_CERTIFICATE_MAX);

	if (chain == NULL)
		return true;
	if (base64_read(&der, BASE64_PLAIN, text_of(yyjson_arr_get_first(chain)))) {
		const unsigned char *at = (const unsigned char *)der.ptr;

		header->certificate = d2i_X509(NULL, &at, (long)der.len);
	}
	strbuf_done(&der);
	return header->certificate != NULL || err_set(err, "x5c holds no certificate");
}

static bool read_members(yyjson_val *object, struct header *header, struct err *err)
{
	if (!yyjson_is_obj(object))
		return err_set(err, "the header is no JSON object");
	if (has_duplicate(object))
		return err_set(err, "a name stands twice in the header");
	if (yyjson_obj_get(object, "crit") != NULL || yyjson_obj_get(object, "b64") != NULL)
		return err_set(err, "the header asks for an extension (crit, b64)");
	return read_algorithm(yyjson_obj_get(object, "alg"), header, err) &&
	       read_thumbprint(yyjson_obj_get(object, "x5t#S256"), header, err) &&
	       read_certificate(yyjson_obj_get(object, "x5c"), header, err);
}

static bool read_header(struct slice encoded, struct header *header, struct err *err)
{
	struct strbuf text = STRBUF_INIT(JWS_SIZE_MAX);
	bool done = false;

	if (!base64_read(&text, BASE64_URL, encoded)) {
		err_set(err, "the header is not base64url");
	} else {
		yyjson_doc *doc = yyjson_read(text.ptr, text.len, 0);

		done = read_members(yyjson_doc_get_root(doc), header, err);
		yyjson_doc_free(doc);
	}
	strbuf_done(&text);
	return done;
}

static bool has_thumbprint(X509 *certificate, const unsigned char *wanted)
{
	unsigned char thumbprint[SIGNER_DIGEST_SIZE];

	trust_thumbprint(certificate, thumbprint);
	return memcmp(thumbprint, wanted, sizeof(thumbprint)) == 0;
}

/* A header without x5c means a certificate that the receiver has. */
static void find_certificate(struct header *header, STACK_OF(X509) * trusted)
{
	for (int i = 0; header->has_thumbprint && i < sk_X509_num(trusted); i++) {
		X509 *each = sk_X509_value(trusted, i);

		if (header->certificate == NULL && has_thumbprint(each, header->thumbprint) &&
			X509_up_ref(each) == 1)
			header->certificate = each;
	}
}

static bool check_certificate(struct header *header, STACK_OF(X509) * trusted, struct err *err)
{
	if (header->certificate == NULL)
		find_certificate(header, trusted);
	if (header->certificate == NULL)
		return err_set(err, "the signer's certificate is neither in the header (x5c) "
				    "nor among the trusted ones");
	if (header->has_thumbprint && !has_thumbprint(header->certificate, header->thumbprint))
		return err_set(err, "x5t#S256 is of another certificate");
	return trusted == NULL || trust_holds(trusted, header->certificate, err);
}

struct parts {
	struct slice header, signature;
};

static bool cut_parts(struct slice jws, struct parts *parts, struct err *err)
{
	struct slice payload, rest = jws;

	if (jws.len > JWS_SIZE_MAX)
		return err_set(err, "the JWS has more than %d bytes", JWS_SIZE_MAX);
	if (!slice_cut(&rest, '.', &parts->header) || !slice_cut(&rest, '.', &payload) ||
		!slice_cut(&rest, '.', &parts->signature) || !slice_absent(rest))
		return err_set(err, "a JWS has three parts with points between");
	if (payload.len != 0)
		return err_set(err, "the JWS carries a payload, expected a detached one");
	return true;
}

static bool check_signature(const struct header *header, const struct parts *parts,
	struct slice payload, struct err *err)
{
	struct strbuf signature = STRBUF_INIT(SIGNER_SIGNATURE_MAX);
	unsigned char digest[SIGNER_DIGEST_SIZE];

	signed_digest(parts->header, payload, digest);
	bool right = base64_read(&signature, BASE64_URL, parts->signature) &&
		     trust_signature(header->certificate, header->algorithm, digest,
			     strbuf_slice(&signature));
	strbuf_done(&signature);
	return right || err_set(err, "the signature is not of this message and certificate");
}

static bool check_all(struct slice jws, struct slice payload, STACK_OF(X509) * trusted,
	struct header *header, struct err *err)
{
	struct parts parts;

	return cut_parts(jws, &parts, err) && read_header(parts.header, header, err) &&
	       check_certificate(header, trusted, err) &&
	       check_signature(header, &parts, payload, err);
}

bool jws_verify(
	struct slice jws, struct slice payload, const char *ca_file, struct strbuf *report)
{
	STACK_OF(X509) *trusted = NULL;
	struct header header = {0};
	struct err err;
	bool right = ca_file == NULL || (trusted = trust_load(ca_file, &err)) != NULL;

	right = right && check_all(slice_trim(jws), payload, trusted, &header, &err);
	if (right)
		trust_report(
			header.certificate, algorithm_names[header.algorithm], ca_file, report);
	else
		strbuf_addf(report, "jws: %s\n", err.text);
	X509_free(header.certificate);
	sk_X509_pop_free(trusted, X509_free);
	return right;
}
