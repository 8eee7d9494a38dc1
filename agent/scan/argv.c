#include "agent/scan/argv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_owned(struct argv *argv, char *text)
{
	argv->items = realloc(argv->items, (argv->n + 2) * sizeof(*argv->items));
	if (argv->items == NULL || text == NULL)
		abort();
	argv->items[argv->n++] = text;
	argv->items[argv->n] = NULL;
}

void argv_add(struct argv *argv, const char *text)
{
	add_owned(argv, strdup(text));
}

void argv_add_number(struct argv *argv, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	argv_add(argv, text);
}

void argv_add_hex(struct argv *argv, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, number);
	argv_add(argv, text);
}

void argv_add_literal(struct argv *argv, const char *path)
{
	char *text = malloc(2 * strlen(path) + 1), *to = text;

	if (text == NULL)
		abort();
	for (const char *from = path; *from != '\0'; from++) {
		if (strchr("*?[\\", *from) != NULL)
			*to++ = '\\';
		*to++ = *from;
	}
	*to = '\0';
	add_owned(argv, text);
}

void argv_done(struct argv *argv)
{
	for (size_t i = 0; i < argv->n; i++)
		free(argv->items[i]);
	free(argv->items);
	*argv = (struct argv){0};
}
