/*
 * expression - what a rule asks of an event, ready to be evaluated
 *
 * A tree of and, or, not, "n of" and atoms; an atom asks one thing of one
 * field. A field that an event has several times fits when one of its values
 * does. A field that is absent fits nothing, so that `not` of it is true (Sigma
 * specification 2.1, "Field Existence").
 *
 * Immutable once built; memory is the arena's it was built in.
 */
#ifndef COLLECTOR_DETECT_SIGMA_EXPRESSION_H
#define COLLECTOR_DETECT_SIGMA_EXPRESSION_H

#include "collector/detect/sigma/pattern.h"
#include "collector/detect/sigma/regex.h"
#include "collector/detect/sigma/time_part.h"
#include "common/netaddr.h"

enum { EXPRESSION_WEIGHT_MAX = 200000 };
enum { FIELD_NUMBER_ANY = 0xffff }; /* keywords: any value, the whole line too */

enum atom_test {
	ATOM_PATTERN,
	ATOM_REGEX,
	ATOM_PREFIX, /* the value is an address in it (cidr) */
	ATOM_ABSENT, /* null: the field is not there, or nothing is in it */
	ATOM_EXISTS,
	ATOM_FIELD, /* compared with another field's values (fieldref) */
	ATOM_NUMBER,
};

enum comparison { COMPARE_EQ, COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE };

bool comparison_holds(double a, enum comparison comparison, double b);

/* All of the text is one number: decimal, with a fraction or an exponent. */
bool number_from(struct slice text, double *number);

struct atom {
	enum atom_test test;
	uint16_t field; /* number in the event's table, fields.h, or FIELD_NUMBER_ANY */
	bool cased;
	union {
		struct pattern pattern;
		const struct regex *regex;
		struct netprefix prefix;
		struct {
			uint16_t field;
			enum pattern_kind place; /* PATTERN_WHOLE, _START, _END or _WITHIN */
		} other;
		struct {
			double value;
			enum comparison comparison;
			enum time_part part;
		} number;
	};
};

enum expression_kind {
	EXPRESSION_ATOM,
	EXPRESSION_AND, /* without parts: true */
	EXPRESSION_OR,  /* without parts: false */
	EXPRESSION_NOT, /* of its one part */
	EXPRESSION_OF,  /* `least` of its parts */
};

struct expression {
	enum expression_kind kind;
	unsigned n_parts;
	unsigned least;
	unsigned weight; /* atoms in it, as often as they are named; EXPRESSION_WEIGHT_MAX + 1 =
			    more */
	union {
		const struct expression *const *parts;
		struct atom atom;
	};
};

struct sigma_event;

/* The event's fields are in `event`, event.h. */
bool expression_holds(const struct expression *expression, struct sigma_event *event);

/* The event has one of the fields that are asked for. */
bool expression_touches(const struct expression *expression, const struct sigma_event *event);

/* NULL when the arena is full. One part alone is itself; `kind` is AND or OR. */
const struct expression *expression_of_parts(struct arena *arena, enum expression_kind kind,
	const struct expression *const *parts, size_t n);
const struct expression *expression_not(struct arena *arena, const struct expression *part);
const struct expression *expression_count(
	struct arena *arena, unsigned least, const struct expression *const *parts, size_t n);

#endif
