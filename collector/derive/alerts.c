#include "collector/derive/alerts.h"

#include <stdio.h>

#include "collector/derive/acts.h"
#include "collector/derive/statistics.h"
#include "common/clock.h"
#include "common/counter.h"

static struct counter made = COUNTER("derive.alerts", "alerts that findings made");
static struct counter reopened =
	COUNTER("derive.alerts_reopened", "alerts that came again after they were closed");
static struct counter grouped = COUNTER("derive.alerts_grouped",
	"findings that went into the alert * of their rule and agency: too many were open");
static struct counter forgotten =
	COUNTER("derive.alerts_forgotten", "closed alerts that made room for new ones");
static struct counter suppressed =
	COUNTER("derive.findings_suppressed", "findings kept out of sight by order");

static const struct slice any = {SLICE_BYTES("*")};
static const struct slice began_name = {SLICE_BYTES(ALERTS_BEGAN)};

static const char *const status_names[ALERT_STATUSES] = {
	[ALERT_NEW] = "new",
	[ALERT_ACKNOWLEDGED] = "acknowledged",
	[ALERT_IN_PROGRESS] = "in-progress",
	[ALERT_CLOSED] = "closed",
};

static const char *const verdict_names[ALERT_VERDICTS] = {
	[ALERT_NO_VERDICT] = "none",
	[ALERT_TRUE] = "true",
	[ALERT_FALSE] = "false",
	[ALERT_BENIGN] = "benign",
};

const char *alert_status_name(enum alert_status status)
{
	return status_names[status];
}

const char *alert_verdict_name(enum alert_verdict verdict)
{
	return verdict_names[verdict];
}

bool alert_status_from(struct slice name, enum alert_status *status)
{
	for (unsigned i = 0; i < ALERT_STATUSES; i++) {
		if (slice_eq(name, slice_str(status_names[i]))) {
			*status = (enum alert_status)i;
			return true;
		}
	}
	return false;
}

bool alert_verdict_from(struct slice name, enum alert_verdict *verdict)
{
	for (unsigned i = 0; i < ALERT_VERDICTS; i++) {
		if (slice_eq(name, slice_str(verdict_names[i]))) {
			*verdict = (enum alert_verdict)i;
			return true;
		}
	}
	return false;
}

/* ---- history -------------------------------------------------------------------- */

bool alert_history_add(
	struct database *database, const struct alert_change *change, struct err *err)
{
	return database_run(database, err, STATEMENT_ALERT_HISTORY_ADD, "iittt", change->alert,
		       change->at_ns, change->who, change->what, change->text) &&
	       database_run(database, err, STATEMENT_ALERT_HISTORY_FORGET, "ii", change->alert,
		       (int64_t)ALERT_HISTORY_MOST);
}

/* ---- rows ----------------------------------------------------------------------- */

enum {
	RESERVED_PART = 4, /* of alerts_most, for critical ones */
	AGENCY_PART = 4,   /* an agency has so much of them at most */
	GRAVER_TEXT_MAX = 400,
};

struct row {
	int64_t number; /* 0 = there is none */
	uint8_t severity;
	enum alert_status status;
	enum alert_verdict verdict;
	int64_t findings, suppressed;
	int64_t heard_ns, closed_ns, last_ns, resolved_ns;
	bool graver; /* by the finding at hand */
};

/* What the alert is of. */
struct key {
	struct slice rule, subject;
	uint32_t agency, host;
};

static bool find(struct alerts *alerts, const struct key *key, struct row *row, struct err *err)
{
	bool failed;
	sqlite3_stmt *found = database_select(alerts->database, err, STATEMENT_ALERT_FIND,
		"tiit", key->rule, (int64_t)key->agency, (int64_t)key->host, key->subject);

	*row = (struct row){0};
	if (found == NULL)
		return false;
	if (database_row(alerts->database, found, &failed, err))
		*row = (struct row){
			.number = sqlite3_column_int64(found, 0),
			.severity = (uint8_t)sqlite3_column_int64(found, 1),
			.status = (enum alert_status)sqlite3_column_int64(found, 2),
			.verdict = (enum alert_verdict)sqlite3_column_int64(found, 3),
			.findings = sqlite3_column_int64(found, 4),
			.suppressed = sqlite3_column_int64(found, 5),
			.heard_ns = sqlite3_column_int64(found, 6),
			.closed_ns = sqlite3_column_int64(found, 7),
			.last_ns = sqlite3_column_int64(found, 8),
			.resolved_ns = sqlite3_column_int64(found, 9),
		};
	database_end(found);
	return !failed;
}

