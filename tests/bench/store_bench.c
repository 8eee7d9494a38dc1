/*
 * store_bench - what a record costs from its fields to the disk and back
 *
 * usage: store_bench [RECORDS [FOLDER]]
 *
 * Makes sshd lines of about 150 bytes with ten fields each, encodes them in
 * batches of 1,000, and submits these with eight on the way, as sessions do.
 * Prints processor time per million records by step, what a record takes on
 * disk, and how long an acknowledgement took. Nothing is asserted: figures are
 * read by people.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "collector/record/encode.h"
#include "collector/store/store.h"
#include "common/clock.h"

enum {
	RECORDS_DEFAULT = 2000000,
	BATCH = 1000, /* records */
	BATCHES = 64, /* different ones, used in turn */
	ON_THE_WAY = 8,
	LINE_MAX = 256,
};

struct bench {
	struct store *store;
	struct batch batches[BATCHES];
	int64_t submitted_ns[BATCHES];
	bool out[BATCHES];
	unsigned n_out;
	pthread_mutex_t lock;
	pthread_cond_t came_home;
	int64_t *acks_ns;
	size_t n_acks;
};

static struct bench bench = {
	.lock = PTHREAD_MUTEX_INITIALIZER, .came_home = PTHREAD_COND_INITIALIZER};

static const struct record_source source = {
	SLICE_LIT("file"), SLICE_LIT("/var/log/auth.log"), SLICE_LIT("")};

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static struct slice make_line(struct arena *arena, unsigned i, uint64_t *random)
{
	static const char *const users[] = {"root", "admin", "nguyenvana", "backup", "oracle",
		"deploy", "test", "tranthib"};
	char line[LINE_MAX];
	uint32_t r = next_random(random), ip = next_random(random);
	int len = snprintf(line, sizeof(line),
		"<86>1 2026-11-%02uT%02u:%02u:%02u.%06u+07:00 vm-dbserver%02u sshd %u - - "
		"Failed "
		"password for invalid user %s from %u.%u.%u.%u port %u ssh2",
		1 + i / 2000 % 28, i / 360 % 24, i / 6 % 60, i % 60, r % 1000000, i % 3,
		1000 + r % 60000, users[r % ARRAY_LEN(users)], ip >> 24, ip >> 16 & 255,
		ip >> 8 & 255, ip & 255, 1024 + r % 60000);

	return arena_copy(arena, slice_of(line, (size_t)len));
}

/* Words of the line, as a parser would have found them. */
static void add_fields(struct record *record, struct arena *arena)
{
	static const enum field_id ids[] = {FIELD_LOG_SYSLOG_PRIORITY, FIELD_HOST_NAME,
		FIELD_PROCESS_NAME, FIELD_PROCESS_PID, FIELD_USER_NAME, FIELD_SOURCE_IP,
		FIELD_SOURCE_PORT};
	struct slice rest = record->raw, word;

	for (size_t i = 0; i < ARRAY_LEN(ids) && slice_cut(&rest, ' ', &word); i++)
		(void)!record_add(record, arena, ids[i], word);
	(void)!record_add(record, arena, FIELD_EVENT_ACTION, SLICE_LIT("ssh_login"));
	(void)!record_add(record, arena, FIELD_EVENT_OUTCOME, SLICE_LIT("failure"));
	(void)!record_add(record, arena, FIELD_MESSAGE, record->raw);
}

static void on_home(struct batch *batch)
{
	int64_t now = clock_mono_ns();
	size_t i = (size_t)(batch - bench.batches);

	pthread_mutex_lock(&bench.lock);
	bench.acks_ns[bench.n_acks++] = now - bench.submitted_ns[i];
	bench.out[i] = false;
	bench.n_out--;
	if (batch->outcome != BATCH_STORED)
		fprintf(stderr, "outcome %d\n", (int)batch->outcome);
	pthread_cond_signal(&bench.came_home);
	pthread_mutex_unlock(&bench.lock);
}

static void fill(struct batch *batch, unsigned number, uint64_t *random)
{
	batch_init(batch);
	batch->stream = (struct stream){.agency = 1 + number % 7, .host = number, .lane = 1};
	batch->send_home = on_home;
	batch->count = batch->n_records = BATCH;
	batch->records = arena_alloc(&batch->arena, BATCH * sizeof(*batch->records));
	batch->sources = &source;
	batch->n_sources = 1;
	for (unsigned i = 0; i < BATCH; i++) {
		batch->records[i] = (struct record){
			.raw = make_line(&batch->arena, i, random),
			.received_ns = clock_wall_ns(),
			.created_ns = clock_wall_ns() / 1000000 * 1000000,
			.read_ns = clock_wall_ns() - 100000000,
			.offset = 1000000 + i * 150,
			.source = &source,
			.agency = batch->stream.agency,
			.host = number,
			.level = (uint8_t)(1 + number % 2),
			.kind = RECORD_LOG,
			.status = PARSE_OK,
			.attack = i % 5 == 0 ? CLASS_UNAUTHORIZED_ACCESS : CLASS_NONE,
		};
		batch->records[i].whole = batch->records[i].raw.len;
		add_fields(&batch->records[i], &batch->arena);
	}
}

static int64_t encode_all(uint64_t n_rounds)
{
	int64_t start = cpu_ns();

	for (uint64_t round = 0; round < n_rounds; round++) {
		for (unsigned i = 0; i < BATCHES; i++) {
			/* The arena holds the records; columns are asked for once. */
			struct strbuf *out = &bench.batches[i].encoded;

			strbuf_reset(out);
			for (unsigned j = 0; j < BATCH; j++)
				encode_record(out, &bench.batches[i].records[j]);
		}
	}
	return cpu_ns() - start;
}

