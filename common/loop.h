/*
 * loop - a thread's event base, and the signals of the process
 *
 * loop_new() prepares libevent for threads once. SIGTERM and SIGINT ask to
 * stop, SIGHUP to reload; several SIGHUPs while one is being served are one
 * more. SIGUSR1 asks to say how things are. SIGPIPE is ignored (OpenSSL writes with write()).
 * No poll, no sleep: everything waits here.
 */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include <event2/event.h>
#include <stdint.h>

#include "common/err.h"
#include "common/pulse.h"

struct loop;

struct loop_signals {
	void (*on_stop)(void *user);   /* NULL: loop_stop() */
	void (*on_reload)(void *user); /* NULL: SIGHUP is ignored */
	void (*on_child)(void *user);  /* NULL: SIGCHLD is left alone */
	void (*on_report)(void *user); /* NULL: SIGUSR1 is left alone */
	void *user;
};

/* NULL on failure. */
MUST_USE struct loop *loop_new(struct err *err);
void loop_free(struct loop *loop);

struct event_base *loop_base(struct loop *loop);

/* Only one loop of a process listens to signals. */
MUST_USE bool loop_watch_signals(
	struct loop *loop, const struct loop_signals *signals, struct err *err);

/* The timer fires in `ms`; when it was waiting already, it waits anew. */
void loop_arm(struct event *timer, uint64_t ms);

/* Before loop_run(): the thread that will run it has a pulse of that name (pulse.h). The loop
 * beats while it turns; what takes long within it beats itself, by loop_own_pulse(). */
MUST_USE bool loop_pulse(struct loop *loop, const char *name, struct err *err);
struct pulse *loop_own_pulse(struct loop *loop);

/* Until loop_stop(). */
void loop_run(struct loop *loop);

/* Any thread, also before loop_run() began: it then ends at once. */
void loop_stop(struct loop *loop);

#endif
