/*
 * expiries - what the collector itself stands on and will expire, and warnings before
 *
 * Its server certificate and the CRLs it judges agents by, those of its
 * listeners for senders, the certificates of the signing keys as the signer holds them, and
 * Kafka's client certificate as it was read at the start. Each is warned of as expiry.h says,
 * by a line `certificate.expires` or `crl.expires` of the log; the status shows them all.
 *
 * A thread of its own looks every minute, since the signer may let it wait.
 */
#ifndef COLLECTOR_EXPIRIES_H
#define COLLECTOR_EXPIRIES_H

#include "common/err.h"
#include "common/expiry.h"

struct expiries;
struct ingest;
struct signer;

struct expiries_sources { /* borrowed */
	struct ingest *ingest;
	struct signer *signer;
	const char *kafka_certificate; /* PEM; "" = none */
};

MUST_USE struct expiries *expiries_start(
	const struct expiries_sources *sources, struct err *err);

/* NULL is fine. */
void expiries_stop(struct expiries *expiries);

/* Looks at once: after a reload. Any thread. */
void expiries_wake(struct expiries *expiries);

struct expiring {
	/* "server", "crl", "signer.jws", "signer.xml", "kafka"; of a listener for senders
	 * "listener.NAME", "listener.NAME.crl". */
	const char *name;
	enum expiry_kind kind;
	struct validity validity;
};

/* What is known to be there. Any thread. */
void expiries_walk(struct expiries *expiries,
	void (*visit)(void *user, const struct expiring *expiring), void *user);

/* "good", "soon", "expired", "early" (not valid yet) */
const char *expiries_state(
	enum expiry_kind kind, const struct validity *validity, int64_t now_ns);

#endif
