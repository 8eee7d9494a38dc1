/* Who is refused, by real handshakes: nobody below gets a byte through. */

#include "common/tls.h"

#include "tests/support/certs.h"
#include "tests/support/forge.h"

#define AGENT_URI     "urn:soc:agency:7:host:42"
#define COLLECTOR_URI "urn:soc:collector:hue1"
#define URI(text)                                                                              \
	{                                                                                      \
		{                                                                              \
			GEN_URI, text, 0                                                       \
		}                                                                              \
	}

enum { CHAIN_MAX = 5 };

/* The world: one trusted root, what pretends to be it, and a folder for the honest end. */
static struct test_ca files;
static struct forge_cert root, twin, stranger, honest;
static struct err err;

static void write_certs(const char *name, X509 *const *certs, size_t n)
{
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	for (size_t i = 0; i < n; i++)
		ck_assert_ok(pki_cert_pem(certs[i], &text, &err), err);
	test_ca_write(&files, name, &text, 0644);
	strbuf_done(&text);
}

static int64_t in_days(int days)
{
	return clock_wall_ns() + days * INT64_C(86400) * CLOCK_NS_PER_S;
}

static X509_CRL *crl_of(const struct forge_cert *ca, X509 *revoked, int made_days_ago)
{
	char serial[TLS_SERIAL_MAX] = "";
	const struct pki_revoked entry = {
		.serial = serial, .at_ns = clock_wall_ns(), .reason = 1};

	if (revoked != NULL)
		ck_assert(tls_serial(revoked, serial));
	X509_CRL *crl = pki_crl_new(ca->cert, ca->key, &entry, revoked != NULL, 1, 7,
		in_days(-made_days_ago), &err);
	ck_assert_ok(crl != NULL, err);
	return crl;
}

static void add_crl(struct strbuf *text, X509_CRL *crl)
{
	ck_assert_ok(pki_crl_pem(crl, text, &err), err);
	X509_CRL_free(crl);
}

static void write_crl(const struct forge_cert *ca, X509 *revoked, int made_days_ago)
{
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	add_crl(&text, crl_of(ca, revoked, made_days_ago));
	test_ca_write(&files, "crl.pem", &text, 0644);
	strbuf_done(&text);
}

static void make_world(bool honest_is_server)
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

static void end_world(void)
{
	forge_free(&root);
	forge_free(&twin);
	forge_free(&stranger);
	forge_free(&honest);
	test_ca_remove(&files);
	ERR_clear_error();
}

static SSL_CTX *honest_context(bool is_server)
{
	struct tls_settings settings = test_ca_settings(&files, "honest");
	SSL_CTX *ctx =
		is_server ? tls_server_new(&settings, &err) : tls_client_new(&settings, &err);

	ck_assert_ok(ctx != NULL, err);
	return ctx;
}

