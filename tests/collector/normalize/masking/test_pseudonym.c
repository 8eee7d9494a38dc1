#include "collector/normalize/masking/pseudonym.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/support/check.h"
#include "tests/support/folder.h"

#define HEX32   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OTHER32 "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct arena arena;

static struct pseudonym *parsed(const char *text)
{
	struct err err;
	struct pseudonym *pseudonym = pseudonym_parse("keys", slice_str(text), &err);

	ck_assert_msg(pseudonym != NULL, "%s", err.text);
	return pseudonym;
}

START_TEST(a_token_is_the_hmac_of_kind_and_value)
{
	struct pseudonym *pseudonym = parsed("k1 " HEX32 "\n");
	unsigned char key[32], digest[32];
	char expected[64] = "cccd_k1_";
	size_t len = strlen(expected);

	for (unsigned i = 0; i < 32; i++)
		key[i] = (unsigned char)i;
	ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, sizeof(key),
		(const unsigned char *)"cccd\0"
				       "001203012345",
		17, digest, NULL));
	for (unsigned i = 0; i < 10; i++) {
		expected[len++] = (char)('a' + (digest[i] >> 4));
		expected[len++] = (char)('a' + (digest[i] & 15));
	}
	arena_init(&arena, 1 << 12);
	ck_assert_slice_eq(
		pseudonym_of(pseudonym, &arena, SLICE_LIT("cccd"), SLICE_LIT("001203012345")),
		slice_of(expected, len));
	arena_done(&arena);
	pseudonym_free(pseudonym);
}
END_TEST

START_TEST(the_first_key_makes_tokens_and_older_ones_find_theirs)
{
	struct pseudonym *old = parsed("k1 " HEX32);
	struct pseudonym *pseudonym = parsed("# in use\nk2 " OTHER32 "\r\n\n  k1  " HEX32 "\n");

	arena_init(&arena, 1 << 12);
	struct slice before = pseudonym_of(old, &arena, SLICE_LIT("phone"), SLICE_LIT("1"));
	struct slice after =
		pseudonym_of(pseudonym, &arena, SLICE_LIT("phone"), SLICE_LIT("1"));
	ck_assert(slice_starts(before, SLICE_LIT("phone_k1_")));
	ck_assert(slice_starts(after, SLICE_LIT("phone_k2_")));
	ck_assert(!slice_eq(slice_from(before, 9), slice_from(after, 9)));
	ck_assert_uint_eq(pseudonym_keys(pseudonym), 2);
	ck_assert_slice_eq(
		pseudonym_with(pseudonym, 1, &arena, SLICE_LIT("phone"), SLICE_LIT("1")),
		before);
	arena_done(&arena);
	pseudonym_free(old);
	pseudonym_free(pseudonym);
}
END_TEST

START_TEST(what_is_no_key_file_is_refused_with_its_place)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"", "no key"},
		{"# k1\n", "no key"},
		{"k1", "keys:1: a key has"},
		{"k1 00", "keys:1: a key has"},
		{"\nk1 zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
			"keys:2: a key has"},
		{"K1 " HEX32, "keys:1: a line is"},
		{"longerthan8 " HEX32, "keys:1: a line is"},
		{"k1 " HEX32 "\nk1 " OTHER32, "keys:2: there is a key"},
	};
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_ptr_null(pseudonym_parse("keys", slice_str(bad[i].text), &err));
		ck_assert_msg(strstr(err.text, bad[i].message) != NULL, "'%s'", err.text);
	}
}
END_TEST

START_TEST(a_key_that_others_may_read_is_refused)
{
	struct folder folder;
	struct err err;

	folder_make(&folder);
	folder_append(&folder, "keys", "k1 " HEX32 "\n");
	const char *path = folder_path(&folder, "keys");
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_ptr_null(pseudonym_load(path, &err));
	ck_assert_msg(strstr(err.text, "chmod 640") != NULL, "%s", err.text);
	ck_assert_int_eq(chmod(path, 0640), 0);
	struct pseudonym *pseudonym = pseudonym_load(path, &err);
	ck_assert_msg(pseudonym != NULL, "%s", err.text);
	pseudonym_free(pseudonym);
	folder_remove(&folder);
	ck_assert_ptr_null(pseudonym_load("/nonexistent/keys", &err));
}
END_TEST

TEST_MAIN("pseudonym", a_token_is_the_hmac_of_kind_and_value,
	the_first_key_makes_tokens_and_older_ones_find_theirs,
	what_is_no_key_file_is_refused_with_its_place, a_key_that_others_may_read_is_refused)
