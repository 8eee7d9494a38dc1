/*
 * crc32c - Castagnoli's check sum (RFC 3720 §B.4), finds damage, not forgery
 *
 * Any thread. Uses the SSE 4.2 instruction where the processor has it.
 */
#ifndef COMMON_CRC32C_H
#define COMMON_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Start with crc 0; feed parts one after the other. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

#endif
