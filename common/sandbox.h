/*
 * sandbox - what a process that reads hostile bytes may still do
 *
 * sandbox_enter() is for a process of one thread that has opened all it needs:
 * limits, another user, no capabilities, no new privileges, no core file, no
 * files by name (Landlock), only the listed system calls (seccomp). Kernels
 * differ: what cannot be had is returned and reported, never a reason not to
 * start.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#include "common/landlock.h"

enum sandbox_part {
	SANDBOX_LIMITS = 1,       /* RLIMIT_*; no core file, no written file, no process */
	SANDBOX_USER = 2,         /* root became nobody; fine when it was not root */
	SANDBOX_CAPABILITIES = 4, /* none left */
	SANDBOX_NO_NEW_PRIVS = 8, /* kernel 3.5 */
	SANDBOX_LANDLOCK = 16,    /* kernel 5.13 */
	SANDBOX_SECCOMP = 32,     /* kernel 3.5 */
	SANDBOX_PARTS = 6,
};

struct sandbox_rules {
	const int *calls; /* system calls that stay, SCMP_SYS() numbers */
	size_t n_calls;
	const int *deadly; /* calls that end the process; others fail with EPERM */
	size_t n_deadly;
	uint64_t memory_max; /* bytes of address space; 0 = no limit */
	unsigned open_max;   /* descriptors */
};

/*
 * Memory that is executable can no longer be made. Returns the parts (enum sandbox_part) that
 * this kernel or these privileges do not give; 0 is a whole sandbox.
 */
unsigned sandbox_enter(const struct sandbox_rules *rules);

/*
 * For a service, which goes on opening files, making threads and talking to the network: no new
 * privileges, no files but within `reach` (landlock.h), no programs, and none of the calls that
 * trace others, mount, change namespaces, load code into the kernel or set its clock. Before
 * the first thread. Returns the parts missing, as above.
 */
unsigned sandbox_enter_service(const struct landlock_reach *reach);

/* "landlock"; of one part. */
const char *sandbox_part_name(unsigned part);

#endif