static bool forget(struct alerts *alerts, int64_t number, struct err *err)
{
	static const enum statement each[] = {STATEMENT_ALERT_FORGET_EVIDENCE,
		STATEMENT_ALERT_FORGET_HISTORY, STATEMENT_ALERT_FORGET_DAYS,
		STATEMENT_ALERT_FORGET};

	for (unsigned i = 0; i < ARRAY_LEN(each); i++) {
		if (!database_run(alerts->database, err, each[i], "i", number))
			return false;
	}
	alerts->n--;
	counter_add(&forgotten, 1);
	return true;
}

/* Of those nobody sees, or looks at any more. */
static bool oldest_to_go(struct alerts *alerts, int64_t *number, struct err *err)
{
	static const enum statement each[] = {
		STATEMENT_ALERT_OLDEST_HIDDEN, STATEMENT_ALERT_OLDEST_CLOSED};

	*number = 0;
	for (unsigned i = 0; i < ARRAY_LEN(each) && *number == 0; i++) {
		if (!database_number(alerts->database,
			    database_select(alerts->database, err, each[i], ""), number, err))
			return false;
	}
	return true;
}

/* A quarter is kept for critical ones. */
static int64_t most_for(const struct alerts *alerts, bool critical)
{
	const int64_t most = (int64_t)alerts->settings->alerts_most;

	return critical ? most : most - most / RESERVED_PART;
}

/* *room: there is some, or was made. */
static bool make_room(struct alerts *alerts, bool critical, bool *room, struct err *err)
{
	int64_t oldest;

	*room = true;
	if (alerts->n < most_for(alerts, critical))
		return true;
	if (!oldest_to_go(alerts, &oldest, err))
		return false;
	*room = oldest != 0;
	return !*room || forget(alerts, oldest, err);
}

/* Critical ones are counted among themselves: others never take their place. */
static int64_t grade_counted(const struct alert_finding *finding)
{
	return finding->severity == SEVERITY_CRITICAL ? SEVERITY_CRITICAL : SEVERITY_NONE;
}

/* A quarter of everything, and at least what one rule may have. */
static int64_t most_of_agency(const struct alerts *alerts)
{
	const int64_t part = (int64_t)alerts->settings->alerts_most / AGENCY_PART;
	const int64_t of_rule = (int64_t)alerts->settings->alerts_of_rule;

	return part > of_rule ? part : of_rule;
}

/* A host has its limit of each rule, an agency one of all. */
static bool is_full(
	struct alerts *alerts, const struct alert_finding *finding, bool *full, struct err *err)
{
	const int64_t grade = grade_counted(finding);
	int64_t of_rule = 0, of_agency = 0;

	if (!database_number(alerts->database,
		    database_select(alerts->database, err, STATEMENT_ALERTS_OPEN_OF_RULE,
			    "tiii", finding->rule, (int64_t)finding->agency,
			    (int64_t)finding->host, grade),
		    &of_rule, err) ||
		!database_number(alerts->database,
			database_select(alerts->database, err, STATEMENT_ALERTS_OPEN_OF_AGENCY,
				"ii", (int64_t)finding->agency, grade),
			&of_agency, err))
		return false;
	*full = of_rule >= (int64_t)alerts->settings->alerts_of_rule ||
		of_agency >= most_of_agency(alerts);
	return true;
}

