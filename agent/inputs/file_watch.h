/*
 * file_watch - hears about changes in folders (inotify)
 *
 * One watch per folder, whatever the number of files in it. What happens in
 * quick succession is told together, every FILE_WATCH_PAUSE_MS: a busy log
 * costs a wake-up now and then, not one per line.
 *
 * Where a folder cannot be watched (no inotify, the limit on watches, file
 * systems of other machines, which do not tell) the user looks by itself.
 */
#ifndef AGENT_INPUTS_FILE_WATCH_H
#define AGENT_INPUTS_FILE_WATCH_H

#include "common/err.h"

enum { FILE_WATCH_PAUSE_MS = 40 };

struct event_base;
struct file_watch;

enum file_event {
	FILE_CHANGED,  /* written, truncated, or its permissions changed */
	FILE_APPEARED, /* made, or renamed to this path */
	FILE_VANISHED, /* removed, or renamed from this path */
	FILE_UNKNOWN,  /* path NULL: something was missed, look at everything */
};

struct file_watch_user {
	void (*on_event)(void *user, enum file_event event, const char *path);
	void *user;
};

MUST_USE struct file_watch *file_watch_new(
	struct event_base *base, const struct file_watch_user *user);
void file_watch_free(struct file_watch *watch);

/* `dir` ends with '/' or is empty (the current folder). Watching one twice is fine. False: it
 * is not watched, err says why. */
MUST_USE bool file_watch_dir(struct file_watch *watch, const char *dir, struct err *err);

/* Tells now what the kernel has told so far. Not to be called by on_event. */
void file_watch_hear(struct file_watch *watch);

#endif
