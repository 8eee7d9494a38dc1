/*
 * format - an own format: a parser that a file describes instead of a program
 *
 * The file is YAML; configs/parsers/README.md describes it. It carries sample
 * lines with what is to be read of them, which are tried when it is loaded: a
 * format whose samples fail is none. Immutable; every worker uses the same one
 * at once; reference counted, so that a reload keeps what has not changed.
 */
#ifndef COLLECTOR_NORMALIZE_OWN_FORMAT_H
#define COLLECTOR_NORMALIZE_OWN_FORMAT_H

#include "collector/normalize/own/written.h"
#include "collector/normalize/parser.h"

enum { OWN_NAME_MAX = 40 };

struct own_format;

/* "cong-dvc": letters a-z, digits, '-' and '_', no parser built in. */
MUST_USE bool own_name_check(struct slice name, struct err *err);

/* `path` stands for the file in messages; its name without folder and ".yaml" is the format's.
 * NULL with what is wrong in `mistakes`, a line each. The caller holds one reference. */
MUST_USE struct own_format *own_format_parse(
	const char *path, struct slice text, struct strbuf *mistakes);

struct own_format *own_format_ref(struct own_format *format);
void own_format_unref(struct own_format *format); /* the last one frees; NULL is fine */

/* Lives as long as the format; for normalize.c like any other. */
const struct parser *own_format_parser(const struct own_format *format);

/* Whether a line goes on with the record that such a parser claimed; false for all that are
 * built in. */
bool own_format_continues(const struct parser *parser, struct slice line);

#endif
