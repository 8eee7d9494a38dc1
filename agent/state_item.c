#include "agent/state_item.h"

#include <stdio.h>

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

/* A byte that begins no character stands alone. */
static size_t width_at(struct slice text, size_t at)
{
	size_t width = utf8_width(slice_from(text, at));

	return width > 0 ? width : 1;
}

/* Longer text is cut at a character. */
static struct slice cut_text(struct slice text)
{
	size_t len = 0, width;

	if (text.len <= VALUE_MAX)
		return text;
	while (len + (width = width_at(text, len)) <= VALUE_MAX)
		len += width;
	return slice_head(text, len);
}

void state_item_text(struct state_item *item, const char *key, struct slice text)
{
	json_put_text(&item->json, key, cut_text(text));
}

void state_item_reason(struct state_item *item, const char *reason)
{
	if (reason != NULL && reason[0] != '\0')
		state_item_text(item, "event.reason", slice_str(reason));
}

void state_item_id(struct state_item *item, const char *key, uint64_t id)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)id);
	json_put_str(&item->json, key, text);
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
