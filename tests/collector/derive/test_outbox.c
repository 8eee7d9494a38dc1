#include "collector/derive/outbox_private.h"

#include <stdio.h>
#include <unistd.h>

#include "common/strbuf.h"
#include "tests/support/check.h"

static char dir[64], path[96];
static struct database database;
static struct outbox outbox = {.database = &database};
static struct err err;

#define STATISTICS SLICE_LIT("statistics")

static void open_all(void)
{
	snprintf(dir, sizeof(dir), "/tmp/soc-test-outbox-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/derive.db", dir);
	ck_assert_msg(database_open(&database, path, &err), "%s", err.text);
}

static void close_all(void)
{
	char side[128];

	database_close(&database);
	unlink(path);
	snprintf(side, sizeof(side), "%s-wal", path);
	unlink(side);
	snprintf(side, sizeof(side), "%s-shm", path);
	unlink(side);
	rmdir(dir);
}

static void put(const char *key, uint64_t revision, const char *body)
{
	const struct outbox_message message = {
		.type = SLICE_LIT("statistics"),
		.key = slice_str(key),
		.revision = revision,
		.schema = SLICE_LIT("soc-statistics/1"),
		.content_type = SLICE_LIT("application/json"),
		.message_id = SLICE_LIT("id"),
		.body = slice_str(body),
		.needs_jws = true,
		.created_ns = 5,
	};

	ck_assert_msg(outbox_put(&outbox, &message, &err), "%s", err.text);
}

static void mark(int64_t row, int64_t state)
{
	ck_assert(database_run(&database, &err, STATEMENT_OUTBOX_MARK, "iiit", row, state,
		(int64_t)1, SLICE_LIT("topic/0/1")));
}

START_TEST(rows_come_back_in_order_until_they_are_marked)
{
	struct outbox_message row;
	struct outbox_state state;

	open_all();
	put("a", 1, "one");
	put("b", 1, "two");
	struct outbox_reader *reader = outbox_reader_open(dir, &err);
	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(outbox_reader_next(reader, STATISTICS, 0, &row, &err), 1);
	ck_assert_slice_eq(row.key, SLICE_LIT("a"));
	ck_assert_slice_eq(row.body, SLICE_LIT("one"));
	ck_assert(row.needs_jws);
	int64_t first = row.row;
	outbox_reader_rest(reader);
	mark(first, 1);
	ck_assert_int_eq(outbox_reader_next(reader, STATISTICS, 0, &row, &err), 1);
	ck_assert_slice_eq(row.key, SLICE_LIT("b"));
	ck_assert_int_eq(outbox_reader_next(reader, STATISTICS, row.row, &row, &err), 0);
	ck_assert(outbox_reader_state(reader, &state, &err));
	ck_assert_uint_eq(state.unsent, 1);
	ck_assert_uint_eq(state.sent, 1);
	ck_assert_int_eq(state.oldest_unsent_ns, 5);
	outbox_reader_close(reader);
	close_all();
}
END_TEST

START_TEST(a_newer_revision_takes_the_place_of_an_unsent_one)
{
	struct outbox_message row;

	open_all();
	put("a", 1, "old");
	put("a", 2, "new");
	put("a", 2, "new again"); /* the same revision: as it is */
	struct outbox_reader *reader = outbox_reader_open(dir, &err);
	ck_assert_int_eq(outbox_reader_next(reader, STATISTICS, 0, &row, &err), 1);
	ck_assert_uint_eq(row.revision, 2);
	ck_assert_slice_eq(row.body, SLICE_LIT("new"));
	ck_assert_int_eq(outbox_reader_next(reader, STATISTICS, row.row, &row, &err), 0);
	outbox_reader_close(reader);
	close_all();
}
END_TEST

static bool collect(void *user, const struct outbox_message *message, bool sent)
{
	struct strbuf *text = user;

	strbuf_addf(text, "%.*s=%.*s%s ", SLICE_FMT(message->key), SLICE_FMT(message->body),
		sent ? "!" : "");
	return true;
}

START_TEST(the_latest_of_every_key_is_known)
{
	struct strbuf text = STRBUF_INIT(1000);
	struct outbox_message row;

	open_all();
	put("a", 1, "one");
	struct outbox_reader *reader = outbox_reader_open(dir, &err);
	ck_assert_int_eq(outbox_reader_next(reader, STATISTICS, 0, &row, &err), 1);
	int64_t first = row.row;
	outbox_reader_rest(reader);
	mark(first, 1);
	put("a", 7, "seven");
	put("b", 3, "three");
	ck_assert(outbox_reader_latest(reader, SLICE_LIT("statistics"), collect, &text, &err));
	ck_assert_str_eq(strbuf_cstr(&text), "a=seven b=three ");
	strbuf_done(&text);
	outbox_reader_close(reader);
	close_all();
}
END_TEST

START_TEST(marks_are_numbers_with_names)
{
	uint64_t value;

	open_all();
	ck_assert(outbox_get_mark(&outbox, SLICE_LIT("hits"), &value, &err));
	ck_assert_uint_eq(value, 0);
	ck_assert(outbox_set_mark(&outbox, SLICE_LIT("hits"), 42, &err));
	ck_assert(outbox_set_mark(&outbox, SLICE_LIT("hits"), 43, &err));
	ck_assert(outbox_get_mark(&outbox, SLICE_LIT("hits"), &value, &err));
	ck_assert_uint_eq(value, 43);
	close_all();
}
END_TEST

TEST_MAIN("outbox", rows_come_back_in_order_until_they_are_marked,
	a_newer_revision_takes_the_place_of_an_unsent_one, the_latest_of_every_key_is_known,
	marks_are_numbers_with_names)
