#include "collector/derive/database.h"

#include <stdarg.h>
#include <stdio.h>

#include "collector/derive/database_tables.h"

static bool fail(struct database *database, struct err *err, const char *what)
{
	return err_set(err, "%s: %s", what, sqlite3_errmsg(database->handle));
}

static bool execute(struct database *database, const char *text, struct err *err)
{
	if (sqlite3_exec(database->handle, text, NULL, NULL, NULL) != SQLITE_OK)
		return fail(database, err, "derive.db");
	return true;
}

static bool connect_to(struct database *database, const char *path, int flags, struct err *err)
{
	enum { BUSY_MS = 10000 };

	*database = (struct database){0};
	if (sqlite3_open_v2(path ? path : ":memory:", &database->handle,
		    flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		err_set(err, "%s: %s", path ? path : "memory",
			database->handle ? sqlite3_errmsg(database->handle) : "no memory");
		database_close(database);
		return false;
	}
	sqlite3_busy_timeout(database->handle, BUSY_MS);
	return true;
}

static bool read_version(struct database *database, int *version, struct err *err)
{
	sqlite3_stmt *row;
	bool ok = sqlite3_prepare_v2(database->handle, "PRAGMA user_version", -1, &row, NULL) ==
			  SQLITE_OK &&
		  sqlite3_step(row) == SQLITE_ROW;

	if (ok)
		*version = sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	return ok || fail(database, err, "derive.db");
}

static bool upgrade(struct database *database, int version, struct err *err)
{
	char text[64];

	for (; version < database_version; version++) {
		if (!execute(database, database_upgrades[version], err))
			return false;
	}
	snprintf(text, sizeof(text), "PRAGMA user_version = %d", version);
	return execute(database, text, err);
}

/* The tables as they are to be, whatever version made the file. */
static bool make_tables(struct database *database, struct err *err)
{
	int version = 0;

	if (!read_version(database, &version, err))
		return false;
	if (version > database_version)
		return err_set(err, "derive.db was made by a newer version (%d) than this (%d)",
			version, database_version);
	if (version == database_version)
		return true;
	if (!database_begin(database, err))
		return false;
	if (execute(database, database_schema, err) && upgrade(database, version, err))
		return database_commit(database, err);
	database_rollback(database);
	return false;
}

bool database_open(struct database *database, const char *path, struct err *err)
{
	if (!connect_to(database, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err))
		return false;
	if (execute(database,
		    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		    "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16000;",
		    err) &&
		make_tables(database, err))
		return true;
	database_close(database);
	return false;
}

bool database_open_read_only(struct database *database, const char *path, struct err *err)
{
	return connect_to(database, path, SQLITE_OPEN_READONLY, err);
}

void database_close(struct database *database)
{
	for (unsigned i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(database->prepared[i]);
	sqlite3_close(database->handle);
	*database = (struct database){0};
}

bool database_begin(struct database *database, struct err *err)
{
	return execute(database, "BEGIN IMMEDIATE", err);
}

bool database_commit(struct database *database, struct err *err)
{
	return execute(database, "COMMIT", err);
}

void database_rollback(struct database *database)
{
	sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}

static bool bind_one(sqlite3_stmt *statement, int at, char type, va_list *args)
{
	struct slice bytes;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(statement, at, va_arg(*args, int64_t)) == SQLITE_OK;
	case 'd':
		return sqlite3_bind_double(statement, at, va_arg(*args, double)) == SQLITE_OK;
	case 't':
		bytes = va_arg(*args, struct slice);
		return sqlite3_bind_text64(statement, at, bytes.ptr ? bytes.ptr : "", bytes.len,
			       SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
	default:
		bytes = va_arg(*args, struct slice);
		return sqlite3_bind_blob64(statement, at, bytes.ptr ? bytes.ptr : "", bytes.len,
			       SQLITE_STATIC) == SQLITE_OK;
	}
}

static sqlite3_stmt *prepare(
	struct database *database, enum statement which, const char *types, va_list *args)
{
	sqlite3_stmt **slot = &database->prepared[which];

	if (*slot == NULL && sqlite3_prepare_v3(database->handle, statement_texts[which], -1,
				     SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
		return NULL;
	sqlite3_reset(*slot);
	for (int i = 0; types[i] != '\0'; i++) {
		if (!bind_one(*slot, i + 1, types[i], args))
			return NULL;
	}
	return *slot;
}

sqlite3_stmt *database_select(struct database *database, struct err *err, enum statement which,
	const char *types, ...)
{
	va_list args;

	va_start(args, types);
	sqlite3_stmt *statement = prepare(database, which, types, &args);
	va_end(args);
	if (statement == NULL)
		fail(database, err, "derive.db");
	return statement;
}

bool database_run(struct database *database, struct err *err, enum statement which,
	const char *types, ...)
{
	va_list args;

	va_start(args, types);
	sqlite3_stmt *statement = prepare(database, which, types, &args);
	va_end(args);
	if (statement == NULL || sqlite3_step(statement) != SQLITE_DONE)
		return fail(database, err, "derive.db");
	sqlite3_reset(statement);
	return true;
}

bool database_row(
	struct database *database, sqlite3_stmt *statement, bool *failed, struct err *err)
{
	int result = sqlite3_step(statement);

	*failed = result != SQLITE_ROW && result != SQLITE_DONE;
	if (*failed)
		fail(database, err, "derive.db");
	return result == SQLITE_ROW;
}

void database_end(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

bool database_number(
	struct database *database, sqlite3_stmt *statement, int64_t *value, struct err *err)
{
	bool failed;

	if (statement == NULL)
		return false;
	if (database_row(database, statement, &failed, err) &&
		sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*value = sqlite3_column_int64(statement, 0);
	database_end(statement);
	return !failed;
}

bool database_meta(
	struct database *database, struct slice name, int64_t *value, struct err *err)
{
	return database_number(database,
		database_select(database, err, STATEMENT_META, "t", name), value, err);
}

bool database_size(
	struct database *database, uint64_t *bytes, uint64_t *free_bytes, struct err *err)
{
	bool failed;
	sqlite3_stmt *row = database_select(database, err, STATEMENT_SIZE, "");

	if (row == NULL)
		return false;
	if (database_row(database, row, &failed, err)) {
		*bytes = (uint64_t)sqlite3_column_int64(row, 0);
		*free_bytes = (uint64_t)sqlite3_column_int64(row, 1);
	}
	database_end(row);
	return !failed;
}

int database_changes(struct database *database)
{
	return sqlite3_changes(database->handle);
}

bool database_savepoint(struct database *database, struct err *err)
{
	return execute(database, "SAVEPOINT part", err);
}

bool database_release(struct database *database, struct err *err)
{
	return execute(database, "RELEASE part", err);
}

bool database_undo(struct database *database, struct err *err)
{
	return execute(database, "ROLLBACK TO part; RELEASE part", err);
}

struct slice database_text(sqlite3_stmt *statement, int column)
{
	const void *text = sqlite3_column_blob(statement, column);

	return slice_of(text ? text : "", (size_t)sqlite3_column_bytes(statement, column));
}
