#include "common/fold.h"

#include "common/charset.h"
#include "tests/common/vietnamese.h"
#include "tests/support/check.h"

static struct slice folded(struct slice text)
{
	static char out[1 << 10];

	ck_assert_uint_le(text.len, sizeof(out));
	size_t n = fold_text(text, out);
	ck_assert_uint_le(n, text.len);
	return slice_of(out, n);
}

static void expect_letter(enum charset charset, struct slice bytes, char letter)
{
	const char plain[2] = {letter, '\0'};
	char text[64];
	struct charset_outcome outcome;

	if (bytes.len == 0)
		return; /* the set has no such letter */
	size_t n = charset_decode(charset, bytes, text, &outcome);
	ck_assert_slice_eq(folded(slice_of(text, n)), slice_str(plain));
}

START_TEST(the_whole_alphabet_folds_to_ascii_from_every_set)
{
	for (size_t i = 0; i < ARRAY_LEN(vietnamese_letters); i++) {
		const struct vietnamese_letter *letter = &vietnamese_letters[i];
		const char base[2] = {letter->folded, '\0'};
		struct slice plain = slice_str(base);

		ck_assert_slice_eq(folded(slice_str(letter->nfc)), plain);
		ck_assert_slice_eq(folded(slice_str(letter->nfd)), plain);
		ck_assert(fold_eq(slice_str(letter->nfc), slice_str(letter->nfd)));
		ck_assert(fold_eq(slice_str(letter->nfd), plain));
		expect_letter(CHARSET_UTF_16LE, slice_of(letter->utf_16le, 2), letter->folded);
		expect_letter(
			CHARSET_WINDOWS_1258, slice_str(letter->windows_1258), letter->folded);
		expect_letter(CHARSET_TCVN3, slice_str(letter->tcvn3), letter->folded);
		expect_letter(CHARSET_VNI, slice_str(letter->vni), letter->folded);
	}
}
END_TEST

START_TEST(marks_fold_in_any_order)
{
	/* e, dot below, circumflex, and the other way round */
	ck_assert(fold_eq(SLICE_LIT("Vi\xe1\xbb\x87t"), SLICE_LIT("Vie\xcc\xa3\xcc\x82t")));
	ck_assert(fold_eq(SLICE_LIT("Vi\xe1\xbb\x87t"), SLICE_LIT("VIE\xcc\x82\xcc\xa3T")));
	ck_assert(fold_eq(SLICE_LIT("Vi\xc3\xaa\xcc\xa3t"), SLICE_LIT("viet")));
	ck_assert(fold_eq(SLICE_LIT("\xc4\x90\xc6\xb0\xe1\xbb\x9dng"), SLICE_LIT("duong")));
}
END_TEST

START_TEST(other_texts_differ_as_before)
{
	ck_assert(!fold_eq(SLICE_LIT("viet"), SLICE_LIT("vie")));
	ck_assert(!fold_eq(SLICE_LIT("vie"), SLICE_LIT("viet")));
	ck_assert(!fold_eq(SLICE_LIT("a"), SLICE_LIT("b")));
	ck_assert(fold_eq(SLICE_LIT(""), SLICE_LIT("\xcc\x81")));
	ck_assert_slice_eq(folded(SLICE_LIT("\xff\x80z")), SLICE_LIT("\xff\x80z"));
	/* No letter comes to be out of broken bytes. */
	ck_assert_slice_eq(
		folded(SLICE_LIT("\xc3\xcc\x83\xcc\x81\xa1")), SLICE_LIT("\xc3\xcc\x83\xa1"));
	ck_assert(fold_eq(SLICE_LIT("\xc6\xcc\x83\x83"), SLICE_LIT("\xc6\xcc\x83\x83")));
	ck_assert_slice_eq(folded(SLICE_LIT("\xe4\xbd\xa0")), SLICE_LIT("\xe4\xbd\xa0"));
	ck_assert_slice_eq(
		folded(SLICE_LIT("\xf0\x9f\x98\x80")), SLICE_LIT("\xf0\x9f\x98\x80"));
	ck_assert_slice_eq(folded(SLICE_LIT("\xc3\x86\xc3\xa6\xc3\x9f\xc3\x97")),
		SLICE_LIT("\xc3\xa6\xc3\xa6\xc3\x9f\xc3\x97"));
	ck_assert_slice_eq(folded(SLICE_LIT("\xc3\xbc\xc3\x91")), SLICE_LIT("un"));
}
END_TEST

TEST_MAIN("fold", the_whole_alphabet_folds_to_ascii_from_every_set, marks_fold_in_any_order,
	other_texts_differ_as_before)
