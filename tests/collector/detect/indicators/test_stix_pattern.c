#include "collector/detect/indicators/stix_pattern.h"
#include "tests/support/check.h"

/* "type=value ...", then " !what" for what could not be used; "? why" for no pattern. */
static const char *values_of(const char *pattern)
{
	static struct strbuf shown = STRBUF_INIT(1 << 16);
	struct stix_values values;
	struct arena arena = {0};
	struct err err = {0};

	arena_init(&arena, 4 << 20);
	strbuf_reset(&shown);
	if (!stix_pattern_read(slice_str(pattern), &arena, &values, &err)) {
		strbuf_addf(&shown, "? %s", err.text);
	} else {
		for (size_t i = 0; i < values.n; i++)
			strbuf_addf(&shown, "%s%s=%.*s", i > 0 ? " " : "",
				indicator_type_name(values.items[i].type),
				SLICE_FMT(values.items[i].text));
		if (values.n_unusable > 0)
			strbuf_addf(&shown, " !%zu", values.n_unusable);
	}
	arena_done(&arena);
	return strbuf_cstr(&shown);
}

#define ck_values(pattern, want) ck_assert_str_eq(values_of(pattern), want)

START_TEST(single_values_are_found)
{
	ck_values("[ipv4-addr:value = '198.51.100.7']", "ip=198.51.100.7");
	ck_values(" [ domain-name:value='evil.example' ] ", "domain=evil.example");
	ck_values("[url:value = 'http://e.example/it\\'s']", "url=http://e.example/it's");
	ck_values("[file:hashes.'SHA-256' = 'aa']", "sha256=aa");
	ck_values("[file:hashes.MD5 = 'aa']", "md5=aa");
	ck_values("[process:binary_ref.hashes.'SHA-1' = 'aa']", "sha1=aa");
	ck_values("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "ip=198.51.100.0/24");
	ck_values("[domain-name:value IN ('a.example', 'b.example')]",
		"domain=a.example domain=b.example");
	ck_values("[domain-name:value LIKE '%.evil.example']", "domain=evil.example");
	ck_values("[email-message:from_ref.value = 'a@b.example']", "email=a@b.example");
}
END_TEST

START_TEST(each_of_an_or_counts)
{
	ck_values("[ipv4-addr:value = 'a' OR domain-name:value = 'b']", "ip=a domain=b");
	ck_values("[ipv4-addr:value = 'a'] OR [url:value = 'b']", "ip=a url=b");
	ck_values("([ipv4-addr:value = 'a']) OR ([url:value = 'b'] OR [url:value = 'c'])",
		"ip=a url=b url=c");
	ck_values("[ipv4-addr:value = 'a' OR file:name = 'x']", "ip=a !1");
}
END_TEST

START_TEST(of_an_and_only_what_decides_counts)
{
	ck_values("[file:name = 'x' AND file:hashes.MD5 = 'aa']", "md5=aa");
	ck_values("[file:hashes.MD5 = 'aa' AND file:size = 12]", "md5=aa");
	ck_values("[file:hashes.MD5 = 'a' AND file:hashes.'SHA-1' = 'b']", "md5=a sha1=b");
	ck_values("[(file:hashes.MD5 = 'a' OR file:hashes.MD5 = 'b') AND file:name = 'x']",
		"md5=a md5=b");
	ck_values("[ipv4-addr:value = '198.51.100.7' AND network-traffic:dst_port = 80]",
		"ip-port=198.51.100.7:80");
	ck_values("[network-traffic:dst_port = 80 AND "
		  "network-traffic:dst_ref.value = '2001:db8::1']",
		"ip-port=[2001:db8::1]:80");
	ck_values("[domain-name:value = 'a' AND url:value = 'b']", " !1");
	ck_values("[file:name = 'x' AND file:size = 12]", " !1");
}
END_TEST

START_TEST(what_a_single_value_does_not_decide_is_counted)
{
	ck_values("[ipv4-addr:value != '198.51.100.7']", " !1");
	ck_values("[ipv4-addr:value NOT = '198.51.100.7']", " !1");
	ck_values("[domain-name:value NOT IN ('a', 'b')]", " !1");
	ck_values("[domain-name:value MATCHES '^a']", " !1");
	ck_values("[url:value LIKE 'http://a/%']", " !1");
	ck_values("[ipv4-addr:value = 'a'] AND [url:value = 'b']", " !1");
	ck_values(
		"[ipv4-addr:value = 'a'] FOLLOWEDBY [url:value = 'b'] WITHIN 5 SECONDS", " !1");
	ck_values("[ipv4-addr:value = 'a'] REPEATS 5 TIMES", " !1");
	ck_values("[EXISTS windows-registry-key:values]", " !1");
	ck_values("[x509-certificate:hashes.'SHA-1' = 'aa']", " !1");
	ck_values("[windows-registry-key:key = 'HKLM\\\\x']", " !1");
}
END_TEST

START_TEST(no_pattern_is_said_with_its_place)
{
	static const char *const none[] = {"", "[", "[]", "[ipv4-addr:value]",
		"[ipv4-addr:value =]", "[ipv4-addr:value = 'a", "[ipv4-addr:value = 'a'",
		"[ipv4-addr:value = 'a']]", "ipv4-addr:value = 'a'", "[a OR]",
		"[ipv4-addr:value = 'a' AND]", "[ipv4-addr:value IN 'a']",
		"[ipv4-addr:value IN ('a'", "[(ipv4-addr:value = 'a']", "rule x { }"};

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(
			values_of(none[i])[0] == '?', "%s: %s", none[i], values_of(none[i]));
	ck_values("[ipv4-addr:value ~ 'a']", "? column 18: no operator behind a path");
}
END_TEST

START_TEST(nesting_and_numbers_are_bounded)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	for (unsigned i = 0; i < 10000; i++)
		strbuf_add_str(&text, "(");
	ck_assert_int_eq(values_of(strbuf_cstr(&text))[0], '?');
	strbuf_reset(&text);
	strbuf_add_str(&text, "[");
	for (unsigned i = 0; i < 10000; i++)
		strbuf_add_str(&text, "(");
	ck_assert_int_eq(values_of(strbuf_cstr(&text))[0], '?');
	strbuf_reset(&text);
	strbuf_add_str(&text, "[ipv4-addr:value IN ('a'");
	for (unsigned i = 0; i < STIX_VALUES_MAX; i++)
		strbuf_add_str(&text, ",'a'");
	strbuf_add_str(&text, ")]");
	ck_assert_int_eq(values_of(strbuf_cstr(&text))[0], '?');
	strbuf_done(&text);
}
END_TEST

TEST_MAIN("stix pattern", single_values_are_found, each_of_an_or_counts,
	of_an_and_only_what_decides_counts, what_a_single_value_does_not_decide_is_counted,
	no_pattern_is_said_with_its_place, nesting_and_numbers_are_bounded)
