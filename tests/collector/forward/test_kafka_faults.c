#include "collector/forward/outputs/kafka_faults.h"

#include <librdkafka/rdkafka.h>

#include "tests/support/check.h"

START_TEST(scram_before_2_6_1_is_known_to_fail)
{
	static const int old[] = {KAFKA_RELEASE(1, 9, 2), KAFKA_RELEASE(2, 0, 2),
		KAFKA_RELEASE(2, 3, 0), KAFKA_RELEASE(2, 6, 0)};

	for (unsigned i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		ck_assert_ptr_nonnull(kafka_fault_find(old[i], "sasl_ssl", "SCRAM-SHA-512"));
		ck_assert_ptr_nonnull(
			kafka_fault_find(old[i], "SASL_PLAINTEXT", "scram-sha-256"));
	}
}
END_TEST

START_TEST(what_works_is_not_warned_of)
{
	ck_assert_ptr_null(
		kafka_fault_find(KAFKA_RELEASE(2, 6, 1), "sasl_ssl", "SCRAM-SHA-512"));
	ck_assert_ptr_null(
		kafka_fault_find(KAFKA_RELEASE(2, 8, 0), "sasl_ssl", "SCRAM-SHA-512"));
	ck_assert_ptr_null(kafka_fault_find(KAFKA_RELEASE(2, 0, 2), "sasl_ssl", "PLAIN"));
	ck_assert_ptr_null(kafka_fault_find(KAFKA_RELEASE(2, 0, 2), "ssl", "SCRAM-SHA-512"));
	ck_assert_ptr_null(
		kafka_fault_find(KAFKA_RELEASE(2, 0, 2), "plaintext", "SCRAM-SHA-512"));
}
END_TEST

START_TEST(releases_are_written_as_the_library_writes_them)
{
	ck_assert_int_eq(rd_kafka_version() >> 8, RD_KAFKA_VERSION >> 8);
	ck_assert_int_lt(KAFKA_RELEASE(0, 11, 0), rd_kafka_version());
	ck_assert_int_gt(KAFKA_RELEASE(99, 0, 0), rd_kafka_version());
}
END_TEST

TEST_MAIN("kafka_faults", scram_before_2_6_1_is_known_to_fail, what_works_is_not_warned_of,
	releases_are_written_as_the_library_writes_them)
