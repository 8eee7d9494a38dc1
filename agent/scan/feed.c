#include "agent/scan/feed.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/scan/hit_json.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/sandbox.h"
#include "common/utf8.h"

enum { REASON_MAX = 1024, PATH_TEXT_MAX = 4096 };

struct feed {
	struct feed_settings settings;
	struct hit_origin origin;
	struct strbuf line;
	int64_t start_ns;
	int64_t told_ms;
	unsigned n_named; /* files that were not scanned */
};

struct feed *feed_new(const struct feed_settings *settings)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
		abort();
	feed->settings = *settings;
	feed->origin.reason = settings->reason;
	feed->start_ns = clock_mono_ns();
	feed->origin.scan_id = settings->scan_id;
	if (settings->scan_id == 0 &&
		RAND_bytes((unsigned char *)&feed->origin.scan_id, sizeof(uint64_t)) != 1)
		feed->origin.scan_id = (uint64_t)clock_wall_ns();
	strbuf_init(&feed->line, 4 * HIT_ITEM_MAX);
	return feed;
}

void feed_free(struct feed *feed)
{
	strbuf_done(&feed->line);
	free(feed);
}

static void write_line(struct feed *feed, char kind)
{
	printf("%c ", kind);
	fwrite(feed->line.ptr, 1, feed->line.len, stdout);
	putchar('\n');
	fflush(stdout);
}

/* ---- states ----------------------------------------------------------------------------- */

static struct json state_begin(struct feed *feed, const char *action)
{
	struct json json = json_into(&feed->line);

	strbuf_reset(&feed->line);
	json_object(&json);
	json_put_str(&json, "event.action", action);
	return json;
}

static void state_end(struct feed *feed, struct json *json)
{
	json_object_end(json);
	write_line(feed, 'S');
}

static void put_reason(struct json *json, struct slice reason)
{
	if (reason.len > 0)
		json_put_text(json, "event.reason", utf8_head(reason, REASON_MAX));
}

static void say_refused(struct feed *feed, const struct rules *rules, struct slice reason)
{
	struct json json = state_begin(feed, "rules-refused");

	json_put_id(&json, "soc.yara.rules", rules->version);
	put_reason(&json, reason);
	state_end(feed, &json);
}

static void say_all_refused(struct feed *feed, const struct rules *rules)
{
	struct strbuf reason = STRBUF_INIT(1 << 20);
	unsigned n = 0;

	for (size_t i = 0; i < rules->n; i++) {
		if (!rules->sources[i].refused || n++ >= FEED_REFUSED_MAX)
			continue;
		strbuf_reset(&reason);
		rules_reason(&rules->sources[i], &reason);
		say_refused(feed, rules, strbuf_slice(&reason));
	}
	if (n > FEED_REFUSED_MAX) {
		strbuf_reset(&reason);
		strbuf_addf(&reason, "and %u more rule files", n - FEED_REFUSED_MAX);
		say_refused(feed, rules, strbuf_slice(&reason));
	}
	strbuf_done(&reason);
}

static void say_loaded(struct feed *feed, const struct rules *rules, uint64_t n_rules)
{
	struct json json = state_begin(feed, "rules-loaded");

	json_put_id(&json, "soc.yara.rules", rules->version);
	json_put_u64(&json, "soc.yara.count", n_rules);
	state_end(feed, &json);
}

static void put_sandbox(struct json *json, unsigned missing)
{
	if (missing == 0)
		return;
	json_key(json, SLICE_LIT("soc.sandbox.missing"));
	json_array(json);
	for (unsigned i = 0; i < SANDBOX_PARTS; i++) {
		if (missing & 1U << i)
			json_text(json, slice_str(sandbox_part_name(1U << i)));
	}
	json_array_end(json);
}

static void say_started(struct feed *feed, unsigned sandbox_missing)
{
	struct json json = state_begin(feed, "scan-started");

	json_put_id(&json, "soc.scan.id", feed->origin.scan_id);
	json_put_str(&json, "soc.scan.reason", feed->origin.reason);
	json_put_id(&json, "soc.yara.rules", feed->origin.rules_version);
	put_sandbox(&json, sandbox_missing);
	state_end(feed, &json);
}

static void on_rules(
	void *user, const struct rules *rules, uint64_t n_rules, unsigned sandbox_missing)
{
	struct feed *feed = user;

	feed->origin.rules_version = rules->version;
	if (rules->version != feed->settings.rules_known) {
		say_all_refused(feed, rules);
		if (n_rules > 0)
			say_loaded(feed, rules, n_rules);
	}
	if (n_rules == 0)
		return;
	printf("R %016" PRIx64 " %" PRIu64 "\n", rules->version, n_rules);
	fflush(stdout);
	if (!feed->settings.rules_only)
		say_started(feed, sandbox_missing);
}

