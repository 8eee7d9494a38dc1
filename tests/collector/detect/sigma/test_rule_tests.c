#include "collector/detect/sigma/rule_tests.h"

#include "tests/support/check.h"

static struct strbuf said;
static struct arena arena;
static struct tree *tree;
static struct rule_tests found;

static bool can_read(const char *text)
{
	struct mistakes mistakes;

	strbuf_init(&said, 1 << 16);
	mistakes = mistakes_into(&said, "r.yml");
	arena_init(&arena, 1 << 20);
	tree = tree_parse(slice_str(text), &mistakes);
	ck_assert_ptr_nonnull(tree);
	return rule_tests_read(tree_root(tree), &arena, &found, &mistakes);
}

static void done(void)
{
	tree_free(tree);
	arena_done(&arena);
	strbuf_done(&said);
}

static void refuses(const char *text, const char *words)
{
	ck_assert(!can_read(text));
	ck_assert_str_eq(strbuf_cstr(&said), words);
	done();
}

START_TEST(a_rule_without_tests_has_none)
{
	ck_assert(can_read("title: t"));
	ck_assert_uint_eq(found.n, 0);
	ck_assert(!found.positive && !found.negative);
	done();
}
END_TEST

START_TEST(events_are_lines_or_fields_with_times_between_them)
{
	ck_assert(can_read("tests:\n"
			   "- name: a\n"
			   "  match: true\n"
			   "  events:\n"
			   "  - {line: x, format: sshd, times: 20, every: 5m, after: 2h}\n"
			   "  - fields: {a: b}\n"
			   "- {name: b, conclusions: 0, events: [{line: y}]}\n"));
	ck_assert_uint_eq(found.n, 2);
	ck_assert(found.positive && found.negative);
	ck_assert(found.tests[0].match && !found.tests[0].counted);
	const struct rule_test_event *events = found.tests[0].events;
	ck_assert_uint_eq(events[0].times, 20);
	ck_assert_int_eq(events[0].every_ns, INT64_C(300) * 1000000000);
	ck_assert_int_eq(events[0].after_ns, INT64_C(7200) * 1000000000);
	ck_assert_ptr_nonnull(events[1].fields);
	ck_assert_uint_eq(events[1].times, 1);
	ck_assert(found.tests[1].counted && !found.tests[1].match);
	done();
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_place)
{
	refuses("tests: x", "r.yml:1:8: tests: a list of at most 200 should stand here\n");
	refuses("tests:\n- {name: a, match: true}", "r.yml:2:3: a test has events\n");
	refuses("tests:\n- {match: true, events: [{line: x}]}",
		"r.yml:2:3: a test has a name\n");
	refuses("tests:\n- {name: a, events: [{line: x}]}",
		"r.yml:2:3: a test has either match or conclusions\n");
	refuses("tests:\n- {name: a, match: yes, events: [{line: x}]}",
		"r.yml:2:20: match: true or false should stand here\n");
	refuses("tests:\n- {name: a, match: true, events: [{line: x, fields: {}}]}",
		"r.yml:2:35: an event has either a line or fields\n");
	refuses("tests:\n- {name: a, match: true, events: [{lines: x}]}",
		"r.yml:2:36: unknown key 'lines'\n");
	refuses("tests:\n- {name: a, match: true, events: [{line: x, every: 5}]}",
		"r.yml:2:52: every: a time like 90s, 15m, 12h or 30d\n");
	refuses("tests:\n- {name: a, match: true, events: [{line: x, times: 10001}]}",
		"r.yml:2:52: times: a number up to 10000 should stand here\n");
}
END_TEST

TEST_MAIN("rule_tests", a_rule_without_tests_has_none,
	events_are_lines_or_fields_with_times_between_them,
	what_is_wrong_is_told_with_its_place)
