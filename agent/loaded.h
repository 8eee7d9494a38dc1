/*
 * loaded - a settings file as it was read once
 *
 * A reload brings a new one; inputs whose section is the same go on with the
 * one they were started with, which lives as long as one of them does.
 */
#ifndef AGENT_LOADED_H
#define AGENT_LOADED_H

#include "agent/settings.h"

struct loaded {
	struct agent_settings settings;
	struct conf *conf; /* owns their texts */
	uint64_t version;  /* first 8 bytes of the file's SHA-256; 0 = not known */
	unsigned refs;
};

/* One reference, the caller's. NULL with the mistakes added, a line each. */
MUST_USE struct loaded *loaded_read(const char *path, struct strbuf *mistakes);

struct loaded *loaded_ref(struct loaded *loaded);
void loaded_unref(struct loaded *loaded); /* NULL is fine */

#endif
