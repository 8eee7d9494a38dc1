#include "collector/detect/sigma/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "collector/detect/sigma/pattern.h"
#include "common/strbuf.h"

struct regex {
	pcre2_code *code;
	struct strbuf literal;
};

static void find_literal(struct slice text, struct strbuf *literal);

struct regex_matcher {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static uint32_t options_of(struct regex_flags flags)
{
	return PCRE2_NEVER_BACKSLASH_C | (flags.caseless ? PCRE2_CASELESS : 0) |
	       (flags.multi_line ? PCRE2_MULTILINE : 0) | (flags.dot_all ? PCRE2_DOTALL : 0);
}

struct regex *regex_new(struct slice text, struct regex_flags flags, struct err *err)
{
	struct regex *regex;
	PCRE2_SIZE at;
	int code;

	if (text.len > REGEX_TEXT_MAX) {
		err_set(err, "a regular expression of more than %d bytes", REGEX_TEXT_MAX);
		return NULL;
	}
	regex = calloc(1, sizeof(*regex));
	if (regex == NULL)
		abort();
	regex->code = pcre2_compile((PCRE2_SPTR)(text.len ? text.ptr : ""), text.len,
		options_of(flags), &code, &at, NULL);
	if (regex->code == NULL) {
		PCRE2_UCHAR message[200];

		pcre2_get_error_message(code, message, sizeof(message));
		err_set(err, "a regular expression, at byte %zu: %s", (size_t)at + 1,
			(const char *)message);
		free(regex);
		return NULL;
	}
	/* Where memory may not become code it stays an interpreter. */
	(void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
	strbuf_init(&regex->literal, REGEX_TEXT_MAX + 1);
	find_literal(text, &regex->literal);
	return regex;
}

void regex_free(struct regex *regex)
{
	if (regex == NULL)
		return;
	pcre2_code_free(regex->code);
	strbuf_done(&regex->literal);
	free(regex);
}

struct regex_matcher *regex_matcher_new(void)
{
	struct regex_matcher *matcher = calloc(1, sizeof(*matcher));

