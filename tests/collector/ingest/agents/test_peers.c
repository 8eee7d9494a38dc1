#include "collector/ingest/agents/peers.h"

#include "collector/ingest/agents/presence.h"
#include "tests/support/check.h"

static struct peers *new_peers(uint32_t all, uint32_t agency, uint64_t alive_ms)
{
	return peers_new(&(struct peers_limits){
		.connections = all, .agency_connections = agency, .alive_ms = alive_ms});
}

START_TEST(a_clone_is_refused_while_the_first_is_alive)
{
	struct peers *peers = new_peers(10, 10, 60000);
	uint64_t other = 0;

	ck_assert_int_eq(peers_join(peers, 1, 2, 100, 1, &other), PEERS_WELCOME);
	ck_assert_int_eq(peers_join(peers, 1, 2, 200, 2, &other), PEERS_DUPLICATE);
	ck_assert_int_eq(peers_join(peers, 1, 3, 200, 3, &other), PEERS_WELCOME);
	ck_assert(peers_leave(peers, 1, 2, 1));
	ck_assert_int_eq(peers_join(peers, 1, 2, 200, 4, &other), PEERS_WELCOME);
	peers_free(peers);
}
END_TEST

START_TEST(the_same_start_of_an_agent_replaces_its_dead_connection)
{
	struct peers *peers = new_peers(10, 10, 60000);
	uint64_t other = 0;

	ck_assert_int_eq(peers_join(peers, 1, 2, 100, 1, &other), PEERS_WELCOME);
	ck_assert_int_eq(peers_join(peers, 1, 2, 100, 2, &other), PEERS_REPLACES);
	ck_assert_uint_eq(other, 1);
	ck_assert(!peers_leave(peers, 1, 2, 1)); /* the old one goes without the seat */
	ck_assert(peers_leave(peers, 1, 2, 2));
	peers_free(peers);
}
END_TEST

START_TEST(a_silent_session_gives_way_to_another_start)
{
	struct peers *peers = new_peers(10, 10, 0);
	uint64_t other = 0;

	ck_assert_int_eq(peers_join(peers, 1, 2, 100, 1, &other), PEERS_WELCOME);
	ck_assert_int_eq(peers_join(peers, 1, 2, 200, 2, &other), PEERS_REPLACES);
	peers_free(peers);
}
END_TEST

START_TEST(caps_hold_for_all_and_for_one_agency)
{
	struct peers *peers = new_peers(3, 2, 60000);
	uint64_t other = 0;

	ck_assert_int_eq(peers_join(peers, 1, 1, 1, 1, &other), PEERS_WELCOME);
	ck_assert_int_eq(peers_join(peers, 1, 2, 1, 2, &other), PEERS_WELCOME);
	ck_assert_int_eq(peers_join(peers, 1, 3, 1, 3, &other), PEERS_FULL);
	ck_assert_int_eq(peers_join(peers, 2, 1, 1, 4, &other), PEERS_WELCOME);
	ck_assert_int_eq(peers_join(peers, 3, 1, 1, 5, &other), PEERS_FULL);
	ck_assert(peers_leave(peers, 1, 1, 1));
	ck_assert_int_eq(peers_join(peers, 3, 1, 1, 6, &other), PEERS_WELCOME);
	peers_free(peers);
}
END_TEST

START_TEST(an_agency_that_overspends_waits_and_others_do_not)
{
	struct peers *peers = peers_new(&(struct peers_limits){
		.connections = 1, .agency_connections = 1, .agency_rate = 1000000});

	ck_assert_uint_eq(peers_spend(peers, 1, 1000000), 0); /* the burst is free */
	uint32_t wait_ms = peers_spend(peers, 1, 10000000);
	ck_assert_uint_ge(wait_ms, 8000);
	ck_assert_uint_le(wait_ms, 9001);
	ck_assert_uint_eq(peers_spend(peers, 2, 1000), 0);
	peers_free(peers);
}
END_TEST

static bool count(void *user, const struct peer_view *view)
{
	unsigned *counts = user;

	counts[view->online]++;
	return true;
}

START_TEST(every_agent_seen_is_listed)
{
	struct peers *peers = new_peers(10, 10, 60000);
	unsigned counts[2] = {0};
	uint64_t other;

	for (uint32_t host = 1; host <= 5; host++)
		ck_assert_int_eq(peers_join(peers, 1, host, 1, host, &other), PEERS_WELCOME);
	ck_assert(peers_leave(peers, 1, 3, 3));
	peers_walk(peers, count, counts);
	ck_assert_uint_eq(counts[true], 4);
	ck_assert_uint_eq(counts[false], 1);
	peers_free(peers);
}
END_TEST

