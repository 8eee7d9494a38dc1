/* Senders without an agent, over real sockets: this test's are on 127.0.0.0/8. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/ingest/ingest.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/loop.h"
#include "tests/collector/store/fixture.h"
#include "tests/support/certs.h"

enum {
	AGENCY = 7,
	OTHER_AGENCY = 8,
	UNKNOWN_AGENCY = 99,
	UDP = 0,
	TCP = 1,
	PATIENCE_MS = 30000,
};

static struct test_ca ca;
static struct fixture fixture;
static struct ingest_settings settings;
static struct ingest *ingest;
static struct loop *loop; /* of the listeners, in its own thread */
static pthread_t loop_thread;
static atomic_uint n_strangers;

static const char *const first_addresses[] = {"127.0.0.1", "127.0.1.0/24"};
static const char *const second_addresses[] = {"127.0.0.2"};
static const char *const third_addresses[] = {"127.0.0.3"};

static struct written_listener listeners[] = {
	[UDP] = {.name = "net",
		.transport = TRANSPORT_UDP,
		.listen = "127.0.0.1:0",
		.format = "",
		.connections_max = 1,
		.receive_buffer = 8 << 20},
	[TCP] = {.name = "stream",
		.transport = TRANSPORT_TCP,
		.listen = "127.0.0.1:0",
		.format = "cef",
		.connections_max = 20},
};

static struct written_sender senders[] = {
	{.name = "first",
		.addresses = {first_addresses, 2},
		.certificate = "",
		.agency = AGENCY,
		.host = 1,
		.zone = "UTC",
		.format = "",
		.connections_max = 10},
	{.name = "second",
		.addresses = {second_addresses, 1},
		.certificate = "",
		.agency = OTHER_AGENCY,
		.host = 2,
		.zone = "",
		.format = "leef",
		.connections_max = 1},
	{.name = "third",
		.addresses = {third_addresses, 1},
		.certificate = "",
		.agency = UNKNOWN_AGENCY,
		.host = 3,
		.zone = "",
		.format = "",
		.connections_max = 1},
};

/* ---- the collector's side --------------------------------------------------- */

/* The store refuses so many batches. */
static atomic_int to_refuse;
static atomic_uint n_zoned;

/* While `holding`, batches stay under way. */
static atomic_bool holding;
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static struct batch *held;

static bool hold(struct batch *batch)
{
	pthread_mutex_lock(&held_lock);
	const bool kept = holding;
	if (kept) {
		batch->next = held;
		held = batch;
	}
	pthread_mutex_unlock(&held_lock);
	return kept;
}

static void on_run(void *user, struct batch *batch)
{
	(void)user;
	for (unsigned i = 0; i < batch->n_records; i++) {
		batch->records[i].level = 2;
		if (batch->sources[0].zone != NULL)
			atomic_fetch_add(&n_zoned, 1);
	}
	ck_assert(encode_batch(batch));
	if (atomic_fetch_sub(&to_refuse, 1) > 0) {
		batch->outcome = BATCH_REFUSED;
		batch->send_home(batch);
		return;
	}
	if (!hold(batch))
		store_submit(fixture.store, batch);
}

static bool something_is_held(void)
{
	pthread_mutex_lock(&held_lock);
	const bool any = held != NULL;
	pthread_mutex_unlock(&held_lock);
	return any;
}

static void release(void)
{
	pthread_mutex_lock(&held_lock);
	holding = false;
	struct batch *batch = held;
	held = NULL;
	pthread_mutex_unlock(&held_lock);
	while (batch != NULL) {
		struct batch *next = batch->next;

		store_submit(fixture.store, batch);
		batch = next;
	}
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
	if (what == INGEST_STRANGER)
		atomic_fetch_add(&n_strangers, 1);
}

static void *run_loop(void *user)
{
	(void)user;
	loop_run(loop);
	return NULL;
}

