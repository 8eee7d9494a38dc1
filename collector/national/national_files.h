/* national_files - the files of configs/national/ that are built in. Private to national/. */
#ifndef COLLECTOR_NATIONAL_NATIONAL_FILES_H
#define COLLECTOR_NATIONAL_NATIONAL_FILES_H

#include "common/builtin.h"

extern const struct builtin_file national_files[]; /* ended by a NULL name */

#endif
