#include "tests/collector/national/fixture.h"

#include <dirent.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/signer/channel.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/support/check.h"

static void write_pem(const char *path, struct strbuf *pem, mode_t mode)
{
	struct err err;

	ck_assert(file_replace(path, strbuf_slice(pem), mode, &err));
	strbuf_done(pem);
}

static void write_certificate(const char *path, X509 *certificate)
{
	struct strbuf pem = STRBUF_INIT(PKI_PEM_MAX);
	struct err err;

	ck_assert(pki_cert_pem(certificate, &pem, &err));
	write_pem(path, &pem, 0644);
}

static void write_key(const char *path, EVP_PKEY *key)
{
	struct strbuf pem = STRBUF_INIT(PKI_PEM_MAX);
	struct err err;

	ck_assert(pki_key_pem(key, &pem, &err));
	write_pem(path, &pem, 0600);
}

static X509 *make_authority(const char *path, EVP_PKEY **key)
{
	struct err err;

	*key = pki_key_new(PKI_KEY_P256, &err);
	X509 *ca = pki_ca_new(*key, "Test CA", 10, clock_wall_ns(), &err);

	ck_assert_ptr_nonnull(ca);
	write_certificate(path, ca);
	return ca;
}

static void make_other_authority(struct fixture *fixture)
{
	EVP_PKEY *key;

	X509_free(make_authority(fixture->other_ca_file, &key));
	EVP_PKEY_free(key);
}

void fixture_issue(struct fixture *fixture, enum pki_profile profile, enum pki_key type,
	uint32_t days, char *key_file, char *certificate_file)
{
	static unsigned number;
	struct pki_request request = {
		.profile = profile,
		.common_name = "Trung tâm giám sát, tỉnh thử nghiệm",
		.label = "test",
		.days = days > 0 ? days : 1,
	};
	int64_t now_ns = clock_wall_ns();
	struct err err;

	if (days == 0)
		now_ns -= (24 * 3600 + 3600) * CLOCK_NS_PER_S;
	/* The smallest RSA key that is taken: the others take seconds to make. */
	EVP_PKEY *key = type == PKI_KEY_P256 ? pki_key_new(type, &err) : EVP_RSA_gen(2048);
	X509 *certificate =
		pki_issue(fixture->ca, fixture->ca_key, key, &request, now_ns, &err);
	ck_assert_msg(certificate != NULL, "%s", err.text);
	snprintf(key_file, FIXTURE_PATH_MAX, "%s/%u.key", fixture->dir, ++number);
	snprintf(certificate_file, FIXTURE_PATH_MAX, "%s/%u.crt", fixture->dir, number);
	write_key(key_file, key);
	write_certificate(certificate_file, certificate);
	EVP_PKEY_free(key);
	X509_free(certificate);
}

static void be_ready(void)
{
}

static void start_process(struct fixture *fixture, enum signer_algorithm algorithm)
{
	const struct signer_settings settings = {
		.jws = {fixture->jws_key, fixture->jws_certificate, (int)algorithm},
		.xml = {fixture->xml_key, fixture->xml_certificate, SIGNER_RS256},
	};

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fixture->channel), 0);
	fixture->pid = fork();
	if (fixture->pid == 0) {
		close(fixture->channel[1]);
		_exit(signer_run(&settings, fixture->channel[0], be_ready));
	}
	fixture->signer = signer_connect(fixture->channel[1]);
}

static void stop_process(struct fixture *fixture)
{
	int status;

	signer_disconnect(fixture->signer);
	close(fixture->channel[0]);
	close(fixture->channel[1]); /* it ends by itself then */
	waitpid(fixture->pid, &status, 0);
}

/* DER of the first certificate in a file. */
static size_t read_der(const char *path, unsigned char der[SIGNER_CERTIFICATE_MAX])
{
	struct strbuf pem = STRBUF_INIT(PKI_PEM_MAX);
	struct err err;

	ck_assert(file_read(path, &pem, &err));
	X509 *certificate = pki_cert_read(strbuf_slice(&pem), &err);
	unsigned char *at = der;
	size_t len = (size_t)i2d_X509(certificate, &at);

	X509_free(certificate);
	strbuf_done(&pem);
	return len;
}

static void answer_falsely(const struct fixture *fixture, enum signer_algorithm algorithm)
{
	const char *files[] = {fixture->jws_certificate, fixture->xml_certificate};
	const enum signer_algorithm algorithms[] = {algorithm, SIGNER_RS256};
	struct channel_request request;

	while (recv(fixture->channel[0], &request, sizeof(request), 0) > 0) {
		struct channel_reply reply = {
			.id = request.id,
			.algorithm = algorithms[request.key],
			.len = algorithms[request.key] == SIGNER_ES256 ? 64 : 256,
		};

		if (request.ask == ASK_CERTIFICATE)
			reply.len = (uint32_t)read_der(files[request.key], reply.bytes);
		send(fixture->channel[0], &reply,
			offsetof(struct channel_reply, bytes) + reply.len, 0);
	}
}

void fixture_be_false(struct fixture *fixture, enum signer_algorithm algorithm)
{
	stop_process(fixture);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fixture->channel), 0);
	fixture->pid = fork();
	if (fixture->pid == 0) {
		close(fixture->channel[1]);
		answer_falsely(fixture, algorithm);
		_exit(EXIT_SUCCESS);
	}
	fixture->signer = signer_connect(fixture->channel[1]);
}

void fixture_start(struct fixture *fixture, enum signer_algorithm algorithm)
{
	enum pki_key type = algorithm == SIGNER_ES256 ? PKI_KEY_P256 : PKI_KEY_RSA3072;

	snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/soc-test-national-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fixture->dir));
	snprintf(fixture->ca_file, FIXTURE_PATH_MAX, "%s/ca.pem", fixture->dir);
	snprintf(fixture->other_ca_file, FIXTURE_PATH_MAX, "%s/other.pem", fixture->dir);
	fixture->ca = make_authority(fixture->ca_file, &fixture->ca_key);
	make_other_authority(fixture);
	fixture_issue(fixture, PKI_SIGNER, type, 5, fixture->jws_key, fixture->jws_certificate);
	fixture_issue(fixture, PKI_SIGNER, PKI_KEY_RSA3072, 5, fixture->xml_key,
		fixture->xml_certificate);
	start_process(fixture, algorithm);
}

void fixture_restart(struct fixture *fixture, enum signer_algorithm algorithm)
{
	stop_process(fixture);
	start_process(fixture, algorithm);
}

static void remove_dir(const char *path)
{
	char file[FIXTURE_PATH_MAX + 300];
	DIR *dir = opendir(path);
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(file);
	}
	closedir(dir);
	rmdir(path);
}

void fixture_stop(struct fixture *fixture)
{
	stop_process(fixture);
	remove_dir(fixture->dir);
	X509_free(fixture->ca);
	EVP_PKEY_free(fixture->ca_key);
}
