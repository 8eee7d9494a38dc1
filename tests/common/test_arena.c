#include "common/arena.h"

#include "tests/support/check.h"

START_TEST(reset_keeps_memory_and_forgets_use)
{
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_ptr_nonnull(arena_alloc(&arena, 5000));
	arena_reset(&arena);
	void *first = arena_alloc(&arena, 8);
	arena_reset(&arena);
	ck_assert_ptr_eq(arena_alloc(&arena, 8), first);
	arena_done(&arena);
}
END_TEST

START_TEST(the_limit_holds)
{
	struct arena arena;

	arena_init(&arena, 100);
	ck_assert_ptr_null(arena_alloc(&arena, 101));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 60));
	ck_assert_ptr_null(arena_alloc(&arena, 41));
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 40));
	arena_done(&arena);
}
END_TEST

START_TEST(copies_are_equal_and_apart)
{
	struct arena arena;
	char text[] = "abc";

	arena_init(&arena, 100);
	struct slice copy = arena_copy(&arena, slice_str(text));
	text[0] = 'x';
	ck_assert_slice_eq(copy, SLICE_LIT("abc"));
	ck_assert(!slice_absent(arena_copy(&arena, SLICE_LIT(""))));
	arena_done(&arena);
}
END_TEST

START_TEST(an_arena_knows_what_it_gave)
{
	struct arena arena;
	char outside[4] = "abc";

	arena_init(&arena, 1 << 20);
	struct slice first = arena_copy(&arena, SLICE_LIT("first"));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 100000)); /* another block */
	ck_assert(arena_holds(&arena, first));
	ck_assert(!arena_holds(&arena, slice_of(first.ptr, 1 << 19)));
	ck_assert(!arena_holds(&arena, slice_of(outside, 3)));
	arena_reset(&arena);
	ck_assert(!arena_holds(&arena, first));
	arena_done(&arena);
}
END_TEST

TEST_MAIN("arena", reset_keeps_memory_and_forgets_use, the_limit_holds,
	copies_are_equal_and_apart, an_arena_knows_what_it_gave)
