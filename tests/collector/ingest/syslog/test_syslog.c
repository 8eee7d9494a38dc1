/* Senders of syslog, over real sockets. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/collector/ingest/sender_bench.h"

/* ---- tests ------------------------------------------------------------------------ */

START_TEST(datagrams_are_stored_as_those_of_their_sender)
{
	begin();
	int first = dial(UDP, "127.0.0.1"), also = dial(UDP, "127.0.1.77");
	int second = dial(UDP, "127.0.0.2");

	for (int i = 0; i < 50; i++) {
		put(first, "<13>Nov 22 01:02:03 other-host app: agency=8 soc.host=5\n");
		put(also, "<13>Nov 22 01:02:03 h app: x");
		put(second, "plain");
	}
	await_records(AGENCY, 1, 100);
	await_records(OTHER_AGENCY, 2, 50);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "syslog-udp"), 100);
	ck_assert_uint_eq(check_stored(OTHER_AGENCY, 2, "syslog-udp"), 50);
	ck_assert_uint_eq(position_of(AGENCY, 1).stored, 100);
	ck_assert_uint_eq(n_zoned, 100);
	close(first);
	close(also);
	close(second);
	end();
}
END_TEST

START_TEST(what_nobody_we_know_sends_is_refused_and_seen)
{
	static struct sender_stranger strangers[SENDER_STRANGERS_MAX];

	begin();
	int datagrams = dial(UDP, "127.0.0.66"), stream = dial(TCP, "127.0.0.66");
	int known = dial(UDP, "127.0.0.1"), homeless = dial(UDP, "127.0.0.3");

	put(datagrams, "let me in");
	put(datagrams, "let me in");
	put(homeless, "my agency is gone");
	put(known, "I am known");
	ck_assert(is_closed(stream));
	await_records(AGENCY, 1, 1);
	ck_assert_uint_eq(ingest_strangers(ingest, strangers), 2);
	ck_assert_uint_eq(strangers[0].times + strangers[1].times, 3);
	ck_assert_uint_eq(n_strangers, 2); /* each said once */
	stop();
	ck_assert_uint_eq(position_of(UNKNOWN_AGENCY, 3).stored, 0);
	close(datagrams);
	close(stream);
	close(known);
	close(homeless);
	end();
}
END_TEST

START_TEST(a_connection_may_mix_framings_and_end_within_a_message)
{
	begin();
	int fd = dial(TCP, "127.0.0.1");

	put(fd, "<13>one\n7 <13>two<14>th");
	put(fd, "ree\n20 <15>never whole");
	close(fd);
	await_records(AGENCY, 1, 4);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "syslog-tcp"), 4);
	end();
}
END_TEST

/* So many messages, numbered, on a connection of its own. */
static void *deliver(void *user)
{
	const unsigned n = *(const unsigned *)user;
	int fd = dial(TCP, "127.0.0.1");
	char text[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "<13>Nov 22 01:02:03 h app: %u\n", i);
		put(fd, text);
	}
	close(fd);
	return NULL;
}

START_TEST(connections_of_one_sender_share_a_stream)
{
	enum { CONNECTIONS = 8 };
	static unsigned n = 3000;
	pthread_t threads[CONNECTIONS];

	begin();
	for (unsigned i = 0; i < CONNECTIONS; i++)
		pthread_create(&threads[i], NULL, deliver, &n);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		pthread_join(threads[i], NULL);
	await_records(AGENCY, 1, CONNECTIONS * (uint64_t)n);
	ck_assert_uint_eq(position_of(AGENCY, 1).stored, CONNECTIONS * (uint64_t)n);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "syslog-tcp"), CONNECTIONS * n);
	end();
}
END_TEST

START_TEST(what_the_store_refuses_is_tried_again_and_lost_by_nobody)
{
	static unsigned n = 5000;

	begin();
	to_refuse = 3;
	deliver(&n);
	await_records(AGENCY, 1, n);
	ck_assert_uint_eq(position_of(AGENCY, 1).declared, 0);
	end();
}
END_TEST

START_TEST(a_full_queue_stops_connections_and_nothing_is_lost)
{
	static unsigned n = 60000; /* several times the queue */
	pthread_t thread;

	begin();
	holding = true;
	pthread_create(&thread, NULL, deliver, &n);
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (!something_is_held() && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert(something_is_held());
	usleep(100000); /* some of it piles up */
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 0);
	release();
	pthread_join(thread, NULL);
	await_records(AGENCY, 1, n);
	ck_assert_uint_eq(position_of(AGENCY, 1).declared, 0);
	end();
}
END_TEST

START_TEST(datagrams_without_room_are_dropped_and_declared)
{
	enum { DATAGRAMS = 5000 };
	static char text[1025];

	begin();
	int fd = dial(UDP, "127.0.0.1");
	memset(text, 'x', sizeof(text) - 1);
	holding = true;
	for (int i = 0; i < DATAGRAMS; i++)
		put(fd, text);
	/* All have been read or dropped when one that came after them was. */
	int last = dial(UDP, "127.0.0.66");
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (n_strangers == 0 && clock_mono_ms() < until_ms) {
		put(last, "the end");
		usleep(2000);
	}
	release();
	stop(); /* everything that waits is stored */

	const struct stream_position own = position_of(AGENCY, 1);
	const struct stream_position kernel = position_of(0, 0);
	ck_assert_uint_gt(own.records, 0);
	ck_assert_uint_gt(own.declared, 0);
	ck_assert_uint_ge(own.records + own.declared + kernel.declared, DATAGRAMS);
	ck_assert_uint_le(own.records + own.declared, DATAGRAMS);
	close(fd);
	close(last);
	end();
}
END_TEST

