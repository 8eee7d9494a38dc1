#include "collector/detect/sigma/meaning.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "collector/detect/sigma/log_source.h"

uint64_t meaning_of_text(struct slice text, uint64_t before)
{
	return XXH3_64bits_withSeed(text.ptr ? text.ptr : "", text.len, before + 1);
}

/* As deep as a tree is. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static uint64_t meaning_of_node(const struct tree_node *node, uint64_t before)
{
	uint64_t head[3] = {(uint64_t)node->kind, node->plain, node->n};
	size_t n = node->kind == TREE_MAP ? 2 * node->n : node->n;

	before = XXH3_64bits_withSeed(head, sizeof(head), before);
	if (node->kind == TREE_TEXT)
		return meaning_of_text(node->text, before);
	for (size_t i = 0; i < n; i++)
		before = meaning_of_node(node->items[i], before);
	return before;
}

uint64_t meaning_of_rule(const struct tree_node *document, uint64_t asked)
{
	static const char *const keys[] = {"logsource", "detection", "correlation", "filter"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct tree_node *node = map_value(document, keys[i]);

		if (node != NULL)
			asked = meaning_of_node(node, asked + i + 1);
	}
	return asked;
}
