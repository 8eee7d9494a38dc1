/* Any bytes as a JSON object: what another reader takes, flatten() takes, and the reverse. */
#include <assert.h>
#include <yyjson.h>

#include "collector/normalize/text/flatten.h"

enum { ARENA_MAX = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_value(void *user, struct slice name, struct slice value)
{
	unsigned *n = user;

	assert(name.len <= FLATTEN_NAME_MAX);
	assert(value.ptr != NULL);
	++*n;
}

static bool has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] < 0x20)
			return true;
	}
	return false;
}

static unsigned openings(struct slice text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '{' || text.ptr[i] == '[';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(size ? (const void *)data : "", size);
	struct arena arena;
	unsigned n = 0;
	yyjson_doc *doc = yyjson_read(
		text.ptr, size, YYJSON_READ_ALLOW_INVALID_UNICODE | YYJSON_READ_NUMBER_AS_RAW);
	bool object = doc && yyjson_is_obj(yyjson_doc_get_root(doc));

	arena_init(&arena, ARENA_MAX);
	enum flatten_result result = flatten(text, &arena, on_value, &n);
	assert(n <= FLATTEN_VALUES_MAX);
	if (result == FLATTEN_OK && !object) /* a lone surrogate is repaired */
		assert(slice_search(text, SLICE_LIT("\\u")) < text.len);
	if (result != FLATTEN_OK && object) /* the other lets controls pass in this mode */
		assert(openings(text) > FLATTEN_DEPTH_MAX || has_control(text));
	yyjson_doc_free(doc);
	arena_done(&arena);
	return 0;
}
