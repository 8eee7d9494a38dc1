#include "common/strbuf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void strbuf_init(struct strbuf *buf, size_t limit)
{
	*buf = (struct strbuf)STRBUF_INIT(limit);
}

void strbuf_done(struct strbuf *buf)
{
	free(buf->ptr);
	*buf = (struct strbuf){0};
}

void strbuf_reset(struct strbuf *buf)
{
	buf->len = 0;
	buf->overflow = false;
}

static void make_room(struct strbuf *buf, size_t needed)
{
	if (needed <= buf->capacity)
		return;

	size_t capacity = buf->capacity ? buf->capacity : 64;
	while (capacity < needed)
		capacity *= 2;

	char *ptr = realloc(buf->ptr, capacity);
	if (ptr == NULL)
		abort();
	buf->ptr = ptr;
	buf->capacity = capacity;
}

char *strbuf_grow(struct strbuf *buf, size_t len)
{
	if (len > buf->limit || buf->len > buf->limit - len) {
		buf->overflow = true;
		return NULL;
	}
	make_room(buf, buf->len + len + 1); /* one more for strbuf_cstr() */
	return buf->ptr + buf->len;
}

void strbuf_add_str(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, slice_str(text));
}

void strbuf_add_u64(struct strbuf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	strbuf_add(buf, slice_of(digits + at, sizeof(digits) - at));
}

void strbuf_add_i64(struct strbuf *buf, int64_t value)
{
	if (value >= 0) {
		strbuf_add_u64(buf, (uint64_t)value);
		return;
	}
	strbuf_add_byte(buf, '-');
	strbuf_add_u64(buf, -(uint64_t)value);
}

void strbuf_addf(struct strbuf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		abort();

	char *to = strbuf_reserve(buf, (size_t)len);
	if (to == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(to, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
}

const char *strbuf_cstr(struct strbuf *buf)
{
	make_room(buf, buf->len + 1);
	buf->ptr[buf->len] = '\0';
	return buf->ptr;
}
