/*
 * verify - is everything in the store what was written into it
 *
 * Reads all of a store's folder, running or not, and changes nothing: check
 * sums of every running block, hashes and chain of every sealed one, whether
 * blocks unpack, whether numbers of records and commits go on without a hole,
 * whether commits are whole. What retention removed is no fault.
 *
 * A block that is damaged is reported where it is; one that is missing, where
 * the next one is.
 */
#ifndef COLLECTOR_STORE_VERIFY_H
#define COLLECTOR_STORE_VERIFY_H

#include "collector/store/store.h"

struct store_fault {
	uint8_t class;
	const char *file; /* path */
	uint64_t offset;  /* bytes */
	const char *what; /* for a person */
};

struct store_verified {
	uint64_t files, blocks, records, bytes;
	uint64_t commits_undone; /* as noted at a start; no fault */
	uint64_t removed;        /* segments, by retention */
	uint64_t faults;
	struct store_chain_head heads[STORE_CLASSES];
};

/*
 * False when the folder cannot be read (err); what was found to be wrong is told by `report`
 * and counted in `verified`.
 */
MUST_USE bool store_verify(const char *dir,
	void (*report)(void *user, const struct store_fault *fault), void *user,
	struct store_verified *verified, struct err *err);

#endif
