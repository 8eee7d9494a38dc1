/* outputs - the members of the table in outputs.c */
#ifndef COLLECTOR_FORWARD_OUTPUTS_OUTPUTS_H
#define COLLECTOR_FORWARD_OUTPUTS_OUTPUTS_H

#include "collector/forward/output.h"

extern const struct output output_kafka, output_file;

#endif
