/* services - what the services of services.c say, for who must tell a line of theirs from
 * others'.
 */
#ifndef COLLECTOR_NORMALIZE_SERVICES_H
#define COLLECTOR_NORMALIZE_SERVICES_H

#include "common/slice.h"

/* Whether `text` is a sentence of that program; of others than these services it is none. Any
 * thread. */
bool service_says(struct slice program, struct slice text);

#endif
