#include "agent/scan/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/scan/hit_json.h"
#include "common/clock.h"
#include "common/sandbox.h"
#include "common/utf8.h"

enum {
	LINE_MAX_BYTES = 16 << 20,
	SAMPLES_MAX = 10, /* objects named per reason unless all are wanted */
	SAMPLE_SIZE = 1024,
	REFUSED_SHOWN = 50,
	BAR_WIDTH = 24,
	BAR_PATH = 36, /* bytes of the path beside the bar */
};

struct sample {
	char text[SAMPLE_SIZE];
};

struct report {
	struct report_settings settings;
	struct strbuf line;
	struct sample *samples[VERDICT_COUNT];
	unsigned n_samples[VERDICT_COUNT];
	int64_t start_ms;
	uint64_t n_rules, rules_version;
	unsigned n_refused;
	bool bar_shown;
};

struct report *report_new(const struct report_settings *settings)
{
	struct report *report = calloc(1, sizeof(*report));

	if (report == NULL)
		abort();
	report->settings = *settings;
	report->start_ms = clock_mono_ms();
	strbuf_init(&report->line, LINE_MAX_BYTES);
	return report;
}

void report_free(struct report *report)
{
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		free(report->samples[i]);
	strbuf_done(&report->line);
	free(report);
}

bool report_has_errors(const struct report *report)
{
	return report->n_refused > 0;
}

/* ---- the bar -------------------------------------------------------------------------- */

static void hide_bar(struct report *report)
{
	if (!report->bar_shown)
		return;
	fputs("\r\033[K", stderr);
	report->bar_shown = false;
}

static void draw_bar(const struct report *report, uint64_t done)
{
	uint64_t expected = report->settings.files_expected;

	if (expected == 0)
		return;
	if (done > expected)
		done = expected;
	int filled = (int)(done * BAR_WIDTH / expected);
	fprintf(stderr, "[%.*s%*s] %3d%%  ", filled, "########################",
		BAR_WIDTH - filled, "", (int)(done * 100 / expected));
}

static uint64_t files_met(const struct scan_counts *counts)
{
	return counts->files + counts->verdicts[VERDICT_TOO_LARGE] +
	       counts->verdicts[VERDICT_TIMEOUT] + counts->verdicts[VERDICT_CHANGED] +
	       counts->verdicts[VERDICT_FAILED] + counts->verdicts[VERDICT_REMEMBERED];
}

static void on_progress(void *user, const struct scan_counts *counts, struct slice path)
{
	struct report *report = user;
	struct slice tail = path.len > BAR_PATH ? slice_from(path, path.len - BAR_PATH) : path;

	if (!report->settings.progress)
		return;
	hide_bar(report);
	draw_bar(report, files_met(counts));
	strbuf_reset(&report->line);
	utf8_show(&report->line, tail);
	fprintf(stderr, "%" PRIu64 " files, %" PRIu64 " hits  %s%.*s", counts->files,
		counts->hits, path.len > BAR_PATH ? "..." : "",
		(int)(report->line.len < 2 * BAR_PATH ? report->line.len : 2 * BAR_PATH),
		strbuf_cstr(&report->line));
	fflush(stderr);
	report->bar_shown = true;
}

/* ---- rules ------------------------------------------------------------------------------ */

static void say_refused(struct report *report, const struct rule_source *source)
{
	struct strbuf reason = STRBUF_INIT(LINE_MAX_BYTES);

	rules_reason(source, &reason);
	strbuf_reset(&report->line);
	utf8_show(&report->line, strbuf_slice(&reason));
	strbuf_done(&reason);
	fprintf(stderr, "refused: %s\n", strbuf_cstr(&report->line));
}

static void say_sandbox(unsigned missing)
{
	if (missing == 0)
		return;
	fputs("sandbox without:", stderr);
	for (unsigned i = 0; i < SANDBOX_PARTS; i++) {
		if (missing & 1U << i)
			fprintf(stderr, " %s", sandbox_part_name(1U << i));
	}
	fputs(" (not given by this kernel or user)\n", stderr);
}

static void on_rules(
	void *user, const struct rules *rules, uint64_t n_rules, unsigned sandbox_missing)
{
	struct report *report = user;

	report->n_rules = n_rules;
	report->rules_version = rules->version;
	for (size_t i = 0; i < rules->n; i++) {
		if (!rules->sources[i].refused)
			continue;
		if (report->n_refused++ < REFUSED_SHOWN)
			say_refused(report, &rules->sources[i]);
	}
	if (report->n_refused > REFUSED_SHOWN)
		fprintf(stderr, "refused: and %u more rule files\n",
			report->n_refused - REFUSED_SHOWN);
	say_sandbox(sandbox_missing);
}

/* ---- hits and what was not scanned ----------------------------------------------------------
 */

