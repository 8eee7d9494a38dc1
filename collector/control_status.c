#include "collector/control_answers.h"
#include "collector/expiries.h"
#include "collector/pipeline.h"
#include "common/clock.h"
#include "common/counter.h"

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

static void put_expiring(void *user, const struct expiring *expiring)
{
	struct json *json = user;

	json_object(json);
	json_put_str(json, "name", expiring->name);
	json_put_time(json, "from", expiring->validity.from_ns, 3);
	json_put_time(json, "until", expiring->validity.until_ns, 3);
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

static bool put_enrich_file(void *user, const struct enrich_file *file)
{
	const int64_t age_ns = clock_wall_ns() - file->built_ns;
	struct json *json = user;

	json_object(json);
	json_put_str(json, "what", file->what);
	json_put_str(json, "path", file->path);
	json_put_str(json, "holds", file->detail);
	json_put_time(json, "built", file->built_ns, 3);
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
	json_put_u64(json, "sigma_groups", state.sigma_groups);
	json_put_u64(json, "sigma_bytes", state.sigma_bytes);
	json_put_u64(json, "sigma_forgotten", state.sigma_forgotten);
	json_put_u64(json, "bytes", state.bytes);
	json_put_u64(json, "bytes_free", state.bytes_free);
	json_put_time(json, "oldest_window", state.oldest_ns, 3);
	json_put_time(json, "messages_from", state.kept_from_ns, 3);
	json_put_time(json, "failing_since", state.failing_since_ns, 3);
	json_put_str(json, "failure", state.failing_since_ns > 0 ? state.failure : NULL);
	json_object_end(json);
}

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

static void put_sigma(struct json *json, struct pipeline *pipeline)
{
	struct rules *rules = pipeline_rules(pipeline);
	const struct rule_set_figures figures = detector_figures(rules->detector);

	json_key(json, SLICE_LIT("sigma"));
	json_object(json);
	json_put_u64(json, "loaded", figures.loaded);
	json_put_u64(json, "refused", figures.refused);
	json_put_u64(json, "without_log_source", figures.without_source);
	json_put_u64(json, "without_list", figures.without_list);
	json_put_u64(json, "bytes", figures.memory);
	json_object_end(json);
	rules_unref(rules);
}

void control_status(const struct control_view *view, struct slice words, struct json *json)
{
	(void)words;
	json_put_str(json, "version", SOC_VERSION);
	put_store(json, view->store);
	json_put_u64(json, "derived", derive_position(view->derive));
	put_derive(json, view);
	put_agents(json, ingest_peers(view->ingest));
	put_certificates(json, view->expiries);
	put_enrichment(json, view->pipeline);
	control_put_national(json, view);
	put_formats(json, view->pipeline);
	put_sigma(json, view->pipeline);
	json_key(json, SLICE_LIT("counters"));
	json_object(json);
	counter_walk(put_counter, json);
	json_object_end(json);
}
