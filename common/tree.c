/*
 * libyaml's events, not its documents: aliases stay references here, a
 * container is refused at the depth where it begins (libyaml's own scanner
 * takes quadratic time in the depth), and positions become bytes.
 */
#include "common/tree.h"

#include <stdlib.h>
#include <yaml.h>

#include "common/arena.h"

enum { ARENA_MAX = 512 << 20 };

struct tree {
	struct arena arena;
	const struct tree_node *roots[TREE_DOCUMENTS_MAX];
	size_t n_roots;
};

/* Turns libyaml's character numbers, which grow from event to event, into lines and bytes. */
struct cursor {
	struct slice text;
	size_t index; /* characters before */
	size_t at;    /* bytes before */
	size_t line_start;
	unsigned line;
};

struct anchor {
	struct slice name;
	const struct tree_node *node; /* NULL while what it names is not complete */
};

/* A list or mapping that was begun. */
struct frame {
	struct tree_node *node;
	size_t first;  /* its items in `waiting` */
	size_t anchor; /* number of its anchor, or none */
};

enum { NO_ANCHOR = TREE_ANCHORS_MAX };

struct builder {
	struct tree *tree;
	struct mistakes *mistakes;
	struct cursor cursor;
	yaml_parser_t parser;

	struct frame frames[TREE_DEPTH_MAX];
	unsigned depth;
	const struct tree_node **waiting; /* items of all begun containers */
	size_t n_waiting, waiting_room;
	struct anchor anchors[TREE_ANCHORS_MAX];
	size_t n_anchors;
	size_t documents_max;
};

static struct pos cursor_pos(const struct cursor *cursor)
{
	return (struct pos){.line = cursor->line,
		.column = (unsigned)(cursor->at - cursor->line_start) + 1};
}

static void cursor_start(struct cursor *cursor)
{
	*cursor = (struct cursor){.text = cursor->text, .line = 1};
}

static void cursor_step(struct cursor *cursor)
{
	const char *bytes = cursor->text.ptr;

	if (bytes[cursor->at++] == '\n') {
		cursor->line++;
		cursor->line_start = cursor->at;
	}
	while (cursor->at < cursor->text.len &&
		((unsigned char)bytes[cursor->at] & 0xc0) == 0x80)
		cursor->at++;
	cursor->index++;
}

static struct pos pos_of_index(struct cursor *cursor, size_t index)
{
	if (index < cursor->index)
		cursor_start(cursor);
	while (cursor->index < index && cursor->at < cursor->text.len)
		cursor_step(cursor);
	return cursor_pos(cursor);
}

static struct pos pos_of_byte(struct cursor *cursor, size_t byte)
{
	cursor_start(cursor);
	while (cursor->at < byte && cursor->at < cursor->text.len)
		cursor_step(cursor);
	return cursor_pos(cursor);
}

static bool refuse(struct builder *builder, struct pos at, const char *what)
{
	mistake_add(builder->mistakes, at, "%s", what);
	return false;
}

/* ---- nodes ---------------------------------------------------------------- */

static struct tree_node *add_node(struct builder *builder, enum tree_kind kind, struct pos at)
{
	struct tree_node *node = arena_alloc(&builder->tree->arena, sizeof(*node));

	if (node == NULL)
		return NULL;
	*node = (struct tree_node){
		.kind = kind, .line = at.line, .column = at.column, .weight = 1};
	return node;
}

static bool too_large(struct builder *builder, struct pos at)
{
	mistake_add(builder->mistakes, at, "more than %d values, aliases written out",
		TREE_NODES_MAX);
	return false;
}

static void push_waiting(struct builder *builder, const struct tree_node *node)
{
	if (builder->n_waiting == builder->waiting_room) {
		size_t room = builder->waiting_room ? 2 * builder->waiting_room : 256;

		builder->waiting = realloc(builder->waiting, room * sizeof(*builder->waiting));
		if (builder->waiting == NULL)
			abort();
		builder->waiting_room = room;
	}
	builder->waiting[builder->n_waiting++] = node;
}

/* True when the next node of the innermost container is a key. */
static bool expects_key(const struct builder *builder)
{
	if (builder->depth == 0)
		return false;

	const struct frame *frame = &builder->frames[builder->depth - 1];
	return frame->node->kind == TREE_MAP && (builder->n_waiting - frame->first) % 2 == 0;
}

static bool attach(struct builder *builder, const struct tree_node *node, struct pos at)
{
	if (builder->depth == 0) {
		builder->tree->roots[builder->tree->n_roots++] = node;
		return true;
	}
	if (expects_key(builder) && node->kind != TREE_TEXT)
		return refuse(builder, at, "a key must be a text");

	struct tree_node *into = builder->frames[builder->depth - 1].node;
	into->weight += node->weight;
	if (into->weight > TREE_NODES_MAX)
		return too_large(builder, at);
	push_waiting(builder, node);
	return true;
}

