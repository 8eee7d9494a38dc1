#include "collector/ingest/senders/gate.h"

#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/senders/gate_inner.h"
#include "collector/ingest/senders/sender_datagrams.h"
#include "collector/ingest/senders/sender_session.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/frame.h"
#include "common/log.h"

enum {
	LINES_OUT_MOST = 2 * BATCH_RECORDS_MAX, /* half of what a worker may have */
	FLOW_OUT_MAX = 4,                       /* batches of one flow under way */
	TRIED_BEFORE = 1,                       /* as batch->session */
	GAP_COUNT_MAX = 1 << 30,                /* sequences of one gap */
	TELL_MS = 60000,
};

static struct counter messages_taken =
	COUNTER("ingest.sender_messages", "messages of senders given to the store");
static struct counter messages_dropped = COUNTER(
	"ingest.sender_dropped", "datagrams of senders that found no room; declared as gaps");
static struct counter messages_resent = COUNTER("ingest.sender_resent",
	"events of senders that came again though they were stored; not stored twice");
static struct counter batches_refused = COUNTER(
	"ingest.sender_refused", "batches of senders that the store refused; tried again");
static struct counter messages_lost = COUNTER("ingest.sender_lost",
	"messages that were read and could not be stored before the collector stopped");
static struct counter messages_homeless = COUNTER("ingest.sender_unregistered",
	"messages of senders whose agency is not in the register; refused");

/* ---- life ------------------------------------------------------------------- */

struct gate *gate_new(struct worker *worker)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL)
		abort();
	gate->worker = worker;
	gate->shared = worker_shared(worker);
	gate->due_end = &gate->due;
	gate->refused_end = &gate->refused;
	gate->senders = ingest_shared_senders(gate->shared);
	gate->generation = atomic_load(&gate->shared->generation);
	gate->sequence_ids = sequence_ids_new();
	return gate;
}

static void free_flow(struct flow *flow)
{
	inflow_done(&flow->inflow);
	senders_unref(flow->senders);
	free(flow);
}

void gate_free(struct gate *gate)
{
	if (gate == NULL)
		return;
	gate_shut(gate);
	sender_sessions_drop(gate);
	while (gate->flows != NULL) {
		struct flow *flow = gate->flows;

		gate->flows = flow->next;
		free_flow(flow);
	}
	inflow_done(&gate->nobody.inflow);
	senders_unref(gate->senders);
	datagrams_free(gate->datagrams);
	datagrams_free(gate->exports);
	sequence_ids_free(gate->sequence_ids);
	free(gate);
}

/* ---- flows ------------------------------------------------------------------- */

bool gate_refresh(struct gate *gate)
{
	const unsigned generation = atomic_load(&gate->shared->generation);

	if (generation == gate->generation)
		return false;
	gate->generation = generation;
	senders_unref(gate->senders);
	gate->senders = ingest_shared_senders(gate->shared);
	memset(gate->cache, 0, sizeof(gate->cache));
	return true;
}

static bool is_drained(const struct flow *flow)
{
	return flow->out == 0 && !flow->is_due && flow->inflow.head == NULL &&
	       flow->lost == 0 && flow->before == NULL;
}

/* A connection's messages stay in order when the settings change: what waits under the old ones
 * is sent first. */
static void queue_behind_older(struct gate *gate, struct flow *flow)
{
	struct flow *old = gate->flows;

	while (old != NULL && (old->sender->state != flow->sender->state ||
				      old->after != NULL || is_drained(old)))
		old = old->next;
	if (old == NULL)
		return;
	old->after = flow;
	flow->before = old;
}

struct flow *gate_flow(struct gate *gate, const struct sender *sender)
{
	struct flow *flow = gate->flows;

	while (flow != NULL && flow->sender != sender)
		flow = flow->next;
	if (flow != NULL)
		return flow;
	flow = calloc(1, sizeof(*flow));
	if (flow == NULL)
		abort();
	flow->sender = sender;
	flow->senders = senders_ref(gate->senders);
	queue_behind_older(gate, flow);
	flow->next = gate->flows;
	gate->flows = flow;
	return flow;
}

static struct gate_entry *entry_of(
	struct gate *gate, const struct door *door, const struct netaddr *address)
{
	const uint64_t mixed =
		(address->high ^ address->low ^ door->number) * UINT64_C(0x9e3779b97f4a7c15);

	return &gate->cache[(mixed >> 32) % GATE_CACHE];
}

struct flow *gate_flow_of(
	struct gate *gate, const struct door *door, const struct netaddr *address)
{
	struct gate_entry *entry = entry_of(gate, door, address);