static bool add(struct alerts *alerts, const struct key *key,
	const struct alert_finding *finding, struct row *row, struct err *err)
{
	const bool is_any = slice_eq(key->rule, any);

	if (!database_run(alerts->database, err, STATEMENT_ALERT_ADD,
		    "tiitttt"
		    "iiii",
		    key->rule, (int64_t)key->agency, (int64_t)key->host, key->subject,
		    is_any ? any : finding->title, key->host ? finding->source : SLICE_LIT(""),
		    key->host ? finding->user : SLICE_LIT(""), (int64_t)finding->system,
		    (int64_t)finding->level, finding->at_ns, finding->received_ns))
		return false;
	alerts->n++;
	counter_add(&made, 1);
	*row = (struct row){
		.number = sqlite3_last_insert_rowid(alerts->database->handle),
		.heard_ns = finding->received_ns,
		.last_ns = finding->at_ns,
	};
	return true;
}

/* ---- which alert it belongs to ---------------------------------------------------- */

static bool belongs(
	const struct alerts *alerts, const struct row *row, const struct alert_finding *finding)
{
	const uint64_t within_ms = row->status == ALERT_CLOSED
					   ? alerts->settings->alert_reopen_ms
					   : alerts->settings->alert_window_ms;

	return row->number != 0 &&
	       (finding->received_ns - row->heard_ns) / CLOCK_NS_PER_MS <= (int64_t)within_ms;
}

/* Finds the alert, or makes one; *room false: neither, for there is none. */
static bool find_or_add(struct alerts *alerts, const struct key *key,
	const struct alert_finding *finding, bool may_add, struct row *row, bool *placed,
	struct err *err)
{
	*placed = true;
	if (!find(alerts, key, row, err))
		return false;
	if (belongs(alerts, row, finding))
		return true;
	*placed = may_add;
	return !may_add || add(alerts, key, finding, row, err);
}

static bool may_add(
	struct alerts *alerts, const struct alert_finding *finding, bool *may, struct err *err)
{
	bool full;

	if (!is_full(alerts, finding, &full, err))
		return false;
	*may = false;
	return full || make_room(alerts, finding->severity == SEVERITY_CRITICAL, may, err);
}

/* One of its own, if there is room for it. */
static bool place_alone(struct alerts *alerts, const struct key *key,
	const struct alert_finding *finding, struct row *row, bool *placed, struct err *err)
{
	bool may;

	if (!find_or_add(alerts, key, finding, false, row, placed, err))
		return false;
	if (*placed)
		return true;
	return may_add(alerts, finding, &may, err) &&
	       find_or_add(alerts, key, finding, may, row, placed, err);
}

/* With others of the rule and agency; or with all that the agency has too many of. */
static bool place_grouped(struct alerts *alerts, const struct alert_finding *finding,
	struct row *row, struct err *err)
{
	const struct key of_rule = {finding->rule, any, finding->agency, 0};
	const struct key of_agency = {any, any, finding->agency, 0};
	bool room, placed;

	if (!find_or_add(alerts, &of_rule, finding, false, row, &placed, err))
		return false;
	if (placed)
		return true;
	return make_room(alerts, true, &room, err) &&
	       find_or_add(
		       alerts, room ? &of_rule : &of_agency, finding, true, row, &placed, err);
}

static struct key key_of(const struct alert_finding *finding)
{
	return (struct key){finding->rule, finding->subject, finding->agency, finding->host};
}

static bool place(struct alerts *alerts, const struct alert_finding *finding, bool group,
	struct row *row, struct err *err)
{
	const struct key alone = key_of(finding);
	bool placed = false;

	if (!group && !place_alone(alerts, &alone, finding, row, &placed, err))
		return false;
	if (placed)
		return true;
	counter_add(&grouped, !group);
	return place_grouped(alerts, finding, row, err);
}

/* ---- what it changes -------------------------------------------------------------- */

static bool tell(struct alerts *alerts, const struct row *row,
	const struct alert_finding *finding, const char *what, const char *text,
	struct err *err)
{
	const struct alert_change change = {
		.alert = row->number,
		.at_ns = finding->received_ns,
		.who = SLICE_LIT(""),
		.what = slice_str(what),
		.text = slice_str(text),
	};

	return alert_history_add(alerts->database, &change, err);
}

/* So many findings make it a grade graver. */
static bool is_step(const struct alerts *alerts, int64_t findings)
{
	const int64_t raise = alerts->settings->alert_raise;

	return raise > 0 && (findings == raise || findings == 10 * raise);
}

