#include "agent/inputs/yara.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/scan/argv.h"
#include "agent/scan/process.h"
#include "agent/settings.h"
#include "agent/state_item.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"

enum {
	STOP_MS = 2000,
	RETRY_MOST_MS = 3600000, /* after a scan that failed, at the latest */
	NOTHING = -1,            /* no process runs */
	RULES_ONLY = -2,         /* the rules are tried */
};

static struct counter n_scans = COUNTER("yara.scans", "scans that came to their end");
static struct counter n_hits = COUNTER("yara.hits", "rules that matched a file");
static struct counter n_failed = COUNTER("yara.failures", "scans that failed");

struct planned {
	const struct yara_scan_settings *settings;
	int64_t due_ms; /* monotonic */
	bool ordered;   /* the next run is the collector's wish */
	unsigned char position[YARA_POSITION_SIZE];
	bool has_position;
};

struct yara {
	const struct yara_settings *settings;
	const char *state_dir;
	struct event_base *base;
	struct intake *intake;
	struct planned *scans;
	struct event *timer;
	struct scan_process *process;
	int current;   /* number of the scan under way, NOTHING, RULES_ONLY */
	bool ordered;  /* so is that one */
	bool finished; /* it came to its end */
	uint64_t scan_id;
	uint64_t rules_version; /* 0 = none are known to be good */
	bool rules_good;        /* the process under way said so */
};

/* ---- the plan
 * -------------------------------------------------------------------------------- */

static int64_t random_below(uint64_t most)
{
	uint64_t drawn = 0;

	if (most == 0 || RAND_bytes((unsigned char *)&drawn, sizeof(drawn)) != 1)
		return 0;
	return (int64_t)(drawn % most);
}

static void plan_in(struct planned *scan, int64_t in_ms)
{
	scan->due_ms = clock_mono_ms() + in_ms + random_below(scan->settings->jitter_ms);
}

/* After a start: when the last run is long enough ago, soon. */
static void plan_first(struct planned *scan)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	int64_t every_ms = (int64_t)scan->settings->every_ms, ago_ms = every_ms;

	if (scan->has_position) {
		int64_t last_s = (int64_t)(bytes_get_u64(scan->position) & INT64_MAX);
		/* A clock that went back, or was wrong then, must not stop scans for years. */
		if (last_s <= now_s && now_s - last_s < every_ms / 1000)
			ago_ms = (now_s - last_s) * 1000;
	}
	plan_in(scan, every_ms - ago_ms);
}

static size_t count(const struct yara *yara)
{
	return yara->settings->scans.n;
}

static struct planned *next_due(struct yara *yara)
{
	struct planned *first = NULL;

	for (size_t i = 0; i < count(yara); i++) {
		if (first == NULL || yara->scans[i].due_ms < first->due_ms)
			first = &yara->scans[i];
	}
	return first;
}

static void arm_timer(struct yara *yara)
{
	const struct planned *scan = next_due(yara);

	if (scan == NULL || yara->current != NOTHING)
		return;
	int64_t in_ms = scan->due_ms - clock_mono_ms();
	if (in_ms < 0)
		in_ms = 0;
	loop_arm(yara->timer, (uint64_t)in_ms);
}

/* ---- what a scan says
 * --------------------------------------------------------------------------- */

static struct slice source_name(const struct yara *yara)
{
	return yara->current >= 0 ? slice_str(yara->scans[yara->current].settings->name)
				  : SLICE_LIT("rules");
}

static bool give(struct yara *yara, enum item_kind kind, struct slice bytes)
{
	const struct planned *scan = yara->current >= 0 ? &yara->scans[yara->current] : NULL;
	struct intake_item item = {
		.lane = LANE_URGENT,
		.source = {.input = SLICE_LIT("yara"),
			.name = source_name(yara),
			.format = SLICE_LIT(""),
			.position = SLICE_LIT("")},
		.item = {.kind = kind,
			.flags = scan != NULL && scan->settings->test ? ITEM_TEST : 0,
			.read_ns = clock_wall_ns(),
			.whole = bytes.len,
			.bytes = bytes},
	};

	if (scan != NULL && scan->has_position)
		item.source.position = slice_of(scan->position, YARA_POSITION_SIZE);
	return intake_add(yara->intake, &item);
}

static bool on_hit(struct yara *yara, struct slice json)
{
	if (!give(yara, ITEM_HIT, json))
		return false;
	counter_add(&n_hits, 1);
	return true;
}

/* The position moves with the last item. */
static bool on_finished(struct yara *yara, struct slice json)
{
	struct planned *scan = &yara->scans[yara->current];
	struct planned before = *scan;

	bytes_put_u64(scan->position, (uint64_t)(clock_wall_ns() / CLOCK_NS_PER_S));
	scan->has_position = true;
	yara->finished = give(yara, ITEM_STATE, json);
	if (!yara->finished)
		*scan = before;
	return yara->finished;
}

