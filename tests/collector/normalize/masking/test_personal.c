#include "collector/normalize/masking/personal.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/strbuf.h"
#include "tests/support/check.h"

static struct personal everything(void)
{
	static const char *const prefixes[] = {
		"032", "086", "091", "098", "024", "0203", "028"};
	struct personal personal = {.year = 2026};

	memset(personal.wanted, true, sizeof(personal.wanted));
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		ck_assert(personal_add_phone_prefix(&personal, slice_str(prefixes[i])));
	return personal;
}

/* What was found, as "cccd:001203012345 phone:..." */
struct listing {
	struct slice text;
	struct strbuf out;
};

static bool list(void *user, enum personal_kind kind, size_t from, size_t to)
{
	static const char *const names[] = {"cccd", "phone", "card", "email"};
	struct listing *listing = user;

	ck_assert_uint_lt(from, to);
	ck_assert_uint_le(to, listing->text.len);
	strbuf_addf(&listing->out, "%s%s:%.*s", listing->out.len > 0 ? " " : "", names[kind],
		(int)(to - from), listing->text.ptr + from);
	return true;
}

static void expect(const char *text, const char *found)
{
	const struct personal personal = everything();
	struct listing listing = {slice_str(text), STRBUF_INIT(1 << 16)};

	ck_assert(personal_find_numbers(&personal, listing.text, list, &listing));
	ck_assert(personal_find_emails(listing.text, list, &listing));
	ck_assert_msg(strcmp(strbuf_cstr(&listing.out), found) == 0, "%s: '%s', not '%s'", text,
		strbuf_cstr(&listing.out), found);
	strbuf_done(&listing.out);
}

START_TEST(ids_of_citizens_have_place_century_and_year)
{
	expect("001203012345", "cccd:001203012345");
	expect("cccd=001203012345&x", "cccd:001203012345");
	expect("096326999999.", "cccd:096326999999");
	expect("so 001 203 012345 ho", "cccd:001 203 012345");
	expect("so 0012 0301 2345 ho", "cccd:0012 0301 2345");
	expect("\xe1\xbb\x91 079099000001", "cccd:079099000001");
	expect("003203012345", ""); /* no such province */
	expect("101203012345", "");
	expect("001403012345", "");  /* no such century */
	expect("001227012345", "");  /* born next year */
	expect("0012030123456", ""); /* 13 digits */
	expect("x001203012345", "");
	expect("001203012345_", "");
	expect("1.001203012345", "");
	expect("001203012345.6", "");
}
END_TEST

START_TEST(telephones_come_in_many_forms)
{
	expect("0912345678", "phone:0912345678");
	expect("goi 0912 345 678 nhe", "phone:0912 345 678");
	expect("0912.345.678", "phone:0912.345.678");
	expect("0912-345-678,", "phone:0912-345-678");
	expect("091 234 56 78", "phone:091 234 56 78");
	expect("+84912345678", "phone:84912345678");
	expect("tel:+84-912-345-678", "phone:84-912-345-678");
	expect("84912345678", "phone:84912345678");
	expect("0084912345678", "phone:0084912345678");
	expect("02438251234", "phone:02438251234");
	expect("(024) 3825 1234", "phone:024) 3825 1234");
	expect("+84 24 3825 1234", "phone:84 24 3825 1234");
	expect("0203 3825 123", "phone:0203 3825 123");
	expect("port 22 0912345678 uid 1001", "phone:0912345678");
	expect("0912345678 0981234567", "phone:0912345678 phone:0981234567");
	expect("0952345678", ""); /* nobody's */
	expect("0024 38251234", "");
	expect("+1912345678", "");
	expect("09123456789", "");
	expect("091234567", "");
	expect("10912345678", "");
	expect("0912345678a", "");
}
END_TEST

START_TEST(cards_have_an_issuer_and_a_check_digit)
{
	expect("4111111111111111", "card:4111111111111111");
	expect("the 4111 1111 1111 1111 ok", "card:4111 1111 1111 1111");
	expect("5500-0000-0000-0004", "card:5500-0000-0000-0004");
	expect("340000000000009", "card:340000000000009");
	expect("3400 000000 00009", "card:3400 000000 00009");
	expect("2223000048400011", "card:2223000048400011");
	expect("9704000000000018", "card:9704000000000018");
	expect("3530111333300000", "card:3530111333300000");
	expect("6011111111111117", "card:6011111111111117");
	expect("4111111111111112", ""); /* check digit */
	expect("1111111111111117", ""); /* issuer */
	expect("41111111111111111", "");
	expect("41 11 11 11 11 11 11 11", "");
}
END_TEST

