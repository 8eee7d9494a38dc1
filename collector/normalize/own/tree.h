/*
 * tree - all patterns of an own format in one tree of what they begin with
 *
 * What patterns have in common at their start is read once. Every part of a
 * pattern takes from one place of a line one certain run of bytes or nothing,
 * and a node of a tree is reached on one way only: whatever the line is, a
 * node is tried at one place at most, and there is nothing to try again. The
 * work for a line is therefore at most nodes times bytes, and is cut off at
 * OWN_WORK_PER_BYTE looks a byte besides.
 *
 * At one place literal text is tried before values, and among values those
 * first that take less (the order of enum own_kind).
 *
 * Immutable once built; any thread.
 */
#ifndef COLLECTOR_NORMALIZE_OWN_TREE_H
#define COLLECTOR_NORMALIZE_OWN_TREE_H

#include "collector/normalize/own/pattern.h"

enum {
	OWN_NODES_MAX = 20000,
	OWN_WORK_PER_BYTE = 64, /* looks of one line, beside OWN_WORK_FREE */
	OWN_WORK_FREE = 1 << 18,
};

/* Where a pattern ends. */
struct own_end {
	const struct own_target *targets; /* of the values, in their order */
	unsigned n;
	unsigned pattern; /* number, from 0 */
	bool partly;      /* the prefix alone: the wording behind it is not known */
};

/* What was read of a line. */
struct own_values {
	unsigned n;
	struct slice of[OWN_PARTS_MAX];
	const struct own_shape *shapes[OWN_PARTS_MAX];
	size_t work, work_most;
	bool takes_part; /* an end that is `partly` will do */
	bool gave_up;
};

struct own_tree;

/* Lives in the arena, which has room for it or the tree is NULL. */
struct own_tree *own_tree_new(struct arena *arena);

/* False with what is wrong: too many nodes, or all of it is there already (*same is set). */
MUST_USE bool own_tree_add(struct own_tree *tree, const struct own_part *parts, unsigned n,
	const struct own_end *end, const struct own_end **same, struct err *err);

/* After the last pattern: what makes finding fast. */
MUST_USE bool own_tree_finish(struct own_tree *tree, struct err *err);

/* The end of the pattern that fits all of `text`, or NULL. */
const struct own_end *own_tree_match(const struct own_tree *tree, struct slice text,
	struct parse_context *context, struct own_values *values);

/* The bytes a fitting text can begin with: `bytes` has 256 of them and a NUL. False: any. */
bool own_tree_first_bytes(const struct own_tree *tree, char *bytes);

#endif
