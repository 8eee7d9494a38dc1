#include "agent/agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "agent/announce.h"
#include "agent/health.h"
#include "agent/loaded.h"
#include "agent/state_folder.h"
#include "agent/trust.h"
#include "agent/uplink.h"
#include "common/clock.h"
#include "common/conf_changes.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/notify.h"

enum {
	KEEP_MS = 5000,     /* the bookmark is saved so often while something changes */
	KEEP_FULL_MS = 250, /* ... while the spool waits for room */
	TELL_FULL_MS = 60000,
	SECOND_MS = 1000,
	SECONDS_PER_HOUR = 3600,
	TRUST_SECONDS = 5,
	GOODBYE_MS = 2000, /* for the last words to be written */
	INPUTS_MAX = 16,
};

struct agent {
	const char *config;
	struct loaded *loaded; /* the settings in force */
	uint64_t boot_id;
	uint64_t told_rules; /* rules_version of the last heartbeat */
	struct trust trust;
	struct loop *loop;
	struct state_folder state;
	struct intake *intake;
	bool full[LANE_COUNT];
	int64_t told_full_ms; /* monotonic; 0 = never */
	bool told_full;
	struct uplink *uplink;
	bool connected;
	char why[ERR_TEXT_MAX];   /* it is not; each reason is logged once */
	void *inputs[INPUTS_MAX]; /* NULL: the settings name none of the kind */
	struct loaded *started_with[INPUTS_MAX];
	struct event *keep, *second, *reload, *end, *watchdog;
	struct health health;
	unsigned seconds;
	bool draining;
};

/* ---- what the parts say --------------------------------------------------- */

static bool is_full(const struct agent *agent)
{
	return agent->full[LANE_URGENT] || agent->full[LANE_BULK];
}

static void on_keep(evutil_socket_t fd, short what, void *user)
{
	struct agent *agent = user;

	(void)fd;
	(void)what;
	state_folder_keep(&agent->state, agent->intake);
	loop_arm(agent->keep, is_full(agent) ? KEEP_FULL_MS : KEEP_MS);
}

static void on_durable(void *user, enum frame_lane lane)
{
	struct agent *agent = user;

	(void)lane;
	if (agent->uplink != NULL)
		uplink_wake(agent->uplink);
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
	loop_arm(agent->keep, KEEP_FULL_MS);
	log_error("spool.full", "lane=%s reason=%s instead=files-wait-and-sockets-drop",
		frame_lane_text(lane),
		LOG_TEXT(failed ? slice_str(failed) : SLICE_LIT("its size is used up")));
	if (lane != LANE_URGENT && may_tell_full(agent))
		announce_room(agent->intake, agent->state.spool, lane, "spool-full");
}

static void on_room(void *user, enum frame_lane lane)
{
	struct agent *agent = user;

	agent->full[lane] = false;
	log_info("spool.has_room", "lane=%s", frame_lane_text(lane));
	if (lane != LANE_URGENT && agent->told_full)
		announce_room(agent->intake, agent->state.spool, lane, "spool-has-room");
	for (size_t i = 0; inputs[i] != NULL; i++)
		if (agent->inputs[i] != NULL)
			inputs[i]->resume(agent->inputs[i]);
}

static bool spool_is_acknowledged(const struct agent *agent)
{
	struct spool_state state;
	uint64_t queued = 0;

	for (unsigned i = 0; i < LANE_COUNT; i++) {
		spool_state(agent->state.spool, (enum frame_lane)i, &state);
		queued += state.queued;
	}
	return queued == 0;
}

static bool all_acknowledged(const struct agent *agent)
{
	return spool_is_acknowledged(agent) && intake_is_empty(agent->intake);
}

static void say_goodbye(struct agent *agent)
{
	loop_arm(agent->end, GOODBYE_MS);
	uplink_stop(agent->uplink);
}

