#define COMMON_ERR_C
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t add(struct err *err, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Where the text ends now; cut text ends at the last byte before the NUL. */
static size_t clamp(int len, size_t at)
{
	size_t end = at + (len > 0 ? (size_t)len : 0);

	return end < ERR_TEXT_MAX ? end : ERR_TEXT_MAX - 1;
}

static size_t addv(struct err *err, size_t at, const char *fmt, va_list args)
{
	return clamp(vsnprintf(err->text + at, ERR_TEXT_MAX - at, fmt, args), at);
}

static size_t add(struct err *err, size_t at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	at = addv(err, at, fmt, args);
	va_end(args);
	return at;
}

bool err_set(struct err *err, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return false;
	err->sys = 0;
	va_start(args, fmt);
	addv(err, 0, fmt, args);
	va_end(args);
	return false;
}

bool err_at(struct err *err, struct pos at, const char *fmt, ...)
{
	va_list args;
	size_t end = 0;

	if (err == NULL)
		return false;
	err->sys = 0;
	if (at.file != NULL)
		end = add(err, end, "%s:", at.file);
	if (at.line > 0)
		end = add(err, end, "%u:", at.line);
	if (at.column > 0)
		end = add(err, end, "%u:", at.column);
	if (end > 0)
		end = add(err, end, " ");
	va_start(args, fmt);
	addv(err, end, fmt, args);
	va_end(args);
	return false;
}

bool err_sys(struct err *err, const char *fmt, ...)
{
	va_list args;
	int saved = errno;

	if (err == NULL)
		return false;
	err->sys = saved;
	va_start(args, fmt);
	size_t end = addv(err, 0, fmt, args);
	va_end(args);
	add(err, end, ": %s", strerror(saved)); /* glibc's strerror() is thread-safe */
	return false;
}

bool err_within(struct err *err, const char *fmt, ...)
{
	char inner[ERR_TEXT_MAX];
	va_list args;

	if (err == NULL)
		return false;
	memcpy(inner, err->text, sizeof(inner));
	va_start(args, fmt);
	size_t end = addv(err, 0, fmt, args);
	va_end(args);
	add(err, end, ": %s", inner);
	return false;
}
