/*
 * safe_open - opens a log by its path, unless somebody could have bent the path
 *
 * The agent may read what others may not, so nobody may choose for it which file a path of its
 * settings means. The path is walked folder by folder, each held open, so what was judged
 * is what is opened, whatever is renamed meanwhile. Refused:
 *
 *	a symbolic link anywhere on the way, unless root, the agent's user or the owner of
 *	what it points to made it
 *	a file with several names (hard links) in a folder in which somebody else than
 *	root, the agent's user and the file's owner may make names
 *	a file in such a folder that not everybody may read, whatever names it has now, when
 *	the kernel lets anybody link to it (fs.protected_hardlinks is 0): its first name
 *	may be gone, as that of a file that was replaced
 *	what is no regular file: it is not even opened
 *
 * To hold a folder does not mount it: below an automount point that is not mounted now nothing
 * is found (ENOENT). Who reads logs there mounts the file system for good.
 *
 * Groups that may write to a folder are trusted. Kernels from 3.6; /proc is needed. Any thread.
 */
#ifndef AGENT_INPUTS_SAFE_OPEN_H
#define AGENT_INPUTS_SAFE_OPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/err.h"

/* For reading. -1 with err; err->sys is ENOENT when nothing is there, EPERM when it is refused.
 */
MUST_USE int safe_open(const char *path, struct err *err);

/* Why somebody else may have given `file` its name in `folder`; NULL: nobody can have.
 * `guarded`: whether the kernel lets nobody link to what he may not read and write. */
const char *safe_open_planted(
	const struct stat *folder, const struct stat *file, bool (*guarded)(void));

#endif