static void begin(void)
{
	static char certificate[TEST_PATH_MAX], key[TEST_PATH_MAX];
	const struct ingest_callbacks callbacks = {on_run, on_knows, on_note, NULL};
	struct err err = {0};

	test_ca_make(&ca);
	test_ca_collector(&ca, "hue1");
	test_ca_path(&ca, "collector.pem", certificate);
	test_ca_path(&ca, "collector.key", key);
	fixture_init(&fixture);
	fixture_open(&fixture);
	to_refuse = 0;
	n_strangers = n_zoned = 0;
	settings = (struct ingest_settings){
		.listen = "127.0.0.1:0",
		.workers = 2,
		.ca = ca.ca_file,
		.crl = ca.crl_file,
		.certificate = certificate,
		.key = key,
		.connections_max = 100,
		.agency_connections_max = 100,
		.handshakes_max = 100,
		.address_handshakes_max = 100,
		.handshake_ms = 2000,
		.frame_ms = 1500,
		.write_ms = 2000,
		.heartbeat_ms = 5000,
		.window = 1 << 20,
		.batches = 4,
		.syslog = {.listeners = {listeners, ARRAY_LEN(listeners)},
			.senders = {senders, ARRAY_LEN(senders)},
			.message_max = 2048,
			.queue = 1 << 20,
			.agency_queues_max = 2 << 20,
			.queues_max = 4 << 20},
	};
	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	ingest = ingest_start(&settings, loop_base(loop), fixture.store, &callbacks, &err);
	ck_assert_msg(ingest != NULL, "%s", err.text);
	pthread_create(&loop_thread, NULL, run_loop, NULL);
}

static void stop(void)
{
	loop_stop(loop);
	pthread_join(loop_thread, NULL);
	ingest_stop(ingest);
	ingest = NULL;
	loop_free(loop);
}

static void end(void)
{
	if (ingest != NULL)
		stop();
	fixture_done(&fixture);
	test_ca_remove(&ca);
}

/* ---- senders ------------------------------------------------------------------ */

static struct sockaddr_in at(const char *address, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	ck_assert_int_eq(inet_pton(AF_INET, address, &in.sin_addr), 1);
	return in;
}

static int dial(unsigned listener, const char *from)
{
	const struct sockaddr_in own = at(from, 0);
	const struct sockaddr_in to = at("127.0.0.1", ingest_syslog_port(ingest, listener));
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd =
		socket(AF_INET, (listener == UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&own, sizeof(own)), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static void put(int fd, const char *text)
{
	const size_t len = strlen(text);

	ck_assert_int_eq(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* The other end closed it. */
static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) <= 0;
}

/* ---- what is stored -------------------------------------------------------------- */

static struct stream_position position_of(uint32_t agency, uint32_t host)
{
	const struct stream stream = {
		.agency = agency, .host = host, .lane = SENDERS_LANE, .epoch = SENDERS_EPOCH};
	struct stream_position position = {0};

	if (!store_stream(fixture.store, &stream, &position))
		position = (struct stream_position){0};
	return position;
}

static void await_records(uint32_t agency, uint32_t host, uint64_t n)
{
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	while (position_of(agency, host).records < n && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert_uint_eq(position_of(agency, host).records, n);
}

/* Of the stream: every sequence once, and those of records look so. */
static unsigned check_stored(uint32_t agency, uint32_t host, const char *input)
{
	struct store_reader *reader;
	struct store_block block;
	struct err err = {0};
	unsigned n = 0;

	reader = store_reader_open(fixture.store, 0, &err);
	for (enum store_read got;
		(got = store_reader_next(reader, &block, &err)) != STORE_END;) {
		for (unsigned i = 0; got == STORE_BLOCK && i < block.n_records; i++) {
			const struct columns *columns = &block.columns[i];
			const struct record_source *source = &block.sources[columns->source];

			if (block.streams[columns->stream].lane != SENDERS_LANE ||
				columns->agency != agency)
				continue;
			n++;
			ck_assert_uint_eq(columns->host, host);
			ck_assert_uint_eq(columns->strength, IDENTITY_ADDRESS);
			ck_assert_uint_eq(columns->skew_ms, UINT32_MAX);
			ck_assert_slice_eq(source->input, slice_str(input));
		}
	}
	store_reader_close(reader);
	return n;
}

/* ---- tests ------------------------------------------------------------------------ */

START_TEST(datagrams_are_stored_as_those_of_their_sender)
{
	begin();
	int first = dial(UDP, "127.0.0.1"), also = dial(UDP, "127.0.1.77");
	int second = dial(UDP, "127.0.0.2");

	for (int i = 0; i < 50; i++) {
		put(first, "<13>Nov 22 01:02:03 other-host app: agency=8 soc.host=5\n");
		put(also, "<13>Nov 22 01:02:03 h app: x");
		put(second, "plain");
	}
	await_records(AGENCY, 1, 100);
	await_records(OTHER_AGENCY, 2, 50);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "syslog-udp"), 100);
	ck_assert_uint_eq(check_stored(OTHER_AGENCY, 2, "syslog-udp"), 50);
	ck_assert_uint_eq(position_of(AGENCY, 1).stored, 100);
	ck_assert_uint_eq(n_zoned, 100);
	close(first);
	close(also);
	close(second);
	end();
}
END_TEST

START_TEST(what_nobody_we_know_sends_is_refused_and_seen)
{
	static struct sender_stranger strangers[SENDER_STRANGERS_MAX];

	begin();
	int datagrams = dial(UDP, "127.0.0.66"), stream = dial(TCP, "127.0.0.66");
	int known = dial(UDP, "127.0.0.1"), homeless = dial(UDP, "127.0.0.3");

	put(datagrams, "let me in");
	put(datagrams, "let me in");
	put(homeless, "my agency is gone");
	put(known, "I am known");
	ck_assert(is_closed(stream));
	await_records(AGENCY, 1, 1);
	ck_assert_uint_eq(ingest_strangers(ingest, strangers), 2);
	ck_assert_uint_eq(strangers[0].times + strangers[1].times, 3);
	ck_assert_uint_eq(n_strangers, 2); /* each said once */
	stop();
	ck_assert_uint_eq(position_of(UNKNOWN_AGENCY, 3).stored, 0);
	close(datagrams);
	close(stream);
	close(known);
	close(homeless);
	end();
}
END_TEST

START_TEST(a_connection_may_mix_framings_and_end_within_a_message)
{
	begin();
	int fd = dial(TCP, "127.0.0.1");

	put(fd, "<13>one\n7 <13>two<14>th");
	put(fd, "ree\n20 <15>never whole");
	close(fd);
	await_records(AGENCY, 1, 4);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "syslog-tcp"), 4);
	end();
}
END_TEST

