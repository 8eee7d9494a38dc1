#include "collector/derive/paces.h"

#include <stdio.h>

#include "common/clock.h"
#include "tests/support/check.h"

static struct pace *touch(struct paces *paces, unsigned number, int64_t at_s)
{
	char key[16];
	int len = snprintf(key, sizeof(key), "%u", number);

	return paces_touch(paces, 7, 1, slice_of(key, (size_t)len), at_s * CLOCK_NS_PER_S);
}

/* Tells whether it was there, too. */
static bool is_known(struct paces *paces, unsigned number, int64_t at_s)
{
	struct pace *pace = touch(paces, number, at_s);
	bool known = pace->events != 0;

	pace->events = 1;
	return known;
}

START_TEST(the_one_that_was_quiet_longest_makes_room)
{
	struct paces *paces = paces_new(10000);
	unsigned most = (unsigned)paces_most(paces);

	for (unsigned i = 0; i < most; i++)
		ck_assert(!is_known(paces, i, i * 10));
	ck_assert_uint_eq(paces_evicted(paces), 0);
	ck_assert(is_known(paces, 0, most * 10));
	for (unsigned i = most; i < most + 5; i++)
		ck_assert(!is_known(paces, i, i * 10));
	ck_assert_uint_eq(paces_evicted(paces), 5);
	ck_assert_uint_eq(paces_count(paces), most);
	ck_assert(is_known(paces, 0, most * 20));
	ck_assert(is_known(paces, 6, most * 20));
	ck_assert(!is_known(paces, 5, most * 20));
	paces_free(paces);
}
END_TEST

static struct pace *touch_of(struct paces *paces, uint32_t owner, unsigned number, int64_t at_s)
{
	return paces_touch(paces, owner, 1,
		slice_of((const char *)&(struct { uint32_t owner, number; }){owner, number}, 8),
		at_s * CLOCK_NS_PER_S);
}

START_TEST(an_owner_that_is_flooded_forgets_its_own)
{
	struct paces *paces = paces_new(10000);
	struct strbuf blob = STRBUF_INIT(1 << 20);
	unsigned most = (unsigned)paces_most(paces), few = most / 8;

	for (unsigned i = 0; i < few; i++)
		touch_of(paces, 1, i, 0)->events = 1;
	for (unsigned i = 0; i < 20 * most; i++)
		touch_of(paces, 2, i, 10 + i)->events = 1;
	for (unsigned i = 0; i < 3 * most; i++) /* two of equal size */
		touch_of(paces, 3 + i % 2, i, 10000 + i)->events = 1;
	paces_save(paces, &blob);
	paces_free(paces);
	paces = paces_new(10000);
	ck_assert(paces_load(paces, strbuf_slice(&blob)));
	for (unsigned i = 0; i < most; i++)
		(void)touch_of(paces, 3, most * 10 + i, 20000 + i);
	for (unsigned i = 0; i < few; i++)
		ck_assert_uint_eq(touch_of(paces, 1, i, 30000)->events, 1);
	ck_assert_uint_eq(touch_of(paces, 4, 3 * most - 1 - most % 2, 30000)->events, 1);
	ck_assert_uint_eq(paces_count(paces), most);
	paces_free(paces);
	strbuf_done(&blob);
}
END_TEST

/* Of many that are flooded at once nobody gets more than another, and nobody else loses. */
START_TEST(many_owners_that_are_flooded_share_what_the_others_leave)
{
	enum { FLOODED = 150, ROUNDS = 20 };
	struct paces *paces = paces_new(100000);
	unsigned most = (unsigned)paces_most(paces), quiet = most / (2 * FLOODED);

	for (unsigned i = 0; i < quiet; i++)
		touch_of(paces, FLOODED, i, 0)->events = 1;
	for (unsigned i = 0; i < ROUNDS * most; i++)
		touch_of(paces, i * 7 % FLOODED, i, 10 + i)->events = 1;
	for (unsigned i = 0; i < quiet; i++)
		ck_assert_uint_eq(touch_of(paces, FLOODED, i, 10)->events, 1);
	/* The newest of each are there. */
	for (unsigned i = ROUNDS * most - FLOODED; i < ROUNDS * most; i++)
		ck_assert_uint_eq(touch_of(paces, i * 7 % FLOODED, i, 10 + i)->events, 1);
	ck_assert_uint_eq(paces_count(paces), most);
	paces_free(paces);
}
END_TEST

