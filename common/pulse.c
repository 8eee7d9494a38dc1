#include "common/pulse.h"

#include <pthread.h>
#include <stddef.h>

#include "common/clock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pulse *watched;

void pulse_begin(struct pulse *pulse, const char *name)
{
	pthread_mutex_lock(&lock);
	pulse->name = name;
	pulse->seen = atomic_load(&pulse->beats);
	pulse->silence_ms = 0;
	pulse->next = watched;
	watched = pulse;
	pthread_mutex_unlock(&lock);
}

void pulse_end(struct pulse *pulse)
{
	pthread_mutex_lock(&lock);
	for (struct pulse **at = &watched; *at != NULL; at = &(*at)->next) {
		if (*at == pulse) {
			*at = pulse->next;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
}

void pulse_beat(struct pulse *pulse)
{
	atomic_fetch_add_explicit(&pulse->beats, 1, memory_order_relaxed);
}

static void look_at(struct pulse *pulse, uint64_t passed_ms)
{
	const unsigned beats = atomic_load_explicit(&pulse->beats, memory_order_relaxed);

	pulse->silence_ms = beats == pulse->seen ? pulse->silence_ms + passed_ms : 0;
	pulse->seen = beats;
}

static uint64_t passed_since_last_look(void)
{
	static int64_t last_ms;
	const int64_t now_ms = clock_mono_ms();
	const int64_t passed_ms = last_ms != 0 ? now_ms - last_ms : 0;

	last_ms = now_ms;
	return (uint64_t)(passed_ms < PULSE_LOOK_MOST_MS ? passed_ms : PULSE_LOOK_MOST_MS);
}

uint64_t pulse_look(const char **name)
{
	const uint64_t passed_ms = passed_since_last_look();
	uint64_t silence_ms = 0;

	*name = NULL;
	pthread_mutex_lock(&lock);
	for (struct pulse *pulse = watched; pulse != NULL; pulse = pulse->next) {
		look_at(pulse, passed_ms);
		if (*name == NULL || pulse->silence_ms > silence_ms) {
			silence_ms = pulse->silence_ms;
			*name = pulse->name;
		}
	}
	pthread_mutex_unlock(&lock);
	return silence_ms;
}
