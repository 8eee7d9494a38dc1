#include "agent/flight.h"

#include "tests/support/check.h"

START_TEST(acknowledged_entries_leave)
{
	struct flight flight = {0};
	uint32_t crc;

	for (uint32_t i = 1; i <= 1000; i++) {
		const struct flight_entry sent = {.last = i * 10, .crc = i, .size = 100};

		flight_sent(&flight, &sent);
		if (i % 3 == 0) {
			ck_assert(flight_acked(&flight, i * 10 - 10, &crc));
			ck_assert_uint_eq(crc, i - 1);
		}
	}
	ck_assert_uint_eq(flight.n, 2);
	ck_assert_uint_eq(flight.bytes, 200);
	ck_assert(flight_acked(&flight, 9995, &crc)); /* inside an entry */
	ck_assert_uint_eq(crc, 0);
	ck_assert_uint_eq(flight.n, 1);
	ck_assert(!flight_acked(&flight, 10001, &crc));
	ck_assert(flight_acked(&flight, 10000, &crc));
	ck_assert_uint_eq(crc, 1000);
	ck_assert_uint_eq(flight.bytes, 0);
	flight_done(&flight);
}
END_TEST

TEST_MAIN("flight", acknowledged_entries_leave)
