#include "collector/control.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "collector/control_quality.h"
#include "collector/derive/outbox.h"
#include "collector/derive/statistics.h"
#include "collector/expiries.h"
#include "collector/forward/destinations.h"
#include "collector/national/message.h"
#include "collector/pipeline.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"
#include "common/shed.h"

enum { REQUEST_MAX = 256, ANSWER_MAX = 64 << 20, PATIENCE_S = 10, HELD_SHOWN_MAX = 32 };

struct control {
	struct control_view view;
	struct event_base *base;
	struct evconnlistener *socket;
	struct shed shed;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* ---- answers ---------------------------------------------------------------- */

static void put_counter(void *user, const struct counter *counter)
{
	json_put_u64(user, counter->name, counter_value(counter));
}

static void put_store(struct json *json, struct store *store)
{
	struct store_state state;

	store_state(store, &state);
	json_key(json, SLICE_LIT("store"));
	json_object(json);
	json_put_u64(json, "position", store_position(store));
	json_put_u64(json, "commits", state.commits);
	json_put_u64(json, "records", state.records);
	json_put_u64(json, "duplicates", state.duplicates);
	json_put_u64(json, "refused_batches", state.refused_batches);
	json_key(json, SLICE_LIT("bytes"));
	json_array(json);
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		json_u64(json, state.bytes[i]);
	json_array_end(json);
	json_put_u64(json, "disk_free", state.disk_free);
	json_put_u64(json, "disk_size", state.disk_size);
	json_put_bool(json, "nearly_full", state.nearly_full);
	json_put_bool(json, "retention_held", state.retention_held);
	json_put_bool(json, "refusing", state.refusing);
	json_put_bool(json, "failed", state.failed);
	json_object_end(json);
}

struct agents {
	uint64_t online, offline, expiring;
};

/* Who was not heard for so long is not expected back. */
#define EXPIRING_HEARD_NS (15 * INT64_C(86400) * CLOCK_NS_PER_S)

static bool count_agent(void *user, const struct peer_view *view)
{
	const int64_t now_ns = clock_wall_ns();
	struct agents *agents = user;

	agents->online += view->online;
	agents->offline += !view->online;
	/* A host that was taken away lets its certificate end. */
	if (view->online || now_ns - view->heard_ns < EXPIRING_HEARD_NS)
		agents->expiring +=
			expiry_is_near(EXPIRY_CERTIFICATE, &view->certificate, now_ns);
	return true;
}

static void put_agents(struct json *json, struct peers *peers)
{
	struct agents agents = {0};

	peers_walk(peers, count_agent, &agents);
	json_put_u64(json, "agents_online", agents.online);
	json_put_u64(json, "agents_offline", agents.offline);
	json_put_u64(json, "agents_expiring", agents.expiring);
}

static void put_time(struct json *json, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT_MAX];

	json_put_str(json, key, ns > 0 ? clock_format_utc(ns, 3, text) : NULL);
}

static bool put_held(void *user, const struct outbox_held *held)
{
	struct json *json = user;

	json_object(json);
	json_put_text(json, "type", held->type);
	json_put_text(json, "item", held->item);
	put_time(json, "since", held->since_ns);
	json_put_u64(json, "tries", held->tries);
	put_time(json, "retry", held->retry_ns);
	json_put_text(json, "reason", held->reason);
	json_object_end(json);
	return true;
}

static void put_expiring(void *user, const struct expiring *expiring)
{
	struct json *json = user;

	json_object(json);
	json_put_str(json, "name", expiring->name);
	put_time(json, "from", expiring->validity.from_ns);
	put_time(json, "until", expiring->validity.until_ns);
	json_put_str(json, "state",
		expiries_state(expiring->kind, &expiring->validity, clock_wall_ns()));
	json_object_end(json);
}

static void put_certificates(struct json *json, struct expiries *expiries)
{
	json_key(json, SLICE_LIT("certificates"));
	json_array(json);
	expiries_walk(expiries, put_expiring, json);
	json_array_end(json);
}

