#include "common/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/soc-test-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

START_TEST(replaced_content_is_read_back)
{
	struct strbuf text = STRBUF_INIT(100);
	struct err err;

	make_dir();
	ck_assert(file_make_dirs(in_dir("a/b/c"), 0700, &err));
	ck_assert(file_make_dirs(in_dir("a/b/c"), 0700, &err));
	ck_assert(file_replace(in_dir("a/b/c/f"), SLICE_LIT("one"), 0600, &err));
	ck_assert(file_replace(in_dir("a/b/c/f"), SLICE_LIT("two"), 0600, &err));
	ck_assert(file_read(in_dir("a/b/c/f"), &text, &err));
	ck_assert_slice_eq(strbuf_slice(&text), SLICE_LIT("two"));
	strbuf_done(&text);
	unlink(in_dir("a/b/c/f"));
	rmdir(in_dir("a/b/c"));
	rmdir(in_dir("a/b"));
	rmdir(in_dir("a"));
	rmdir(dir);
}
END_TEST

START_TEST(a_file_over_the_limit_is_an_error)
{
	struct strbuf text = STRBUF_INIT(3);
	struct err err;

	make_dir();
	ck_assert(file_replace(in_dir("f"), SLICE_LIT("123"), 0600, &err));
	ck_assert(file_read(in_dir("f"), &text, &err));
	strbuf_reset(&text);
	ck_assert(file_replace(in_dir("f"), SLICE_LIT("1234"), 0600, &err));
	ck_assert(!file_read(in_dir("f"), &text, &err));
	unlink(in_dir("f"));
	ck_assert(!file_read(in_dir("f"), &text, &err));
	ck_assert(!file_make_dirs("/proc/no/such", 0700, &err));
	strbuf_done(&text);
	rmdir(dir);
}
END_TEST

START_TEST(places_of_a_file_are_written_and_read)
{
	char bytes[16] = "";

	make_dir();
	int fd = open(in_dir("f"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert(file_write_all_at(fd, "abcdef", 6, 2));
	ck_assert(file_write_all_at(fd, "XY", 2, 4));
	ck_assert_int_eq(file_read_at(fd, bytes, sizeof(bytes), 1), 7);
	ck_assert_mem_eq(bytes, "\0abXYef", 7);
	ck_assert(file_truncate(fd, 3));
	ck_assert_int_eq(file_read_at(fd, bytes, sizeof(bytes), 1), 2);
	ck_assert_int_eq(file_read_at(fd, bytes, sizeof(bytes), 3), 0);
	ck_assert(file_sync_data(fd) && file_sync(fd));
	close(fd);
	ck_assert(!file_write_all_at(fd, "x", 1, 0));
	ck_assert_int_eq(file_read_at(fd, bytes, 1, 0), -1);
	ck_assert(!file_sync_data(fd) && !file_sync(fd) && !file_truncate(fd, 0));
	unlink(in_dir("f"));
	rmdir(dir);
}
END_TEST

static struct file_mark mark_of(const char *name)
{
	return file_mark(in_dir(name));
}

START_TEST(another_content_has_another_mark)
{
	struct file_mark none = {0}, first, now;
	char path[256];

	make_dir();
	now = mark_of("f");
	ck_assert(file_mark_same(&now, &none));
	ck_assert(file_replace(in_dir("f"), SLICE_LIT("one"), 0600, NULL));
	first = mark_of("f");
	ck_assert(!file_mark_same(&first, &none));
	now = mark_of("f");
	ck_assert(file_mark_same(&now, &first));
	/* The same bytes and times in another file. */
	snprintf(path, sizeof(path), "%s", in_dir("f"));
	ck_assert_int_eq(link(path, in_dir("old")), 0);
	ck_assert(file_replace(in_dir("f"), SLICE_LIT("one"), 0600, NULL));
	now = mark_of("f");
	ck_assert(!file_mark_same(&now, &first));
	unlink(in_dir("f"));
	unlink(in_dir("old"));
	rmdir(dir);
}
END_TEST

TEST_MAIN("file", another_content_has_another_mark, places_of_a_file_are_written_and_read,
	replaced_content_is_read_back, a_file_over_the_limit_is_an_error)
