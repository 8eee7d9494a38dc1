#include "collector/ingest/senders/inflow.h"

#include <stdlib.h>

#include "collector/ingest/senders/doors.h"
#include "tests/support/check.h"

static const struct door first_door = {.number = 0}, second_door = {.number = 1};

static void put(
	struct inflow *inflow, const struct door *door, uint64_t address, struct slice bytes)
{
	inflow_add(inflow, &(struct inflow_message){
				   .origin = {door, {.low = address}},
				   .bytes = bytes,
				   .whole = bytes.len,
				   .received_ns = 5,
			   });
}

static struct slice text_of(const struct parcel *parcel, unsigned i)
{
	return slice_of(parcel->bytes.ptr + parcel->lines[i].at, parcel->lines[i].len);
}

START_TEST(messages_come_out_in_order_with_where_they_came_from)
{
	struct inflow inflow = {0};

	put(&inflow, &first_door, 1, SLICE_LIT("one"));
	put(&inflow, &second_door, 1, SLICE_LIT("two"));
	put(&inflow, &first_door, 2, SLICE_LIT("three"));
	put(&inflow, &first_door, 1, SLICE_LIT("four"));
	ck_assert_uint_eq(inflow.held, 15 + 4 * INFLOW_LINE_COST);
	ck_assert(!inflow_is_full(&inflow));

	struct parcel *parcel = inflow_take(&inflow);
	ck_assert_uint_eq(parcel->n_lines, 4);
	ck_assert_uint_eq(parcel->n_origins, 3);
	ck_assert_slice_eq(text_of(parcel, 2), SLICE_LIT("three"));
	ck_assert_uint_eq(parcel->lines[3].origin, 0);
	ck_assert_ptr_eq(parcel->origins[1].door, &second_door);
	ck_assert_uint_eq(parcel->origins[2].address.low, 2);
	ck_assert_uint_eq(inflow.held, 0);
	ck_assert_ptr_null(inflow_take(&inflow));
	parcel_free(parcel);
}
END_TEST

/* Behind one address may be several. */
START_TEST(who_delivers_by_another_certificate_is_another_origin)
{
	struct inflow inflow = {0};
	char name[] = "pc1";
	const char *names[] = {name, "pc2", NULL, "pc1", ""};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		inflow_add(&inflow,
			&(struct inflow_message){
				.origin = {&first_door, {.low = 1}, .forwarder = names[i]},
				.bytes = SLICE_LIT("x"),
				.whole = 1,
			});
	name[2] = '9'; /* its connection is gone */
	struct parcel *parcel = inflow_take(&inflow);
	ck_assert_uint_eq(parcel->n_origins, 4);
	ck_assert_str_eq(parcel->origins[parcel->lines[0].origin].forwarder, "pc1");
	ck_assert_str_eq(parcel->origins[parcel->lines[1].origin].forwarder, "pc2");
	ck_assert_ptr_null(parcel->origins[parcel->lines[2].origin].forwarder);
	ck_assert_uint_eq(parcel->lines[3].origin, parcel->lines[0].origin);
	ck_assert_str_eq(parcel->origins[parcel->lines[4].origin].forwarder, "");
	parcel_free(parcel);
}
END_TEST

START_TEST(a_parcel_holds_no_more_than_a_batch_should)
{
	struct inflow inflow = {0};
	char *large = calloc(1, PARCEL_BYTES_MAX);
	uint64_t n = 0;

	for (unsigned i = 0; i < PARCEL_LINES_MAX + 1; i++)
		put(&inflow, &first_door, 1, SLICE_LIT("x"));
	put(&inflow, &first_door, 1, slice_of(large, PARCEL_BYTES_MAX));
	put(&inflow, &first_door, 1, slice_of(large, PARCEL_BYTES_MAX));
	for (unsigned i = 0; i < PARCEL_ORIGINS_MAX + 1; i++)
		put(&inflow, &first_door, i, SLICE_LIT("y"));
	ck_assert(inflow_is_full(&inflow));
	for (struct parcel *parcel; (parcel = inflow_take(&inflow)) != NULL;) {
		ck_assert_uint_le(parcel->n_lines, PARCEL_LINES_MAX);
		ck_assert_uint_le(parcel->bytes.len, PARCEL_BYTES_MAX);
		ck_assert(!parcel->bytes.overflow);
		n += parcel->n_lines;
		parcel_free(parcel);
	}
	ck_assert_uint_eq(n, PARCEL_LINES_MAX + 1 + 2 + PARCEL_ORIGINS_MAX + 1);
	ck_assert_uint_eq(inflow.held, 0);
	free(large);
}
END_TEST

START_TEST(a_loss_stands_behind_what_came_before_it)
{
	struct inflow inflow = {0};

	inflow_lose(&inflow, &first_door, 0, 0);
	ck_assert_ptr_null(inflow.head);
	put(&inflow, &first_door, 1, SLICE_LIT("before"));
	inflow_lose(&inflow, &first_door, 2, 20);
	inflow_lose(&inflow, &first_door, 3, 30);
	inflow_lose(&inflow, &second_door, 1, 0);
	put(&inflow, &first_door, 1, SLICE_LIT("after"));

	struct parcel *parcel = inflow_take(&inflow);
	ck_assert_uint_eq(parcel->n_lines, 1);
	ck_assert_uint_eq(parcel->lost, 5);
	ck_assert_uint_eq(parcel->lost_bytes, 50);
	parcel_free(parcel);
	parcel = inflow_take(&inflow);
	ck_assert_uint_eq(parcel->n_lines, 0);
	ck_assert_uint_eq(parcel->lost, 1);
	ck_assert_ptr_eq(parcel->lost_at, &second_door);
	parcel_free(parcel);
	parcel = inflow_take(&inflow);
	ck_assert_uint_eq(parcel->lost, 0);
	ck_assert_slice_eq(text_of(parcel, 0), SLICE_LIT("after"));
	parcel_free(parcel);
	inflow_done(&inflow);
}
END_TEST

TEST_MAIN("inflow", messages_come_out_in_order_with_where_they_came_from,
	who_delivers_by_another_certificate_is_another_origin,
	a_parcel_holds_no_more_than_a_batch_should, a_loss_stands_behind_what_came_before_it)
