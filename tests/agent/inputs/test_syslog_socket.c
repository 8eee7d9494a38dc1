#include "agent/inputs/syslog_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "agent/inputs/syslog_bind.h"
#include "agent/settings.h"
#include "common/clock.h"
#include "common/conf.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { PATIENCE_MS = 20000 };

struct bench {
	struct folder folder;
	struct intake intake;
	struct event_base *base;
	char path[PATH_MAX], udp[64];
	struct syslog_socket_settings socket;
	struct agent_settings settings;
	void *input;
	int handed; /* a UDP socket as the service manager hands it over */
};

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->handed = -1;
	folder_make(&bench->folder);
	fake_intake_init(&bench->intake);
	bench->base = event_base_new();
	snprintf(bench->path, sizeof(bench->path), "%s", folder_path(&bench->folder, "log"));
	bench->socket = (struct syslog_socket_settings){
		.path = bench->path,
		.udp = "",
		.mode = "0622",
		.owner = "",
		.group = "",
		.format = "auto",
		.zone = "",
		.charset = "",
		.buffer = 1 << 20,
		.datagram_max = 4096,
	};
	bench->settings.syslog.sockets = (struct setting_sections){&bench->socket, 1};
}

static void give_positions(struct bench *bench)
{
	for (size_t i = bench->intake.n_positions; i-- > 0;) {
		const struct fake_position *known = &bench->intake.positions[i];

		if (known->len > 0)
			syslog_input.position(bench->input, slice_str(known->name),
				slice_of(known->bytes, known->len));
	}
}

/* With what is known of a life before. */
static void bench_start(struct bench *bench)
{
	struct err err;

	bench->input = syslog_input.start(&bench->settings, bench->base, &bench->intake, &err);
	ck_assert_msg(bench->input != NULL, "%s", err.text);
	give_positions(bench);
	syslog_input.begin(bench->input);
}

static void bench_stop(struct bench *bench)
{
	if (bench->input != NULL)
		syslog_input.stop(bench->input);
	bench->input = NULL;
}

static void bench_done(struct bench *bench)
{
	bench_stop(bench);
	if (bench->handed >= 0)
		close(bench->handed);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	event_base_free(bench->base);
	fake_intake_done(&bench->intake);
	folder_remove(&bench->folder);
}

static int unix_socket(const char *path, int how, bool bind_it)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, how | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int done = bind_it ? bind(fd, (struct sockaddr *)&address, sizeof(address))
			   : connect(fd, (struct sockaddr *)&address, sizeof(address));
	ck_assert_msg(done == 0, "%s: %s", path, strerror(errno));
	return fd;
}

static int writer(const struct bench *bench)
{
	return unix_socket(bench->path, SOCK_DGRAM, false);
}

static void say(int fd, struct slice bytes)
{
	ck_assert_int_eq(send(fd, bytes.ptr, bytes.len, 0), (ssize_t)bytes.len);
}

static void expect_items(struct bench *bench, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (bench->intake.n_items < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench->intake.n_items, n);
}

static uint64_t declared(const struct intake *intake)
{
	uint64_t n = 0;

	for (size_t i = 0; i < intake->n_losses; i++) {
		ck_assert_uint_eq(intake->losses[i].reason, GAP_QUEUE_FULL);
		n += intake->losses[i].count;
	}
	return n;
}

START_TEST(datagrams_become_records)
{
	struct bench bench;

	bench_init(&bench);
	bench.socket.test = true;
	bench_start(&bench);
	int fd = writer(&bench);
	say(fd, SLICE_LIT("<38>Nov 22 10:00:00 sshd[1]: first\n"));
	say(fd, SLICE_LIT("<38>second\r\n\0\0"));
	say(fd, SLICE_LIT("a\0b\n\xff\x80\x1b[31m\nend"));
	expect_items(&bench, 3);
	ck_assert_str_eq(
		fake_intake_text(&bench.intake, 0), "<38>Nov 22 10:00:00 sshd[1]: first");
	ck_assert_str_eq(fake_intake_text(&bench.intake, 1), "<38>second");
	ck_assert_slice_eq(slice_of(bench.intake.items[2].bytes, bench.intake.items[2].len),
		SLICE_LIT("a\0b\n\xff\x80\x1b[31m\nend"));
	ck_assert_str_eq(bench.intake.items[0].name, bench.path);
	ck_assert_uint_eq(bench.intake.items[0].flags, ITEM_TEST);
	ck_assert_uint_eq(bench.intake.items[0].kind, ITEM_LINE);
	ck_assert_uint_eq(bench.intake.items[0].lane, LANE_BULK);
	close(fd);
	bench_done(&bench);
}
END_TEST

