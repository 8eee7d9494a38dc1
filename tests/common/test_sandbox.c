#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"

static const int allowed[] = {SCMP_SYS(exit_group), SCMP_SYS(exit), SCMP_SYS(write),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(futex)};
static const int deadly[] = {SCMP_SYS(socket)};

/* How a child ends that enters the sandbox and then does `what`. */
static int end_of(void (*what)(unsigned missing))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		what(sandbox_enter(&(struct sandbox_rules){.calls = allowed,
			.n_calls = ARRAY_LEN(allowed),
			.deadly = deadly,
			.n_deadly = ARRAY_LEN(deadly),
			.open_max = 64}));
		_exit(99);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void say_missing(unsigned missing)
{
	_exit((int)missing);
}

static void make_socket(unsigned missing)
{
	(void)missing;
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
}

static void ask_pid(unsigned missing)
{
	(void)missing;
	errno = 0;
	_exit(syscall(SYS_getppid) == -1 && errno == EPERM ? 7 : 8);
}

/* The parts a kernel may lack. */
static bool lacks(unsigned part)
{
	int status = end_of(say_missing);

	ck_assert(WIFEXITED(status));
	return ((unsigned)WEXITSTATUS(status) & part) != 0;
}

START_TEST(missing_parts_are_only_those_kernels_may_lack)
{
	int status = end_of(say_missing);

	ck_assert(WIFEXITED(status));
	ck_assert_uint_eq(
		(unsigned)WEXITSTATUS(status) &
			(SANDBOX_LIMITS | SANDBOX_CAPABILITIES | SANDBOX_NO_NEW_PRIVS),
		0);
}
END_TEST

START_TEST(a_deadly_call_ends_the_process)
{
	if (lacks(SANDBOX_SECCOMP))
		return;
	int status = end_of(make_socket);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

START_TEST(a_call_that_is_not_listed_fails)
{
	if (lacks(SANDBOX_SECCOMP))
		return;
	int status = end_of(ask_pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

/* In a child: what a service can and cannot do; 0 when all is as it should be. */
static int service_child(void)
{
	static const char *const reach[] = {"/dev/null"};
	const unsigned missing =
		sandbox_enter_service(&(struct landlock_reach){.read = reach, .n_read = 1});
	char *const nothing[] = {NULL};

	if ((missing & SANDBOX_SECCOMP) == 0) {
		if (execve("/bin/true", nothing, nothing) != -1 || errno != EPERM)
			return 1;
		if (syscall(SYS_unshare, 0) != -1 || errno != EPERM)
			return 2;
	}
	if ((missing & SANDBOX_LANDLOCK) == 0) {
		if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) != -1 || errno != EACCES)
			return 3;
	}
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		return 4;
	if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
		return 5;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 6;
}

START_TEST(a_service_keeps_files_and_sockets_and_runs_no_programs)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(service_child());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(parts_have_names)
{
	ck_assert_str_eq(sandbox_part_name(SANDBOX_LIMITS), "limits");
	ck_assert_str_eq(sandbox_part_name(SANDBOX_SECCOMP), "seccomp");
	ck_assert_str_eq(sandbox_part_name(64), "?");
}
END_TEST

TEST_MAIN("sandbox", missing_parts_are_only_those_kernels_may_lack,
	a_deadly_call_ends_the_process, a_call_that_is_not_listed_fails,
	a_service_keeps_files_and_sockets_and_runs_no_programs, parts_have_names)
