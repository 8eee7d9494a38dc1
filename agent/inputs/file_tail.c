#include "agent/inputs/file_tail.h"

#include <errno.h>
#include <event2/event.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "agent/announce.h"
#include "agent/inputs/file_generations.h"
#include "agent/inputs/file_watch.h"
#include "agent/inputs/source_word.h"
#include "agent/inputs/tail.h"
#include "agent/settings.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/loop.h"

enum {
	BACKLOG_OPEN = 4,  /* so many times open_max may be open while all have much to read */
	TURNS_AT_ONCE = 4, /* then the rest of the agent has its turn */
	TICK_MS = 250,     /* tails that wait for time to pass */
	BLIND_POLL_MS = 1000, /* when a folder cannot be watched */
	BUCKETS_FIRST = 256,
	STOP_MS = 1000, /* reading once more before the end takes no longer */
};

/* A file made so long before the bookmark was saved may have been unknown to it. */
static const int64_t SEEN_LATE_NS = 2 * CLOCK_NS_PER_S;

static struct counter n_left_out =
	COUNTER("file.left_out", "files not followed, beyond files-max");
static struct counter n_unwatched =
	COUNTER("file.unwatched", "folders that had to be polled, not watched");

struct group {
	const struct file_settings *settings;
	struct line_rule *rule;
	struct source_words words;
};

struct file_tail {
	struct tails tails;
	struct group *groups;
	size_t n_groups;
	struct tail **buckets; /* by path */
	size_t n_buckets, n_tails;
	struct tail *queue, **queue_end;
	struct tail *fresh; /* seen, not placed yet */
	struct file_watch *watch;
	struct event *run;  /* tails are queued */
	struct event *tick; /* tails are waiting */
	struct event *poll;
	uint32_t open_max, files_max;
	uint64_t poll_ms;
	bool begun, blocked;
	bool crowded; /* it was told that there are too many */
};

/* ---- tails by path -------------------------------------------------------- */

static struct tail **bucket_of(const struct file_tail *self, const char *path)
{
	return &self->buckets[XXH3_64bits(path, strlen(path)) & (self->n_buckets - 1)];
}

static struct tail *find_tail(const struct file_tail *self, const char *path)
{
	struct tail *tail = *bucket_of(self, path);

	while (tail != NULL && strcmp(tail->path, path) != 0)
		tail = tail->next_in_bucket;
	return tail;
}

static void put_in_bucket(struct file_tail *self, struct tail *tail)
{
	struct tail **bucket = bucket_of(self, tail->path);

	tail->next_in_bucket = *bucket;
	*bucket = tail;
}

/* What the walk calls may free the tail it is given. */
static void each_tail(
	struct file_tail *self, void (*visit)(struct file_tail *self, struct tail *tail))
{
	for (size_t i = 0; i < self->n_buckets; i++) {
		struct tail *tail = self->buckets[i], *next;

		for (; tail != NULL; tail = next) {
			next = tail->next_in_bucket;
			visit(self, tail);
		}
	}
}

static void grow_buckets(struct file_tail *self)
{
	struct file_tail wider = {
		.n_buckets = self->n_buckets ? self->n_buckets * 2 : BUCKETS_FIRST};

	wider.buckets = calloc(wider.n_buckets, sizeof(*wider.buckets));
	if (wider.buckets == NULL)
		abort();
	for (size_t i = 0; i < self->n_buckets; i++) {
		while (self->buckets[i] != NULL) {
			struct tail *tail = self->buckets[i];

			self->buckets[i] = tail->next_in_bucket;
			put_in_bucket(&wider, tail);
		}
	}
	free(self->buckets);
	self->buckets = wider.buckets;
	self->n_buckets = wider.n_buckets;
}

static struct tail *add_tail(struct file_tail *self, const char *path)
{
	struct tail *tail = tail_new(path);

	if (self->n_tails >= self->n_buckets)
		grow_buckets(self);
	put_in_bucket(self, tail);
	self->n_tails++;
	return tail;
}

