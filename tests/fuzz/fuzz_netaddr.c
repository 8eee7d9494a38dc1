/* Addresses are read as inet_pton() reads them, and their text is read back as themselves. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "common/netaddr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { TEXT_MAX = 64 };

static void demand(bool truth)
{
	if (!truth)
		abort();
}

static struct netaddr from_bytes(const uint8_t *bytes)
{
	struct netaddr addr = {0};

	for (unsigned i = 0; i < 8; i++) {
		addr.high = addr.high << 8 | bytes[i];
		addr.low = addr.low << 8 | bytes[i + 8];
	}
	return addr;
}

static bool system_parse(const char *text, struct netaddr *addr)
{
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, text, bytes + 12) != 1 && inet_pton(AF_INET6, text, bytes) != 1)
		return false;
	*addr = from_bytes(bytes);
	return true;
}

static void check_written(const struct netaddr *addr)
{
	char text[NETADDR_TEXT_MAX];
	struct netaddr again;
	size_t len = netaddr_format(addr, text);

	demand(len < NETADDR_TEXT_MAX && text[len] == '\0');
	demand(netaddr_parse(slice_of(text, len), &again) && netaddr_eq(addr, &again));
	(void)netaddr_scope(addr);
}

static void check_prefix(struct slice text)
{
	struct netprefix prefix, again;
	char shown[NETPREFIX_TEXT_MAX];

	if (!netprefix_parse(text, &prefix, NULL))
		return;
	size_t len = netprefix_format(&prefix, shown);
	demand(len < NETPREFIX_TEXT_MAX);
	demand(netprefix_parse(slice_of(shown, len), &again, NULL));
	demand(netaddr_eq(&prefix.first, &again.first) && prefix.bits == again.bits);
	demand(netprefix_holds(&prefix, &prefix.first));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char text[TEXT_MAX + 1] = {0};
	struct netaddr ours, theirs;

	if (len == 16) {
		ours = from_bytes(bytes);
		check_written(&ours);
	}
	if (len > TEXT_MAX || memchr(bytes, '\0', len) != NULL)
		return 0;
	memcpy(text, bytes, len);
	bool read = netaddr_parse(slice_of(bytes, len), &ours);
	demand(read == system_parse(text, &theirs));
	demand(!read || netaddr_eq(&ours, &theirs));
	check_prefix(slice_of(bytes, len));
	return 0;
}
