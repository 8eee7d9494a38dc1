#include "common/loop.h"

#include <signal.h>

#include "tests/support/check.h"

START_TEST(a_stop_before_the_loop_began_is_not_forgotten)
{
	struct err err;
	struct loop *loop = loop_new(&err);

	loop_stop(loop);
	loop_run(loop);
	loop_free(loop);
}
END_TEST

struct seen {
	struct loop *loop;
	unsigned reloads, reports;
};

static void on_report(void *user)
{
	struct seen *seen = user;

	seen->reports++;
	raise(SIGHUP);
}

static void on_reload(void *user)
{
	struct seen *seen = user;

	seen->reloads++;
	raise(SIGTERM);
}

static void on_stop(void *user)
{
	loop_stop(((struct seen *)user)->loop);
}

START_TEST(signals_reload_and_stop)
{
	struct err err;
	struct seen seen = {.loop = loop_new(&err)};
	const struct loop_signals signals = {.on_stop = on_stop,
		.on_reload = on_reload,
		.on_report = on_report,
		.user = &seen};

	ck_assert(loop_watch_signals(seen.loop, &signals, &err));
	raise(SIGUSR1);
	loop_run(seen.loop);
	ck_assert_uint_eq(seen.reports, 1);
	ck_assert_uint_eq(seen.reloads, 1);
	loop_free(seen.loop);
}
END_TEST

static void on_time(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	loop_stop(user);
}

static void must_not_come(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
	ck_abort_msg("a timer was not armed anew");
}

START_TEST(a_timer_that_waits_is_armed_anew)
{
	struct err err;
	struct loop *loop = loop_new(&err);
	struct event *first = evtimer_new(loop_base(loop), must_not_come, NULL);
	struct event *second = evtimer_new(loop_base(loop), on_time, loop);

	loop_arm(first, 0);
	loop_arm(first, 3600000);
	loop_arm(second, 1001);
	loop_run(loop);
	event_free(first);
	event_free(second);
	loop_free(loop);
}
END_TEST

TEST_MAIN("loop", a_timer_that_waits_is_armed_anew,
	a_stop_before_the_loop_began_is_not_forgotten, signals_reload_and_stop)
