#include "collector/control_acts.h"

#include <stdio.h>
#include <string.h>

#include "collector/control_asked.h"
#include "common/clock.h"
#include "common/utf8.h"

enum { WHO_MAX = 128, CLAIM_MAX = 64 };

struct request {
	const struct control_view *view;
	struct asked asked;
	struct desk_job *job;
	struct json *json;
	char who[WHO_MAX];
};

/* A name that is fit for a line, else none. */
static bool is_name(struct slice text, size_t max)
{
	return text.len > 0 && text.len <= max && utf8_shown(text);
}

/* "lan (uid 1000)": claimed, and known. */
static void name_who(struct request *request, uid_t uid)
{
	const struct slice claim = asked_text(&request->asked, "claims");

	if (is_name(claim, CLAIM_MAX) && slice_find(claim, '(') == claim.len)
		snprintf(request->who, sizeof(request->who), "%.*s (uid %u)", SLICE_FMT(claim),
			(unsigned)uid);
	else
		snprintf(request->who, sizeof(request->who), "uid %u", (unsigned)uid);
}

/* ---- alerts --------------------------------------------------------------------- */

static struct slice text_asked(struct asked *asked, const char *name, size_t max)
{
	const struct slice text = asked_text(asked, name);

	if (text.len > max)
		asked_wrong(asked, "%s is longer than %zu bytes", name, max);
	return text;
}

/* What is done to each of the alerts. */
static void read_act(struct asked *asked, enum act_kind kind, struct act *act)
{
	enum alert_verdict verdict = ALERT_NO_VERDICT;
	const struct slice word = asked_text(asked, "verdict");

	act->kind = kind;
	act->text = text_asked(asked, "text", ACT_TEXT_MAX);
	act->owner = kind == ACT_ASSIGN ? text_asked(asked, "to", ACT_NAME_MAX) : SLICE_LIT("");
	if (kind == ACT_CLOSE && (!alert_verdict_from(word, &verdict) || !verdict))
		asked_wrong(asked, "a verdict is true, false or benign");
	if (kind == ACT_COMMENT && act->text.len == 0)
		asked_wrong(asked, "a comment says something");
	if (kind == ACT_ASSIGN && !is_name(act->owner, ACT_NAME_MAX))
		asked_wrong(asked, "to whom?");
	act->verdict = (uint8_t)verdict;
}

struct adding {
	struct request *request;
	struct act act;
};

static bool add_alert(void *user, const struct alert *alert)
{
	struct adding *adding = user;

	adding->act.alert = alert->number;
	adding->act.rule = alert->rule;
	adding->act.subject = alert->subject;
	adding->act.agency = alert->agency;
	adding->act.host = alert->host;
	if (!desk_add(adding->request->job, &adding->act))
		asked_wrong(&adding->request->asked,
			"more than %d alerts at a time: narrow it down", DESK_ACTS_MAX);
	return !adding->request->asked.wrong;
}

static bool add_numbered(struct adding *adding, struct alert_reader *reader,
	yyjson_val *numbers, struct err *err)
{
	yyjson_val *each;
	size_t i, n;

	if (yyjson_arr_size(numbers) == 0)
		return err_set(err, "alerts are named by their numbers");
	yyjson_arr_foreach(numbers, i, n, each)
	{
		const struct slice text = slice_of(yyjson_get_str(each), yyjson_get_len(each));
		const unsigned before = desk_count(adding->request->job);
		struct alert_filter filter = {
			.statuses = ALERT_ANY_STATUS, .sight = ALERT_ALL, .most = 1};
		uint64_t number = 0;

		if (!yyjson_is_str(each) || !slice_to_u64(text, INT64_MAX, &number) || !number)
			return err_set(err, "alerts are named by their numbers");
		filter.number = (int64_t)number;
		if (!alert_reader_list(reader, &filter, add_alert, adding, err))
			return false;
		if (desk_count(adding->request->job) == before)
			return err_set(
				err, "there is no alert %llu", (unsigned long long)number);
	}
	return true;
}

