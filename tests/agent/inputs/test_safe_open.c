#include "agent/inputs/safe_open.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { USER = 65534, OTHER = 65533, TRIES = 3000 };

/* A root's agent with a folder of its own and one that belongs to a user. */
struct bench {
	struct folder folder;
	char path[PATH_MAX];
};

static const char *at(struct bench *bench, const char *name)
{
	snprintf(bench->path, sizeof(bench->path), "%s", folder_path(&bench->folder, name));
	return bench->path;
}

static void give_to(struct bench *bench, const char *name, uid_t owner)
{
	ck_assert_int_eq(lchown(at(bench, name), owner, owner), 0);
}

static void make_folder(struct bench *bench, const char *name, uid_t owner)
{
	ck_assert_int_eq(mkdir(at(bench, name), 0755), 0);
	give_to(bench, name, owner);
}

static void make_file(struct bench *bench, const char *name, uid_t owner)
{
	folder_append(&bench->folder, name, name);
	give_to(bench, name, owner);
}

static void make_link(struct bench *bench, const char *name, const char *target, uid_t owner)
{
	ck_assert_int_eq(symlink(target, at(bench, name)), 0);
	give_to(bench, name, owner);
}

/* False when the test needs root's rights and has not got them. */
static bool bench_init(struct bench *bench)
{
	if (geteuid() != 0)
		return false;
	folder_make(&bench->folder);
	ck_assert_int_eq(chmod(bench->folder.path, 0755), 0);
	make_folder(bench, "secret", 0);
	make_file(bench, "secret/a.log", 0);
	make_folder(bench, "users", USER);
	make_folder(bench, "users/logs", USER);
	make_file(bench, "users/logs/a.log", USER);
	return true;
}

static void expect_opened(struct bench *bench, const char *name, const char *text)
{
	char bytes[64] = {0};
	struct err err = {0};
	int fd = safe_open(at(bench, name), &err);

	ck_assert_msg(fd >= 0, "%s", err.text);
	ck_assert_int_ge(read(fd, bytes, sizeof(bytes) - 1), 0);
	ck_assert_str_eq(bytes, text);
	close(fd);
}

static void expect_refused(struct bench *bench, const char *name, const char *why)
{
	struct err err = {0};

	ck_assert_int_eq(safe_open(at(bench, name), &err), -1);
	ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
}

START_TEST(what_is_there_is_opened)
{
	struct bench bench;
	struct err err;

	if (!bench_init(&bench))
		return;
	expect_opened(&bench, "users/logs/a.log", "users/logs/a.log");
	expect_opened(&bench, "users//./logs/../logs/a.log", "users/logs/a.log");
	ck_assert_int_eq(safe_open(at(&bench, "users/logs/b.log"), &err), -1);
	ck_assert_int_eq(err.sys, ENOENT);
	ck_assert_int_eq(safe_open(at(&bench, "users/logs/a.log/x"), NULL), -1);
	folder_remove(&bench.folder);
}
END_TEST

START_TEST(a_relative_path_begins_where_we_are)
{
	struct bench bench;
	char before[PATH_MAX];
	int fd;

	if (!bench_init(&bench))
		return;
	ck_assert_ptr_nonnull(getcwd(before, sizeof(before)));
	ck_assert_int_eq(chdir(bench.folder.path), 0);
	fd = safe_open("users/logs/a.log", NULL);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(chdir(before), 0);
	folder_remove(&bench.folder);
}
END_TEST

START_TEST(a_folder_cannot_be_made_to_mean_somebody_elses)
{
	struct bench bench;

	if (!bench_init(&bench))
		return;
	make_link(&bench, "users/bent", "../secret", USER);
	expect_refused(&bench, "users/bent/a.log", "symbolic link");
	make_link(&bench, "users/far", at(&bench, "secret"), USER);
	expect_refused(&bench, "users/far/a.log", "symbolic link");
	make_link(&bench, "users/twice", "bent", USER);
	expect_refused(&bench, "users/twice/a.log", "symbolic link");
	make_link(&bench, "users/logs/b.log", "../../secret/a.log", USER);
	expect_refused(&bench, "users/logs/b.log", "symbolic link");
	folder_remove(&bench.folder);
}
END_TEST

