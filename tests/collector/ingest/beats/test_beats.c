/* Senders that speak the Beats protocol, over real sockets: what is durable is acknowledged. */
#include <sys/socket.h>
#include <unistd.h>

#include "collector/ingest/beats/lumberjack.h"
#include "tests/collector/ingest/beats/lumberjack_writer.h"
#include "tests/collector/ingest/sender_bench.h"

static void put_bytes(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		bytes = slice_from(bytes, (size_t)n);
	}
}

/* A window of events numbered from `first` on. */
static void put_window(int fd, uint32_t first, uint32_t n, bool compressed)
{
	struct strbuf frames = STRBUF_INIT(1 << 26), out = STRBUF_INIT(1 << 26);

	for (uint32_t i = 0; i < n; i++)
		write_event(&frames, first + i, SLICE_LIT("{\"message\":\"Nov 22 hello\"}"));
	write_window(&out, n);
	if (compressed)
		write_compressed(&out, strbuf_slice(&frames));
	else
		strbuf_add(&out, strbuf_slice(&frames));
	put_bytes(fd, strbuf_slice(&out));
	strbuf_done(&frames);
	strbuf_done(&out);
}

/* The next one; -1 when the connection ended. */
static int64_t read_ack(int fd)
{
	unsigned char ack[LUMBERJACK_ACK_SIZE];

	if (recv(fd, ack, sizeof(ack), MSG_WAITALL) != (ssize_t)sizeof(ack))
		return -1;
	ck_assert_mem_eq(ack, "2A", 2);
	return (int64_t)ack[2] << 24 | ack[3] << 16 | ack[4] << 8 | ack[5];
}

/* As Beats wait for it: smaller numbers say that it is on its way. */
static void await_ack(int fd, uint32_t number)
{
	int64_t ack;

	while ((ack = read_ack(fd)) < number)
		ck_assert_int_ge(ack, 0);
	ck_assert_int_eq(ack, number);
}

START_TEST(windows_are_acknowledged_when_they_are_stored)
{
	begin();
	int fd = dial(BEATS, "127.0.0.1");

	put_window(fd, 1, 10, false);
	await_ack(fd, 10);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 10); /* before it was said */
	put_window(fd, 1, 3000, true);
	put_window(fd, 1, 1, true);
	await_ack(fd, 3000);
	await_ack(fd, 1);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "beats-tcp"), 3011);
	close(fd);
	end();
}
END_TEST

START_TEST(numbers_are_the_senders)
{
	begin();
	int fd = dial(BEATS, "127.0.0.1");

	put_window(fd, 1000, 10, true);
	await_ack(fd, 1009);
	put_window(fd, 4294967290U, 3, true);
	ck_assert_int_eq(read_ack(fd), 4294967292);
	close(fd);
	end();
}
END_TEST

START_TEST(a_window_is_not_acknowledged_before_it_is_durable)
{
	begin();
	int fd = dial(BEATS, "127.0.0.1");

	holding = true;
	put_window(fd, 1, 10, true);
	/* What it hears meanwhile: that it is on its way. */
	ck_assert_int_eq(read_ack(fd), 0);
	ck_assert(something_is_held());
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 0);
	release();
	await_ack(fd, 10);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 10);
	close(fd);
	end();
}
END_TEST

START_TEST(what_the_store_refuses_is_tried_again_and_then_acknowledged)
{
	begin();
	int fd = dial(BEATS, "127.0.0.1");

	to_refuse = 2;
	put_window(fd, 1, 10, true);
	put_window(fd, 1, 20, true);
	await_ack(fd, 10);
	await_ack(fd, 20);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 30);
	close(fd);
	end();
}
END_TEST

/* Many times the queue, in one window and compressed to nearly nothing. */
START_TEST(a_full_queue_stops_the_reading_in_the_middle_of_a_frame)
{
	enum { EVENTS = 200000 };

	begin();
	int fd = dial(BEATS, "127.0.0.1");
	holding = true;
	put_window(fd, 1, EVENTS, true);
	ck_assert_int_eq(read_ack(fd), 0);
	ck_assert(something_is_held());
	release();
	await_ack(fd, EVENTS);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, EVENTS);
	close(fd);
	end();
}
END_TEST

