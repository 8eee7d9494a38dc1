#include "agent/inputs/syslog_socket.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "agent/inputs/syslog_bind.h"
#include "agent/settings.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum {
	BATCH = 64,           /* datagrams taken by one system call */
	BATCHES_AT_ONCE = 16, /* then the rest of the agent has its turn */
	QUEUE_LOW = 100,      /* datagrams; a burst of a boot is larger */
};

static struct counter n_datagrams = COUNTER("syslog.datagrams", "datagrams read");
static struct counter n_empty = COUNTER("syslog.empty", "datagrams with nothing in them");
static struct counter n_cut = COUNTER("syslog.cut", "datagrams longer than datagram-max");
static struct counter n_dropped =
	COUNTER("syslog.dropped", "datagrams dropped: the spool was full");
static struct counter n_kernel_dropped =
	COUNTER("syslog.kernel_dropped", "datagrams the kernel dropped: its buffer was full");

/* SO_RXQ_OVFL: drops since the socket was made. */
union drops_room {
	char bytes[CMSG_SPACE(sizeof(uint32_t))];
	struct cmsghdr align;
};

struct syslog_socket {
	struct syslog_inputs *all;
	const struct syslog_socket_settings *settings;
	struct syslog_bound bound;
	struct event *readable;
	char name[PATH_MAX + 8];
	uint32_t kernel_drops;     /* as the kernel counts; wraps */
	uint64_t lost, lost_bytes; /* not declared yet */
};

struct syslog_inputs {
	struct intake *intake;
	struct syslog_socket *sockets;
	size_t n_sockets;
	/* Shared by the sockets: one is read at a time. */
	struct mmsghdr headers[BATCH];
	struct iovec pieces[BATCH];
	union drops_room drops[BATCH];
	char *room; /* BATCH times the largest datagram */
	size_t piece_size;
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

static void give(
	struct syslog_socket *socket, struct slice bytes, uint64_t whole, int64_t now_ns)
{
	const struct syslog_socket_settings *settings = socket->settings;
	struct intake_item item = {
		.lane = LANE_BULK,
		.source = {.input = SLICE_LIT("syslog"),
			.name = slice_str(socket->name),
			.format = slice_str(settings->format),
			.position = SLICE_LIT("")},
		.item = {.kind = ITEM_LINE,
			.flags = settings->test ? ITEM_TEST : 0,
			.read_ns = clock_foreign(now_ns)},
	};

	if (whole > settings->datagram_max) {
		counter_add(&n_cut, 1);
		item.item.flags |= ITEM_TRUNCATED;
		item.item.whole = whole;
		item.item.bytes = slice_head(bytes, (size_t)settings->datagram_max);
	} else {
		item.item.bytes = without_end(bytes);
		item.item.whole = item.item.bytes.len;
	}
	if (item.item.bytes.len == 0) {
		counter_add(&n_empty, 1);
	} else if (!intake_add(socket->all->intake, &item)) {
		socket->lost++;
		socket->lost_bytes += whole;
	}
}

/* ---- losses ----------------------------------------------------------------- */

static void declare(struct syslog_socket *socket, uint64_t count, uint64_t bytes)
{
	intake_declare(socket->all->intake, LANE_BULK, slice_str(socket->name), count,
		GAP_QUEUE_FULL, bytes);
}

static void declare_lost(struct syslog_socket *socket)
{
	if (socket->lost == 0)
		return;
	counter_add(&n_dropped, socket->lost);
	declare(socket, socket->lost, socket->lost_bytes);
	socket->lost = socket->lost_bytes = 0;
}

static void note_kernel_drops(struct syslog_socket *socket, uint32_t drops)
{
	uint32_t more = drops - socket->kernel_drops;

	if (more == 0)
		return;
	socket->kernel_drops = drops;
	counter_add(&n_kernel_dropped, more);
	declare(socket, more, 0);
}

static void take_drops(struct syslog_socket *socket, struct msghdr *header)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
		control = CMSG_NXTHDR(header, control)) {
		uint32_t drops;

		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&drops, CMSG_DATA(control), sizeof(drops));
		note_kernel_drops(socket, drops);
	}
}

