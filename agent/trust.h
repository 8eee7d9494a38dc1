/*
 * trust - the agent's certificate, and whom it believes
 *
 * A context made of the files of the settings. Watches over what has an end:
 * says some days before that the certificate or a CRL expires (common/expiry.h),
 * and takes over a CRL file that was replaced, without a signal: CRLs
 * live for days, so somebody replaces them all the time. That file alone: what else the
 * settings name is read by trust_load(). CRLs that are older than those in force, or
 * that have expired while those have not, are refused by the watch (revocation_may_follow()),
 * so that a stale copy neither trusts whom the province revoked nor cuts a connection;
 * trust_load() takes what is there. One thread.
 */
#ifndef AGENT_TRUST_H
#define AGENT_TRUST_H

#include "agent/input.h"
#include "common/file.h"
#include "common/tls.h"

struct trust {
	SSL_CTX *tls;
	struct file_mark crl; /* the file as it was read */
	bool refused;         /* what is there now */
	struct file_mark bad; /* ... as it was then */
	struct expiry certificate_ends, crl_ends;
};

/* False: `trust` is as before. Else it is made of these files, the settings are borrowed no
 * longer. */
MUST_USE bool trust_load(
	struct trust *trust, const struct tls_settings *settings, struct err *err);

/* A zeroed one is fine. */
void trust_done(struct trust *trust);

/* Warns, and takes over the CRL file when it has changed: then true. `settings` are those that
 * were loaded. Call it every few seconds. */
MUST_USE bool trust_watch(
	struct trust *trust, const struct tls_settings *settings, struct intake *intake);

#endif