START_TEST(memory_for_less_than_one_holds_one)
{
	struct paces *paces = paces_new(0);

	ck_assert(!is_known(paces, 1, 1));
	ck_assert(is_known(paces, 1, 2));
	ck_assert(!is_known(paces, 2, 3));
	ck_assert_uint_eq(paces_count(paces), 1);
	paces_free(paces);
}
END_TEST

START_TEST(keys_of_two_kinds_are_two)
{
	struct paces *paces = paces_new(10000);
	struct slice key = SLICE_LIT("same");

	paces_touch(paces, 7, 1, key, 0)->events = 7;
	ck_assert_uint_eq(paces_touch(paces, 7, 2, key, 0)->events, 0);
	ck_assert_uint_eq(paces_touch(paces, 7, 1, key, 0)->events, 7);
	paces_free(paces);
}
END_TEST

START_TEST(what_was_not_touched_since_is_forgotten)
{
	struct paces *paces = paces_new(1 << 20);

	for (unsigned i = 0; i < 1000; i++)
		(void)is_known(paces, i, i * 2);
	paces_forget(paces, 1200 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(paces_count(paces), 400);
	ck_assert_uint_eq(paces_evicted(paces), 0);
	for (unsigned i = 600; i < 1000; i++)
		ck_assert(is_known(paces, i, 3000));
	for (unsigned i = 0; i < 600; i++)
		ck_assert(!is_known(paces, i, 3000));
	paces_free(paces);
}
END_TEST

static unsigned add(struct pace *pace, int64_t at_ns)
{
	unsigned n = pace_count(pace, at_ns, 80) + 1;

	pace_add(pace, 1);
	pace->events++;
	return n;
}

START_TEST(a_burst_after_quiet_is_counted_exactly)
{
	struct pace pace = {0};

	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(add(&pace, 1003 + i * 79 / 9), (unsigned)i + 1);
	ck_assert_int_eq(pace.since_ns, 1003);
}
END_TEST

START_TEST(the_window_moves_in_eighths)
{
	struct pace pace = {0};

	ck_assert_uint_eq(add(&pace, 1000), 1);
	ck_assert_uint_eq(add(&pace, 1009), 2);
	ck_assert_uint_eq(add(&pace, 1010), 3);
	ck_assert_uint_eq(add(&pace, 1079), 4);
	ck_assert_uint_eq(add(&pace, 1080), 3); /* the first two are gone */
	ck_assert_uint_eq(add(&pace, 1090), 3);
	ck_assert_int_eq(pace.since_ns, 1000);
	ck_assert_uint_eq(pace.events, 6);
}
END_TEST

START_TEST(what_is_out_of_order_counts_now)
{
	struct pace pace = {0};

	ck_assert_uint_eq(add(&pace, 1000), 1);
	ck_assert_uint_eq(add(&pace, 1040), 2);
	ck_assert_uint_eq(add(&pace, 900), 3);
	ck_assert_uint_eq(add(&pace, 1085), 3);
}
END_TEST

START_TEST(quiet_begins_another_episode)
{
	struct pace pace = {0};

	add(&pace, 1000);
	pace.fired_ns = 1000;
	ck_assert_uint_eq(add(&pace, 1079), 2);
	ck_assert_int_eq(pace.fired_ns, 1000);
	ck_assert_uint_eq(add(&pace, 1163), 1);
	ck_assert_int_eq(pace.fired_ns, CLOCK_NONE);
	ck_assert_int_eq(pace.since_ns, 1163);
	ck_assert_int_eq(pace.slot_ns, 1163);
	ck_assert_uint_eq(pace.events, 1);
	ck_assert_uint_eq(add(&pace, INT64_C(1) << 60), 1);
}
END_TEST

START_TEST(a_slot_counts_no_further_than_it_can)
{
	struct pace pace = {0};

	for (unsigned i = 0; i < PACE_MOST + 10u; i++)
		add(&pace, 1000);
	ck_assert_uint_eq(add(&pace, 1000), PACE_MOST + 1u);
}
END_TEST

static struct paces *fill(unsigned n)
{
	struct paces *paces = paces_new(1 << 20);

	for (unsigned i = 0; i < n; i++) {
		struct pace *pace = touch(paces, i, i * 2);

		pace->slot_ns = -(int64_t)i;
		pace->since_ns = i;
		pace->events = i + 1;
		pace->newest = i % PACE_SLOTS;
		pace->slots[i % PACE_SLOTS] = (uint16_t)i;
	}
	return paces;
}

START_TEST(a_blob_brings_everything_back)
{
	struct paces *paces = fill(500), *again = paces_new(1 << 20);
	struct strbuf blob = STRBUF_INIT(1 << 20);

	paces_save(paces, &blob);
	ck_assert(paces_load(again, strbuf_slice(&blob)));
	ck_assert_uint_eq(paces_count(again), 500);
	for (unsigned i = 0; i < 500; i++) {
		struct pace *pace = touch(again, i, 2000);

		ck_assert_int_eq(pace->slot_ns, -(int64_t)i);
		ck_assert_uint_eq(pace->newest, i % PACE_SLOTS);
		ck_assert_uint_eq(pace->slots[i % PACE_SLOTS], i);
		ck_assert_int_eq(pace->since_ns, i);
		ck_assert_int_eq(pace->fired_ns, CLOCK_NONE);
		ck_assert_uint_eq(pace->events, i + 1);
	}
	paces_free(paces);
	paces_free(again);
	strbuf_done(&blob);
}
END_TEST

START_TEST(with_less_memory_the_youngest_come_back)
{
	struct paces *paces = fill(500), *again = paces_new(10000);
	struct strbuf blob = STRBUF_INIT(1 << 20);
	unsigned most = (unsigned)paces_most(again);

	paces_save(paces, &blob);
	ck_assert(paces_load(again, strbuf_slice(&blob)));
	ck_assert_uint_eq(paces_count(again), most);
	ck_assert_uint_eq(touch(again, 499, 2000)->events, 500);
	ck_assert_uint_eq(touch(again, 500 - most + 1, 2000)->events, 500 - most + 2);
	paces_free(paces);
	paces_free(again);
	strbuf_done(&blob);
}
END_TEST

START_TEST(a_damaged_blob_is_refused)
{
	struct paces *paces = fill(3), *again = paces_new(10000);
	struct strbuf blob = STRBUF_INIT(1 << 20);

	paces_save(paces, &blob);
	for (size_t i = 0; i < blob.len; i++) {
		blob.ptr[i] ^= 0x10;
		ck_assert(!paces_load(again, strbuf_slice(&blob)));
		blob.ptr[i] ^= 0x10;
		ck_assert(!paces_load(again, slice_of(blob.ptr, i)));
	}
	ck_assert_uint_eq(paces_count(again), 0);
	ck_assert(paces_load(again, strbuf_slice(&blob)));
	paces_free(paces);
	paces_free(again);
	strbuf_done(&blob);
}
END_TEST

TEST_MAIN("paces", the_one_that_was_quiet_longest_makes_room,
	an_owner_that_is_flooded_forgets_its_own,
	many_owners_that_are_flooded_share_what_the_others_leave,
	memory_for_less_than_one_holds_one, keys_of_two_kinds_are_two,
	what_was_not_touched_since_is_forgotten, a_burst_after_quiet_is_counted_exactly,
	the_window_moves_in_eighths, what_is_out_of_order_counts_now,
	quiet_begins_another_episode, a_slot_counts_no_further_than_it_can,
	a_blob_brings_everything_back, with_less_memory_the_youngest_come_back,
	a_damaged_blob_is_refused)
