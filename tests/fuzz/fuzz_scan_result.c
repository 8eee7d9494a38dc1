/* What a worker that has been taken over may send: messages, results, hits, items. */
#include "agent/scan/hit_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct hit hit;
	static const struct stat st;
	static const struct hit_origin origin = {1, "order", 2};
	struct varint_reader reader = varint_reader(slice_of(bytes, size));
	struct strbuf out = STRBUF_INIT(4 * HIT_ITEM_MAX);
	struct result result;

	if (result_read(&reader, &result)) {
		for (uint64_t i = 0; i < result.n_hits && hit_read(&reader, &hit); i++) {
			struct scan_object object = {.path = hit.rule,
				.st = &st,
				.owner = "",
				.group = "",
				.sha256 = result.sha256};
			hit_json_item(&out, &origin, &object, &hit);
			if (out.len > HIT_ITEM_MAX)
				__builtin_trap();
		}
	}
	strbuf_done(&out);
	return 0;
}
