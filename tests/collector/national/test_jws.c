#include "collector/national/jws.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "collector/national/trust.h"
#include "common/base64.h"
#include "common/file.h"
#include "tests/collector/national/fixture.h"
#include "tests/support/check.h"

static const struct slice payload = {SLICE_BYTES("{\"unit\":\"event\",\"events\":12}")};

static struct strbuf sign_payload(struct fixture *fixture)
{
	struct strbuf jws = STRBUF_INIT(JWS_SIZE_MAX);
	struct err err;

	ck_assert_msg(jws_sign(fixture->signer, payload, FIXTURE_TIMEOUT_MS, &jws, &err), "%s",
		err.text);
	return jws;
}

static void check_refused(
	struct slice jws, struct slice body, const char *ca_file, const char *why)
{
	struct strbuf report = STRBUF_INIT(4096);

	ck_assert_msg(!jws_verify(jws, body, ca_file, &report), "taken, expected: %s", why);
	ck_assert_msg(slice_search(strbuf_slice(&report), slice_str(why)) < report.len,
		"'%s' is not in: %s", why, strbuf_cstr(&report));
	strbuf_done(&report);
}

static void check_taken(struct slice jws, const char *ca_file, const char *words)
{
	struct strbuf report = STRBUF_INIT(4096);

	ck_assert_msg(jws_verify(jws, payload, ca_file, &report), "%s", strbuf_cstr(&report));
	ck_assert_msg(slice_search(strbuf_slice(&report), slice_str(words)) < report.len,
		"'%s' is not in: %s", words, strbuf_cstr(&report));
	strbuf_done(&report);
}

START_TEST(every_algorithm_signs_and_verifies)
{
	static const char *const lines[] = {"valid, ES256", "valid, RS256", "valid, PS256"};

	for (int algorithm = SIGNER_ES256; algorithm <= SIGNER_PS256; algorithm++) {
		struct fixture fixture;

		fixture_start(&fixture, (enum signer_algorithm)algorithm);
		struct strbuf jws = sign_payload(&fixture);
		check_taken(strbuf_slice(&jws), fixture.ca_file, lines[algorithm]);
		check_taken(strbuf_slice(&jws), fixture.jws_certificate, "trusted by");
		check_taken(strbuf_slice(&jws), NULL, "NOT CHECKED");
		strbuf_done(&jws);
		fixture_stop(&fixture);
	}
}
END_TEST

START_TEST(every_flipped_byte_is_found)
{
	struct fixture fixture;

	fixture_start(&fixture, SIGNER_ES256);
	struct strbuf jws = sign_payload(&fixture);
	for (size_t i = 0; i < jws.len; i++) {
		struct strbuf report = STRBUF_INIT(4096);

		jws.ptr[i] ^= 1;
		ck_assert_msg(
			!jws_verify(strbuf_slice(&jws), payload, fixture.ca_file, &report),
			"byte %zu was not missed", i);
		jws.ptr[i] ^= 1;
		strbuf_done(&report);
	}
	check_refused(strbuf_slice(&jws), slice_head(payload, payload.len - 1), fixture.ca_file,
		"not of this message");
	check_taken(strbuf_slice(&jws), fixture.ca_file, "trusted by");
	strbuf_done(&jws);
	fixture_stop(&fixture);
}
END_TEST

START_TEST(certificates_that_may_not_sign_are_refused)
{
	static const struct {
		enum pki_profile profile;
		uint32_t days;
		const char *why;
	} wrong[] = {
		{PKI_CLIENT, 5, "not for signing documents"},
		{PKI_SIGNER, 0, "expired"},
	};
	struct fixture fixture;

	fixture_start(&fixture, SIGNER_ES256);
	struct strbuf jws = sign_payload(&fixture);
	check_refused(strbuf_slice(&jws), payload, fixture.other_ca_file, "issuer");
	check_refused(strbuf_slice(&jws), payload, "/nonexistent/ca.pem", "No such file");
	strbuf_done(&jws);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		fixture_issue(&fixture, wrong[i].profile, PKI_KEY_P256, wrong[i].days,
			fixture.jws_key, fixture.jws_certificate);
		fixture_restart(&fixture, SIGNER_ES256);
		if (wrong[i].days == 0) { /* the signer itself refuses */
			struct err err;

			ck_assert(!jws_sign(
				fixture.signer, payload, FIXTURE_TIMEOUT_MS, &jws, &err));
			ck_assert_ptr_nonnull(strstr(err.text, wrong[i].why));
			continue;
		}
		jws = sign_payload(&fixture);
		check_refused(strbuf_slice(&jws), payload, fixture.ca_file, wrong[i].why);
		strbuf_done(&jws);
	}
	fixture_stop(&fixture);
}
END_TEST

