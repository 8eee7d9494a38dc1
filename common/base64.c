#include "common/base64.h"

enum { BITS = 6, NOT_A_DIGIT = 255 };

static const char digits[][65] = {
	[BASE64_PLAIN] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	[BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

static void add_group(struct strbuf *out, enum base64_alphabet alphabet,
	const unsigned char *bytes, size_t n_bytes)
{
	uint32_t bits = (uint32_t)bytes[0] << 16;

	if (n_bytes > 1)
		bits |= (uint32_t)bytes[1] << 8;
	if (n_bytes > 2)
		bits |= bytes[2];
	for (size_t i = 0; i < 4; i++) {
		if (i <= n_bytes)
			strbuf_add_byte(out, digits[alphabet][(bits >> (18 - BITS * i)) & 63]);
		else if (alphabet == BASE64_PLAIN)
			strbuf_add_byte(out, '=');
	}
}

void base64_add(struct strbuf *out, enum base64_alphabet alphabet, struct slice bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;

	for (size_t left = bytes.len; left > 0;) {
		size_t n = left < 3 ? left : 3;

		add_group(out, alphabet, at, n);
		at += n;
		left -= n;
	}
}

static unsigned char digit_value(enum base64_alphabet alphabet, char digit)
{
	const char *at = digit != '\0' ? strchr(digits[alphabet], digit) : NULL;

	return at != NULL ? (unsigned char)(at - digits[alphabet]) : NOT_A_DIGIT;
}

/* Up to four digits without padding. */
static bool read_group(struct strbuf *out, enum base64_alphabet alphabet, struct slice group)
{
	uint32_t bits = 0;

	if (group.len < 2)
		return false;
	for (size_t i = 0; i < 4; i++) {
		unsigned char value = 0;

		if (i < group.len)
			value = digit_value(alphabet, group.ptr[i]);
		if (value == NOT_A_DIGIT)
			return false;
		bits = bits << BITS | value;
	}
	for (size_t i = 0; i + 1 < group.len; i++)
		strbuf_add_byte(out, (char)(bits >> (16 - 8 * i) & 255));
	uint32_t unused = UINT32_C(0xffffff) >> (8 * (group.len - 1));
	return (bits & unused) == 0 && !out->overflow;
}

static bool drop_padding(enum base64_alphabet alphabet, struct slice *text)
{
	if (alphabet == BASE64_URL)
		return true;
	if (text->len % 4 != 0)
		return false;
	for (unsigned i = 0; i < 2 && slice_ends(*text, SLICE_LIT("=")); i++)
		text->len--;
	return true;
}

bool base64_read(struct strbuf *out, enum base64_alphabet alphabet, struct slice text)
{
	size_t before = out->len;
	bool right = drop_padding(alphabet, &text);

	for (size_t at = 0; right && at < text.len; at += 4) {
		size_t left = text.len - at;

		right = read_group(out, alphabet, slice_of(text.ptr + at, left < 4 ? left : 4));
	}
	if (!right)
		strbuf_cut(out, before);
	return right;
}