static void on_rules(struct yara *yara, struct slice text)
{
	struct slice version, rules = text;
	char number[24];

	(void)slice_cut(&rules, ' ', &version);
	snprintf(number, sizeof(number), "%.*s", SLICE_FMT(version));
	uint64_t now = strtoull(number, NULL, 16);
	if (now != yara->rules_version)
		log_info("yara.rules", "version=%016llx rules=%.*s", (unsigned long long)now,
			SLICE_FMT(rules));
	yara->rules_version = now;
	yara->rules_good = true;
}

/* The lines of agent/scan/feed.h. */
static bool on_line(void *user, struct slice line)
{
	struct yara *yara = user;

	if (line.len < 2)
		return true;
	struct slice rest = slice_from(line, 2);
	switch (line.ptr[0]) {
	case 'H':
		return on_hit(yara, rest);
	case 'S':
		return give(yara, ITEM_STATE, rest);
	case 'F':
		return yara->current < 0 || on_finished(yara, rest);
	case 'R':
		on_rules(yara, rest);
		return true;
	default:
		return true;
	}
}

/* ---- starting
 * -------------------------------------------------------------------------------- */

static void add_texts(struct argv *to, const char *option, const struct setting_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (option != NULL)
			argv_add(to, option);
		argv_add(to, texts->items[i]);
	}
}

static void add_number(struct argv *to, const char *option, uint64_t number)
{
	argv_add(to, option);
	argv_add_number(to, number);
}

static void add_hex(struct argv *to, const char *option, uint64_t number)
{
	argv_add(to, option);
	argv_add_hex(to, number);
}

/* Rules hold the strings they look for, and the spool what was found. */
static void exclude_ours(const struct yara *yara, struct argv *to)
{
	argv_add(to, "--exclude");
	argv_add_literal(to, yara->state_dir);
	for (size_t i = 0; i < yara->settings->rules.n; i++) {
		argv_add(to, "--exclude");
		argv_add_literal(to, yara->settings->rules.items[i]);
	}
}

static void add_common(const struct yara *yara, struct argv *to)
{
	argv_add(to, "soc-agent");
	argv_add(to, "scan");
	argv_add(to, "--background");
	argv_add(to, "--feed");
	argv_add(to, yara->ordered ? "order" : "schedule");
	add_hex(to, "--scan-id", yara->scan_id);
	if (yara->rules_version != 0)
		add_hex(to, "--rules-known", yara->rules_version);
	add_number(to, "--memory", yara->settings->memory_max);
	add_texts(to, "--rules", &yara->settings->rules);
}

static void add_scan(
	const struct yara *yara, const struct yara_scan_settings *scan, struct argv *to)
{
	char memory[PATH_MAX];

	add_number(to, "--max-size", scan->size_max);
	add_number(to, "--timeout", (scan->timeout_ms + 999) / 1000);
	add_number(to, "--cpu", scan->cpu_percent);
	add_number(to, "--depth", scan->depth_max);
	if (scan->one_filesystem)
		argv_add(to, "--one-filesystem");
	if (scan->network)
		argv_add(to, "--network");
	snprintf(memory, sizeof(memory), "%s/yara-memory", yara->state_dir);
	argv_add(to, "--remember");
	argv_add(to, memory);
	exclude_ours(yara, to);
	add_texts(to, "--exclude", &scan->exclude);
	argv_add(to, "--");
	add_texts(to, NULL, &scan->paths);
}

static void on_end(void *user, int status, const char *why);

static void start_process(struct yara *yara, int number)
{
	struct scan_process_settings settings = {
		.silence_ms = yara->settings->silence_ms, .stop_ms = STOP_MS};
	struct scan_process_user user = {on_line, on_end, yara};
	struct argv arguments = {0};
	struct err err = {0};

	yara->current = number;
	yara->finished = false;
	yara->rules_good = false;
	if (RAND_bytes((unsigned char *)&yara->scan_id, sizeof(yara->scan_id)) != 1)
		yara->scan_id = (uint64_t)clock_wall_ns();
	add_common(yara, &arguments);
	if (number >= 0)
		add_scan(yara, yara->scans[number].settings, &arguments);
	yara->process = scan_process_start(yara->base, arguments.items, &settings, &user, &err);
	argv_done(&arguments);
	if (yara->process == NULL)
		on_end(yara, -1, err.text);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
	struct yara *yara = user;
	struct planned *scan = next_due(yara);

	(void)fd;
	(void)what;
	if (yara->current != NOTHING || scan == NULL)
		return;
	if (clock_mono_ms() < scan->due_ms) {
		arm_timer(yara);
		return;
	}
	yara->ordered = scan->ordered;
	scan->ordered = false;
	scan->due_ms = INT64_MAX;
	start_process(yara, (int)(scan - yara->scans));
}

