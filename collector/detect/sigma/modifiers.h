/*
 * modifiers - what stands behind a field's name in a rule: "CommandLine|contains|all"
 *
 * Sigma modifiers appendix 2.1. They are read into one struct; which go
 * together is checked there, so that whoever builds atoms has valid ones only.
 * What changes the text of a value (windash, base64, utf16, ...) is kept in its
 * order and applied by modifiers_apply().
 */
#ifndef COLLECTOR_DETECT_SIGMA_MODIFIERS_H
#define COLLECTOR_DETECT_SIGMA_MODIFIERS_H

#include "collector/detect/sigma/expression.h"
#include "common/mistakes.h"

enum { MODIFIERS_CHANGES_MAX = 8, MODIFIERS_TEXTS_MAX = 3 };

enum text_change {
	CHANGE_WINDASH,
	CHANGE_BASE64,
	CHANGE_BASE64_OFFSET, /* three texts */
	CHANGE_UTF16LE,
	CHANGE_UTF16BE,
	CHANGE_UTF16, /* with a byte order mark, little end first */
};

struct modifiers {
	bool all;    /* values are linked by "and" */
	bool negate; /* neq */
	bool cased;
	bool expand; /* %placeholders% */
	enum atom_test test;
	enum pattern_kind place; /* of texts: PATTERN_WHOLE, _START, _END or _WITHIN */
	struct regex_flags regex;
	enum comparison comparison;
	enum time_part part;
	enum text_change changes[MODIFIERS_CHANGES_MAX];
	unsigned n_changes;
};

/* `text` is what stands behind the first bar, "" when there is none. */
MUST_USE bool modifiers_parse(struct slice text, struct pos at, struct modifiers *modifiers,
	struct mistakes *mistakes);

/*
 * The texts that a value becomes: `texts` has room for MODIFIERS_TEXTS_MAX. 0 after an error,
 * with the reason.
 */
MUST_USE unsigned modifiers_apply(const struct modifiers *modifiers, struct arena *arena,
	struct symbols value, struct symbols *texts, struct err *err);

#endif
