#include "common/mistakes.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/utf8.h"

static void add_line(struct strbuf *out, const char *file, struct pos at, const char *text)
{
	if (file != NULL)
		strbuf_addf(out, "%s:", file);
	if (at.line > 0)
		strbuf_addf(out, "%u:", at.line);
	if (at.line > 0 && at.column > 0)
		strbuf_addf(out, "%u:", at.column);
	if (file != NULL || at.line > 0)
		strbuf_add_byte(out, ' ');
	strbuf_addf(out, "%s\n", text);
}

void mistake_add(struct mistakes *mistakes, struct pos at, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	mistakes->n++;
	if (mistakes->n > MISTAKES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	add_line(mistakes->out, mistakes->file, at, text);
}

bool mistakes_end(struct mistakes *mistakes)
{
	char text[64];

	if (mistakes->n <= MISTAKES_MAX)
		return mistakes->n == 0;
	snprintf(text, sizeof(text), "and %u more mistakes", mistakes->n - MISTAKES_MAX);
	add_line(mistakes->out, mistakes->file, (struct pos){0}, text);
	return false;
}

static size_t put_hex(char *to, const char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[(unsigned char)bytes[i] >> 4];
		*to++ = digits[(unsigned char)bytes[i] & 15];
	}
	return 4 * len;
}

const char *mistake_text(struct mistake_quote *quote, struct slice text)
{
	struct slice rest = slice_head(text, 0);
	size_t to = 0, at = 0;

	quote->text[to++] = '\'';
	while (at < text.len && at < MISTAKE_TEXT_MAX) {
		rest = slice_from(text, at);
		size_t width = utf8_width(rest);
		size_t step = width > 0 ? width : 1;
		bool shown = utf8_shown(rest);

		if (at + step > MISTAKE_TEXT_MAX)
			break;
		if (shown)
			memcpy(quote->text + to, rest.ptr, step);
		to += shown ? step : put_hex(quote->text + to, rest.ptr, step);
		at += step;
	}
	if (at < text.len) {
		memcpy(quote->text + to, "...", 3);
		to += 3;
	}
	quote->text[to++] = '\'';
	quote->text[to] = '\0';
	return quote->text;
}
