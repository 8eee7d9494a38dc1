/* Exporters of flow records, over real sockets. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/collector/ingest/sender_bench.h"

/* NetFlow v9: a template of an address and a number of bytes, or records of it. */
static const char template9[] = "\0\x09\0\x01\0\0\x03\xe8\x69\xab\x94\xb0\0\0\0\x01\0\0\0\x07"
				"\0\0\0\x10\x01\0\0\x02\0\x08\0\x04\0\x01\0\x04";
static const char data9[] = "\0\x09\0\x02\0\0\x03\xe8\x69\xab\x94\xb0\0\0\0\x02\0\0\0\x07"
			    "\x01\0\0\x14\x0a\0\0\x01\0\0\0\x05\x0a\0\0\x02\0\0\0\x06";

#define put_bytes(fd, bytes)                                                                   \
	ck_assert_int_eq(send(fd, bytes, sizeof(bytes) - 1, 0), (ssize_t)sizeof(bytes) - 1)

START_TEST(each_record_is_stored_as_its_senders)
{
	begin();
	int first = dial(EXPORTS, "127.0.0.1"), second = dial(EXPORTS, "127.0.0.2");

	put_bytes(first, template9);
	put_bytes(first, data9);
	await_records(AGENCY, 1, 2);
	put_bytes(second, data9); /* its template is not told: another's is not taken */
	put_bytes(second, template9);
	await_records(OTHER_AGENCY, 2, 2);
	ck_assert_uint_eq(check_stored(AGENCY, 1, "netflow-udp"), 2);
	ck_assert_uint_eq(check_stored(OTHER_AGENCY, 2, "netflow-udp"), 2);
	close(first);
	close(second);
	end();
}
END_TEST

START_TEST(what_waits_for_its_template_is_stored_at_the_end)
{
	begin();
	int fd = dial(EXPORTS, "127.0.0.1");

	put_bytes(fd, data9);
	put(fd, "no flow record"); /* read behind it: stored as bytes */
	await_records(AGENCY, 1, 1);
	stop();
	ck_assert_uint_eq(position_of(AGENCY, 1).records, 2);
	close(fd);
	end();
}
END_TEST

START_TEST(who_is_no_sender_is_refused)
{
	begin();
	int stranger = dial(EXPORTS, "127.0.0.66"), known = dial(EXPORTS, "127.0.0.1");

	put_bytes(stranger, template9);
	put_bytes(known, template9);
	put_bytes(known, data9);
	await_records(AGENCY, 1, 2);
	ck_assert_uint_eq(n_strangers, 1);
	close(stranger);
	close(known);
	end();
}
END_TEST

START_TEST(records_without_room_are_dropped_and_declared)
{
	enum { DATAGRAMS = 4000, RECORDS = 2 * DATAGRAMS };

	begin();
	int fd = dial(EXPORTS, "127.0.0.1");
	put_bytes(fd, template9);
	holding = true;
	for (int i = 0; i < DATAGRAMS; i++)
		put_bytes(fd, data9);
	/* All have been read when one that came after them was. */
	int last = dial(EXPORTS, "127.0.0.66");
	const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (n_strangers == 0 && clock_mono_ms() < until_ms) {
		put_bytes(last, data9);
		usleep(2000);
	}
	release();
	stop();

	const struct stream_position own = position_of(AGENCY, 1);
	const struct stream_position kernel = position_of(0, 0); /* datagrams */
	ck_assert_uint_gt(own.records, 0);
	ck_assert_uint_gt(own.declared, 0);
	ck_assert_uint_ge(own.records + own.declared + 2 * kernel.declared, RECORDS);
	ck_assert_uint_le(own.records + own.declared, RECORDS);
	close(fd);
	close(last);
	end();
}
END_TEST

TEST_MAIN("exports", each_record_is_stored_as_its_senders,
	what_waits_for_its_template_is_stored_at_the_end, who_is_no_sender_is_refused,
	records_without_room_are_dropped_and_declared)
