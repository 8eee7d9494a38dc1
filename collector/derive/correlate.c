#include "collector/derive/correlate.h"

#include <inttypes.h>
#include <stdlib.h>

#include "collector/derive/findings.h"
#include "collector/derive/paces.h"
#include "collector/derive/tally.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum {
	HOUR_MS = 3600 * 1000,
	SAVE_RECORDS = 1 << 22, /* so many are read again at most */
	SUBJECT_MAX = 128,      /* bytes of an address or a user that count */
	BLOB_MAX = 1 << 30,
};

/* Kinds of keys; a match's is its rule's number. */
#define KIND_LIMIT UINT32_C(0x80000000)
/* Who was found guessing at a host, whoever told of it, and who got in then. By an address they
 * are told apart from those by a user. */
#define KIND_GUESSING         UINT32_C(0x80000001)
#define KIND_GUESSING_OF_USER UINT32_C(0x80000002)
#define KIND_ENTERED          UINT32_C(0x80000003)
#define KIND_ENTERED_OF_USER  UINT32_C(0x80000004)

static struct counter groups_evicted = COUNTER(
	"derive.correlation_evicted", "groups forgotten to make room before they were quiet");
static struct counter findings = COUNTER("derive.findings", "findings concluded");
static struct counter held_back = COUNTER(
	"derive.findings_held_back", "findings beyond what one host may have in an hour");

struct correlate {
	const struct derive_settings *settings;
	struct database *database;
	struct paces *paces;
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

	if (keep_ms < HOUR_MS)
		keep_ms = HOUR_MS;
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

/* ---- concluding ------------------------------------------------------------- */

/* The allowance of one rule at one host: false when it is used up for now. */
static bool may_fire(struct correlate *correlate, const struct columns *columns, uint32_t rule,
	int64_t at_ns, uint64_t *n_held)
{
	const uint32_t where[] = {rule, columns->agency, columns->host};
	struct pace *limit = paces_touch(correlate->paces, columns->agency, KIND_LIMIT,
		slice_of((const char *)where, sizeof(where)), columns->received_ns);

	if (pace_count(limit, at_ns, HOUR_MS * CLOCK_NS_PER_MS) >=
		correlate->settings->findings_most) {
		limit->events++;
		return false;
	}
	pace_add(limit, 1);
	*n_held = limit->events;
	limit->events = 0;
	return true;
}

struct conclusion {
	int64_t at_ns, since_ns;
	uint64_t events;
	uint64_t n_held; /* before it */
	struct slice rule, subject;
	enum severity severity;
};

static bool conclude(struct correlate *correlate, const struct columns *columns,
	const struct conclusion *what, enum correlate_how how, struct err *err)
{
	enum statement which = how == CORRELATE_NEW ? STATEMENT_EMIT_ADD : STATEMENT_DOUBT_ADD;

	if (how == CORRELATE_AGAIN)
		return true;
	if (how == CORRELATE_NEW)
		counter_add(&findings, 1);
	return database_run(correlate->database, err, which, "iiiiiiittiii",
		(int64_t)columns->agency, (int64_t)columns->host, (int64_t)columns->system,
		(int64_t)columns->level, (int64_t)CLASS_UNAUTHORIZED_ACCESS,
		(int64_t)what->severity, what->at_ns, what->rule, what->subject,
		(int64_t)what->events, what->since_ns, (int64_t)what->n_held);
}

static bool is_in_hour_of(int64_t before_ns, int64_t at_ns)
{
	return before_ns != CLOCK_NONE && at_ns - before_ns < HOUR_MS * CLOCK_NS_PER_MS;
}

/* True when the group is to be told of. */
static bool count(struct pace *group, const struct derive_settings *settings, int64_t at_ns,
	unsigned times)
{
	int64_t window_ns = (int64_t)settings->brute_force_ms * CLOCK_NS_PER_MS;
	unsigned n = pace_count(group, at_ns, window_ns) + times;

	pace_add(group, times);
	group->events += times;
	if (n < settings->brute_force_count || is_in_hour_of(group->fired_ns, at_ns))
		return false;
	group->fired_ns = at_ns;
	return true;
}

/* A match at hand. */
struct sign_in {
	const struct columns *columns;
	const struct match *match;
	bool of_user;         /* no address is known */
	struct slice subject; /* as the record shows it */
	int64_t at_ns;
	char key[SUBJECT_MAX + 2 * sizeof(uint32_t)]; /* whose and where */
	size_t key_len;
};

static struct sign_in sign_in_of(const struct correlate *correlate,
	const struct columns *columns, const struct record *record, const struct match *match)
{
	const bool of_user = match->rule == MATCH_FAILED_SIGN_IN_OF_USER ||
			     match->rule == MATCH_SIGN_IN_OF_USER;
	const uint32_t where[] = {columns->agency, columns->host};
	struct slice subject = match_subject(match);
	if (subject.len > SUBJECT_MAX)
		subject = slice_head(subject, SUBJECT_MAX);
	struct sign_in sign_in = {
		.columns = columns,
		.match = match,
		.of_user = of_user,
		.subject = record_get(record, of_user ? FIELD_USER_NAME : FIELD_SOURCE_IP),
		.key_len = sizeof(where) + subject.len,
	};
	bool late;

	sign_in.at_ns = tally_time(correlate->settings, columns, &late);
	if (slice_absent(sign_in.subject)) /* its line was lost */
		sign_in.subject = SLICE_LIT("");
	memcpy(sign_in.key, where, sizeof(where));
	if (subject.len > 0)
		memcpy(sign_in.key + sizeof(where), subject.ptr, subject.len);
	return sign_in;
}

/* Valid until the next touch. */
static struct pace *touch_subject(
	struct correlate *correlate, const struct sign_in *sign_in, uint32_t kind)
{
	return paces_touch(correlate->paces, sign_in->columns->agency, kind + sign_in->of_user,
		slice_of(sign_in->key, sign_in->key_len), sign_in->columns->received_ns);
}

static bool tell(struct correlate *correlate, const struct sign_in *sign_in,
	struct conclusion *what, enum correlate_how how, struct err *err)
{
	if (may_fire(correlate, sign_in->columns, sign_in->match->rule, what->at_ns,
		    &what->n_held))
		return conclude(correlate, sign_in->columns, what, how, err);
	if (how == CORRELATE_NEW)
		counter_add(&held_back, 1);
	return true;
}

static struct slice name_of_failures(const struct sign_in *sign_in, const struct record *record)
{
	if (sign_in->of_user)
		return SLICE_LIT(FINDINGS_OF_ACCOUNT "brute-force");
	return sign_in->match->rule == MATCH_SSH_FAILED_LOGIN ||
			       slice_eq(record_get(record, FIELD_PROCESS_NAME),
				       SLICE_LIT("sshd"))
		       ? SLICE_LIT("ssh-brute-force")
		       : SLICE_LIT("sign-in-brute-force");
}

/* Other lines may have told of the same attempts already. */
static bool is_known_guesser(
	struct correlate *correlate, const struct sign_in *sign_in, const struct pace *group)
{
	const struct pace counted = *group;
	struct pace *guessing = touch_subject(correlate, sign_in, KIND_GUESSING);

