/*
 * chunk_bench - what a line costs on its way into a chunk and out of it
 *
 * usage: chunk_bench [LINES]
 *
 * Makes sshd lines of about 150 bytes as an agent reads them, and prints the
 * processor time per line of building, sealing and reading, and how well they
 * compress. Nothing is asserted: figures are read by people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/chunk.h"

enum {
	LINES_DEFAULT = 2000000,
	LINES_KEPT = 65536, /* different ones, used in turn */
	LINE_MAX = 256,
	ARENA_MAX = 8 << 20,
};

struct bench {
	char *text; /* LINES_KEPT lines of at most LINE_MAX bytes */
	struct slice *lines;
	struct chunk_builder *builder;
	struct chunk_reader *reader;
	struct arena arena;
	int64_t add_ns, seal_ns, read_ns;
	uint64_t n_lines, n_chunks, text_bytes, sealed_bytes;
};

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static struct slice make_line(char *to, unsigned i, uint64_t *random)
{
	static const char *const users[] = {"root", "admin", "nguyenvana", "backup", "oracle",
		"deploy", "test", "tranthib"};
	uint32_t r = next_random(random), ip = next_random(random);
	int len = snprintf(to, LINE_MAX,
		"Nov %2u %02u:%02u:%02u vm-dbserver%02u sshd[%u]: Failed password for "
		"invalid user %s from %u.%u.%u.%u port %u ssh2: RSA SHA256:%08x%08x%08x%08x",
		1 + i / 2000 % 28, i / 360 % 24, i / 6 % 60, i % 60, i % 3, 1000 + r % 60000,
		users[r % ARRAY_LEN(users)], ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255,
		1024 + r % 60000, r, ip, next_random(random) % 5, r % 97);

	return slice_of(to, (size_t)len);
}

static void make_lines(struct bench *bench)
{
	uint64_t random = 1;

	bench->text = malloc((size_t)LINES_KEPT * LINE_MAX);
	bench->lines = calloc(LINES_KEPT, sizeof(*bench->lines));
	if (bench->text == NULL || bench->lines == NULL)
		abort();
	for (unsigned i = 0; i < LINES_KEPT; i++)
		bench->lines[i] = make_line(bench->text + (size_t)i * LINE_MAX, i, &random);
}

static void add_line(struct bench *bench, uint64_t i)
{
	struct slice text = bench->lines[i % LINES_KEPT];
	const struct chunk_source source = {
		.input = SLICE_LIT("file"), .name = SLICE_LIT("/var/log/auth.log")};
	const struct chunk_item item = {
		.kind = ITEM_LINE,
		.source = chunk_builder_source(bench->builder, &source),
		.read_ns = 1790000000000000000 + (int64_t)(i / 100) * 1000000,
		.offset = bench->text_bytes + bench->n_lines,
		.whole = text.len,
		.bytes = text,
	};

	if (!chunk_builder_add(bench->builder, &item))
		abort();
	chunk_builder_position(
		bench->builder, item.source, SLICE_LIT("2049:1234567:1:123456789:abcdef0123"));
	bench->text_bytes += text.len;
	bench->n_lines++;
}

static void finish_chunk(struct bench *bench)
{
	struct chunk chunk;

	int64_t start = cpu_ns();
	struct slice sealed = chunk_builder_seal(bench->builder);
	int64_t sealed_at = cpu_ns();
	arena_reset(&bench->arena);
	if (chunk_read(bench->reader, sealed, &bench->arena, &chunk) != CHUNK_OK)
		abort();
	bench->seal_ns += sealed_at - start;
	bench->read_ns += cpu_ns() - sealed_at;
	bench->sealed_bytes += sealed.len;
	bench->n_chunks++;
	chunk_builder_reset(bench->builder);
}

static void run(struct bench *bench, uint64_t n_lines)
{
	while (bench->n_lines < n_lines) {
		int64_t start = cpu_ns();

		while (bench->n_lines < n_lines &&
			chunk_builder_raw_size(bench->builder) < CHUNK_RAW_AIM)
			add_line(bench, bench->n_lines);
		bench->add_ns += cpu_ns() - start;
		finish_chunk(bench);
	}
}

static void print(const struct bench *bench)
{
	double n = (double)bench->n_lines;

	printf("lines %llu, %.1f bytes each, %.0f in a chunk\n",
		(unsigned long long)bench->n_lines, (double)bench->text_bytes / n,
		n / (double)bench->n_chunks);
	printf("add %.1f  seal %.1f  read %.1f ns a line\n", (double)bench->add_ns / n,
		(double)bench->seal_ns / n, (double)bench->read_ns / n);
	printf("compressed %.1f bytes a line, ratio %.2f\n", (double)bench->sealed_bytes / n,
		(double)bench->text_bytes / (double)bench->sealed_bytes);
}

int main(int argc, char **argv)
{
	struct bench bench = {.builder = chunk_builder_new(), .reader = chunk_reader_new()};
	uint64_t n_lines = LINES_DEFAULT;

	if (argc > 2 ||
		(argc == 2 && !slice_to_u64(slice_str(argv[1]), 1000000000, &n_lines))) {
		fprintf(stderr, "usage: %s [LINES]\n", argv[0]);
		return EXIT_FAILURE;
	}
	arena_init(&bench.arena, ARENA_MAX);
	make_lines(&bench);
	run(&bench, n_lines > 0 ? n_lines : 1);
	print(&bench);
	arena_done(&bench.arena);
	chunk_reader_free(bench.reader);
	chunk_builder_free(bench.builder);
	free(bench.lines);
	free(bench.text);
	return EXIT_SUCCESS;
}
