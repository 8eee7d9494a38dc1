#include "agent/bookmark.h"

#include <errno.h>

#include "common/chunk.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

static void put(struct bookmark *bookmark, const char *name, const char *position)
{
	struct bookmark_source *source =
		bookmark_source(bookmark, SLICE_LIT("file"), slice_str(name));

	strbuf_reset(&source->position);
	strbuf_add(&source->position, slice_str(position));
}

static void expect_position(const struct bookmark *bookmark, const char *name, const char *want)
{
	struct bookmark_source *source =
		bookmark_find(bookmark, SLICE_LIT("file"), slice_str(name));

	ck_assert_ptr_nonnull(source);
	ck_assert_slice_eq(strbuf_slice(&source->position), slice_str(want));
}

static void expect_loss(struct bookmark *bookmark, enum frame_lane lane, size_t i,
	const char *source, uint64_t count, uint64_t bytes)
{
	const struct losses *losses = bookmark_losses(bookmark, lane);

	ck_assert_uint_lt(i, losses->n);
	ck_assert_slice_eq(strbuf_slice(&losses->items[i].source), slice_str(source));
	ck_assert_uint_eq(losses->items[i].count, count);
	ck_assert_uint_eq(losses->items[i].bytes, bytes);
}

START_TEST(sources_are_known_by_input_and_name)
{
	struct bookmark *bookmark = bookmark_new();
	char name[16];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "/log/%d", i);
		put(bookmark, name, name);
	}
	expect_position(bookmark, "/log/499", "/log/499");
	ck_assert_ptr_null(bookmark_find(bookmark, SLICE_LIT("journal"), SLICE_LIT("/log/1")));
	bookmark_drop(
		bookmark, bookmark_find(bookmark, SLICE_LIT("file"), SLICE_LIT("/log/1")));
	ck_assert_ptr_null(bookmark_find(bookmark, SLICE_LIT("file"), SLICE_LIT("/log/1")));
	bookmark_free(bookmark);
}
END_TEST

static void save_sample(struct folder *folder)
{
	const struct bookmark_lane lanes[LANE_COUNT] = {
		{.log_id = "urgent", .epoch = 1, .begin = 2, .acked = 3, .covered = 4},
		{.log_id = "bulk",
			.epoch = 5,
			.begin = 6,
			.acked = 7,
			.acked_crc = 8,
			.covered = UINT64_MAX},
	};
	struct bookmark *bookmark = bookmark_new();
	struct err err;

	put(bookmark, "a", "position a");
	put(bookmark, "b", "position b");
	put(bookmark, "without a position", "");
	losses_add(bookmark_losses(bookmark, LANE_BULK), SLICE_LIT("/dev/log"), GAP_QUEUE_FULL,
		UINT64_C(1) << 40, 99);
	losses_add(bookmark_losses(bookmark, LANE_BULK), SLICE_LIT("b"), GAP_TRUNCATED, 0, 7);
	losses_add(bookmark_losses(bookmark, LANE_URGENT), SLICE_LIT("state"), GAP_QUEUE_FULL,
		1, 2);
	ck_assert_msg(bookmark_save(bookmark, folder_path(folder, "bookmark"), lanes, &err),
		"%s", err.text);
	bookmark_free(bookmark);
}

START_TEST(what_is_saved_is_loaded)
{
	struct folder folder;
	struct bookmark *bookmark = bookmark_new();
	struct bookmark_lane lanes[LANE_COUNT] = {0};
	struct err err;

	folder_make(&folder);
	ck_assert_int_eq(bookmark_load(bookmark, folder_path(&folder, "bookmark"), lanes, &err),
		BOOKMARK_MISSING);
	save_sample(&folder);
	ck_assert_int_eq(bookmark_load(bookmark, folder_path(&folder, "bookmark"), lanes, &err),
		BOOKMARK_READ);
	expect_position(bookmark, "a", "position a");
	expect_position(bookmark, "b", "position b");
	ck_assert_ptr_null(
		bookmark_find(bookmark, SLICE_LIT("file"), SLICE_LIT("without a position")));
	ck_assert_str_eq((const char *)lanes[LANE_BULK].log_id, "bulk");
	ck_assert_uint_eq(lanes[LANE_URGENT].acked, 3);
	ck_assert_uint_eq(lanes[LANE_BULK].acked_crc, 8);
	ck_assert_uint_eq(lanes[LANE_BULK].covered, UINT64_MAX);
	expect_loss(bookmark, LANE_BULK, 0, "/dev/log", UINT64_C(1) << 40, 99);
	expect_loss(bookmark, LANE_BULK, 1, "b", 0, 7);
	expect_loss(bookmark, LANE_URGENT, 0, "state", 1, 2);
	bookmark_free(bookmark);
	folder_remove(&folder);
}
END_TEST

START_TEST(what_the_disk_refuses_is_damaged)
{
	struct bookmark *bookmark = bookmark_new();
	struct bookmark_lane lanes[LANE_COUNT] = {0};
	struct err err = {0};

	/* Reading there gives EIO. */
	ck_assert_int_eq(
		bookmark_load(bookmark, "/proc/self/mem", lanes, &err), BOOKMARK_DAMAGED);
	ck_assert_int_eq(bookmark_load(bookmark, "/", lanes, &err), BOOKMARK_FAILED);
	ck_assert_int_eq(err.sys, EISDIR);
	bookmark_free(bookmark);
}
END_TEST

START_TEST(each_flipped_or_missing_byte_is_noticed)
{
	struct folder folder;
	struct strbuf bytes = STRBUF_INIT(1 << 20);
	struct bookmark *bookmark = bookmark_new();
	struct bookmark_lane lanes[LANE_COUNT] = {0};
	struct err err;

	folder_make(&folder);
	save_sample(&folder);
	ck_assert(file_read(folder_path(&folder, "bookmark"), &bytes, &err));
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.ptr[i] ^= 0x40;
		ck_assert_int_eq(bookmark_parse(bookmark, strbuf_slice(&bytes), lanes),
			BOOKMARK_DAMAGED);
		bytes.ptr[i] ^= 0x40;
		ck_assert_int_eq(
			bookmark_parse(bookmark, slice_head(strbuf_slice(&bytes), i), lanes),
			BOOKMARK_DAMAGED);
	}
	ck_assert_uint_eq(lanes[0].epoch, 0);
	ck_assert_uint_eq(bookmark_losses(bookmark, LANE_BULK)->n, 0);
	ck_assert_int_eq(bookmark_parse(bookmark, strbuf_slice(&bytes), lanes), BOOKMARK_READ);
	strbuf_done(&bytes);
	bookmark_free(bookmark);
	folder_remove(&folder);
}
END_TEST

TEST_MAIN("bookmark", sources_are_known_by_input_and_name, what_is_saved_is_loaded,
	what_the_disk_refuses_is_damaged, each_flipped_or_missing_byte_is_noticed)
