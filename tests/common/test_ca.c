#include "common/ca.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/support/certs.h"

static struct test_ca files;
static struct err err;

static const struct pki_request agent_request = {.profile = PKI_AGENT,
	.common_name = "M\xc3\xa1y ch\xe1\xbb\xa7 web",
	.identity = {.kind = TLS_PEER_AGENT, .agency = 7, .host = 42},
	.days = 90};

static struct ca *open_ca(enum ca_mode mode)
{
	struct ca *ca = ca_open(files.dir, mode, &err);

	ck_assert_ok(ca != NULL, err);
	return ca;
}

static void issue(struct ca *ca, const struct pki_request *request)
{
	EVP_PKEY *key = pki_key_new(PKI_KEY_P256, &err);
	X509 *cert = ca_issue(ca, key, request, clock_wall_ns(), &err);

	ck_assert_ok(cert != NULL, err);
	ck_assert_int_eq(X509_verify(cert, X509_get0_pubkey(ca_cert(ca))), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static X509_CRL *read_crl(void)
{
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	ck_assert_ok(file_read(files.crl_file, &text, &err), err);
	X509_CRL *crl = pki_crl_read(strbuf_slice(&text), &err);
	ck_assert_ok(crl != NULL, err);
	strbuf_done(&text);
	return crl;
}

static mode_t mode_of(const char *name)
{
	char path[TEST_PATH_MAX];
	struct stat st;

	ck_assert_int_eq(stat(test_ca_path(&files, name, path), &st), 0);
	return st.st_mode & 07777;
}

static void append_text(const char *text)
{
	char path[TEST_PATH_MAX];
	int fd = open(
		test_ca_path(&files, "issued.jsonl", path), O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert(file_write_all(fd, text, strlen(text)));
	close(fd);
}

START_TEST(a_new_ca_keeps_its_key_to_itself)
{
	test_ca_make(&files);
	ck_assert_uint_eq(mode_of("ca.key"), 0600);
	ck_assert_uint_eq(mode_of("."), 0700);
	ck_assert(!ca_create(files.dir, "Another", 10, false, clock_wall_ns(), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "exists already"));
	test_ca_remove(&files);
}
END_TEST

START_TEST(force_sets_the_old_ca_aside)
{
	test_ca_make(&files);
	struct ca *ca = open_ca(CA_WRITE);
	EVP_PKEY *old = X509_get_pubkey(ca_cert(ca));
	issue(ca, &agent_request);
	ca_close(ca);

	ck_assert_ok(ca_create(files.dir, "Another", 10, true, clock_wall_ns(), &err), err);
	size_t n = 1;
	ca = open_ca(CA_WRITE);
	(void)ca_records(ca, &n);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_ne(EVP_PKEY_eq(old, X509_get0_pubkey(ca_cert(ca))), 1);
	ck_assert_uint_eq(mode_of("ca.key.old"), 0600);
	EVP_PKEY_free(old);
	ca_close(ca);
	test_ca_remove(&files);
}
END_TEST

START_TEST(what_was_issued_is_read_again)
{
	size_t n = 0;

	test_ca_make(&files);
	struct ca *ca = open_ca(CA_WRITE);
	issue(ca, &agent_request);
	issue(ca, &agent_request);
	ca_close(ca);

	ca = open_ca(CA_READ);
	const struct ca_record *records = ca_records(ca, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(records[0].name, "agent-7-42");
	ck_assert_str_eq(records[0].profile, "agent");
	ck_assert_str_eq(records[0].subject, agent_request.common_name);
	ck_assert_str_eq(records[0].names, "[\"URI:urn:soc:agency:7:host:42\"]");
	ck_assert_str_ne(records[0].serial, records[1].serial);
	ck_assert_int_eq(records[0].revoked_ns, CLOCK_NONE);
	ca_close(ca);
	test_ca_remove(&files);
}
END_TEST

START_TEST(revoked_serials_are_in_the_crl_and_its_number_grows)
{
	X509_REVOKED *entry = NULL;
	size_t n = 0;

	test_ca_make(&files);
	X509_CRL *before = read_crl();
	struct ca *ca = open_ca(CA_WRITE);
	issue(ca, &agent_request);
	issue(ca, &agent_request);
	ck_assert_ok(ca_revoke(ca, 1, pki_reason("keyCompromise"), clock_wall_ns(), &err), err);
	ck_assert(!ca_revoke(ca, 1, 0, clock_wall_ns(), &err));
	ck_assert_ok(ca_write_crl(ca, 7, clock_wall_ns(), &err), err);
	ca_close(ca);

	X509_CRL *after = read_crl();
	ck_assert_uint_gt(pki_crl_number(after), pki_crl_number(before));
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(before)), -1);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(after)), 1);
	entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(after), 0);

	ca = open_ca(CA_READ);
	const struct ca_record *records = ca_records(ca, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(records[1].reason, "keyCompromise");
	ck_assert_int_eq(records[0].revoked_ns, CLOCK_NONE);
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(entry), NULL);
	BIGNUM *wanted = NULL;
	ck_assert_int_gt(BN_hex2bn(&wanted, records[1].serial), 0);
	ck_assert_int_eq(BN_cmp(number, wanted), 0);
	BN_free(number);
	BN_free(wanted);
	ca_close(ca);
	X509_CRL_free(before);
	X509_CRL_free(after);
	test_ca_remove(&files);
}
END_TEST

