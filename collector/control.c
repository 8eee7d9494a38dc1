#include "collector/control.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "collector/control_acts.h"
#include "collector/control_alerts.h"
#include "collector/control_answers.h"
#include "collector/control_standing.h"
#include "common/clock.h"
#include "common/shed.h"

enum { REQUEST_MAX = 16384, ANSWER_MAX = 64 << 20, PATIENCE_S = 10, APPLIED_MS = 8000 };

struct control {
	struct control_view view;
	struct event_base *base;
	struct evconnlistener *socket;
	struct shed shed;
	struct desk *desk;
	struct connection *connections;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static const struct {
	struct slice word;
	enum frame_order_kind order;
} orders[] = {
	{{SLICE_BYTES("scan")}, ORDER_SCAN},
	{{SLICE_BYTES("report")}, ORDER_REPORT},
	{{SLICE_BYTES("resend")}, ORDER_RESEND},
	{{SLICE_BYTES("slow-down")}, ORDER_SLOW_DOWN},
};

static bool order_from(struct slice word, struct frame_order *order)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (slice_eq(word, orders[i].word)) {
			order->order = (uint8_t)orders[i].order;
			return true;
		}
	}
	return false;
}

/* "scan AGENCY HOST ARGUMENT" */
static void answer_order(const struct control_view *view, struct slice words, struct json *json)
{
	struct slice word, agency_word, host_word;
	uint64_t agency, host;
	struct frame_order order;

	(void)slice_cut(&words, ' ', &word);
	(void)slice_cut(&words, ' ', &agency_word);
	(void)slice_cut(&words, ' ', &host_word);
	if (!order_from(word, &order) || !slice_to_u64(agency_word, UINT32_MAX, &agency) ||
		!slice_to_u64(host_word, UINT32_MAX, &host) ||
		!slice_to_u64(words, UINT32_MAX, &order.argument))
		json_put_str(json, "error", "order WORD AGENCY HOST ARGUMENT");
	else if (!ingest_order(view->ingest, (uint32_t)agency, (uint32_t)host, &order))
		json_put_str(json, "error", "that agent is not connected");
	else
		json_put_bool(json, "sent", true);
}

static const struct {
	struct slice word;
	void (*answer)(const struct control_view *view, struct slice words, struct json *json);
} requests[] = {
	{{SLICE_BYTES("status")}, control_status},
	{{SLICE_BYTES("agents")}, control_agents},
	{{SLICE_BYTES("senders")}, control_senders},
	{{SLICE_BYTES("forwarders")}, control_forwarders},
	{{SLICE_BYTES("malware")}, control_malware},
	{{SLICE_BYTES("masking")}, control_masking},
	{{SLICE_BYTES("ledger")}, control_ledger},
	{{SLICE_BYTES("quality")}, control_quality},
	{{SLICE_BYTES("rules")}, control_rules},
	{{SLICE_BYTES("feed")}, control_feed},
	{{SLICE_BYTES("order")}, answer_order},
	{{SLICE_BYTES("alerts")}, control_alerts},
	{{SLICE_BYTES("alert")}, control_alert},
	{{SLICE_BYTES("alerts-noisy")}, control_alerts_noisy},
	{{SLICE_BYTES("alerts-summary")}, control_alerts_summary},
	{{SLICE_BYTES("standings")}, control_standings},
	{{SLICE_BYTES("suppress-preview")}, control_preview},
};

static void put_answer(const struct control *control, struct slice words, struct json *json)
{
	struct slice word;

	(void)slice_cut(&words, ' ', &word);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		if (slice_eq(word, requests[i].word)) {
			requests[i].answer(&control->view, words, json);
			return;
		}
	}
	json_put_str(json, "error",
		"unknown request; known: status, agents, senders, forwarders, malware, "
		"masking, ledger, quality, rules, feed, order, alerts, alert, alerts-noisy, "
		"alerts-summary, standings, suppress-preview");
}

