#include "common/crc32c.h"

#include "tests/support/check.h"

/* RFC 3720 §B.4 */
START_TEST(known_sums)
{
	unsigned char bytes[32] = {0};

	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x62a8ab43);
	for (unsigned i = 0; i < 32; i++)
		bytes[i] = (unsigned char)i;
	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x46dd794e);
	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xe3069283);
}
END_TEST

START_TEST(parts_sum_up_to_the_whole)
{
	const char text[] = "the quick brown fox jumps over the lazy dog";

	for (size_t cut = 0; cut < sizeof(text); cut++)
		ck_assert_uint_eq(crc32c(crc32c(0, text, cut), text + cut, sizeof(text) - cut),
			crc32c(0, text, sizeof(text)));
}
END_TEST

TEST_MAIN("crc32c", known_sums, parts_sum_up_to_the_whole)