START_TEST(an_empty_datagram_is_no_record)
{
	struct bench bench;

	bench_init(&bench);
	bench_start(&bench);
	int fd = writer(&bench);
	say(fd, SLICE_LIT(""));
	say(fd, SLICE_LIT("\n"));
	say(fd, SLICE_LIT("\0"));
	say(fd, SLICE_LIT("x"));
	expect_items(&bench, 1);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	close(fd);
	bench_done(&bench);
}
END_TEST

START_TEST(a_long_datagram_is_cut_and_its_length_told)
{
	static char text[70000];
	struct bench bench;

	memset(text, 'x', sizeof(text));
	bench_init(&bench);
	bench_start(&bench);
	int fd = writer(&bench);
	say(fd, slice_of(text, 4096));
	say(fd, slice_of(text, 4097));
	say(fd, slice_of(text, sizeof(text)));
	expect_items(&bench, 3);
	ck_assert_uint_eq(bench.intake.items[0].len, 4096);
	ck_assert_uint_eq(bench.intake.items[0].flags, 0);
	ck_assert_uint_eq(bench.intake.items[0].whole, 4096);
	for (size_t i = 1; i < 3; i++) {
		ck_assert_uint_eq(bench.intake.items[i].len, 4096);
		ck_assert_uint_eq(bench.intake.items[i].flags, ITEM_TRUNCATED);
	}
	ck_assert_uint_eq(bench.intake.items[1].whole, 4097);
	ck_assert_uint_eq(bench.intake.items[2].whole, 70000);
	close(fd);
	bench_done(&bench);
}
END_TEST

START_TEST(what_was_sent_before_the_stop_is_read)
{
	struct bench bench;

	bench_init(&bench);
	bench_start(&bench);
	int fd = writer(&bench);
	say(fd, SLICE_LIT("1"));
	say(fd, SLICE_LIT("2"));
	bench_stop(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 2);
	ck_assert_int_eq(access(bench.path, F_OK), -1);
	close(fd);
	bench_done(&bench);
}
END_TEST

/* ---- an agent that is busy, a spool that is full ------------------------------ */

