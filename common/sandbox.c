#include "common/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/attr.h"

enum {
	NOBODY = 65534,
	/* <linux/landlock.h> of old systems is missing or short; ABI numbers are fixed. */
	LANDLOCK_CREATE_RULESET = 444,
	LANDLOCK_RESTRICT_SELF = 446,
	LANDLOCK_ASK_VERSION = 1,
	LANDLOCK_ACCESS_ABI_1 = (1 << 13) - 1, /* execute .. make_sym */
};

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

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	/* Since kernel 4.3; older ones have no ambient set to clear. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0;
}

static bool refuse_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static bool refuse_files(void)
{
	uint64_t handled = LANDLOCK_ACCESS_ABI_1; /* all refused: no rule is added */
	long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_ASK_VERSION);

	if (version < 1)
		return false;
	long ruleset = syscall(LANDLOCK_CREATE_RULESET, &handled, sizeof(handled), 0);
	if (ruleset < 0)
		return false;
	bool done = syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0;
	close((int)ruleset);
	return done;
}

/* mmap and mprotect stay for memory that cannot be executed. */
static int allow_call(scmp_filter_ctx filter, int call)
{
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
	if (!drop_capabilities())
		missing |= SANDBOX_CAPABILITIES;
	if (!refuse_privileges())
		missing |= SANDBOX_NO_NEW_PRIVS;
	if (!refuse_files())
		missing |= SANDBOX_LANDLOCK;
	if (!filter_calls(rules))
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
