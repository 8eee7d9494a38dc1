/*
 * record_event - a record of the pipeline as an event, without its names being looked up
 *
 * What rules see of it is what encode.h writes as JSON: the fields under their
 * names in the dictionary, values of other names as "prefix.name", addresses
 * as source.ip and as source.address, the line as event.original, the time as
 * @timestamp, whose it is as soc.agency and soc.host; nothing else of what
 * stands in columns.
 */
#ifndef COLLECTOR_DETECT_SIGMA_RECORD_EVENT_H
#define COLLECTOR_DETECT_SIGMA_RECORD_EVENT_H

#include "collector/detect/sigma/event.h"
#include "collector/record/record.h"

/* What rules call the dictionary's names; made once for a rule set, then immutable. */
struct record_names {
	const struct field_use *uses[FIELD_ID_MAX];
	const struct field_use *timestamp, *original, *kind, *agency, *host;
};

/* `fields` must not change any more, and outlives it. */
void record_names_init(struct record_names *names, const struct fields *fields);

/* Begins the event anew; values are borrowed of the record until it is begun again. */
void record_event_fill(struct sigma_event *event, const struct record_names *names,
	const struct record *record);

#endif
