/* Any bytes as a record's body: what decodes must encode and decode to the same again. */
#include <assert.h>

#include "collector/record/encode.h"

enum { ARENA_MAX = 1 << 20, BODY_MAX = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const struct record *a, const struct record *b)
{
	assert(slice_eq(a->raw, b->raw));
	assert(a->read_ns == b->read_ns && a->offset == b->offset && a->whole == b->whole);
	assert(a->n_fields == b->n_fields && a->n_matches == b->n_matches);
	for (unsigned i = 0; i < a->n_fields; i++) {
		assert(a->fields[i].id == b->fields[i].id);
		assert(slice_eq(field_value(&a->fields[i]), field_value(&b->fields[i])));
	}
	for (unsigned i = 0; i < a->n_matches; i++) {
		assert(a->matches[i].rule == b->matches[i].rule);
		assert(slice_eq(a->matches[i].group, b->matches[i].group));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct strbuf body = STRBUF_INIT(BODY_MAX);
	struct columns columns = {.received_ns = 1700000000000000000};
	struct record record, again;

	arena_init(&arena, ARENA_MAX);
	if (decode_record(slice_of(data, size), &columns, &arena, &record)) {
		encode_record(&body, &record);
		assert(!body.overflow);
		assert(decode_record(strbuf_slice(&body), &columns, &arena, &again));
		expect_same(&record, &again);
	}
	strbuf_done(&body);
	arena_done(&arena);
	return 0;
}
