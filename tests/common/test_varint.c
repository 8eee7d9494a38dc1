#include "common/varint.h"

#include "tests/support/check.h"

START_TEST(every_size_goes_both_ways)
{
	for (unsigned bit = 0; bit <= 64; bit++) {
		uint64_t value = bit == 64 ? UINT64_MAX : UINT64_C(1) << bit;
		char bytes[VARINT_SIZE_MAX];
		size_t len = (size_t)(varint_put(bytes, value) - bytes);

		ck_assert_uint_le(len, VARINT_SIZE_MAX);
		struct varint_reader reader = varint_reader(slice_of(bytes, len));
		ck_assert_uint_eq(varint_read(&reader), value);
		ck_assert(varint_reader_done(&reader));

		reader = varint_reader(slice_of(bytes, len - 1));
		ck_assert_uint_eq(varint_read(&reader), 0);
		ck_assert(reader.bad);
	}
}
END_TEST

START_TEST(more_than_64_bits_are_bad)
{
	struct varint_reader reader =
		varint_reader(SLICE_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));

	ck_assert_uint_eq(varint_read(&reader), 0);
	ck_assert(reader.bad);
	reader = varint_reader(SLICE_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	ck_assert_uint_eq(varint_read(&reader), 0);
	ck_assert(reader.bad);
}
END_TEST

START_TEST(signed_numbers_fold)
{
	static const int64_t values[] = {0, -1, 1, -2, 1000, -1000, INT64_MAX, INT64_MIN};

	ck_assert_uint_eq(varint_fold(-1), 1);
	ck_assert_uint_eq(varint_fold(1), 2);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		ck_assert_int_eq(varint_unfold(varint_fold(values[i])), values[i]);
}
END_TEST

START_TEST(what_does_not_fit_makes_the_reader_bad_for_good)
{
	struct varint_reader reader = varint_reader(SLICE_LIT("\x05"
							      "abc\x07"));

	ck_assert_uint_eq(varint_read_max(&reader, 5), 5);
	ck_assert_slice_eq(varint_read_bytes(&reader, 3), SLICE_LIT("abc"));
	ck_assert_uint_eq(varint_read_max(&reader, 6), 0);
	ck_assert(reader.bad);
	ck_assert(!varint_reader_done(&reader));

	reader = varint_reader(SLICE_LIT("ab"));
	ck_assert_uint_eq(varint_read_bytes(&reader, 3).len, 0);
	ck_assert_uint_eq(varint_read(&reader), 0);
	ck_assert(reader.bad);
}
END_TEST

TEST_MAIN("varint", every_size_goes_both_ways, more_than_64_bits_are_bad, signed_numbers_fold,
	what_does_not_fit_makes_the_reader_bad_for_good)
