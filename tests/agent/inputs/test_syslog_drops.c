#include "agent/inputs/syslog_drops.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/check.h"

struct bench {
	int fd;
	struct syslog_drops drops;
	char text[SYSLOG_DROPS_MAX];
};

static void begin(struct bench *bench)
{
	bench->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(bench->fd, 0);
	syslog_drops_init(&bench->drops, bench->fd);
}

static struct slice kept(struct bench *bench)
{
	return syslog_drops_position(&bench->drops, bench->text);
}

START_TEST(what_was_declared_is_not_again)
{
	struct bench bench;
	struct syslog_drops next;

	begin(&bench);
	ck_assert_uint_eq(syslog_drops_declare(&bench.drops, 5), 5);
	ck_assert_uint_eq(syslog_drops_declare(&bench.drops, 2), 2);
	syslog_drops_init(&next, bench.fd);
	syslog_drops_recall(&next, kept(&bench));
	ck_assert_uint_eq(syslog_drops_declare(&next, 3), 0);
	ck_assert_uint_eq(syslog_drops_declare(&next, 3), 0);
	ck_assert_uint_eq(syslog_drops_declare(&next, 3), 2);
	ck_assert_uint_eq(syslog_drops_declare(&next, 1), 1);
	close(bench.fd);
}
END_TEST

START_TEST(another_socket_begins_anew)
{
	struct bench bench, other;

	begin(&bench);
	begin(&other);
	ck_assert_uint_eq(syslog_drops_declare(&bench.drops, 5), 5);
	syslog_drops_recall(&other.drops, kept(&bench));
	ck_assert_uint_eq(syslog_drops_declare(&other.drops, 3), 3);
	close(bench.fd);
	close(other.fd);
}
END_TEST

START_TEST(a_position_that_is_none_is_ignored)
{
	const char *const ends[] = {"", " ", " x", "1 7", " 7 ", " -7"};
	struct bench bench;
	char text[SYSLOG_DROPS_MAX];

	begin(&bench);
	syslog_drops_recall(&bench.drops, SLICE_LIT(""));
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", bench.drops.socket, ends[i]);
		syslog_drops_recall(&bench.drops, slice_str(text));
	}
	ck_assert_uint_eq(syslog_drops_declare(&bench.drops, 3), 3);
	close(bench.fd);
}
END_TEST

START_TEST(a_socket_of_our_own_has_nothing_to_keep)
{
	struct syslog_drops drops = {0};
	char text[SYSLOG_DROPS_MAX];

	ck_assert_uint_eq(syslog_drops_declare(&drops, 3), 3);
	ck_assert_uint_eq(syslog_drops_position(&drops, text).len, 0);
	syslog_drops_recall(&drops, SLICE_LIT(" 100"));
	ck_assert_uint_eq(syslog_drops_declare(&drops, 3), 3);
}
END_TEST

TEST_MAIN("syslog_drops", what_was_declared_is_not_again, another_socket_begins_anew,
	a_position_that_is_none_is_ignored, a_socket_of_our_own_has_nothing_to_keep)
