#include "common/tls.h"

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
	ck_assert_int_gt(peer.not_after_ns, clock_wall_ns());

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
	struct tls_peer own;

	make_everything();
	SSL_CTX *client = client_context();
	ck_assert_ok(tls_own(client, &own, &err), err);
	ck_assert_uint_eq(own.agency, 7);
	ck_assert_uint_eq(own.host, 42);
	ck_assert_int_gt(tls_crl_until_ns(client), clock_wall_ns());
	SSL_CTX_free(client);
	test_ca_remove(&ca);
}
END_TEST

TEST_MAIN("tls", both_ends_learn_who_the_other_is, a_context_knows_its_own_identity)
