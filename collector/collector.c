#include "collector/collector.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/control.h"
#include "collector/expiries.h"
#include "collector/ingest/agents/presence.h"
#include "collector/national/message.h"
#include "collector/notes.h"
#include "collector/pipeline.h"
#include "collector/reach.h"
#include "collector/settings.h"
#include "collector/supervise.h"
#include "common/clock.h"
#include "common/conf_changes.h"
#include "common/log.h"
#include "common/loop.h"

struct collector {
	const char *config;
	struct collector_settings settings;
	struct conf *conf; /* owns the texts of settings */
	struct loop *loop;
	struct event *tick;
	struct rules *rules;
	struct store *store;
	struct pipeline *pipeline;
	struct notes *notes;
	struct signer *signer;
	struct derive *derive;
	struct forward *forward;
	pthread_mutex_t wake_lock; /* derive's thread wakes forward while that is there */
	bool forward_runs;
	struct ingest *ingest;
	struct expiries *expiries;
	struct control *control;
	struct presence presence;
	char *headers_path;
	int64_t headers_saved_ms;
	bool was_nearly_full, was_refusing;
	bool failed; /* it stops to be started again */
};

/* ---- rules ------------------------------------------------------------------ */

static void tell(const char *what, struct strbuf *lines)
{
	if (lines->len > 0)
		log_warn(what, "\n%s", strbuf_cstr(lines));
	strbuf_reset(lines);
}

static void tell_formats(const struct own_formats *formats)
{
	const struct own_file *files;
	size_t n = own_formats_files(formats, &files);

	for (size_t i = 0; i < n; i++) {
		if (files[i].state != OWN_LOADED)
			log_error("format.refused", "name=%s state=%s reason=\"%s\"",
				files[i].name, own_state_name(files[i].state), files[i].reason);
	}
}

/* NULL after saying what is wrong. */
static struct rules *load_rules(
	const struct collector_settings *settings, const struct rules *before)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20), warnings = STRBUF_INIT(1 << 20);
	struct rules *rules = rules_load(settings, before, &mistakes, &warnings);

	if (rules != NULL)
		tell_formats(rules->formats);
	tell("rules.warnings", &warnings);
	tell("rules.refused", &mistakes);
	strbuf_done(&mistakes);
	strbuf_done(&warnings);
	return rules;
}

static const struct agency_province *province_of(const struct collector *collector)
{
	return agencies_province(collector->rules->agencies);
}

/* ---- what ingest asks and tells --------------------------------------------- */

static void on_batch(void *user, struct batch *batch)
{
	struct collector *collector = user;

	pipeline_run(collector->pipeline, batch);
}

static bool on_knows(void *user, uint32_t agency, uint32_t host)
{
	struct collector *collector = user;
	struct agency_place place;

	return pipeline_place(collector->pipeline, agency, host, clock_wall_ns(), &place);
}

static void note(struct collector *collector, uint32_t agency, uint32_t host,
	const char *action, enum severity severity, const char *detail)
{
	struct agency_place place = {.level = 1};
	struct note entry = {
		.agency = agency,
		.host = host,
		.severity = (uint8_t)severity,
		.action = action,
	};

	(void)!pipeline_place(collector->pipeline, agency, host, clock_wall_ns(), &place);
	entry.system = place.system;
	entry.level = place.level;
	snprintf(entry.detail, sizeof(entry.detail), "%s", detail);
	notes_add(collector->notes, &entry);
}

static void on_ingest_event(
	void *user, enum ingest_event what, uint32_t agency, uint32_t host, const char *detail)
{
	static const struct {
		const char *action;
		enum severity severity;
	} notes[] = {
		[INGEST_ONLINE] = {"agent-online", SEVERITY_NONE},
		[INGEST_OFFLINE] = {"agent-offline", SEVERITY_NONE},
		[INGEST_DUPLICATE] = {"agent-duplicate", SEVERITY_HIGH},
		[INGEST_NEW_EPOCH] = {"agent-new-history", SEVERITY_MEDIUM},
		[INGEST_STRANGER] = {"sender-unknown", SEVERITY_LOW},
	};

	note(user, agency, host, notes[what].action, notes[what].severity, detail);
}