/* A JWS of `header` with a signature of zeros. */
static void check_header_refused(const char *header, const char *why)
{
	struct strbuf jws = STRBUF_INIT(JWS_SIZE_MAX);
	const char zeros[64] = {0};

	base64_add(&jws, BASE64_URL, slice_str(header));
	strbuf_add_str(&jws, "..");
	base64_add(&jws, BASE64_URL, slice_of(zeros, sizeof(zeros)));
	check_refused(strbuf_slice(&jws), payload, NULL, why);
	strbuf_done(&jws);
}

START_TEST(hostile_headers_are_refused_with_a_reason)
{
	check_header_refused("", "no JSON object");
	check_header_refused("[]", "no JSON object");
	check_header_refused("{\"alg\":\"ES256\"", "no JSON object");
	check_header_refused("{}", "alg is missing");
	check_header_refused("{\"alg\":\"none\"}", "alg is 'none'");
	check_header_refused("{\"alg\":\"HS256\"}", "alg is 'HS256'");
	check_header_refused("{\"alg\":256}", "alg is missing");
	check_header_refused("{\"alg\":\"ES256\",\"alg\":\"none\"}", "stands twice");
	check_header_refused(
		"{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}", "extension");
	check_header_refused("{\"alg\":\"ES256\",\"crit\":[\"x\"]}", "extension");
	check_header_refused("{\"alg\":\"ES256\",\"x5t#S256\":\"AAAA\"}", "no SHA-256");
	check_header_refused("{\"alg\":\"ES256\",\"x5c\":[]}", "holds no certificate");
	check_header_refused("{\"alg\":\"ES256\",\"x5c\":[\"AAAA\"]}", "holds no certificate");
	check_header_refused("{\"alg\":\"ES256\"}", "neither in the header");
}
END_TEST

START_TEST(texts_that_are_no_detached_jws_are_refused)
{
	struct strbuf large = STRBUF_INIT(JWS_SIZE_MAX + 10);

	check_refused(SLICE_LIT(""), payload, NULL, "three parts");
	check_refused(SLICE_LIT("a.b"), payload, NULL, "three parts");
	check_refused(SLICE_LIT("a..b.c"), payload, NULL, "three parts");
	check_refused(SLICE_LIT("a.cGF5bG9hZA.b"), payload, NULL, "detached");
	check_refused(SLICE_LIT("!..b"), payload, NULL, "base64url");
	while (large.len <= JWS_SIZE_MAX)
		strbuf_add_byte(&large, 'A');
	check_refused(strbuf_slice(&large), payload, NULL, "more than");
	strbuf_done(&large);
}
END_TEST

/* Another's certificate under the thumbprint of somebody who is trusted. */
START_TEST(a_certificate_under_a_wrong_thumbprint_is_refused)
{
	struct strbuf header = STRBUF_INIT(JWS_SIZE_MAX), pem = STRBUF_INIT(PKI_PEM_MAX);
	struct fixture fixture;
	struct err err;
	unsigned char *der = NULL;

	fixture_start(&fixture, SIGNER_ES256);
	ck_assert(file_read(fixture.jws_certificate, &pem, &err));
	X509 *certificate = pki_cert_read(strbuf_slice(&pem), &err);
	int len = i2d_X509(certificate, &der);
	strbuf_addf(&header, "{\"alg\":\"ES256\",\"x5t#S256\":\"%s\",\"x5c\":[\"",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	base64_add(&header, BASE64_PLAIN, slice_of(der, (size_t)len));
	strbuf_add_str(&header, "\"]}");
	check_header_refused(strbuf_cstr(&header), "x5t#S256 is of another certificate");
	OPENSSL_free(der);
	X509_free(certificate);
	strbuf_done(&header);
	strbuf_done(&pem);
	fixture_stop(&fixture);
}
END_TEST

START_TEST(a_false_signature_is_never_given_away)
{
	struct strbuf jws = STRBUF_INIT(JWS_SIZE_MAX);
	struct fixture fixture;
	struct err err;

	fixture_start(&fixture, SIGNER_ES256);
	fixture_be_false(&fixture, SIGNER_ES256);
	ck_assert(!jws_sign(fixture.signer, payload, FIXTURE_TIMEOUT_MS, &jws, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "does not fit its certificate"));
	ck_assert_uint_eq(jws.len, 0);
	strbuf_done(&jws);
	fixture_stop(&fixture);
}
END_TEST

static X509 *certificate_of(EVP_PKEY *key)
{
	X509 *certificate = X509_new();

	X509_set_pubkey(certificate, key);
	return certificate;
}

/* Signed with the key, in the form that messages have. */
static struct slice sign_digest(EVP_PKEY *key, const unsigned char *digest,
	unsigned char signature[SIGNER_SIGNATURE_MAX])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	size_t len = SIGNER_SIGNATURE_MAX;

	ck_assert_int_gt(EVP_PKEY_sign_init(context), 0);
	ck_assert_int_gt(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 0);
	ck_assert_int_gt(
		EVP_PKEY_sign(context, signature, &len, digest, SIGNER_DIGEST_SIZE), 0);
	EVP_PKEY_CTX_free(context);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
		const unsigned char *at = signature;
		ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);

		BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32);
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32);
		ECDSA_SIG_free(pair);
		len = 64;
	}
	return slice_of(signature, len);
}

