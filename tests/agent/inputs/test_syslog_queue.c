#include "agent/inputs/syslog_queue.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/support/check.h"

static bool put_text(struct syslog_queue *queue, const char *text)
{
	const struct syslog_datagram datagram = {
		.bytes = slice_str(text), .whole = strlen(text), .read_ns = 5};

	return syslog_queue_put(queue, &datagram, 1, 0);
}

static void expect_next(struct syslog_queue *queue, const char *text)
{
	struct syslog_datagram datagram;

	ck_assert(syslog_queue_next(queue, &datagram));
	ck_assert_slice_eq(datagram.bytes, slice_str(text));
	ck_assert_int_eq(datagram.read_ns, 5);
}

START_TEST(what_is_put_comes_out_in_order)
{
	struct syslog_queue *queue = syslog_queue_new(4096);
	struct syslog_datagram datagram;

	(void)put_text(queue, "first");
	(void)put_text(queue, "");
	expect_next(queue, "first");
	expect_next(queue, "first"); /* until it is popped */
	syslog_queue_pop(queue);
	(void)put_text(queue, "third");
	expect_next(queue, "");
	syslog_queue_pop(queue);
	expect_next(queue, "third");
	syslog_queue_pop(queue);
	ck_assert(!syslog_queue_next(queue, &datagram));
	syslog_queue_free(queue);
}
END_TEST

/* Nobody is woken who is awake, and nobody sleeps over something. */
START_TEST(the_taker_is_woken_when_it_found_nothing)
{
	struct syslog_queue *queue = syslog_queue_new(4096);
	struct syslog_datagram datagram;

	ck_assert(put_text(queue, "1"));
	ck_assert(!put_text(queue, "2"));
	expect_next(queue, "1");
	syslog_queue_pop(queue);
	ck_assert(!put_text(queue, "3"));
	for (int i = 0; i < 2; i++) {
		ck_assert(syslog_queue_next(queue, &datagram));
		syslog_queue_pop(queue);
	}
	ck_assert(!syslog_queue_next(queue, &datagram));
	ck_assert(put_text(queue, "4"));
	syslog_queue_free(queue);
}
END_TEST

START_TEST(what_finds_no_room_is_counted)
{
	struct syslog_queue *queue = syslog_queue_new(1000);
	struct syslog_datagram datagram;
	struct syslog_lost lost;
	char text[200] = {0};
	unsigned n = 0;

	memset(text, 'x', 100);
	for (int i = 0; i < 20; i++)
		(void)put_text(queue, text);
	ck_assert(!syslog_queue_put(queue, NULL, 0, 3));
	(void)put_text(queue, "small");
	syslog_queue_take_lost(queue, &lost);
	ck_assert_uint_eq(lost.count, 13); /* (100 + 24) * 8 = 992 */
	ck_assert_uint_eq(lost.bytes, 1205);
	ck_assert_uint_eq(lost.kernel, 3);
	syslog_queue_take_lost(queue, &lost);
	ck_assert_uint_eq(lost.count + lost.bytes + lost.kernel, 0);

	expect_next(queue, text);
	(void)put_text(queue, text); /* what is being taken still counts */
	syslog_queue_pop(queue);
	(void)put_text(queue, text);
	syslog_queue_take_lost(queue, &lost);
	ck_assert_uint_eq(lost.count, 1);
	for (; syslog_queue_next(queue, &datagram); n++)
		syslog_queue_pop(queue);
	ck_assert_uint_eq(n, 8);
	syslog_queue_free(queue);
}
END_TEST

enum { DATAGRAMS = 100000, BATCH = 7 };

static void *put_many(void *user)
{
	struct syslog_queue *queue = user;
	size_t woken = 0;

	for (int i = 0; i < DATAGRAMS;) {
		char texts[BATCH][16];
		struct syslog_datagram datagrams[BATCH];
		unsigned n = 0;

		for (; n < BATCH && i < DATAGRAMS; n++, i++) {
			int len = snprintf(texts[n], sizeof(texts[n]), "%d", i);

			datagrams[n] = (struct syslog_datagram){
				.bytes = slice_of(texts[n], (size_t)len),
				.whole = (uint64_t)len};
		}
		woken += syslog_queue_put(queue, datagrams, n, 0);
	}
	return (void *)woken;
}

START_TEST(two_threads_lose_nothing_that_is_not_counted)
{
	struct syslog_queue *queue = syslog_queue_new(2000);
	struct syslog_datagram datagram;
	struct syslog_lost lost;
	uint64_t taken = 0, n_lost = 0, last = 0, number;
	pthread_t thread;
	void *woken;

	ck_assert_int_eq(pthread_create(&thread, NULL, put_many, queue), 0);
	while (taken + n_lost < DATAGRAMS) {
		while (syslog_queue_next(queue, &datagram)) {
			ck_assert(slice_to_u64(datagram.bytes, DATAGRAMS, &number));
			ck_assert(taken == 0 || number > last);
			last = number;
			taken++;
			syslog_queue_pop(queue);
		}
		syslog_queue_take_lost(queue, &lost);
		n_lost += lost.count;
	}
	ck_assert_uint_eq(taken + n_lost, DATAGRAMS);
	ck_assert_int_eq(pthread_join(thread, &woken), 0);
	ck_assert_ptr_nonnull(woken);
	syslog_queue_free(queue);
}
END_TEST

TEST_MAIN("syslog_queue", what_is_put_comes_out_in_order,
	the_taker_is_woken_when_it_found_nothing, what_finds_no_room_is_counted,
	two_threads_lose_nothing_that_is_not_counted)
