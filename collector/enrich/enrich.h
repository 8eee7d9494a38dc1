/*
 * enrich - what is known about a record's addresses, names and user agents beside the record
 *
 * Runs after normalization and before detection, so that rules can ask "from
 * abroad?", "a scanner?", "which zone?". For source, destination and client:
 *
 *	X.geo.country_iso_code, X.geo.city_name, X.as.number, X.as.organization.name
 *	soc.X.origin	internal (network plan), private, vn, foreign, reserved
 *	soc.X.zone, soc.X.agency, soc.X.system, soc.X.level	of the network plan
 *
 * then network.direction (internal, inbound, outbound, external) where both
 * ends are known and no device said it; user_agent.name, version, os, device
 * and soc.user_agent.class; the parts of url.domain and dns.question.name.
 *
 * They are stored: databases change, and what an address was when it struck is
 * evidence. What a record says of itself under these names is replaced where
 * there is an answer of ours; "soc." names no sender can write.
 *
 * An enricher is immutable but for its caches, which it lends to the thread
 * that works; a reload makes another. Values it adds are constants, slices of
 * the record, of the arena, or of the enricher: encode the batch before it goes.
 */
#ifndef COLLECTOR_ENRICH_ENRICH_H
#define COLLECTOR_ENRICH_ENRICH_H

#include "collector/enrich/settings.h"
#include "collector/record/batch.h"
#include "collector/register/register.h"

struct enricher;

/*
 * Reads enrich.yaml and all it names. NULL when one of them has mistakes: they are added to
 * `mistakes`, a line each. That there is no such file, or no Public Suffix List, is a line of
 * `warnings`. `agencies` is for the network plan; NULL: it is not checked against them. The
 * caller frees.
 */
MUST_USE struct enricher *enricher_load(const char *path,
	const struct agency_register *agencies, struct strbuf *mistakes,
	struct strbuf *warnings);

/* When no batch is under way. NULL is fine. */
void enricher_free(struct enricher *enricher);

/* All records of a batch. Those whose fields find no room stay as they are, and are counted. */
void enrich_batch(struct enricher *enricher, struct batch *batch);

/* One record; false when there was no room for all. */
bool enrich_record(struct enricher *enricher, struct arena *arena, struct record *record);

/* A file that enrichment stands on, as loaded. */
struct enrich_file {
	const char *what; /* "network-plan", "geo-database", ...: its key in enrich.yaml */
	const char *path;
	char detail[64];  /* "GeoLite2-City", "1246 ranges" */
	int64_t built_ns; /* of its data: as it says itself, else when it was written */
	bool changed;     /* the file on the disk is no longer the one that was loaded */
};

/* Until `visit` says false. */
void enricher_files(const struct enricher *enricher,
	bool (*visit)(void *user, const struct enrich_file *file), void *user);

#endif