/* ---- derive ----------------------------------------------------------------- */

/* In derive's thread, inside its transaction. */
static bool on_publish(void *user, struct statistics *statistics, struct outbox *outbox,
	uint64_t position, struct err *err)
{
	struct collector *collector = user;
	struct rules *rules = pipeline_rules(collector->pipeline);
	const struct message_context context = {
		.profile = rules->profile,
		.agencies = rules->agencies,
		.signer = collector->signer,
		.now_ns = clock_wall_ns(),
		.position = position,
	};
	bool ok = messages_publish(&context, statistics, outbox, err);

	rules_unref(rules);
	return ok;
}

static struct detector *on_detector(void *user)
{
	struct collector *collector = user;
	struct rules *rules = pipeline_rules(collector->pipeline);
	struct detector *detector = detector_ref(rules->detector);

	rules_unref(rules);
	return detector;
}

static void on_emit(void *user, struct batch *batch)
{
	struct collector *collector = user;

	store_submit(collector->store, batch);
}

static void set_forward_runs(struct collector *collector, bool runs)
{
	pthread_mutex_lock(&collector->wake_lock);
	collector->forward_runs = runs;
	pthread_mutex_unlock(&collector->wake_lock);
}

/* In derive's thread, which starts before forward does and ends after it. */
static void on_outbox_filled(void *user)
{
	struct collector *collector = user;

	pthread_mutex_lock(&collector->wake_lock);
	if (collector->forward_runs)
		forward_wake(collector->forward);
	pthread_mutex_unlock(&collector->wake_lock);
}

/* ---- the tick --------------------------------------------------------------- */

static bool note_presence(void *user, const struct peer_view *view)
{
	if (view->online)
		note(user, view->agency, view->host, "agent-present", SEVERITY_NONE, "");
	return true;
}

static void watch_store(struct collector *collector)
{
	struct store_state state;

	store_state(collector->store, &state);
	if (state.nearly_full != collector->was_nearly_full)
		log_warn("store.space", "nearly_full=%d free=%llu size=%llu", state.nearly_full,
			(unsigned long long)state.disk_free,
			(unsigned long long)state.disk_size);
	if (state.refusing != collector->was_refusing)
		log_error("store.refusing", "refusing=%d free=%llu, agents keep their records",
			state.refusing, (unsigned long long)state.disk_free);
	collector->was_nearly_full = state.nearly_full;
	collector->was_refusing = state.refusing;
	if (state.failed) {
		collector->failed = true;
		loop_stop(collector->loop);
	}
}

enum { HEADERS_SAVE_MS = 10000 };

/* What is not saved when the machine stops is read by its shape, up to the next head. */
static void save_headers(struct collector *collector)
{
	struct err err = {0};

	if (!headers_save(pipeline_headers(collector->pipeline), collector->headers_path, &err))
		log_warn("collector.headers", "%s", err.text);
	collector->headers_saved_ms = clock_mono_ms();
}

static void on_rule_off(void *user, const struct sigma_rule *rule, uint64_t took_ms)
{
	const struct slice key = sigma_rule_key(rule);
	char detail[256];

	snprintf(detail, sizeof(detail), "%.*s took %llu ms in a minute (%s:%u)",
		(int)(key.len < 100 ? key.len : 100), key.ptr, (unsigned long long)took_ms,
		rule->path, rule->line);
	log_error("sigma.rule_off", "rule=%s took_ms=%llu, it is off until it is changed",
		LOG_TEXT(key), (unsigned long long)took_ms);
	note(user, 0, 0, "sigma-rule-off", SEVERITY_HIGH, detail);
}

static void watch_rules(struct collector *collector)
{
	(void)detector_take_off(collector->rules->detector, on_rule_off, collector);
}

static void on_tick(evutil_socket_t fd, short what, void *user)
{
	struct collector *collector = user;

	(void)fd;
	(void)what;
	role_alive();
	notes_tick(collector->notes);
	presence_tick(&collector->presence, clock_mono_ms(), collector->settings.presence_ms,
		ingest_peers(collector->ingest), note_presence, collector);
	watch_store(collector);
	watch_rules(collector);
	if (clock_mono_ms() - collector->headers_saved_ms >= HEADERS_SAVE_MS)
		save_headers(collector);
}