/* A peer that checks nothing and sends what it likes. chain[0] has the key. */
static SSL_CTX *hostile_context(
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

static void expect_nothing_delivered(const char *name, SSL *honest_end)
{
	char byte = 0;
	struct tls_peer peer;

	ERR_clear_error();
	ck_assert_msg(SSL_read(honest_end, &byte, 1) <= 0, "%s: data came through", name);
	ck_assert_msg(!tls_peer(honest_end, &peer, NULL), "%s: has an identity", name);
	ERR_clear_error();
}

static void expect_refused(const char *name, bool honest_is_server, SSL_CTX *honest_ctx,
	SSL_CTX *hostile_ctx, const char *words)
{
	struct test_link link;
	bool server_failed = false;

	if (honest_is_server)
		test_link_open(&link, honest_ctx, hostile_ctx);
	else
		test_link_open(&link, hostile_ctx, honest_ctx);
	ck_assert_msg(!test_link_shake(&link, &server_failed, &err), "%s: was let in", name);
	ck_assert_msg(server_failed == honest_is_server, "%s: the wrong end gave up: %s", name,
		err.text);
	ck_assert_msg(strstr(err.text, words) != NULL, "%s: '%s' does not say '%s'", name,
		err.text, words);
	push_data(honest_is_server ? link.client : link.server);
	expect_nothing_delivered(name, honest_is_server ? link.server : link.client);
	test_link_close(&link);
}

static void expect_accepted(const char *name, SSL_CTX *server, SSL_CTX *client)
{
	struct test_link link;
	bool server_failed = false;

	test_link_open(&link, server, client);
	ck_assert_msg(test_link_shake(&link, &server_failed, &err), "%s: %s", name, err.text);
	test_link_close(&link);
}

/* ---- a table of certificates ---------------------------------------------------- */

enum issuer { BY_ROOT, BY_TWIN, BY_STRANGER, BY_ITSELF };

struct hostile {
	const char *name;
	enum issuer issuer;
	struct forge_recipe recipe;
	const char *words; /* of the refusal */
};

static const struct hostile clients[] = {
	{"another CA", BY_STRANGER, {.names = URI(AGENT_URI)}, "no CA that is trusted"},
	{"a CA of the same name", BY_TWIN, {.names = URI(AGENT_URI)}, "signature failure"},
	{"self-signed", BY_ITSELF, {.names = URI(AGENT_URI)}, "self-signed"},
	{"expired", BY_ROOT,
		{.from_seconds = -7200, .to_seconds = -3600, .names = URI(AGENT_URI)},
		"expired"},
	{"not yet valid", BY_ROOT,
		{.from_seconds = 3600, .to_seconds = 7200, .names = URI(AGENT_URI)},
		"not valid yet"},
	{"for servers", BY_ROOT, {.extended = "serverAuth", .names = URI(AGENT_URI)},
		"another purpose"},
	{"for code", BY_ROOT, {.extended = "codeSigning", .names = URI(AGENT_URI)},
		"another purpose"},
	{"for anything", BY_ROOT, {.extended = "anyExtendedKeyUsage", .names = URI(AGENT_URI)},
		"another purpose"},
	{"for nothing", BY_ROOT, {.extended = "", .names = URI(AGENT_URI)},
		"no extended key usage"},
	{"key may not sign", BY_ROOT,
		{.key_usage = "critical,keyEncipherment", .names = URI(AGENT_URI)},
		"another purpose"},
	{"a CA itself", BY_ROOT,
		{.constraints = "critical,CA:TRUE",
			.key_usage = "critical,digitalSignature,keyCertSign",
			.names = URI(AGENT_URI)},
		"CA certificate"},
	{"a collector", BY_ROOT, {.names = URI(COLLECTOR_URI)}, "another kind"},
	{"a collector for both uses", BY_ROOT,
		{.extended = "clientAuth,serverAuth", .names = URI(COLLECTOR_URI)},
		"another kind"},
	{"weak RSA key", BY_ROOT, {.key = "RSA-1024", .names = URI(AGENT_URI)}, "key too weak"},
	{"weak curve", BY_ROOT, {.key = "secp192k1", .names = URI(AGENT_URI)}, ""},
	{"signed with SHA-1", BY_ROOT, {.digest = NULL, .names = URI(AGENT_URI)},
		"digest algorithm too weak"},
	{"unknown critical extension", BY_ROOT,
		{.unknown_critical = true, .names = URI(AGENT_URI)},
		"unhandled critical extension"},
	{"negative serial number", BY_ROOT, {.negative_serial = true, .names = URI(AGENT_URI)},
		"serial number"},
	{"no names", BY_ROOT, {0}, "no alternative names"},
	{"identity in the subject", BY_ROOT, {.common_name = AGENT_URI},
		"no alternative names"},
	{"identity as DNS name", BY_ROOT, {.names = {{GEN_DNS, AGENT_URI, 0}}},
		"no soc identity"},
	{"identity as mail address", BY_ROOT, {.names = {{GEN_EMAIL, AGENT_URI, 0}}},
		"no soc identity"},
	{"some other URI", BY_ROOT,
		{.names = URI("https://example.vn/urn:soc:agency:7:host:42")},
		"no soc identity"},
	{"two identities", BY_ROOT,
		{.names = {{GEN_URI, AGENT_URI, 0}, {GEN_URI, "urn:soc:agency:8:host:1", 0}}},
		"more than one"},
	{"the same identity twice", BY_ROOT,
		{.names = {{GEN_URI, AGENT_URI, 0}, {GEN_URI, AGENT_URI, 0}}}, "more than one"},
	{"agent and collector", BY_ROOT,
		{.names = {{GEN_URI, AGENT_URI, 0}, {GEN_URI, COLLECTOR_URI, 0}}},
		"more than one"},
	{"a second identity in another case", BY_ROOT,
		{.names = {{GEN_URI, AGENT_URI, 0}, {GEN_URI, "URN:SOC:agency:1:host:1", 0}}},
		"more than one"},
	{"names twice", BY_ROOT, {.names = URI(AGENT_URI), .names_twice = true}, ""},
	{"names damaged", BY_ROOT, {.names_garbage = true}, ""},
	{"upper case", BY_ROOT, {.names = URI("URN:soc:agency:7:host:42")}, "not in its form"},
	{"leading zero", BY_ROOT, {.names = URI("urn:soc:agency:07:host:42")},
		"not in its form"},
	{"agency zero", BY_ROOT, {.names = URI("urn:soc:agency:0:host:42")}, "not in its form"},
	{"host zero", BY_ROOT, {.names = URI("urn:soc:agency:7:host:0")}, "not in its form"},
	{"agency beyond 32 bits", BY_ROOT, {.names = URI("urn:soc:agency:4294967303:host:42")},
		"not in its form"},
	{"a number that wraps", BY_ROOT,
		{.names = URI("urn:soc:agency:18446744073709551623:host:42")},
		"not in its form"},
	{"a sign", BY_ROOT, {.names = URI("urn:soc:agency:+7:host:42")}, "not in its form"},
	{"percent-encoded", BY_ROOT, {.names = URI("urn:soc:agency:%37:host:42")},
		"not in its form"},
	{"more behind it", BY_ROOT, {.names = URI(AGENT_URI "/")}, "not in its form"},
	{"no host", BY_ROOT, {.names = URI("urn:soc:agency:7")}, "not in its form"},
	{"unknown kind", BY_ROOT, {.names = URI("urn:soc:root:7")}, "not in its form"},
	{"NUL at the end", BY_ROOT, {.names = {{GEN_URI, AGENT_URI "\0", 25}}},
		"not in its form"},
	{"NUL inside", BY_ROOT, {.names = {{GEN_URI, AGENT_URI "\0:host:9", 32}}},
		"not in its form"},
	{"huge", BY_ROOT, {.names = URI(AGENT_URI), .many_names = 800},
		"excessive message size"},
};

static const struct hostile servers[] = {
	{"another CA", BY_STRANGER, {.extended = "serverAuth", .names = URI(COLLECTOR_URI)},
		"no CA that is trusted"},
	{"a CA of the same name", BY_TWIN,
		{.extended = "serverAuth", .names = URI(COLLECTOR_URI)}, "signature failure"},
	{"self-signed", BY_ITSELF, {.extended = "serverAuth", .names = URI(COLLECTOR_URI)},
		"self-signed"},
	{"expired", BY_ROOT,
		{.extended = "serverAuth",
			.from_seconds = -7200,
			.to_seconds = -3600,
			.names = URI(COLLECTOR_URI)},
		"expired"},
	{"for clients", BY_ROOT, {.extended = "clientAuth", .names = URI(COLLECTOR_URI)},
		"another purpose"},
	{"for nothing", BY_ROOT, {.extended = "", .names = URI(COLLECTOR_URI)},
		"no extended key usage"},
	{"an agent plays collector", BY_ROOT,
		{.extended = "clientAuth,serverAuth", .names = URI(AGENT_URI)}, "another kind"},
	{"no identity", BY_ROOT,
		{.extended = "serverAuth", .names = {{GEN_DNS, "localhost", 0}}},
		"no soc identity"},
	{"name in the subject", BY_ROOT,
		{.extended = "serverAuth", .common_name = COLLECTOR_URI},
		"no alternative names"},
	{"two names", BY_ROOT,
		{.extended = "serverAuth",
			.names = {{GEN_URI, COLLECTOR_URI, 0},
				{GEN_URI, "urn:soc:collector:hue2", 0}}},
		"more than one"},
	{"name in upper case", BY_ROOT,
		{.extended = "serverAuth", .names = URI("urn:soc:collector:Hue1")},
		"not in its form"},
	{"empty name", BY_ROOT, {.extended = "serverAuth", .names = URI("urn:soc:collector:")},
		"not in its form"},
	{"NUL in the name", BY_ROOT,
		{.extended = "serverAuth", .names = {{GEN_URI, COLLECTOR_URI "\0x", 24}}},
		"not in its form"},
	{"weak RSA key", BY_ROOT,
		{.key = "RSA-1024", .extended = "serverAuth", .names = URI(COLLECTOR_URI)},
		"key too weak"},
};

static struct forge_cert forge_hostile(const struct hostile *hostile)
{
	const struct forge_cert *issuers[] = {[BY_ROOT] = &root,
		[BY_TWIN] = &twin,
		[BY_STRANGER] = &stranger,
		[BY_ITSELF] = NULL};
	struct forge_recipe recipe = hostile->recipe;

	recipe.issuer = issuers[hostile->issuer];
	if (strcmp(hostile->name, "signed with SHA-1") == 0)
		recipe.digest = EVP_sha1();
	return forge(&recipe);
}

static void refuse_all(const struct hostile *table, size_t n, bool honest_is_server)
{
	make_world(honest_is_server);
	SSL_CTX *ctx = honest_context(honest_is_server);

	for (size_t i = 0; i < n; i++) {
		struct forge_cert made = forge_hostile(&table[i]);
		SSL_CTX *hostile = hostile_context(!honest_is_server, &made, NULL, 0);

		expect_refused(table[i].name, honest_is_server, ctx, hostile, table[i].words);
		SSL_CTX_free(hostile);
		forge_free(&made);
	}
	SSL_CTX_free(ctx);
	end_world();
}

START_TEST(a_hostile_client_gets_no_byte_through)
{
	refuse_all(clients, ARRAY_LEN(clients), true);
}
END_TEST

START_TEST(an_agent_talks_to_no_hostile_server)
{
	refuse_all(servers, ARRAY_LEN(servers), false);
}
END_TEST

/* ---- the protocol ---------------------------------------------------------------- */

START_TEST(without_a_certificate_or_tls_1_3_nobody_is_let_in)
{
	make_world(true);
	SSL_CTX *server = honest_context(true);
	struct forge_cert good =
		forge(&(struct forge_recipe){.issuer = &root, .names = URI(AGENT_URI)});
	SSL_CTX *without = hostile_context(false, NULL, NULL, 0);
	SSL_CTX *old = hostile_context(false, &good, NULL, 0);

	SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION);
	expect_refused("no certificate", true, server, without, "did not return a certificate");
	expect_refused("TLS 1.2", true, server, old, "unsupported protocol");
	SSL_CTX_free(without);
	SSL_CTX_free(old);
	SSL_CTX_free(server);
	forge_free(&good);
	end_world();
}
END_TEST

