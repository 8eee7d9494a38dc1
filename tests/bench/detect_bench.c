/*
 * detect_bench - what Sigma rules cost an event
 *
 *	detect_bench EVENTS.json SECONDS [RULES...]
 *
 * Reads a file of JSON events, one a line, again and again for so long. Prints nanoseconds of
 * CPU time an event: to parse the JSON alone, to hand its values to the rules too, and to match
 * them; and what loading the rules (files or folders) took and holds. As the collector does,
 * an event of no known log source is not tried on every rule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "collector/detect/sigma/json_event.h"
#include "collector/detect/sigma/rule_set.h"
#include "common/clock.h"
#include "common/file.h"

enum { EVENTS_SIZE_MAX = 1 << 30, LINE_SIZE_MAX = 16 << 20 };

enum stage { PARSE, FILL, MATCH, STAGES };
static const char *const stage_names[STAGES] = {"parse", "fill", "match"};

struct bench {
	struct strbuf events;
	struct strbuf json;
	struct rule_set *set;
	struct rule_matcher *matcher;
	uint64_t n_matches;
};

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / CLOCK_NS_PER_S;
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "detect_bench: %s\n", what);
	exit(EXIT_FAILURE);
}

static void take_event(struct bench *bench, struct slice line, enum stage stage)
{
	const size_t room = yyjson_read_max_memory_usage(line.len, YYJSON_READ_NUMBER_AS_RAW);
	struct sigma_event *event = rule_matcher_event(bench->matcher);
	const uint32_t *matches;
	yyjson_alc memory;

	strbuf_reset(&bench->json);
	char *bytes = strbuf_reserve(&bench->json, room);
	if (bytes == NULL || !yyjson_alc_pool_init(&memory, bytes, room))
		abort();
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)line.ptr, line.len,
		YYJSON_READ_NUMBER_AS_RAW, &memory, NULL);
	if (doc == NULL)
		fail("a line that is no JSON");
	if (stage >= FILL) {
		sigma_event_begin(event);
		json_event_add(event, yyjson_doc_get_root(doc));
	}
	if (stage == MATCH)
		bench->n_matches += rule_matcher_match(bench->matcher, &matches);
}

/* Nanoseconds an event. */
static double measure(struct bench *bench, enum stage stage, double seconds, size_t *n_lines)
{
	const double begun = cpu_s();
	size_t n = 0;

	bench->n_matches = 0;
	do {
		struct slice rest = strbuf_slice(&bench->events), line;

		for (*n_lines = 0; rest.len > 0 && slice_cut(&rest, '\n', &line); ++*n_lines)
			take_event(bench, line, stage);
		if (*n_lines == 0)
			fail("there are no events");
		n += *n_lines;
	} while (cpu_s() - begun < seconds);
	bench->n_matches = bench->n_matches * *n_lines / n;
	return (cpu_s() - begun) * 1e9 / (double)n;
}

static void load(struct bench *bench, const struct rule_paths *paths)
{
	struct strbuf mistakes = STRBUF_INIT(16 << 20);
	struct err err;
	const double begun = cpu_s();

	bench->set = rule_set_load(paths, &mistakes, &err);
	if (bench->set == NULL)
		fail(err.text);
	const double took = cpu_s() - begun;
	bench->matcher = rule_matcher_new(bench->set, false, &err);
	if (bench->matcher == NULL)
		fail(err.text);
	const struct rule_set_figures figures = rule_set_figures(bench->set);
	printf("load %.3f s, %zu rules, %zu refused, %.1f MiB, %zu witnesses, %zu always\n",
		took, figures.loaded, figures.refused, (double)figures.memory / (1 << 20),
		figures.witnesses, figures.always);
	strbuf_done(&mistakes);
}

int main(int argc, char **argv)
{
	struct bench bench = {.events = STRBUF_INIT(EVENTS_SIZE_MAX),
		.json = STRBUF_INIT(24 * (size_t)LINE_SIZE_MAX)};
	struct rule_paths paths = {0};
	struct err err;
	size_t n_lines;

	if (argc < 3 || argc - 3 > RULE_PATHS_MAX) {
		fprintf(stderr, "usage: %s EVENTS.json SECONDS [RULES...]\n", argv[0]);
		return EXIT_FAILURE;
	}
	for (int i = 3; i < argc; i++)
		paths.rules[paths.n_rules++] = argv[i];
	if (!file_read(argv[1], &bench.events, &err))
		fail(err.text);
	load(&bench, &paths);
	for (unsigned stage = PARSE; stage < STAGES; stage++) {
		const double ns =
			measure(&bench, (enum stage)stage, strtod(argv[2], NULL), &n_lines);

		printf("%s %.0f ns\n", stage_names[stage], ns);
	}
	printf("%zu events, %llu matches\n", n_lines, (unsigned long long)bench.n_matches);
	rule_matcher_free(bench.matcher);
	rule_set_free(bench.set);
	strbuf_done(&bench.events);
	strbuf_done(&bench.json);
	return EXIT_SUCCESS;
}
