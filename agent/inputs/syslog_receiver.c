#include "agent/inputs/syslog_receiver.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/counter.h"
#include "common/datagrams.h"

enum { BATCHES_AT_ONCE = 16 /* then the other sockets have their turn */ };

static struct counter n_datagrams = COUNTER("syslog.datagrams", "datagrams read");

struct syslog_receiver {
	pthread_t thread;
	int wake_fd, stop_fd;
	size_t n;
	struct inlet {
		struct syslog_inlet from;
		uint32_t kernel_drops; /* as the kernel counts; wraps */
	} * inlets;
	struct pollfd *polled;       /* one each, and stop_fd */
	struct datagrams *datagrams; /* shared: one socket is read at a time */
	struct syslog_datagram taken[DATAGRAMS_BATCH];
};

/* ---- receiving -------------------------------------------------------------- */

static void put(struct syslog_receiver *receiver, struct inlet *inlet, unsigned n,
	uint64_t kernel_drops)
{
	const uint64_t one = 1;

	if (syslog_queue_put(inlet->from.queue, receiver->taken, n, kernel_drops))
		(void)!write(receiver->wake_fd, &one, sizeof(one));
}

/* Datagrams taken; fewer than DATAGRAMS_BATCH when no more wait. */
static unsigned read_batch(struct syslog_receiver *receiver, struct inlet *inlet)
{
	uint64_t drops;
	unsigned n = datagrams_read(
		receiver->datagrams, inlet->from.fd, &inlet->kernel_drops, &drops);
	int64_t now_ns = clock_foreign(clock_wall_ns());

	if (n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		const struct datagram *datagram = datagrams_at(receiver->datagrams, i);
		const struct slice bytes = datagram->bytes;
		const size_t max = inlet->from.datagram_max;

		receiver->taken[i] = (struct syslog_datagram){
			.bytes = slice_head(bytes, bytes.len < max ? bytes.len : max),
			.whole = datagram->whole,
			.read_ns = now_ns,
		};
	}
	put(receiver, inlet, n, drops);
	counter_add(&n_datagrams, n);
	return n;
}

/* False when all is read. */
static bool read_some(struct syslog_receiver *receiver, struct inlet *inlet)
{
	for (int i = 0; i < BATCHES_AT_ONCE; i++)
		if (read_batch(receiver, inlet) < DATAGRAMS_BATCH)
			return false;
	return true;
}

/* ---- the end ---------------------------------------------------------------- */

/* The kernel counts what a filter drops as it does without room. */
static bool drop_all(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {.len = 1, .filter = &drop};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

/* Nothing comes in any more: what is there has an end. */
static bool shut(const struct syslog_inlet *inlet)
{
	if (inlet->outlives_us)
		return false;
	return inlet->is_udp ? drop_all(inlet->fd) : shutdown(inlet->fd, SHUT_RD) == 0;
}

static void read_last(struct syslog_receiver *receiver, struct inlet *inlet)
{
	bool has_end = shut(&inlet->from);

	while (read_some(receiver, inlet) && has_end)
		;
	put(receiver, inlet, 0, datagrams_last_drops(inlet->from.fd, &inlet->kernel_drops));
}

/* ---- the thread --------------------------------------------------------------- */

static void *run(void *user)
{
	struct syslog_receiver *receiver = user;
	struct pollfd *stop = &receiver->polled[receiver->n];

	(void)pthread_setname_np(pthread_self(), "syslog");
	while (stop->revents == 0) {
		if (poll(receiver->polled, receiver->n + 1, -1) < 0)
			continue;
		for (size_t i = 0; i < receiver->n; i++)
			if (receiver->polled[i].revents != 0)
				(void)read_some(receiver, &receiver->inlets[i]);
	}
	for (size_t i = 0; i < receiver->n; i++)
		read_last(receiver, &receiver->inlets[i]);
	return NULL;
}

/* ---- life ------------------------------------------------------------------- */

static void free_receiver(struct syslog_receiver *receiver)
{
	if (receiver->stop_fd >= 0)
		close(receiver->stop_fd);
	free(receiver->inlets);
	free(receiver->polled);
	datagrams_free(receiver->datagrams);
	free(receiver);
}

static void take_inlets(
	struct syslog_receiver *receiver, const struct syslog_inlet *inlets, size_t n)
{
	size_t datagram_max = 0;

	receiver->inlets = calloc(n, sizeof(*receiver->inlets));
	receiver->polled = calloc(n + 1, sizeof(*receiver->polled));
	if (receiver->inlets == NULL || receiver->polled == NULL)
		abort();
	for (receiver->n = 0; receiver->n < n; receiver->n++) {
		const struct syslog_inlet *inlet = &inlets[receiver->n];

		receiver->inlets[receiver->n].from = *inlet;
		receiver->polled[receiver->n] =
			(struct pollfd){.fd = inlet->fd, .events = POLLIN};
		if (inlet->datagram_max > datagram_max)
			datagram_max = inlet->datagram_max;
	}
	assert(datagram_max > 0); /* at least one inlet, and each has a limit */
	receiver->datagrams = datagrams_new(datagram_max);
}

/* Signals are for the agent's own thread. */
static int start_thread(struct syslog_receiver *receiver)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&receiver->thread, NULL, run, receiver);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

struct syslog_receiver *syslog_receiver_start(
	const struct syslog_inlet *inlets, size_t n, int wake_fd, struct err *err)
{
	struct syslog_receiver *receiver = calloc(1, sizeof(*receiver));

	if (receiver == NULL)
		abort();
	receiver->wake_fd = wake_fd;
	receiver->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	take_inlets(receiver, inlets, n);
	receiver->polled[n] = (struct pollfd){.fd = receiver->stop_fd, .events = POLLIN};
	int failed = receiver->stop_fd < 0 ? errno : start_thread(receiver);
	if (failed == 0)
		return receiver;
	err_set(err, "a thread that receives: %s", strerror(failed));
	free_receiver(receiver);
	return NULL;
}

void syslog_receiver_stop(struct syslog_receiver *receiver)
{
	const uint64_t one = 1;

	if (receiver == NULL)
		return;
	(void)!write(receiver->stop_fd, &one, sizeof(one));
	pthread_join(receiver->thread, NULL);
	free_receiver(receiver);
}
