/* values - bytes of a record as JSON, by their type: lines.h. Private to exporters/. */
#ifndef COLLECTOR_INGEST_EXPORTERS_VALUES_H
#define COLLECTOR_INGEST_EXPORTERS_VALUES_H

#include "collector/ingest/exporters/elements.h"
#include "common/strbuf.h"

void value_put(struct strbuf *out, enum element_type type, struct slice bytes);

/* With quotes. */
void value_put_hex(struct strbuf *out, struct slice bytes);

#endif
