#include "collector/detect/unescape.h"

enum { ROUNDS = 2 }; /* escaped twice is seen, three times is not worth its time */

bool url_is_escaped(struct slice url)
{
	static const char marks[] = {'%', '+', '\\', '*'};

	for (size_t i = 0; i < sizeof(marks); i++) {
		if (slice_find(url, marks[i]) < url.len)
			return true;
	}
	return false;
}

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
		return (byte | 0x20) - 'a' + 10;
	return -1;
}

/* The byte that "%2e" or "\x2e" at `at` means; its length goes to *used, 0 when it is none. */
static char escaped_byte(struct slice text, size_t at, size_t *used)
{
	size_t digits = text.ptr[at] == '%' ? 1 : 2;

	*used = 0;
	if (digits == 2 && (at + 1 >= text.len || text.ptr[at + 1] != 'x'))
		return 0;
	if (at + digits + 2 > text.len)
		return 0;
	int high = hex_digit(text.ptr[at + digits]), low = hex_digit(text.ptr[at + digits + 1]);
	if (high < 0 || low < 0)
		return 0;
	*used = digits + 2;
	return (char)(high << 4 | low);
}

static size_t unescape_bytes(struct slice text, char *out, size_t size)
{
	size_t len = 0;

	for (size_t at = 0; at < text.len && len < size;) {
		size_t used = 0;
		char byte = text.ptr[at];

		if (byte == '%' || byte == '\\')
			byte = escaped_byte(text, at, &used);
		out[len++] = used > 0 ? byte : text.ptr[at];
		at += used > 0 ? used : 1;
	}
	return len;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '+' || (byte >= '\t' && byte <= '\r');
}

/* Behind a comment that begins at `at`, or `at`. */
static size_t behind_comment(struct slice text, size_t at)
{
	if (at + 4 > text.len || text.ptr[at] != '/' || text.ptr[at + 1] != '*')
		return at;
	size_t end = slice_search(slice_from(text, at + 2), SLICE_LIT("*/"));
	return at + 2 + end < text.len ? at + 2 + end + 2 : at;
}

/* In place: the result is never longer. */
static size_t squeeze_blanks(char *bytes, size_t len)
{
	struct slice text = slice_of(bytes, len);
	size_t to = 0;

	for (size_t at = 0; at < len;) {
		size_t behind = behind_comment(text, at);

		if (behind > at || is_blank(bytes[at])) {
			if (to == 0 || bytes[to - 1] != ' ')
				bytes[to++] = ' ';
			at = behind > at ? behind : at + 1;
			continue;
		}
		bytes[to++] = bytes[at++];
	}
	return to;
}

struct slice url_unescape(struct slice url, char *out, size_t size)
{
	size_t len = unescape_bytes(url, out, size);

	for (unsigned round = 1; round < ROUNDS; round++)
		len = unescape_bytes(slice_of(out, len), out, len);
	return slice_of(out, squeeze_blanks(out, len));
}
