#include "collector/normalize/masking/secrets_private.h"

#include "collector/normalize/masking/masking.h"

/* ---- with escapes undone ----------------------------------------------------------- */

int masking_hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* Two digits that make a byte of ASCII that can be seen; -1. */
static int ascii_of(struct slice digits)
{
	int high = masking_hex_digit(digits.ptr[0]), low = masking_hex_digit(digits.ptr[1]);
	int byte = high * 16 + low;

	return high < 0 || low < 0 || byte < ' ' || byte > '~' ? -1 : byte;
}

/* Bytes of an escape at `at`, "\u0030" or "%30"; 0 = there is none. */
size_t masking_escape_at(struct slice text, size_t at, char *byte)
{
	struct slice rest = slice_from(text, at);
	size_t len = 0;

	if (slice_starts(rest, SLICE_LIT("\\/"))) {
		*byte = '/';
		return 2;
	}
	if (rest.len >= 3 && rest.ptr[0] == '%')
		len = 3;
	else if (rest.len >= 6 && slice_starts(rest, SLICE_LIT("\\u00")))
		len = 6;
	if (len == 0)
		return 0;
	int value = ascii_of(slice_of(rest.ptr + len - 2, 2));
	*byte = (char)value;
	return value < 0 ? 0 : len;
}

struct window {
	char text[WINDOW];
	uint32_t at[WINDOW + 1];
	size_t n;
};

/* From `at` on; where the next one would go on. */
static size_t fill_window(struct window *window, struct slice text, size_t at)
{
	for (window->n = 0; window->n < WINDOW && at < text.len; window->n++) {
		char *byte = &window->text[window->n];
		size_t len;

		window->at[window->n] = (uint32_t)at;
		*byte = text.ptr[at];
		len = *byte == '%' || *byte == '\\' ? masking_escape_at(text, at, byte) : 0;
		if (len == 0 && *byte == '\\' && at + 1 < text.len && text.ptr[at + 1] == '\\')
			len = 2; /* it escapes the next one, which begins nothing then */
		if (len == 0)
			*byte = text.ptr[at];
		at += len == 0 ? 1 : len;
	}
	window->at[window->n] = (uint32_t)at;
	return at;
}

/* The first of these bytes that begins an escape, from `at` on. */
static size_t find_escape(struct slice text, size_t at, char with)
{
	char byte;

	while (at < text.len) {
		at += slice_find(slice_from(text, at), with);
		if (at >= text.len || masking_escape_at(text, at, &byte) > 0)
			break;
		at++;
	}
	return at;
}

static bool scan_window(struct masking *whole, const struct window *window)
{
	struct masking masking = {
		.secrets = whole->secrets,
		.arena = whole->arena,
		.text = slice_of(window->text, window->n),
		.edits = whole->edits,
		.tally = whole->tally,
		.whole = whole,
		.at = window->at,
	};
	bool ok = masking_scan(&masking);

	whole->full = whole->full || masking.full;
	return ok;
}

static size_t earlier(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool scan_windows(struct masking *whole, size_t percent, size_t backslash)
{
	const struct slice text = whole->text;
	struct window window;

	for (size_t from = 0;;) {
		size_t escape = earlier(percent, backslash), end;

		if (escape == text.len)
			return true;
		if (escape > from + LAP)
			from = escape - LAP;
		end = fill_window(&window, text, from);
		if (!scan_window(whole, &window))
			return false;
		if (end == text.len)
			return true;
		from = window.at[window.n - LAP];
		if (percent < end)
			percent = find_escape(text, end, '%');
		if (backslash < end)
			backslash = find_escape(text, end, '\\');
	}
}

bool masking_scan_escaped(struct masking *whole)
{
	size_t percent = find_escape(whole->text, 0, '%');
	size_t backslash = find_escape(whole->text, 0, '\\');

	if (earlier(percent, backslash) >= whole->text.len)
		return true;
	return scan_windows(whole, percent, backslash);
}