START_TEST(long_expired_certificates_leave_the_crl)
{
	const int64_t day = INT64_C(86400) * CLOCK_NS_PER_S;
	struct pki_request request = agent_request;

	request.days = 5; /* the CA lives ten */
	test_ca_make(&files);
	struct ca *ca = open_ca(CA_WRITE);
	issue(ca, &request);
	ck_assert_ok(ca_revoke(ca, 0, 0, clock_wall_ns(), &err), err);
	ck_assert_ok(ca_write_crl(ca, 7, clock_wall_ns() + 34 * day, &err), err);
	X509_CRL *crl = read_crl();
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 1);
	X509_CRL_free(crl);
	ck_assert_ok(ca_write_crl(ca, 7, clock_wall_ns() + 36 * day, &err), err);
	crl = read_crl();
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), -1);
	X509_CRL_free(crl);
	ca_close(ca);
	test_ca_remove(&files);
}
END_TEST

START_TEST(a_crl_number_grows_though_the_clock_goes_back)
{
	test_ca_make(&files);
	struct ca *ca = open_ca(CA_WRITE);
	X509_CRL *before = read_crl();
	ck_assert_ok(ca_write_crl(ca, 7, clock_wall_ns() - 1000 * CLOCK_NS_PER_S, &err), err);
	X509_CRL *after = read_crl();
	ck_assert_uint_eq(pki_crl_number(after), pki_crl_number(before) + 1);
	X509_CRL_free(before);
	X509_CRL_free(after);
	ca_close(ca);
	test_ca_remove(&files);
}
END_TEST

START_TEST(a_torn_last_line_is_cut_off_once)
{
	size_t n = 0;

	test_ca_make(&files);
	struct ca *ca = open_ca(CA_WRITE);
	issue(ca, &agent_request);
	ca_close(ca);
	append_text("{\"serial\":\"0a\",\"pro");

	ca = open_ca(CA_READ); /* leaves the file alone */
	ck_assert_uint_eq(ca_torn(ca), 19);
	ca_close(ca);
	ca = open_ca(CA_WRITE);
	ck_assert_uint_eq(ca_torn(ca), 19);
	issue(ca, &agent_request);
	ca_close(ca);
	ca = open_ca(CA_READ);
	ck_assert_uint_eq(ca_torn(ca), 0);
	(void)ca_records(ca, &n);
	ck_assert_uint_eq(n, 2);
	ca_close(ca);
	test_ca_remove(&files);
}
END_TEST

START_TEST(a_damaged_line_is_an_error_with_its_place)
{
	static const char *const lines[] = {"nonsense\n", "{}\n", "\n", "[]\n",
		"{\"serial\":\"XY\",\"profile\":\"agent\",\"name\":\"a\",\"subject\":\"a\","
		"\"names\":[],\"not_before\":\"2026-01-01T00:00:00Z\","
		"\"not_after\":\"2026-01-01T00:00:00Z\",\"revoked_at\":null}\n",
		"{\"serial\":\"0a\",\"profile\":\"agent\",\"name\":\"a\",\"subject\":\"a\","
		"\"names\":[],\"not_before\":\"2026-01-01T00:00:00Z\","
		"\"not_after\":\"2026-01-01T00:00:00Z\",\"revoked_at\":\"soon\",\"reason\":"
		"\"superseded\"}\n"};

	test_ca_make(&files);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
		test_ca_write(&files, "issued.jsonl", &text, 0644);
		strbuf_done(&text);
		append_text(lines[i]);
		ck_assert_ptr_null(ca_open(files.dir, CA_WRITE, &err));
		ck_assert_msg(strstr(err.text, "issued.jsonl:1: not a record") != NULL, "%s",
			err.text);
	}
	test_ca_remove(&files);
}
END_TEST

START_TEST(one_writer_at_a_time)
{
	test_ca_make(&files);
	struct ca *ca = open_ca(CA_WRITE);
	ck_assert_ptr_null(ca_open(files.dir, CA_WRITE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "in use by another process"));
	ck_assert_ptr_null(ca_open(files.dir, CA_READ, &err));
	ca_close(ca);
	test_ca_remove(&files);
}
END_TEST

START_TEST(a_key_of_another_ca_is_refused)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);

	test_ca_make(&files);
	EVP_PKEY *key = pki_key_new(PKI_KEY_P256, &err);
	ck_assert(pki_key_pem(key, &text, &err));
	test_ca_write(&files, "ca.key", &text, 0600);
	ck_assert_ptr_null(ca_open(files.dir, CA_WRITE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "is not the key of ca.pem"));
	ca_close(open_ca(CA_READ));
	strbuf_done(&text);
	EVP_PKEY_free(key);
	test_ca_remove(&files);
}
END_TEST

TEST_MAIN("ca", a_new_ca_keeps_its_key_to_itself, force_sets_the_old_ca_aside,
	what_was_issued_is_read_again, revoked_serials_are_in_the_crl_and_its_number_grows,
	long_expired_certificates_leave_the_crl, a_crl_number_grows_though_the_clock_goes_back,
	a_torn_last_line_is_cut_off_once, a_damaged_line_is_an_error_with_its_place,
	one_writer_at_a_time, a_key_of_another_ca_is_refused)
