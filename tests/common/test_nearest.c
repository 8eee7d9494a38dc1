#include "common/nearest.h"

#include "tests/support/check.h"

START_TEST(distances_count_single_changes)
{
	ck_assert_uint_eq(nearest_distance(SLICE_LIT(""), SLICE_LIT("")), 0);
	ck_assert_uint_eq(nearest_distance(SLICE_LIT("abc"), SLICE_LIT("")), 3);
	ck_assert_uint_eq(nearest_distance(SLICE_LIT("listen"), SLICE_LIT("listen")), 0);
	ck_assert_uint_eq(nearest_distance(SLICE_LIT("listne"), SLICE_LIT("listen")), 1);
	ck_assert_uint_eq(nearest_distance(SLICE_LIT("lisen"), SLICE_LIT("listen")), 1);
	ck_assert_uint_eq(nearest_distance(SLICE_LIT("kitten"), SLICE_LIT("sitting")), 3);
	ck_assert_uint_eq(nearest_distance(SLICE_LIT("ca"), SLICE_LIT("abc")), 3);
}
END_TEST

START_TEST(long_words_are_near_to_nothing)
{
	char word[NEAREST_WORD_MAX + 1];

	memset(word, 'a', sizeof(word));
	struct slice longest = slice_of(word, NEAREST_WORD_MAX);
	struct slice longer = slice_of(word, sizeof(word));
	ck_assert_uint_eq(nearest_distance(longest, longest), 0);
	ck_assert_uint_eq(nearest_distance(longest, longer), NEAREST_WORD_MAX + 1);
	ck_assert_uint_eq(nearest_distance(longest, SLICE_LIT("")), NEAREST_WORD_MAX);
}
END_TEST

static const char *nearest_of(const char *word, const char *const *candidates)
{
	struct nearest nearest = {.word = slice_str(word)};

	for (; *candidates != NULL; candidates++)
		nearest_offer(&nearest, *candidates);
	return nearest.best;
}

START_TEST(the_nearest_word_wins_and_strangers_do_not)
{
	static const char *const words[] = {"listen", "lists", "quota", "id", NULL};

	ck_assert_str_eq(nearest_of("listne", words), "listen");
	ck_assert_str_eq(nearest_of("list", words), "lists");
	ck_assert_str_eq(nearest_of("ib", words), "id");
	ck_assert_ptr_null(nearest_of("kafka", words));
	ck_assert_ptr_null(nearest_of("", words));
}
END_TEST

TEST_MAIN("nearest", distances_count_single_changes, long_words_are_near_to_nothing,
	the_nearest_word_wins_and_strangers_do_not)
