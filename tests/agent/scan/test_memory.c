#include "agent/scan/memory.h"

#include "tests/support/folder.h"

static struct memory memory, again;

static struct stat stat_of(ino_t ino, off_t size)
{
	return (struct stat){.st_dev = 5,
		.st_ino = ino,
		.st_size = size,
		.st_mtim = {1000, 1},
		.st_ctim = {2000, 2}};
}

START_TEST(a_file_is_known_until_it_changes)
{
	struct stat st = stat_of(7, 10);

	memory_read(&memory, 1, SLICE_LIT(""));
	ck_assert(!memory_knows(&memory, &st));
	memory_add(&memory, &st);
	ck_assert(memory_knows(&memory, &st));
	st.st_ctim.tv_nsec++;
	ck_assert(!memory_knows(&memory, &st));
	st = stat_of(7, 11);
	ck_assert(!memory_knows(&memory, &st));
}
END_TEST

START_TEST(it_comes_back_from_its_file_for_the_same_rules)
{
	struct folder folder;
	struct err err = {0};
	struct stat a = stat_of(7, 10), b = stat_of(8, 1 << 30);

	folder_make(&folder);
	const char *path = folder_path(&folder, "memory");
	ck_assert_msg(memory_load(&memory, 1, path, &err), "%s", err.text);
	ck_assert_uint_eq(memory.n, 0);
	memory_add(&memory, &a);
	memory_add(&memory, &b);
	ck_assert_msg(memory_save(&memory, path, &err), "%s", err.text);
	ck_assert_msg(memory_load(&again, 1, path, &err), "%s", err.text);
	ck_assert(memory_knows(&again, &a));
	ck_assert(memory_knows(&again, &b));
	ck_assert(!again.changed);
	ck_assert_msg(memory_load(&again, 2, path, &err), "%s", err.text);
	ck_assert_uint_eq(again.n, 0);
	folder_remove(&folder);
}
END_TEST

START_TEST(what_cannot_be_understood_is_left_out)
{
	memory_read(&memory, 1,
		SLICE_LIT("soc-scan-memory 1 0000000000000001\n"
			  "1 2 3 4 5\n1 2 3 4\n1 2 3 4 5 6\nx\n\n"
			  "1 2 3 4 g\n11111111111111111 2 3 4 5\n6 7 8 9 a\n"));
	ck_assert_uint_eq(memory.n, 2);
	memory_read(&memory, 1, SLICE_LIT("something else\n1 2 3 4 5\n"));
	ck_assert_uint_eq(memory.n, 0);
}
END_TEST

START_TEST(the_oldest_are_forgotten)
{
	struct stat first = stat_of(1, 0), last = stat_of(MEMORY_FILES_MAX + 1, 0);

	memory_read(&memory, 1, SLICE_LIT(""));
	for (ino_t i = 1; i <= MEMORY_FILES_MAX + 1; i++) {
		struct stat st = stat_of(i, 0);
		memory_add(&memory, &st);
	}
	ck_assert_uint_eq(memory.n, MEMORY_FILES_MAX);
	ck_assert(!memory_knows(&memory, &first));
	ck_assert(memory_knows(&memory, &last));
}
END_TEST

TEST_MAIN("memory", a_file_is_known_until_it_changes,
	it_comes_back_from_its_file_for_the_same_rules, what_cannot_be_understood_is_left_out,
	the_oldest_are_forgotten)