START_TEST(an_agent_speaks_no_tls_1_2)
{
	make_world(false);
	SSL_CTX *client = honest_context(false);
	struct forge_cert good = forge(&(struct forge_recipe){
		.issuer = &root, .extended = "serverAuth", .names = URI(COLLECTOR_URI)});
	SSL_CTX *old = hostile_context(true, &good, NULL, 0);
	struct test_link link;
	bool server_failed = false;

	SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION);
	test_link_open(&link, old, client);
	ck_assert(!test_link_shake(&link, &server_failed, &err));
	expect_nothing_delivered("TLS 1.2 server", link.client);
	test_link_close(&link);
	SSL_CTX_free(old);
	SSL_CTX_free(client);
	forge_free(&good);
	end_world();
}
END_TEST

START_TEST(a_client_learns_that_its_certificate_was_refused)
{
	make_world(true);
	SSL_CTX *server = honest_context(true);
	struct forge_cert bad = forge(&(struct forge_recipe){.issuer = &root,
		.from_seconds = -7200,
		.to_seconds = -3600,
		.names = URI(AGENT_URI)});
	SSL_CTX *client = hostile_context(false, &bad, NULL, 0);
	struct test_link link;
	bool server_failed = false;
	char byte = 0;

	test_link_open(&link, server, client);
	ck_assert(!test_link_shake(&link, &server_failed, &err));
	ERR_clear_error();
	ck_assert_int_le(SSL_read(link.client, &byte, 1), 0);
	ck_assert(!tls_handshake_err(link.client, 0, &err));
	ck_assert_msg(strstr(err.text, "refused by the peer") != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, "expired") != NULL, "%s", err.text);
	test_link_close(&link);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	forge_free(&bad);
	end_world();
}
END_TEST

