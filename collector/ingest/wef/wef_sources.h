/*
 * wef_sources - what is known of each computer that forwards its events
 *
 * By sender, certificate, computer and subscription: how far it has delivered what
 * is durable here (its bookmark), and when it was heard. What a computer calls
 * itself only tells apart those that share a certificate: none can move the
 * bookmark of another one's. Bookmarks are its own words, kept
 * as they came and given back when it asks what it has to deliver.
 *
 * All of it is in memory and, behind it, in a file (SQLite), which a thread of
 * its own writes once a second: what a crash takes of the newest comes again from the
 * computers, whose older bookmarks are then the ones that hold. A computer whose
 * bookmark is older than its events delivers some twice, one without any goes on
 * from now on: nothing is said to be delivered before it is durable.
 *
 * WEF_SOURCES_MAX at most, and WEF_COMPUTERS_MAX of a certificate, whatever
 * computers call themselves: further ones are counted and have no bookmark. So
 * are bookmarks beyond WEF_BOOKMARKS_MAX of a certificate: the older one stays.
 * Those that were not heard for WEF_KEPT_DAYS are forgotten at a start, but only where half of
 * the places are taken: no clock that is wrong, however often, takes a bookmark while there is
 * room for it.
 *
 * Any thread. Private to ingest/, but for what control shows.
 */
#ifndef COLLECTOR_INGEST_WEF_SOURCES_H
#define COLLECTOR_INGEST_WEF_SOURCES_H

#include "common/err.h"
#include "common/strbuf.h"

struct wef_sources;

enum {
	WEF_SOURCES_MAX = 100000,
	WEF_COMPUTERS_MAX = 4000, /* of one certificate, times its subscriptions */
	WEF_KEPT_DAYS = 180,
	WEF_BOOKMARKS_MAX = 8 << 20, /* bytes of those of one certificate */
};

/* Which one. */
struct wef_source_key {
	const char *sender, *certificate, *computer, *subscription;
};

enum wef_source_event {
	WEF_SOURCE_ASKED,     /* what it has to deliver */
	WEF_SOURCE_HEARTBEAT, /* it has nothing to deliver */
	WEF_SOURCE_DELIVERED, /* `events`, all durable now */
	WEF_SOURCE_ENDED,     /* it gives the subscription up */
};

/* As control shows it. */
struct wef_source_view {
	const char *sender, *certificate, *computer, *subscription;
	int64_t heard_ns; /* wall clock; the last time of any; 0 = not since the start */
	int64_t delivered_ns, heartbeat_ns;
	uint64_t events, heartbeats, deliveries; /* since the start */
	uint64_t heartbeat_ms;                   /* as it was told to */
	bool is_silent, has_ended;
};

/* Reads the file, or makes it; `path` NULL keeps all in memory. Starts the thread. */
MUST_USE struct wef_sources *wef_sources_open(const char *path, struct err *err);

/* Writes what is new. NULL is fine. */
void wef_sources_close(struct wef_sources *sources);

/* `heartbeat_ms`: how long it may be silent. `bookmark` absent: as before. */
void wef_sources_note(struct wef_sources *sources, const struct wef_source_key *key,
	enum wef_source_event what, uint64_t events, uint64_t heartbeat_ms,
	struct slice bookmark);

/* Appends its bookmark. False when there is none. */
MUST_USE bool wef_sources_bookmark(
	struct wef_sources *sources, const struct wef_source_key *key, struct strbuf *out);

/* Marks and tells those that are silent at that moment, monotonic: the thread does so each
 * second.
 */
void wef_sources_look(struct wef_sources *sources, int64_t now_ms);

/* All, by arrival, under the lock: `visit` is quick, and returns false to stop. */
void wef_sources_walk(struct wef_sources *sources,
	bool (*visit)(void *user, const struct wef_source_view *view), void *user);

#endif
