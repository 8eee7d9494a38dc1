#include "collector/enrich/geo.h"

#include <stdio.h>

#include "common/clock.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

static const char *path_of(const char *variable)
{
	const char *path = getenv(variable);

	ck_assert_msg(path != NULL, "%s is not set", variable);
	return path;
}

static struct geo *load(const char *variable)
{
	struct err err;
	struct geo *geo = geo_load(path_of(variable), &err);

	ck_assert_msg(geo != NULL, "%s", err.text);
	return geo;
}

static struct geo_answer find(const struct geo *geo, const char *text)
{
	struct geo_answer answer = {0};
	struct netaddr addr;

	ck_assert(netaddr_parse(slice_str(text), &addr));
	ck_assert(geo_find(geo, &addr, &answer));
	return answer;
}

START_TEST(country_and_city_are_found_by_the_longest_prefix)
{
	struct geo *geo = load("SOC_TEST_CITY");

	ck_assert_slice_eq(find(geo, "1.52.0.1").country, SLICE_LIT("VN"));
	ck_assert_slice_eq(find(geo, "1.52.0.1").city, SLICE_LIT("Da Nang"));
	ck_assert(slice_absent(find(geo, "1.55.0.1").city));
	ck_assert_slice_eq(find(geo, "8.8.8.8").city, SLICE_LIT("Mountain View"));
	ck_assert_slice_eq(find(geo, "2001:ee0:1::1").country, SLICE_LIT("VN"));
	ck_assert(slice_absent(find(geo, "200.1.1.1").country));
	ck_assert_str_eq(geo_type(geo), "Test-City");
	ck_assert_int_eq(geo_built_ns(geo), INT64_C(1793491200) * CLOCK_NS_PER_S);
	geo_free(geo);
}
END_TEST

START_TEST(names_of_other_vendors_are_known)
{
	struct geo *geo = load("SOC_TEST_ASN");

	ck_assert_uint_eq(find(geo, "8.8.8.8").as_number, 15169);
	ck_assert_slice_eq(find(geo, "8.8.8.8").organization, SLICE_LIT("Google LLC"));
	ck_assert_uint_eq(find(geo, "2606:4700::1").as_number, 13335);
	ck_assert_slice_eq(
		find(geo, "2606:4700::1").organization, SLICE_LIT("Cloudflare, Inc."));
	geo_free(geo);
}
END_TEST

START_TEST(a_file_of_ipv4_knows_nothing_of_ipv6)
{
	struct geo *geo = load("SOC_TEST_FOUR");

	ck_assert_slice_eq(find(geo, "1.52.0.1").country, SLICE_LIT("VN"));
	ck_assert_slice_eq(find(geo, "1.52.0.1").city, SLICE_LIT("Hue"));
	ck_assert_uint_eq(find(geo, "203.162.4.1").as_number, 45899);
	ck_assert(slice_absent(find(geo, "2001:ee0::1").country));
	geo_free(geo);
}
END_TEST

START_TEST(what_is_known_already_is_left)
{
	struct geo *geo = load("SOC_TEST_CITY");
	struct geo_answer answer = {.country = SLICE_LIT("LA")};
	struct netaddr addr;

	ck_assert(netaddr_parse(SLICE_LIT("1.52.0.1"), &addr));
	ck_assert(geo_find(geo, &addr, &answer));
	ck_assert_slice_eq(answer.country, SLICE_LIT("LA"));
	ck_assert_slice_eq(answer.city, SLICE_LIT("Da Nang"));
	geo_free(geo);
}
END_TEST

static void read_all(struct strbuf *bytes)
{
	struct err err;

	ck_assert_msg(file_read(path_of("SOC_TEST_CITY"), bytes, &err), "%s", err.text);
}

static void ask_some(const struct geo *geo)
{
	static const char *const asked[] = {
		"0.0.0.0", "1.52.0.1", "8.8.8.8", "255.255.255.255", "2001:ee0::1", "::1"};
	struct geo_answer answer = {0};
	struct netaddr addr;

	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		ck_assert(netaddr_parse(slice_str(asked[i]), &addr));
		(void)!geo_find(geo, &addr, &answer);
	}
}

START_TEST(a_file_that_ends_early_is_refused_wherever_it_ends)
{
	struct strbuf bytes = STRBUF_INIT(1 << 20);

	read_all(&bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct err err;
		struct geo *geo = geo_from_bytes(slice_of(bytes.ptr, len), &err);

		if (geo != NULL) { /* of the metadata, what is not needed */
			ask_some(geo);
			geo_free(geo);
			ck_assert_uint_gt(len, bytes.len - 40);
		}
	}
	strbuf_done(&bytes);
}
END_TEST

START_TEST(a_flipped_byte_is_refused_or_harmless)
{
	struct strbuf bytes = STRBUF_INIT(1 << 20);
	unsigned refused = 0;

	read_all(&bytes);
	for (size_t at = 0; at < bytes.len; at++) {
		struct err err;

		bytes.ptr[at] = (char)~bytes.ptr[at];
		struct geo *geo = geo_from_bytes(strbuf_slice(&bytes), &err);
		if (geo != NULL)
			ask_some(geo);
		refused += geo == NULL;
		geo_free(geo);
		bytes.ptr[at] = (char)~bytes.ptr[at];
	}
	ck_assert_uint_gt(refused, bytes.len / 4);
	strbuf_done(&bytes);
}
END_TEST

/* As cp does it; a mapped file would end the program here. */
START_TEST(a_file_overwritten_in_place_stays_as_it_was_loaded)
{
	struct strbuf bytes = STRBUF_INIT(1 << 20);
	struct folder folder;
	struct err err;

	read_all(&bytes);
	folder_make(&folder);
	folder_write_at(&folder, "x.mmdb", strbuf_slice(&bytes), O_TRUNC);
	struct geo *geo = geo_load(folder_path(&folder, "x.mmdb"), &err);
	ck_assert_ptr_nonnull(geo);
	folder_replace(&folder, "x.mmdb", "");
	ck_assert_slice_eq(find(geo, "1.52.0.1").city, SLICE_LIT("Da Nang"));
	geo_free(geo);
	ck_assert_ptr_null(geo_load(folder_path(&folder, "x.mmdb"), &err));
	ck_assert(strstr(err.text, "x.mmdb: ") != NULL);
	folder_remove(&folder);
	strbuf_done(&bytes);
}
END_TEST

TEST_MAIN("geo", country_and_city_are_found_by_the_longest_prefix,
	names_of_other_vendors_are_known, a_file_of_ipv4_knows_nothing_of_ipv6,
	what_is_known_already_is_left, a_file_that_ends_early_is_refused_wherever_it_ends,
	a_flipped_byte_is_refused_or_harmless,
	a_file_overwritten_in_place_stays_as_it_was_loaded)
