/*
 * source_index - which log sources of the rules an event belongs to
 *
 * A definition (pipelines.h) is a search; an event belongs to a log source when
 * the definitions that together tell all of its parts hold. Several definitions
 * of one log source are alternatives.
 *
 * The index is immutable, any thread. A finder is of one thread: it remembers
 * what came out of the values that definitions ask for, since most events
 * repeat them; the key is those values themselves, so that nothing is taken for
 * another. Its memory is bounded; an event whose values pass SOURCE_KEY_MAX is
 * looked at anew.
 */
#ifndef COLLECTOR_DETECT_SIGMA_SOURCE_INDEX_H
#define COLLECTOR_DETECT_SIGMA_SOURCE_INDEX_H

#include "collector/detect/sigma/event.h"
#include "collector/detect/sigma/pipelines.h"
#include "collector/detect/sigma/prefilter.h"

enum {
	SOURCE_KEY_MAX = 480, /* bytes of the values of one event */
	SOURCE_HELD_MAX =
		24,          /* log sources of the pipelines that one event is known to be of */
	SOURCE_SLOTS = 1024, /* events remembered */
};

struct source_index;

/* `expressions` of the pipelines' definitions, in their order; both live longer. NULL with the
 * reason. The caller frees. */
MUST_USE struct source_index *source_index_new(const struct pipelines *pipelines,
	const struct expression *const *expressions, struct err *err);
void source_index_free(struct source_index *index); /* NULL is fine */

/* Numbers are given from 0 on. False: no definitions tell all of its parts, and no event
 * belongs to it. Before the first finder is made. */
bool source_index_add(struct source_index *index, const struct log_source *what);

struct source_finder;

/* `scratch` is borrowed. NULL with the reason. */
MUST_USE struct source_finder *source_finder_new(
	const struct source_index *index, struct prefilter_scratch *scratch, struct err *err);
void source_finder_free(struct source_finder *finder); /* NULL is fine */

/* Numbers of the log sources, each once, valid until the next call; how many. `*any`: some
 * definition holds. */
size_t source_finder_find(struct source_finder *finder, struct sigma_event *event,
	const uint32_t **sources, bool *any);

#endif
