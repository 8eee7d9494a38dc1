#include "agent/scan/arguments.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_owned(struct arguments *arguments, char *text)
{
	arguments->items =
		realloc(arguments->items, (arguments->n + 2) * sizeof(*arguments->items));
	if (arguments->items == NULL || text == NULL)
		abort();
	arguments->items[arguments->n++] = text;
	arguments->items[arguments->n] = NULL;
}

void arguments_add(struct arguments *arguments, const char *text)
{
	add_owned(arguments, strdup(text));
}

void arguments_add_number(struct arguments *arguments, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	arguments_add(arguments, text);
}

void arguments_add_hex(struct arguments *arguments, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, number);
	arguments_add(arguments, text);
}

void arguments_add_literal(struct arguments *arguments, const char *path)
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
	add_owned(arguments, text);
}

void arguments_done(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->n; i++)
		free(arguments->items[i]);
	free(arguments->items);
	*arguments = (struct arguments){0};
}
