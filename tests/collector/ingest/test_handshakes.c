#include "collector/ingest/handshakes.h"

#include "tests/support/check.h"

enum { ALL = 20, ADDRESS = 8, RESERVED = 5 };

static struct handshakes *handshakes;
static uint64_t last;

static void begin(void)
{
	handshakes = handshakes_new(&(struct handshakes_limits){ALL, ADDRESS});
	last = 0;
}

/* Not hashed: no two fall together. */
static uint64_t address_of(unsigned number)
{
	return (uint64_t)number << 32 | number;
}

/* One more from the address; the session that gives way for it. */
static uint64_t come(unsigned number, struct handshake *handshake)
{
	struct handshake ignored;
	struct handshake *came = handshake != NULL ? handshake : &ignored;

	*came = (struct handshake){
		.session = ++last, .address = address_of(number), .worker = number};
	struct handshake gone = handshakes_begin(handshakes, came);
	return gone.session;
}

/* An agent came in from there before. */
static void befriend(unsigned number)
{
	struct handshake handshake;

	ck_assert_uint_eq(come(number, &handshake), 0);
	handshakes_end(handshakes, &handshake, true);
}

START_TEST(addresses_are_told_apart_and_ipv6_by_its_64)
{
	const struct netaddr one = {0x20010db800000001, 1}, same = {0x20010db800000001, 2},
			     other = {0x20010db800000002, 1}, v4 = {0, 0xffff0a000001},
			     v4_other = {0, 0xffff0a000002};

	begin();
	ck_assert_uint_eq(
		handshakes_address(handshakes, &one), handshakes_address(handshakes, &same));
	ck_assert(
		handshakes_address(handshakes, &one) != handshakes_address(handshakes, &other));
	ck_assert(handshakes_address(handshakes, &v4) !=
		  handshakes_address(handshakes, &v4_other));
	handshakes_free(handshakes);
}
END_TEST

START_TEST(an_address_with_too_many_loses_its_oldest)
{
	struct handshake first, second;

	begin();
	ck_assert_uint_eq(come(1, &first), 0);
	ck_assert_uint_eq(come(1, &second), 0);
	for (unsigned i = 2; i < ADDRESS; i++)
		ck_assert_uint_eq(come(1, NULL), 0);
	ck_assert_uint_eq(come(1, NULL), first.session);
	handshakes_end(handshakes, &first, false); /* its place is another's by now */
	ck_assert_uint_eq(come(1, NULL), second.session);
	ck_assert_uint_eq(come(2, NULL), 0);
	handshakes_free(handshakes);
}
END_TEST

START_TEST(when_all_places_are_taken_the_address_with_the_most_gives_way)
{
	struct handshake greedy;
	uint64_t oldest;

	begin();
	for (unsigned i = 0; i < 9; i++)
		ck_assert_uint_eq(come(100 + i, NULL), 0);
	ck_assert_uint_eq(come(7, &greedy), 0);
	oldest = greedy.session;
	while (last < ALL - RESERVED)
		ck_assert_uint_eq(come(7, NULL), 0);
	/* as long as it has more than others it is it; then the oldest of all */
	for (uint64_t i = 0; i < 5; i++)
		ck_assert_uint_eq(come(200 + (unsigned)i, NULL), oldest + i);
	ck_assert_uint_eq(come(300, NULL), 1);
	ck_assert_uint_eq(come(301, NULL), 2);
	handshakes_free(handshakes);
}
END_TEST

START_TEST(places_are_kept_for_addresses_agents_came_from)
{
	begin();
	befriend(1);
	const uint64_t before = last;
	for (unsigned i = 0; i < ALL - RESERVED; i++)
		ck_assert_uint_eq(come(100 + i, NULL), 0);
	ck_assert_uint_eq(come(200, NULL), before + 1); /* for strangers it is full */
	for (unsigned i = 0; i < RESERVED; i++)
		ck_assert_uint_eq(come(1, NULL), 0);
	/* and when the reserve is full too, strangers have the most in no address */
	ck_assert_uint_ne(come(1, NULL), 0);
	handshakes_free(handshakes);
}
END_TEST

START_TEST(what_is_over_leaves_its_place)
{
	struct handshake some[ALL];

	begin();
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < ALL - RESERVED; i++)
			ck_assert_uint_eq(come(100 + i, &some[i]), 0);
		for (unsigned i = 0; i < ALL - RESERVED; i++)
			handshakes_end(handshakes, &some[i], false);
	}
	handshakes_free(handshakes);
}
END_TEST

START_TEST(one_place_is_enough_to_go_on)
{
	handshakes = handshakes_new(&(struct handshakes_limits){1, 1});
	last = 0;
	ck_assert_uint_eq(come(1, NULL), 0);
	ck_assert_uint_eq(come(2, NULL), 1);
	ck_assert_uint_eq(come(2, NULL), 2);
	handshakes_free(handshakes);
}
END_TEST

/* Whatever comes and goes, no more than the limits are under way. */
START_TEST(limits_hold_whatever_comes)
{
	enum { ROUNDS = 20000, HELD = 64 };
	struct handshake held[HELD] = {{0}};
	unsigned alive = 0;

	begin();
	srandom(7);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct handshake *at = &held[random() % HELD];

		if (at->session != 0) {
			handshakes_end(handshakes, at, random() % 8 == 0);
			at->session = 0;
			alive--;
			continue;
		}
		uint64_t gone = come((unsigned)(random() % 10), at);
		alive++;
		for (unsigned n = 0; gone != 0 && n < HELD; n++) {
			if (held[n].session == gone) {
				held[n].session = 0;
				alive--;
			}
		}
		ck_assert_uint_le(alive, ALL);
	}
	handshakes_free(handshakes);
}
END_TEST

TEST_MAIN("handshakes", addresses_are_told_apart_and_ipv6_by_its_64,
	an_address_with_too_many_loses_its_oldest,
	when_all_places_are_taken_the_address_with_the_most_gives_way,
	places_are_kept_for_addresses_agents_came_from, what_is_over_leaves_its_place,
	one_place_is_enough_to_go_on, limits_hold_whatever_comes)
