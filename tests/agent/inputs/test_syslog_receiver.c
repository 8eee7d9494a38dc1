#include "agent/inputs/syslog_receiver.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/check.h"

enum { MANY = 5000, ROOM = 32 << 20 };

struct bench {
	int fd, sender, wake;
	struct syslog_queue *queue;
	struct syslog_inlet inlet;
	struct syslog_receiver *receiver;
};

static void begin(struct bench *bench, size_t room)
{
	bench->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	bench->queue = syslog_queue_new(room);
	bench->inlet = (struct syslog_inlet){
		.fd = bench->fd, .queue = bench->queue, .datagram_max = 2048};
}

static void begin_udp(struct bench *bench, size_t room)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int size = ROOM;

	bench->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bench->sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(bench->fd, (struct sockaddr *)&address, len), 0);
	if (setsockopt(bench->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(bench->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ck_assert_int_eq(getsockname(bench->fd, (struct sockaddr *)&address, &len), 0);
	ck_assert_int_eq(connect(bench->sender, (struct sockaddr *)&address, len), 0);
	begin(bench, room);
	bench->inlet.is_udp = true;
}

static void begin_unix(struct bench *bench)
{
	int fds[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	bench->fd = fds[0];
	bench->sender = fds[1];
	begin(bench, ROOM);
}

static void start(struct bench *bench)
{
	struct err err;

	bench->receiver = syslog_receiver_start(&bench->inlet, 1, bench->wake, &err);
	ck_assert_msg(bench->receiver != NULL, "%s", err.text);
}

static void send_one(struct bench *bench)
{
	ck_assert_int_eq(send(bench->sender, "12345678", 8, 0), 8);
}

/* What came, and what is known to be lost. */
static uint64_t accounted(struct bench *bench)
{
	struct syslog_datagram datagram;
	struct syslog_lost lost;
	uint64_t n = 0;

	while (syslog_queue_next(bench->queue, &datagram)) {
		ck_assert_uint_eq(datagram.whole, 8);
		syslog_queue_pop(bench->queue);
		n++;
	}
	syslog_queue_take_lost(bench->queue, &lost);
	return n + lost.count + lost.kernel;
}

static void end(struct bench *bench)
{
	close(bench->fd);
	close(bench->sender);
	close(bench->wake);
	syslog_queue_free(bench->queue);
}

START_TEST(everything_that_waits_is_read_before_the_end)
{
	struct bench bench = {0};

	begin_udp(&bench, ROOM);
	for (int i = 0; i < MANY; i++)
		send_one(&bench);
	start(&bench);
	syslog_receiver_stop(bench.receiver);
	ck_assert_uint_eq(accounted(&bench), MANY);
	end(&bench);
}
END_TEST

START_TEST(what_finds_no_room_at_the_end_is_counted)
{
	struct bench bench = {0};

	begin_udp(&bench, 1000);
	for (int i = 0; i < MANY; i++)
		send_one(&bench);
	start(&bench);
	syslog_receiver_stop(bench.receiver);
	ck_assert_uint_eq(accounted(&bench), MANY);
	end(&bench);
}
END_TEST

static void *send_on(void *user)
{
	struct bench *bench = user;
	uintptr_t n = 0;

	for (;;) {
		if (send(bench->sender, "12345678", 8, 0) == 8)
			n++;
		else if (errno != EAGAIN)
			return (void *)n;
		else
			(void)sched_yield();
	}
}

/* What the sender was told is taken, is; after that it is told. */
START_TEST(a_sender_that_goes_on_is_told_when_it_is_over)
{
	struct bench bench = {0};
	struct syslog_datagram datagram;
	pthread_t thread;
	void *sent;

	begin_unix(&bench);
	start(&bench);
	ck_assert_int_eq(pthread_create(&thread, NULL, send_on, &bench), 0);
	while (!syslog_queue_next(bench.queue, &datagram))
		(void)sched_yield();
	syslog_receiver_stop(bench.receiver);
	ck_assert_int_eq(pthread_join(thread, &sent), 0);
	ck_assert_uint_eq(accounted(&bench), (uintptr_t)sent);
	end(&bench);
}
END_TEST

START_TEST(a_socket_that_outlives_us_is_left_open)
{
	struct bench bench = {0};
	char bytes[16];

	begin_unix(&bench);
	bench.inlet.outlives_us = true;
	start(&bench);
	send_one(&bench);
	syslog_receiver_stop(bench.receiver);
	ck_assert_uint_eq(accounted(&bench), 1);
	send_one(&bench);
	ck_assert_int_eq(recv(bench.fd, bytes, sizeof(bytes), 0), 8);
	end(&bench);
}
END_TEST

TEST_MAIN("syslog_receiver", everything_that_waits_is_read_before_the_end,
	what_finds_no_room_at_the_end_is_counted, a_sender_that_goes_on_is_told_when_it_is_over,
	a_socket_that_outlives_us_is_left_open)
