/* The whole room over real TLS: agents of this test speak to it through real sockets. */
#include "collector/ingest/ingest.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>

#include "common/chunk.h"
#include "common/counter.h"
#include "common/crc32c.h"
#include "common/loop.h"
#include "tests/collector/store/fixture.h"
#include "tests/support/certs.h"

enum { AGENCY = 7, UNKNOWN_AGENCY = 99, LEVEL = 3, PATIENCE_MS = 20000 };

static struct test_ca ca;
static struct fixture fixture;
static struct ingest_settings settings;
static struct ingest *ingest;
static struct loop *loop; /* of the listener, in its own thread */
static pthread_t loop_thread;
static atomic_uint notes[4];
static uint64_t window = 1 << 20;
static uint32_t batches = 2, workers = 2, handshakes = 100;

/* ---- the collector's side --------------------------------------------------- */

/* While `holding`, batches stay under way. */
static atomic_bool holding;
static _Atomic(struct batch *) held;

/* Who has it makes a worker that got a batch stand still. */
static pthread_mutex_t standstill = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint n_runs;

static void on_run(void *user, struct batch *batch)
{
	(void)user;
	n_runs++;
	pthread_mutex_lock(&standstill);
	pthread_mutex_unlock(&standstill);
	if (holding) {
		batch->next = held;
		held = batch;
		return;
	}
	for (unsigned i = 0; i < batch->n_records; i++)
		batch->records[i].level = LEVEL;
	ck_assert(encode_batch(batch));
	store_submit(fixture.store, batch);
}

static bool on_knows(void *user, uint32_t agency, uint32_t host)
{
	(void)user;
	(void)host;
	return agency != UNKNOWN_AGENCY;
}

static void on_note(
	void *user, enum ingest_event what, uint32_t agency, uint32_t host, const char *detail)
{
	(void)user;
	(void)agency;
	(void)host;
	(void)detail;
	atomic_fetch_add(&notes[what], 1);
}

static void *run_loop(void *user)
{
	(void)user;
	loop_run(loop);
	return NULL;
}

static void begin(void)
{
	const struct ingest_callbacks callbacks = {on_run, on_knows, on_note, NULL};
	struct err err = {0};

	test_ca_make(&ca);
	test_ca_collector(&ca, "hue1");
	test_ca_agent(&ca, AGENCY, 1);
	static char certificate[TEST_PATH_MAX], key[TEST_PATH_MAX];
	test_ca_path(&ca, "collector.pem", certificate);
	test_ca_path(&ca, "collector.key", key);
	fixture_init(&fixture);
	fixture_open(&fixture);
	settings = (struct ingest_settings){
		.listen = "127.0.0.1:0",
		.workers = workers,
		.ca = ca.ca_file,
		.crl = ca.crl_file,
		.certificate = certificate,
		.key = key,
		.connections_max = 100,
		.agency_connections_max = 100,
		.handshakes_max = handshakes,
		.address_handshakes_max = 100,
		.handshake_ms = 2000,
		.frame_ms = 2000,
		.write_ms = 2000,
		.heartbeat_ms = 5000,
		.window = window,
		.batches = batches,
	};
	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	ingest = ingest_start(&settings, loop_base(loop), fixture.store, &callbacks, &err);
	ck_assert_msg(ingest != NULL, "%s", err.text);
	pthread_create(&loop_thread, NULL, run_loop, NULL);
}

static void end(void)
{
	loop_stop(loop);
	pthread_join(loop_thread, NULL);
	ingest_stop(ingest);
	loop_free(loop);
	fixture_done(&fixture);
	test_ca_remove(&ca);
}

/* ---- an agent --------------------------------------------------------------- */

struct agent {
	SSL *ssl;
	int fd;
	uint64_t epoch;
	char buffer[1 << 16];
};