/* Drops behind the last datagram: no datagram comes to tell them. Linux 4.12. */
static void take_last_drops(struct syslog_socket *socket)
{
	uint32_t state[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(state);

	if (getsockopt(socket->bound.fd, SOL_SOCKET, SO_MEMINFO, state, &len) == 0 &&
		len >= sizeof(state[0]) * (SK_MEMINFO_DROPS + 1))
		note_kernel_drops(socket, state[SK_MEMINFO_DROPS]);
}

/* ---- reading ---------------------------------------------------------------- */

static void prepare(struct syslog_inputs *all)
{
	for (unsigned i = 0; i < BATCH; i++) {
		all->pieces[i] = (struct iovec){.iov_base = all->room + i * all->piece_size,
			.iov_len = all->piece_size};
		all->headers[i] =
			(struct mmsghdr){.msg_hdr = {.msg_iov = &all->pieces[i],
						 .msg_iovlen = 1,
						 .msg_control = &all->drops[i],
						 .msg_controllen = sizeof(all->drops[i])}};
	}
}

/* Datagrams taken; 0 when none wait. */
static unsigned read_batch(struct syslog_socket *socket)
{
	struct syslog_inputs *all = socket->all;

	prepare(all);
	int n = recvmmsg(socket->bound.fd, all->headers, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
	if (n <= 0)
		return 0;
	int64_t now_ns = clock_wall_ns();
	for (int i = 0; i < n; i++) {
		uint64_t whole = all->headers[i].msg_len;
		size_t len = whole < all->piece_size ? (size_t)whole : all->piece_size;

		take_drops(socket, &all->headers[i].msg_hdr);
		give(socket, slice_of(all->pieces[i].iov_base, len), whole, now_ns);
	}
	declare_lost(socket);
	counter_add(&n_datagrams, (uint64_t)n);
	return (unsigned)n;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	for (int i = 0; i < BATCHES_AT_ONCE; i++)
		if (read_batch(user) < BATCH)
			return;
}

/* ---- the input -------------------------------------------------------------- */

static void free_all(struct syslog_inputs *all)
{
	for (size_t i = 0; i < all->n_sockets; i++) {
		if (all->sockets[i].readable != NULL)
			event_free(all->sockets[i].readable);
		syslog_unbind(&all->sockets[i].bound);
	}
	free(all->sockets);
	free(all->room);
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
	if (!bound->is_udp && bound->queue > 0 && bound->queue < QUEUE_LOW)
		log_warn("syslog.queue_small",
			"socket=%s datagrams=%llu raise=net.unix.max_dgram_qlen",
			LOG_TEXT(slice_str(socket->name)), (unsigned long long)bound->queue);
}

static bool open_socket(struct syslog_socket *socket, struct event_base *base, struct err *err)
{
	const struct syslog_socket_settings *settings = socket->settings;

	if (!syslog_bind(settings, &socket->bound, err))
		return err_within(err, "syslog");
	snprintf(socket->name, sizeof(socket->name), "%s%s", socket->bound.is_udp ? "udp:" : "",
		socket->bound.is_udp ? settings->udp : settings->path);
	socket->readable =
		event_new(base, socket->bound.fd, EV_READ | EV_PERSIST, on_readable, socket);
	if (socket->readable == NULL)
		abort();
	report_limits(socket);
	return true;
}

/* Room for the largest datagram any of the sockets takes. */
static void make_room(struct syslog_inputs *all, const struct syslog_settings *settings)
{
	const struct syslog_socket_settings *sockets = settings->sockets.items;

	for (size_t i = 0; i < settings->sockets.n; i++)
		if (sockets[i].datagram_max > all->piece_size)
			all->piece_size = (size_t)sockets[i].datagram_max;
	assert(all->piece_size > 0); /* sockets have a least datagram-max */
	all->sockets = calloc(settings->sockets.n, sizeof(*all->sockets));
	all->room = malloc(all->piece_size * BATCH); /* pages that are not used cost nothing */
	if (all->sockets == NULL || all->room == NULL)
		abort();
}

static void *start(const struct agent_settings *settings, struct event_base *base,
	struct intake *intake, struct err *err)
{
	const struct syslog_socket_settings *sockets = settings->syslog.sockets.items;
	struct syslog_inputs *all;

	err->text[0] = '\0';
	if (settings->syslog.sockets.n == 0)
		return NULL;
	all = calloc(1, sizeof(*all));
	if (all == NULL)
		abort();
	all->intake = intake;
	make_room(all, &settings->syslog);
	while (all->n_sockets < settings->syslog.sockets.n) {
		struct syslog_socket *socket = &all->sockets[all->n_sockets];

		*socket = (struct syslog_socket){
			.all = all, .settings = &sockets[all->n_sockets], .bound.fd = -1};
		all->n_sockets++;
		if (!open_socket(socket, base, err)) {
			free_all(all);
			return NULL;
		}
	}
	return all;
}

static void begin(void *user)
{
	struct syslog_inputs *all = user;

	for (size_t i = 0; i < all->n_sockets; i++)
		event_add(all->sockets[i].readable, NULL);
}

/* It never stopped reading. */
static void resume(void *user)
{
	(void)user;
}

static void stop(void *user)
{
	struct syslog_inputs *all = user;

	for (size_t i = 0; i < all->n_sockets; i++) {
		on_readable(-1, 0, &all->sockets[i]);
		take_last_drops(&all->sockets[i]);
	}
	free_all(all);
}

const struct input syslog_input = {
	.name = "syslog",
	.section = "syslog",
	.summary = "local sockets that programs log to",
	.start = start,
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
	{"buffer", SETTING_BYTES, AT(buffer), "8MiB", 64 << 10, 256 << 20,
		"What the kernel may hold of 'udp' while the agent is busy; more than "
		"net.core.rmem_max needs CAP_NET_ADMIN."},
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
		"Sockets that programs of this host log to. Writers never wait: what the spool "
		"has "
		"no room for is dropped and declared.",
		.table = socket_table, .size = sizeof(struct syslog_socket_settings),
		.example = "- path: /run/soc-agent/log"},
	{0},
};
