#include "collector/normalize/text/flatten.h"

#include "common/json_plain.h"

struct reader {
	struct slice rest;
	struct arena *arena;
	flatten_function *on_value;
	void *user;
	unsigned n_values;
	bool full;
	struct slice part; /* the whole name, when it has no dot */
	size_t name_len;   /* beyond FLATTEN_NAME_MAX: too long, nothing is given */
	char name[FLATTEN_NAME_MAX];
};

static bool read_value(struct reader *reader, unsigned depth);

static void skip_space(struct slice *rest)
{
	while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t' ||
					rest->ptr[0] == '\n' || rest->ptr[0] == '\r'))
		*rest = slice_from(*rest, 1);
}

static bool take(struct reader *reader, char byte)
{
	skip_space(&reader->rest);
	if (reader->rest.len == 0 || reader->rest.ptr[0] != byte)
		return false;
	reader->rest = slice_from(reader->rest, 1);
	return true;
}

static bool hex4(struct slice text, size_t at, uint32_t *value)
{
	*value = 0;
	if (text.len < at + 4)
		return false;
	for (size_t i = at; i < at + 4; i++) {
		char byte = text.ptr[i];
		uint32_t digit;

		if (byte >= '0' && byte <= '9')
			digit = (uint32_t)(byte - '0');
		else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
			digit = (uint32_t)((byte | 0x20) - 'a' + 10);
		else
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static char *put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	} else {
		*to++ = (char)(0xf0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 0x3f));
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	}
	return to;
}

/* "\uXXXX" behind `at`, a pair of surrogates as one character, a lone one as U+FFFD. Bytes
 * read beyond the "\u"; 0 when there are no four digits. */
static size_t unescape_unicode(struct slice text, size_t at, uint32_t *code)
{
	uint32_t low;

	if (!hex4(text, at, code))
		return 0;
	if (*code < 0xd800 || *code > 0xdfff)
		return 4;
	if (*code < 0xdc00 && text.len >= at + 10 && text.ptr[at + 4] == '\\' &&
		text.ptr[at + 5] == 'u' && hex4(text, at + 6, &low) && low >= 0xdc00 &&
		low <= 0xdfff) {
		*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
		return 10;
	}
	*code = 0xfffd;
	return 4;
}

static char plain_escape(char byte)
{
	switch (byte) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '"':
	case '\\':
	case '/':
		return byte;
	default:
		return 0;
	}
}

/* Unescaped text is never longer than escaped. */
static bool unescape(struct reader *reader, struct slice escaped, struct slice *text)
{
	char *start = arena_alloc(reader->arena, escaped.len), *to = start;

	if (start == NULL) {
		reader->full = true;
		return false;
	}
	for (size_t i = 0; i < escaped.len; i++) {
		uint32_t code;

		if (escaped.ptr[i] != '\\') {
			*to++ = escaped.ptr[i];
			continue;
		}
		i++;
		if (escaped.ptr[i] == 'u') {
			size_t used = unescape_unicode(escaped, i + 1, &code);

			if (used == 0)
				return false;
			to = put_utf8(to, code);
			i += used;
			continue;
		}
		*to = plain_escape(escaped.ptr[i]);
		if (*to++ == 0)
			return false;
	}
	*text = slice_of(start, (size_t)(to - start));
	return true;
}

/* Behind the opening quote. */
static bool take_string(struct reader *reader, struct slice *text)
{
	struct slice rest = reader->rest;
	bool escapes = false;

	for (size_t i = json_plain_len(rest); i < rest.len; i++) {
		if ((unsigned char)rest.ptr[i] < 0x20)
			return false;
		if (rest.ptr[i] == '\\') {
			escapes = true;
			i++;
		} else if (rest.ptr[i] == '"') {
			*text = slice_head(rest, i);
			reader->rest = slice_from(rest, i + 1);
			return !escapes || unescape(reader, *text, text);
		}
	}
	return false;
}

static size_t digits_len(struct slice text, size_t at)
{
	size_t n = 0;

	while (at + n < text.len && text.ptr[at + n] >= '0' && text.ptr[at + n] <= '9')
		n++;
	return n;
}

