/*
 * descriptors - as many agents as the process may have descriptors for
 *
 * Without one left the store could not begin a new segment: what is needed
 * beside agents is kept free. Private to ingest/, but for the supervisor.
 */
#ifndef COLLECTOR_INGEST_DESCRIPTORS_H
#define COLLECTOR_INGEST_DESCRIPTORS_H

#include "collector/ingest/settings.h"

/* That the settings ask for, with what the rest of the process needs. */
uint64_t descriptors_needed(const struct ingest_settings *settings);

/* Raises the limit as far as that goes without privileges. Where it is not enough,
 * connections_max and handshakes_max are cut to what it is enough for, and that is logged. */
void descriptors_fit(struct ingest_settings *settings);

#endif