	if (entry->door != door || !netaddr_eq(&entry->address, address)) {
		const struct sender *sender =
			senders_by_address(gate->senders, door->number, address);

		*entry = (struct gate_entry){
			.address = *address,
			.door = door,
			.flow = sender != NULL ? gate_flow(gate, sender) : NULL,
		};
	}
	return entry->flow;
}

/* Those of senders that are no longer in force, when they have nothing left. */
static void drop_old_flows(struct gate *gate)
{
	struct flow **at = &gate->flows;

	while (*at != NULL) {
		struct flow *flow = *at;
		const bool idle = is_drained(flow) && flow->after == NULL && flow->users == 0;

		if (idle && flow->senders != gate->senders) {
			*at = flow->next;
			free_flow(flow);
		} else {
			at = &flow->next;
		}
	}
}

/* ---- what comes in ------------------------------------------------------------ */

static bool can_send(const struct flow *flow)
{
	if (flow->before != NULL || flow->pause_until_ms != 0 ||
		(flow->inflow.head == NULL && flow->lost == 0))
		return false;
	return flow->out == 0 || (flow->out < FLOW_OUT_MAX && inflow_is_full(&flow->inflow));
}

static void mark_due(struct gate *gate, struct flow *flow)
{
	if (flow->is_due || !can_send(flow))
		return;
	flow->is_due = true;
	flow->next_due = NULL;
	*gate->due_end = flow;
	gate->due_end = &flow->next_due;
}

/* Those that stood behind it may send when it has nothing left. */
static void let_pass(struct gate *gate, struct flow *flow)
{
	while (flow->after != NULL && is_drained(flow)) {
		struct flow *after = flow->after;

		flow->after = NULL;
		after->before = NULL;
		mark_due(gate, after);
		flow = after;
	}
}

static struct flow *take_due(struct gate *gate)
{
	struct flow *flow = gate->due;

	gate->due = flow->next_due;
	if (gate->due == NULL)
		gate->due_end = &gate->due;
	flow->is_due = false;
	return flow;
}

bool gate_has_room(const struct gate *gate, const struct flow *flow)
{
	const struct sender_settings *settings = &gate->shared->settings->syslog;

	return flow->inflow.held < settings->queue &&
	       atomic_load(&flow->sender->account->waiting) < settings->agency_queues_max &&
	       atomic_load(&gate->shared->queued) < settings->queues_max;
}

static void count_missing(
	struct gate *gate, struct sender_state *state, const struct inflow_message *message)
{
	const int64_t more =
		sequence_ids_note(gate->sequence_ids, message->peer, message->bytes);

	if (more != 0)
		atomic_fetch_add(&state->missing, more);
}

static void count_message(
	struct gate *gate, const struct sender *sender, const struct inflow_message *message)
{
	const size_t cost = inflow_cost(message->bytes.len);
	struct sender_state *state = sender->state;

	atomic_fetch_add(&state->messages, 1);
	atomic_fetch_add(&state->bytes, message->whole);
	if (message->whole > message->bytes.len)
		atomic_fetch_add(&state->cut, 1);
	atomic_fetch_add(&state->waiting, cost);
	atomic_fetch_add(&sender->account->waiting, cost);
	atomic_fetch_add(&gate->shared->queued, cost);
	atomic_store(&state->heard_ns, message->received_ns);
}

void gate_put(struct gate *gate, struct flow *flow, const struct inflow_message *message)
{
	inflow_add(&flow->inflow, message);
	count_message(gate, flow->sender, message);
	count_missing(gate, flow->sender->state, message);
	mark_due(gate, flow);
}

void gate_lose(struct gate *gate, struct flow *flow, const struct door *door, uint64_t messages,
	uint64_t bytes)
{
	counter_add(&messages_dropped, messages);
	if (flow->sender != NULL)
		atomic_fetch_add(&flow->sender->state->dropped, messages);
	inflow_lose(&flow->inflow, door, messages, bytes);
	mark_due(gate, flow);
}

/* ---- batches ------------------------------------------------------------------- */

static void address_batch(struct batch *batch, const struct flow *flow, uint32_t count)
{
	const struct sender *sender = flow->sender;

	batch->stream = (struct stream){
		.agency = sender != NULL ? sender->agency : 0,
		.host = sender != NULL ? sender->host : 0,
		.lane = SENDERS_LANE,
		.epoch = SENDERS_EPOCH,
	};
	batch->unnumbered = true;
	batch->count = count;
}

