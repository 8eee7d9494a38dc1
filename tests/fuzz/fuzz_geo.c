/* Any file as a geo database: refused, or every look-up ends and stays within it. */
#include <assert.h>

#include "collector/enrich/geo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sum;

static void touch(struct slice text)
{

	assert(text.len <= GEO_TEXT_MAX);
	for (size_t i = 0; i < text.len; i++)
		sum += (unsigned char)text.ptr[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct netaddr asked[] = {{0, 0xffff00000000}, {0, 0xffff01340001},
		{0, 0xffff08080808}, {0, 0xffffcba20001}, {0, 0xffffffffffff}, {0, 1},
		{0x20010ee000000000, 1}, {0x2606470000000000, 7}, {UINT64_MAX, UINT64_MAX}};
	struct err err;
	struct geo *geo = geo_from_bytes(slice_of(size ? (const void *)data : "", size), &err);

	for (size_t i = 0; geo != NULL && i < ARRAY_LEN(asked); i++) {
		struct geo_answer answer = {0};

		(void)!geo_find(geo, &asked[i], &answer);
		assert(slice_absent(answer.country) || answer.country.len == 2);
		touch(answer.country);
		touch(answer.city);
		touch(answer.organization);
	}
	geo_free(geo);
	return 0;
}
