#include "collector/control_alerts.h"

#include "collector/control_asked.h"
#include "common/clock.h"

enum { NOISY_SHOWN = 20, DAYS_SHOWN = 31, DAY_S = 86400 };

/* The number of what was asked for, or why it could not be told. */
static void put_outcome(
	struct json *json, const struct asked *asked, bool done, const struct err *err)
{
	if (asked->wrong)
		json_put_str(json, "error", asked->err.text);
	else if (!done)
		json_put_str(json, "error", err->text);
}

/* ---- lists ---------------------------------------------------------------------- */

struct listing {
	struct json *json;
	unsigned most, n;
};

static void put_state(struct json *json, const struct alert *alert)
{
	json_put_str(json, "severity", severity_name((enum severity)alert->severity));
	json_put_str(json, "status", alert_status_name(alert->status));
	json_put_str(json, "verdict", alert_verdict_name(alert->verdict));
	json_put_text(json, "owner", alert->owner);
}

static bool put_row(void *user, const struct alert *alert)
{
	struct listing *listing = user;
	struct json *json = listing->json;

	if (++listing->n > listing->most)
		return false;
	json_object(json);
	json_put_i64(json, "number", alert->number);
	put_state(json, alert);
	json_put_u64(json, "agency", alert->agency);
	json_put_u64(json, "host", alert->host);
	json_put_text(json, "title", alert->title);
	json_put_text(json, "subject", alert->subject);
	json_put_u64(json, "findings", alert->findings);
	json_put_u64(json, "suppressed", alert->suppressed);
	json_put_u64(json, "reopened", alert->reopened);
	json_put_time(json, "first", alert->first_ns, 0);
	json_put_time(json, "last", alert->last_ns, 0);
	json_object_end(json);
	return true;
}

void control_alerts(const struct control_view *view, struct slice words, struct json *json)
{
	struct alert_reader *reader = NULL;
	struct alert_filter filter;
	struct listing listing = {.json = json};
	struct asked asked;
	struct err err = {0};

	asked_read(&asked, view, words);
	asked_filter(&asked, &filter);
	listing.most = filter.most++;
	json_key(json, SLICE_LIT("alerts"));
	json_array(json);
	bool done = !asked.wrong && (reader = alert_reader_open(view->derive_dir, &err)) &&
		    alert_reader_list(reader, &filter, put_row, &listing, &err);
	json_array_end(json);
	if (listing.n > listing.most)
		json_put_bool(json, "more", true);
	put_outcome(json, &asked, done, &err);
	alert_reader_close(reader);
	asked_done(&asked);
}

/* ---- one ------------------------------------------------------------------------ */

static bool put_alert(void *user, const struct alert *alert)
{
	struct listing *listing = user;
	struct json *json = listing->json;

	listing->n++;
	json_put_i64(json, "number", alert->number);
	json_put_text(json, "title", alert->title);
	json_put_text(json, "rule", alert->rule);
	json_put_text(json, "version", alert->version);
	json_put_text(json, "techniques", alert->techniques);
	json_put_str(json, "class", attack_class_name((enum attack_class)alert->attack));
	put_state(json, alert);
	json_put_u64(json, "agency", alert->agency);
	json_put_u64(json, "host", alert->host);
	json_put_u64(json, "system", alert->system);
	json_put_u64(json, "level", alert->level);
	json_put_text(json, "subject", alert->subject);
	json_put_text(json, "source", alert->source);
	json_put_text(json, "user", alert->user);
	json_put_u64(json, "findings", alert->findings);
	json_put_u64(json, "suppressed", alert->suppressed);
	json_put_u64(json, "reopened", alert->reopened);
	json_put_time(json, "first", alert->first_ns, 3);
	json_put_time(json, "last", alert->last_ns, 3);
	json_put_time(json, "heard", alert->heard_ns, 3);
	json_put_time(json, "over", alert->resolved_ns, 3);
	json_put_time(json, "closed", alert->closed_ns, 3);
	return true;
}

static bool put_evidence(void *user, const struct alert_evidence *evidence)
{
	struct json *json = user;

	json_object(json);
	json_put_u64(json, "finding", evidence->finding);
	json_put_time(json, "at", evidence->at_ns, 3);
	json_put_str(json, "severity", severity_name((enum severity)evidence->severity));
	json_put_u64(json, "class", evidence->class);
	json_put_u64(json, "record", evidence->number);
	json_put_text(json, "event", evidence->event);
	json_put_text(json, "about", evidence->about);
	json_object_end(json);
	return true;
}

static bool put_change(void *user, const struct alert_change *change)
{
	struct json *json = user;

	json_object(json);
	json_put_time(json, "at", change->at_ns, 3);
	json_put_text(json, "who", change->who.len > 0 ? change->who : SLICE_LIT("collector"));
	json_put_text(json, "what", change->what);
	json_put_text(json, "text", change->text);
	json_object_end(json);
	return true;
}

static bool put_whole(
	struct alert_reader *reader, int64_t number, struct json *json, struct err *err)
{
	const struct alert_filter filter = {
		.number = number, .statuses = ALERT_ANY_STATUS, .sight = ALERT_ALL, .most = 1};
	struct listing listing = {.json = json};

	if (!alert_reader_list(reader, &filter, put_alert, &listing, err))
		return false;
	if (listing.n == 0)
		return err_set(err, "there is no alert %lld", (long long)number);
	json_key(json, SLICE_LIT("evidence"));
	json_array(json);
	bool done = alert_reader_evidence(reader, number, put_evidence, json, err);
	json_array_end(json);
	json_key(json, SLICE_LIT("history"));
	json_array(json);
	done = done && alert_reader_history(reader, number, put_change, json, err);
	json_array_end(json);
	return done;
}

