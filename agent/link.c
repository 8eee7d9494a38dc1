#include "agent/link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/loop.h"

enum { LINGER_MS = 2000 }; /* for the other side to close, when all is said */

struct link {
	const struct link_settings *settings;
	struct link_user user;
	struct bufferevent *bev;
	SSL *ssl;
	struct event *deadline; /* of the connection, then of what is written */
	int64_t written_ms;     /* when the peer last took something */
	bool open, told;
	bool finishing;   /* no frame comes in any more */
	bool half_closed; /* all is written */
	int64_t end_ms;   /* of finishing, at the latest; monotonic */
	int refused;      /* errno of a connection that failed at once */
	unsigned busy;    /* callbacks on the stack */
	bool closing;
};

static void on_output_moved(
	struct evbuffer *output, const struct evbuffer_cb_info *info, void *user)
{
	struct link *link = user;

	(void)output;
	if (info->n_deleted > 0 || info->orig_size == 0)
		link->written_ms = clock_mono_ms();
}

/* ---- closing -------------------------------------------------------------- */

/* libevent says no close_notify of its own. */
static void say_goodbye(SSL *ssl)
{
	if (!SSL_is_init_finished(ssl))
		return;
	SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
	(void)SSL_shutdown(ssl);
}

/* libevent may still be at work on the bufferevent; it must not find us any more. */
static void destroy(struct link *link)
{
	say_goodbye(link->ssl);
	bufferevent_setcb(link->bev, NULL, NULL, NULL, NULL);
	evbuffer_remove_cb(bufferevent_get_output(link->bev), on_output_moved, link);
	bufferevent_free(link->bev);
	event_free(link->deadline);
	free(link);
}

void link_close(struct link *link)
{
	if (link == NULL)
		return;
	link->closing = true;
	link->told = true;
	bufferevent_disable(link->bev, EV_READ | EV_WRITE);
	event_del(link->deadline);
	if (link->busy == 0)
		destroy(link);
}

static void enter(struct link *link)
{
	link->busy++;
}

static void leave(struct link *link)
{
	if (--link->busy == 0 && link->closing)
		destroy(link);
}

static void fail(struct link *link, const char *why)
{
	if (link->told)
		return;
	link->told = true;
	bufferevent_disable(link->bev, EV_READ | EV_WRITE);
	event_del(link->deadline);
	link->user.on_closed(link->user.user, why);
}

/* `code` is errno of the event. libevent mixes SSL_ERROR_SYSCALL and the like with the errors
 * of OpenSSL's libraries; those say nothing. */
static void broken(struct link *link, short what, int code)
{
	unsigned long tls = bufferevent_get_openssl_error(link->bev);
	struct err err;

	if (what & BEV_EVENT_EOF)
		err_set(&err, "the collector closed the connection");
	else if (ERR_GET_LIB(tls) != 0)
		tls_handshake_err(link->ssl, tls, &err);
	else if (code != 0)
		err_set(&err, "connection: %s", strerror(code));
	else
		err_set(&err, "the connection broke");
	fail(link, err.text);
}

/* ---- reading -------------------------------------------------------------- */

enum taken { TAKEN, NOT_WHOLE, REFUSED };

static enum taken take_body(struct link *link, struct evbuffer *input,
	const struct frame_header *header, enum frame_status *status)
{
	size_t size = FRAME_HEADER_SIZE + header->body_size;
	struct frame frame;

	if (evbuffer_get_length(input) < size)
		return NOT_WHOLE;

	const char *bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)size);
	*status = frame_read_body(
		header, slice_of(bytes + FRAME_HEADER_SIZE, header->body_size), &frame);
	if (*status != FRAME_OK)
		return REFUSED;
	link->user.on_frame(link->user.user, &frame);
	evbuffer_drain(input, size);
	return TAKEN;
}

static enum taken take_frame(
	struct link *link, struct evbuffer *input, enum frame_status *status)
{
	char bytes[FRAME_HEADER_SIZE];
	struct frame_header header;
	ev_ssize_t n = evbuffer_copyout(input, bytes, sizeof(bytes));

	*status = frame_read_header(slice_of(bytes, n < 0 ? 0 : (size_t)n), &header);
	if (*status == FRAME_SHORT)
		return NOT_WHOLE;
	if (*status == FRAME_OK && !frame_allowed(header.type, FRAME_COLLECTOR))
		*status = FRAME_BAD_TYPE;
	return *status == FRAME_OK ? take_body(link, input, &header, status) : REFUSED;
}

/* libevent calls again for new bytes only: all whole frames must be taken now. */
static void on_readable(struct bufferevent *bev, void *user)
{
	struct link *link = user;
	struct evbuffer *input = bufferevent_get_input(bev);
	enum frame_status status = FRAME_OK;
	enum taken taken;

	if (link->finishing) {
		evbuffer_drain(input, evbuffer_get_length(input));
		return;
	}
	enter(link);
	do
		taken = take_frame(link, input, &status);
	while (taken == TAKEN && !link->told && !link->finishing);
	if (taken == REFUSED) {
		char why[80];

		snprintf(why, sizeof(why), "the collector sent a wrong frame: %s",
			frame_status_text(status));
		fail(link, why);
	}
	leave(link);
}

/* ---- writing -------------------------------------------------------------- */

static size_t unwritten(const struct link *link)
{
	return evbuffer_get_length(bufferevent_get_output(link->bev));
}

