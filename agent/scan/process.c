#include "agent/scan/process.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/scan/feed.h"
#include "agent/scan/spawn.h"
#include "common/clock.h"
#include "common/loop.h"

enum { READ_SIZE = 32 << 10, REAP_MS = 50, REAP_SLOW_MS = 1000 };

struct scan_process {
	struct scan_process_settings settings;
	struct scan_process_user user;
	pid_t pid; /* 0: reaped */
	int status;
	int fd; /* -1: it has closed its end */
	struct event *readable, *silence, *reap;
	struct strbuf in;
	size_t at;  /* lines before it were taken */
	bool waits; /* the user has no room */
	const char *why;
	uint64_t reap_ms;
	int64_t closed_ms; /* its end was first seen closed; monotonic, 0 = not yet */
};

static void put_down(struct scan_process *process, const char *why)
{
	if (process->pid > 0)
		(void)kill(process->pid, SIGKILL);
	process->why = why;
}

static void close_end(struct scan_process *process)
{
	if (process->fd < 0)
		return;
	event_del(process->readable);
	close(process->fd);
	process->fd = -1;
	event_del(process->silence);
}

static bool reap(struct scan_process *process)
{
	if (process->pid == 0)
		return true;
	pid_t pid = waitpid(process->pid, &process->status, WNOHANG);
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	process->pid = 0;
	return true;
}

static const char *why_ended(const struct scan_process *process)
{
	if (process->why != NULL)
		return process->why;
	return WIFEXITED(process->status) ? NULL : "the scan crashed";
}

/* Its end of the pipe is closed; a little later it should be gone. */
static void wait_for_end(struct scan_process *process)
{
	int64_t now_ms = clock_mono_ms();

	if (process->closed_ms == 0)
		process->closed_ms = now_ms;
	else if (process->why == NULL &&
		 now_ms - process->closed_ms >= (int64_t)process->settings.stop_ms)
		put_down(process, "the scan said nothing more, did not end and was killed");
	loop_arm(process->reap, process->reap_ms);
	process->reap_ms = REAP_SLOW_MS;
}

/* Told when nothing of it is left: neither a line nor the process. */
static void look_for_end(struct scan_process *process)
{
	if (process->fd >= 0 || process->waits)
		return;
	if (!reap(process)) {
		wait_for_end(process);
		return;
	}
	process->user.on_end(process->user.user,
		WIFEXITED(process->status) ? WEXITSTATUS(process->status) : -1,
		why_ended(process));
}

/* ---- lines ---------------------------------------------------------------------------------
 */

static void drop_taken(struct scan_process *process)
{
	size_t left = process->in.len - process->at;

	memmove(process->in.ptr, process->in.ptr + process->at, left);
	strbuf_cut(&process->in, left);
	process->at = 0;
}

static void take_lines(struct scan_process *process)
{
	process->waits = false;
	for (;;) {
		struct slice rest = slice_from(strbuf_slice(&process->in), process->at);
		size_t len = slice_find(rest, '\n');

		if (len == rest.len)
			break;
		if (!process->user.on_line(process->user.user, slice_head(rest, len))) {
			process->waits = true;
			break;
		}
		process->at += len + 1;
	}
	if (process->at > 0)
		drop_taken(process);
	if (process->in.len > FEED_LINE_MAX && !process->waits) {
		put_down(process, "the scan said what it may not say");
		close_end(process);
	}
}

/* False: nothing more can be read now. */
static bool read_once(struct scan_process *process)
{
	char *to = strbuf_reserve(&process->in, READ_SIZE);
	ssize_t n = to != NULL ? read(process->fd, to, READ_SIZE) : -1;

	if (n > 0) {
		strbuf_extend(&process->in, (size_t)n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	close_end(process);
	return false;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
	struct scan_process *process = user;

	(void)fd;
	(void)what;
	if (read_once(process)) {
		loop_arm(process->silence, process->settings.silence_ms);
		take_lines(process);
	}
	if (process->waits && process->fd >= 0) {
		event_del(process->readable);
		event_del(process->silence);
	}
	look_for_end(process);
}

void scan_process_resume(struct scan_process *process)
{
	if (!process->waits)
		return;
	take_lines(process);
	if (process->waits)
		return;
	if (process->fd >= 0) {
		event_add(process->readable, NULL);
		loop_arm(process->silence, process->settings.silence_ms);
	}
	/* Not from inside the caller: on_end() may start the next scan. */
	if (process->fd < 0)
		loop_arm(process->reap, 0);
}

static void on_silence(evutil_socket_t fd, short what, void *user)
{
	struct scan_process *process = user;

	(void)fd;
	(void)what;
	put_down(process, "the scan was silent for too long and was killed");
	close_end(process);
	look_for_end(process);
}

static void on_reap(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	look_for_end(user);
}

/* ---- life
 * ------------------------------------------------------------------------------------ */

static bool begin(struct scan_process *process, struct event_base *base, char *const *arguments,
	struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(err, "making a pipe to the scan");
	process->fd = ends[0];
	process->readable =
		event_new(base, ends[0], EV_READ | EV_PERSIST, on_readable, process);
	struct spawn how = {arguments, NULL, ends[1], STDOUT_FILENO};
	bool started = spawn_self(&how, &process->pid, err);
	close(ends[1]);
	if (!started)
		return false;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	event_add(process->readable, NULL);
	loop_arm(process->silence, process->settings.silence_ms);
	return true;
}

struct scan_process *scan_process_start(struct event_base *base, char *const *arguments,
	const struct scan_process_settings *settings, const struct scan_process_user *user,
	struct err *err)
{
	struct scan_process *process = calloc(1, sizeof(*process));

	if (process == NULL)
		abort();
	process->settings = *settings;
	process->user = *user;
	process->fd = -1;
	process->reap_ms = REAP_MS;
	process->silence = evtimer_new(base, on_silence, process);
	process->reap = evtimer_new(base, on_reap, process);
	strbuf_init(&process->in, FEED_LINE_MAX + READ_SIZE);
	if (begin(process, base, arguments, err))
		return process;
	process->pid = 0;
	scan_process_free(process);
	return NULL;
}

static bool readable_until(int fd, int64_t until_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int64_t left_ms = until_ms - clock_mono_ms();

	return left_ms > 0 && poll(&poll_fd, 1, (int)left_ms) > 0;
}

void scan_process_stop(struct scan_process *process)
{
	if (process == NULL)
		return;
	int64_t until_ms = clock_mono_ms() + (int64_t)process->settings.stop_ms;

	if (process->pid > 0)
		(void)kill(process->pid, SIGTERM);
	take_lines(process);
	while (process->fd >= 0 && !process->waits && readable_until(process->fd, until_ms)) {
		if (read_once(process))
			take_lines(process);
	}
	/* Its end of the pipe closes when it is gone, or it will be now. */
	if (process->pid > 0 && process->fd >= 0)
		(void)kill(process->pid, SIGKILL);
	while (!reap(process) && clock_mono_ms() < until_ms)
		(void)poll(NULL, 0, 1);
	scan_process_free(process);
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void scan_process_free(struct scan_process *process)
{
	if (process->fd >= 0)
		close_end(process);
	free_event(process->readable);
	free_event(process->silence);
	free_event(process->reap);
	strbuf_done(&process->in);
	free(process);
}
