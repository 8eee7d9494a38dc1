#include "common/json.h"

#include <math.h>
#include <stdio.h>

#include "common/utf8.h"

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

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void escape_ascii(struct strbuf *out, unsigned char byte)
{
	switch (byte) {
	case '"':
		strbuf_add(out, SLICE_LIT("\\\""));
		break;
	case '\\':
		strbuf_add(out, SLICE_LIT("\\\\"));
		break;
	case '\n':
		strbuf_add(out, SLICE_LIT("\\n"));
		break;
	case '\r':
		strbuf_add(out, SLICE_LIT("\\r"));
		break;
	case '\t':
		strbuf_add(out, SLICE_LIT("\\t"));
		break;
	default:
		strbuf_addf(out, "\\u%04x", byte);
	}
}

void json_escape(struct strbuf *out, struct slice text)
{
	while (text.len > 0) {
		size_t plain = 0;

		while (plain < text.len && is_plain((unsigned char)text.ptr[plain]))
			plain++;
		strbuf_add(out, slice_head(text, plain));
		text = slice_from(text, plain);
		if (text.len == 0)
			return;

		unsigned char byte = (unsigned char)text.ptr[0];
		size_t width = utf8_width(text);
		if (byte < 0x80) {
			escape_ascii(out, byte);
			width = 1;
		} else if (width == 0) {
			strbuf_add(out, SLICE_LIT("\xef\xbf\xbd"));
			width = 1;
		} else {
			strbuf_add(out, slice_head(text, width));
		}
		text = slice_from(text, width);
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