/* A trusted link to an untrusted one is no better than that. */
START_TEST(each_link_on_the_way_is_judged)
{
	struct bench bench;

	if (!bench_init(&bench))
		return;
	make_link(&bench, "users/bent", "../secret", USER);
	make_link(&bench, "ours", "users/bent", 0);
	expect_refused(&bench, "ours/a.log", "symbolic link");
	folder_remove(&bench.folder);
}
END_TEST

START_TEST(links_of_those_who_may_are_followed)
{
	struct bench bench;

	if (!bench_init(&bench))
		return;
	make_link(&bench, "ours", "users/logs", 0);
	expect_opened(&bench, "ours/a.log", "users/logs/a.log");
	make_link(&bench, "users/own", "logs", USER);
	expect_opened(&bench, "users/own/a.log", "users/logs/a.log");
	make_link(&bench, "users/others", "logs", OTHER);
	expect_refused(&bench, "users/others/a.log", "symbolic link");
	make_link(&bench, "users/logs/now.log", "a.log", USER);
	expect_opened(&bench, "users/logs/now.log", "users/logs/a.log");
	folder_remove(&bench.folder);
}
END_TEST

START_TEST(links_that_go_round_end)
{
	struct bench bench;
	struct err err;

	if (!bench_init(&bench))
		return;
	make_link(&bench, "x", "y", 0);
	make_link(&bench, "y", "x", 0);
	ck_assert_int_eq(safe_open(at(&bench, "x"), &err), -1);
	ck_assert_int_eq(err.sys, ELOOP);
	folder_remove(&bench.folder);
}
END_TEST

static void link_to_secret(struct bench *bench, const char *name)
{
	char secret[PATH_MAX];

	snprintf(secret, sizeof(secret), "%s", at(bench, "secret/a.log"));
	ck_assert_int_eq(link(secret, at(bench, name)), 0);
}

START_TEST(a_second_name_where_others_make_names_is_refused)
{
	struct bench bench;

	if (!bench_init(&bench))
		return;
	link_to_secret(&bench, "users/logs/b.log");
	expect_refused(&bench, "users/logs/b.log", "several names");
	expect_opened(&bench, "secret/a.log", "secret/a.log");
	link_to_secret(&bench, "b.log");
	expect_opened(&bench, "b.log", "secret/a.log");
	ck_assert_int_eq(chmod(bench.folder.path, 01777), 0);
	expect_refused(&bench, "b.log", "several names");
	folder_remove(&bench.folder);
}
END_TEST

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

/* passwd(1) replaces /etc/shadow by rename: a link made before is then the only name. */
START_TEST(a_planted_name_stays_one_when_the_first_is_gone)
{
	const struct stat users = {.st_uid = USER, .st_mode = S_IFDIR | 0755};
	const struct stat shared = {.st_mode = S_IFDIR | 01777};
	const struct stat ours = {.st_mode = S_IFDIR | 0755};
	const struct stat secret = {.st_mode = S_IFREG | 0640, .st_nlink = 1};
	const struct stat open = {.st_mode = S_IFREG | 0644, .st_nlink = 1};
	const struct stat own = {.st_uid = USER, .st_mode = S_IFREG | 0600, .st_nlink = 1};

	ck_assert_ptr_nonnull(safe_open_planted(&users, &secret, no));
	ck_assert_ptr_nonnull(safe_open_planted(&shared, &secret, no));
	ck_assert_ptr_nonnull(safe_open_planted(&shared, &own, no));
	ck_assert_ptr_null(safe_open_planted(&users, &secret, yes));
	ck_assert_ptr_null(safe_open_planted(&ours, &secret, no));
	ck_assert_ptr_null(safe_open_planted(&users, &open, no));
	ck_assert_ptr_null(safe_open_planted(&users, &own, no));
}
END_TEST

