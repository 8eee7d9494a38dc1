#include "common/pki.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "common/clock.h"
#include "tests/support/check.h"

static struct err err;
static EVP_PKEY *ca_key, *leaf_key;
static X509 *ca;

#define ck_assert_ok(condition) ck_assert_msg((condition), "%s", err.text)

static void make_ca(void)
{
	ca_key = pki_key_new(PKI_KEY_P256, &err);
	leaf_key = pki_key_new(PKI_KEY_P256, &err);
	ca = pki_ca_new(ca_key, "T\xe1\xbb\x89nh", 10, clock_wall_ns(), &err);
	ck_assert_ok(ca != NULL);
}

static void free_ca(void)
{
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(leaf_key);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

static struct pki_request agent(void)
{
	return (struct pki_request){.profile = PKI_AGENT,
		.common_name = "web01",
		.identity = {.kind = TLS_PEER_AGENT, .agency = 7, .host = 42},
		.days = 5};
}

static X509 *issue(const struct pki_request *request)
{
	X509 *cert = pki_issue(ca, ca_key, leaf_key, request, clock_wall_ns(), &err);

	ck_assert_ok(cert != NULL);
	ck_assert_int_eq(X509_verify(cert, ca_key), 1);
	return cert;
}

static void expect_refused(const struct pki_request *request, const char *words)
{
	ck_assert_ptr_null(pki_issue(ca, ca_key, leaf_key, request, clock_wall_ns(), &err));
	ck_assert_msg(
		strstr(err.text, words) != NULL, "'%s' does not say '%s'", err.text, words);
}

START_TEST(a_ca_may_sign_certificates_and_crls_and_nothing_else)
{
	make_ca();
	ck_assert_int_eq(X509_check_ca(ca), 1);
	ck_assert_uint_eq(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	ck_assert_int_eq(X509_verify(ca, ca_key), 1);
	ck_assert_ptr_nonnull(X509_get0_subject_key_id(ca));
	ck_assert_ptr_nonnull(X509_get0_authority_key_id(ca));
	free_ca();
}
END_TEST

START_TEST(profiles_give_their_usage)
{
	static const char *const dns[] = {"localhost"};
	static const struct {
		enum pki_profile profile;
		uint32_t usage, extended;
	} cases[] = {
		{PKI_AGENT, KU_DIGITAL_SIGNATURE, XKU_SSL_CLIENT},
		{PKI_COLLECTOR, KU_DIGITAL_SIGNATURE, XKU_SSL_SERVER},
		{PKI_CLIENT, KU_DIGITAL_SIGNATURE, XKU_SSL_CLIENT},
		{PKI_SERVER, KU_DIGITAL_SIGNATURE, XKU_SSL_SERVER},
		{PKI_SIGNER, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, 0},
	};

	make_ca();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pki_request request = agent();
		bool hosts =
			cases[i].profile == PKI_COLLECTOR || cases[i].profile == PKI_SERVER;
		request.profile = cases[i].profile;
		request.label = "name";
		request.dns = dns;
		request.n_dns = hosts;
		if (cases[i].profile == PKI_COLLECTOR)
			request.identity =
				(struct tls_peer){.kind = TLS_PEER_COLLECTOR, .name = "hue1"};
		X509 *cert = issue(&request);
		ck_assert_int_eq(X509_check_ca(cert), 0);
		ck_assert_uint_eq(X509_get_key_usage(cert), cases[i].usage);
		ck_assert_uint_eq(X509_get_extended_key_usage(cert), cases[i].extended);
		ck_assert_int_eq(X509_check_host(cert, "localhost", 0, 0, NULL), hosts);
		X509_free(cert);
	}
	free_ca();
}
END_TEST

START_TEST(identity_and_addresses_are_alternative_names)
{
	static const char *const dns[] = {"soc.example.vn", "localhost"};
	static const char *const ip[] = {"10.0.0.5", "2001:db8::1"};
	struct pki_request request = {.profile = PKI_COLLECTOR,
		.common_name = "hue1",
		.identity = {.kind = TLS_PEER_COLLECTOR, .name = "hue1"},
		.dns = dns,
		.n_dns = 2,
		.ip = ip,
		.n_ip = 2,
		.days = 5};
	struct tls_peer peer;

	make_ca();
	X509 *cert = issue(&request);
	ck_assert_ok(tls_identity_of(cert, &peer, &err));
	ck_assert_str_eq(peer.name, "hue1");
	ck_assert_int_eq(X509_check_ip_asc(cert, "10.0.0.5", 0), 1);
	ck_assert_int_eq(X509_check_ip_asc(cert, "2001:db8::1", 0), 1);
	ck_assert_int_eq(X509_check_ip_asc(cert, "10.0.0.6", 0), 0);
	ck_assert_int_eq(X509_check_host(cert, "soc.example.vn", 0, 0, NULL), 1);
	X509_free(cert);
	free_ca();
}
END_TEST

START_TEST(serial_numbers_are_positive_random_and_16_bytes)
{
	char first[TLS_SERIAL_MAX] = "", serial[TLS_SERIAL_MAX];
	struct pki_request request = agent();

	make_ca();
	for (int i = 0; i < 50; i++) {
		X509 *cert = issue(&request);
		ck_assert(tls_serial(cert, serial));
		ck_assert_uint_eq(strlen(serial), 32);
		ck_assert_str_ne(serial, first);
		memcpy(first, serial, sizeof(first));
		X509_free(cert);
	}
	free_ca();
}
END_TEST

START_TEST(no_certificate_outlives_its_ca)
{
	struct pki_request request = agent();

	make_ca();
	request.days = 100;
	X509 *cert = issue(&request);
	ck_assert_int_eq(
		ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(ca)), 0);
	X509_free(cert);
	ck_assert_ptr_null(pki_issue(ca, ca_key, leaf_key, &request,
		clock_wall_ns() + 11 * INT64_C(86400) * CLOCK_NS_PER_S, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "expired"));
	free_ca();
}
END_TEST

