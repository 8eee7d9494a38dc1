/* What rules say and what fits: Sigma rules specification 2.1 and its modifiers appendix. */
#include "tests/collector/detect/sigma/rules_for_test.h"
#include "tests/support/check.h"

#define FITS(detection, json)  ck_assert_msg(detection_fits(detection, json), "%s", json)
#define FAILS(detection, json) ck_assert_msg(!detection_fits(detection, json), "%s", json)
#define WRONG(detection, says) ck_assert_str_eq(detection_mistake(detection), says)

START_TEST(a_map_is_an_and_a_list_is_an_or)
{
	const char *rule = "    s:\n      EventLog: Security\n      EventID: [517, 1102]\n"
			   "    condition: s\n";

	FITS(rule, "{\"EventLog\":\"security\",\"EventID\":1102}");
	FITS(rule, "{\"EventLog\":\"Security\",\"EventID\":\"517\"}");
	FAILS(rule, "{\"EventLog\":\"Security\",\"EventID\":518}");
	FAILS(rule, "{\"EventID\":517}");
}
END_TEST

START_TEST(maps_in_a_list_are_alternatives)
{
	const char *rule =
		"    s:\n      - Image|endswith: '\\\\example.exe'\n"
		"      - Description|contains: 'Test executable'\n    condition: s\n";

	FITS(rule, "{\"Image\":\"C:\\\\x\\\\EXAMPLE.exe\"}");
	FITS(rule, "{\"Description\":\"a test executable.\"}");
	FAILS(rule, "{\"Image\":\"example.exe\",\"Description\":\"test\"}");
}
END_TEST

START_TEST(keywords_are_looked_for_in_every_value)
{
	const char *rule = "    keywords:\n      - EVILSERVICE\n      - 'svchost.exe -n evil'\n"
			   "    condition: keywords\n";
	const char *both = "    keywords:\n      '|all': [one, two]\n    condition: keywords\n";

	FITS(rule, "{\"any\":{\"where\":\"the EvilService ran\"}}");
	FITS(rule, "{\"a\":[\"b\",\"SVCHOST.EXE -n EVIL\"]}");
	FAILS(rule, "{\"evilservice\":\"x\"}");
	FITS(both, "{\"a\":\"one\",\"b\":\"two\"}");
	FAILS(both, "{\"a\":\"one\"}");
}
END_TEST

START_TEST(null_is_absence_and_an_empty_text_is_none)
{
	const char *absent = "    s:\n      a: x\n      b: null\n    condition: s\n";
	const char *empty = "    s:\n      a: x\n      b: ''\n    condition: s\n";

	FITS(absent, "{\"a\":\"x\"}");
	FITS(absent, "{\"a\":\"x\",\"b\":null}");
	FAILS(absent, "{\"a\":\"x\",\"b\":\"\"}");
	FITS(empty, "{\"a\":\"x\",\"b\":\"\"}");
	FAILS(empty, "{\"a\":\"x\"}");
}
END_TEST

START_TEST(not_of_an_absent_field_is_true)
{
	const char *rule =
		"    s: {a: x}\n    filter: {b: y}\n    condition: s and not filter\n";

	FITS(rule, "{\"a\":\"x\"}");
	FITS(rule, "{\"a\":\"x\",\"b\":\"z\"}");
	FAILS(rule, "{\"a\":\"x\",\"b\":\"y\"}");
	FAILS(rule, "{\"a\":\"x\",\"b\":[\"z\",\"y\"]}");
}
END_TEST

START_TEST(all_wants_every_value)
{
	const char *rule = "    s:\n      c|contains|all: [' -a', ' -b']\n    condition: s\n";

	FITS(rule, "{\"c\":\"x -B -A\"}");
	FAILS(rule, "{\"c\":\"x -B\"}");
}
END_TEST

