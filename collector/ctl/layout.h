/* layout - answers of the collector laid out for people */
#ifndef COLLECTOR_CTL_LAYOUT_H
#define COLLECTOR_CTL_LAYOUT_H

#include "common/slice.h"

/* Writes it to standard output: a list of objects that are alike as a table, else a line a
 * member. False, and nothing is written, when it is no JSON. */
MUST_USE bool layout_print(struct slice answer);

#endif
