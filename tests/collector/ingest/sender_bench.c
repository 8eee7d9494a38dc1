#include "tests/collector/ingest/sender_bench.h"

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

static struct test_ca ca;
struct ingest_settings settings;
struct ingest *ingest;
struct fixture fixture;
static struct loop *loop; /* of the listeners, in its own thread */
static pthread_t loop_thread;
atomic_uint n_strangers;

static const char *const first_addresses[] = {"127.0.0.1", "127.0.1.0/24"};
static const char *const second_addresses[] = {"127.0.0.2"};
static const char *const third_addresses[] = {"127.0.0.3"};
static const char *const token_addresses[] = {"127.0.0.0/16"};
static const char *const tokens[] = {
	"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"};

struct written_listener listeners[LISTENERS] = {
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
	[BEATS] = {.name = "beats",
		.transport = TRANSPORT_TCP,
		.protocol = PROTOCOL_BEATS,
		.listen = "127.0.0.1:0",
		.format = "",
		.connections_max = 20},
	[EXPORTS] = {.name = "flows",
		.transport = TRANSPORT_UDP,
		.protocol = PROTOCOL_NETFLOW,
		.listen = "127.0.0.1:0",
		.format = "cef",
		.connections_max = 1,
		.receive_buffer = 8 << 20},
	[TLS] = {.name = "tls",
		.transport = TRANSPORT_TLS,
		.listen = "127.0.0.1:0",
		.format = "",
		.ca = "",
		.crl = "",
		.connections_max = 2 * (TLS_HANDSHAKES - 1)},
	[HTTP] = {.name = "http",
		.transport = TRANSPORT_TCP,
		.protocol = PROTOCOL_HTTP,
		.listen = "127.0.0.1:0",
		.format = "",
		.connections_max = 20},
};

struct written_sender senders[SENDERS] = {
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
	{.name = "fourth",
		.addresses = {token_addresses, 1},
		.certificate = "",
		.tokens = {tokens, 1},
		.agency = TOKEN_AGENCY,
		.host = 4,
		.zone = "",
		.format = "",
		.connections_max = 10},
};

/* ---- the collector's side --------------------------------------------------- */

/* The store refuses so many batches. */
atomic_int to_refuse;
atomic_uint n_zoned;

/* While `holding`, batches stay under way. */
atomic_bool holding;
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

bool something_is_held(void)
{
	pthread_mutex_lock(&held_lock);
	const bool any = held != NULL;
	pthread_mutex_unlock(&held_lock);
	return any;
}

void release(void)
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

static void *release_later(void *user)
{
	(void)user;
	usleep(300000);
	release();
	return NULL;
}

pthread_t release_soon(void)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, release_later, NULL), 0);
	return thread;
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

void begin(void)
{
	static char certificate[TEST_PATH_MAX], key[TEST_PATH_MAX];
	const struct ingest_callbacks callbacks = {on_run, on_knows, on_note, NULL};
	struct err err = {0};

	test_ca_make(&ca);
	test_ca_collector(&ca, "hue1");
	test_ca_path(&ca, "collector.pem", certificate);
	test_ca_path(&ca, "collector.key", key);
	listeners[TLS].certificate = certificate;
	listeners[TLS].key = key;
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
		.heartbeat_ms = 1500,
		.window = 1 << 20,
		.batches = 4,
		.syslog = {.listeners = {listeners, ARRAY_LEN(listeners)},
			.senders = {senders, ARRAY_LEN(senders)},
			.message_max = 2048,
			.event_max = 4096,
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

void stop(void)
{
	loop_stop(loop);
	pthread_join(loop_thread, NULL);
	ingest_stop(ingest);
	ingest = NULL;
	loop_free(loop);
}

void end(void)
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

int dial(unsigned listener, const char *from)
{
	const struct sockaddr_in own = at(from, 0);
	const struct sockaddr_in to = at("127.0.0.1", ingest_syslog_port(ingest, listener));
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	const int type =
		listeners[listener].transport == TRANSPORT_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&own, sizeof(own)), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

void put(int fd, const char *text)
{
	const size_t len = strlen(text);

	ck_assert_int_eq(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* The other end closed it. */
bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) <= 0;
}

/* ---- what is stored -------------------------------------------------------------- */

struct stream_position position_of(uint32_t agency, uint32_t host)
{
	const struct stream stream = {
		.agency = agency, .host = host, .lane = SENDERS_LANE, .epoch = SENDERS_EPOCH};
	struct stream_position position = {0};

	if (!store_stream(fixture.store, &stream, &position))
		position = (struct stream_position){0};
	return position;
}

void await_records(uint32_t agency, uint32_t host, uint64_t n)
{
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	while (position_of(agency, host).records < n && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert_uint_eq(position_of(agency, host).records, n);
}

/* Of the stream: every sequence once, and those of records look so. */
unsigned check_stored(uint32_t agency, uint32_t host, const char *input)
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
