#include "collector/derive/waiting.h"

#include "collector/derive/outbox_private.h"
#include "common/clock.h"
#include "tests/support/check.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static struct database database;
static struct outbox outbox = {.database = &database};
static struct derive_settings settings;
static struct waiting waiting;

static void begin(uint32_t most, uint64_t most_ms)
{
	struct err err = {0};

	ck_assert_msg(database_open(&database, NULL, &err), "%s", err.text);
	settings = (struct derive_settings){.waiting_warn = most, .waiting_warn_ms = most_ms};
	waiting = (struct waiting){.settings = &settings, .database = &database};
}

static void put(struct slice type, const char *key, int64_t created_ms)
{
	struct err err = {0};
	const struct outbox_message message = {
		.type = type,
		.key = slice_str(key),
		.revision = 1,
		.schema = SLICE_LIT("s"),
		.content_type = SLICE_LIT("c"),
		.message_id = SLICE_LIT("id"),
		.body = SLICE_LIT("{}"),
		.created_ns = created_ms * CLOCK_NS_PER_MS,
	};

	ck_assert_msg(outbox_put(&outbox, &message, &err), "%s", err.text);
}

static unsigned look(int64_t at_ms)
{
	struct err err = {0};
	unsigned n;

	ck_assert_msg(waiting_look(&waiting, at_ms, at_ms * CLOCK_NS_PER_MS, &n, &err), "%s",
		err.text);
	return n;
}

START_TEST(too_many_of_a_type_are_warned_of_once_an_hour)
{
	begin(2, 0);
	put(SLICE_LIT("malware"), "a", 1);
	put(SLICE_LIT("statistics"), "b", 1);
	put(SLICE_LIT("statistics"), "c", 1);
	ck_assert_uint_eq(look(MINUTE_MS), 0);
	put(SLICE_LIT("statistics"), "d", 1);
	ck_assert_uint_eq(look(MINUTE_MS + 1), 0);
	ck_assert_uint_eq(look(2 * MINUTE_MS), 1);
	ck_assert_uint_eq(look(HOUR_MS), 0);
	ck_assert_uint_eq(look(HOUR_MS + 2 * MINUTE_MS), 1);
	database_close(&database);
}
END_TEST

START_TEST(one_that_waits_too_long_is_warned_of)
{
	begin(0, 6 * HOUR_MS);
	put(SLICE_LIT("statistics"), "a", HOUR_MS);
	put(SLICE_LIT("statistics"), "b", 6 * HOUR_MS);
	ck_assert_uint_eq(look(7 * HOUR_MS), 0);
	ck_assert_uint_eq(look(7 * HOUR_MS + MINUTE_MS), 1);
	database_close(&database);
}
END_TEST

START_TEST(without_limits_nothing_is_warned_of)
{
	begin(0, 0);
	put(SLICE_LIT("statistics"), "a", 1);
	ck_assert_uint_eq(look(INT64_C(1000) * HOUR_MS), 0);
	database_close(&database);
}
END_TEST

TEST_MAIN("waiting", too_many_of_a_type_are_warned_of_once_an_hour,
	one_that_waits_too_long_is_warned_of, without_limits_nothing_is_warned_of)