static bool take_number(struct reader *reader, struct slice *number)
{
	struct slice rest = reader->rest;
	size_t at = rest.len > 0 && rest.ptr[0] == '-' ? 1 : 0;
	size_t n = digits_len(rest, at);

	if (n == 0 || (n > 1 && rest.ptr[at] == '0'))
		return false;
	at += n;
	if (at < rest.len && rest.ptr[at] == '.') {
		n = digits_len(rest, at + 1);
		if (n == 0)
			return false;
		at += 1 + n;
	}
	if (at < rest.len && (rest.ptr[at] | 0x20) == 'e') {
		at++;
		if (at < rest.len && (rest.ptr[at] == '+' || rest.ptr[at] == '-'))
			at++;
		n = digits_len(rest, at);
		if (n == 0)
			return false;
		at += n;
	}
	*number = slice_head(rest, at);
	reader->rest = slice_from(rest, at);
	return true;
}

static void give(struct reader *reader, struct slice value)
{
	struct slice name = reader->part;

	if (reader->name_len > FLATTEN_NAME_MAX || reader->n_values++ >= FLATTEN_VALUES_MAX)
		return;
	if (name.len != reader->name_len) {
		name = arena_copy(reader->arena, slice_of(reader->name, reader->name_len));
		reader->full = reader->full || slice_absent(name);
	}
	if (!slice_absent(name))
		reader->on_value(reader->user, name, value);
}

static bool take_word(struct reader *reader, struct slice word)
{
	if (!slice_starts(reader->rest, word))
		return false;
	reader->rest = slice_from(reader->rest, word.len);
	return true;
}

static bool read_scalar(struct reader *reader)
{
	struct slice value;

	if (take(reader, '"')) {
		if (!take_string(reader, &value))
			return false;
	} else if (take_word(reader, SLICE_LIT("true"))) {
		value = SLICE_LIT("true");
	} else if (take_word(reader, SLICE_LIT("false"))) {
		value = SLICE_LIT("false");
	} else if (take_word(reader, SLICE_LIT("null"))) {
		return true;
	} else if (!take_number(reader, &value)) {
		return false;
	}
	give(reader, value);
	return true;
}

/* The name grows by ".part"; what does not fit only counts. */
static void add_name(struct reader *reader, struct slice part)
{
	size_t dot = reader->name_len > 0 ? 1 : 0;
	size_t len = reader->name_len + dot + part.len;

	if (len <= FLATTEN_NAME_MAX) {
		if (dot)
			reader->name[reader->name_len] = '.';
		memcpy(reader->name + reader->name_len + dot, part.ptr, part.len);
	}
	reader->name_len = len;
}

static bool read_member(struct reader *reader, unsigned depth)
{
	struct slice outer_part = reader->part;
	size_t outer = reader->name_len;
	struct slice name;

	if (!take(reader, '"') || !take_string(reader, &name) || !take(reader, ':'))
		return false;
	add_name(reader, name);
	if (outer == 0)
		reader->part = name;
	bool ok = read_value(reader, depth);
	reader->part = outer_part;
	reader->name_len = outer;
	return ok;
}

static bool read_object(struct reader *reader, unsigned depth)
{
	if (take(reader, '}'))
		return true;
	do {
		if (!read_member(reader, depth))
			return false;
	} while (take(reader, ','));
	return take(reader, '}');
}

static bool read_array(struct reader *reader, unsigned depth)
{
	if (take(reader, ']'))
		return true;
	do {
		if (!read_value(reader, depth))
			return false;
	} while (take(reader, ','));
	return take(reader, ']');
}

static bool read_value(struct reader *reader, unsigned depth)
{
	if (depth == FLATTEN_DEPTH_MAX)
		return false;
	if (take(reader, '{'))
		return read_object(reader, depth + 1);
	if (take(reader, '['))
		return read_array(reader, depth + 1);
	return read_scalar(reader);
}

enum flatten_result flatten(
	struct slice text, struct arena *arena, flatten_function *on_value, void *user)
{
	struct reader reader = {
		.rest = text, .arena = arena, .on_value = on_value, .user = user};

	skip_space(&reader.rest);
	if (reader.rest.len == 0 || reader.rest.ptr[0] != '{')
		return FLATTEN_NO_OBJECT;
	bool whole = read_value(&reader, 0);
	skip_space(&reader.rest);
	if (reader.full)
		return FLATTEN_FULL;
	return whole && reader.rest.len == 0 ? FLATTEN_OK : FLATTEN_BROKEN;
}