/* The table of senders may be gone before the batch is. */
static const struct zone *copy_zone(struct batch *batch, const struct sender *sender)
{
	return sender->zone == NULL ? NULL
				    : (const void *)arena_copy(&batch->arena,
					      slice_of(sender->zone, sizeof(*sender->zone)))
					      .ptr;
}

static const uint32_t *copy_hosts(struct batch *batch, const struct sender *sender)
{
	const size_t size = sender->n_hosts * sizeof(*sender->hosts);

	return sender->n_hosts == 0 ? NULL
				    : (const void *)arena_copy(&batch->arena,
					      slice_of((const void *)sender->hosts, size))
					      .ptr;
}

/* They are told what is stored, and send the rest again. */
static bool resends(const struct door *door)
{
	const int protocol = door->settings->protocol;

	return protocol == PROTOCOL_BEATS || protocol == PROTOCOL_HTTP ||
	       protocol == PROTOCOL_WEF;
}

static struct slice copy_name(struct batch *batch, const char *name)
{
	return name != NULL ? arena_copy(&batch->arena, slice_str(name)) : SLICE_NONE;
}

static struct record_source source_of(struct batch *batch, const struct sender *sender,
	const struct zone *zone, const uint32_t *hosts, const struct inflow_origin *origin)
{
	char text[NETADDR_TEXT_MAX];
	const size_t len = netaddr_format(&origin->address, text);
	const struct written_listener *listener = origin->door->settings;
	const bool is_export = protocol_is_export(listener->protocol);
	const char *format = is_export                   ? "flow"
			     : sender->format[0] != '\0' ? sender->format
							 : listener->format;

	return (struct record_source){
		.input = slice_str(origin->door->input),
		.name = arena_copy(&batch->arena, slice_of(text, len)),
		.forwarder = copy_name(batch, origin->forwarder),
		.format = slice_str(format),
		.zone = zone,
		.charset = is_export || listener->protocol == PROTOCOL_WEF
				   ? CHARSET_UTF_8 /* made so */
				   : sender->charset,
		.resends = resends(origin->door),
		.wrapped = origin->wrapped,
		.names_host = sender->names_host,
		.hosts = hosts,
		.n_hosts = sender->n_hosts,
	};
}

static struct record record_of(const struct batch *batch, const struct sender *sender,
	const struct inflow_line *line, struct slice bytes)
{
	return (struct record){
		.raw = slice_of(bytes.ptr + line->at, line->len),
		.received_ns = line->received_ns,
		.created_ns = CLOCK_NONE,
		.read_ns = CLOCK_NONE,
		.whole = line->whole,
		.source = &batch->sources[line->origin],
		.agency = sender->agency,
		.host = sender->host,
		.kind = RECORD_LOG,
		.strength = (uint8_t)sender_strength(sender),
		.flags = line->flags,
	};
}

/* A parcel is far smaller than a batch may be: the arena has room for all of it. */
static void fill_batch(
	struct batch *batch, const struct parcel *parcel, const struct sender *sender)
{
	const struct slice bytes = arena_copy(&batch->arena, strbuf_slice(&parcel->bytes));
	struct record_source *sources =
		arena_alloc(&batch->arena, parcel->n_origins * sizeof(*sources));

	const struct zone *zone = copy_zone(batch, sender);
	const uint32_t *hosts = copy_hosts(batch, sender);
	batch->records = arena_alloc(&batch->arena, parcel->n_lines * sizeof(*batch->records));
	if (slice_absent(bytes) || sources == NULL || batch->records == NULL)
		abort();
	for (unsigned i = 0; i < parcel->n_origins; i++)
		sources[i] = source_of(batch, sender, zone, hosts, &parcel->origins[i]);
	batch->sources = sources;
	batch->n_sources = parcel->n_origins;
	batch->n_records = parcel->n_lines;
	for (unsigned i = 0; i < parcel->n_lines; i++)
		batch->records[i] = record_of(batch, sender, &parcel->lines[i], bytes);
}

static void run_batch(struct gate *gate, struct flow *flow, struct batch *batch)
{
	flow->out++;
	gate->out++;
	gate->lines_out += batch->n_records;
	worker_count_lines(gate->worker, batch);
	gate->shared->callbacks.run(gate->shared->callbacks.user, batch);
}

