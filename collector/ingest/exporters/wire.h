/*
 * wire - reading numbers in network byte order, never beyond the end
 *
 * A read that finds too little takes nothing and is false. Any thread.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_WIRE_H
#define COLLECTOR_INGEST_EXPORTERS_WIRE_H

#include "common/slice.h"

/* Up to 8 bytes as a number, the first one the most significant. */
static inline uint64_t wire_number(struct slice bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes.len; i++)
		value = value << 8 | (unsigned char)bytes.ptr[i];
	return value;
}

/* *rest moves behind them. */
MUST_USE static inline bool wire_take(struct slice *rest, size_t len, struct slice *bytes)
{
	if (rest->len < len)
		return false;
	*bytes = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

MUST_USE static inline bool wire_u8(struct slice *rest, uint8_t *value)
{
	struct slice bytes;

	if (!wire_take(rest, sizeof(*value), &bytes))
		return false;
	*value = (uint8_t)bytes.ptr[0];
	return true;
}

MUST_USE static inline bool wire_u16(struct slice *rest, uint16_t *value)
{
	struct slice bytes;

	if (!wire_take(rest, sizeof(*value), &bytes))
		return false;
	*value = (uint16_t)wire_number(bytes);
	return true;
}

MUST_USE static inline bool wire_u32(struct slice *rest, uint32_t *value)
{
	struct slice bytes;

	if (!wire_take(rest, sizeof(*value), &bytes))
		return false;
	*value = (uint32_t)wire_number(bytes);
	return true;
}

#endif
