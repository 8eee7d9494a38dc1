/*
 * templates - what the records of a set are made of
 *
 * A template is remembered for its domain until it is withdrawn, pushed out by
 * others of its exporter, not told again for EXPORT_TEMPLATE_AGE_MS, or the
 * exporter starts anew. One that says something else under the same number
 * takes its place.
 *
 * Not thread-safe. Private to exporters/.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_TEMPLATES_H
#define COLLECTOR_INGEST_EXPORTERS_TEMPLATES_H

#include "collector/ingest/exporters/elements.h"
#include "collector/ingest/exporters/exporters_inner.h"

enum {
	TEMPLATE_FIELDS_MAX = 256,
	TEMPLATE_ID_MIN = 256,
	TEMPLATE_KEY_MAX = 64,
	FIELD_VARIABLE = 65535, /* the length stands before the value; RFC 7011 7 */
};

/* v9 tells the scopes of options by numbers of their own (RFC 3954 6.1). */
enum scope9 { SCOPE9_SYSTEM = 1, SCOPE9_INTERFACE, SCOPE9_CARD, SCOPE9_CACHE, SCOPE9_TEMPLATE };

struct template_field {
	uint32_t enterprise; /* 0 = IANA's, or nobody's */
	uint16_t number;
	uint16_t len; /* bytes, > 0; FIELD_VARIABLE */
	bool is_reverse;
	enum element_type type;
	struct slice key; /* "\"octetDeltaCount\":" */
};

struct export_template {
	struct export_template *next;          /* of its chain */
	struct export_template *newer, *older; /* of its exporter, by use */
	struct export_domain *domain;
	int64_t told_ms; /* monotonic */
	size_t size;     /* bytes of it all */
	uint64_t hash;   /* of what told it */
	uint16_t id;
	bool is_options;
	bool is_fixed;  /* no field is of variable length */
	size_t len_min; /* bytes a record has at least, > 0 */
	unsigned n_fields;
	struct template_field fields[];
};

/* A field as the template tells it. */
struct told_field {
	uint32_t enterprise;
	uint16_t number, len;
	uint32_t is_scope9; /* 0, 1; so wide that no byte is without meaning: they are hashed */
};

/* A template by itself; NULL when its records would have no bytes. The caller frees with
 * free(). `fields` are at most TEMPLATE_FIELDS_MAX. */
struct export_template *template_new(
	enum export_version version, const struct told_field *fields, unsigned n);

/* Takes the place of one with its number; `template` is taken. */
void templates_put(const struct export_head *head, struct export_template *template);

/* NULL when there is none, or it is too old. */
const struct export_template *templates_find(const struct export_head *head, uint16_t id);

void templates_withdraw(const struct export_head *head, uint16_t id);

/* All options templates, or all others: RFC 7011 8.1. */
void templates_withdraw_all(const struct export_head *head, bool options);

/* All. */
void templates_forget(struct exporters *exporters, struct export_domain *domain);

#endif
