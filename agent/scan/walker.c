#include "agent/scan/walker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/scan/folder_set.h"
#include "common/filesystem.h"
#include "common/strbuf.h"

enum {
	OPEN_KEPT = 32, /* folders of the current branch whose descriptor is kept */
	OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	OPEN_FILE = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	FOLDERS_MAX = 64 << 20, /* bytes of names of sub-folders waiting in one folder */
};

/* A folder of the current branch. Its files are done when its sub-folders begin. */
struct level {
	int fd; /* -1: closed to save descriptors, or lost */
	uint64_t dev, ino;
	size_t path_len;       /* of the folder's own path */
	struct strbuf folders; /* names of sub-folders, each with its NUL */
	size_t next;           /* the first of them not yet entered */
};

struct walker {
	const struct walk_plan *plan;
	size_t next_path;
	bool rooted; /* what is looked at is one of the given paths itself */
	struct strbuf path;
	struct level *levels;
	size_t n_levels, levels_capacity;
	DIR *dir; /* of the innermost level, while its entries are read */
	struct folder_set entered;
};

struct walker *walker_new(const struct walk_plan *plan)
{
	struct walker *walker = calloc(1, sizeof(*walker));

	if (walker == NULL)
		abort();
	walker->plan = plan;
	strbuf_init(&walker->path, WALK_PATH_MAX);
	return walker;
}

static struct level *innermost(struct walker *walker)
{
	return &walker->levels[walker->n_levels - 1];
}

static void close_level(struct level *level)
{
	if (level->fd >= 0)
		close(level->fd);
	strbuf_done(&level->folders);
}

void walker_free(struct walker *walker)
{
	if (walker == NULL)
		return;
	if (walker->dir != NULL)
		closedir(walker->dir);
	while (walker->n_levels > 0)
		close_level(&walker->levels[--walker->n_levels]);
	free(walker->levels);
	strbuf_done(&walker->path);
	folder_set_done(&walker->entered);
	free(walker);
}

/* ---- what is said about an object ------------------------------------------ */

static void describe(struct walker *walker, struct walk_object *object)
{
	struct slice path = slice_of(strbuf_cstr(&walker->path), walker->path.len);
	size_t at = path.len;

	while (at > 0 && path.ptr[at - 1] != '/')
		at--;
	*object = (struct walk_object){
		.path = path, .name_at = at, .is_root = walker->rooted, .fd = -1};
}

static enum walk_step unscanned(
	struct walker *walker, struct walk_object *object, enum verdict verdict, int sys)
{
	describe(walker, object);
	object->verdict = verdict;
	object->sys = sys;
	return WALK_UNSCANNED;
}

static enum verdict verdict_of_errno(int sys)
{
	switch (sys) {
	case ELOOP:
		return VERDICT_SYMLINK;
	case ENOENT:
	case ENOTDIR:
	case ESTALE:
		return VERDICT_VANISHED;
	case ENXIO: /* a socket, or a device without a driver */
	case ENODEV:
		return VERDICT_SPECIAL;
	default:
		return VERDICT_UNREADABLE;
	}
}

static enum walk_step not_opened(struct walker *walker, struct walk_object *object, int sys)
{
	enum verdict verdict = verdict_of_errno(sys);

	/* Somebody asked for this path: that it is not there is no race. */
	if (walker->rooted && verdict == VERDICT_VANISHED)
		verdict = VERDICT_UNREADABLE;
	return unscanned(walker, object, verdict, sys);
}

/* ---- excluding -------------------------------------------------------------- */

static bool excluded(struct walker *walker)
{
	const char *path = strbuf_cstr(&walker->path);
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;

	for (size_t i = 0; i < walker->plan->n_exclude; i++) {
		const char *pattern = walker->plan->exclude[i];
		const char *subject = strchr(pattern, '/') != NULL ? path : name;

		if (fnmatch(pattern, subject, 0) == 0)
			return true;
	}
	return false;
}

/* ---- opening ---------------------------------------------------------------- */

/* Without a new access time where the kernel lets us: a scan leaves no trace on evidence. */
static int open_quietly(int dir_fd, const char *name, int flags)
{
	int fd = openat(dir_fd, name, flags | O_NOATIME);

	if (fd < 0 && errno == EPERM)
		fd = openat(dir_fd, name, flags);
	return fd;
}

static bool crosses(const struct walker *walker, const struct stat *st)
{
	return walker->n_levels > 0 && walker->levels[walker->n_levels - 1].dev != st->st_dev;
}

static bool filesystem_refused(const struct walker *walker, int fd, const struct stat *st)
{
	bool root = walker->n_levels == 0;

	if (!root && !crosses(walker, st))
		return false;
	switch (filesystem_of(fd)) {
	case FILESYSTEM_DISK:
		return false;
	case FILESYSTEM_PSEUDO:
		return true;
	case FILESYSTEM_NETWORK:
		return !root && !walker->plan->network;
	}
	return true;
}