static void send_gap(struct gate *gate, struct flow *flow, struct batch *batch)
{
	const uint64_t count = flow->lost < GAP_COUNT_MAX ? flow->lost : GAP_COUNT_MAX;

	address_batch(batch, flow, (uint32_t)count);
	batch->gap = (struct batch_gap){
		.reason = GAP_QUEUE_FULL,
		.bytes = flow->lost_bytes,
		.source = slice_str(flow->lost_at->settings->name),
	};
	flow->lost -= count;
	flow->lost_bytes = 0;
	run_batch(gate, flow, batch);
}

static bool is_registered(struct gate *gate, const struct sender *sender)
{
	const struct ingest_callbacks *callbacks = &gate->shared->callbacks;

	return callbacks->knows(callbacks->user, sender->agency, sender->host);
}

static void tell_unregistered(struct gate *gate, const struct sender *sender)
{
	const int64_t now_ms = clock_mono_ms();

	if (gate->told_ms != 0 && now_ms - gate->told_ms < TELL_MS)
		return;
	gate->told_ms = now_ms;
	log_warn("senders.unregistered",
		"sender=%s agency=%u is not in the register: what it sends is refused",
		LOG_TEXT(slice_str(sender->name)), sender->agency);
}

/* The agency's allowance: the flow goes on when it is paid for. */
static void spend(struct gate *gate, struct flow *flow, size_t bytes)
{
	const uint32_t wait_ms = peers_spend(gate->shared->peers, flow->sender->agency, bytes);

	if (wait_ms > 0 && !gate->shut)
		flow->pause_until_ms = clock_mono_ms() + wait_ms;
}

static void uncount(struct gate *gate, const struct flow *flow, const struct parcel *parcel)
{
	const size_t cost = parcel_cost(parcel);

	if (flow->sender == NULL)
		return; /* it has no messages */
	atomic_fetch_sub(&gate->shared->queued, cost);
	atomic_fetch_sub(&flow->sender->account->waiting, cost);
	atomic_fetch_sub(&flow->sender->state->waiting, cost);
}

static void send_parcel(
	struct gate *gate, struct flow *flow, struct parcel *parcel, struct batch *batch)
{
	if (!is_registered(gate, flow->sender)) {
		counter_add(&messages_homeless, parcel->n_lines);
		tell_unregistered(gate, flow->sender);
		worker_give_batch_back(gate->worker, batch);
		return;
	}
	address_batch(batch, flow, parcel->n_lines);
	fill_batch(batch, parcel, flow->sender);
	*worker_batch_receipts(batch) = parcel->receipts;
	parcel->receipts = (struct receipt_list){0};
	counter_add(&messages_taken, parcel->n_lines);
	spend(gate, flow, parcel->bytes.len);
	run_batch(gate, flow, batch);
}

/* Its losses stand behind its messages. */
static void send_next(struct gate *gate, struct flow *flow, struct batch *batch)
{
	if (flow->lost > 0) {
		send_gap(gate, flow, batch);
		return;
	}

	struct parcel *parcel = inflow_take(&flow->inflow);
	uncount(gate, flow, parcel);
	flow->lost = parcel->lost;
	flow->lost_bytes = parcel->lost_bytes;
	flow->lost_at = parcel->lost_at;
	if (parcel->n_lines > 0)
		send_parcel(gate, flow, parcel, batch);
	else
		send_gap(gate, flow, batch);
	parcel_free(parcel);
}

static void wake_stopped(struct gate *gate, struct flow *flow)
{
	while (flow->stopped != NULL && gate_has_room(gate, flow))
		sender_session_go_on(flow->stopped);
}

static bool may_send(const struct gate *gate)
{
	const unsigned share = gate->shared->settings->batches / 2;

	return gate->due != NULL && gate->refused == NULL && gate->retrying == 0 &&
	       gate->out < (share > 0 ? share : 1) && gate->lines_out < LINES_OUT_MOST;
}

void gate_go_on(struct gate *gate)
{
	sender_sessions_answer(gate);
	while (may_send(gate)) {
		struct batch *batch = worker_take_flow_batch(gate->worker, gate->due);

		if (batch == NULL)
			return;
		struct flow *flow = take_due(gate);
		send_next(gate, flow, batch);
		mark_due(gate, flow);
		let_pass(gate, flow);
		wake_stopped(gate, flow);
	}
}

/* ---- batches come home ----------------------------------------------------------- */

static void keep_refused(struct gate *gate, struct batch *batch)
{
	counter_add(&batches_refused, 1);
	batch->next = NULL;
	*gate->refused_end = batch;
	gate->refused_end = &batch->next;
}

static void count_resent(struct flow *flow, const struct batch *batch)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < batch->n_records; i++)
		n += batch->records[i].resent;
	if (n == 0)
		return;
	counter_add(&messages_resent, n);
	atomic_fetch_add(&flow->sender->state->resent, n);
}

