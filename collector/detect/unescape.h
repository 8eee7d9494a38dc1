/*
 * unescape - a URL as the application behind the web server understands it
 *
 * "%2e", "%252e" and the "\x2e" of nginx's logs become '.', "+", tabs, line
 * ends and SQL comments become blanks, several blanks one. What was hidden from
 * a plain search stands open; the result is for searching only.
 */
#ifndef COLLECTOR_DETECT_UNESCAPE_H
#define COLLECTOR_DETECT_UNESCAPE_H

#include "common/slice.h"

/* Whether there is anything to unescape. */
bool url_is_escaped(struct slice url);

/* At most `size` bytes into `out`; what does not fit is left out. */
struct slice url_unescape(struct slice url, char *out, size_t size);

#endif