/* ---- reload ----------------------------------------------------------------- */

static void tell_change(void *user, const char *key, bool live)
{
	(void)user;
	if (!live)
		log_warn("collector.reload_partly", "key=%s, holds after a restart", key);
}

/* Keys of messages, and where their windows begin, stand in what was counted already. */
static bool same_province(const struct agency_province *a, const struct agency_province *b)
{
	return strcmp(a->code, b->code) == 0 && a->zone_seconds == b->zone_seconds;
}

static bool take_rules(struct collector *collector, const struct collector_settings *settings)
{
	struct rules *rules = load_rules(settings, collector->rules);

	if (rules == NULL)
		return false;
	if (!same_province(agencies_province(rules->agencies), province_of(collector))) {
		log_error("rules.refused", "the province's code and zone need a restart");
		rules_unref(rules);
		return false;
	}
	pipeline_use_rules(collector->pipeline, rules);
	rules_unref(collector->rules);
	collector->rules = rules;
	return true;
}

static void tell_reloaded(const struct rules *rules)
{
	const struct rule_set_figures sigma = detector_figures(rules->detector);

	log_info("collector.reloaded",
		"agencies=%zu refused_formats=%u sigma_rules=%zu refused_rules=%zu",
		agencies_count(rules->agencies), own_formats_wrong(rules->formats),
		sigma.loaded, sigma.refused);
}

static void reload(struct collector *collector, const struct collector_settings *settings)
{
	struct err err;
	bool taken = take_rules(collector, settings);

	if (!taken)
		log_error("collector.reload_refused", "the rules in force stay");
	conf_changes(
		collector_settings_table, &collector->settings, settings, tell_change, NULL);
	if (!ingest_reload(collector->ingest, &settings->ingest, &err)) {
		log_error("collector.reload_refused", "reason=\"%s\", old certificates stay",
			err.text);
		taken = false;
	}
	log_open("soc-collector", (enum log_level)settings->log_level);
	expiries_wake(collector->expiries);
	if (taken)
		tell_reloaded(collector->rules);
}

static void on_reload(void *user)
{
	struct collector *collector = user;
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(collector->config, &settings);

	if (conf != NULL)
		reload(collector, &settings);
	else
		log_error("collector.reload_refused", "what was in force stays");
	conf_free(conf);
}

static void on_stop(void *user)
{
	struct collector *collector = user;

	loop_stop(collector->loop);
}

/* ---- life ------------------------------------------------------------------- */

static bool open_store(struct collector *collector, struct err *err)
{
	struct store_recovery recovery = {0};

	collector->store = store_open(&collector->settings.store, &recovery, err);
	if (collector->store == NULL)
		return false;
	if (recovery.undone_blocks || recovery.torn_bytes || recovery.lost_records)
		log_warn("store.recovered",
			"undone_blocks=%llu torn_bytes=%llu lost_records=%llu lost_ranges=%llu",
			(unsigned long long)recovery.undone_blocks,
			(unsigned long long)recovery.torn_bytes,
			(unsigned long long)recovery.lost_records,
			(unsigned long long)recovery.lost_ranges);
	return true;
}

static void load_headers(struct collector *collector)
{
	struct strbuf path = STRBUF_INIT(PATH_MAX);

	strbuf_addf(&path, "%s/headers", collector->settings.store.dir);
	collector->headers_path = strdup(strbuf_cstr(&path));
	strbuf_done(&path);
	if (collector->headers_path == NULL)
		abort();
	headers_load(pipeline_headers(collector->pipeline), collector->headers_path);
}

static bool start_derive(struct collector *collector, struct err *err)
{
	const struct derive_callbacks callbacks = {
		on_publish, on_emit, on_detector, on_outbox_filled, collector};
	struct derive_settings settings = collector->settings.derive;

	settings.zone_seconds = province_of(collector)->zone_seconds;
	collector->derive = derive_start(&settings, collector->store, &callbacks, err);
	return collector->derive != NULL;
}

static bool start_forward(struct collector *collector, struct err *err)
{
	collector->forward = forward_start(&collector->settings.forward,
		collector->settings.derive.dir, province_of(collector)->code, collector->signer,
		collector->derive, err);
	set_forward_runs(collector, collector->forward != NULL);
	return collector->forward != NULL;
}