/* A send that had to wait for the agent's own thread would wait for ever: it fails then. */
static int patient_writer(const struct bench *bench)
{
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd = writer(bench);

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

START_TEST(a_writer_does_not_wait_for_an_agent_that_is_busy)
{
	struct bench bench;

	bench_init(&bench);
	bench_start(&bench);
	int fd = patient_writer(&bench);
	for (int i = 0; i < 5000; i++)
		say(fd, SLICE_LIT("12345678"));
	expect_items(&bench, 5000);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	close(fd);
	bench_done(&bench);
}
END_TEST

START_TEST(what_a_full_spool_refuses_is_kept_until_it_has_room)
{
	struct bench bench;

	bench_init(&bench);
	bench_start(&bench);
	bench.intake.refuse_after = 10;
	int fd = patient_writer(&bench);
	for (int i = 0; i < 5000; i++)
		say(fd, SLICE_LIT("12345678"));
	expect_items(&bench, 10);
	bench.intake.refuse_after = SIZE_MAX;
	syslog_input.resume(bench.input);
	expect_items(&bench, 5000);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	close(fd);
	bench_done(&bench);
}
END_TEST

START_TEST(what_finds_no_room_is_declared_exactly)
{
	struct bench bench;
	uint64_t bytes = 0;

	bench_init(&bench);
	bench.socket.buffer = 64 << 10;
	bench_start(&bench);
	bench.intake.refuse_after = 10;
	int fd = patient_writer(&bench);
	for (int i = 0; i < 20000; i++)
		say(fd, SLICE_LIT("12345678"));
	expect_items(&bench, 10);
	bench_stop(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 10);
	ck_assert_uint_eq(declared(&bench.intake), 19990);
	for (size_t i = 0; i < bench.intake.n_losses; i++) {
		ck_assert_str_eq(bench.intake.losses[i].name, bench.path);
		bytes += bench.intake.losses[i].bytes;
	}
	ck_assert_uint_eq(bytes, 19990 * 8);
	close(fd);
	bench_done(&bench);
}
END_TEST

enum { WRITERS = 4, PER_WRITER = 25000 };

static void *write_many(void *user)
{
	const char *path = user;
	int fd = unix_socket(path, SOCK_DGRAM, false);
	size_t failed = 0;

	for (int i = 0; i < PER_WRITER; i++)
		failed += send(fd, "a datagram of a program that logs", 33, 0) != 33;
	close(fd);
	return (void *)failed;
}

START_TEST(sent_is_received_and_declared)
{
	struct bench bench;
	pthread_t threads[WRITERS];
	int64_t end_ms = clock_mono_ms() + 2 * PATIENCE_MS;

	bench_init(&bench);
	bench.socket.buffer = 64 << 10;
	bench.intake.refuse_each = 7;
	bench_start(&bench);
	for (int i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, bench.path), 0);
	while (bench.intake.n_items + declared(&bench.intake) < WRITERS * PER_WRITER &&
		clock_mono_ms() < end_ms) {
		event_base_loop(bench.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		syslog_input.resume(bench.input);
	}
	for (int i = 0; i < WRITERS; i++) {
		void *failed;

		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}
	ck_assert_uint_gt(bench.intake.n_items, 0);
	ck_assert_uint_eq(bench.intake.n_items + declared(&bench.intake), WRITERS * PER_WRITER);
	bench_done(&bench);
}
END_TEST

/* ---- UDP, and sockets handed over ------------------------------------------------ */

static void set_number(const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	ck_assert_int_eq(setenv(name, text, 1), 0);
}

/* A UDP socket on a free port, handed over; gives a socket that sends to it. */
static int hand_over_udp(struct bench *bench)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	bench->handed = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(bench->handed, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(bench->handed, (struct sockaddr *)&address, &len), 0);
	set_number("LISTEN_PID", getpid());
	set_number("LISTEN_FDS", bench->handed - 2);
	snprintf(bench->udp, sizeof(bench->udp), "127.0.0.1:%d", ntohs(address.sin_port));
	bench->socket.path = "";
	bench->socket.udp = bench->udp;

	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, len), 0);
	return fd;
}

START_TEST(what_the_kernel_dropped_is_declared)
{
	struct bench bench;

	bench_init(&bench);
	int fd = hand_over_udp(&bench);
	for (int i = 0; i < 20000; i++)
		say(fd, SLICE_LIT("a datagram that may find no room"));
	bench_start(&bench);
	for (int i = 0; i < 100; i++)
		say(fd, SLICE_LIT("a datagram that may find no room"));
	bench_stop(&bench);
	ck_assert_uint_gt(bench.intake.n_items, 0);
	ck_assert_uint_gt(declared(&bench.intake), 0);
	ck_assert_uint_eq(bench.intake.n_items + declared(&bench.intake), 20100);
	close(fd);
	bench_done(&bench);
}
END_TEST

/* The kernel counts on over all lives. */
START_TEST(drops_are_declared_once_over_many_lives)
{
	struct bench bench;
	uint64_t sent = 0;

	bench_init(&bench);
	int fd = hand_over_udp(&bench);
	for (int life = 0; life < 3; life++) {
		for (int i = 0; i < 20000; i++) /* nobody reads */
			say(fd, SLICE_LIT("a datagram that may find no room"));
		bench_start(&bench);
		say(fd, SLICE_LIT("a datagram of this life"));
		bench_stop(&bench);
		bench_start(&bench); /* nothing was lost between */
		bench_stop(&bench);
		sent += 20001;
		ck_assert_uint_eq(bench.intake.n_items + declared(&bench.intake), sent);
	}
	ck_assert_uint_gt(declared(&bench.intake), 0);
	close(fd);
	bench_done(&bench);
}
END_TEST

