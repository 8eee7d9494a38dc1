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

#include "collector/derive/statements.h"
#include "common/err.h"
#include "common/slice.h"

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