/* ---- enrichment ------------------------------------------------------------- */

static bool put_enrich_file(void *user, const struct enrich_file *file)
{
	const int64_t age_ns = clock_wall_ns() - file->built_ns;
	struct json *json = user;

	json_object(json);
	json_put_str(json, "what", file->what);
	json_put_str(json, "path", file->path);
	json_put_str(json, "holds", file->detail);
	put_time(json, "built", file->built_ns);
	json_put_u64(
		json, "age_days", age_ns > 0 ? (uint64_t)(age_ns / CLOCK_NS_PER_S / 86400) : 0);
	json_put_str(json, "state", file->changed ? "changed-since-loaded" : "loaded");
	json_object_end(json);
	return true;
}

/* A file that was replaced and refused, or never read again, is shown as changed. */
static void put_enrichment(struct json *json, struct pipeline *pipeline)
{
	struct rules *rules = pipeline_rules(pipeline);

	json_key(json, SLICE_LIT("enrichment"));
	json_array(json);
	enricher_files(rules->enricher, put_enrich_file, json);
	json_array_end(json);
	rules_unref(rules);
}

/* ---- the nation ------------------------------------------------------------- */

struct waiting {
	char type[DESTINATION_TYPE_MAX];
	uint64_t n;
	int64_t oldest_ns;
};

/* What waits, type by type, and what goes out of the queue. */
struct feed {
	struct json *json;
	struct waiting waiting[DESTINATIONS_MAX];
	unsigned n;
	struct waiting all;
};

static bool add_waiting(void *user, const struct outbox_waiting *waiting)
{
	struct feed *feed = user;
	struct waiting *all = &feed->all;

	all->n += waiting->n;
	if (all->oldest_ns == 0 || waiting->oldest_ns < all->oldest_ns)
		all->oldest_ns = waiting->oldest_ns;
	if (feed->n < DESTINATIONS_MAX) {
		struct waiting *own = &feed->waiting[feed->n++];

		snprintf(own->type, sizeof(own->type), "%.*s", SLICE_FMT(waiting->type));
		own->n = waiting->n;
		own->oldest_ns = waiting->oldest_ns;
	}
	return true;
}

static struct waiting waiting_of(const struct feed *feed, const char *type)
{
	for (unsigned i = 0; i < feed->n; i++) {
		if (strcmp(feed->waiting[i].type, type) == 0)
			return feed->waiting[i];
	}
	return (struct waiting){.n = 0};
}

static int64_t wall_of(int64_t mono_ms)
{
	return clock_wall_ns() + (mono_ms - clock_mono_ms()) * CLOCK_NS_PER_MS;
}

/* Rows that wait by themselves, while those behind them go. */
static void put_aside(struct json *json, const struct destination *destination)
{
	const struct destination_aside *aside = destination->aside;
	int64_t due_ms = INT64_MAX;

	json_put_u64(json, "aside", destination->n_aside);
	if (destination->n_aside == 0)
		return;
	for (unsigned i = 0; i < destination->n_aside; i++)
		due_ms = aside[i].due_ms < due_ms ? aside[i].due_ms : due_ms;
	json_put_i64(json, "aside_row", aside[0].row);
	put_time(json, "aside_since", aside[0].since_ns);
	put_time(json, "aside_retry", wall_of(due_ms));
	json_put_str(json, "aside_reason", destination->aside_reason);
}

