#include "agent/inputs/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/counter.h"
#include "common/slice.h"

enum { LINKS_MAX = 16 };

static struct counter n_refused =
	COUNTER("file.refused", "files not opened: somebody could have chosen them for us");

struct walk {
	const char *path; /* as it was asked for */
	unsigned links;
	struct stat folder; /* in which the name that was found last stands */
	struct err *err;
};

static int failed(const struct walk *walk)
{
	err_sys(walk->err, "%s", walk->path);
	return -1;
}

static int refuse(const struct walk *walk, const char *why)
{
	counter_add(&n_refused, 1);
	err_set(walk->err, "%s: %s", walk->path, why);
	walk->err->sys = EPERM;
	return -1;
}

static bool is_trusted(uid_t maker, uid_t owner)
{
	return maker == 0 || maker == geteuid() || maker == owner;
}

static int find(struct walk *walk, int from, const char *path);

/* What the link open at `link`, in `folder`, points to. */
static int follow(struct walk *walk, int folder, int link, uid_t maker)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);
	struct stat st;

	if (len < 0)
		return failed(walk);
	target[len] = '\0';
	if (++walk->links > LINKS_MAX) {
		errno = ELOOP;
		return failed(walk);
	}
	int fd = find(walk, folder, target);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && is_trusted(maker, st.st_uid))
		return fd;
	close(fd);
	return refuse(walk, "a symbolic link to somebody else's file or folder");
}

/* One name further. */
static int step(struct walk *walk, int folder, struct slice text)
{
	char name[NAME_MAX + 2]; /* one that is too long stays so */
	struct stat st;

	snprintf(name, sizeof(name), "%.*s", SLICE_FMT(text));
	if (fstat(folder, &walk->folder) != 0)
		return failed(walk);
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(walk);
	bool looked = fstat(fd, &st) == 0;
	if (looked && !S_ISLNK(st.st_mode))
		return fd;
	int target = looked ? follow(walk, folder, fd, st.st_uid) : failed(walk);
	close(fd);
	return target;
}

/* A descriptor that only holds what the path leads to. */
static int find(struct walk *walk, int from, const char *path)
{
	struct slice rest = slice_str(path), name;
	int at = path[0] == '/' ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
				: openat(from, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return failed(walk);
	while (at >= 0 && slice_cut(&rest, '/', &name)) {
		if (name.len == 0 || slice_eq(name, SLICE_LIT(".")))
			continue;
		int next = step(walk, at, name);
		close(at);
		at = next;
	}
	return at;
}

/* fs.protected_hardlinks. Asked again each time: it can be changed. */
static bool has_guarded_links(void)
{
	char value = '0';
	int fd = open("/proc/sys/fs/protected_hardlinks", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool told = read(fd, &value, 1) == 1;
	close(fd);
	return told && value != '0';
}

const char *safe_open_planted(
	const struct stat *folder, const struct stat *file, bool (*guarded)(void))
{
	if (is_trusted(folder->st_uid, file->st_uid) && !(folder->st_mode & S_IWOTH))
		return NULL;
	if (file->st_nlink > 1)
		return "a file with several names where others than its owner make names";
	if (!(file->st_mode & S_IROTH) && !guarded())
		return "not for everybody to read, where others than its owner make names "
		       "(fs.protected_hardlinks is 0)";
	return NULL;
}

static int open_found(const struct walk *walk, int found)
{
	char itself[32];
	struct stat st;

	if (fstat(found, &st) != 0)
		return failed(walk);
	if (!S_ISREG(st.st_mode)) {
		err_set(walk->err, "%s: not a regular file", walk->path);
		return -1;
	}
	const char *planted = safe_open_planted(&walk->folder, &st, has_guarded_links);
	if (planted != NULL)
		return refuse(walk, planted);
	snprintf(itself, sizeof(itself), "/proc/self/fd/%d", found);

	int fd = open(itself, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : failed(walk);
}

int safe_open(const char *path, struct err *err)
{
	struct err unused;
	struct walk walk = {.path = path, .err = err != NULL ? err : &unused};
	int found = find(&walk, AT_FDCWD, path);

	if (found < 0)
		return -1;
	int fd = open_found(&walk, found);
	close(found);
	return fd;
}