static void drop_tail(struct file_tail *self, struct tail *tail)
{
	struct tail **at = bucket_of(self, tail->path);

	while (*at != tail)
		at = &(*at)->next_in_bucket;
	*at = tail->next_in_bucket;
	for (at = &self->fresh; *at != NULL; at = &(*at)->next_fresh) {
		if (*at == tail) {
			*at = tail->next_fresh;
			break;
		}
	}
	self->n_tails--;
	tail_free(&self->tails, tail);
}

static struct tail *find_inode(
	void *user, const struct tail *asking, uint64_t device, uint64_t inode)
{
	const struct file_tail *self = user;

	for (size_t i = 0; i < self->n_buckets; i++)
		for (struct tail *tail = self->buckets[i]; tail; tail = tail->next_in_bucket)
			if (tail != asking && tail->placed &&
				tail->position.file.inode == inode &&
				tail->position.file.device == device)
				return tail;
	return NULL;
}

/* ---- turns ---------------------------------------------------------------- */

static void put_in_queue(struct file_tail *self, struct tail *tail)
{
	if (tail->queued || tail->settings == NULL)
		return;
	tail->queued = true;
	tail->next_in_queue = NULL;
	*self->queue_end = tail;
	self->queue_end = &tail->next_in_queue;
	if (!self->blocked && self->begun && !event_pending(self->run, EV_TIMEOUT, NULL))
		loop_arm(self->run, 0);
}

static struct tail *take_from_queue(struct file_tail *self)
{
	struct tail *tail = self->queue;

	self->queue = tail->next_in_queue;
	if (self->queue == NULL)
		self->queue_end = &self->queue;
	tail->queued = false;
	return tail;
}

/* Its generations were read: they are history if it comes back. */
static void forget(struct file_tail *self, struct tail *tail)
{
	self->tails.history_ns = clock_wall_ns();
	intake_forget(self->tails.intake, SLICE_LIT("file"), slice_str(tail->path));
	drop_tail(self, tail);
}

static void come_to_rest(struct file_tail *self, struct tail *tail)
{
	tail->at_rest = !self->tails.blind;
	tail->seen_size = tail->scan.seen;
	tail->seen_inode = tail->position.file.inode;
	tail->seen_modified_ns = tail->position.modified_ns;
	if (self->tails.n_open > self->open_max)
		tail_close(&self->tails, tail);
}

/* At once, whether the intake takes anything or not: what is not known cannot be missed. */
static void place_fresh(struct file_tail *self)
{
	while (self->fresh != NULL) {
		struct tail *tail = self->fresh;

		self->fresh = tail->next_fresh;
		tail_begin(&self->tails, tail);
		if (self->tails.n_open > self->open_max)
			tail_close(&self->tails, tail);
	}
}

/* False when the intake is full. */
static bool take_turn(struct file_tail *self, struct tail *tail)
{
	enum tail_turn turn = tail_turn(&self->tails, tail, clock_mono_ms());

	tail->waiting = turn == TAIL_WAITING;
	switch (turn) {
	case TAIL_MORE:
		if (self->tails.n_open > self->open_max * BACKLOG_OPEN)
			tail_close(&self->tails, tail);
		put_in_queue(self, tail);
		break;
	case TAIL_IDLE:
		come_to_rest(self, tail);
		break;
	case TAIL_WAITING:
		if (!event_pending(self->tick, EV_TIMEOUT, NULL))
			loop_arm(self->tick, TICK_MS);
		break;
	case TAIL_BLOCKED:
		put_in_queue(self, tail);
		return false;
	case TAIL_GONE:
		forget(self, tail);
		break;
	}
	return true;
}

static void on_run(evutil_socket_t fd, short what, void *user)
{
	struct file_tail *self = user;

	(void)fd;
	(void)what;
	place_fresh(self);
	for (int i = 0; i < TURNS_AT_ONCE && self->queue != NULL && !self->blocked; i++) {
		if (!take_turn(self, take_from_queue(self))) {
			self->blocked = true;
			return;
		}
	}
	if (self->queue != NULL && !self->blocked)
		loop_arm(self->run, 0);
}

