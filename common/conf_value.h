/*
 * conf_value - one value of a settings file: its text checked and turned into the member
 *
 * Inside of conf: everything but sections and lists. Any thread.
 */
#ifndef COMMON_CONF_VALUE_H
#define COMMON_CONF_VALUE_H

#include "common/arena.h"
#include "common/mistakes.h"
#include "common/setting.h"
#include "common/tree.h"

struct conf_values {
	struct arena *arena; /* texts go there */
	struct slice folder; /* of the settings file, with the '/', or empty */
	struct mistakes *mistakes;
};

/* Reads a scalar kind into `member`, which stays as it was after a mistake. */
MUST_USE bool conf_value_read(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, void *member);

/* A TEXT or, relative to the folder, a PATH: also as item of a list. */
MUST_USE bool conf_value_text(const struct conf_values *values, const char *key, bool path,
	const struct tree_node *node, const char **member);

/* False with the mistake "'key' must be ..." when the node is of another kind. */
MUST_USE bool conf_value_is(const struct conf_values *values, const char *key,
	const struct tree_node *node, enum tree_kind kind);

/* Is the amount (length, number, how many) within the setting's range? */
bool conf_value_in_range(const struct setting *setting, uint64_t amount);

/* "1 to 65535", "at least 64KiB"; nothing when any amount is fine. */
void conf_value_range(const struct setting *setting, struct strbuf *out);

#endif
