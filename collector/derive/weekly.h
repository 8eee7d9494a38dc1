/*
 * weekly - how many lines a source sends in each hour of the week, and how long it is silent
 *
 * Hours of the week begin on Monday at midnight in the province's zone; a public
 * holiday has the hours of a Sunday. Of each hour it is known how many lines come
 * in it, the weeks before forgotten by a quarter each week; what bursts is cut to
 * four times what came before. A silence is measured in lines that were to be
 * expected while it lasted: a night of a source that sends on workdays has
 * none, and a minute of a firewall thousands. Of each hour it is known how much
 * was missed at most by silences that ended in it, or went on beyond it, and were
 * none to tell of; what is usual in an hour of one day is so on every day.
 *
 * Plain memory, about 1.5 KiB; one thread.
 */
#ifndef COLLECTOR_DERIVE_WEEKLY_H
#define COLLECTOR_DERIVE_WEEKLY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/setting.h"
#include "common/slice.h"

enum {
	WEEK_HOURS = 168,
	WEEKLY_SIZE = WEEK_HOURS * 9 + 8, /* bytes when saved */
	HOLIDAYS_MAX = 512,
};

struct holidays {
	int32_t zone_seconds;
	struct {
		uint16_t year; /* 0 = every */
		uint8_t month, day;
	} days[HOLIDAYS_MAX];
	unsigned n;
};

/* "09-02" (every year) or "2027-02-06". */
MUST_USE bool holidays_read(struct holidays *holidays, const struct setting_texts *texts,
	int32_t zone_seconds, struct err *err);

MUST_USE bool holiday_is_day(struct slice text);

/* Hours are counted from 1970 in the zone. */
bool holidays_contain(const struct holidays *holidays, int64_t local_hour);

/* Of such an hour: 0..167. */
unsigned holidays_week_hour(const struct holidays *holidays, int64_t local_hour);

struct weekly {
	float rate[WEEK_HOURS];    /* lines in the hour */
	float usual[WEEK_HOURS];   /* lines missed at most by a silence that is usual there */
	uint8_t weeks[WEEK_HOURS]; /* how often the hour was seen; 255 = or more */
	float mean;                /* lines an hour */
	uint32_t hours;            /* seen */
};

/* An hour is over in which so many lines came, and lines would have been received. */
void weekly_learn(struct weekly *weekly, unsigned week_hour, uint64_t lines);

/* In that hour lines came after so many did not, or it ended without. `told`: of that silence;
 * it becomes usual in part only. */
void weekly_heard(struct weekly *weekly, unsigned week_hour, double missed, bool told);

/* A silence in that hour in which so many lines were missed is to be told of. */
double weekly_limit(const struct weekly *weekly, unsigned week_hour, double least);

void weekly_save(const struct weekly *weekly, char out[WEEKLY_SIZE]);
/* What is no such bytes is nothing known. */
void weekly_load(struct weekly *weekly, struct slice bytes);

#endif
