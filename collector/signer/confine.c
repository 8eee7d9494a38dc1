#include "collector/signer/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* What OpenSSL, malloc, the log and the loop in signer.c need; found with strace, kept short.
 */
static const int allowed[] = {
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static bool limit_resources(struct err *err)
{
	static const struct {
		__rlimit_resource_t resource;
		const char *name;
	} none[] = {
		{RLIMIT_CORE, "core"},
		{RLIMIT_FSIZE, "file size"},
		{RLIMIT_NPROC, "processes"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
		if (setrlimit(none[i].resource, &(struct rlimit){0}) != 0)
			return err_sys(err, "limiting %s", none[i].name);
	}
	return true;
}

static bool filter_calls(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int failed = filter == NULL ? -ENOMEM : 0;

	for (unsigned i = 0; i < ARRAY_LEN(allowed) && failed == 0; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (failed == 0)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed == 0)
		return true;
	errno = -failed;
	return err_sys(err, "loading the filter of system calls");
}

bool confine(struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(err, "giving up privileges");
	return limit_resources(err) && filter_calls(err);
}
