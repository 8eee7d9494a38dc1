#include "collector/derive/alert_reader.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct alert_reader {
	struct database database;
};

struct alert_reader *alert_reader_open(const char *derive_dir, struct err *err)
{
	struct alert_reader *reader = calloc(1, sizeof(*reader));
	char path[PATH_MAX];

	if (reader == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/derive.db", derive_dir);
	if (database_open_read_only(&reader->database, path, err))
		return reader;
	free(reader);
	return NULL;
}

void alert_reader_close(struct alert_reader *reader)
{
	if (reader == NULL)
		return;
	database_close(&reader->database);
	free(reader);
}

/* Shows each row to `take`, which returns false to stop. */
static bool walk(struct alert_reader *reader, sqlite3_stmt *rows,
	bool (*take)(void *user, sqlite3_stmt *row), void *user, struct err *err)
{
	bool failed = false;

	if (rows == NULL)
		return false;
	while (database_row(&reader->database, rows, &failed, err) && take(user, rows))
		;
	database_end(rows);
	return !failed;
}

/* A number that is not negative. */
static uint64_t count_of(sqlite3_stmt *row, int column)
{
	const int64_t value = sqlite3_column_int64(row, column);

	return value > 0 ? (uint64_t)value : 0;
}

/* ---- alerts --------------------------------------------------------------------- */

static struct alert alert_of(sqlite3_stmt *row)
{
	return (struct alert){
		.number = sqlite3_column_int64(row, 0),
		.rule = database_text(row, 1),
		.agency = (uint32_t)count_of(row, 2),
		.host = (uint32_t)count_of(row, 3),
		.subject = database_text(row, 4),
		.title = database_text(row, 5),
		.version = database_text(row, 6),
		.techniques = database_text(row, 7),
		.source = database_text(row, 8),
		.user = database_text(row, 9),
		.system = (uint16_t)count_of(row, 10),
		.level = (uint8_t)count_of(row, 11),
		.attack = (uint8_t)count_of(row, 12),
		.severity = (uint8_t)count_of(row, 13),
		.status = (enum alert_status)count_of(row, 14),
		.verdict = (enum alert_verdict)count_of(row, 15),
		.owner = database_text(row, 16),
		.findings = count_of(row, 17),
		.suppressed = count_of(row, 18),
		.reopened = count_of(row, 19),
		.first_ns = sqlite3_column_int64(row, 20),
		.last_ns = sqlite3_column_int64(row, 21),
		.heard_ns = sqlite3_column_int64(row, 22),
		.resolved_ns = sqlite3_column_int64(row, 23),
		.closed_ns = sqlite3_column_int64(row, 24),
	};
}

struct listing {
	bool (*visit)(void *user, const struct alert *alert);
	void *user;
};

static bool take_alert(void *user, sqlite3_stmt *row)
{
	const struct listing *listing = user;
	const struct alert alert = alert_of(row);

	return listing->visit(listing->user, &alert);
}

bool alert_reader_list(struct alert_reader *reader, const struct alert_filter *filter,
	bool (*visit)(void *user, const struct alert *alert), void *user, struct err *err)
{
	struct listing listing = {visit, user};

	return walk(reader,
		database_select(&reader->database, err, STATEMENT_ALERTS_LIST, "iiiiitiitiii",
			filter->number, (int64_t)filter->statuses, (int64_t)filter->severity,
			(int64_t)filter->agency, (int64_t)filter->host, filter->rule,
			filter->since_ns, filter->until_ns ? filter->until_ns : INT64_MAX,
			filter->owner,
			filter->by_verdict ? (int64_t)filter->verdict : (int64_t)-1,
			(int64_t)filter->sight, (int64_t)filter->most),
		take_alert, &listing, err);
}

struct evidence_listing {
	bool (*visit)(void *user, const struct alert_evidence *evidence);
	void *user;
};

static bool take_evidence(void *user, sqlite3_stmt *row)
{
	const struct evidence_listing *listing = user;
	const struct alert_evidence evidence = {
		.finding = count_of(row, 0),
		.class = (uint8_t)count_of(row, 1),
		.number = count_of(row, 2),
		.at_ns = sqlite3_column_int64(row, 3),
		.severity = (uint8_t)count_of(row, 4),
		.event = database_text(row, 5),
		.about = database_text(row, 6),
	};

	return listing->visit(listing->user, &evidence);
}

bool alert_reader_evidence(struct alert_reader *reader, int64_t number,
	bool (*visit)(void *user, const struct alert_evidence *evidence), void *user,
	struct err *err)
{
	struct evidence_listing listing = {visit, user};

	return walk(reader,
		database_select(&reader->database, err, STATEMENT_ALERT_EVIDENCE, "i", number),
		take_evidence, &listing, err);
}

struct history_listing {
	bool (*visit)(void *user, const struct alert_change *change);
	void *user;
	int64_t alert;
};

static bool take_change(void *user, sqlite3_stmt *row)
{
	const struct history_listing *listing = user;
	const struct alert_change change = {
		.alert = listing->alert,
		.at_ns = sqlite3_column_int64(row, 0),
		.who = database_text(row, 1),
		.what = database_text(row, 2),
		.text = database_text(row, 3),
	};

	return listing->visit(listing->user, &change);
}

bool alert_reader_history(struct alert_reader *reader, int64_t number,
	bool (*visit)(void *user, const struct alert_change *change), void *user,
	struct err *err)
{
	struct history_listing listing = {visit, user, number};

