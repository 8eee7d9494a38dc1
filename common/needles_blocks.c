#include "common/needles_blocks.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

bool needles_blocks_possible(void)
{
	return __builtin_cpu_supports("ssse3");
}

/* Groups that the byte at each of sixteen places may belong to, as byte `number` of a needle.
 */
__attribute__((target("ssse3"))) static inline __m128i groups_at(
	const struct needles_blocks *blocks, unsigned number, const char *at)
{
	const __m128i nibble = _mm_set1_epi8(0x0f);
	__m128i bytes = _mm_loadu_si128((const void *)(at + number));
	__m128i low = _mm_loadu_si128((const void *)blocks->low[number]);
	__m128i high = _mm_loadu_si128((const void *)blocks->high[number]);

	return _mm_and_si128(_mm_shuffle_epi8(low, _mm_and_si128(bytes, nibble)),
		_mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble)));
}

__attribute__((target("ssse3"))) unsigned needles_blocks_look(
	const struct needles_blocks *blocks, const char *at)
{
	__m128i groups =
		_mm_and_si128(_mm_and_si128(groups_at(blocks, 0, at), groups_at(blocks, 1, at)),
			_mm_and_si128(groups_at(blocks, 2, at), groups_at(blocks, 3, at)));

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(groups, _mm_setzero_si128())) ^
	       0xffff;
}

#else

bool needles_blocks_possible(void)
{
	return false;
}

unsigned needles_blocks_look(const struct needles_blocks *blocks, const char *at)
{
	(void)blocks;
	(void)at;
	return 0xffff;
}

#endif

void needles_blocks_init(struct needles_blocks *blocks)
{
	*blocks = (struct needles_blocks){0};
}

static void allow(struct needles_blocks *blocks, unsigned number, unsigned byte, uint8_t group)
{
	blocks->low[number][byte & 15] |= group;
	blocks->high[number][byte >> 4] |= group;
}

/* Needles of one first letter share a group, so that the groups' bytes mix little. */
void needles_blocks_add(struct needles_blocks *blocks, struct slice needle)
{
	uint8_t group = (uint8_t)(1u << ((unsigned char)needle.ptr[0] % 8));

	for (unsigned number = 0; number < BLOCK_PREFIX; number++) {
		if (number >= needle.len) { /* any byte may follow a short needle */
			for (unsigned nibble = 0; nibble < BLOCK; nibble++)
				allow(blocks, number, nibble << 4 | nibble, group);
			continue;
		}
		unsigned byte = (unsigned char)needle.ptr[number];

		allow(blocks, number, byte, group);
		if (byte >= 'a' && byte <= 'z')
			allow(blocks, number, byte & ~0x20u, group);
	}
}