START_TEST(cased_neq_and_exists)
{
	FITS("    s: {a|cased: Xy}\n    condition: s\n", "{\"a\":\"Xy\"}");
	FAILS("    s: {a|cased: Xy}\n    condition: s\n", "{\"a\":\"xy\"}");
	FITS("    s: {b: 1, a|neq: xy}\n    condition: s\n", "{\"b\":1,\"a\":\"xz\"}");
	FITS("    s: {b: 1, a|neq: xy}\n    condition: s\n", "{\"b\":1}");
	FAILS("    s: {b: 1, a|neq: [xz, xy]}\n    condition: s\n", "{\"b\":1,\"a\":\"XY\"}");
	FITS("    s: {a|exists: true}\n    condition: s\n", "{\"a\":\"\"}");
	FAILS("    s: {a|exists: true}\n    condition: s\n", "{\"b\":\"\"}");
	FITS("    s: {b: 1, a|exists: false}\n    condition: s\n", "{\"b\":1}");
	FAILS("    s: {b: 1, a|exists: false}\n    condition: s\n", "{\"b\":1,\"a\":0}");
}
END_TEST

START_TEST(dashes_of_options_stand_for_each_other)
{
	const char *rule = "    s: {c|contains|windash: ' -enc '}\n    condition: s\n";

	FITS(rule, "{\"c\":\"powershell -ENC AA\"}");
	FITS(rule, "{\"c\":\"powershell /enc AA\"}");
	FITS(rule, "{\"c\":\"powershell \u2013enc AA\"}");
	FITS(rule, "{\"c\":\"powershell \u2015enc AA\"}");
	FAILS(rule, "{\"c\":\"powershell +enc AA\"}");
	/* only where an option begins */
	FAILS("    s: {c|windash: 'a-b'}\n    condition: s\n", "{\"c\":\"a/b\"}");
}
END_TEST

START_TEST(texts_in_base64_are_found_wherever_they_stand)
{
	const char *alone = "    s: {c|base64|contains: 'http://'}\n    condition: s\n";
	const char *within = "    s: {c|base64offset|contains: 'http://'}\n    condition: s\n";
	const char *wide = "    s: {c|wide|base64offset|contains: 'http'}\n    condition: s\n";

	FITS(alone, "{\"c\":\"x aHR0cDovLw== y\"}");
	FITS(within, "{\"c\":\"aHR0cDovL2EuYg==\"}");  /* http://a.b */
	FITS(within, "{\"c\":\"eGh0dHA6Ly9hLmI=\"}");  /* xhttp://a.b */
	FITS(within, "{\"c\":\"eHlodHRwOi8vYS5i\"}");  /* xyhttp://a.b */
	FAILS(within, "{\"c\":\"aHR0cHM6Ly9hLmI=\"}"); /* https://a.b */
	FITS(wide, "{\"c\":\"IABoAHQAdABwAHMA\"}");    /* " https" in UTF-16 */
	FAILS(wide, "{\"c\":\"aHR0cHM6Ly9hLmI=\"}");
}
END_TEST

START_TEST(utf_16_in_either_order_with_and_without_its_mark)
{
	FITS("    s: {c|utf16le: 'cmd'}\n    condition: s\n",
		"{\"c\":\"c\\u0000m\\u0000d\\u0000\"}");
	FITS("    s: {c|utf16be: 'cmd'}\n    condition: s\n",
		"{\"c\":\"\\u0000c\\u0000m\\u0000d\"}");
	FAILS("    s: {c|utf16: 'cmd'}\n    condition: s\n",
		"{\"c\":\"c\\u0000m\\u0000d\\u0000\"}");
}
END_TEST

