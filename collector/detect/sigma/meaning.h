/*
 * meaning - a hash of what a rule says, so that it is known whether it changed
 *
 * What is hashed are log source, detection, correlation or filter as written,
 * node by node, and what of the pipelines they ask for; not titles, comments
 * and the like. Stable over starts and machines.
 */
#ifndef COLLECTOR_DETECT_SIGMA_MEANING_H
#define COLLECTOR_DETECT_SIGMA_MEANING_H

#include "common/tree.h"

uint64_t meaning_of_text(struct slice text, uint64_t before);

/* Of a document; `asked` is the hash of what it asked for. */
uint64_t meaning_of_rule(const struct tree_node *document, uint64_t asked);

static inline uint32_t meaning_short(uint64_t meaning)
{
	return (uint32_t)(meaning >> 32);
}

#endif
