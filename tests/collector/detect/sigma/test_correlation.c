/* Correlation rules and filters as they are read: Sigma specification 2.1. */
#include "tests/collector/detect/sigma/rules_for_test.h"
#include "tests/support/check.h"

#define RULE(name)                                                                             \
	"title: " name "\nname: " name "\nid: id-" name "\ndetection:\n  s: {f: " name         \
	"}\n  condition: s\n---\n"
#define BODY(rules, more)                                                                      \
	"title: c\nname: c\ncorrelation:\n  type: event_count\n  rules: " rules                \
	"\n  group-by: [u]\n" more
#define REST "  timespan: 1h\n  condition: {gte: 3}\n"

static struct rules_for_test loaded;

static const struct sigma_rule *load(const char *text, size_t number)
{
	const struct sigma_rule *rules;
	size_t n;

	rules_for_test_load(&loaded, text, NULL, false);
	n = rule_set_rules(loaded.set, &rules);
	ck_assert_uint_lt(number, n);
	return &rules[number];
}

static const struct correlation *read_well(const char *text, size_t number)
{
	const struct sigma_rule *rule = load(text, number);

	ck_assert_msg(loaded.mistakes.len == 0, "%s", strbuf_cstr(&loaded.mistakes));
	ck_assert_ptr_nonnull(rule->correlation);
	return rule->correlation;
}

static void check_refused(const char *text, const char *says)
{
	const char *at;

	load(text, 0);
	at = strstr(strbuf_cstr(&loaded.mistakes), "rule.yml:");
	ck_assert_msg(at != NULL, "not refused: %s", text);
	ck_assert_msg(strncmp(at + strlen("rule.yml:"), says, strlen(says)) == 0,
		"got %s, want %s", at, says);
	rules_for_test_done(&loaded);
}