START_TEST(weak_keys_and_other_curves_bear_nothing_out)
{
	const struct {
		EVP_PKEY *key;
		enum signer_algorithm algorithm;
		bool right;
	} cases[] = {
		{EVP_EC_gen("P-256"), SIGNER_ES256, true},
		{EVP_EC_gen("secp256k1"), SIGNER_ES256, false},
		{EVP_RSA_gen(2048), SIGNER_RS256, true},
		{EVP_RSA_gen(1024), SIGNER_RS256, false},
	};
	const unsigned char digest[SIGNER_DIGEST_SIZE] = {1, 2, 3};
	unsigned char signature[SIGNER_SIGNATURE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		X509 *certificate = certificate_of(cases[i].key);
		struct slice bytes = sign_digest(cases[i].key, digest, signature);

		ck_assert_msg(trust_signature(certificate, cases[i].algorithm, digest, bytes) ==
				      cases[i].right,
			"case %zu", i);
		X509_free(certificate);
		EVP_PKEY_free(cases[i].key);
	}
}
END_TEST

/* RFC 7515 appendix A.3: an ES256 signature made by others. */
START_TEST(the_standards_own_signature_holds)
{
	static const char key[] =
		"\x04\x7f\xcd\xce\x27\x70\xf6\xc4\x5d\x41\x83\xcb\xee\x6f\xdb\x4b\x7b\x58"
		"\x07\x33\x35\x7b\xe9\xef\x13\xba\xcf\x6e\x3c\x7b\xd1\x54\x45\xc7\xf1\x44"
		"\xcd\x1b\xbd\x9b\x7e\x87\x2c\xdf\xed\xb9\xee\xb9\xf4\xb3\x69\x5d\x6e\xa9"
		"\x0b\x24\xad\x8a\x46\x23\x28\x85\x88\xe5\xad";
	static const char signed_text[] = "eyJhbGciOiJFUzI1NiJ9."
					  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
					  "dHA6Ly9leGFtcGxlLmNvbS9pc19"
					  "yb290Ijp0cnVlfQ";
	struct strbuf signature = STRBUF_INIT(128);
	unsigned char digest[SIGNER_DIGEST_SIZE];
	const unsigned char *at = (const unsigned char *)key;
	struct err err;

	EVP_PKEY *public_key = pki_key_new(PKI_KEY_P256, &err);
	ck_assert_int_eq(EVP_PKEY_set1_encoded_public_key(public_key, at, sizeof(key) - 1), 1);
	X509 *certificate = X509_new();
	X509_set_pubkey(certificate, public_key);
	EVP_Digest(signed_text, sizeof(signed_text) - 1, digest, NULL, EVP_sha256(), NULL);
	ck_assert(base64_read(&signature, BASE64_URL,
		SLICE_LIT("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
			  "pmWQxfKTUJqPP3-Kg6NU1Q")));
	ck_assert(trust_signature(certificate, SIGNER_ES256, digest, strbuf_slice(&signature)));
	ck_assert(
		!trust_signature(certificate, SIGNER_RS256, digest, strbuf_slice(&signature)));
	digest[0] ^= 1;
	ck_assert(
		!trust_signature(certificate, SIGNER_ES256, digest, strbuf_slice(&signature)));
	strbuf_done(&signature);
	X509_free(certificate);
	EVP_PKEY_free(public_key);
}
END_TEST

START_TEST(without_a_signer_nothing_is_signed)
{
	struct strbuf jws = STRBUF_INIT(JWS_SIZE_MAX);
	struct fixture fixture;
	struct err err;

	fixture_start(&fixture, SIGNER_ES256);
	kill(fixture.pid, SIGSTOP);
	ck_assert(!jws_sign(fixture.signer, payload, 20, &jws, &err));
	ck_assert_uint_eq(jws.len, 0);
	kill(fixture.pid, SIGCONT);
	ck_assert(jws_sign(fixture.signer, payload, FIXTURE_TIMEOUT_MS, &jws, &err));
	jws.limit = jws.len + 100; /* no room for a second one */
	ck_assert(!jws_sign(fixture.signer, payload, FIXTURE_TIMEOUT_MS, &jws, &err));
	strbuf_done(&jws);
	fixture_stop(&fixture);
}
END_TEST

TEST_MAIN("jws", every_algorithm_signs_and_verifies, every_flipped_byte_is_found,
	certificates_that_may_not_sign_are_refused, hostile_headers_are_refused_with_a_reason,
	texts_that_are_no_detached_jws_are_refused,
	a_certificate_under_a_wrong_thumbprint_is_refused,
	a_false_signature_is_never_given_away, weak_keys_and_other_curves_bear_nothing_out,
	the_standards_own_signature_holds, without_a_signer_nothing_is_signed)
