/* Who is refused, by real handshakes: nobody below gets a byte through. */

#include "tests/common/tls_world.h"

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
	ck_assert(!test_link_shake(&link, &server_failed, &world_err));
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
	ck_assert(!test_link_shake(&link, &server_failed, &world_err));
	ERR_clear_error();
	ck_assert_int_le(SSL_read(link.client, &byte, 1), 0);
	ck_assert(!tls_handshake_err(link.client, 0, &world_err));
	ck_assert_msg(
		strstr(world_err.text, "refused by the peer") != NULL, "%s", world_err.text);
	ck_assert_msg(strstr(world_err.text, "expired") != NULL, "%s", world_err.text);
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
	for (const char *at = world_err.text; *at != '\0'; at++)
		ck_assert_int_ge((unsigned char)*at, 0x20);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	forge_free(&bad);
	end_world();
}
END_TEST

TEST_MAIN("tls_hostile", a_hostile_client_gets_no_byte_through,
	an_agent_talks_to_no_hostile_server, without_a_certificate_or_tls_1_3_nobody_is_let_in,
	an_agent_speaks_no_tls_1_2, a_client_learns_that_its_certificate_was_refused,
	a_refusal_names_the_certificate_and_no_control_gets_into_the_text)
