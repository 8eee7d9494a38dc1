#include "collector/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/attr.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/notify.h"

enum { RESTART_FIRST_MS = 200, RESTART_MOST_MS = 30000, STEADY_MS = 60000 };

struct role {
	struct supervisor *supervisor;
	pid_t pid; /* 0 = not running */
	bool ready, was_ready;
	bool reload_due; /* asked for since it was started */
	bool renewing;   /* told to end, to be started again */
	int ready_fd;
	struct event *on_ready, *restart, *kill;
	struct backoff backoff;
	int64_t since_ms;
};

struct supervisor {
	const struct supervise_settings *settings;
	struct loop *loop;
	struct event *watchdog;
	int channel[2]; /* signer's end, ingest's end */
	struct role roles[ROLES];
	bool stopping;
	int status;
};

void role_ready(void)
{
	(void)!write(ROLE_READY_FD, "", 1);
	close(ROLE_READY_FD);
}

static const char *name_of(const struct role *role)
{
	return role_names[role - role->supervisor->roles];
}

/* ---- starting --------------------------------------------------------------- */

/* A new process outlives no supervisor: nothing acknowledged is lost by it. Asked for after the
 * user was changed, which forgets it. */
static bool die_with(pid_t supervisor)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == supervisor;
}

static bool is_signer(const struct role *role)
{
	return role == &role->supervisor->roles[ROLE_SIGNER];
}

/* In the child. Descriptors are first moved out of the way of their places. */
NO_RETURN static void become(const struct role *role, int ready_fd, pid_t parent)
{
	struct supervisor *supervisor = role->supervisor;
	struct err err;
	bool signs = is_signer(role);
	int ready = fcntl(ready_fd, F_DUPFD_CLOEXEC, 16);
	int channel = fcntl(supervisor->channel[signs ? 0 : 1], F_DUPFD_CLOEXEC, 16);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_IGN); /* until the role has a handler */
	if (!role_become(&supervisor->settings->identities[signs ? ROLE_SIGNER : ROLE_INGEST],
		    &err)) {
		log_error("supervise.start", "role=%s reason=\"%s\"", name_of(role), err.text);
		_exit(126);
	}
	if (!die_with(parent) || ready < 0 || channel < 0 || dup2(ready, ROLE_READY_FD) < 0 ||
		dup2(channel, ROLE_SIGNER_FD) < 0)
		_exit(126);
	execl("/proc/self/exe", "soc-collector", "run", "-c", supervisor->settings->config,
		"--role", name_of(role), (char *)NULL);
	_exit(127);
}

static bool start_role(struct role *role)
{
	int ready[2];

	if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) != 0) {
		log_error("supervise.start", "role=%s reason=\"%s\"", name_of(role),
			strerror(errno));
		return false;
	}
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become(role, ready[1], parent);
	close(ready[1]);
	if (pid < 0) {
		log_error("supervise.start", "role=%s reason=\"%s\"", name_of(role),
			strerror(errno));
		close(ready[0]);
		return false;
	}
	role->pid = pid;
	role->ready = role->reload_due = false;
	role->ready_fd = ready[0];
	role->since_ms = clock_mono_ms();
	event_assign(role->on_ready, loop_base(role->supervisor->loop), ready[0], EV_READ,
		event_get_callback(role->on_ready), role);
	event_add(role->on_ready, NULL);
	log_info("supervise.started", "role=%s pid=%d", name_of(role), (int)pid);
	return true;
}

static bool all_ready(const struct supervisor *supervisor)
{
	for (unsigned i = 0; i < ROLES; i++) {
		if (!supervisor->roles[i].ready)
			return false;
	}
	return true;
}

/* One that is starting may have read its settings already: it is told when it is ready. The
 * signer reads its keys once and keeps nothing else: it is started again. */
