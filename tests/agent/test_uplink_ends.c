/* How connections end: by a collector that does wrong, by another one, by a goodbye. */
#include <event2/bufferevent.h>

#include "tests/agent/uplink_bench.h"

static void expect_failure(struct bench *bench, const char *words)
{
	struct uplink_state state;

	run_until(bench, bench->n_closed >= 1);
	uplink_state(bench->uplink, &state);
	ck_assert_msg(strstr(state.why, words) != NULL, "got '%s'", state.why);
	ck_assert(!state.connected);
}

START_TEST(a_mute_collector_is_left)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.mute = true;
	bench.settings.hello_ms = 50;
	open_uplink(&bench);
	expect_failure(&bench, "does not answer HELLO");
	bench.fake.mute = false;
	bench.settings.hello_ms = 10000;
	add_chunks(&bench, 1);
	expect_all(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(half_a_frame_is_not_waited_for_for_ever)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.half_frame = true;
	bench.settings.hello_ms = 50;
	open_uplink(&bench);
	expect_failure(&bench, "does not answer HELLO");
	bench_done(&bench);
}
END_TEST

START_TEST(what_is_no_frame_ends_the_connection)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.wrong_frame = true;
	open_uplink(&bench);
	expect_failure(&bench, "wrong frame");
	bench_done(&bench);
}
END_TEST

START_TEST(an_acknowledgement_of_the_future_is_refused)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.ack_too_much = true;
	add_chunks(&bench, 1);
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_goodbyes >= 1);
	ck_assert_int_eq(bench.fake.goodbye_reason, GOODBYE_PROTOCOL);
	ck_assert_uint_eq(acked(&bench), 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_collector_that_takes_nothing_is_left)
{
	struct bench bench;
	static char noise[900 << 10];
	unsigned seed = 1;

	bench_init(&bench);
	bench.fake.stop_reading = true;
	bench.fake.window = 256 << 20;
	bench.fake.heartbeat_ms = 60000;
	bench.settings.write_ms = 100;
	for (int i = 0; i < 20; i++) {
		for (size_t j = 0; j < sizeof(noise); j++)
			noise[j] = (char)rand_r(&seed);
		add_text(&bench, LANE_BULK, slice_of(noise, sizeof(noise)));
		ck_assert(intake_flush(bench.intake));
	}
	open_uplink(&bench);
	run_until(&bench, bench.n_closed >= 1);
	bench.fake.stop_reading = false;
	run_until(&bench, acked(&bench) == 20);
	bench_done(&bench);
}
END_TEST

