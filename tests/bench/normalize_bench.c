/*
 * normalize_bench - what a record costs on its way through the stages of a worker
 *
 *	normalize_bench CLASSES.yaml [SECONDS [CORPUS|all [POLICY.yaml|- [ENRICH.yaml]]]]
 *
 * Batches of made-up lines, the same every time: sshd over RFC 5424 of 150 bytes (most of them
 * failed logins), web requests of 350 bytes, connections through a Cisco ASA, and a mix with
 * PAM, sudo, kernel and JSON. Prints nanoseconds of CPU time a line, by stage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "collector/detect/classify.h"
#include "collector/detect/match.h"
#include "collector/enrich/enrich.h"
#include "collector/normalize/masking/masking.h"
#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"

enum { LINES = 2048, LINE_SIZE = 512, STAGES = 7 };

static const char *const stage_names[STAGES] = {
	"normalize", "enrich", "classify", "match", "mask", "encode", "json"};

struct corpus {
	const char *name;
	void (*make)(unsigned number, char *line);
};

static unsigned octet(unsigned number, unsigned salt)
{
	return (number * 2654435761u >> (salt % 24)) % 254 + 1;
}

static void make_sshd(unsigned number, char *line)
{
	static const char *const texts[] = {
		"Failed password for root from %u.%u.%u.%u port %u ssh2",
		"Failed password for invalid user admin from %u.%u.%u.%u port %u ssh2",
		"Connection closed by authenticating user root %u.%u.%u.%u port %u [preauth]",
		"Accepted publickey for deploy from %u.%u.%u.%u port %u ssh2",
	};
	int at = snprintf(line, LINE_SIZE,
		"<38>1 2026-11-01T00:%02u:%02u.%06uZ web%03u.dc1.example.vn sshd %u - - ",
		number / 60 % 60, number % 60, number * 37 % 1000000, number % 200,
		1000 + number % 50000);

	snprintf(line + at, (size_t)(LINE_SIZE - at), texts[number % 4], octet(number, 3),
		octet(number, 7), octet(number, 11), octet(number, 15), 1024 + number % 60000);
}

static void make_web(unsigned number, char *line)
{
	static const char *const paths[] = {"/", "/tin-tuc/thong-bao-%u.html",
		"/api/v1/ho-so?ma=%u&trang=2", "/static/anh/banner-%u.png"};
	char path[64];

	snprintf(path, sizeof(path), paths[number % 4], number);
	snprintf(line, LINE_SIZE,
		"<134>1 2026-11-01T00:00:00.000000Z web%03u.dc1.example.vn nginx 812 - - "
		"%u.%u.%u.%u - - [01/Nov/2026:00:%02u:%02u +0000] \"GET %s HTTP/1.1\" 200 %u "
		"\"https://dichvucong.example.vn/trang-chu\" \"Mozilla/5.0 (Windows NT 10.0; "
		"Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
		"Safari/537.36\"",
		number % 200, octet(number, 3), octet(number, 7), octet(number, 11),
		octet(number, 15), number / 60 % 60, number % 60, path, number % 60000);
}

static void make_mix(unsigned number, char *line)
{
	static const char *const texts[] = {
		"sshd[812]: pam_unix(sshd:session): session opened for user an(uid=1000) by "
		"(uid=0)",
		"sudo:       an : TTY=pts/0 ; PWD=/home/an ; USER=root ; "
		"COMMAND=/bin/systemctl "
		"restart nginx",
		"kernel: [50028442.088484] [UFW BLOCK] IN=eth0 OUT= "
		"MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00 SRC=203.0.113.5 DST=192.0.2.7 "
		"LEN=40 TOS=0x00 TTL=245 ID=37308 PROTO=TCP SPT=8080 DPT=8123 SYN URGP=0",
		"systemd[1]: Started Session 12 of User an.",
		"CRON[77]: (root) CMD (cd / && run-parts --report /etc/cron.hourly)",
		"app[5]: "
		"{\"level\":\"info\",\"msg\":\"xong\",\"user\":\"an\",\"ip\":\"192.0.2.7\"}",
		"dhclient[99]: DHCPACK of 192.0.2.7 from 192.0.2.1",
	};

	if (number % 8 == 7) {
		make_sshd(number, line);
		return;
	}
	snprintf(line, LINE_SIZE, "<86>Nov  1 00:%02u:%02u web%03u %s", number / 60 % 60,
		number % 60, number % 200, texts[number % 8]);
}

static void make_asa(unsigned number, char *line)
{
	static const char *const texts[] = {
		"6-302013: Built outbound TCP connection %u for outside:203.0.113.%u/443 "
		"(203.0.113.7/443) to inside:10.1.%u.%u/%u (198.51.100.2/40112)",
		"6-302014: Teardown TCP connection %u for outside:203.0.113.%u/443 to "
		"inside:10.1.%u.%u/%u duration 0:00:31 bytes 5120 TCP FINs",
		"4-106023: Deny tcp src outside:%u.0.113.%u/4431 dst dmz:10.1.%u.%u/%u by "
		"access-group \"outside_in\" [0x0, 0x0]",
		"6-305011: Built dynamic TCP translation from inside:10.%u.%u.%u/%u to "
		"outside:198.51.100.2/%u",
	};
	int at = snprintf(line, LINE_SIZE, "<166>Nov 01 2026 00:%02u:%02u fw%u : %%ASA-",
		number / 60 % 60, number % 60, number % 20);

	snprintf(line + at, (size_t)(LINE_SIZE - at), texts[number % 4], octet(number, 3),
		octet(number, 7), octet(number, 11), octet(number, 15), 1024 + number % 60000);
}

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* As ingest fills it: the lines behind one another in the arena. */
static size_t fill(struct batch *batch, const struct corpus *corpus)
{
	size_t bytes = 0;

	batch_reset(batch);
	batch->records = arena_alloc(&batch->arena, LINES * sizeof(*batch->records));
	if (batch->records == NULL)
		abort();
	for (unsigned i = 0; i < LINES; i++) {
		char line[LINE_SIZE];

		corpus->make(i, line);
		batch->records[i] = (struct record){
			.raw = arena_copy(&batch->arena, slice_str(line)),
			.received_ns = INT64_C(1793491200) * CLOCK_NS_PER_S,
			.read_ns = CLOCK_NONE,
			.kind = RECORD_LOG,
			.agency = 5,
			.host = 1,
		};
		batch->records[i].whole = batch->records[i].raw.len;
		bytes += batch->records[i].raw.len;
	}
	batch->n_records = LINES;
	return bytes;
}