	if (is_in_hour_of(guessing->fired_ns, sign_in->at_ns))
		return true;
	guessing->fired_ns = sign_in->at_ns;
	guessing->since_ns = counted.since_ns;
	guessing->events = counted.events;
	return false;
}

static bool correlate_failure(struct correlate *correlate, const struct sign_in *sign_in,
	const struct record *record, enum correlate_how how, struct err *err)
{
	const struct columns *columns = sign_in->columns;
	struct pace *group = paces_touch(correlate->paces, columns->agency,
		sign_in->match->rule, sign_in->match->group, columns->received_ns);

	if (!count(group, correlate->settings, sign_in->at_ns, 1u + columns->repeats))
		return true;
	/* The next touch moves them. */
	struct conclusion what = {
		.at_ns = sign_in->at_ns,
		.since_ns = group->since_ns,
		.events = group->events,
		.rule = name_of_failures(sign_in, record),
		.subject = sign_in->subject,
		.severity = sign_in->of_user ? SEVERITY_MEDIUM : SEVERITY_HIGH,
	};
	return is_known_guesser(correlate, sign_in, group) ||
	       tell(correlate, sign_in, &what, how, err);
}

/* Whoever guessed has found it. */
static bool correlate_success(struct correlate *correlate, const struct sign_in *sign_in,
	enum correlate_how how, struct err *err)
{
	const struct pace *guessing = paces_find(correlate->paces,
		KIND_GUESSING + sign_in->of_user, slice_of(sign_in->key, sign_in->key_len));

	if (guessing == NULL || !is_in_hour_of(guessing->fired_ns, sign_in->at_ns) ||
		sign_in->at_ns < guessing->fired_ns)
		return true;
	struct conclusion what = {
		.at_ns = sign_in->at_ns,
		.since_ns = guessing->since_ns,
		.events = guessing->events,
		.rule = sign_in->of_user
				? SLICE_LIT(FINDINGS_OF_ACCOUNT "sign-in-after-guessing")
				: SLICE_LIT("sign-in-after-guessing"),
		.subject = sign_in->subject,
		.severity = SEVERITY_CRITICAL,
	};
	struct pace *entered = touch_subject(correlate, sign_in, KIND_ENTERED);
	if (is_in_hour_of(entered->fired_ns, sign_in->at_ns))
		return true;
	entered->fired_ns = sign_in->at_ns;
	return tell(correlate, sign_in, &what, how, err);
}

static bool correlate_match(struct correlate *correlate, const struct columns *columns,
	const struct record *record, const struct match *match, enum correlate_how how,
	struct err *err)
{
	const struct sign_in sign_in = sign_in_of(correlate, columns, record, match);

	switch (match->rule) {
	case MATCH_SSH_FAILED_LOGIN:
	case MATCH_FAILED_SIGN_IN:
	case MATCH_FAILED_SIGN_IN_OF_USER:
		return correlate_failure(correlate, &sign_in, record, how, err);
	case MATCH_SIGN_IN:
	case MATCH_SIGN_IN_OF_USER:
		return correlate_success(correlate, &sign_in, how, err);
	default:
		return true; /* of a newer version */
	}
}

bool correlate_record(struct correlate *correlate, const struct columns *columns,
	const struct record *record, enum correlate_how how, struct err *err)
{
	if (columns->flags & RECORD_TEST)
		return true;
	if (columns->received_ns > correlate->now_ns)
		correlate->now_ns = columns->received_ns;
	for (unsigned i = 0; i < record->n_matches; i++) {
		if (!correlate_match(correlate, columns, record, &record->matches[i], how, err))
			return false;
	}
	correlate->changed = true;
	correlate->n_matches += record->n_matches;
	return true;
}
