#include "common/netaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/support/check.h"

static struct netaddr address(const char *text)
{
	struct netaddr addr = {0};

	ck_assert_msg(netaddr_parse(slice_str(text), &addr), "%s", text);
	return addr;
}

static void check_text(const char *written, const char *canonical)
{
	char text[NETADDR_TEXT_MAX];
	struct netaddr addr = address(written);

	ck_assert_uint_eq(netaddr_format(&addr, text), strlen(canonical));
	ck_assert_str_eq(text, canonical);
}

START_TEST(addresses_are_written_as_rfc_5952_says)
{
	check_text("0.0.0.0", "0.0.0.0");
	check_text("255.255.255.255", "255.255.255.255");
	check_text("10.0.20.100", "10.0.20.100");
	check_text("::", "::");
	check_text("::1", "::1");
	check_text("1::", "1::");
	check_text("2001:DB8::0:1", "2001:db8::1");
	check_text("2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1");
	check_text("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"); /* one group stays */
	check_text("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");          /* the longest run */
	check_text("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");    /* the first of equals */
	check_text("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
	check_text("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");
	check_text("64:ff9b::192.0.2.33", "64:ff9b::c000:221");
	check_text("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304");
	check_text("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}
END_TEST

START_TEST(a_mapped_address_is_ipv4)
{
	check_text("::ffff:192.0.2.1", "192.0.2.1");
	check_text("::FFFF:c000:0201", "192.0.2.1");
	struct netaddr mapped = address("::ffff:10.1.2.3"), plain = address("10.1.2.3");
	ck_assert(netaddr_eq(&mapped, &plain));
	ck_assert(netaddr_is_v4(&mapped));
	struct netaddr compatible = address("::10.1.2.3");
	ck_assert(!netaddr_is_v4(&compatible));
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
	static const char *const bad[] = {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3.4",
		"1..2.3", "01.2.3.4", "1.2.3.04", "00.0.0.0", "256.1.1.1", "1.2.3.1000",
		"0x7f.0.0.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", "1.2.3.4:80", "2130706433",
		"+1.2.3.4", ":", ":::", "::1::", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1::2:3:4:5:6:7:8", "12345::", "::g", "fe80::1%eth0", "[::1]",
		"1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7:8", "::1:", "1:2:3:4:5:6:7:1.2.3.4",
		"::1.2.3", "::1.2.3.4:5", "::01.2.3.4", "::12345.1.1.1", "1.2.3.4::", "::\n",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000"};
	struct netaddr addr = {7, 8};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!netaddr_parse(slice_str(bad[i]), &addr), "%s", bad[i]);
	ck_assert(!netaddr_parse(SLICE_NONE, &addr));
	ck_assert(!netaddr_parse(slice_of("1.2.3.4\0", 8), &addr));
	ck_assert(addr.high == 7 && addr.low == 8);
}
END_TEST

START_TEST(sockets_give_addresses)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct netaddr addr, expected = address("192.0.2.7");

	v4.sin_addr.s_addr = htonl(0xc0000207);
	ck_assert(netaddr_from_sockaddr((const struct sockaddr *)&v4, &addr));
	ck_assert(netaddr_eq(&addr, &expected));
	ck_assert_int_eq(inet_pton(AF_INET6, "::ffff:192.0.2.7", &v6.sin6_addr), 1);
	ck_assert(netaddr_from_sockaddr((const struct sockaddr *)&v6, &addr));
	ck_assert(netaddr_eq(&addr, &expected));
	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8::5", &v6.sin6_addr), 1);
	expected = address("2001:db8::5");
	ck_assert(netaddr_from_sockaddr((const struct sockaddr *)&v6, &addr));
	ck_assert(netaddr_eq(&addr, &expected));
	v4.sin_family = AF_UNIX;
	ck_assert(!netaddr_from_sockaddr((const struct sockaddr *)&v4, &addr));
}
END_TEST

START_TEST(addresses_have_an_order)
{
	struct netaddr a = address("9.0.0.0"), b = address("10.0.0.0"), c = address("2001::");

	ck_assert_int_lt(netaddr_compare(&a, &b), 0);
	ck_assert_int_gt(netaddr_compare(&c, &b), 0);
	ck_assert_int_eq(netaddr_compare(&b, &b), 0);
}
END_TEST

static bool holds(const char *prefix_text, const char *text)
{
	struct netprefix prefix;
	struct netaddr addr = address(text);
	struct err err;

	ck_assert_msg(netprefix_parse(slice_str(prefix_text), &prefix, &err), "%s: %s",
		prefix_text, err.text);
	return netprefix_holds(&prefix, &addr);
}

START_TEST(a_prefix_holds_its_addresses_and_no_others)
{
	ck_assert(holds("10.0.0.0/8", "10.255.255.255"));
	ck_assert(!holds("10.0.0.0/8", "11.0.0.0"));
	ck_assert(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
	ck_assert(holds("0.0.0.0/0", "203.0.113.9"));
	ck_assert(!holds("0.0.0.0/0", "2001::"));
	ck_assert(holds("192.0.2.1", "192.0.2.1"));
	ck_assert(!holds("192.0.2.1/32", "192.0.2.0"));
	ck_assert(holds("192.0.2.0/31", "192.0.2.1"));
	ck_assert(holds("::/0", "2001::1"));
	ck_assert(!holds("::/0", "10.0.0.1"));
	ck_assert(holds("2001:db8::/32", "2001:db8:ffff::1"));
	ck_assert(!holds("2001:db8::/32", "2001:db9::"));
	ck_assert(holds("2001:db8:0:8000::/49", "2001:db8:0:8fff::") ==
		  holds("2001:db8:0:8000::/50", "2001:db8:0:8fff::"));
	ck_assert(holds("2001:db8::/64", "2001:db8::ffff:0:0:1"));
	ck_assert(!holds("2001:db8::/65", "2001:db8::ffff:0:0:1"));
	ck_assert(holds("::1/128", "::1"));
	ck_assert(holds("::ffff:10.0.0.0/104", "10.2.3.4"));
}
END_TEST

static void check_prefix_refused(const char *text, const char *words)
{
	struct netprefix prefix;
	struct err err;

	ck_assert_msg(!netprefix_parse(slice_str(text), &prefix, &err), "%s", text);
	ck_assert_str_eq(err.text, words);
}

START_TEST(what_is_no_prefix_is_refused_with_words)
{
	const char *length = "not a length of a prefix behind the '/'";

	check_prefix_refused("ten", "not an IP address or prefix");
	check_prefix_refused("", "not an IP address or prefix");
	check_prefix_refused("10.0.0.0/33", length);
	check_prefix_refused("10.0.0.0/", length);
	check_prefix_refused("10.0.0.0/08", length);
	check_prefix_refused("10.0.0.0/-1", length);
	check_prefix_refused("::/129", length);
	check_prefix_refused("::ffff:0:0/95", length);
	check_prefix_refused("10.0.0.0/8/8", length);
	check_prefix_refused("10.0.0.0/255.0.0.0", length);
	check_prefix_refused(
		"10.1.2.3/8", "bits are set beyond the prefix; the network is 10.0.0.0/8");
	check_prefix_refused("2001:db8::1/64",
		"bits are set beyond the prefix; the network is 2001:db8::/64");
}
END_TEST

START_TEST(prefixes_are_written_canonically)
{
	static const char *const texts[][2] = {{"10.0.0.0/8", "10.0.0.0/8"},
		{"192.0.2.1", "192.0.2.1/32"}, {"0.0.0.0/0", "0.0.0.0/0"}, {"::/0", "::/0"},
		{"2001:DB8::/32", "2001:db8::/32"}, {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"}};
	char text[NETPREFIX_TEXT_MAX];
	struct netprefix prefix;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		ck_assert(netprefix_parse(slice_str(texts[i][0]), &prefix, NULL));
		ck_assert_uint_eq(netprefix_format(&prefix, text), strlen(texts[i][1]));
		ck_assert_str_eq(text, texts[i][1]);
	}
}
END_TEST

START_TEST(special_addresses_are_known)
{
	static const struct {
		const char *text;
		enum netaddr_scope scope;
	} cases[] = {
		{"8.8.8.8", NETADDR_GLOBAL},
		{"172.15.255.255", NETADDR_GLOBAL},
		{"172.16.0.1", NETADDR_PRIVATE},
		{"172.31.255.255", NETADDR_PRIVATE},
		{"172.32.0.0", NETADDR_GLOBAL},
		{"192.168.1.1", NETADDR_PRIVATE},
		{"10.9.8.7", NETADDR_PRIVATE},
		{"100.127.255.255", NETADDR_PRIVATE},
		{"127.0.0.53", NETADDR_LOOPBACK},
		{"169.254.1.1", NETADDR_LINK_LOCAL},
		{"239.1.1.1", NETADDR_MULTICAST},
		{"255.255.255.255", NETADDR_RESERVED},
		{"0.1.2.3", NETADDR_RESERVED},
		{"192.0.0.9", NETADDR_GLOBAL},
		{"192.0.0.8", NETADDR_RESERVED},
		{"203.0.113.77", NETADDR_RESERVED},
		{"198.19.0.0", NETADDR_RESERVED},
		{"::", NETADDR_RESERVED},
		{"::1", NETADDR_LOOPBACK},
		{"::2", NETADDR_RESERVED},
		{"::ffff:127.0.0.1", NETADDR_LOOPBACK},
		{"fe80::1", NETADDR_LINK_LOCAL},
		{"fd12::1", NETADDR_PRIVATE},
		{"ff02::1", NETADDR_MULTICAST},
		{"2001:db8::1", NETADDR_RESERVED},
		{"2001:1::1", NETADDR_RESERVED},
		{"2405:4800::1", NETADDR_GLOBAL},
		{"64:ff9b::8.8.8.8", NETADDR_GLOBAL},
		{"fec0::1", NETADDR_RESERVED},
		{"4000::", NETADDR_RESERVED},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct netaddr addr = address(cases[i].text);

		ck_assert_msg(netaddr_scope(&addr) == cases[i].scope, "%s", cases[i].text);
	}
}
END_TEST

TEST_MAIN("netaddr", addresses_are_written_as_rfc_5952_says, a_mapped_address_is_ipv4,
	what_is_no_address_is_refused, sockets_give_addresses, addresses_have_an_order,
	a_prefix_holds_its_addresses_and_no_others, what_is_no_prefix_is_refused_with_words,
	prefixes_are_written_canonically, special_addresses_are_known)