static void put_json(const struct batch *batch, struct strbuf *out)
{
	strbuf_reset(out);
	for (unsigned i = 0; i < batch->n_records; i++) {
		const struct parser *parser = parser_by_number(batch->records[i].parser);

		encode_json(out, &batch->records[i], slice_str(parser ? parser->name : NULL));
	}
}

struct rules {
	struct normalizer *normalizer;
	struct enricher *enricher; /* NULL = this stage is left out */
	struct classifier *classifier;
	struct masker *masker;
};

static void run(
	const struct rules *rules, struct batch *batch, struct strbuf *out, double *spent)
{
	double at[STAGES + 1];

	at[0] = cpu_ns();
	normalize_batch(rules->normalizer, NULL, batch);
	at[1] = cpu_ns();
	if (rules->enricher != NULL)
		enrich_batch(rules->enricher, batch);
	at[2] = cpu_ns();
	classify_batch(rules->classifier, batch);
	at[3] = cpu_ns();
	if (match_batch(batch) > 0)
		abort();
	at[4] = cpu_ns();
	if (mask_batch(rules->masker, batch, NULL, NULL) > 0)
		abort();
	at[5] = cpu_ns();
	if (!encode_batch(batch))
		abort();
	at[6] = cpu_ns();
	put_json(batch, out);
	at[7] = cpu_ns();
	for (unsigned i = 0; i < STAGES; i++)
		spent[i] += at[i + 1] - at[i];
}

static void measure(const struct rules *rules, const struct corpus *corpus, double seconds)
{
	struct strbuf out = STRBUF_INIT(64 << 20);
	double spent[STAGES] = {0}, end = cpu_ns() + seconds * 1e9, all = 0;
	struct batch batch;
	size_t bytes = 0, fields = 0;
	unsigned rounds = 0;

	batch_init(&batch);
	for (; cpu_ns() < end; rounds++) {
		bytes = fill(&batch, corpus);
		run(rules, &batch, &out, spent);
	}
	for (unsigned i = 0; i < batch.n_records; i++)
		fields += batch.records[i].n_fields;
	printf("%-6s %4zu bytes %5.1f fields %4zu stored", corpus->name, bytes / LINES,
		(double)fields / (double)LINES, batch.encoded.len / LINES);
	for (unsigned i = 0; i < STAGES; i++) {
		double each = spent[i] / rounds / (double)LINES;

		all += i < STAGES - 1 ? each : 0;
		printf("  %s %6.1f", stage_names[i], each);
	}
	printf("  | without json %6.1f ns\n", all);
	batch_done(&batch);
	strbuf_done(&out);
}

int main(int argc, char **argv)
{
	static const struct corpus corpora[] = {
		{"sshd", make_sshd}, {"web", make_web}, {"asa", make_asa}, {"mix", make_mix}};
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;

	if (argc < 2) {
		fprintf(stderr,
			"usage: %s CLASSES.yaml [SECONDS [CORPUS|all [POLICY.yaml|- "
			"[ENRICH.yaml]]]]\n",
			argv[0]);
		return EXIT_FAILURE;
	}
	struct rules rules = {
		.normalizer = normalizer_new(&(struct normalize_settings){0}),
		.classifier = classifier_load(argv[1], &mistakes),
		.masker = argc > 4 && strcmp(argv[4], "-") != 0
				  ? masker_load(argv[4], &mistakes)
				  : masker_parse("default policy", SLICE_LIT(""), &mistakes),
	};
	if (argc > 5)
		rules.enricher = enricher_load(argv[5], NULL, &mistakes, &mistakes);
	if (rules.classifier == NULL || rules.masker == NULL ||
		(argc > 5 && rules.enricher == NULL)) {
		fprintf(stderr, "%s", strbuf_cstr(&mistakes));
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < ARRAY_LEN(corpora); i++) {
		if (argc > 3 && strcmp(argv[3], "all") != 0 &&
			strcmp(argv[3], corpora[i].name) != 0)
			continue;
		measure(&rules, &corpora[i], seconds);
	}
	normalizer_free(rules.normalizer);
	enricher_free(rules.enricher);
	classifier_free(rules.classifier);
	masker_free(rules.masker);
	strbuf_done(&mistakes);
	return EXIT_SUCCESS;
}