static void on_hit(void *user, const struct scan_object *object, const struct hit *hit)
{
	struct report *report = user;

	hide_bar(report);
	strbuf_reset(&report->line);
	if (report->settings.json) {
		hit_json_line(&report->line, object, hit);
	} else {
		utf8_show(&report->line, hit->rule);
		strbuf_add_byte(&report->line, ' ');
		utf8_show(&report->line, object->path);
	}
	strbuf_add_byte(&report->line, '\n');
	fwrite(report->line.ptr, 1, report->line.len, stdout);
	fflush(stdout);
}

static void keep_sample(struct report *report, enum verdict verdict, const char *text)
{
	if (report->n_samples[verdict] == SAMPLES_MAX)
		return;
	if (report->samples[verdict] == NULL) {
		report->samples[verdict] = calloc(SAMPLES_MAX, sizeof(struct sample));
		if (report->samples[verdict] == NULL)
			abort();
	}
	snprintf(report->samples[verdict][report->n_samples[verdict]++].text, SAMPLE_SIZE, "%s",
		text);
}

static void on_unscanned(
	void *user, const struct scan_object *object, enum verdict verdict, struct slice why)
{
	struct report *report = user;

	if (!report->settings.verbose && report->n_samples[verdict] == SAMPLES_MAX)
		return;
	strbuf_reset(&report->line);
	utf8_show(&report->line, object->path);
	if (why.len > 0) {
		strbuf_add_str(&report->line, ": ");
		utf8_show(&report->line, why);
	}
	if (!report->settings.verbose) {
		keep_sample(report, verdict, strbuf_cstr(&report->line));
		return;
	}
	hide_bar(report);
	fprintf(stderr, "not scanned (%s): %s\n", verdict_name(verdict),
		strbuf_cstr(&report->line));
}

static void on_trouble(void *user, const char *words)
{
	hide_bar(user);
	fprintf(stderr, "soc-agent scan: %s\n", words);
}

struct scan_user report_user(struct report *report)
{
	return (struct scan_user){.on_rules = on_rules,
		.on_hit = on_hit,
		.on_unscanned = on_unscanned,
		.on_progress = on_progress,
		.on_trouble = on_trouble,
		.user = report};
}

/* ---- the end
 * ----------------------------------------------------------------------------------- */

static void say_unscanned(
	const struct report *report, FILE *out, enum verdict verdict, uint64_t count)
{
	fprintf(out, "  %-12s %10" PRIu64 "\n", verdict_name(verdict), count);
	for (unsigned i = 0; i < report->n_samples[verdict]; i++)
		fprintf(out, "    %s\n", report->samples[verdict][i].text);
	if (report->n_samples[verdict] == SAMPLES_MAX && count > SAMPLES_MAX)
		fprintf(out, "    and %" PRIu64 " more; --verbose names them all\n",
			count - SAMPLES_MAX);
}

static uint64_t count_unscanned(const struct scan_counts *counts)
{
	uint64_t n = 0;

	for (unsigned i = VERDICT_SCANNED + 1; i < VERDICT_COUNT; i++)
		n += counts->verdicts[i];
	return n;
}

static void say_counts(const struct report *report, FILE *out, const struct scan_counts *counts)
{
	double seconds = (double)(clock_mono_ms() - report->start_ms) / 1000;

	fprintf(out,
		"scanned      %10" PRIu64 " files, %.1f MiB, %" PRIu64 " rules (%016" PRIx64
		"), %.1f s\n",
		counts->files, (double)counts->bytes / (1 << 20), report->n_rules,
		report->rules_version, seconds);
	fprintf(out, "hits         %10" PRIu64 " in %" PRIu64 " files\n", counts->hits,
		counts->hit_files);
	if (counts->unlisted > 0)
		fprintf(out, "not listed   %10" PRIu64 " hits beyond %d of one file\n",
			counts->unlisted, RESULT_HITS_MAX);
	if (counts->partial > 0)
		fprintf(out,
			"in part      %10" PRIu64
			" files in which a string of a rule occurs too often\n",
			counts->partial);
	if (report->n_refused > 0)
		fprintf(out, "refused      %10u rule files\n", report->n_refused);
	fprintf(out, "not scanned  %10" PRIu64 "\n", count_unscanned(counts));
	for (unsigned i = VERDICT_SCANNED + 1; i < VERDICT_COUNT; i++) {
		if (counts->verdicts[i] > 0)
			say_unscanned(report, out, (enum verdict)i, counts->verdicts[i]);
	}
}

void report_end(struct report *report, enum scan_end how, const struct scan_counts *counts,
	const char *words)
{
	FILE *out = report->settings.json ? stderr : stdout;

	hide_bar(report);
	if (how == SCAN_FAILED) {
		fprintf(stderr, "soc-agent scan: %s\n", words);
		return;
	}
	if (how == SCAN_STOPPED)
		fputs("soc-agent scan: stopped before the end\n", stderr);
	say_counts(report, out, counts);
	fflush(out);
}