START_TEST(regular_expressions_tell_case_apart_unless_told)
{
	FITS("    s: {c|re: '^a[0-9]+\\.exe$'}\n    condition: s\n", "{\"c\":\"a12.exe\"}");
	FAILS("    s: {c|re: '^a[0-9]+\\.exe$'}\n    condition: s\n", "{\"c\":\"A12.exe\"}");
	FITS("    s: {c|re|i: '^a[0-9]+\\.exe$'}\n    condition: s\n", "{\"c\":\"A12.EXE\"}");
	FITS("    s: {c|re|m: '^b$'}\n    condition: s\n", "{\"c\":\"a\\nb\\nc\"}");
	FAILS("    s: {c|re: 'a.b'}\n    condition: s\n", "{\"c\":\"a\\nb\"}");
	FITS("    s: {c|re|s: 'a.b'}\n    condition: s\n", "{\"c\":\"a\\nb\"}");
	/* alternatives, classes, groups and counts: no text that must be there is made up */
	FITS("    s: {c|re: 'alpha|beta'}\n    condition: s\n", "{\"c\":\"a beta\"}");
	FITS("    s: {c|re: '(alpha)?beta{2}x'}\n    condition: s\n", "{\"c\":\"betaax\"}");
	FITS("    s: {c|re: '[[:alpha:]]+1'}\n    condition: s\n", "{\"c\":\"zz1\"}");
	FITS("    s: {c|re: 'x[^]a]y'}\n    condition: s\n", "{\"c\":\"xby\"}");
	FITS("    s: {c|re: '(?x)a b c'}\n    condition: s\n", "{\"c\":\"abc\"}");
	FITS("    s: {c|re: '(?i)ABC'}\n    condition: s\n", "{\"c\":\"abc\"}");
	FITS("    s: {c|re: 'ab?c*d'}\n    condition: s\n", "{\"c\":\"ad\"}");
	FITS("    s: {c|re: '\\x41\\tB'}\n    condition: s\n", "{\"c\":\"A\\tB\"}");
}
END_TEST

/* What stands in a rule is looked for before its expression is asked: a text that need not be
 * there must not be one. */
