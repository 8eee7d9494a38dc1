/*
 * wef_subscriptions - what computers that forward their events have to deliver
 *
 * Each is a file with a query, as Event Viewer and wecutil write it
 * (<QueryList>), and how it is to be delivered. Its version follows from all
 * that a computer is told of it: one that changes is taken on at the
 * computer's next enumeration.
 *
 * A table is immutable and reference counted; a reload makes a new one. Any
 * thread. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_WEF_SUBSCRIPTIONS_H
#define COLLECTOR_INGEST_WEF_SUBSCRIPTIONS_H

#include "collector/ingest/senders/sender_settings.h"
#include "collector/ingest/wef/wsman.h"
#include "common/conf.h"

struct wef_subscriptions;

enum {
	WEF_BODY_LEAST = 1 << 20,
	WEF_QUERY_MAX = 64 << 10,    /* bytes of a file */
	WEF_QUERIES_MAX = 160 << 10, /* of all: Windows takes 500 KiB of UTF-16 */
};

struct wef_subscription {
	const char *name;
	char id[WSMAN_UUID_SIZE];      /* of its name: where to deliver to */
	char version[WSMAN_UUID_SIZE]; /* of all of it */
	struct slice query;
	const char *locale; /* "" = the computer's */
	bool rendered, existing;
	uint64_t heartbeat_ms, latency_ms, envelope_max;
	const char *const *senders; /* by name */
	size_t n_senders;           /* 0 = all */
};

/* Mistakes of the settings and of the files they name, each where it was written. */
void wef_settings_check(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes);

/* Reads the files; nothing of `settings` is kept. NULL when one cannot be read. The caller
 * holds one reference. */
MUST_USE struct wef_subscriptions *wef_subscriptions_new(
	const struct sender_settings *settings, struct err *err);

struct wef_subscriptions *wef_subscriptions_ref(struct wef_subscriptions *subscriptions);
void wef_subscriptions_unref(struct wef_subscriptions *subscriptions); /* NULL is fine */

size_t wef_subscriptions_count(const struct wef_subscriptions *subscriptions);
const struct wef_subscription *wef_subscription_at(
	const struct wef_subscriptions *subscriptions, size_t i);

/* By the id in the address it delivers to, in whichever case; NULL = there is none. */
const struct wef_subscription *wef_subscription_by_id(
	const struct wef_subscriptions *subscriptions, struct slice id);

/* Bytes that a body may have: twice what is asked for at most, since a computer may be under an
 * older subscription, and WEF_BODY_LEAST. */
size_t wef_subscriptions_body_max(const struct wef_subscriptions *subscriptions);

/* Is the sender to have it? */
bool wef_subscription_is_for(const struct wef_subscription *subscription, const char *sender);

#endif
