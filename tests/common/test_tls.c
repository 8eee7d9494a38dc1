#include "common/tls.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "tests/support/certs.h"

static struct test_ca ca;
static struct err err;

static void make_everything(void)
{
	test_ca_make(&ca);
	test_ca_agent(&ca, 7, 42);
	test_ca_collector(&ca, "hue1");
}

static SSL_CTX *server_context(void)
{
	struct tls_settings settings = test_ca_settings(&ca, "collector");
	SSL_CTX *ctx = tls_server_new(&settings, &err);

	ck_assert_ok(ctx != NULL, err);
	return ctx;
}

static SSL_CTX *client_context(void)
{
	struct tls_settings settings = test_ca_settings(&ca, "agent");
	SSL_CTX *ctx = tls_client_new(&settings, &err);

	ck_assert_ok(ctx != NULL, err);
	return ctx;
}

START_TEST(both_ends_learn_who_the_other_is)
{
	struct test_link link;
	struct tls_peer peer;
	bool server_failed = false;

	make_everything();
	SSL_CTX *server = server_context(), *client = client_context();
	test_link_open(&link, server, client);
	ck_assert(!tls_peer(link.server, &peer, &err));
	ck_assert_ok(test_link_shake(&link, &server_failed, &err), err);

	ck_assert_ok(tls_peer(link.server, &peer, &err), err);
	ck_assert_int_eq(peer.kind, TLS_PEER_AGENT);
	ck_assert_uint_eq(peer.agency, 7);
	ck_assert_uint_eq(peer.host, 42);
	ck_assert_uint_eq(strlen(peer.fingerprint), 64);
	ck_assert_uint_eq(strlen(peer.serial), 32);
	ck_assert_int_gt(peer.validity.until_ns, clock_wall_ns());

	ck_assert_ok(tls_peer(link.client, &peer, &err), err);
	ck_assert_int_eq(peer.kind, TLS_PEER_COLLECTOR);
	ck_assert_str_eq(peer.name, "hue1");

	ck_assert_str_eq(SSL_get_version(link.server), "TLSv1.3");
	ck_assert_ok(tls_peer_still_good(server, link.server, &err), err);
	ck_assert_ok(tls_peer_still_good(client, link.client, &err), err);
	test_link_close(&link);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	test_ca_remove(&ca);
}
END_TEST

START_TEST(a_context_knows_its_own_identity)
{
	struct validity validity;
	struct tls_peer own;

	make_everything();
	SSL_CTX *client = client_context();
	ck_assert_ok(tls_own(client, &own, &err), err);
	ck_assert_uint_eq(own.agency, 7);
	ck_assert_uint_eq(own.host, 42);
	ck_assert(tls_crl_validity(client, &validity));
	ck_assert_int_gt(validity.until_ns, clock_wall_ns());
	ck_assert_int_le(validity.from_ns, clock_wall_ns());
	validity = tls_own_validity(client);
	ck_assert_int_eq(validity.until_ns, own.validity.until_ns);
	ck_assert_int_lt(validity.from_ns, clock_wall_ns());
	SSL_CTX_free(client);
	test_ca_remove(&ca);
}
END_TEST

#define NAME_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

/* ---- identities ------------------------------------------------------------------ */

START_TEST(identities_are_read_in_canonical_form_only)
{
	static const char *const good[] = {"urn:soc:agency:1:host:1",
		"urn:soc:agency:4294967295:host:4294967295", "urn:soc:collector:a",
		"urn:soc:collector:hue-1.example", ("urn:soc:collector:" NAME_63)};
	static const char *const bad[] = {"", "urn:soc:", "urn:soc:agency:", "urn:soc:agency:1",
		"urn:soc:agency:1:host:", "urn:soc:agency::host:1", "urn:soc:agency:1:host:01",
		"urn:soc:agency:1:host:4294967296", "urn:soc:agency:1:host:1 ",
		" urn:soc:agency:1:host:1", "urn:soc:agency:1:HOST:1",
		"urn:soc:agency:-1:host:1", "urn:soc:agency:1:host:1:host:2",
		"urn:soc:agency:1e3:host:1", "urn:soc:collector:", "urn:soc:collector:Hue",
		"urn:soc:collector:-a", "urn:soc:collector:.a", "urn:soc:collector:a/b",
		"urn:soc:collector:a b", ("urn:soc:collector:" NAME_63 "x")};
	struct tls_peer peer = {.agency = 99};
	char uri[TLS_URI_MAX];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_msg(!tls_identity_parse(slice_str(bad[i]), &peer), "'%s'", bad[i]);
		ck_assert_uint_eq(peer.agency, 99);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_msg(tls_identity_parse(slice_str(good[i]), &peer), "'%s'", good[i]);
		ck_assert_str_eq(tls_identity_uri(&peer, uri), good[i]);
	}
}
END_TEST

