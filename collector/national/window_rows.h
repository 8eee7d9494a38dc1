/*
 * window_rows - everything counted in one window, agency by agency
 *
 * A copy of what statistics.h hands out, sorted so that the same counts always
 * make the same bytes; names of malware are asked for agency by agency.
 * Private to national/.
 */
#ifndef COLLECTOR_NATIONAL_WINDOW_ROWS_H
#define COLLECTOR_NATIONAL_WINDOW_ROWS_H

#include "collector/derive/statistics.h"

struct window_rows {
	struct statistics_count *counts;        /* by agency, level, class, severity, status */
	struct statistics_malware_sum *malware; /* by agency */
	struct statistics_quality *quality;     /* by agency */
	size_t n_counts, n_malware, n_quality;
	size_t counts_room, malware_room, quality_room;
};

/* False: err is set, nothing is to be freed. */
MUST_USE bool window_rows_read(struct window_rows *rows, struct statistics *statistics,
	const struct window *window, struct err *err);
void window_rows_done(struct window_rows *rows);

/* What belongs to one agency; slices of the rows above. */
struct agency_rows {
	const struct statistics_count *counts;
	const struct statistics_malware_sum *malware; /* NULL: none */
	const struct statistics_quality *quality;     /* NULL: none */
	size_t n_counts;
};

struct agency_rows agency_rows(const struct window_rows *rows, uint32_t agency);

struct window_sum {
	uint64_t agencies, events, findings, hits, records;
};

struct window_sum agency_sum(const struct agency_rows *rows); /* .agencies is 1 */
void window_sum_add(struct window_sum *sum, const struct window_sum *more);

/* The first agency from number `from` on that has rows. */
MUST_USE bool window_rows_next(const struct window_rows *rows, uint64_t from, uint32_t *agency);

#endif
