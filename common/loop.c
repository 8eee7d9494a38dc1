#include "common/loop.h"

#include <event2/thread.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SIGNALS_MAX = 5 };

struct loop {
	struct event_base *base;
	int stop_fd; /* readable: end the loop, also when it has not begun yet */
	struct event *stop;
	struct event *watched[SIGNALS_MAX];
	unsigned n_watched;
	struct loop_signals signals;
	struct pulse pulse;
	struct event *beat;
};

static void prepare_process(void)
{
	signal(SIGPIPE, SIG_IGN);
	evthread_use_pthreads();
}

/* event_base_loopbreak() alone would be forgotten when it came before the loop began. */
static void on_loop_stop(evutil_socket_t fd, short what, void *user)
{
	struct loop *loop = user;
	uint64_t times;

	(void)what;
	(void)!read(fd, &times, sizeof(times));
	event_base_loopbreak(loop->base);
}

static bool watch_stop(struct loop *loop)
{
	loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->stop_fd < 0)
		return false;
	loop->stop =
		event_new(loop->base, loop->stop_fd, EV_READ | EV_PERSIST, on_loop_stop, loop);
	return loop->stop != NULL && event_add(loop->stop, NULL) == 0;
}

struct loop *loop_new(struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		abort();
	pthread_once(&once, prepare_process);
	loop->base = event_base_new();
	loop->stop_fd = -1;
	if (loop->base == NULL || !watch_stop(loop)) {
		err_set(err, "creating an event base");
		loop_free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	for (unsigned i = 0; i < loop->n_watched; i++)
		event_free(loop->watched[i]);
	pulse_end(&loop->pulse);
	if (loop->beat != NULL)
		event_free(loop->beat);
	if (loop->stop != NULL)
		event_free(loop->stop);
	if (loop->stop_fd >= 0)
		close(loop->stop_fd);
	if (loop->base != NULL)
		event_base_free(loop->base);
	free(loop);
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

static void on_signal(evutil_socket_t number, short what, void *user)
{
	struct loop *loop = user;
	const struct loop_signals *signals = &loop->signals;

	(void)what;
	if (number == SIGHUP)
		signals->on_reload(signals->user);
	else if (number == SIGCHLD)
		signals->on_child(signals->user);
	else if (number == SIGUSR1)
		signals->on_report(signals->user);
	else if (signals->on_stop != NULL)
		signals->on_stop(signals->user);
	else
		loop_stop(loop);
}

static bool watch(struct loop *loop, int number, struct err *err)
{
	struct event *watched = evsignal_new(loop->base, number, on_signal, loop);

	if (watched == NULL || event_add(watched, NULL) != 0) {
		if (watched != NULL)
			event_free(watched);
		return err_set(err, "watching signal %d", number);
	}
	loop->watched[loop->n_watched++] = watched;
	return true;
}

bool loop_watch_signals(struct loop *loop, const struct loop_signals *signals, struct err *err)
{
	loop->signals = *signals;
	if (signals->on_reload == NULL)
		signal(SIGHUP, SIG_IGN);
	return watch(loop, SIGTERM, err) && watch(loop, SIGINT, err) &&
	       (signals->on_reload == NULL || watch(loop, SIGHUP, err)) &&
	       (signals->on_child == NULL || watch(loop, SIGCHLD, err)) &&
	       (signals->on_report == NULL || watch(loop, SIGUSR1, err));
}

void loop_arm(struct event *timer, uint64_t ms)
{
	const struct timeval in = {
		.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	if (event_add(timer, &in) != 0)
		abort();
}

static void on_beat(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	pulse_beat(user);
}

bool loop_pulse(struct loop *loop, const char *name, struct err *err)
{
	static const struct timeval often = {.tv_sec = PULSE_EVERY_MS / 1000};

	loop->beat = event_new(loop->base, -1, EV_PERSIST, on_beat, &loop->pulse);
	if (loop->beat == NULL || event_add(loop->beat, &often) != 0)
		return err_set(err, "creating the timer of a pulse");
	pulse_begin(&loop->pulse, name);
	return true;
}

struct pulse *loop_own_pulse(struct loop *loop)
{
	return &loop->pulse;
}

void loop_run(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
	pulse_end(&loop->pulse);
}

void loop_stop(struct loop *loop)
{
	const uint64_t once = 1;

	(void)!write(loop->stop_fd, &once, sizeof(once));
}
