#include "collector/derive/statistics.h"

#include "common/clock.h"
#include "tests/support/check.h"

enum { VIETNAM = 7 * 3600 };

static int64_t at(const char *text)
{
	int64_t ns;
	size_t used;

	ck_assert(clock_parse_iso(slice_str(text), 0, &ns, &used));
	return ns;
}

static void check_window(
	enum window_kind kind, const char *moment, const char *start, const char *end)
{
	struct window window = window_at(kind, at(moment), VIETNAM);

	ck_assert_int_eq(window.start_ns, at(start));
	ck_assert_int_eq(window.end_ns, at(end));
}

START_TEST(windows_follow_the_zone_of_the_province)
{
	check_window(WINDOW_5M, "2026-11-22T01:04:59.999999999Z", "2026-11-22T01:00:00Z",
		"2026-11-22T01:05:00Z");
	check_window(WINDOW_5M, "2026-11-22T01:05:00Z", "2026-11-22T01:05:00Z",
		"2026-11-22T01:10:00Z");
	check_window(WINDOW_HOUR, "2026-11-22T01:59:59Z", "2026-11-22T01:00:00Z",
		"2026-11-22T02:00:00Z");
	check_window(WINDOW_DAY, "2026-11-22T16:59:59Z", "2026-11-21T17:00:00Z",
		"2026-11-22T17:00:00Z");
	check_window(WINDOW_DAY, "2026-11-22T17:00:00Z", "2026-11-22T17:00:00Z",
		"2026-11-23T17:00:00Z");
}
END_TEST

START_TEST(moments_before_1970_have_windows_too)
{
	check_window(WINDOW_DAY, "1969-12-31T12:00:00Z", "1969-12-30T17:00:00Z",
		"1969-12-31T17:00:00Z");
}
END_TEST

TEST_MAIN(
	"window", windows_follow_the_zone_of_the_province, moments_before_1970_have_windows_too)