/* All would be too easily said. */
static bool names_some(const struct asked *asked)
{
	static const char *const names[] = {"severity", "agency", "host", "rule", "owner",
		"with-verdict", "since", "until", "status"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (asked_text(asked, names[i]).len > 0)
			return true;
	}
	return false;
}

static bool add_filtered(struct adding *adding, struct alert_reader *reader, struct err *err)
{
	struct alert_filter filter;

	if (!names_some(&adding->request->asked))
		return err_set(err, "which alerts? numbers, or a filter");
	asked_filter(&adding->request->asked, &filter);
	filter.most = DESK_ACTS_MAX + 1;
	return adding->request->asked.wrong ||
	       alert_reader_list(reader, &filter, add_alert, adding, err);
}

static bool add_alerts(struct request *request, enum act_kind kind, struct err *err)
{
	yyjson_val *numbers =
		yyjson_obj_get(yyjson_doc_get_root(request->asked.doc), "numbers");
	struct adding adding = {.request = request, .act.who = slice_str(request->who)};
	struct alert_reader *reader;

	read_act(&request->asked, kind, &adding.act);
	if (request->asked.wrong)
		return true;
	reader = alert_reader_open(request->view->derive_dir, err);
	if (reader == NULL)
		return false;
	bool done = numbers != NULL ? add_numbered(&adding, reader, numbers, err)
				    : add_filtered(&adding, reader, err);
	alert_reader_close(reader);
	return done;
}

/* ---- standing orders ------------------------------------------------------------ */

static void check_order(struct asked *asked, const struct standing_order *order)
{
	const int64_t most_ns = INT64_C(86400) * CLOCK_NS_PER_S * STANDING_DAYS_MOST;
	const char *mistake = scope_mistake(&order->scope, order->kind);

	if (mistake != NULL)
		asked_wrong(asked, "%s", mistake);
	if (!is_name(order->owner, ACT_NAME_MAX))
		asked_wrong(asked, "an owner is needed: who answers for it?");
	if (order->reason.len == 0)
		asked_wrong(asked, "a reason is needed");
	if (order->ends_ns == 0)
		asked_wrong(asked, "an end is needed");
	if (order->ends_ns <= order->begins_ns || order->ends_ns <= order->made_ns)
		asked_wrong(asked, "it ends before it begins, or has ended");
	if (order->ends_ns - order->begins_ns > most_ns)
		asked_wrong(asked, "it holds for %d days at most", STANDING_DAYS_MOST);
}

/* Stamps of lines are whole seconds, and of a moment ago. */
static int64_t this_minute(const struct asked *asked)
{
	return asked->now_ns - asked->now_ns % (60 * CLOCK_NS_PER_S);
}

static void read_order(
	struct asked *asked, enum standing_kind kind, struct standing_order *order)
{
	*order = (struct standing_order){
		.kind = kind,
		.made_ns = asked->now_ns,
		.begins_ns = asked_time(asked, "from", ASKED_FUTURE, this_minute(asked)),
		.ends_ns = asked_time(asked, "until", ASKED_FUTURE, 0),
		.owner = text_asked(asked, "owner", ACT_NAME_MAX),
		.reason = text_asked(asked, "reason", ACT_TEXT_MAX),
	};
	asked_scope(asked, &order->scope);
	check_order(asked, order);
}

static bool count_standing(void *user, const struct standing_view *standing)
{
	*(unsigned *)user += standing->removed_ns == 0 &&
			     standing_holds_at(standing->order.ends_ns, clock_wall_ns());
	return true;
}

static bool has_room(struct request *request, struct err *err)
{
	struct alert_reader *reader = alert_reader_open(request->view->derive_dir, err);
	unsigned n = 0;
	bool done = reader != NULL && alert_reader_standings(reader, count_standing, &n, err);

	alert_reader_close(reader);
	return done && (n < STANDING_MOST ||
			       err_set(err, "%d hold already: take some back", STANDING_MOST));
}

