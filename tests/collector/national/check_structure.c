/* check_structure SCHEMA - for each line of standard input, a JSON text: does it fit? Writes a
 * line "1" or "0" each. For tests that compare with another implementation. */
#include <stdio.h>
#include <stdlib.h>

#include "collector/national/schema.h"
#include "common/file.h"

static bool fits(struct schema *schema, struct slice text)
{
	struct strbuf words = STRBUF_INIT(1 << 20);
	struct mistakes mistakes = mistakes_into(&words, "line");
	struct json_file *file = json_file_read(text, &mistakes);
	bool right = file != NULL && schema_check(schema, file, &mistakes);

	json_file_free(file);
	strbuf_done(&words);
	return right;
}

static void check_lines(struct schema *schema)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) > 0)
		puts(fits(schema, slice_of(line, (size_t)len)) ? "1" : "0");
	free(line);
}

int main(int argc, char **argv)
{
	struct strbuf text = STRBUF_INIT(1 << 20);
	struct schema *schema = NULL;
	struct err err = {.text = "usage: check_structure SCHEMA"};

	if (argc == 2 && file_read(argv[1], &text, &err))
		schema = schema_read(strbuf_slice(&text), &err);
	if (schema != NULL)
		check_lines(schema);
	else
		fprintf(stderr, "%s\n", err.text);
	strbuf_done(&text);
	schema_free(schema);
	return schema != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
