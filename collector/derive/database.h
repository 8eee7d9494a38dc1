/*
 * database - derive.db: statistics, correlation and outbox in one SQLite file
 *
 * One connection writes (design §5: SQLite 3.40's WAL-reset race needs two);
 * readers open their own read-only one. WAL, synchronous=FULL: a committed
 * step survives power loss. Private to derive/; one thread at a time.
 */
#ifndef COLLECTOR_DERIVE_DATABASE_H
#define COLLECTOR_DERIVE_DATABASE_H

#include <sqlite3.h>

#include "common/err.h"
#include "common/slice.h"

enum statement {
	STATEMENT_CURSOR,
	STATEMENT_CURSOR_SET,
	STATEMENT_COUNT_ADD,
	STATEMENT_HOST_ADD,
	STATEMENT_MALWARE_ADD,
	STATEMENT_QUALITY_ADD,
	STATEMENT_SEEN_ADD,
	STATEMENT_DAY_ADD,
	STATEMENT_AGENT_ADD,
	STATEMENT_DAYS_BEFORE,
	STATEMENT_AGENTS_BEFORE,
	STATEMENT_HIT_FIND,
	STATEMENT_HIT_ADD,
	STATEMENT_HIT_FIRST,
	STATEMENT_HIT_SET,
	STATEMENT_HIT_SETTLE,
	STATEMENT_HIT_SETTLE_FILE,
	STATEMENT_LISTED_ADD,
	STATEMENT_LISTED_FULL,
	STATEMENT_MACHINE_SET,
	STATEMENT_MACHINES_NOT_UPDATED,
	STATEMENT_WINDOW_DIRTY,
	STATEMENT_WINDOW_OPEN,
	STATEMENT_WINDOW_FIRST,
	STATEMENT_WINDOW_DUE,
	STATEMENT_WINDOW_DUE_COUNT,
	STATEMENT_WINDOW_PUBLISHED,
	STATEMENT_WINDOWS_WITHIN,
	STATEMENT_WINDOWS_OUTSIDE,
	STATEMENT_COUNTS,
	STATEMENT_MALWARE_SUMS,
	STATEMENT_MALWARE,
	STATEMENT_QUALITY,
	STATEMENT_HITS,
	STATEMENT_HITS_LATEST,
	STATEMENT_FINDINGS,
	STATEMENT_SOURCES_LOAD,
	STATEMENT_SOURCE_ADD,
	STATEMENT_SOURCE_SET,
	STATEMENT_SOURCE_HOUR_ADD,
	STATEMENT_SOURCE_NAME,
	STATEMENT_SILENCES,
	STATEMENT_SILENCE_SET,
	STATEMENT_SILENCE_LINES,
	STATEMENT_SILENCE_HOURS,
	STATEMENT_SILENCE_HOURS_SET,
	STATEMENT_SAMPLE_AGAIN,
	STATEMENT_SAMPLE_MAKE_ROOM,
	STATEMENT_SAMPLE_ADD,
	STATEMENT_SAMPLES,
	STATEMENT_SOURCE_FIELDS_GET,
	STATEMENT_SOURCE_FIELDS_SET,
	STATEMENT_SOURCE_FIELDS,
	STATEMENT_SOURCES,
	STATEMENT_SOURCE_SHARES,
	STATEMENT_SOURCE_DAYS,
	STATEMENT_CORRELATION,
	STATEMENT_CORRELATION_SET,
	STATEMENT_EMIT_ADD,
	STATEMENT_EMIT_STATE_ADD,
	STATEMENT_DOUBT_ADD,
	STATEMENT_DOUBT_TOLD,
	STATEMENT_DOUBTS_EMIT,
	STATEMENT_DOUBTS_DONE,
	STATEMENT_EMITS,
	STATEMENT_EMITS_DONE,
	STATEMENT_EMITS_LAST,
	STATEMENT_EMITS_RAISE,
	STATEMENT_OUTBOX_ADD,
	STATEMENT_OUTBOX_SUPERSEDE,
	STATEMENT_OUTBOX_MARK,
	STATEMENT_OUTBOX_NEXT,
	STATEMENT_OUTBOX_TYPE,
	STATEMENT_OUTBOX_STATE,
	STATEMENT_OUTBOX_WAITING,
	STATEMENT_OUTBOX_LATEST,
	STATEMENT_HOLD,
	STATEMENT_RELEASE,
	STATEMENT_HELD,
	STATEMENT_HELD_ITEM,
	STATEMENT_HELD_COUNT,
	STATEMENT_SIZE,
	STATEMENT_DETAILS_OLDEST,
	STATEMENT_WINDOWS_AWAITED,
	STATEMENT_WINDOWS_GIVE_UP,
	STATEMENT_ROLL_UP_COUNTS,
	STATEMENT_ROLL_UP_QUALITY,
	STATEMENT_ROLL_UP_MALWARE,
	STATEMENT_ROLLED_UP_COUNTS,
	STATEMENT_ROLLED_UP_QUALITY,
	STATEMENT_ROLLED_UP_MALWARE,
	STATEMENT_PRUNE_HOSTS,
	STATEMENT_PRUNE_SEEN,
	STATEMENT_PRUNE_LISTED,
	STATEMENT_PRUNE_HITS,
	STATEMENT_PRUNE_HITS_UNREPORTED,
	STATEMENT_PRUNE_DAYS,
	STATEMENT_PRUNE_MACHINES,
	STATEMENT_PRUNE_OUTBOX,
	STATEMENT_PRUNE_WINDOWS,
	STATEMENT_PRUNE_HELD,
	STATEMENT_PRUNE_DAILY_COUNTS,
	STATEMENT_PRUNE_DAILY_MALWARE,
	STATEMENT_PRUNE_DAILY_QUALITY,
	STATEMENT_PRUNE_SOURCE_HOURS,
	STATEMENT_PRUNE_SOURCES_HOURS,
	STATEMENT_PRUNE_SOURCES,
	STATEMENT_PRUNE_SILENCES,
	STATEMENT_PRUNE_SAMPLES,
	STATEMENT_PRUNE_SOURCE_FIELDS,
	STATEMENT_META,
	STATEMENT_META_SET,
	STATEMENT_META_LOWER,
	STATEMENTS,
};