bool gate_batch_home(struct gate *gate, struct flow *flow, struct batch *batch)
{
	gate->retrying -= batch->session == TRIED_BEFORE;
	if (batch->outcome == BATCH_REFUSED) {
		keep_refused(gate, batch);
		return true;
	}
	receipts_settle(worker_batch_receipts(batch), true);
	count_resent(flow, batch);
	flow->out--;
	gate->out--;
	gate->lines_out -= batch->n_records;
	mark_due(gate, flow);
	let_pass(gate, flow);
	return false;
}

static void retry_refused(struct gate *gate)
{
	struct batch *batch = gate->refused;

	gate->refused = NULL;
	gate->refused_end = &gate->refused;
	while (batch != NULL) {
		struct batch *next = batch->next;

		gate->retrying++;
		batch->session = TRIED_BEFORE;
		store_submit(gate->shared->store, batch);
		batch = next;
	}
}

/* ---- time, and the end -------------------------------------------------------------- */

static void end_pause(struct gate *gate, struct flow *flow, int64_t now_ms)
{
	if (flow->pause_until_ms != 0 && (now_ms >= flow->pause_until_ms || gate->shut)) {
		flow->pause_until_ms = 0;
		mark_due(gate, flow);
	}
}

void gate_check(struct gate *gate)
{
	const int64_t now_ms = clock_mono_ms();

	(void)gate_refresh(gate);
	sender_sessions_check(gate);
	sender_datagrams_check(gate);
	retry_refused(gate);
	for (struct flow *flow = gate->flows; flow != NULL; flow = flow->next) {
		end_pause(gate, flow, now_ms);
		wake_stopped(gate, flow);
	}
	gate_go_on(gate);
	drop_old_flows(gate);
}

void gate_shut(struct gate *gate)
{
	if (gate->shut)
		return;
	gate->shut = true;
	sender_datagrams_close(gate);
	sender_sessions_leave(gate);
	for (struct flow *flow = gate->flows; flow != NULL; flow = flow->next)
		end_pause(gate, flow, clock_mono_ms());
	gate_go_on(gate);
}

bool gate_is_empty(const struct gate *gate)
{
	if (gate->out > 0 || gate->due != NULL || gate->sessions != NULL)
		return false;
	for (const struct flow *flow = gate->flows; flow != NULL; flow = flow->next) {
		if (flow->inflow.head != NULL || flow->lost > 0)
			return false;
	}
	return true;
}

static uint64_t forget_refused(struct gate *gate)
{
	uint64_t lost = 0;

	while (gate->refused != NULL) {
		struct batch *batch = gate->refused;

		gate->refused = batch->next;
		lost += batch->n_records;
		receipts_settle(worker_batch_receipts(batch), false);
		gate->out--;
		gate->lines_out -= batch->n_records;
		worker_give_batch_back(gate->worker, batch);
	}
	gate->refused_end = &gate->refused;
	return lost;
}

static uint64_t forget_waiting(struct gate *gate, struct flow *flow)
{
	struct parcel *parcel;
	uint64_t lost = 0;

	while ((parcel = inflow_take(&flow->inflow)) != NULL) {
		lost += parcel->n_lines;
		uncount(gate, flow, parcel);
		parcel_free(parcel);
	}
	flow->lost = 0;
	return lost;
}

void gate_give_up(struct gate *gate)
{
	uint64_t lost = forget_refused(gate);

	for (struct flow *flow = gate->flows; flow != NULL; flow = flow->next)
		lost += forget_waiting(gate, flow);
	lost += forget_waiting(gate, &gate->nobody);
	while (gate->due != NULL)
		(void)take_due(gate);
	sender_sessions_drop(gate);
	counter_add(&messages_lost, lost);
	if (lost > 0)
		log_error("senders.lost",
			"messages=%llu, the store did not take them before the end",
			(unsigned long long)lost);
}

void gate_take_connection(struct gate *gate, struct door *door, const struct accepted *accepted)
{
	if (gate->shut) {
		close(accepted->fd);
		door_closed(door, &accepted->handshake);
		return;
	}
	sender_session_begin(gate, door, accepted);
}

void gate_drop_handshake(struct gate *gate, const struct door *door, uint64_t handshake)
{
	sender_session_drop_handshake(gate, door, handshake);
}

void gate_take_datagrams(struct gate *gate, struct door *door)
{
	if (!gate->shut)
		sender_datagrams_begin(gate, door);
}