static void answer(const struct control *control, struct slice words, struct strbuf *out)
{
	struct json json = json_into(out);

	json_object(&json);
	put_answer(control, words, &json);
	json_object_end(&json);
	strbuf_add_byte(out, '\n');
}

/* ---- connections ------------------------------------------------------------ */

struct connection {
	struct connection *next, **to_me; /* all there are */
	struct control *control;
	struct bufferevent *bev; /* NULL: whoever asked is gone */
	struct event *look;      /* whether what was stored is applied */
	struct strbuf answer;
	uint64_t position;
	int64_t until_ms;
	bool acts; /* the desk has acts of it */
};

static void drop_connection(struct connection *connection)
{
	*connection->to_me = connection->next;
	if (connection->next != NULL)
		connection->next->to_me = connection->to_me;
	if (connection->bev != NULL)
		bufferevent_free(connection->bev);
	if (connection->look != NULL)
		event_free(connection->look);
	strbuf_done(&connection->answer);
	free(connection);
}

/* What it asked for goes on. */
static void hang_up(struct connection *connection)
{
	if (!connection->acts) {
		drop_connection(connection);
		return;
	}
	bufferevent_free(connection->bev);
	connection->bev = NULL;
}

static void on_written(struct bufferevent *bev, void *user)
{
	(void)bev;
	drop_connection(user);
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
	(void)bev;
	(void)what;
	hang_up(user);
}

static void send_answer(struct connection *connection)
{
	connection->acts = false;
	if (connection->bev == NULL) {
		drop_connection(connection);
		return;
	}
	bufferevent_setcb(connection->bev, NULL, on_written, on_event, connection);
	bufferevent_write(connection->bev, connection->answer.ptr, connection->answer.len);
}

/* ---- acts ------------------------------------------------------------------- */

static void answer_error(struct connection *connection, const char *error)
{
	struct json json = json_into(&connection->answer);

	strbuf_reset(&connection->answer);
	json_object(&json);
	json_put_str(&json, "error", error);
	json_object_end(&json);
	strbuf_add_byte(&connection->answer, '\n');
}

/* It is durable; whoever asked sees it when it looks next. */
static void on_look(evutil_socket_t fd, short what, void *user)
{
	static const struct timeval soon = {.tv_usec = 20000};
	struct connection *connection = user;
	const struct control *control = connection->control;

	(void)fd;
	(void)what;
	if (derive_position(control->view.derive) < connection->position &&
		clock_mono_ms() < connection->until_ms)
		event_add(connection->look, &soon);
	else
		send_answer(connection);
}

static void on_stored(void *user, bool stored)
{
	struct connection *connection = user;

	if (!stored) {
		answer_error(
			connection, "the store takes nothing now (soc-ctl status): not done");
		send_answer(connection);
		return;
	}
	connection->position = store_position(connection->control->view.store);
	connection->until_ms = clock_mono_ms() + APPLIED_MS;
	connection->look = event_new(connection->control->base, -1, 0, on_look, connection);
	if (connection->look == NULL)
		abort();
	on_look(-1, 0, connection);
}

/* Who holds the other end; nobody when that cannot be told. */
static uid_t user_of(struct bufferevent *bev)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof(peer);

	if (getsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		peer.uid = (uid_t)-1;
	return peer.uid;
}

static bool fill_job(struct connection *connection, struct slice word, struct slice words,
	struct desk_job *job)
{
	struct json json = json_into(&connection->answer);

	json_object(&json);
	bool filled = control_act(
		&connection->control->view, word, words, user_of(connection->bev), job, &json);
	json_object_end(&json);
	strbuf_add_byte(&connection->answer, '\n');
	return filled && desk_count(job) > 0;
}

