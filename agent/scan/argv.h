/* argv - the argument list of a process that is to be started */
#ifndef AGENT_SCAN_ARGV_H
#define AGENT_SCAN_ARGV_H

#include <stddef.h>
#include <stdint.h>

/* All zero is empty. */
struct argv {
	char **items; /* ended by NULL once something is in it */
	size_t n;
};

/* Copied. */
void argv_add(struct argv *argv, const char *text);
void argv_add_number(struct argv *argv, uint64_t number);
void argv_add_hex(struct argv *argv, uint64_t number);

/* A path as a pattern for fnmatch(3) that matches nothing but it. */
void argv_add_literal(struct argv *argv, const char *path);

void argv_done(struct argv *argv);

#endif
