/*
 * supervise - keeps the collector's roles running, each a process of its own
 *
 * Roles are processes (design decision 13). The supervisor starts this very
 * program once per role ("run -c FILE --role NAME"), restarts one that dies
 * (with a growing wait) or gives no sign of life for too long, forwards SIGHUP
 * after it checked the settings, and on
 * SIGTERM stops them in order: those that take in data first. It holds both
 * ends of the channels between roles, so that a role that was restarted finds
 * its channel as it was. The service manager's watchdog is fed only while all
 * roles that run give signs of life. It reads nothing from the network and no
 * file but the settings.
 */
#ifndef COLLECTOR_SUPERVISE_H
#define COLLECTOR_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/roles.h"

/* Descriptors a role finds open. */
enum {
	ROLE_LIFE_FD = 3,   /* role_alive() writes signs of life */
	ROLE_SIGNER_FD = 4, /* the channel between ingest and signer */
};

struct supervise_settings {
	const char *config; /* path given with -c */
	uint64_t stop_ms;   /* a role that was told to stop and has not is killed then */
	uint64_t silent_ms; /* and so is one that gave no sign of life for so long */
	uint64_t start_ms;  /* one that is not ready after so long is told of */
	bool (*check)(const char *config);      /* says what is wrong itself */
	const struct role_identity *identities; /* of each role, see roles.h */
};

/* Until SIGTERM or SIGINT. Returns the exit status: failure when a role could not start. */
int supervise(const struct supervise_settings *settings);

/* In a role, when it is ready and then every second: it lives, and none of its threads that
 * have a pulse (common/pulse.h) has been silent for longer than the supervisor is told by this.
 * One that is quiet for more than a few seconds is logged with its name. */
void role_alive(void);

#endif