static int dial(void)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(ingest_port(ingest)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void agent_connect(struct agent *agent, uint64_t epoch)
{
	const struct tls_settings files = test_ca_settings(&ca, "agent");
	struct err err = {0};
	SSL_CTX *tls = tls_client_new(&files, &err);

	ck_assert_msg(tls != NULL, "%s", err.text);
	agent->epoch = epoch;
	agent->fd = dial();
	agent->ssl = SSL_new(tls);
	SSL_CTX_free(tls);
	SSL_set_fd(agent->ssl, agent->fd);
	ck_assert_int_eq(SSL_connect(agent->ssl), 1);
}

static void agent_close(struct agent *agent)
{
	SSL_free(agent->ssl);
	close(agent->fd);
}

static void agent_put(struct agent *agent, struct slice bytes)
{
	while (bytes.len > 0) {
		int n = SSL_write(agent->ssl, bytes.ptr, (int)bytes.len);

		ck_assert_int_gt(n, 0);
		bytes = slice_from(bytes, (size_t)n);
	}
}

static void agent_say(struct agent *agent, const struct frame *frame)
{
	struct strbuf out = STRBUF_INIT(FRAME_BODY_MAX + FRAME_HEADER_SIZE);

	frame_write(&out, frame);
	agent_put(agent, strbuf_slice(&out));
	strbuf_done(&out);
}

static bool agent_get(struct agent *agent, char *to, size_t len)
{
	while (len > 0) {
		int n = SSL_read(agent->ssl, to, (int)len);

		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

/* The next frame; false when the connection ended. */
static bool agent_hear(struct agent *agent, struct frame *frame)
{
	struct frame_header header;

	if (!agent_get(agent, agent->buffer, FRAME_HEADER_SIZE))
		return false;
	ck_assert_int_eq(frame_read_header(slice_of(agent->buffer, FRAME_HEADER_SIZE), &header),
		FRAME_OK);
	char *body = agent->buffer + FRAME_HEADER_SIZE;
	ck_assert(agent_get(agent, body, header.body_size));
	ck_assert_int_eq(
		frame_read_body(&header, slice_of(body, header.body_size), frame), FRAME_OK);
	return true;
}

static void hello_of(const struct agent *agent, uint64_t next, struct frame *frame)
{
	*frame = (struct frame){
		.type = FRAME_HELLO,
		.hello =
			{
				.version_min = FRAME_VERSION,
				.version_max = FRAME_VERSION,
				.agent_version = SLICE_LIT("0"),
				.host_name = SLICE_LIT("h"),
				.os = SLICE_LIT("o"),
				.wall_ns = clock_wall_ns(),
				.boot_id = agent->epoch,
				.n_lanes = 1,
			},
	};
	frame->hello.lanes[0] = (struct frame_lane_offer){
		.lane = LANE_BULK, .epoch = agent->epoch, .first = 1, .next = next};
}

static struct frame_lane_resume agent_greet(struct agent *agent, uint64_t next)
{
	struct frame frame;

	hello_of(agent, next, &frame);
	agent_say(agent, &frame);
	ck_assert(agent_hear(agent, &frame));
	ck_assert_int_eq(frame.type, FRAME_HELLO_ACK);
	ck_assert_uint_eq(frame.hello_ack.n_lanes, 1);
	return frame.hello_ack.lanes[0];
}

static void agent_send(struct agent *agent, uint64_t first, uint32_t n)
{
	struct chunk_builder *builder = chunk_builder_new();
	const struct chunk_source source = {
		SLICE_LIT("file"), SLICE_LIT("/var/log/x"), SLICE_LIT(""), SLICE_LIT("")};
	unsigned number = chunk_builder_source(builder, &source);

	for (uint32_t i = 0; i < n; i++) {
		const struct chunk_item item = {.kind = ITEM_LINE,
			.source = number,
			.read_ns = clock_wall_ns(),
			.whole = 4,
			.bytes = SLICE_LIT("line")};

		ck_assert(chunk_builder_add(builder, &item));
	}
	struct slice chunk = chunk_builder_seal(builder);
	agent_say(agent, &(struct frame){
				 .type = FRAME_BATCH,
				 .batch = {LANE_BULK, agent->epoch, first, n,
					 crc32c(0, chunk.ptr, chunk.len), chunk},
			 });
	chunk_builder_free(builder);
}

static void await_ack(struct agent *agent, uint64_t stored)
{
	struct frame frame;

	do
		ck_assert(agent_hear(agent, &frame));
	while (frame.type != FRAME_ACK || frame.ack.lanes[0].stored < stored);
	ck_assert_uint_eq(frame.ack.lanes[0].stored, stored);
}

/* One item of bytes that cannot be compressed. */
static void agent_send_noise(struct agent *agent, uint64_t sequence, size_t size)
{
	struct chunk_builder *builder = chunk_builder_new();
	const struct chunk_source source = {
		SLICE_LIT("file"), SLICE_LIT("/var/log/x"), SLICE_LIT(""), SLICE_LIT("")};
	char *noise = malloc(size);

	for (size_t i = 0; i < size; i++)
		noise[i] = (char)random();
	const struct chunk_item item = {.kind = ITEM_LINE,
		.source = chunk_builder_source(builder, &source),
		.read_ns = clock_wall_ns(),
		.whole = size,
		.bytes = slice_of(noise, size)};
	ck_assert(chunk_builder_add(builder, &item));
	struct slice chunk = chunk_builder_seal(builder);
	agent_say(agent, &(struct frame){
				 .type = FRAME_BATCH,
				 .batch = {LANE_BULK, agent->epoch, sequence, 1,
					 crc32c(0, chunk.ptr, chunk.len), chunk},
			 });
	chunk_builder_free(builder);
	free(noise);
}

/* Whatever comes before, the session ends with this goodbye. */
static void await_goodbye(struct agent *agent, uint8_t reason)
{
	struct frame frame = {0};

	while (frame.type != FRAME_GOODBYE)
		ck_assert(agent_hear(agent, &frame));
	ck_assert_uint_eq(frame.goodbye.reason, reason);
	ck_assert(!agent_hear(agent, &frame));
}

/* ---- tests ------------------------------------------------------------------ */

static void check_stored(uint32_t host, uint64_t epoch, uint64_t n)
{
	unsigned found = 0;
	struct store_reader *reader;
	struct store_block block;
	struct err err = {0};

	reader = store_reader_open(fixture.store, 0, &err);
	for (enum store_read got;
		(got = store_reader_next(reader, &block, &err)) != STORE_END;) {
		for (unsigned i = 0; got == STORE_BLOCK && i < block.n_records; i++) {
			const struct stream *stream = &block.streams[block.columns[i].stream];

			if (stream->epoch != epoch)
				continue;
			found++;
			ck_assert_uint_eq(block.columns[i].sequence, found);
			ck_assert_uint_eq(block.columns[i].agency, AGENCY);
			ck_assert_uint_eq(block.columns[i].host, host);
			ck_assert_uint_eq(block.columns[i].level, LEVEL);
		}
	}
	store_reader_close(reader);
	ck_assert_uint_eq(found, n);
}

START_TEST(what_is_acknowledged_is_stored_under_the_certificates_identity)
{
	static struct agent agent;

	begin();
	agent_connect(&agent, 5);
	ck_assert_uint_eq(agent_greet(&agent, 1).stored, 0);
	for (uint64_t first = 1; first <= 5000; first += 500)
		agent_send(&agent, first, 500);
	await_ack(&agent, 5000);
	check_stored(1, 5, 5000);
	agent_close(&agent);
	end();
}
END_TEST

START_TEST(after_a_cut_the_agent_goes_on_and_nothing_is_stored_twice)
{
	static struct agent agent;

	begin();
	agent_connect(&agent, 6);
	agent_greet(&agent, 1);
	agent_send(&agent, 1, 100);
	await_ack(&agent, 100);
	agent_close(&agent);
	agent_connect(&agent, 6);
	struct frame_lane_resume resume = agent_greet(&agent, 301);
	ck_assert_int_eq(resume.resume, RESUME_OK);
	ck_assert_uint_eq(resume.stored, 100);
	ck_assert_uint_ne(resume.stored_crc, 0);
	agent_send(&agent, 1, 100); /* as if the acknowledgement had been lost */
	agent_send(&agent, 101, 100);
	await_ack(&agent, 200);
	check_stored(1, 6, 200);
	agent_close(&agent);
	end();
}
END_TEST

START_TEST(a_spool_that_knows_less_than_we_hold_gets_a_new_epoch)
{
	static struct agent agent;

	begin();
	agent_connect(&agent, 8);
	agent_greet(&agent, 1);
	agent_send(&agent, 1, 100);
	await_ack(&agent, 100);
	agent_close(&agent);
	agent_connect(&agent, 8);
	ck_assert_int_eq(agent_greet(&agent, 51).resume, RESUME_NEW_EPOCH);
	ck_assert_uint_eq(atomic_load(&notes[INGEST_NEW_EPOCH]), 1);
	agent.epoch = 9;
	struct frame_lane_resume resume = agent_greet(&agent, 51);
	ck_assert_int_eq(resume.resume, RESUME_OK);
	agent_send(&agent, 1, 10);
	await_ack(&agent, 10);
	agent_close(&agent);
	end();
}
END_TEST

START_TEST(a_declared_gap_is_acknowledged_like_records)
{
	static struct agent agent;

	begin();
	agent_connect(&agent, 5);
	agent_greet(&agent, 1);
	agent_send(&agent, 1, 10);
	agent_say(&agent, &(struct frame){
				  .type = FRAME_GAP,
				  .gap = {.lane = LANE_BULK,
					  .epoch = 5,
					  .first = 11,
					  .count = 40,
					  .reason = GAP_QUEUE_FULL,
					  .bytes = 1000,
					  .source = SLICE_LIT("/dev/log")},
			  });
	agent_send(&agent, 51, 10);
	await_ack(&agent, 60);
	const struct stream stream = {AGENCY, 1, LANE_BULK, 5};
	struct stream_position position;
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.records, 20);
	ck_assert_uint_eq(position.declared, 40);
	agent_close(&agent);
	end();
}
END_TEST

START_TEST(a_batch_ahead_of_what_is_stored_ends_the_session)
{
	static struct agent agent;

	begin();
	agent_connect(&agent, 5);
	agent_greet(&agent, 1);
	agent_send(&agent, 1, 10);
	await_ack(&agent, 10);
	agent_send(&agent, 21, 10);
	await_goodbye(&agent, GOODBYE_PROTOCOL);
	agent_close(&agent);
	end();
}
END_TEST

static void refuse(const struct frame *second, bool greet_first)
{
	static struct agent agent;

	agent_connect(&agent, 5);
	if (greet_first)
		agent_greet(&agent, 1);
	agent_say(&agent, second);
	await_goodbye(&agent, GOODBYE_PROTOCOL);
	agent_close(&agent);
}

START_TEST(frames_out_of_place_end_the_session)
{
	struct frame heartbeat = {.type = FRAME_HEARTBEAT, .heartbeat = {.wall_ns = 1}};
	struct frame order = {.type = FRAME_ORDER, .order = {.order = ORDER_SCAN}};
	struct frame gap = {.type = FRAME_GAP,
		.gap = {.lane = LANE_BULK,
			.epoch = 77,
			.first = 1,
			.count = 1,
			.reason = GAP_ROTATED,
			.source = SLICE_LIT("")}};

	begin();
	refuse(&heartbeat, false); /* before HELLO */
	refuse(&order, true);      /* collectors say that */
	refuse(&gap, true);        /* an epoch that was not offered */
	end();
}
END_TEST

START_TEST(bytes_that_are_no_protocol_end_the_session)
{
	static struct agent agent;
	char bytes[64] = "GET / HTTP/1.1\r\nHost: collector\r\n\r\n..............";

	begin();
	agent_connect(&agent, 5);
	agent_put(&agent, slice_of(bytes, sizeof(bytes)));
	await_goodbye(&agent, GOODBYE_PROTOCOL);
	agent_close(&agent);
	end();
}
END_TEST

START_TEST(an_unreadable_chunk_is_declared_and_the_lane_goes_on)
{
	static struct agent agent;
	struct slice rubbish = SLICE_LIT("this is no chunk");
	const uint32_t crc = crc32c(0, rubbish.ptr, rubbish.len);
	const struct stream stream = {AGENCY, 1, LANE_BULK, 5};
	struct stream_position position;

	begin();
	agent_connect(&agent, 5);
	agent_greet(&agent, 1);
	agent_say(&agent, &(struct frame){
				  .type = FRAME_BATCH,
				  .batch = {LANE_BULK, 5, 1, 10, crc, rubbish},
			  });
	await_ack(&agent, 10);
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.declared, 10);
	/* The agent compares it with the chunk in its spool. */
	ck_assert_uint_eq(position.crc, crc);
	agent_send(&agent, 11, 10);
	await_ack(&agent, 20);
	agent_close(&agent);
	end();
}
END_TEST

START_TEST(an_agency_that_is_not_in_the_register_is_turned_away)
{
	static struct agent agent;

	begin();
	test_ca_agent(&ca, UNKNOWN_AGENCY, 1);
	agent_connect(&agent, 5);
	await_goodbye(&agent, GOODBYE_IDENTITY);
	agent_close(&agent);
	end();
}
END_TEST

START_TEST(a_second_copy_of_an_agent_is_refused_and_noted)
{
	static struct agent first, second;

	begin();
	agent_connect(&first, 5);
	agent_greet(&first, 1);
	agent_connect(&second, 6); /* another start: another boot id */
	struct frame frame;
	hello_of(&second, 1, &frame);
	agent_say(&second, &frame);
	await_goodbye(&second, GOODBYE_DUPLICATE);
	ck_assert_uint_eq(atomic_load(&notes[INGEST_DUPLICATE]), 1);
	agent_send(&first, 1, 10);
	await_ack(&first, 10); /* the first one is left alone */
	agent_close(&first);
	agent_close(&second);
	end();
}
END_TEST

static void release_held(void)
{
	struct batch *next;

	holding = false;
	for (struct batch *batch = atomic_exchange(&held, NULL); batch != NULL; batch = next) {
		next = batch->next;
		batch->outcome = BATCH_REFUSED;
		batch->send_home(batch);
	}
}

START_TEST(who_sends_far_more_than_the_window_is_disconnected)
{
	enum { SIZE = 60000 };
	struct agent agent;

	window = 64 << 10;
	batches = 16;
	begin();
	agent_connect(&agent, 9);
	agent_greet(&agent, 1);
	/* one entry may always be under way, and twice the window is no offence yet */
	holding = true;
	agent_send_noise(&agent, 1, 4 * SIZE);
	agent_send_noise(&agent, 2, 100);
	await_goodbye(&agent, GOODBYE_PROTOCOL);
	release_held();
	agent_close(&agent);

	agent_connect(&agent, 10);
	agent_greet(&agent, 1);
	for (uint64_t i = 1; i <= 20; i++) {
		agent_send_noise(&agent, i, SIZE);
		await_ack(&agent, i); /* what came home counts no more */
	}
	holding = true;
	agent_send_noise(&agent, 21, SIZE);
	agent_send_noise(&agent, 22, SIZE);
	agent_send_noise(&agent, 23, SIZE);
	await_goodbye(&agent, GOODBYE_PROTOCOL);
	release_held();
	agent_close(&agent);
	window = 1 << 20;
	batches = 2;
	end();
}
END_TEST

START_TEST(silence_and_half_frames_end_by_their_deadlines)
{
	static struct agent silent, half;
	char byte;

	begin();
	int never_speaks_tls = dial();
	agent_connect(&silent, 5); /* no HELLO */
	test_ca_agent(&ca, AGENCY, 2);
	agent_connect(&half, 6);
	agent_greet(&half, 1);
	agent_put(&half, SLICE_LIT("\xa5SOC")); /* and no more */
	await_goodbye(&half, GOODBYE_IDLE);
	ck_assert_int_le(SSL_read(silent.ssl, &byte, 1), 0);
	ck_assert_int_le(recv(never_speaks_tls, &byte, 1, 0), 0);
	close(never_speaks_tls);
	agent_close(&silent);
	agent_close(&half);
	end();
}
END_TEST

START_TEST(a_stop_says_goodbye)
{
	static struct agent agent;

	begin();
	agent_connect(&agent, 5);
	agent_greet(&agent, 1);
	agent_send(&agent, 1, 10);
	await_ack(&agent, 10);
	loop_stop(loop);
	pthread_join(loop_thread, NULL);
	ingest_stop(ingest);
	await_goodbye(&agent, GOODBYE_STOPPING);
	agent_close(&agent);
	loop_free(loop);
	fixture_done(&fixture);
	test_ca_remove(&ca);
}
END_TEST

/* The agent's certificate is the newest the CA issued. */
static void revoke_newest(void)
{
	struct err err = {0};
	struct ca *open = ca_open(ca.dir, CA_WRITE, &err);
	size_t n;

	ck_assert_ok(open != NULL, err);
	(void)ca_records(open, &n);
	ck_assert_ok(ca_revoke(open, n - 1, 1, clock_wall_ns(), &err), err);
	ck_assert_ok(ca_write_crl(open, 1, clock_wall_ns(), &err), err);
	ca_close(open);
}

START_TEST(a_reload_with_a_new_revocation_list_ends_living_sessions)
{
	static struct agent agent;
	struct err err = {0};

	begin();
	agent_connect(&agent, 5);
	agent_greet(&agent, 1);
	revoke_newest();
	ck_assert_msg(ingest_reload(ingest, &settings, &err), "%s", err.text);
	await_goodbye(&agent, GOODBYE_IDENTITY);
	agent_close(&agent);
	end();
}
END_TEST

static const char *wanted;
static uint64_t found;

static void look_at(void *user, const struct counter *counter)
{
	(void)user;
	if (strcmp(counter->name, wanted) == 0)
		found = counter_value(counter);
}

static uint64_t count_of(const char *name)
{
	wanted = name;
	found = 0;
	counter_walk(look_at, NULL);
	return found;
}

static void await_count(const char *name, uint64_t least)
{
	while (count_of(name) < least)
		usleep(1000);
}

/* Each would hold a descriptor; in the kernel's queue it holds none. */
START_TEST(no_more_are_let_in_than_workers_come_to)
{
	enum { CALLERS = 20 };
	struct agent agent;
	int callers[CALLERS];

	workers = 1;
	handshakes = 4;
	begin();
	const uint64_t before = count_of("ingest.connections");
	const uint64_t rests = count_of("ingest.accept_rests");
	agent_connect(&agent, 12);
	agent_greet(&agent, 1);
	pthread_mutex_lock(&standstill);
	const unsigned runs = n_runs;
	agent_send(&agent, 1, 1);
	while (n_runs == runs)
		usleep(1000);
	for (unsigned i = 0; i < CALLERS; i++)
		callers[i] = dial();
	await_count("ingest.accept_rests", rests + 1);
	const uint64_t let_in = count_of("ingest.connections") - before;
	pthread_mutex_unlock(&standstill);
	ck_assert_uint_eq(let_in, 1 + handshakes);
	await_ack(&agent, 1);
	await_count("ingest.connections", before + 1 + CALLERS);
	for (unsigned i = 0; i < CALLERS; i++)
		close(callers[i]);
	agent_close(&agent);
	end();
	workers = 2;
	handshakes = 100;
}
END_TEST

TEST_MAIN("ingest", what_is_acknowledged_is_stored_under_the_certificates_identity,
	after_a_cut_the_agent_goes_on_and_nothing_is_stored_twice,
	a_spool_that_knows_less_than_we_hold_gets_a_new_epoch,
	a_declared_gap_is_acknowledged_like_records,
	a_batch_ahead_of_what_is_stored_ends_the_session, frames_out_of_place_end_the_session,
	bytes_that_are_no_protocol_end_the_session,
	an_unreadable_chunk_is_declared_and_the_lane_goes_on,
	an_agency_that_is_not_in_the_register_is_turned_away,
	a_second_copy_of_an_agent_is_refused_and_noted,
	who_sends_far_more_than_the_window_is_disconnected,
	silence_and_half_frames_end_by_their_deadlines, a_stop_says_goodbye,
	no_more_are_let_in_than_workers_come_to,
	a_reload_with_a_new_revocation_list_ends_living_sessions)
