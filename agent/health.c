#include "agent/health.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "agent/state_item.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

enum { JUMP_MS = 2000, STATM_MAX = 256 };

/* The second number of /proc/self/statm: resident pages. */
static uint32_t resident_kib(void)
{
	struct strbuf text = STRBUF_INIT(STATM_MAX);
	uint64_t pages = 0;
	struct slice rest, word;

	if (file_read("/proc/self/statm", &text, NULL)) {
		rest = strbuf_slice(&text);
		if (slice_cut(&rest, ' ', &word) && slice_cut(&rest, ' ', &word))
			(void)!slice_to_u64(word, UINT32_MAX, &pages);
	}
	strbuf_done(&text);
	return (uint32_t)(pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}

static uint32_t processor_ms(void)
{
	struct timespec used = {0};

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint32_t)((uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000);
}

void health_heartbeat(
	const struct spool *spool, const struct intake *intake, struct frame_heartbeat *beat)
{
	struct intake_state taken;
	struct spool_state lane;

	intake_state(intake, &taken);
	beat->read_items = taken.items;
	beat->dropped_items = taken.dropped;
	beat->rss_kib = resident_kib();
	beat->cpu_ms = processor_ms();
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		spool_state(spool, (enum frame_lane)i, &lane);
		beat->queued_items += lane.queued;
		beat->queued_bytes += lane.queued > 0 ? lane.bytes : 0;
	}
}

/* Goes on while the machine sleeps. */
static int64_t since_boot_ns(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

void health_watch_clock(struct health *health, struct intake *intake)
{
	int64_t clocks_ns = clock_wall_ns() - since_boot_ns();
	int64_t jump_ms = (clocks_ns - health->clocks_ns) / CLOCK_NS_PER_MS;
	bool first = health->clocks_ns == 0;
	struct state_item item;

	health->clocks_ns = clocks_ns;
	if (first || (jump_ms < JUMP_MS && jump_ms > -JUMP_MS))
		return;
	log_warn("clock.jumped", "ms=%lld", (long long)jump_ms);
	state_item_begin(&item, "clock-jumped");
	json_put_i64(&item.json, "soc.clock.jump_ms", jump_ms);
	state_item_give(&item, intake);
}
