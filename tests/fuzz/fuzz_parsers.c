/*
 * Any bytes for any parser: the first byte is the parser's number, the second chooses a
 * program's name and whether the settings named the parser.
 * Whatever it says, its values lie in the bytes it was given, in the arena, or are constants.
 */
#include <assert.h>
#include <stdlib.h>

#include "collector/normalize/parser.h"
#include "common/clock.h"

enum { ARENA_MAX = 1 << 20 };

/* Of the linker: where this program's image starts and ends, constants included. */
extern const char __executable_start, end;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_constant(struct slice value)
{
	uintptr_t at = (uintptr_t)value.ptr;

	return at >= (uintptr_t)&__executable_start && at + value.len <= (uintptr_t)&end;
}

static bool lies_in(struct slice text, struct slice value)
{
	uintptr_t at = (uintptr_t)value.ptr, start = (uintptr_t)text.ptr;

	return at >= start && at + value.len <= start + text.len;
}

static void check_values(const struct record *record, const struct arena *arena)
{
	for (unsigned i = 1; i < record->n_fields; i++) {
		struct slice value = field_value(&record->fields[i]);

		assert(!slice_absent(field_name(record->fields[i].id)));
		assert(value.ptr != NULL);
		assert(lies_in(record->raw, value) || arena_holds(arena, value) ||
			is_constant(value));
	}
}

static const struct parser *chosen(uint8_t byte)
{
	const struct parser *parser = parser_by_number(byte);
	unsigned n = 0;

	while (parsers[n] != NULL)
		n++;
	return parser != NULL ? parser : parsers[byte % n];
}

static struct slice program_of(const struct parser *parser, uint8_t byte)
{
	unsigned n = 0;

	while (parser->programs != NULL && parser->programs[n] != NULL)
		n++;
	return n > 0 ? slice_str(parser->programs[byte % n]) : SLICE_LIT("sshd(pam_unix)");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct field room[RECORD_FIELDS_MAX] = {{0}};
	struct arena arena;

	if (size < 2)
		return 0;
	const struct parser *parser = chosen(data[0]);
	struct record record = {
		.raw = slice_of(data + 2, size - 2),
		.created_ns = CLOCK_NONE,
		.fields = room,
		.fields_room = RECORD_FIELDS_MAX,
		.n_fields = 1,
	};
	static struct pairs pairs;
	struct parse_context context = {
		.arena = &arena,
		.pairs = &pairs,
		.named = data[1] & 1,
		.now_ns = INT64_C(1781499600) * CLOCK_NS_PER_S,
		.message = record.raw,
		.program = program_of(parser, data[1]),
	};

	arena_init(&arena, ARENA_MAX);
	enum parse_result result = parser->parse(&record, &context);
	assert(result == PARSED || result == PARSED_PARTLY || result == PARSED_NOT_MINE ||
		result == PARSED_DAMAGED);
	check_values(&record, &arena);
	arena_done(&arena);
	return 0;
}