/* ---- contexts that are not made --------------------------------------------------- */

static void expect_no_context(
	bool server, const struct tls_settings *settings, const char *words)
{
	err.text[0] = '\0';
	SSL_CTX *ctx = server ? tls_server_new(settings, &err) : tls_client_new(settings, &err);

	ck_assert_msg(ctx == NULL, "made although: %s", words);
	ck_assert_msg(
		strstr(err.text, words) != NULL, "'%s' does not say '%s'", err.text, words);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(a_key_that_others_can_read_is_refused_with_the_remedy)
{
	make_everything();
	struct tls_settings settings = test_ca_settings(&ca, "collector");

	for (mode_t bit = 01; bit <= 040; bit <<= 1) {
		ck_assert_int_eq(chmod(settings.key_file, 0600 | bit), 0);
		expect_no_context(true, &settings, "run: chmod 600 ");
	}
	ck_assert_int_eq(chmod(settings.key_file, 0400), 0);
	SSL_CTX *ctx = tls_server_new(&settings, &err);
	ck_assert_ok(ctx != NULL, err);
	SSL_CTX_free(ctx);
	test_ca_remove(&ca);
}
END_TEST

START_TEST(certificates_for_the_other_end_are_refused)
{
	make_everything();
	struct tls_settings settings = test_ca_settings(&ca, "agent");
	expect_no_context(true, &settings, "its identity is of the other kind");
	settings = test_ca_settings(&ca, "collector");
	expect_no_context(false, &settings, "its identity is of the other kind");
	test_ca_remove(&ca);
}
END_TEST

static const char *write_text(const char *name, const char *text, mode_t mode)
{
	static char path[TEST_PATH_MAX];
	struct strbuf content = STRBUF_INIT(PKI_PEM_MAX);

	strbuf_add_str(&content, text);
	test_ca_write(&ca, name, &content, mode);
	strbuf_done(&content);
	return test_ca_path(&ca, name, path);
}

START_TEST(files_that_do_not_fit_are_named)
{
	make_everything();
	const struct tls_settings good = test_ca_settings(&ca, "collector");
	struct tls_settings settings = good;
	char agent_key[TEST_PATH_MAX];

	settings.cert_file = "/nonexistent/collector.pem";
	expect_no_context(true, &settings, "/nonexistent/collector.pem: No such file");
	settings = good;
	settings.key_file = "/nonexistent/collector.key";
	expect_no_context(true, &settings, "/nonexistent/collector.key: No such file");
	settings.key_file = test_ca_path(&ca, "agent.key", agent_key);
	expect_no_context(true, &settings, "is not the key of");
	settings = good;
	settings.ca_file = "/nonexistent/ca.pem";
	expect_no_context(true, &settings, "/nonexistent/ca.pem: No such file");
	settings.ca_file = good.cert_file;
	expect_no_context(true, &settings, "not a CA certificate");
	settings.ca_file = write_text("odd", "", 0644);
	expect_no_context(true, &settings, "no certificate in it");
	settings.ca_file = write_text(
		"odd", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0644);
	expect_no_context(true, &settings, "odd: ");
	test_ca_remove(&ca);
}
END_TEST

START_TEST(an_encrypted_key_asks_nobody)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	char path[TEST_PATH_MAX];

	make_everything();
	struct tls_settings settings = test_ca_settings(&ca, "collector");
	ck_assert(file_read(settings.key_file, &text, &err));
	EVP_PKEY *key = pki_key_read(strbuf_slice(&text), &err);
	FILE *file = fopen(test_ca_path(&ca, "locked.key", path), "we");
	ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
	ck_assert_int_eq(
		PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), "pw", 2, NULL, NULL),
		1);
	fclose(file);
	EVP_PKEY_free(key);
	strbuf_done(&text);
	settings.key_file = path;
	expect_no_context(true, &settings, "locked.key: ");
	test_ca_remove(&ca);
}
END_TEST

