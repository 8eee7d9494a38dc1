#include "collector/derive/correlate.h"

#include <inttypes.h>
#include <stdlib.h>

#include "collector/derive/detections.h"
#include "collector/derive/guessing.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum {
	SAVE_RECORDS = 1 << 22, /* so many are read again at most */
	BLOB_MAX = 1 << 30,
};

static struct counter groups_evicted = COUNTER(
	"derive.correlation_evicted", "groups forgotten to make room before they were quiet");
struct correlate {
	const struct derive_settings *settings;
	struct database *database;
	struct paces *paces;
	struct concluding concluding;
	struct strbuf blob;
	int64_t now_ns;        /* newest time of arrival seen */
	bool changed;          /* since the last save */
	uint64_t n_matches;    /* likewise */
	int64_t saved_ms;      /* monotonic */
	uint64_t evicted_told; /* counted and logged */
};

/* ---- state ------------------------------------------------------------------ */

static bool load_blob(struct correlate *correlate, struct err *err)
{
	bool failed;
	sqlite3_stmt *row =
		database_select(correlate->database, err, STATEMENT_CORRELATION, "");

	if (row == NULL)
		return false;
	if (database_row(correlate->database, row, &failed, err) &&
		!paces_load(correlate->paces, database_text(row, 0)))
		log_error(
			"derive.correlation", "its saved state is damaged, starting from none");
	database_end(row);
	return !failed;
}

/* Never saved: nothing was correlated yet, however far statistics are. */
static bool load_position(struct correlate *correlate, uint64_t *position, struct err *err)
{
	int64_t saved = 0;

	if (!database_meta(correlate->database, SLICE_LIT("correlation-position"), &saved, err))
		return false;
	if ((uint64_t)saved < *position)
		*position = (uint64_t)saved;
	return true;
}

struct correlate *correlate_new(const struct derive_settings *settings,
	struct database *database, uint64_t *position, struct err *err)
{
	struct correlate *correlate = calloc(1, sizeof(*correlate));

	if (correlate == NULL)
		abort();
	correlate->settings = settings;
	correlate->database = database;
	correlate->paces = paces_new(settings->correlation_bytes);
	correlate->concluding = (struct concluding){settings, database, correlate->paces};
	correlate->saved_ms = clock_mono_ms();
	strbuf_init(&correlate->blob, BLOB_MAX);
	if (!load_blob(correlate, err) || !load_position(correlate, position, err)) {
		correlate_free(correlate);
		return NULL;
	}
	correlate->evicted_told = paces_evicted(correlate->paces);
	return correlate;
}

void correlate_free(struct correlate *correlate)
{
	if (correlate == NULL)
		return;
	paces_free(correlate->paces);
	strbuf_done(&correlate->blob);
	free(correlate);
}

struct correlate_state correlate_state(const struct correlate *correlate)
{
	return (struct correlate_state){
		.groups = paces_count(correlate->paces),
		.groups_most = paces_most(correlate->paces),
		.evicted = paces_evicted(correlate->paces),
	};
}

static void tell_evicted(struct correlate *correlate)
{
	uint64_t evicted = paces_evicted(correlate->paces);

	if (evicted == correlate->evicted_told)
		return;
	counter_add(&groups_evicted, evicted - correlate->evicted_told);
	log_warn("derive.correlation.full",
		"groups=%zu forgotten=%" PRIu64
		", those quiet longest where there are most make room; a slow attack among "
		"them may be missed",
		paces_count(correlate->paces), evicted - correlate->evicted_told);
	correlate->evicted_told = evicted;
}

/* Nothing of these counts any more. */
static void forget_quiet(struct correlate *correlate)
{
	uint64_t keep_ms = 2 * correlate->settings->brute_force_ms;

	if (keep_ms < CONCLUDING_HOUR_MS)
		keep_ms = CONCLUDING_HOUR_MS;
	paces_forget(correlate->paces, correlate->now_ns - (int64_t)keep_ms * CLOCK_NS_PER_MS);
}

static bool save_blob(struct correlate *correlate, struct err *err)
{
	forget_quiet(correlate);
	tell_evicted(correlate);
	strbuf_reset(&correlate->blob);
	paces_save(correlate->paces, &correlate->blob);
	correlate->saved_ms = clock_mono_ms();
	correlate->n_matches = 0;
	correlate->changed = false;
	return database_run(correlate->database, err, STATEMENT_CORRELATION_SET, "b",
		strbuf_slice(&correlate->blob));
}

static bool is_time_to_save(const struct correlate *correlate)
{
	return correlate->n_matches >= SAVE_RECORDS ||
	       clock_mono_ms() - correlate->saved_ms >=
		       (int64_t)correlate->settings->correlation_ms;
}

bool correlate_save(struct correlate *correlate, uint64_t position, bool now, struct err *err)
{
	if (correlate->changed) {
		if (!now && !is_time_to_save(correlate))
			return true;
		if (!save_blob(correlate, err))
			return false;
	}
	return database_run(correlate->database, err, STATEMENT_META_SET, "ti",
		SLICE_LIT("correlation-position"), (int64_t)position);
}

/* ---- matches ---------------------------------------------------------------- */

static bool correlate_match(struct correlate *correlate, const struct sighting *sighting,
	const struct match *match, struct err *err)
{
	return match->rule == MATCH_SIGMA
		       ? detections_match(&correlate->concluding, sighting, match, err)
		       : guessing_match(&correlate->concluding, sighting, match, err);
}

bool correlate_record(
	struct correlate *correlate, const struct sighting *sighting, struct err *err)
{
	const struct record *record = sighting->record;

	if (sighting->columns->flags & RECORD_TEST)
		return true;
	if (sighting->columns->received_ns > correlate->now_ns)
		correlate->now_ns = sighting->columns->received_ns;
	for (unsigned i = 0; i < record->n_matches; i++) {
		if (!correlate_match(correlate, sighting, &record->matches[i], err))
			return false;
	}
	correlate->changed = true;
	correlate->n_matches += record->n_matches;
	return true;
}
