/* Any file as a network plan, ranges of Viet Nam and a list of public suffixes, by its first
 * byte. */
#include <assert.h>

#include "collector/enrich/networks.h"
#include "collector/enrich/ranges.h"
#include "common/suffixes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct netaddr asked[] = {{0, 0xffff0a2f0501}, {0, 0xffff01340001},
	{0, 0xffff00000000}, {0, 0xffffffffffff}, {0, 0}, {0x20010ee000000000, 1},
	{UINT64_MAX, UINT64_MAX}};

static void try_plan(struct slice text, struct strbuf *mistakes)
{
	struct networks *networks = networks_parse("plan", text, NULL, mistakes);

	assert((networks == NULL) == (mistakes->len > 0));
	for (size_t i = 0; networks != NULL && i < ARRAY_LEN(asked); i++)
		(void)networks_find(networks, &asked[i]);
	networks_free(networks);
}

static void try_ranges(struct slice text, struct strbuf *mistakes)
{
	struct ranges ranges = {0};
	bool good = ranges_parse(&ranges, "ranges", text, mistakes);

	assert(good == (mistakes->len == 0));
	struct address_map *map = address_map_new(ranges.spans, ranges.n);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		(void)address_map_find(map, &asked[i]);
	address_map_free(map);
	ranges_done(&ranges);
}

static void try_suffixes(struct slice text, struct strbuf *mistakes)
{
	struct suffixes *suffixes = suffixes_parse("list", text, mistakes);
	struct domain_parts parts;

	if (suffixes != NULL)
		(void)suffixes_split(suffixes, SLICE_LIT("a.b.c.co.uk"), &parts);
	suffixes_free(suffixes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct slice text;

	if (size == 0)
		return 0;
	text = slice_of((const char *)data + 1, size - 1);
	if (data[0] == 'p')
		try_plan(text, &mistakes);
	else if (data[0] == 'r')
		try_ranges(text, &mistakes);
	else
		try_suffixes(text, &mistakes);
	strbuf_done(&mistakes);
	return 0;
}