static bool raise_severity(struct alerts *alerts, struct row *row,
	const struct alert_finding *finding, uint8_t grade, struct err *err)
{
	const uint8_t before = row->severity;
	char text[GRAVER_TEXT_MAX];

	if (grade > row->severity) {
		row->severity = grade;
		row->graver = true;
	}
	if (is_step(alerts, row->findings) && row->severity < SEVERITY_HIGH)
		row->severity++;
	if (row->findings == 1 || row->severity == before)
		return true;
	/* Whoever has seen it has not seen this. */
	if (row->graver && row->status != ALERT_CLOSED)
		row->status = ALERT_NEW;
	snprintf(text, sizeof(text), "%s -> %s at finding %lld: host %u %.*s",
		severity_name((enum severity)before),
		severity_name((enum severity)row->severity), (long long)row->findings,
		finding->host, SLICE_FMT(finding->subject));
	return tell(alerts, row, finding, "graver", text, err);
}

static bool reopen(struct alerts *alerts, struct row *row, const struct alert_finding *finding,
	struct err *err)
{
	char text[64];

	row->status = ALERT_NEW;
	row->closed_ns = 0;
	counter_add(&reopened, 1);
	snprintf(text, sizeof(text), "it was closed with verdict %s",
		alert_verdict_name(row->verdict));
	return tell(alerts, row, finding, "re-opened", text, err);
}

/* The first few, then each power of two; what makes it graver; and critical ones. */
static bool is_evidence(struct alerts *alerts, const struct row *row,
	const struct alert_finding *finding, bool *is, struct err *err)
{
	const int64_t n = row->findings + row->suppressed;
	int64_t kept = 0;

	*is = n <= ALERT_EVIDENCE_FIRST || (n & (n - 1)) == 0 || row->graver;
	if (*is || finding->severity < SEVERITY_CRITICAL)
		return true;
	if (!database_number(alerts->database,
		    database_select(alerts->database, err, STATEMENT_ALERT_EVIDENCE_COUNT, "i",
			    row->number),
		    &kept, err))
		return false;
	*is = kept < ALERT_EVIDENCE_CRITICAL;
	return true;
}

static bool keep_evidence(struct alerts *alerts, const struct row *row,
	const struct alert_finding *finding, struct err *err)
{
	bool is;

	if (!is_evidence(alerts, row, finding, &is, err))
		return false;
	return !is || database_run(alerts->database, err, STATEMENT_ALERT_EVIDENCE_ADD,
			      "iiiiiitt", row->number, row->findings + row->suppressed,
			      (int64_t)finding->class, (int64_t)finding->number, finding->at_ns,
			      (int64_t)finding->severity, finding->event, finding->about);
}

static bool count_day(struct alerts *alerts, const struct row *row,
	const struct alert_finding *finding, bool hidden, struct err *err)
{
	const int64_t day =
		window_at(WINDOW_DAY, finding->received_ns, alerts->settings->zone_seconds)
			.start_ns /
		CLOCK_NS_PER_S;

	return database_run(alerts->database, err, STATEMENT_ALERT_DAY_ADD, "iiii", row->number,
		       day, (int64_t)!hidden, (int64_t)hidden) &&
	       database_run(alerts->database, err, STATEMENT_ALERT_DAYS_FORGET, "ii",
		       row->number, day - (int64_t)ALERT_DAYS * 86400);
}

static bool save(struct alerts *alerts, const struct row *row,
	const struct alert_finding *finding, bool again, struct err *err)
{
	return database_run(alerts->database, err, STATEMENT_ALERT_SET,
		"iiiiiiii"
		"tt"
		"iiii",
		row->number, (int64_t)row->severity, (int64_t)row->status, row->findings,
		row->suppressed, row->heard_ns, row->closed_ns, row->last_ns,
		slice_str(finding->techniques), finding->version, (int64_t)finding->attack,
		finding->at_ns, (int64_t)again, (int64_t)finding->level);
}

