#include "agent/inputs/syslog_socket.h"
#include "agent/inputs/source_word.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/inputs/syslog_bind.h"
#include "agent/inputs/syslog_drops.h"
#include "agent/inputs/syslog_receiver.h"
#include "agent/settings.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"

enum {
	AT_ONCE = 1024, /* datagrams of a socket, then the rest of the agent has its turn */
	LOSSES_MS = 1000,
	NAME_SIZE = PATH_MAX + 8,
	DROPS_NAME_SIZE = NAME_SIZE + 16,
};

static struct counter n_empty = COUNTER("syslog.empty", "datagrams with nothing in them");
static struct counter n_cut = COUNTER("syslog.cut", "datagrams longer than datagram-max");
static struct counter n_dropped = COUNTER(
	"syslog.dropped", "datagrams dropped: the spool and the socket's buffer were full");
static struct counter n_kernel_dropped =
	COUNTER("syslog.kernel_dropped", "datagrams the kernel dropped: its buffer was full");

struct syslog_socket {
	struct intake *intake;
	const struct syslog_socket_settings *settings;
	struct syslog_bound bound;
	struct syslog_queue *queue;
	struct syslog_drops drops; /* of the kernel */
	char name[NAME_SIZE];
	struct source_word word;
};

struct syslog_inputs {
	struct intake *intake;
	struct syslog_socket *sockets;
	size_t n_sockets;
	struct syslog_receiver *receiver;
	int wake_fd;
	struct event *wake;
	bool refused; /* the intake is full */
	struct event *losses;
};

/* ---- one datagram ----------------------------------------------------------- */

static struct slice without_end(struct slice text)
{
	while (text.len > 0 &&
		(text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r' ||
			text.ptr[text.len - 1] == '\0'))
		text.len--;
	return text;
}

/* False when the intake refuses it. */
static bool give(struct syslog_socket *socket, const struct syslog_datagram *datagram)
{
	const struct syslog_socket_settings *settings = socket->settings;
	bool cut = datagram->whole > datagram->bytes.len;
	struct slice bytes = cut ? datagram->bytes : without_end(datagram->bytes);
	const struct intake_item item = {
		.lane = LANE_BULK,
		.source = {.input = SLICE_LIT("syslog"),
			.name = slice_str(socket->name),
			.format = slice_str(socket->word.text),
			.position = SLICE_LIT("")},
		.item = {.kind = ITEM_LINE,
			.flags = (settings->test ? ITEM_TEST : 0) | (cut ? ITEM_TRUNCATED : 0),
			.read_ns = datagram->read_ns,
			.whole = cut ? datagram->whole : bytes.len,
			.bytes = bytes},
	};

	if (bytes.len == 0) {
		counter_add(&n_empty, 1);
		return true;
	}
	if (!intake_add(socket->intake, &item))
		return false;
	if (cut)
		counter_add(&n_cut, 1);
	return true;
}

/* ---- losses ----------------------------------------------------------------- */

static void declare(struct syslog_socket *socket, uint64_t count, uint64_t bytes)
{
	if (count > 0)
		intake_declare(socket->intake, LANE_BULK, slice_str(socket->name), count,
			GAP_QUEUE_FULL, bytes);
}

/* A source of its own: one with items must have no position (they cannot be read again). */
static struct slice drops_name(const struct syslog_socket *socket, char to[DROPS_NAME_SIZE])
{
	snprintf(to, DROPS_NAME_SIZE, "drops of %s", socket->name);
	return slice_str(to);
}

static void declare_kernel_drops(struct syslog_socket *socket, uint64_t told)
{
	uint64_t count = syslog_drops_declare(&socket->drops, told);
	char name[DROPS_NAME_SIZE], text[SYSLOG_DROPS_MAX];
	const struct chunk_source source = {
		.input = SLICE_LIT("syslog"),
		.name = drops_name(socket, name),
		.format = SLICE_LIT(""),
		.position = syslog_drops_position(&socket->drops, text),
	};

	if (count == 0)
		return;
	counter_add(&n_kernel_dropped, count);
	declare(socket, count, 0);
	if (source.position.len > 0)
		intake_position(socket->intake, LANE_BULK, &source);
}

static void declare_lost(struct syslog_socket *socket)
{
	struct syslog_lost lost;

	syslog_queue_take_lost(socket->queue, &lost);
	counter_add(&n_dropped, lost.count);
	declare(socket, lost.count, lost.bytes);
	declare_kernel_drops(socket, lost.kernel);
}

/* What the intake does not take at the end. */
static void declare_rest(struct syslog_socket *socket)
{
	struct syslog_datagram datagram;
	uint64_t count = 0, bytes = 0;

	while (syslog_queue_next(socket->queue, &datagram)) {
		count++;
		bytes += datagram.whole;
		syslog_queue_pop(socket->queue);
	}
	counter_add(&n_dropped, count);
	declare(socket, count, bytes);
}