	return walk(reader,
		database_select(&reader->database, err, STATEMENT_ALERT_HISTORY, "i", number),
		take_change, &listing, err);
}

/* ---- sums ----------------------------------------------------------------------- */

struct noise_listing {
	bool (*visit)(void *user, const struct alert_noise *noise);
	void *user;
};

static bool take_noise(void *user, sqlite3_stmt *row)
{
	const struct noise_listing *listing = user;
	const struct alert_noise noise = {
		.rule = database_text(row, 0),
		.title = database_text(row, 1),
		.agency = (uint32_t)count_of(row, 2),
		.findings = count_of(row, 3),
		.suppressed = count_of(row, 4),
		.alerts = count_of(row, 5),
		.hosts = count_of(row, 6),
		.host = (uint32_t)count_of(row, 7),
		.sources = count_of(row, 8),
		.source = database_text(row, 9),
		.severity = (uint8_t)count_of(row, 10),
		.called_false = count_of(row, 11),
	};

	return listing->visit(listing->user, &noise);
}

bool alert_reader_noisy(struct alert_reader *reader, int64_t day_s, unsigned most,
	bool (*visit)(void *user, const struct alert_noise *noise), void *user, struct err *err)
{
	struct noise_listing listing = {visit, user};

	return walk(reader,
		database_select(&reader->database, err, STATEMENT_ALERTS_NOISY, "ii", day_s,
			(int64_t)most),
		take_noise, &listing, err);
}

struct previewing {
	const struct scope *scope;
	struct alert_preview *preview;
};

static bool add_to_preview(void *user, sqlite3_stmt *row)
{
	const struct previewing *previewing = user;
	struct alert_preview *preview = previewing->preview;
	const struct scope_subject subject = {
		.rule = database_text(row, 0),
		.title = database_text(row, 1),
		.source = database_text(row, 2),
		.user = database_text(row, 3),
		.agency = (uint32_t)count_of(row, 4),
		.host = (uint32_t)count_of(row, 5),
	};

	if (!scope_holds(previewing->scope, &subject))
		return true;
	const bool is_critical = count_of(row, 6) == SEVERITY_CRITICAL;
	*(is_critical ? &preview->critical_alerts : &preview->alerts) += 1;
	*(is_critical ? &preview->critical_findings : &preview->findings) += count_of(row, 7);
	return true;
}

bool alert_reader_preview(struct alert_reader *reader, const struct scope *scope, int64_t day_s,
	struct alert_preview *preview, struct err *err)
{
	struct previewing previewing = {scope, preview};

	*preview = (struct alert_preview){0};
	return walk(reader,
		database_select(&reader->database, err, STATEMENT_ALERTS_OF_DAYS, "i", day_s),
		add_to_preview, &previewing, err);
}

static bool add_to_sums(void *user, sqlite3_stmt *row)
{
	struct alert_sums *sums = user;
	const uint64_t status = count_of(row, 0), severity = count_of(row, 1);

	if (status >= ALERT_STATUSES || severity >= SEVERITY_COUNT)
		return true;
	sums->by_status[status] += count_of(row, 2);
	if (status != ALERT_CLOSED)
		sums->open_by_severity[severity] += count_of(row, 2);
	sums->since += count_of(row, 3);
	return true;
}

bool alert_reader_sums(
	struct alert_reader *reader, int64_t since_ns, struct alert_sums *sums, struct err *err)
{
	struct database *database = &reader->database;
	int64_t all = 0;

	*sums = (struct alert_sums){0};
	if (!walk(reader,
		    database_select(database, err, STATEMENT_ALERTS_BY_STATUS, "i", since_ns),
		    add_to_sums, sums, err) ||
		!database_number(database,
			database_select(database, err, STATEMENT_ALERTS_COUNT, ""), &all, err))
		return false;
	sums->all = (uint64_t)all;
	return database_meta(database, SLICE_LIT(ALERTS_BEGAN), &sums->began_ns, err);
}

/* ---- standing orders ------------------------------------------------------------ */

static struct standing_view standing_of(sqlite3_stmt *row)
{
	return (struct standing_view){
		.number = sqlite3_column_int64(row, 0),
		.order =
			{
				.kind = (enum standing_kind)count_of(row, 1),
				.owner = database_text(row, 2),
				.reason = database_text(row, 3),
				.made_ns = sqlite3_column_int64(row, 4),
				.begins_ns = sqlite3_column_int64(row, 5),
				.ends_ns = sqlite3_column_int64(row, 6),
				.scope =
					{
						.rule = database_text(row, 8),
						.agency = (uint32_t)count_of(row, 9),
						.host = (uint32_t)count_of(row, 10),
						.prefix = database_text(row, 11),
						.user = database_text(row, 12),
					},
			},
		.removed_ns = sqlite3_column_int64(row, 7),
		.findings = count_of(row, 13),
		.last_ns = sqlite3_column_int64(row, 14),
	};
}

struct standing_listing {
	bool (*visit)(void *user, const struct standing_view *standing);
	void *user;
};

static bool take_standing(void *user, sqlite3_stmt *row)
{
	const struct standing_listing *listing = user;
	const struct standing_view standing = standing_of(row);

	return listing->visit(listing->user, &standing);
}

bool alert_reader_standings(struct alert_reader *reader,
	bool (*visit)(void *user, const struct standing_view *standing), void *user,
	struct err *err)
{
	struct standing_listing listing = {visit, user};

	return walk(reader, database_select(&reader->database, err, STATEMENT_STANDINGS, ""),
		take_standing, &listing, err);
}
