#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/inputs/inventory_parts.h"
#include "agent/os_name.h"
#include "common/netaddr.h"

enum { SMALL_FILE_MAX = 64 << 10, NAME_MAX_SIZE = 256, ADDRESSES_MAX = 64 };

/* ---- names ---------------------------------------------------------------------- */

static void put_os(struct inventory_report *report)
{
	static const struct {
		const char *field, *key;
	} values[] = {{"host.os.name", "NAME"}, {"host.os.version", "VERSION_ID"},
		{"host.os.full", "PRETTY_NAME"}, {"host.os.platform", "ID"}};
	struct strbuf text = STRBUF_INIT(SMALL_FILE_MAX);

	if (!inventory_read(report->root, "etc/os-release", &text)) {
		strbuf_reset(&text);
		if (!inventory_read(report->root, "usr/lib/os-release", &text))
			strbuf_reset(&text);
	}
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		inventory_text(report, values[i].field,
			os_release_value(strbuf_slice(&text), values[i].key), NAME_MAX_SIZE);
	strbuf_done(&text);
}

/* "HOST.domain" as /etc/hosts has it; nobody is asked over the network. */
static struct slice full_name(struct slice hosts, struct slice host)
{
	struct slice line, word;

	if (slice_find(host, '.') < host.len)
		return host;
	while (slice_cut(&hosts, '\n', &line)) {
		line = slice_head(line, slice_find(line, '#'));
		for (size_t i = 0; i < line.len; i++) {
			word = slice_from(line, i);
			size_t end = 0;
			while (end < word.len && word.ptr[end] != ' ' && word.ptr[end] != '\t')
				end++;
			word = slice_head(word, end);
			if (word.len > host.len + 1 && slice_starts(word, host) &&
				word.ptr[host.len] == '.')
				return word;
			i += end;
		}
	}
	return SLICE_NONE;
}

static void put_names(struct inventory_report *report)
{
	struct strbuf name = STRBUF_INIT(SMALL_FILE_MAX), hosts = STRBUF_INIT(SMALL_FILE_MAX);
	struct slice host = inventory_line(report->root, "proc/sys/kernel/hostname", &name);

	inventory_text(report, "host.hostname", host, NAME_MAX_SIZE);
	if (!inventory_read(report->root, "etc/hosts", &hosts))
		strbuf_reset(&hosts);
	struct slice full = host.len > 0 ? full_name(strbuf_slice(&hosts), host) : SLICE_NONE;
	inventory_text(report, "host.name", full, NAME_MAX_SIZE);
	strbuf_done(&name);
	strbuf_done(&hosts);
}

static void put_line(
	struct inventory_report *report, const char *field, const char *path, size_t max)
{
	struct strbuf text = STRBUF_INIT(SMALL_FILE_MAX);

	inventory_text(report, field, inventory_line(report->root, path, &text), max);
	strbuf_done(&text);
}

/* adjtimex(2): the kernel's clock is disciplined by somebody. */
static void put_clock(struct inventory_report *report)
{
	struct timex state = {.modes = 0};
	int result = adjtimex(&state);

	if (result < 0)
		inventory_unknown(report, "soc.clock.synchronized");
	else
		json_put_bool(&report->json, "soc.clock.synchronized",
			result != TIME_ERROR && (state.status & STA_UNSYNC) == 0);
}

void inventory_host(struct inventory_report *report)
{
	struct utsname name = {0};

	put_names(report);
	(void)uname(&name);
	inventory_text(report, "host.architecture", slice_str(name.machine), 32);
	put_os(report);
	put_line(report, "host.os.kernel", "proc/sys/kernel/osrelease", NAME_MAX_SIZE);
	put_line(report, "host.boot.id", "proc/sys/kernel/random/boot_id", 36);
	inventory_text(report, "agent.version", SLICE_LIT(SOC_VERSION), 32);
	put_clock(report);
}

