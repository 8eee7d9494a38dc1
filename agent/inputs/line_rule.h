/*
 * line_rule - which lines begin a record of several lines
 *
 * By a regular expression (PCRE2) that matches first lines, by continuation
 * lines that begin with a blank or tab, or by what is known of such records
 * (common/joining.h). Expressions are the operator's, the lines anybody's:
 * matching is limited in steps and memory, and a line on which the limit is
 * reached begins a record.
 *
 * Not thread-safe.
 */
#ifndef AGENT_INPUTS_LINE_RULE_H
#define AGENT_INPUTS_LINE_RULE_H

#include "common/err.h"
#include "common/slice.h"

enum line_rule_kind {
	LINE_RULE_NONE,
	LINE_RULE_START, /* lines that match begin a record */
	LINE_RULE_BLANK, /* lines that begin with a blank continue one */
	LINE_RULE_AUTO,  /* common/joining.h */
};

struct line_rule;

/* `start` is the expression of LINE_RULE_START, else not looked at. NULL on failure, and for
 * LINE_RULE_NONE. `lines_max`: a record has no more. */
MUST_USE bool line_rule_new(enum line_rule_kind kind, const char *start, uint32_t lines_max,
	struct line_rule **rule, struct err *err);
void line_rule_free(struct line_rule *rule);

bool line_rule_is_auto(const struct line_rule *rule); /* false for NULL */

/* Of the other kinds. `line` may be the beginning of a longer one. */
bool line_rule_begins(const struct line_rule *rule, struct slice line);

uint32_t line_rule_lines_max(const struct line_rule *rule);

#endif