static bool keep(void *user, const struct peer_view *view)
{
	*(struct peer_view *)user = *view;
	return true;
}

START_TEST(who_came_is_known_while_connected)
{
	struct peers *peers = new_peers(10, 10, 60000);
	uint64_t other;

	ck_assert_uint_eq(peers_session(peers, 7, 1), 0);
	ck_assert_int_eq(peers_join(peers, 7, 1, 1, 5, &other), PEERS_WELCOME);
	peers_met(peers, 7, 1, "192.0.2.1:4000", &(struct validity){5, 6},
		SLICE_LIT("1.2\x1b[31m"));
	ck_assert_uint_eq(peers_session(peers, 7, 1), 5);
	struct peer_view view;
	peers_walk(peers, keep, &view);
	ck_assert_str_eq(view.address, "192.0.2.1:4000");
	ck_assert_str_eq(view.version, "1.2?[31m"); /* nothing a terminal obeys */
	ck_assert(peers_leave(peers, 7, 1, 5));
	ck_assert_uint_eq(peers_session(peers, 7, 1), 0);
	peers_free(peers);
}
END_TEST

enum { MANY = 20000, INTERVAL_MS = 300000, SECOND_MS = 1000 };

static uint8_t seen[MANY + 1];
static unsigned in_this_second;

static bool see(void *user, const struct peer_view *view)
{
	(void)user;
	seen[view->host]++;
	in_this_second++;
	return true;
}

/* As the collector asks: once a second, sometimes late. */
START_TEST(agents_are_noted_one_after_the_other_and_each_within_the_interval)
{
	struct peers *peers = new_peers(MANY, MANY, 60000);
	struct presence presence;
	unsigned most = 0;
	uint64_t other;

	for (uint32_t host = 1; host <= MANY; host++)
		ck_assert_int_eq(peers_join(peers, 7, host, 1, host, &other), PEERS_WELCOME);
	presence_begin(&presence, 5000);
	for (unsigned round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (int64_t ms = 0; ms < INTERVAL_MS; ms += SECOND_MS) {
			in_this_second = 0;
			presence_tick(&presence, 5000 + round * INTERVAL_MS + ms, INTERVAL_MS,
				peers, see, NULL);
			if (in_this_second > most)
				most = in_this_second;
		}
		for (uint32_t host = 1; host <= MANY; host++)
			ck_assert_uint_ge(seen[host], 1);
	}
	ck_assert_uint_le(most, MANY / 100); /* and not all at once */
	in_this_second = 0;
	presence_tick(&presence, 100 * (int64_t)INTERVAL_MS, INTERVAL_MS, peers, see, NULL);
	ck_assert_uint_le(in_this_second, MANY); /* late by many rounds: one is enough */
	in_this_second = 0;
	presence_tick(&presence, 100 * (int64_t)INTERVAL_MS + SECOND_MS, INTERVAL_MS, peers,
		see, NULL);
	ck_assert_uint_le(in_this_second, MANY / 100);
	peers_free(peers);
}
END_TEST

/* It asks the peers again: with the lock held that would never end. */
static bool ask(void *user, const struct peer_view *view)
{
	ck_assert_uint_eq(peers_session(user, view->agency, view->host), view->host);
	return view->host != 5;
}

START_TEST(who_walks_may_ask_and_stop)
{
	struct peers *peers = new_peers(10, 10, 60000);
	uint64_t other;

	for (uint32_t host = 1; host <= 8; host++)
		ck_assert_int_eq(peers_join(peers, 7, host, 1, host, &other), PEERS_WELCOME);
	peers_walk(peers, ask, peers);
	peers_free(peers);
}
END_TEST

TEST_MAIN("peers", agents_are_noted_one_after_the_other_and_each_within_the_interval,
	who_walks_may_ask_and_stop, a_clone_is_refused_while_the_first_is_alive,
	the_same_start_of_an_agent_replaces_its_dead_connection,
	a_silent_session_gives_way_to_another_start, caps_hold_for_all_and_for_one_agency,
	an_agency_that_overspends_waits_and_others_do_not, every_agent_seen_is_listed,
	who_came_is_known_while_connected)
