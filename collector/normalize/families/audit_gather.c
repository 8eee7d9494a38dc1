#include "collector/normalize/families/audit_gather.h"

void audit_gather_init(struct audit_gather *gather)
{
	*gather = (struct audit_gather){0};
	for (unsigned i = 0; i < GATHERED_MAX; i++) {
		gather->events[i].id = (struct strbuf)STRBUF_INIT(GATHERED_BYTES);
		gather->events[i].bytes = (struct strbuf)STRBUF_INIT(GATHERED_BYTES);
	}
}

void audit_gather_done(struct audit_gather *gather)
{
	for (unsigned i = 0; i < GATHERED_MAX; i++) {
		strbuf_done(&gather->events[i].id);
		strbuf_done(&gather->events[i].bytes);
	}
}

static void forget(struct gathered *event)
{
	strbuf_reset(&event->id);
	strbuf_reset(&event->bytes);
	event->n = 0;
	event->used = 0;
}

static bool is_of(const struct gathered *event, struct slice id)
{
	return event->id.len > 0 && slice_eq(strbuf_slice(&event->id), id);
}

bool audit_gather_is_open(const struct audit_gather *gather, const struct record *record)
{
	struct slice id = audit_event_id(record);

	return gather->open != NULL && !slice_absent(id) && is_of(gather->open, id);
}

bool audit_gather_waits(const struct audit_gather *gather)
{
	return gather->open != NULL && gather->open->n > 1 && !gather->ends_said;
}

/* The event's place, or the one unused for longest, emptied. */
static struct gathered *place_of(struct audit_gather *gather, struct slice id)
{
	struct gathered *quietest = &gather->events[0];

	for (unsigned i = 0; i < GATHERED_MAX; i++) {
		if (is_of(&gather->events[i], id))
			return &gather->events[i];
		if (gather->events[i].used < quietest->used)
			quietest = &gather->events[i];
	}
	forget(quietest);
	strbuf_add(&quietest->id, id);
	return quietest;
}

static void join(const struct gathered *event, struct arena *arena, struct record *record)
{
	struct slice texts[AUDIT_EVENT_RECORDS_MAX], bytes = strbuf_slice(&event->bytes);
	size_t from = 0;

	for (unsigned i = 0; i < event->n; i++) {
		texts[i] = slice_of(bytes.ptr + from, event->ends[i] - from);
		from = event->ends[i];
	}
	if (event->n > 1)
		audit_event_join(texts, event->n, arena, record);
}

void audit_gather_add(struct audit_gather *gather, struct arena *arena, struct record *record)
{
	struct slice id = audit_event_id(record), text = audit_event_text(record);

	gather->open = NULL;
	if (slice_absent(id) || audit_event_is_one(text))
		return;
	struct gathered *event = place_of(gather, id);
	event->used = ++gather->n_added;
	if (event->n < AUDIT_EVENT_RECORDS_MAX &&
		event->bytes.len + text.len <= GATHERED_BYTES) {
		strbuf_add(&event->bytes, text);
		event->ends[event->n++] = event->bytes.len;
	}
	if (!audit_event_ends(text)) {
		gather->open = event;
		return;
	}
	gather->ends_said = true;
	join(event, arena, record);
	forget(event);
}

/* More of it may come behind others' records: it is not forgotten. */
void audit_gather_close(struct audit_gather *gather, struct arena *arena, struct record *record)
{
	join(gather->open, arena, record);
	gather->open = NULL;
}
