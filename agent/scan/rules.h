/*
 * rules - the sources of a rule set, gathered from files and folders
 *
 * From a folder come all files below it that end with .yar or .yara, in the
 * order of their names; a file given by itself may have any name. Nothing is
 * compiled here: that is a worker's business.
 */
#ifndef AGENT_SCAN_RULES_H
#define AGENT_SCAN_RULES_H

#include <stddef.h>

#include "common/err.h"
#include "common/strbuf.h"

enum {
	RULES_FILE_MAX = 16 << 20,   /* bytes of one source */
	RULES_TOTAL_MAX = 128 << 20, /* of all together */
	RULES_FILES_MAX = 16384,
	RULES_REASON_MAX = 256,
};

struct rule_source {
	char *path;    /* as it can be opened */
	char *name;    /* below the given folder; or the file's name */
	char *ruleset; /* YARA's name space: name without its ending, unique */
	char *text;
	size_t len;
	bool refused;
	char reason[RULES_REASON_MAX]; /* "line: message"; line 0 = of the whole file */
};

struct rules {
	struct rule_source *sources; /* also those that could not be read, refused */
	size_t n;
	size_t total; /* bytes of text */
	/* First 8 bytes of SHA-256 over name, NUL, length (8 bytes, big-endian), text of all.
	 */
	uint64_t version;
};

/* False: a path cannot be used at all, or there is no rule file, or too much of it. A single
 * file below a folder that cannot be read is refused instead. */
MUST_USE bool rules_gather(
	const char *const *paths, size_t n, struct rules *rules, struct err *err);
void rules_done(struct rules *rules);

void rules_refuse(struct rule_source *source, struct slice reason);

/* "malware/apt.yar:12: undefined string" for a person. */
void rules_reason(const struct rule_source *source, struct strbuf *out);

#endif
