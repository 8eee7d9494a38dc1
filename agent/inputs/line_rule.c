#include "agent/inputs/line_rule.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

enum { STEPS_MAX = 100000, HEAP_MAX_KIB = 256 };

struct line_rule {
	enum line_rule_kind kind;
	uint32_t lines_max;
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

static bool compile(struct line_rule *rule, const char *start, struct err *err)
{
	int code;
	PCRE2_SIZE at;

	rule->code =
		pcre2_compile((PCRE2_SPTR)start, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);
	if (rule->code == NULL) {
		char text[120];

		pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
		return err_set(err, "expression '%s', character %zu: %s", start, at + 1, text);
	}
	rule->match = pcre2_match_data_create_from_pattern(rule->code, NULL);
	rule->limits = pcre2_match_context_create(NULL);
	if (rule->match == NULL || rule->limits == NULL)
		abort();
	pcre2_set_match_limit(rule->limits, STEPS_MAX);
	pcre2_set_heap_limit(rule->limits, HEAP_MAX_KIB);
	return true;
}

bool line_rule_new(enum line_rule_kind kind, const char *start, uint32_t lines_max,
	struct line_rule **rule, struct err *err)
{
	struct line_rule *made = NULL;

	if (kind != LINE_RULE_NONE) {
		made = calloc(1, sizeof(*made));
		if (made == NULL)
			abort();
		made->kind = kind;
		made->lines_max = lines_max;
		if (kind == LINE_RULE_START && !compile(made, start, err)) {
			line_rule_free(made);
			return false;
		}
	}
	*rule = made;
	return true;
}

void line_rule_free(struct line_rule *rule)
{
	if (rule == NULL)
		return;
	pcre2_match_context_free(rule->limits);
	pcre2_match_data_free(rule->match);
	pcre2_code_free(rule->code);
	free(rule);
}

bool line_rule_is_auto(const struct line_rule *rule)
{
	return rule != NULL && rule->kind == LINE_RULE_AUTO;
}

bool line_rule_begins(const struct line_rule *rule, struct slice line)
{
	if (rule->kind == LINE_RULE_BLANK)
		return line.len == 0 || (line.ptr[0] != ' ' && line.ptr[0] != '\t');

	int found = pcre2_match(
		rule->code, (PCRE2_SPTR)line.ptr, line.len, 0, 0, rule->match, rule->limits);
	return found != PCRE2_ERROR_NOMATCH;
}

uint32_t line_rule_lines_max(const struct line_rule *rule)
{
	return rule->lines_max;
}
