#include "collector/normalize/own/folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mistakes.h"

struct own_formats {
	struct own_file files[OWN_FILES_MAX];
	size_t n;
	const struct parser *parsers[OWN_FORMATS_MAX + 1];
	size_t n_parsers;
};

struct loading {
	const char *dir;
	const struct own_formats *before;
	struct own_formats *formats;
	struct strbuf *mistakes;
};

static const struct own_file *find_file(const struct own_formats *formats, const char *name)
{
	for (size_t i = 0; formats != NULL && i < formats->n; i++) {
		if (strcmp(formats->files[i].name, name) == 0)
			return &formats->files[i];
	}
	return NULL;
}

/* ---- one file --------------------------------------------------------------------- */

/* The first of the lines that were added behind `from`. */
static void keep_reason(struct own_file *file, const struct strbuf *mistakes, size_t from)
{
	struct slice lines = slice_from(strbuf_slice(mistakes), from), first;

	if (slice_cut(&lines, '\n', &first))
		snprintf(file->reason, sizeof(file->reason), "%.*s",
			(int)(first.len < sizeof(file->reason) ? first.len
							       : sizeof(file->reason) - 1),
			first.ptr);
}

/* The file's format cannot be used: that of before stays, if there was one. */
static void refuse(struct loading *loading, struct own_file *file, size_t mistakes_from)
{
	const struct own_file *before = find_file(loading->before, file->name);

	keep_reason(file, loading->mistakes, mistakes_from);
	own_format_unref(file->format);
	file->format = NULL;
	file->state = OWN_REFUSED;
	if (before != NULL && before->format != NULL) {
		file->format = own_format_ref(before->format);
		file->state = OWN_KEPT;
	}
}

static void load_file(struct loading *loading, const char *path, struct own_file *file)
{
	struct strbuf text = STRBUF_INIT(OWN_FILE_MAX);
	size_t from = loading->mistakes->len;
	struct err err;

	if (file_read(path, &text, &err))
		file->format = own_format_parse(path, strbuf_slice(&text), loading->mistakes);
	else
		strbuf_addf(loading->mistakes, "%s\n", err.text);
	strbuf_done(&text);
	if (file->format == NULL)
		refuse(loading, file, from);
}

/* ---- the folder --------------------------------------------------------------------- */

static bool is_format(const char *name)
{
	return name[0] != '.' && slice_ends(slice_str(name), SLICE_LIT(".yaml"));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char *items[OWN_FILES_MAX];
	size_t n, left_out;
};

static bool list_names(const char *path, struct names *names)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL)
		return errno == ENOENT;
	while ((entry = readdir(dir)) != NULL) {
		if (!is_format(entry->d_name))
			continue;
		if (names->n == OWN_FILES_MAX) {
			names->left_out++;
			continue;
		}
		names->items[names->n] = strdup(entry->d_name);
		if (names->items[names->n++] == NULL)
			abort();
	}
	closedir(dir);
	if (names->n > 0)
		qsort(names->items, names->n, sizeof(*names->items), by_text);
	return true;
}

static void load_name(struct loading *loading, const char *name)
{
	struct own_file *file = &loading->formats->files[loading->formats->n++];
	char path[PATH_MAX];

	snprintf(file->name, sizeof(file->name), "%.*s", (int)strlen(name) - 5, name);
	snprintf(path, sizeof(path), "%s/%s", loading->dir, name);
	load_file(loading, path, file);
}

static void keep_all(struct loading *loading)
{
	const struct own_formats *before = loading->before;

	strbuf_addf(loading->mistakes, "%s: %s\n", loading->dir, strerror(errno));
	for (size_t i = 0; before != NULL && i < before->n; i++) {
		struct own_file *file = &loading->formats->files[loading->formats->n++];

		*file = before->files[i];
		if (file->format != NULL)
			(void)own_format_ref(file->format);
	}
}

/* ---- numbers -------------------------------------------------------------------------- */

static unsigned number_of(const struct own_file *file)
{
	return own_format_parser(file->format)->number;
}

/* A format that was there before has its number first. */
static bool had_number(const struct own_formats *before, const struct own_file *file)
{
	const struct own_file *old = find_file(before, file->name);

	return old != NULL && old->format != NULL && number_of(old) == number_of(file);
}

static const struct own_file *owner_of(const struct own_formats *formats, unsigned number)
{
	for (size_t i = 0; i < formats->n; i++) {
		const struct own_file *file = &formats->files[i];

		for (size_t j = 0; file->format != NULL && j < formats->n_parsers; j++) {
			if (formats->parsers[j] == own_format_parser(file->format) &&
				formats->parsers[j]->number == number)
				return file;
		}
	}
	return NULL;
}

static unsigned free_number(const struct own_formats *formats)
{
	unsigned number = OWN_NUMBER_MIN;

	while (number < OWN_NUMBER_MAX && owner_of(formats, number) != NULL)
		number++;
	return number;
}