static void on_acked(void *user, enum frame_lane lane)
{
	struct agent *agent = user;

	(void)lane;
	if (!agent->draining)
		return;
	if (all_acknowledged(agent))
		say_goodbye(agent);
	else if (spool_is_acknowledged(agent))
		loop_arm(agent->keep, 0); /* makes room for what waits in memory */
}

static bool on_epoch(void *user, struct err *err)
{
	struct agent *agent = user;

	return state_folder_save(&agent->state, agent->intake, err);
}

static void ask_inputs(const struct agent *agent, struct frame_heartbeat *beat)
{
	for (size_t i = 0; inputs[i] != NULL; i++)
		if (agent->inputs[i] != NULL && inputs[i]->heartbeat != NULL)
			inputs[i]->heartbeat(agent->inputs[i], beat);
}

static void on_heartbeat(void *user, struct frame_heartbeat *beat)
{
	struct agent *agent = user;

	health_heartbeat(agent->state.spool, agent->intake, beat);
	beat->settings_version = agent->loaded->version;
	ask_inputs(agent, beat);
	agent->told_rules = beat->rules_version;
}

/* Whoever rolls rules out waits for this. */
static void tell_new_rules(struct agent *agent)
{
	struct frame_heartbeat now = {0};

	ask_inputs(agent, &now);
	if (now.rules_version != agent->told_rules)
		uplink_tell(agent->uplink);
}

static void tell_counters(struct agent *agent)
{
	struct uplink_state state;

	uplink_state(agent->uplink, &state);
	announce_counters(agent->intake, &state);
}

static void on_report(void *user)
{
	tell_counters(user);
}

static bool on_order(void *user, const struct frame_order *order)
{
	struct agent *agent = user;
	bool done = order->order == ORDER_REPORT;

	if (done)
		tell_counters(agent);
	for (size_t i = 0; inputs[i] != NULL; i++)
		if (agent->inputs[i] != NULL && inputs[i]->order != NULL)
			done |= inputs[i]->order(agent->inputs[i], order);
	announce_order(agent->intake, order, done);
	return done;
}

