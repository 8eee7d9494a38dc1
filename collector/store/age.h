/*
 * age - the clock that retention goes by
 *
 * A wall clock that jumps ahead must not remove what the law says to keep. This
 * clock follows the wall clock, but never gains more than AGE_SPEED times the
 * time that really passes; it is kept in DIR/age from run to run. After a pause
 * of a week it has caught up within seven hours; a clock that is ten years off
 * would need five months, and says so all the while.
 *
 * The sealer's thread, but age_held().
 */
#ifndef COLLECTOR_STORE_AGE_H
#define COLLECTOR_STORE_AGE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/err.h"

enum { AGE_SPEED = 24 };

struct age {
	char path[PATH_MAX];
	int64_t now_ns;
	int64_t mono_ms;  /* when it was that */
	int64_t saved_ns; /* what the file says */
	atomic_bool held; /* the wall clock is further than this one may go */
};

/* `newest_ns`: of the newest commit that is sealed, 0 = there is none. The clock starts there
 * when its file is missing or damaged. */
void age_open(struct age *age, const char *dir, int64_t newest_ns);

/* Nanoseconds since 1970, by which something with an earlier stamp is old. A wall clock that
 * went back holds it back. */
int64_t age_now(struct age *age);

/* The same at a given time: `wall_ns` since 1970, `mono_ms` monotonic. */
int64_t age_at(struct age *age, int64_t wall_ns, int64_t mono_ms);

bool age_held(const struct age *age); /* any thread */

#endif