static void put_destination(void *user, const struct destination *destination)
{
	const struct feed *feed = user;
	const struct waiting waiting = waiting_of(feed, destination->type);
	const bool waits = destination->retry_ms != 0;
	struct json *json = feed->json;

	json_object(json);
	json_put_str(json, "type", destination->type);
	json_put_str(json, "topic", destination->topic);
	json_put_str(json, "state",
		waits                   ? "waits"
		: destination->failures ? "tries"
					: "sends");
	json_put_u64(json, "waiting", waiting.n);
	put_time(json, "oldest_waiting", waiting.oldest_ns);
	json_put_u64(json, "in_flight", destination->in_flight);
	json_put_u64(json, "sent", destination->sent);
	put_time(json, "last_sent", destination->sent_ns);
	json_put_u64(json, "refused", destination->refused);
	json_put_u64(json, "failures", destination->failures);
	put_time(json, "failing_since", destination->failing_ns);
	put_time(json, "retry", waits ? wall_of(destination->retry_ms) : 0);
	json_put_str(json, "reason", destination->reason[0] ? destination->reason : NULL);
	put_aside(json, destination);
	json_object_end(json);
}

static void put_topics(struct feed *feed, struct forward *forward)
{
	json_key(feed->json, SLICE_LIT("topics"));
	json_array(feed->json);
	destinations_walk(forward_destinations(forward), put_destination, feed);
	json_array_end(feed->json);
}

static bool gather_waiting(struct feed *feed, const char *derive_dir, struct err *err)
{
	struct outbox_reader *reader = outbox_reader_open(derive_dir, err);
	bool done = reader != NULL && outbox_reader_waiting(reader, add_waiting, feed, err);

	outbox_reader_close(reader);
	return done;
}

static bool put_outbox(struct json *json, struct outbox_reader *reader, struct forward *forward,
	struct err *err)
{
	struct feed feed = {.json = json};
	uint64_t left_out = 0;

	if (!outbox_reader_waiting(reader, add_waiting, &feed, err) ||
		!outbox_reader_mark(reader, MESSAGE_MARK_LEFT_OUT, &left_out, err))
		return false;
	json_put_u64(json, "waiting", feed.all.n);
	put_time(json, "oldest_waiting", feed.all.oldest_ns);
	json_put_u64(json, "unreportable", left_out);
	put_topics(&feed, forward);
	json_key(json, SLICE_LIT("held"));
	json_array(json);
	bool done = outbox_reader_held(reader, HELD_SHOWN_MAX, put_held, json, err);
	json_array_end(json);
	return done;
}

static void put_derive(struct json *json, const struct control_view *view)
{
	struct derive_state state = derive_state(view->derive);
	uint64_t derived = derive_position(view->derive), stored = store_position(view->store);

	json_key(json, SLICE_LIT("derive"));
	json_object(json);
	json_put_u64(json, "behind", stored > derived ? stored - derived : 0);
	json_put_u64(json, "groups", state.groups);
	json_put_u64(json, "groups_most", state.groups_most);
	json_put_u64(json, "groups_forgotten", state.groups_forgotten);
	json_put_u64(json, "bytes", state.bytes);
	json_put_u64(json, "bytes_free", state.bytes_free);
	put_time(json, "oldest_window", state.oldest_ns);
	put_time(json, "messages_from", state.kept_from_ns);
	put_time(json, "failing_since", state.failing_since_ns);
	json_put_str(json, "failure", state.failing_since_ns > 0 ? state.failure : NULL);
	json_object_end(json);
}

/* Over a connection of its own: derive's thread has the other one. */
static void put_national(struct json *json, const struct control_view *view)
{
	struct err err;
	struct outbox_reader *reader = outbox_reader_open(view->derive_dir, &err);

	json_key(json, SLICE_LIT("national"));
	json_object(json);
	if (reader == NULL || !put_outbox(json, reader, view->forward, &err))
		json_put_str(json, "error", err.text);
	json_object_end(json);
	outbox_reader_close(reader);
}

static void answer_feed(const struct control_view *view, struct slice words, struct json *json)
{
	struct feed feed = {.json = json};
	struct err err;

	(void)words;
	if (gather_waiting(&feed, view->derive_dir, &err))
		put_topics(&feed, view->forward);
	else
		json_put_str(json, "error", err.text);
}

/* ---- own formats ------------------------------------------------------------- */

