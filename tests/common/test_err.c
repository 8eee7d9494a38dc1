#include "common/err.h"

#include <errno.h>

#include "tests/support/check.h"

START_TEST(positions_stand_in_front)
{
	struct err err;

	ck_assert(!err_at(&err, (struct pos){"a.yaml", 3, 9}, "bad '%s'", "x"));
	ck_assert_str_eq(err.text, "a.yaml:3:9: bad 'x'");
	err_at(&err, (struct pos){0}, "bad");
	ck_assert_str_eq(err.text, "bad");
}
END_TEST

START_TEST(context_and_errno_are_kept)
{
	struct err err;

	errno = ENOSPC;
	ck_assert(!err_sys(&err, "writing %s", "f"));
	ck_assert(!err_within(&err, "store"));
	ck_assert_str_eq(err.text, "store: writing f: No space left on device");
	ck_assert_int_eq(err.sys, ENOSPC);
}
END_TEST

START_TEST(long_text_is_cut_and_null_is_fine)
{
	struct err err;

	err_set(&err, "%0600d", 1);
	ck_assert_uint_eq(strlen(err.text), ERR_TEXT_MAX - 1);
	err_within(&err, "%0600d", 2);
	ck_assert_uint_eq(strlen(err.text), ERR_TEXT_MAX - 1);
	ck_assert(!err_set(NULL, "x"));
}
END_TEST

TEST_MAIN("err", positions_stand_in_front, context_and_errno_are_kept,
	long_text_is_cut_and_null_is_fine)
