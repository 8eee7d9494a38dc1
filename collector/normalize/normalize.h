/*
 * normalize - raw bytes into fields
 *
 * For each record: one envelope parser on the line (the one the source's
 * settings name, or the first that claims it), then the parser of the program
 * that wrote the message inside. Fills fields, created_ns, status and parser;
 * the first field is event.module when a parser claimed the record. A record
 * nobody claims stays whole, without fields, with status PARSE_UNKNOWN.
 *
 * A normalizer is immutable; every worker uses the same one at once. It holds
 * no memory of lines seen: the same bytes give the same fields, but for formats
 * whose lines do not say what their columns are: what the head of the source said
 * of them is the caller's to keep (headers.h).
 */
#ifndef COLLECTOR_NORMALIZE_NORMALIZE_H
#define COLLECTOR_NORMALIZE_NORMALIZE_H

#include "collector/normalize/headers.h"
#include "collector/normalize/parser.h"
#include "collector/record/batch.h"

struct own_formats;

struct normalize_settings {
	/* Formats from files (own/folder.h), tried before those built in; borrowed for the life
	 * of the normalizer. NULL = none. */
	const struct own_formats *formats;
	int year;         /* of stamps without one; 0 = by the receive time */
	struct zone zone; /* of stamps without one; that of the source wins */
};

struct normalizer;

/* The machine out of memory aborts. */
struct normalizer *normalizer_new(const struct normalize_settings *settings);
void normalizer_free(struct normalizer *normalizer); /* NULL is fine */

/* A format from a file or built in; NULL when there is none of that name or number. */
const struct parser *normalizer_parser(const struct normalizer *normalizer, struct slice name);
const struct parser *normalizer_numbered(const struct normalizer *normalizer, unsigned number);

/* All records of a batch; memory from its arena. `headers` of all sources, or NULL. */
void normalize_batch(
	const struct normalizer *normalizer, struct headers *headers, struct batch *batch);

/*
 * One record, which has no fields yet. `format` is the parser to ask first, or NULL. When the
 * arena is full the record keeps what it has and is PARSE_DAMAGED.
 */
void normalize_record(const struct normalizer *normalizer, const struct parser *format,
	struct arena *arena, struct record *record);

/* The same of a line of a source whose earlier lines may have told something of it. */
void normalize_in_scope(const struct normalizer *normalizer, const struct parser *format,
	struct header_scope *scope, struct record *record);

#endif