static size_t kept_drops(const struct bench *bench)
{
	size_t n = 0;

	for (size_t i = 0; i < bench->intake.n_positions; i++)
		n += bench->intake.positions[i].len > 0;
	return n;
}

START_TEST(drops_of_a_socket_that_is_gone_are_forgotten)
{
	struct bench bench;

	bench_init(&bench);
	int fd = hand_over_udp(&bench);
	for (int i = 0; i < 20000; i++)
		say(fd, SLICE_LIT("a datagram that may find no room"));
	bench_start(&bench);
	bench_stop(&bench);
	ck_assert_uint_eq(kept_drops(&bench), 1);
	bench.socket.path = bench.path;
	bench.socket.udp = "";
	bench_start(&bench);
	ck_assert_uint_eq(kept_drops(&bench), 0);
	close(fd);
	bench_done(&bench);
}
END_TEST

START_TEST(a_socket_handed_over_is_taken_and_stays)
{
	struct bench bench;

	bench_init(&bench);
	bench.handed = unix_socket(bench.path, SOCK_DGRAM, true);
	set_number("LISTEN_PID", getpid());
	set_number("LISTEN_FDS", bench.handed - 2);
	int fd = writer(&bench);
	say(fd, SLICE_LIT("before the start"));
	bench_start(&bench);
	expect_items(&bench, 1);
	bench_stop(&bench);
	say(fd, SLICE_LIT("after the stop"));
	bench_start(&bench);
	expect_items(&bench, 2);
	close(fd);
	bench_done(&bench);
}
END_TEST

START_TEST(sockets_handed_to_others_are_not_taken)
{
	struct bench bench;
	struct err err;

	bench_init(&bench);
	bench.handed = unix_socket(bench.path, SOCK_DGRAM, true);
	set_number("LISTEN_PID", getpid() + 1);
	set_number("LISTEN_FDS", bench.handed - 2);
	ck_assert_ptr_null(
		syslog_input.start(&bench.settings, bench.base, &bench.intake, &err));
	ck_assert_msg(strstr(err.text, "in use") != NULL, "%s", err.text);
	bench_done(&bench);
}
END_TEST

/* ---- the socket's file ----------------------------------------------------------- */

