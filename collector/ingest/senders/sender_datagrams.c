#include "collector/ingest/senders/sender_datagrams.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/exporters/exporters.h"
#include "collector/ingest/syslog/framing.h"
#include "common/clock.h"
#include "common/counter.h"

/* Then the rest of the worker has its turn; a datagram of flow records has up to hundreds. */
enum { READS_AT_ONCE = 16, EXPORT_READS_AT_ONCE = 1 };

static struct counter received =
	COUNTER("ingest.datagrams", "datagrams that were read, of anybody");
static struct counter empty =
	COUNTER("ingest.datagrams_empty", "datagrams of senders with nothing in them");
static struct counter kernel_dropped = COUNTER("ingest.datagrams_kernel_dropped",
	"datagrams the kernel dropped: its buffer was full; declared as gaps");
static struct counter homeless = COUNTER("ingest.flow_homeless",
	"records of exporters that waited and are of no sender any more; refused");

struct sender_datagrams {
	struct sender_datagrams *next;
	struct gate *gate;
	struct door *door;
	struct event *readable;
	uint32_t kernel_drops; /* as the kernel counts; wraps */
	struct datagrams *datagrams;
	struct exporters *exporters; /* of flow records; NULL = each is a message */
};

static void take_message(struct gate *gate, struct door *door, struct flow *flow,
	const struct datagram *datagram, const struct inflow_origin *origin)
{
	const bool cut = datagram->whole > datagram->bytes.len;
	const struct slice bytes = cut ? datagram->bytes : framing_without_end(datagram->bytes);

	if (bytes.len == 0)
		counter_add(&empty, 1);
	else if (!gate_has_room(gate, flow))
		gate_lose(gate, flow, door, 1, datagram->whole);
	else
		gate_put(gate, flow,
			&(struct inflow_message){
				.origin = *origin,
				.peer = acceptor_peer(datagram->from),
				.bytes = bytes,
				.whole = cut ? datagram->whole : bytes.len,
				.received_ns = clock_wall_ns(),
				.flags = cut ? RECORD_TRUNCATED : 0,
			});
}

/* ---- flow records ------------------------------------------------------------------- */

static void on_line(void *user, const struct export_line *line)
{
	struct sender_datagrams *socket = user;
	struct flow *flow = gate_flow_of(socket->gate, socket->door, &line->exporter);

	if (flow == NULL)
		counter_add(&homeless, 1);
	else if (!gate_has_room(socket->gate, flow))
		gate_lose(socket->gate, flow, socket->door, 1, line->json.len);
	else
		gate_put(socket->gate, flow,
			&(struct inflow_message){
				.origin = {socket->door, line->exporter},
				.bytes = line->json,
				.whole = line->json.len,
				.received_ns = line->received_ns,
			});
}

static void take_export(struct sender_datagrams *socket, struct flow *flow,
	const struct datagram *datagram, const struct netaddr *exporter)
{
	const int64_t missing =
		exporters_read(socket->exporters, &(struct export_datagram){
							  .exporter = *exporter,
							  .owner = flow->sender->state,
							  .bytes = datagram->bytes,
							  .received_ns = clock_wall_ns(),
							  .now_ms = clock_mono_ms(),
						  });

	atomic_fetch_add(&flow->sender->state->missing, missing);
}

static struct exporters *new_exporters(struct sender_datagrams *socket)
{
	const int protocol = socket->door->settings->protocol;

	if (!protocol_is_export(protocol))
		return NULL;
	return exporters_new(
		protocol == PROTOCOL_SFLOW ? EXPORT_SFLOW : EXPORT_NETFLOW, on_line, socket);
}

/* ---- reading -------------------------------------------------------------------------- */

