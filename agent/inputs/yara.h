/*
 * yara - scheduled YARA scans
 *
 * Each scan of the settings runs every so often, at a random moment so that a
 * province does not scan at once; one at a time; in a process of its own (agent/scan/process.h)
 * with a share of one processor. Hits and the scan's own states go to the
 * urgent lane as they come. A pull input: when the spool is full the scan waits.
 *
 * The position of a source (a scan's name) is the wall clock, in seconds, when it last came to
 * its end: 8 bytes, little-endian. A restart in between begins the scan again.
 *
 * At start the rules are tried once, so that mistakes show before the first scan.
 */
#ifndef AGENT_INPUTS_YARA_H
#define AGENT_INPUTS_YARA_H

#include <stdbool.h>

#include "agent/input.h"

enum { YARA_SCANS_MAX = 32, YARA_POSITION_SIZE = 8 };

struct yara_scan_settings {
	const char *name; /* of the source */
	struct setting_texts paths;
	struct setting_texts exclude;
	uint64_t every_ms, jitter_ms;
	uint64_t size_max;    /* bytes */
	uint64_t timeout_ms;  /* for one file */
	uint32_t cpu_percent; /* of one processor */
	uint32_t depth_max;
	bool one_filesystem, network;
	bool test; /* hits are marked as test or drill */
};

struct yara_settings {
	struct setting_texts rules;    /* files and folders */
	uint64_t memory_max;           /* bytes of a worker's address space, beside the file */
	uint64_t silence_ms;           /* a scan that says nothing for so long is killed */
	struct setting_sections scans; /* struct yara_scan_settings */
};

extern const struct setting yara_settings_table[];

/* What a table cannot say about the n-th scan. */
MUST_USE bool yara_settings_check(
	const struct yara_settings *settings, size_t n, struct err *err);

extern const struct input yara_input;

#endif
