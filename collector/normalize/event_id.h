/*
 * event_id - by which an event is known again that its sender sends twice
 *
 * Beats, outputs of the _bulk interface and forwarders of Windows send at least
 * once: what they were not told is stored comes again, on another connection
 * and encoded anew, names in another order. Nothing but the event itself says
 * so. Its id is a keyed hash of its sender (and its certificate) and of every name and value it
 * has, in whatever order they come (of XML, of its text); and it has one only when something in
 * it says where in its source it stood: log.offset of a file, winlog.record_id, EventRecordID.
 * (The "offset" of Beats before 7 is a name that anybody's JSON may have for something else.)
 * Two equal lines of a file have different offsets, so they have different ids,
 * and what has no place in its source (a datagram, a metric) has no id and is
 * stored as often as it comes.
 *
 * For senders whose record_source.resends is set. The key is the process's own.
 * The store's writer leaves out those it has committed lately (store/resent.h).
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_EVENT_ID_H
#define COLLECTOR_NORMALIZE_EVENT_ID_H

#include "collector/normalize/text/pairs.h"
#include "collector/record/record.h"

/* Of an object that a shipper wrote, whose names and values these are. None when they are not
 * all of it, or tell no place. */
struct event_id event_id_of_pairs(const struct record *record, const struct pairs *pairs);

/* Of a text that comes again as it was; none when `place` is absent. */
struct event_id event_id_of_text(
	const struct record *record, struct slice text, struct slice place);

#endif
