/*
 * pairs - the named values of one message, as they stand in it
 *
 * JSON, name=value, CEF, LEEF and Windows' XML come down to names with values.
 * They are read once, whoever asks: the parsers of all products that write
 * JSON share one reading. Names are kept with their hash, so that finding one
 * and looking it up in a table (name_table.h) costs no second pass over its
 * bytes.
 *
 * Any thread; a struct pairs belongs to one.
 */
#ifndef COLLECTOR_NORMALIZE_PAIRS_H
#define COLLECTOR_NORMALIZE_PAIRS_H

#include "common/arena.h"

enum { PAIRS_MAX = 512 };

struct pair {
	struct slice name, value; /* into the text or the arena */
	uint32_t hash;            /* name_hash() of the name */
};

enum pairs_form {
	PAIRS_NOTHING, /* nothing was read yet */
	PAIRS_JSON,
	PAIRS_KEYVALUE,
	PAIRS_CEF,
	PAIRS_LEEF,
};

enum pairs_state {
	PAIRS_WHOLE,    /* all of the text */
	PAIRS_BROKEN,   /* up to the damage */
	PAIRS_NOT_MINE, /* the text has another form */
};

struct pairs {
	struct slice text; /* what was read, in which form, and how that went */
	enum pairs_form form;
	enum pairs_state state;
	bool full;     /* the arena was */
	bool left_out; /* more than PAIRS_MAX */
	unsigned n;
	uint64_t shapes[4];  /* bits of lengths and first bytes: most absent names cost one look
			      */
	uint64_t present[4]; /* bits of hashes: nearly all others cost two */
	struct pair items[PAIRS_MAX];
};

/* Of a name, for struct pair and name_table. */
uint32_t name_hash(struct slice name);

/* Empties; what was read is forgotten. */
void pairs_reset(struct pairs *pairs, struct slice text, enum pairs_form form);

/* An absent value is not added. */
void pairs_add(struct pairs *pairs, struct slice name, struct slice value);

/* The first of that name; SLICE_NONE when there is none. */
struct slice pairs_get(const struct pairs *pairs, struct slice name);

/* Whether a name of this length and first byte is there. */
static inline bool pairs_may_have(const struct pairs *pairs, struct slice name)
{
	unsigned first = name.len > 0 ? (unsigned char)name.ptr[0] : 0;

	return pairs->shapes[name.len % 4] >> first % 64 & 1;
}

static inline bool pairs_have(const struct pairs *pairs, struct slice name)
{
	return pairs_may_have(pairs, name) && !slice_absent(pairs_get(pairs, name));
}

#define pairs_get_lit(pairs, literal) pairs_get((pairs), SLICE_LIT(literal))

/* All of `text` as one JSON object (flatten.h), or nothing new when it was read already. */
void pairs_read_json(struct pairs *pairs, struct slice text, struct arena *arena);

/*
 * The same for name=value pairs with blanks, commas or semicolons between; state PAIRS_NOT_MINE
 * unless all of the text is such pairs.
 */
void pairs_read_keyvalue(struct pairs *pairs, struct slice text, struct arena *arena);

#endif
