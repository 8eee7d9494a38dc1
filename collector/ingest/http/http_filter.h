/*
 * http_filter - filter_path of Elasticsearch: which parts of an answer a client wants
 *
 * A list of paths with commas, '.' between names; '*' stands for any bytes of a name, "**" for
 * any names. What a path leads to comes with all that is in it. No list, or an empty one:
 * everything. What shall be left out ("-path") is not known, and comes.
 *
 * Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_FILTER_H
#define COLLECTOR_INGEST_HTTP_FILTER_H

#include "common/strbuf.h"

enum { HTTP_FILTER_MAX = 4096, HTTP_FILTER_PATHS_MAX = 64 };

/* `list`: as it stands in the query, %XX too; appends it decoded to `out`, whose limit is at
 * least HTTP_FILTER_MAX. False: it is too long, or has too many paths. */
MUST_USE bool http_filter_decode(struct slice list, struct strbuf *out);

/* `path`: "items.index.status". */
bool http_filter_wants(struct slice decoded, struct slice path);

#endif
