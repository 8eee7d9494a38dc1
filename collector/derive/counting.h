/*
 * counting - reads the stored log by cursor: counts it, correlates it
 *
 * A step reads commits until it has read enough or all there is, and adds what
 * it counted to the database, inside the caller's transaction. Derive commits
 * that together with the cursor; a recount reads everything into a database of
 * its own, and correlates nothing: what was found stands in the log (design
 * decision 8).
 *
 * Private to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_COUNTING_H
#define COLLECTOR_DERIVE_COUNTING_H

#include "collector/derive/alerts.h"
#include "collector/derive/correlate.h"
#include "collector/derive/database.h"
#include "collector/derive/derive.h"
#include "collector/derive/sources.h"
#include "collector/derive/tally.h"
#include "collector/store/store.h"
#include "common/arena.h"

struct counting {
	const struct derive_settings *settings;
	struct database *database;
	struct tally tally;
	struct correlate *correlate; /* NULL: a recount */
	struct detector *detector;   /* borrowed for a step; NULL: no rules */
	struct sources *sources;     /* likewise */
	struct alerts alerts;        /* likewise none */
	bool looks;                  /* sources want the body of the record */
	struct arena arena;          /* of one decoded record */

	struct store_reader *reader;
	uint64_t position;    /* commits up to here are counted, and that is committed */
	uint64_t at;          /* of the reader, and of the correlator's state */
	uint64_t doubt_until; /* what follows from commits up to here may be stored already */
	bool caught_up;       /* with the store, in the last step */

	/* Of a recount: before this, records of some class were removed. */
	int64_t removed_ns;
	uint8_t classes_begun; /* bits */
};

/* Both must outlive it. */
void counting_init(struct counting *counting, const struct derive_settings *settings,
	struct database *database);
void counting_done(struct counting *counting);

/* At `position`: what was counted in memory behind it is thrown away, the correlator is as it
 * was saved last, and reads again from there. False: there is no reader; may be tried again. */
MUST_USE bool counting_begin(struct counting *counting, struct store *store, struct err *err);

/* *position is behind what was read. False: the transaction has to be taken back, and
 * counting_begin() to follow. */
MUST_USE bool counting_step(struct counting *counting, uint64_t *position, struct err *err);

#endif
