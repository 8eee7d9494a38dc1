#include <stdio.h>

#include "collector/enrich/networks.h"
#include "collector/enrich/ranges.h"
#include "common/address_map.h"
#include "tests/support/check.h"

static struct netaddr address(const char *text)
{
	struct netaddr addr = {0};

	ck_assert(netaddr_parse(slice_str(text), &addr));
	return addr;
}

static struct networks *parse(const char *text, const char *wrong)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct networks *networks =
		networks_parse("plan.yaml", slice_str(text), NULL, &mistakes);

	ck_assert_str_eq(strbuf_cstr(&mistakes), wrong);
	ck_assert_int_eq(networks == NULL, wrong[0] != '\0');
	strbuf_done(&mistakes);
	return networks;
}

static void check_zone(const struct networks *networks, const char *text, const char *zone)
{
	struct netaddr addr = address(text);
	const struct network *network = networks_find(networks, &addr);

	ck_assert_msg((network == NULL) == (zone == NULL), "%s", text);
	if (zone != NULL)
		ck_assert_slice_eq(network->zone, slice_str(zone));
}

START_TEST(the_longest_prefix_counts_whatever_the_order)
{
	struct networks *networks = parse("networks:\n"
					  "  - {prefixes: [10.47.5.128/25], zone: ward}\n"
					  "  - {prefixes: [10.0.0.0/8], zone: all}\n"
					  "  - {prefixes: [10.47.5.0/24], zone: hospital}\n"
					  "  - {prefixes: [10.47.5.129], zone: door}\n"
					  "  - {prefixes: [0.0.0.0/0], zone: v4}\n"
					  "  - {prefixes: [\"::/0\"], zone: v6}\n"
					  "  - {prefixes: [\"2001:db8:47::/48\"], zone: six}\n",
		"");

	check_zone(networks, "10.47.5.1", "hospital");
	check_zone(networks, "10.47.5.127", "hospital");
	check_zone(networks, "10.47.5.128", "ward");
	check_zone(networks, "10.47.5.129", "door");
	check_zone(networks, "10.47.5.130", "ward");
	check_zone(networks, "10.47.5.255", "ward");
	check_zone(networks, "10.47.6.0", "all");
	check_zone(networks, "10.0.0.0", "all");
	check_zone(networks, "9.255.255.255", "v4");
	check_zone(networks, "11.0.0.0", "v4");
	check_zone(networks, "255.255.255.255", "v4");
	check_zone(networks, "0.0.0.0", "v4");
	check_zone(networks, "2001:db8:47::1", "six");
	check_zone(networks, "2001:db8:48::1", "v6");
	check_zone(networks, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "v6");
	ck_assert_uint_eq(networks_count(networks), 7);
	networks_free(networks);
}
END_TEST

/* Against a look at every prefix. */
START_TEST(an_address_map_finds_what_a_search_of_all_finds)
{
	enum { PREFIXES = 400, ASKED = 20000 };
	static struct netprefix prefixes[PREFIXES];
	static struct address_span spans[PREFIXES];
	uint64_t state = 7;

	for (uint32_t i = 0; i < PREFIXES; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		unsigned bits = 96 + 4 + (unsigned)(state >> 33) % 13;
		uint64_t number = (state >> 40 & 0xffff) << 16;

		prefixes[i] =
			(struct netprefix){.first.low = UINT64_C(0xffff) << 32 |
							(number & ~(UINT64_MAX >> (bits - 64))),
				.bits = (uint8_t)bits};
		spans[i] = address_span_of(&prefixes[i], i);
	}
	struct address_map *map = address_map_new(spans, PREFIXES);
	for (unsigned asked = 0; asked < ASKED; asked++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		struct netaddr addr = {.low = UINT64_C(0xffff) << 32 | state >> 32};
		uint32_t got = address_map_find(map, &addr);
		int longest = -1;

		for (unsigned i = 0; i < PREFIXES; i++) {
			if (netprefix_holds(&prefixes[i], &addr) && prefixes[i].bits > longest)
				longest = prefixes[i].bits;
		}
		ck_assert_int_eq(got == ADDRESS_MAP_NONE ? -1 : prefixes[got].bits, longest);
	}
	address_map_free(map);
}
END_TEST

START_TEST(mistakes_of_a_plan_have_their_place)
{
	(void)parse("networks:\n"
		    "  - prefixes: [10.0.0.0/8, 10.0.0.1/8, x]\n"
		    "    system: 1\n"
		    "  - prefixes: [192.168.0.0/16, 10.0.0.0/8]\n"
		    "    agency: 3\n",
		"plan.yaml:3:13: a system needs its agency beside it\n"
		"plan.yaml:2:28: '10.0.0.1/8': bits are set beyond the prefix; the network is "
		"10.0.0.0/8\n"
		"plan.yaml:2:40: 'x': not an IP address or prefix\n"
		"plan.yaml:4:32: '10.0.0.0/8' stands on line 2 already\n");
}
END_TEST

