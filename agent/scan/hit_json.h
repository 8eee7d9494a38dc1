/*
 * hit_json - a hit as JSON: the item the agent sends, and the line `scan --json` prints
 *
 * Names of files and of rules are anybody's bytes; what stands in JSON is valid UTF-8.
 */
#ifndef AGENT_SCAN_HIT_JSON_H
#define AGENT_SCAN_HIT_JSON_H

#include "agent/scan/scan.h"

enum { HIT_ITEM_MAX = 64 << 10 }; /* bytes of an item, agent/README.md */

struct hit_origin {
	uint64_t scan_id;
	const char *reason; /* "schedule", "order" */
	uint64_t rules_version;
};

/* agent/README.md, "Hit"; `out` is emptied first and holds at most HIT_ITEM_MAX bytes then. */
void hit_json_item(struct strbuf *out, const struct hit_origin *origin,
	const struct scan_object *object, const struct hit *hit);

/* {"rule":…,"path":…,…} without a newline, appended. */
void hit_json_line(struct strbuf *out, const struct scan_object *object, const struct hit *hit);

#endif
