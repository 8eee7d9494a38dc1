#include "collector/derive/waiting.h"

#include <inttypes.h>

#include "collector/derive/outbox_private.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static struct counter warned = COUNTER("derive.waiting_warned",
	"times it was warned that messages of a type wait too long or are too many");

struct look {
	const struct derive_settings *settings;
	int64_t wall_ns;
	unsigned n_warned;
};

/* 0 = no limit. */
static bool is_too_much(const struct derive_settings *settings,
	const struct outbox_waiting *waiting, int64_t age_ms)
{
	return (settings->waiting_warn > 0 && waiting->n > settings->waiting_warn) ||
	       (settings->waiting_warn_ms > 0 && age_ms > (int64_t)settings->waiting_warn_ms);
}

static bool look_at(void *user, const struct outbox_waiting *waiting)
{
	struct look *look = user;
	char since[CLOCK_TEXT_MAX];
	int64_t age_ms = (look->wall_ns - waiting->oldest_ns) / CLOCK_NS_PER_MS;

	if (!is_too_much(look->settings, waiting, age_ms))
		return true;
	log_warn("derive.waiting",
		"type=%s messages=%" PRIu64
		" oldest=%s: nothing takes them, and they are kept; see 'soc-ctl feed status'",
		LOG_TEXT(waiting->type), waiting->n,
		clock_format_utc(waiting->oldest_ns, 0, since));
	counter_add(&warned, 1);
	look->n_warned++;
	return true;
}

bool waiting_look(struct waiting *waiting, int64_t mono_ms, int64_t wall_ns, unsigned *n_warned,
	struct err *err)
{
	struct look look = {.settings = waiting->settings, .wall_ns = wall_ns};

	*n_warned = 0;
	if (mono_ms < waiting->next_ms)
		return true;
	if (!outbox_waiting_walk(waiting->database, look_at, &look, err))
		return false;
	waiting->next_ms = mono_ms + (look.n_warned > 0 ? HOUR_MS : MINUTE_MS);
	*n_warned = look.n_warned;
	return true;
}
