/*
 * json_time - when an event written as JSON happened
 *
 * The first of these that it has, in this order, under its own name or as
 * objects within each other:
 *
 *	@timestamp, timestamp, EventTime, UtcTime, TimeCreated, TimeGenerated,
 *	event.created, Event.System.TimeCreated.#attributes.SystemTime,
 *	Event.System.TimeCreated.@SystemTime, Event.System.TimeCreated.SystemTime,
 *	eventTime, _time, time, ts
 *
 * A date and time as in ISO 8601 (without a zone: UTC), or a number since 1970:
 * seconds below 10^11, else milliseconds below 10^14, microseconds below 10^17,
 * nanoseconds.
 */
#ifndef COLLECTOR_DETECT_SIGMA_JSON_TIME_H
#define COLLECTOR_DETECT_SIGMA_JSON_TIME_H

#include <yyjson.h>

#include "common/slice.h"

/* `otherwise` when it has none that can be read. */
int64_t json_time(yyjson_val *root, int64_t otherwise);

#endif
