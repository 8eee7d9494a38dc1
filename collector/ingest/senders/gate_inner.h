/* gate_inner - what the files of a gate share; private to gate.c and sender_*.c */
#ifndef COLLECTOR_INGEST_GATE_INNER_H
#define COLLECTOR_INGEST_GATE_INNER_H

#include "collector/ingest/senders/gate.h"
#include "collector/ingest/syslog/sequence_ids.h"
#include "common/datagrams.h"

struct sender_session;
struct sender_datagrams;

enum { GATE_CACHE = 1024 };

/* Of one sender; `sender` NULL: what the kernel dropped, which is nobody's. */
struct flow {
	struct flow *next;
	struct senders *senders; /* a reference */
	const struct sender *sender;
	struct inflow inflow;
	unsigned out;                   /* batches under way */
	unsigned users;                 /* sessions that deliver to it */
	struct sender_session *stopped; /* those that wait for room */
	struct flow *next_due;
	bool is_due;
	/* Of the same sender under other settings: nothing is sent while one stands in front.
	 */
	struct flow *before, *after;
	int64_t pause_until_ms; /* the agency's rate; 0 = no pause */
	/* Behind what was sent last. */
	uint64_t lost, lost_bytes;
	const struct door *lost_at;
};

/* Who an address is, as it was looked up last. */
struct gate_entry {
	struct netaddr address;
	const struct door *door;
	struct flow *flow; /* NULL = nobody */
};

struct gate {
	struct worker *worker;
	struct ingest_shared *shared;
	struct senders *senders; /* a reference to those in force */
	unsigned generation;     /* under which they were taken */
	struct flow *flows;
	struct flow nobody;
	struct flow *due, **due_end;
	unsigned out, lines_out;              /* batches under way or kept, and lines in them */
	struct batch *refused, **refused_end; /* kept */
	unsigned retrying;                    /* of those under way, refused before */
	struct gate_entry cache[GATE_CACHE];
	struct sender_session *sessions;
	struct sender_session *settled; /* of them: those to be answered */
	struct sender_datagrams *sockets;
	struct datagrams *datagrams; /* made with the first socket of syslog */
	struct datagrams *exports;   /* of flow records, likewise */
	struct sequence_ids *sequence_ids;
	int64_t told_ms;
	bool shut;
};

/* Takes the senders in force; true when they are others than before. */
bool gate_refresh(struct gate *gate);

/* The flow of a sender of gate->senders. */
struct flow *gate_flow(struct gate *gate, const struct sender *sender);

/* Who may send datagrams from there; NULL = nobody. */
struct flow *gate_flow_of(
	struct gate *gate, const struct door *door, const struct netaddr *address);

/* May more be added? One message too many does no harm. */
bool gate_has_room(const struct gate *gate, const struct flow *flow);

void gate_put(struct gate *gate, struct flow *flow, const struct inflow_message *message);
void gate_lose(struct gate *gate, struct flow *flow, const struct door *door, uint64_t messages,
	uint64_t bytes);

#endif
