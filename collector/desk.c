#include "collector/desk.h"

#include <pthread.h>
#include <stdlib.h>

#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/mailbox.h"

enum { ACT_SIZE_MAX = 16384, KEPT_LONGEST = 5 };

static struct counter stored =
	COUNTER("desk.acts", "acts of people about alerts that were stored");
static struct counter refused =
	COUNTER("desk.acts_refused", "acts of people about alerts the store did not take");

static const struct record_source source = {
	.input = {SLICE_BYTES("collector")},
	.name = {SLICE_BYTES("desk")},
	.format = {SLICE_BYTES("")},
};

struct desk_job {
	struct mail mail; /* first */
	struct desk *desk;
	struct batch batch;
	desk_done *done;
	void *user;
};

struct desk {
	struct store *store;
	struct mailbox *home;
	unsigned n_jobs;
	pthread_mutex_t lock;
	pthread_cond_t came_home;
	unsigned n_out; /* under the lock: batches the store has */
};

/* ---- filling -------------------------------------------------------------------- */

struct desk_job *desk_begin(struct desk *desk)
{
	struct desk_job *job;

	if (desk->n_jobs == DESK_JOBS_MAX)
		return NULL;
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		abort();
	job->desk = desk;
	batch_init(&job->batch);
	job->batch.records =
		arena_alloc(&job->batch.arena, DESK_ACTS_MAX * sizeof(*job->batch.records));
	desk->n_jobs++;
	return job;
}

void desk_drop(struct desk_job *job)
{
	job->desk->n_jobs--;
	batch_done(&job->batch);
	free(job);
}

unsigned desk_count(const struct desk_job *job)
{
	return job->batch.n_records;
}

static bool fill(struct batch *batch, struct record *record, const struct act *act)
{
	struct strbuf text = STRBUF_INIT(ACT_SIZE_MAX);
	struct json json = json_into(&text);

	act_put(&json, act);
	*record = (struct record){
		.raw = arena_copy(&batch->arena, strbuf_slice(&text)),
		.received_ns = clock_wall_ns(),
		.read_ns = CLOCK_NONE,
		.source = &source,
		.level = KEPT_LONGEST,
		.kind = RECORD_NOTE,
		.status = PARSE_OK,
		.strength = IDENTITY_SELF,
	};
	record->created_ns = record->received_ns;
	record->whole = record->raw.len;
	bool whole = !text.overflow && record->raw.len == text.len;
	strbuf_done(&text);
	return whole &&
	       record_add(record, &batch->arena, FIELD_EVENT_ACTION,
		       slice_str(act_name(act->kind))) &&
	       record_add(record, &batch->arena, FIELD_USER_NAME,
		       arena_copy(&batch->arena, act->who)) &&
	       record_add(record, &batch->arena, FIELD_MESSAGE, record->raw);
}

bool desk_add(struct desk_job *job, const struct act *act)
{
	struct batch *batch = &job->batch;

	if (batch->n_records == DESK_ACTS_MAX ||
		!fill(batch, &batch->records[batch->n_records], act))
		return false;
	batch->n_records++;
	return true;
}

/* ---- the way -------------------------------------------------------------------- */

/* In the store writer's thread. */
static void on_home(struct batch *batch)
{
	struct desk_job *job = batch->home;
	struct desk *desk = job->desk;

	mailbox_put(desk->home, &job->mail);
	pthread_mutex_lock(&desk->lock);
	desk->n_out--;
	pthread_cond_signal(&desk->came_home);
	pthread_mutex_unlock(&desk->lock);
}

bool desk_submit(struct desk_job *job, desk_done *done, void *user)
{
	struct desk *desk = job->desk;
	struct batch *batch = &job->batch;

	job->done = done;
	job->user = user;
	batch->stream = (struct stream){.lane = ACTS_LANE, .epoch = ACTS_EPOCH};
	batch->unnumbered = true;
	batch->count = batch->n_records;
	batch->sources = &source;
	batch->n_sources = 1;
	batch->send_home = on_home;
	batch->home = job;
	if (!encode_batch(batch)) {
		desk_drop(job);
		return false;
	}
	pthread_mutex_lock(&desk->lock);
	desk->n_out++;
	pthread_mutex_unlock(&desk->lock);
	store_submit(desk->store, batch);
	return true;
}

static void on_mail(void *user, struct mail *oldest)
{
	(void)user;
	while (oldest != NULL) {
		struct desk_job *job = (struct desk_job *)oldest; /* mail is first */
		const bool is_stored = job->batch.outcome == BATCH_STORED;

		oldest = oldest->next;
		counter_add(is_stored ? &stored : &refused, job->batch.n_records);
		job->done(job->user, is_stored);
		desk_drop(job);
	}
}

/* ---- life ----------------------------------------------------------------------- */

struct desk *desk_new(struct store *store, struct event_base *base, struct err *err)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	if (desk == NULL)
		abort();
	desk->store = store;
	desk->home = mailbox_new(base, on_mail, desk, err);
	if (desk->home == NULL) {
		free(desk);
		return NULL;
	}
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->came_home, NULL);
	return desk;
}

static void wait_until_home(struct desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	while (desk->n_out > 0)
		pthread_cond_wait(&desk->came_home, &desk->lock);
	pthread_mutex_unlock(&desk->lock);
}

void desk_free(struct desk *desk)
{
	if (desk == NULL)
		return;
	wait_until_home(desk);
	for (struct mail *mail = mailbox_take(desk->home), *next; mail != NULL; mail = next) {
		next = mail->next;
		desk_drop((struct desk_job *)mail); /* mail is first */
	}
	mailbox_free(desk->home);
	pthread_cond_destroy(&desk->came_home);
	pthread_mutex_destroy(&desk->lock);
	free(desk);
}