static void on_connected(void *user, bool connected, const char *why)
{
	struct agent *agent = user;

	if (connected)
		log_info("uplink.connected", "collector=%s",
			agent->loaded->settings.uplink.collector.items[0]);
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

static void stop_input(struct agent *agent, size_t i)
{
	if (agent->inputs[i] != NULL)
		inputs[i]->stop(agent->inputs[i]);
	agent->inputs[i] = NULL;
	loaded_unref(agent->started_with[i]);
	agent->started_with[i] = NULL;
}

/* One input that fails does not keep the others from reading. */
static void start_input(struct agent *agent, size_t i)
{
	struct err err = {0};
	struct giving giving = {.input = inputs[i]};

	agent->started_with[i] = loaded_ref(agent->loaded);
	giving.self = inputs[i]->start(
		&agent->loaded->settings, loop_base(agent->loop), agent->intake, &err);
	agent->inputs[i] = giving.self;
	if (giving.self == NULL) {
		if (err.text[0] != '\0')
			announce_input_failed(agent->intake, inputs[i]->name, err.text);
		return;
	}
	if (inputs[i]->position != NULL)
		bookmark_walk(agent->state.bookmark, give_position, &giving);
	inputs[i]->begin(giving.self);
}

static void start_inputs(struct agent *agent)
{
	for (size_t i = 0; inputs[i] != NULL && i < INPUTS_MAX; i++)
		start_input(agent, i);
}

static void stop_inputs(struct agent *agent)
{
	for (size_t i = 0; inputs[i] != NULL; i++)
		stop_input(agent, i);
}

/* ---- settings ------------------------------------------------------------- */

static void refuse_settings(struct agent *agent, const char *why)
{
	log_error("settings.refused", "reason=%s instead=old-settings-stay",
		LOG_TEXT(slice_str(why)));
	announce_settings(agent->intake, "settings-refused", agent->loaded->version, why);
}

/* What differs from the settings in force. */
struct changes {
	bool inputs[INPUTS_MAX];
	bool state;
};

static void note_change(void *user, const char *key, bool live)
{
	struct changes *changes = user;

	for (size_t i = 0; inputs[i] != NULL; i++)
		changes->inputs[i] |= strcmp(key, inputs[i]->section) == 0;
	changes->state |= strcmp(key, "state") == 0;
	if (!live)
		log_warn("settings.later", "key=%s instead=holds-after-a-restart", key);
}

/* Inputs whose settings are the same go on undisturbed: a socket closed and opened again would
 * refuse its callers meanwhile, a scan would begin anew. Stopped ones end before any begins. */
static void restart_inputs(struct agent *agent, const struct changes *changes)
{
	for (size_t i = 0; inputs[i] != NULL; i++)
		if (changes->inputs[i])
			stop_input(agent, i);
	(void)intake_flush(agent->intake);
	for (size_t i = 0; inputs[i] != NULL; i++)
		if (agent->inputs[i] == NULL)
			start_input(agent, i);
}

static void use_settings(
	struct agent *agent, struct loaded *loaded, const struct changes *changes)
{
	loaded_unref(agent->loaded);
	agent->loaded = loaded;
	log_open("soc-agent", (enum log_level)loaded->settings.log_level);
	uplink_reload(agent->uplink, &loaded->settings.uplink, agent->trust.tls);
	intake_set_known(agent->intake, clock_wall_ns());
	restart_inputs(agent, changes);
	log_info("settings.loaded", "file=%s", agent->config);
	announce_settings(agent->intake, "settings-loaded", loaded->version, NULL);
}

/* False with err set when the settings cannot be taken over. */
static bool take_over(struct agent *agent, struct loaded *loaded, struct err *err)
{
	struct changes changes = {0};

	conf_changes(agent_settings_table, &agent->loaded->settings, &loaded->settings,
		note_change, &changes);
	if (changes.state)
		return err_set(err, "'state' cannot change while the agent runs");
	if (!trust_load(&agent->trust, &loaded->settings.tls, err))
		return false;
	use_settings(agent, loaded, &changes);
	return true;
}

static void reload(struct agent *agent)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct loaded *loaded = loaded_read(agent->config, &mistakes);
	struct err err = {0};

	if (loaded == NULL) {
		refuse_settings(agent, strbuf_cstr(&mistakes));
	} else if (!take_over(agent, loaded, &err)) {
		refuse_settings(agent, err.text);
		loaded_unref(loaded);
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

	loop_arm(agent->reload, 0);
}

/* ---- stopping ------------------------------------------------------------- */

static void on_stop(void *user)
{
	struct agent *agent = user;

	if (agent->draining) {
		loop_stop(agent->loop);
		return;
	}
	agent->draining = true;
	log_info("agent.stopping", "drain_ms=%llu",
		(unsigned long long)agent->loaded->settings.drain_ms);
	notify_stopping("draining");
	stop_inputs(agent);
	announce_life(agent->intake, "stopping", agent->boot_id);
	tell_counters(agent);
	(void)intake_flush(agent->intake);
	if (!agent->connected)
		loop_stop(agent->loop);
	else if (all_acknowledged(agent))
		say_goodbye(agent);
	else
		loop_arm(agent->end, agent->loaded->settings.drain_ms);
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

static void watch_trust(struct agent *agent)
{
	if (trust_watch(&agent->trust, &agent->loaded->settings.tls, agent->intake))
		uplink_trust(agent->uplink, agent->trust.tls);
}

static void on_second(evutil_socket_t fd, short what, void *user)
{
	struct agent *agent = user;

	(void)fd;
	(void)what;
	health_watch_clock(&agent->health, agent->intake);
	tell_new_rules(agent);
	if (agent->seconds % TRUST_SECONDS == 0)
		watch_trust(agent);
	if (++agent->seconds % SECONDS_PER_HOUR == 0)
		tell_counters(agent);
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

	agent->loaded = loaded_read(agent->config, &mistakes);
	if (agent->loaded == NULL) {
		fputs(strbuf_cstr(&mistakes), stderr);
		err_set(err, "%s has mistakes", agent->config);
	}
	strbuf_done(&mistakes);
	if (agent->loaded == NULL)
		return false;
	log_open("soc-agent", (enum log_level)agent->loaded->settings.log_level);
	return trust_load(&agent->trust, &agent->loaded->settings.tls, err);
}

static void say_start(struct agent *agent, const struct spool_report report[LANE_COUNT])
{
	announce_life(agent->intake, "started", agent->boot_id);
	for (unsigned i = 0; i < LANE_COUNT; i++)
		announce_damage(agent->intake, (enum frame_lane)i, &report[i].damage);
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

	agent->uplink = uplink_new(loop_base(agent->loop), &agent->loaded->settings.uplink,
		agent->trust.tls, agent->state.spool, agent->boot_id, &user);
}

static bool make_events(struct agent *agent, struct err *err)
{
	const struct loop_signals signals = {.on_stop = on_stop,
		.on_reload = on_reload_signal,
		.on_report = on_report,
		.user = agent};
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
	if (agent->loop == NULL || !make_events(agent, err) ||
		!state_folder_open(&agent->state, agent->loaded->settings.state_dir,
			&agent->loaded->settings.spool, report, err))
		return false;
	if (getrandom(&agent->boot_id, sizeof(agent->boot_id), 0) != sizeof(agent->boot_id))
		return err_sys(err, "random numbers");
	agent->intake = intake_new(
		loop_base(agent->loop), agent->state.spool, agent->state.bookmark, &user);
	intake_set_known(agent->intake, bookmark_loaded_ns(agent->state.bookmark));
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
	agent->state = (struct state_folder)STATE_FOLDER_CLOSED;
	raise_limits();
	if (load_settings(agent, err) && make_parts(agent, err))
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
	state_folder_close(&agent->state);
	free_event(agent->keep);
	free_event(agent->second);
	free_event(agent->reload);
	free_event(agent->end);
	free_event(agent->watchdog);
	loop_free(agent->loop);
	trust_done(&agent->trust);
	loaded_unref(agent->loaded);
	free(agent);
}

/* Everything is in the spool, or declared, or read again; on disk when true. */
static bool end(struct agent *agent, struct err *err)
{
	struct intake_state before, after;

	state_folder_keep(&agent->state, agent->intake); /* makes room */
	intake_state(agent->intake, &before);
	intake_give_up(agent->intake);
	intake_state(agent->intake, &after);
	if (after.dropped != before.dropped)
		log_warn("spool.full", "lost=%" PRIu64 " instead=declared-after-the-next-start",
			after.dropped - before.dropped);
	log_info("agent.stopped", "acknowledged=%s",
		all_acknowledged(agent) ? "all" : "not-all, the rest is in the spool");
	return !state_folder_changed(&agent->state, agent->intake) ||
	       state_folder_save(&agent->state, agent->intake, err);
}

bool agent_run(struct agent *agent, struct err *err)
{
	uint64_t watchdog_ms = notify_watchdog_interval_ms();

	start_inputs(agent);
	/* What there is to be read is known from here on. */
	state_folder_keep(&agent->state, agent->intake);
	uplink_start(agent->uplink);
	loop_arm(agent->keep, SECOND_MS);
	loop_arm(agent->second, SECOND_MS);
	if (watchdog_ms > 0)
		loop_arm(agent->watchdog, watchdog_ms);
	log_info("agent.started", "version=%s state=%s", SOC_VERSION,
		agent->loaded->settings.state_dir);
	notify_ready("connecting");
	loop_run(agent->loop);
	return end(agent, err);
}
