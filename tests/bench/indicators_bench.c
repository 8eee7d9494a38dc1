/*
 * indicators_bench - loading many indicators, and looking up what events have
 *
 *	indicators_bench [INDICATORS] [FOLDER]
 *
 * Made up: three of ten addresses, four domains, one URL, two SHA-256. Events have an address
 * and its port, a name asked for, and a URL; one in a hundred has something that is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "collector/detect/indicators/indicators.h"
#include "common/clock.h"
#include "common/file.h"

enum { EVENTS = 2000000, EVENT_FIELDS = 4, VALUE_SIZE = 96 };

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void put_one(struct strbuf *out, uint64_t i)
{
	uint64_t value = random_next();

	if (i % 10 < 3)
		strbuf_addf(out, "%u.%u.%u.%u\n", (unsigned)(11 + value % 100),
			(unsigned)(value >> 8 & 255), (unsigned)(value >> 16 & 255),
			(unsigned)(value >> 24 & 255));
	else if (i % 10 < 7)
		strbuf_addf(out, "h%llu.%llx.example.com\n", (unsigned long long)i,
			(unsigned long long)(value & 0xffff));
	else if (i % 10 < 8)
		strbuf_addf(out, "http://h%llu.example.net/%llx/index.php\n",
			(unsigned long long)i, (unsigned long long)(value & 0xffffffff));
	else
		strbuf_addf(out, "%016llx%016llx%016llx%016llx\n", (unsigned long long)value,
			(unsigned long long)random_next(), (unsigned long long)random_next(),
			(unsigned long long)random_next());
}

static void write_list(const char *path, uint64_t n)
{
	struct strbuf text = STRBUF_INIT((size_t)1 << 30);
	struct err err;

	for (uint64_t i = 0; i < n; i++)
		put_one(&text, i);
	if (!file_replace(path, strbuf_slice(&text), 0600, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(EXIT_FAILURE);
	}
	strbuf_done(&text);
}

static struct indicators *load(const char *path, uint32_t n)
{
	struct indicators_settings settings = indicators_settings_standard();
	struct indicator_list list = {.path = path,
		.name = "",
		.format = "plain",
		.class_name = "",
		.confidence = CONFIDENCE_OF_LIST};
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	int64_t before_ns = clock_mono_ns();
	struct indicators_figures figures;
	struct indicators *indicators;
	struct err err;

	settings.lists = (struct setting_sections){&list, 1};
	settings.indicators_max = n;
	settings.memory_max = UINT64_C(4) << 30;
	indicators = indicators_load(&settings, NULL, clock_wall_ns(), &mistakes, &err);
	strbuf_done(&mistakes);
	if (indicators == NULL)
		exit(EXIT_FAILURE);
	figures = indicators_figures(indicators);
	printf("load %zu indicators: %.2f s, %.1f MiB, %.1f bytes each\n", figures.loaded,
		(double)(clock_mono_ns() - before_ns) / 1e9, (double)figures.memory / (1 << 20),
		(double)figures.memory / (double)figures.loaded);
	return indicators;
}

struct event {
	struct field fields[EVENT_FIELDS];
	char values[EVENT_FIELDS][VALUE_SIZE];
};

static void fill(struct event *event, const struct indicators *indicators, uint64_t i)
{
	static const enum field_id ids[EVENT_FIELDS] = {FIELD_DESTINATION_IP,
		FIELD_DESTINATION_PORT, FIELD_DNS_QUESTION_NAME, FIELD_URL_FULL};
	uint64_t value = random_next();
	size_t n = indicators_figures(indicators).loaded;
	struct indicator_view known = indicators_view(indicators, value % n);

	snprintf(event->values[0], VALUE_SIZE, "203.%u.%u.%u", (unsigned)(value & 255),
		(unsigned)(value >> 8 & 255), (unsigned)(value >> 16 & 255));
	snprintf(event->values[1], VALUE_SIZE, "443");
	snprintf(event->values[2], VALUE_SIZE, "www.site%u.com.vn", (unsigned)(value & 0xffff));
	snprintf(event->values[3], VALUE_SIZE, "https://site%u.vn/path/page?id=%u",
		(unsigned)(value & 0xffff), (unsigned)(value >> 16 & 0xffff));
	if (i % 100 == 0 && known.type == INDICATOR_DOMAIN)
		snprintf(event->values[2], VALUE_SIZE, "%.*s", SLICE_FMT(known.bytes));
	for (unsigned k = 0; k < EVENT_FIELDS; k++)
		event->fields[k] = (struct field){event->values[k],
			(uint32_t)strlen(event->values[k]), (uint16_t)ids[k], 0};
}

static int64_t cpu_ns(void)
{
	struct timespec spent;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) != 0)
		abort();
	return spent.tv_sec * CLOCK_NS_PER_S + spent.tv_nsec;
}

static void look_up(struct indicators *indicators)
{
	enum { MADE = 20000 };
	struct event *events = calloc(MADE, sizeof(*events));
	struct indicator_matches matches;
	int64_t before_ns, took_ns;
	size_t found = 0;

	if (events == NULL)
		abort();
	for (uint64_t i = 0; i < MADE; i++)
		fill(&events[i], indicators, i);
	before_ns = cpu_ns();
	for (unsigned i = 0; i < EVENTS; i++) {
		struct record record = {
			.n_fields = EVENT_FIELDS, .fields = events[i % MADE].fields};

		indicators_match_record(indicators, &record, 1, &matches);
		found += matches.n;
	}
	took_ns = cpu_ns() - before_ns;
	printf("match %d events of %d fields: %.0f ns of CPU each, %.2f million/s, %zu found\n",
		EVENTS, EVENT_FIELDS, (double)took_ns / EVENTS,
		EVENTS / ((double)took_ns / 1e3), found);
	free(events);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000000;
	char path[4096];
	struct indicators *indicators;

	snprintf(path, sizeof(path), "%s/indicators_bench.txt", argc > 2 ? argv[2] : "/tmp");
	write_list(path, n);
	indicators = load(path, (uint32_t)n);
	unlink(path);
	look_up(indicators);
	indicators_unref(indicators);
	return EXIT_SUCCESS;
}
