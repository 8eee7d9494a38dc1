/*
 * builtin - files of configs/ as they were when the program was built
 *
 * Lists of them are made by embed.py, each for the room that declares it.
 */
#ifndef COMMON_BUILTIN_H
#define COMMON_BUILTIN_H

#include "common/slice.h"

struct builtin_file {
	const char *name; /* below the list's folder */
	struct slice bytes;
};

#endif
