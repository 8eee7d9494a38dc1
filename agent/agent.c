#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/health.h"
#include "agent/intake.h"
#include "agent/settings.h"
#include "agent/spool.h"
#include "agent/state_item.h"
#include "agent/uplink.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/notify.h"

enum {
	KEEP_MS = 5000,     /* the bookmark is saved so often while something changes */
	KEEP_FULL_MS = 250, /* ... while the spool waits for room */
	TELL_FULL_MS = 60000,
	SECOND_MS = 1000,
	SECONDS_PER_HOUR = 3600,
	GOODBYE_MS = 2000, /* for the last words to be written */
	INPUTS_MAX = 16,
	SETTINGS_MAX = 16 << 20,
};

struct agent {
	const char *config;
	struct conf *conf;
	struct agent_settings settings;
	uint64_t settings_version;
	uint64_t boot_id;
	SSL_CTX *tls;
	struct loop *loop;
	int lock;
	char bookmark_path[PATH_MAX];
	struct bookmark *bookmark;
	struct bookmark_lane lanes[LANE_COUNT]; /* as they were saved last */
	uint64_t saved_moves;
	bool save_failed;
	struct spool *spool;
	struct intake *intake;
	bool full[LANE_COUNT];
	int64_t told_full_ms; /* monotonic; 0 = never */
	bool told_full;
	struct uplink *uplink;
	bool connected;
	char why[ERR_TEXT_MAX];   /* it is not; each reason is logged once */
	void *inputs[INPUTS_MAX]; /* NULL: the settings name none of the kind */
	struct event *keep, *second, *reload, *end, *watchdog;
	struct health health;
	unsigned seconds;
	bool draining;
};

static const char *const lane_names[LANE_COUNT] = {"urgent", "bulk"};

static void arm(struct event *event, uint64_t ms)
{
	const struct timeval in = {
		.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	event_add(event, &in);
}

/* ---- bookmark and release ------------------------------------------------- */

/* `lanes` is only what is on disk: release may trust it. */
static bool save_bookmark(struct agent *agent, struct err *err)
{
	struct bookmark_lane now[LANE_COUNT];
	struct intake_state taken;

	memcpy(now, agent->lanes, sizeof(now));
	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(agent->spool, (enum frame_lane)i, &now[i]);
	if (!bookmark_save(agent->bookmark, agent->bookmark_path, now, err))
		return false;
	memcpy(agent->lanes, now, sizeof(now));
	intake_state(agent->intake, &taken);
	agent->saved_moves = taken.moves;
	return true;
}

static bool same_lane(const struct bookmark_lane *a, const struct bookmark_lane *b)
{
	return memcmp(a->log_id, b->log_id, sizeof(a->log_id)) == 0 && a->epoch == b->epoch &&
	       a->begin == b->begin && a->acked == b->acked && a->acked_crc == b->acked_crc &&
	       a->covered == b->covered;
}

static bool something_changed(const struct agent *agent)
{
	struct intake_state taken;
	struct bookmark_lane lane;

	intake_state(agent->intake, &taken);
	if (taken.moves != agent->saved_moves)
		return true;
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		lane = agent->lanes[i];
		spool_lane(agent->spool, (enum frame_lane)i, &lane);
		if (!same_lane(&lane, &agent->lanes[i]))
			return true;
	}
	return false;
}

static void release(struct agent *agent)
{
	struct err err;

	for (unsigned i = 0; i < LANE_COUNT; i++)
		if (!spool_release(
			    agent->spool, (enum frame_lane)i, agent->lanes[i].covered, &err))
			log_error("spool.not_released", "lane=%s reason=%s", lane_names[i],
				LOG_TEXT(slice_str(err.text)));
	intake_retry(agent->intake);
}

static void keep(struct agent *agent)
{
	struct err err;
	bool failed;

	if (!something_changed(agent))
		return;
	failed = !save_bookmark(agent, &err);
	if (failed && !agent->save_failed)
		log_error("bookmark.not_saved", "reason=%s instead=trying-again",
			LOG_TEXT(slice_str(err.text)));
	agent->save_failed = failed;
	release(agent);
}

static bool is_full(const struct agent *agent)
{
	return agent->full[LANE_URGENT] || agent->full[LANE_BULK];
}

