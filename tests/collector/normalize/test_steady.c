/*
 * The steady state allocates nothing: once every sample line has been through the parsers, the
 * strictest masking and the writing of JSON, it goes through again without a call of malloc()
 * and its kin.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "collector/normalize/masking/masking.h"
#include "collector/normalize/normalize.h"
#include "collector/normalize/own/folder.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "tests/collector/normalize/sample_files.h"
#include "tests/support/check.h"
#include "tests/support/counted_malloc.h"
#include "tests/support/folder.h"

enum { ARENA_MAX = 1 << 22, JSON_MAX = 1 << 22 };

struct walk {
	struct masker *masker;
	struct normalizer *normalizer;
	struct arena arena;
	struct strbuf json;
	bool steady; /* everything was seen before */
	unsigned n_lines;
};

static void walk_line(struct walk *walk, struct slice line, const struct parser *format)
{
	struct record record = {.raw = line,
		.received_ns = SAMPLES_RECEIVED_NS,
		.read_ns = CLOCK_NONE,
		.whole = line.len,
		.kind = RECORD_LOG};

	struct mask_tally tally = {0};
	unsigned before = n_allocations;
	arena_reset(&walk->arena);
	strbuf_reset(&walk->json);
	normalize_record(walk->normalizer, format, &walk->arena, &record);
	bool whole = mask_record(walk->masker, &walk->arena, &record, &tally);
	encode_json(&walk->json, &record, SLICE_LIT("x"));
	if (!whole)
		ck_abort_msg("no room to mask: %.*s", SLICE_FMT(line));
	if (walk->steady && n_allocations != before)
		ck_abort_msg("%u allocations: %.*s", n_allocations - before, SLICE_FMT(line));
	walk->n_lines++;
}

static void walk_file(
	void *user, struct slice stem, struct slice text, const struct parser *format)
{
	struct slice line;

	(void)stem;
	while (slice_cut(&text, '\n', &line))
		walk_line(user, line, format);
}

/* All that can be asked for, with tokens. */
static struct masker *strictest(struct folder *folder)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	folder_make(folder);
	folder_append(folder, "k",
		"k1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
	ck_assert_int_eq(chmod(folder_path(folder, "k"), 0600), 0);
	folder_append(folder, "policy.yaml",
		"{key: k, secrets: token, citizen-ids: token, old-citizen-ids: token, "
		"phones: token, emails: token, card-numbers: token, bank-accounts: token, "
		"fields: [{field: user.name, action: token}, {field: url.query}]}\n");
	struct masker *masker = masker_load(folder_path(folder, "policy.yaml"), &mistakes);
	ck_assert_msg(masker != NULL, "%s", strbuf_cstr(&mistakes));
	strbuf_done(&mistakes);
	return masker;
}

START_TEST(what_was_seen_before_allocates_nothing)
{
	struct folder folder;
	struct walk walk = {.masker = strictest(&folder),
		.normalizer = normalizer_new(&(struct normalize_settings){0}),
		.json = STRBUF_INIT(JSON_MAX)};

	arena_init(&walk.arena, ARENA_MAX);
	sample_files_each(walk_file, &walk);
	unsigned before = n_allocations;
	ck_assert_uint_gt(before, 0);
	walk.steady = true;
	sample_files_each(walk_file, &walk);
	ck_assert_uint_gt(walk.n_lines, 500);
	arena_done(&walk.arena);
	strbuf_done(&walk.json);
	normalizer_free(walk.normalizer);
	masker_free(walk.masker);
	folder_remove(&folder);
}
END_TEST

START_TEST(own_formats_allocate_nothing_either)
{
	static const struct {
		const char *format, *line;
	} lines[] = {
		{"mot-cua", "07/03/2026 08:15:30|INFO|UBND|an|192.0.2.1|DANG_NHAP|LOI|Sai"},
		{"java-log4j",
			"2026-03-07 08:15:30,123 [t] WARN a.B - Authentication failed for "
			"user \"n \\\"a\\\"\" from 113.160.1.7: Bad"},
		{"camera-nvr", "Login: user=\"giam sat\", ip=192.168.1.20, result=Locked"},
		{"cua-ra-vao", "08/03/2026;06:55:00;Kho;42;\"Bé \"\"D\"\"\";MỞ;"},
		{"mot-cua", "nothing of the kind"},
	};
	struct strbuf path = STRBUF_INIT(4096), mistakes = STRBUF_INIT(1 << 16);

	strbuf_addf(&path, "%s/configs/parsers", getenv("SOC_SOURCE"));
	struct own_formats *formats = own_formats_load(strbuf_cstr(&path), NULL, &mistakes);
	const struct normalize_settings settings = {.formats = formats};
	struct folder folder;
	struct walk walk = {.masker = strictest(&folder),
		.normalizer = normalizer_new(&settings),
		.json = STRBUF_INIT(JSON_MAX)};

	arena_init(&walk.arena, ARENA_MAX);
	for (unsigned turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < ARRAY_LEN(lines); i++)
			walk_line(&walk, slice_str(lines[i].line),
				normalizer_parser(walk.normalizer, slice_str(lines[i].format)));
		walk.steady = true;
	}
	arena_done(&walk.arena);
	strbuf_done(&walk.json);
	normalizer_free(walk.normalizer);
	masker_free(walk.masker);
	folder_remove(&folder);
	own_formats_free(formats);
	strbuf_done(&path);
	strbuf_done(&mistakes);
}
END_TEST

TEST_MAIN("steady", what_was_seen_before_allocates_nothing, own_formats_allocate_nothing_either)