static bool build(struct collector *collector, struct err *err)
{
	struct collector_settings *settings = &collector->settings;

	collector->conf = collector_settings_load(collector->config, settings);
	if (collector->conf == NULL)
		return err_set(err, "%s has mistakes", collector->config);
	log_open("soc-collector", (enum log_level)settings->log_level);
	if (!reach_confine(collector->config, settings, err))
		return false;
	collector->loop = loop_new(err);
	if (collector->loop == NULL)
		return false;
	collector->rules = load_rules(settings, NULL);
	if (collector->rules == NULL)
		return err_set(err, "the register or the classes have mistakes");
	if (!open_store(collector, err))
		return false;
	const struct pipeline_stages stages = {collector->store};
	collector->pipeline = pipeline_new(&stages, collector->rules);
	load_headers(collector);
	collector->notes = notes_new(collector->store);
	collector->signer = signer_connect(ROLE_SIGNER_FD);
	return start_derive(collector, err) && start_forward(collector, err);
}

struct collector *collector_new(const char *config, struct err *err)
{
	struct collector *collector = calloc(1, sizeof(*collector));

	if (collector == NULL)
		abort();
	pthread_mutex_init(&collector->wake_lock, NULL);
	collector->config = config;
	if (build(collector, err))
		return collector;
	collector_free(collector);
	return NULL;
}

static bool listen_and_serve(struct collector *collector, struct err *err)
{
	static const struct timeval second = {.tv_sec = 1};
	const struct loop_signals signals = {
		.on_stop = on_stop, .on_reload = on_reload, .user = collector};
	const struct ingest_callbacks callbacks = {
		on_batch, on_knows, on_ingest_event, collector};
	struct event_base *base = loop_base(collector->loop);

	if (!loop_watch_signals(collector->loop, &signals, err))
		return false;
	collector->ingest = ingest_start(
		&collector->settings.ingest, base, collector->store, &callbacks, err);
	if (collector->ingest == NULL)
		return false;
	collector->expiries =
		expiries_start(&(struct expiries_sources){collector->ingest, collector->signer,
				       collector->settings.forward.kafka.certificate},
			err);
	if (collector->expiries == NULL)
		return false;
	const struct control_view view = {collector->store, collector->ingest,
		collector->derive, collector->forward, collector->expiries, collector->pipeline,
		collector->settings.derive.dir, pipeline_masked(collector->pipeline),
		&collector->settings.derive};
	collector->control = control_open(collector->settings.control, base, &view, err);
	if (collector->control == NULL)
		return false;
	collector->tick = event_new(base, -1, EV_PERSIST, on_tick, collector);
	if (collector->tick == NULL || event_add(collector->tick, &second) != 0)
		return err_set(err, "creating the tick");
	return true;
}

bool collector_run(struct collector *collector, struct err *err)
{
	if (!listen_and_serve(collector, err))
		return false;
	presence_begin(&collector->presence, clock_mono_ms());
	log_info("collector.listening", "address=%s port=%u", collector->settings.ingest.listen,
		ingest_port(collector->ingest));
	role_alive();
	loop_run(collector->loop);
	if (collector->failed)
		return err_set(err, "the store failed; what was acknowledged is in it");
	log_info("collector.stopping", "draining");
	return true;
}

void collector_free(struct collector *collector)
{
	if (collector == NULL)
		return;
	control_close(collector->control);
	expiries_stop(collector->expiries);
	ingest_stop(collector->ingest);
	notes_free(collector->notes);
	set_forward_runs(collector, false);
	forward_stop(collector->forward);
	derive_stop(collector->derive);
	signer_disconnect(collector->signer);
	if (collector->headers_path != NULL)
		save_headers(collector);
	free(collector->headers_path);
	pipeline_free(collector->pipeline);
	store_close(collector->store);
	rules_unref(collector->rules);
	if (collector->tick != NULL)
		event_free(collector->tick);
	loop_free(collector->loop);
	conf_free(collector->conf);
	pthread_mutex_destroy(&collector->wake_lock);
	free(collector);
}
