#include "collector/ingest/wef/wef_sources.h"

#include <sqlite3.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/counter.h"
#include "common/file.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

static struct wef_sources *open_at(const char *path)
{
	struct err err;
	struct wef_sources *sources = wef_sources_open(path, &err);

	ck_assert_msg(sources != NULL, "%s", err.text);
	return sources;
}

static void deliver(struct wef_sources *sources, const char *computer, const char *bookmark)
{
	wef_sources_note(sources, &(struct wef_source_key){"pc", "c", computer, "s"},
		WEF_SOURCE_DELIVERED, 3, 1000, slice_str(bookmark));
}

static void check_bookmark(
	struct wef_sources *sources, const char *computer, const char *bookmark)
{
	struct strbuf out = STRBUF_INIT(1000);

	ck_assert_int_eq(wef_sources_bookmark(sources,
				 &(struct wef_source_key){"pc", "c", computer, "s"}, &out),
		bookmark != NULL);
	ck_assert_slice_eq(strbuf_slice(&out), slice_str(bookmark ? bookmark : ""));
	strbuf_done(&out);
}

START_TEST(the_newest_bookmark_counts)
{
	struct wef_sources *sources = open_at(NULL);

	check_bookmark(sources, "a", NULL);
	deliver(sources, "a", "one");
	deliver(sources, "b", "other");
	deliver(sources, "a", "two, longer");
	deliver(sources, "a", NULL);
	check_bookmark(sources, "a", "two, longer");
	check_bookmark(sources, "b", "other");
	check_bookmark(sources, "c", NULL);
	wef_sources_close(sources);
}
END_TEST

START_TEST(another_certificate_is_another_computer)
{
	struct wef_sources *sources = open_at(NULL);

	deliver(sources, "a", "one");
	wef_sources_note(sources, &(struct wef_source_key){"pc", "liar", "a", "s"},
		WEF_SOURCE_DELIVERED, 1, 1, SLICE_LIT("far ahead"));
	check_bookmark(sources, "a", "one");
	wef_sources_close(sources);
}
END_TEST

