#include "collector/detect/sigma/pattern.h"

#include "tests/support/check.h"

static struct arena arena;

static void compile(const char *text, bool cased, struct pattern *pattern)
{
	ck_assert(pattern_compile(&arena, symbols_of(&arena, slice_str(text)), cased, pattern));
}

static bool matches(const char *text, const char *value)
{
	struct pattern pattern;
	char folded[256];
	bool result;

	ck_assert_uint_lt(strlen(value), sizeof(folded));
	arena_init(&arena, 1 << 20);
	compile(text, false, &pattern);
	fold_case(slice_str(value), folded);
	result = pattern_matches(&pattern, slice_of(folded, strlen(value)));
	arena_done(&arena);
	return result;
}

static enum pattern_kind kind_of(const char *text)
{
	struct pattern pattern;

	arena_init(&arena, 1 << 20);
	compile(text, false, &pattern);
	arena_done(&arena);
	return pattern.kind;
}

START_TEST(texts_are_compared_whole_whatever_their_case)
{
	ck_assert(matches(
		"C:\\Windows\\System32\\whoami.exe", "c:\\windows\\system32\\WHOAMI.EXE"));
	ck_assert(!matches("whoami.exe", "whoami.exe2"));
	ck_assert(!matches("whoami.exe", "awhoami.exe"));
	ck_assert(matches("", ""));
	ck_assert(!matches("", "a"));
}
END_TEST

START_TEST(a_star_is_any_number_of_characters_a_question_mark_is_one)
{
	ck_assert(matches("antivirus_V*.exe", "antivirus_V.exe"));
	ck_assert(matches("antivirus_V*.exe", "antivirus_V21.2.1.exe"));
	ck_assert(!matches("antivirus_V*.exe", "antivirus_V21.2.1.exe "));
	ck_assert(matches("prog?.exe", "progA.exe"));
	ck_assert(matches("prog?.exe", "prog\u1ed1.exe"));
	ck_assert(!matches("prog?.exe", "prog.exe"));
	ck_assert(!matches("prog?.exe", "progAB.exe"));
	ck_assert(matches("*a?c*e", "xxabcabcde"));
	ck_assert(!matches("*a?c*e", "xxabcabcdf"));
	ck_assert(matches("***", ""));
}
END_TEST

/* Sigma rules specification 2.1, "Escape Character". */
START_TEST(a_backslash_escapes_wildcards_and_itself)
{
	ck_assert(matches("a\\*b", "a*b"));
	ck_assert(!matches("a\\*b", "axb"));
	ck_assert(matches("a\\?b", "a?b"));
	ck_assert(matches("a\\\\*b", "a\\xyzb"));
	ck_assert(!matches("a\\\\*b", "a*b"));
	ck_assert(matches("a\\\\\\*b", "a\\*b"));
	ck_assert(matches("a\\b", "a\\b"));
	ck_assert(matches("a\\\\b", "a\\b"));
	ck_assert(matches("a\\\\\\\\b", "a\\\\b"));
	ck_assert(matches("a\\\\\\b", "a\\\\b"));
	ck_assert(matches("a\\", "a\\"));
}
END_TEST

START_TEST(what_is_a_plain_comparison_is_compiled_to_one)
{
	ck_assert_int_eq(kind_of("abc"), PATTERN_WHOLE);
	ck_assert_int_eq(kind_of("abc*"), PATTERN_START);
	ck_assert_int_eq(kind_of("*abc"), PATTERN_END);
	ck_assert_int_eq(kind_of("**abc*"), PATTERN_WITHIN);
	ck_assert_int_eq(kind_of("*"), PATTERN_ANYTHING);
	ck_assert_int_eq(kind_of("a*c"), PATTERN_GLOB);
	ck_assert_int_eq(kind_of("a?c"), PATTERN_GLOB);
	ck_assert_int_eq(kind_of("a\\*c"), PATTERN_WHOLE);
}
END_TEST

START_TEST(letters_of_vietnamese_greek_and_cyrillic_have_case_too)
{
	ck_assert(matches("S\u1ede TH\u00d4NG TIN \u0110\u1ea4T \u01afU",
		"s\u1edf th\u00f4ng tin \u0111\u1ea5t \u01b0u"));
	ck_assert(matches("\u0391\u03a9", "\u03b1\u03c9"));
	ck_assert(matches("\u041c\u0401", "\u043c\u0451"));
	ck_assert(!matches("\u00d7", "\u00f7")); /* the signs of times and division */
}
END_TEST

START_TEST(bytes_that_are_no_text_are_compared_as_they_are)
{
	ck_assert(matches("*\xff\xc3*", "a\xff\xc3"
					"b"));
	ck_assert(matches("a?b", "a\xff"
				 "b"));
	ck_assert(!matches("\xc3\x80", "\xc3"));
}
END_TEST

START_TEST(a_cased_pattern_tells_case_apart)
{
	struct pattern pattern;

	arena_init(&arena, 1 << 20);
	compile("*Ab*", true, &pattern);
	ck_assert(pattern_matches(&pattern, SLICE_LIT("xAbx")));
	ck_assert(!pattern_matches(&pattern, SLICE_LIT("xabx")));
	arena_done(&arena);
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
	char *text = calloc(1, PATTERN_SYMBOLS_MAX + 2);

	arena_init(&arena, 1 << 24);
	memset(text, 'a', PATTERN_SYMBOLS_MAX + 1);
	ck_assert_ptr_null(symbols_of(&arena, slice_str(text)).at);
	ck_assert_ptr_nonnull(
		symbols_of(&arena, slice_head(slice_str(text), PATTERN_SYMBOLS_MAX)).at);
	arena_done(&arena);
	free(text);
}
END_TEST

/* Every byte at every place of a run, beside bytes of other kinds. */
START_TEST(every_byte_is_folded_wherever_it_stands)
{
	static const char *const around[] = {"zzzzzzzzzzzzzzzzz", "@@@@@@@@@@@@@@@@@",
		"[[[[[[[[[[[[[[[[[", "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f"};

	for (size_t a = 0; a < ARRAY_LEN(around); a++) {
		const struct slice text = slice_str(around[a]);

		for (unsigned i = 0; i < text.len * 0x80; i++) {
			const size_t at = i / 0x80;
			const char byte = (char)(i % 0x80);
			char in[20], out[20], wanted[20];

			memcpy(in, text.ptr, text.len);
			in[at] = byte;
			memcpy(wanted, in, text.len);
			wanted[at] = byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
			fold_case(slice_of(in, text.len), out);
			ck_assert_mem_eq(out, wanted, text.len);
		}
	}
}
END_TEST

TEST_MAIN("detect/sigma/pattern", every_byte_is_folded_wherever_it_stands,
	texts_are_compared_whole_whatever_their_case,
	a_star_is_any_number_of_characters_a_question_mark_is_one,
	a_backslash_escapes_wildcards_and_itself, what_is_a_plain_comparison_is_compiled_to_one,
	letters_of_vietnamese_greek_and_cyrillic_have_case_too,
	bytes_that_are_no_text_are_compared_as_they_are, a_cased_pattern_tells_case_apart,
	what_is_too_long_is_refused)
