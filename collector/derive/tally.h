/*
 * tally - what one step counted, in memory, before it is added to the database
 *
 * Counts per five-minute window of event time. A stamp further ahead than
 * `ahead_ms` or further back than `back_ms` of the time it was received is
 * counted at receive time and as late: decided from the record alone, so that
 * a recount decides the same. Of records marked as test or drill only their
 * number is counted. Private to derive/.
 */
#ifndef COLLECTOR_DERIVE_TALLY_H
#define COLLECTOR_DERIVE_TALLY_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"
#include "collector/derive/malware.h"
#include "collector/derive/statistics.h"
#include "common/table.h"

struct tally {
	const struct derive_settings *settings;
	int64_t from_ns, to_ns; /* of windows: others are not counted; for recount */
	struct table counts, hosts, quality, seen, days;
	struct malware malware; /* of records with a body that says so */
	struct database *database;
};

void tally_init(
	struct tally *tally, const struct derive_settings *settings, struct database *database);
void tally_done(struct tally *tally);

/* Windows outside of [from, to) are not asked for. */
void tally_limit(struct tally *tally, int64_t from_ns, int64_t to_ns);

/* The moment a record is counted at. */
int64_t tally_time(
	const struct derive_settings *settings, const struct columns *columns, bool *late);

/* False when a table is full: flush, then add again. */
MUST_USE bool tally_record(struct tally *tally, const struct columns *columns);
MUST_USE bool tally_gap(struct tally *tally, const struct store_block_gap *gap);

/* Adds everything to the database, inside the caller's transaction, and starts over. */
MUST_USE bool tally_flush(struct tally *tally, struct err *err);

#endif
