#include "common/capabilities.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"

enum { NOT_ROOT = 77 };

/* How a child ends that does `what`; a process that was not given any cannot lose any. */
static int end_of(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(geteuid() == 0 && capabilities_held() != 0 ? what() : NOT_ROOT);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status) == NOT_ROOT ? 0 : WEXITSTATUS(status);
}

static int hold_one(void)
{
	const uint64_t one = CAPABILITY(CAP_KILL);

	if (!capabilities_hold(one, one) || capabilities_held() != one)
		return 1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) != 1)
		return 2;
	if (capabilities_hold(one | CAPABILITY(CAP_SYS_TIME), 0)) /* no way back */
		return 3;
	if (!capabilities_hold(0, 0) || capabilities_held() != 0)
		return 4;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 0 ? 0 : 5;
}

static int bound(void)
{
	const uint64_t two = CAPABILITY(CAP_KILL) | CAPABILITY(CAP_SETPCAP);

	if (!capabilities_bound(two))
		return 1;
	if (prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0) != 1 ||
		prctl(PR_CAPBSET_READ, CAP_SYS_TIME, 0, 0, 0) != 0)
		return 2;
	if (!capabilities_hold(CAPABILITY(CAP_KILL), 0))
		return 3;
	if (!capabilities_bound(two)) /* nothing to drop needs no power to drop it */
		return 4;
	return capabilities_bound(0) ? 5 : 0;
}

START_TEST(what_is_given_up_does_not_come_back)
{
	ck_assert_int_eq(end_of(hold_one), 0);
}
END_TEST

START_TEST(later_programs_are_bound_too)
{
	ck_assert_int_eq(end_of(bound), 0);
}
END_TEST

TEST_MAIN("capabilities", what_is_given_up_does_not_come_back, later_programs_are_bound_too)
