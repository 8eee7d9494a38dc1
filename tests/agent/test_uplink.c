#include "tests/agent/uplink_bench.h"
#include "tests/common/seglog_disk.h"

START_TEST(entries_arrive_and_are_acknowledged)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 5);
	open_uplink(&bench);
	expect_all(&bench);
	add_chunks(&bench, 5);
	expect_all(&bench);
	ck_assert_uint_eq(bench.fake.n_connections, 1);
	ck_assert_uint_eq(bench.fake.hello.boot_id, 42);
	ck_assert_uint_eq(bench.n_epochs, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(nothing_is_repeated_when_acknowledgements_are_lost)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 40);
	bench.fake.cut_after = 3;
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_connections >= 8);
	bench.fake.cut_after = 0;
	expect_all(&bench);
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].duplicates, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_restarted_agent_goes_on_where_the_collector_is)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 10);
	bench.fake.hold_acks = true;
	open_uplink(&bench);
	run_until(&bench, bench.fake.lanes[LANE_BULK].stored == 100);
	close_uplink(&bench);
	close_spool(&bench);
	open_spool(&bench);
	ck_assert_uint_eq(acked(&bench), 0);
	bench.fake.hold_acks = false;
	add_chunks(&bench, 3);
	open_uplink(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.n_epochs, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(the_urgent_lane_goes_first)
{
	struct bench bench;
	struct slice text;

	bench_init(&bench);
	add_chunks(&bench, 30);
	add_text(&bench, LANE_URGENT, SLICE_LIT("fire"));
	ck_assert(intake_flush(bench.intake));
	bench.fake.cut_after = 1;
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_batches >= 1);
	text = strbuf_slice(&bench.fake.lanes[LANE_URGENT].text);
	ck_assert_slice_eq(text, SLICE_LIT("fire\n"));
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].stored, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(the_window_is_kept)
{
	struct bench bench;
	static char noise[200 << 10];
	unsigned seed = 1;

	bench_init(&bench);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(' ' + rand_r(&seed) % 90);
	for (int i = 0; i < 20; i++) {
		add_text(&bench, LANE_BULK, slice_of(noise + i, sizeof(noise) - 100));
		ck_assert(intake_flush(bench.intake));
	}
	bench.fake.window = 500 << 10;
	bench.fake.hold_acks = true;
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_batches == 2); /* two fit */
	for (int i = 0; i < 200; i++)
		event_base_loop(bench.base, EVLOOP_NONBLOCK);
	bench.fake.hold_acks = false;
	fake_collector_ack(&bench.fake);
	run_until(&bench, acked(&bench) == 20);
	ck_assert_uint_le(bench.fake.under_way_most, 500 << 10);
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].stored, 20);
	bench_done(&bench);
}
END_TEST

START_TEST(one_entry_may_always_be_under_way)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.window = 1;
	add_chunks(&bench, 5);
	open_uplink(&bench);
	expect_all(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(a_new_epoch_is_chosen_on_request)
{
	struct bench bench;
	uint64_t epoch;

	bench_init(&bench);
	add_chunks(&bench, 3);
	spool_lane(bench.spool, LANE_BULK, &bench.lanes[LANE_BULK]);
	epoch = bench.lanes[LANE_BULK].epoch;
	bench.fake.ask_new_epoch = true;
	open_uplink(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.n_epochs, 2);
	ck_assert_uint_eq(bench.fake.n_hellos, 2);
	ck_assert_uint_eq(bench.fake.n_connections, 1);
	ck_assert_uint_ne(bench.fake.lanes[LANE_BULK].epoch, epoch);
	bench_done(&bench);
}
END_TEST

START_TEST(another_history_makes_a_new_epoch)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 3);
	spool_lane(bench.spool, LANE_BULK, &bench.lanes[LANE_BULK]);
	bench.fake.lanes[LANE_BULK].epoch = bench.lanes[LANE_BULK].epoch;
	bench.fake.lanes[LANE_BULK].stored = 20;
	bench.fake.lanes[LANE_BULK].crc = 12345;
	open_uplink(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.n_epochs, 1);
	bench_done(&bench);
}
END_TEST

