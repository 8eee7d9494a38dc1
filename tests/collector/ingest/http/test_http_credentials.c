#include "collector/ingest/http/http_credentials.h"

#include "tests/support/check.h"

/* SHA-256 of "abc" (FIPS 180-2, B.1) */
static const unsigned char hash_of_abc[TOKEN_HASH_SIZE] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01,
	0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3,
	0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

static bool is_abc(const char *authorization)
{
	unsigned char hash[TOKEN_HASH_SIZE];

	return http_token_hash(slice_str(authorization), hash) &&
	       memcmp(hash, hash_of_abc, sizeof(hash)) == 0;
}

START_TEST(the_token_is_found_in_every_scheme)
{
	ck_assert(is_abc("Bearer abc"));
	ck_assert(is_abc("bearer  abc "));
	ck_assert(is_abc("Splunk abc"));
	ck_assert(is_abc("Basic dTphYmM="));  /* u:abc */
	ck_assert(is_abc("Basic OmFiYw=="));  /* :abc */
	ck_assert(is_abc("ApiKey aWQ6YWJj")); /* id:abc */
}
END_TEST

START_TEST(what_is_no_token_is_none)
{
	static const char *const bad[] = {"", "Bearer", "Bearer ", "abc", "Digest abc",
		"Basic abc", "Basic dTphYmM", "Basic dTo=" /* u: */, "ApiKey YWJj" /* abc */,
		"Basic !", " Bearer abc"};
	unsigned char hash[TOKEN_HASH_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!http_token_hash(slice_str(bad[i]), hash), "'%s'", bad[i]);
	ck_assert(!http_token_hash(SLICE_NONE, hash));
	ck_assert(!is_abc("Bearer abcd"));
	ck_assert(!is_abc("Basic YWJjOnU=")); /* abc:u */
}
END_TEST

TEST_MAIN("http_credentials", the_token_is_found_in_every_scheme, what_is_no_token_is_none)
