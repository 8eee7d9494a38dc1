/*
 * indicator - what is known to be bad, in the one form it is compared in
 *
 * Lists write the same thing in many ways ("hxxp://EVIL[.]example:80/a",
 * "http://evil.example/a"), and so do logs. Both become a key: its type and
 * bytes that are equal when the thing is the same one:
 *
 *	type         bytes
 *	ip           16, of struct netaddr, most significant first
 *	cidr         16 of the first address, 1 of the length (0..128)
 *	ip-port      16 of the address, 2 of the port
 *	domain       the name in lower case and ASCII (punycode), no final dot
 *	url          host[:port]/path[?query], see below
 *	url-path     the same from the '/' on: of any host
 *	md5, sha1, sha256, sha512, imphash, ja3, ja3s   as many as the hash has
 *	email        local part and domain in lower case
 *	user-agent   as it is written
 *
 * A URL (RFC 3986 §6.2): without scheme, user name, fragment and the port of
 * its scheme; host in lower case; "%41" of an unreserved character as 'A',
 * other escapes with capital digits; "." and ".." segments taken out. A log of
 * a proxy often knows no scheme, so "http" and "https" are one. A URL that ends
 * behind its host stands for all of that host: its key has no '/'.
 *
 * A domain stands for itself and all names below it; one that is a public
 * suffix ("github.io") for itself alone. A top-level domain is refused.
 *
 * Any thread; allocates nothing; linear.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_INDICATOR_H
#define COLLECTOR_DETECT_INDICATORS_INDICATOR_H

#include "common/netaddr.h"
#include "common/strbuf.h"
#include "common/suffixes.h"

enum {
	INDICATOR_SIZE_MAX = 2048, /* bytes of a key; what is longer is refused */
	INDICATOR_TEXT_MAX = 4096, /* bytes of it as it is written */
};

enum indicator_type {
	INDICATOR_ANY, /* as it looks; no key has it */
	INDICATOR_ADDRESS,
	INDICATOR_PREFIX,
	INDICATOR_ENDPOINT,
	INDICATOR_DOMAIN,
	INDICATOR_URL,
	INDICATOR_PATH,
	INDICATOR_MD5,
	INDICATOR_SHA1,
	INDICATOR_SHA256,
	INDICATOR_SHA512,
	INDICATOR_IMPHASH,
	INDICATOR_JA3,
	INDICATOR_JA3S,
	INDICATOR_EMAIL,
	INDICATOR_USER_AGENT,
	INDICATOR_TYPES,
};

struct indicator_key {
	uint8_t type; /* enum indicator_type */
	uint16_t len;
	char bytes[INDICATOR_SIZE_MAX];
};

static inline struct slice indicator_key_bytes(const struct indicator_key *key)
{
	return slice_of(key->bytes, key->len);
}

const char *indicator_type_name(enum indicator_type type); /* "ip", "domain", ... */

/* A hash of a file, whatever the algorithm. */
static inline bool indicator_is_hash(enum indicator_type type)
{
	return type >= INDICATOR_MD5 && type <= INDICATOR_SHA512;
}

/*
 * All of `text` is one indicator of `type`, or of whatever it looks like. Defanged dots,
 * colons, at signs and schemes are read. NULL and *key filled, or why not, for people: a text
 * of the program.
 */
MUST_USE const char *indicator_read(
	enum indicator_type type, struct slice text, struct indicator_key *key);

/* Why such a key is no indicator of anything, or NULL: addresses that every host or none has,
 * prefixes that hold half the world. */
const char *indicator_useless(const struct indicator_key *key);

/* Whether a domain holds for itself alone. */
bool indicator_is_alone(const struct indicator_key *key, const struct suffixes *suffixes);

/* As people write it. */
void indicator_show(enum indicator_type type, struct slice bytes, struct strbuf *out);

/* Keys of values of records, which nobody defanged. False when `text` is none. */
void indicator_key_of_address(const struct netaddr *addr, struct indicator_key *key);
void indicator_key_of_endpoint(
	const struct netaddr *addr, uint16_t port, struct indicator_key *key);
MUST_USE bool indicator_key_of_domain(struct slice text, struct indicator_key *key);
MUST_USE bool indicator_key_of_hash(
	enum indicator_type type, struct slice text, struct indicator_key *key);
MUST_USE bool indicator_key_of_email(struct slice text, struct indicator_key *key);

/* The type of a file's hash that has so many hexadecimal digits; INDICATOR_ANY for none. */
enum indicator_type indicator_hash_type(size_t digits);

#endif
