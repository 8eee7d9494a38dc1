/* builtin - the files of configs/national/ as they were when the program was built. Made by
 * embed.py. Private to national/. */
#ifndef COLLECTOR_NATIONAL_BUILTIN_H
#define COLLECTOR_NATIONAL_BUILTIN_H

#include "common/slice.h"

struct builtin_file {
	const char *name; /* below configs/national/ */
	struct slice bytes;
};

extern const struct builtin_file builtin_files[]; /* ended by a NULL name */

#endif