	if (matcher == NULL)
		abort();
	matcher->data = pcre2_match_data_create(1, NULL);
	matcher->context = pcre2_match_context_create(NULL);
	matcher->stack = pcre2_jit_stack_create(32 << 10, REGEX_HEAP_MAX, NULL);
	if (matcher->data == NULL || matcher->context == NULL || matcher->stack == NULL)
		abort();
	pcre2_set_match_limit(matcher->context, REGEX_STEPS_MAX);
	pcre2_set_heap_limit(matcher->context, REGEX_HEAP_MAX >> 10);
	pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
	return matcher;
}

void regex_matcher_free(struct regex_matcher *matcher)
{
	if (matcher == NULL)
		return;
	pcre2_jit_stack_free(matcher->stack);
	pcre2_match_context_free(matcher->context);
	pcre2_match_data_free(matcher->data);
	free(matcher);
}

enum regex_outcome regex_search(
	const struct regex *regex, struct regex_matcher *matcher, struct slice text)
{
	int n = pcre2_match(regex->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, 0, 0,
		matcher->data, matcher->context);

	if (n >= 0)
		return REGEX_YES;
	return n == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_GIVEN_UP;
}

/* ---- literals ------------------------------------------------------------ */

/* Reads an expression from left to right for runs of plain characters at its outermost level.
 */
struct reading {
	struct slice rest;
	char *out;   /* the run being read, behind the best one */
	size_t n;    /* bytes of the run */
	size_t best; /* bytes of the best */
};

static void end_run(struct reading *reading)
{
	if (reading->n > reading->best) {
		memmove(reading->out - reading->best, reading->out, reading->n);
		reading->out += reading->n - reading->best;
		reading->best = reading->n;
	}
	reading->n = 0;
}

/* What may stand any number of times, also none, behind a character. */
static bool is_loose(struct slice rest)
{
	return rest.len > 0 && (rest.ptr[0] == '*' || rest.ptr[0] == '?' || rest.ptr[0] == '{');
}

/* Past "[...]"; false when it does not end, or has a class with a name in it. */
static bool skip_class(struct slice *rest)
{
	size_t i = 1;

	if (i < rest->len && rest->ptr[i] == '^')
		i++;
	if (i < rest->len && rest->ptr[i] == ']')
		i++;
	for (; i < rest->len && rest->ptr[i] != ']'; i++) {
		if (rest->ptr[i] == '[')
			return false;
		i += rest->ptr[i] == '\\';
	}
	if (i >= rest->len)
		return false;
	*rest = slice_from(*rest, i + 1);
	return true;
}

/* Past "(...)" with all groups in it; false when it does not end. */
static bool skip_group(struct slice *rest)
{
	struct slice at = *rest;
	unsigned depth = 0;

	while (at.len > 0) {
		char byte = at.ptr[0];

		if (byte == '[') {
			if (!skip_class(&at))
				return false;
			continue;
		}
		at = slice_from(at, byte == '\\' && at.len > 1 ? 2 : 1);
		depth += byte == '(';
		if (byte == ')' && --depth == 0) {
			*rest = at;
			return true;
		}
	}
	return false;
}

/* Past what has no meaning of its own outside of its brackets; false when it does not end. */
static bool skip_nested(struct slice *rest)
{
	size_t end;

	if (rest->ptr[0] == '(')
		return skip_group(rest);
	if (rest->ptr[0] == '[')
		return skip_class(rest);
	for (end = 1; end < rest->len && strchr("0123456789,", rest->ptr[end]) != NULL &&
		      rest->ptr[end] != '\0';
		end++)
		;
	if (end == rest->len || rest->ptr[end] != '}')
		return false; /* a brace that is none of "{2,3}" */
	*rest = slice_from(*rest, end + 1);
	return true;
}

static bool is_nested(char byte)
{
	return byte == '(' || byte == '[' || byte == '{';
}

static bool is_plain_escape(char byte)
{
	return !((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
		       (byte >= '0' && byte <= '9')) &&
	       (unsigned char)byte < 0x80;
}

/* One character of the expression; false when no more is understood. */
static bool read_one(struct reading *reading)
{
	char byte = reading->rest.ptr[0];
	bool plain = false;

	if (is_nested(byte)) {
		if (!skip_nested(&reading->rest))
			return false;
	} else if (byte == '\\') {
		if (reading->rest.len < 2)
			return false;
		byte = reading->rest.ptr[1];
		plain = is_plain_escape(byte);
		/* \x41, \p{L}, \Q...\E and others that go on */
		if (!plain && strchr("wWdDsSbBAzZntr", byte) == NULL)
			return false;
		reading->rest = slice_from(reading->rest, 2);
	} else {
		plain = (unsigned char)byte < 0x80 && strchr(".^$+*?{}|", byte) == NULL;
		reading->rest = slice_from(reading->rest, 1);
	}
	if (!plain || is_loose(reading->rest)) {
		end_run(reading);
		return true;
	}
	reading->out[reading->n++] = byte;
	if (reading->rest.len > 0 && reading->rest.ptr[0] == '+')
		end_run(reading);
	return true;
}

/* Verbs, comments, quoted runs, and settings but for case, lines and dots. */
static bool is_unusual(struct slice text)
{
	struct slice rest = text;

	for (size_t at; (at = slice_search(rest, SLICE_LIT("(?"))) < rest.len;) {
		size_t i = at + 2;

		while (i < rest.len && strchr("ims-", rest.ptr[i]) != NULL &&
			rest.ptr[i] != '\0')
			i++;
		/* behind the letters: "(?i)", "(?:", "(?=", "(?!", "(?<", "(?>" */
		if (i == rest.len || strchr(i > at + 2 ? "):" : ":=!<>", rest.ptr[i]) == NULL)
			return true;
		rest = slice_from(rest, i);
	}
	return slice_search(text, SLICE_LIT("(*")) < text.len ||
	       slice_search(text, SLICE_LIT("\\Q")) < text.len ||
	       slice_search(text, SLICE_LIT("\\E")) < text.len;
}

/* No alternative at the outermost level, nothing that changes what characters mean. */
static bool is_simple(struct slice text)
{
	if (is_unusual(text))
		return false;
	for (struct slice rest = text; rest.len > 0;) {
		char byte = rest.ptr[0];

		if (byte == '|')
			return false;
		if (is_nested(byte)) {
			if (!skip_nested(&rest))
				return false;
		} else {
			rest = slice_from(rest, byte == '\\' && rest.len > 1 ? 2 : 1);
		}
	}
	return true;
}

static void find_literal(struct slice text, struct strbuf *literal)
{
	char *out = strbuf_reserve(literal, text.len + 1);
	struct reading reading = {.rest = text, .out = out};

	if (out == NULL || !is_simple(text))
		return;
	while (reading.rest.len > 0) {
		if (!read_one(&reading))
			break;
	}
	end_run(&reading);
	fold_case(slice_of(reading.out - reading.best, reading.best), out);
	strbuf_extend(literal, reading.best);
}

struct slice regex_literal(const struct regex *regex)
{
	return strbuf_slice(&regex->literal);
}

size_t regex_size(const struct regex *regex)
{
	size_t size = 0, jit = 0;

	(void)pcre2_pattern_info(regex->code, PCRE2_INFO_SIZE, &size);
	(void)pcre2_pattern_info(regex->code, PCRE2_INFO_JITSIZE, &jit);
	return size + jit + regex->literal.capacity + sizeof(*regex);
}
