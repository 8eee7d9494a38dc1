#include "collector/signer/signer.h"

#include <fcntl.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/signer/channel.h"
#include "collector/signer/confine.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/pki.h"
#include "tests/support/check.h"

enum { TIMEOUT_MS = 20000 };

static char dir[64];
static char paths[4][128]; /* jws key, jws certificate, xml key, xml certificate */
static EVP_PKEY *keys[SIGNER_KEYS];

static int64_t issued_ns; /* certificates are valid for a day from then on */

static void write_pair(unsigned at, enum pki_key type, enum signer_key key)
{
	struct err err;
	struct strbuf pem = STRBUF_INIT(1 << 16);

	keys[key] = pki_key_new(type, &err);
	ck_assert_ptr_nonnull(keys[key]);
	X509 *certificate = pki_ca_new(keys[key], "Signer", 1, issued_ns, &err);
	ck_assert_ptr_nonnull(certificate);
	ck_assert(pki_key_pem(keys[key], &pem, &err));
	ck_assert(file_replace(paths[at], strbuf_slice(&pem), 0600, &err));
	strbuf_reset(&pem);
	ck_assert(pki_cert_pem(certificate, &pem, &err));
	ck_assert(file_replace(paths[at + 1], strbuf_slice(&pem), 0644, &err));
	X509_free(certificate);
	strbuf_done(&pem);
}

static void make_keys_issued(int64_t at_ns)
{
	static const char *const names[] = {"jws.key", "jws.crt", "xml.key", "xml.crt"};

	issued_ns = at_ns;
	snprintf(dir, sizeof(dir), "/tmp/soc-test-signer-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (unsigned i = 0; i < 4; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, names[i]);
	write_pair(0, PKI_KEY_P256, SIGNER_JWS);
	write_pair(2, PKI_KEY_RSA3072, SIGNER_XML);
}

static void make_keys(void)
{
	make_keys_issued(clock_wall_ns());
}

static void remove_keys(void)
{
	for (unsigned i = 0; i < 4; i++)
		unlink(paths[i]);
	rmdir(dir);
	EVP_PKEY_free(keys[SIGNER_JWS]);
	EVP_PKEY_free(keys[SIGNER_XML]);
}

static void be_ready(void)
{
}

static pid_t start(int channel, int other_end, int xml_algorithm)
{
	const struct signer_settings settings = {
		.jws = {paths[0], paths[1], SIGNER_ES256},
		.xml = {paths[2], paths[3], xml_algorithm},
	};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(other_end);
	_exit(signer_run(&settings, channel, be_ready));
}

static bool verify_rsa(
	const struct signature *signature, const unsigned char *digest, int padding)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(keys[SIGNER_XML], NULL);
	bool good = EVP_PKEY_verify_init(ctx) > 0 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) > 0 &&
		    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
		    EVP_PKEY_verify(ctx, signature->bytes, signature->len, digest,
			    SIGNER_DIGEST_SIZE) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static bool verify_es256(const struct signature *signature, const unsigned char *digest)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *der = NULL;

	ECDSA_SIG_set0(pair, BN_bin2bn(signature->bytes, 32, NULL),
		BN_bin2bn(signature->bytes + 32, 32, NULL));
	int len = i2d_ECDSA_SIG(pair, &der);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(keys[SIGNER_JWS], NULL);
	bool good = EVP_PKEY_verify_init(ctx) > 0 &&
		    EVP_PKEY_verify(ctx, der, (size_t)len, digest, SIGNER_DIGEST_SIZE) == 1;

	EVP_PKEY_CTX_free(ctx);
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	return good;
}

static void stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

START_TEST(signatures_of_every_algorithm_verify)
{
	static const int paddings[] = {
		[SIGNER_RS256] = RSA_PKCS1_PADDING, [SIGNER_PS256] = RSA_PKCS1_PSS_PADDING};
	unsigned char digest[SIGNER_DIGEST_SIZE] = "thirty-two bytes of some digest";
	struct signature signature;
	struct err err;

	make_keys();
	for (int algorithm = SIGNER_RS256; algorithm <= SIGNER_PS256; algorithm++) {
		int channel[2];

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
		pid_t pid = start(channel[0], channel[1], algorithm);
		struct signer *signer = signer_connect(channel[1]);

		ck_assert_msg(
			signer_sign(signer, SIGNER_JWS, digest, TIMEOUT_MS, &signature, &err),
			"%s", err.text);
		ck_assert_uint_eq(signature.len, 64);
		ck_assert(verify_es256(&signature, digest));
		ck_assert(
			signer_sign(signer, SIGNER_XML, digest, TIMEOUT_MS, &signature, &err));
		ck_assert(verify_rsa(&signature, digest, paddings[algorithm]));
		digest[0] ^= 1;
		ck_assert(!verify_rsa(&signature, digest, paddings[algorithm]));
		signer_disconnect(signer);
		stop(pid);
		close(channel[0]);
		close(channel[1]);
	}
	remove_keys();
}
END_TEST

START_TEST(a_signer_that_died_is_replaced_on_the_same_channel)
{
	const unsigned char digest[SIGNER_DIGEST_SIZE] = {1};
	struct signature signature;
	int channel[2];
	struct err err;

	make_keys();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	struct signer *signer = signer_connect(channel[1]);
	ck_assert(
		!signer_sign(signer, SIGNER_JWS, digest, 50, &signature, &err)); /* none runs */
	pid_t pid = start(channel[0], channel[1], SIGNER_RS256);
	/* The request given up on is answered too: its answer must be passed over. */
	ck_assert(signer_sign(signer, SIGNER_JWS, digest, TIMEOUT_MS, &signature, &err));
	stop(pid);
	pid = start(channel[0], channel[1], SIGNER_RS256);
	ck_assert(signer_sign(signer, SIGNER_JWS, digest, TIMEOUT_MS, &signature, &err));
	ck_assert(verify_es256(&signature, digest));
	stop(pid);
	signer_disconnect(signer);
	close(channel[0]);
	close(channel[1]);
	remove_keys();
}
END_TEST

