/*
 * url_form - the normal form of URLs that indicator.h describes
 *
 * Any thread; allocates nothing; linear.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_URL_FORM_H
#define COLLECTOR_DETECT_INDICATORS_URL_FORM_H

#include "collector/detect/indicators/indicator.h"

struct url_parts {
	struct slice scheme; /* absent without one */
	struct slice host;   /* of an IPv6 address without its brackets */
	uint16_t port;       /* 0 = none written, or that of the scheme */
	struct slice path;   /* with the '/'; empty when the URL ends behind its host */
	struct slice query;  /* without the '?'; absent without one */
};

/* "http://user@host:80/path?query#fragment"; the scheme may be missing. False when there is no
 * host, or the port is none. */
MUST_USE bool url_split(struct slice text, struct url_parts *parts);

/* The key of a URL of which the parts are known; `path` "" means all of the host. False when
 * the host is none, or it is too long. */
MUST_USE bool url_key(const struct url_parts *parts, struct indicator_key *key);

/* The same of a path and query alone. */
MUST_USE bool url_path_key(struct slice path, struct slice query, struct indicator_key *key);

#endif
