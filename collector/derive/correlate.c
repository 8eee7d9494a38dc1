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
static struct counter sigma_evicted = COUNTER("derive.sigma_evicted",
	"groups of Sigma correlations forgotten to make room before they were quiet");

struct correlate {
	const struct derive_settings *settings;
	struct database *database;
	struct paces *paces;
	struct concluding concluding;
	struct detections *detections;
	struct strbuf blob;
	int64_t now_ns;        /* newest time of arrival seen */
	bool changed;          /* since the last save */
	bool must_save;        /* with this step */
	uint64_t n_matches;    /* likewise */
	int64_t saved_ms;      /* monotonic */
	uint64_t evicted_told; /* counted and logged */
	uint64_t sigma_evicted_told;
};

/* ---- state ------------------------------------------------------------------ */

/* Rows of the table, and versions of what is in them are their own. */
enum { STATE_PACES = 1, STATE_SIGMA = 2 };

static void take_paces(struct correlate *correlate, struct slice blob)
{
	if (!paces_load(correlate->paces, blob))
		log_error(
			"derive.correlation", "its saved state is damaged, starting from none");
}

static void take_sigma(struct correlate *correlate, struct slice blob)
{
	detections_load(correlate->detections, blob);
}

static bool load_blob(struct correlate *correlate, int64_t which,
	void (*take)(struct correlate *correlate, struct slice blob), struct err *err)
{
	bool failed;
	sqlite3_stmt *row =
		database_select(correlate->database, err, STATEMENT_CORRELATION, "i", which);

	if (row == NULL)
		return false;
	if (database_row(correlate->database, row, &failed, err))
		take(correlate, database_text(row, 0));
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
	correlate->detections = detections_new(&correlate->concluding);
	correlate->saved_ms = clock_mono_ms();
	strbuf_init(&correlate->blob, BLOB_MAX);
	if (!load_blob(correlate, STATE_PACES, take_paces, err) ||
		!load_blob(correlate, STATE_SIGMA, take_sigma, err) ||
		!load_position(correlate, position, err)) {
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
	detections_free(correlate->detections);
	paces_free(correlate->paces);
	strbuf_done(&correlate->blob);
	free(correlate);
}

struct correlate_state correlate_state(const struct correlate *correlate)
{
	const struct detections_state sigma = detections_state(correlate->detections);

	return (struct correlate_state){
		.groups = paces_count(correlate->paces),
		.groups_most = paces_most(correlate->paces),
		.evicted = paces_evicted(correlate->paces),
		.sigma_groups = sigma.groups,
		.sigma_bytes = sigma.bytes,
		.sigma_evicted = sigma.evicted,
	};
}

static void tell_paces_evicted(struct correlate *correlate)
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

static void tell_sigma_evicted(struct correlate *correlate)
{
	const struct detections_state state = detections_state(correlate->detections);

	if (state.evicted == correlate->sigma_evicted_told)
		return;
	counter_add(&sigma_evicted, state.evicted - correlate->sigma_evicted_told);
	log_warn("derive.correlation.full",
		"sigma_groups=%" PRIu64 " forgotten=%" PRIu64
		", see sigma-correlation-memory; a slow attack among them may be missed",
		state.groups, state.evicted - correlate->sigma_evicted_told);
	correlate->sigma_evicted_told = state.evicted;
}

/* Nothing of these counts any more. */
static void forget_quiet(struct correlate *correlate)
{
	uint64_t keep_ms = 2 * correlate->settings->brute_force_ms;

	if (keep_ms < CONCLUDING_HOUR_MS)
		keep_ms = CONCLUDING_HOUR_MS;
	paces_forget(correlate->paces, correlate->now_ns - (int64_t)keep_ms * CLOCK_NS_PER_MS);
}

static bool save_blob(struct correlate *correlate, int64_t which, struct err *err)
{
	return database_run(correlate->database, err, STATEMENT_CORRELATION_SET, "ib", which,
		strbuf_slice(&correlate->blob));
}

static bool save_state(struct correlate *correlate, struct err *err)
{
	forget_quiet(correlate);
	tell_paces_evicted(correlate);
	tell_sigma_evicted(correlate);
	correlate->saved_ms = clock_mono_ms();
	correlate->n_matches = 0;
	correlate->changed = correlate->must_save = false;
	strbuf_reset(&correlate->blob);
	paces_save(correlate->paces, &correlate->blob);
	if (!save_blob(correlate, STATE_PACES, err))
		return false;
	strbuf_reset(&correlate->blob);
	detections_save(correlate->detections, &correlate->blob);
	return save_blob(correlate, STATE_SIGMA, err);
}

static bool is_time_to_save(const struct correlate *correlate)
{
	return correlate->n_matches >= SAVE_RECORDS ||
	       clock_mono_ms() - correlate->saved_ms >=
		       (int64_t)correlate->settings->correlation_ms;
}

bool correlate_save(struct correlate *correlate, uint64_t position, bool now, struct err *err)
{
	if (correlate->changed || correlate->must_save) {
		if (!now && !correlate->must_save && !is_time_to_save(correlate))
			return true;
		if (!save_state(correlate, err))
			return false;
	}
	return database_run(correlate->database, err, STATEMENT_META_SET, "ti",
		SLICE_LIT("correlation-position"), (int64_t)position);
}

/* ---- matches ---------------------------------------------------------------- */

bool correlate_record(
	struct correlate *correlate, const struct matched *matched, struct err *err)
{
	const struct record *record = matched->record;

	if (matched->columns->flags & RECORD_TEST)
		return true;
	if (matched->columns->received_ns > correlate->now_ns)
		correlate->now_ns = matched->columns->received_ns;
	for (unsigned i = 0; i < record->n_matches; i++) {
		if (!guessing_match(&correlate->concluding, matched, &record->matches[i], err))
			return false;
	}
	if (!detections_take(correlate->detections, matched, err))
		return false;
	correlate->changed = true;
	correlate->n_matches += record->n_matches;
	return true;
}

bool correlate_advance(struct correlate *correlate, const struct detector *detector,
	int64_t now_ns, enum correlate_how how, struct err *err)
{
	bool told;

	if (!detections_advance(correlate->detections, detector, now_ns, how, &told, err))
		return false;
	/* Read again from what is saved it would conclude once more. */
	correlate->must_save |= told;
	return true;
}
