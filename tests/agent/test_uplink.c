#include "agent/uplink.h"

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "agent/intake.h"
#include "common/clock.h"
#include "tests/common/seglog_disk.h"
#include "tests/support/certs.h"
#include "tests/support/check.h"
#include "tests/support/fake_collector.h"
#include "tests/support/folder.h"

enum { PATIENCE_MS = 20000 };

struct bench {
	struct folder folder;
	struct test_ca ca;
	struct event_base *base;
	SSL_CTX *server, *client;
	struct fake_collector fake;
	struct spool_settings spool_settings;
	struct bookmark_lane lanes[LANE_COUNT];
	struct bookmark *bookmark;
	struct spool *spool;
	struct intake *intake;
	char address[64];
	const char *addresses[2];
	struct uplink_settings settings;
	struct uplink *uplink;
	unsigned n_epochs, n_orders, n_closed;
	unsigned disk_is_full; /* so many times yet */
	unsigned lines;        /* written so far */
	struct err err;
};

static void on_durable(void *user, enum frame_lane lane)
{
	struct bench *bench = user;

	(void)lane;
	if (bench->uplink != NULL)
		uplink_wake(bench->uplink);
}

static void on_full(void *user, enum frame_lane lane, const char *failed)
{
	(void)user;
	(void)lane;
	(void)failed;
}

static void on_room(void *user, enum frame_lane lane)
{
	(void)user;
	(void)lane;
}

static void on_acked(void *user, enum frame_lane lane)
{
	(void)user;
	(void)lane;
}

/* As the agent does; the disk may be full. */
static bool on_epoch(void *user, struct err *err)
{
	struct bench *bench = user;
	uint64_t old;

	if (bench->disk_is_full > 0) {
		bench->disk_is_full--;
		return err_set(err, "no space left");
	}
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		bench->n_epochs += spool_unsaved(bench->spool, (enum frame_lane)i, &old) >=
				   SPOOL_EPOCH_ASKED;
		spool_lane(bench->spool, (enum frame_lane)i, &bench->lanes[i]);
		spool_saved(bench->spool, (enum frame_lane)i);
	}
	return true;
}

static void on_heartbeat(void *user, struct frame_heartbeat *heartbeat)
{
	(void)user;
	heartbeat->queued_items = 77;
}

static bool on_order(void *user, const struct frame_order *order)
{
	struct bench *bench = user;

	bench->n_orders += order->order == ORDER_SCAN;
	return order->order == ORDER_SCAN;
}

static void on_connected(void *user, bool connected, const char *why)
{
	struct bench *bench = user;

	(void)why;
	bench->n_closed += !connected;
}

static void open_spool(struct bench *bench)
{
	const struct intake_user user = {.on_durable = on_durable,
		.on_full = on_full,
		.on_room = on_room,
		.user = bench};
	struct spool_report report[LANE_COUNT];

	bench->spool = spool_open(folder_path(&bench->folder, "spool"), &bench->spool_settings,
		bench->lanes, report, &bench->err);
	ck_assert_ok(bench->spool != NULL, bench->err);
	bench->bookmark = bookmark_new();
	bench->intake = intake_new(bench->base, bench->spool, bench->bookmark, &user);
}

static void close_spool(struct bench *bench)
{
	intake_free(bench->intake);
	bookmark_free(bench->bookmark);
	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(bench->spool, (enum frame_lane)i, &bench->lanes[i]);
	spool_close(bench->spool);
}

static void open_uplink(struct bench *bench)
{
	const struct uplink_user user = {.on_acked = on_acked,
		.on_epoch = on_epoch,
		.on_heartbeat = on_heartbeat,
		.on_order = on_order,
		.on_connected = on_connected,
		.user = bench};

	bench->uplink = uplink_new(
		bench->base, &bench->settings, bench->client, bench->spool, 42, &user);
	uplink_start(bench->uplink);
}

static void close_uplink(struct bench *bench)
{
	uplink_free(bench->uplink);
	bench->uplink = NULL;
}

