#include "common/shed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/loop.h"
#include "tests/support/check.h"

enum { HELD_MAX = 4096 };

static struct loop *loop;
static struct evconnlistener *socket_of;
static struct shed shed;
static unsigned taken, errors;
static struct sockaddr_in address;

static void on_accept(struct evconnlistener *from, evutil_socket_t fd, struct sockaddr *peer,
	int len, void *user)
{
	(void)from, (void)peer, (void)len, (void)user;
	close(fd);
	taken++;
	shed_taken(&shed);
}

static void on_error(struct evconnlistener *from, void *user)
{
	(void)from, (void)user;
	errors++;
	shed_error(&shed);
}

static void begin(void)
{
	socklen_t len = sizeof(address);

	taken = errors = 0;
	address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	loop = loop_new(NULL);
	socket_of = evconnlistener_new_bind(loop_base(loop), on_accept, NULL,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
		(const struct sockaddr *)&address, sizeof(address));
	ck_assert_ptr_nonnull(socket_of);
	evconnlistener_set_error_cb(socket_of, on_error);
	ck_assert_int_eq(getsockname(evconnlistener_get_fd(socket_of),
				 (struct sockaddr *)&address, &len),
		0);
	ck_assert(shed_begin(&shed, socket_of, "test", loop_base(loop), NULL));
}

static void end(void)
{
	shed_end(&shed);
	evconnlistener_free(socket_of);
	loop_free(loop);
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* It ends at once: closed by the other side. */
static void await_end(int fd)
{
	char byte;
	ssize_t n;

	while ((n = recv(fd, &byte, 1, MSG_DONTWAIT)) < 0 && errno == EAGAIN)
		event_base_loop(loop_base(loop), EVLOOP_ONCE);
	ck_assert_int_eq(n, 0);
	close(fd);
}

START_TEST(who_comes_when_descriptors_ran_out_is_closed_and_the_socket_rests)
{
	struct rlimit usual, few;
	int held[HELD_MAX], n = 0;

	begin();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	few = usual;
	few.rlim_cur = 128;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	int caller = dial();
	int late = dial();
	while ((held[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && n < HELD_MAX - 1)
		n++;
	ck_assert_int_eq(errno, EMFILE);
	await_end(caller);
	ck_assert_uint_eq(taken, 0);
	ck_assert_uint_ge(errors, 1);
	while (n > 0)
		close(held[--n]);
	await_end(late); /* when the rest is over it is taken */
	while (taken == 0 && errors < 2)
		event_base_loop(loop_base(loop), EVLOOP_ONCE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
	end();
}
END_TEST

START_TEST(rests_grow_and_begin_anew_when_one_was_taken)
{
	begin();
	for (unsigned i = 0; i < 10; i++) {
		errno = ECONNABORTED;
		shed_error(&shed);
	}
	ck_assert_uint_eq(shed.backoff.step_ms, shed.backoff.most_ms);
	shed_taken(&shed);
	ck_assert_uint_eq(shed.backoff.step_ms, 0);
	end();
}
END_TEST

START_TEST(one_that_never_began_is_ended_too)
{
	struct shed none = {0};

	shed_end(&none);
}
END_TEST

TEST_MAIN("shed", who_comes_when_descriptors_ran_out_is_closed_and_the_socket_rests,
	rests_grow_and_begin_anew_when_one_was_taken, one_that_never_began_is_ended_too)