void inventory_uptime(struct inventory_report *report)
{
	struct strbuf text = STRBUF_INIT(SMALL_FILE_MAX);
	struct slice line = inventory_line(report->root, "proc/uptime", &text);
	uint64_t seconds;

	if (line.len > 0 &&
		slice_to_u64(slice_head(line, slice_find(line, '.')), UINT32_MAX, &seconds))
		inventory_number(report, "host.uptime", seconds);
	else
		inventory_unknown(report, "host.uptime");
	strbuf_done(&text);
}

/* ---- addresses ------------------------------------------------------------------- */

struct addresses {
	struct netaddr items[ADDRESSES_MAX];
	size_t n;
	bool cut;
};

static void add_address(struct addresses *addresses, const struct sockaddr *from)
{
	struct netaddr address;

	if (!netaddr_from_sockaddr(from, &address))
		return;
	for (size_t i = 0; i < addresses->n; i++)
		if (netaddr_eq(&addresses->items[i], &address))
			return;
	if (addresses->n < ADDRESSES_MAX)
		addresses->items[addresses->n++] = address;
	else
		addresses->cut = true;
}

/* The address this host would speak from to the outside: connecting a UDP socket asks the
 * routing table and sends nothing. The destinations are for documentation (RFC 5737, 3849). */
static void add_main_address(struct addresses *addresses)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	const struct {
		struct sockaddr *to;
		socklen_t len;
	} ways[] = {{(struct sockaddr *)&v4, sizeof(v4)}, {(struct sockaddr *)&v6, sizeof(v6)}};

	(void)inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	(void)inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
	for (size_t i = 0; i < ARRAY_LEN(ways) && addresses->n == 0; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof(from);
		int fd = socket(ways[i].to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			continue;
		if (connect(fd, ways[i].to, ways[i].len) == 0 &&
			getsockname(fd, (struct sockaddr *)&from, &len) == 0)
			add_address(addresses, (struct sockaddr *)&from);
		close(fd);
	}
}

static bool has_link_address(const struct ifaddrs *at)
{
	const struct sockaddr_ll *link = (const void *)at->ifa_addr;
	static const unsigned char none[6];

	return link->sll_family == AF_PACKET && link->sll_halen == sizeof(none) &&
	       memcmp(link->sll_addr, none, sizeof(none)) != 0;
}

static void put_link_addresses(struct json *json, const struct ifaddrs *list)
{
	size_t n = 0;

	json_key(json, SLICE_LIT("host.mac"));
	json_array(json);
	for (const struct ifaddrs *at = list; at != NULL && n < ADDRESSES_MAX;
		at = at->ifa_next) {
		char text[18];

		if (at->ifa_addr == NULL || (at->ifa_flags & IFF_LOOPBACK) ||
			!has_link_address(at))
			continue;
		const unsigned char *mac =
			((const struct sockaddr_ll *)(const void *)at->ifa_addr)->sll_addr;
		/* ECS writes them as RFC 7042 does. */
		snprintf(text, sizeof(text), "%02X-%02X-%02X-%02X-%02X-%02X", mac[0], mac[1],
			mac[2], mac[3], mac[4], mac[5]);
		json_text(json, slice_str(text));
		n++;
	}
	json_array_end(json);
}

static void put_addresses(struct json *json, const struct addresses *addresses)
{
	json_key(json, SLICE_LIT("host.ip"));
	json_array(json);
	for (size_t i = 0; i < addresses->n; i++) {
		char text[NETADDR_TEXT_MAX];

		size_t len = netaddr_format(&addresses->items[i], text);
		json_text(json, slice_of(text, len));
	}
	json_array_end(json);
}

void inventory_addresses(struct inventory_report *report)
{
	struct addresses addresses = {.n = 0};
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list) != 0) {
		inventory_unknown(report, "host.ip");
		inventory_unknown(report, "host.mac");
		return;
	}
	add_main_address(&addresses);
	for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next)
		if (at->ifa_addr != NULL && !(at->ifa_flags & IFF_LOOPBACK))
			add_address(&addresses, at->ifa_addr);
	put_addresses(&report->json, &addresses);
	put_link_addresses(&report->json, list);
	if (addresses.cut)
		inventory_was_cut(report, "host.ip");
	freeifaddrs(list);
}
