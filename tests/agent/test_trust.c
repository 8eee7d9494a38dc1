#include "agent/trust.h"

#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/certs.h"

struct bench {
	struct test_ca ca;
	struct tls_settings settings;
	struct trust trust;
	struct intake intake;
};

static void write_crl(const char *dir, unsigned days, int64_t at_ns)
{
	struct err err = {0};
	struct ca *ca = ca_open(dir, CA_WRITE, &err);

	ck_assert_ok(ca != NULL, err);
	ck_assert_ok(ca_write_crl(ca, days, at_ns, &err), err);
	ca_close(ca);
}

static void write_certificate(const struct test_ca *ca, unsigned days, int64_t at_ns)
{
	const struct pki_request request = {.profile = PKI_AGENT,
		.common_name = "test host",
		.identity = {.kind = TLS_PEER_AGENT, .agency = 1, .host = 1},
		.days = days};
	struct err err = {0};
	struct ca *open = ca_open(ca->dir, CA_WRITE, &err);
	EVP_PKEY *key = pki_key_new(PKI_KEY_P256, &err);

	ck_assert_ok(open != NULL && key != NULL, err);
	X509 *cert = ca_issue(open, key, &request, at_ns, &err);
	ck_assert_ok(cert != NULL, err);
	test_ca_write_pair(ca, "agent", cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	ca_close(open);
}

static void bench_load(struct bench *bench)
{
	struct err err = {0};

	ck_assert_ok(trust_load(&bench->trust, &bench->settings, &err), err);
}

/* An agent with a new certificate and a CRL of a week. */
static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	fake_intake_init(&bench->intake);
	test_ca_make(&bench->ca);
	write_certificate(&bench->ca, 10, clock_wall_ns());
	write_crl(bench->ca.dir, 7, clock_wall_ns());
	bench->settings = test_ca_settings(&bench->ca, "agent");
	bench_load(bench);
}

static void bench_done(struct bench *bench)
{
	trust_done(&bench->trust);
	test_ca_remove(&bench->ca);
	fake_intake_done(&bench->intake);
}

static bool watch(struct bench *bench)
{
	return trust_watch(&bench->trust, &bench->settings, &bench->intake);
}

static void expect_said(struct bench *bench, const char *text)
{
	ck_assert_msg(strstr(bench->intake.state, text) != NULL, "%s", bench->intake.state);
}

START_TEST(what_lives_on_is_not_spoken_of)
{
	struct bench bench;

	bench_init(&bench);
	ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_certificate_that_ends_soon_is_told_once)
{
	struct bench bench;

	bench_init(&bench);
	write_certificate(&bench.ca, 10, clock_wall_ns() - 6 * 86400 * CLOCK_NS_PER_S);
	bench_load(&bench);
	for (int i = 0; i < 3; i++)
		ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 1);
	expect_said(&bench, "\"event.action\":\"certificate-expires\"");
	expect_said(&bench, "\"tls.client.not_after\":\"20");
	bench_done(&bench);
}
END_TEST

/* A CRL of a day, made 13 hours ago; then one that is over. */
START_TEST(a_crl_that_ends_is_told_once_and_at_its_end)
{
	struct bench bench;
	const int64_t hour_ns = 3600 * CLOCK_NS_PER_S, now_ns = clock_wall_ns();

	bench_init(&bench);
	write_crl(bench.ca.dir, 1, now_ns - 13 * hour_ns);
	ck_assert(watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 1);
	expect_said(&bench, "\"event.action\":\"crl-expires\"");
	expect_said(&bench, "\"soc.crl.until\":\"20");
	ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 1);
	write_crl(bench.ca.dir, 1, now_ns - 30 * hour_ns);
	ck_assert(watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 2);
	expect_said(&bench, "it has expired");
	bench_done(&bench);
}
END_TEST

START_TEST(a_crl_that_was_replaced_is_taken_over)
{
	struct bench bench;
	struct validity before, after;

	bench_init(&bench);
	ck_assert(tls_crl_validity(bench.trust.tls, &before));
	write_crl(bench.ca.dir, 30, clock_wall_ns());
	ck_assert(watch(&bench));
	ck_assert(tls_crl_validity(bench.trust.tls, &after));
	ck_assert_int_gt(after.until_ns, before.until_ns);
	ck_assert(!watch(&bench));
	bench_done(&bench);
}
END_TEST

START_TEST(a_crl_that_is_no_good_is_refused_once)
{
	struct bench bench;
	struct validity before, after;
	struct err err;

	bench_init(&bench);
	ck_assert(tls_crl_validity(bench.trust.tls, &before));
	ck_assert(file_replace(bench.ca.crl_file, SLICE_LIT("half a CRL"), 0644, &err));
	for (int i = 0; i < 3; i++)
		ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 1);
	expect_said(&bench, "\"event.action\":\"crl-refused\"");
	expect_said(&bench, "crl.pem: ");
	ck_assert_int_eq(unlink(bench.ca.crl_file), 0);
	for (int i = 0; i < 3; i++)
		ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 2);
	ck_assert(tls_crl_validity(bench.trust.tls, &after));
	ck_assert_int_eq(after.until_ns, before.until_ns);
	write_crl(bench.ca.dir, 30, clock_wall_ns());
	ck_assert(watch(&bench));
	bench_done(&bench);
}
END_TEST

TEST_MAIN("trust", what_lives_on_is_not_spoken_of, a_certificate_that_ends_soon_is_told_once,
	a_crl_that_ends_is_told_once_and_at_its_end, a_crl_that_was_replaced_is_taken_over,
	a_crl_that_is_no_good_is_refused_once)