static void reload_role(struct role *role)
{
	role->reload_due = !role->ready;
	if (!role->ready)
		return;
	role->renewing = is_signer(role);
	kill(role->pid, role->renewing ? SIGTERM : SIGHUP);
}

static void on_ready(evutil_socket_t fd, short what, void *user)
{
	struct role *role = user;
	char byte;

	(void)what;
	role->ready = read(fd, &byte, 1) == 1;
	if (role->ready)
		role->was_ready = true;
	if (role->ready && role->reload_due)
		reload_role(role);
	close(role->ready_fd);
	role->ready_fd = -1;
	if (role->ready && all_ready(role->supervisor))
		notify_ready("all roles run");
}

/* ---- stopping --------------------------------------------------------------- */

/* The role to stop next: the last one started that still runs. */
static struct role *last_running(struct supervisor *supervisor)
{
	for (unsigned i = ROLES; i > 0; i--) {
		if (supervisor->roles[i - 1].pid != 0)
			return &supervisor->roles[i - 1];
	}
	return NULL;
}

static void stop_next(struct supervisor *supervisor)
{
	struct role *role = last_running(supervisor);

	if (role == NULL) {
		loop_stop(supervisor->loop);
		return;
	}
	kill(role->pid, SIGTERM);
	loop_arm(role->kill, supervisor->settings->stop_ms);
}

static void stop(struct supervisor *supervisor, int status)
{
	if (supervisor->stopping)
		return;
	supervisor->stopping = true;
	supervisor->status = status;
	for (unsigned i = 0; i < ROLES; i++)
		event_del(supervisor->roles[i].restart);
	notify_stopping("stopping the roles");
	stop_next(supervisor);
}

static void on_stop(void *user)
{
	stop(user, EXIT_SUCCESS);
}

static void on_kill(evutil_socket_t fd, short what, void *user)
{
	struct role *role = user;

	(void)fd;
	(void)what;
	log_error("supervise.killed", "role=%s reason=\"did not stop in time\"", name_of(role));
	if (role->pid != 0)
		kill(role->pid, SIGKILL);
}

/* ---- deaths and reloads ----------------------------------------------------- */

static void on_restart(evutil_socket_t fd, short what, void *user)
{
	struct role *role = user;

	(void)fd;
	(void)what;
	if (!start_role(role))
		loop_arm(role->restart, backoff_next(&role->backoff));
}

/* A role without a handler ends by the signal that asked it to. */
static bool ended_as_asked(const struct role *role, int status)
{
	return (role->supervisor->stopping || role->renewing) &&
	       (WIFSIGNALED(status) ? WTERMSIG(status) == SIGTERM : WEXITSTATUS(status) == 0);
}

static void log_death(const struct role *role, int status)
{
	if (ended_as_asked(role, status))
		log_info("supervise.stopped", "role=%s", name_of(role));
	else if (WIFSIGNALED(status))
		log_error(
			"supervise.died", "role=%s signal=%d", name_of(role), WTERMSIG(status));
	else
		log_error("supervise.died", "role=%s status=%d", name_of(role),
			WEXITSTATUS(status));
}

static void role_died(struct role *role, int status)
{
	struct supervisor *supervisor = role->supervisor;

	log_death(role, status);
	role->pid = 0;
	role->ready = false;
	event_del(role->kill);
	event_del(role->on_ready);
	if (role->ready_fd >= 0)
		close(role->ready_fd);
	role->ready_fd = -1;
	if (supervisor->stopping) {
		if (!ended_as_asked(role, status))
			supervisor->status = EXIT_FAILURE;
		stop_next(supervisor);
		return;
	}
	if (!role->was_ready) { /* its first start: the operator must see it */
		stop(supervisor, EXIT_FAILURE);
		return;
	}
	bool renewed = ended_as_asked(role, status);
	role->renewing = false;
	if (renewed || clock_mono_ms() - role->since_ms > STEADY_MS)
		backoff_reset(&role->backoff);
	loop_arm(role->restart, renewed ? 0 : backoff_next(&role->backoff));
}

