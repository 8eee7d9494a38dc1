#include "common/utf8.h"

static bool is_tail(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* RFC 3629 §4: the second byte's range depends on the first. */
static bool second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return is_tail(second);
	}
}

static size_t width_of_first(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

size_t utf8_width(struct slice s)
{
	const unsigned char *at = (const unsigned char *)s.ptr;

	if (s.len == 0)
		return 0;

	size_t width = width_of_first(at[0]);
	if (width == 0 || width > s.len)
		return 0;
	if (width >= 2 && !second_fits(at[0], at[1]))
		return 0;
	for (size_t i = 2; i < width; i++) {
		if (!is_tail(at[i]))
			return 0;
	}
	return width;
}

/* Bytes at the start that are ASCII, eight at a time. */
static size_t ascii_run(struct slice s)
{
	size_t at = 0;
	uint64_t word;

	for (; at + sizeof(word) <= s.len; at += sizeof(word)) {
		memcpy(&word, s.ptr + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (at < s.len && (unsigned char)s.ptr[at] < 0x80)
		at++;
	return at;
}

/* Bytes at the start that are UTF-8. */
static size_t valid_run(struct slice s)
{
	size_t at = ascii_run(s);

	while (at < s.len) {
		size_t width = utf8_width(slice_from(s, at));

		if (width == 0)
			break;
		at += width;
		at += ascii_run(slice_from(s, at));
	}
	return at;
}

bool utf8_valid(struct slice s)
{
	return valid_run(s) == s.len;
}

struct slice utf8_head(struct slice s, size_t max)
{
	if (s.len <= max)
		return s;
	for (size_t back = 1; back < 4 && back <= max; back++)
		if (utf8_width(slice_from(s, max - back)) > back)
			return slice_head(s, max - back);
	return slice_head(s, max);
}

/* C1 controls (U+0080..U+009F), line and paragraph separators and the controls of writing
 * direction (U+061C, U+200E..U+200F, U+2028..U+202E, U+2066..U+2069), as UTF-8. */
static bool is_hidden(const unsigned char *at, size_t width)
{
	if (width == 2)
		return (at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xd8 && at[1] == 0x9c);
	if (width != 3 || at[0] != 0xe2)
		return false;
	if (at[1] == 0x80)
		return (at[2] >= 0x8e && at[2] <= 0x8f) || (at[2] >= 0xa8 && at[2] <= 0xae);
	return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
}

bool utf8_shown(struct slice s)
{
	const unsigned char *at = (const unsigned char *)s.ptr;
	size_t width = utf8_width(s);

	return width > 0 && at[0] >= 0x20 && at[0] != 0x7f && !is_hidden(at, width);
}

void utf8_show(struct strbuf *out, struct slice s)
{
	while (s.len > 0) {
		size_t width = utf8_width(s);
		size_t step = width > 0 ? width : 1;

		if (utf8_shown(s)) {
			strbuf_add(out, slice_head(s, step));
		} else {
			for (size_t i = 0; i < step; i++)
				strbuf_addf(out, "\\x%02x", (unsigned char)s.ptr[i]);
		}
		s = slice_from(s, step);
	}
}
