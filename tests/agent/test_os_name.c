#include "agent/os_name.h"

#include "tests/support/check.h"

static const struct slice release = {
	SLICE_BYTES("NAME=\"Debian GNU/Linux\"\nPRETTY_NAME='Debian GNU/Linux 12'\n"
		    "ID=debian\nEMPTY=\nODD=\"x\nBROKEN\n")};

START_TEST(values_lose_their_quotes_of_either_kind)
{
	ck_assert_slice_eq(os_release_value(release, "NAME"), SLICE_LIT("Debian GNU/Linux"));
	ck_assert_slice_eq(
		os_release_value(release, "PRETTY_NAME"), SLICE_LIT("Debian GNU/Linux 12"));
	ck_assert_slice_eq(os_release_value(release, "ID"), SLICE_LIT("debian"));
	ck_assert_slice_eq(os_release_value(release, "ODD"), SLICE_LIT("\"x"));
	ck_assert_uint_eq(os_release_value(release, "EMPTY").len, 0);
}
END_TEST

START_TEST(what_is_not_there_is_absent)
{
	ck_assert(slice_absent(os_release_value(release, "VERSION_ID")));
	ck_assert(slice_absent(os_release_value(release, "BROKEN")));
	ck_assert(slice_absent(os_release_value(SLICE_LIT(""), "NAME")));
}
END_TEST

START_TEST(an_operating_system_always_has_a_name)
{
	char name[OS_NAME_MAX];

	ck_assert_uint_gt(strlen(os_name(name)), 0);
}
END_TEST

TEST_MAIN("os_name", values_lose_their_quotes_of_either_kind, what_is_not_there_is_absent,
	an_operating_system_always_has_a_name)