static enum walk_step look_at_file(
	struct walker *walker, struct walk_object *object, int dir_fd, const char *name)
{
	struct stat st;

	if (walker->plan->count_only) {
		describe(walker, object);
		return WALK_FILE;
	}

	int fd =
		open_quietly(dir_fd, name, OPEN_FILE | (walker->n_levels > 0 ? O_NOFOLLOW : 0));
	if (fd < 0)
		return not_opened(walker, object, errno);
	enum verdict verdict = VERDICT_SCANNED;
	int sys = 0;
	if (fstat(fd, &st) != 0) {
		sys = errno;
		verdict = VERDICT_UNREADABLE;
	} else if (!S_ISREG(st.st_mode)) {
		verdict = S_ISDIR(st.st_mode) ? VERDICT_VANISHED : VERDICT_SPECIAL;
	} else if (filesystem_refused(walker, fd, &st)) {
		verdict = VERDICT_FILESYSTEM;
	}
	if (verdict != VERDICT_SCANNED) {
		close(fd);
		return unscanned(walker, object, verdict, sys);
	}
	describe(walker, object);
	object->fd = fd;
	object->st = st;
	return WALK_FILE;
}

/* ---- folders ---------------------------------------------------------------- */

static struct level *push_level(struct walker *walker)
{
	if (walker->n_levels == walker->levels_capacity) {
		size_t capacity = walker->levels_capacity ? walker->levels_capacity * 2 : 32;

		walker->levels = realloc(walker->levels, capacity * sizeof(*walker->levels));
		if (walker->levels == NULL)
			abort();
		walker->levels_capacity = capacity;
	}
	if (walker->n_levels >= OPEN_KEPT) {
		struct level *far = &walker->levels[walker->n_levels - OPEN_KEPT];

		if (far->fd >= 0)
			close(far->fd);
		far->fd = -1;
	}
	struct level *level = &walker->levels[walker->n_levels++];
	*level = (struct level){.fd = -1, .path_len = walker->path.len};
	strbuf_init(&level->folders, FOLDERS_MAX);
	return level;
}

/* VERDICT_SCANNED: the folder is the innermost level now and its entries are being read. */
static enum verdict begin_folder(struct walker *walker, int fd, int *sys)
{
	struct stat st;

	*sys = 0;
	if (fstat(fd, &st) != 0) {
		*sys = errno;
		return VERDICT_UNREADABLE;
	}
	if (filesystem_refused(walker, fd, &st) ||
		(walker->plan->one_filesystem && crosses(walker, &st)))
		return VERDICT_FILESYSTEM;
	if (walker->n_levels > walker->plan->depth_max)
		return VERDICT_TOO_DEEP;
	if (!folder_set_add(&walker->entered, st.st_dev, st.st_ino))
		return VERDICT_AGAIN;

	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	walker->dir = copy < 0 ? NULL : fdopendir(copy);
	if (walker->dir == NULL) {
		*sys = errno;
		if (copy >= 0)
			close(copy);
		return VERDICT_UNREADABLE;
	}
	struct level *level = push_level(walker);
	level->fd = fd;
	level->dev = st.st_dev;
	level->ino = st.st_ino;
	return VERDICT_SCANNED;
}

/* True when the folder was entered; else *object says why not. */
static bool enter_folder(
	struct walker *walker, struct walk_object *object, int dir_fd, const char *name)
{
	int sys;
	int fd = open_quietly(
		dir_fd, name, OPEN_FOLDER | (walker->n_levels > 0 ? O_NOFOLLOW : 0));

	if (fd < 0) {
		not_opened(walker, object, errno);
		return false;
	}
	enum verdict verdict = begin_folder(walker, fd, &sys);
	if (verdict == VERDICT_SCANNED)
		return true;
	close(fd);
	unscanned(walker, object, verdict, sys);
	return false;
}

/* The parent's descriptor was closed on the way down: find it again from its child. */
static int reopen_parent(const struct level *parent, int child_fd)
{
	struct stat st;
	int fd = openat(child_fd, "..", OPEN_FOLDER);

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == parent->dev &&
		st.st_ino == parent->ino)
		return fd;
	if (fd >= 0)
		close(fd); /* the folder was moved; what waits in the parent is lost to us */
	return -1;
}

static void leave_folder(struct walker *walker)
{
	struct level *level = innermost(walker);

	if (walker->n_levels > 1) {
		struct level *parent = level - 1;

		/* Also when nothing waits in it: it leads to its own parent. */
		if (parent->fd < 0)
			parent->fd = reopen_parent(parent, level->fd);
		strbuf_cut(&walker->path, parent->path_len);
	}
	close_level(level);
	walker->n_levels--;
}

/* ---- the entries of a folder -------------------------------------------------- */