static void submit_all(uint64_t n_batches)
{
	for (uint64_t n = 0; n < n_batches; n++) {
		unsigned i = (unsigned)(n % BATCHES);
		struct batch *batch = &bench.batches[i];

		pthread_mutex_lock(&bench.lock);
		while (bench.out[i] || bench.n_out >= ON_THE_WAY)
			pthread_cond_wait(&bench.came_home, &bench.lock);
		bench.out[i] = true;
		bench.n_out++;
		batch->first = 1 + n / BATCHES * BATCH;
		for (unsigned j = 0; j < BATCH; j++)
			batch->columns[j].sequence = batch->first + j;
		bench.submitted_ns[i] = clock_mono_ns();
		pthread_mutex_unlock(&bench.lock);
		store_submit(bench.store, batch);
	}
	pthread_mutex_lock(&bench.lock);
	while (bench.n_out > 0)
		pthread_cond_wait(&bench.came_home, &bench.lock);
	pthread_mutex_unlock(&bench.lock);
}

static uint64_t read_all(bool bodies, uint64_t *body_bytes)
{
	struct err err;
	struct store_reader *reader = store_reader_open(bench.store, 0, &err);
	struct store_block block;
	enum store_read status;
	uint64_t n = 0;

	while ((status = store_reader_next(reader, &block, &err)) != STORE_END &&
		status != STORE_READ_FAILED) {
		if (status != STORE_BLOCK)
			continue;
		n += block.n_records;
		for (unsigned i = 0; bodies && i < block.n_records; i++)
			*body_bytes += store_reader_body(reader, i).len;
	}
	store_reader_close(reader);
	return n;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double ack_ms(unsigned permille)
{
	return (double)bench.acks_ns[(bench.n_acks - 1) * permille / 1000] / 1e6;
}

static void report(const char *what, int64_t ns, uint64_t n)
{
	printf("%-28s %6.3f CPU-s per million\n", what, (double)ns / 1e9 / (double)n * 1e6);
}

static void run(uint64_t n_records)
{
	uint64_t n_batches = n_records / BATCH, body_bytes = 0;
	struct store_state state;

	report("encode", encode_all(n_batches / BATCHES + 1),
		(n_batches / BATCHES + 1) * BATCHES * BATCH);
	for (unsigned i = 0; i < BATCHES; i++)
		(void)!encode_batch(&bench.batches[i]);

	int64_t cpu = cpu_ns(), wall = clock_mono_ns();
	submit_all(n_batches);
	wall = clock_mono_ns() - wall;
	report("commit (zstd, disk)", cpu_ns() - cpu, n_batches * BATCH);
	printf("%-28s %6.0f thousand/s\n", "",
		(double)(n_batches * BATCH) / ((double)wall / 1e9) / 1e3);

	store_state(bench.store, &state);
	uint64_t bytes = 0;
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		bytes += state.bytes[i];
	printf("%-28s %6.1f bytes a record, %" PRIu64 " commits\n", "on disk",
		(double)bytes / (double)(n_batches * BATCH), state.commits);
	qsort(bench.acks_ns, bench.n_acks, sizeof(*bench.acks_ns), by_value);
	printf("%-28s p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", "acknowledgement", ack_ms(500),
		ack_ms(990), ack_ms(1000));

	cpu = cpu_ns();
	uint64_t n = read_all(false, NULL);
	report("read columns", cpu_ns() - cpu, n);
	cpu = cpu_ns();
	n = read_all(true, &body_bytes);
	report("read columns and bodies", cpu_ns() - cpu, n);
	printf("%-28s %6.1f bytes\n", "mean body", (double)body_bytes / (double)n);
}

/* The segments that are still running are what a start has to read. */
static void seal_and_reopen(const struct store_settings *settings, uint64_t n_records)
{
	struct store_recovery recovery;
	struct err err;
	int64_t cpu = cpu_ns(), wall;

	store_settle(bench.store);
	report("sealing what is left", cpu_ns() - cpu, n_records);
	store_close(bench.store);
	wall = clock_mono_ns();
	bench.store = store_open(settings, &recovery, &err);
	if (bench.store == NULL) {
		fprintf(stderr, "%s\n", err.text);
		exit(EXIT_FAILURE);
	}
	printf("%-28s %6.0f ms\n", "reopening", (double)(clock_mono_ns() - wall) / 1e6);
}

int main(int argc, char **argv)
{
	uint64_t n_records = RECORDS_DEFAULT, random = 1;
	char dir[] = "/tmp/store-bench-XXXXXX";
	struct store_settings settings = {
		.dir = argc > 2 ? argv[2] : mkdtemp(dir),
		.segment_size = 64 << 20,
		.segment_age_ms = 3600 * 1000,
		.commit_ms = 20,
		.commit_bytes = 4 << 20,
		.warn_percent = 100,
	};
	struct store_recovery recovery;
	struct err err;

	if ((argc > 1 && !slice_to_u64(slice_str(argv[1]), UINT32_MAX, &n_records)) ||
		n_records < BATCH) {
		fprintf(stderr, "usage: %s [RECORDS [FOLDER]]\n", argv[0]);
		return EXIT_FAILURE;
	}
	bench.acks_ns = calloc(n_records / BATCH + 1, sizeof(*bench.acks_ns));
	bench.store = store_open(&settings, &recovery, &err);
	if (bench.store == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	for (unsigned i = 0; i < BATCHES; i++)
		fill(&bench.batches[i], i, &random);
	run(n_records);
	seal_and_reopen(&settings, n_records);
	store_close(bench.store);
	for (unsigned i = 0; i < BATCHES; i++)
		batch_done(&bench.batches[i]);
	free(bench.acks_ns);
	printf("%-28s %s\n", "the store is in", settings.dir);
	return EXIT_SUCCESS;
}
