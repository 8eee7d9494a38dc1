/*
 * agent - the composition root: inputs, spool, uplink, and their life together
 *
 * Everything runs in one thread and one event base. SIGTERM drains: inputs
 * stop, what was read becomes durable, the spool is sent for as long as the
 * settings allow, then goodbye; a second one ends at once. SIGHUP reads the
 * settings again: they are checked whole before anything changes, and a file
 * with mistakes changes nothing.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "common/err.h"

struct agent;

/* `config`: path of the settings, borrowed. NULL with err set; mistakes in the settings are
 * written to standard error. */
MUST_USE struct agent *agent_new(const char *config, struct err *err);
void agent_free(struct agent *agent);

/* Until a signal ends it. */
MUST_USE bool agent_run(struct agent *agent, struct err *err);

#endif
