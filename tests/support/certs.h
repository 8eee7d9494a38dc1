/*
 * certs - a throw-away CA in a folder, and handshakes without a network
 *
 *	struct test_ca ca;
 *	test_ca_make(&ca);
 *	test_ca_agent(&ca, 7, 42);                          agent.pem, agent.key
 *	test_ca_collector(&ca, "hue1");                     collector.pem, collector.key
 *	struct tls_settings settings = test_ca_settings(&ca, "agent");
 *	test_ca_remove(&ca);
 */
#ifndef TESTS_SUPPORT_CERTS_H
#define TESTS_SUPPORT_CERTS_H

#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/ca.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/tls.h"
#include "tests/support/check.h"

enum { TEST_PATH_MAX = 160 };

struct test_ca {
	char dir[48];
	char ca_file[TEST_PATH_MAX], crl_file[TEST_PATH_MAX];
	char cert_file[TEST_PATH_MAX], key_file[TEST_PATH_MAX]; /* of the last settings */
};

/* Fails the test with the words of `err`. */
#define ck_assert_ok(condition, err) ck_assert_msg((condition), "%s", (err).text)

static inline const char *test_ca_path(const struct test_ca *ca, const char *name, char *out)
{
	snprintf(out, TEST_PATH_MAX, "%s/%s", ca->dir, name);
	return out;
}

static inline void test_ca_make(struct test_ca *ca)
{
	struct err err = {0};

	snprintf(ca->dir, sizeof(ca->dir), "/tmp/soc-test-ca-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(ca->dir));
	test_ca_path(ca, "ca.pem", ca->ca_file);
	test_ca_path(ca, "crl.pem", ca->crl_file);
	ck_assert_ok(ca_create(ca->dir, "Test CA", 10, false, clock_wall_ns(), &err), err);
}

static inline void test_ca_remove(struct test_ca *ca)
{
	char path[TEST_PATH_MAX + 300];
	DIR *dir = opendir(ca->dir);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", ca->dir, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	ck_assert_int_eq(rmdir(ca->dir), 0);
}

static inline void test_ca_write(
	const struct test_ca *ca, const char *name, struct strbuf *text, mode_t mode)
{
	char path[TEST_PATH_MAX];
	struct err err = {0};

	ck_assert_ok(file_replace(test_ca_path(ca, name, path), strbuf_slice(text), mode, &err),
		err);
	strbuf_reset(text);
}

/* `stem`.pem and `stem`.key. */
static inline void test_ca_write_pair(
	const struct test_ca *ca, const char *stem, X509 *cert, EVP_PKEY *key)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	char name[64];
	struct err err = {0};

	snprintf(name, sizeof(name), "%s.pem", stem);
	ck_assert_ok(pki_cert_pem(cert, &text, &err), err);
	test_ca_write(ca, name, &text, 0644);
	snprintf(name, sizeof(name), "%s.key", stem);
	ck_assert_ok(pki_key_pem(key, &text, &err), err);
	test_ca_write(ca, name, &text, 0600);
	strbuf_done(&text);
}

static inline void test_ca_issue(
	const struct test_ca *ca, const char *stem, const struct pki_request *request)
{
	struct err err = {0};
	struct ca *open = ca_open(ca->dir, CA_WRITE, &err);
	EVP_PKEY *key = pki_key_new(PKI_KEY_P256, &err);

	ck_assert_ok(open != NULL, err);
	X509 *cert = ca_issue(open, key, request, clock_wall_ns(), &err);
	ck_assert_ok(cert != NULL, err);
	test_ca_write_pair(ca, stem, cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	ca_close(open);
}

static inline void test_ca_agent(const struct test_ca *ca, uint32_t agency, uint32_t host)
{
	test_ca_issue(ca, "agent",
		&(struct pki_request){.profile = PKI_AGENT,
			.common_name = "test host",
			.identity = {.kind = TLS_PEER_AGENT, .agency = agency, .host = host},
			.days = 5});
}

static inline void test_ca_collector(const struct test_ca *ca, const char *name)
{
	const char *dns[] = {"localhost"};
	struct pki_request request = {.profile = PKI_COLLECTOR,
		.common_name = name,
		.identity = {.kind = TLS_PEER_COLLECTOR},
		.dns = dns,
		.n_dns = 1,
		.days = 5};

	snprintf(request.identity.name, sizeof(request.identity.name), "%s", name);
	test_ca_issue(ca, "collector", &request);
}

/* Valid until the next call on this CA. */
static inline struct tls_settings test_ca_settings(struct test_ca *ca, const char *stem)
{
	snprintf(ca->cert_file, sizeof(ca->cert_file), "%s/%s.pem", ca->dir, stem);
	snprintf(ca->key_file, sizeof(ca->key_file), "%s/%s.key", ca->dir, stem);
	return (struct tls_settings){.ca_file = ca->ca_file,
		.crl_file = ca->crl_file,
		.cert_file = ca->cert_file,
		.key_file = ca->key_file};
}

/* ---- handshakes over a pair of sockets, one thread -------------------------------- */

struct test_link {
	SSL *server, *client;
	int fds[2];
};

static inline SSL *test_link_end(SSL_CTX *ctx, int fd, bool server)
{
	SSL *ssl = SSL_new(ctx);

	ck_assert_ptr_nonnull(ssl);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	SSL_set_fd(ssl, fd);
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

static inline void test_link_open(struct test_link *link, SSL_CTX *server, SSL_CTX *client)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, link->fds), 0);
	link->server = test_link_end(server, link->fds[0], true);
	link->client = test_link_end(client, link->fds[1], false);
}

static inline void test_link_close(struct test_link *link)
{
	SSL_free(link->server);
	SSL_free(link->client);
	close(link->fds[0]);
	close(link->fds[1]);
	ERR_clear_error();
}

enum test_step { TEST_DONE, TEST_WAITS, TEST_FAILED };

/* The error queue keeps the reason of a failure. */
static inline enum test_step test_link_step(SSL *ssl)
{
	ERR_clear_error();
	int result = SSL_do_handshake(ssl);
	int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);

	if (result == 1)
		return TEST_DONE;
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? TEST_WAITS
									     : TEST_FAILED;
}

/*
 * Steps both ends until both are done (true) or one has failed (false, `err` filled with its
 * words, *server_failed set). A client may believe it is done when the server refuses it.
 */
static inline bool test_link_shake(struct test_link *link, bool *server_failed, struct err *err)
{
	enum test_step server = TEST_WAITS, client = TEST_WAITS;

	for (int i = 0; i < 50 && (server != TEST_DONE || client != TEST_DONE); i++) {
		if (client == TEST_WAITS)
			client = test_link_step(link->client);
		if (client == TEST_FAILED) {
			*server_failed = false;
			return tls_handshake_err(link->client, 0, err);
		}
		if (server == TEST_WAITS)
			server = test_link_step(link->server);
		if (server == TEST_FAILED) {
			*server_failed = true;
			return tls_handshake_err(link->server, 0, err);
		}
	}
	ck_assert_msg(server == TEST_DONE && client == TEST_DONE, "the handshake stands still");
	return true;
}

#endif
