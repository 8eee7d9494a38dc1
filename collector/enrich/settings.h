/* settings - enrich.yaml: which files enrichment stands on */
#ifndef COLLECTOR_ENRICH_SETTINGS_H
#define COLLECTOR_ENRICH_SETTINGS_H

#include "common/conf.h"

struct enrich_settings {
	const char *networks;        /* "" = none */
	struct setting_texts vn;     /* paths */
	struct setting_texts geo;    /* paths */
	const char *public_suffixes; /* "" = the built-in ones alone */
	bool user_agents;
};

extern const struct setting enrich_settings_table[];

/* Each path that the file names; none when it has mistakes, which others tell. */
void enrich_settings_paths(
	const char *path, void (*visit)(void *user, const char *named), void *user);

#define ENRICH_SETTINGS_HEAD                                                                   \
	"What is added to records: where addresses are, whose networks they are in,\n"         \
	"what user agents claim to be, how names are divided. Read again on SIGHUP.\n"         \
	"Paths are relative to the folder of this file; a folder that was not named\n"         \
	"here when the collector started can be read after a restart only."

#endif
