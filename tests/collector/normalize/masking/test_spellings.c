#include "collector/normalize/masking/spellings.h"

#include <stdio.h>
#include <string.h>

#include "common/fold.h"
#include "tests/support/check.h"

static const char *spelt(const char *name, unsigned which)
{
	static char out[512];

	out[spelling_write(slice_str(name), which, out)] = '\0';
	return out;
}

START_TEST(a_name_is_spelt_composed_decomposed_and_with_its_tones_apart)
{
	ck_assert_str_eq(spelt("mật", 0), "mật");
	ck_assert_str_eq(spelt("mật", 1), "ma\xcc\xa3\xcc\x82t");
	ck_assert_str_eq(spelt("mật", 2), "m\xc3\xa2\xcc\xa3t");
	ck_assert_str_eq(spelt("ẩ", 1), "a\xcc\x82\xcc\x89");
	ck_assert_str_eq(spelt("ợ", 1), "o\xcc\x9b\xcc\xa3");
	ck_assert_str_eq(spelt("ă", 1), "a\xcc\x86");
	ck_assert_str_eq(spelt("ĩ", 2), "i\xcc\x83");
}
END_TEST

START_TEST(a_name_is_spelt_in_small_letters_and_in_capitals)
{
	ck_assert_str_eq(spelt("mật Đường", 6), "mẬt ĐƯỜng");
	ck_assert_str_eq(spelt("MẬT ĐƯỜNG", 3), "MậT đườNG");
	ck_assert_str_eq(spelt("ẬÊ", 4), "a\xcc\xa3\xcc\x82"
					 "e\xcc\x82");
	ck_assert_str_eq(spelt("ậ", 7), "A\xcc\xa3\xcc\x82");
}
END_TEST

START_TEST(all_spellings_of_all_letters_fold_to_the_same)
{
	static const char *const letters =
		"aàảãáạăằẳẵắặâầẩẫấậđeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợ"
		"uùủũúụưừửữứựyỳỷỹýỵ";

	for (unsigned i = 0; i < SPELLINGS; i++) {
		const char *text = spelt(letters, i);

		ck_assert(fold_eq(slice_str(text), slice_str(letters)));
		ck_assert_uint_le(strlen(text), SPELLING_GROWTH * strlen(letters));
		for (unsigned other = 0; other < i && i % 3 != 2; other++) {
			char mine[512];

			snprintf(mine, sizeof(mine), "%s", spelt(letters, i));
			ck_assert(i == 3 || i == 4 || strcmp(mine, spelt(letters, other)) != 0);
		}
	}
}
END_TEST

START_TEST(what_is_no_vietnamese_letter_stays)
{
	for (unsigned i = 0; i < SPELLINGS; i++) {
		ck_assert_str_eq(spelt("Pass_1=\xff\xc3\xe1\xba 你😀ñ", i),
			"Pass_1=\xff\xc3\xe1\xba 你😀ñ");
		ck_assert_str_eq(spelt("", i), "");
	}
}
END_TEST

TEST_MAIN("spellings", a_name_is_spelt_composed_decomposed_and_with_its_tones_apart,
	a_name_is_spelt_in_small_letters_and_in_capitals,
	all_spellings_of_all_letters_fold_to_the_same, what_is_no_vietnamese_letter_stays)