static void bench_init(struct bench *bench)
{
	struct tls_settings tls;

	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->folder);
	test_ca_make(&bench->ca);
	test_ca_agent(&bench->ca, 7, 42);
	test_ca_collector(&bench->ca, "hue1");
	tls = test_ca_settings(&bench->ca, "collector");
	bench->server = tls_server_new(&tls, &bench->err);
	ck_assert_ok(bench->server != NULL, bench->err);
	tls = test_ca_settings(&bench->ca, "agent");
	bench->client = tls_client_new(&tls, &bench->err);
	ck_assert_ok(bench->client != NULL, bench->err);
	bench->base = event_base_new();
	fake_collector_open(&bench->fake, bench->base, bench->server);
	snprintf(bench->address, sizeof(bench->address), "127.0.0.1:%d", bench->fake.port);
	bench->addresses[0] = bench->address;
	bench->settings = (struct uplink_settings){
		.collector = {bench->addresses, 1},
		.name = "hue1",
		.connect_ms = 10000,
		.hello_ms = 10000,
		.write_ms = 10000,
		.retry_first_ms = 10,
		.retry_most_ms = 50,
	};
	bench->spool_settings = (struct spool_settings){
		.urgent_size = 8 << 20, .bulk_size = 64 << 20, .segment_size = 256 << 10};
	open_spool(bench);
}

static void bench_done(struct bench *bench)
{
	close_uplink(bench);
	fake_collector_close(&bench->fake);
	close_spool(bench);
	/* What libevent put off until the next turn of the loop. */
	event_base_loop(bench->base, EVLOOP_NONBLOCK);
	event_base_free(bench->base);
	SSL_CTX_free(bench->server);
	SSL_CTX_free(bench->client);
	test_ca_remove(&bench->ca);
	folder_remove(&bench->folder);
}

static void add_text(struct bench *bench, enum frame_lane lane, struct slice text)
{
	const struct intake_item item = {
		.lane = lane,
		.source = {.input = SLICE_LIT("test"),
			.name = SLICE_LIT("x"),
			.format = SLICE_LIT("")},
		.item = {.kind = ITEM_LINE, .read_ns = 1, .whole = text.len, .bytes = text},
	};

	ck_assert(intake_add(bench->intake, &item));
}

/* n chunks of 10 numbered lines. */
static void add_chunks(struct bench *bench, unsigned n)
{
	char line[24];

	for (unsigned i = 0; i < n * 10; i++) {
		int len = snprintf(line, sizeof(line), "%u", bench->lines++);

		add_text(bench, LANE_BULK, slice_of(line, (size_t)len));
		if (i % 10 == 9)
			ck_assert(intake_flush(bench->intake));
	}
}

#define run_until(bench, condition)                                                            \
	do {                                                                                   \
		int64_t end_ms_ = clock_mono_ms() + PATIENCE_MS;                               \
		while (!(condition) && clock_mono_ms() < end_ms_)                              \
			event_base_loop((bench)->base, EVLOOP_ONCE);                           \
		ck_assert_msg((condition), "waited in vain for %s", #condition);               \
	} while (0)

static uint64_t acked(const struct bench *bench)
{
	struct spool_state state;

	spool_state(bench->spool, LANE_BULK, &state);
	return state.acked;
}

/* Every line once and in order at the collector. */
static void expect_all(struct bench *bench)
{
	struct slice rest = strbuf_slice(&bench->fake.lanes[LANE_BULK].text), line;

	run_until(bench, acked(bench) == bench->lines);
	rest = strbuf_slice(&bench->fake.lanes[LANE_BULK].text);
	for (unsigned i = 0; i < bench->lines; i++) {
		char want[24];

		ck_assert(slice_cut(&rest, '\n', &line));
		snprintf(want, sizeof(want), "%u", i);
		ck_assert_slice_eq(line, slice_str(want));
	}
	ck_assert_uint_eq(rest.len, 0);
}

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

TEST_MAIN("uplink", entries_arrive_and_are_acknowledged,
	nothing_is_repeated_when_acknowledgements_are_lost,
	a_restarted_agent_goes_on_where_the_collector_is, the_urgent_lane_goes_first,
	the_window_is_kept, one_entry_may_always_be_under_way, a_new_epoch_is_chosen_on_request,
	another_history_makes_a_new_epoch, an_epoch_that_is_not_saved_is_not_offered,
	declared_gaps_take_their_place, what_the_disk_refuses_is_declared_and_the_rest_arrives,
	what_the_collector_lost_is_declared, heartbeats_go_both_ways,
	a_silent_collector_is_left, a_mute_collector_is_left,
	half_a_frame_is_not_waited_for_for_ever, what_is_no_frame_ends_the_connection,
	an_acknowledgement_of_the_future_is_refused, a_collector_that_takes_nothing_is_left,
	a_collector_of_another_name_is_refused, a_collector_of_another_ca_is_refused,
	goodbye_says_when_to_come_back, an_unreachable_address_is_followed_by_the_next,
	a_name_is_looked_up, the_collector_comes_back, orders_are_a_closed_list,
	slow_down_is_obeyed, slow_down_is_exact, a_goodbye_is_over_in_time,
	nothing_follows_a_goodbye, a_greeting_alone_does_not_shorten_the_back_off,
	stopping_says_goodbye)
