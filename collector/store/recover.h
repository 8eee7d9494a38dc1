/*
 * recover - what an earlier run left
 *
 * Opens the logs of the classes, undoes a commit that was not whole (some of
 * its classes have their block, some do not: it was never acknowledged), and
 * fills the ledger: the newest snapshot of all streams, then what moved since.
 * Reads the newest segment of each class and, unless that is damaged, nothing
 * else, so that the time it takes does not depend on the size of the store.
 */
#ifndef COLLECTOR_STORE_RECOVER_H
#define COLLECTOR_STORE_RECOVER_H

#include "collector/store/core.h"

MUST_USE bool store_recover(
	struct store *store, struct store_recovery *recovery, struct err *err);

#endif