static void put_format(struct json *json, const struct own_file *file)
{
	json_object(json);
	json_put_str(json, "name", file->name);
	json_key(json, SLICE_LIT("number"));
	if (file->format != NULL)
		json_u64(json, own_format_parser(file->format)->number);
	else
		json_null(json);
	json_put_str(json, "state", own_state_name(file->state));
	json_put_str(json, "reason", file->reason[0] != '\0' ? file->reason : NULL);
	json_object_end(json);
}

static void put_formats(struct json *json, struct pipeline *pipeline)
{
	struct rules *rules = pipeline_rules(pipeline);
	const struct own_file *files;
	size_t n = own_formats_files(rules->formats, &files);

	json_key(json, SLICE_LIT("formats"));
	json_array(json);
	for (size_t i = 0; i < n; i++)
		put_format(json, &files[i]);
	json_array_end(json);
	rules_unref(rules);
}

static void answer_status(
	const struct control_view *view, struct slice words, struct json *json)
{
	(void)words;
	json_put_str(json, "version", SOC_VERSION);
	put_store(json, view->store);
	json_put_u64(json, "derived", derive_position(view->derive));
	put_derive(json, view);
	put_agents(json, ingest_peers(view->ingest));
	put_certificates(json, view->expiries);
	put_enrichment(json, view->pipeline);
	put_national(json, view);
	put_formats(json, view->pipeline);
	json_key(json, SLICE_LIT("counters"));
	json_object(json);
	counter_walk(put_counter, json);
	json_object_end(json);
}

/* 16 hexadecimal digits; null when it is not known. */
static void put_hex(struct json *json, const char *key, uint64_t number)
{
	if (number != 0)
		json_put_id(json, key, number);
	else
		json_put_str(json, key, NULL);
}

static bool put_agent(void *user, const struct peer_view *view)
{
	struct json *json = user;

	json_object(json);
	json_put_u64(json, "agency", view->agency);
	json_put_u64(json, "host", view->host);
	json_put_bool(json, "online", view->online);
	json_put_str(json, "address", view->address);
	json_put_str(json, "version", view->version);
	put_time(json, "since", view->since_ns);
	put_time(json, "heard", view->heard_ns);
	put_time(json, "certificate_until", view->certificate.until_ns);
	json_put_str(json, "certificate",
		expiries_state(EXPIRY_CERTIFICATE, &view->certificate, clock_wall_ns()));
	json_key(json, SLICE_LIT("clock_offset_ms"));
	if (view->clock_offset_ns == CLOCK_NONE)
		json_null(json);
	else
		json_i64(json, view->clock_offset_ns / CLOCK_NS_PER_MS);
	json_put_u64(json, "queued_items", view->heartbeat.queued_items);
	json_put_u64(json, "queued_bytes", view->heartbeat.queued_bytes);
	json_put_u64(json, "dropped_items", view->heartbeat.dropped_items);
	json_put_u64(json, "rss_kib", view->heartbeat.rss_kib);
	put_hex(json, "settings", view->heartbeat.settings_version);
	put_hex(json, "rules", view->heartbeat.rules_version);
	json_object_end(json);
	return true;
}

static void answer_agents(
	const struct control_view *view, struct slice words, struct json *json)
{
	(void)words;
	json_key(json, SLICE_LIT("agents"));
	json_array(json);
	peers_walk(ingest_peers(view->ingest), put_agent, json);
	json_array_end(json);
}

static bool put_stream(
	void *user, const struct stream *stream, const struct stream_position *position)
{
	struct json *json = user;

	json_object(json);
	json_put_u64(json, "agency", stream->agency);
	json_put_u64(json, "host", stream->host);
	json_put_u64(json, "lane", stream->lane);
	put_hex(json, "epoch", stream->epoch);
	json_put_bool(json, "numbered", stream->lane != SENDERS_LANE);
	json_put_u64(json, "first", position->first);
	json_put_u64(json, "stored", position->stored);
	json_put_u64(json, "records", position->records);
	json_put_u64(json, "declared", position->declared);
	json_put_u64(json, "duplicates", position->duplicates);
	json_put_u64(json, "lost", position->lost);
	put_time(json, "last_received", position->last_received_ns);
	json_object_end(json);
	return true;
}

