/* Chains link by link, revocation, and sessions that outlive what they were let in by. */

#include "tests/common/tls_world.h"

/* ---- chains ---------------------------------------------------------------------- */

/* `n` CAs below the root, then a leaf; made[0] is the leaf's issuer. */
struct line {
	struct forge_cert cas[CHAIN_MAX];
	struct forge_cert leaf;
	X509 *sent[CHAIN_MAX];
	size_t n;
};

static void make_line(struct line *line, size_t n, const char *constraints)
{
	const struct forge_cert *issuer = &root;
	char name[16];

	line->n = n;
	for (size_t i = n; i-- > 0;) {
		snprintf(name, sizeof(name), "CA %zu", i);
		line->cas[i] = forge_ca(issuer, name, constraints);
		line->sent[i] = line->cas[i].cert;
		issuer = &line->cas[i];
	}
	line->leaf = forge(&(struct forge_recipe){.issuer = issuer, .names = URI(AGENT_URI)});
}

static void free_line(struct line *line)
{
	for (size_t i = 0; i < line->n; i++)
		forge_free(&line->cas[i]);
	forge_free(&line->leaf);
}

/* Trusts root and the line's CAs, with a CRL of each but the one numbered `without`. */
static void trust_line(const struct line *line, X509 *revoked, size_t without)
{
	X509 *authorities[CHAIN_MAX + 1] = {root.cert};
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	for (size_t i = 0; i < line->n; i++) {
		authorities[i + 1] = line->cas[i].cert;
		if (i != without)
			add_crl(&text, crl_of(&line->cas[i], revoked, 0));
	}
	add_crl(&text, crl_of(&root, revoked, 0));
	test_ca_write(&files, "crl.pem", &text, 0644);
	strbuf_done(&text);
	write_certs("ca.pem", authorities, line->n + 1);
}

enum { ALL_CRLS = 99 };

