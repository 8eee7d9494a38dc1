#include "common/shed.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"

enum { REST_FIRST_MS = 100, REST_MOST_MS = 3000, TELL_MS = 60000 };

static struct counter failed =
	COUNTER("accept.failed", "times accept() failed: descriptors or memory ran out");
static struct counter turned_away =
	COUNTER("accept.turned_away", "connections closed at once because descriptors ran out");

static int open_kept(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_rest_over(evutil_socket_t fd, short what, void *user)
{
	struct shed *shed = user;

	(void)fd;
	(void)what;
	if (shed->kept_fd < 0)
		shed->kept_fd = open_kept();
	evconnlistener_enable(shed->socket);
}

bool shed_begin(struct shed *shed, struct evconnlistener *socket, const char *name,
	struct event_base *base, struct err *err)
{
	*shed = (struct shed){.socket = socket, .name = name, .kept_fd = open_kept()};
	backoff_init(&shed->backoff, REST_FIRST_MS, REST_MOST_MS);
	shed->rest_over = event_new(base, -1, 0, on_rest_over, shed);
	if (shed->rest_over != NULL)
		return true;
	shed_end(shed);
	return err_set(err, "creating the timer of a listening socket");
}

void shed_end(struct shed *shed)
{
	if (shed->socket == NULL)
		return;
	if (shed->kept_fd >= 0)
		close(shed->kept_fd);
	if (shed->rest_over != NULL)
		event_free(shed->rest_over);
	*shed = (struct shed){0};
}

static void turn_one_away(struct shed *shed)
{
	if (shed->kept_fd < 0)
		return;
	close(shed->kept_fd);
	int fd = accept4(
		evconnlistener_get_fd(shed->socket), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		counter_add(&turned_away, 1);
	}
	shed->kept_fd = open_kept();
}

void shed_error(struct shed *shed)
{
	const int error = errno;
	const int64_t now_ms = clock_mono_ms();

	counter_add(&failed, 1);
	if (shed->told_ms == 0 || now_ms - shed->told_ms >= TELL_MS) {
		shed->told_ms = now_ms;
		log_error("accept.failed", "socket=%s reason=\"%s\", it rests", shed->name,
			strerror(error));
	}
	if (error == EMFILE || error == ENFILE)
		turn_one_away(shed);
	evconnlistener_disable(shed->socket);
	loop_arm(shed->rest_over, backoff_next(&shed->backoff));
}

void shed_taken(struct shed *shed)
{
	backoff_reset(&shed->backoff);
}