START_TEST(no_text_is_asked_of_an_event_that_fits_without_it)
{
	FITS("    s: {f|re: 'abcdef{|gh}xyz'}\n    condition: s\n", "{\"f\":\"gh}xyz\"}");
	FITS("    s: {f|re: 'abc\\Q[\\E|def]'}\n    condition: s\n", "{\"f\":\"def]\"}");
	FITS("    s: {f|re: '(?^x)foo bar'}\n    condition: s\n", "{\"f\":\"foobar\"}");
	FITS("    s: {f|re: '(?Ux)foo bar'}\n    condition: s\n", "{\"f\":\"foobar\"}");
	FITS("    s: {f|re: 'foo(*ACCEPT)barbaz'}\n    condition: s\n", "{\"f\":\"foo\"}");
	FITS("    s: {f|re: 'foobar(?#x)?baz'}\n    condition: s\n", "{\"f\":\"foobabaz\"}");
	FITS("    s: {f|re: 'abc\\E?def'}\n    condition: s\n", "{\"f\":\"abdef\"}");
	/* a letter of three bytes, cut in the middle where the text is too long to be looked
	 * for */
	FITS("    s: {f|cased|endswith: '\u1ebeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}\n"
	     "    condition: s\n",
		"{\"f\":\"z\u1ebeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
	FITS("    s: {f|contains: ['x', '']}\n    condition: s\n", "{\"f\":\"y\"}");
	FITS("    a: {f|re: '.*'}\n    b: {g: 1}\n    c: {h: 2}\n    condition: 2 of them\n",
		"{\"f\":\"y\",\"h\":2}");
}
END_TEST

START_TEST(every_value_in_base64_may_stand_anywhere)
{
	const char *rule = "    s: {c|base64offset|contains|all: ['powershell', 'hidden']}\n"
			   "    condition: s\n";

	FITS(rule, "{\"c\":\"cG93ZXJzaGVsbCAtdyBoaWRkZW4=\"}"); /* powershell -w hidden */
	FAILS(rule, "{\"c\":\"cG93ZXJzaGVsbCAtdyA=\"}");
}
END_TEST

START_TEST(hostile_events_are_looked_at_in_part)
{
	struct rules_for_test rules;
	struct strbuf json = STRBUF_INIT(1 << 20);
	const unsigned deep = 100000;

	rules_for_test_load(
		&rules, "id: r\ndetection: {s: {f: x}, condition: s}\n", NULL, false);
	strbuf_add_str(&json, "{\"f\":");
	for (unsigned i = 0; i < deep; i++)
		strbuf_add_byte(&json, '[');
	strbuf_add_str(&json, "\"x\"");
	for (unsigned i = 0; i < deep; i++)
		strbuf_add_byte(&json, ']');
	strbuf_add_str(&json, ",\"g\":1}");
	ck_assert_uint_eq(rules_for_test_match(&rules, strbuf_cstr(&json), NULL), 0);
	ck_assert_uint_eq(rule_matcher_event(rules.matcher)->n_left_out, 1);
	/* an empty name, and one within it as long as may be */
	strbuf_reset(&json);
	strbuf_add_str(&json, "{\"\":{\"");
	for (unsigned i = 1; i < JSON_EVENT_NAME_MAX; i++)
		strbuf_add_byte(&json, 'k');
	strbuf_add_str(&json, "\":\"x\"},\"f\":\"x\"}");
	ck_assert_uint_eq(rules_for_test_match(&rules, strbuf_cstr(&json), NULL), 1);
	strbuf_done(&json);
	rules_for_test_done(&rules);
}
END_TEST

/* 'ab.*cd.*ef' takes the square of the text's length where it does not fit. */
START_TEST(a_regular_expression_sees_a_bounded_part_of_a_value)
{
	struct rules_for_test rules;
	struct strbuf json = STRBUF_INIT(2 << 20);

	rules_for_test_load(&rules,
		"id: r\ndetection: {s: {f|re: 'ab.*cd.*ef'}, condition: s}\n", NULL, false);
	strbuf_add_str(&json, "{\"f\":\"");
	while (json.len < EVENT_REGEX_VALUE_MAX * 8)
		strbuf_add_str(&json, "abcd");
	strbuf_add_str(&json, "\\n ef\"}");
	ck_assert_uint_eq(rules_for_test_match(&rules, strbuf_cstr(&json), NULL), 0);
	ck_assert_uint_eq(rule_matcher_event(rules.matcher)->n_left_out, 1);
	ck_assert_uint_eq(rule_matcher_event(rules.matcher)->regex_text, EVENT_REGEX_VALUE_MAX);
	strbuf_done(&json);
	rules_for_test_done(&rules);
}
END_TEST

START_TEST(rules_that_multiply_are_refused_and_the_others_work)
{
	struct strbuf text = STRBUF_INIT(4 << 20);
	struct rules_for_test rules;
	uint32_t first = 0;

	strbuf_add_str(&text, "id: big\ndetection:\n    s:\n        f: [v0");
	for (unsigned i = 1; i < 2000; i++)
		strbuf_addf(&text, ", v%u", i);
	strbuf_add_str(&text, "]\n    condition: s");
	for (unsigned i = 0; i < 1000; i++)
		strbuf_add_str(&text, " or s");
	strbuf_add_str(&text,
		"\n---\nid: wide\ndetection:\n"
		"    s: {f|expand: '%l%%l%%l%%l%%l%%missing%'}\n    condition: s\n"
		"---\nid: good\ndetection: {s: {f: x}, condition: s}\n");
	rules_for_test_load(&rules, strbuf_cstr(&text),
		"placeholders:\n  l: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]\n",
		false);
	ck_assert_uint_eq(rule_set_figures(rules.set).refused, 2);
	ck_assert_uint_eq(rules_for_test_match(&rules, "{\"f\":\"x\"}", &first), 1);
	ck_assert_uint_eq(first, 2);
	strbuf_done(&text);
	rules_for_test_done(&rules);
}
END_TEST

START_TEST(addresses_are_compared_with_prefixes)
{
	const char *four = "    s: {ip|cidr: 10.0.0.0/8}\n    condition: s\n";
	const char *six = "    s: {ip|cidr: ['fe80::/10', '::1/128']}\n    condition: s\n";

	FITS(four, "{\"ip\":\"10.200.1.1\"}");
	FAILS(four, "{\"ip\":\"11.0.0.1\"}");
	FAILS(four, "{\"ip\":\"10.1\"}");
	FITS(six, "{\"ip\":\"FE80::1234\"}");
	FITS(six, "{\"ip\":\"0:0:0:0:0:0:0:1\"}");
	FAILS(six, "{\"ip\":\"::2\"}");
}
END_TEST

START_TEST(numbers_and_parts_of_times_are_compared)
{
	const char *gte = "    s: {n|gte: 10}\n    condition: s\n";
	const char *night = "    s: {t|hour|lt: 6}\n    condition: s\n";

	FITS(gte, "{\"n\":10}");
	FITS(gte, "{\"n\":\"1e3\"}");
	FAILS(gte, "{\"n\":9.99}");
	FAILS(gte, "{\"n\":\"ten\"}");
	FITS("    s: {n|lt: -1.5}\n    condition: s\n", "{\"n\":-2}");
	FITS(night, "{\"t\":\"2026-11-22T05:59:59+07:00\"}");
	FAILS(night, "{\"t\":\"2026-11-22T06:00:00Z\"}");
	FITS("    s: {t|minute: 59}\n    condition: s\n", "{\"t\":\"2026-11-22 05:59:59\"}");
	FITS("    s: {t|day: 22}\n    condition: s\n", "{\"t\":\"2026-11-22\"}");
	FITS("    s: {t|month: 11}\n    condition: s\n",
		"{\"t\":\"2026-11-22T05:59:59.123Z\"}");
	FITS("    s: {t|year: 2026}\n    condition: s\n", "{\"t\":\"2026-11-22\"}");
	/* ISO 8601: 2026-12-31 is a Thursday of week 53, 2027-01-03 its Sunday */
	FITS("    s: {t|week: 53}\n    condition: s\n", "{\"t\":\"2027-01-03\"}");
	FITS("    s: {t|week: 1}\n    condition: s\n", "{\"t\":\"2027-01-04\"}");
	FITS("    s: {t|week: 1}\n    condition: s\n", "{\"t\":\"2025-12-29\"}");
}
END_TEST

START_TEST(a_field_is_compared_with_another)
{
	FITS("    s: {a|fieldref: b}\n    condition: s\n", "{\"a\":\"X\",\"b\":\"x\"}");
	FAILS("    s: {a|fieldref: b}\n    condition: s\n", "{\"a\":\"X\",\"b\":\"y\"}");
	FAILS("    s: {a|fieldref: b}\n    condition: s\n", "{\"a\":\"X\"}");
	FITS("    s: {a|fieldref|startswith: b}\n    condition: s\n",
		"{\"a\":\"xyz\",\"b\":\"xy\"}");
	FITS("    s: {c: 1, a|fieldref|neq: b}\n    condition: s\n",
		"{\"c\":1,\"a\":\"X\",\"b\":\"y\"}");
}
END_TEST

START_TEST(conditions_bind_not_before_and_before_or)
{
	const char *searches = "    a: {a: 1}\n    b: {b: 1}\n    c: {c: 1}\n";
	char rule[512];

	snprintf(rule, sizeof(rule), "%s    condition: a or b and not c\n", searches);
	FITS(rule, "{\"a\":1,\"c\":1}");
	FITS(rule, "{\"b\":1}");
	FAILS(rule, "{\"b\":1,\"c\":1}");
	snprintf(rule, sizeof(rule), "%s    condition: (a OR b) AND NOT c\n", searches);
	FAILS(rule, "{\"a\":1,\"c\":1}");
	snprintf(rule, sizeof(rule), "%s    condition: not not a and not (b or c)\n", searches);
	FITS(rule, "{\"a\":1}");
	FAILS(rule, "{\"a\":1,\"b\":1}");
	snprintf(
		rule, sizeof(rule), "%s    condition:\n      - a\n      - b and c\n", searches);
	FITS(rule, "{\"b\":1,\"c\":1}");
	FAILS(rule, "{\"b\":1}");
}
END_TEST

START_TEST(searches_are_counted)
{
	const char *searches = "    sel_1: {a: 1}\n    sel_2: {b: 1}\n    sel_3: {c: 1}\n"
			       "    _hidden: {d: 1}\n";
	char rule[512];

	snprintf(rule, sizeof(rule), "%s    condition: 1 of sel_*\n", searches);
	FITS(rule, "{\"b\":1}");
	FAILS(rule, "{\"d\":1}");
	snprintf(rule, sizeof(rule), "%s    condition: 2 of them\n", searches);
	FITS(rule, "{\"c\":1,\"a\":1}");
	FAILS(rule, "{\"c\":1,\"d\":1}");
	snprintf(rule, sizeof(rule), "%s    condition: all of them\n", searches);
	FITS(rule, "{\"c\":1,\"a\":1,\"b\":1}");
	FAILS(rule, "{\"a\":1,\"b\":1}");
	snprintf(rule, sizeof(rule), "%s    condition: sel_1 and not 1 of _hid*\n", searches);
	FITS(rule, "{\"a\":1}");
	FAILS(rule, "{\"a\":1,\"d\":1}");
	snprintf(rule, sizeof(rule), "%s    condition: any of *_3\n", searches);
	FITS(rule, "{\"c\":1}");
}
END_TEST

START_TEST(a_rule_of_absence_alone_says_nothing_about_an_event_of_anywhere)
{
	const char *rule = "    filter: {a: 1}\n    condition: not filter\n";

	FAILS(rule, "{\"b\":1}");
	FITS(rule, "{\"a\":2}");
}
END_TEST

START_TEST(mistakes_are_told_with_their_place)
{
	WRONG("    s: {a: 1}\n    condition: s and t\n",
		"5:22: condition: there is no search of the name 't'");
	WRONG("    s: {a: 1}\n    condition: (s\n",
		"5:16: condition: there is no closing bracket for '('");
	WRONG("    s: {a: 1}\n    condition: s | count() > 5\n",
		"5:18: condition: counting behind a bar is not in Sigma 2; write a correlation "
		"rule: '|'");
	WRONG("    s: {a: 1}\n    condition: 1 of filter*\n",
		"5:21: condition: no search fits the name 'filter*'");
	WRONG("    s: {a: 1}\n    condition: ''\n",
		"5:17: condition: it ends where a search should stand");
	WRONG("    s: {a|contain: 1}\n    condition: s\n", "4:9: no such modifier: 'contain'");
	WRONG("    s: {a|re|contains: 1}\n    condition: s\n",
		"4:9: contains, startswith and endswith are for texts");
	WRONG("    s: {a|re: '('}\n    condition: s\n",
		"4:15: a regular expression, at byte 2: missing closing parenthesis");
	WRONG("    s: {a|cidr: 10.0.0.1/8}\n    condition: s\n",
		"4:17: bits are set beyond the prefix; the network is 10.0.0.0/8");
	WRONG("    s: {a|gt: big}\n    condition: s\n", "4:15: a number should stand here");
	WRONG("    s: {a: []}\n    condition: s\n", "4:12: the list is empty");
	WRONG("    s: {a: {b: 1}}\n    condition: s\n",
		"4:12: a mapping, where a value or a list of values should stand");
	WRONG("    s: {a|base64: 'x*'}\n    condition: s\n",
		"4:19: a value with wildcards or windash cannot be base64");
	WRONG("    s: {a: 1}\n",
		"4:5: detection: a mapping of searches and their condition should stand here");
}
END_TEST

TEST_MAIN("detect/sigma/detection", a_map_is_an_and_a_list_is_an_or,
	maps_in_a_list_are_alternatives, keywords_are_looked_for_in_every_value,
	null_is_absence_and_an_empty_text_is_none, not_of_an_absent_field_is_true,
	all_wants_every_value, cased_neq_and_exists, dashes_of_options_stand_for_each_other,
	texts_in_base64_are_found_wherever_they_stand,
	utf_16_in_either_order_with_and_without_its_mark,
	regular_expressions_tell_case_apart_unless_told,
	no_text_is_asked_of_an_event_that_fits_without_it,
	every_value_in_base64_may_stand_anywhere, hostile_events_are_looked_at_in_part,
	a_regular_expression_sees_a_bounded_part_of_a_value,
	rules_that_multiply_are_refused_and_the_others_work,
	addresses_are_compared_with_prefixes, numbers_and_parts_of_times_are_compared,
	a_field_is_compared_with_another, conditions_bind_not_before_and_before_or,
	searches_are_counted, a_rule_of_absence_alone_says_nothing_about_an_event_of_anywhere,
	mistakes_are_told_with_their_place)