START_TEST(mistaken_requests_are_refused_in_words)
{
	static const char *const bad_names[] = {"", "a\nb", "\x7f", "a\xc2\x85z", "\xff\xfe",
		"a\xe2\x80\xae"
		"b",
		"a\xe2\x81\xa6"
		"b",
		"12345678901234567890123456789012345678901234567890123456789012345"};
	static const char *const bad_dns[] = {
		"", "a b", "*.example.vn", "-a", "a-", "a..b", "a.", "urn:x", "\xc4\x91.vn"};
	static const char *const bad_ip[] = {"", "10.0.0", "10.0.0.256", "::g", "localhost"};
	static const char *const bad_labels[] = {"", "a/b", ".a", "-a", "a b", "\xc4\x91"};
	struct pki_request request = agent();

	make_ca();
	for (size_t i = 0; i < ARRAY_LEN(bad_names); i++) {
		request.common_name = bad_names[i];
		expect_refused(&request, "the name ");
	}
	request = agent();
	request.identity.host = 0;
	expect_refused(&request, "numbers from 1");
	request = agent();
	request.dns = bad_dns;
	request.n_dns = 1;
	expect_refused(&request, "no DNS names");
	request = (struct pki_request){
		.profile = PKI_SERVER, .common_name = "s", .label = "s", .days = 1};
	expect_refused(&request, "is needed");
	request.n_dns = 1;
	for (size_t i = 0; i < ARRAY_LEN(bad_dns); i++) {
		request.dns = &bad_dns[i];
		expect_refused(&request, "DNS name");
	}
	request.n_dns = 0;
	request.n_ip = 1;
	for (size_t i = 0; i < ARRAY_LEN(bad_ip); i++) {
		request.ip = &bad_ip[i];
		expect_refused(&request, "not an IP address");
	}
	request = (struct pki_request){.profile = PKI_SIGNER, .common_name = "s", .days = 1};
	for (size_t i = 0; i < ARRAY_LEN(bad_labels); i++) {
		request.label = bad_labels[i];
		expect_refused(&request, "is made of");
	}
	free_ca();
}
END_TEST

