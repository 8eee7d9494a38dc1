/*
 * expiry - when to warn that a certificate or a CRL ends
 *
 * Somebody has to renew it, so it is said some days before, more than once
 * for a certificate, and at the end:
 *
 *	a certificate  30, 7 and 1 day before, and when it has expired
 *	a CRL          2 days before, and when it has expired
 *
 * Of what lives shorter than twice such a time the half counts: a CRL of a
 * day is warned of after twelve hours. Each of these comes once for each
 * moment of expiry, however often one asks; when several are due at once they
 * are one. A renewed one (another moment) begins anew.
 *
 * A struct expiry is one thing that is watched; zero it at first. Times are of
 * the wall clock; one that goes back does not repeat a warning.
 */
#ifndef COMMON_EXPIRY_H
#define COMMON_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"

struct validity {
	int64_t from_ns, until_ns; /* valid before `until_ns` */
};

enum expiry_kind {
	EXPIRY_CERTIFICATE,
	EXPIRY_CRL,
};

struct expiry {
	int64_t until_ns; /* what the steps were told of */
	unsigned told;    /* so many of them */
};

/* True when it has to be said now. Ask about every minute. */
MUST_USE bool expiry_due(struct expiry *expiry, enum expiry_kind kind,
	const struct validity *validity, int64_t now_ns);

/* True when the first warning is due. */
MUST_USE bool expiry_is_near(
	enum expiry_kind kind, const struct validity *validity, int64_t now_ns);

#endif
