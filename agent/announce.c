#include "agent/announce.h"

#include <inttypes.h>

#include "agent/state_item.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum { LINE_MAX_BYTES = 16 << 10 };

void announce_life(struct intake *intake, const char *action, uint64_t boot_id)
{
	struct state_item item;

	state_item_begin(&item, action);
	json_put_str(&item.json, "agent.version", SOC_VERSION);
	state_item_id(&item, "soc.agent.boot_id", boot_id);
	state_item_give(&item, intake);
}

void announce_settings(
	struct intake *intake, const char *action, uint64_t version, const char *why)
{
	struct state_item item;

	state_item_begin(&item, action);
	state_item_id(&item, "soc.settings.version", version);
	state_item_reason(&item, why);
	state_item_give(&item, intake);
}

void announce_input_failed(struct intake *intake, const char *input, const char *why)
{
	struct state_item item;

	log_error("input.failed", "input=%s reason=%s", input, LOG_TEXT(slice_str(why)));
	state_item_begin(&item, "input-failed");
	json_put_str(&item.json, "soc.about.input", input);
	state_item_reason(&item, why);
	state_item_give(&item, intake);
}

void announce_order(struct intake *intake, const struct frame_order *order, bool done)
{
	static const char *const names[ORDER_KIND_COUNT] = {
		[ORDER_FETCH_BUNDLE] = "fetch-bundle",
		[ORDER_REPORT] = "report",
		[ORDER_SCAN] = "scan",
	};
	struct state_item item;

	log_info("order.received", "order=%s done=%d", names[order->order], done);
	state_item_begin(&item, "order-received");
	json_put_str(&item.json, "soc.order", names[order->order]);
	json_put_str(&item.json, "event.outcome", done ? "success" : "failure");
	state_item_give(&item, intake);
}

struct telling {
	struct json *json;
	struct strbuf line;
};

static void tell_counter(void *user, const struct counter *counter)
{
	struct telling *telling = user;
	uint64_t value = counter_value(counter);

	if (value == 0)
		return;
	json_put_u64(telling->json, counter->name, value);
	strbuf_addf(&telling->line, "%s%s=%" PRIu64, telling->line.len > 0 ? " " : "",
		counter->name, value);
}

void announce_counters(struct intake *intake, const struct uplink_state *uplink)
{
	struct state_item item;
	struct telling telling = {.json = &item.json, .line = STRBUF_INIT(LINE_MAX_BYTES)};

	state_item_begin(&item, "counters");
	if (uplink->connected)
		json_put_i64(&item.json, "soc.clock.offset_ms",
			uplink->clock_offset_ns / CLOCK_NS_PER_MS);
	json_key(&item.json, SLICE_LIT("soc.counters"));
	json_object(&item.json);
	counter_walk(tell_counter, &telling);
	json_object_end(&item.json);
	state_item_give(&item, intake);
	log_info("agent.counters", "%s", strbuf_cstr(&telling.line));
	strbuf_done(&telling.line);
}

void announce_room(struct intake *intake, const struct spool *spool, enum frame_lane lane,
	const char *action)
{
	struct state_item item;
	struct spool_state state;

	spool_state(spool, lane, &state);
	state_item_begin(&item, action);
	json_put_str(&item.json, "soc.lane", frame_lane_text(lane));
	json_put_u64(&item.json, "soc.spool.bytes", state.bytes);
	state_item_give(&item, intake);
}

void announce_epoch(struct intake *intake, const struct spool *spool, enum frame_lane lane,
	uint64_t old, const char *why)
{
	struct bookmark_lane now = {0};
	struct state_item item;

	spool_lane(spool, lane, &now);
	log_warn("spool.epoch", "lane=%s old=%016llx new=%016llx reason=\"%s\"",
		frame_lane_text(lane), (unsigned long long)old, (unsigned long long)now.epoch,
		why);
	state_item_begin(&item, "epoch-chosen");
	json_put_str(&item.json, "soc.lane", frame_lane_text(lane));
	if (old != 0)
		state_item_id(&item, "soc.epoch.old", old);
	state_item_id(&item, "soc.epoch.new", now.epoch);
	state_item_reason(&item, why);
	state_item_give(&item, intake);
}

void announce_damage(
	struct intake *intake, enum frame_lane lane, const struct seglog_damage *damage)
{
	struct state_item item;

	if (damage->torn_bytes + damage->lost_sequences + damage->skipped_bytes +
			damage->foreign_segments ==
		0)
		return;
	log_warn("spool.damaged",
		"lane=%s torn_bytes=%llu lost_items=%llu skipped_bytes=%llu foreign=%llu",
		frame_lane_text(lane), (unsigned long long)damage->torn_bytes,
		(unsigned long long)damage->lost_sequences,
		(unsigned long long)damage->skipped_bytes,
		(unsigned long long)damage->foreign_segments);
	state_item_begin(&item, "spool-damaged");
	json_put_str(&item.json, "soc.lane", frame_lane_text(lane));
	json_put_u64(&item.json, "soc.spool.torn_bytes", damage->torn_bytes);
	json_put_u64(&item.json, "soc.spool.lost_items", damage->lost_sequences);
	json_put_u64(&item.json, "soc.spool.skipped_bytes", damage->skipped_bytes);
	state_item_give(&item, intake);
}
