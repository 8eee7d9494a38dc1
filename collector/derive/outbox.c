#include "collector/derive/outbox_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/derive/database.h"
#include "common/clock.h"

struct outbox_reader {
	struct database database;
};

bool outbox_put(struct outbox *outbox, const struct outbox_message *message, struct err *err)
{
	struct database *database = outbox->database;

	outbox->filled = true;
	return database_run(database, err, STATEMENT_OUTBOX_SUPERSEDE, "tii", message->key,
		       (int64_t)message->revision, message->created_ns) &&
	       database_run(database, err, STATEMENT_OUTBOX_ADD, "tittttiib", message->key,
		       (int64_t)message->revision, message->type, message->schema,
		       message->content_type, message->message_id, (int64_t)message->needs_jws,
		       message->created_ns, message->body);
}

static bool get_mark(
	struct database *database, struct slice name, uint64_t *value, struct err *err)
{
	int64_t number = 0;
	bool ok = database_meta(database, name, &number, err);

	*value = (uint64_t)number;
	return ok;
}

bool outbox_get_mark(struct outbox *outbox, struct slice name, uint64_t *value, struct err *err)
{
	return get_mark(outbox->database, name, value, err);
}

bool outbox_set_mark(struct outbox *outbox, struct slice name, uint64_t value, struct err *err)
{
	return database_run(
		outbox->database, err, STATEMENT_META_SET, "ti", name, (int64_t)value);
}

/* ---- what could not be built ------------------------------------------------ */

bool outbox_try(struct outbox *outbox, bool (*build)(void *user, struct err *err), void *user,
	bool *built, struct err *why, struct err *err)
{
	if (!database_savepoint(outbox->database, err))
		return false;
	*built = build(user, why);
	return *built ? database_release(outbox->database, err)
		      : database_undo(outbox->database, err);
}

bool outbox_hold(struct outbox *outbox, struct slice type, struct slice item, int64_t now_ns,
	const struct err *why, struct err *err)
{
	return database_run(outbox->database, err, STATEMENT_HOLD, "ttit", type, item,
		now_ns / CLOCK_NS_PER_S, slice_str(why->text));
}

bool outbox_release(
	struct outbox *outbox, struct slice type, struct slice item, struct err *err)
{
	return database_run(outbox->database, err, STATEMENT_RELEASE, "tt", type, item);
}

bool outbox_is_held(struct outbox *outbox, struct slice type, struct slice item, int64_t now_ns,
	bool *held, struct err *err)
{
	bool failed;
	sqlite3_stmt *row = database_select(outbox->database, err, STATEMENT_HELD_ITEM, "tti",
		type, item, now_ns / CLOCK_NS_PER_S);

	if (row == NULL)
		return false;
	*held = database_row(outbox->database, row, &failed, err);
	database_end(row);
	return !failed;
}

/* ---- reading ---------------------------------------------------------------- */

struct outbox_reader *outbox_reader_open(const char *dir, struct err *err)
{
	char path[PATH_MAX];
	struct outbox_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/derive.db", dir);
	if (!database_open_read_only(&reader->database, path, err)) {
		free(reader);
		return NULL;
	}
	return reader;
}

void outbox_reader_close(struct outbox_reader *reader)
{
	if (reader == NULL)
		return;
	database_close(&reader->database);
	free(reader);
}

static void fill(sqlite3_stmt *row, struct outbox_message *message)
{
	*message = (struct outbox_message){
		.row = sqlite3_column_int64(row, 0),
		.key = database_text(row, 1),
		.revision = (uint64_t)sqlite3_column_int64(row, 2),
		.type = database_text(row, 3),
		.schema = database_text(row, 4),
		.content_type = database_text(row, 5),
		.message_id = database_text(row, 6),
		.needs_jws = sqlite3_column_int(row, 7) != 0,
		.created_ns = sqlite3_column_int64(row, 8),
		.body = database_text(row, 9),
	};
}

/* The statement stays on its row: the slices live until it is reset by the next call. */
static int first_row(struct outbox_reader *reader, sqlite3_stmt *row, struct err *err)
{
	bool failed;

	if (row == NULL)
		return -1;
	if (database_row(&reader->database, row, &failed, err))
		return 1;
	database_end(row);
	return failed ? -1 : 0;
}

int outbox_reader_next(struct outbox_reader *reader, struct slice type, int64_t after,
	struct outbox_message *message, struct err *err)
{
	sqlite3_stmt *row = database_select(
		&reader->database, err, STATEMENT_OUTBOX_NEXT, "ti", type, after);
	int found = first_row(reader, row, err);