static void answer_ledger(
	const struct control_view *view, struct slice words, struct json *json)
{
	(void)words;
	json_key(json, SLICE_LIT("streams"));
	json_array(json);
	store_ledger(view->store, put_stream, json);
	json_array_end(json);
}

static bool put_sender(void *user, const struct sender *sender)
{
	struct json *json = user;
	struct sender_state *state = sender->state;
	const int64_t missing = atomic_load(&state->missing);

	json_object(json);
	json_put_str(json, "name", sender->name);
	json_put_u64(json, "agency", sender->agency);
	json_put_u64(json, "host", sender->host);
	json_put_str(json, "identity", identity_strength_name(sender_strength(sender)));
	json_put_u64(json, "connections", atomic_load(&state->connections));
	json_put_u64(json, "connections_refused", atomic_load(&state->refused));
	json_put_u64(json, "messages", atomic_load(&state->messages));
	json_put_u64(json, "bytes", atomic_load(&state->bytes));
	json_put_u64(json, "cut", atomic_load(&state->cut));
	json_put_u64(json, "dropped", atomic_load(&state->dropped));
	json_put_u64(json, "half_bytes", atomic_load(&state->held));
	json_put_u64(json, "resent", atomic_load(&state->resent));
	json_put_u64(json, "missing", missing > 0 ? (uint64_t)missing : 0);
	json_put_u64(json, "waiting_bytes", atomic_load(&state->waiting));
	put_time(json, "heard", atomic_load(&state->heard_ns));
	json_object_end(json);
	return true;
}

static void put_strangers(struct json *json, struct ingest *ingest)
{
	struct sender_stranger *strangers = calloc(SENDER_STRANGERS_MAX, sizeof(*strangers));

	if (strangers == NULL)
		abort();
	const size_t n = ingest_strangers(ingest, strangers);
	for (size_t i = 0; i < n; i++) {
		char address[NETADDR_TEXT_MAX];

		netaddr_format(&strangers[i].address, address);
		json_object(json);
		json_put_str(json, "address", address);
		json_put_str(json, "listener", strangers[i].listener);
		json_put_u64(json, "times", strangers[i].times);
		put_time(json, "since", strangers[i].since_ns);
		put_time(json, "heard", strangers[i].heard_ns);
		json_object_end(json);
	}
	free(strangers);
}

static void answer_senders(
	const struct control_view *view, struct slice words, struct json *json)
{
	(void)words;
	json_key(json, SLICE_LIT("senders"));
	json_array(json);
	ingest_senders(view->ingest, put_sender, json);
	json_array_end(json);
	json_key(json, SLICE_LIT("unknown"));
	json_array(json);
	put_strangers(json, view->ingest);
	json_array_end(json);
}

static bool put_forwarder(void *user, const struct wef_source_view *view)
{
	struct json *json = user;

	json_object(json);
	json_put_str(json, "sender", view->sender);
	json_put_str(json, "certificate", view->certificate);
	json_put_str(json, "computer", view->computer);
	json_put_str(json, "subscription", view->subscription);
	json_put_u64(json, "events", view->events);
	json_put_u64(json, "deliveries", view->deliveries);
	json_put_u64(json, "heartbeats", view->heartbeats);
	json_put_u64(json, "heartbeat_s", view->heartbeat_ms / 1000);
	json_put_bool(json, "silent", view->is_silent);
	json_put_bool(json, "ended", view->has_ended);
	put_time(json, "heard", view->heard_ns);
	put_time(json, "delivered", view->delivered_ns);
	json_object_end(json);
	return true;
}

static void answer_forwarders(
	const struct control_view *view, struct slice words, struct json *json)
{
	(void)words;
	json_key(json, SLICE_LIT("forwarders"));
	json_array(json);
	ingest_forwarders(view->ingest, put_forwarder, json);
	json_array_end(json);
}

