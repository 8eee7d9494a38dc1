/*
 * reach - what the ingest role can still touch once it runs
 *
 * The folders of its settings to read, those of its data to write, and what the
 * system's libraries read; see landlock.h and sandbox.h. A file that a setting names
 * lies in a folder that is readable as a whole, so that a new one under its
 * name is found on SIGHUP; a setting that moves to another folder needs a restart.
 */
#ifndef COLLECTOR_REACH_H
#define COLLECTOR_REACH_H

#include "collector/settings.h"

/* Makes the folders of its data, then confines the process and logs what the kernel lacks.
 * Before the first thread. */
MUST_USE bool reach_confine(
	const char *config, const struct collector_settings *settings, struct err *err);

#endif