START_TEST(a_collector_of_another_name_is_refused)
{
	struct bench bench;

	bench_init(&bench);
	bench.settings.name = "hue2";
	open_uplink(&bench);
	expect_failure(&bench, "'hue1', not 'hue2'");
	ck_assert_uint_eq(bench.fake.n_hellos, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_collector_of_another_ca_is_refused)
{
	struct bench bench;
	struct test_ca other;
	struct tls_settings tls;
	SSL_CTX *ours;

	bench_init(&bench);
	ours = bench.client;
	test_ca_make(&other);
	test_ca_agent(&other, 7, 42);
	tls = test_ca_settings(&other, "agent");
	bench.client = tls_client_new(&tls, &bench.err);
	ck_assert_ok(bench.client != NULL, bench.err);
	open_uplink(&bench);
	expect_failure(&bench, "certificate");
	ck_assert_uint_eq(bench.fake.n_hellos, 0);
	SSL_CTX_free(ours);
	test_ca_remove(&other);
	bench_done(&bench);
}
END_TEST

START_TEST(goodbye_says_when_to_come_back)
{
	struct bench bench;
	int64_t then;

	bench_init(&bench);
	bench.fake.goodbye = GOODBYE_OVERLOAD;
	bench.fake.retry_ms = 300;
	open_uplink(&bench);
	expect_failure(&bench, "overload");
	then = clock_mono_ms();
	bench.fake.goodbye = 0;
	run_until(&bench, bench.fake.n_connections >= 2);
	ck_assert_int_ge(clock_mono_ms() - then, 250);
	bench_done(&bench);
}
END_TEST

START_TEST(an_unreachable_address_is_followed_by_the_next)
{
	struct bench bench;

	bench_init(&bench);
	bench.addresses[1] = bench.addresses[0];
	bench.addresses[0] = "127.0.0.1:1"; /* nobody listens there */
	bench.settings.collector.n = 2;
	add_chunks(&bench, 2);
	open_uplink(&bench);
	expect_all(&bench);
	ck_assert_uint_ge(bench.n_closed, 1);

	struct uplink_state state;
	uplink_state(bench.uplink, &state);
	ck_assert_ptr_nonnull(strstr(state.why, "Connection refused"));
	bench_done(&bench);
}
END_TEST

START_TEST(a_name_is_looked_up)
{
	struct bench bench;

	bench_init(&bench);
	snprintf(bench.address, sizeof(bench.address), "localhost:%d", bench.fake.port);
	add_chunks(&bench, 1);
	open_uplink(&bench);
	expect_all(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(the_collector_comes_back)
{
	struct bench bench;

	bench_init(&bench);
	open_uplink(&bench);
	add_chunks(&bench, 2);
	expect_all(&bench);
	fake_collector_listen(&bench.fake, false);
	add_chunks(&bench, 20);
	run_until(&bench, bench.n_closed >= 3);
	fake_collector_listen(&bench.fake, true);
	expect_all(&bench);
	bench_done(&bench);
}
END_TEST

static void fill_spool(struct bench *bench, unsigned megabytes)
{
	static char noise[500000];
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)rand_r(&seed);
	for (unsigned i = 0; i < megabytes * 2; i++) {
		add_text(bench, LANE_BULK, slice_of(noise, sizeof(noise)));
		ck_assert(intake_flush(bench->intake));
	}
}

/* It takes a little again and again: that is no reason to wait for ever. */
START_TEST(a_goodbye_is_over_in_time)
{
	struct bench bench;

	bench_init(&bench);
	fill_spool(&bench, 20);
	bench.fake.trickle = bench.fake.hold_acks = true;
	bench.fake.window = 64 << 20;
	bench.settings.write_ms = 1500;
	open_uplink(&bench);
	run_until(&bench, bench.fake.greeted);
	for (int i = 0; i < 500; i++) /* until all on the way is full */
		event_base_loop(bench.base, EVLOOP_NONBLOCK);
	uplink_stop(bench.uplink);
	run_until(&bench, bench.n_closed >= 1);
	ck_assert_uint_eq(
		bench.fake.n_goodbyes, 0); /* it would have taken a quarter of an hour */
	bench_done(&bench);
}
END_TEST

START_TEST(nothing_follows_a_goodbye)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.heartbeat_ms = 100;
	bench.settings.write_ms = 800;
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_heartbeats >= 1);
	/* It hears nothing and says much: what lies unread must not break the end. */
	bufferevent_disable(bench.fake.bev, EV_READ);
	for (unsigned i = 0; i < 50; i++)
		fake_collector_ack(&bench.fake);
	uplink_stop(bench.uplink);
	run_until(&bench, bench.n_closed >= 1);
	bufferevent_enable(bench.fake.bev, EV_READ);
	run_until(&bench, bench.fake.bev == NULL);
	ck_assert_uint_eq(bench.fake.n_goodbyes, 1);
	ck_assert_uint_eq(bench.fake.n_after_goodbye, 0);
	ck_assert_uint_eq(bench.fake.n_broken, 0);
	bench_done(&bench);
}
END_TEST

/* Its store is full: it greets and goes. */
START_TEST(a_greeting_alone_does_not_shorten_the_back_off)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 1);
	bench.settings.retry_first_ms = 50;
	bench.settings.retry_most_ms = 60000;
	bench.fake.cut_after = 1;
	bench.fake.forgets = true;
	open_uplink(&bench);
	int64_t then = clock_mono_ms();
	run_until(&bench, bench.fake.n_connections >= 6);
	/* Half of 50, 100, 200, 400, 800 at least. */
	ck_assert_int_ge(clock_mono_ms() - then, 775);
	bench.fake.cut_after = 0;
	bench.fake.forgets = false;
	expect_all(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(stopping_says_goodbye)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 2);
	open_uplink(&bench);
	expect_all(&bench);
	uplink_stop(bench.uplink);
	run_until(&bench, bench.n_closed >= 1 && bench.fake.n_goodbyes >= 1);
	ck_assert_int_eq(bench.fake.goodbye_reason, GOODBYE_STOPPING);
	ck_assert_uint_eq(bench.fake.n_connections, 1);
	bench_done(&bench);
}
END_TEST

TEST_MAIN("uplink_ends", a_mute_collector_is_left, half_a_frame_is_not_waited_for_for_ever,
	what_is_no_frame_ends_the_connection, an_acknowledgement_of_the_future_is_refused,
	a_collector_that_takes_nothing_is_left, a_collector_of_another_name_is_refused,
	a_collector_of_another_ca_is_refused, goodbye_says_when_to_come_back,
	an_unreachable_address_is_followed_by_the_next, a_name_is_looked_up,
	the_collector_comes_back, a_goodbye_is_over_in_time, nothing_follows_a_goodbye,
	a_greeting_alone_does_not_shorten_the_back_off, stopping_says_goodbye)