struct database {
	sqlite3 *handle;
	sqlite3_stmt *prepared[STATEMENTS];
};

/* `path` NULL: in memory. Creates what is missing. */
MUST_USE bool database_open(struct database *database, const char *path, struct err *err);
MUST_USE bool database_open_read_only(
	struct database *database, const char *path, struct err *err);
void database_close(struct database *database);

MUST_USE bool database_begin(struct database *database, struct err *err);
MUST_USE bool database_commit(struct database *database, struct err *err);
void database_rollback(struct database *database);

/* A part of a transaction that can be undone alone; then the transaction goes on. */
MUST_USE bool database_savepoint(struct database *database, struct err *err);
MUST_USE bool database_release(struct database *database, struct err *err);
MUST_USE bool database_undo(struct database *database, struct err *err);

/*
 * Binds by `types`, a letter an argument: 'i' int64_t, 'd' double, 't' struct slice as text,
 * 'b' struct slice as blob. database_run() steps to the end; database_select() gives the
 * statement to step (NULL on failure), to be reset by database_end().
 */
MUST_USE bool database_run(struct database *database, struct err *err, enum statement which,
	const char *types, ...);
MUST_USE sqlite3_stmt *database_select(struct database *database, struct err *err,
	enum statement which, const char *types, ...);

/* SQLITE_ROW: true. At the end or on failure false; *failed tells which. */
MUST_USE bool database_row(
	struct database *database, sqlite3_stmt *statement, bool *failed, struct err *err);
void database_end(sqlite3_stmt *statement);

/* A number that is kept under a name; *value stays as it is when it was never set. */
MUST_USE bool database_meta(
	struct database *database, struct slice name, int64_t *value, struct err *err);

/* For what database_select() gave, NULL too: *value becomes the one number of its row, and
 * stays as it is when there is no row or it is NULL. Ends the statement. */
MUST_USE bool database_number(
	struct database *database, sqlite3_stmt *statement, int64_t *value, struct err *err);

/* Of the file; of that, pages that are free to be used again. */
MUST_USE bool database_size(
	struct database *database, uint64_t *bytes, uint64_t *free_bytes, struct err *err);

/* Rows that the last database_run() changed. */
int database_changes(struct database *database);

struct slice database_text(sqlite3_stmt *statement, int column);

#endif
