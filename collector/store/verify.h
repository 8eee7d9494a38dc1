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
	uint8_t class;    /* 0: of the store as a whole */
	const char *file; /* path */
	uint64_t offset;  /* bytes */
	uint64_t after;   /* the last commit before it that is known; 0 = none */
	const char *what; /* for a person */
};

struct store_verified_class {
	uint64_t sealed, running;           /* segments */
	uint64_t blocks, records, bytes;    /* bytes of blocks as they are stored */
	uint64_t removed;                   /* segments, by retention */
	uint64_t first_commit, last_commit; /* 0 = it holds none */
	struct store_chain_head head;       /* behind the sealed ones */
};

struct store_verified {
	struct store_verified_class classes[STORE_CLASSES];
	uint64_t commits_undone; /* as noted at a start; no fault */
	uint64_t faults;
};

struct store_verify_user {
	void (*report)(void *user, const struct store_fault *fault);
	/* Bytes of files read, and of all there were at the start; may be NULL. */
	void (*progress)(void *user, uint64_t done, uint64_t total);
	void *user;
};

/*
 * False when the folder cannot be read (err); what was found to be wrong is told and counted
 * in `verified`, sealed segments of a level before its running ones, from old to new.
 */
MUST_USE bool store_verify(const char *dir, const struct store_verify_user *user,
	struct store_verified *verified, struct err *err);

/* Sums over the classes. */
uint64_t store_verified_segments(const struct store_verified *verified);
uint64_t store_verified_blocks(const struct store_verified *verified);
uint64_t store_verified_records(const struct store_verified *verified);

#endif
