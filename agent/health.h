/*
 * health - how the agent is: memory, processor time, its clock, its certificate
 *
 * One thread.
 */
#ifndef AGENT_HEALTH_H
#define AGENT_HEALTH_H

#include <openssl/ssl.h>

#include "agent/intake.h"
#include "agent/spool.h"

struct health {
	int64_t clocks_ns;        /* wall minus monotonic when last looked at; 0 = not yet */
	int64_t certificate_told; /* not_after of the certificate that was warned about */
};

/* All but the clocks and the versions. */
void health_heartbeat(
	const struct spool *spool, const struct intake *intake, struct frame_heartbeat *beat);

/* Says so when the wall clock jumped since the last call. Call it about every second. */
void health_watch_clock(struct health *health, struct intake *intake);

/* Says so, once, when the certificate of `tls` ends within two weeks. */
void health_watch_certificate(struct health *health, const SSL_CTX *tls, struct intake *intake);

#endif
