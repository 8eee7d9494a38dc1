/*
 * Two spellings of names with values:
 *
 *	name=value name="a \"quoted\" value", name='value' name=
 *	name: value; name: "value";                               Check Point
 *
 * In quotes \" (\' in single ones) and \\ stand for one character; a backslash before another
 * byte is a backslash, as in the paths of Windows.
 */
#include "collector/normalize/text/pairs.h"

#include "collector/normalize/text/extract.h"

enum { NAME_MAX_BYTES = 64 };

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '_' || byte == '.' || byte == '-' || byte == '@' || byte == '/' ||
	       byte == '$';
}

static bool take_name(struct slice *rest, char behind, struct slice *name)
{
	size_t len = 0;

	while (len < rest->len && is_name_byte(rest->ptr[len]))
		len++;
	if (len == 0 || len > NAME_MAX_BYTES || len == rest->len || rest->ptr[len] != behind)
		return false;
	*name = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	return true;
}

static bool is_between(char byte)
{
	return byte == ' ' || byte == ',' || byte == ';' || byte == '\t';
}

static struct slice unescape(
	struct pairs *pairs, struct arena *arena, struct slice escaped, char quote)
{
	char *start = arena_alloc(arena, escaped.len), *to = start;

	if (start == NULL) {
		pairs->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < escaped.len; i++) {
		if (escaped.ptr[i] == '\\' && i + 1 < escaped.len &&
			(escaped.ptr[i + 1] == quote || escaped.ptr[i + 1] == '\\'))
			i++;
		*to++ = escaped.ptr[i];
	}
	return slice_of(start, (size_t)(to - start));
}

/* From the opening quote; behind the closing one stands a separator or nothing. */
static bool take_quoted(
	struct pairs *pairs, struct arena *arena, struct slice *rest, struct slice *value)
{
	char quote = rest->ptr[0];
	bool escaped = false;

	for (size_t i = 1; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			escaped = true;
			i++;
		} else if (rest->ptr[i] == quote) {
			*value = slice_of(rest->ptr + 1, i - 1);
			*rest = slice_from(*rest, i + 1);
			if (escaped)
				*value = unescape(pairs, arena, *value, quote);
			return rest->len == 0 || is_between(rest->ptr[0]);
		}
	}
	return false;
}

static bool is_quote(struct slice rest)
{
	return rest.len > 0 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'');
}

/* ",name=": the comma ends a value without blanks behind it */
static bool is_next_name(struct slice rest)
{
	struct slice name;

	return skip_byte(&rest, ',') && take_name(&rest, '=', &name);
}

static bool take_value(
	struct pairs *pairs, struct arena *arena, struct slice *rest, struct slice *value)
{
	size_t len = 0;

	if (is_quote(*rest))
		return take_quoted(pairs, arena, rest, value);
	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\t' &&
		(rest->ptr[len] != ',' || !is_next_name(slice_from(*rest, len))))
		len++;
	*value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	while (value->len > 0 && is_between(value->ptr[value->len - 1]))
		value->len--;
	return true;
}

static void skip_between(struct slice *rest)
{
	while (rest->len > 0 && is_between(rest->ptr[0]))
		*rest = slice_from(*rest, 1);
}

static bool read_equals(struct pairs *pairs, struct arena *arena, struct slice rest)
{
	struct slice name, value;

	skip_between(&rest);
	while (rest.len > 0) {
		if (!take_name(&rest, '=', &name) || !take_value(pairs, arena, &rest, &value))
			return false;
		pairs_add(pairs, name, value);
		skip_between(&rest);
	}
	return pairs->n > 0;
}

/* A value without quotes ends at the semicolon, which the last may lack. */
static bool read_colons(struct pairs *pairs, struct arena *arena, struct slice rest)
{
	struct slice name, value;

	skip_blanks(&rest);
	while (rest.len > 0) {
		if (!take_name(&rest, ':', &name))
			return false;
		skip_blanks(&rest);
		if (is_quote(rest)) {
			if (!take_quoted(pairs, arena, &rest, &value))
				return false;
		} else {
			size_t len = slice_find(rest, ';');

			value = slice_trim(slice_head(rest, len));
			rest = slice_from(rest, len);
		}
		if (!skip_byte(&rest, ';') && rest.len > 0)
			return false;
		pairs_add(pairs, name, value);
		skip_blanks(&rest);
	}
	return pairs->n > 0;
}

/* A sentence may hold a colon and a quote too: the semicolons tell. */
static bool may_be_colons(struct slice text)
{
	text = slice_trim(text);
	if (text.len == 0)
		return false;
	if (text.ptr[text.len - 1] == ';')
		return true;
	return text.ptr[text.len - 1] == '"' &&
	       slice_search(text, SLICE_LIT("\"; ")) < text.len;
}

void pairs_read_keyvalue(struct pairs *pairs, struct slice text, struct arena *arena)
{
	if (pairs->form == PAIRS_KEYVALUE && pairs->text.ptr == text.ptr &&
		pairs->text.len == text.len)
		return;
	pairs_reset(pairs, text, PAIRS_KEYVALUE);
	if (read_equals(pairs, arena, text))
		return;
	bool full = pairs->full;
	pairs_reset(pairs, text, PAIRS_KEYVALUE);
	pairs->full = full;
	if (!may_be_colons(text) || !read_colons(pairs, arena, text))
		pairs->state = PAIRS_NOT_MINE;
}