/* Says that nothing more comes and reads on until the other side says so. */
static void half_close(struct link *link)
{
	int64_t left_ms = link->end_ms - clock_mono_ms();

	if (link->half_closed)
		return;
	link->half_closed = true;
	(void)SSL_shutdown(link->ssl);
	ERR_clear_error();
	(void)shutdown(bufferevent_getfd(link->bev), SHUT_WR);
	bufferevent_enable(link->bev, EV_READ);
	loop_arm(link->deadline,
		left_ms < LINGER_MS ? (uint64_t)(left_ms > 0 ? left_ms : 0) : LINGER_MS);
}

static void on_written(struct bufferevent *bev, void *user)
{
	struct link *link = user;

	(void)bev;
	enter(link);
	if (link->finishing && !link->told && unwritten(link) == 0)
		half_close(link);
	else if (!link->finishing && link->open && !link->told)
		link->user.on_room(link->user.user);
	leave(link);
}

static void watch_writing(struct link *link)
{
	uint64_t write_ms = link->settings->write_ms;
	uint64_t idle_ms = (uint64_t)(clock_mono_ms() - link->written_ms);

	if (unwritten(link) > 0 && idle_ms >= write_ms)
		fail(link, "the collector takes nothing");
	else
		loop_arm(link->deadline, unwritten(link) > 0 ? write_ms - idle_ms : write_ms);
}

static void on_deadline(evutil_socket_t fd, short what, void *user)
{
	struct link *link = user;

	(void)fd;
	(void)what;
	enter(link);
	if (link->refused != 0)
		broken(link, BEV_EVENT_ERROR, link->refused);
	else if (!link->open)
		fail(link, "no connection in time");
	else if (link->finishing)
		fail(link, "finished");
	else
		watch_writing(link);
	leave(link);
}

bool link_is_trusted(const struct link *link, SSL_CTX *tls, struct err *err)
{
	if (!link->open)
		return err_set(err, "other CRLs are to be used");
	return tls_peer_still_good(tls, link->ssl, err);
}

bool link_has_room(const struct link *link)
{
	return unwritten(link) < LINK_OUTPUT_MAX;
}

void link_write(struct link *link, struct slice bytes)
{
	if (!link->told &&
		evbuffer_add(bufferevent_get_output(link->bev), bytes.ptr, bytes.len) != 0)
		abort();
}

void link_finish(struct link *link)
{
	if (link->told)
		return;
	link->finishing = true;
	link->end_ms = clock_mono_ms() + (int64_t)link->settings->write_ms;
	bufferevent_disable(link->bev, EV_READ);
	bufferevent_setwatermark(link->bev, EV_WRITE, 0, 0);
	loop_arm(link->deadline, link->settings->write_ms);
	if (unwritten(link) == 0)
		bufferevent_trigger(link->bev, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS);
}

/* ---- opening -------------------------------------------------------------- */

static void tune(struct link *link)
{
	int fd = bufferevent_getfd(link->bev), on = 1;
	unsigned write_ms = (unsigned)link->settings->write_ms;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &write_ms, sizeof(write_ms));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static bool check_peer(struct link *link, struct err *err)
{
	const char *name = link->settings->name;
	struct tls_peer peer;

	if (!tls_peer(link->ssl, &peer, err))
		return false;
	if (peer.kind != TLS_PEER_COLLECTOR)
		return err_set(err, "the other end is not a collector");
	if (name != NULL && name[0] != '\0' && strcmp(name, peer.name) != 0)
		return err_set(
			err, "the other end is collector '%s', not '%s'", peer.name, name);
	return true;
}

static void opened(struct link *link)
{
	struct err err;

	tune(link);
	if (!check_peer(link, &err)) {
		fail(link, err.text);
		return;
	}
	link->open = true;
	link->written_ms = clock_mono_ms();
	loop_arm(link->deadline, link->settings->write_ms);
	link->user.on_open(link->user.user);
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
	struct link *link = user;
	int code = errno;

	(void)bev;
	enter(link);
	if (what & BEV_EVENT_CONNECTED)
		opened(link);
	else
		broken(link, what, code);
	leave(link);
}

struct link *link_open(struct event_base *base, SSL_CTX *tls, const struct address *to,
	const struct link_settings *settings, const struct link_user *user)
{
	struct link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->settings = settings;
	link->user = *user;
	link->ssl = SSL_new(tls);
	link->deadline = evtimer_new(base, on_deadline, link);
	if (link->ssl == NULL || link->deadline == NULL)
		abort();
	link->bev = bufferevent_openssl_socket_new(
		base, -1, link->ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (link->bev == NULL)
		abort();
	bufferevent_setcb(link->bev, on_readable, on_written, on_event, link);
	bufferevent_setwatermark(link->bev, EV_WRITE, LINK_OUTPUT_LOW, 0);
	evbuffer_add_cb(bufferevent_get_output(link->bev), on_output_moved, link);
	bufferevent_enable(link->bev, EV_READ | EV_WRITE);
	loop_arm(link->deadline, settings->connect_ms);
	errno = 0;
	if (bufferevent_socket_connect(
		    link->bev, (const struct sockaddr *)&to->bytes, (int)to->len) != 0) {
		link->refused = errno != 0 ? errno : ECONNREFUSED;
		loop_arm(link->deadline, 0);
	}
	return link;
}