static bool add_order(struct request *request, enum standing_kind kind, struct err *err)
{
	struct act act = {.kind = ACT_STANDING_ADD, .who = slice_str(request->who)};

	read_order(&request->asked, kind, &act.order);
	if (request->asked.wrong)
		return true;
	if (!has_room(request, err))
		return false;
	if (kind != STANDING_WATCH)
		json_put_str(request->json, "critical",
			"findings that are critical are grouped into one alert of their rule "
			"and agency, not hidden");
	return desk_add(request->job, &act) || err_set(err, "it is too long");
}

struct finding_order {
	int64_t number, made_ns; /* 0 = not found */
};

static bool find_order(void *user, const struct standing_view *standing)
{
	struct finding_order *finding = user;

	if (standing->number == finding->number && standing->removed_ns == 0)
		finding->made_ns = standing->order.made_ns;
	return finding->made_ns == 0;
}

static bool remove_order(struct request *request, struct err *err)
{
	struct finding_order finding = {
		.number = (int64_t)asked_number(&request->asked, "number", INT64_MAX, 0)};
	struct alert_reader *reader;

	if (request->asked.wrong)
		return true;
	reader = alert_reader_open(request->view->derive_dir, err);
	bool done = reader != NULL && alert_reader_standings(reader, find_order, &finding, err);
	alert_reader_close(reader);
	if (!done)
		return false;
	if (finding.made_ns == 0)
		return err_set(err, "there is no such order in force: %lld",
			(long long)finding.number);
	const struct act act = {
		.kind = ACT_STANDING_REMOVE,
		.who = slice_str(request->who),
		.standing = finding.number,
		.order.made_ns = finding.made_ns,
	};
	return desk_add(request->job, &act) || err_set(err, "it is too long");
}

/* ---- words ---------------------------------------------------------------------- */

static const struct {
	struct slice word;
	enum act_kind kind;
	enum standing_kind standing; /* of ACT_STANDING_ADD */
} words_of_acts[] = {
	{{SLICE_BYTES("alerts-ack")}, ACT_ACKNOWLEDGE, 0},
	{{SLICE_BYTES("alerts-work")}, ACT_WORK, 0},
	{{SLICE_BYTES("alerts-assign")}, ACT_ASSIGN, 0},
	{{SLICE_BYTES("alerts-comment")}, ACT_COMMENT, 0},
	{{SLICE_BYTES("alerts-close")}, ACT_CLOSE, 0},
	{{SLICE_BYTES("suppress-add")}, ACT_STANDING_ADD, STANDING_SUPPRESS},
	{{SLICE_BYTES("maintenance-add")}, ACT_STANDING_ADD, STANDING_MAINTENANCE},
	{{SLICE_BYTES("watch-add")}, ACT_STANDING_ADD, STANDING_WATCH},
	{{SLICE_BYTES("standing-remove")}, ACT_STANDING_REMOVE, 0},
};

/* ARRAY_LEN(words_of_acts) when it is none. */
static size_t find_word(struct slice word)
{
	size_t i = 0;

	while (i < ARRAY_LEN(words_of_acts) && !slice_eq(word, words_of_acts[i].word))
		i++;
	return i;
}

bool control_is_act(struct slice word)
{
	return find_word(word) < ARRAY_LEN(words_of_acts);
}

static bool act_on(struct request *request, size_t word, struct err *err)
{
	switch (words_of_acts[word].kind) {
	case ACT_STANDING_ADD:
		return add_order(request, words_of_acts[word].standing, err);
	case ACT_STANDING_REMOVE:
		return remove_order(request, err);
	default:
		return add_alerts(request, words_of_acts[word].kind, err);
	}
}

bool control_act(const struct control_view *view, struct slice word, struct slice words,
	uid_t uid, struct desk_job *job, struct json *json)
{
	struct request request = {.view = view, .job = job, .json = json};
	struct err err = {0};

	asked_read(&request.asked, view, words);
	name_who(&request, uid);
	bool done = request.asked.wrong || act_on(&request, find_word(word), &err);
	if (request.asked.wrong)
		json_put_str(json, "error", request.asked.err.text);
	else if (!done)
		json_put_str(json, "error", err.text);
	else
		json_put_u64(json, "acts", desk_count(job));
	done = done && !request.asked.wrong;
	asked_done(&request.asked);
	return done;
}