static void on_keep(evutil_socket_t fd, short what, void *user)
{
	struct agent *agent = user;

	(void)fd;
	(void)what;
	keep(agent);
	arm(agent->keep, is_full(agent) ? KEEP_FULL_MS : KEEP_MS);
}

/* ---- what the parts say --------------------------------------------------- */

static void on_durable(void *user, enum frame_lane lane)
{
	struct agent *agent = user;

	(void)lane;
	if (agent->uplink != NULL)
		uplink_wake(agent->uplink);
}

static void say_room(struct agent *agent, enum frame_lane lane, const char *action)
{
	struct state_item item;
	struct spool_state state;

	spool_state(agent->spool, lane, &state);
	state_item_begin(&item, action);
	json_put_str(&item.json, "soc.lane", lane_names[lane]);
	json_put_u64(&item.json, "soc.spool.bytes", state.bytes);
	state_item_give(&item, agent->intake);
}

/* A spool that is full and has room again and again is told about once in a while. */
static bool may_tell_full(struct agent *agent)
{
	int64_t now_ms = clock_mono_ms();

	agent->told_full =
		agent->told_full_ms == 0 || now_ms - agent->told_full_ms >= TELL_FULL_MS;
	if (agent->told_full)
		agent->told_full_ms = now_ms;
	return agent->told_full;
}

static void on_full(void *user, enum frame_lane lane, const char *failed)
{
	struct agent *agent = user;

	agent->full[lane] = true;
	arm(agent->keep, KEEP_FULL_MS);
	log_error("spool.full", "lane=%s reason=%s instead=files-wait-and-sockets-drop",
		lane_names[lane],
		LOG_TEXT(failed ? slice_str(failed) : SLICE_LIT("its size is used up")));
	if (lane != LANE_URGENT && may_tell_full(agent))
		say_room(agent, lane, "spool-full");
}

static void on_room(void *user, enum frame_lane lane)
{
	struct agent *agent = user;

	agent->full[lane] = false;
	log_info("spool.has_room", "lane=%s", lane_names[lane]);
	if (lane != LANE_URGENT && agent->told_full)
		say_room(agent, lane, "spool-has-room");
	for (size_t i = 0; inputs[i] != NULL; i++)
		if (agent->inputs[i] != NULL)
			inputs[i]->resume(agent->inputs[i]);
}

static bool all_acknowledged(const struct agent *agent)
{
	struct spool_state state;
	uint64_t queued = 0;

	for (unsigned i = 0; i < LANE_COUNT; i++) {
		spool_state(agent->spool, (enum frame_lane)i, &state);
		queued += state.queued;
	}
	return queued == 0;
}

static void say_goodbye(struct agent *agent)
{
	arm(agent->end, GOODBYE_MS);
	uplink_stop(agent->uplink);
}

static void on_acked(void *user, enum frame_lane lane)
{
	struct agent *agent = user;

	(void)lane;
	if (agent->draining && all_acknowledged(agent))
		say_goodbye(agent);
}

static void say_epoch(struct agent *agent, enum frame_lane lane, uint64_t old, const char *why)
{
	struct bookmark_lane now = {0};
	struct state_item item;

	spool_lane(agent->spool, lane, &now);
	log_warn("spool.epoch", "lane=%s old=%016llx new=%016llx reason=\"%s\"",
		lane_names[lane], (unsigned long long)old, (unsigned long long)now.epoch, why);
	state_item_begin(&item, "epoch-chosen");
	json_put_str(&item.json, "soc.lane", lane_names[lane]);
	if (old != 0)
		state_item_id(&item, "soc.epoch.old", old);
	state_item_id(&item, "soc.epoch.new", now.epoch);
	state_item_reason(&item, why);
	state_item_give(&item, agent->intake);
}

static bool on_epoch(
	void *user, enum frame_lane lane, uint64_t old, const char *why, struct err *err)
{
	struct agent *agent = user;

	if (!save_bookmark(agent, err))
		return false;
	say_epoch(agent, lane, old, why);
	return true;
}

static void on_heartbeat(void *user, struct frame_heartbeat *beat)
{
	struct agent *agent = user;

	health_heartbeat(agent->spool, agent->intake, beat);
	beat->settings_version = agent->settings_version;
	for (size_t i = 0; inputs[i] != NULL; i++)
		if (agent->inputs[i] != NULL && inputs[i]->heartbeat != NULL)
			inputs[i]->heartbeat(agent->inputs[i], beat);
}