START_TEST(connections_of_one_sender_hear_their_own_acknowledgements)
{
	enum { CONNECTIONS = 6 };
	int fds[CONNECTIONS];

	begin();
	for (uint32_t i = 0; i < CONNECTIONS; i++)
		fds[i] = dial(BEATS, "127.0.0.1");
	for (uint32_t round = 1; round <= 5; round++) {
		for (uint32_t i = 0; i < CONNECTIONS; i++)
			put_window(fds[i], 1, 100 * round + i, i % 2 == 0);
	}
	for (uint32_t round = 1; round <= 5; round++) {
		for (uint32_t i = 0; i < CONNECTIONS; i++)
			await_ack(fds[i], 100 * round + i);
	}
	for (uint32_t i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
	end();
}
END_TEST

START_TEST(a_connection_that_ends_takes_nothing_along)
{
	begin();
	int fd = dial(BEATS, "127.0.0.1"), other = dial(BEATS, "127.0.0.1");

	holding = true;
	put_window(fd, 1, 10, true);
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (!something_is_held() && clock_mono_ms() < until_ms)
		usleep(2000);
	close(fd);
	release();
	await_records(AGENCY, 1, 10);
	put_window(other, 1, 5, true);
	await_ack(other, 5);
	close(other);
	end();
}
END_TEST

START_TEST(a_window_that_is_shorter_than_it_said_ends_with_the_next)
{
	struct strbuf out = STRBUF_INIT(1 << 16);

	begin();
	int fd = dial(BEATS, "127.0.0.1");
	write_window(&out, 50);
	write_event(&out, 1, SLICE_LIT("{}"));
	write_event(&out, 2, SLICE_LIT("{}"));
	put_bytes(fd, strbuf_slice(&out));
	await_records(AGENCY, 1, 2);
	put_window(fd, 1, 1, false);
	await_ack(fd, 2);
	await_ack(fd, 1);
	close(fd);
	strbuf_done(&out);
	end();
}
END_TEST

static void check_refused(struct slice bytes)
{
	int fd = dial(BEATS, "127.0.0.1");

	put_bytes(fd, bytes);
	ck_assert(is_closed(fd));
	close(fd);
}

START_TEST(what_is_no_beats_is_ended)
{
	begin();
	check_refused(SLICE_LIT("1W\0\0\0\1"));
	check_refused(SLICE_LIT("<13>Nov 22 01:02:03 h app: syslog\n"));
	check_refused(SLICE_LIT("2J\0\0\0\1\0\0\0\2{}")); /* in no window */
	check_refused(SLICE_LIT("2W\0\0\0\1"
				"2J\0\0\0\1\0\0\0\2{}"
				"2J\0\0\0\2\0\0\0\2{}"));
	check_refused(SLICE_LIT("2W\0\0\0\2"
				"2C\0\0\0\2xx"));
	await_records(AGENCY, 1, 1); /* what was good of it is kept: it may come again */
	end();
}
END_TEST

START_TEST(a_window_that_stands_still_has_a_deadline)
{
	begin();
	int idle = dial(BEATS, "127.0.0.1"), slow = dial(BEATS, "127.0.0.1");

	put_window(idle, 1, 1, false);
	await_ack(idle, 1);
	put_bytes(slow, SLICE_LIT("2W\0\0\0\2"));
	while (read_ack(slow) >= 0) /* it may hear that its window is on its way */
		;
	put_window(idle, 1, 1, false);
	await_ack(idle, 1);
	close(idle);
	close(slow);
	end();
}
END_TEST

/* Its agency is not in the register: that may be mended, so nothing of it is acknowledged. */
START_TEST(what_cannot_be_stored_is_not_acknowledged)
{
	begin();
	int fd = dial(BEATS, "127.0.0.3");

	put_window(fd, 1, 5, true);
	ck_assert_int_eq(read_ack(fd), -1);
	close(fd);
	end();
}
END_TEST

START_TEST(a_stop_acknowledges_what_it_took)
{
	begin();
	int fd = dial(BEATS, "127.0.0.1"), silent = dial(BEATS, "127.0.0.1");

	put_window(silent, 1, 1, true);
	await_ack(silent, 1);
	holding = true;
	put_window(fd, 1, 500, true);
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (!something_is_held() && clock_mono_ms() < until_ms)
		usleep(2000);
	pthread_t releaser = release_soon();
	stop();
	pthread_join(releaser, NULL);
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 501);
	await_ack(fd, 500);
	ck_assert_int_eq(read_ack(fd), -1);
	close(fd);
	close(silent);
	end();
}
END_TEST

/* What is durable of it does not have to come again. */
START_TEST(a_stop_tells_how_far_an_unfinished_window_came)
{
	struct strbuf frames = STRBUF_INIT(1 << 16);
	int64_t last = 0, ack;

	begin();
	int fd = dial(BEATS, "127.0.0.1");
	write_window(&frames, 3);
	write_event(&frames, 1, SLICE_LIT("{\"message\":\"a\"}"));
	write_event(&frames, 2, SLICE_LIT("{\"message\":\"b\"}"));
	put_bytes(fd, strbuf_slice(&frames));
	await_records(AGENCY, 1, 2);
	stop();
	while ((ack = read_ack(fd)) >= 0)
		last = ack;
	ck_assert_int_eq(last, 2);
	close(fd);
	strbuf_done(&frames);
	end();
}
END_TEST

START_TEST(an_event_that_comes_byte_by_byte_has_a_deadline)
{
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	char heard[256];
	ssize_t n = 1;

	begin();
	int fd = dial(BEATS, "127.0.0.1");
	put_bytes(fd, SLICE_LIT("2W\0\0\0\1"
				"2J\0\0\0\1\0\1\0\0"));
	while (n > 0 && clock_mono_ms() < until_ms) {
		usleep(10000);
		n = send(fd, "x", 1, MSG_NOSIGNAL);
		if (n > 0 && recv(fd, heard, sizeof(heard), MSG_DONTWAIT) == 0)
			n = 0;
	}
	ck_assert_int_le(n, 0);
	close(fd);
	end();
}
END_TEST

TEST_MAIN("beats", a_stop_tells_how_far_an_unfinished_window_came,
	an_event_that_comes_byte_by_byte_has_a_deadline,
	windows_are_acknowledged_when_they_are_stored, numbers_are_the_senders,
	a_window_is_not_acknowledged_before_it_is_durable,
	what_the_store_refuses_is_tried_again_and_then_acknowledged,
	a_full_queue_stops_the_reading_in_the_middle_of_a_frame,
	connections_of_one_sender_hear_their_own_acknowledgements,
	a_connection_that_ends_takes_nothing_along,
	a_window_that_is_shorter_than_it_said_ends_with_the_next, what_is_no_beats_is_ended,
	a_window_that_stands_still_has_a_deadline, what_cannot_be_stored_is_not_acknowledged,
	a_stop_acknowledges_what_it_took)
