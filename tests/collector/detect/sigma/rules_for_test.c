#include "tests/collector/detect/sigma/rules_for_test.h"

void rules_for_test_load(
	struct rules_for_test *rules, const char *text, const char *pipeline, bool strict)
{
	struct rule_paths paths = {.n_rules = 1};
	char folder[PATH_MAX], file[PATH_MAX];
	struct err err = {0};

	*rules = (struct rules_for_test){.mistakes = STRBUF_INIT(1 << 20)};
	folder_make(&rules->folder);
	snprintf(file, sizeof(file), "%s/rule.yml", rules->folder.path);
	ck_assert(file_replace(file, slice_str(text), 0644, &err));
	paths.rules[0] = file;
	if (pipeline != NULL) {
		snprintf(folder, sizeof(folder), "%s/pipelines", rules->folder.path);
		ck_assert_int_eq(mkdir(folder, 0755), 0);
		ck_assert(file_replace(folder_path(&rules->folder, "pipelines/one.yml"),
			slice_str(pipeline), 0644, &err));
		paths.pipelines = folder;
	}
	rules->set = rule_set_load(&paths, &rules->mistakes, &err);
	ck_assert_msg(rules->set != NULL, "%s", err.text);
	rules->matcher = rule_matcher_new(rules->set, !strict, &err);
	ck_assert_msg(rules->matcher != NULL, "%s", err.text);
}

void rules_for_test_done(struct rules_for_test *rules)
{
	rule_matcher_free(rules->matcher);
	rule_set_free(rules->set);
	strbuf_done(&rules->mistakes);
	folder_remove(&rules->folder);
}

size_t rules_for_test_match(struct rules_for_test *rules, const char *json, uint32_t *first)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), YYJSON_READ_NUMBER_AS_RAW);
	struct sigma_event *event = rule_matcher_event(rules->matcher);
	const uint32_t *matches;
	size_t n;

	ck_assert_msg(doc != NULL, "no JSON: %s", json);
	sigma_event_begin(event);
	json_event_add(event, yyjson_doc_get_root(doc));
	n = rule_matcher_match(rules->matcher, &matches);
	if (n > 0 && first != NULL)
		*first = matches[0];
	yyjson_doc_free(doc);
	return n;
}

static void load_detection(struct rules_for_test *rules, const char *detection)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	strbuf_addf(&text, "title: a rule\nid: one\ndetection:\n%s", detection);
	rules_for_test_load(rules, strbuf_cstr(&text), NULL, false);
	strbuf_done(&text);
}

bool detection_fits(const char *detection, const char *json)
{
	struct rules_for_test rules;
	size_t n;

	load_detection(&rules, detection);
	ck_assert_msg(rules.mistakes.len == 0, "%s", strbuf_cstr(&rules.mistakes));
	n = rules_for_test_match(&rules, json, NULL);
	rules_for_test_done(&rules);
	return n == 1;
}

const char *detection_mistake(const char *detection)
{
	static char line[1024];
	struct rules_for_test rules;
	struct slice all, first = SLICE_LIT("");
	size_t head;

	load_detection(&rules, detection);
	all = strbuf_slice(&rules.mistakes);
	if (all.len > 0)
		slice_cut(&all, '\n', &first);
	head = slice_search(first, SLICE_LIT("rule.yml:"));
	if (head < first.len)
		first = slice_from(first, head + strlen("rule.yml:"));
	snprintf(line, sizeof(line), "%.*s", SLICE_FMT(first));
	rules_for_test_done(&rules);
	return line;
}
