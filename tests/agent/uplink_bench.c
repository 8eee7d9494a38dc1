#include "tests/agent/uplink_bench.h"

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

void open_spool(struct bench *bench)
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

void close_spool(struct bench *bench)
{
	intake_free(bench->intake);
	bookmark_free(bench->bookmark);
	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(bench->spool, (enum frame_lane)i, &bench->lanes[i]);
	spool_close(bench->spool);
}

void open_uplink(struct bench *bench)
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

void close_uplink(struct bench *bench)
{
	uplink_free(bench->uplink);
	bench->uplink = NULL;
}

void bench_init(struct bench *bench)
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

void bench_done(struct bench *bench)
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

void add_text(struct bench *bench, enum frame_lane lane, struct slice text)
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

void add_chunks(struct bench *bench, unsigned n)
{
	char line[24];

	for (unsigned i = 0; i < n * 10; i++) {
		int len = snprintf(line, sizeof(line), "%u", bench->lines++);

		add_text(bench, LANE_BULK, slice_of(line, (size_t)len));
		if (i % 10 == 9)
			ck_assert(intake_flush(bench->intake));
	}
}

uint64_t acked(const struct bench *bench)
{
	struct spool_state state;

	spool_state(bench->spool, LANE_BULK, &state);
	return state.acked;
}

void expect_all(struct bench *bench)
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
