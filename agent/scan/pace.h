/*
 * pace - a share of one processor that a scan may use
 *
 * Credit grows with time and is spent by processor time; when it is used up the scan
 * pauses. What was not used is kept for PACE_BURST_MS only. No clock of its own.
 */
#ifndef AGENT_SCAN_PACE_H
#define AGENT_SCAN_PACE_H

#include <stdint.h>

enum { PACE_BURST_MS = 1000, PACE_PAUSE_MOST_MS = 60000 };

struct pace {
	unsigned percent; /* of one processor; 0 = no limit */
	int64_t last_ms;
	int64_t last_used_us;
	int64_t credit_us;
};

void pace_init(struct pace *pace, unsigned percent, int64_t now_ms, uint64_t used_us);

/* Milliseconds to wait before more is given out; `used_us` = processor time used so far. */
int pace_pause_ms(struct pace *pace, int64_t now_ms, uint64_t used_us);

/*
 * What a worker says it used, `said_us`, as far as that can be: no less than before, and one
 * thread uses no more than the time that passed.
 */
uint64_t pace_believe(uint64_t before_us, uint64_t said_us, int64_t passed_ms);

#endif