/* So many messages, numbered, on a connection of its own. */
static void *deliver(void *user)
{
	const unsigned n = *(const unsigned *)user;
	int fd = dial(TCP, "127.0.0.1");
	char text[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "<13>Nov 22 01:02:03 h app: %u\n", i);
		put(fd, text);
	}
	close(fd);
	return NULL;
}

START_TEST(connections_of_one_sender_share_a_stream)
{
	enum { CONNECTIONS = 8 };
	static unsigned n = 3000;
	pthread_t threads[CONNECTIONS];

	begin();
	for (unsigned i = 0; i < CONNECTIONS; i++)
		pthread_create(&threads[i], NULL, deliver, &n);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		pthread_join(threads[i], NULL);
	await_records(AGENCY, 1, CONNECTIONS * (uint64_t)n);
	ck_assert_uint_eq(position_of(AGENCY, 1).stored, CONNECTIONS * (uint64_t)n);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "syslog-tcp"), CONNECTIONS * n);
	end();
}
END_TEST

START_TEST(what_the_store_refuses_is_tried_again_and_lost_by_nobody)
{
	static unsigned n = 5000;

	begin();
	to_refuse = 3;
	deliver(&n);
	await_records(AGENCY, 1, n);
	ck_assert_uint_eq(position_of(AGENCY, 1).declared, 0);
	end();
}
END_TEST

START_TEST(a_full_queue_stops_connections_and_nothing_is_lost)
{
	static unsigned n = 60000; /* several times the queue */
	pthread_t thread;

	begin();
	holding = true;
	pthread_create(&thread, NULL, deliver, &n);
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (!something_is_held() && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert(something_is_held());
	usleep(100000); /* some of it piles up */
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 0);
	release();
	pthread_join(thread, NULL);
	await_records(AGENCY, 1, n);
	ck_assert_uint_eq(position_of(AGENCY, 1).declared, 0);
	end();
}
END_TEST

START_TEST(datagrams_without_room_are_dropped_and_declared)
{
	enum { DATAGRAMS = 5000 };
	static char text[1025];

	begin();
	int fd = dial(UDP, "127.0.0.1");
	memset(text, 'x', sizeof(text) - 1);
	holding = true;
	for (int i = 0; i < DATAGRAMS; i++)
		put(fd, text);
	/* All have been read or dropped when one that came after them was. */
	int last = dial(UDP, "127.0.0.66");
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (n_strangers == 0 && clock_mono_ms() < until_ms) {
		put(last, "the end");
		usleep(2000);
	}
	release();
	stop(); /* everything that waits is stored */

	const struct stream_position own = position_of(AGENCY, 1);
	const struct stream_position kernel = position_of(0, 0);
	ck_assert_uint_gt(own.records, 0);
	ck_assert_uint_gt(own.declared, 0);
	ck_assert_uint_ge(own.records + own.declared + kernel.declared, DATAGRAMS);
	ck_assert_uint_le(own.records + own.declared, DATAGRAMS);
	close(fd);
	close(last);
	end();
}
END_TEST

