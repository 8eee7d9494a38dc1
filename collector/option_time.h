/* option_time - a moment as an option of a command */
#ifndef COLLECTOR_OPTION_TIME_H
#define COLLECTOR_OPTION_TIME_H

#include <stdint.h>

#include "common/cli/arguments.h"

/* The option's value as ISO 8601; CLOCK_NONE when it was not given. False after saying what is
 * wrong with it. */
MUST_USE bool option_time(const struct arguments *arguments, const char *name, int64_t *ns);

#endif
