#include "agent/inputs/file_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/counter.h"
#include "common/filesystem.h"
#include "common/loop.h"

enum { EVENTS_SIZE = 32 << 10 };

static struct counter n_overflows =
	COUNTER("file.watch_overflows", "times the kernel's queue of file events ran over");

struct folder {
	int wd;
	char *dir;
};

struct file_watch {
	int fd; /* -1: no inotify here */
	struct event *readable;
	struct event *pause;
	struct file_watch_user user;
	struct folder *folders; /* ascending by wd: the kernel counts upwards */
	size_t n_folders;
};

static struct folder *find_folder(struct file_watch *watch, int wd)
{
	size_t low = 0, high = watch->n_folders;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (watch->folders[mid].wd < wd)
			low = mid + 1;
		else
			high = mid;
	}
	return low < watch->n_folders && watch->folders[low].wd == wd ? &watch->folders[low]
								      : NULL;
}

static void drop_folder(struct file_watch *watch, struct folder *folder)
{
	size_t at = (size_t)(folder - watch->folders);

	free(folder->dir);
	watch->n_folders--;
	memmove(folder, folder + 1, (watch->n_folders - at) * sizeof(*folder));
}

static void tell(struct file_watch *watch, enum file_event event, const char *path)
{
	watch->user.on_event(watch->user.user, event, path);
}

static void take_event(struct file_watch *watch, const struct inotify_event *event)
{
	struct folder *folder = find_folder(watch, event->wd);
	char path[PATH_MAX];

	if (event->mask & IN_Q_OVERFLOW) {
		counter_add(&n_overflows, 1);
		tell(watch, FILE_UNKNOWN, NULL);
	}
	if (folder == NULL)
		return;
	if (event->mask & IN_IGNORED) {
		drop_folder(watch, folder);
		tell(watch, FILE_UNKNOWN, NULL);
		return;
	}
	if (event->len == 0 || snprintf(path, sizeof(path), "%s%s", folder->dir, event->name) >=
				       (int)sizeof(path))
		return;
	if (event->mask & (IN_CREATE | IN_MOVED_TO))
		tell(watch, FILE_APPEARED, path);
	else if (event->mask & (IN_DELETE | IN_MOVED_FROM))
		tell(watch, FILE_VANISHED, path);
	else
		tell(watch, FILE_CHANGED, path);
}

void file_watch_hear(struct file_watch *watch)
{
	_Alignas(struct inotify_event) char bytes[EVENTS_SIZE];
	const struct inotify_event *event;
	ssize_t n;

	while (watch->fd >= 0 && (n = read(watch->fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(bytes + at);
			take_event(watch, event);
		}
	}
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
	struct file_watch *watch = user;

	(void)fd;
	(void)what;
	event_del(watch->readable);
	file_watch_hear(watch);
	loop_arm(watch->pause, FILE_WATCH_PAUSE_MS);
}

static void on_pause_over(evutil_socket_t fd, short what, void *user)
{
	struct file_watch *watch = user;

	(void)fd;
	(void)what;
	event_add(watch->readable, NULL);
}

struct file_watch *file_watch_new(struct event_base *base, const struct file_watch_user *user)
{
	struct file_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		abort();
	watch->user = *user;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return watch;
	watch->readable = event_new(base, watch->fd, EV_READ | EV_PERSIST, on_readable, watch);
	watch->pause = evtimer_new(base, on_pause_over, watch);
	if (watch->readable == NULL || watch->pause == NULL)
		abort();
	event_add(watch->readable, NULL);
	return watch;
}

void file_watch_free(struct file_watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->fd >= 0) {
		event_free(watch->readable);
		event_free(watch->pause);
		close(watch->fd);
	}
	for (size_t i = 0; i < watch->n_folders; i++)
		free(watch->folders[i].dir);
	free(watch->folders);
	free(watch);
}

static void add_folder(struct file_watch *watch, int wd, const char *dir)
{
	struct folder *folders =
		realloc(watch->folders, (watch->n_folders + 1) * sizeof(*folders));
	char *copy = strdup(dir);

	if (folders == NULL || copy == NULL)
		abort();
	folders[watch->n_folders++] = (struct folder){.wd = wd, .dir = copy};
	watch->folders = folders;
}

bool file_watch_dir(struct file_watch *watch, const char *dir, struct err *err)
{
	const char *name = dir[0] != '\0' ? dir : ".";
	const uint32_t mask = IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
			      IN_MOVED_TO | IN_ONLYDIR;

	if (watch->fd < 0)
		return err_set(err, "no inotify");
	/* Writes by other machines are not told. */
	if (filesystem_at(name) == FILESYSTEM_NETWORK)
		return err_set(err, "%s: file system of other machines", name);

	int wd = inotify_add_watch(watch->fd, name, mask);
	if (wd < 0)
		return err_sys(err, "watching %s", name);
	if (find_folder(watch, wd) == NULL)
		add_folder(watch, wd, dir);
	return true;
}