static bool on_order(void *user, const struct frame_order *order)
{
	static const char *const names[ORDER_KIND_COUNT] = {
		[ORDER_FETCH_BUNDLE] = "fetch-bundle",
		[ORDER_REPORT] = "report",
		[ORDER_SCAN] = "scan",
	};
	struct agent *agent = user;
	struct state_item item;
	bool done = false;

	for (size_t i = 0; inputs[i] != NULL; i++)
		if (agent->inputs[i] != NULL && inputs[i]->order != NULL)
			done |= inputs[i]->order(agent->inputs[i], order);
	log_info("order.received", "order=%s done=%d", names[order->order], done);
	state_item_begin(&item, "order-received");
	json_put_str(&item.json, "soc.order", names[order->order]);
	json_put_str(&item.json, "event.outcome", done ? "success" : "failure");
	state_item_give(&item, agent->intake);
	return done;
}

static void on_connected(void *user, bool connected, const char *why)
{
	struct agent *agent = user;

	if (connected)
		log_info("uplink.connected", "collector=%s",
			agent->settings.uplink.collector.items[0]);
	else if (agent->connected || strcmp(why, agent->why) != 0)
		log_warn("uplink.disconnected", "reason=%s", LOG_TEXT(slice_str(why)));
	snprintf(agent->why, sizeof(agent->why), "%s", connected ? "" : why);
	if (agent->draining && !connected) {
		loop_stop(agent->loop);
		return;
	}
	if (connected != agent->connected)
		notify_status(connected ? "connected" : "not connected, spooling");
	agent->connected = connected;
}

/* ---- inputs --------------------------------------------------------------- */

struct giving {
	const struct input *input;
	void *self;
};

/* What an item in the chunk at hand says is newer than what is durable. */
static void give_position(void *user, const struct bookmark_source *source)
{
	const struct giving *giving = user;
	struct slice position =
		strbuf_slice(source->pending.len > 0 ? &source->pending : &source->position);

	if (position.len > 0 && slice_eq(source->input, slice_str(giving->input->name)))
		giving->input->position(giving->self, source->name, position);
}

static void say_input(struct agent *agent, const struct input *input, const char *why)
{
	struct state_item item;

	log_error("input.failed", "input=%s reason=%s", input->name, LOG_TEXT(slice_str(why)));
	state_item_begin(&item, "input-failed");
	json_put_str(&item.json, "soc.input", input->name);
	state_item_reason(&item, why);
	state_item_give(&item, agent->intake);
}

/* One input that fails does not keep the others from reading. */
static void start_input(struct agent *agent, size_t i)
{
	struct err err = {0};
	struct giving giving = {.input = inputs[i]};

	giving.self =
		inputs[i]->start(&agent->settings, loop_base(agent->loop), agent->intake, &err);
	agent->inputs[i] = giving.self;
	if (giving.self == NULL) {
		if (err.text[0] != '\0')
			say_input(agent, inputs[i], err.text);
		return;
	}
	if (inputs[i]->position != NULL)
		bookmark_walk(agent->bookmark, give_position, &giving);
	inputs[i]->begin(giving.self);
}

static void start_inputs(struct agent *agent)
{
	for (size_t i = 0; inputs[i] != NULL && i < INPUTS_MAX; i++)
		start_input(agent, i);
}

static void stop_inputs(struct agent *agent)
{
	for (size_t i = 0; inputs[i] != NULL; i++) {
		if (agent->inputs[i] != NULL)
			inputs[i]->stop(agent->inputs[i]);
		agent->inputs[i] = NULL;
	}
}

/* ---- settings ------------------------------------------------------------- */

/* First 8 bytes of the file's SHA-256; 0 when it cannot be read. */
static uint64_t version_of(const char *path)
{
	struct strbuf text = STRBUF_INIT(SETTINGS_MAX);
	unsigned char sum[EVP_MAX_MD_SIZE] = {0};

	if (!file_read(path, &text, NULL) || EVP_Digest(strbuf_slice(&text).ptr, text.len, sum,
						     NULL, EVP_sha256(), NULL) != 1)
		memset(sum, 0, sizeof(sum));
	strbuf_done(&text);
	return bytes_get_u64(sum);
}