/* ---- the end of a scan
 * -------------------------------------------------------------------------- */

static void say_failed(struct yara *yara, const char *why)
{
	struct state_item item;

	state_item_begin(&item, "scan-finished");
	state_item_id(&item, "soc.scan.id", yara->scan_id);
	json_put_str(&item.json, "soc.scan.reason", yara->ordered ? "order" : "schedule");
	json_put_str(&item.json, "event.outcome", "failure");
	state_item_reason(&item, why);
	state_item_give(&item, yara->intake);
}

static void plan_next(struct yara *yara)
{
	struct planned *scan = &yara->scans[yara->current];
	uint64_t every_ms = scan->settings->every_ms;

	counter_add(yara->finished ? &n_scans : &n_failed, 1);
	if (scan->ordered)
		return; /* ordered again meanwhile: it is due */
	if (!yara->finished && every_ms > RETRY_MOST_MS)
		every_ms = RETRY_MOST_MS;
	plan_in(scan, (int64_t)every_ms);
}

static void on_end(void *user, int status, const char *why)
{
	struct yara *yara = user;

	(void)status; /* the feed has said it */
	if (yara->process != NULL)
		scan_process_free(yara->process);
	yara->process = NULL;
	if (why != NULL) {
		log_error("yara.failed", "scan=%.*s reason=%s instead=trying-again-later",
			SLICE_FMT(source_name(yara)), LOG_TEXT(slice_str(why)));
		if (!yara->finished)
			say_failed(yara, why);
	}
	if (!yara->rules_good)
		yara->rules_version = 0;
	if (yara->current >= 0)
		plan_next(yara);
	yara->current = NOTHING;
	arm_timer(yara);
}

/* ---- the input
 * ----------------------------------------------------------------------------------- */

static void yara_free(struct yara *yara)
{
	if (yara->timer != NULL)
		event_free(yara->timer);
	free(yara->scans);
	free(yara);
}

static void *yara_start(const struct agent_settings *settings, struct event_base *base,
	struct intake *intake, struct err *err)
{
	const struct yara_scan_settings *scans = settings->yara.scans.items;

	if (settings->yara.scans.n == 0)
		return NULL;
	struct yara *yara = calloc(1, sizeof(*yara));
	if (yara == NULL ||
		(yara->scans = calloc(settings->yara.scans.n, sizeof(*yara->scans))) == NULL)
		abort();
	yara->settings = &settings->yara;
	yara->state_dir = settings->state_dir;
	yara->base = base;
	yara->intake = intake;
	yara->current = NOTHING;
	for (size_t i = 0; i < count(yara); i++)
		yara->scans[i].settings = &scans[i];
	yara->timer = evtimer_new(base, on_timer, yara);
	if (yara->timer != NULL)
		return yara;
	err_set(err, "creating a timer");
	yara_free(yara);
	return NULL;
}

static void yara_position(void *self, struct slice name, struct slice position)
{
	struct yara *yara = self;

	if (position.len != YARA_POSITION_SIZE)
		return;
	for (size_t i = 0; i < count(yara); i++) {
		if (!slice_eq(name, slice_str(yara->scans[i].settings->name)))
			continue;
		memcpy(yara->scans[i].position, position.ptr, YARA_POSITION_SIZE);
		yara->scans[i].has_position = true;
	}
}

static void yara_begin(void *self)
{
	struct yara *yara = self;

	for (size_t i = 0; i < count(yara); i++)
		plan_first(&yara->scans[i]);
	start_process(yara, RULES_ONLY);
}

static void yara_resume(void *self)
{
	struct yara *yara = self;

	if (yara->process != NULL)
		scan_process_resume(yara->process);
}

/* Every scan, as soon as the one under way is over. */
static bool yara_order(void *self, const struct frame_order *order)
{
	struct yara *yara = self;

	if (order->order != ORDER_SCAN)
		return false;
	for (size_t i = 0; i < count(yara); i++) {
		yara->scans[i].due_ms = clock_mono_ms();
		yara->scans[i].ordered = true;
	}
	arm_timer(yara);
	return true;
}

static void yara_heartbeat(void *self, struct frame_heartbeat *beat)
{
	const struct yara *yara = self;

	beat->rules_version = yara->rules_version;
}

static void yara_stop(void *self)
{
	struct yara *yara = self;

	scan_process_stop(yara->process);
	yara_free(yara);
}

const struct input yara_input = {
	.name = "yara",
	.section = "yara",
	.summary = "scheduled scans of files with YARA rules",
	.start = yara_start,
	.position = yara_position,
	.begin = yara_begin,
	.resume = yara_resume,
	.order = yara_order,
	.heartbeat = yara_heartbeat,
	.stop = yara_stop,
};