static void act(struct connection *connection, struct slice word, struct slice words)
{
	struct desk_job *job = desk_begin(connection->control->desk);

	if (job == NULL) {
		answer_error(connection, "too many requests are on their way: try again");
		send_answer(connection);
		return;
	}
	if (!fill_job(connection, word, words, job)) {
		desk_drop(job);
		send_answer(connection);
		return;
	}
	connection->acts = true;
	if (!desk_submit(job, on_stored, connection)) {
		answer_error(connection, "that is too much at a time");
		send_answer(connection);
	}
}

/* ---- requests --------------------------------------------------------------- */

static void take_request(struct connection *connection, struct slice line)
{
	struct slice words = line, word;

	(void)slice_cut(&words, ' ', &word);
	if (control_is_act(word)) {
		act(connection, word, words);
		return;
	}
	answer(connection->control, line, &connection->answer);
	send_answer(connection);
}

static void on_read(struct bufferevent *bev, void *user)
{
	struct connection *connection = user;
	struct evbuffer *input = bufferevent_get_input(bev);
	size_t len;
	char *line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);

	if (line == NULL) {
		if (evbuffer_get_length(input) > REQUEST_MAX)
			drop_connection(connection);
		return;
	}
	bufferevent_disable(bev, EV_READ);
	bufferevent_setcb(bev, NULL, NULL, on_event, connection);
	take_request(connection, slice_of(line, len));
	free(line);
}

static void on_accept(struct evconnlistener *from, evutil_socket_t fd, struct sockaddr *address,
	int len, void *user)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct control *control = user;
	struct bufferevent *bev =
		bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	struct connection *connection = calloc(1, sizeof(*connection));

	(void)from;
	(void)address;
	(void)len;
	if (connection == NULL)
		abort();
	if (bev == NULL) {
		close(fd);
		free(connection);
		return;
	}
	*connection = (struct connection){.control = control,
		.bev = bev,
		.next = control->connections,
		.to_me = &control->connections,
		.answer = STRBUF_INIT(ANSWER_MAX)};
	if (connection->next != NULL)
		connection->next->to_me = &connection->next;
	control->connections = connection;
	shed_taken(&control->shed);
	bufferevent_setcb(bev, on_read, NULL, on_event, connection);
	bufferevent_set_timeouts(bev, &patience, &patience);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void on_accept_error(struct evconnlistener *from, void *user)
{
	struct control *control = user;

	(void)from;
	shed_error(&control->shed);
}

/* ---- life ------------------------------------------------------------------- */

static bool listen_on(struct control *control, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t old = umask(0177);

	memcpy(address.sun_path, control->path, sizeof(control->path));
	(void)unlink(control->path);
	control->socket = evconnlistener_new_bind(control->base, on_accept, control,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
		(const struct sockaddr *)&address, sizeof(address));
	umask(old);
	if (control->socket == NULL)
		return err_sys(err, "listening on %s", control->path);
	evconnlistener_set_error_cb(control->socket, on_accept_error);
	if (!shed_begin(&control->shed, control->socket, "control", control->base, err)) {
		evconnlistener_free(control->socket);
		return false;
	}
	control->desk = desk_new(control->view.store, control->base, err);
	if (control->desk != NULL)
		return true;
	shed_end(&control->shed);
	evconnlistener_free(control->socket);
	return false;
}

struct control *control_open(const char *path, struct event_base *base,
	const struct control_view *view, struct err *err)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		abort();
	control->view = *view;
	control->base = base;
	if ((size_t)snprintf(control->path, sizeof(control->path), "%s", path) >=
		sizeof(control->path))
		err_set(err, "control: '%s' is longer than a socket's name may be", path);
	else if (listen_on(control, err))
		return control;
	free(control);
	return NULL;
}

void control_close(struct control *control)
{
	if (control == NULL)
		return;
	desk_free(control->desk);
	for (struct connection *each = control->connections, *next; each; each = next) {
		next = each->next;
		drop_connection(each);
	}
	shed_end(&control->shed);
	evconnlistener_free(control->socket);
	(void)unlink(control->path);
	free(control);
}
