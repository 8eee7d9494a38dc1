#include "collector/control_asked.h"

#include <stdarg.h>
#include <stdio.h>

#include "collector/derive/statistics.h"
#include "collector/pipeline.h"
#include "common/clock.h"

enum { ALERTS_SHOWN = 1000, DAY_S = 86400, AWAY_MOST = 100000 };

/* ---- members -------------------------------------------------------------------- */

void asked_wrong(struct asked *asked, const char *fmt, ...)
{
	va_list args;

	if (asked->wrong)
		return;
	asked->wrong = true;
	va_start(args, fmt);
	vsnprintf(asked->err.text, sizeof(asked->err.text), fmt, args);
	va_end(args);
}

static int32_t zone_of(const struct control_view *view)
{
	struct rules *rules = pipeline_rules(view->pipeline);
	const int32_t zone = agencies_province(rules->agencies)->zone_seconds;

	rules_unref(rules);
	return zone;
}

void asked_read(struct asked *asked, const struct control_view *view, struct slice words)
{
	*asked = (struct asked){.now_ns = clock_wall_ns(), .zone_seconds = zone_of(view)};
	if (words.len == 0)
		return;
	asked->doc = yyjson_read(words.ptr, words.len, YYJSON_READ_NOFLAG);
	if (!yyjson_is_obj(yyjson_doc_get_root(asked->doc)))
		asked_wrong(asked, "what is asked for is no JSON object");
}

void asked_done(struct asked *asked)
{
	yyjson_doc_free(asked->doc);
}

struct slice asked_text(const struct asked *asked, const char *name)
{
	yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(asked->doc), name);

	if (!yyjson_is_str(value))
		return SLICE_LIT("");
	return slice_of(yyjson_get_str(value), yyjson_get_len(value));
}

bool asked_flag(const struct asked *asked, const char *name)
{
	return yyjson_get_bool(yyjson_obj_get(yyjson_doc_get_root(asked->doc), name));
}

uint64_t asked_number(struct asked *asked, const char *name, uint64_t max, uint64_t standard)
{
	const struct slice text = asked_text(asked, name);
	uint64_t number = standard;

	if (text.len > 0 && !slice_to_u64(text, max, &number))
		asked_wrong(asked, "%s is a number up to %llu", name, (unsigned long long)max);
	return number;
}

/* ---- times ---------------------------------------------------------------------- */

#define AWAY_SECONDS_MOST (UINT64_C(10) * 366 * DAY_S)

/* "24h" */
static bool read_away(struct slice text, int64_t *ns)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY_S}, {'w', 7 * DAY_S}};
	uint64_t n;

	if (text.len < 2 || !slice_to_u64(slice_head(text, text.len - 1), AWAY_MOST, &n))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (text.ptr[text.len - 1] != units[i].letter)
			continue;
		*ns = (int64_t)n * units[i].seconds * CLOCK_NS_PER_S;
		return n * (uint64_t)units[i].seconds <= AWAY_SECONDS_MOST;
	}
	return false;
}

/* "2026-02-16": its start. */
static bool read_day(const struct asked *asked, struct slice text, int64_t *ns)
{
	char whole[32];
	size_t used;
	const int len = snprintf(whole, sizeof(whole), "%.*sT00:00:00", SLICE_FMT(text));

	return text.len == 10 &&
	       clock_parse_iso(slice_of(whole, (size_t)len), asked->zone_seconds, ns, &used) &&
	       used == (size_t)len;
}

static bool read_moment(const struct asked *asked, struct slice text, int64_t *ns)
{
	size_t used;

	return read_day(asked, text, ns) ||
	       (clock_parse_iso(text, asked->zone_seconds, ns, &used) && used == text.len);
}

int64_t asked_time(
	struct asked *asked, const char *name, enum asked_side side, int64_t standard)
{
	const struct slice text = asked_text(asked, name);
	int64_t ns = 0;

	if (text.len == 0)
		return standard;
	if (read_away(text, &ns))
		return asked->now_ns + (int64_t)side * ns;
	if (!read_moment(asked, text, &ns))
		asked_wrong(asked,
			"%s is a time: write 24h, 14d, 2026-02-16 or 2026-02-16T07:30:00",
			name);
	return ns;
}

int64_t asked_day(const struct asked *asked, uint64_t days_ago)
{
	return window_at(WINDOW_DAY, asked->now_ns, asked->zone_seconds).start_ns /
		       CLOCK_NS_PER_S -
	       (int64_t)days_ago * DAY_S;
}

/* ---- filters -------------------------------------------------------------------- */

static uint8_t severity_of(struct asked *asked)
{
	const struct slice text = asked_text(asked, "severity");

	for (unsigned i = 0; text.len > 0 && i < SEVERITY_COUNT; i++) {
		if (slice_eq(text, slice_str(severity_name((enum severity)i))))
			return (uint8_t)i;
	}
	if (text.len > 0)
		asked_wrong(asked, "severity is low, medium, high or critical");
	return SEVERITY_NONE;
}

/* Open ones, unless it says otherwise. */
static void take_status(struct asked *asked, struct alert_filter *filter)
{
	const struct slice text = asked_text(asked, "status");
	enum alert_status status;

	if (text.len == 0 || slice_eq(text, SLICE_LIT("open")))
		filter->statuses = ALERT_OPEN;
	else if (slice_eq(text, SLICE_LIT("all")))
		filter->statuses = ALERT_ANY_STATUS;
	else if (slice_eq(text, SLICE_LIT("suppressed")))
		*filter = (struct alert_filter){
			.statuses = ALERT_ANY_STATUS, .sight = ALERT_HIDDEN};
	else if (alert_status_from(text, &status))
		filter->statuses = 1u << status;
	else
		asked_wrong(asked, "status is new, acknowledged, in-progress, closed, open, "
				   "suppressed or all");
}

static void take_verdict(struct asked *asked, struct alert_filter *filter)
{
	const struct slice text = asked_text(asked, "with-verdict");

	if (text.len == 0)
		return;
	filter->by_verdict = true;
	if (!alert_verdict_from(text, &filter->verdict))
		asked_wrong(asked, "a verdict is true, false, benign or none");
}

void asked_filter(struct asked *asked, struct alert_filter *filter)
{
	*filter = (struct alert_filter){0};
	take_status(asked, filter);
	take_verdict(asked, filter);
	filter->severity = severity_of(asked);
	filter->agency = (uint32_t)asked_number(asked, "agency", UINT32_MAX, 0);
	filter->host = (uint32_t)asked_number(asked, "host", UINT32_MAX, 0);
	filter->rule = asked_text(asked, "rule");
	filter->owner = asked_text(asked, "owner");
	filter->since_ns = asked_time(asked, "since", ASKED_PAST, 0);
	filter->until_ns = asked_time(asked, "until", ASKED_PAST, 0);
	filter->most = ALERTS_SHOWN;
}

void asked_scope(struct asked *asked, struct scope *scope)
{
	*scope = (struct scope){
		.rule = asked_text(asked, "rule"),
		.agency = (uint32_t)asked_number(asked, "agency", UINT32_MAX, 0),
		.host = (uint32_t)asked_number(asked, "host", UINT32_MAX, 0),
		.prefix = asked_text(asked, "prefix"),
		.user = asked_text(asked, "user"),
	};
}
