/*
 * walker - every object below some paths, one at a time, regular files opened
 *
 * The tree may be hostile and may change while it is walked. Folders are
 * opened relative to their parent and never through a symbolic link, files
 * non-blocking and looked at (regular or not) through the descriptor that is
 * scanned. The walk is iterative, keeps few descriptors whatever the depth, holds
 * in memory the names of sub-folders only, and enters a folder once.
 *
 * Blocks on the disk: not for the agent's own thread.
 */
#ifndef AGENT_SCAN_WALKER_H
#define AGENT_SCAN_WALKER_H

#include <sys/stat.h>

#include "agent/scan/verdict.h"
#include "common/slice.h"

enum { WALK_DEPTH_MAX = 4096, WALK_PATH_MAX = 2 << 20 };

struct walk_plan {
	const char *const *paths; /* files or folders; a link given here is followed */
	size_t n_paths;
	/* A pattern with '/' is held against the whole path, else against the name (fnmatch).
	 */
	const char *const *exclude;
	size_t n_exclude;
	unsigned depth_max;  /* folders below a path; 1 .. WALK_DEPTH_MAX */
	bool one_filesystem; /* stay on the file system of each path */
	bool network;        /* enter NFS, SMB, FUSE below a path */
	bool count_only;     /* files are not opened: fd -1, no stat */
};

enum walk_step {
	WALK_FILE,      /* a regular file, open */
	WALK_UNSCANNED, /* something that will not be scanned; verdict says why */
	WALK_END,
};

struct walk_object {
	struct slice path;    /* as given, then names as they are on disk; any byte but NUL */
	size_t name_at;       /* where the last name begins in path */
	enum verdict verdict; /* WALK_UNSCANNED */
	int sys;              /* errno that explains it, or 0 */
	bool is_root;         /* one of the given paths itself */
	int fd;               /* WALK_FILE: the caller's to close */
	struct stat st;       /* WALK_FILE */
};

struct walker;

/* `plan` and what it points to live as long as the walker. */
MUST_USE struct walker *walker_new(const struct walk_plan *plan);
void walker_free(struct walker *walker);

/* object->path is valid until the next call. */
enum walk_step walker_next(struct walker *walker, struct walk_object *object);

#endif
