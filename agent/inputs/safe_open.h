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
 *	what is no regular file: it is not even opened
 *
 * Groups that may write to a folder are trusted. Kernels from 3.6; /proc is needed. Any thread.
 */
#ifndef AGENT_INPUTS_SAFE_OPEN_H
#define AGENT_INPUTS_SAFE_OPEN_H

#include "common/err.h"

/* For reading. -1 with err; err->sys is ENOENT when nothing is there, EPERM when it is refused.
 */
MUST_USE int safe_open(const char *path, struct err *err);

#endif