START_TEST(who_is_no_sender_any_more_is_ended_by_a_reload)
{
	struct err err = {0};

	begin();
	int fd = dial(TCP, "127.0.0.2"), datagrams = dial(UDP, "127.0.0.2");
	put(fd, "<13>one\n");
	await_records(OTHER_AGENCY, 2, 1);
	struct ingest_settings fewer = settings;
	fewer.syslog.senders.n = 1;
	ck_assert_msg(ingest_reload(ingest, &fewer, &err), "%s", err.text);
	ck_assert(is_closed(fd));
	put(datagrams, "still there?");
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (n_strangers == 0 && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert_uint_eq(n_strangers, 1);
	ck_assert_uint_eq(position_of(OTHER_AGENCY, 2).records, 1);
	close(fd);
	close(datagrams);
	end();
}
END_TEST

/* Listeners stay as they are open, in whichever order a new file has them. */
START_TEST(a_reload_goes_by_the_names_of_listeners)
{
	static const char *const only_stream[] = {"stream"};
	struct written_listener turned[] = {listeners[TCP], listeners[UDP]};
	struct written_sender bound = senders[1];
	struct err err = {0};

	begin();
	bound.listeners = (struct setting_texts){only_stream, 1};
	struct ingest_settings other = settings;
	other.syslog.listeners = (struct setting_sections){turned, 2};
	other.syslog.senders = (struct setting_sections){&bound, 1};
	ck_assert_msg(ingest_reload(ingest, &other, &err), "%s", err.text);
	int stream = dial(TCP, "127.0.0.2"), datagrams = dial(UDP, "127.0.0.2");
	put(stream, "<13>one\n");
	await_records(OTHER_AGENCY, 2, 1);
	put(datagrams, "not here");
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (n_strangers == 0 && clock_mono_ms() < until_ms)
		usleep(2000);
	ck_assert_uint_eq(n_strangers, 1);
	ck_assert_uint_eq(position_of(OTHER_AGENCY, 2).records, 1);
	close(stream);
	close(datagrams);
	end();
}
END_TEST

START_TEST(a_sender_has_as_many_connections_as_it_may)
{
	begin();
	int one = dial(TCP, "127.0.0.2");
	put(one, "<13>one\n");
	await_records(OTHER_AGENCY, 2, 1);
	int two = dial(TCP, "127.0.0.2");
	ck_assert(is_closed(two));
	close(one);
	/* Its place is free when its end was seen. */
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (position_of(OTHER_AGENCY, 2).records < 2 && clock_mono_ms() < until_ms) {
		int three = dial(TCP, "127.0.0.2");

		(void)!send(three, "<13>two\n", 8, MSG_NOSIGNAL);
		close(three);
		usleep(20000);
	}
	ck_assert_uint_ge(position_of(OTHER_AGENCY, 2).records, 2);
	close(two);
	end();
}
END_TEST

START_TEST(a_stream_that_makes_no_sense_is_ended)
{
	begin();
	int fd = dial(TCP, "127.0.0.1");
	put(fd, "<13>good\n1073741824 <13>and so on");
	ck_assert(is_closed(fd));
	await_records(AGENCY, 1, 1);
	close(fd);
	end();
}
END_TEST

START_TEST(a_message_that_does_not_end_has_a_deadline)
{
	begin();
	int idle = dial(TCP, "127.0.0.1"), slow = dial(TCP, "127.0.0.1");
	put(idle, "<13>one\n");
	put(slow, "<13>tw");
	ck_assert(is_closed(slow));
	put(idle, "<13>three\n"); /* was silent meanwhile, between messages */
	await_records(AGENCY, 1, 3);
	close(idle);
	close(slow);
	end();
}
END_TEST

static bool is_open(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

START_TEST(silent_handshakes_give_way_to_newer_ones)
{
	enum { CONNECTIONS = TLS_HANDSHAKES + 2 };
	int fds[CONNECTIONS];

	begin();
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = dial(TLS, "127.0.0.1");
		if (i >= TLS_HANDSHAKES)
			ck_assert(is_closed(fds[i - TLS_HANDSHAKES]));
	}
	for (int i = CONNECTIONS - TLS_HANDSHAKES; i < CONNECTIONS; i++)
		ck_assert(is_open(fds[i]));
	for (int i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
	end();
}
END_TEST

TEST_MAIN("syslog", silent_handshakes_give_way_to_newer_ones,
	datagrams_are_stored_as_those_of_their_sender,
	what_nobody_we_know_sends_is_refused_and_seen,
	a_connection_may_mix_framings_and_end_within_a_message,
	connections_of_one_sender_share_a_stream,
	what_the_store_refuses_is_tried_again_and_lost_by_nobody,
	a_full_queue_stops_connections_and_nothing_is_lost,
	datagrams_without_room_are_dropped_and_declared,
	who_is_no_sender_any_more_is_ended_by_a_reload, a_reload_goes_by_the_names_of_listeners,
	a_sender_has_as_many_connections_as_it_may, a_stream_that_makes_no_sense_is_ended,
	a_message_that_does_not_end_has_a_deadline)
