#include "collector/national/mask.h"

#include "tests/support/check.h"

static void check_masked(
	const struct national_profile *profile, const char *path, const char *expected)
{
	struct strbuf out = STRBUF_INIT(4096);

	mask_path(profile, slice_str(path), &out);
	ck_assert_slice_eq(strbuf_slice(&out), slice_str(expected));
	strbuf_done(&out);
}

START_TEST(users_numbers_and_mailboxes_do_not_leave)
{
	static const struct national_profile profile = {0};
	static const char *const cases[][2] = {
		{"/usr/bin/ls", "/usr/bin/ls"},
		{"/home/nguyenvana/tải về/x.exe", "/home/user/tải về/x.exe"},
		{"/home//an//x", "/home//user//x"},
		{"/export/home/an", "/export/home/user"},
		{"C:\\Users\\Nguyễn Văn A\\AppData\\x.exe", "C:\\Users\\user\\AppData\\x.exe"},
		{"c:\\documents and settings\\an\\x", "c:\\documents and settings\\user\\x"},
		{"C:/USERS/an/x", "C:/USERS/user/x"},
		{"/var/mail/an", "/var/mail/user"},
		{"/var/spool/mail/an", "/var/spool/mail/user"},
		{"/var/spool/cron/crontabs/an", "/var/spool/cron/crontabs/user"},
		{"/srv/mail/list", "/srv/mail/list"},
		{"/run/user/1000/x", "/run/user/user/x"},
		{"/data/cccd-012345678901.pdf", "/data/cccd-#.pdf"},
		{"/data/0912345678", "/data/#"},
		{"/data/123456789", "/data/#"},
		{"/data/12345678", "/data/12345678"},
		{"/data/1234567890123", "/data/1234567890123"},
		{"/data/an.nguyen@syt.gov.vn/x", "/data/user@syt.gov.vn/x"},
		{"/data/a@x@y", "/data/user@x@y"},
		{"/data/@x", "/data/@x"},
		{"home/an", "home/user"},
		{"", ""},
		{"///", "///"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_masked(&profile, cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(with_a_key_the_same_user_is_the_same_token)
{
	/* HMAC-SHA256 of "an" under sixteen times 0x6b, by openssl dgst -mac HMAC. */
	struct national_profile profile = {.mask_key_len = 16};

	memset(profile.mask_key, 0x6b, 16);
	check_masked(&profile, "/home/an/x", "/home/u-8b9d9f87aa4e/x");
	check_masked(&profile, "C:\\Users\\AN\\x", "C:\\Users\\u-8b9d9f87aa4e\\x");
	check_masked(&profile, "/data/An@x", "/data/u-8b9d9f87aa4e@x");
	profile.mask_key[0] ^= 1;

	struct strbuf out = STRBUF_INIT(256);
	mask_path(&profile, SLICE_LIT("/home/an/x"), &out);
	ck_assert(!slice_eq(strbuf_slice(&out), SLICE_LIT("/home/u-8b9d9f87aa4e/x")));
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("mask", users_numbers_and_mailboxes_do_not_leave,
	with_a_key_the_same_user_is_the_same_token)