static void say_settings(struct agent *agent, const char *action, const char *why)
{
	struct state_item item;

	state_item_begin(&item, action);
	state_item_id(&item, "soc.settings.version", agent->settings_version);
	state_item_reason(&item, why);
	state_item_give(&item, agent->intake);
}

static void refuse_settings(struct agent *agent, const char *why)
{
	log_error("settings.refused", "reason=%s instead=old-settings-stay",
		LOG_TEXT(slice_str(why)));
	say_settings(agent, "settings-refused", why);
}

static void use_settings(struct agent *agent, struct conf *conf,
	const struct agent_settings *settings, SSL_CTX *tls)
{
	struct conf *old = agent->conf;

	stop_inputs(agent);
	(void)intake_flush(agent->intake);
	agent->conf = conf;
	agent->settings = *settings;
	agent->settings_version = version_of(agent->config);
	SSL_CTX_free(agent->tls);
	agent->tls = tls;
	log_open("soc-agent", (enum log_level)settings->log_level);
	uplink_reload(agent->uplink, &agent->settings.uplink, tls);
	intake_set_known(agent->intake, clock_wall_ns());
	start_inputs(agent);
	conf_free(old);
	log_info("settings.loaded", "file=%s", agent->config);
	say_settings(agent, "settings-loaded", NULL);
}

static void reload(struct agent *agent)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct agent_settings settings;
	struct err err = {0};
	struct conf *conf = agent_settings_load(agent->config, &settings, &mistakes);
	SSL_CTX *tls = conf != NULL ? tls_client_new(&settings.tls, &err) : NULL;

	if (tls != NULL) {
		use_settings(agent, conf, &settings, tls);
	} else {
		refuse_settings(agent, conf == NULL ? strbuf_cstr(&mistakes) : err.text);
		conf_free(conf);
	}
	strbuf_done(&mistakes);
}

static void on_reload(evutil_socket_t fd, short what, void *user)
{
	struct agent *agent = user;

	(void)fd;
	(void)what;
	if (agent->draining)
		return;
	notify_reloading();
	reload(agent);
	notify_ready(NULL);
}

/* Any number of signals until it is served are one reload. */
static void on_reload_signal(void *user)
{
	struct agent *agent = user;

	arm(agent->reload, 0);
}

/* ---- stopping ------------------------------------------------------------- */

static void say_life(struct agent *agent, const char *action)
{
	struct state_item item;

	state_item_begin(&item, action);
	json_put_str(&item.json, "agent.version", SOC_VERSION);
	state_item_id(&item, "soc.agent.boot_id", agent->boot_id);
	state_item_give(&item, agent->intake);
}

static void on_stop(void *user)
{
	struct agent *agent = user;

	if (agent->draining) {
		loop_stop(agent->loop);
		return;
	}
	agent->draining = true;
	log_info("agent.stopping", "drain_ms=%llu",
		(unsigned long long)agent->settings.drain_ms);
	notify_stopping("draining");
	stop_inputs(agent);
	say_life(agent, "stopping");
	if (!intake_flush(agent->intake))
		log_warn("spool.full", "what is in memory will be read again");
	if (!agent->connected)
		loop_stop(agent->loop);
	else if (all_acknowledged(agent))
		say_goodbye(agent);
	else
		arm(agent->end, agent->settings.drain_ms);
}

/* The time to drain is over, or that for the goodbye. */
static void on_end(evutil_socket_t fd, short what, void *user)
{
	struct agent *agent = user;

	(void)fd;
	(void)what;
	if (all_acknowledged(agent) || !agent->connected)
		loop_stop(agent->loop);
	else
		say_goodbye(agent);
	agent->connected = false;
}

/* ---- life ----------------------------------------------------------------- */

static void on_second(evutil_socket_t fd, short what, void *user)
{
	struct agent *agent = user;

	(void)fd;
	(void)what;
	health_watch_clock(&agent->health, agent->intake);
	if (agent->seconds++ % SECONDS_PER_HOUR == 0)
		health_watch_certificate(&agent->health, agent->tls, agent->intake);
}

static void on_watchdog(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
	notify_watchdog();
}

