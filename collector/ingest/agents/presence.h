/*
 * presence - each connected agent is noted as present every now and then
 *
 * An agent without lines is online all the same: statistics count it by a note.
 * Notes of all agents at once would be 20,000 records in a second: a round
 * takes most of the interval, a part of the agents each time it is asked for.
 */
#ifndef COLLECTOR_INGEST_PRESENCE_H
#define COLLECTOR_INGEST_PRESENCE_H

#include "collector/ingest/agents/peers.h"

struct presence {
	int64_t since_ms; /* when the round began, monotonic */
	unsigned part;    /* of PEERS_PARTS, the next one */
};

void presence_begin(struct presence *presence, int64_t now_ms);

/*
 * Visits the agents that are due by now, connected or not. Each comes once a round; a round is
 * shorter than the interval by a tenth, so that each comes within any span of that length.
 */
void presence_tick(struct presence *presence, int64_t now_ms, uint64_t interval_ms,
	struct peers *peers, bool (*visit)(void *user, const struct peer_view *view),
	void *user);

#endif
