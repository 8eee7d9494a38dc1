/*
 * Any line through the normalizer, in a small arena and a large one: the record stays whole,
 * and its JSON is valid.
 */
#include <assert.h>
#include <stdlib.h>
#include <yyjson.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"

enum { JSON_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const struct record *record)
{
	struct strbuf out = STRBUF_INIT(JSON_MAX);

	encode_json(&out, record, SLICE_NONE);
	if (!out.overflow) {
		yyjson_doc *doc = yyjson_read(out.ptr, out.len, 0);

		assert(doc != NULL);
		assert(yyjson_obj_get(yyjson_doc_get_root(doc), "event.original") != NULL);
		yyjson_doc_free(doc);
	}
	strbuf_done(&out);
}

static void run(
	const struct normalizer *normalizer, struct slice raw, uint8_t kind, size_t room)
{
	struct arena arena;
	struct record record = {
		.raw = raw, .read_ns = CLOCK_NONE, .received_ns = 0, .kind = kind};

	arena_init(&arena, room);
	normalize_record(normalizer, NULL, &arena, &record);
	assert(slice_eq(record.raw, raw));
	assert(record.status <= PARSE_DAMAGED);
	assert((record.parser == 0) == (record.status == PARSE_UNKNOWN));
	assert(record.parser == 0 || parser_by_number(record.parser) != NULL);
	check_json(&record);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct normalize_settings settings = {.zone.seconds = 7 * 3600};

	if (size < 1)
		return 0;
	struct normalizer *normalizer = normalizer_new(&settings);
	struct slice raw = slice_of(data + 1, size - 1);

	run(normalizer, raw, data[0] % 6 + 1, 1 << 20);
	run(normalizer, raw, data[0] % 6 + 1, 300);
	normalizer_free(normalizer);
	return 0;
}