	if (found > 0)
		fill(row, message);
	return found;
}

int outbox_reader_type(
	struct outbox_reader *reader, struct slice after, struct slice *type, struct err *err)
{
	sqlite3_stmt *row =
		database_select(&reader->database, err, STATEMENT_OUTBOX_TYPE, "t", after);
	int found = first_row(reader, row, err);

	if (found > 0)
		*type = database_text(row, 0);
	return found;
}

void outbox_reader_rest(struct outbox_reader *reader)
{
	for (unsigned i = 0; i < STATEMENTS; i++)
		sqlite3_reset(reader->database.prepared[i]);
}

static bool latest(struct database *database, struct slice type,
	bool (*visit)(void *user, const struct outbox_message *message, bool sent), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(database, err, STATEMENT_OUTBOX_LATEST, "t", type);

	if (rows == NULL)
		return false;
	while (more && database_row(database, rows, &failed, err)) {
		struct outbox_message message;

		fill(rows, &message);
		more = visit(user, &message, sqlite3_column_int(rows, 10) == 1);
	}
	database_end(rows);
	return more && !failed;
}

bool outbox_latest(struct outbox *outbox, struct slice type,
	bool (*visit)(void *user, const struct outbox_message *message, bool sent), void *user,
	struct err *err)
{
	return latest(outbox->database, type, visit, user, err);
}

bool outbox_reader_latest(struct outbox_reader *reader, struct slice type,
	bool (*visit)(void *user, const struct outbox_message *message, bool sent), void *user,
	struct err *err)
{
	return latest(&reader->database, type, visit, user, err);
}

static bool count_held(struct database *database, uint64_t *n, struct err *err)
{
	int64_t number = 0;
	bool ok = database_number(database,
		database_select(database, err, STATEMENT_HELD_COUNT, ""), &number, err);

	*n = (uint64_t)number;
	return ok;
}

bool outbox_reader_state(
	struct outbox_reader *reader, struct outbox_state *state, struct err *err)
{
	bool failed;
	sqlite3_stmt *row = database_select(&reader->database, err, STATEMENT_OUTBOX_STATE, "");

	if (row == NULL)
		return false;
	if (database_row(&reader->database, row, &failed, err))
		*state = (struct outbox_state){
			.unsent = (uint64_t)sqlite3_column_int64(row, 0),
			.sent = (uint64_t)sqlite3_column_int64(row, 1),
			.refused = (uint64_t)sqlite3_column_int64(row, 2),
			.oldest_unsent_ns = sqlite3_column_int64(row, 3),
		};
	database_end(row);
	return !failed && count_held(&reader->database, &state->held, err);
}

bool outbox_reader_held(struct outbox_reader *reader, unsigned most,
	bool (*visit)(void *user, const struct outbox_held *held), void *user, struct err *err)
{
	struct database *database = &reader->database;
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(database, err, STATEMENT_HELD, "i", (int64_t)most);

	if (rows == NULL)
		return false;
	while (more && database_row(database, rows, &failed, err))
		more = visit(user,
			&(struct outbox_held){
				.type = database_text(rows, 0),
				.item = database_text(rows, 1),
				.since_ns = sqlite3_column_int64(rows, 2) * CLOCK_NS_PER_S,
				.tries = (uint64_t)sqlite3_column_int64(rows, 3),
				.retry_ns = sqlite3_column_int64(rows, 4) * CLOCK_NS_PER_S,
				.reason = database_text(rows, 5),
			});
	database_end(rows);
	return more && !failed;
}

bool outbox_reader_mark(
	struct outbox_reader *reader, struct slice name, uint64_t *value, struct err *err)
{
	return get_mark(&reader->database, name, value, err);
}

bool outbox_reader_waiting(struct outbox_reader *reader,
	bool (*visit)(void *user, const struct outbox_waiting *waiting), void *user,
	struct err *err)
{
	return outbox_waiting_walk(&reader->database, visit, user, err);
}

bool outbox_waiting_walk(struct database *database,
	bool (*visit)(void *user, const struct outbox_waiting *waiting), void *user,
	struct err *err)
{
	bool failed, more = true;
	sqlite3_stmt *rows = database_select(database, err, STATEMENT_OUTBOX_WAITING, "");

	if (rows == NULL)
		return false;
	while (more && database_row(database, rows, &failed, err))
		more = visit(user, &(struct outbox_waiting){
					   .type = database_text(rows, 0),
					   .n = (uint64_t)sqlite3_column_int64(rows, 1),
					   .oldest_ns = sqlite3_column_int64(rows, 2),
				   });
	database_end(rows);
	return more && !failed;
}
