/*
 * pattern - one pattern of an own format: its text into parts
 *
 *	%{TYPE}  %{TYPE:FIELD}  %{TYPE(ARGUMENT):FIELD}     a value
 *	%(A%|B%)                                            one of several
 *	%(A%)?                                              there or not
 *	%%                                                  a percent sign
 *
 * Everything else stands for itself. A pattern with groups is written out into
 * all the ways it can be read, OWN_WAYS_MAX at most; from there on a pattern is
 * a plain list of parts. configs/parsers/README.md describes the types.
 */
#ifndef COLLECTOR_NORMALIZE_OWN_PATTERN_H
#define COLLECTOR_NORMALIZE_OWN_PATTERN_H

#include "collector/normalize/own/moment.h"
#include "common/arena.h"

enum {
	OWN_PATTERN_MAX = 4096, /* bytes */
	OWN_PARTS_MAX = 96,     /* of one way to read a pattern */
	OWN_WAYS_MAX = 256,     /* of one pattern */
	OWN_DEPTH_MAX = 8,      /* groups within groups */
	OWN_STOP_MAX = 32,      /* bytes of text looked for behind a value */
};

/* In the order in which they are tried at one place: what takes less comes first. */
enum own_kind {
	OWN_LITERAL,
	OWN_BLANKS,
	OWN_STAMP,
	OWN_IP,
	OWN_MAC,
	OWN_PORT,
	OWN_NUMBER,
	OWN_DECIMAL,
	OWN_DURATION,
	OWN_HEX,
	OWN_QUOTED,
	OWN_JSON,
	OWN_URL,
	OWN_PATH,
	OWN_HOST,
	OWN_CELL,
	OWN_WORD,
	OWN_TEXT,
	OWN_TEXT_LAST,
	OWN_AGENT,
	OWN_KEYVALUE,
	OWN_REST,
	OWN_KINDS,
};

/* What is read from the line, wherever it goes: equal shapes share one reading. */
struct own_shape {
	enum own_kind kind, inner; /* inner: of a cell, OWN_LITERAL = any */
	struct slice text;         /* of a literal; of others what they end before, or empty */
	struct slice argument;
	const struct own_stamp *stamp;
	uint64_t unit_ns; /* of a duration */
};

#define OWN_TIMESTAMP ((unsigned)FIELD_ID_MAX)

/* Where a value goes. */
struct own_target {
	unsigned field;    /* enum field_id, OWN_TIMESTAMP, or FIELD_NONE: nowhere */
	struct slice name; /* of FIELD_OTHER: behind the module */
};

struct own_part {
	struct own_shape shape;
	struct own_target target;
};

/* "user.name", "@timestamp", "MODULE.anything". */
MUST_USE bool own_target_find(
	struct slice name, struct slice module, struct own_target *target, struct err *err);

/* The field for the text of an address that is none; FIELD_NONE when there is none. */
enum field_id own_address_field(unsigned ip);

typedef bool own_way_function(
	void *user, const struct own_part *parts, unsigned n, struct err *err);

/* Gives every way to read the prefix and the pattern behind it, until one is refused. Slices
 * point into the text or the arena. False with what is wrong, and where. */
MUST_USE bool own_pattern_read(struct slice prefix, struct slice text, struct slice module,
	struct arena *arena, own_way_function *on_way, void *user, struct err *err);

#endif
