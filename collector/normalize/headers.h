/*
 * headers - what the head of a source told of the lines behind it
 *
 * Some formats name the columns of their lines once, in lines of their own: W3C extended logs
 * ("#Fields:", also in the middle of a file), Zeek, tables with a first row of names. A parser
 * that claims such a line leaves what it told in its context (parser.h), and finds it there
 * again at every line of the same source.
 *
 * A source is (agency, host, input, name), and inside of it the file, with the host and the
 * agent it is of, that a shipper names around its lines. Who may tell something is up to the
 * caller: what strangers write into must have no head.
 *
 * Hosts share sets of HEADERS_PER_SET places by their hash. Where one is full, the host that
 * has the most of it gives up the one unused the longest: none can push out those of others.
 * Memory is bounded by HEADERS_MAX of HEADER_BYTES_MAX each. What is forgotten is read as if it
 * had never been told.
 *
 * A line that was read before the header (a batch that comes again) is not read by it.
 *
 * struct headers: any thread, a lock is held for a copy only, and not taken while nobody told
 * anything. struct header_scope: of one thread, for a batch.
 */
#ifndef COLLECTOR_NORMALIZE_HEADERS_H
#define COLLECTOR_NORMALIZE_HEADERS_H

#include "collector/normalize/parser.h"
#include "common/err.h"

enum {
	HEADER_BYTES_MAX = 4096, /* longer ones are not kept, and counted */
	HEADERS_PER_SET = 16,
	HEADERS_MAX = 512 * HEADERS_PER_SET,
};

struct headers;

/* The machine out of memory aborts. */
struct headers *headers_new(void);
void headers_free(struct headers *headers); /* NULL is fine */

/*
 * The file that carries them over a restart: one line per source, written whole by save() when
 * something changed since the last time. What is damaged in it is left out, and counted: the
 * sources are then read as if nothing had been told.
 */
MUST_USE bool headers_save(struct headers *headers, const char *path, struct err *err);
void headers_load(struct headers *headers, const char *path);

enum { HEADER_VIEWS = 64 }; /* bits of header_scope.used */

/* Of one source, as long as the scope. */
struct header_view {
	uint32_t agency, host;
	uint64_t source; /* hash of what names it */
	uint64_t sequence;
	struct source_header header;
	bool changed;
};

/* The headers that the lines of one batch meet. */
struct header_scope {
	struct headers *headers;          /* NULL = of this scope alone */
	struct arena *arena;              /* their texts */
	uint64_t epoch;                   /* of the stream whose sequences the records have */
	const struct record_source *last; /* whose name's hash is `named` */
	uint64_t named;
	uint64_t inside; /* the same of the lines within the one at hand */
	uint64_t used;   /* a bit for each view that is one */
	struct header_view views[HEADER_VIEWS];
};

void header_scope_begin(struct header_scope *scope, struct headers *headers,
	struct arena *arena, uint64_t epoch);

/* The outermost line is read, and has another one within it: of the file, the host and the
 * container that the record's fields name, and the shipper's `agent` (or absent). */
void header_scope_enter(
	struct header_scope *scope, const struct record *record, struct slice agent);

/* What was told of the record's line, which stands `depth` lines deep in others; 1 or more:
 * behind header_scope_enter(). */
struct source_header header_scope_find(
	struct header_scope *scope, const struct record *record, unsigned depth);

/* What the line tells of those behind it. */
void header_scope_keep(struct header_scope *scope, const struct record *record, unsigned depth,
	const struct source_header *header);

/* What changed goes into `headers`. */
void header_scope_end(struct header_scope *scope);

#endif
