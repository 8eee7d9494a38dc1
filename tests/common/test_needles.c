#include "common/needles.h"

#include "tests/support/check.h"

enum { HITS_MAX = 256, TEXT_LEN = 200 };

struct hits {
	unsigned n, most;
	unsigned number[HITS_MAX];
	size_t at[HITS_MAX];
};

static bool on_hit(void *user, unsigned number, size_t at)
{
	struct hits *hits = user;

	ck_assert_uint_lt(hits->n, HITS_MAX);
	hits->number[hits->n] = number;
	hits->at[hits->n] = at;
	hits->n++;
	return hits->most == 0 || hits->n < hits->most;
}

static struct hits scan(const struct slice *texts, size_t n, const char *text, unsigned most)
{
	struct needles *needles = needles_new(texts, n);
	struct hits hits = {.most = most};
	bool to_the_end = needles_scan(needles, slice_str(text), on_hit, &hits);

	ck_assert(to_the_end == (most == 0 || hits.n < most));
	needles_free(needles);
	return hits;
}

static const struct slice few[] = {
	{SLICE_BYTES("../")}, {SLICE_BYTES("SELECT ")}, {SLICE_BYTES("/.env")}};

START_TEST(needles_are_found_wherever_they_stand)
{
	struct hits hits = scan(few, 3, "../a?x=seLect 1/.env", 0);

	ck_assert_uint_eq(hits.n, 3);
	ck_assert_uint_eq(hits.number[0], 0);
	ck_assert_uint_eq(hits.at[0], 0);
	ck_assert_uint_eq(hits.number[1], 1);
	ck_assert_uint_eq(hits.at[1], 7);
	ck_assert_uint_eq(hits.number[2], 2);
	ck_assert_uint_eq(hits.at[2], 15);
}
END_TEST

START_TEST(overlapping_needles_are_all_found)
{
	static const struct slice texts[] = {
		{SLICE_BYTES("aa")}, {SLICE_BYTES("aaa")}, {SLICE_BYTES("ab")}};

	ck_assert_uint_eq(scan(texts, 3, "aaab", 0).n, 4);
}
END_TEST

START_TEST(only_letters_have_two_cases)
{
	static const struct slice texts[] = {{SLICE_BYTES("[x]")}, {SLICE_BYTES("\xc3\x80@")}};

	ck_assert_uint_eq(scan(texts, 2, "{X} [X]", 0).n, 1);
	ck_assert_uint_eq(scan(texts, 2, "\xe3\xa0` \xc3\x80@", 0).n, 1);
}
END_TEST

START_TEST(a_caller_can_stop)
{
	ck_assert_uint_eq(scan(few, 3, "../../../", 2).n, 2);
}
END_TEST

START_TEST(nothing_is_found_in_nothing)
{
	ck_assert_uint_eq(scan(few, 3, "", 0).n, 0);
	ck_assert_uint_eq(scan(few, 3, "..", 0).n, 0);
	ck_assert_uint_eq(scan(few, 0, "../", 0).n, 0);
}
END_TEST

/* Against the plain way, on texts made of few letters so that much nearly matches. */
START_TEST(the_fast_way_agrees_with_the_plain_way)
{
	static const struct slice texts[] = {{SLICE_BYTES("abc")}, {SLICE_BYTES("bcabca")},
		{SLICE_BYTES("cab")}, {SLICE_BYTES("aaaa")}};
	uint32_t state = 1;

	for (unsigned round = 0; round < 4000; round++) {
		char text[TEXT_LEN + 1] = {0};
		unsigned plain = 0;
		size_t len = round % (TEXT_LEN + 1);

		for (size_t i = 0; i < len; i++) {
			state = state * 1664525 + 1013904223;
			text[i] = (char)("abcABC"[(state >> 16) % 6]);
		}
		for (size_t at = 0; at < len; at++) {
			for (size_t i = 0; i < ARRAY_LEN(texts); i++)
				plain += at + texts[i].len <= len &&
					 slice_eq_nocase(
						 slice_of(text + at, texts[i].len), texts[i]);
		}
		if (plain < HITS_MAX)
			ck_assert_uint_eq(scan(texts, ARRAY_LEN(texts), text, 0).n, plain);
	}
}
END_TEST

TEST_MAIN("needles", needles_are_found_wherever_they_stand, overlapping_needles_are_all_found,
	only_letters_have_two_cases, a_caller_can_stop, nothing_is_found_in_nothing,
	the_fast_way_agrees_with_the_plain_way)
