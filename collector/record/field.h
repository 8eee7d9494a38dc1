/*
 * field - the dictionary of field names every stage agrees on
 *
 * Names, types and meanings are those of the Elastic Common Schema (ECS 8),
 * those starting with "soc." are ours. The numbers are written into the store
 * and are never reused or changed; a new field takes the next free number.
 */
#ifndef COLLECTOR_RECORD_FIELD_H
#define COLLECTOR_RECORD_FIELD_H

#include <stdint.h>

#include "common/slice.h"

enum field_type {
	FIELD_KEYWORD, /* text, compared whole */
	FIELD_TEXT,    /* text, searched by word */
	FIELD_IP,      /* address as text; written in canonical form */
	FIELD_LONG,    /* signed 64-bit number as decimal text */
	FIELD_DATE,    /* RFC 3339 text */
	FIELD_BOOL,    /* "true" or "false" */
};

enum field_id {
	FIELD_NONE = 0,
#define FIELD(number, id, type, name) FIELD_##id = (number),
#include "collector/record/fields.def"
#undef FIELD
	FIELD_ENRICHED_FIRST = FIELD_SOURCE_GEO_COUNTRY, /* what enrich/ adds */
	FIELD_ENRICHED_LAST = FIELD_DNS_QUESTION_TOP_LEVEL_DOMAIN,
	FIELD_ID_MAX = 1024, /* numbers stay below */
};

struct field {
	const char *ptr; /* the value; into the batch's arena */
	uint32_t len;    /* bytes */
	uint16_t id;     /* enum field_id */
	uint16_t spare;
};

/*
 * A value whose name is not in the dictionary stands as two fields in a row: one whose value is
 * the name, then FIELD_OTHER_VALUE. It is written as "prefix.name": the prefix is the name of
 * the first field, for FIELD_OTHER the record's event.module.
 */
static inline bool field_is_other(unsigned id)
{
	return id >= FIELD_OTHER && id < FIELD_OTHER_VALUE;
}

/* Numbers and words of the collector's own files and tables: no sender can write them. */
static inline bool field_is_of_enrichment(unsigned id)
{
	return (id >= FIELD_SOC_SOURCE_ORIGIN && id <= FIELD_SOC_SOURCE_LEVEL) ||
	       (id >= FIELD_SOC_DESTINATION_ORIGIN && id <= FIELD_SOC_DESTINATION_LEVEL) ||
	       (id >= FIELD_SOC_CLIENT_ORIGIN && id <= FIELD_SOC_CLIENT_LEVEL) ||
	       id == FIELD_SOC_USER_AGENT_CLASS;
}

static inline struct slice field_value(const struct field *field)
{
	return slice_of(field->ptr, field->len);
}

/* "source.ip"; SLICE_NONE for an unknown number. */
struct slice field_name(unsigned id);

/* FIELD_KEYWORD for an unknown number. */
enum field_type field_type(unsigned id);

/* FIELD_NONE for an unknown name. */
enum field_id field_by_name(struct slice name);

#endif