/* ---- the scan ------------------------------------------------------------------------------
 */

static void on_hit(void *user, const struct scan_object *object, const struct hit *hit)
{
	struct feed *feed = user;

	hit_json_item(&feed->line, &feed->origin, object, hit);
	write_line(feed, 'H');
}

static void put_object(struct json *json, const struct scan_object *object)
{
	json_put_text(json, "file.path", utf8_head(object->path, PATH_TEXT_MAX));
	if (object->st != NULL)
		json_put_u64(json, "file.size", (uint64_t)object->st->st_size);
	if (object->owner != NULL)
		json_put_str(json, "file.owner", object->owner);
}

/* A file that defeats the scanner is named: what is in it may mean to. The rest of them, and
 * what the settings leave out, is only counted: scan-finished says how many. */
static void on_unscanned(
	void *user, const struct scan_object *object, enum verdict verdict, struct slice why)
{
	struct feed *feed = user;

	if (!verdict_is_failure(verdict) || feed->n_named == FEED_UNSCANNED_MAX)
		return;
	feed->n_named++;
	struct json json = state_begin(feed, "file-not-scanned");
	json_put_id(&json, "soc.scan.id", feed->origin.scan_id);
	json_put_str(&json, "soc.scan.verdict", verdict_name(verdict));
	put_object(&json, object);
	put_reason(&json, why);
	state_end(feed, &json);
}

static void on_progress(void *user, const struct scan_counts *counts, struct slice path)
{
	struct feed *feed = user;
	int64_t now_ms = clock_mono_ms();

	(void)path;
	if (now_ms - feed->told_ms < FEED_PROGRESS_MS)
		return;
	feed->told_ms = now_ms;
	printf("P %" PRIu64 "\n", counts->files);
	if (fflush(stdout) != 0)
		(void)raise(SIGTERM); /* nobody listens any more */
}

static void on_trouble(void *user, const char *words)
{
	(void)user;
	fprintf(stderr, "scan: %s\n", words);
}

struct scan_user feed_user(struct feed *feed)
{
	return (struct scan_user){.on_rules = on_rules,
		.on_hit = on_hit,
		.on_unscanned = on_unscanned,
		.on_progress = on_progress,
		.on_trouble = on_trouble,
		.user = feed};
}

static void put_skipped(struct json *json, const struct scan_counts *counts)
{
	json_key(json, SLICE_LIT("soc.scan.skipped"));
	json_object(json);
	for (unsigned i = VERDICT_SCANNED + 1; i < VERDICT_COUNT; i++) {
		if (counts->verdicts[i] > 0)
			json_put_u64(json, verdict_name((enum verdict)i), counts->verdicts[i]);
	}
	json_object_end(json);
}

static void put_end(struct feed *feed, struct json *json, enum scan_end how,
	const struct scan_counts *counts)
{
	json_put_i64(json, "event.duration", clock_mono_ns() - feed->start_ns);
	json_put_u64(json, "soc.scan.files", counts->files);
	json_put_u64(json, "soc.scan.bytes", counts->bytes);
	json_put_u64(json, "soc.scan.hits", counts->hits + counts->unlisted);
	json_put_u64(json, "soc.scan.partial", counts->partial);
	put_skipped(json, counts);
	json_object_end(json);
	write_line(feed, how == SCAN_DONE ? 'F' : 'S');
}

/* No rule is left, or the folder is not there: said as long as it is so. */
static void say_no_rules(struct feed *feed, const char *words)
{
	struct json json = state_begin(feed, "rules-refused");

	if (feed->origin.rules_version != 0)
		json_put_id(&json, "soc.yara.rules", feed->origin.rules_version);
	put_reason(&json, slice_str(words));
	state_end(feed, &json);
}

void feed_end(struct feed *feed, enum scan_end how, const struct scan_counts *counts,
	const char *words)
{
	if (how == SCAN_FAILED)
		say_no_rules(feed, words);
	if (feed->settings.rules_only)
		return;
	struct json json = state_begin(feed, "scan-finished");

	json_put_id(&json, "soc.scan.id", feed->origin.scan_id);
	json_put_str(&json, "soc.scan.reason", feed->origin.reason);
	json_put_str(&json, "event.outcome", how == SCAN_DONE ? "success" : "failure");
	if (how != SCAN_DONE)
		put_reason(&json, slice_str(how == SCAN_STOPPED ? "stopped" : words));
	put_end(feed, &json, how, counts);
}
