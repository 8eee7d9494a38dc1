#include <unistd.h>

#include "common/punycode.h"
#include "common/suffixes.h"
#include "tests/support/check.h"

static const char rules[] = "// a list\n\ncom\nuk\nco.uk\n*.ck\n!www.ck\njp\n*.kawasaki.jp\n"
			    "!city.kawasaki.jp\ns3.amazonaws.com with a remark\n"
			    "github.io\ncn\n\xe5\x85\xac\xe5\x8f\xb8.cn\n";

static struct suffixes *suffixes;

static void load(void)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	suffixes = suffixes_parse("list", slice_str(rules), &mistakes);
	ck_assert_msg(suffixes != NULL, "%s", strbuf_cstr(&mistakes));
	strbuf_done(&mistakes);
}

/* NULL = absent; `top_level` NULL: not divided at all. */
static void check_parts(
	const char *name, const char *registered, const char *subdomain, const char *top_level)
{
	struct domain_parts parts = {0};
	bool split = suffixes_split(suffixes, slice_str(name), &parts);

	ck_assert_msg(split == (top_level != NULL), "%s", name);
	ck_assert_slice_eq(parts.registered, slice_str(registered));
	ck_assert_slice_eq(parts.subdomain, slice_str(subdomain));
	ck_assert_slice_eq(parts.top_level, slice_str(top_level));
	ck_assert_int_eq(slice_absent(parts.registered), registered == NULL);
	ck_assert_int_eq(slice_absent(parts.subdomain), subdomain == NULL);
}

START_TEST(names_of_vn_are_divided_by_use_and_by_place)
{
	load();
	check_parts("a.sotttt.danang.gov.vn", "danang.gov.vn", "a.sotttt", "gov.vn");
	check_parts("danang.gov.vn", "danang.gov.vn", NULL, "gov.vn");
	check_parts("gov.vn", NULL, NULL, "gov.vn");
	check_parts("www.fpt.com.vn", "fpt.com.vn", "www", "com.vn");
	check_parts("hust.edu.vn", "hust.edu.vn", NULL, "edu.vn");
	check_parts("www.vnexpress.vn", "vnexpress.vn", "www", "vn");
	check_parts("shop.danang.vn", "shop.danang.vn", NULL, "danang.vn");
	check_parts("a.shop.thuathienhue.vn", "shop.thuathienhue.vn", "a", "thuathienhue.vn");
	check_parts("an.id.vn", "an.id.vn", NULL, "id.vn");
	check_parts("hue.vn", "hue.vn", NULL, "vn");
	suffixes_free(suffixes);
}
END_TEST

START_TEST(rules_wildcards_and_exceptions_follow_the_published_algorithm)
{
	load();
	check_parts("www.example.com", "example.com", "www", "com");
	check_parts("a.b.example.co.uk", "example.co.uk", "a.b", "co.uk");
	check_parts("co.uk", NULL, NULL, "co.uk");
	check_parts("test.ck", NULL, NULL, "test.ck");
	check_parts("a.b.test.ck", "b.test.ck", "a", "test.ck");
	check_parts("www.ck", "www.ck", NULL, "ck");
	check_parts("a.www.ck", "www.ck", "a", "ck");
	check_parts("c.kawasaki.jp", NULL, NULL, "c.kawasaki.jp");
	check_parts("b.c.kawasaki.jp", "b.c.kawasaki.jp", NULL, "c.kawasaki.jp");
	check_parts("city.kawasaki.jp", "city.kawasaki.jp", NULL, "kawasaki.jp");
	check_parts("a.s3.amazonaws.com", "a.s3.amazonaws.com", NULL, "s3.amazonaws.com");
	check_parts("x.amazonaws.com", "amazonaws.com", "x", "com");
	check_parts("an.github.io", "an.github.io", NULL, "github.io");
	check_parts("a.b.unknown", "b.unknown", "a", "unknown");
	suffixes_free(suffixes);
}
END_TEST

START_TEST(names_beyond_ascii_are_known_in_both_forms)
{
	load();
	check_parts("a.b.\xe5\x85\xac\xe5\x8f\xb8.cn", "b.\xe5\x85\xac\xe5\x8f\xb8.cn", "a",
		"\xe5\x85\xac\xe5\x8f\xb8.cn");
	check_parts("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn", "a", "xn--55qx5d.cn");
	check_parts("b.xn--hxajbheg2az3al.com", "xn--hxajbheg2az3al.com", "b", "com");
	suffixes_free(suffixes);
}
END_TEST

START_TEST(what_is_no_name_is_not_divided)
{
	char long_name[400];

	load();
	check_parts("a.example.com.", "example.com", "a", "com");
	check_parts("", NULL, NULL, NULL);
	check_parts(".", NULL, NULL, NULL);
	check_parts("..", NULL, NULL, NULL);
	check_parts("localhost", NULL, NULL, NULL);
	check_parts(".example.com", NULL, NULL, NULL);
	check_parts("a..example.com", NULL, NULL, NULL);
	check_parts("example.com..", NULL, NULL, NULL);
	check_parts("192.0.2.1", NULL, NULL, NULL);
	check_parts("2001:db8::1.2", NULL, NULL, NULL);
	memset(long_name, 'a', sizeof(long_name));
	memcpy(long_name + sizeof(long_name) - 5, ".com", 5);
	check_parts(long_name, NULL, NULL, NULL);
	suffixes_free(suffixes);
}
END_TEST

