/*
 * inventory - what this host is and what runs on it
 *
 * One item of kind inventory (agent/README.md, What items say): after every start, every
 * so many hours, when the collector orders a report, and when something in it
 * changed; at most once in INVENTORY_APART_MS. What is no change is written
 * behind everything else: uptime, and UDP ports of the range programs get
 * without asking for one.
 *
 * Read from files, never by running a program; each file is read up to a
 * limit. While the spool is full the report waits.
 */
#ifndef AGENT_INPUTS_INVENTORY_H
#define AGENT_INPUTS_INVENTORY_H

#include <stdbool.h>

#include "agent/input.h"

enum { INVENTORY_APART_MS = 600000 };

struct inventory_settings {
	bool on;
	const char *root;  /* folder that has the host's /etc, /proc, /var */
	uint64_t every_ms; /* a report at least so often, give or take a tenth */
	uint64_t look_ms;  /* changes are looked for so often */
};

extern const struct setting inventory_settings_table[];
extern const struct input inventory_input;

#endif
