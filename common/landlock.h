/*
 * landlock - which files a process may still name
 *
 * The kernel (5.13 and later, when Landlock is switched on) refuses to open,
 * make, remove and rename what is not below a listed path, and to run any program:
 * for this thread and all it starts from then on, for ever. Descriptors that
 * are open stay as they are. Sockets are no files here, named ones neither.
 *
 * A listed folder stands for all that is or will be below it, a listed file
 * for itself alone: not for one that replaces it under its name.
 */
#ifndef COMMON_LANDLOCK_H
#define COMMON_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct landlock_reach {
	const char *const
		*read; /* files and folders; those that do not exist are passed over */
	size_t n_read;
	const char *const *write; /* the same, to read and to change */
	size_t n_write;
};

/*
 * Before the first thread, after PR_SET_NO_NEW_PRIVS. False with errno when this kernel has no
 * Landlock or refuses; nothing is restricted then.
 */
bool landlock_restrict(const struct landlock_reach *reach);

#endif
