/* rules_for_test - a rule set out of texts, and events out of JSON */
#ifndef TESTS_COLLECTOR_DETECT_SIGMA_RULES_FOR_TEST_H
#define TESTS_COLLECTOR_DETECT_SIGMA_RULES_FOR_TEST_H

#include "collector/detect/sigma/json_event.h"
#include "collector/detect/sigma/rule_set.h"
#include "tests/support/folder.h"

struct rules_for_test {
	struct folder folder;
	struct rule_set *set;
	struct rule_matcher *matcher;
	struct strbuf mistakes;
};

/* `rules` is one file, of any number of documents; `pipeline` likewise, or NULL. */
void rules_for_test_load(
	struct rules_for_test *rules, const char *text, const char *pipeline, bool strict);
void rules_for_test_done(struct rules_for_test *rules);

/* How many rules fit; the first one's number in *first, which may be NULL. */
size_t rules_for_test_match(struct rules_for_test *rules, const char *json, uint32_t *first);

/* One rule with this detection, indented by four; whether it fits. */
bool detection_fits(const char *detection, const char *json);

/* Its mistake, without the file's name: "7:20: ..."; "" when there is none. Valid until the
 * next call. */
const char *detection_mistake(const char *detection);

#endif