/* ---- from the queues to the intake ------------------------------------------ */

enum drained { DRAINED, MORE, REFUSED };

static enum drained drain(struct syslog_socket *socket)
{
	struct syslog_datagram datagram;

	declare_lost(socket);
	for (int i = 0; i < AT_ONCE; i++) {
		if (!syslog_queue_next(socket->queue, &datagram))
			return DRAINED;
		if (!give(socket, &datagram))
			return REFUSED;
		syslog_queue_pop(socket->queue);
	}
	return MORE;
}

static void drain_all(struct syslog_inputs *all)
{
	bool more = false;

	for (size_t i = 0; i < all->n_sockets && !all->refused; i++) {
		enum drained drained = drain(&all->sockets[i]);

		all->refused = drained == REFUSED;
		more |= drained == MORE;
	}
	if (all->refused)
		loop_arm(all->losses, LOSSES_MS);
	else if (more)
		event_active(all->wake, EV_READ, 0);
}

/* Nothing is drained for a long time perhaps: what is lost meanwhile is declared all the same.
 */
static void on_losses(evutil_socket_t fd, short what, void *user)
{
	struct syslog_inputs *all = user;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < all->n_sockets; i++)
		declare_lost(&all->sockets[i]);
	if (all->refused)
		loop_arm(all->losses, LOSSES_MS);
}

static void on_wake(evutil_socket_t fd, short what, void *user)
{
	struct syslog_inputs *all = user;
	uint64_t times;

	(void)what;
	(void)!read(fd, &times, sizeof(times));
	drain_all(all);
}

/* ---- the input -------------------------------------------------------------- */

static void free_all(struct syslog_inputs *all)
{
	syslog_receiver_stop(all->receiver);
	for (size_t i = 0; i < all->n_sockets; i++) {
		syslog_unbind(&all->sockets[i].bound);
		syslog_queue_free(all->sockets[i].queue);
	}
	if (all->wake != NULL)
		event_free(all->wake);
	if (all->losses != NULL)
		event_free(all->losses);
	if (all->wake_fd >= 0)
		close(all->wake_fd);
	free(all->sockets);
	free(all);
}

static void report_limits(const struct syslog_socket *socket)
{
	const struct syslog_bound *bound = &socket->bound;

	if (bound->is_udp && bound->buffer < socket->settings->buffer)
		log_warn("syslog.buffer_small",
			"socket=%s bytes=%llu wanted=%llu raise=net.core.rmem_max",
			LOG_TEXT(slice_str(socket->name)), (unsigned long long)bound->buffer,
			(unsigned long long)socket->settings->buffer);
}

static bool open_socket(struct syslog_socket *socket, struct err *err)
{
	const struct syslog_socket_settings *settings = socket->settings;

	if (!source_word_make(
		    settings->format, settings->zone, settings->charset, &socket->word, err) ||
		!syslog_bind(settings, &socket->bound, err))
		return err_within(err, "syslog");
	snprintf(socket->name, sizeof(socket->name), "%s%s", socket->bound.is_udp ? "udp:" : "",
		socket->bound.is_udp ? settings->udp : settings->path);
	if (socket->bound.inherited && socket->bound.is_udp)
		syslog_drops_init(&socket->drops, socket->bound.fd);
	socket->queue = syslog_queue_new((size_t)settings->buffer);
	report_limits(socket);
	return true;
}

static bool open_sockets(
	struct syslog_inputs *all, const struct setting_sections *settings, struct err *err)
{
	const struct syslog_socket_settings *sockets = settings->items;

	all->sockets = calloc(settings->n, sizeof(*all->sockets));
	if (all->sockets == NULL)
		abort();
	while (all->n_sockets < settings->n) {
		struct syslog_socket *socket = &all->sockets[all->n_sockets];

		*socket = (struct syslog_socket){.intake = all->intake,
			.settings = &sockets[all->n_sockets],
			.bound.fd = -1};
		all->n_sockets++;
		if (!open_socket(socket, err))
			return false;
	}
	return true;
}

static bool make_wake(struct syslog_inputs *all, struct event_base *base, struct err *err)
{
	all->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (all->wake_fd < 0)
		return err_sys(err, "syslog");
	all->wake = event_new(base, all->wake_fd, EV_READ | EV_PERSIST, on_wake, all);
	all->losses = evtimer_new(base, on_losses, all);
	if (all->wake == NULL || all->losses == NULL)
		abort();
	return true;
}

static bool start_receiver(struct syslog_inputs *all, struct err *err)
{
	struct syslog_inlet inlets[SYSLOG_SOCKETS_MAX];

	for (size_t i = 0; i < all->n_sockets; i++)
		inlets[i] = (struct syslog_inlet){
			.fd = all->sockets[i].bound.fd,
			.queue = all->sockets[i].queue,
			.datagram_max = (size_t)all->sockets[i].settings->datagram_max,
			.is_udp = all->sockets[i].bound.is_udp,
			.outlives_us = all->sockets[i].bound.inherited,
		};
	all->receiver = syslog_receiver_start(inlets, all->n_sockets, all->wake_fd, err);
	return all->receiver != NULL || err_within(err, "syslog");
}

