#include "common/expiry.h"

#include "common/clock.h"

enum { STEPS_MAX = 4 };

struct schedule {
	unsigned n;
	int64_t days[STEPS_MAX]; /* before the end; ever fewer */
};

static const struct schedule schedules[] = {
	[EXPIRY_CERTIFICATE] = {4, {30, 7, 1, 0}},
	[EXPIRY_CRL] = {2, {2, 0}},
};

static int64_t warn_before_ns(int64_t days, const struct validity *validity)
{
	int64_t before_ns = days * 86400 * CLOCK_NS_PER_S;
	int64_t half_ns = validity->until_ns / 2 - validity->from_ns / 2;

	return before_ns < half_ns ? before_ns : half_ns;
}

/* How many of the warnings should have been given by now. */
static unsigned count_due(
	const struct schedule *schedule, const struct validity *validity, int64_t now_ns)
{
	unsigned n = 0;

	while (n < schedule->n &&
		now_ns >= validity->until_ns - warn_before_ns(schedule->days[n], validity))
		n++;
	return n;
}

bool expiry_due(struct expiry *expiry, enum expiry_kind kind, const struct validity *validity,
	int64_t now_ns)
{
	if (validity->until_ns != expiry->until_ns)
		*expiry = (struct expiry){.until_ns = validity->until_ns};

	unsigned due = count_due(&schedules[kind], validity, now_ns);
	bool more = due > expiry->told;
	if (more)
		expiry->told = due;
	return more;
}

bool expiry_is_near(enum expiry_kind kind, const struct validity *validity, int64_t now_ns)
{
	return count_due(&schedules[kind], validity, now_ns) > 0;
}