START_TEST(crl_files_that_prove_nothing_are_refused)
{
	struct validity validity;
	struct test_ca other;

	make_everything();
	test_ca_make(&other);
	struct tls_settings settings = test_ca_settings(&ca, "collector");
	settings.crl_file = "/nonexistent/crl.pem";
	expect_no_context(true, &settings, "/nonexistent/crl.pem: ");
	settings.crl_file = other.crl_file; /* same name of the CA, another key */
	expect_no_context(true, &settings, "none of the trusted CA certificates signed");
	settings.crl_file = write_text("odd", "", 0644);
	expect_no_context(true, &settings, "no CRL in it");
	settings.crl_file = ca.ca_file;
	expect_no_context(true, &settings, "no CRL in it");
	settings.crl_file = write_text(
		"odd", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", 0644);
	expect_no_context(true, &settings, "damaged CRL");
	settings.crl_file = "";
	SSL_CTX *ctx = tls_server_new(&settings, &err);
	ck_assert_ok(ctx != NULL, err);
	ck_assert(!tls_crl_validity(ctx, &validity));
	SSL_CTX_free(ctx);
	test_ca_remove(&other);
	test_ca_remove(&ca);
}
END_TEST

/* ---- kinds of CRLs ----------------------------------------------------------------- */

enum odd_crl { DELTA, PARTIAL, WEAK, ENDLESS, INDIRECT };

static void add_critical(X509_CRL *crl, X509_REVOKED *entry, int nid)
{
	ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();

	ck_assert_int_eq(ASN1_OCTET_STRING_set(bytes, (const unsigned char *)"\x30\x00", 2), 1);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, nid, 1, bytes);
	if (entry != NULL)
		ck_assert_int_eq(X509_REVOKED_add_ext(entry, extension, -1), 1);
	else
		ck_assert_int_eq(X509_CRL_add_ext(crl, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(bytes);
}

static X509_CRL *odd_crl(X509 *cert, EVP_PKEY *key, enum odd_crl kind)
{
	const struct pki_revoked revoked = {.serial = "0a", .at_ns = clock_wall_ns()};
	X509_CRL *crl = pki_crl_new(cert, key, &revoked, 1, 1, 7, clock_wall_ns(), &err);

	ck_assert_ok(crl != NULL, err);
	if (kind == DELTA)
		add_critical(crl, NULL, NID_delta_crl);
	if (kind == PARTIAL)
		add_critical(crl, NULL, NID_issuing_distribution_point);
	if (kind == INDIRECT)
		add_critical(crl, sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0),
			NID_certificate_issuer);
	if (kind == ENDLESS) {
		X509_CRL *endless = X509_CRL_new();
		X509_CRL_set_version(endless, X509_CRL_VERSION_2);
		X509_CRL_set_issuer_name(endless, X509_get_subject_name(cert));
		X509_CRL_set1_lastUpdate(endless, X509_CRL_get0_lastUpdate(crl));
		X509_CRL_free(crl);
		crl = endless;
	}
	ck_assert_int_gt(X509_CRL_sign(crl, key, kind == WEAK ? EVP_sha1() : EVP_sha256()), 0);
	return crl;
}

START_TEST(crls_that_do_not_cover_everything_are_refused)
{
	static const char *const words[] = {[DELTA] = "complete ones are needed",
		[PARTIAL] = "complete ones are needed",
		[WEAK] = "weak digest",
		[ENDLESS] = "without nextUpdate",
		[INDIRECT] = "complete ones are needed"};
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	char path[TEST_PATH_MAX];

	make_everything();
	struct tls_settings settings = test_ca_settings(&ca, "collector");
	ck_assert(file_read(ca.ca_file, &text, &err));
	X509 *cert = pki_cert_read(strbuf_slice(&text), &err);
	strbuf_reset(&text);
	ck_assert(file_read(test_ca_path(&ca, "ca.key", path), &text, &err));
	EVP_PKEY *key = pki_key_read(strbuf_slice(&text), &err);
	for (enum odd_crl kind = DELTA; kind <= INDIRECT; kind++) {
		X509_CRL *crl = odd_crl(cert, key, kind);
		strbuf_reset(&text);
		ck_assert_ok(pki_crl_pem(crl, &text, &err), err);
		test_ca_write(&ca, "crl.pem", &text, 0644);
		expect_no_context(true, &settings, words[kind]);
		X509_CRL_free(crl);
	}
	strbuf_done(&text);
	EVP_PKEY_free(key);
	X509_free(cert);
	test_ca_remove(&ca);
}
END_TEST

static SSL_CTX *renewed(SSL_CTX *from)
{
	SSL_CTX *ctx = tls_client_renew(from, ca.crl_file, &err);

	ck_assert_ok(ctx != NULL, err);
	return ctx;
}

static void revoke_collector(void)
{
	struct ca *open = ca_open(ca.dir, CA_WRITE, &err);

	ck_assert_ok(open != NULL, err);
	ck_assert_ok(ca_revoke(open, 1, 0, clock_wall_ns(), &err), err);
	ck_assert_ok(ca_write_crl(open, 7, clock_wall_ns(), &err), err);
	ca_close(open);
}

/* The renewed one outlives the one it was made of. */
START_TEST(a_renewed_context_is_the_same_with_other_crls)
{
	struct test_link link;
	bool server_failed = false;

	make_everything();
	SSL_CTX *server = server_context(), *first = client_context();
	SSL_CTX *second = renewed(first);
	SSL_CTX_free(first);
	test_link_open(&link, server, second);
	ck_assert_ok(test_link_shake(&link, &server_failed, &err), err);

	revoke_collector();
	SSL_CTX *third = renewed(second);
	ck_assert_ok(tls_peer_still_good(second, link.client, &err), err);
	ck_assert(!tls_peer_still_good(third, link.client, &err));
	test_link_close(&link);
	test_link_open(&link, server, third);
	ck_assert(!test_link_shake(&link, &server_failed, &err));
	ck_assert_msg(strstr(err.text, "it is revoked") != NULL, "%s", err.text);
	test_link_close(&link);
	SSL_CTX_free(second);
	SSL_CTX_free(third);
	SSL_CTX_free(server);
	test_ca_remove(&ca);
}
END_TEST

static SSL_CTX *device_context(const char *stem)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	const struct tls_settings files = test_ca_settings(&ca, stem);

	ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(ctx, files.cert_file), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(ctx, files.key_file, SSL_FILETYPE_PEM), 1);
	return ctx;
}