static void take_datagram(struct sender_datagrams *socket, const struct datagram *datagram)
{
	struct inflow_origin origin = {.door = socket->door};

	if (!netaddr_from_sockaddr(datagram->from, &origin.address))
		return; /* a socket of these families has no other peers */
	struct flow *flow = gate_flow_of(socket->gate, socket->door, &origin.address);
	if (flow == NULL)
		door_stranger(socket->door, &origin.address);
	else if (socket->exporters != NULL)
		take_export(socket, flow, datagram, &origin.address);
	else
		take_message(socket->gate, socket->door, flow, datagram, &origin);
}

static void lose_in_kernel(struct sender_datagrams *socket, uint64_t drops)
{
	if (drops == 0)
		return;
	counter_add(&kernel_dropped, drops);
	gate_lose(socket->gate, &socket->gate->nobody, socket->door, drops, 0);
}

/* False when no more wait. */
static bool read_some(struct sender_datagrams *socket)
{
	struct datagrams *datagrams = socket->datagrams;
	uint64_t drops;
	const unsigned n =
		datagrams_read(datagrams, socket->door->fd, &socket->kernel_drops, &drops);

	for (unsigned i = 0; i < n; i++)
		take_datagram(socket, datagrams_at(datagrams, i));
	counter_add(&received, n);
	lose_in_kernel(socket, drops);
	return n == DATAGRAMS_BATCH;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
	struct sender_datagrams *socket = user;
	const int most = socket->exporters != NULL ? EXPORT_READS_AT_ONCE : READS_AT_ONCE;

	(void)fd;
	(void)what;
	(void)gate_refresh(socket->gate);
	for (int i = 0; i < most && read_some(socket); i++)
		;
	gate_go_on(socket->gate);
}

/* Shared by the sockets of a gate: a datagram of flow records is read whole. */
static struct datagrams *datagrams_of(const struct sender_datagrams *socket)
{
	struct gate *gate = socket->gate;
	const bool is_export = socket->exporters != NULL;
	struct datagrams **shared = is_export ? &gate->exports : &gate->datagrams;

	if (*shared == NULL)
		*shared = datagrams_new(is_export ? (size_t)EXPORT_DATAGRAM_MAX
						  : gate->shared->settings->syslog.message_max);
	return *shared;
}

void sender_datagrams_begin(struct gate *gate, struct door *door)
{
	struct sender_datagrams *socket = calloc(1, sizeof(*socket));

	if (socket == NULL)
		abort();
	socket->gate = gate;
	socket->door = door;
	socket->exporters = new_exporters(socket);
	socket->datagrams = datagrams_of(socket);
	socket->readable = event_new(
		worker_base(gate->worker), door->fd, EV_READ | EV_PERSIST, on_readable, socket);
	if (socket->readable == NULL || event_add(socket->readable, NULL) != 0)
		abort(); /* out of memory: epoll takes any socket */
	socket->next = gate->sockets;
	gate->sockets = socket;
}

void sender_datagrams_check(struct gate *gate)
{
	for (struct sender_datagrams *socket = gate->sockets; socket != NULL;
		socket = socket->next) {
		lose_in_kernel(
			socket, datagrams_last_drops(socket->door->fd, &socket->kernel_drops));
		if (socket->exporters != NULL)
			exporters_check(socket->exporters, clock_mono_ms());
	}
}

/* Others may go on sending for ever: what waited when we began is read. */
static void read_last(struct sender_datagrams *socket)
{
	enum { READS_MAX = 4096 };

	for (int i = 0; i < READS_MAX && read_some(socket); i++)
		;
	lose_in_kernel(socket, datagrams_last_drops(socket->door->fd, &socket->kernel_drops));
}

void sender_datagrams_close(struct gate *gate)
{
	while (gate->sockets != NULL) {
		struct sender_datagrams *socket = gate->sockets;

		gate->sockets = socket->next;
		read_last(socket);
		if (socket->exporters != NULL)
			exporters_flush(socket->exporters);
		exporters_free(socket->exporters);
		event_free(socket->readable);
		close(socket->door->fd);
		socket->door->fd = -1;
		free(socket);
	}
}
