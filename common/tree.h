/*
 * tree - a YAML text as nodes that know where they were written
 *
 * The part of YAML 1.1 that people need in settings and rules: mappings with
 * text keys, lists, texts in all styles, anchors and aliases. Refused, each
 * with its position: duplicate keys, tags, keys that are not text, a second
 * document where one is wanted, nesting beyond TREE_DEPTH_MAX, aliases whose expansion passes
 * TREE_NODES_MAX (nothing is ever expanded: an alias shares the node it
 * names). No value gets a type here; the reader of a node knows what it wants.
 *
 * A tree is immutable. Any thread, one at a time while parsing.
 */
#ifndef COMMON_TREE_H
#define COMMON_TREE_H

#include "common/mistakes.h"

enum {
	TREE_TEXT_SIZE_MAX = 16 << 20, /* bytes of a file */
	TREE_NODES_MAX = 2000000,      /* counting a node as often as aliases repeat it */
	TREE_DEPTH_MAX = 64,
	TREE_ANCHORS_MAX = 1000,
	TREE_DOCUMENTS_MAX = 1000,
};

enum tree_kind { TREE_TEXT, TREE_LIST, TREE_MAP };

struct tree_node {
	enum tree_kind kind;
	bool plain;        /* a text without quotes, not in block style either */
	unsigned line;     /* from 1 */
	unsigned column;   /* in bytes, from 1 */
	struct slice text; /* TREE_TEXT; a NUL follows that does not count */
	size_t n;          /* items of a list, pairs of a mapping */
	const struct tree_node *const *items; /* of a mapping: key, value, key, value, ... */
	size_t weight; /* nodes in it, itself included, aliases counted as written out */
};

struct tree;

/*
 * NULL after a mistake that ends reading. Duplicate keys do not: they are in `mistakes` and
 * the tree is there, so that its reader can find more. The caller frees.
 */
MUST_USE struct tree *tree_parse(struct slice text, struct mistakes *mistakes);

/* The same of a text with any number of documents, up to TREE_DOCUMENTS_MAX; anchors are known
 * in their own. */
MUST_USE struct tree *tree_parse_documents(struct slice text, struct mistakes *mistakes);

/* NULL is fine. */
void tree_free(struct tree *tree);

/* NULL when the text has no document, or only comments. */
const struct tree_node *tree_root(const struct tree *tree);

/* Document `i` < tree_documents(); one of nothing but comments is an empty plain text. */
size_t tree_documents(const struct tree *tree);
const struct tree_node *tree_document(const struct tree *tree, size_t i);

static inline const struct tree_node *tree_key(const struct tree_node *map, size_t i)
{
	return map->items[2 * i];
}

static inline const struct tree_node *tree_value(const struct tree_node *map, size_t i)
{
	return map->items[2 * i + 1];
}

static inline struct pos tree_pos(const struct tree_node *node)
{
	return (struct pos){.line = node->line, .column = node->column};
}

/* Nothing written, "~" or "null" without quotes. */
bool tree_is_null(const struct tree_node *node);

/* "a text", "a list", "a mapping", "nothing": for messages. */
const char *tree_kind_name(const struct tree_node *node);

#endif