static void line_is_refused(
	const char *name, struct line *line, X509 *revoked, size_t without, const char *words)
{
	trust_line(line, revoked, without);
	SSL_CTX *server = honest_context(true);
	SSL_CTX *client = hostile_context(false, &line->leaf, line->sent, line->n);
	expect_refused(name, true, server, client, words);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

START_TEST(chains_with_intermediates_are_verified_link_by_link)
{
	struct line line;

	make_world(true);
	make_line(&line, TLS_INTERMEDIATES_MAX, NULL);
	trust_line(&line, NULL, ALL_CRLS);
	SSL_CTX *server = honest_context(true);
	SSL_CTX *client = hostile_context(false, &line.leaf, line.sent, line.n);
	expect_accepted("two intermediates", server, client);
	SSL_CTX_free(client);
	SSL_CTX_free(server);

	line_is_refused(
		"leaf revoked by its intermediate", &line, line.leaf.cert, ALL_CRLS, "revoked");
	line_is_refused("intermediate revoked", &line, line.cas[0].cert, ALL_CRLS, "revoked");
	line_is_refused("no CRL of an intermediate", &line, NULL, 0, "no CRL of its issuer");
	free_line(&line);
	end_world();
}
END_TEST

START_TEST(intermediates_that_do_not_come_along_or_may_not_issue_are_refused)
{
	struct line line;

	make_world(true);
	make_line(&line, 1, NULL);
	SSL_CTX *server = honest_context(true); /* trusts the root alone */
	SSL_CTX *client = hostile_context(false, &line.leaf, NULL, 0);
	expect_refused("missing intermediate", true, server, client, "no CA that is trusted");
	SSL_CTX_free(client);
	client = hostile_context(false, &line.leaf, line.sent, line.n);
	expect_refused(
		"intermediate without a CRL", true, server, client, "no CRL of its issuer");
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	free_line(&line);

	make_line(&line, TLS_INTERMEDIATES_MAX + 1, NULL);
	line_is_refused("three intermediates", &line, NULL, ALL_CRLS, "chain too long");
	free_line(&line);

	make_line(&line, 2, "critical,CA:TRUE,pathlen:0");
	line_is_refused("path length", &line, NULL, ALL_CRLS, "path length");
	free_line(&line);
	end_world();
}
END_TEST

START_TEST(an_agents_certificate_is_no_ca)
{
	make_world(true);
	struct forge_cert agent = forge(&(struct forge_recipe){
		.issuer = &root, .common_name = "agent", .names = URI(AGENT_URI)});
	struct forge_cert made = forge(&(struct forge_recipe){
		.issuer = &agent, .names = URI("urn:soc:agency:1:host:1")});
	SSL_CTX *server = honest_context(true);
	SSL_CTX *client = hostile_context(false, &made, &agent.cert, 1);

	expect_refused("issued by an agent", true, server, client, "invalid CA certificate");
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	forge_free(&agent);
	forge_free(&made);
	end_world();
}
END_TEST

/* ---- revocation ------------------------------------------------------------------ */

START_TEST(revocation_fails_closed)
{
	struct validity validity;

	make_world(true);
	struct forge_cert agent =
		forge(&(struct forge_recipe){.issuer = &root, .names = URI(AGENT_URI)});
	SSL_CTX *client = hostile_context(false, &agent, NULL, 0);
	SSL_CTX *server = honest_context(true);
	expect_accepted("good", server, client);
	SSL_CTX_free(server);

	write_crl(&root, agent.cert, 0);
	server = honest_context(true);
	expect_refused("revoked", true, server, client, "revoked");
	SSL_CTX_free(server);

	write_crl(&root, NULL, 8);
	server = honest_context(true);
	ck_assert(tls_crl_validity(server, &validity));
	ck_assert_int_lt(validity.until_ns, clock_wall_ns());
	expect_refused("expired CRL", true, server, client, "CRL of its issuer has expired");
	SSL_CTX_free(server);

	write_crl(&root, agent.cert, 8);
	server = honest_context(true);
	expect_refused("revoked by an expired CRL", true, server, client, "revoked");
	SSL_CTX_free(server);

	write_crl(&root, NULL, -2);
	server = honest_context(true);
	expect_refused("CRL of tomorrow", true, server, client, "not valid yet");
	SSL_CTX_free(server);

	X509 *const both[] = {root.cert, stranger.cert};
	write_certs("ca.pem", both, 2);
	write_crl(&stranger, NULL, 0);
	server = honest_context(true);
	expect_refused("CRL of another CA alone", true, server, client, "no CRL of its issuer");
	SSL_CTX_free(server);

	SSL_CTX_free(client);
	forge_free(&agent);
	end_world();
}
END_TEST

START_TEST(the_newest_of_several_crls_counts)
{
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	make_world(true);
	struct forge_cert agent =
		forge(&(struct forge_recipe){.issuer = &root, .names = URI(AGENT_URI)});
	SSL_CTX *client = hostile_context(false, &agent, NULL, 0);

	for (int newest_first = 0; newest_first < 2; newest_first++) {
		add_crl(&text, crl_of(&root, newest_first ? agent.cert : NULL, !newest_first));
		add_crl(&text, crl_of(&root, newest_first ? NULL : agent.cert, newest_first));
		test_ca_write(&files, "crl.pem", &text, 0644);
		SSL_CTX *server = honest_context(true);
		expect_refused("in the newer one", true, server, client, "revoked");
		SSL_CTX_free(server);
	}
	strbuf_done(&text);
	SSL_CTX_free(client);
	forge_free(&agent);
	end_world();
}
END_TEST

/* ---- sessions that live on -------------------------------------------------------- */

static void set_time(SSL_CTX *ctx, int64_t ns)
{
	X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ctx), (time_t)(ns / CLOCK_NS_PER_S));
}