static void on_child(void *user)
{
	struct supervisor *supervisor = user;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < ROLES; i++) {
			if (supervisor->roles[i].pid == pid)
				role_died(&supervisor->roles[i], status);
		}
	}
}

static void on_reload(void *user)
{
	struct supervisor *supervisor = user;

	if (supervisor->stopping)
		return;
	notify_reloading();
	if (supervisor->settings->check(supervisor->settings->config)) {
		for (unsigned i = 0; i < ROLES; i++) {
			reload_role(&supervisor->roles[i]);
		}
		log_info("supervise.reload", "config=%s", supervisor->settings->config);
	} else {
		log_error("supervise.reload_refused", "the settings in force stay");
	}
	notify_ready("all roles run");
}

static void on_watchdog(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
	notify_watchdog();
}

/* ---- life ------------------------------------------------------------------- */

static bool start_watchdog(struct supervisor *supervisor)
{
	uint64_t interval_ms = notify_watchdog_interval_ms();

	if (interval_ms == 0)
		return true;
	supervisor->watchdog =
		event_new(loop_base(supervisor->loop), -1, EV_PERSIST, on_watchdog, NULL);
	if (supervisor->watchdog == NULL)
		return false;
	loop_arm(supervisor->watchdog, interval_ms);
	return true;
}

static bool prepare(struct supervisor *supervisor, struct err *err)
{
	const struct loop_signals signals = {.on_stop = on_stop,
		.on_reload = on_reload,
		.on_child = on_child,
		.user = supervisor};

	supervisor->loop = loop_new(err);
	if (supervisor->loop == NULL || !loop_watch_signals(supervisor->loop, &signals, err))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, supervisor->channel) != 0)
		return err_sys(err, "creating the channel between roles");
	for (unsigned i = 0; i < ROLES; i++) {
		struct role *role = &supervisor->roles[i];
		struct event_base *base = loop_base(supervisor->loop);

		role->supervisor = supervisor;
		role->ready_fd = -1;
		backoff_init(&role->backoff, RESTART_FIRST_MS, RESTART_MOST_MS);
		role->on_ready = event_new(base, -1, EV_READ, on_ready, role);
		role->restart = event_new(base, -1, 0, on_restart, role);
		role->kill = event_new(base, -1, 0, on_kill, role);
		if (!role->on_ready || !role->restart || !role->kill)
			return err_set(err, "creating events");
	}
	return start_watchdog(supervisor) || err_set(err, "creating the watchdog's timer");
}

static void tear_down(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < ROLES; i++) {
		struct role *role = &supervisor->roles[i];
		struct event *events[] = {role->on_ready, role->restart, role->kill};

		for (unsigned n = 0; n < ARRAY_LEN(events); n++) {
			if (events[n] != NULL)
				event_free(events[n]);
		}
	}
	if (supervisor->watchdog != NULL)
		event_free(supervisor->watchdog);
	if (supervisor->channel[0] >= 0) {
		close(supervisor->channel[0]);
		close(supervisor->channel[1]);
	}
	loop_free(supervisor->loop);
}

int supervise(const struct supervise_settings *settings)
{
	struct supervisor supervisor = {.settings = settings, .channel = {-1, -1}};
	struct err err;

	if (!prepare(&supervisor, &err)) {
		log_error("supervise.start", "reason=\"%s\"", err.text);
		tear_down(&supervisor);
		return EXIT_FAILURE;
	}
	for (unsigned i = 0; i < ROLES && !supervisor.stopping; i++) {
		if (!start_role(&supervisor.roles[i]))
			stop(&supervisor, EXIT_FAILURE);
	}
	if (!supervisor.stopping || last_running(&supervisor) != NULL)
		loop_run(supervisor.loop);
	tear_down(&supervisor);
	return supervisor.status;
}
