#include "collector/normalize/families/audit_events.h"

#include <pthread.h>
#include <stdlib.h>

#include "collector/normalize/families/audit_event.h"
#include "common/clock.h"

enum {
	OPEN_MAX = 8,    /* events whose records come mixed */
	LOOKUPS_MAX = 8, /* events of a batch that may have begun in an earlier one */
	ID_MAX = 64,
};

/* An event that a batch ended in. */
struct carried {
	uint32_t agency, host;
	uint64_t source; /* hash of its name */
	char id[ID_MAX];
	size_t id_len;
	int64_t received_ns; /* 0: the place is free */
	uint64_t sequence;   /* of its last record */
	unsigned n;
	size_t ends[AUDIT_EVENT_RECORDS_MAX]; /* of each text */
	char bytes[AUDIT_CARRIED_BYTES];
};

struct audit_carry {
	pthread_mutex_t lock; /* of all below */
	struct carried events[AUDIT_CARRIED_MAX];
};

/* An event of the batch at hand. */
struct open_event {
	const struct record_source *source;
	struct slice id;
	unsigned n;
	struct slice texts[AUDIT_EVENT_RECORDS_MAX];
	struct record *last;
	uint64_t used; /* by which record, so that the quietest goes; 0 = by none */
};

struct joiner {
	struct audit_carry *carry;
	struct batch *batch;
	struct open_event events[OPEN_MAX];
	unsigned n_lookups;
};

struct audit_carry *audit_carry_new(void)
{
	struct audit_carry *carry = calloc(1, sizeof(*carry));

	if (carry == NULL)
		abort();
	pthread_mutex_init(&carry->lock, NULL);
	return carry;
}

void audit_carry_free(struct audit_carry *carry)
{
	if (carry == NULL)
		return;
	pthread_mutex_destroy(&carry->lock);
	free(carry);
}

/* ---- from batch to batch --------------------------------------------------------------------
 */

static uint64_t hash_of(struct slice name)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * UINT64_C(1099511628211);
	return hash;
}

static uint64_t source_of(const struct record *record)
{
	return record->source ? hash_of(record->source->name) : 0;
}

static bool is_old(const struct carried *carried, int64_t now_ns)
{
	return now_ns - carried->received_ns > AUDIT_CARRIED_SECONDS * INT64_C(1000000000);
}

/* A batch that comes again begins with nothing that its own end left behind. */
static bool goes_on(const struct carried *carried, const struct record *record, struct slice id)
{
	return carried->received_ns != 0 && carried->agency == record->agency &&
	       carried->host == record->host && carried->source == source_of(record) &&
	       slice_eq(slice_of(carried->id, carried->id_len), id) &&
	       !is_old(carried, record->received_ns) &&
	       (carried->sequence < record->sequence || record->sequence == 0);
}

/* The texts that an earlier batch left of the event, copied into the batch's arena. */
static void take_carried(struct joiner *joiner, struct open_event *event)
{
	struct audit_carry *carry = joiner->carry;
	struct slice bytes = SLICE_NONE;

	if (joiner->n_lookups++ >= LOOKUPS_MAX)
		return;
	pthread_mutex_lock(&carry->lock);
	for (unsigned i = 0; i < AUDIT_CARRIED_MAX; i++) {
		struct carried *carried = &carry->events[i];
		size_t from = 0;

		if (!goes_on(carried, event->last, event->id))
			continue;
		bytes = arena_copy(&joiner->batch->arena,
			slice_of(carried->bytes, carried->ends[carried->n - 1]));
		for (unsigned k = 0; !slice_absent(bytes) && k < carried->n; k++) {
			event->texts[event->n++] =
				slice_of(bytes.ptr + from, carried->ends[k] - from);
			from = carried->ends[k];
		}
		carried->received_ns = 0;
		break;
	}
	pthread_mutex_unlock(&carry->lock);
}

static struct carried *oldest(struct audit_carry *carry)
{
	struct carried *found = &carry->events[0];

	for (unsigned i = 1; i < AUDIT_CARRIED_MAX; i++) {
		if (carry->events[i].received_ns < found->received_ns)
			found = &carry->events[i];
	}
	return found;
}

static void fill(struct carried *carried, const struct open_event *event)
{
	size_t at = 0;

	for (unsigned i = 0; i < event->n; i++) {
		memcpy(carried->bytes + at, event->texts[i].ptr, event->texts[i].len);
		at += event->texts[i].len;
		carried->ends[i] = at;
	}
	memcpy(carried->id, event->id.ptr, event->id.len);
	carried->id_len = event->id.len;
	carried->n = event->n;
	carried->agency = event->last->agency;
	carried->host = event->last->host;
	carried->source = source_of(event->last);
	carried->sequence = event->last->sequence;
	carried->received_ns = event->last->received_ns;
}

static void leave_carried(struct joiner *joiner, const struct open_event *event)
{
	size_t size = 0;

	for (unsigned i = 0; i < event->n; i++)
		size += event->texts[i].len;
	if (size > AUDIT_CARRIED_BYTES || event->id.len > ID_MAX)
		return;
	pthread_mutex_lock(&joiner->carry->lock);
	fill(oldest(joiner->carry), event);
	pthread_mutex_unlock(&joiner->carry->lock);
}

/* ---- within a batch -------------------------------------------------------------------------
 */

static void close_event(struct joiner *joiner, struct open_event *event)
{
	if (event->last != NULL && event->n > 1)
		audit_event_join(event->texts, event->n, &joiner->batch->arena, event->last);
	event->last = NULL;
	event->n = 0;
	event->used = 0;
}

static struct open_event *event_of(
	struct joiner *joiner, struct record *record, struct slice id, bool *known)
{
	struct open_event *quietest = &joiner->events[0];

	for (unsigned i = 0; i < OPEN_MAX; i++) {
		struct open_event *event = &joiner->events[i];

		*known = event->last != NULL && event->source == record->source &&
			 slice_eq(event->id, id);
		if (*known)
			return event;
		if (event->used < quietest->used)
			quietest = event;
	}
	return quietest;
}

static void add_record(
	struct joiner *joiner, struct record *record, struct slice id, uint64_t at)
{
	bool known;
	struct open_event *event = event_of(joiner, record, id, &known);
	struct slice text = audit_event_text(record);

	if (!known) {
		close_event(joiner, event);
		event->source = record->source;
		event->id = id;
		event->last = record;
		take_carried(joiner, event);
	}
	event->last = record;
	event->used = at;
	if (event->n < AUDIT_EVENT_RECORDS_MAX)
		event->texts[event->n++] = text;
	if (audit_event_ends(text))
		close_event(joiner, event);
}

void audit_events_join(struct audit_carry *carry, struct batch *batch)
{
	struct joiner joiner = {.carry = carry, .batch = batch};

	for (unsigned i = 0; i < batch->n_records; i++) {
		struct slice id = audit_event_id(&batch->records[i]);

		if (!slice_absent(id) &&
			!audit_event_is_one(audit_event_text(&batch->records[i])))
			add_record(&joiner, &batch->records[i], id, i + 1);
	}
	for (unsigned i = 0; i < OPEN_MAX; i++) {
		if (joiner.events[i].last != NULL)
			leave_carried(&joiner, &joiner.events[i]);
		close_event(&joiner, &joiner.events[i]);
	}
}
