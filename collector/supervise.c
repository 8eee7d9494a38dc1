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
#include "common/pulse.h"

enum {
	RESTART_FIRST_MS = 200,
	RESTART_MOST_MS = 30000,
	STEADY_MS = 60000,
	LOOK_MS = 1000,
	QUIET_MS = 5000, /* a thread this quiet is told */
};

struct role {
	struct supervisor *supervisor;
	pid_t pid; /* 0 = not running */
	bool ready, was_ready;
	bool reload_due;    /* asked for since it was started */
	bool renewing;      /* told to end, to be started again */
	bool silent;        /* killed for it */
	uint64_t silent_ms; /* since its last sign of life, while the supervisor itself ran */
	uint64_t start_ms;  /* since it was started, the same, while it is not ready */
	int life_fd;
	struct event *on_life, *restart, *kill;
	struct backoff backoff;
	int64_t since_ms;
};

struct supervisor {
	const struct supervise_settings *settings;
	struct loop *loop;
	struct event *watchdog, *look;
	int64_t look_ms; /* the last one, monotonic */
	int channel[2];  /* signer's end, ingest's end */
	struct role roles[ROLES];
	bool stopping;
	int status;
};

/* What a role says of itself each time: how long its quietest thread has been silent. */
void role_alive(void)
{
	static bool was_quiet;
	const char *name;
	const uint64_t silence_ms = pulse_look(&name);
	const bool is_quiet = silence_ms >= QUIET_MS;
	const uint32_t sign = silence_ms < UINT32_MAX ? (uint32_t)silence_ms : UINT32_MAX;

	if (is_quiet && !was_quiet)
		log_warn("role.quiet", "thread=%s silent_ms=%llu", name,
			(unsigned long long)silence_ms);
	was_quiet = is_quiet;
	(void)!write(ROLE_LIFE_FD, &sign, sizeof(sign));
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
NO_RETURN static void become(const struct role *role, int life_fd, pid_t parent)
{
	struct supervisor *supervisor = role->supervisor;
	struct err err;
	bool signs = is_signer(role);
	int life = fcntl(life_fd, F_DUPFD_CLOEXEC, 16);
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
	if (!die_with(parent) || life < 0 || channel < 0 || dup2(life, ROLE_LIFE_FD) < 0 ||
		dup2(channel, ROLE_SIGNER_FD) < 0)
		_exit(126);
	execl("/proc/self/exe", "soc-collector", "run", "-c", supervisor->settings->config,
		"--role", name_of(role), (char *)NULL);
	_exit(127);
}

static bool start_role(struct role *role)
{
	int life[2];

	if (pipe2(life, O_CLOEXEC | O_NONBLOCK) != 0) {
		log_error("supervise.start", "role=%s reason=\"%s\"", name_of(role),
			strerror(errno));
		return false;
	}
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become(role, life[1], parent);
	close(life[1]);
	if (pid < 0) {
		log_error("supervise.start", "role=%s reason=\"%s\"", name_of(role),
			strerror(errno));
		close(life[0]);
		return false;
	}
	role->pid = pid;
	role->ready = role->reload_due = role->silent = false;
	role->silent_ms = role->start_ms = 0;
	role->life_fd = life[0];
	role->since_ms = clock_mono_ms();
	event_assign(role->on_life, loop_base(role->supervisor->loop), life[0],
		EV_READ | EV_PERSIST, event_get_callback(role->on_life), role);
	event_add(role->on_life, NULL);
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

static void became_ready(struct role *role)
{
	role->ready = role->was_ready = true;
	if (role->reload_due)
		reload_role(role);
	if (all_ready(role->supervisor))
		notify_ready("all roles run");
}

static void stop_listening(struct role *role)
{
	event_del(role->on_life);
	if (role->life_fd >= 0)
		close(role->life_fd);
	role->life_fd = -1;
}

/* Signs of life since the last time; the last one counts. False: there is no more to come. */
static bool hear(struct role *role)
{
	uint32_t signs[64];
	ssize_t n;

	while ((n = read(role->life_fd, signs, sizeof(signs))) >= (ssize_t)sizeof(signs[0])) {
		role->silent_ms = signs[(size_t)n / sizeof(signs[0]) - 1];
		if (!role->ready)
			became_ready(role);
	}
	return n != 0;
}

static void on_life(evutil_socket_t fd, short what, void *user)
{
	struct role *role = user;

	(void)fd;
	(void)what;
	if (!hear(role))
		stop_listening(role);
}

/* ---- silence ---------------------------------------------------------------- */

static bool starts_too_long(const struct role *role)
{
	return role->pid != 0 && !role->ready &&
	       role->start_ms >= role->supervisor->settings->start_ms;
}

/* It reads its store first, which may take long: it is told of, and not killed. */
static void look_at_start(struct role *role, uint64_t passed_ms)
{
	const uint64_t each_ms = role->supervisor->settings->start_ms;
	const uint64_t before = role->start_ms / each_ms;

	role->start_ms += passed_ms;
	if (role->start_ms / each_ms != before)
		log_error("supervise.starting", "role=%s start_ms=%llu, it is not ready yet",
			name_of(role), (unsigned long long)role->start_ms);
}

static void look_at_life(struct role *role, uint64_t passed_ms)
{
	role->silent_ms += passed_ms;
	if (role->life_fd >= 0 && !hear(role))
		stop_listening(role);
	if (role->silent_ms < role->supervisor->settings->silent_ms)
		return;
	role->silent = true;
	log_error("supervise.silent",
		"role=%s silent_ms=%llu, it is killed and started again; nothing acknowledged "
		"is lost by it",
		name_of(role), (unsigned long long)role->silent_ms);
	kill(role->pid, SIGKILL);
}

static void look_at(struct role *role, uint64_t passed_ms)
{
	if (role->pid == 0 || role->silent)
		return;
	if (role->ready)
		look_at_life(role, passed_ms);
	else
		look_at_start(role, passed_ms);
}

/* A supervisor that was stopped itself, with all its roles, gives them time to be heard. */
static void on_look(evutil_socket_t fd, short what, void *user)
{
	struct supervisor *supervisor = user;
	const int64_t now_ms = clock_mono_ms();
	const int64_t passed_ms = now_ms - supervisor->look_ms;

	(void)fd;
	(void)what;
	supervisor->look_ms = now_ms;
	if (supervisor->stopping)
		return;
	for (unsigned i = 0; i < ROLES; i++)
		look_at(&supervisor->roles[i],
			(uint64_t)(passed_ms < LOOK_MS ? passed_ms : LOOK_MS));
}

/* The service manager had better not think that all is well. */
static bool any_hangs(const struct supervisor *supervisor)
{
	for (unsigned i = 0; i < ROLES; i++) {
		if (supervisor->roles[i].silent || starts_too_long(&supervisor->roles[i]))
			return true;
	}
	return false;
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
	role->ready = role->silent = false;
	event_del(role->kill);
	stop_listening(role);
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
	if (!any_hangs(user))
		notify_watchdog();
}

/* ---- life ------------------------------------------------------------------- */

static bool start_looking(struct supervisor *supervisor)
{
	supervisor->look =
		event_new(loop_base(supervisor->loop), -1, EV_PERSIST, on_look, supervisor);
	supervisor->look_ms = clock_mono_ms();
	if (supervisor->look == NULL)
		return false;
	loop_arm(supervisor->look, LOOK_MS);
	return true;
}

static bool start_watchdog(struct supervisor *supervisor)
{
	uint64_t interval_ms = notify_watchdog_interval_ms();

	if (interval_ms == 0)
		return true;
	supervisor->watchdog =
		event_new(loop_base(supervisor->loop), -1, EV_PERSIST, on_watchdog, supervisor);
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
		role->life_fd = -1;
		backoff_init(&role->backoff, RESTART_FIRST_MS, RESTART_MOST_MS);
		role->on_life = event_new(base, -1, EV_READ, on_life, role);
		role->restart = event_new(base, -1, 0, on_restart, role);
		role->kill = event_new(base, -1, 0, on_kill, role);
		if (!role->on_life || !role->restart || !role->kill)
			return err_set(err, "creating events");
	}
	return (start_looking(supervisor) && start_watchdog(supervisor)) ||
	       err_set(err, "creating timers");
}

static void tear_down(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < ROLES; i++) {
		struct role *role = &supervisor->roles[i];
		struct event *events[] = {role->on_life, role->restart, role->kill};

		for (unsigned n = 0; n < ARRAY_LEN(events); n++) {
			if (events[n] != NULL)
				event_free(events[n]);
		}
	}
	if (supervisor->watchdog != NULL)
		event_free(supervisor->watchdog);
	if (supervisor->look != NULL)
		event_free(supervisor->look);
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
