/*
 * punycode - labels of domain names beyond ASCII, as DNS carries them (RFC 3492, RFC 5890)
 *
 * Encoding alone, without the mapping of IDNA: the label must be in lower case and NFC already.
 * Any thread.
 */
#ifndef COMMON_PUNYCODE_H
#define COMMON_PUNYCODE_H

#include "common/slice.h"

enum { DOMAIN_LABEL_MAX = 63 }; /* bytes; RFC 1035 §2.3.4 */

/*
 * "công" becomes "xn--cng-5na"; one in ASCII stays as it is. `out` has DOMAIN_LABEL_MAX bytes;
 * *len is set. False when `label` is no UTF-8 or becomes longer.
 */
MUST_USE bool punycode_label(struct slice label, char *out, size_t *len);

#endif
