#include "common/netaddr.h"

#include <netinet/in.h>

#define V4_MARK (UINT64_C(0xffff) << 32)

enum {
	GROUPS = 8,
	V4_BITS = 96,
	MIN_TEXT = 2,  /* "::" */
	MAX_TEXT = 45, /* six full groups and a full dotted address */
};

static struct netaddr from_v4(uint32_t number)
{
	return (struct netaddr){.low = V4_MARK | number};
}

static uint64_t big_endian(const uint8_t *bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	return number;
}

bool netaddr_from_sockaddr(const struct sockaddr *from, struct netaddr *addr)
{
	if (from->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, from, sizeof(v4));
		*addr = from_v4(ntohl(v4.sin_addr.s_addr));
		return true;
	}
	if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, from, sizeof(v6));
		addr->high = big_endian(v6.sin6_addr.s6_addr);
		addr->low = big_endian(v6.sin6_addr.s6_addr + 8);
		return true;
	}
	return false;
}

int netaddr_compare(const struct netaddr *a, const struct netaddr *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}

/* ---- reading -------------------------------------------------------------- */

/* 0..255 without leading zeros at *at; moves *at past it. */
static bool read_octet(const char **at, const char *end, uint32_t *octet)
{
	const char *start = *at;
	uint32_t value = 0;

	while (*at < end && *at - start < 3 && **at >= '0' && **at <= '9')
		value = value * 10 + (uint32_t)(*(*at)++ - '0');
	if (*at == start || value > 255 || (*start == '0' && *at - start > 1))
		return false;
	*octet = value;
	return true;
}

static bool read_v4(const char *at, const char *end, uint32_t *number)
{
	uint32_t value = 0, octet;

	for (unsigned i = 0; i < 4; i++) {
		if (i > 0 && (at == end || *at++ != '.'))
			return false;
		if (!read_octet(&at, end, &octet))
			return false;
		value = value << 8 | octet;
	}
	if (at != end)
		return false;
	*number = value;
	return true;
}

static int hex_value(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

/* One to four hexadecimal digits at *at; moves *at past them. */
static bool read_group(const char **at, const char *end, uint16_t *group)
{
	const char *start = *at;
	unsigned value = 0;

	while (*at < end && *at - start < 4 && hex_value(**at) >= 0)
		value = value << 4 | (unsigned)hex_value(*(*at)++);
	*group = (uint16_t)value;
	return *at > start;
}

/* The groups of an IPv6 text as they stand there, and where "::" was. */
struct groups {
	uint16_t values[GROUPS];
	unsigned n;
	int gap; /* groups before "::", -1 = none */
};

/* "a.b.c.d" as the last two groups. */
static bool add_v4(struct groups *groups, const char *at, const char *end)
{
	uint32_t number;

	if (groups->n > GROUPS - 2 || !read_v4(at, end, &number))
		return false;
	groups->values[groups->n++] = (uint16_t)(number >> 16);
	groups->values[groups->n++] = (uint16_t)number;
	return true;
}

/* After a group: a ':' and more, or "::" and maybe more, or the end. */
static bool step_over_colon(struct groups *groups, const char **at, const char *end)
{
	if (**at != ':' || ++*at == end)
		return false;
	if (**at != ':')
		return true;
	if (groups->gap >= 0)
		return false;
	groups->gap = (int)groups->n;
	++*at;
	return true;
}

static bool read_groups(const char *at, const char *end, struct groups *groups)
{
	if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
		groups->gap = 0;
		at += 2;
	}
	while (at < end) {
		const char *start = at;

		if (groups->n == GROUPS || !read_group(&at, end, &groups->values[groups->n]))
			return false;
		if (at < end && *at == '.')
			return add_v4(groups, start, end);
		groups->n++;
		if (at < end && !step_over_colon(groups, &at, end))
			return false;
	}
	return true;
}

static bool read_v6(const char *at, const char *end, struct netaddr *addr)
{
	struct groups groups = {.gap = -1};
	uint64_t halves[2] = {0, 0};

	if (!read_groups(at, end, &groups))
		return false;
	if (groups.gap < 0 ? groups.n != GROUPS : groups.n == GROUPS)
		return false; /* "::" stands for at least one group */

	unsigned skipped = GROUPS - groups.n;
	for (unsigned i = 0; i < groups.n; i++) {
		unsigned to = groups.gap >= 0 && i >= (unsigned)groups.gap ? i + skipped : i;

		halves[to / 4] |= (uint64_t)groups.values[i] << (48 - 16 * (to % 4));
	}
	*addr = (struct netaddr){.high = halves[0], .low = halves[1]};
	return true;
}

bool netaddr_parse(struct slice text, struct netaddr *addr)
{
	uint32_t number;

	if (text.len < MIN_TEXT || text.len > MAX_TEXT)
		return false;

	const char *end = text.ptr + text.len;
	if (!read_v4(text.ptr, end, &number))
		return read_v6(text.ptr, end, addr);
	*addr = from_v4(number);
	return true;
}