static void *start(const struct agent_settings *settings, struct event_base *base,
	struct intake *intake, struct err *err)
{
	struct syslog_inputs *all;

	err->text[0] = '\0';
	if (settings->syslog.sockets.n == 0)
		return NULL;
	all = calloc(1, sizeof(*all));
	if (all == NULL)
		abort();
	all->intake = intake;
	all->wake_fd = -1;
	if (open_sockets(all, &settings->syslog.sockets, err) && make_wake(all, base, err) &&
		start_receiver(all, err))
		return all;
	free_all(all);
	return NULL;
}

/* A socket that is there no more needs none. */
static void position(void *user, struct slice name, struct slice position)
{
	struct syslog_inputs *all = user;
	char known[DROPS_NAME_SIZE];

	for (size_t i = 0; i < all->n_sockets; i++) {
		struct syslog_socket *socket = &all->sockets[i];

		if (slice_eq(name, drops_name(socket, known))) {
			syslog_drops_recall(&socket->drops, position);
			return;
		}
	}
	intake_forget(all->intake, SLICE_LIT("syslog"), name);
}

static void begin(void *user)
{
	struct syslog_inputs *all = user;

	event_add(all->wake, NULL);
}

static void resume(void *user)
{
	struct syslog_inputs *all = user;

	all->refused = false;
	drain_all(all);
}

static void stop(void *user)
{
	struct syslog_inputs *all = user;

	syslog_receiver_stop(all->receiver);
	all->receiver = NULL;
	for (size_t i = 0; i < all->n_sockets; i++) {
		while (drain(&all->sockets[i]) == MORE)
			;
		declare_rest(&all->sockets[i]);
	}
	free_all(all);
}

const struct input syslog_input = {
	.name = "syslog",
	.section = "syslog",
	.summary = "local sockets that programs log to",
	.start = start,
	.position = position,
	.begin = begin,
	.resume = resume,
	.stop = stop,
};

/* ---- settings --------------------------------------------------------------- */

#define AT(member) offsetof(struct syslog_socket_settings, member)

static const struct setting socket_table[] = {
	{"path", SETTING_PATH, AT(path), "", 0, 107,
		"A unix datagram socket is made here. Either this or 'udp' is given."},
	{"udp", SETTING_TEXT, AT(udp), "", 0, 64,
		"A loopback address and port, as 127.0.0.1:514, for programs that can only log "
		"over the network."},
	{"mode", SETTING_TEXT, AT(mode), "0666", 1, 4,
		"Permissions of the socket's file, octal: who may write may log."},
	{"owner", SETTING_TEXT, AT(owner), "", 0, 64,
		"Owner of the socket's file, name or number; empty: the agent's user."},
	{"group", SETTING_TEXT, AT(group), "", 0, 64,
		"Group of the socket's file, name or number; empty: the agent's group."},
	{"format", SETTING_TEXT, AT(format), "auto", 1, CHUNK_WORD_MAX,
		"Parser the collector uses; auto: it finds out."},
	{"zone", SETTING_TEXT, AT(zone), "", 0, 63,
		"Zone of stamps that have none: Asia/Ho_Chi_Minh, UTC, an offset like +07:00 "
		"or UTC+7 (+ is to the east), or a name like Europe/Berlin; empty: the "
		"province's."},
	{"charset", SETTING_TEXT, AT(charset), "", 0, 16,
		"Character set of the text: utf-8, windows-1258, tcvn3, vni, utf-16le or "
		"utf-16be; empty: utf-8."},
	{"buffer", SETTING_BYTES, AT(buffer), "8MiB", 64 << 10, 256 << 20,
		"What is held in memory while the agent is busy or its spool full; of 'udp' "
		"the kernel holds as much besides, if net.core.rmem_max or CAP_NET_ADMIN "
		"allow it."},
	{"datagram-max", SETTING_BYTES, AT(datagram_max), "64KiB", 1024, CHUNK_ITEM_MAX,
		"Longer datagrams are cut, and marked as cut."},
	{"test", SETTING_FLAG, AT(test), "false", 0, 0,
		"Records are marked as test or drill and kept out of the statistics."},
	{0},
};

#undef AT

const struct setting syslog_settings_table[] = {
	{"sockets", SETTING_SECTIONS, offsetof(struct syslog_settings, sockets), NULL, 0,
		SYSLOG_SOCKETS_MAX,
		"Sockets that programs of this host log to. Writers never wait: what neither "
		"the spool nor the socket's buffer has room for is dropped and declared.",
		.table = socket_table, .size = sizeof(struct syslog_socket_settings),
		.example = "- path: /run/soc-agent/log"},
	{0},
};
