#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/derive/counting.h"
#include "collector/derive/statistics_private.h"
#include "common/clock.h"

static bool count_all(struct counting *counting, struct err *err)
{
	uint64_t position = 0;

	do {
		if (!counting_step(counting, &position, err))
			return false;
	} while (!counting->caught_up);
	return true;
}

static bool recount_into(struct statistics *statistics, struct counting *counting,
	const char *store_dir, int64_t from_ns, int64_t to_ns, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/derive.db", statistics->settings->dir);
	tally_limit(&counting->tally, from_ns, to_ns);
	counting->reader = store_reader_open_dir(store_dir, 0, err);
	return counting->reader != NULL && database_begin(&statistics->own, err) &&
	       count_all(counting, err) &&
	       statistics_ask_for(
		       statistics, path, from_ns, to_ns, counting->removed_ns, err) &&
	       database_commit(&statistics->own, err);
}

struct statistics *statistics_recount(const struct derive_settings *settings,
	const char *store_dir, int64_t from_ns, int64_t to_ns, struct err *err)
{
	struct statistics *statistics = calloc(1, sizeof(*statistics));
	struct counting counting;

	if (statistics == NULL)
		abort();
	statistics->database = &statistics->own;
	statistics->outbox.database = &statistics->own;
	statistics->settings = settings;
	statistics->now_ns = clock_wall_ns();
	counting_init(&counting, settings, &statistics->own);
	bool ok = database_open(&statistics->own, NULL, err) &&
		  recount_into(statistics, &counting, store_dir, from_ns, to_ns, err);
	counting_done(&counting);
	if (ok)
		return statistics;
	statistics_free(statistics);
	return NULL;
}

void statistics_free(struct statistics *statistics)
{
	if (statistics == NULL)
		return;
	database_close(&statistics->own);
	free(statistics);
}