static void queue_waiting(struct file_tail *self, struct tail *tail)
{
	if (tail->waiting)
		put_in_queue(self, tail);
}

static void on_tick(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	each_tail(user, queue_waiting);
}

/* ---- which files ---------------------------------------------------------- */

static bool matches(const struct setting_texts *patterns, const char *path)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->items[i], path, FNM_PATHNAME | FNM_PERIOD) == 0)
			return true;
	return false;
}

/* Exclusions without '/' are about the name alone. */
static bool excluded(const struct file_settings *settings, const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < settings->exclude.n; i++) {
		const char *pattern = settings->exclude.items[i];
		bool whole = strchr(pattern, '/') != NULL || slash == NULL;

		if (fnmatch(pattern, whole ? path : slash + 1, FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

/* The group a path belongs to: the first that wants it. */
static const struct group *group_of(const struct file_tail *self, const char *path)
{
	for (size_t i = 0; i < self->n_groups; i++)
		if (matches(&self->groups[i].settings->paths, path) &&
			!excluded(self->groups[i].settings, path))
			return &self->groups[i];
	return NULL;
}

/* A generation of a log that is followed: its tail reads it, under the log's own name. */
static bool is_rotated(const struct file_tail *self, const char *path)
{
	char base[PATH_MAX];

	if (file_is_packed(path))
		return true;
	if (!file_unrotated_path(path, base, sizeof(base)))
		return false;
	return find_tail(self, base) != NULL ||
	       (group_of(self, base) != NULL && access(base, F_OK) == 0);
}

static void put_among_fresh(struct file_tail *self, struct tail *tail)
{
	tail->next_fresh = self->fresh;
	self->fresh = tail;
	if (self->begun)
		loop_arm(self->run, 0);
}

/* Told once until a tenth of them is gone again. */
static bool has_room(struct file_tail *self)
{
	bool room = self->n_tails < self->files_max;

	if (!room)
		counter_add(&n_left_out, 1);
	if (!room && !self->crowded)
		announce_input_failed(self->tails.intake, "file",
			"more files than 'files-max': the rest is not read");
	self->crowded = !room || (self->crowded && self->n_tails > self->files_max / 10 * 9);
	return room;
}

/* NULL when nobody wants it, or there are too many. */
static struct tail *follow(struct file_tail *self, const char *path, bool from_end)
{
	const struct group *group = group_of(self, path);
	struct tail *tail = find_tail(self, path);

	if (group == NULL || (tail == NULL && is_rotated(self, path)))
		return NULL;
	if (tail == NULL && !has_room(self))
		return NULL;
	if (tail == NULL)
		tail = add_tail(self, path);
	tail->settings = group->settings;
	tail->words = &group->words;
	tail->rule = group->rule;
	tail->from_end = from_end && group->settings->begin == FILE_BEGIN_END;
	if (!tail->placed)
		put_among_fresh(self, tail);
	put_in_queue(self, tail);
	return tail;
}

static void watch_folder_of(struct file_tail *self, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	struct err err;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash + 1 - path) : 0, path);
	if (file_watch_dir(self->watch, dir, &err) || err.sys == ENOENT || err.sys == ENOTDIR)
		return;
	if (!self->tails.blind) {
		counter_add(&n_unwatched, 1);
		log_warn("file.unwatched", "reason=%s instead=polling",
			LOG_TEXT(slice_str(err.text)));
	}
	self->tails.blind = true;
}

/* Folders that match what stands before the last '/': files may appear there. */
static void watch_folders(struct file_tail *self, const char *pattern)
{
	const char *slash = strrchr(pattern, '/');
	char dirs[PATH_MAX];
	glob_t found;

	snprintf(dirs, sizeof(dirs), "%.*s", slash ? (int)(slash + 1 - pattern) : 0, pattern);
	if (dirs[0] == '\0') {
		watch_folder_of(self, "");
	} else if (glob(dirs, GLOB_NOSORT, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			watch_folder_of(self, found.gl_pathv[i]);
		globfree(&found);
	}
}

static void look_for_files(struct file_tail *self, bool from_end)
{
	for (size_t g = 0; g < self->n_groups; g++) {
		const struct setting_texts *paths = &self->groups[g].settings->paths;

		for (size_t p = 0; p < paths->n; p++) {
			glob_t found;

			watch_folders(self, paths->items[p]);
			if (glob(paths->items[p], GLOB_NOSORT, NULL, &found) != 0)
				continue;
			for (size_t i = 0; i < found.gl_pathc; i++)
				if (find_tail(self, found.gl_pathv[i]) == NULL)
					(void)follow(self, found.gl_pathv[i], from_end);
			globfree(&found);
		}
	}
}

static void queue_if_changed(struct file_tail *self, struct tail *tail)
{
	struct stat st = {0};

	if (file_source_is_open(&tail->late))
		put_in_queue(self, tail);
	if (stat(tail->path, &st) == 0 && st.st_ino == tail->seen_inode &&
		file_modified_ns(&st) != tail->seen_modified_ns)
		tail->at_rest = false;
	if (tail->seen_size == (uint64_t)st.st_size && tail->seen_inode == st.st_ino &&
		tail->seen_modified_ns == file_modified_ns(&st))
		return;
	tail->seen_size = (uint64_t)st.st_size;
	tail->seen_inode = st.st_ino;
	tail->seen_modified_ns = file_modified_ns(&st);
	put_in_queue(self, tail);
}

/* Something may have come to its path and nobody told. */
static void distrust_count(struct file_tail *self, struct tail *tail)
{
	(void)self;
	tail->counted = false;
}

static void look_at_everything(struct file_tail *self)
{
	self->tails.blind = false;
	look_for_files(self, false);
	if (self->tails.blind)
		each_tail(self, distrust_count);
	each_tail(self, queue_if_changed);
}

static void on_poll(evutil_socket_t fd, short what, void *user)
{
	struct file_tail *self = user;

	(void)fd;
	(void)what;
	bool was_blind = self->tails.blind;
	look_at_everything(self);
	bool blind = self->tails.blind;
	if (was_blind && !blind)
		log_info("file.watched", "all folders are watched");
	loop_arm(self->poll,
		blind && self->poll_ms > BLIND_POLL_MS ? BLIND_POLL_MS : self->poll_ms);
}

static void on_event(void *user, enum file_event event, const char *path)
{
	struct file_tail *self = user;

	struct tail *tail = path != NULL ? find_tail(self, path) : NULL;

	if (event == FILE_UNKNOWN) {
		each_tail(self, distrust_count);
		loop_arm(self->poll, 0);
		return;
	}
	if (tail == NULL && event == FILE_APPEARED)
		tail = follow(self, path, false);
	if (tail == NULL)
		return;
	if (event == FILE_CHANGED)
		tail->at_rest = false;
	else if (event == FILE_APPEARED)
		tail_came(tail);
	else
		tail_left(tail);
	put_in_queue(self, tail);
}

static void hear(void *user)
{
	struct file_tail *self = user;

	file_watch_hear(self->watch);
}

/* ---- the input ------------------------------------------------------------ */

static void free_all(struct file_tail *self)
{
	each_tail(self, drop_tail);
	free(self->buckets);
	for (size_t i = 0; i < self->n_groups; i++)
		line_rule_free(self->groups[i].rule);
	free(self->groups);
	file_watch_free(self->watch);
	if (self->run != NULL)
		event_free(self->run);
	if (self->tick != NULL)
		event_free(self->tick);
	if (self->poll != NULL)
		event_free(self->poll);
	free(self->tails.block);
	free(self->tails.long_record);
	free(self);
}

static bool make_groups(
	struct file_tail *self, const struct setting_sections *groups, struct err *err)
{
	const struct file_settings *settings = groups->items;

	self->groups = calloc(groups->n, sizeof(*self->groups));
	if (self->groups == NULL)
		abort();
	for (self->n_groups = 0; self->n_groups < groups->n; self->n_groups++) {
		struct group *group = &self->groups[self->n_groups];

		group->settings = &settings[self->n_groups];
		if (!source_words_make(group->settings->format, group->settings->zone,
			    group->settings->charset, &group->words, err) ||
			!line_rule_new((enum line_rule_kind)group->settings->multiline.by,
				group->settings->multiline.start,
				group->settings->multiline.lines_max, &group->rule, err))
			return err_within(err, "files, group %zu", self->n_groups + 1);
	}
	return true;
}

static void *start(const struct agent_settings *settings, struct event_base *base,
	struct intake *intake, struct err *err)
{
	struct file_tail *self;

	err->text[0] = '\0';
	if (settings->files.groups.n == 0)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (self == NULL || (self->tails.block = malloc(FILE_BLOCK_SIZE)) == NULL)
		abort();
	self->tails.intake = intake;
	self->tails.find = find_inode;
	self->tails.hear = hear;
	self->tails.user = self;
	self->queue_end = &self->queue;
	self->open_max = settings->files.open_max;
	self->files_max = settings->files.files_max;
	self->poll_ms = settings->files.poll_ms;
	self->run = evtimer_new(base, on_run, self);
	self->tick = evtimer_new(base, on_tick, self);
	self->poll = evtimer_new(base, on_poll, self);
	if (self->run == NULL || self->tick == NULL || self->poll == NULL)
		abort();
	grow_buckets(self);
	self->watch = file_watch_new(
		base, &(struct file_watch_user){.on_event = on_event, .user = self});
	if (make_groups(self, &settings->files.groups, err))
		return self;
	free_all(self);
	return NULL;
}

/* No group wants it; and when it is gone as well, nobody ever will. */
static void give_away(struct file_tail *self, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0 && errno == ENOENT)
		intake_forget(self->tails.intake, SLICE_LIT("file"), slice_str(path));
}

static void position(void *user, struct slice name, struct slice bytes)
{
	struct file_tail *self = user;
	struct file_position at;
	char path[PATH_MAX];

	if (!file_position_read(bytes, &at) || name.len >= sizeof(path) ||
		memchr(name.ptr, '\0', name.len) != NULL)
		return;
	snprintf(path, sizeof(path), "%.*s", SLICE_FMT(name));
	if (group_of(self, path) == NULL) {
		give_away(self, path);
		return;
	}

	struct tail *tail = find_tail(self, path);
	tail_place(tail != NULL ? tail : add_tail(self, path), &at);
}

static void follow_known(struct file_tail *self, struct tail *tail)
{
	(void)follow(self, tail->path, false);
}

static void begin(void *user)
{
	struct file_tail *self = user;
	int64_t known_ns = intake_known_ns(self->tails.intake), now_ns = clock_wall_ns();
	bool is_known = known_ns != 0 && known_ns <= now_ns; /* clocks go back at times */

	self->tails.beginning = known_ns == 0;
	self->tails.history_ns = is_known ? known_ns - SEEN_LATE_NS : now_ns;
	each_tail(self, follow_known);
	look_for_files(self, true);
	place_fresh(self);
	self->tails.beginning = false;
	self->begun = true;
	if (self->queue != NULL)
		loop_arm(self->run, 0);
	loop_arm(self->poll, self->poll_ms);
}

static void resume(void *user)
{
	struct file_tail *self = user;

	self->blocked = false;
	if (self->queue != NULL)
		loop_arm(self->run, 0);
}

static void queue_tail(struct file_tail *self, struct tail *tail)
{
	put_in_queue(self, tail);
}

static void stop(void *user)
{
	struct file_tail *self = user;
	int64_t end_ms = clock_mono_ms() + STOP_MS;

	file_watch_hear(self->watch);
	place_fresh(self);
	if (self->begun && !self->blocked) {
		each_tail(self, queue_tail);
		while (self->queue != NULL && clock_mono_ms() < end_ms)
			if (!take_turn(self, take_from_queue(self)))
				break;
	}
	free_all(self);
}

const struct input file_input = {
	.name = "file",
	.section = "files",
	.summary = "log files by glob pattern, through rotation",
	.start = start,
	.position = position,
	.begin = begin,
	.resume = resume,
	.stop = stop,
};
