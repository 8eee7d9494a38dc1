/*
 * A pipeline file, a NUL, an event as JSON: nothing of both ends the program, and what fits
 * with its log source known fits the rule's expression.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/detect/sigma/field_report.h"
#include "collector/detect/sigma/json_event.h"
#include "common/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rule[] =
	"title: a\nlogsource: {product: linux, category: process_creation, service: auditd}\n"
	"detection:\n  s: {a1: x, Image|endswith: y, u|expand: '%list%'}\n  condition: 1 of s\n"
	"---\ntitle: b\nlogsource: {product: linux}\ndetection:\n  s: {a1|exists: true}\n"
	"  condition: s\n";

static int put_file(char path[static 64], struct slice text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	if (fd < 0 || !file_write_all(fd, text.ptr, text.len))
		abort();
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void check(const struct rule_set *set, struct rule_matcher *matcher)
{
	const struct sigma_rule *rules;
	const uint32_t *matches;
	size_t n = rule_matcher_match(matcher, &matches);

	rule_set_rules(set, &rules);
	for (size_t i = 0; i < n; i++)
		assert(expression_holds(
			rules[matches[i]].expression, rule_matcher_event(matcher)));
}

static void match(const struct rule_set *set, struct slice json)
{
	yyjson_doc *doc = yyjson_read(json.ptr, json.len, YYJSON_READ_NUMBER_AS_RAW);
	struct rule_matcher *matcher;
	struct err err;

	matcher = rule_matcher_new(set, false, &err);
	if (matcher != NULL && doc != NULL) {
		sigma_event_begin(rule_matcher_event(matcher));
		json_event_add(rule_matcher_event(matcher), yyjson_doc_get_root(doc));
		check(set, matcher);
	}
	rule_matcher_free(matcher);
	yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct slice json = slice_of(data, size), pipeline = SLICE_NONE;
	char rules[64], pipelines[64];
	struct rule_paths paths = {.rules = {rules}, .n_rules = 1, .pipelines = pipelines};
	struct field_report report;
	struct rule_set *set;
	struct err err;
	int files[2];

	if (size == 0 || !slice_cut(&json, '\0', &pipeline) || slice_absent(json))
		return 0;
	files[0] = put_file(rules, slice_str(rule));
	files[1] = put_file(pipelines, pipeline);
	set = rule_set_load(&paths, &mistakes, &err);
	if (set != NULL) {
		field_report_make(&report, set);
		field_report_done(&report);
		match(set, json);
	}
	rule_set_free(set);
	strbuf_done(&mistakes);
	close(files[0]);
	close(files[1]);
	return 0;
}
