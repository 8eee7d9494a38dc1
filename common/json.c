#include "common/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/json_plain.h"
#include "common/utf8.h"

enum { ESCAPE_PART = 256 }; /* bytes escaped at once */

static void before_value(struct json *json)
{
	if (json->comma)
		strbuf_add_byte(json->out, ',');
	json->comma = true;
}

static void open_with(struct json *json, char byte)
{
	before_value(json);
	strbuf_add_byte(json->out, byte);
	json->comma = false;
}

static void close_with(struct json *json, char byte)
{
	strbuf_add_byte(json->out, byte);
	json->comma = true;
}

void json_object(struct json *json)
{
	open_with(json, '{');
}

void json_object_end(struct json *json)
{
	close_with(json, '}');
}

void json_array(struct json *json)
{
	open_with(json, '[');
}

void json_array_end(struct json *json)
{
	close_with(json, ']');
}

static char *put_bytes(char *to, const char *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}

static char *escape_ascii(char *to, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	switch (byte) {
	case '"':
	case '\\':
		*to++ = (char)byte;
		break;
	case '\n':
		*to++ = 'n';
		break;
	case '\r':
		*to++ = 'r';
		break;
	case '\t':
		*to++ = 't';
		break;
	default:
		to = put_bytes(to, "u00", 3);
		*to++ = hex[byte >> 4];
		*to++ = hex[byte & 15];
	}
	return to;
}

static bool is_plain(char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* The character at `at`, which needs an escape or has several bytes; bytes read to *width. */
static char *escape_one(char *to, struct slice at, size_t *width)
{
	unsigned char byte = (unsigned char)at.ptr[0];

	*width = byte < 0x80 ? 1 : utf8_width(at);
	if (byte < 0x80)
		return escape_ascii(to, byte);
	if (*width > 0)
		return put_bytes(to, at.ptr, *width);
	*width = 1;
	return put_bytes(to, "\xef\xbf\xbd", 3);
}

/* A text of 4 to 8 bytes that all stand for themselves: its two ends, which may overlap. */
static bool put_short(char *to, struct slice text)
{
	uint32_t head, tail;

	memcpy(&head, text.ptr, sizeof(head));
	memcpy(&tail, text.ptr + text.len - sizeof(tail), sizeof(tail));
	if (json_plain_of_word((uint64_t)head << 32 | tail) < sizeof(uint64_t))
		return false;
	memcpy(to, &head, sizeof(head));
	memcpy(to + text.len - sizeof(tail), &tail, sizeof(tail));
	return true;
}

char *json_escape_to(char *to, struct slice text)
{
	const char *at = text.ptr, *end = text.ptr + text.len;
	uint64_t word;
	size_t width;

	while (at < end) {
		size_t left = (size_t)(end - at), n;

		if (left >= sizeof(word)) {
			word = bytes_get_u64(at);
			bytes_put_u64(to, word); /* there is room for six times as many */
			n = json_plain_of_word(word);
			to += n;
			at += n;
			if (n == sizeof(word))
				continue;
		} else if (left >= sizeof(word) / 2 && put_short(to, slice_of(at, left))) {
			return to + left;
		}
		while (at < end && is_plain(*at))
			*to++ = *at++;
		if (at < end && (*at == '"' || *at == '\\')) { /* most, of JSON in JSON */
			*to++ = '\\';
			*to++ = *at++;
		} else if (at < end) {
			to = escape_one(to, slice_of(at, (size_t)(end - at)), &width);
			at += width;
		}
	}
	return to;
}

void json_escape(struct strbuf *out, struct slice text)
{
	char escaped[ESCAPE_PART * JSON_ESCAPED_MAX];

	while (text.len > 0) {
		size_t len = text.len < ESCAPE_PART ? text.len : ESCAPE_PART;

		/* A character across the end is left for the next part. */
		for (unsigned i = 0; i < 3 && len < text.len && (text.ptr[len] & 0xc0) == 0x80;
			i++)
			len--;
		char *end = json_escape_to(escaped, slice_head(text, len));
		strbuf_add(out, slice_of(escaped, (size_t)(end - escaped)));
		text = slice_from(text, len);
	}
}

static void put_string(struct strbuf *out, struct slice text)
{
	strbuf_add_byte(out, '"');
	json_escape(out, text);
	strbuf_add_byte(out, '"');
}

void json_key(struct json *json, struct slice key)
{
	before_value(json);
	put_string(json->out, key);
	strbuf_add_byte(json->out, ':');
	json->comma = false;
}

void json_text(struct json *json, struct slice text)
{
	if (slice_absent(text)) {
		json_null(json);
		return;
	}
	before_value(json);
	put_string(json->out, text);
}

void json_u64(struct json *json, uint64_t value)
{
	before_value(json);
	strbuf_add_u64(json->out, value);
}

void json_i64(struct json *json, int64_t value)
{
	before_value(json);
	strbuf_add_i64(json->out, value);
}

void json_double(struct json *json, double value)
{
	if (!isfinite(value)) {
		json_null(json);
		return;
	}
	before_value(json);
	strbuf_addf(json->out, "%.17g", value);
}

void json_bool(struct json *json, bool value)
{
	json_raw(json, value ? SLICE_LIT("true") : SLICE_LIT("false"));
}

void json_null(struct json *json)
{
	json_raw(json, SLICE_LIT("null"));
}

void json_raw(struct json *json, struct slice value)
{
	before_value(json);
	strbuf_add(json->out, value);
}

void json_put_text(struct json *json, const char *key, struct slice text)
{
	json_key(json, slice_str(key));
	json_text(json, text);
}

void json_put_str(struct json *json, const char *key, const char *text)
{
	json_put_text(json, key, slice_str(text));
}

void json_put_u64(struct json *json, const char *key, uint64_t value)
{
	json_key(json, slice_str(key));
	json_u64(json, value);
}

void json_put_i64(struct json *json, const char *key, int64_t value)
{
	json_key(json, slice_str(key));
	json_i64(json, value);
}

void json_put_bool(struct json *json, const char *key, bool value)
{
	json_key(json, slice_str(key));
	json_bool(json, value);
}

void json_put_time(struct json *json, const char *key, int64_t ns, unsigned digits)
{
	char text[CLOCK_TEXT_MAX];

	json_put_str(json, key, ns > 0 ? clock_format_utc(ns, digits, text) : NULL);
}

void json_put_id(struct json *json, const char *key, uint64_t id)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, id);
	json_put_str(json, key, text);
}
