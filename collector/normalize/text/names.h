/*
 * names - which field the name of a value means
 *
 * JSON and key=value lines name their values. ECS names mean themselves; the
 * names common programs and devices use (journald, Docker, FortiGate, logfmt,
 * access logs in JSON) mean the ECS field of the same sense. Names are compared
 * byte for byte.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_NAMES_H
#define COLLECTOR_NORMALIZE_NAMES_H

#include "collector/normalize/parser.h"

/* Meanings that are no field by themselves; above every field id. */
enum name_meaning {
	NAME_UNKNOWN = 0,
	NAME_TIME = FIELD_ID_MAX, /* a moment: ISO 8601 or epoch; "hh:mm:ss" beside NAME_DATE */
	NAME_DATE,                /* "2026-11-22" */
	NAME_ZONE,                /* "-0700", "+07:00" */
	NAME_MESSAGE,             /* the text a person reads, which may have a format itself */
	NAME_PROGRAM,             /* who wrote the message */
	NAME_COMMAND,      /* the command that runs: who wrote it, if nothing else says so */
	NAME_REQUEST,      /* "GET / HTTP/1.1" */
	NAME_HTTP_VERSION, /* "HTTP/1.1" */
	NAME_SOURCE,       /* "192.0.2.1:4711" */
	NAME_FORWARDED,    /* "client, proxy, proxy" */
	NAME_ASKER,        /* the same where the program has no other address of its client */
	NAME_DROPPED,      /* says nothing that anybody would look for; the line has it */
	NAME_MEANING_END,
};

/* enum field_id or enum name_meaning. */
unsigned name_meaning(struct slice name);
unsigned name_meaning_hashed(struct slice name, uint32_t hash); /* name_hash() of it */

/* The values of a line as they come, and the moment they tell together. */
struct named_values {
	struct slice time, date, zone;
	struct slice message;
	unsigned n_known;   /* values whose name was known */
	unsigned n_wrapped; /* values that wait for named_put_wrapped() */
};

/* One value under its meaning: a field is added, the others are kept in `values`. */
void named_put(struct record *record, struct parse_context *context,
	struct named_values *values, unsigned meaning, struct slice value);

/* One of a format whose names anybody chooses: what our own records say of themselves is left
 * out, an unknown name becomes a value under `other` (FIELD_OTHER_JSON or its like). Of several
 * with one known name, as of an array, all are values of the field. Who it was and from where
 * of "context.username", "meta.ip" is left to named_put_wrapped(). */
void named_put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair, enum field_id other);

/* After the last of them: of what a logger puts around the values of an event, which anybody
 * may have written, what the values outside did not say. */
void named_put_wrapped(struct record *record, struct parse_context *context,
	const struct pairs *pairs, struct named_values *values, enum field_id other);

/* One of our own agents' values, named as in the dictionary ("soc." too) or left out. */
void named_put_field(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair);

/* After the last: created_ns, and the message left in the context. */
void named_finish(struct record *record, struct parse_context *context,
	const struct named_values *values);

#endif
