#include "collector/detect/sigma/source_index.h"

#include "tests/collector/detect/sigma/rules_for_test.h"
#include "tests/support/check.h"

static const char pipeline[] = "log-sources:\n"
			       "  - product: alpha\n"
			       "    when:\n"
			       "      - {kind: [one, two], text|contains: 'needle'}\n"
			       "      - kind: three\n"
			       "  - service: beta\n"
			       "    when: {service: beta}\n"
			       "  - category: gamma\n"
			       "    when: {address|exists: true}\n";

static const char rules_text[] = "title: alpha\n"
				 "logsource: {product: alpha}\n"
				 "detection: {s: {x: 1}, condition: s}\n"
				 "---\n"
				 "title: alpha and beta\n"
				 "logsource: {product: alpha, service: beta}\n"
				 "detection: {s: {x: 1}, condition: s}\n"
				 "---\n"
				 "title: gamma\n"
				 "logsource: {category: gamma}\n"
				 "detection: {s: {x: 1}, condition: s}\n"
				 "---\n"
				 "title: any\n"
				 "logsource: {}\n"
				 "detection: {s: {x: 1}, condition: s}\n"
				 "---\n"
				 "title: nobody knows\n"
				 "logsource: {product: delta}\n"
				 "detection: {s: {x: 1}, condition: s}\n";

/* What fits, as bits of rules. */
static unsigned fits(struct rules_for_test *rules, const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), YYJSON_READ_NUMBER_AS_RAW);
	struct sigma_event *event = rule_matcher_event(rules->matcher);
	const uint32_t *matches;
	unsigned bits = 0;

	sigma_event_begin(event);
	json_event_add(event, yyjson_doc_get_root(doc));
	for (size_t n = rule_matcher_match(rules->matcher, &matches); n > 0; n--)
		bits |= 1u << matches[n - 1];
	yyjson_doc_free(doc);
	return bits;
}

enum { ALPHA = 1, ALPHA_BETA = 2, GAMMA = 4, ANY = 8 };

/* Twice, so that the second time is from memory. */
START_TEST(events_that_are_alike_but_for_what_decides_are_told_apart)
{
	static const struct {
		const char *json;
		unsigned fits;
	} cases[] = {
		{"{\"x\":1}", ANY},
		{"{\"x\":1,\"kind\":\"one\"}", ANY},
		{"{\"x\":1,\"kind\":\"one\",\"text\":\"hay\"}", ANY},
		{"{\"x\":1,\"kind\":\"one\",\"text\":\"a needle in hay\"}", ALPHA | ANY},
		{"{\"x\":1,\"kind\":\"one\",\"text\":[\"hay\",\"needle\"]}", ALPHA | ANY},
		{"{\"x\":1,\"kind\":\"four\",\"text\":\"needle\"}", ANY},
		{"{\"x\":1,\"kind\":[\"four\",\"THREE\"]}", ALPHA | ANY},
		{"{\"x\":1,\"kind\":\"fourthree\"}", ANY},
		{"{\"x\":1,\"service\":\"three\"}", ANY},
		{"{\"x\":1,\"service\":\"beta\"}", ANY},
		{"{\"x\":1,\"service\":\"beta\",\"kind\":\"three\"}", ALPHA | ALPHA_BETA | ANY},
		{"{\"x\":1,\"address\":\"192.0.2.1\"}", GAMMA | ANY},
		{"{\"x\":1,\"address\":\"192.0.2.2\",\"kind\":\"three\"}", ALPHA | GAMMA | ANY},
		{"{\"x\":2,\"kind\":\"three\"}", 0},
	};
	struct rules_for_test rules;

	rules_for_test_load(&rules, rules_text, pipeline, true);
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		const size_t n = i % ARRAY_LEN(cases);

		ck_assert_msg(fits(&rules, cases[n].json) == cases[n].fits, "%s: %u",
			cases[n].json, fits(&rules, cases[n].json));
	}
	rules_for_test_done(&rules);
}
END_TEST

START_TEST(a_key_too_long_to_remember_is_looked_at_anew)
{
	char kind[SOURCE_KEY_MAX + 100], json[SOURCE_KEY_MAX + 200];
	struct rules_for_test rules;

	memset(kind, 'k', sizeof(kind));
	rules_for_test_load(&rules, rules_text, pipeline, true);
	for (int len = SOURCE_KEY_MAX - 20; len < SOURCE_KEY_MAX + 20; len++) {
		snprintf(json, sizeof(json), "{\"x\":1,\"kind\":[\"%.*s\",\"three\"]}", len,
			kind);
		ck_assert_uint_eq(fits(&rules, json), ALPHA | ANY);
		snprintf(json, sizeof(json), "{\"x\":1,\"kind\":[\"%.*s\",\"nine\"]}", len,
			kind);
		ck_assert_uint_eq(fits(&rules, json), ANY);
	}
	rules_for_test_done(&rules);
}
END_TEST

START_TEST(more_kinds_of_events_than_are_remembered)
{
	struct rules_for_test rules;
	char json[100];

	rules_for_test_load(&rules, rules_text, pipeline, true);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 3 * SOURCE_SLOTS; i++) {
			snprintf(json, sizeof(json), "{\"x\":1,\"kind\":[\"k%u\",\"%s\"]}", i,
				i % 2 ? "three" : "nine");
			ck_assert_uint_eq(fits(&rules, json), i % 2 ? ALPHA | ANY : ANY);
		}
	}
	rules_for_test_done(&rules);
}
END_TEST

TEST_MAIN("detect/sigma/source_index",
	events_that_are_alike_but_for_what_decides_are_told_apart,
	a_key_too_long_to_remember_is_looked_at_anew, more_kinds_of_events_than_are_remembered)
