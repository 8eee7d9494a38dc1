/*
 * uplink - brings what is in the spool to the collector
 *
 * Speaks the agent protocol (agent/README.md): tries the collector's addresses
 * in turn with jittered back-off, which begins anew only after a connection
 * on which something was acknowledged or that lasted a minute, counts as
 * connected only after HELLO_ACK,
 * finds with the collector the place where to go on, sends within the window,
 * urgent entries first, and tells the agent what is acknowledged. Entries go
 * out as they are in the spool.
 *
 * One thread, that of the event base.
 */
#ifndef AGENT_UPLINK_H
#define AGENT_UPLINK_H

#include "agent/settings.h"
#include "agent/spool.h"

struct event_base;
struct uplink;

struct uplink_user {
	/* Something was acknowledged: the spool knows, the disk can be freed. */
	void (*on_acked)(void *user, enum frame_lane lane);
	/* A lane has an epoch that is not on disk (spool_unsaved()): save it now. False: not
	 * possible; then it is not offered, and asked for again before the next connection. */
	bool (*on_epoch)(void *user, struct err *err);
	/* Fills in what a heartbeat says of the agent. */
	void (*on_heartbeat)(void *user, struct frame_heartbeat *heartbeat);
	/* An order the uplink does not carry out itself. False when it cannot be done. */
	bool (*on_order)(void *user, const struct frame_order *order);
	/* Connected (why NULL); or a connection, or a try that never became one, is over. After
	 * a GOODBYE of our own `why` is what that said. */
	void (*on_connected)(void *user, bool connected, const char *why);
	void *user;
};

struct uplink_state {
	bool connected;
	int64_t clock_offset_ns; /* the collector's clock minus ours; 0 = unknown */
	char why[ERR_TEXT_MAX];  /* the last connection, or try, ended; "" = never */
};

/*
 * Settings, spool and `tls` are borrowed; a reference of `tls` is taken. `boot_id` is drawn at
 * each start of the agent. Nothing happens before uplink_start().
 */
struct uplink *uplink_new(struct event_base *base, const struct uplink_settings *settings,
	SSL_CTX *tls, struct spool *spool, uint64_t boot_id, const struct uplink_user *user);
void uplink_free(struct uplink *uplink);

void uplink_start(struct uplink *uplink);

/* There is something new in the spool. */
void uplink_wake(struct uplink *uplink);

/* A heartbeat now, not only at its time: what it says has changed. Nothing when not connected.
 */
void uplink_tell(struct uplink *uplink);

/* Other CRLs. A connection goes on, unless they revoke the collector's certificate. */
void uplink_trust(struct uplink *uplink, SSL_CTX *tls);

/* New settings and certificates; a connection that is open says goodbye and comes back. */
void uplink_reload(struct uplink *uplink, const struct uplink_settings *settings, SSL_CTX *tls);

/* Says GOODBYE, closes, does not come back. on_connected() tells when it is closed. */
void uplink_stop(struct uplink *uplink);

void uplink_state(const struct uplink *uplink, struct uplink_state *state);

#endif
