#include "common/landlock.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/support/folder.h"

enum { NO_LANDLOCK = 99 };

/* A folder with read/r, write/w and other/o, and a child that may reach the first two. */
static struct folder folder;

static void make(void)
{
	folder_make(&folder);
	ck_assert_int_eq(mkdir(folder_path(&folder, "read"), 0700), 0);
	ck_assert_int_eq(mkdir(folder_path(&folder, "write"), 0700), 0);
	ck_assert_int_eq(mkdir(folder_path(&folder, "write/below"), 0700), 0);
	ck_assert_int_eq(mkdir(folder_path(&folder, "other"), 0700), 0);
	folder_append(&folder, "read/r", "r");
	folder_append(&folder, "write/w", "w");
	folder_append(&folder, "other/o", "o");
	folder_append(&folder, "other/alone", "a");
}

/* In the child: 0 or the errno of it. */
static int try_open(const char *name, int flags)
{
	int fd = open(folder_path(&folder, name), flags | O_CLOEXEC, 0600);
	int failed = fd < 0 ? errno : 0;

	close(fd);
	return failed;
}

static int try_rename(const char *from, const char *to)
{
	char old[PATH_MAX];

	snprintf(old, sizeof(old), "%s", folder_path(&folder, from));
	return rename(old, folder_path(&folder, to)) == 0 ? 0 : errno;
}

static int try_bind(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s",
		folder_path(&folder, name));
	int failed = bind(fd, (void *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	return failed;
}

/* The number of the first claim that does not hold, 0 when all do. */
static int first_wrong(int held_open)
{
	char byte;
	const bool claims[] = {
		try_open("read/r", O_RDONLY) == 0,
		try_open("read", O_RDONLY | O_DIRECTORY) == 0,
		try_open("read/r", O_WRONLY) == EACCES,
		try_open("read/new", O_WRONLY | O_CREAT) == EACCES,
		try_open("write/w", O_RDWR) == 0,
		try_open("write/new", O_WRONLY | O_CREAT) == 0,
		try_rename("write/new", "write/newer") == 0,
		unlink(folder_path(&folder, "write/newer")) == 0,
		try_bind("write/socket") == 0,
		try_open("other/o", O_RDONLY) == EACCES,
		try_open("other", O_RDONLY | O_DIRECTORY) == EACCES,
		try_open("other/alone", O_RDONLY) == 0,
		try_open("write/../other/o", O_RDONLY) == EACCES,
		try_rename("write/w", "other/w") != 0,
		unlink(folder_path(&folder, "other/o")) == -1 && errno == EACCES,
		symlink("../other/o", folder_path(&folder, "write/link")) == 0,
		try_open("write/link", O_RDONLY) == EACCES,
		read(held_open, &byte, 1) == 1,
	};

	for (unsigned i = 0; i < ARRAY_LEN(claims); i++) {
		if (!claims[i])
			return (int)i + 1;
	}
	return 0;
}

static int restricted_child(void)
{
	char paths[4][PATH_MAX];
	static const char *const names[] = {"read", "other/alone", "nowhere", "write"};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		snprintf(paths[i], sizeof(paths[i]), "%s", folder_path(&folder, names[i]));
	const char *const read_paths[] = {paths[0], paths[1], paths[2]};
	const char *const write_paths[] = {paths[3]};
	int held_open = open(folder_path(&folder, "other/o"), O_RDONLY | O_CLOEXEC);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || held_open < 0)
		return 98;
	if (!landlock_restrict(&(struct landlock_reach){read_paths, 3, write_paths, 1}))
		return NO_LANDLOCK;
	return first_wrong(held_open);
}

START_TEST(only_what_is_listed_can_be_named)
{
	int status;

	make();
	pid_t pid = fork();
	if (pid == 0)
		_exit(restricted_child());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	folder_remove(&folder);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) != NO_LANDLOCK) /* a kernel without it */
		ck_assert_msg(WEXITSTATUS(status) == 0, "claim %d", WEXITSTATUS(status));
}
END_TEST

TEST_MAIN("landlock", only_what_is_listed_can_be_named)
