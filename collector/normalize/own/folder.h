/*
 * folder - the own formats of one folder, NAME.yaml each
 *
 * A file with mistakes is refused as a whole, the others work. When a folder
 * is read again, a file that has mistakes now and had none before keeps the
 * format it gave then; a file that is gone takes its format with it. The
 * number a format is stored under stands in its file: two formats of one
 * number are a mistake of the one that came later.
 *
 * Immutable; any thread.
 */
#ifndef COLLECTOR_NORMALIZE_OWN_FOLDER_H
#define COLLECTOR_NORMALIZE_OWN_FOLDER_H

#include "collector/normalize/own/format.h"

enum {
	OWN_FORMATS_MAX = OWN_NUMBER_MAX - OWN_NUMBER_MIN + 1,
	OWN_FILES_MAX = 2 * OWN_FORMATS_MAX, /* of a folder, the refused ones with them */
	OWN_FORMATS_PER_PROGRAM = 4,
	OWN_REASON_MAX = 400, /* bytes with the NUL */
};

enum own_state {
	OWN_LOADED,
	OWN_KEPT,    /* the file has mistakes; the format is the one it gave before */
	OWN_REFUSED, /* the file has mistakes and gives none */
};

struct own_file {
	char name[OWN_NAME_MAX + 1]; /* of the format; of a file of another name its start */
	enum own_state state;
	struct own_format *format;   /* NULL when refused */
	char reason[OWN_REASON_MAX]; /* the first mistake, or "" */
};

struct own_formats;

/*
 * `before` is what the folder gave last, or NULL. The mistakes of all files are added to
 * `mistakes`, a line each. A folder that is not there is empty; one that cannot be read is a
 * mistake and gives what it gave before. Never NULL.
 */
MUST_USE struct own_formats *own_formats_load(
	const char *dir, const struct own_formats *before, struct strbuf *mistakes);
void own_formats_free(struct own_formats *formats); /* NULL is fine */

/* The parsers of all formats, ended by NULL; `formats` may be NULL. */
const struct parser *const *own_formats_parsers(const struct own_formats *formats);

/* Built-in ones are not found here; NULL when there is none. `formats` may be NULL. */
const struct parser *own_formats_by_name(const struct own_formats *formats, struct slice name);
const struct parser *own_formats_by_number(const struct own_formats *formats, unsigned number);

/* Every file, by name. */
size_t own_formats_files(const struct own_formats *formats, const struct own_file **files);

/* How many files have mistakes. */
unsigned own_formats_wrong(const struct own_formats *formats);

const char *own_state_name(enum own_state state); /* "loaded", "kept", "refused" */

/* Whether the folder has a file for the format, good or not. */
bool own_formats_have_file(const char *dir, struct slice name);

#endif
