/* pipeline_files - the files of configs/sigma/pipelines/ that are built in */
#ifndef COLLECTOR_DETECT_SIGMA_PIPELINE_FILES_H
#define COLLECTOR_DETECT_SIGMA_PIPELINE_FILES_H

#include "common/builtin.h"

extern const struct builtin_file pipeline_files[]; /* ended by a NULL name */

#endif
