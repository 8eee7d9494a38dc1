#include "agent/state_item.h"

#include "common/clock.h"
#include "common/utf8.h"

enum { ITEM_TEXT_MAX = 64 << 10, VALUE_MAX = 1024 };

void state_item_begin(struct state_item *item, const char *action)
{
	strbuf_init(&item->text, ITEM_TEXT_MAX);
	item->json = json_into(&item->text);
	json_object(&item->json);
	json_put_str(&item->json, "event.action", action);
}

void state_item_text(struct state_item *item, const char *key, struct slice text)
{
	json_put_text(&item->json, key, utf8_head(text, VALUE_MAX));
}

void state_item_reason(struct state_item *item, const char *reason)
{
	if (reason != NULL && reason[0] != '\0')
		state_item_text(item, "event.reason", slice_str(reason));
}

void state_item_id(struct state_item *item, const char *key, uint64_t id)
{
	json_put_id(&item->json, key, id);
}

void state_item_give(struct state_item *item, struct intake *intake)
{
	json_object_end(&item->json);

	struct slice bytes = strbuf_slice(&item->text);
	const struct intake_item given = {
		.lane = LANE_URGENT,
		.source = {.input = SLICE_LIT("agent"),
			.name = SLICE_LIT("state"),
			.format = SLICE_LIT("")},
		.item = {.kind = ITEM_STATE,
			.read_ns = clock_wall_ns(),
			.whole = bytes.len,
			.bytes = bytes},
	};
	if (!intake_add(intake, &given))
		intake_declare(
			intake, LANE_URGENT, given.source.name, 1, GAP_QUEUE_FULL, bytes.len);
	strbuf_done(&item->text);
}