void control_alert(const struct control_view *view, struct slice words, struct json *json)
{
	struct alert_reader *reader = NULL;
	struct asked asked;
	struct err err = {0};

	asked_read(&asked, view, words);
	const int64_t number = (int64_t)asked_number(&asked, "number", INT64_MAX, 0);
	if (number == 0)
		asked_wrong(&asked, "which alert? its number");
	bool done = !asked.wrong && (reader = alert_reader_open(view->derive_dir, &err)) &&
		    put_whole(reader, number, json, &err);
	put_outcome(json, &asked, done, &err);
	alert_reader_close(reader);
	asked_done(&asked);
}

/* ---- the noisiest --------------------------------------------------------------- */

/* A word for the shell. */
static void put_word(struct strbuf *out, struct slice word)
{
	strbuf_add_str(out, " '");
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] == '\'')
			strbuf_add_str(out, "'\\''");
		else
			strbuf_add_byte(out, word.ptr[i]);
	}
	strbuf_add_str(out, "'");
}

/* As narrow as it can be. */
static void put_suggestion(struct json *json, const struct alert_noise *noise)
{
	struct strbuf text = STRBUF_INIT(4096);

	strbuf_add_str(&text, "soc-ctl suppress preview --rule");
	put_word(&text, noise->rule);
	strbuf_addf(&text, " --agency %u", noise->agency);
	if (noise->hosts == 1 && noise->host != 0)
		strbuf_addf(&text, " --host %u", noise->host);
	if (noise->sources == 1 && noise->source.len > 0) {
		strbuf_add_str(&text, " --prefix");
		put_word(&text, noise->source);
	}
	json_put_text(json, "suggestion", strbuf_slice(&text));
	strbuf_done(&text);
}

static bool put_noise(void *user, const struct alert_noise *noise)
{
	struct json *json = user;

	json_object(json);
	json_put_text(json, "title", noise->title);
	json_put_u64(json, "agency", noise->agency);
	json_put_str(json, "severity", severity_name((enum severity)noise->severity));
	json_put_u64(json, "findings", noise->findings);
	json_put_u64(json, "alerts", noise->alerts);
	json_put_u64(json, "hosts", noise->hosts);
	json_put_u64(json, "sources", noise->sources);
	json_put_u64(json, "called_false", noise->called_false);
	json_put_u64(json, "suppressed", noise->suppressed);
	put_suggestion(json, noise);
	json_object_end(json);
	return true;
}

void control_alerts_noisy(
	const struct control_view *view, struct slice words, struct json *json)
{
	struct alert_reader *reader = NULL;
	struct asked asked;
	struct err err = {0};

	asked_read(&asked, view, words);
	const uint64_t days = asked_number(&asked, "days", DAYS_SHOWN, 1);
	json_key(json, SLICE_LIT("rules"));
	json_array(json);
	bool done = !asked.wrong && (reader = alert_reader_open(view->derive_dir, &err)) &&
		    alert_reader_noisy(reader, asked_day(&asked, days > 0 ? days - 1 : 0),
			    NOISY_SHOWN, put_noise, json, &err);
	json_array_end(json);
	put_outcome(json, &asked, done, &err);
	alert_reader_close(reader);
	asked_done(&asked);
}

/* ---- sums ----------------------------------------------------------------------- */

static void put_sums(struct json *json, const struct alert_sums *sums)
{
	json_key(json, SLICE_LIT("by_status"));
	json_object(json);
	for (unsigned i = 0; i < ALERT_STATUSES; i++)
		json_put_u64(json, alert_status_name((enum alert_status)i), sums->by_status[i]);
	json_object_end(json);
	json_key(json, SLICE_LIT("open_by_severity"));
	json_object(json);
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		json_put_u64(json, severity_name((enum severity)i), sums->open_by_severity[i]);
	json_object_end(json);
}

static void put_budget(
	struct json *json, const struct derive_settings *settings, uint64_t today)
{
	const uint64_t all = (uint64_t)settings->alert_budget * settings->analysts;

	json_key(json, SLICE_LIT("budget"));
	json_object(json);
	json_put_u64(json, "analysts", settings->analysts);
	json_put_u64(json, "alerts_an_analyst", settings->alert_budget);
	json_put_u64(json, "alerts_today", today);
	json_put_u64(json, "alerts_an_analyst_today",
		(today + settings->analysts - 1) / settings->analysts);
	json_put_bool(json, "exceeded", today > all);
	json_object_end(json);
}

static void put_learning(
	struct json *json, const struct derive_settings *settings, int64_t began_ns)
{
	const int64_t until_ns =
		began_ns == 0 ? 0 : began_ns + (int64_t)settings->learning_ms * CLOCK_NS_PER_MS;

	json_put_bool(json, "learning",
		settings->learning_ms > 0 && (began_ns == 0 || clock_wall_ns() < until_ns));
	json_put_time(json, "learning_until", until_ns, 0);
}

void control_alerts_summary(
	const struct control_view *view, struct slice words, struct json *json)
{
	struct alert_reader *reader = NULL;
	struct alert_sums sums;
	struct asked asked;
	struct err err = {0};

	asked_read(&asked, view, words);
	bool done =
		!asked.wrong && (reader = alert_reader_open(view->derive_dir, &err)) &&
		alert_reader_sums(reader, asked_day(&asked, 0) * CLOCK_NS_PER_S, &sums, &err);
	if (done) {
		put_learning(json, view->derive_settings, sums.began_ns);
		json_put_u64(json, "kept", sums.all);
		json_put_u64(json, "kept_most", view->derive_settings->alerts_most);
		put_sums(json, &sums);
		put_budget(json, view->derive_settings, sums.since);
	}
	put_outcome(json, &asked, done, &err);
	alert_reader_close(reader);
	asked_done(&asked);
}
