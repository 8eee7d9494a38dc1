/*
 * suffixes - where a domain name is divided: what somebody registered, and below what
 *
 * "mail.sotttt.danang.gov.vn" is registered as "danang.gov.vn" below the public
 * suffix "gov.vn". Which names are public suffixes says the Public Suffix List
 * (publicsuffix.org, its algorithm; Debian's package `publicsuffix`), rules of
 * companies ("github.io") included. Those of .vn are built in and added to it
 * (suffixes_vn.def): lists of before 2023 lack id.vn and the provinces' names.
 *
 * Immutable once loaded. Any thread; one pass over the name, no allocation.
 */
#ifndef COMMON_SUFFIXES_H
#define COMMON_SUFFIXES_H

#include "common/strbuf.h"

enum {
	DOMAIN_NAME_MAX = 253, /* bytes without a final dot; RFC 1035 §2.3.4 */
	SUFFIXES_MAX = 200000,
	SUFFIXES_FILE_MAX = 16 << 20, /* bytes */
};

struct suffixes;

/* "a.b.danang.gov.vn" has them all; absent is what a name does not have. */
struct domain_parts {
	struct slice registered; /* "danang.gov.vn"; absent for a public suffix itself */
	struct slice subdomain;  /* "a.b" */
	struct slice top_level;  /* "gov.vn" */
};

/* `path` "": the built-in rules alone. NULL when the file cannot be read or has mistakes: they
 * are added to `mistakes`, a line each. The caller frees. */
MUST_USE struct suffixes *suffixes_load(const char *path, struct strbuf *mistakes);

/* The same from memory; `name` stands for the file in messages. */
MUST_USE struct suffixes *suffixes_parse(
	const char *name, struct slice text, struct strbuf *mistakes);

void suffixes_free(struct suffixes *suffixes); /* NULL is fine */

/*
 * `domain` has its ASCII letters in lower case; Unicode and "xn--" are both known; one final
 * dot does not count. Parts are slices of it. False for what is no name of two labels: empty
 * labels, more than DOMAIN_NAME_MAX bytes, addresses.
 */
bool suffixes_split(
	const struct suffixes *suffixes, struct slice domain, struct domain_parts *parts);

size_t suffixes_count(const struct suffixes *suffixes); /* rules */

#endif
