/*
 * netaddr - IP addresses and prefixes
 *
 * One form for both families: an IPv4 address is held as the IPv6 address
 * ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), and that text is read as IPv4, because a
 * socket that serves both families shows the same peer either way. Reading is
 * strict: four decimal numbers without leading zeros (some readers take those
 * as octal), no zones ("%eth0"), no ports, no blanks.
 *
 * Any thread; no locale, no system call. Reading and writing are on the path
 * of every record.
 */
#ifndef COMMON_NETADDR_H
#define COMMON_NETADDR_H

#include "common/err.h"
#include "common/slice.h"

struct sockaddr;

enum {
	NETADDR_TEXT_MAX = 40,   /* bytes with the NUL, of an address */
	NETPREFIX_TEXT_MAX = 44, /* of a prefix */
};

struct netaddr {
	uint64_t high, low; /* 128 bits, most significant first */
};

/* Addresses whose first `bits` bits are those of `first`. */
struct netprefix {
	struct netaddr first; /* all further bits are 0 */
	uint8_t bits;         /* 0..128; an IPv4 prefix has 96 more than written */
};

/* Registries that RFC 6890 began (IANA special-purpose addresses, 2024). */
enum netaddr_scope {
	NETADDR_GLOBAL,     /* somewhere in the Internet */
	NETADDR_PRIVATE,    /* RFC 1918, RFC 6598 (carrier NAT), RFC 4193 */
	NETADDR_LOOPBACK,   /* of the host itself */
	NETADDR_LINK_LOCAL, /* RFC 3927, RFC 4291 */
	NETADDR_MULTICAST,
	NETADDR_RESERVED, /* documentation, benchmarks, unspecified, not assigned: no source
			     can honestly have it */
};

/* All of `text` is one address. *addr is untouched otherwise. */
MUST_USE bool netaddr_parse(struct slice text, struct netaddr *addr);

/* AF_INET or AF_INET6; other families give false. */
MUST_USE bool netaddr_from_sockaddr(const struct sockaddr *from, struct netaddr *addr);

/* RFC 5952, IPv4 in dotted form. `out` has NETADDR_TEXT_MAX bytes; gives the length. */
size_t netaddr_format(const struct netaddr *addr, char *out);

static inline bool netaddr_is_v4(const struct netaddr *addr)
{
	return addr->high == 0 && addr->low >> 32 == 0xffff;
}

static inline bool netaddr_eq(const struct netaddr *a, const struct netaddr *b)
{
	return a->high == b->high && a->low == b->low;
}

/* By number: <0, 0, >0. IPv4 addresses stand together. */
int netaddr_compare(const struct netaddr *a, const struct netaddr *b);

enum netaddr_scope netaddr_scope(const struct netaddr *addr);

/*
 * "10.0.0.0/8", "2001:db8::/32"; an address alone is a prefix of itself. Bits set beyond the
 * length are refused: they are a slip.
 */
MUST_USE bool netprefix_parse(struct slice text, struct netprefix *prefix, struct err *err);

/* `out` has NETPREFIX_TEXT_MAX bytes; gives the length. */
size_t netprefix_format(const struct netprefix *prefix, char *out);

/* No IPv6 prefix holds an IPv4 address, not even ::/0. */
bool netprefix_holds(const struct netprefix *prefix, const struct netaddr *addr);

#endif