START_TEST(the_file_has_the_mode_asked_for)
{
	struct bench bench;
	struct stat st;

	bench_init(&bench);
	bench.socket.owner = "0";
	if (geteuid() == 0)
		bench.socket.group = "12345";
	else
		bench.socket.owner = "";
	bench_start(&bench);
	ck_assert_int_eq(stat(bench.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0622);
	if (geteuid() == 0)
		ck_assert_uint_eq(st.st_gid, 12345);
	bench_done(&bench);
}
END_TEST

START_TEST(a_stale_socket_is_replaced)
{
	struct bench bench;

	bench_init(&bench);
	close(unix_socket(bench.path, SOCK_DGRAM, true));
	ck_assert_int_eq(access(bench.path, F_OK), 0);
	bench_start(&bench);
	int fd = writer(&bench);
	say(fd, SLICE_LIT("1"));
	expect_items(&bench, 1);
	close(fd);
	bench_done(&bench);
}
END_TEST

static void expect_refused(struct bench *bench, const char *words)
{
	struct err err = {0};

	ck_assert_ptr_null(
		syslog_input.start(&bench->settings, bench->base, &bench->intake, &err));
	ck_assert_msg(strstr(err.text, words) != NULL, "%s", err.text);
}

START_TEST(what_is_not_ours_is_left_alone)
{
	struct bench bench;

	bench_init(&bench);
	int living = unix_socket(bench.path, SOCK_DGRAM, true);
	expect_refused(&bench, "in use");
	close(living);
	ck_assert_int_eq(unlink(bench.path), 0);

	int stream = unix_socket(bench.path, SOCK_STREAM, true);
	ck_assert_int_eq(listen(stream, 1), 0);
	expect_refused(&bench, "in use");
	close(stream);
	ck_assert_int_eq(unlink(bench.path), 0);

	folder_append(&bench.folder, "log", "a file");
	expect_refused(&bench, "exists");
	ck_assert_int_eq(access(bench.path, F_OK), 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_file_that_took_our_place_is_not_removed)
{
	struct bench bench;

	bench_init(&bench);
	bench_start(&bench);
	ck_assert_int_eq(unlink(bench.path), 0);
	close(unix_socket(bench.path, SOCK_DGRAM, true));
	bench_stop(&bench);
	ck_assert_int_eq(access(bench.path, F_OK), 0);
	bench_done(&bench);
}
END_TEST

START_TEST(settings_that_cannot_be_are_refused)
{
	struct bench bench;

	bench_init(&bench);
	bench.socket.udp = "127.0.0.1:1";
	expect_refused(&bench, "one of them");
	bench.socket.udp = bench.socket.path = "";
	expect_refused(&bench, "one of them");
	bench.socket.udp = "0.0.0.0:514";
	expect_refused(&bench, "not a loopback address");
	bench.socket.udp = "elsewhere:514";
	expect_refused(&bench, "no address");
	bench.socket.udp = "";
	bench.socket.path = bench.path;
	bench.socket.mode = "0999";
	expect_refused(&bench, "not octal");
	bench.socket.mode = "4666";
	expect_refused(&bench, "more than permissions");
	bench.socket.mode = "0666";
	bench.socket.owner = "nobody-has-this-name";
	expect_refused(&bench, "no such user");
	ck_assert_int_eq(access(bench.path, F_OK), -1);
	bench_done(&bench);
}
END_TEST

START_TEST(no_settings_are_no_input)
{
	struct agent_settings settings = {0};
	struct err err;

	ck_assert_ptr_null(syslog_input.start(&settings, NULL, NULL, &err));
	ck_assert_str_eq(err.text, "");
}
END_TEST

START_TEST(settings_are_read_by_their_table)
{
	struct syslog_settings settings = {0};
	struct strbuf mistakes = STRBUF_INIT(4096);
	struct conf *conf = conf_parse("agent.yaml",
		SLICE_LIT(
			"sockets:\n- path: /run/a/log\n- udp: 127.0.0.1:514\n  buffer: 1MiB\n"),
		syslog_settings_table, &settings, &mistakes);

	ck_assert_msg(conf != NULL, "%s", strbuf_cstr(&mistakes));
	const struct syslog_socket_settings *sockets = settings.sockets.items;
	ck_assert_uint_eq(settings.sockets.n, 2);
	ck_assert_str_eq(sockets[0].path, "/run/a/log");
	ck_assert_str_eq(sockets[0].udp, "");
	ck_assert_str_eq(sockets[0].mode, "0666");
	ck_assert_str_eq(sockets[1].path, "");
	ck_assert_uint_eq(sockets[1].buffer, 1 << 20);
	conf_free(conf);
	strbuf_done(&mistakes);
}
END_TEST

TEST_MAIN("syslog_socket", datagrams_become_records, an_empty_datagram_is_no_record,
	a_long_datagram_is_cut_and_its_length_told, what_was_sent_before_the_stop_is_read,
	a_writer_does_not_wait_for_an_agent_that_is_busy,
	what_a_full_spool_refuses_is_kept_until_it_has_room,
	what_finds_no_room_is_declared_exactly, sent_is_received_and_declared,
	what_the_kernel_dropped_is_declared, drops_are_declared_once_over_many_lives,
	drops_of_a_socket_that_is_gone_are_forgotten, a_socket_handed_over_is_taken_and_stays,
	sockets_handed_to_others_are_not_taken, the_file_has_the_mode_asked_for,
	a_stale_socket_is_replaced, what_is_not_ours_is_left_alone,
	a_file_that_took_our_place_is_not_removed, settings_that_cannot_be_are_refused,
	no_settings_are_no_input, settings_are_read_by_their_table)
