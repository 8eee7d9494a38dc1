#include "common/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/attr.h"
#include "common/capabilities.h"

enum { NOBODY = 65534 };

/* The address sanitizer reserves terabytes. */
#if defined(__SANITIZE_ADDRESS__)
enum { ADDRESS_SPACE_LIMITED = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { ADDRESS_SPACE_LIMITED = 0 };
#else
enum { ADDRESS_SPACE_LIMITED = 1 };
#endif
#else
enum { ADDRESS_SPACE_LIMITED = 1 };
#endif

static bool limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(resource, &now) == 0 && now.rlim_max < most)
		most = now.rlim_max;
	return setrlimit(resource, &(struct rlimit){most, most}) == 0;
}

static bool limit_resources(const struct sandbox_rules *rules)
{
	bool done = limit(RLIMIT_CORE, 0);

	done &= limit(RLIMIT_FSIZE, 0);
	done &= limit(RLIMIT_NPROC, 0);
	done &= limit(RLIMIT_NOFILE, rules->open_max);
	if (rules->memory_max > 0 && ADDRESS_SPACE_LIMITED)
		done &= limit(RLIMIT_AS, rules->memory_max);
	return done;
}

static bool become_nobody(void)
{
	if (geteuid() != 0 && getuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static bool refuse_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* mmap and mprotect stay for memory that cannot be executed, tgkill for this process: abort()
 * needs it. */
static int allow_call(scmp_filter_ctx filter, int call)
{
	if (call == SCMP_SYS(tgkill))
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (call != SCMP_SYS(mmap) && call != SCMP_SYS(mprotect) && call != SCMP_SYS(mmap2))
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	return seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static bool filter_calls(const struct sandbox_rules *rules)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	/* Before kernel 4.14 only a thread can be killed; a process of one is the same. */
	uint32_t kill = seccomp_api_get() >= 3 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_KILL;
	bool done = filter != NULL;

	for (size_t i = 0; i < rules->n_calls && done; i++)
		done = allow_call(filter, rules->calls[i]) == 0;
	for (size_t i = 0; i < rules->n_deadly && done; i++)
		done = seccomp_rule_add(filter, kill, rules->deadly[i], 0) == 0;
	done = done && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return done;
}

unsigned sandbox_enter(const struct sandbox_rules *rules)
{
	unsigned missing = 0;

	if (!limit_resources(rules))
		missing |= SANDBOX_LIMITS;
	if (!become_nobody())
		missing |= SANDBOX_USER;
	if (!capabilities_hold(0, 0))
		missing |= SANDBOX_CAPABILITIES;
	if (!refuse_privileges())
		missing |= SANDBOX_NO_NEW_PRIVS;
	if (!landlock_restrict(&(struct landlock_reach){0}))
		missing |= SANDBOX_LANDLOCK;
	if (!filter_calls(rules))
		missing |= SANDBOX_SECCOMP;
	return missing;
}

/* Calls that a service never makes and that have helped many a break-out. */
static const int no_service_calls[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(bpf),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(personality),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(chroot),
	SCMP_SYS(pivot_root),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(quotactl),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(reboot),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(syslog),
	SCMP_SYS(vhangup),
};

static bool refuse_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool done = filter != NULL;

	for (size_t i = 0; i < ARRAY_LEN(no_service_calls) && done; i++)
		done = seccomp_rule_add(
			       filter, SCMP_ACT_ERRNO(EPERM), no_service_calls[i], 0) == 0;
	done = done && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return done;
}

unsigned sandbox_enter_service(const struct landlock_reach *reach)
{
	unsigned missing = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		missing |= SANDBOX_NO_NEW_PRIVS;
	if (!landlock_restrict(reach))
		missing |= SANDBOX_LANDLOCK;
	if (!refuse_calls())
		missing |= SANDBOX_SECCOMP;
	return missing;
}

const char *sandbox_part_name(unsigned part)
{
	static const char *const names[SANDBOX_PARTS] = {
		"limits", "user", "capabilities", "no-new-privileges", "landlock", "seccomp"};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (part == 1U << i)
			return names[i];
	}
	return "?";
}
