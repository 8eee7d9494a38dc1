/*
 * Own formats: the bytes are a file, and behind a NUL lines. A file gives a format or mistakes,
 * never both, never neither; a format reads any line.
 */
#include <stdlib.h>

#include "collector/normalize/own/format.h"
#include "collector/normalize/own/samples.h"
#include "common/clock.h"

enum { ARENA_MAX = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_line(const struct parser *parser, struct arena *arena, struct slice line)
{
	struct field fields[RECORD_FIELDS_MAX];
	struct record record = {
		.fields = fields, .n_fields = 1, .fields_room = RECORD_FIELDS_MAX, .raw = line};
	struct pairs pairs;
	struct parse_context context = {.arena = arena,
		.pairs = &pairs,
		.message = line,
		.now_ns = OWN_SAMPLES_NS,
		.named = true,
		.parser = parser};
	volatile char sum = 0;

	fields[0] = (struct field){.id = FIELD_NONE};
	record.created_ns = CLOCK_NONE;
	arena_reset(arena);
	pairs_reset(&pairs, SLICE_NONE, PAIRS_NOTHING);
	if (parser->parse(&record, &context) == PARSED_NOT_MINE)
		return;
	for (unsigned i = 1; i < record.n_fields; i++) {
		for (unsigned j = 0; j < fields[i].len; j++)
			sum = (char)(sum ^ fields[i].ptr[j]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct slice rest = slice_of(size ? (const void *)data : "", size), file, line;
	struct arena arena;

	(void)slice_cut(&rest, '\0', &file);
	struct own_format *format = own_format_parse("own/fuzzed.yaml", file, &mistakes);
	if ((format != NULL) != (mistakes.len == 0))
		abort();
	arena_init(&arena, ARENA_MAX);
	while (format != NULL && slice_cut(&rest, '\n', &line))
		read_line(own_format_parser(format), &arena, line);
	arena_done(&arena);
	own_format_unref(format);
	strbuf_done(&mistakes);
	return 0;
}