START_TEST(a_refusal_names_the_certificate_and_no_control_gets_into_the_text)
{
	make_world(true);
	SSL_CTX *server = honest_context(true);
	struct forge_cert bad = forge(&(struct forge_recipe){
		.issuer = &stranger, .common_name = "evil\n<3>forged line\x1b[2J"});
	SSL_CTX *client = hostile_context(false, &bad, NULL, 0);

	expect_refused("controls", true, server, client, "certificate CN=evil");
	for (const char *at = err.text; *at != '\0'; at++)
		ck_assert_int_ge((unsigned char)*at, 0x20);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	forge_free(&bad);
	end_world();
}
END_TEST

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
	ck_assert_msg(!tls_peer_still_good(ctx, ssl, &err), "still good, but %s", words);
	ck_assert_msg(
		strstr(err.text, words) != NULL, "'%s' does not say '%s'", err.text, words);
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
	ck_assert_ok(test_link_shake(&link, &server_failed, &err), err);
	ck_assert_ok(tls_peer_still_good(server, link.server, &err), err);

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
	ck_assert_ok(test_link_shake(&link, &server_failed, &err), err);
	ck_assert(!tls_peer(link.server, &peer, &err));
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
	ck_assert_ptr_null(tls_server_new(&settings, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "none of the trusted CA certificates signed"));
	forge_free(&mute);
	end_world();
}
END_TEST

TEST_MAIN("tls_hostile", a_hostile_client_gets_no_byte_through,
	an_agent_talks_to_no_hostile_server, without_a_certificate_or_tls_1_3_nobody_is_let_in,
	an_agent_speaks_no_tls_1_2, a_client_learns_that_its_certificate_was_refused,
	a_refusal_names_the_certificate_and_no_control_gets_into_the_text,
	chains_with_intermediates_are_verified_link_by_link,
	intermediates_that_do_not_come_along_or_may_not_issue_are_refused,
	an_agents_certificate_is_no_ca, revocation_fails_closed,
	the_newest_of_several_crls_counts, a_running_session_is_judged_by_the_present_context,
	a_session_that_nobody_verified_has_no_identity, a_ca_that_may_not_sign_crls_has_none)