/* A crash would bring the old epoch back, and what was stored under the new one again. */
START_TEST(an_epoch_that_is_not_saved_is_not_offered)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 3);
	bench.disk_is_full = 2; /* at the first start */
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_connections == 1);
	ck_assert_uint_eq(bench.n_closed, 2);
	bench.fake.ask_new_epoch = true;
	bench.disk_is_full = 3;
	fake_collector_cut(&bench.fake);
	run_until(&bench, bench.fake.n_goodbyes >= 1);
	ck_assert_int_eq(bench.fake.goodbye_reason, GOODBYE_OVERLOAD);
	ck_assert_uint_eq(bench.n_epochs, 0);
	expect_all(&bench);
	ck_assert_uint_eq(bench.disk_is_full, 0);
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].epoch, bench.lanes[LANE_BULK].epoch);
	bench_done(&bench);
}
END_TEST

START_TEST(declared_gaps_take_their_place)
{
	struct bench bench;

	bench_init(&bench);
	add_text(&bench, LANE_BULK, SLICE_LIT("before"));
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("/dev/log"), 7, GAP_QUEUE_FULL, 70);
	ck_assert(intake_flush(bench.intake));
	add_text(&bench, LANE_BULK, SLICE_LIT("behind"));
	ck_assert(intake_flush(bench.intake));
	open_uplink(&bench);
	run_until(&bench, acked(&bench) == 9);
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].declared, 7);
	ck_assert_int_eq(bench.fake.lanes[LANE_BULK].gap.reason, GAP_QUEUE_FULL);
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].gap.bytes, 70);
	ck_assert_slice_eq(
		strbuf_slice(&bench.fake.lanes[LANE_BULK].text), SLICE_LIT("before\nbehind\n"));
	bench_done(&bench);
}
END_TEST

/* Nothing new comes into the spool meanwhile: the uplink asks the disk again by itself. */
START_TEST(what_the_disk_refuses_is_declared_and_the_rest_arrives)
{
	struct bench bench;
	static char noise[60000];
	unsigned seed = 1;

	bench_init(&bench);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)rand_r(&seed);
	for (int i = 0; i < 3; i++) {
		add_text(&bench, LANE_BULK, slice_of(noise, sizeof(noise)));
		ck_assert(intake_flush(bench.intake));
	}
	disk_refuse_block(20 * 4096, 20 * 4096 + 1); /* of the second one */
	open_uplink(&bench);
	run_until(&bench, acked(&bench) == 3);
	disk_heal();
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].declared, 1);
	ck_assert_int_eq(bench.fake.lanes[LANE_BULK].gap.reason, GAP_DAMAGED);
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].gap.first, 2);
	ck_assert_uint_eq(bench.fake.n_connections, 1);
	bench_done(&bench);
}
END_TEST

START_TEST(what_the_collector_lost_is_declared)
{
	struct bench bench;
	struct spool_state state;
	static char noise[60000];
	unsigned seed = 1;

	bench_init(&bench);
	for (int i = 0; i < 30; i++) {
		for (size_t j = 0; j < sizeof(noise); j++)
			noise[j] = (char)rand_r(&seed);
		add_text(&bench, LANE_BULK, slice_of(noise, sizeof(noise)));
		ck_assert(intake_flush(bench.intake));
	}
	open_uplink(&bench);
	run_until(&bench, acked(&bench) == 30);
	ck_assert(spool_release(bench.spool, LANE_BULK, 30, &bench.err));
	spool_state(bench.spool, LANE_BULK, &state);
	ck_assert_uint_gt(state.first, 10);
	bench.fake.lanes[LANE_BULK].stored = 5; /* its store was restored */
	bench.fake.lanes[LANE_BULK].crc = 0;
	fake_collector_cut(&bench.fake);
	run_until(&bench, bench.fake.lanes[LANE_BULK].stored == 30);
	ck_assert_uint_eq(bench.fake.lanes[LANE_BULK].declared, state.first - 6);
	ck_assert_int_eq(bench.fake.lanes[LANE_BULK].gap.reason, GAP_RELEASED);
	bench_done(&bench);
}
END_TEST

