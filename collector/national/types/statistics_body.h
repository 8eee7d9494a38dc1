/*
 * statistics_body - the JSON of the statistics message (M3)
 *
 * Two kinds under one schema (soc-statistics-1.schema.json): what one agency
 * had in one window, and the window's manifest that names every agency. The
 * same counts make the same bytes. Private to national/.
 */
#ifndef COLLECTOR_NATIONAL_TYPES_STATISTICS_BODY_H
#define COLLECTOR_NATIONAL_TYPES_STATISTICS_BODY_H

#include "collector/national/window_rows.h"
#include "collector/register/register.h"
#include "common/json.h"

#define STATISTICS_SCHEMA "soc-statistics/1"

enum { STATISTICS_KEY_MAX = 128 };

/* What stands at the top of both kinds. */
struct statistics_head {
	const struct window *window;
	struct slice key;
	uint64_t revision;
	int64_t created_ns;
	const char *province; /* "H47" */
	int32_t zone_seconds; /* times are written with it */
};

/* "H47/H47.05/statistics/5m/2026-11-22T01:00:00Z"; `whose` is "manifest" for that. Appended. */
void statistics_key(struct strbuf *key, const char *province, struct slice whose,
	struct slice window_kind, int64_t start_ns);

/* What one agency had; its names of malware are asked of `names`. */
struct statistics_names {
	struct statistics *statistics;
	uint32_t agency;
	uint32_t most; /* are listed, and not more than about 512 KiB; the rest is summed up */
};

MUST_USE bool statistics_agency_body(const struct statistics_head *head,
	const struct agency_attributes *agency, const struct agency_rows *rows,
	const struct statistics_names *names, struct strbuf *out, struct err *err);

struct manifest {
	struct json *json;
	struct window_sum listed;
};

/* A manifest is written from top to bottom: begin, agencies by number, end. */
void statistics_manifest_begin(
	struct manifest *manifest, const struct statistics_head *head, struct json *json);
void statistics_manifest_agency(struct manifest *manifest,
	const struct agency_attributes *agency, bool detail, const struct window_sum *sum);
void statistics_manifest_end(struct manifest *manifest, const struct window_sum *unlisted);

#endif
