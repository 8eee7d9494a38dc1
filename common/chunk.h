/*
 * chunk - lines and other items an agent collected, in the form they are spooled and sent
 *
 * A chunk is built once by the agent, compressed once (zstd), appended to the
 * spool as one entry and sent as it is; the collector unpacks it. Each item
 * consumes one sequence of the lane. A chunk also carries, per source it
 * touches, the position *behind* its last item (a file offset, a journal
 * cursor): after a crash the agent finds in its spool how far it has read.
 *
 * Layout, byte by byte, in agent/README.md.
 *
 * Builder and reader are used by one thread at a time.
 */
#ifndef COMMON_CHUNK_H
#define COMMON_CHUNK_H

#include "common/arena.h"
#include "common/err.h"
#include "common/strbuf.h"

enum {
	CHUNK_ITEMS_MAX = 4096,
	CHUNK_SOURCES_MAX = 256,
	CHUNK_RAW_MAX = 4 << 20,   /* bytes before compression */
	CHUNK_RAW_AIM = 256 << 10, /* a builder with more is ready to be sealed */
	CHUNK_RATIO_MAX = 200,     /* raw bytes per compressed byte, plus 64 KiB */
	CHUNK_NAME_MAX = 4096,     /* bytes of a source's name */
	CHUNK_POSITION_MAX = 1024,
};

enum item_kind {
	ITEM_LINE = 1,      /* one log record as the source wrote it */
	ITEM_HIT = 2,       /* a YARA hit: JSON object, agent/README.md */
	ITEM_INVENTORY = 3, /* JSON object */
	ITEM_STATE = 4,     /* the agent about itself: JSON object */
};

enum item_flag {
	ITEM_TRUNCATED = 1, /* cut at the maximum line; the item's `whole` tells the length */
	ITEM_UNTERMINATED = 2, /* the writer never wrote the newline */
	ITEM_JOINED = 4,       /* several lines by a multi-line rule */
	ITEM_TEST = 8,         /* marked as test or drill by the agent's settings */
};

struct chunk_item {
	enum item_kind kind;
	unsigned flags;  /* enum item_flag */
	unsigned source; /* number of chunk_source */
	int64_t read_ns; /* the agent's wall clock when it was read */
	uint64_t offset; /* position in the source where it starts; 0 when it has none */
	uint64_t whole;  /* bytes before truncation; equals bytes.len otherwise */
	struct slice bytes;
};

struct chunk_source {
	struct slice input;    /* "file", "journal", "syslog", "yara", "inventory" */
	struct slice name;     /* path, unit, socket */
	struct slice format;   /* parser the agent's settings name, or "" for auto */
	struct slice position; /* opaque to all but the input; behind the last item */
};

struct chunk_builder;

MUST_USE struct chunk_builder *chunk_builder_new(void);
void chunk_builder_free(struct chunk_builder *builder);
void chunk_builder_reset(struct chunk_builder *builder);

/* The number of the source, the same for the same input and name; CHUNK_SOURCES_MAX when full.
 */
unsigned chunk_builder_source(struct chunk_builder *builder, const struct chunk_source *source);

/* Bytes are copied. False when the chunk is full: seal it, then add again. */
MUST_USE bool chunk_builder_add(struct chunk_builder *builder, const struct chunk_item *item);

/* Replaces the position of a source. */
void chunk_builder_position(
	struct chunk_builder *builder, unsigned source, struct slice position);

unsigned chunk_builder_items(const struct chunk_builder *builder);
size_t chunk_builder_raw_size(const struct chunk_builder *builder);

/* The compressed chunk, valid until the builder is used again. */
struct slice chunk_builder_seal(struct chunk_builder *builder);

enum chunk_status {
	CHUNK_OK,
	CHUNK_BROKEN, /* not a chunk, or damaged */
	CHUNK_BOMB,   /* would expand beyond the limits */
};

struct chunk {
	const struct chunk_source *sources;
	unsigned n_sources;
	const struct chunk_item *items;
	unsigned n_items;
};

/* Unpacks into `arena`; everything in *chunk points there. */
MUST_USE enum chunk_status chunk_read(
	struct slice bytes, struct arena *arena, struct chunk *chunk);

#endif
