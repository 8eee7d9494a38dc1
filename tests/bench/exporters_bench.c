/*
 * exporters_bench - what a flow record costs before and in normalization
 *
 *	exporters_bench [SECONDS]
 *
 * Datagrams of 24 records of 17 elements, as routers send them by NetFlow v9 and IPFIX, are
 *made into lines, and the lines are read by parser flow. Prints records a second of CPU time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "collector/ingest/exporters/exporters.h"
#include "collector/normalize/normalize.h"
#include "common/clock.h"

enum { RECORDS = 24, FIELDS = 17, ARENA_SIZE = 1 << 20 };

static const uint16_t fields[FIELDS][2] = {{8, 4}, {12, 4}, {15, 4}, {10, 4}, {14, 4}, {2, 4},
	{1, 4}, {22, 4}, {21, 4}, {7, 2}, {11, 2}, {6, 1}, {4, 1}, {5, 1}, {9, 1}, {13, 1},
	{61, 1}};

struct bytes {
	unsigned char at[4096];
	size_t n;
};

static void put(struct bytes *bytes, uint64_t value, unsigned size)
{
	for (unsigned i = size; i > 0; i--)
		bytes->at[bytes->n++] = (unsigned char)(value >> (8 * (i - 1)));
}

static void put_head(struct bytes *bytes, bool is_v9)
{
	bytes->n = 0;
	put(bytes, is_v9 ? 9 : 10, 2);
	put(bytes, 0, 2);
	if (is_v9)
		put(bytes, 100000, 4);
	put(bytes, 1772852400, 4);
	put(bytes, 0, 4);
	put(bytes, 7, 4);
}

static void end_message(struct bytes *bytes)
{
	bytes->at[2] = (unsigned char)(bytes->n >> 8);
	bytes->at[3] = (unsigned char)bytes->n;
}

static void make_template(struct bytes *bytes, bool is_v9)
{
	put_head(bytes, is_v9);
	put(bytes, is_v9 ? 0 : 2, 2);
	put(bytes, 8 + 4 * FIELDS, 2);
	put(bytes, 256, 2);
	put(bytes, FIELDS, 2);
	for (unsigned i = 0; i < FIELDS; i++) {
		put(bytes, fields[i][0], 2);
		put(bytes, fields[i][1], 2);
	}
	end_message(bytes);
}

static void make_data(struct bytes *bytes, bool is_v9)
{
	unsigned size = 0;

	put_head(bytes, is_v9);
	for (unsigned i = 0; i < FIELDS; i++)
		size += fields[i][1];
	put(bytes, 256, 2);
	put(bytes, 4 + size * RECORDS, 2);
	for (unsigned i = 0; i < RECORDS * FIELDS; i++)
		put(bytes, UINT64_C(0x0b00a005) + i * 7919, fields[i % FIELDS][1]);
	end_message(bytes);
}

struct sums {
	uint64_t records, bytes;
	const struct normalizer *normalizer; /* NULL = lines only */
	struct arena arena;
};

static void on_line(void *user, const struct export_line *line)
{
	struct sums *sums = user;

	sums->records++;
	sums->bytes += line->json.len;
	if (sums->normalizer == NULL)
		return;
	struct record record = {.raw = line->json, .received_ns = 1, .kind = RECORD_LOG};
	normalize_record(sums->normalizer,
		normalizer_parser(sums->normalizer, SLICE_LIT("flow")), &sums->arena, &record);
	if (record.status != PARSE_OK)
		abort();
	arena_reset(&sums->arena);
}

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void read_one(struct exporters *exporters, const struct bytes *bytes)
{
	(void)exporters_read(exporters, &(struct export_datagram){
						.exporter = {0, UINT64_C(0xffff7f000001)},
						.bytes = slice_of(bytes->at, bytes->n),
						.received_ns = 1,
						.now_ms = 1,
					});
}

static void measure(bool is_v9, const struct normalizer *normalizer, double seconds)
{
	static struct bytes template, data;
	struct sums sums = {.normalizer = normalizer};
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, on_line, &sums);

	arena_init(&sums.arena, ARENA_SIZE);
	make_template(&template, is_v9);
	make_data(&data, is_v9);
	read_one(exporters, &template);
	const double start_s = cpu_s();
	double used_s = 0;
	while (used_s < seconds) {
		for (int i = 0; i < 1000; i++)
			read_one(exporters, &data);
		used_s = cpu_s() - start_s;
	}
	printf("%-6s %s %9.0f records a CPU-s, %llu bytes a line\n", is_v9 ? "v9" : "IPFIX",
		normalizer == NULL ? "to lines         " : "to lines, parsed ",
		(double)sums.records / used_s, (unsigned long long)(sums.bytes / sums.records));
	exporters_free(exporters);
	arena_done(&sums.arena);
}

int main(int argc, char **argv)
{
	const double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
	const struct normalize_settings settings = {0};
	struct normalizer *normalizer = normalizer_new(&settings);

	for (int is_v9 = 1; is_v9 >= 0; is_v9--) {
		measure(is_v9, NULL, seconds);
		measure(is_v9, normalizer, seconds);
	}
	normalizer_free(normalizer);
	return 0;
}
