#include "agent/inputs/file_identity.h"

#include "tests/support/check.h"
#include "tests/support/folder.h"

static struct file_source open_file(struct folder *folder, const char *name)
{
	struct file_source source = FILE_SOURCE_CLOSED;
	struct err err;

	ck_assert_msg(file_source_open(&source, folder_path(folder, name), false, &err), "%s",
		err.text);
	return source;
}

static struct file_identity identity_of(struct folder *folder, const char *name)
{
	struct file_source source = open_file(folder, name);
	struct file_identity identity;

	ck_assert(file_identify(&source, &identity));
	file_source_close(&source);
	return identity;
}

static enum file_match compare(
	const struct file_identity *known, struct folder *folder, const char *name)
{
	struct file_source source = open_file(folder, name);
	enum file_match match = file_compare(known, &source);

	file_source_close(&source);
	return match;
}

START_TEST(a_file_that_grew_is_the_same)
{
	struct folder folder;
	struct file_identity identity;

	folder_make(&folder);
	folder_append(&folder, "a", "begin");
	identity = identity_of(&folder, "a");
	folder_append(&folder, "a", "ning");
	folder_rename(&folder, "a", "b");
	ck_assert_int_eq(compare(&identity, &folder, "b"), FILE_SAME);

	struct file_source source = open_file(&folder, "b");
	ck_assert(file_head_check(&identity, &source));
	ck_assert_uint_eq(identity.head_len, 9);
	file_source_close(&source);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_rewritten_file_is_another_one)
{
	struct folder folder;
	struct file_identity identity;

	folder_make(&folder);
	folder_append(&folder, "a", "begin");
	identity = identity_of(&folder, "a");
	folder_replace(&folder, "a", "other and longer");
	ck_assert_int_eq(compare(&identity, &folder, "a"), FILE_OTHER);
	folder_replace(&folder, "a", "beg");
	ck_assert_int_eq(compare(&identity, &folder, "a"), FILE_OTHER);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_copy_is_told_from_the_file)
{
	struct folder folder;
	struct file_identity identity, empty;

	folder_make(&folder);
	folder_append(&folder, "a", "begin");
	folder_append(&folder, "b", "begin, and more");
	folder_append(&folder, "c", "");
	folder_append(&folder, "d", "");
	identity = identity_of(&folder, "a");
	empty = identity_of(&folder, "c");
	ck_assert_int_eq(compare(&identity, &folder, "b"), FILE_COPY);
	ck_assert_int_eq(compare(&empty, &folder, "c"), FILE_SAME);
	ck_assert_int_eq(compare(&empty, &folder, "d"), FILE_OTHER);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_used_again_inode_has_another_generation)
{
	struct folder folder;
	struct file_identity identity;

	folder_make(&folder);
	folder_append(&folder, "a", "same");
	identity = identity_of(&folder, "a");
	identity.generation = 7;
	ck_assert_int_eq(compare(&identity, &folder, "a"),
		identity_of(&folder, "a").generation == 0 ? FILE_SAME : FILE_COPY);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_position_survives_writing_and_reading)
{
	const struct file_position position = {
		.file = {.device = 1,
			.inode = UINT64_MAX,
			.generation = 3,
			.head_len = 1024,
			.head = {4, 5}},
		.offset = INT64_MAX,
		.modified_ns = -6,
	};
	struct file_position read;
	char bytes[FILE_POSITION_SIZE];

	file_position_write(&position, bytes);
	ck_assert(file_position_read(slice_of(bytes, sizeof(bytes)), &read));
	ck_assert_mem_eq(&read.file.head, &position.file.head, sizeof(read.file.head));
	ck_assert_uint_eq(read.file.inode, UINT64_MAX);
	ck_assert_uint_eq(read.file.generation, 3);
	ck_assert_uint_eq(read.offset, INT64_MAX);
	ck_assert_int_eq(read.modified_ns, -6);
}
END_TEST

START_TEST(a_position_out_of_range_is_refused)
{
	struct file_position read, position = {.file = {.head_len = 1024}};
	char bytes[FILE_POSITION_SIZE];

	file_position_write(&position, bytes);
	ck_assert(!file_position_read(slice_of(bytes, sizeof(bytes) - 1), &read));
	bytes[0] = 2;
	ck_assert(!file_position_read(slice_of(bytes, sizeof(bytes)), &read));
	position.file.head_len = 1025;
	file_position_write(&position, bytes);
	ck_assert(!file_position_read(slice_of(bytes, sizeof(bytes)), &read));
	position = (struct file_position){.offset = UINT64_MAX};
	file_position_write(&position, bytes);
	ck_assert(!file_position_read(slice_of(bytes, sizeof(bytes)), &read));
}
END_TEST

TEST_MAIN("file_identity", a_file_that_grew_is_the_same, a_rewritten_file_is_another_one,
	a_copy_is_told_from_the_file, a_used_again_inode_has_another_generation,
	a_position_survives_writing_and_reading, a_position_out_of_range_is_refused)
