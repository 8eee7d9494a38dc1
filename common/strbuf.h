/*
 * strbuf - bytes that grow up to a hard limit
 *
 * Text is built here and then borrowed as a slice. A write past the limit is
 * not done at all and sets `overflow`, which stays set until the reset: build
 * everything, then look once. The machine out of memory aborts the program.
 *
 * Not thread-safe.
 */
#ifndef COMMON_STRBUF_H
#define COMMON_STRBUF_H

#include "common/slice.h"

struct strbuf {
	char *ptr;       /* NULL until the first byte */
	size_t len;      /* bytes in use */
	size_t capacity; /* bytes allocated */
	size_t limit;    /* `len` never passes it */
	bool overflow;   /* a write was refused */
};

#define STRBUF_INIT(max)                                                                       \
	{                                                                                      \
		.limit = (max)                                                                 \
	}

void strbuf_init(struct strbuf *buf, size_t limit);
void strbuf_done(struct strbuf *buf);

/* Empty, memory kept, overflow forgotten. */
void strbuf_reset(struct strbuf *buf);

/* strbuf_reserve() where memory has to be asked for, or the limit is passed. */
MUST_USE char *strbuf_grow(struct strbuf *buf, size_t len);

/* Room for `len` more bytes to write into directly, then strbuf_extend(); NULL past the limit.
 */
MUST_USE static inline char *strbuf_reserve(struct strbuf *buf, size_t len)
{
	/* one more for strbuf_cstr(); what is in it is within both */
	if (len < buf->capacity - buf->len && len <= buf->limit - buf->len)
		return buf->ptr + buf->len;
	return strbuf_grow(buf, len);
}

/* Count `len` bytes written behind the end after strbuf_reserve(). */
static inline void strbuf_extend(struct strbuf *buf, size_t len)
{
	buf->len += len;
}

static inline void strbuf_add(struct strbuf *buf, struct slice bytes)
{
	char *to = strbuf_reserve(buf, bytes.len);

	if (to == NULL || bytes.len == 0)
		return;
	memcpy(to, bytes.ptr, bytes.len);
	buf->len += bytes.len;
}

static inline void strbuf_add_byte(struct strbuf *buf, char byte)
{
	char *to = strbuf_reserve(buf, 1);

	if (to == NULL)
		return;
	*to = byte;
	buf->len++;
}

void strbuf_add_str(struct strbuf *buf, const char *text);
void strbuf_add_u64(struct strbuf *buf, uint64_t value);
void strbuf_add_i64(struct strbuf *buf, int64_t value);
void strbuf_addf(struct strbuf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Cut back to `len` bytes; `len` <= buf->len. */
static inline void strbuf_cut(struct strbuf *buf, size_t len)
{
	buf->len = len;
}

/* What is in it; valid until the next write. Never absent. */
static inline struct slice strbuf_slice(const struct strbuf *buf)
{
	return slice_of(buf->ptr ? buf->ptr : "", buf->len);
}

/* NUL-terminated view, valid until the next write. The NUL does not count. */
const char *strbuf_cstr(struct strbuf *buf);

#endif