START_TEST(an_expired_certificate_signs_nothing_and_says_so)
{
	const unsigned char digest[SIGNER_DIGEST_SIZE] = {1};
	unsigned char der[SIGNER_CERTIFICATE_MAX];
	enum signer_algorithm algorithm;
	struct signature signature;
	int channel[2];
	struct err err;
	size_t len;

	make_keys_issued(clock_wall_ns() - INT64_C(25) * 3600 * CLOCK_NS_PER_S);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	pid_t pid = start(channel[0], channel[1], SIGNER_RS256);
	struct signer *signer = signer_connect(channel[1]);
	for (unsigned key = 0; key < SIGNER_KEYS; key++) {
		ck_assert(!signer_sign(
			signer, (enum signer_key)key, digest, TIMEOUT_MS, &signature, &err));
		ck_assert_msg(strstr(err.text, "expired") != NULL, "%s", err.text);
	}
	ck_assert(signer_certificate(
		signer, SIGNER_JWS, TIMEOUT_MS, der, &len, &algorithm, &err));
	stop(pid);
	signer_disconnect(signer);
	close(channel[0]);
	close(channel[1]);
	remove_keys();
}
END_TEST

START_TEST(wrong_requests_are_refused_and_the_signer_lives)
{
	struct channel_request request = {.version = 99, .ask = ASK_SIGN};
	struct channel_reply reply;
	unsigned char der[SIGNER_CERTIFICATE_MAX];
	enum signer_algorithm algorithm;
	size_t len;
	int channel[2];
	struct err err;

	make_keys();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	pid_t pid = start(channel[0], channel[1], SIGNER_RS256);
	ck_assert_int_gt(send(channel[1], "short", 5, 0), 0);
	ck_assert_int_gt(recv(channel[1], &reply, sizeof(reply), 0), 0);
	ck_assert_uint_eq(reply.answer, ANSWER_BAD_REQUEST);
	ck_assert_int_gt(send(channel[1], &request, sizeof(request), 0), 0);
	ck_assert_int_gt(recv(channel[1], &reply, sizeof(reply), 0), 0);
	ck_assert_uint_eq(reply.answer, ANSWER_BAD_REQUEST);
	request = (struct channel_request){.version = CHANNEL_VERSION, .ask = 7};
	ck_assert_int_gt(send(channel[1], &request, sizeof(request), 0), 0);
	ck_assert_int_gt(recv(channel[1], &reply, sizeof(reply), 0), 0);
	ck_assert_uint_eq(reply.answer, ANSWER_BAD_REQUEST);

	struct signer *signer = signer_connect(channel[1]);
	ck_assert(signer_certificate(
		signer, SIGNER_XML, TIMEOUT_MS, der, &len, &algorithm, &err));
	ck_assert_int_eq(algorithm, SIGNER_RS256);
	const unsigned char *at = der;
	X509 *certificate = d2i_X509(NULL, &at, (long)len);
	ck_assert_ptr_nonnull(certificate);
	ck_assert_int_eq(X509_check_private_key(certificate, keys[SIGNER_XML]), 1);
	X509_free(certificate);
	signer_disconnect(signer);
	stop(pid);
	close(channel[0]);
	close(channel[1]);
	remove_keys();
}
END_TEST

static int status_of_signer(const char *key, const char *certificate)
{
	const struct signer_settings settings = {
		.jws = {key, certificate, SIGNER_ES256},
		.xml = {paths[2], paths[3], SIGNER_RS256},
	};
	int channel[2], status;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(channel[1]);
		close(STDERR_FILENO);
		_exit(signer_run(&settings, channel[0], be_ready));
	}
	close(channel[0]);
	close(channel[1]); /* a signer that started ends by itself now */
	waitpid(pid, &status, 0);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(keys_that_do_not_fit_are_refused_at_the_start)
{
	make_keys();
	ck_assert_int_eq(status_of_signer(paths[0], paths[1]), EXIT_SUCCESS);
	ck_assert_int_eq(status_of_signer(paths[0], paths[3]), EXIT_FAILURE); /* another's */
	ck_assert_int_eq(
		status_of_signer(paths[2], paths[3]), EXIT_FAILURE); /* RSA for ES256 */
	ck_assert_int_eq(status_of_signer("/nonexistent", paths[1]), EXIT_FAILURE);
	chmod(paths[0], 0644);
	ck_assert_int_eq(status_of_signer(paths[0], paths[1]), EXIT_FAILURE);
	remove_keys();
}
END_TEST

START_TEST(other_system_calls_kill_the_confined)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err err;

		if (confine(&err))
			(void)!open("/etc/passwd", O_RDONLY);
		_exit(EXIT_SUCCESS);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
END_TEST

TEST_MAIN("signer", an_expired_certificate_signs_nothing_and_says_so,
	signatures_of_every_algorithm_verify,
	a_signer_that_died_is_replaced_on_the_same_channel,
	wrong_requests_are_refused_and_the_signer_lives,
	keys_that_do_not_fit_are_refused_at_the_start, other_system_calls_kill_the_confined)