START_TEST(heartbeats_go_both_ways)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.heartbeat_ms = 100;
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_heartbeats >= 3);
	ck_assert_uint_eq(bench.fake.heartbeat.queued_items, 77);
	ck_assert_int_ne(bench.fake.heartbeat.echo_wall_ns, 0);
	ck_assert_uint_eq(bench.fake.n_connections, 1);
	bench_done(&bench);
}
END_TEST

START_TEST(a_silent_collector_is_left)
{
	struct bench bench;

	bench_init(&bench);
	bench.fake.heartbeat_ms = 100;
	bench.fake.no_heartbeats = true;
	open_uplink(&bench);
	run_until(&bench, bench.fake.n_connections >= 2);
	bench_done(&bench);
}
END_TEST

static void order(struct bench *bench, enum frame_order_kind kind, uint64_t argument)
{
	const struct frame frame = {
		.type = FRAME_ORDER, .order = {.order = (uint8_t)kind, .argument = argument}};

	fake_collector_send(&bench->fake, &frame);
}

START_TEST(orders_are_a_closed_list)
{
	struct bench bench;

	bench_init(&bench);
	open_uplink(&bench);
	run_until(&bench, bench.fake.greeted);
	order(&bench, ORDER_FETCH_BUNDLE, 1);
	order(&bench, ORDER_SCAN, 0);
	run_until(&bench, bench.n_orders == 1);
	order(&bench, ORDER_RESEND, 0);
	run_until(&bench, bench.fake.n_connections == 2);
	ck_assert_int_eq(bench.fake.goodbye_reason, GOODBYE_RELOAD);
	bench_done(&bench);
}
END_TEST

START_TEST(slow_down_is_obeyed)
{
	struct bench bench;
	int64_t then;

	bench_init(&bench);
	open_uplink(&bench);
	run_until(&bench, bench.fake.greeted);
	order(&bench, ORDER_SLOW_DOWN, 100);
	run_until(&bench, bench.fake.n_heartbeats >= 1);
	for (int i = 0; i < 20; i++)
		event_base_loop(bench.base, EVLOOP_NONBLOCK);
	then = clock_mono_ms();
	add_chunks(&bench, 5);
	expect_all(&bench);
	ck_assert_int_ge(clock_mono_ms() - then, 200);
	bench_done(&bench);
}
END_TEST

/* One item a second is one, not one each slice of time. */
START_TEST(slow_down_is_exact)
{
	struct bench bench;

	bench_init(&bench);
	open_uplink(&bench);
	run_until(&bench, bench.fake.greeted);
	order(&bench, ORDER_SLOW_DOWN, 2);
	run_until(&bench, bench.fake.n_heartbeats >= 1);
	for (int i = 0; i < 20; i++)
		event_base_loop(bench.base, EVLOOP_NONBLOCK);
	int64_t then = clock_mono_ms();
	for (int i = 0; i < 4; i++) {
		add_text(&bench, LANE_BULK, SLICE_LIT("x"));
		ck_assert(intake_flush(bench.intake));
	}
	run_until(&bench, acked(&bench) == 4);
	ck_assert_int_ge(clock_mono_ms() - then, 1300);
	bench_done(&bench);
}
END_TEST

TEST_MAIN("uplink", entries_arrive_and_are_acknowledged,
	nothing_is_repeated_when_acknowledgements_are_lost,
	a_restarted_agent_goes_on_where_the_collector_is, the_urgent_lane_goes_first,
	the_window_is_kept, one_entry_may_always_be_under_way, a_new_epoch_is_chosen_on_request,
	another_history_makes_a_new_epoch, an_epoch_that_is_not_saved_is_not_offered,
	declared_gaps_take_their_place, what_the_disk_refuses_is_declared_and_the_rest_arrives,
	what_the_collector_lost_is_declared, heartbeats_go_both_ways,
	a_silent_collector_is_left, orders_are_a_closed_list, slow_down_is_obeyed,
	slow_down_is_exact)
