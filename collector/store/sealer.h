/*
 * sealer - the thread that seals closed segments and removes what is too old
 *
 * Runs at low priority. What it cannot do now (disk full) it tries again a
 * minute later; the store goes on meanwhile. Retention goes by the age of a
 * segment's last commit (age.h) and by the bytes of a class; it wins over readers that
 * have not come so far, which is logged and which they see as STORE_LOST.
 */
#ifndef COLLECTOR_STORE_SEALER_H
#define COLLECTOR_STORE_SEALER_H

#include "collector/store/core.h"

MUST_USE struct sealer *sealer_start(struct store *store, struct err *err);

/* Ends within the block it is at. NULL is fine. */
void sealer_stop(struct sealer *sealer);

/* Entries of the class up to `sequence` are in closed segments. Writer thread. */
void sealer_closed(struct sealer *sealer, unsigned class, uint64_t sequence);

/* Up to where the writer is to release the class's log; 0 = nothing new. Writer thread, which
 * says when it has: only then may the sealed segment be removed again. */
uint64_t sealer_release(struct sealer *sealer, unsigned class);
void sealer_release_done(struct sealer *sealer, unsigned class, uint64_t sequence);

/* Seals and removes all there is to, now, and returns when it is done. Any other thread. */
void sealer_settle(struct sealer *sealer);

/* Retention waits for a clock that jumped ahead. Any thread. */
bool sealer_held(const struct sealer *sealer);

void sealer_heads(struct sealer *sealer, struct store_chain_head heads[STORE_CLASSES]);

#endif