/* How many formats of a program are there already. */
static unsigned formats_of(const struct own_formats *formats, const char *program)
{
	unsigned n = 0;

	for (size_t i = 0; i < formats->n_parsers; i++) {
		const char *const *name = formats->parsers[i]->programs;

		while (*name != NULL && strcmp(*name, program) != 0)
			name++;
		n += *name != NULL;
	}
	return n;
}

static const char *crowded_program(
	const struct own_formats *formats, const struct own_file *file)
{
	const char *const *name = own_format_parser(file->format)->programs;

	while (*name != NULL && formats_of(formats, *name) < OWN_FORMATS_PER_PROGRAM)
		name++;
	return *name;
}

/* Puts the format beside those that are there, unless it clashes with them. */
static bool fits_in(struct loading *loading, const struct own_file *file)
{
	struct own_formats *formats = loading->formats;
	const struct own_file *owner = owner_of(formats, number_of(file));
	const char *program = crowded_program(formats, file);

	if (owner != NULL)
		strbuf_addf(loading->mistakes,
			"%s/%s.yaml: number %u is that of %s; %u is free\n", loading->dir,
			file->name, number_of(file), owner->name, free_number(formats));
	else if (program != NULL)
		strbuf_addf(loading->mistakes,
			"%s/%s.yaml: the program %s has %d formats already\n", loading->dir,
			file->name, MISTAKE_TEXT(slice_str(program)), OWN_FORMATS_PER_PROGRAM);
	else
		formats->parsers[formats->n_parsers++] = own_format_parser(file->format);
	return owner == NULL && program == NULL;
}

/* What a file gave before can clash as well: its number may have another owner by now. */
static void take_number(struct loading *loading, struct own_file *file)
{
	size_t from = loading->mistakes->len;

	if (fits_in(loading, file))
		return;
	refuse(loading, file, from);
	if (file->format == NULL || fits_in(loading, file))
		return;
	own_format_unref(file->format);
	file->format = NULL;
	file->state = OWN_REFUSED;
}

static void take_numbers(struct loading *loading)
{
	struct own_formats *formats = loading->formats;

	for (unsigned turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < formats->n; i++) {
			struct own_file *file = &formats->files[i];

			if (file->format != NULL &&
				had_number(loading->before, file) == (turn == 0))
				take_number(loading, file);
		}
	}
}

struct own_formats *own_formats_load(
	const char *dir, const struct own_formats *before, struct strbuf *mistakes)
{
	struct own_formats *formats = calloc(1, sizeof(*formats));
	struct loading loading = {dir, before, formats, mistakes};
	struct names names = {.n = 0};

	if (formats == NULL)
		abort();
	if (!list_names(dir, &names))
		keep_all(&loading);
	for (size_t i = 0; i < names.n; i++) {
		load_name(&loading, names.items[i]);
		free(names.items[i]);
	}
	if (names.left_out > 0)
		strbuf_addf(mistakes, "%s: %zu files beyond the first %d are left out\n", dir,
			names.left_out, OWN_FILES_MAX);
	take_numbers(&loading);
	return formats;
}

void own_formats_free(struct own_formats *formats)
{
	if (formats == NULL)
		return;
	for (size_t i = 0; i < formats->n; i++)
		own_format_unref(formats->files[i].format);
	free(formats);
}

/* ---- asking ------------------------------------------------------------------------------ */

const struct parser *const *own_formats_parsers(const struct own_formats *formats)
{
	static const struct parser *const none[] = {NULL};

	return formats != NULL ? formats->parsers : none;
}

const struct parser *own_formats_by_name(const struct own_formats *formats, struct slice name)
{
	const struct parser *const *parser = own_formats_parsers(formats);

	while (*parser != NULL && !slice_eq(slice_str((*parser)->name), name))
		parser++;
	return *parser;
}

const struct parser *own_formats_by_number(const struct own_formats *formats, unsigned number)
{
	const struct parser *const *parser = own_formats_parsers(formats);

	while (*parser != NULL && (*parser)->number != number)
		parser++;
	return *parser;
}

size_t own_formats_files(const struct own_formats *formats, const struct own_file **files)
{
	*files = formats != NULL ? formats->files : NULL;
	return formats != NULL ? formats->n : 0;
}

unsigned own_formats_wrong(const struct own_formats *formats)
{
	unsigned n = 0;

	for (size_t i = 0; formats != NULL && i < formats->n; i++)
		n += formats->files[i].state != OWN_LOADED;
	return n;
}

const char *own_state_name(enum own_state state)
{
	static const char *const names[] = {"loaded", "kept", "refused"};

	return names[state];
}

bool own_formats_have_file(const char *dir, struct slice name)
{
	char path[PATH_MAX];
	struct err err;

	if (!own_name_check(name, &err))
		return false;
	snprintf(path, sizeof(path), "%s/%.*s.yaml", dir, SLICE_FMT(name));
	return access(path, F_OK) == 0;
}