START_TEST(bookmarks_are_there_after_a_restart)
{
	struct folder folder;
	char path[4096];

	folder_make(&folder);
	snprintf(path, sizeof(path), "%s/forwarders.db", folder.path);
	struct wef_sources *sources = open_at(path);
	deliver(sources, "a", "one");
	deliver(sources, "b", NULL);
	wef_sources_close(sources);
	sources = open_at(path);
	check_bookmark(sources, "a", "one");
	check_bookmark(sources, "b", NULL);
	deliver(sources, "a", "two");
	wef_sources_close(sources);
	sources = open_at(path);
	check_bookmark(sources, "a", "two");
	wef_sources_close(sources);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_damaged_file_is_set_aside)
{
	struct folder folder;
	struct strbuf was = STRBUF_INIT(1000);
	char path[4096], aside[4200];

	folder_make(&folder);
	snprintf(path, sizeof(path), "%s/forwarders.db", folder.path);
	snprintf(aside, sizeof(aside), "%s.bad", path);
	ck_assert(file_replace(
		path, SLICE_LIT("this is no database, whatever it says"), 0600, NULL));
	struct wef_sources *sources = open_at(path);
	deliver(sources, "a", "one");
	check_bookmark(sources, "a", "one");
	wef_sources_close(sources);
	ck_assert(file_read(aside, &was, NULL));
	ck_assert(slice_starts(strbuf_slice(&was), SLICE_LIT("this is no")));
	strbuf_done(&was);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
	struct err err;

	ck_assert_ptr_null(wef_sources_open("/nowhere/forwarders.db", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/forwarders.db"));
}
END_TEST

static bool see(void *user, const struct wef_source_view *view)
{
	struct wef_source_view *seen = user;

	*seen = *view;
	return false;
}

START_TEST(what_a_computer_did_is_shown)
{
	const struct wef_source_key key = {"pc", "c", "a", "s"};
	struct wef_sources *sources = open_at(NULL);
	struct wef_source_view view = {0};

	deliver(sources, "a", "one");
	deliver(sources, "a", "two");
	wef_sources_note(sources, &key, WEF_SOURCE_HEARTBEAT, 0, 5000, SLICE_NONE);
	wef_sources_walk(sources, see, &view);
	ck_assert_str_eq(view.sender, "pc");
	ck_assert_str_eq(view.computer, "a");
	ck_assert_uint_eq(view.events, 6);
	ck_assert_uint_eq(view.deliveries, 2);
	ck_assert_uint_eq(view.heartbeats, 1);
	ck_assert_uint_eq(view.heartbeat_ms, 5000);
	ck_assert(view.heard_ns >= view.delivered_ns && !view.is_silent && !view.has_ended);
	wef_sources_note(sources, &key, WEF_SOURCE_ENDED, 0, 5000, SLICE_NONE);
	wef_sources_walk(sources, see, &view);
	ck_assert(view.has_ended);
	wef_sources_close(sources);
}
END_TEST

START_TEST(who_misses_two_heartbeats_is_silent)
{
	struct wef_sources *sources = open_at(NULL);
	const int64_t now_ms = clock_mono_ms();
	struct wef_source_view view = {0};

	wef_sources_note(sources, &(struct wef_source_key){"pc", "c", "a", "s"},
		WEF_SOURCE_HEARTBEAT, 0, 900000, SLICE_NONE);
	wef_sources_look(sources, now_ms + 2 * 900000);
	wef_sources_walk(sources, see, &view);
	ck_assert(!view.is_silent);
	wef_sources_look(sources, now_ms + 2 * 900000 + 120000);
	wef_sources_walk(sources, see, &view);
	ck_assert(view.is_silent);
	deliver(sources, "a", "one");
	wef_sources_walk(sources, see, &view);
	ck_assert(!view.is_silent);
	wef_sources_note(sources, &(struct wef_source_key){"pc", "c", "a", "s"},
		WEF_SOURCE_ENDED, 0, 1000, SLICE_NONE);
	wef_sources_look(sources, now_ms + 1000000000);
	wef_sources_walk(sources, see, &view);
	ck_assert(!view.is_silent); /* it said that it would say no more */
	wef_sources_close(sources);
}
END_TEST

static bool tally(void *user, const struct wef_source_view *view)
{
	(void)view;
	++*(unsigned *)user;
	return true;
}

START_TEST(a_certificate_has_no_more_computers_than_it_may)
{
	struct wef_sources *sources = open_at(NULL);
	char name[32];
	unsigned n = 0;

	for (unsigned i = 0; i < WEF_COMPUTERS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "pc%u", i);
		deliver(sources, name, "x");
	}
	wef_sources_walk(sources, tally, &n);
	ck_assert_uint_eq(n, WEF_COMPUTERS_MAX);
	check_bookmark(sources, name, NULL);
	wef_sources_note(sources, &(struct wef_source_key){"pc", "other", "a", "s"},
		WEF_SOURCE_DELIVERED, 1, 1, SLICE_LIT("y"));
	n = 0;
	wef_sources_walk(sources, tally, &n);
	ck_assert_uint_eq(n, WEF_COMPUTERS_MAX + 1);
	wef_sources_close(sources);
}
END_TEST

static void look_at(void *user, const struct counter *counter)
{
	if (strcmp(counter->name, "ingest.wef_sources_full") == 0)
		*(uint64_t *)user = counter_value(counter);
}

static uint64_t count_full(void)
{
	uint64_t n = 0;

	counter_walk(look_at, &n);
	return n;
}

START_TEST(a_certificate_has_no_more_bookmarks_than_it_may)
{
	enum { LARGE = 32 << 10, MOST = WEF_BOOKMARKS_MAX / LARGE, MORE = 5 };
	struct wef_sources *sources = open_at(NULL);
	const uint64_t before = count_full();
	char *large = malloc(LARGE + 1), name[32];

	memset(large, 'x', LARGE);
	large[LARGE] = '\0';
	for (unsigned i = 0; i < MOST + MORE; i++) {
		snprintf(name, sizeof(name), "pc%u", i);
		deliver(sources, name, large);
	}
	check_bookmark(sources, name, NULL);
	ck_assert_uint_eq(count_full() - before, MORE);
	deliver(sources, "pc0", "short"); /* there is room for others then */
	deliver(sources, name, "short");
	check_bookmark(sources, "pc0", "short");
	check_bookmark(sources, name, "short");
	deliver(sources, name, large);
	check_bookmark(sources, name, "short"); /* the older one */
	ck_assert_uint_eq(count_full() - before, MORE + 1);

	const struct wef_source_key other = {"pc", "other", "a", "s"};
	struct strbuf out = STRBUF_INIT(LARGE);
	wef_sources_note(sources, &other, WEF_SOURCE_DELIVERED, 1, 1, slice_str(large));
	ck_assert(wef_sources_bookmark(sources, &other, &out));
	strbuf_done(&out);
	free(large);
	wef_sources_close(sources);
}
END_TEST

struct asked {
	const char *computer;
	bool is_silent;
	unsigned found;
};

static bool look_for(void *user, const struct wef_source_view *view)
{
	struct asked *asked = user;

	if (strcmp(view->computer, asked->computer) == 0) {
		asked->is_silent = view->is_silent;
		asked->found++;
	}
	return true;
}

static bool is_silent(struct wef_sources *sources, const char *computer)
{
	struct asked asked = {.computer = computer};

	wef_sources_walk(sources, look_for, &asked);
	ck_assert_uint_eq(asked.found, 1);
	return asked.is_silent;
}

static void set_heard(const char *path, const char *computer, int64_t heard_ns)
{
	char text[200];
	sqlite3 *file;

	ck_assert_int_eq(sqlite3_open(path, &file), SQLITE_OK);
	snprintf(text, sizeof(text),
		"UPDATE forwarders SET heard_ns = %lld WHERE computer = '%s'",
		(long long)heard_ns, computer);
	ck_assert_int_eq(sqlite3_exec(file, text, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_changes(file), 1);
	sqlite3_close(file);
}

START_TEST(who_is_not_heard_for_long_is_forgotten_where_room_is_needed)
{
	const int64_t year_ns = INT64_C(365) * 86400 * CLOCK_NS_PER_S, now_ns = clock_wall_ns();
	struct folder folder;
	char path[4096], name[32];

	folder_make(&folder);
	snprintf(path, sizeof(path), "%s/forwarders.db", folder.path);
	struct wef_sources *sources = open_at(path);
	for (unsigned i = 0; i < WEF_COMPUTERS_MAX / 2 - 1; i++) {
		snprintf(name, sizeof(name), "pc%u", i);
		deliver(sources, name, "one");
	}
	deliver(sources, "old", "one");
	wef_sources_close(sources);
	set_heard(path, "old", now_ns - year_ns);
	sources = open_at(path);
	check_bookmark(sources, "old", "one");
	deliver(sources, "more", "one");
	wef_sources_close(sources);
	sources = open_at(path);
	check_bookmark(sources, "old", NULL);
	check_bookmark(sources, "pc0", "one");
	wef_sources_close(sources);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_clock_that_is_wrong_makes_no_computer_old)
{
	const int64_t year_ns = INT64_C(365) * 86400 * CLOCK_NS_PER_S, now_ns = clock_wall_ns();
	struct folder folder;
	char path[4096];

	folder_make(&folder);
	snprintf(path, sizeof(path), "%s/forwarders.db", folder.path);
	struct wef_sources *sources = open_at(path);
	deliver(sources, "a", "one");
	deliver(sources, "b", "one");
	deliver(sources, "old", "one");
	wef_sources_close(sources);
	set_heard(path, "a", now_ns - 2 * year_ns); /* the clock is two years ahead */
	set_heard(path, "b", now_ns - 2 * year_ns - 1);
	set_heard(path, "old", now_ns - 3 * year_ns);
	sources = open_at(path);
	check_bookmark(sources, "a", "one");
	check_bookmark(sources, "b", "one");
	check_bookmark(sources, "old", "one");
	ck_assert(!is_silent(sources, "a") && !is_silent(sources, "b"));
	ck_assert(is_silent(sources, "old")); /* to the others */
	deliver(sources, "b", "two");
	wef_sources_close(sources);
	set_heard(path, "a", now_ns + 10 * year_ns); /* it was ahead */
	sources = open_at(path);
	check_bookmark(sources, "a", "one");
	check_bookmark(sources, "b", "two");
	ck_assert(!is_silent(sources, "a") && !is_silent(sources, "b"));
	wef_sources_close(sources);
	folder_remove(&folder);
}
END_TEST

TEST_MAIN("wef_sources", the_newest_bookmark_counts, another_certificate_is_another_computer,
	bookmarks_are_there_after_a_restart, a_damaged_file_is_set_aside,
	a_folder_that_is_not_there_is_an_error, what_a_computer_did_is_shown,
	who_misses_two_heartbeats_is_silent, a_certificate_has_no_more_computers_than_it_may,
	a_certificate_has_no_more_bookmarks_than_it_may,
	who_is_not_heard_for_long_is_forgotten_where_room_is_needed,
	a_clock_that_is_wrong_makes_no_computer_old)
