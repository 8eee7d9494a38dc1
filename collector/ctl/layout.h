/* layout - answers of the collector laid out for people */
#ifndef COLLECTOR_CTL_LAYOUT_H
#define COLLECTOR_CTL_LAYOUT_H

#include "common/strbuf.h"

/*
 * Appends the answer, JSON: a list of objects as a table with a column for each name, else a
 * line a member, and behind those what has members itself, under its path ("national.topics").
 * What agents or brokers say cannot steer the terminal. False, and nothing is appended, when it
 * is no JSON.
 */
MUST_USE bool layout_put(struct strbuf *out, struct slice answer);

#endif
