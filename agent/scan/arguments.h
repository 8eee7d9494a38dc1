/* arguments - the argument list of a process that is to be started */
#ifndef AGENT_SCAN_ARGUMENTS_H
#define AGENT_SCAN_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

/* All zero is empty. */
struct arguments {
	char **items; /* ended by NULL once something is in it */
	size_t n;
};

/* Copied. */
void arguments_add(struct arguments *arguments, const char *text);
void arguments_add_number(struct arguments *arguments, uint64_t number);
void arguments_add_hex(struct arguments *arguments, uint64_t number);

/* A path as a pattern for fnmatch(3) that matches nothing but it. */
void arguments_add_literal(struct arguments *arguments, const char *path);

void arguments_done(struct arguments *arguments);

#endif
