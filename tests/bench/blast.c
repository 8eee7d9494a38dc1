/*
 * blast - many agents in one process: sends lines as fast as they are acknowledged
 *
 * Options: load.h. One identity has one session, so every connection needs a
 * certificate of its own. Chunks are built before the clock starts, the same
 * for all connections, so that the sender's cost is TLS alone; --window bytes
 * are on their way at most, and never more than the collector allows.
 * Besides what all loaders say, its line of JSON has percentiles of the time
 * from sending a batch to its acknowledgement; those of --probe are of an agent
 * beside the others that sends one line, waits for its acknowledgement, waits
 * 20 ms, and so on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/chunk.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "tests/bench/speak.h"

enum { CHUNKS_MAX = 1024, HEAD = 64, PROBES_MAX = 65536, PROBE_EACH_US = 20000 };

/* A chunk as it is sent, and what it holds. */
struct ready_chunk {
	struct slice bytes;
	uint32_t count, crc;
};

struct agent {
	struct load_connection *connection;
	bool is_probe;
	uint64_t epoch, sent, stored,
		walked;     /* sequences; walked: of the last batch acknowledged */
	uint64_t in_flight; /* bytes */
	uint64_t n_batches, n_acked;
	int64_t *sent_at_ns; /* by number of the batch */
	uint32_t *latency_us;
	char buffer[SPEAK_BUFFER];
};

static struct load load;
static struct ready_chunk chunks[CHUNKS_MAX], probe_chunk;
static unsigned n_chunks;

/* ---- chunks ----------------------------------------------------------------- */

static struct ready_chunk seal(struct chunk_builder *builder)
{
	struct slice sealed = chunk_builder_seal(builder);
	char *copy = malloc(sealed.len);
	struct ready_chunk chunk = {
		.bytes = slice_of(copy, sealed.len), .count = chunk_builder_items(builder)};

	if (copy == NULL)
		load_die("out of memory");
	memcpy(copy, sealed.ptr, sealed.len);
	chunk.crc = crc32c(0, copy, sealed.len);
	chunk_builder_reset(builder);
	return chunk;
}

static void seal_chunk(struct chunk_builder *builder)
{
	if (n_chunks == CHUNKS_MAX)
		load_die("the corpus is too large");
	chunks[n_chunks++] = seal(builder);
}

static void add_line(struct chunk_builder *builder, struct slice line, int64_t now_ns)
{
	const struct chunk_source source = {.input = SLICE_LIT("file"),
		.name = SLICE_LIT("/var/log/syslog"),
		.format = SLICE_LIT(""),
		.position = SLICE_LIT("")};
	const struct chunk_item item = {.kind = ITEM_LINE,
		.source = chunk_builder_source(builder, &source),
		.read_ns = now_ns,
		.whole = line.len,
		.bytes = line};

	if (!chunk_builder_add(builder, &item))
		load_die("a line does not fit into a chunk");
}

static void build_chunks(void)
{
	struct chunk_builder *builder = chunk_builder_new();
	int64_t now_ns = clock_wall_ns();

	add_line(builder, load_line(0), now_ns);
	probe_chunk = seal(builder);
	for (size_t i = 0; i < load_corpus_lines(); i++) {
		add_line(builder, load_line(i), now_ns);
		if (chunk_builder_raw_size(builder) >= CHUNK_RAW_AIM)
			seal_chunk(builder);
	}
	if (chunk_builder_items(builder) > 0)
		seal_chunk(builder);
	chunk_builder_free(builder);
}

/* Connections do not send the same chunk at the same time. */
static const struct ready_chunk *chunk_of(const struct agent *agent, uint64_t batch)
{
	if (agent->is_probe)
		return &probe_chunk;
	return &chunks[(batch + agent->connection->number * 7) % n_chunks];
}

/* ---- one agent -------------------------------------------------------------- */

/* Batches are of known sizes: walk on to the one that was acknowledged last. */
static void take_ack(struct agent *agent)
{
	struct frame frame;

	speak_get(agent->connection, agent->buffer, &frame);
	if (frame.type != FRAME_ACK)
		return;
	agent->stored = frame.ack.lanes[0].stored;
	int64_t now_ns = clock_mono_ns();
	while (agent->n_acked < agent->n_batches) {
		const struct ready_chunk *chunk = chunk_of(agent, agent->n_acked);

		if (agent->walked + chunk->count > agent->stored)
			break;
		agent->walked += chunk->count;
		agent->in_flight += chunk->bytes.len + HEAD;
		agent->latency_us[agent->n_acked] =
			(uint32_t)((now_ns - agent->sent_at_ns[agent->n_acked]) / 1000);
		agent->n_acked++;
	}
}

