/*
 * encode - a record into the bytes that are stored, and back; a record into JSON
 *
 * The stored body keeps the original bytes once; a field whose value is a
 * slice of them is stored as (id, offset, length), others as (id, bytes). That
 * is a fifth of the JSON and needs no escaping; JSON is made where a record
 * leaves the store (console, export, Kafka). Layout in collector/README.md.
 */
#ifndef COLLECTOR_RECORD_ENCODE_H
#define COLLECTOR_RECORD_ENCODE_H

#include "collector/record/batch.h"
#include "collector/record/columns.h"
#include "common/strbuf.h"

/*
 * Fills batch->encoded and batch->columns (made room for when there is none yet); columns'
 * `source` is a number in batch->sources. False when a limit of the batch is passed. Nothing is
 * allocated but from the batch.
 */
MUST_USE bool encode_batch(struct batch *batch);

/* Appends the body of one record; sets out->overflow past the limit. */
void encode_record(struct strbuf *out, const struct record *record);

/*
 * Reads a body. Slices point into `body` or the arena. With `columns` given, times and
 * numbers are taken from there; without, they are zero or CLOCK_NONE. `source` is left NULL:
 * the block's table has it. False when the body is damaged or the arena is full.
 */
MUST_USE bool decode_record(struct slice body, const struct columns *columns,
	struct arena *arena, struct record *record);

/*
 * One JSON object without a line end: ECS fields flat with dotted names, "@timestamp", the
 * original as event.original, soc.parser and soc.parse_status. Who, where and what it counts
 * as follow for records that have an agency, with soc.identity: how well it is known who sent
 * it
 * ("certificate", "token", "address", or "collector" for itself).
 *
 * Numbers and truth values of numeric and boolean fields are JSON numbers and truth values
 * when the text is one in canonical form, else strings. event.category, event.type and tags
 * are arrays, and so is any field that stands in the record more than once. "@timestamp" is
 * the event's time, else when the agent read it, else when we received it, and left out when
 * none is known; milliseconds, or nanoseconds when it is finer. Invalid UTF-8 becomes U+FFFD.
 *
 * Three times are kept apart for records that have an agency: the event's as "@timestamp", when
 * an agent read it, by its own clock, as "event.created", and when we received it as
 * "event.ingested"; soc.clock_skew_ms is how far the agent's clock was from ours, where that
 * was measured.
 *
 * `parser_name` is what settings call the parser, or absent.
 */
void encode_json(struct strbuf *out, const struct record *record, struct slice parser_name);

#endif
