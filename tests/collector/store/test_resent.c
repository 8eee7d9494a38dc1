#include "collector/store/resent.h"

#include <xxhash.h>

#include "tests/support/check.h"

/* As evenly spread as the keyed hashes that ids are. */
static struct event_id id_of(uint32_t host, uint32_t n)
{
	const uint64_t key = (uint64_t)host << 32 | n;

	return (struct event_id){XXH3_64bits(&key, sizeof(key)), host};
}

static bool add(struct resent *resent, uint32_t host, uint32_t n)
{
	return resent_add(resent, 2, host, id_of(host, n));
}

static void add_all(struct resent *resent, uint32_t host, uint32_t from, uint32_t to)
{
	for (uint32_t n = from; n < to; n++)
		ck_assert(add(resent, host, n));
}

/* Looking adds what is not there; that is taken back. */
static bool has(struct resent *resent, uint32_t host, uint32_t n)
{
	resent_keep(resent);
	const bool had = !add(resent, host, n);
	resent_undo(resent);
	return had;
}

START_TEST(what_came_before_is_known_and_what_failed_is_not)
{
	struct resent *resent = resent_new();

	add_all(resent, 1, 1, 4);
	ck_assert(!add(resent, 1, 2)); /* in the same commit */
	resent_keep(resent);
	ck_assert(!add(resent, 1, 3));
	add_all(resent, 1, 4, 6);
	add_all(resent, 2, 1, 3);
	ck_assert(!resent_add(resent, 2, 9, id_of(1, 4))); /* of whom does not matter */
	resent_undo(resent);
	add_all(resent, 1, 4, 6);
	add_all(resent, 2, 1, 3);
	for (unsigned i = 0; i < 2; i++)
		ck_assert(resent_add(resent, 2, 1, (struct event_id){0, 0}));
	resent_free(resent);
	resent_free(NULL);
}
END_TEST

START_TEST(a_flood_takes_nothing_from_those_that_have_less)
{
	struct resent *resent = resent_new();

	add_all(resent, 1, 1, 1001);
	add_all(resent, 2, 1, 501);
	resent_keep(resent);
	for (uint32_t n = 1; n < 3 * RESENT_MOST; n++) {
		ck_assert(add(resent, 7, n));
		if (n % 5000 == 0)
			resent_keep(resent);
	}
	ck_assert(has(resent, 1, 1) && has(resent, 1, 1000) && has(resent, 2, 500));
	const uint32_t newest = 3 * RESENT_MOST - 1, most = RESENT_MOST - 1500;
	ck_assert(has(resent, 7, newest) && has(resent, 7, newest - most + 3));
	ck_assert(!has(resent, 7, newest - most - 3));
	resent_free(resent);
}
END_TEST

START_TEST(two_floods_share)
{
	struct resent *resent = resent_new();

	add_all(resent, 1, 1, RESENT_MOST + 1);
	resent_keep(resent);
	add_all(resent, 2, 1, RESENT_MOST + 1);
	resent_keep(resent);
	ck_assert(has(resent, 1, RESENT_MOST) && has(resent, 1, RESENT_MOST / 2 + 2));
	ck_assert(!has(resent, 1, RESENT_MOST / 2 - 1));
	ck_assert(has(resent, 2, RESENT_MOST) && has(resent, 2, RESENT_MOST / 2 + 2));
	ck_assert(!has(resent, 2, RESENT_MOST / 2 - 1));
	resent_free(resent);
}
END_TEST

START_TEST(a_large_commit_that_fails_leaves_nothing_of_itself)
{
	struct resent *resent = resent_new();

	add_all(resent, 1, 1, 101);
	resent_keep(resent);
	add_all(resent, 2, 1, RESENT_MOST); /* takes the place of its own, and is undone */
	resent_undo(resent);
	ck_assert(has(resent, 1, 1) && !has(resent, 2, RESENT_MOST - 1));
	add_all(resent, 2, 1, 2 * RESENT_MOST);
	resent_undo(resent); /* too much of it: all is forgotten */
	ck_assert(!has(resent, 2, 2 * RESENT_MOST - 1) && !has(resent, 1, 1));
	add_all(resent, 1, 1, 101);
	resent_keep(resent);
	ck_assert(has(resent, 1, 1));
	resent_free(resent);
}
END_TEST

/* More than there is room for, each with as many. */
START_TEST(senders_come_and_go)
{
	struct resent *resent = resent_new();

	for (uint32_t host = 1; host <= 20000; host++)
		add_all(resent, host, 1, 20);
	resent_keep(resent);
	for (uint32_t host = 1; host <= 20000; host++) {
		ck_assert(has(resent, host, 19));
		ck_assert(has(resent, host, 20 - RESENT_MOST / 20000));
		ck_assert(!has(resent, host, 5));
	}
	resent_free(resent);
}
END_TEST

TEST_MAIN("resent", what_came_before_is_known_and_what_failed_is_not,
	a_flood_takes_nothing_from_those_that_have_less, two_floods_share,
	a_large_commit_that_fails_leaves_nothing_of_itself, senders_come_and_go)