static int by_text(const void *a, const void *b)
{
	const struct tree_node *one = *(const struct tree_node *const *)a;
	const struct tree_node *two = *(const struct tree_node *const *)b;
	size_t shared = one->text.len < two->text.len ? one->text.len : two->text.len;
	int order = memcmp(one->text.ptr, two->text.ptr, shared);

	if (order != 0)
		return order;
	if (one->text.len != two->text.len)
		return one->text.len < two->text.len ? -1 : 1;
	if (one->line != two->line)
		return one->line < two->line ? -1 : 1;
	return one->column < two->column ? -1 : one->column > two->column;
}

static void check_duplicates(struct builder *builder, const struct tree_node *map)
{
	const struct tree_node **keys = malloc((map->n + 1) * sizeof(*keys));

	if (keys == NULL)
		abort();
	for (size_t i = 0; i < map->n; i++)
		keys[i] = tree_key(map, i);
	qsort(keys, map->n, sizeof(*keys), by_text);
	for (size_t i = 1; i < map->n; i++) {
		if (slice_eq(keys[i]->text, keys[i - 1]->text))
			mistake_add(builder->mistakes, tree_pos(keys[i]),
				"key %s stands in line %u already", MISTAKE_TEXT(keys[i]->text),
				keys[i - 1]->line);
	}
	free(keys);
}

/* ---- anchors -------------------------------------------------------------- */

static bool begin_anchor(
	struct builder *builder, const yaml_char_t *name, struct pos at, size_t *number)
{
	*number = NO_ANCHOR;
	if (name == NULL)
		return true;
	if (builder->n_anchors == TREE_ANCHORS_MAX)
		return refuse(builder, at, "too many anchors");

	struct slice copy = arena_copy(&builder->tree->arena, slice_str((const char *)name));
	if (slice_absent(copy))
		return too_large(builder, at);
	*number = builder->n_anchors++;
	builder->anchors[*number] = (struct anchor){.name = copy};
	return true;
}

static void end_anchor(struct builder *builder, size_t number, const struct tree_node *node)
{
	if (number != NO_ANCHOR)
		builder->anchors[number].node = node;
}

static bool on_alias(struct builder *builder, const char *name, struct pos at)
{
	struct slice wanted = slice_str(name);

	for (size_t i = builder->n_anchors; i-- > 0;) {
		const struct anchor *anchor = &builder->anchors[i];

		if (!slice_eq(anchor->name, wanted))
			continue;
		if (anchor->node == NULL)
			return refuse(builder, at, "an alias inside of what it names");
		return attach(builder, anchor->node, at);
	}
	mistake_add(builder->mistakes, at,
		"alias of an anchor %s that does not stand before it", MISTAKE_TEXT(wanted));
	return false;
}

/* ---- events --------------------------------------------------------------- */

/* A copy with a NUL behind it. */
static bool copy_text(struct builder *builder, const yaml_event_t *event, struct slice *text)
{
	size_t len = event->data.scalar.length;
	char *copy = arena_alloc(&builder->tree->arena, len + 1);

	if (copy == NULL)
		return false;
	memcpy(copy, event->data.scalar.value, len);
	copy[len] = '\0';
	*text = slice_of(copy, len);
	return true;
}

static bool on_text(struct builder *builder, const yaml_event_t *event, struct pos at)
{
	struct tree_node *node;
	size_t anchor;

	if (event->data.scalar.tag != NULL)
		return refuse(builder, at, "tags (!...) are not used here");
	if (!begin_anchor(builder, event->data.scalar.anchor, at, &anchor))
		return false;
	node = add_node(builder, TREE_TEXT, at);
	if (node == NULL || !copy_text(builder, event, &node->text))
		return too_large(builder, at);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	end_anchor(builder, anchor, node);
	return attach(builder, node, at);
}

static bool on_begin(struct builder *builder, enum tree_kind kind, const yaml_char_t *name,
	const yaml_char_t *tag, struct pos at)
{
	size_t anchor;

	if (tag != NULL)
		return refuse(builder, at, "tags (!...) are not used here");
	if (builder->depth == TREE_DEPTH_MAX)
		return refuse(builder, at, "nested too deeply");
	if (expects_key(builder))
		return refuse(builder, at, "a key must be a text");
	if (!begin_anchor(builder, name, at, &anchor))
		return false;

	struct tree_node *node = add_node(builder, kind, at);
	if (node == NULL)
		return too_large(builder, at);
	builder->frames[builder->depth++] =
		(struct frame){.node = node, .first = builder->n_waiting, .anchor = anchor};
	return true;
}

static bool on_end(struct builder *builder, struct pos at)
{
	struct frame frame = builder->frames[--builder->depth];
	struct tree_node *node = frame.node;
	size_t n = builder->n_waiting - frame.first;
	const struct tree_node **items =
		arena_alloc(&builder->tree->arena, (n + 1) * sizeof(*items));

	if (items == NULL)
		return too_large(builder, at);
	if (n > 0)
		memcpy(items, builder->waiting + frame.first, n * sizeof(*items));
	builder->n_waiting = frame.first;
	node->items = items;
	node->n = node->kind == TREE_MAP ? n / 2 : n;
	if (node->kind == TREE_MAP)
		check_duplicates(builder, node);
	end_anchor(builder, frame.anchor, node);
	return attach(builder, node, tree_pos(node));
}