START_TEST(a_plan_names_agencies_and_systems_of_the_register)
{
	static const char text[] =
		"province: {code: H47, name: T}\n"
		"agencies:\n"
		"  - number: 3\n"
		"    attributes: [{from: 2021-01-01, identifier: H47.05, name: Y}]\n"
		"    systems: [{number: 1, name: S, level: 2}]\n";
	struct strbuf words = STRBUF_INIT(1 << 16);
	struct agency_register *agencies =
		agencies_parse("agencies.yaml", slice_str(text), &words, &words);

	ck_assert_msg(agencies != NULL, "%s", strbuf_cstr(&words));
	strbuf_reset(&words);
	ck_assert_ptr_null(networks_parse("plan.yaml",
		SLICE_LIT("networks:\n"
			  "  - {prefixes: [10.0.0.0/8], agency: 3, system: 1}\n"
			  "  - {prefixes: [10.1.0.0/16], agency: 4}\n"
			  "  - {prefixes: [10.2.0.0/16], agency: 3, system: 2}\n"),
		agencies, &words));
	ck_assert_str_eq(strbuf_cstr(&words),
		"plan.yaml:3:39: there is no agency 4 in the register\n"
		"plan.yaml:4:50: agency 3 has no system 2\n");
	agencies_unref(agencies);
	strbuf_done(&words);
}
END_TEST

/* ---- ranges ----------------------------------------------------------------- */

static void check_ranges(const char *text, size_t n, const char *wrong)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct ranges ranges = {0};
	bool good = ranges_parse(&ranges, "file", slice_str(text), &mistakes);

	ck_assert_str_eq(strbuf_cstr(&mistakes), wrong);
	ck_assert_int_eq(good, wrong[0] == '\0');
	if (good)
		ck_assert_uint_eq(ranges.n, n);
	ranges_done(&ranges);
	strbuf_done(&mistakes);
}

START_TEST(prefixes_and_registry_statistics_are_read)
{
	static const char delegated[] =
		"2|apnic|20261101|84000|19830613|20261031|+1000\n"
		"apnic|*|asn|*|12000|summary\n"
		"apnic|VN|asn|18403|1|20000101|allocated\n"
		"apnic|VN|ipv4|1.52.0.0|262144|20100901|allocated\n"
		"apnic|VN|ipv4|103.1.0.0|768|20100901|assigned|A92|e-stats\n"
		"apnic|VN|ipv4|192.0.2.0|256|20100901|reserved\n"
		"apnic|CN|ipv4|1.0.1.0|256|20110414|allocated\n"
		"apnic|VN|ipv6|2001:ee0::|32|20060101|allocated\r\n";
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct ranges ranges = {0};

	ck_assert_msg(ranges_parse(&ranges, "file", slice_str(delegated), &mistakes), "%s",
		strbuf_cstr(&mistakes));
	struct address_map *map = address_map_new(ranges.spans, ranges.n);
	static const struct {
		const char *text;
		bool vn;
	} asked[] = {{"1.51.255.255", false}, {"1.52.0.0", true}, {"1.55.255.255", true},
		{"1.56.0.0", false}, {"103.1.2.255", true}, {"103.1.3.0", false},
		{"192.0.2.1", false}, {"1.0.1.1", false}, {"2001:ee0:ffff::1", true},
		{"2001:ee1::", false}};
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct netaddr addr = address(asked[i].text);

		ck_assert_msg((address_map_find(map, &addr) == 0) == asked[i].vn, "%s",
			asked[i].text);
	}
	address_map_free(map);
	ranges_done(&ranges);
	strbuf_done(&mistakes);
	check_ranges("# of VN\n\n1.52.0.0/14 # FPT\n  2001:ee0::/32  \n203.0.113.9\n", 3, "");
}
END_TEST

START_TEST(mistakes_of_ranges_have_their_line)
{
	check_ranges("# nothing\n", 0, "file: no range of Viet Nam is in it\n");
	check_ranges("apnic|CN|ipv4|1.0.1.0|256|20110414|allocated\n", 0,
		"file: no range of Viet Nam is in it\n");
	check_ranges("1.52.0.0/14\n<html>\n", 0,
		"file:2:1: '<html>': not an IP address or prefix\n");
	check_ranges("apnic|VN|ipv4|1.52.0.0|99999999999|20100901|allocated\n"
		     "apnic|VN|ipv4|255.255.255.0|512|20100901|allocated\n"
		     "apnic|VN|ipv6|2001:ee0::|999|20060101|allocated\n"
		     "a|b\n",
		0,
		"file:1:1: 'apnic|VN|ipv4|1.52.0.0|99999999999|20100901|allocated': no line of "
		"a registry's statistics\n"
		"file:2:1: 'apnic|VN|ipv4|255.255.255.0|512|20100901|allocated': no line of a "
		"registry's statistics\n"
		"file:3:1: 'apnic|VN|ipv6|2001:ee0::|999|20060101|allocated': no line of a "
		"registry's statistics\n"
		"file:4:1: 'a|b': no line of a registry's statistics\n");
}
END_TEST

START_TEST(the_shared_ranges_are_read_where_they_are)
{
	const char *data = getenv("SOC_SHARED_DATA");
	struct strbuf mistakes = STRBUF_INIT(1 << 16);
	struct ranges ranges = {0};
	char path[1024];

	if (data == NULL)
		return;
	for (unsigned version = 4; version <= 6; version += 2) {
		snprintf(path, sizeof(path), "%s/vn/ip-ranges/country/vn/ipv%u-aggregated.txt",
			data, version);
		ck_assert_msg(
			ranges_load(&ranges, path, &mistakes), "%s", strbuf_cstr(&mistakes));
	}
	ck_assert_uint_gt(ranges.n, 2000);
	ranges_done(&ranges);
	strbuf_done(&mistakes);
}
END_TEST

TEST_MAIN("networks", the_longest_prefix_counts_whatever_the_order,
	an_address_map_finds_what_a_search_of_all_finds, mistakes_of_a_plan_have_their_place,
	a_plan_names_agencies_and_systems_of_the_register,
	prefixes_and_registry_statistics_are_read, mistakes_of_ranges_have_their_line,
	the_shared_ranges_are_read_where_they_are)
