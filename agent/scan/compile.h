/*
 * compile - rule sources into libyara's rules
 *
 * Runs inside the worker. Sources only: compiled rules are code that libyara
 * would run as it is, so they are refused, and so is `include`, which reads any
 * path. A source that does not compile is refused by name; the others work.
 * Each source has its own name space, hence its own names, private and global rules.
 */
#ifndef AGENT_SCAN_COMPILE_H
#define AGENT_SCAN_COMPILE_H

#include <stdbool.h>
#include <yara.h>

#include "common/slice.h"

enum { COMPILE_WORDS_MAX = 256 };

struct compile_source {
	char *name;    /* "malware/apt.yar", for messages */
	char *ruleset; /* name space */
	char *text;    /* ends with NUL */
	size_t len;
	bool refused;
	char words[COMPILE_WORDS_MAX]; /* "12: undefined string "$b""; of a refused one */
};

/* Called before each source is looked at, so that one that hangs or crashes is known. */
typedef void (*compile_progress)(void *user, size_t source);

/* Marks refused sources. NULL when no rules are left; *words says why when it is no source's
 * fault, else it is NULL. */
YR_RULES *compile_sources(struct compile_source *sources, size_t n, compile_progress progress,
	void *user, const char **words);

/* External variables every rule may use, texts. */
enum external {
	EXTERNAL_FILENAME,  /* "httpd.log" */
	EXTERNAL_FILEPATH,  /* its folder: "/var/log" */
	EXTERNAL_EXTENSION, /* ".log", lower case */
	EXTERNAL_OWNER,     /* the owner's name; empty when the host has none */
	EXTERNAL_FILETYPE,  /* file_type.h */
	EXTERNAL_COUNT,
};

extern const char *const external_names[EXTERNAL_COUNT];

#endif
