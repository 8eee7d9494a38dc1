#include "collector/ingest/senders/inflow.h"

#include <stdlib.h>
#include <string.h>

static struct parcel *append_parcel(struct inflow *inflow)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel));

	if (parcel == NULL)
		abort();
	strbuf_init(&parcel->bytes, PARCEL_BYTES_MAX);
	if (inflow->tail != NULL)
		inflow->tail->next = parcel;
	else
		inflow->head = parcel;
	inflow->tail = parcel;
	return parcel;
}

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int origin_number(const struct parcel *parcel, const struct inflow_origin *origin)
{
	for (unsigned i = parcel->n_origins; i > 0; i--) {
		const struct inflow_origin *known = &parcel->origins[i - 1];

		if (known->door == origin->door && known->wrapped == origin->wrapped &&
			netaddr_eq(&known->address, &origin->address) &&
			is_same_name(known->forwarder, origin->forwarder))
			return (int)i - 1;
	}
	return -1;
}

static bool has_room(const struct parcel *parcel, const struct inflow_message *message)
{
	return parcel->lost == 0 && parcel->n_lines < PARCEL_LINES_MAX &&
	       parcel->bytes.len + message->bytes.len <= PARCEL_BYTES_MAX &&
	       (parcel->n_origins < PARCEL_ORIGINS_MAX ||
		       origin_number(parcel, &message->origin) >= 0);
}

static struct inflow_line *next_line(struct parcel *parcel)
{
	if (parcel->n_lines == parcel->lines_room) {
		parcel->lines_room = parcel->lines_room > 0 ? 2 * parcel->lines_room : 16;
		parcel->lines =
			reallocarray(parcel->lines, parcel->lines_room, sizeof(*parcel->lines));
		if (parcel->lines == NULL)
			abort();
	}
	return &parcel->lines[parcel->n_lines++];
}

static const char *copy_name(const char *name)
{
	char *copy = name != NULL ? strdup(name) : NULL;

	if (name != NULL && copy == NULL)
		abort();
	return copy;
}

static uint16_t number_origin(struct parcel *parcel, const struct inflow_origin *origin)
{
	const int known = origin_number(parcel, origin);

	if (known >= 0)
		return (uint16_t)known;
	parcel->origins[parcel->n_origins] = *origin;
	parcel->origins[parcel->n_origins].forwarder = copy_name(origin->forwarder);
	return (uint16_t)parcel->n_origins++;
}

void inflow_add(struct inflow *inflow, const struct inflow_message *message)
{
	struct parcel *parcel = inflow->tail;

	if (parcel == NULL || !has_room(parcel, message))
		parcel = append_parcel(inflow);
	*next_line(parcel) = (struct inflow_line){
		.at = (uint32_t)parcel->bytes.len,
		.len = (uint32_t)message->bytes.len,
		.whole = message->whole,
		.received_ns = message->received_ns,
		.flags = message->flags,
		.origin = number_origin(parcel, &message->origin),
	};
	strbuf_add(&parcel->bytes, message->bytes);
	if (message->receipts != NULL)
		receipt_list_add(&parcel->receipts, message->receipts, message->number,
			message->ends_window);
	inflow->held += inflow_cost(message->bytes.len);
}

void inflow_lose(
	struct inflow *inflow, const struct door *door, uint64_t messages, uint64_t bytes)
{
	struct parcel *parcel = inflow->tail;

	if (messages == 0)
		return;
	if (parcel == NULL || (parcel->lost > 0 && parcel->lost_at != door))
		parcel = append_parcel(inflow);
	parcel->lost += messages;
	parcel->lost_bytes += bytes;
	parcel->lost_at = door;
}

size_t parcel_cost(const struct parcel *parcel)
{
	return parcel->bytes.len + (size_t)parcel->n_lines * INFLOW_LINE_COST;
}

struct parcel *inflow_take(struct inflow *inflow)
{
	struct parcel *parcel = inflow->head;

	if (parcel == NULL)
		return NULL;
	inflow->head = parcel->next;
	if (inflow->head == NULL)
		inflow->tail = NULL;
	inflow->held -= parcel_cost(parcel);
	parcel->next = NULL;
	return parcel;
}

void parcel_free(struct parcel *parcel)
{
	receipts_settle(&parcel->receipts, false);
	strbuf_done(&parcel->bytes);
	for (unsigned i = 0; i < parcel->n_origins; i++)
		free((char *)(uintptr_t)parcel->origins[i].forwarder);
	free(parcel->lines);
	free(parcel);
}

void inflow_done(struct inflow *inflow)
{
	struct parcel *parcel;

	while ((parcel = inflow_take(inflow)) != NULL)
		parcel_free(parcel);
}