/* A request in PEM that carries `key` and is signed with `signer`. */
static void write_request(struct strbuf *text, EVP_PKEY *key, EVP_PKEY *signer)
{
	X509_REQ *csr = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	ck_assert_int_eq(X509_REQ_set_version(csr, X509_REQ_VERSION_1), 1);
	ck_assert_int_eq(X509_REQ_set_pubkey(csr, key), 1);
	ck_assert_int_gt(X509_REQ_sign(csr, signer, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_bio_X509_REQ(bio, csr), 1);
	long len = BIO_get_mem_data(bio, &pem);
	strbuf_reset(text);
	strbuf_add(text, slice_of(pem, (size_t)len));
	BIO_free(bio);
	X509_REQ_free(csr);
}

START_TEST(a_request_proves_its_key)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);

	make_ca();
	write_request(&text, leaf_key, leaf_key);
	EVP_PKEY *key = pki_csr_key(strbuf_slice(&text), &err);
	ck_assert_ok(key != NULL);
	ck_assert_int_eq(EVP_PKEY_eq(key, leaf_key), 1);
	EVP_PKEY_free(key);

	write_request(&text, ca_key, leaf_key); /* somebody else's */
	ck_assert_ptr_null(pki_csr_key(strbuf_slice(&text), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not signed with its own key"));
	ck_assert_ptr_null(pki_csr_key(SLICE_LIT("nonsense"), &err));
	strbuf_done(&text);
	free_ca();
}
END_TEST

START_TEST(weak_keys_of_requests_are_refused)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	EVP_PKEY *weak = EVP_RSA_gen(1024);

	write_request(&text, weak, weak);
	ck_assert_ptr_null(pki_csr_key(strbuf_slice(&text), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "too weak"));
	EVP_PKEY_free(weak);
	strbuf_done(&text);
}
END_TEST

START_TEST(keys_survive_pem)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);

	for (enum pki_key type = PKI_KEY_P256; type <= PKI_KEY_RSA3072; type++) {
		EVP_PKEY *key = pki_key_new(type, &err);
		ck_assert_ok(pki_key_pem(key, &text, &err));
		EVP_PKEY *read = pki_key_read(strbuf_slice(&text), &err);
		ck_assert_ok(read != NULL);
		ck_assert_int_eq(EVP_PKEY_eq(key, read), 1);
		ck_assert_int_eq(EVP_PKEY_get_bits(key), type == PKI_KEY_P256 ? 256 : 3072);
		EVP_PKEY_free(key);
		EVP_PKEY_free(read);
		strbuf_reset(&text);
	}
	ck_assert_ptr_null(pki_key_read(SLICE_LIT(""), &err));
	ck_assert_ptr_null(pki_cert_read(SLICE_LIT("-----BEGIN"), &err));
	ck_assert_ptr_null(pki_crl_read(SLICE_NONE, &err));
	strbuf_done(&text);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(reasons_have_the_numbers_of_the_standard)
{
	ck_assert_int_eq(pki_reason("unspecified"), 0);
	ck_assert_int_eq(pki_reason("keyCompromise"), 1);
	ck_assert_int_eq(pki_reason("cessationOfOperation"), 5);
	ck_assert_int_eq(pki_reason("privilegeWithdrawn"), 9);
	ck_assert_int_eq(pki_reason(""), -1);
	ck_assert_int_eq(pki_reason("KeyCompromise"), -1);
}
END_TEST

TEST_MAIN("pki", a_ca_may_sign_certificates_and_crls_and_nothing_else,
	profiles_give_their_usage, identity_and_addresses_are_alternative_names,
	serial_numbers_are_positive_random_and_16_bytes, no_certificate_outlives_its_ca,
	mistaken_requests_are_refused_in_words, a_request_proves_its_key,
	weak_keys_of_requests_are_refused, keys_survive_pem,
	reasons_have_the_numbers_of_the_standard)