static bool links_are_guarded(void)
{
	char value[4] = {0};
	FILE *file = fopen("/proc/sys/fs/protected_hardlinks", "re");
	bool guarded =
		file != NULL && fgets(value, sizeof(value), file) != NULL && value[0] != '0';

	if (file != NULL)
		fclose(file);
	return guarded;
}

START_TEST(the_kernel_is_asked_whether_it_guards_links)
{
	struct bench bench;

	if (!bench_init(&bench))
		return;
	make_file(&bench, "users/logs/private.log", 0);
	ck_assert_int_eq(chmod(at(&bench, "users/logs/private.log"), 0640), 0);
	if (links_are_guarded())
		expect_opened(&bench, "users/logs/private.log", "users/logs/private.log");
	else
		expect_refused(&bench, "users/logs/private.log", "protected_hardlinks");
	folder_remove(&bench.folder);
}
END_TEST

/* A writer of the FIFO would notice: to open it without a reader is an error. */
START_TEST(what_is_no_file_is_not_even_opened)
{
	struct bench bench;

	if (!bench_init(&bench))
		return;
	ck_assert_int_eq(mkfifo(at(&bench, "fifo"), 0600), 0);
	expect_refused(&bench, "fifo", "not a regular file");
	ck_assert_int_eq(open(at(&bench, "fifo"), O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, ENXIO);
	expect_refused(&bench, "users", "not a regular file");
	ck_assert_int_eq(safe_open("/", NULL), -1);
	folder_remove(&bench.folder);
}
END_TEST

struct swapping {
	char folder[PATH_MAX], link[PATH_MAX];
	atomic_bool end;
};

static void *swap(void *user)
{
	struct swapping *swapping = user;

	while (!atomic_load(&swapping->end))
		(void)syscall(SYS_renameat2, AT_FDCWD, swapping->folder, AT_FDCWD,
			swapping->link, 2 /* RENAME_EXCHANGE */);
	return NULL;
}

/* Whatever comes in between two looks: what was judged is what is read. */
START_TEST(a_path_that_is_bent_meanwhile_gives_no_secret)
{
	struct bench bench;
	struct swapping swapping = {0};
	pthread_t thread;

	if (!bench_init(&bench))
		return;
	make_link(&bench, "users/bent", "../secret", USER);
	snprintf(swapping.folder, sizeof(swapping.folder), "%s", at(&bench, "users/logs"));
	snprintf(swapping.link, sizeof(swapping.link), "%s", at(&bench, "users/bent"));
	ck_assert_int_eq(pthread_create(&thread, NULL, swap, &swapping), 0);
	for (int i = 0; i < TRIES; i++) {
		char bytes[64] = {0};
		int fd = safe_open(at(&bench, "users/logs/a.log"), NULL);

		if (fd < 0)
			continue;
		ck_assert_int_ge(read(fd, bytes, sizeof(bytes) - 1), 0);
		close(fd);
		ck_assert_str_eq(bytes, "users/logs/a.log");
	}
	atomic_store(&swapping.end, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	folder_remove(&bench.folder);
}
END_TEST

TEST_MAIN("safe_open", what_is_there_is_opened, a_relative_path_begins_where_we_are,
	a_folder_cannot_be_made_to_mean_somebody_elses, each_link_on_the_way_is_judged,
	links_of_those_who_may_are_followed, links_that_go_round_end,
	a_second_name_where_others_make_names_is_refused,
	a_planted_name_stays_one_when_the_first_is_gone,
	the_kernel_is_asked_whether_it_guards_links, what_is_no_file_is_not_even_opened,
	a_path_that_is_bent_meanwhile_gives_no_secret)
