#include "agent/scan/pace.h"

void pace_init(struct pace *pace, unsigned percent, int64_t now_ms, uint64_t used_us)
{
	*pace = (struct pace){
		.percent = percent, .last_ms = now_ms, .last_used_us = (int64_t)used_us};
}

int pace_pause_ms(struct pace *pace, int64_t now_ms, uint64_t used_us)
{
	int64_t most_us = (int64_t)PACE_BURST_MS * 10 * pace->percent;

	if (pace->percent == 0)
		return 0;
	/* a millisecond of time is 10 us of credit per percent */
	pace->credit_us += (now_ms - pace->last_ms) * 10 * pace->percent;
	pace->credit_us -= (int64_t)used_us - pace->last_used_us;
	if (pace->credit_us > most_us)
		pace->credit_us = most_us;
	pace->last_ms = now_ms;
	pace->last_used_us = (int64_t)used_us;
	if (pace->credit_us >= 0)
		return 0;
	int64_t pause_ms = -pace->credit_us / (10 * (int64_t)pace->percent) + 1;
	return pause_ms < PACE_PAUSE_MOST_MS ? (int)pause_ms : PACE_PAUSE_MOST_MS;
}

uint64_t pace_believe(uint64_t before_us, uint64_t said_us, int64_t passed_ms)
{
	uint64_t most_us = before_us + ((uint64_t)passed_ms + 1) * 1000;

	if (said_us < before_us)
		return before_us;
	return said_us < most_us ? said_us : most_us;
}