/* The path of an entry; false when it would be longer than we handle. */
static bool path_enter(struct walker *walker, const char *name)
{
	strbuf_cut(&walker->path, innermost(walker)->path_len);
	if (walker->path.len == 0 || walker->path.ptr[walker->path.len - 1] != '/')
		strbuf_add_byte(&walker->path, '/');
	strbuf_add_str(&walker->path, name);
	bool fits = !walker->path.overflow;
	walker->path.overflow = false;
	return fits;
}

static unsigned char type_of(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return DT_REG; /* opening it tells why */
	return (unsigned char)IFTODT(st.st_mode);
}

enum entry_step { ENTRY_TELL, ENTRY_NEXT };

static enum entry_step remember_folder(
	struct walker *walker, struct walk_object *object, const char *name)
{
	struct strbuf *folders = &innermost(walker)->folders;

	strbuf_add(folders, slice_of(name, strlen(name) + 1));
	if (!folders->overflow)
		return ENTRY_NEXT;
	folders->overflow = false;
	unscanned(walker, object, VERDICT_TOO_DEEP, ENOMEM);
	return ENTRY_TELL;
}

static enum entry_step look_at_entry(struct walker *walker, struct walk_object *object,
	const struct dirent *entry, enum walk_step *step)
{
	int dir_fd = innermost(walker)->fd;

	*step = WALK_UNSCANNED;
	if (!path_enter(walker, entry->d_name)) {
		unscanned(walker, object, VERDICT_TOO_DEEP, ENAMETOOLONG);
		return ENTRY_TELL;
	}
	if (excluded(walker)) {
		unscanned(walker, object, VERDICT_EXCLUDED, 0);
		return ENTRY_TELL;
	}
	switch (type_of(dir_fd, entry)) {
	case DT_REG:
		*step = look_at_file(walker, object, dir_fd, entry->d_name);
		return ENTRY_TELL;
	case DT_DIR:
		return remember_folder(walker, object, entry->d_name);
	case DT_LNK:
		unscanned(walker, object, VERDICT_SYMLINK, 0);
		return ENTRY_TELL;
	default:
		unscanned(walker, object, VERDICT_SPECIAL, 0);
		return ENTRY_TELL;
	}
}

/* The rest of the folder's entries; true when *object is one of them. */
static bool next_entry(struct walker *walker, struct walk_object *object, enum walk_step *step)
{
	const struct dirent *entry;

	while (errno = 0, (entry = readdir(walker->dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (look_at_entry(walker, object, entry, step) == ENTRY_TELL)
			return true;
	}
	int sys = errno;
	closedir(walker->dir);
	walker->dir = NULL;
	strbuf_cut(&walker->path, innermost(walker)->path_len);
	if (sys == 0)
		return false;
	*step = unscanned(walker, object, VERDICT_UNREADABLE, sys);
	return true;
}

/* The next sub-folder of the innermost level; true when *object tells of one not entered. */
static bool next_folder(struct walker *walker, struct walk_object *object)
{
	struct level *level = innermost(walker);

	if (level->next == level->folders.len) {
		leave_folder(walker);
		return false;
	}
	const char *name = level->folders.ptr + level->next;
	level->next += strlen(name) + 1;
	if (!path_enter(walker, name)) {
		unscanned(walker, object, VERDICT_TOO_DEEP, ENAMETOOLONG);
		return true;
	}
	if (level->fd >= 0)
		return !enter_folder(walker, object, level->fd, name);
	unscanned(walker, object, VERDICT_VANISHED, 0);
	return true;
}

/* ---- the given paths ---------------------------------------------------------- */

static enum walk_step look_at_root(
	struct walker *walker, struct walk_object *object, const char *path, bool *entered)
{
	struct stat st;

	*entered = false;
	strbuf_reset(&walker->path);
	strbuf_add_str(&walker->path, path);
	if (walker->path.overflow)
		return unscanned(walker, object, VERDICT_TOO_DEEP, ENAMETOOLONG);
	if (excluded(walker))
		return unscanned(walker, object, VERDICT_EXCLUDED, 0);
	if (stat(path, &st) != 0)
		return not_opened(walker, object, errno);
	if (S_ISREG(st.st_mode))
		return look_at_file(walker, object, AT_FDCWD, path);
	if (!S_ISDIR(st.st_mode))
		return unscanned(walker, object, VERDICT_SPECIAL, 0);
	*entered = enter_folder(walker, object, AT_FDCWD, path);
	return WALK_UNSCANNED;
}

enum walk_step walker_next(struct walker *walker, struct walk_object *object)
{
	enum walk_step step;
	bool entered;

	walker->rooted = false;
	for (;;) {
		if (walker->dir != NULL) {
			if (next_entry(walker, object, &step))
				return step;
		} else if (walker->n_levels > 0) {
			if (next_folder(walker, object))
				return WALK_UNSCANNED;
		} else {
			if (walker->next_path == walker->plan->n_paths)
				return WALK_END;
			walker->rooted = true;
			step = look_at_root(walker, object,
				walker->plan->paths[walker->next_path++], &entered);
			walker->rooted = false;
			if (!entered)
				return step;
		}
	}
}
