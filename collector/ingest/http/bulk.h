/*
 * bulk - the body of Elasticsearch's _bulk: actions and documents, line by line
 *
 *	{"index":{"_index":"logs"}}      then the line of a document
 *	{"create":{}}                    the same
 *	{"update":{...}}                 refused, with the line behind it
 *	{"delete":{...}}                 refused; no line is behind it
 *
 * What became of each is kept in runs of equal ones, so that the answer to a
 * million documents is as small as that to one, in memory: BULK_RUNS_MAX of them, and
 * BULK_INDEXES_MAX names of indexes (further ones stay empty in the answer).
 *
 * Any thread; one body at a time. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_BULK_H
#define COLLECTOR_INGEST_BULK_H

#include "collector/ingest/http/http_items.h"

enum {
	BULK_ACTION_MAX = 2048, /* bytes of an action's line */
	BULK_RUNS_MAX = 65536,
	BULK_INDEXES_MAX = 64,
	BULK_INDEX_MAX = 255, /* bytes of a name; longer ones stay empty */
};

enum bulk_action { BULK_INDEX, BULK_CREATE, BULK_UPDATE, BULK_DELETE };

enum bulk_outcome {
	BULK_STORED,
	BULK_TOO_LONG, /* the document */
	BULK_EMPTY,    /* there is no document */
	BULK_REFUSED,  /* an update, a delete */
};

struct bulk_run {
	uint8_t action, outcome;
	uint16_t index; /* number of its name; 0 = "" */
	uint32_t count;
};

struct bulk;

/* `index`: that of the path, for actions that name none; may be absent. */
MUST_USE struct bulk *bulk_new(struct slice index);
void bulk_free(struct bulk *bulk); /* NULL is fine */

enum bulk_took {
	BULK_TOOK,     /* an action, or a document of nobody's */
	BULK_DOCUMENT, /* the item is one, and to be stored */
	BULK_NO_ACTION,
	BULK_TOO_MANY, /* runs */
};

/* The next line. */
MUST_USE enum bulk_took bulk_take(struct bulk *bulk, const struct http_item *item);

/* Behind the last line. False: an action waits for its document. */
MUST_USE bool bulk_is_whole(const struct bulk *bulk);

/* What became of all, in order. */
const struct bulk_run *bulk_runs(const struct bulk *bulk, size_t *n);
bool bulk_has_errors(const struct bulk *bulk);
struct slice bulk_index_name(const struct bulk *bulk, unsigned index);

#endif
