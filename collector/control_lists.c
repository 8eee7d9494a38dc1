#include <stdlib.h>

#include "collector/control_answers.h"
#include "collector/derive/statistics.h"
#include "collector/expiries.h"
#include "common/clock.h"

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
	json_put_time(json, "since", view->since_ns, 3);
	json_put_time(json, "heard", view->heard_ns, 3);
	json_put_time(json, "certificate_until", view->certificate.until_ns, 3);
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

void control_agents(const struct control_view *view, struct slice words, struct json *json)
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
	json_put_time(json, "last_received", position->last_received_ns, 3);
	json_object_end(json);
	return true;
}

void control_ledger(const struct control_view *view, struct slice words, struct json *json)
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
	json_put_time(json, "heard", atomic_load(&state->heard_ns), 3);
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
		json_put_time(json, "since", strangers[i].since_ns, 3);
		json_put_time(json, "heard", strangers[i].heard_ns, 3);
		json_object_end(json);
	}
	free(strangers);
}

void control_senders(const struct control_view *view, struct slice words, struct json *json)
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
	json_put_time(json, "heard", view->heard_ns, 3);
	json_put_time(json, "delivered", view->delivered_ns, 3);
	json_object_end(json);
	return true;
}

void control_forwarders(const struct control_view *view, struct slice words, struct json *json)
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

void control_masking(const struct control_view *view, struct slice words, struct json *json)
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
	json_put_time(json, "since", hit->at_ns, 3);
	json_object_end(json);
	return true;
}

/* The newest findings of malware, as derive.db has them. */
void control_malware(const struct control_view *view, struct slice words, struct json *json)
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
