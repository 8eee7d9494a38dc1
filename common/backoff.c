#include "common/backoff.h"

#include <sys/random.h>

#include "common/clock.h"

void backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t most_ms)
{
	*backoff = (struct backoff){.first_ms = first_ms, .most_ms = most_ms};
	if (getrandom(&backoff->random, sizeof(backoff->random), GRND_NONBLOCK) < 0)
		backoff->random = (uint64_t)clock_mono_ns();
	backoff->random |= 1;
}

/* xorshift64: spreads agents, guards no secret. */
static uint64_t draw(struct backoff *backoff)
{
	backoff->random ^= backoff->random << 13;
	backoff->random ^= backoff->random >> 7;
	backoff->random ^= backoff->random << 17;
	return backoff->random;
}

uint32_t backoff_next(struct backoff *backoff)
{
	uint32_t step = backoff->step_ms ? backoff->step_ms : backoff->first_ms;
	uint32_t half = step / 2;

	backoff->step_ms = step > backoff->most_ms / 2 ? backoff->most_ms : step * 2;
	return half + (uint32_t)(draw(backoff) % (uint64_t)(step - half + 1));
}

void backoff_reset(struct backoff *backoff)
{
	backoff->step_ms = 0;
}
