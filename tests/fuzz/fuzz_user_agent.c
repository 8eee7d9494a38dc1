/* Any text as a user agent, read anew and found again, and as the name of a host. */
#include <assert.h>

#include "collector/enrich/user_agent.h"
#include "common/suffixes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(struct slice name, struct slice part)
{
	assert(slice_absent(part) || (part.len > 0 && slice_is_within(part, name)));
}

static void check_name(const struct suffixes *suffixes, struct slice name)
{
	struct domain_parts parts = {0};

	if (!suffixes_split(suffixes, name, &parts))
		return;
	check_part(name, parts.registered);
	check_part(name, parts.subdomain);
	check_part(name, parts.top_level);
	assert(parts.top_level.len > 0);
	assert(slice_absent(parts.registered) || slice_ends(parts.registered, parts.top_level));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct user_agent_cache cache;
	static struct suffixes *suffixes;
	struct slice text = slice_of(size ? (const void *)data : "", size);
	struct strbuf mistakes = STRBUF_INIT(1 << 12);
	struct user_agent read, found;

	user_agent_read(text, &read);
	user_agent_find(&cache, text, &found);
	user_agent_find(&cache, text, &found);
	assert(read.class == found.class && slice_eq(read.name, found.name));
	assert(slice_eq(read.version, found.version) && slice_eq(read.device, found.device));
	assert(read.version.len <= USER_AGENT_VERSION_MAX);
	if (suffixes == NULL)
		suffixes = suffixes_parse("x", SLICE_LIT("com\n*.ck\n!www.ck\n"), &mistakes);
	check_name(suffixes, text);
	strbuf_done(&mistakes);
	return 0;
}
