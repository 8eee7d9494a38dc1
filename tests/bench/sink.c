/*
 * sink - the floor: receives over mutual TLS, throws everything away
 *
 *	sink --port N --ca ca.pem --cert collector.pem --key collector.key
 *
 * What no collector can be cheaper than on the same bytes. A thread for each
 * connection; ends on SIGTERM.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/tls.h"
#include "tests/bench/load.h"

enum { READ = 64 * 1024 };

static SSL_CTX *tls;

static void *swallow(void *user)
{
	char *bytes = malloc(READ);
	int fd = (int)(intptr_t)user;
	SSL *ssl = SSL_new(tls);

	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1)
		while (SSL_read(ssl, bytes, READ) > 0)
			;
	SSL_free(ssl);
	close(fd);
	free(bytes);
	return NULL;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0 || listen(fd, 64) != 0)
		load_die("cannot listen");
	return fd;
}

static uint16_t read_options(int argc, char **argv, struct tls_settings *settings)
{
	static const struct option known[] = {{"port", 1, NULL, 'p'}, {"ca", 1, NULL, 'A'},
		{"cert", 1, NULL, 'c'}, {"key", 1, NULL, 'k'}, {0}};
	uint64_t port = 0;
	int letter;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (letter == 'p' && slice_to_u64(slice_str(optarg), UINT16_MAX, &port))
			continue;
		if (letter == 'A')
			settings->ca_file = optarg;
		else if (letter == 'c')
			settings->cert_file = optarg;
		else if (letter == 'k')
			settings->key_file = optarg;
		else
			load_die("wrong option; see the head of sink.c");
	}
	return (uint16_t)port;
}

int main(int argc, char **argv)
{
	struct tls_settings settings = {0};
	struct err err;
	int listener = listen_on(read_options(argc, argv, &settings));

	signal(SIGPIPE, SIG_IGN);
	tls = tls_server_new(&settings, &err);
	if (tls == NULL)
		load_die(err.text);
	for (;;) {
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0 || pthread_create(&thread, NULL, swallow, (void *)(intptr_t)fd) != 0)
			load_die("cannot take a connection");
		pthread_detach(thread);
	}
}
