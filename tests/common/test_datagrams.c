#include "common/datagrams.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/check.h"

enum { SIZE_MAX_KEPT = 100 };

static int receiver, sender;
static struct datagrams *datagrams;
static uint32_t kernel_drops;

static void begin(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(receiver, (const struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(receiver, (struct sockaddr *)&address, &len), 0);
	ck_assert_int_eq(connect(sender, (const struct sockaddr *)&address, len), 0);
	datagrams_count_drops(receiver);
	datagrams = datagrams_new(SIZE_MAX_KEPT);
	kernel_drops = 0;
}

static void end(void)
{
	datagrams_free(datagrams);
	close(receiver);
	close(sender);
}

static unsigned read_some(uint64_t *drops)
{
	return datagrams_read(datagrams, receiver, &kernel_drops, drops);
}

START_TEST(datagrams_come_in_batches_with_their_sender)
{
	struct sockaddr_in own = {0};
	socklen_t len = sizeof(own);
	uint64_t drops;

	begin();
	ck_assert_uint_eq(read_some(&drops), 0);
	for (int i = 0; i < DATAGRAMS_BATCH + 1; i++)
		ck_assert_int_eq(send(sender, "abc", 3, 0), 3);
	ck_assert_uint_eq(read_some(&drops), DATAGRAMS_BATCH);
	ck_assert_uint_eq(drops, 0);
	const struct datagram *last = datagrams_at(datagrams, DATAGRAMS_BATCH - 1);
	ck_assert_slice_eq(last->bytes, SLICE_LIT("abc"));
	ck_assert_int_eq(getsockname(sender, (struct sockaddr *)&own, &len), 0);
	const struct sockaddr_in *from = (const struct sockaddr_in *)(const void *)last->from;
	ck_assert_int_eq(from->sin_family, AF_INET);
	ck_assert_int_eq(from->sin_port, own.sin_port);
	ck_assert_uint_eq(read_some(&drops), 1);
	end();
}
END_TEST

START_TEST(a_longer_one_is_cut_and_its_length_is_told)
{
	char text[3 * SIZE_MAX_KEPT];
	uint64_t drops;

	begin();
	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(send(sender, text, sizeof(text), 0), sizeof(text));
	ck_assert_int_eq(send(sender, "", 0, 0), 0);
	ck_assert_uint_eq(read_some(&drops), 2);
	ck_assert_uint_eq(datagrams_at(datagrams, 0)->bytes.len, SIZE_MAX_KEPT);
	ck_assert_uint_eq(datagrams_at(datagrams, 0)->whole, sizeof(text));
	ck_assert_uint_eq(datagrams_at(datagrams, 1)->whole, 0);
	end();
}
END_TEST

START_TEST(what_the_kernel_drops_is_counted_once)
{
	enum { SENT = 2000 };
	const int small = 4096;
	unsigned n, got = 0;
	uint64_t drops, told = 0;

	begin();
	(void)setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 0; i < SENT; i++)
		ck_assert_int_eq(send(sender, "abc", 3, 0), 3);
	while ((n = read_some(&drops)) > 0) {
		got += n;
		told += drops;
	}
	told += datagrams_last_drops(receiver, &kernel_drops);
	ck_assert_uint_gt(told, 0);
	ck_assert_uint_eq(got + told, SENT);
	ck_assert_uint_eq(datagrams_last_drops(receiver, &kernel_drops), 0);
	end();
}
END_TEST

START_TEST(room_in_the_kernel_is_as_large_as_it_is_told)
{
	begin();
	ck_assert_uint_ge(datagrams_widen(receiver, 64 << 10), 64 << 10);
	end();
}
END_TEST

TEST_MAIN("datagrams", datagrams_come_in_batches_with_their_sender,
	a_longer_one_is_cut_and_its_length_is_told, what_the_kernel_drops_is_counted_once,
	room_in_the_kernel_is_as_large_as_it_is_told)
