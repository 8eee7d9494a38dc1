/*
 * findings - what correlation concluded, as records of the log
 *
 * Conclusions are rows in the step's transaction; from there they go to the
 * store as records of a stream of their own, whose duplicates it removes, and
 * the rows go when the store has them. Private to derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_FINDINGS_H
#define COLLECTOR_DERIVE_FINDINGS_H

#include "collector/derive/database.h"
#include "collector/record/batch.h"
#include "collector/store/store.h"

/* So begin the names of rules whose findings are about a user, not an address. */
#define FINDINGS_OF_ACCOUNT "account-"

/* A field of a finding beside its rule and its subject, behind those that are in `fields`. */
void findings_put_field(struct strbuf *fields, enum field_id id, struct slice value);

/* The store lost what is behind `position`: what comes there now is new. */
MUST_USE bool findings_set_back(struct database *database, uint64_t position, struct err *err);

/*
 * At the start, in a transaction. The stream of findings is a history of its own: a database
 * that starts anew starts another. One that is older than the store, because it was restored,
 * goes on behind what is stored. What either concludes from commits up to *until may have been
 * told by its predecessor, or by nobody when that stood still: it waits ("doubts") until the
 * log is read up to there. A finding of the log that is met on the way is taken from it,
 * findings_told(); what is left then is emitted, findings_settle().
 */
MUST_USE bool findings_begin(
	struct database *database, struct store *store, uint64_t *until, struct err *err);

bool findings_are_of(const struct stream *stream);

/* The log has this one, of the same source at the same host within the hour: an attack that
 * goes on is told once an hour, and when it was concluded depends on where reading began. */
MUST_USE bool findings_told(struct database *database, const struct columns *columns,
	const struct record *record, struct err *err);

MUST_USE bool findings_settle(struct database *database, struct err *err);

/* The store has less of the stream than was told stored: what waits goes into another one. */
MUST_USE bool findings_begin_anew(struct database *database, struct err *err);

/* What waits to be emitted, oldest first, as records of `batch` in the stream of findings;
 * none leaves batch->n_records 0. */
MUST_USE bool findings_waiting(struct database *database, struct batch *batch, struct err *err);

#endif
