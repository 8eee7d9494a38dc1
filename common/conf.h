/*
 * conf - a YAML settings file into settings structs, and back into a commented file
 *
 * Values are checked against the tables of setting.h. Every mistake is a line
 * "file:line:column: what is wrong" (an unknown key with the nearest known
 * one); all mistakes of a file are reported, not just the first. Duplicate
 * keys, unknown keys, wrong kinds, missing and wrong units, values out of
 * range, anchors that expand beyond CONF_NODES_MAX and documents after the
 * first are mistakes.
 *
 * What was read is immutable and owned by struct conf; a reload builds a new
 * one. Any thread, one at a time per object.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include "common/err.h"
#include "common/setting.h"
#include "common/strbuf.h"

enum {
	CONF_FILE_MAX = 16 << 20, /* bytes */
	CONF_NODES_MAX = 2000000, /* nodes after alias expansion */
	CONF_MISTAKES_MAX = 50,   /* then "and N more" */
};

struct conf;

/*
 * Reads `path` into `settings`, a zeroed struct that `table` describes.
 * NULL when the file has mistakes: `mistakes` then holds them, a line each.
 * The caller frees; texts and lists in `settings` live as long as the conf.
 */
MUST_USE struct conf *conf_load(
	const char *path, const struct setting *table, void *settings, struct strbuf *mistakes);

/* The same from memory; `name` stands for the file in messages and is borrowed. */
MUST_USE struct conf *conf_parse(const char *name, struct slice text,
	const struct setting *table, void *settings, struct strbuf *mistakes);

/* NULL is fine. */
void conf_free(struct conf *conf);

/*
 * Where the value of a member was written, for checks that a table cannot
 * express: conf_at(conf, &settings.listen). A default has line 0.
 */
struct pos conf_at(const struct conf *conf, const void *member);

/* The whole file as it would be with every default written out, help as comments. */
void conf_print(const struct setting *table, const char *head, struct strbuf *out);

#endif
