#include "agent/trust.h"

#include <pthread.h>
#include <sys/stat.h>

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
	bench_load(&bench);
	ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 1);
	expect_said(&bench, "\"event.action\":\"crl-expires\"");
	expect_said(&bench, "\"soc.crl.until\":\"20");
	ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 1);
	write_crl(bench.ca.dir, 1, now_ns - 30 * hour_ns);
	bench_load(&bench);
	ck_assert(!watch(&bench));
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

static void expect_refused(struct bench *bench, const char *why, unsigned nth)
{
	struct validity before, after;

	ck_assert(tls_crl_validity(bench->trust.tls, &before));
	for (int i = 0; i < 3; i++)
		ck_assert(!watch(bench));
	ck_assert_uint_eq(bench->intake.n_states, nth);
	expect_said(bench, "\"event.action\":\"crl-refused\"");
	expect_said(bench, why);
	ck_assert(tls_crl_validity(bench->trust.tls, &after));
	ck_assert_int_eq(after.until_ns, before.until_ns);
}

/* Also when both are good: somebody may have been revoked since. */
START_TEST(a_crl_older_than_the_one_in_force_is_refused)
{
	struct bench bench;
	const int64_t hour_ns = 3600 * CLOCK_NS_PER_S, now_ns = clock_wall_ns();

	bench_init(&bench);
	write_crl(bench.ca.dir, 30, now_ns - hour_ns);
	expect_refused(&bench, "older than the one in force", 1);
	bench_load(&bench); /* who asks for it gets it */
	write_crl(bench.ca.dir, 7, now_ns);
	ck_assert(watch(&bench));
	bench_done(&bench);
}
END_TEST

START_TEST(a_crl_that_is_not_good_now_is_refused_while_the_old_one_is)
{
	struct bench bench;
	const int64_t day_ns = 86400 * CLOCK_NS_PER_S, now_ns = clock_wall_ns();

	bench_init(&bench);
	write_crl(bench.ca.dir, 7, now_ns - 3 * day_ns);
	bench_load(&bench);
	write_crl(bench.ca.dir, 1, now_ns - 2 * day_ns);
	expect_refused(&bench, "has expired", 1);
	write_crl(bench.ca.dir, 7, now_ns + day_ns);
	expect_refused(&bench, "not valid yet", 2);
	write_crl(bench.ca.dir, 7, now_ns - day_ns);
	ck_assert(watch(&bench));
	bench_done(&bench);
}
END_TEST

START_TEST(an_expired_crl_may_follow_an_expired_one)
{
	struct bench bench;
	const int64_t day_ns = 86400 * CLOCK_NS_PER_S, now_ns = clock_wall_ns();

	bench_init(&bench);
	write_crl(bench.ca.dir, 1, now_ns - 4 * day_ns);
	bench_load(&bench);
	write_crl(bench.ca.dir, 1, now_ns - 3 * day_ns);
	ck_assert(watch(&bench));
	bench_done(&bench);
}
END_TEST

/* A renewal writes them one after the other. */
START_TEST(a_new_crl_does_not_read_the_certificate_and_its_key)
{
	struct bench bench;
	struct err err = {0};

	bench_init(&bench);
	write_crl(bench.ca.dir, 30, clock_wall_ns());

	const struct validity before = tls_own_validity(bench.trust.tls);
	ck_assert(file_replace(bench.settings.key_file, SLICE_LIT("half a key"), 0600, &err));
	ck_assert(file_replace(bench.settings.cert_file, SLICE_LIT("half"), 0600, &err));
	ck_assert(file_replace(bench.settings.ca_file, SLICE_LIT("half"), 0600, &err));
	ck_assert(watch(&bench));
	ck_assert_int_eq(tls_own_validity(bench.trust.tls).until_ns, before.until_ns);
	ck_assert(SSL_CTX_check_private_key(bench.trust.tls) == 1);
	bench_done(&bench);
}
END_TEST

static void *replace_while_it_is_read(void *user)
{
	const struct bench *bench = user;
	struct err err = {0};
	int fd = open(bench->ca.crl_file, O_WRONLY | O_CLOEXEC); /* waits for the reader */
	bool ok = fd >= 0 && write(fd, "half", 4) == 4;

	ok &= file_replace(bench->ca.crl_file, SLICE_LIT("another half"), 0644, &err);
	close(fd);
	return ok ? NULL : user;
}

/* Each is told, also the one that came while the first was read. */
START_TEST(a_bad_crl_that_follows_a_bad_one_is_told)
{
	struct bench bench;
	pthread_t thread;
	void *failed;

	bench_init(&bench);
	ck_assert_int_eq(unlink(bench.ca.crl_file), 0);
	ck_assert_int_eq(mkfifo(bench.ca.crl_file, 0600), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, replace_while_it_is_read, &bench), 0);
	ck_assert(!watch(&bench));
	ck_assert_int_eq(pthread_join(thread, &failed), 0);
	ck_assert_ptr_null(failed);
	ck_assert_uint_eq(bench.intake.n_states, 1);
	for (int i = 0; i < 3; i++)
		ck_assert(!watch(&bench));
	ck_assert_uint_eq(bench.intake.n_states, 2);
	bench_done(&bench);
}
END_TEST

TEST_MAIN("trust", a_crl_older_than_the_one_in_force_is_refused,
	a_crl_that_is_not_good_now_is_refused_while_the_old_one_is,
	an_expired_crl_may_follow_an_expired_one,
	a_new_crl_does_not_read_the_certificate_and_its_key,
	a_bad_crl_that_follows_a_bad_one_is_told, what_lives_on_is_not_spoken_of,
	a_certificate_that_ends_soon_is_told_once, a_crl_that_ends_is_told_once_and_at_its_end,
	a_crl_that_was_replaced_is_taken_over, a_crl_that_is_no_good_is_refused_once)
