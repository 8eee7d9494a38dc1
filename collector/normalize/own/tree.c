#include "collector/normalize/own/tree.h"

#include "collector/normalize/own/take.h"

enum { LITERALS_LISTED = 4 }; /* children that are not worth a table */

struct node {
	struct own_shape shape;
	struct node *next; /* beside it: literals first, then by enum own_kind */
	struct node *children;
	struct node **by_byte; /* of 256, the children that are literals; NULL = few */
	const struct own_end *end;
};

struct own_tree {
	struct arena *arena;
	struct node root;
	unsigned n_nodes;
};

struct own_tree *own_tree_new(struct arena *arena)
{
	struct own_tree *tree = arena_alloc(arena, sizeof(*tree));

	if (tree != NULL)
		*tree = (struct own_tree){.arena = arena};
	return tree;
}

/* ---- building ----------------------------------------------------------------- */

static struct node *make_node(
	struct own_tree *tree, const struct own_shape *shape, struct err *err)
{
	struct node *node;

	if (tree->n_nodes == OWN_NODES_MAX) {
		err_set(err, "the patterns of the file have more than %d parts that differ",
			OWN_NODES_MAX);
		return NULL;
	}
	node = arena_alloc(tree->arena, sizeof(*node));
	if (node == NULL) {
		err_set(err, "the patterns of the file need too much memory");
		return NULL;
	}
	tree->n_nodes++;
	*node = (struct node){.shape = *shape};
	return node;
}

static bool same_shape(const struct own_shape *a, const struct own_shape *b)
{
	return a->kind == b->kind && a->inner == b->inner && a->unit_ns == b->unit_ns &&
	       slice_eq(a->text, b->text) && slice_eq(a->argument, b->argument);
}

static size_t common_len(struct slice a, struct slice b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
		n++;
	return n;
}

static struct node *add_child(struct own_tree *tree, struct node *parent,
	const struct own_shape *shape, struct err *err)
{
	struct node *node = make_node(tree, shape, err), **at = &parent->children;

	if (node == NULL)
		return NULL;
	while (*at != NULL && (*at)->shape.kind <= shape->kind)
		at = &(*at)->next;
	node->next = *at;
	*at = node;
	return node;
}

/* The first `len` bytes of a literal become a node of their own above the rest. */
static bool split(struct own_tree *tree, struct node *node, size_t len, struct err *err)
{
	struct own_shape tail = node->shape;

	tail.text = slice_from(tail.text, len);
	struct node *below = make_node(tree, &tail, err);
	if (below == NULL)
		return false;
	below->children = node->children;
	below->end = node->end;
	node->shape.text = slice_head(node->shape.text, len);
	node->children = below;
	node->end = NULL;
	return true;
}

static struct node *find_literal(const struct node *parent, char byte)
{
	struct node *node = parent->children;

	while (node != NULL && node->shape.kind == OWN_LITERAL) {
		if (node->shape.text.ptr[0] == byte)
			return node;
		node = node->next;
	}
	return NULL;
}

static struct node *add_literal(
	struct own_tree *tree, struct node *node, struct slice text, struct err *err)
{
	while (text.len > 0) {
		struct own_shape shape = {.kind = OWN_LITERAL, .text = text};
		struct node *child = find_literal(node, text.ptr[0]);

		if (child == NULL)
			return add_child(tree, node, &shape, err);
		size_t len = common_len(child->shape.text, text);
		if (len < child->shape.text.len && !split(tree, child, len, err))
			return NULL;
		text = slice_from(text, len);
		node = child;
	}
	return node;
}

static struct node *add_value(struct own_tree *tree, struct node *parent,
	const struct own_shape *shape, struct err *err)
{
	for (struct node *node = parent->children; node != NULL; node = node->next) {
		if (same_shape(&node->shape, shape))
			return node;
	}
	return add_child(tree, parent, shape, err);
}

bool own_tree_add(struct own_tree *tree, const struct own_part *parts, unsigned n,
	const struct own_end *end, const struct own_end **same, struct err *err)
{
	struct node *node = &tree->root;

	for (unsigned i = 0; node != NULL && i < n; i++) {
		const struct own_shape *shape = &parts[i].shape;

		node = shape->kind == OWN_LITERAL ? add_literal(tree, node, shape->text, err)
						  : add_value(tree, node, shape, err);
	}
	if (node == NULL)
		return false;
	if (node->end != NULL) {
		*same = node->end;
		return err_set(err, "another pattern fits the same lines");
	}
	node->end = end;
	return true;
}