static bool load_settings(struct agent *agent, struct err *err)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);

	agent->conf = agent_settings_load(agent->config, &agent->settings, &mistakes);
	if (agent->conf == NULL) {
		fputs(strbuf_cstr(&mistakes), stderr);
		err_set(err, "%s has mistakes", agent->config);
	}
	strbuf_done(&mistakes);
	if (agent->conf == NULL)
		return false;
	log_open("soc-agent", (enum log_level)agent->settings.log_level);
	agent->settings_version = version_of(agent->config);
	agent->tls = tls_client_new(&agent->settings.tls, err);
	return agent->tls != NULL;
}

/* Two agents on one spool would destroy it. */
static bool lock_state(struct agent *agent, struct err *err)
{
	const char *dir = agent->settings.state_dir;
	char path[PATH_MAX];

	if (!file_make_dirs(dir, 0700, err))
		return false;
	snprintf(path, sizeof(path), "%s/lock", dir);
	snprintf(agent->bookmark_path, sizeof(agent->bookmark_path), "%s/bookmark", dir);
	agent->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (agent->lock < 0)
		return err_sys(err, "%s", path);
	if (flock(agent->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		return err_set(err, "%s: another agent runs here", path);
	return err_sys(err, "%s", path);
}

/* A damaged one is put aside: files without a position in the spool are read again. */
static bool load_bookmark(
	struct agent *agent, struct bookmark_lane lanes[LANE_COUNT], struct err *err)
{
	char aside[PATH_MAX + 8];

	agent->bookmark = bookmark_new();
	switch (bookmark_load(agent->bookmark, agent->bookmark_path, lanes, err)) {
	case BOOKMARK_READ:
	case BOOKMARK_MISSING:
		return true;
	case BOOKMARK_FAILED:
		return false;
	case BOOKMARK_DAMAGED:
		break;
	}
	snprintf(aside, sizeof(aside), "%s.bad", agent->bookmark_path);
	log_error("bookmark.damaged", "kept=%s instead=positions-from-the-spool", aside);
	if (rename(agent->bookmark_path, aside) != 0)
		return err_sys(err, "renaming to %s", aside);
	return true;
}

static bool open_spool(
	struct agent *agent, struct spool_report report[LANE_COUNT], struct err *err)
{
	struct bookmark_lane known[LANE_COUNT] = {0};
	char dir[PATH_MAX];

	if (!load_bookmark(agent, known, err))
		return false;
	snprintf(dir, sizeof(dir), "%s/spool", agent->settings.state_dir);
	agent->spool = spool_open(dir, &agent->settings.spool, known, report, err);
	for (unsigned i = 0; i < LANE_COUNT && agent->spool != NULL; i++) {
		bool kept = report[i].epoch == SPOOL_EPOCH_KEPT;

		if (!spool_replay(agent->spool, (enum frame_lane)i, kept ? known[i].covered : 0,
			    agent->bookmark, err))
			return false;
	}
	return agent->spool != NULL;
}

static void say_damage(
	struct agent *agent, enum frame_lane lane, const struct seglog_damage *damage)
{
	struct state_item item;

	if (damage->torn_bytes + damage->lost_sequences + damage->skipped_bytes +
			damage->foreign_segments ==
		0)
		return;
	log_warn("spool.damaged",
		"lane=%s torn_bytes=%llu lost_items=%llu skipped_bytes=%llu foreign=%llu",
		lane_names[lane], (unsigned long long)damage->torn_bytes,
		(unsigned long long)damage->lost_sequences,
		(unsigned long long)damage->skipped_bytes,
		(unsigned long long)damage->foreign_segments);
	state_item_begin(&item, "spool-damaged");
	json_put_str(&item.json, "soc.lane", lane_names[lane]);
	json_put_u64(&item.json, "soc.spool.torn_bytes", damage->torn_bytes);
	json_put_u64(&item.json, "soc.spool.lost_items", damage->lost_sequences);
	json_put_u64(&item.json, "soc.spool.skipped_bytes", damage->skipped_bytes);
	state_item_give(&item, agent->intake);
}

static void say_start(struct agent *agent, const struct spool_report report[LANE_COUNT])
{
	say_life(agent, "started");
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		if (report[i].epoch != SPOOL_EPOCH_KEPT)
			say_epoch(agent, (enum frame_lane)i, 0,
				report[i].epoch == SPOOL_EPOCH_FIRST ? "first start"
								     : "spool lost");
		say_damage(agent, (enum frame_lane)i, &report[i].damage);
	}
}

static void make_uplink(struct agent *agent)
{
	const struct uplink_user user = {
		.on_acked = on_acked,
		.on_epoch = on_epoch,
		.on_heartbeat = on_heartbeat,
		.on_order = on_order,
		.on_connected = on_connected,
		.user = agent,
	};

	agent->uplink = uplink_new(loop_base(agent->loop), &agent->settings.uplink, agent->tls,
		agent->spool, agent->boot_id, &user);
}

static bool make_events(struct agent *agent, struct err *err)
{
	const struct loop_signals signals = {
		.on_stop = on_stop, .on_reload = on_reload_signal, .user = agent};
	struct event_base *base = loop_base(agent->loop);

	agent->keep = evtimer_new(base, on_keep, agent);
	agent->second = event_new(base, -1, EV_PERSIST, on_second, agent);
	agent->reload = evtimer_new(base, on_reload, agent);
	agent->end = evtimer_new(base, on_end, agent);
	agent->watchdog = event_new(base, -1, EV_PERSIST, on_watchdog, agent);
	if (agent->keep == NULL || agent->second == NULL || agent->reload == NULL ||
		agent->end == NULL || agent->watchdog == NULL)
		return err_set(err, "creating timers");
	return loop_watch_signals(agent->loop, &signals, err);
}

static bool make_parts(struct agent *agent, struct err *err)
{
	const struct intake_user user = {.on_durable = on_durable,
		.on_full = on_full,
		.on_room = on_room,
		.user = agent};
	struct spool_report report[LANE_COUNT];

	agent->loop = loop_new(err);
	if (agent->loop == NULL || !make_events(agent, err) || !open_spool(agent, report, err))
		return false;
	if (getrandom(&agent->boot_id, sizeof(agent->boot_id), 0) != sizeof(agent->boot_id))
		return err_sys(err, "random numbers");
	agent->intake =
		intake_new(loop_base(agent->loop), agent->spool, agent->bookmark, &user);
	intake_set_known(agent->intake, bookmark_loaded_ns(agent->bookmark));
	if (!save_bookmark(agent, err)) /* epochs are durable before they are used */
		return false;
	say_start(agent, report);
	make_uplink(agent);
	return true;
}

/* Many files, many inputs: as many descriptors as we are allowed. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

struct agent *agent_new(const char *config, struct err *err)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	if (agent == NULL)
		abort();
	agent->config = config;
	agent->lock = -1;
	raise_limits();
	if (load_settings(agent, err) && lock_state(agent, err) && make_parts(agent, err))
		return agent;
	agent_free(agent);
	return NULL;
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void agent_free(struct agent *agent)
{
	if (agent == NULL)
		return;
	stop_inputs(agent);
	uplink_free(agent->uplink);
	intake_free(agent->intake);
	spool_close(agent->spool);
	bookmark_free(agent->bookmark);
	free_event(agent->keep);
	free_event(agent->second);
	free_event(agent->reload);
	free_event(agent->end);
	free_event(agent->watchdog);
	loop_free(agent->loop);
	SSL_CTX_free(agent->tls);
	conf_free(agent->conf);
	if (agent->lock >= 0)
		close(agent->lock);
	free(agent);
}

bool agent_run(struct agent *agent, struct err *err)
{
	uint64_t watchdog_ms = notify_watchdog_interval_ms();

	start_inputs(agent);
	keep(agent); /* what there is to be read is known from here on */
	uplink_start(agent->uplink);
	arm(agent->keep, SECOND_MS);
	arm(agent->second, SECOND_MS);
	if (watchdog_ms > 0)
		arm(agent->watchdog, watchdog_ms);
	log_info(
		"agent.started", "version=%s state=%s", SOC_VERSION, agent->settings.state_dir);
	notify_ready("connecting");
	loop_run(agent->loop);
	(void)intake_flush(agent->intake);
	log_info("agent.stopped", "acknowledged=%s",
		all_acknowledged(agent) ? "all" : "not-all, the rest is in the spool");
	return !something_changed(agent) || save_bookmark(agent, err);
}
