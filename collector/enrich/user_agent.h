/*
 * user_agent - what kind of program a User-Agent header claims to be
 *
 * It is what the client says of itself: good to find scanners that do not hide
 * and versions that are old, no proof of anything. Programs, systems and
 * devices are found by their words in a table (user_agents.def), "Name/1.2";
 * the most telling one wins, a scanner's name before a bot's before a
 * browser's. The header is RFC 9110 §10.1.5, its use that of the vendors.
 *
 * Any thread; one pass over the first USER_AGENT_READ_MAX bytes, no allocation.
 * Reading costs some 250 ns, finding again what was read before a tenth of it.
 */
#ifndef COLLECTOR_ENRICH_USER_AGENT_H
#define COLLECTOR_ENRICH_USER_AGENT_H

#include "common/slice.h"

enum { USER_AGENT_READ_MAX = 512, USER_AGENT_VERSION_MAX = 32 }; /* bytes */

enum user_agent_class {
	USER_AGENT_OTHER, /* nothing known is named */
	USER_AGENT_BROWSER,
	USER_AGENT_BOT,     /* of search engines, monitors, previews: crawls and says so */
	USER_AGENT_TOOL,    /* a program or library that people call from scripts */
	USER_AGENT_SCANNER, /* looks for weaknesses */
};

/* Slices of the text or constants; absent is what it does not say. */
struct user_agent {
	struct slice name, version;
	struct slice os_name, os_version; /* of Apple's systems with '_' for '.' */
	struct slice device;
	enum user_agent_class class;
};

void user_agent_read(struct slice text, struct user_agent *out);

enum { USER_AGENT_CACHE_SIZE = 256 };

/* What was read of the texts of late: most clients of a site say one of few. */
struct user_agent_cache {
	struct user_agent_slot {
		char text[USER_AGENT_READ_MAX]; /* which `agent` points into */
		size_t len;                     /* 0 = free */
		struct user_agent agent;
	} slots[USER_AGENT_CACHE_SIZE];
};

/* The same as user_agent_read(). The cache is zeroed at first and belongs to one thread. */
void user_agent_find(struct user_agent_cache *cache, struct slice text, struct user_agent *out);

/* "browser", "scanner", ... */
struct slice user_agent_class_name(enum user_agent_class class);

#endif