static bool index_literals(struct own_tree *tree, struct node *node, struct err *err)
{
	unsigned n = 0;

	for (struct node *c = node->children; c && c->shape.kind == OWN_LITERAL; c = c->next)
		n++;
	if (n <= LITERALS_LISTED)
		return true;
	node->by_byte = arena_alloc(tree->arena, 256 * sizeof(struct node *));
	if (node->by_byte == NULL)
		return err_set(err, "the patterns of the file need too much memory");
	memset(node->by_byte, 0, 256 * sizeof(struct node *));
	for (struct node *c = node->children; c && c->shape.kind == OWN_LITERAL; c = c->next)
		node->by_byte[(unsigned char)c->shape.text.ptr[0]] = c;
	return true;
}

static bool finish_node(struct own_tree *tree, struct node *node, struct err *err)
{
	if (!index_literals(tree, node, err))
		return false;
	for (struct node *child = node->children; child != NULL; child = child->next) {
		if (!finish_node(tree, child, err))
			return false;
	}
	return true;
}

bool own_tree_finish(struct own_tree *tree, struct err *err)
{
	return finish_node(tree, &tree->root, err);
}

/* ---- matching ----------------------------------------------------------------- */

struct walk {
	struct parse_context *context;
	struct own_values *values;
};

static const struct own_end *match_node(
	struct walk *walk, const struct node *node, struct slice rest);

static bool is_blank(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != ' ' && text.ptr[i] != '\t' && text.ptr[i] != '\r')
			return false;
	}
	return true;
}

static const struct own_end *match_literal(
	struct walk *walk, const struct node *node, struct slice rest)
{
	const struct node *child = NULL;

	if (rest.len > 0)
		child = node->by_byte != NULL ? node->by_byte[(unsigned char)rest.ptr[0]]
					      : find_literal(node, rest.ptr[0]);
	if (child == NULL || !slice_starts(rest, child->shape.text))
		return NULL;
	walk->values->work += child->shape.text.len;
	return match_node(walk, child, slice_from(rest, child->shape.text.len));
}

static const struct own_end *match_value(
	struct walk *walk, const struct node *node, struct slice rest)
{
	struct own_values *values = walk->values;
	struct slice value;

	if (!own_take(&node->shape, walk->context, &rest, &value, &values->work))
		return NULL;
	values->of[values->n] = value;
	values->shapes[values->n++] = &node->shape;
	const struct own_end *end = match_node(walk, node, rest);
	if (end == NULL)
		values->n--;
	return end;
}

static const struct own_end *match_node(
	struct walk *walk, const struct node *node, struct slice rest)
{
	struct own_values *values = walk->values;

	if (node->end != NULL && is_blank(rest) && (values->takes_part || !node->end->partly))
		return node->end;

	const struct own_end *end = match_literal(walk, node, rest);
	for (const struct node *child = node->children; end == NULL && child != NULL;
		child = child->next) {
		if (child->shape.kind == OWN_LITERAL)
			continue;
		values->gave_up |= ++values->work > values->work_most;
		if (values->gave_up)
			return NULL;
		end = match_value(walk, child, rest);
	}
	return end;
}

const struct own_end *own_tree_match(const struct own_tree *tree, struct slice text,
	struct parse_context *context, struct own_values *values)
{
	struct walk walk = {context, values};

	values->n = 0;
	values->work = 0;
	values->work_most = OWN_WORK_FREE + text.len * OWN_WORK_PER_BYTE;
	values->gave_up = false;
	return match_node(&walk, &tree->root, text);
}

/* ---- first bytes ---------------------------------------------------------------- */

bool own_tree_first_bytes(const struct own_tree *tree, char *bytes)
{
	bool can[256] = {false};
	size_t n = 0;

	if (tree->root.end != NULL)
		return false;
	for (const struct node *node = tree->root.children; node != NULL; node = node->next) {
		if (!own_first_bytes(&node->shape, can))
			return false;
	}
	if (can[0])
		return false;
	for (unsigned byte = 1; byte < 256; byte++) {
		if (can[byte])
			bytes[n++] = (char)byte;
	}
	bytes[n] = '\0';
	return true;
}
