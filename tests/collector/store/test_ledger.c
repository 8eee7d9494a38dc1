#include "collector/store/ledger.h"

#include "tests/support/check.h"

static struct stream stream_of(uint32_t host, uint64_t epoch)
{
	return (struct stream){.agency = 1, .host = host, .lane = 1, .epoch = epoch};
}

static void move_to(struct ledger *ledger, struct stream stream, uint64_t stored)
{
	struct ledger_entry *entry = ledger_entry(ledger, &stream);

	ck_assert_ptr_nonnull(entry);
	ledger_touch(ledger, entry);
	entry->pending.stored = stored;
	entry->pending.last_received_ns = (int64_t)stored;
}

static uint64_t stored(struct ledger *ledger, struct stream stream)
{
	struct stream_position position;

	return ledger_get(ledger, &stream, &position) ? position.stored : 0;
}

START_TEST(what_is_pending_is_not_seen_before_the_commit)
{
	struct ledger *ledger = ledger_new();
	struct stream stream = stream_of(1, 1);

	move_to(ledger, stream, 10);
	ck_assert_uint_eq(stored(ledger, stream), 0);
	ledger_commit(ledger);
	ck_assert_uint_eq(stored(ledger, stream), 10);
	move_to(ledger, stream, 20);
	ledger_undo(ledger);
	ck_assert_uint_eq(stored(ledger, stream), 10);
	ck_assert_uint_eq(ledger_entry(ledger, &stream)->pending.stored, 10);
	ledger_free(ledger);
}
END_TEST

START_TEST(many_streams_are_found_again)
{
	struct ledger *ledger = ledger_new();

	for (uint32_t host = 0; host < 5000; host++)
		move_to(ledger, stream_of(host, host % 3), host + 1);
	ledger_commit(ledger);
	for (uint32_t host = 0; host < 5000; host++) {
		ck_assert_uint_eq(stored(ledger, stream_of(host, host % 3)), host + 1);
		ck_assert_uint_eq(stored(ledger, stream_of(host, 3)), 0);
	}
	ck_assert_uint_eq(ledger_forgotten(ledger), 0);
	ledger_free(ledger);
}
END_TEST

START_TEST(a_new_epoch_pushes_out_the_longest_silent_one)
{
	struct ledger *ledger = ledger_new();

	for (uint64_t epoch = 1; epoch <= LEDGER_EPOCHS_MAX; epoch++)
		move_to(ledger, stream_of(1, epoch), 100 + epoch);
	ledger_commit(ledger);
	move_to(ledger, stream_of(1, 1), 900); /* epoch 2 is the oldest now */
	ledger_commit(ledger);
	move_to(ledger, stream_of(1, 99), 1);
	ledger_commit(ledger);
	ck_assert_uint_eq(stored(ledger, stream_of(1, 2)), 0);
	ck_assert_uint_eq(stored(ledger, stream_of(1, 1)), 900);
	ck_assert_uint_eq(stored(ledger, stream_of(1, 99)), 1);
	ck_assert_uint_eq(ledger_forgotten(ledger), 1);
	ledger_free(ledger);
}
END_TEST

START_TEST(one_commit_cannot_push_out_its_own)
{
	struct ledger *ledger = ledger_new();
	struct stream one_more = stream_of(1, 99);

	for (uint64_t epoch = 1; epoch <= LEDGER_EPOCHS_MAX; epoch++)
		move_to(ledger, stream_of(1, epoch), 1);
	ck_assert_ptr_null(ledger_entry(ledger, &one_more));
	ledger_commit(ledger);
	ck_assert_ptr_nonnull(ledger_entry(ledger, &one_more));
	ledger_free(ledger);
}
END_TEST

START_TEST(restoring_counts_what_is_missing_between)
{
	struct ledger *ledger = ledger_new();
	struct stream stream = stream_of(1, 1);
	struct stream_position position;
	const struct block_move moves[] = {
		{.from = 1, .position = {.stored = 10}},
		{.from = 11, .position = {.stored = 20}},
		{.from = 11, .position = {.stored = 20}}, /* the same in another class */
		{.from = 31, .position = {.stored = 40}},
		{.from = 41, .position = {.stored = 50, .lost = 10}}, /* known by then */
	};

	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		ledger_restore(ledger, &stream, &moves[i]);
		ck_assert(ledger_get(ledger, &stream, &position));
		ck_assert_uint_eq(position.lost, i < 3 ? 0 : 10);
	}
	ck_assert(ledger_get(ledger, &stream, &position));
	ck_assert_uint_eq(position.stored, 50);
	ck_assert_uint_eq(position.lost, 10);
	ledger_free(ledger);
}
END_TEST

TEST_MAIN("ledger", what_is_pending_is_not_seen_before_the_commit, many_streams_are_found_again,
	a_new_epoch_pushes_out_the_longest_silent_one, one_commit_cannot_push_out_its_own,
	restoring_counts_what_is_missing_between)
