/* class_files - configs/sigma/classes.yaml, as it is built in */
#ifndef COLLECTOR_DETECT_SIGMA_CLASS_FILES_H
#define COLLECTOR_DETECT_SIGMA_CLASS_FILES_H

#include "common/builtin.h"

extern const struct builtin_file class_files[]; /* ended by a NULL name */

#endif
