#include "collector/detect/sigma/rule_costs.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"

struct rule_cost {
	atomic_int_fast64_t minute; /* of the monotonic clock, that `spent_ns` is of */
	atomic_uint_fast64_t spent_ns;
	atomic_bool off;
	bool told; /* of whoever calls rule_costs_take_off() */
};

struct rule_costs {
	uint64_t most_ns;
	const struct rule_clock *clock;
	size_t n;
	struct rule_cost rules[];
};

static int64_t thread_cpu_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static int64_t mono_ms(void)
{
	return clock_mono_ms();
}

const struct rule_clock rule_clock_real = {thread_cpu_ns, mono_ms};

struct rule_costs *rule_costs_new(
	size_t n_rules, uint64_t most_ms, const struct rule_clock *clock)
{
	struct rule_costs *costs =
		calloc(1, sizeof(*costs) + n_rules * sizeof(struct rule_cost));

	if (costs == NULL)
		abort();
	costs->most_ns = most_ms * CLOCK_NS_PER_MS;
	costs->clock = clock;
	costs->n = n_rules;
	return costs;
}

void rule_costs_free(struct rule_costs *costs)
{
	free(costs);
}

bool rule_costs_is_off(const struct rule_costs *costs, size_t rule)
{
	return atomic_load_explicit(&costs->rules[rule].off, memory_order_relaxed);
}

int64_t rule_costs_begin(const struct rule_costs *costs)
{
	return costs->clock->cpu_ns();
}

/* At the turn of a minute some of another thread's may be lost: it is a sample. */
void rule_costs_end(struct rule_costs *costs, size_t rule, int64_t begun_ns)
{
	struct rule_cost *cost = &costs->rules[rule];
	const int64_t took_ns = costs->clock->cpu_ns() - begun_ns;
	const int64_t minute = costs->clock->mono_ms() / RULE_COSTS_MINUTE_MS;

	if (took_ns <= 0)
		return;
	if (atomic_exchange(&cost->minute, minute) != minute)
		atomic_store(&cost->spent_ns, 0);
	const uint64_t charge = (uint64_t)took_ns * RULE_COSTS_SAMPLE;
	const uint64_t spent = atomic_fetch_add(&cost->spent_ns, charge) + charge;
	if (costs->most_ns > 0 && spent > costs->most_ns)
		atomic_store(&cost->off, true);
}

size_t rule_costs_take_off(struct rule_costs *costs,
	void (*see)(void *user, size_t rule, uint64_t took_ms), void *user)
{
	size_t n = 0;

	for (size_t i = 0; i < costs->n; i++) {
		struct rule_cost *cost = &costs->rules[i];

		if (cost->told || !atomic_load(&cost->off))
			continue;
		cost->told = true;
		see(user, i, atomic_load(&cost->spent_ns) / CLOCK_NS_PER_MS);
		n++;
	}
	return n;
}