/* ---- writing -------------------------------------------------------------- */

static char *put_decimal(char *to, unsigned value)
{
	if (value >= 100)
		*to++ = (char)('0' + value / 100);
	if (value >= 10)
		*to++ = (char)('0' + value / 10 % 10);
	*to++ = (char)('0' + value % 10);
	return to;
}

static char *put_v4(char *to, uint32_t number)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		to = put_decimal(to, number >> shift & 255);
		if (shift > 0)
			*to++ = '.';
	}
	return to;
}

static char *put_group(char *to, unsigned value)
{
	static const char digits[] = "0123456789abcdef";
	int shift = value >= 0x1000 ? 12 : value >= 0x100 ? 8 : value >= 0x10 ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*to++ = digits[value >> shift & 15];
	return to;
}

static unsigned group_at(const struct netaddr *addr, unsigned i)
{
	uint64_t half = i < 4 ? addr->high : addr->low;

	return (unsigned)(half >> (48 - 16 * (i % 4)) & 0xffff);
}

/* The first of the longest runs of at least two groups that are 0; n_zeros 0 = none. */
static unsigned longest_zeros(const struct netaddr *addr, unsigned *n_zeros)
{
	unsigned best = 0, run = 0;

	*n_zeros = 1;
	for (unsigned i = 0; i < GROUPS; i++) {
		run = group_at(addr, i) == 0 ? run + 1 : 0;
		if (run > *n_zeros) {
			*n_zeros = run;
			best = i + 1 - run;
		}
	}
	if (*n_zeros == 1)
		*n_zeros = 0;
	return best;
}

static char *put_v6(char *to, const struct netaddr *addr)
{
	unsigned n_zeros, zeros = longest_zeros(addr, &n_zeros);

	for (unsigned i = 0; i < GROUPS; i++) {
		if (n_zeros > 0 && i == zeros) {
			*to++ = ':';
			*to++ = ':';
			i += n_zeros - 1;
			continue;
		}
		if (i > 0 && !(n_zeros > 0 && i == zeros + n_zeros))
			*to++ = ':';
		to = put_group(to, group_at(addr, i));
	}
	return to;
}

size_t netaddr_format(const struct netaddr *addr, char *out)
{
	char *end = netaddr_is_v4(addr) ? put_v4(out, (uint32_t)addr->low) : put_v6(out, addr);

	*end = '\0';
	return (size_t)(end - out);
}

/* ---- prefixes ------------------------------------------------------------- */

static struct netaddr masked(struct netaddr addr, unsigned bits)
{
	uint64_t high = bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
	uint64_t low = bits <= 64 ? 0 : bits == 128 ? UINT64_MAX : ~(UINT64_MAX >> (bits - 64));

	return (struct netaddr){.high = addr.high & high, .low = addr.low & low};
}

static bool is_v4_prefix(const struct netprefix *prefix)
{
	return prefix->bits >= V4_BITS && netaddr_is_v4(&prefix->first);
}

bool netprefix_holds(const struct netprefix *prefix, const struct netaddr *addr)
{
	struct netaddr first = masked(*addr, prefix->bits);

	if (prefix->bits < V4_BITS && netaddr_is_v4(addr))
		return false;
	return netaddr_eq(&first, &prefix->first);
}

/* The written length counts the bits of the written form: ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
static bool read_length(
	struct slice written, struct slice address, const struct netaddr *addr, uint8_t *bits)
{
	bool dotted = slice_find(address, ':') == address.len;
	uint64_t length = dotted ? 32 : 128;

	if (!slice_absent(written) && (!slice_to_u64(written, length, &length) ||
					      (written.len > 1 && written.ptr[0] == '0')))
		return false;
	*bits = (uint8_t)(dotted ? length + V4_BITS : length);
	return !netaddr_is_v4(addr) || *bits >= V4_BITS;
}

bool netprefix_parse(struct slice text, struct netprefix *prefix, struct err *err)
{
	struct slice length = text, address;
	struct netprefix read;
	char shown[NETPREFIX_TEXT_MAX];

	if (!slice_cut(&length, '/', &address) || !netaddr_parse(address, &read.first))
		return err_set(err, "not an IP address or prefix");
	if (!read_length(length, address, &read.first, &read.bits))
		return err_set(err, "not a length of a prefix behind the '/'");

	struct netaddr first = masked(read.first, read.bits);
	if (!netaddr_eq(&first, &read.first)) {
		netprefix_format(&(struct netprefix){first, read.bits}, shown);
		return err_set(err, "bits are set beyond the prefix; the network is %s", shown);
	}
	*prefix = read;
	return true;
}

size_t netprefix_format(const struct netprefix *prefix, char *out)
{
	size_t len = netaddr_format(&prefix->first, out);
	unsigned bits = is_v4_prefix(prefix) ? prefix->bits - V4_BITS : prefix->bits;

	out[len++] = '/';
	char *end = put_decimal(out + len, bits);
	*end = '\0';
	return (size_t)(end - out);
}

/* ---- special purposes ----------------------------------------------------- */

