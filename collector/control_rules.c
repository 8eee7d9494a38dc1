#include "collector/control_answers.h"
#include "collector/pipeline.h"
#include "common/clock.h"

struct rows {
	struct json *json;
	struct slice wanted; /* in id, title or path; "" = all */
};

static bool has(struct slice text, struct slice wanted)
{
	return slice_search(text, wanted) < text.len;
}

static bool is_wanted(const struct rows *rows, const struct sigma_rule *rule)
{
	return rows->wanted.len == 0 || has(rule->id, rows->wanted) ||
	       has(rule->title, rows->wanted) || has(slice_str(rule->path), rows->wanted);
}

static struct slice reason_of(const struct rule_view *view)
{
	if (view->state == RULE_REFUSED)
		return view->rule->reason;
	return view->state == RULE_WITHOUT_LIST ? view->rule->no_list : SLICE_NONE;
}

static bool put_rule(void *user, const struct rule_view *view)
{
	static const char *const states[] = {
		[RULE_IN_FORCE] = "in-force",
		[RULE_REFUSED] = "refused",
		[RULE_WITHOUT_LIST] = "without-list",
		[RULE_WITHOUT_LOG_SOURCE] = "without-log-source",
		[RULE_TOO_COSTLY] = "too-costly",
	};
	const struct rows *rows = user;
	const struct sigma_rule *rule = view->rule;

	if (!is_wanted(rows, rule))
		return true;
	json_object(rows->json);
	json_put_text(rows->json, "id", sigma_rule_key(rule));
	json_put_str(rows->json, "state", states[view->state]);
	json_put_text(rows->json, "level", rule->level);
	json_put_u64(rows->json, "matches", view->matches);
	json_put_time(rows->json, "last", view->last_ns, 3);
	json_put_text(rows->json, "title", rule->title);
	json_put_text(rows->json, "reason", reason_of(view));
	json_put_str(rows->json, "path", rule->path);
	json_put_u64(rows->json, "line", rule->line);
	json_object_end(rows->json);
	return true;
}

void control_rules(const struct control_view *view, struct slice words, struct json *json)
{
	struct rules *rules = pipeline_rules(view->pipeline);
	struct rows rows = {.json = json, .wanted = words};

	json_put_time(json, "read", detector_read_ns(rules->detector), 3);
	json_key(json, SLICE_LIT("rules"));
	json_array(json);
	detector_walk(rules->detector, put_rule, &rows);
	json_array_end(json);
	rules_unref(rules);
}