static bool note_it(struct alerts *alerts, struct row *row, const struct alert_finding *finding,
	bool hidden, bool again, struct err *err)
{
	row->heard_ns =
		finding->received_ns > row->heard_ns ? finding->received_ns : row->heard_ns;
	row->last_ns = finding->at_ns > row->last_ns ? finding->at_ns : row->last_ns;
	return save(alerts, row, finding, again, err) &&
	       keep_evidence(alerts, row, finding, err) &&
	       count_day(alerts, row, finding, hidden, err);
}

static bool count_shown(struct alerts *alerts, struct row *row,
	const struct alert_finding *finding, uint8_t grade, struct err *err)
{
	const bool again = row->status == ALERT_CLOSED;

	row->findings++;
	return (!again || reopen(alerts, row, finding, err)) &&
	       raise_severity(alerts, row, finding, grade, err) &&
	       note_it(alerts, row, finding, false, again, err);
}

static bool count_hidden(struct alerts *alerts, struct row *row,
	const struct alert_finding *finding, int64_t standing, struct err *err)
{
	row->suppressed++;
	counter_add(&suppressed, 1);
	return database_run(alerts->database, err, STATEMENT_STANDING_HIT, "ii", standing,
		       finding->at_ns) &&
	       note_it(alerts, row, finding, true, false, err);
}

/* ---- findings ------------------------------------------------------------------- */

/* Critical ones are grouped where others are hidden. */
static bool take_finding(
	struct alerts *alerts, const struct alert_finding *finding, struct err *err)
{
	const int64_t standing = standings_hide(&alerts->standings, finding);
	const bool is_critical = finding->severity == SEVERITY_CRITICAL;
	uint8_t grade = finding->severity;
	struct row row;

	if (standings_watch(&alerts->standings, finding) && grade < SEVERITY_CRITICAL)
		grade++;
	if (!place(alerts, finding, standing != 0 && is_critical, &row, err))
		return false;
	if (standing != 0 && !is_critical)
		return count_hidden(alerts, &row, finding, standing, err);
	return count_shown(alerts, &row, finding, grade, err);
}

static bool resolve(struct alerts *alerts, const struct alert_finding *finding, struct err *err)
{
	const struct key key = key_of(finding);
	struct row row;

	if (!find(alerts, &key, &row, err))
		return false;
	if (row.number == 0 || row.status == ALERT_CLOSED || row.resolved_ns != 0)
		return true;
	return database_run(alerts->database, err, STATEMENT_ALERT_RESOLVE, "ii", row.number,
		       finding->at_ns) &&
	       tell(alerts, &row, finding, "over", "what was found has ended", err);
}

/* Learning mode is told from the first one on. */
static bool note_begin(struct alerts *alerts, int64_t at_ns, struct err *err)
{
	int64_t began_ns = 0;

	if (alerts->n > 0)
		return true;
	return database_meta(alerts->database, began_name, &began_ns, err) &&
	       (began_ns != 0 || database_run(alerts->database, err, STATEMENT_META_SET, "ti",
					 began_name, at_ns));
}

bool alerts_want(const struct store_block *block, unsigned i)
{
	const struct columns *columns = &block->columns[i];

	return alert_finding_is(columns) ||
	       (columns->kind == RECORD_NOTE && act_is_of(&block->streams[columns->stream]));
}

bool alerts_record(struct alerts *alerts, const struct store_block *block, unsigned i,
	const struct record *record, struct err *err)
{
	if (block->columns[i].kind == RECORD_NOTE)
		return act_apply(alerts, record, err);

	const struct alert_finding finding = alert_finding_of(block, i, record);

	if (finding.rule.len == 0)
		return true; /* of an older version's log */
	if (finding.resolved)
		return resolve(alerts, &finding, err);
	return note_begin(alerts, finding.received_ns, err) &&
	       take_finding(alerts, &finding, err);
}

/* ---- life ----------------------------------------------------------------------- */

bool alerts_begin(struct alerts *alerts, const struct derive_settings *settings,
	struct database *database, struct err *err)
{
	alerts->settings = settings;
	alerts->database = database;
	alerts->n = 0;
	return database_number(database,
		       database_select(database, err, STATEMENT_ALERTS_COUNT, ""), &alerts->n,
		       err) &&
	       standings_load(&alerts->standings, database, err);
}

void alerts_done(struct alerts *alerts)
{
	standings_done(&alerts->standings);
}
