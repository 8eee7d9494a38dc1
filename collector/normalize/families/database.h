/*
 * database - what the logs of database servers mean, in the words of ECS
 *
 * For the parsers of their logs; constants.
 */
#ifndef COLLECTOR_NORMALIZE_DATABASE_H
#define COLLECTOR_NORMALIZE_DATABASE_H

#include "collector/normalize/text/extract.h"

extern const struct meaning database_noted;     /* anything the server says */
extern const struct meaning database_error;     /* the same, of level error */
extern const struct meaning database_connected; /* somebody, not known yet */
extern const struct meaning database_let_in;    /* a user */
extern const struct meaning database_refused;   /* a user */

#endif
