#include "agent/scan/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

static void make_pair(struct channel *from, struct channel *to, size_t body_max, bool takes_fds)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	channel_init(from, ends[0], 1 << 20, false);
	channel_init(to, ends[1], body_max, takes_fds);
}

static enum channel_status receive(struct channel *to, struct channel_message *message)
{
	enum channel_status status;

	while ((status = channel_next(to, message)) == CHANNEL_WAIT) {
		status = channel_fill(to);
		if (status != CHANNEL_OK)
			return status;
	}
	return status;
}

START_TEST(messages_arrive_whole_and_in_order)
{
	struct channel from, to;
	struct channel_message message;

	make_pair(&from, &to, 100, false);
	ck_assert(channel_send(&from, MESSAGE_START, SLICE_LIT("one"), -1));
	ck_assert(channel_send(&from, MESSAGE_COMPILE, SLICE_LIT(""), -1));
	ck_assert_int_eq(receive(&to, &message), CHANNEL_OK);
	ck_assert_int_eq(message.type, MESSAGE_START);
	ck_assert_slice_eq(message.body, SLICE_LIT("one"));
	ck_assert_int_eq(receive(&to, &message), CHANNEL_OK);
	ck_assert_int_eq(message.type, MESSAGE_COMPILE);
	ck_assert_uint_eq(message.body.len, 0);
	channel_done(&from);
	ck_assert_int_eq(receive(&to, &message), CHANNEL_CLOSED);
	channel_done(&to);
}
END_TEST

START_TEST(descriptors_come_in_the_order_of_their_messages)
{
	struct channel from, to;
	struct channel_message message;
	struct stat sent, got;
	int null = open("/dev/null", O_RDONLY), zero = open("/dev/zero", O_RDONLY);

	make_pair(&from, &to, 100, true);
	ck_assert(channel_send(&from, MESSAGE_FILE, SLICE_LIT("null"), null));
	ck_assert(channel_send(&from, MESSAGE_FILE, SLICE_LIT("zero"), zero));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(receive(&to, &message), CHANNEL_OK);
		int fd = channel_take_fd(&to);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fstat(fd, &got), 0);
		ck_assert_int_eq(fstat(i == 0 ? null : zero, &sent), 0);
		ck_assert_uint_eq(got.st_rdev, sent.st_rdev);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
	ck_assert_int_eq(channel_take_fd(&to), -1);
	close(null);
	close(zero);
	channel_done(&from);
	channel_done(&to);
}
END_TEST

START_TEST(descriptors_nobody_asked_for_are_not_taken)
{
	struct channel from, to;
	struct channel_message message;
	int null = open("/dev/null", O_RDONLY), next = dup(null);

	close(next);
	make_pair(&from, &to, 100, false);
	ck_assert(channel_send(&from, MESSAGE_FILE, SLICE_LIT("null"), null));
	ck_assert_int_eq(receive(&to, &message), CHANNEL_OK);
	ck_assert_int_eq(channel_take_fd(&to), -1);
	close(null);
	channel_done(&from);
	channel_done(&to);
	/* No descriptor was left open. */
	int now = open("/dev/null", O_RDONLY);
	ck_assert_int_le(now, next);
	close(now);
}
END_TEST

START_TEST(a_message_above_the_limit_breaks_the_channel)
{
	struct channel from, to;
	struct channel_message message;

	make_pair(&from, &to, 4, false);
	ck_assert(channel_send(&from, MESSAGE_RESULT, SLICE_LIT("12345"), -1));
	ck_assert_int_eq(receive(&to, &message), CHANNEL_BROKEN);
	channel_done(&from);
	channel_done(&to);
}
END_TEST

TEST_MAIN("channel", messages_arrive_whole_and_in_order,
	descriptors_come_in_the_order_of_their_messages,
	descriptors_nobody_asked_for_are_not_taken,
	a_message_above_the_limit_breaks_the_channel)
