#include "collector/control_standing.h"

#include "collector/control_asked.h"
#include "common/clock.h"

enum { PREVIEW_DAYS = 7 };

/* "in force", "to come", "ended", "taken back" */
static const char *state_of(const struct standing_view *standing, int64_t now_ns)
{
	if (standing->removed_ns != 0)
		return "taken back";
	if (now_ns < standing->order.begins_ns)
		return "to come";
	return now_ns < standing->order.ends_ns ? "in force" : "ended";
}

static void put_number_or_any(struct json *json, const char *key, uint32_t number)
{
	if (number != 0)
		json_put_u64(json, key, number);
	else
		json_put_str(json, key, "any");
}

static void put_text_or_any(struct json *json, const char *key, struct slice text)
{
	json_put_text(json, key, text.len > 0 ? text : SLICE_LIT("any"));
}

static void put_scope(struct json *json, const struct scope *scope)
{
	put_text_or_any(json, "rule", scope->rule);
	put_number_or_any(json, "agency", scope->agency);
	put_number_or_any(json, "host", scope->host);
	put_text_or_any(json, "prefix", scope->prefix);
	put_text_or_any(json, "user", scope->user);
}

struct listing {
	struct json *json;
	int64_t now_ns;
	struct slice kind; /* empty: all */
};

static bool put_standing(void *user, const struct standing_view *standing)
{
	const struct listing *listing = user;
	const struct slice kind = slice_str(standing_kind_name(standing->order.kind));
	struct json *json = listing->json;

	if (listing->kind.len > 0 && !slice_eq(kind, listing->kind))
		return true;
	json_object(json);
	json_put_i64(json, "number", standing->number);
	json_put_text(json, "kind", kind);
	json_put_str(json, "state", state_of(standing, listing->now_ns));
	put_scope(json, &standing->order.scope);
	json_put_time(json, "from", standing->order.begins_ns, 0);
	json_put_time(json, "until", standing->order.ends_ns, 0);
	json_put_u64(json, "findings", standing->findings);
	json_put_time(json, "last", standing->last_ns, 0);
	json_put_text(json, "owner", standing->order.owner);
	json_put_text(json, "reason", standing->order.reason);
	json_object_end(json);
	return true;
}

static void put_error(
	struct json *json, const struct asked *asked, bool done, const struct err *err)
{
	if (asked->wrong)
		json_put_str(json, "error", asked->err.text);
	else if (!done)
		json_put_str(json, "error", err->text);
}

void control_standings(const struct control_view *view, struct slice words, struct json *json)
{
	struct alert_reader *reader = NULL;
	struct asked asked;
	struct err err = {0};

	asked_read(&asked, view, words);
	struct listing listing = {json, asked.now_ns, asked_text(&asked, "kind")};
	json_key(json, SLICE_LIT("orders"));
	json_array(json);
	bool done = !asked.wrong && (reader = alert_reader_open(view->derive_dir, &err)) &&
		    alert_reader_standings(reader, put_standing, &listing, &err);
	json_array_end(json);
	put_error(json, &asked, done, &err);
	alert_reader_close(reader);
	asked_done(&asked);
}

static void put_preview(struct json *json, const struct alert_preview *preview, uint64_t days)
{
	json_put_u64(json, "days", days);
	json_put_u64(json, "alerts_hidden", preview->alerts);
	json_put_u64(json, "findings_hidden", preview->findings);
	json_put_u64(json, "critical_alerts_grouped", preview->critical_alerts);
	json_put_u64(json, "critical_findings_grouped", preview->critical_findings);
}

void control_preview(const struct control_view *view, struct slice words, struct json *json)
{
	struct alert_reader *reader = NULL;
	struct alert_preview preview;
	struct asked asked;
	struct scope scope;
	struct err err = {0};

	asked_read(&asked, view, words);
	asked_scope(&asked, &scope);
	uint64_t days = asked_number(&asked, "days", ALERT_DAYS, PREVIEW_DAYS);
	days = days > 0 ? days : 1;
	const char *mistake = scope_mistake(&scope, STANDING_SUPPRESS);
	if (mistake != NULL)
		asked_wrong(&asked, "%s", mistake);
	bool done = !asked.wrong && (reader = alert_reader_open(view->derive_dir, &err)) &&
		    alert_reader_preview(
			    reader, &scope, asked_day(&asked, days - 1), &preview, &err);
	if (done)
		put_preview(json, &preview, days);
	put_error(json, &asked, done, &err);
	alert_reader_close(reader);
	asked_done(&asked);
}
