#include "collector/national/types/statistics_body.h"

#include "collector/national/message.h"
#include "common/clock.h"
#include "common/utf8.h"

/* Names come from outside: what they may add to a message stays well below a receiver's bound.
 */
enum { NAME_MAX_BYTES = 255, NAMES_MAX_BYTES = 512 << 10, PERMILLE = 1000 };

/* ---- pieces ----------------------------------------------------------------------- */

void statistics_key(struct strbuf *key, const char *province, struct slice whose,
	struct slice window_kind, int64_t start_ns)
{
	char start[CLOCK_TEXT_MAX];

	strbuf_add_str(key, province);
	strbuf_add_byte(key, '/');
	strbuf_add(key, whose);
	strbuf_add_str(key, "/statistics/");
	strbuf_add(key, window_kind);
	strbuf_add_byte(key, '/');
	strbuf_add_str(key, clock_format_utc(start_ns, 0, start));
}

static void put_time(struct json *json, const char *name, int64_t ns, int32_t zone_seconds)
{
	char text[CLOCK_TEXT_MAX];

	json_put_str(json, name, clock_format(ns, 0, zone_seconds, text));
}

static void begin(struct json *json, const char *name)
{
	json_key(json, slice_str(name));
	json_object(json);
}

static void begin_list(struct json *json, const char *name)
{
	json_key(json, slice_str(name));
	json_array(json);
}

/* Ended by a NULL name. */
static void put_units(struct json *json, const char *const (*units)[2])
{
	begin(json, "units");
	for (; (*units)[0] != NULL; units++)
		json_put_str(json, (*units)[0], (*units)[1]);
	json_object_end(json);
}

#define PUT_UNITS(json, ...)                                                                   \
	put_units((json), (const char *const[][2]){__VA_ARGS__, {NULL, NULL}})

static void put_head(struct json *json, const struct statistics_head *head, const char *kind)
{
	char uuid[MESSAGE_UUID_MAX];

	json_put_str(json, "schema", STATISTICS_SCHEMA);
	json_put_str(json, "kind", kind);
	json_put_str(json, "msg_id", message_uuid(head->key, head->revision, uuid));
	json_put_text(json, "key", head->key);
	json_put_u64(json, "revision", head->revision);
	put_time(json, "created", head->created_ns, head->zone_seconds);
	json_put_str(json, "dictionary", "soc-dictionary/1");
	json_put_str(json, "province_code", head->province);
}

static void put_window(struct json *json, const struct statistics_head *head)
{
	begin(json, "window");
	json_put_str(json, "kind", window_name(head->window->kind));
	put_time(json, "start", head->window->start_ns, head->zone_seconds);
	put_time(json, "end", head->window->end_ns, head->zone_seconds);
	json_object_end(json);
}

/* ---- one agency ------------------------------------------------------------------- */

static void put_count(struct json *json, const struct statistics_count *count)
{
	json_object(json);
	json_put_u64(json, "system_level", count->level);
	json_put_str(json, "class", attack_class_name((enum attack_class)count->attack));
	json_put_str(json, "severity", severity_name((enum severity)count->severity));
	json_put_str(json, "status", count->status == COUNT_RESOLVED ? "resolved" : "open");
	json_put_u64(json, "events", count->events);
	json_put_u64(json, "findings", count->findings);
	json_put_u64(json, "hosts", count->hosts);
	json_object_end(json);
}

static void put_counts(struct json *json, const struct agency_rows *rows)
{
	begin(json, "counts");
	PUT_UNITS(json, {"events", "event"}, {"findings", "finding"}, {"hosts", "host"});
	begin_list(json, "rows");
	for (size_t i = 0; i < rows->n_counts; i++)
		put_count(json, &rows->counts[i]);
	json_array_end(json);
	json_object_end(json);
}

/* Names come from rules and products; the schema gives them 1 to 255 characters. */
static void put_name(struct json *json, const char *key, struct slice name)
{
	json_put_text(json, key,
		name.len == 0 ? SLICE_LIT("Unknown") : utf8_head(name, NAME_MAX_BYTES));
}

struct listing {
	struct json *json;
	size_t start;         /* of the list in json->out */
	uint64_t names, hits; /* listed */
};

static bool put_malware_row(void *user, const struct statistics_malware *malware)
{
	struct listing *listing = user;
	struct json *json = listing->json;

	if (json->out->len - listing->start >= NAMES_MAX_BYTES)
		return true; /* it is in the rest */
	json_object(json);
	put_name(json, "name", malware->name);
	put_name(json, "type", malware->type);
	json_put_u64(json, "hits", malware->hits);
	json_put_u64(json, "hosts", malware->hosts);
	json_put_u64(json, "files", malware->files);
	json_object_end(json);
	listing->names++;
	listing->hits += malware->hits;
	return true;
}

