#include "collector/detect/indicators/indicator.h"
#include "tests/support/check.h"

static struct indicator_key key;

/* What `text` is read as, "type value", or why not. */
static const char *read_as(enum indicator_type type, const char *text)
{
	static struct strbuf shown = STRBUF_INIT(INDICATOR_TEXT_MAX);
	const char *why = indicator_read(type, slice_str(text), &key);

	if (why != NULL)
		return why;
	strbuf_reset(&shown);
	strbuf_addf(&shown, "%s ", indicator_type_name((enum indicator_type)key.type));
	indicator_show((enum indicator_type)key.type, indicator_key_bytes(&key), &shown);
	return strbuf_cstr(&shown);
}

#define ck_reads(text, want) ck_assert_str_eq(read_as(INDICATOR_ANY, text), want)

START_TEST(a_type_is_known_by_its_look)
{
	ck_reads("198.51.100.7", "ip 198.51.100.7");
	ck_reads("2001:DB8::1", "ip 2001:db8::1");
	ck_reads("::ffff:198.51.100.7", "ip 198.51.100.7");
	ck_reads("198.51.100.0/24", "cidr 198.51.100.0/24");
	ck_reads("198.51.100.7/32", "ip 198.51.100.7");
	ck_reads("2001:db8::/32", "cidr 2001:db8::/32");
	ck_reads("198.51.100.7:8080", "ip-port 198.51.100.7:8080");
	ck_reads("[2001:db8::1]:443", "ip-port [2001:db8::1]:443");
	ck_reads("Evil.Example.", "domain evil.example");
	ck_reads("*.evil.example", "domain evil.example");
	ck_reads("_dmarc.evil.example", "domain _dmarc.evil.example");
	ck_reads("c\xc3\xb4ng.vn", "domain xn--cng-kna.vn");
	ck_reads("evil.example/a", "url evil.example/a");
	ck_reads("/gate.php", "url-path /gate.php");
	ck_reads("Bad@Evil.Example", "email bad@evil.example");
	ck_reads("44D88612FEA8A8F36DE82E1278ABB02F", "md5 44d88612fea8a8f36de82e1278abb02f");
	ck_reads("3395856ce81f2b7382dee72602f798b642f14140",
		"sha1 3395856ce81f2b7382dee72602f798b642f14140");
	ck_reads("275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
		"sha256 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f");
}
END_TEST

START_TEST(what_was_defanged_is_read)
{
	ck_reads("hxxp://evil[.]example/a(.)b", "url evil.example/a(.)b");
	ck_reads("hXXps[:]//evil[dot]example:8443/", "url evil.example:8443/");
	ck_reads("198[.]51.100(.)7", "ip 198.51.100.7");
	ck_reads("bad[@]evil[.]example", "email bad@evil.example");
	ck_reads("evil[.example", "domain evil.example");
}
END_TEST

START_TEST(urls_have_one_form)
{
	ck_reads("HTTP://user:pw@EVIL.example:80/a/./b/../c%41%2f?x=%7e#part",
		"url evil.example/a/cA%2F?x=~");
	ck_reads("https://evil.example:443", "url evil.example");
	ck_reads("https://evil.example:80/", "url evil.example:80/");
	ck_reads("http://evil.example", "url evil.example");
	ck_reads("http://evil.example/", "url evil.example/");
	ck_reads("http://evil.example/../../x", "url evil.example/x");
	ck_reads("http://evil.example/a/..", "url evil.example/");
	ck_reads("http://evil.example/a/.", "url evil.example/a/");
	ck_reads("http://evil.example?q", "url evil.example/?q");
	ck_reads("http://[2001:DB8::1]/a b", "url 2001:db8::1/a%20b");
	ck_reads("http://198.51.100.7/%zz", "url 198.51.100.7/%zz");
}
END_TEST

START_TEST(what_is_none_is_refused)
{
	static const char *const none[] = {"", " ", "word", "com", ".xyz", "198.51.100.1/24",
		"198.51.100.300", "a..b", "-", "http://", "http://a:99999/", "http:///x", "a@b",
		"@evil.example", "//evil.example/x", "/", "198.51.100.7::80", "evil.example:x",
		"not good.example", "44d88612fea8a8f36de82e1278abb02g"};

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(indicator_read(INDICATOR_ANY, slice_str(none[i]), &key) != NULL,
			"'%s' was read as %s", none[i], read_as(INDICATOR_ANY, none[i]));
	ck_assert_ptr_nonnull(indicator_read(INDICATOR_MD5, SLICE_LIT("evil.example"), &key));
}
END_TEST

START_TEST(long_ones_are_refused_and_the_longest_fit)
{
	char text[INDICATOR_TEXT_MAX + 100];

	memset(text, 'a', sizeof(text));
	memcpy(text, "http://evil.example/", 20);
	for (size_t len = INDICATOR_SIZE_MAX - 40; len < sizeof(text); len++) {
		const char *why = indicator_read(INDICATOR_ANY, slice_of(text, len), &key);

		ck_assert_int_eq(why == NULL, len - 7 <= INDICATOR_SIZE_MAX);
	}
	memset(text, '/', sizeof(text));
	ck_assert_ptr_nonnull(
		indicator_read(INDICATOR_PATH, slice_of(text, sizeof(text)), &key));
	memset(text, 0xe1, sizeof(text));
	ck_assert_ptr_nonnull(
		indicator_read(INDICATOR_ANY, slice_of(text, INDICATOR_TEXT_MAX - 10), &key));
}
END_TEST

START_TEST(useless_ones_are_known)
{
	static const char *const useless[] = {
		"0.0.0.0/0", "128.0.0.0/1", "127.0.0.1", "::1", "0.0.0.0", "::", "2000::/8"};

	for (size_t i = 0; i < ARRAY_LEN(useless); i++) {
		ck_assert_ptr_null(indicator_read(INDICATOR_ANY, slice_str(useless[i]), &key));
		ck_assert_msg(indicator_useless(&key) != NULL, "%s", useless[i]);
	}
	ck_reads("198.0.0.0/8", "cidr 198.0.0.0/8");
	ck_assert_ptr_null(indicator_useless(&key));
}
END_TEST

TEST_MAIN("indicator", a_type_is_known_by_its_look, what_was_defanged_is_read,
	urls_have_one_form, what_is_none_is_refused, long_ones_are_refused_and_the_longest_fit,
	useless_ones_are_known)
