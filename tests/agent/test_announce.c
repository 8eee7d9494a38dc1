#include "agent/announce.h"

#include "common/counter.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"

static struct counter n_seen = COUNTER("test.seen", "counted here");
static struct counter n_never = COUNTER("test.never", "not counted");

START_TEST(counters_are_told_but_for_zeros)
{
	struct intake intake;
	struct uplink_state uplink = {.connected = true, .clock_offset_ns = -1500000000};

	fake_intake_init(&intake);
	counter_add(&n_seen, 41);
	counter_add(&n_seen, 1);
	counter_add(&n_never, 0);
	announce_counters(&intake, &uplink);
	ck_assert_uint_eq(intake.n_states, 1);
	ck_assert_ptr_nonnull(strstr(intake.state, "\"event.action\":\"counters\""));
	ck_assert_ptr_nonnull(strstr(intake.state, "\"soc.counters\":{\"test.seen\":42}"));
	ck_assert_ptr_nonnull(strstr(intake.state, "\"soc.clock.offset_ms\":-1500"));
	uplink.connected = false; /* then nobody knows */
	announce_counters(&intake, &uplink);
	ck_assert_ptr_null(strstr(intake.state, "soc.clock.offset_ms"));
	fake_intake_done(&intake);
}
END_TEST

TEST_MAIN("announce", counters_are_told_but_for_zeros)