static SSL_CTX *devices_context(enum tls_clients clients)
{
	struct tls_settings settings = test_ca_settings(&ca, "collector");
	SSL_CTX *ctx = tls_devices_new(&settings, clients, &err);

	ck_assert_ok(ctx != NULL, err);
	return ctx;
}

static bool is_wanted(void *user, struct slice name)
{
	return slice_eq(name, slice_str(user));
}

/* Does the server take it, and is it named so? */
static bool device_comes(enum tls_clients clients, SSL_CTX *device, int version, bool named)
{
	struct test_link link;
	bool server_failed = false;
	SSL_CTX *server = devices_context(clients);

	(void)SSL_CTX_set_max_proto_version(device, version);
	test_link_open(&link, server, device);
	bool comes = test_link_shake(&link, &server_failed, &err);
	char name[] = "fw.example", other[] = "other.example";
	ck_assert(!tls_peer_names(link.server, is_wanted, other));
	ck_assert_int_eq(tls_peer_names(link.server, is_wanted, name), comes && named);
	if (comes && named)
		ck_assert_ok(tls_peer_still_good(server, link.server, &err), err);
	test_link_close(&link);
	SSL_CTX_free(server);
	return comes;
}

START_TEST(devices_need_no_identity_of_ours)
{
	make_everything();
	test_ca_issue(&ca, "device",
		&(struct pki_request){.profile = PKI_CLIENT,
			.common_name = "fw.example",
			.label = "fw",
			.days = 5});
	SSL_CTX *shown = device_context("device"), *bare = SSL_CTX_new(TLS_client_method());
	SSL_CTX *purpose = device_context("collector");

	ck_assert(device_comes(TLS_CLIENTS_REQUIRED, shown, TLS1_3_VERSION, true));
	ck_assert(device_comes(TLS_CLIENTS_OPTIONAL, shown, TLS1_2_VERSION, true));
	ck_assert(device_comes(TLS_CLIENTS_NONE, shown, TLS1_3_VERSION, false));
	ck_assert(device_comes(TLS_CLIENTS_OPTIONAL, bare, TLS1_3_VERSION, false));
	ck_assert(device_comes(TLS_CLIENTS_NONE, bare, TLS1_2_VERSION, false));
	ck_assert(!device_comes(TLS_CLIENTS_REQUIRED, bare, TLS1_3_VERSION, false));
	ck_assert(!device_comes(TLS_CLIENTS_OPTIONAL, purpose, TLS1_3_VERSION, false));
	ck_assert(!device_comes(TLS_CLIENTS_NONE, bare, TLS1_1_VERSION, false));
	SSL_CTX_free(shown);
	SSL_CTX_free(bare);
	SSL_CTX_free(purpose);
	test_ca_remove(&ca);
}
END_TEST

TEST_MAIN("tls", devices_need_no_identity_of_ours,
	a_renewed_context_is_the_same_with_other_crls, both_ends_learn_who_the_other_is,
	a_context_knows_its_own_identity, identities_are_read_in_canonical_form_only,
	a_key_that_others_can_read_is_refused_with_the_remedy,
	certificates_for_the_other_end_are_refused, files_that_do_not_fit_are_named,
	an_encrypted_key_asks_nobody, crl_files_that_prove_nothing_are_refused,
	crls_that_do_not_cover_everything_are_refused)