static void expect_no_longer_good(SSL_CTX *ctx, const SSL *ssl, const char *words)
{
	ck_assert_msg(!tls_peer_still_good(ctx, ssl, &world_err), "still good, but %s", words);
	ck_assert_msg(strstr(world_err.text, words) != NULL, "'%s' does not say '%s'",
		world_err.text, words);
}

START_TEST(a_running_session_is_judged_by_the_present_context)
{
	struct test_link link;
	bool server_failed = false;

	make_world(true);
	struct forge_cert agent =
		forge(&(struct forge_recipe){.issuer = &root, .names = URI(AGENT_URI)});
	SSL_CTX *server = honest_context(true);
	SSL_CTX *client = hostile_context(false, &agent, NULL, 0);
	test_link_open(&link, server, client);
	ck_assert_ok(test_link_shake(&link, &server_failed, &world_err), world_err);
	ck_assert_ok(tls_peer_still_good(server, link.server, &world_err), world_err);

	set_time(server, in_days(2));
	expect_no_longer_good(server, link.server, "expired");
	set_time(server, in_days(-1));
	expect_no_longer_good(server, link.server, "not valid yet");

	write_crl(&root, agent.cert, 0);
	SSL_CTX *reloaded = honest_context(true);
	expect_no_longer_good(reloaded, link.server, "revoked");
	SSL_CTX_free(reloaded);

	write_certs("ca.pem", &twin.cert, 1);
	write_crl(&twin, NULL, 0);
	reloaded = honest_context(true);
	expect_no_longer_good(reloaded, link.server, "signature failure");
	SSL_CTX_free(reloaded);

	test_link_close(&link);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	forge_free(&agent);
	end_world();
}
END_TEST

static int let_everybody_in(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

START_TEST(a_session_that_nobody_verified_has_no_identity)
{
	struct test_link link;
	bool server_failed = false;
	struct tls_peer peer;

	make_world(true);
	struct forge_cert agent = forge(&(struct forge_recipe){
		.issuer = &root, .extended = "codeSigning", .names = URI(AGENT_URI)});
	SSL_CTX *strict = honest_context(true);
	SSL_CTX *lax = hostile_context(true, &honest, NULL, 0);
	SSL_CTX *client = hostile_context(false, &agent, NULL, 0);

	SSL_CTX_set_verify(lax, SSL_VERIFY_PEER, let_everybody_in);
	test_link_open(&link, lax, client);
	ck_assert_ok(test_link_shake(&link, &server_failed, &world_err), world_err);
	ck_assert(!tls_peer(link.server, &peer, &world_err));
	expect_no_longer_good(strict, link.server, "another purpose");
	test_link_close(&link);
	SSL_CTX_free(strict);
	SSL_CTX_free(lax);
	SSL_CTX_free(client);
	forge_free(&agent);
	end_world();
}
END_TEST

START_TEST(a_ca_that_may_not_sign_crls_has_none)
{
	make_world(true);
	struct forge_cert mute = forge(&(struct forge_recipe){.common_name = "Mute",
		.constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign",
		.extended = ""});
	X509 *const both[] = {root.cert, mute.cert};
	struct tls_settings settings = test_ca_settings(&files, "honest");

	write_certs("ca.pem", both, 2);
	write_crl(&mute, NULL, 0);
	ck_assert_ptr_null(tls_server_new(&settings, &world_err));
	ck_assert_ptr_nonnull(
		strstr(world_err.text, "none of the trusted CA certificates signed"));
	forge_free(&mute);
	end_world();
}
END_TEST

TEST_MAIN("tls_chains", chains_with_intermediates_are_verified_link_by_link,
	intermediates_that_do_not_come_along_or_may_not_issue_are_refused,
	an_agents_certificate_is_no_ca, revocation_fails_closed,
	the_newest_of_several_crls_counts, a_running_session_is_judged_by_the_present_context,
	a_session_that_nobody_verified_has_no_identity, a_ca_that_may_not_sign_crls_has_none)
