#include "common/charset.h"

#include "common/utf8.h"
#include "tests/common/vietnamese.h"
#include "tests/support/check.h"

enum { OUT = 1 << 12 };

static struct charset_outcome outcome;

static struct slice decoded(enum charset charset, struct slice text)
{
	static char out[OUT];

	ck_assert_uint_le(text.len * CHARSET_GROWTH, OUT);
	size_t n = charset_decode(charset, text, out, &outcome);
	ck_assert_uint_le(n, text.len * CHARSET_GROWTH);
	struct charset_outcome again;
	ck_assert_uint_eq(charset_decode(charset, text, NULL, &again), n);
	ck_assert_uint_eq(again.undecodable, outcome.undecodable);
	ck_assert(utf8_valid(slice_of(out, n)));
	return slice_of(out, n);
}

static void expect(enum charset charset, const char *bytes, const char *text)
{
	ck_assert_slice_eq(decoded(charset, slice_str(bytes)), slice_str(text));
	ck_assert_uint_eq(outcome.undecodable, 0);
}

START_TEST(the_whole_alphabet_is_read_in_every_set)
{
	for (size_t i = 0; i < ARRAY_LEN(vietnamese_letters); i++) {
		const struct vietnamese_letter *letter = &vietnamese_letters[i];
		char big[2] = {letter->utf_16le[1], letter->utf_16le[0]};

		expect(CHARSET_WINDOWS_1258, letter->windows_1258, letter->nfc);
		if (letter->tcvn3[0] != '\0') {
			expect(CHARSET_TCVN3, letter->tcvn3, letter->nfc);
			ck_assert(outcome.exact);
		}
		expect(CHARSET_VNI, letter->vni, letter->nfc);
		ck_assert(outcome.exact);
		ck_assert_slice_eq(decoded(CHARSET_UTF_16LE, slice_of(letter->utf_16le, 2)),
			slice_str(letter->nfc));
		ck_assert(outcome.exact);
		ck_assert_slice_eq(
			decoded(CHARSET_UTF_16BE, slice_of(big, 2)), slice_str(letter->nfc));
		expect(CHARSET_UTF_8, letter->nfc, letter->nfc);
	}
}
END_TEST

/* "Cộng hòa xã hội chủ nghĩa Việt Nam" */
#define MOTTO                                                                                  \
	"C\xe1\xbb\x99ng h\xc3\xb2"                                                            \
	"a x\xc3\xa3 h\xe1\xbb\x99i ch\xe1\xbb\xa7 ngh\xc4\xa9"                                \
	"a Vi\xe1\xbb\x87t Nam"

START_TEST(sentences_are_read)
{
	expect(CHARSET_WINDOWS_1258,
		"C\xf4\xf2ng ho\xcc"
		"a xa\xde h\xf4\xf2i chu\xd2 nghi\xde"
		"a Vi\xea\xf2t Nam",
		MOTTO);
	ck_assert(!outcome.exact);
	expect(CHARSET_TCVN3,
		"C\xe9ng h\xdf"
		"a x\xb7 h\xe9i ch\xf1 ngh\xdc"
		"a Vi\xd6t Nam",
		MOTTO);
	ck_assert(outcome.exact);
	expect(CHARSET_VNI,
		"Co\xe4ng ho\xf8"
		"a xa\xf5 ho\xe4i chu\xfb ngh\xf3"
		"a Vie\xe4t Nam",
		MOTTO);
	ck_assert(outcome.exact);
}
END_TEST

START_TEST(marks_behind_letters_are_put_together_where_there_is_such_a_letter)
{
	expect(CHARSET_TCVN3, "a\xb3", "\xc3\xa1");
	ck_assert(!outcome.exact);
	expect(CHARSET_WINDOWS_1258, "b\xec", "b\xcc\x81");
	ck_assert(outcome.exact);
	expect(CHARSET_WINDOWS_1258, "\xec", "\xcc\x81");
	expect(CHARSET_WINDOWS_1258, "a\xec\xec", "\xc3\xa1\xcc\x81");
	expect(CHARSET_VNI, "A\xf9", "\xc3\x81"); /* a small mark behind a capital */
	ck_assert(!outcome.exact);
}
END_TEST