START_TEST(an_event_count_is_read_whole)
{
	const struct correlation *read = read_well(
		RULE("a") "title: many\nid: m\nlevel: high\ncorrelation:\n  type: event_count\n"
			  "  rules: [id-a]\n  group-by: [ComputerName]\n  timespan: 1h\n"
			  "  condition: {gt: 100, lte: 200}\n",
		1);

	ck_assert_int_eq(read->type, CORRELATION_EVENT_COUNT);
	ck_assert_int_eq(read->timespan_ns, 3600 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(read->n_limits, 2);
	ck_assert(read->closes);
	ck_assert(correlation_holds(read, 101) && correlation_holds(read, 200));
	ck_assert(!correlation_holds(read, 100) && !correlation_holds(read, 201));
	rules_for_test_done(&loaded);
}
END_TEST

START_TEST(rules_are_found_behind_what_refers_to_them)
{
	const struct correlation *outer = read_well(
		"title: outer\ncorrelation:\n  type: temporal_ordered\n  rules: [many, b]\n"
		"  group-by: [User]\n  timespan: 10m\n---\n"
		"title: many\nname: many\ncorrelation:\n  type: event_count\n  rules: [a]\n"
		"  group-by: [User]\n  timespan: 10m\n  condition: {gte: 10}\n"
		"---\n" RULE("a") RULE("b"),
		0);
	const struct sigma_rule *rules;

	rule_set_rules(loaded.set, &rules);
	ck_assert_uint_eq(outer->height, 2);
	ck_assert(!outer->closes);
	ck_assert_uint_eq(outer->rules[0].rule, 1);
	ck_assert_uint_eq(outer->rules[0].sources[0].rule, 2);
	ck_assert(!rules[0].silent && rules[1].silent && rules[2].silent && rules[3].silent);
	rules_for_test_done(&loaded);
}
END_TEST

START_TEST(generate_lets_rules_speak_for_themselves)
{
	const struct sigma_rule *rules;

	read_well(RULE("a") BODY("[a]", REST) "generate: true\n", 1);
	rule_set_rules(loaded.set, &rules);
	ck_assert(!rules[0].silent);
	rules_for_test_done(&loaded);
	read_well(RULE("a") BODY("[a]", REST "  generate: true\n"), 1);
	rule_set_rules(loaded.set, &rules);
	ck_assert(!rules[0].silent);
	rules_for_test_done(&loaded);
}
END_TEST

START_TEST(aliases_name_fields_of_their_rules)
{
	const struct correlation *read = read_well(
		RULE("a") RULE("b") "title: c\ncorrelation:\n  type: temporal\n"
				    "  rules: [a, id-b]\n  group-by: [ip]\n  timespan: 10s\n"
				    "  aliases:\n    ip:\n      a: destination.ip\n"
				    "      b: source.ip\n",
		2);

	ck_assert_slice_eq(correlation_field(read, &read->rules[0], SLICE_LIT("ip")),
		SLICE_LIT("destination.ip"));
	ck_assert_slice_eq(correlation_field(read, &read->rules[1], SLICE_LIT("ip")),
		SLICE_LIT("source.ip"));
	ck_assert_slice_eq(
		correlation_field(read, &read->rules[1], SLICE_LIT("x")), SLICE_LIT("x"));
	rules_for_test_done(&loaded);
}
END_TEST

START_TEST(what_is_missing_or_wrong_is_refused_where_it_stands)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{RULE("a") BODY("[a]", "  timespan: 1x\n  condition: {gte: 3}\n"),
			"14:13: timespan: a number above 0"},
		{RULE("a") BODY("[a]", "  timespan: 0m\n  condition: {gte: 3}\n"),
			"14:13: timespan: a number above 0"},
		{RULE("a") BODY("[a]", "  condition: {gte: 3}\n"),
			"11:3: correlation: the timespan is missing"},
		{RULE("a") BODY("[a]", "  timespan: 1h\n"),
			"11:3: correlation: the condition is missing"},
		{RULE("a") BODY("[a]", "  timespan: 1h\n  condition: {least: 3}\n"),
			"15:15: condition: 'least' is none of gt"},
		{RULE("a") BODY("[a]", "  timespan: 1h\n  condition: {gte: many}\n"),
			"15:20: condition: a number should stand here"},
		{RULE("a") BODY("[a]", "  timespan: 1h\n  condition: a and not b\n"),
			"15:14: condition: a mapping such as"},
		{RULE("a") BODY("[a]", "  group_by: [x]\n" REST),
			"14:3: correlation: there is no 'group_by'"},
		{RULE("a") BODY("[a, other]", REST), "12:14: rules: there is no rule 'other'"},
		{RULE("a") BODY("[a, a]", REST), "12:14: rules: the same rule twice"},
		{RULE("a") BODY("[a]", REST "  aliases: {x: {z: f}}\n"),
			"16:17: aliases: 'z' is not among the rules"},
		{BODY("[c]", REST), "5:11: rules: 'c' leads round in a circle"},
		{"title: c\ncorrelation:\n  type: near\n  rules: [a]\n",
			"3:9: type: event_count, value_count"},
		{RULE("a") "title: c\ncorrelation:\n  type: value_count\n  rules: [a]\n" REST,
			"13:14: condition: the field is missing"},
		{"title: c\ncorrelation: x\ndetection: y\n",
			"1:1: one of detection, correlation and filter"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_refused(cases[i].text, cases[i].says);
}
END_TEST

START_TEST(a_chain_too_deep_is_refused_and_the_rest_works)
{
	struct strbuf text = STRBUF_INIT(1 << 16);
	const struct sigma_rule *rules;

	strbuf_add_str(&text, RULE("c0"));
	for (int i = 1; i <= CORRELATION_DEPTH_MAX + 2; i++)
		strbuf_addf(&text,
			"title: c%d\nname: c%d\ncorrelation:\n  type: temporal\n"
			"  rules: [c%d]\n  timespan: 1h\n---\n",
			i, i, i - 1);
	load(strbuf_cstr(&text), 0);
	rule_set_rules(loaded.set, &rules);
	ck_assert(sigma_rule_is_loaded(&rules[CORRELATION_DEPTH_MAX]));
	ck_assert(!sigma_rule_is_loaded(&rules[CORRELATION_DEPTH_MAX + 1]));
	ck_assert(!sigma_rule_is_loaded(&rules[CORRELATION_DEPTH_MAX + 2]));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&loaded.mistakes), "was refused"));
	rules_for_test_done(&loaded);
	strbuf_done(&text);
}
END_TEST

START_TEST(a_circle_takes_nobody_else_with_it)
{
	const struct sigma_rule *rules;

	load(RULE("a") "title: x\nname: x\ncorrelation:\n  type: temporal\n  rules: [y]\n"
		       "  timespan: 1h\n---\n"
		       "title: y\nname: y\ncorrelation:\n  type: temporal\n  rules: [a, x]\n"
		       "  timespan: 1h\n---\n" BODY("[a]", REST),
		0);
	rule_set_rules(loaded.set, &rules);
	ck_assert(!sigma_rule_is_loaded(&rules[1]) && !sigma_rule_is_loaded(&rules[2]));
	ck_assert(sigma_rule_is_loaded(&rules[3]));
	rules_for_test_done(&loaded);
}
END_TEST