static void send_batch(struct agent *agent, const struct ready_chunk *chunk)
{
	struct strbuf head = STRBUF_INIT(256);
	const struct frame_batch batch = {.lane = LANE_BULK,
		.epoch = agent->epoch,
		.first = agent->sent + 1,
		.count = chunk->count,
		.crc = chunk->crc,
		.chunk = chunk->bytes};

	frame_write_batch_head(&head, &batch);
	agent->sent_at_ns[agent->n_batches++] = clock_mono_ns();
	load_put(agent->connection, strbuf_slice(&head));
	load_put(agent->connection, chunk->bytes);
	strbuf_done(&head);
	agent->sent += chunk->count;
	agent->in_flight -= chunk->bytes.len + HEAD;
}

static uint32_t smallest_count(void)
{
	uint32_t least = chunks[0].count;

	for (unsigned i = 1; i < n_chunks; i++)
		least = chunks[i].count < least ? chunks[i].count : least;
	return least;
}

static struct agent *agent_new(struct load_connection *connection, size_t batches)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	if (agent == NULL)
		load_die("out of memory");
	agent->connection = connection;
	agent->sent_at_ns = calloc(batches, sizeof(*agent->sent_at_ns));
	agent->latency_us = calloc(batches, sizeof(*agent->latency_us));
	if (agent->sent_at_ns == NULL || agent->latency_us == NULL)
		load_die("out of memory");
	if (getrandom(&agent->epoch, sizeof(agent->epoch), 0) != sizeof(agent->epoch))
		load_die("no random numbers");
	agent->epoch |= 1;
	return agent;
}

static void *probe(void *user)
{
	struct load_connection *connection = user;
	struct agent *agent = connection->own = agent_new(connection, PROBES_MAX);

	agent->is_probe = true;
	agent->in_flight = speak_hello(connection, agent->buffer, agent->epoch);
	while (!load_done() && agent->n_batches < PROBES_MAX) {
		send_batch(agent, &probe_chunk);
		while (agent->stored < agent->sent)
			take_ack(agent);
		usleep(PROBE_EACH_US);
	}
	return NULL;
}

static void *run(void *user)
{
	struct load_connection *connection = user;
	size_t batches = connection->lines / smallest_count() + 2;
	struct agent *agent = connection->own = agent_new(connection, batches);

	uint64_t window = speak_hello(connection, agent->buffer, agent->epoch);
	agent->in_flight = window < load.window ? window : load.window;
	while (agent->sent < connection->lines) {
		const struct ready_chunk *chunk = chunk_of(agent, agent->n_batches);

		while (agent->in_flight < chunk->bytes.len + HEAD)
			take_ack(agent);
		send_batch(agent, chunk);
	}
	while (agent->stored < agent->sent)
		take_ack(agent);
	return NULL;
}

/* ---- result ----------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void put_latency(struct json *json, const char *whose, const char *what, uint32_t us)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%s_us", whose, what);
	json_put_u64(json, name, us);
}

/* Of `n` agents, all of their batches; `whose` is "ack" or "probe". */
static void put_latencies(struct json *json, const char *whose,
	const struct load_connection *connections, unsigned n_agents)
{
	size_t n = 0;

	for (unsigned i = 0; i < n_agents; i++)
		n += ((const struct agent *)connections[i].own)->n_acked;
	uint32_t *all = calloc(n + 1, sizeof(*all));
	if (all == NULL)
		load_die("out of memory");
	n = 0;
	for (unsigned i = 0; i < n_agents; i++) {
		const struct agent *agent = connections[i].own;

		memcpy(all + n, agent->latency_us, agent->n_acked * sizeof(*all));
		n += agent->n_acked;
	}
	qsort(all, n, sizeof(*all), compare);
	if (n > 0) {
		put_latency(json, whose, "p50", all[n / 2]);
		put_latency(json, whose, "p99", all[n * 99 / 100]);
		put_latency(json, whose, "max", all[n - 1]);
	}
	free(all);
}

static void report(const struct load_connection *connections, double seconds)
{
	struct strbuf out = STRBUF_INIT(4096);
	struct json json;
	uint64_t lines = 0;

	for (unsigned i = 0; i < load.connections + load.probe; i++)
		lines += ((const struct agent *)connections[i].own)->sent;
	load_report(&json, &out, lines, seconds);
	put_latencies(&json, "ack", connections, load.connections);
	if (load.probe)
		put_latencies(&json, "probe", connections + load.connections, 1);
	load_report_end(&json, &out);
}

int main(int argc, char **argv)
{
	static struct load_connection connections[LOAD_CONNECTIONS_MAX + LOAD_PROBES_MAX];

	load_options(&load, argc, argv);
	load_corpus(&load);
	build_chunks();
	report(connections, load_run(&load, connections, run, probe));
	return EXIT_SUCCESS;
}
