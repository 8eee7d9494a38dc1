#include "common/crc32c.h"

#include <pthread.h>
#include <string.h>

enum { POLYNOMIAL_REFLECTED = (int)0x82f63b78 };

static uint32_t table[8][256];
static uint32_t (*update)(uint32_t crc, const unsigned char *at, size_t len);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t update_by_table(uint32_t crc, const unsigned char *at, size_t len)
{
	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		word ^= crc;
		crc = 0;
		for (unsigned i = 0; i < 8; i++)
			crc ^= table[7 - i][word >> (8 * i) & 0xff];
	}
	for (; len > 0; at++, len--)
		crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t update_by_sse42(
	uint32_t crc, const unsigned char *at, size_t len)
{
	uint64_t wide = crc;

	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (; len > 0; at++, len--)
		crc = __builtin_ia32_crc32qi(crc, *at);
	return crc;
}
#endif

static void choose(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? (uint32_t)POLYNOMIAL_REFLECTED : 0);
		table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++) {
		for (unsigned slot = 1; slot < 8; slot++) {
			uint32_t before = table[slot - 1][i];

			table[slot][i] = before >> 8 ^ table[0][before & 0xff];
		}
	}
	update = update_by_table;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		update = update_by_sse42;
#endif
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
	pthread_once(&once, choose);
	return ~update(~crc, bytes, len);
}
