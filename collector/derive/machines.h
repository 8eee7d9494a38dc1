/*
 * machines - what is known of the hosts that agents run on, from their inventories
 *
 * One row a host: name, addresses, when its packages changed last. Private to
 * derive/.
 */
#ifndef COLLECTOR_DERIVE_MACHINES_H
#define COLLECTOR_DERIVE_MACHINES_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"

/* Names and addresses that a record has of a host; slices of it or constants, "" = unknown. */
struct machine {
	struct slice name;
	struct slice address; /* the first one: of the way to the outside, in an inventory */
	struct slice public;  /* the first one that is valid in the Internet */
};

struct machine machine_of(const struct record *record);

/* Whether machines_record() wants to see its body. */
bool machines_wants(const struct columns *columns);

/* Such a record: an older one than is known changes nothing. Inside the step's transaction. */
MUST_USE bool machines_record(struct database *database, const struct store_block *block,
	unsigned i, const struct record *record, struct err *err);

#endif