static bool put_malware(struct json *json, const struct statistics_head *head,
	const struct agency_rows *rows, const struct statistics_names *names, struct err *err)
{
	static const struct statistics_malware_sum none = {0};
	const struct statistics_malware_sum *sum = rows->malware ? rows->malware : &none;
	struct listing listing = {.json = json, .start = json->out->len};

	begin(json, "malware");
	PUT_UNITS(
		json, {"hits", "hit"}, {"hosts", "host"}, {"files", "file"}, {"names", "name"});
	begin_list(json, "rows");
	bool done = sum->names == 0 ||
		    statistics_malware(names->statistics, head->window, names->agency,
			    names->most, put_malware_row, &listing, err);
	json_array_end(json);
	begin(json, "omitted");
	json_put_u64(json, "names", sum->names - listing.names);
	json_put_u64(json, "hits", sum->hits - listing.hits);
	json_object_end(json);
	json_object_end(json);
	return done;
}

static void put_agents(struct json *json, const struct statistics_quality *quality)
{
	begin(json, "agents");
	json_put_str(json, "unit", "agent");
	json_put_u64(json, "enrolled", quality->agents_enrolled);
	json_put_u64(json, "online", quality->agents_online);
	json_put_u64(json, "stale_15d", quality->agents_stale);
	json_object_end(json);
}

static void put_records(struct json *json, const struct statistics_quality *quality)
{
	begin(json, "quality");
	json_put_str(json, "unit", "record");
	json_put_u64(json, "records", quality->records);
	json_put_u64(json, "unparsed", quality->unknown);
	json_put_u64(json, "partial", quality->partial);
	json_put_u64(json, "damaged", quality->damaged);
	json_put_u64(json, "late", quality->late);
	json_put_u64(json, "truncated", quality->truncated);
	json_put_u64(json, "unattributed", quality->unattributed);
	json_put_u64(json, "masked", quality->masked);
	json_put_u64(json, "test", quality->test);
	json_object_end(json);
}

static void put_share(struct json *json, const struct statistics_quality *quality)
{
	uint64_t share =
		quality->records > 0 ? quality->unknown * PERMILLE / quality->records : 0;

	begin(json, "unparsed_share");
	json_put_str(json, "unit", "permille");
	json_put_u64(json, "value", share);
	json_object_end(json);
}

static void put_gaps(struct json *json, const struct statistics_quality *quality)
{
	begin(json, "gaps");
	PUT_UNITS(json, {"declared", "gap"}, {"missing", "record"});
	json_put_u64(json, "declared", quality->gaps);
	json_put_u64(json, "missing", quality->missing);
	json_object_end(json);
}

static void put_clock(struct json *json, const struct statistics_quality *quality)
{
	begin(json, "clock");
	json_put_str(json, "unit", "millisecond");
	json_key(json, SLICE_LIT("offset_max"));
	if (quality->skew_ms_max < 0)
		json_null(json);
	else
		json_i64(json, quality->skew_ms_max);
	json_object_end(json);
}

bool statistics_agency_body(const struct statistics_head *head,
	const struct agency_attributes *agency, const struct agency_rows *rows,
	const struct statistics_names *names, struct strbuf *out, struct err *err)
{
	static const struct statistics_quality none = {.skew_ms_max = -1};
	const struct statistics_quality *quality = rows->quality ? rows->quality : &none;
	struct json json = json_into(out);

	json_object(&json);
	put_head(&json, head, "agency");
	json_put_str(&json, "organ_id", agency->identifier);
	json_put_str(&json, "organ_name", agency->name);
	put_window(&json, head);
	put_counts(&json, rows);
	bool done = put_malware(&json, head, rows, names, err);
	put_agents(&json, quality);
	put_records(&json, quality);
	put_share(&json, quality);
	put_gaps(&json, quality);
	put_clock(&json, quality);
	json_object_end(&json);
	return done;
}

/* ---- the manifest ----------------------------------------------------------------- */

static void put_sum(struct json *json, const struct window_sum *sum)
{
	json_put_u64(json, "events", sum->events);
	json_put_u64(json, "findings", sum->findings);
	json_put_u64(json, "hits", sum->hits);
	json_put_u64(json, "records", sum->records);
}

static void put_whole_sum(struct json *json, const char *name, const struct window_sum *sum)
{
	begin(json, name);
	json_put_u64(json, "agencies", sum->agencies);
	put_sum(json, sum);
	json_object_end(json);
}

void statistics_manifest_begin(
	struct manifest *manifest, const struct statistics_head *head, struct json *json)
{
	*manifest = (struct manifest){.json = json};
	json_object(json);
	put_head(json, head, "manifest");
	put_window(json, head);
	PUT_UNITS(json, {"agencies", "agency"}, {"events", "event"}, {"findings", "finding"},
		{"hits", "hit"}, {"records", "record"});
	begin_list(json, "agencies");
}

void statistics_manifest_agency(struct manifest *manifest,
	const struct agency_attributes *agency, bool detail, const struct window_sum *sum)
{
	struct json *json = manifest->json;

	json_object(json);
	json_put_str(json, "organ_id", agency->identifier);
	json_put_str(json, "organ_name", agency->name);
	json_put_bool(json, "detail", detail);
	put_sum(json, sum);
	json_object_end(json);
	window_sum_add(&manifest->listed, sum);
}

void statistics_manifest_end(struct manifest *manifest, const struct window_sum *unlisted)
{
	struct window_sum totals = manifest->listed;

	window_sum_add(&totals, unlisted);
	json_array_end(manifest->json);
	put_whole_sum(manifest->json, "unlisted", unlisted);
	put_whole_sum(manifest->json, "totals", &totals);
	json_object_end(manifest->json);
}