START_TEST(who_is_no_sender_any_more_is_ended_by_a_reload)
{
	struct err err = {0};

	begin();
	int fd = dial(TCP, "127.0.0.2"), datagrams = dial(UDP, "127.0.0.2");
	put(fd, "<13>one\n");
	await_records(OTHER_AGENCY, 2, 1);
	struct ingest_settings fewer = settings;
	fewer.syslog.senders.n = 1;
	ck_assert_msg(ingest_reload(ingest, &fewer, &err), "%s", err.text);
	ck_assert(is_closed(fd));
	put(datagrams, "still there?");
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (n_strangers == 0 && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert_uint_eq(n_strangers, 1);
	ck_assert_uint_eq(position_of(OTHER_AGENCY, 2).records, 1);
	close(fd);
	close(datagrams);
	end();
}
END_TEST

/* Listeners stay as they are open, in whichever order a new file has them. */
START_TEST(a_reload_goes_by_the_names_of_listeners)
{
	static const char *const only_stream[] = {"stream"};
	struct written_listener turned[] = {listeners[TCP], listeners[UDP]};
	struct written_sender bound = senders[1];
	struct err err = {0};

	begin();
	bound.listeners = (struct setting_texts){only_stream, 1};
	struct ingest_settings other = settings;
	other.syslog.listeners = (struct setting_sections){turned, 2};
	other.syslog.senders = (struct setting_sections){&bound, 1};
	ck_assert_msg(ingest_reload(ingest, &other, &err), "%s", err.text);
	int stream = dial(TCP, "127.0.0.2"), datagrams = dial(UDP, "127.0.0.2");
	put(stream, "<13>one\n");
	await_records(OTHER_AGENCY, 2, 1);
	put(datagrams, "not here");
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (n_strangers == 0 && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert_uint_eq(n_strangers, 1);
	ck_assert_uint_eq(position_of(OTHER_AGENCY, 2).records, 1);
	close(stream);
	close(datagrams);
	end();
}
END_TEST

START_TEST(a_sender_has_as_many_connections_as_it_may)
{
	begin();
	int one = dial(TCP, "127.0.0.2");
	put(one, "<13>one\n");
	await_records(OTHER_AGENCY, 2, 1);
	int two = dial(TCP, "127.0.0.2");
	ck_assert(is_closed(two));
	close(one);
	/* Its place is free when its end was seen. */
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (position_of(OTHER_AGENCY, 2).records < 2 && clock_mono_ms() < until_ms) {
		int three = dial(TCP, "127.0.0.2");

		(void)!send(three, "<13>two\n", 8, MSG_NOSIGNAL);
		close(three);
		usleep(20000);
	}
	ck_assert_uint_ge(position_of(OTHER_AGENCY, 2).records, 2);
	close(two);
	end();
}
END_TEST

START_TEST(a_stream_that_makes_no_sense_is_ended)
{
	begin();
	int fd = dial(TCP, "127.0.0.1");
	put(fd, "<13>good\n1073741824 <13>and so on");
	ck_assert(is_closed(fd));
	await_records(AGENCY, 1, 1);
	close(fd);
	end();
}
END_TEST

START_TEST(a_message_that_does_not_end_has_a_deadline)
{
	begin();
	int idle = dial(TCP, "127.0.0.1"), slow = dial(TCP, "127.0.0.1");
	put(idle, "<13>one\n");
	put(slow, "<13>tw");
	ck_assert(is_closed(slow));
	put(idle, "<13>three\n"); /* was silent meanwhile, between messages */
	await_records(AGENCY, 1, 3);
	close(idle);
	close(slow);
	end();
}
END_TEST

TEST_MAIN("syslog", datagrams_are_stored_as_those_of_their_sender,
	what_nobody_we_know_sends_is_refused_and_seen,
	a_connection_may_mix_framings_and_end_within_a_message,
	connections_of_one_sender_share_a_stream,
	what_the_store_refuses_is_tried_again_and_lost_by_nobody,
	a_full_queue_stops_connections_and_nothing_is_lost,
	datagrams_without_room_are_dropped_and_declared,
	who_is_no_sender_any_more_is_ended_by_a_reload, a_reload_goes_by_the_names_of_listeners,
	a_sender_has_as_many_connections_as_it_may, a_stream_that_makes_no_sense_is_ended,
	a_message_that_does_not_end_has_a_deadline)