static bool put_masked(
	void *user, const struct masked_source *source, const struct masked_counts *counts)
{
	struct json *json = user;

	json_object(json);
	json_put_u64(json, "agency", source->agency);
	json_put_text(json, "source", slice_str(source->source));
	json_put_u64(json, "records", counts->records);
	for (unsigned i = 0; i < MASK_RULES; i++)
		json_put_u64(json, mask_rule_name((enum mask_rule)i), counts->n[i]);
	json_object_end(json);
	return true;
}

static void answer_masking(
	const struct control_view *view, struct slice words, struct json *json)
{
	(void)words;
	json_key(json, SLICE_LIT("masked"));
	json_array(json);
	mask_ledger_walk(view->masked, put_masked, json);
	json_array_end(json);
}

static bool put_finding(void *user, const struct statistics_hit *hit)
{
	struct json *json = user;

	json_object(json);
	json_put_u64(json, "agency", hit->agency);
	json_put_u64(json, "host", hit->host); /* that told of it */
	json_put_text(json, "machine", hit->machine_name);
	json_put_text(json, "address", hit->address);
	json_put_text(json, "malware", hit->name);
	json_put_text(json, "type", hit->type);
	json_put_text(json, "file", hit->path);
	json_put_u64(json, "files", hit->files);
	json_put_u64(json, "times", hit->times);
	json_put_bool(json, "open", hit->is_open);
	put_time(json, "since", hit->at_ns);
	json_object_end(json);
	return true;
}

/* The newest findings of malware, as derive.db has them. */
static void answer_malware(
	const struct control_view *view, struct slice words, struct json *json)
{
	enum { FINDINGS_MOST = 200 };
	struct err err;
	struct statistics *statistics = statistics_open(view->derive_dir, &err);

	(void)words;
	json_key(json, SLICE_LIT("malware"));
	json_array(json);
	bool done = statistics != NULL &&
		    statistics_hits_latest(statistics, FINDINGS_MOST, put_finding, json, &err);
	json_array_end(json);
	if (!done)
		json_put_str(json, "error", err.text);
	statistics_free(statistics);
}

static const struct {
	struct slice word;
	enum frame_order_kind order;
} orders[] = {
	{{SLICE_BYTES("scan")}, ORDER_SCAN},
	{{SLICE_BYTES("report")}, ORDER_REPORT},
	{{SLICE_BYTES("resend")}, ORDER_RESEND},
	{{SLICE_BYTES("slow-down")}, ORDER_SLOW_DOWN},
};

static bool order_from(struct slice word, struct frame_order *order)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (slice_eq(word, orders[i].word)) {
			order->order = (uint8_t)orders[i].order;
			return true;
		}
	}
	return false;
}

/* "scan AGENCY HOST ARGUMENT" */
static void answer_order(const struct control_view *view, struct slice words, struct json *json)
{
	struct slice word, agency_word, host_word;
	uint64_t agency, host;
	struct frame_order order;

	(void)slice_cut(&words, ' ', &word);
	(void)slice_cut(&words, ' ', &agency_word);
	(void)slice_cut(&words, ' ', &host_word);
	if (!order_from(word, &order) || !slice_to_u64(agency_word, UINT32_MAX, &agency) ||
		!slice_to_u64(host_word, UINT32_MAX, &host) ||
		!slice_to_u64(words, UINT32_MAX, &order.argument))
		json_put_str(json, "error", "order WORD AGENCY HOST ARGUMENT");
	else if (!ingest_order(view->ingest, (uint32_t)agency, (uint32_t)host, &order))
		json_put_str(json, "error", "that agent is not connected");
	else
		json_put_bool(json, "sent", true);
}

