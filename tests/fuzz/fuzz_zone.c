/* Any rule and any file of a time zone: clocks of it are a day off at most, and a moment shows
 * the time it was asked for, but in the hour that never comes. */
#include <assert.h>

#include "common/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOUR_S = 3600, OFF_MOST_S = 26 * HOUR_S };

static void check_offset(int32_t seconds)
{
	assert(seconds >= -OFF_MOST_S && seconds <= OFF_MOST_S);
}

static void check_moment(const struct zone *zone, int64_t local_s, int64_t near_s)
{
	const int64_t moment = zone_moment(zone, local_s, near_s);

	assert(moment >= local_s - OFF_MOST_S && moment <= local_s + OFF_MOST_S);
	check_offset(zone_offset(zone, moment));
	if (!zone->turns)
		assert(moment + zone_offset(zone, moment) == local_s);
}

static void check_zone(const struct zone *zone)
{
	static const int64_t times[] = {
		0, 951782400, 1772928000, 1793422800, 1798761599, 4102444800, -2208988800};

	check_offset(zone->seconds);
	if (zone->turns)
		check_offset(zone->summer_seconds);
	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		check_moment(zone, times[i], times[i]);
		check_moment(zone, times[i], times[i] + 180 * 24 * HOUR_S);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(size ? (const void *)data : "", size);
	struct zone zone;

	if (zone_parse(text, &zone))
		check_zone(&zone);
	const struct slice footer = zone_footer(text);
	assert(slice_absent(footer) || slice_is_within(footer, text));
	if (!slice_absent(footer) && zone_parse(footer, &zone))
		check_zone(&zone);
	return 0;
}