START_TEST(a_version_is_that_of_the_meaning)
{
	uint32_t first = load(RULE("a") BODY("[a]", REST), 1)->version, detection;
	const struct sigma_rule *rules;

	rule_set_rules(loaded.set, &rules);
	detection = rules[0].version;
	rules_for_test_done(&loaded);
	ck_assert_uint_eq(
		load(RULE("a") "# text\nlevel: low\n" BODY("[a]", REST), 1)->version, first);
	rules_for_test_done(&loaded);
	/* what a rule it refers to means is part of it */
	ck_assert_uint_ne(load("title: a\nname: a\nid: id-a\ndetection:\n  s: {f: b}\n  "
			       "condition: s\n---\n" BODY("[a]", REST),
				  1)
				  ->version,
		first);
	rule_set_rules(loaded.set, &rules);
	ck_assert_uint_ne(rules[0].version, detection);
	rules_for_test_done(&loaded);
}
END_TEST

#define FILTERED                                                                               \
	"title: r\nid: r\nlogsource: {product: windows, category: x}\ndetection:\n"            \
	"  s: {f: a}\n  condition: s\n---\n"

static void check_filter(const char *selection, const char *condition)
{
	struct strbuf text = STRBUF_INIT(1 << 16);

	strbuf_addf(&text,
		FILTERED "title: f\nlogsource: {product: windows}\nfilter:\n  rules: [r]\n"
			 "  selection: {%s}\n  condition: %s\n",
		selection, condition);
	load(strbuf_cstr(&text), 0);
	ck_assert_msg(loaded.mistakes.len == 0, "%s", strbuf_cstr(&loaded.mistakes));
	ck_assert_uint_eq(
		rules_for_test_match(&loaded, "{\"f\":\"a\",\"User\":\"adm_x\"}", NULL), 0);
	ck_assert_uint_eq(
		rules_for_test_match(&loaded, "{\"f\":\"a\",\"User\":\"bob\"}", NULL), 1);
	rules_for_test_done(&loaded);
	strbuf_done(&text);
}

START_TEST(a_filter_takes_out_what_it_selects_however_it_is_written)
{
	check_filter("User|startswith: adm_", "selection");
	check_filter("User|startswith: adm_", "not selection");
	check_filter("User|startswith: adm_", "1 of selection*");
	check_filter("User|neq: bob", "selection");
}
END_TEST

START_TEST(a_filter_that_misses_its_rules_says_so)
{
	check_refused(FILTERED "title: f\nlogsource: {product: linux}\nfilter:\n  rules:\n"
			       "    - r\n    - other\n  s: {User: x}\n  condition: s\n",
		"12:7: filter: 'r': the rule is of another log source");
	check_refused(FILTERED "title: f\nfilter:\n  rules: [r]\n  s: {User: x}\n"
			       "  condition: s\n",
		"8:1: logsource: a mapping should stand here");
	check_refused(FILTERED "title: f\nlogsource: {product: windows}\nfilter:\n"
			       "  rules: [r]\n  s: {User: x}\n  condition: t\n",
		"13:14: condition: there is no search");
}
END_TEST

START_TEST(collections_of_sigma_1_are_refused_with_what_stands_behind_them)
{
	const struct sigma_rule *rules;

	load("action: global\ntitle: g\nlogsource: {product: windows}\n---\n" RULE(
		     "a") "action: reset\n---\n" RULE("b"),
		0);
	rule_set_rules(loaded.set, &rules);
	ck_assert(!sigma_rule_is_loaded(&rules[0]) && !sigma_rule_is_loaded(&rules[1]));
	ck_assert(sigma_rule_is_loaded(&rules[3]));
	ck_assert_ptr_nonnull(strstr(
		strbuf_cstr(&loaded.mistakes), "5:1: stands behind the 'action' of line 1"));
	rules_for_test_done(&loaded);
}
END_TEST

TEST_MAIN("detect/sigma/correlation", an_event_count_is_read_whole,
	rules_are_found_behind_what_refers_to_them, generate_lets_rules_speak_for_themselves,
	aliases_name_fields_of_their_rules, what_is_missing_or_wrong_is_refused_where_it_stands,
	a_chain_too_deep_is_refused_and_the_rest_works, a_circle_takes_nobody_else_with_it,
	a_version_is_that_of_the_meaning,
	a_filter_takes_out_what_it_selects_however_it_is_written,
	a_filter_that_misses_its_rules_says_so,
	collections_of_sigma_1_are_refused_with_what_stands_behind_them)