START_TEST(emails_have_a_domain_of_two_labels)
{
	expect("from=<Nguyen.An+x@so-tttt.hanoi.gov.vn>",
		"email:Nguyen.An+x@so-tttt.hanoi.gov.vn");
	expect("an@x.vn.", "email:an@x.vn");
	expect("a@b.vn,c@d.vn", "email:a@b.vn email:c@d.vn");
	expect("an@localhost", "");
	expect("@x.vn", "");
	expect("an@.vn", "");
	expect("an@x.1", "");
	expect("user@1.2.3.4", "");
}
END_TEST

START_TEST(ordinary_numbers_of_logs_are_nobodys)
{
	static const char *const lines[] = {"2026-03-07 10:00:00.123456", "20260307190653",
		"1700000000123", "1700000000.123456", "192.168.100.100 10.0.0.1:51234",
		"550e8400-e29b-41d4-a716-446655440000", "00:1a:2b:3c:4d:5e", "pid=1234567890",
		"size 18446744073709551615", "0x0912345678ab", "id 000000000000",
		"v1.20.300.4000", "2001:db8::8a2e:370:7334", "-----",
		"1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0",
		"S-1-5-21-3623811015-3361044348-30300820-1013", ""};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		expect(lines[i], "");
}
END_TEST

/* Wherever the pass looks first. */
START_TEST(a_number_is_found_at_every_place)
{
	static const char *const numbers[] = {"cccd:001203012345", "phone:0912345678",
		"phone:0912 345 678", "card:4111 1111 1111 1111", "phone:024) 3825 1234"};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		for (size_t at = 0; at < 40; at++) {
			char text[120];

			snprintf(text, sizeof(text), "%.*s;%s;%.*s", (int)at,
				"................ a b c 1 2 3 ............",
				strchr(numbers[i], ':') + 1, (int)at,
				"........................................");
			expect(text, numbers[i]);
		}
	}
}
END_TEST

START_TEST(numbers_behind_a_name)
{
	size_t from, to;

	ck_assert(personal_number_behind(
		SLICE_LIT("CMND so: 012345678."), 4, 32, 9, 9, &from, &to));
	ck_assert_uint_eq(from, 9);
	ck_assert_uint_eq(to, 18);
	ck_assert(!personal_number_behind(SLICE_LIT("CMND 01234567"), 4, 32, 9, 9, &from, &to));
	ck_assert(
		!personal_number_behind(SLICE_LIT("CMND 0123456789"), 4, 32, 9, 9, &from, &to));
	ck_assert(!personal_number_behind(
		SLICE_LIT("CMND                     012345678"), 4, 8, 9, 9, &from, &to));
	ck_assert(!personal_number_behind(SLICE_LIT(""), 0, 8, 9, 9, &from, &to));
}
END_TEST

static void expect_canonical(enum personal_kind kind, const char *value, const char *canonical)
{
	char out[PERSONAL_EMAIL_MAX];

	ck_assert_slice_eq(
		personal_canonical(kind, slice_str(value), out), slice_str(canonical));
}

START_TEST(one_number_has_one_form)
{
	expect_canonical(PERSONAL_PHONE, "0912 345 678", "0912345678");
	expect_canonical(PERSONAL_PHONE, "84-912-345-678", "0912345678");
	expect_canonical(PERSONAL_PHONE, "0084912345678", "0912345678");
	expect_canonical(PERSONAL_PHONE, "024) 3825 1234", "02438251234");
	expect_canonical(PERSONAL_CARD, "4111 1111 1111 1111", "4111111111111111");
	expect_canonical(PERSONAL_EMAIL, "An@X.vn", "an@x.vn");
}
END_TEST

START_TEST(what_is_no_prefix_is_refused)
{
	static const char *const bad[] = {"", "0", "09", "91", "912", "09123", "0x1", "+84"};
	struct personal personal = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(
			!personal_add_phone_prefix(&personal, slice_str(bad[i])), "%s", bad[i]);
}
END_TEST

/* Numbers of all places of a text of digits and gaps: what is found is inside, once, in order,
 * and the work ends. */
START_TEST(any_text_of_digits_is_read_to_its_end)
{
	static const char bytes[] = "0123456789 .-)(+84a@";
	const struct personal personal = everything();
	unsigned seed = 5;

	for (int round = 0; round < 2000; round++) {
		char text[200];
		struct listing listing = {slice_of(text, sizeof(text)), STRBUF_INIT(1 << 16)};

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = bytes[(unsigned)rand_r(&seed) % (sizeof(bytes) - 1)];
		ck_assert(personal_find_numbers(&personal, listing.text, list, &listing));
		strbuf_done(&listing.out);
	}
}
END_TEST

TEST_MAIN("personal", ids_of_citizens_have_place_century_and_year,
	telephones_come_in_many_forms, cards_have_an_issuer_and_a_check_digit,
	emails_have_a_domain_of_two_labels, ordinary_numbers_of_logs_are_nobodys,
	a_number_is_found_at_every_place, numbers_behind_a_name, one_number_has_one_form,
	what_is_no_prefix_is_refused, any_text_of_digits_is_read_to_its_end)
