/*
 * groups - the states of correlations, one for each group, in bounded memory
 *
 * Found by a hash of 128 bits with a secret start value. Of every owner there
 * is an order by time of touching; when the bytes are used up, the owner that
 * has most of them loses the group that was quiet longest. Private to
 * correlator/.
 */
#ifndef COLLECTOR_DETECT_CORRELATOR_GROUPS_H
#define COLLECTOR_DETECT_CORRELATOR_GROUPS_H

#include <xxhash.h>

#include "collector/detect/correlator/correlator.h"

enum { GROUPS_OWNERS = 1024 /* told apart; those of equal remainder share */ };

/* What is counted: a time, a value, a rule. */
struct cell {
	int64_t time_ns;
	uint64_t what; /* hash of a value, or number of an entry of "rules" */
	double weight;
	uint64_t ref; /* of the newest event of it */
};

/* A value, for people. */
struct shown {
	int64_t time_ns;
	uint64_t what;
	uint16_t len;
	char text[];
};

struct group {
	XXH128_hash_t hash;
	struct group *chain;         /* of the same head */
	struct group *older, *newer; /* of the same owner */
	uint32_t owner;
	uint32_t rule; /* number of the correlation */
	uint64_t scope;
	size_t bytes;

	int64_t newest_ns; /* time of its newest event */
	int64_t first_ns;  /* of the episode, or of the window that will close */
	int64_t held_ns;   /* when the condition held last; CLOCK_NONE */
	uint64_t events;   /* since first_ns */
	uint64_t turn;     /* event that was counted last */
	bool saturated;

	struct cell *cells;
	uint32_t n_cells, cells_room;
	struct conclusion_evidence *evidence; /* in the order of their times */
	uint16_t n_evidence, evidence_room;
	uint16_t n_shown;
	struct shown *shown[CONCLUSION_VALUES_MAX];
	char *texts; /* values of group_by: length (2 bytes), bytes */
	uint32_t texts_len;
};

struct group_order {
	struct group *oldest, *newest;
	size_t bytes;
};

struct groups {
	struct group **heads;
	size_t n_heads; /* a power of two */
	size_t n, bytes, most_bytes;
	uint64_t seed;
	uint64_t evicted;
	struct group_order orders[GROUPS_OWNERS];
};

void groups_init(struct groups *groups, size_t bytes);
void groups_done(struct groups *groups);

/* NULL when there is none; it becomes the owner's youngest. */
struct group *groups_find(struct groups *groups, XXH128_hash_t hash);

/* The same, and its age stays. */
struct group *groups_peek(const struct groups *groups, XXH128_hash_t hash);

/* The youngest one of the owner. */
struct group *groups_add(struct groups *groups, XXH128_hash_t hash, uint32_t owner);
void groups_drop(struct groups *groups, struct group *group);

/* After it changed: its bytes are counted, and others, never `group` itself, make room. */
void groups_settle(struct groups *groups, struct group *group);

/* Every one, oldest first of each owner; `see` may drop the one it is given. */
void groups_walk(
	struct groups *groups, void (*see)(void *user, struct group *group), void *user);

#endif
