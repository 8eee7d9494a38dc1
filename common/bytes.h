/* bytes - integers in files and on the wire: little-endian, at any alignment */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "files and frames are little-endian; this machine needs swaps here"
#endif

static inline void bytes_put_u16(void *to, uint16_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void bytes_put_u32(void *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void bytes_put_u64(void *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline uint16_t bytes_get_u16(const void *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint32_t bytes_get_u32(const void *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint64_t bytes_get_u64(const void *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

#endif
