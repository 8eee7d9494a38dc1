#include "agent/losses.h"

#include <assert.h>

static void drop(struct losses *losses, struct loss *loss)
{
	size_t i = (size_t)(loss - losses->items);

	strbuf_done(&loss->source);
	losses->n--;
	memmove(loss, loss + 1, (losses->n - i) * sizeof(*loss));
}

void losses_done(struct losses *losses)
{
	while (losses->n > 0)
		drop(losses, &losses->items[losses->n - 1]);
}

static struct loss *find(struct losses *losses, struct slice source, uint8_t reason)
{
	for (size_t i = 0; i < losses->n; i++)
		if (losses->items[i].reason == reason &&
			slice_eq(strbuf_slice(&losses->items[i].source), source))
			return &losses->items[i];
	return NULL;
}

static struct loss *add(struct losses *losses, struct slice source, uint8_t reason)
{
	struct loss *loss = &losses->items[losses->n++];

	*loss = (struct loss){.reason = reason, .source = STRBUF_INIT(FRAME_TEXT_MAX)};
	strbuf_add(&loss->source, source);
	return loss;
}

/* Room is kept for one nameless loss per reason. */
static struct loss *loss_of(struct losses *losses, struct slice source, uint8_t reason)
{
	struct loss *loss = find(losses, source, reason);

	if (loss != NULL)
		return loss;
	if (losses->n < LOSSES_MAX - GAP_REASON_COUNT)
		return add(losses, source, reason);
	loss = find(losses, SLICE_LIT(""), reason);
	return loss != NULL ? loss : add(losses, SLICE_LIT(""), reason);
}

static struct slice name_of(struct slice source)
{
	return slice_head(source, source.len < FRAME_TEXT_MAX ? source.len : FRAME_TEXT_MAX);
}

void losses_add(struct losses *losses, struct slice source, uint8_t reason, uint64_t count,
	uint64_t bytes)
{
	assert(reason > 0 && reason < GAP_REASON_COUNT);
	struct loss *loss = loss_of(losses, name_of(source), reason);
	loss->count += count;
	loss->bytes += bytes;
}

struct frame_gap losses_offer(struct losses *losses)
{
	struct loss *loss = &losses->items[0];

	assert(losses->n > 0);
	if (!loss->offered) {
		loss->offered = true;
		loss->offered_count =
			loss->count > UINT32_MAX ? UINT32_MAX : (uint32_t)loss->count;
		loss->offered_bytes = loss->bytes;
	}
	return (struct frame_gap){
		.count = loss->offered_count > 0 ? loss->offered_count : 1,
		.reason = loss->reason,
		.bytes = loss->offered_bytes,
		.source = strbuf_slice(&loss->source),
	};
}

static void take(struct losses *losses, struct loss *loss, uint64_t count, uint64_t bytes)
{
	loss->count -= count < loss->count ? count : loss->count;
	loss->bytes -= bytes < loss->bytes ? bytes : loss->bytes;
	if (loss->count == 0 && loss->bytes == 0)
		drop(losses, loss);
}

void losses_taken(struct losses *losses)
{
	struct loss *loss = &losses->items[0];

	assert(losses->n > 0 && loss->offered);
	loss->offered = false;
	take(losses, loss, loss->offered_count, loss->offered_bytes);
}

void losses_settle(struct losses *losses, struct slice source, uint8_t reason, uint64_t count,
	uint64_t bytes)
{
	struct loss *loss = find(losses, name_of(source), reason);

	if (loss != NULL)
		take(losses, loss, count, bytes);
}