START_TEST(a_name_of_many_labels_is_divided_from_its_end)
{
	char name[300];
	struct domain_parts parts;

	load();
	for (size_t i = 0; i < 120; i++)
		memcpy(name + 2 * i, "a.", 2);
	memcpy(name + 240, "b.co.uk", 8);
	ck_assert(suffixes_split(suffixes, slice_str(name), &parts));
	ck_assert_slice_eq(parts.registered, SLICE_LIT("b.co.uk"));
	ck_assert_uint_eq(parts.subdomain.len, 239);
	suffixes_free(suffixes);
}
END_TEST

START_TEST(mistakes_of_a_list_have_their_line)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	ck_assert_ptr_null(suffixes_parse(
		"list", SLICE_LIT("com\na..b\n*\nx.*.y\n\xff\xfe.com\n"), &mistakes));
	ck_assert_str_eq(strbuf_cstr(&mistakes),
		"list:2:1: 'a..b' is no rule of a list of public suffixes\n"
		"list:3:1: '*' is no rule of a list of public suffixes\n"
		"list:4:1: 'x.*.y' is no rule of a list of public suffixes\n"
		"list:5:1: '\\xff\\xfe.com' is no rule of a list of public suffixes\n");
	strbuf_reset(&mistakes);
	ck_assert_ptr_null(suffixes_load("/nowhere/list", &mistakes));
	ck_assert(strstr(strbuf_cstr(&mistakes), "/nowhere/list") != NULL);
	strbuf_done(&mistakes);
}
END_TEST

START_TEST(the_list_of_the_system_is_read_where_there_is_one)
{
	static const char path[] = "/usr/share/publicsuffix/public_suffix_list.dat";
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	if (access(path, R_OK) != 0)
		return;
	suffixes = suffixes_load(path, &mistakes);
	ck_assert_msg(suffixes != NULL, "%s", strbuf_cstr(&mistakes));
	ck_assert_uint_gt(suffixes_count(suffixes), 5000);
	check_parts("a.bbc.co.uk", "bbc.co.uk", "a", "co.uk");
	check_parts("shop.danang.vn", "shop.danang.vn", NULL, "danang.vn");
	check_parts("a.b.example.kobe.jp", "b.example.kobe.jp", "a", "example.kobe.jp");
	suffixes_free(suffixes);
	strbuf_done(&mistakes);
}
END_TEST

START_TEST(a_rule_has_no_more_labels_than_a_name_is_looked_at)
{
	static const char longest[] = "*.n.m.l.k.j.i.h.g.f.e.d.c.b.a\n";
	static const char *const longer[] = {"*.o.n.m.l.k.j.i.h.g.f.e.d.c.b.a\n",
		"p.o.n.m.l.k.j.i.h.g.f.e.d.c.b.a\n", "!p.o.n.m.l.k.j.i.h.g.f.e.d.c.b.a\n"};
	struct strbuf mistakes = STRBUF_INIT(1 << 16);

	suffixes = suffixes_parse("own.dat", slice_str(longest), &mistakes);
	ck_assert_msg(suffixes != NULL, "%s", strbuf_cstr(&mistakes));
	check_parts("z.y.x.n.m.l.k.j.i.h.g.f.e.d.c.b.a", "y.x.n.m.l.k.j.i.h.g.f.e.d.c.b.a", "z",
		"x.n.m.l.k.j.i.h.g.f.e.d.c.b.a");
	check_parts(
		"x.n.m.l.k.j.i.h.g.f.e.d.c.b.a", NULL, NULL, "x.n.m.l.k.j.i.h.g.f.e.d.c.b.a");
	suffixes_free(suffixes);
	for (size_t i = 0; i < ARRAY_LEN(longer); i++) {
		ck_assert_ptr_null(suffixes_parse("own.dat", slice_str(longer[i]), &mistakes));
		ck_assert(strstr(strbuf_cstr(&mistakes), "own.dat:1:1") != NULL);
		strbuf_reset(&mistakes);
	}
	strbuf_done(&mistakes);
}
END_TEST

/* RFC 3492 §7.1 (I), in lower case, and labels that cannot be. */
START_TEST(labels_are_written_as_dns_carries_them)
{
	static const struct {
		const char *label, *ascii;
	} samples[] = {
		{"gov", "gov"},
		{"b\xc3\xbc"
		 "cher",
			"xn--bcher-kva"},
		{"t\xe1\xba\xa1isaoh\xe1\xbb\x8dkh\xc3\xb4ngth\xe1\xbb\x83"
		 "ch\xe1\xbb\x89n\xc3\xb3iti\xe1\xba\xbfngvi\xe1\xbb\x87t",
			"xn--tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g"},
		{"\xe5\x85\xac\xe5\x8f\xb8", "xn--55qx5d"},
	};
	char out[DOMAIN_LABEL_MAX];
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		ck_assert(punycode_label(slice_str(samples[i].label), out, &len));
		ck_assert_slice_eq(slice_of(out, len), slice_str(samples[i].ascii));
	}
	ck_assert(!punycode_label(SLICE_LIT("\xff"), out, &len));
	char label[130];
	for (size_t i = 0; i < sizeof(label); i += 2)
		memcpy(label + i, "\xc3\xbc", 2);
	ck_assert(!punycode_label(slice_of(label, 130), out, &len));
	ck_assert(!punycode_label(slice_of(label, 124), out, &len));
}
END_TEST

TEST_MAIN("suffixes", a_rule_has_no_more_labels_than_a_name_is_looked_at,
	names_of_vn_are_divided_by_use_and_by_place,
	rules_wildcards_and_exceptions_follow_the_published_algorithm,
	names_beyond_ascii_are_known_in_both_forms, what_is_no_name_is_not_divided,
	a_name_of_many_labels_is_divided_from_its_end, mistakes_of_a_list_have_their_line,
	the_list_of_the_system_is_read_where_there_is_one,
	labels_are_written_as_dns_carries_them)
