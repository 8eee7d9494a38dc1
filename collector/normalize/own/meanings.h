/* meanings - the words that ECS allows in event.kind, category, type and outcome */
#ifndef COLLECTOR_NORMALIZE_OWN_MEANINGS_H
#define COLLECTOR_NORMALIZE_OWN_MEANINGS_H

#include "collector/record/field.h"
#include "common/err.h"

/* False when the field takes listed words only and this is none of them. */
MUST_USE bool own_meaning_check(unsigned field, struct slice word, struct err *err);

/* Whether ECS expects events of this type in this category. */
bool own_meaning_pairs(struct slice category, struct slice type);

/* Whether a record can have several such values. */
bool own_field_is_list(unsigned field);

#endif
