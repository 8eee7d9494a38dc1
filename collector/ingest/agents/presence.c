#include "collector/ingest/agents/presence.h"

void presence_begin(struct presence *presence, int64_t now_ms)
{
	*presence = (struct presence){.since_ms = now_ms};
}

void presence_tick(struct presence *presence, int64_t now_ms, uint64_t interval_ms,
	struct peers *peers, bool (*visit)(void *user, const struct peer_view *view),
	void *user)
{
	const uint64_t round_ms = interval_ms - interval_ms / 10;
	const uint64_t passed_ms = (uint64_t)(now_ms - presence->since_ms);
	const unsigned due = passed_ms < round_ms
				     ? (unsigned)(passed_ms * PEERS_PARTS / round_ms)
				     : PEERS_PARTS;

	peers_walk_parts(peers, presence->part, due, visit, user);
	presence->part = due;
	if (due == PEERS_PARTS) {
		presence->part = 0;
		/* One that is late by more than a round skips it. */
		presence->since_ms = passed_ms < 2 * round_ms
					     ? presence->since_ms + (int64_t)round_ms
					     : now_ms;
	}
}
