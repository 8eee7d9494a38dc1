/*
 * fields - the fields that rules ask for, and the names under which events have them
 *
 * Every field of a rule set has a number. An event's name may stand for several
 * fields, and a field may have several names, in an order: the first name that
 * an event has counts. Of a name that an event may have several times,
 * "process.args[0]" is the first value alone, "[1]" the second; a field has at most one
 * such name. Built while rules
 * are loaded, then immutable.
 */
#ifndef COLLECTOR_DETECT_SIGMA_FIELDS_H
#define COLLECTOR_DETECT_SIGMA_FIELDS_H

#include "common/arena.h"
#include "common/table.h"

enum {
	FIELDS_MAX = 20000,       /* of a rule set */
	FIELD_NAMES_MAX = 200000, /* of events */
	FIELD_PLACES_MAX = 1000,  /* a larger number in brackets belongs to the name */
};

/* An event's name stands for this field. */
struct field_use {
	uint16_t field;
	uint16_t rank;  /* 0 = the first name of the field */
	uint16_t place; /* which value of the name, from 1; 0 = all */
	uint32_t next;  /* in fields->uses, + 1; 0 = none */
};

struct fields {
	struct arena *arena; /* borrowed */
	struct slice *names; /* of field i, as rules write it */
	size_t n;
	size_t room;
	struct table by_key;  /* hash of all its names, in order -> field number */
	struct table by_name; /* hash of an event's name -> first use + 1 */
	struct field_use *uses;
	size_t n_uses, uses_room;
	bool stars; /* some event name has a '*' in it */
};

void fields_init(struct fields *fields, struct arena *arena);
void fields_done(struct fields *fields);

/* The field that events have as names[0], else names[1], ...; `name` is what the rule calls
 * it. The same names give the same number. FIELDS_MAX = there are too many. */
unsigned fields_number(
	struct fields *fields, struct slice name, const struct slice *names, size_t n_names);

/* The first use of an event's name, or NULL. Two names with one 64-bit hash are one name. */
const struct field_use *fields_use(const struct fields *fields, struct slice name);

static inline const struct field_use *fields_next_use(
	const struct fields *fields, const struct field_use *use)
{
	return use->next ? &fields->uses[use->next - 1] : NULL;
}

#endif
