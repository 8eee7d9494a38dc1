#include "collector/store/undone.h"

#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/support/check.h"

static char dir[64], path[80];

static void enter(void)
{
	snprintf(dir, sizeof(dir), "/tmp/soc-undone-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/undone", dir);
}

static void leave(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(commits_are_kept)
{
	struct undone undone, again;
	struct err err;

	enter();
	ck_assert(undone_load(&undone, dir, &err));
	ck_assert(!undone_has(&undone, 7));
	ck_assert(undone_add(&undone, dir, 7, &err));
	ck_assert(undone_add(&undone, dir, UINT64_MAX, &err));
	ck_assert(undone_load(&again, dir, &err));
	ck_assert_uint_eq(again.n, 2);
	ck_assert(undone_has(&again, 7) && undone_has(&again, UINT64_MAX));
	ck_assert(!undone_has(&again, 8));
	undone_done(&undone);
	undone_done(&again);
	leave();
}
END_TEST

START_TEST(every_damage_is_an_error_with_its_line)
{
	struct undone undone;
	struct strbuf text = STRBUF_INIT(1000);
	struct err err;

	enter();
	ck_assert(undone_load(&undone, dir, &err));
	ck_assert(undone_add(&undone, dir, 1234, &err) && undone_add(&undone, dir, 5, &err));
	undone_done(&undone);
	ck_assert(file_read(path, &text, &err));
	for (size_t i = 0; i < text.len; i++) {
		text.ptr[i] ^= 1;
		ck_assert(file_replace(path, strbuf_slice(&text), 0600, &err));
		ck_assert_msg(!undone_load(&undone, dir, &err), "byte %zu", i);
		text.ptr[i] ^= 1;
	}
	ck_assert(
		file_replace(path, slice_head(strbuf_slice(&text), text.len - 3), 0600, &err));
	ck_assert(!undone_load(&undone, dir, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "undone:2"));
	strbuf_done(&text);
	leave();
}
END_TEST

TEST_MAIN("undone", commits_are_kept, every_damage_is_an_error_with_its_line)
