#include "collector/national/window_rows.h"

#include <assert.h>
#include <stdlib.h>

/* ---- gathering -------------------------------------------------------------------- */

static void *room_for(void *items, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return items;
	*room = *room > 0 ? *room * 2 : 64;
	items = reallocarray(items, *room, size);
	if (items == NULL)
		abort();
	return items;
}

static bool gather_count(void *user, const struct statistics_count *count)
{
	struct window_rows *rows = user;

	rows->counts = room_for(
		rows->counts, rows->n_counts, &rows->counts_room, sizeof(*rows->counts));
	rows->counts[rows->n_counts++] = *count;
	return true;
}

static bool gather_malware(void *user, const struct statistics_malware_sum *malware)
{
	struct window_rows *rows = user;

	rows->malware = room_for(
		rows->malware, rows->n_malware, &rows->malware_room, sizeof(*rows->malware));
	rows->malware[rows->n_malware++] = *malware;
	return true;
}

static bool gather_quality(void *user, const struct statistics_quality *quality)
{
	struct window_rows *rows = user;

	rows->quality = room_for(
		rows->quality, rows->n_quality, &rows->quality_room, sizeof(*rows->quality));
	rows->quality[rows->n_quality++] = *quality;
	return true;
}

/* ---- order ------------------------------------------------------------------------ */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_counts(const void *left, const void *right)
{
	const struct statistics_count *a = left, *b = right;
	const int orders[] = {
		compare_numbers(a->agency, b->agency),
		compare_numbers(a->level, b->level),
		compare_numbers(a->attack, b->attack),
		compare_numbers(a->severity, b->severity),
		compare_numbers(a->status, b->status),
	};

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (orders[i] != 0)
			return orders[i];
	}
	return 0;
}

static int compare_malware(const void *left, const void *right)
{
	const struct statistics_malware_sum *a = left, *b = right;

	return compare_numbers(a->agency, b->agency);
}

static int compare_quality(const void *left, const void *right)
{
	const struct statistics_quality *a = left, *b = right;

	return compare_numbers(a->agency, b->agency);
}

static void sort(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n > 0)
		qsort(items, n, size, compare);
}

bool window_rows_read(struct window_rows *rows, struct statistics *statistics,
	const struct window *window, struct err *err)
{
	*rows = (struct window_rows){0};
	if (!statistics_counts(statistics, window, gather_count, rows, err) ||
		!statistics_malware_sums(statistics, window, gather_malware, rows, err) ||
		!statistics_quality(statistics, window, gather_quality, rows, err)) {
		window_rows_done(rows);
		return false;
	}
	sort(rows->counts, rows->n_counts, sizeof(*rows->counts), compare_counts);
	sort(rows->malware, rows->n_malware, sizeof(*rows->malware), compare_malware);
	sort(rows->quality, rows->n_quality, sizeof(*rows->quality), compare_quality);
	return true;
}

void window_rows_done(struct window_rows *rows)
{
	free(rows->counts);
	free(rows->malware);
	free(rows->quality);
}

/* ---- one agency ------------------------------------------------------------------- */

/* The first of `n` items whose agency, its first member, is at least `agency`. */
static size_t first_at(const void *items, size_t n, size_t size, uint64_t agency)
{
	size_t low = 0;

	while (n > 0) {
		const uint32_t *middle =
			(const void *)((const char *)items + (low + n / 2) * size);

		if (*middle < agency) {
			low += n / 2 + 1;
			n -= n / 2 + 1;
		} else {
			n /= 2;
		}
	}
	return low;
}

static_assert(offsetof(struct statistics_count, agency) == 0, "first_at() reads it");
static_assert(offsetof(struct statistics_malware_sum, agency) == 0, "first_at() reads it");
static_assert(offsetof(struct statistics_quality, agency) == 0, "first_at() reads it");

#define FIRST(rows, kind, agency)                                                              \
	first_at((rows)->kind, (rows)->n_##kind, sizeof(*(rows)->kind), (agency))

struct agency_rows agency_rows(const struct window_rows *rows, uint32_t agency)
{
	size_t count = FIRST(rows, counts, agency), malware = FIRST(rows, malware, agency);
	size_t quality = FIRST(rows, quality, agency);
	uint64_t next = (uint64_t)agency + 1;

	return (struct agency_rows){
		.counts = rows->n_counts > 0 ? rows->counts + count : NULL,
		.n_counts = FIRST(rows, counts, next) - count,
		.malware =
			FIRST(rows, malware, next) > malware ? rows->malware + malware : NULL,
		.quality =
			FIRST(rows, quality, next) > quality ? rows->quality + quality : NULL,
	};
}

struct window_sum agency_sum(const struct agency_rows *rows)
{
	struct window_sum sum = {.agencies = 1};

	for (size_t i = 0; i < rows->n_counts; i++) {
		sum.events += rows->counts[i].events;
		sum.findings += rows->counts[i].findings;
	}
	if (rows->malware != NULL)
		sum.hits = rows->malware->hits;
	if (rows->quality != NULL)
		sum.records = rows->quality->records;
	return sum;
}

void window_sum_add(struct window_sum *sum, const struct window_sum *more)
{
	sum->agencies += more->agencies;
	sum->events += more->events;
	sum->findings += more->findings;
	sum->hits += more->hits;
	sum->records += more->records;
}

bool window_rows_next(const struct window_rows *rows, uint64_t from, uint32_t *agency)
{
	size_t count = FIRST(rows, counts, from), malware = FIRST(rows, malware, from);
	size_t quality = FIRST(rows, quality, from);
	uint64_t best = UINT64_MAX;

	if (count < rows->n_counts)
		best = rows->counts[count].agency;
	if (malware < rows->n_malware && rows->malware[malware].agency < best)
		best = rows->malware[malware].agency;
	if (quality < rows->n_quality && rows->quality[quality].agency < best)
		best = rows->quality[quality].agency;
	if (best > UINT32_MAX)
		return false;
	*agency = (uint32_t)best;
	return true;
}
