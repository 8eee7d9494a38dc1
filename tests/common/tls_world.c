#include "tests/common/tls_world.h"

struct test_ca files;
struct forge_cert root, twin, stranger, honest;
struct err world_err;

void write_certs(const char *name, X509 *const *certs, size_t n)
{
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	for (size_t i = 0; i < n; i++)
		ck_assert_ok(pki_cert_pem(certs[i], &text, &world_err), world_err);
	test_ca_write(&files, name, &text, 0644);
	strbuf_done(&text);
}

int64_t in_days(int days)
{
	return clock_wall_ns() + days * INT64_C(86400) * CLOCK_NS_PER_S;
}

X509_CRL *crl_of(const struct forge_cert *ca, X509 *revoked, int made_days_ago)
{
	char serial[TLS_SERIAL_MAX] = "";
	const struct pki_revoked entry = {
		.serial = serial, .at_ns = clock_wall_ns(), .reason = 1};

	if (revoked != NULL)
		ck_assert(tls_serial(revoked, serial));
	X509_CRL *crl = pki_crl_new(ca->cert, ca->key, &entry, revoked != NULL, 1, 7,
		in_days(-made_days_ago), &world_err);
	ck_assert_ok(crl != NULL, world_err);
	return crl;
}

void add_crl(struct strbuf *text, X509_CRL *crl)
{
	ck_assert_ok(pki_crl_pem(crl, text, &world_err), world_err);
	X509_CRL_free(crl);
}

void write_crl(const struct forge_cert *ca, X509 *revoked, int made_days_ago)
{
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	add_crl(&text, crl_of(ca, revoked, made_days_ago));
	test_ca_write(&files, "crl.pem", &text, 0644);
	strbuf_done(&text);
}

void make_world(bool honest_is_server)
{
	snprintf(files.dir, sizeof(files.dir), "/tmp/soc-test-tls-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(files.dir));
	test_ca_path(&files, "ca.pem", files.ca_file);
	test_ca_path(&files, "crl.pem", files.crl_file);
	root = forge_ca(NULL, "Root", NULL);
	twin = forge_ca(NULL, "Root", NULL);
	stranger = forge_ca(NULL, "Stranger", NULL);
	honest = forge(&(struct forge_recipe){.issuer = &root,
		.extended = honest_is_server ? "serverAuth" : "clientAuth",
		.names = {{GEN_URI, honest_is_server ? COLLECTOR_URI : AGENT_URI, 0}}});
	test_ca_write_pair(&files, "honest", honest.cert, honest.key);
	write_certs("ca.pem", &root.cert, 1);
	write_crl(&root, NULL, 0);
}

void end_world(void)
{
	forge_free(&root);
	forge_free(&twin);
	forge_free(&stranger);
	forge_free(&honest);
	test_ca_remove(&files);
	ERR_clear_error();
}

SSL_CTX *honest_context(bool is_server)
{
	struct tls_settings settings = test_ca_settings(&files, "honest");
	SSL_CTX *ctx = is_server ? tls_server_new(&settings, &world_err)
				 : tls_client_new(&settings, &world_err);

	ck_assert_ok(ctx != NULL, world_err);
	return ctx;
}

SSL_CTX *hostile_context(
	bool is_server, const struct forge_cert *leaf, X509 *const *chain, size_t n_chain)
{
	SSL_CTX *ctx = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	if (leaf == NULL)
		return ctx;
	ck_assert_int_eq(SSL_CTX_use_certificate(ctx, leaf->cert), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, leaf->key), 1);
	for (size_t i = 0; i < n_chain; i++)
		ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, chain[i]), 1);
	return ctx;
}

/* The hostile end pushes application data wherever the protocol lets it. */
static void push_data(SSL *hostile)
{
	ERR_clear_error();
	if (SSL_is_init_finished(hostile))
		(void)SSL_write(hostile, "secret", 6);
	ERR_clear_error();
}

void expect_nothing_delivered(const char *name, SSL *honest_end)
{
	char byte = 0;
	struct tls_peer peer;

	ERR_clear_error();
	ck_assert_msg(SSL_read(honest_end, &byte, 1) <= 0, "%s: data came through", name);
	ck_assert_msg(!tls_peer(honest_end, &peer, NULL), "%s: has an identity", name);
	ERR_clear_error();
}

void expect_refused(const char *name, bool honest_is_server, SSL_CTX *honest_ctx,
	SSL_CTX *hostile_ctx, const char *words)
{
	struct test_link link;
	bool server_failed = false;

	if (honest_is_server)
		test_link_open(&link, honest_ctx, hostile_ctx);
	else
		test_link_open(&link, hostile_ctx, honest_ctx);
	ck_assert_msg(
		!test_link_shake(&link, &server_failed, &world_err), "%s: was let in", name);
	ck_assert_msg(server_failed == honest_is_server, "%s: the wrong end gave up: %s", name,
		world_err.text);
	ck_assert_msg(strstr(world_err.text, words) != NULL, "%s: '%s' does not say '%s'", name,
		world_err.text, words);
	push_data(honest_is_server ? link.client : link.server);
	expect_nothing_delivered(name, honest_is_server ? link.server : link.client);
	test_link_close(&link);
}

void expect_accepted(const char *name, SSL_CTX *server, SSL_CTX *client)
{
	struct test_link link;
	bool server_failed = false;

	test_link_open(&link, server, client);
	ck_assert_msg(test_link_shake(&link, &server_failed, &world_err), "%s: %s", name,
		world_err.text);
	test_link_close(&link);
}
