#include "agent/inputs/file_generations.h"

#include "tests/support/check.h"
#include "tests/support/folder.h"

START_TEST(names_of_rotated_files_are_known)
{
	static const char *const rotated[] = {"app.log.1", "app.log.10", "app.log-20261122",
		"app.log.2026-11-22", "app.log-20261122-1700000000", "app.log.old",
		"app.log.1.gz", "app.log.gz", "app-20261122.log", "app.1.log", "app.log_2026",
		"app-20261122.log.xz"};
	static const char *const others[] = {"app.log", "app.log1", "app.log.bak", "app.log.d",
		"app.logs", "xapp.log.1", "app-web.log", "app.log.1.txt", "app.log.",
		"b.log.1"};
	enum file_packing packing;

	for (size_t i = 0; i < ARRAY_LEN(rotated); i++)
		ck_assert_msg(file_rotated_name(
				      SLICE_LIT("app.log"), slice_str(rotated[i]), &packing),
			"%s", rotated[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		ck_assert_msg(!file_rotated_name(
				      SLICE_LIT("app.log"), slice_str(others[i]), &packing),
			"%s", others[i]);
}
END_TEST

START_TEST(the_name_before_rotation_is_found)
{
	static const char *const pairs[][2] = {{"/l/app.log.1", "/l/app.log"},
		{"/l/app.log-2026-11-22", "/l/app.log"}, {"/l/app-20261122.log", "/l/app.log"},
		{"syslog.2.gz", "syslog"}};
	char base[100];

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		ck_assert(file_unrotated_path(pairs[i][0], base, sizeof(base)));
		ck_assert_str_eq(base, pairs[i][1]);
	}
	ck_assert(!file_unrotated_path("/l/app.log", base, sizeof(base)));
	ck_assert(!file_unrotated_path("/l.1/app", base, sizeof(base)));
	ck_assert(!file_unrotated_path("/l/app.log.1", base, 5));
}
END_TEST

START_TEST(the_oldest_comes_first_and_the_path_last)
{
	static const char *const names[] = {"a.log.10", "a.log.9", "a.log.2", "a.log.1"};
	const struct timespec same[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct folder folder;
	struct file_generations found;

	folder_make(&folder);
	folder_append(&folder, "a.log", "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		folder_append(&folder, names[ARRAY_LEN(names) - 1 - i], "x");
		ck_assert_int_eq(
			utimensat(AT_FDCWD,
				folder_path(&folder, names[ARRAY_LEN(names) - 1 - i]), same, 0),
			0);
	}
	file_generations_find(folder_path(&folder, "a.log"), &found);
	ck_assert_uint_eq(found.n, 5);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_str_eq(found.items[i].path, folder_path(&folder, names[i]));
	ck_assert_str_eq(found.items[4].path, folder_path(&folder, "a.log"));
	file_generations_done(&found);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_file_being_packed_counts_once)
{
	struct folder folder;
	struct file_generations found;

	folder_make(&folder);
	folder_append(&folder, "a.log.1", "x");
	folder_append(&folder, "a.log.1.gz", "half");
	folder_append(&folder, "a.log.2.gz", "x");
	folder_append(&folder, "a.log.3.xz", "x");
	ck_assert_int_eq(mkdir(folder_path(&folder, "a.log.4"), 0700), 0);
	file_generations_find(folder_path(&folder, "a.log"), &found);
	ck_assert_uint_eq(found.n, 3);
	for (size_t i = 0; i < found.n; i++)
		ck_assert_str_ne(found.items[i].path, folder_path(&folder, "a.log.1.gz"));
	file_generations_done(&found);
	folder_remove(&folder);
}
END_TEST

static void expect_paths(struct folder *folder, const char *const names[], size_t n,
	struct file_generations *found)
{
	file_generations_find(folder_path(folder, "a.log"), found);
	ck_assert_uint_eq(found->n, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(found->items[i].path, folder_path(folder, names[i]));
}

/* As one does that is met again under its next name, while files are renamed. */
START_TEST(a_file_with_two_names_is_listed_once)
{
	struct folder folder;
	struct file_generations found;
	char old[PATH_MAX];

	folder_make(&folder);
	folder_append(&folder, "a.log.1", "x");
	snprintf(old, sizeof(old), "%s", folder_path(&folder, "a.log.1"));
	ck_assert_int_eq(link(old, folder_path(&folder, "a.log.2")), 0);
	expect_paths(&folder, (const char *const[]){"a.log.1"}, 1, &found);
	file_generations_done(&found);
	ck_assert_int_eq(link(old, folder_path(&folder, "a.log")), 0);
	expect_paths(&folder, (const char *const[]){"a.log"}, 1, &found);
	file_generations_done(&found);
	folder_remove(&folder);
}
END_TEST

START_TEST(listings_are_compared_by_names_and_files)
{
	struct folder folder;
	struct file_generations before, same, renamed, fewer;

	folder_make(&folder);
	folder_append(&folder, "a.log", "x");
	folder_append(&folder, "a.log.1", "x");
	file_generations_find(folder_path(&folder, "a.log"), &before);
	file_generations_find(folder_path(&folder, "a.log"), &same);
	ck_assert(file_generations_same(&before, &same));
	folder_rename(&folder, "a.log.1", "a.log.2");
	file_generations_find(folder_path(&folder, "a.log"), &renamed);
	ck_assert(!file_generations_same(&before, &renamed));
	folder_rename(&folder, "a.log", "a.log.2");
	file_generations_find(folder_path(&folder, "a.log"), &fewer);
	ck_assert(!file_generations_same(&renamed, &fewer));
	folder_append(&folder, "a.log", "x");
	folder_rename(&folder, "a.log.2", "a.log.1");
	file_generations_done(&fewer);
	file_generations_find(folder_path(&folder, "a.log"), &fewer);
	ck_assert(!file_generations_same(&before, &fewer)); /* other files, the same names */
	file_generations_done(&before);
	file_generations_done(&same);
	file_generations_done(&renamed);
	file_generations_done(&fewer);
	folder_remove(&folder);
}
END_TEST

TEST_MAIN("file_generations", names_of_rotated_files_are_known,
	the_name_before_rotation_is_found, the_oldest_comes_first_and_the_path_last,
	a_file_being_packed_counts_once, a_file_with_two_names_is_listed_once,
	listings_are_compared_by_names_and_files)
