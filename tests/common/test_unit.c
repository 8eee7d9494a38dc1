#include "common/unit.h"

#include "tests/support/check.h"

static void check_amount(const struct unit *units, const char *text, uint64_t expected)
{
	uint64_t amount = 1;

	ck_assert_msg(unit_parse(units, slice_str(text), &amount) == UNIT_OK, "%s", text);
	ck_assert_uint_eq(amount, expected);
}

START_TEST(amounts_are_read_with_their_unit)
{
	check_amount(unit_bytes, "0", 0);
	check_amount(unit_bytes, "0B", 0);
	check_amount(unit_bytes, "64KiB", 65536);
	check_amount(unit_bytes, "2 GiB", UINT64_C(2) << 30);
	check_amount(unit_bytes, "512MB", 512000000);
	check_amount(unit_bytes, "16777215TiB", UINT64_C(16777215) << 40);
	check_amount(unit_duration, "500ms", 500);
	check_amount(unit_duration, "90d", UINT64_C(7776000000));
}
END_TEST

static void check_refused(const char *text, enum unit_status expected)
{
	uint64_t amount = 7;

	ck_assert_msg(unit_parse(unit_bytes, slice_str(text), &amount) == expected, "%s", text);
	ck_assert_uint_eq(amount, 7);
}

START_TEST(what_is_no_amount_is_refused)
{
	check_refused("", UNIT_NO_NUMBER);
	check_refused("KiB", UNIT_NO_NUMBER);
	check_refused("-1KiB", UNIT_NO_NUMBER);
	check_refused("010KiB", UNIT_NO_NUMBER);
	check_refused("64", UNIT_MISSING);
	check_refused("64 ", UNIT_MISSING);
	check_refused("64kib", UNIT_UNKNOWN);
	check_refused("64  KiB", UNIT_UNKNOWN);
	check_refused("1.5GiB", UNIT_UNKNOWN);
	check_refused("64KiBs", UNIT_UNKNOWN);
	check_refused("99999999999999999999B", UNIT_TOO_LARGE);
	check_refused("16777216TiB", UNIT_TOO_LARGE);
}
END_TEST

static void check_written(const struct unit *units, uint64_t amount, const char *expected)
{
	struct strbuf out = STRBUF_INIT(64);
	uint64_t again = 1;

	unit_format(units, amount, &out);
	ck_assert_str_eq(strbuf_cstr(&out), expected);
	ck_assert(unit_parse(units, strbuf_slice(&out), &again) == UNIT_OK);
	ck_assert_uint_eq(again, amount);
	strbuf_done(&out);
}

START_TEST(amounts_are_written_short_and_exact)
{
	check_written(unit_bytes, 0, "0B");
	check_written(unit_bytes, 65536, "64KiB");
	check_written(unit_bytes, 65537, "65537B");
	check_written(unit_bytes, 512000000, "512MB");
	check_written(unit_bytes, UINT64_MAX, "18446744073709551615B");
	check_written(unit_duration, 90000, "90s");
	check_written(unit_duration, 86400000, "1d");
}
END_TEST

TEST_MAIN("unit", amounts_are_read_with_their_unit, what_is_no_amount_is_refused,
	amounts_are_written_short_and_exact)