static bool on_document(struct builder *builder, struct pos at)
{
	builder->n_anchors = 0;
	if (builder->tree->n_roots < builder->documents_max)
		return true;
	return refuse(builder, at,
		builder->documents_max == 1 ? "a second document; a file holds one"
					    : "too many documents");
}

static bool on_event(struct builder *builder, const yaml_event_t *event)
{
	struct pos at = pos_of_index(&builder->cursor, event->start_mark.index);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(builder, at);
	case YAML_ALIAS_EVENT:
		return on_alias(builder, (const char *)event->data.alias.anchor, at);
	case YAML_SCALAR_EVENT:
		return on_text(builder, event, at);
	case YAML_SEQUENCE_START_EVENT:
		return on_begin(builder, TREE_LIST, event->data.sequence_start.anchor,
			event->data.sequence_start.tag, at);
	case YAML_MAPPING_START_EVENT:
		return on_begin(builder, TREE_MAP, event->data.mapping_start.anchor,
			event->data.mapping_start.tag, at);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(builder, at);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	}
	return true;
}

/* libyaml's words, and ours where the usual reason is known. */
static void report_syntax(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	struct cursor *cursor = &builder->cursor;

	if (parser->error == YAML_MEMORY_ERROR)
		abort();
	if (parser->error == YAML_READER_ERROR) {
		mistake_add(builder->mistakes, pos_of_byte(cursor, parser->problem_offset),
			"%s", parser->problem);
		return;
	}

	struct pos at = pos_of_index(cursor, parser->problem_mark.index);
	if (cursor->at < cursor->text.len && cursor->text.ptr[cursor->at] == '\t')
		mistake_add(builder->mistakes, at, "a tab; indent with blanks");
	else if (parser->context != NULL)
		mistake_add(builder->mistakes, at, "%s %s", parser->problem, parser->context);
	else
		mistake_add(builder->mistakes, at, "%s", parser->problem);
}

static bool build(struct builder *builder)
{
	bool ok = true, more = true;

	while (ok && more) {
		yaml_event_t event;

		if (!yaml_parser_parse(&builder->parser, &event)) {
			report_syntax(builder);
			return false;
		}
		more = event.type != YAML_STREAM_END_EVENT;
		ok = on_event(builder, &event);
		yaml_event_delete(&event);
	}
	return ok;
}

static struct builder *builder_new(
	struct slice text, size_t documents_max, struct mistakes *mistakes)
{
	struct builder *builder = calloc(1, sizeof(*builder));
	struct tree *tree = calloc(1, sizeof(*tree));

	if (builder == NULL || tree == NULL || !yaml_parser_initialize(&builder->parser))
		abort();
	arena_init(&tree->arena, ARENA_MAX);
	builder->tree = tree;
	builder->mistakes = mistakes;
	builder->documents_max = documents_max;
	builder->cursor.text = text;
	cursor_start(&builder->cursor);
	yaml_parser_set_encoding(&builder->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&builder->parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
	return builder;
}

static struct tree *parse(struct slice text, size_t documents_max, struct mistakes *mistakes)
{
	if (text.len > TREE_TEXT_SIZE_MAX) {
		mistake_add(
			mistakes, (struct pos){0}, "larger than %d bytes", TREE_TEXT_SIZE_MAX);
		return NULL;
	}

	struct builder *builder = builder_new(text, documents_max, mistakes);
	struct tree *tree = builder->tree;
	if (!build(builder)) {
		tree_free(tree);
		tree = NULL;
	}
	yaml_parser_delete(&builder->parser);
	free(builder->waiting);
	free(builder);
	return tree;
}

struct tree *tree_parse(struct slice text, struct mistakes *mistakes)
{
	return parse(text, 1, mistakes);
}

struct tree *tree_parse_documents(struct slice text, struct mistakes *mistakes)
{
	return parse(text, TREE_DOCUMENTS_MAX, mistakes);
}

void tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	arena_done(&tree->arena);
	free(tree);
}

const struct tree_node *tree_root(const struct tree *tree)
{
	return tree->n_roots ? tree->roots[0] : NULL;
}

size_t tree_documents(const struct tree *tree)
{
	return tree->n_roots;
}

const struct tree_node *tree_document(const struct tree *tree, size_t i)
{
	return tree->roots[i];
}

bool tree_is_null(const struct tree_node *node)
{
	return node->kind == TREE_TEXT && node->plain &&
	       (node->text.len == 0 || slice_eq(node->text, SLICE_LIT("~")) ||
		       slice_eq_nocase(node->text, SLICE_LIT("null")));
}

const char *tree_kind_name(const struct tree_node *node)
{
	if (tree_is_null(node))
		return "nothing";
	switch (node->kind) {
	case TREE_TEXT:
		return "a text";
	case TREE_LIST:
		return "a list";
	case TREE_MAP:
		return "a mapping";
	}
	return "";
}
