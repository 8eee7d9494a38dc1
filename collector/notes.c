#include "collector/notes.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/counter.h"

enum { NOTES_LANE = 2, STOP_SECONDS = 5 };

static struct counter written = COUNTER("notes.written", "notes of the collector stored");
static struct counter dropped =
	COUNTER("notes.dropped", "notes of the collector that found no room");

static const struct record_source source = {
	.input = {SLICE_BYTES("collector")},
	.name = {SLICE_BYTES("notes")},
	.format = {SLICE_BYTES("")},
};

struct pending {
	struct note note;
	int64_t at_ns;
};

struct notes {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	struct store *store;
	uint64_t epoch, sequence;
	struct pending *waiting; /* NOTES_PENDING_MAX of them */
	unsigned n_waiting;
	unsigned n_sent; /* of the waiting ones, in the batch under way; 0 = none is */
	struct batch batch;
};

/* In the store writer's thread. */
static void on_home(struct batch *batch)
{
	struct notes *notes = batch->home;

	pthread_mutex_lock(&notes->lock);
	if (batch->outcome == BATCH_STORED || batch->outcome == BATCH_DUPLICATE) {
		notes->sequence += notes->n_sent;
		notes->n_waiting -= notes->n_sent;
		memmove(notes->waiting, notes->waiting + notes->n_sent,
			notes->n_waiting * sizeof(*notes->waiting));
		counter_add(&written, notes->n_sent);
	}
	notes->n_sent = 0;
	pthread_cond_signal(&notes->idle);
	pthread_mutex_unlock(&notes->lock);
}

struct notes *notes_new(struct store *store)
{
	struct notes *notes = calloc(1, sizeof(*notes));

	if (notes == NULL)
		abort();
	notes->waiting = calloc(NOTES_PENDING_MAX, sizeof(*notes->waiting));
	if (notes->waiting == NULL)
		abort();
	pthread_mutex_init(&notes->lock, NULL);
	pthread_cond_init(&notes->idle, NULL);
	notes->store = store;
	if (getrandom(&notes->epoch, sizeof(notes->epoch), 0) != (ssize_t)sizeof(notes->epoch))
		notes->epoch = (uint64_t)clock_wall_ns();
	batch_init(&notes->batch);
	notes->batch.send_home = on_home;
	notes->batch.home = notes;
	return notes;
}

static void fill(struct notes *notes, struct record *record, const struct pending *pending,
	uint64_t sequence)
{
	const struct note *note = &pending->note;
	struct arena *arena = &notes->batch.arena;
	struct strbuf text = STRBUF_INIT(1024);

	strbuf_addf(&text, "%s %s", note->action, note->detail);
	*record = (struct record){
		.raw = arena_copy(arena, strbuf_slice(&text)),
		.received_ns = pending->at_ns,
		.created_ns = pending->at_ns,
		.read_ns = pending->at_ns,
		.sequence = sequence,
		.source = &source,
		.agency = note->agency,
		.host = note->host,
		.system = note->system,
		.level = note->level ? note->level : 1,
		.kind = RECORD_NOTE,
		.status = PARSE_OK,
		.severity = note->severity,
		.strength = IDENTITY_SELF,
	};
	record->whole = record->raw.len;
	bool added = record_add(record, arena, FIELD_EVENT_ACTION, slice_str(note->action)) &&
		     record_add(record, arena, FIELD_MESSAGE, record->raw);
	assert(added); /* the arena holds many times what a note takes */
	(void)added;
	strbuf_done(&text);
}

/* Under the lock; true when the batch is to be submitted. */
static bool build(struct notes *notes)
{
	struct batch *batch = &notes->batch;
	unsigned n =
		notes->n_waiting < BATCH_RECORDS_MAX ? notes->n_waiting : BATCH_RECORDS_MAX;

	if (n == 0 || notes->n_sent > 0)
		return false;
	batch_reset(batch);
	batch->stream = (struct stream){.lane = NOTES_LANE, .epoch = notes->epoch};
	batch->first = notes->sequence + 1;
	batch->count = n;
	batch->n_records = n;
	batch->sources = &source;
	batch->n_sources = 1;
	batch->records = arena_alloc(&batch->arena, n * sizeof(*batch->records));
	for (unsigned i = 0; i < n; i++)
		fill(notes, &batch->records[i], &notes->waiting[i], batch->first + i);
	notes->n_sent = n;
	return true;
}

static void send(struct notes *notes)
{
	pthread_mutex_lock(&notes->lock);
	bool built = build(notes);
	pthread_mutex_unlock(&notes->lock);
	if (built && encode_batch(&notes->batch))
		store_submit(notes->store, &notes->batch);
}

/* The last quarter is kept for what somebody has to look at: an agent that comes and goes must
 * not push it out. */
static unsigned room_for(const struct note *note)
{
	return note->severity == SEVERITY_NONE ? NOTES_PENDING_MAX / 4 * 3 : NOTES_PENDING_MAX;
}

void notes_add(struct notes *notes, const struct note *note)
{
	pthread_mutex_lock(&notes->lock);
	if (notes->n_waiting < room_for(note))
		notes->waiting[notes->n_waiting++] = (struct pending){*note, clock_wall_ns()};
	else
		counter_add(&dropped, 1);
	pthread_mutex_unlock(&notes->lock);
	send(notes);
}

void notes_tick(struct notes *notes)
{
	send(notes);
}

static void wait_until_idle(struct notes *notes)
{
	struct timespec by;

	clock_gettime(CLOCK_REALTIME, &by);
	by.tv_sec += STOP_SECONDS;
	pthread_mutex_lock(&notes->lock);
	while (notes->n_sent > 0 &&
		pthread_cond_timedwait(&notes->idle, &notes->lock, &by) == 0)
		;
	pthread_mutex_unlock(&notes->lock);
}

void notes_free(struct notes *notes)
{
	if (notes == NULL)
		return;
	wait_until_idle(notes);
	send(notes);
	wait_until_idle(notes);
	batch_done(&notes->batch);
	pthread_cond_destroy(&notes->idle);
	pthread_mutex_destroy(&notes->lock);
	free(notes->waiting);
	free(notes);
}