static const struct {
	struct slice word;
	void (*answer)(const struct control_view *view, struct slice words, struct json *json);
} requests[] = {
	{{SLICE_BYTES("status")}, answer_status},
	{{SLICE_BYTES("agents")}, answer_agents},
	{{SLICE_BYTES("senders")}, answer_senders},
	{{SLICE_BYTES("forwarders")}, answer_forwarders},
	{{SLICE_BYTES("malware")}, answer_malware},
	{{SLICE_BYTES("masking")}, answer_masking},
	{{SLICE_BYTES("ledger")}, answer_ledger},
	{{SLICE_BYTES("quality")}, control_quality},
	{{SLICE_BYTES("feed")}, answer_feed},
	{{SLICE_BYTES("order")}, answer_order},
};

static void put_answer(const struct control *control, struct slice words, struct json *json)
{
	struct slice word;

	(void)slice_cut(&words, ' ', &word);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		if (slice_eq(word, requests[i].word)) {
			requests[i].answer(&control->view, words, json);
			return;
		}
	}
	json_put_str(json, "error",
		"unknown request; known: status, agents, senders, forwarders, malware, "
		"masking, "
		"ledger, quality, feed, order");
}

static void answer(const struct control *control, struct slice words, struct strbuf *out)
{
	struct json json = json_into(out);

	json_object(&json);
	put_answer(control, words, &json);
	json_object_end(&json);
	strbuf_add_byte(out, '\n');
}

/* ---- connections ------------------------------------------------------------ */

static void on_written(struct bufferevent *bev, void *user)
{
	(void)user;
	bufferevent_free(bev);
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
	(void)what;
	(void)user;
	bufferevent_free(bev);
}

static void on_read(struct bufferevent *bev, void *user)
{
	struct control *control = user;
	struct evbuffer *input = bufferevent_get_input(bev);
	struct strbuf out = STRBUF_INIT(ANSWER_MAX);
	size_t len;
	char *line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);

	if (line == NULL) {
		if (evbuffer_get_length(input) > REQUEST_MAX)
			bufferevent_free(bev);
		return;
	}
	answer(control, slice_of(line, len), &out);
	free(line);
	bufferevent_disable(bev, EV_READ);
	bufferevent_setcb(bev, NULL, on_written, on_event, control);
	bufferevent_write(bev, out.ptr, out.len);
	strbuf_done(&out);
}

static void on_accept(struct evconnlistener *from, evutil_socket_t fd, struct sockaddr *address,
	int len, void *user)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct control *control = user;
	struct bufferevent *bev =
		bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)from;
	(void)address;
	(void)len;
	if (bev == NULL) {
		close(fd);
		return;
	}
	shed_taken(&control->shed);
	bufferevent_setcb(bev, on_read, NULL, on_event, control);
	bufferevent_set_timeouts(bev, &patience, &patience);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void on_accept_error(struct evconnlistener *from, void *user)
{
	struct control *control = user;

	(void)from;
	shed_error(&control->shed);
}

/* ---- life ------------------------------------------------------------------- */

static bool listen_on(struct control *control, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t old = umask(0177);

	memcpy(address.sun_path, control->path, sizeof(control->path));
	(void)unlink(control->path);
	control->socket = evconnlistener_new_bind(control->base, on_accept, control,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
		(const struct sockaddr *)&address, sizeof(address));
	umask(old);
	if (control->socket == NULL)
		return err_sys(err, "listening on %s", control->path);
	evconnlistener_set_error_cb(control->socket, on_accept_error);
	if (shed_begin(&control->shed, control->socket, "control", control->base, err))
		return true;
	evconnlistener_free(control->socket);
	return false;
}

struct control *control_open(const char *path, struct event_base *base,
	const struct control_view *view, struct err *err)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		abort();
	control->view = *view;
	control->base = base;
	if ((size_t)snprintf(control->path, sizeof(control->path), "%s", path) >=
		sizeof(control->path))
		err_set(err, "control: '%s' is longer than a socket's name may be", path);
	else if (listen_on(control, err))
		return control;
	free(control);
	return NULL;
}

void control_close(struct control *control)
{
	if (control == NULL)
		return;
	shed_end(&control->shed);
	evconnlistener_free(control->socket);
	(void)unlink(control->path);
	free(control);
}
