#include "common/capabilities.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITIES = 64 };

uint64_t capabilities_held(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	(void)syscall(SYS_capget, &head, data);
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

static bool raise_ambient(uint64_t passed)
{
	/* Older kernels have no ambient set to clear. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned i = 0; i < CAPABILITIES; i++) {
		if (passed & CAPABILITY(i) &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0)
			return false;
	}
	return true;
}

bool capabilities_hold(uint64_t held, uint64_t passed)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted = data[i].effective = (uint32_t)(held >> (32 * i));
		data[i].inheritable = (uint32_t)(passed >> (32 * i));
	}
	return syscall(SYS_capset, &head, data) == 0 && raise_ambient(passed);
}

bool capabilities_bound(uint64_t most)
{
	for (unsigned i = 0; i < CAPABILITIES; i++) {
		int now = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (now < 0) /* the kernel knows no more of them */
			return errno == EINVAL;
		if (now > 0 && !(most & CAPABILITY(i)) &&
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0)
			return false;
	}
	return true;
}
