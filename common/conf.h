/*
 * conf - a YAML settings file into settings structs, and back into a commented file
 *
 * Values are checked against the tables of setting.h. Every mistake is a line
 * "file:line:column: what is wrong" (an unknown key with the nearest known
 * one); all mistakes of a file are reported, not just the first. Duplicate
 * keys, unknown keys, wrong kinds, keys without a value, missing and wrong
 * units, values out of range, aliases that would expand beyond CONF_NODES_MAX
 * values and documents after the first are mistakes. A section all of whose
 * lines are commented out is fine and has its defaults.
 *
 * What was read is immutable and owned by struct conf; a reload builds a new
 * one. Any thread, one at a time per object.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include "common/mistakes.h"
#include "common/setting.h"
#include "common/tree.h"

enum {
	CONF_FILE_MAX = TREE_TEXT_SIZE_MAX,
	CONF_NODES_MAX = TREE_NODES_MAX,
	CONF_MISTAKES_MAX = MISTAKES_MAX, /* then "and N more" */
};

struct conf;

/*
 * Reads `path` into `settings`, a zeroed struct that `table` describes.
 * NULL when the file has mistakes: they are added to `mistakes`, a line each.
 * The caller frees; texts and lists in `settings` live as long as the conf.
 */
MUST_USE struct conf *conf_load(
	const char *path, const struct setting *table, void *settings, struct strbuf *mistakes);

/* The same from memory; `name` stands for the file: in messages and as the base of
 * relative paths. */
MUST_USE struct conf *conf_parse(const char *name, struct slice text,
	const struct setting *table, void *settings, struct strbuf *mistakes);

/* NULL is fine. */
void conf_free(struct conf *conf);

/*
 * Where the value of a member was written, for checks that a table cannot
 * express: conf_at(conf, &settings.listen), with the struct that was given to
 * conf_load(). A default has line 0, and so has a section as a whole: ask for
 * a member. pos.file lives as long as the conf.
 */
struct pos conf_at(const struct conf *conf, const void *member);

/*
 * The whole file as it would be with every default written out, help as comments of at most
 * 80 columns. What has no default stands there as a comment: with the '#' in the first
 * column taken away it becomes an example. `head` is the comment at the top.
 */
void conf_print(const struct setting *table, const char *head, struct strbuf *out);

#endif