struct special {
	uint64_t high, low;
	uint8_t bits;
	enum netaddr_scope scope;
};

#define V4(a, b, c, d)                                                                         \
	0, V4_MARK | ((uint64_t)(a) << 24 | (uint64_t)(b) << 16 | (uint64_t)(c) << 8 | (d))
#define V6(a, b, c, d) (uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (d), 0

/* The first line that holds an address decides. */
static const struct special specials_v4[] = {
	{V4(10, 0, 0, 0), V4_BITS + 8, NETADDR_PRIVATE},
	{V4(172, 16, 0, 0), V4_BITS + 12, NETADDR_PRIVATE},
	{V4(192, 168, 0, 0), V4_BITS + 16, NETADDR_PRIVATE},
	{V4(100, 64, 0, 0), V4_BITS + 10, NETADDR_PRIVATE},
	{V4(127, 0, 0, 0), V4_BITS + 8, NETADDR_LOOPBACK},
	{V4(169, 254, 0, 0), V4_BITS + 16, NETADDR_LINK_LOCAL},
	{V4(224, 0, 0, 0), V4_BITS + 4, NETADDR_MULTICAST},
	{V4(240, 0, 0, 0), V4_BITS + 4, NETADDR_RESERVED},     /* RFC 1112, broadcast too */
	{V4(0, 0, 0, 0), V4_BITS + 8, NETADDR_RESERVED},       /* RFC 791: this network */
	{V4(192, 0, 0, 9), V4_BITS + 32, NETADDR_GLOBAL},      /* RFC 7723 */
	{V4(192, 0, 0, 10), V4_BITS + 32, NETADDR_GLOBAL},     /* RFC 8155 */
	{V4(192, 0, 0, 0), V4_BITS + 24, NETADDR_RESERVED},    /* RFC 6890 */
	{V4(192, 0, 2, 0), V4_BITS + 24, NETADDR_RESERVED},    /* RFC 5737 */
	{V4(198, 51, 100, 0), V4_BITS + 24, NETADDR_RESERVED}, /* RFC 5737 */
	{V4(203, 0, 113, 0), V4_BITS + 24, NETADDR_RESERVED},  /* RFC 5737 */
	{V4(198, 18, 0, 0), V4_BITS + 15, NETADDR_RESERVED},   /* RFC 2544 */
	{V4(192, 88, 99, 0), V4_BITS + 24, NETADDR_RESERVED},  /* RFC 7526 */
	{V4(0, 0, 0, 0), V4_BITS, NETADDR_GLOBAL},
};

static const struct special specials_v6[] = {
	{V6(0xfe80, 0, 0, 0), 10, NETADDR_LINK_LOCAL},
	{V6(0xfc00, 0, 0, 0), 7, NETADDR_PRIVATE},
	{0, 1, 128, NETADDR_LOOPBACK},
	{V6(0xff00, 0, 0, 0), 8, NETADDR_MULTICAST},
	{V6(0x2001, 0xdb8, 0, 0), 32, NETADDR_RESERVED}, /* RFC 3849 */
	{V6(0x3fff, 0, 0, 0), 20, NETADDR_RESERVED},     /* RFC 9637 */
	{V6(0x2001, 3, 0, 0), 32, NETADDR_GLOBAL},       /* RFC 7450 */
	{V6(0x2001, 4, 0x112, 0), 48, NETADDR_GLOBAL},   /* RFC 7535 */
	{V6(0x2001, 0x20, 0, 0), 28, NETADDR_GLOBAL},    /* RFC 7343 */
	{V6(0x2001, 0x30, 0, 0), 28, NETADDR_GLOBAL},    /* RFC 9374 */
	{V6(0x2001, 0, 0, 0), 32, NETADDR_GLOBAL},       /* RFC 4380: Teredo relays it */
	{V6(0x2001, 0, 0, 0), 23, NETADDR_RESERVED},     /* RFC 2928 */
	{V6(0x2000, 0, 0, 0), 3, NETADDR_GLOBAL},        /* RFC 4291 */
	{V6(0x64, 0xff9b, 0, 0), 96, NETADDR_GLOBAL},    /* RFC 6052 */
	{V6(0, 0, 0, 0), 0, NETADDR_RESERVED},
};

enum netaddr_scope netaddr_scope(const struct netaddr *addr)
{
	const struct special *special = netaddr_is_v4(addr) ? specials_v4 : specials_v6;

	for (;; special++) {
		struct netaddr first = masked(*addr, special->bits);

		if (first.high == special->high && first.low == special->low)
			return special->scope;
	}
}