START_TEST(bytes_that_mean_nothing_are_shown_and_counted)
{
	ck_assert_slice_eq(
		decoded(CHARSET_WINDOWS_1258, SLICE_LIT("a\x81 b")), SLICE_LIT("a\\x81 b"));
	ck_assert_uint_eq(outcome.undecodable, 1);
	ck_assert(!outcome.exact);
	ck_assert_slice_eq(
		decoded(CHARSET_TCVN3, SLICE_LIT("\xff\x80")), SLICE_LIT("\\xff\\x80"));
	ck_assert_uint_eq(outcome.undecodable, 2);
	ck_assert_slice_eq(decoded(CHARSET_VNI, SLICE_LIT("b\xf9")), SLICE_LIT("b\\xf9"));
	ck_assert_slice_eq(decoded(CHARSET_VNI, SLICE_LIT("\xe2")), SLICE_LIT("\\xe2"));
	ck_assert_slice_eq(decoded(CHARSET_UTF_16LE, SLICE_LIT("a\0\x3d\xd8z")),
		SLICE_LIT("a\\x3d\\xd8\\x7a"));
	ck_assert_uint_eq(outcome.undecodable, 3);
	ck_assert_slice_eq(
		decoded(CHARSET_UTF_16BE, SLICE_LIT("\xdc\x00")), SLICE_LIT("\\xdc\\x00"));
}
END_TEST

START_TEST(a_mark_of_byte_order_decides_and_goes)
{
	ck_assert_slice_eq(decoded(CHARSET_UTF_16LE, SLICE_LIT("\xff\xfe"
							       "a\0")),
		SLICE_LIT("a"));
	ck_assert_slice_eq(decoded(CHARSET_UTF_16LE, SLICE_LIT("\xfe\xff\0a")), SLICE_LIT("a"));
	ck_assert_slice_eq(decoded(CHARSET_UTF_16LE, SLICE_LIT("\x3d\xd8\x00\xde")),
		SLICE_LIT("\xf0\x9f\x98\x80"));
	ck_assert_int_eq(charset_of_mark(SLICE_LIT("\xff\xfe")), CHARSET_UTF_16LE);
	ck_assert_int_eq(charset_of_mark(SLICE_LIT("\xfe\xff\0a")), CHARSET_UTF_16BE);
	ck_assert_int_eq(charset_of_mark(SLICE_LIT("\xff")), CHARSET_COUNT);
}
END_TEST

START_TEST(newlines_stand_at_whole_units)
{
	ck_assert_uint_eq(charset_find_newline(CHARSET_UTF_16LE, SLICE_LIT("a\0\n\0b\0")), 2);
	ck_assert_uint_eq(charset_find_newline(CHARSET_UTF_16BE, SLICE_LIT("\0a\0\n\0b")), 2);
	/* U+0A00, U+0A0A, U+000A */
	ck_assert_uint_eq(charset_find_newline(CHARSET_UTF_16LE, SLICE_LIT("\0\n\n\n\n\0")), 4);
	ck_assert_uint_eq(charset_find_newline(CHARSET_UTF_16BE, SLICE_LIT("\n\0\n\n\0\n")), 4);
	ck_assert_uint_eq(charset_find_newline(CHARSET_UTF_16LE, SLICE_LIT("a\0\n")), 3);
	ck_assert_uint_eq(charset_find_newline(CHARSET_TCVN3, SLICE_LIT("a\nb")), 1);
}
END_TEST

START_TEST(sets_have_names)
{
	enum charset charset = CHARSET_VNI;

	for (unsigned i = 0; i < CHARSET_COUNT; i++) {
		ck_assert(charset_by_name(slice_str(charset_name((enum charset)i)), &charset));
		ck_assert_uint_eq((unsigned)charset, i);
	}
	ck_assert(charset_by_name(SLICE_LIT("CP1258"), &charset));
	ck_assert_int_eq(charset, CHARSET_WINDOWS_1258);
	ck_assert(!charset_by_name(SLICE_LIT("koi8-r"), &charset));
	ck_assert_int_eq(charset, CHARSET_WINDOWS_1258);
}
END_TEST

/* Any bytes: valid UTF-8, no more of it than there is room for. */
START_TEST(any_bytes_become_text)
{
	unsigned char bytes[512];
	unsigned seed = 3;

	for (unsigned round = 0; round < 600; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] =
				(unsigned char)(seed = seed * 1664525 + 1013904223, seed >> 24);
		(void)decoded((enum charset)(1 + round % (CHARSET_COUNT - 1)),
			slice_of(bytes, round % sizeof(bytes)));
	}
}
END_TEST

TEST_MAIN("charset", the_whole_alphabet_is_read_in_every_set, sentences_are_read,
	marks_behind_letters_are_put_together_where_there_is_such_a_letter,
	bytes_that_mean_nothing_are_shown_and_counted, a_mark_of_byte_order_decides_and_goes,
	newlines_stand_at_whole_units, sets_have_names, any_bytes_become_text)
