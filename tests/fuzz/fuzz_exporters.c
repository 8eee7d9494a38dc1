/*
 * One byte that says how (NetFlow, or sFlow), then datagrams: two bytes of length, then as
 * many. Every line is JSON of one object on one line, and what is remembered stays bounded.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <yyjson.h>

#include "collector/ingest/exporters/exporters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_line(void *user, const struct export_line *line)
{
	yyjson_doc *doc = yyjson_read(line->json.ptr, line->json.len, 0);

	assert(doc != NULL && yyjson_is_obj(yyjson_doc_get_root(doc)));
	assert(slice_find(line->json, '\n') == line->json.len);
	assert(slice_starts(line->json, SLICE_LIT("{\"flow\":{")));
	yyjson_doc_free(doc);
	(void)user;
}

static void read_all(struct exporters *exporters, struct slice rest)
{
	int64_t now_ms = 0;

	while (rest.len >= 2) {
		size_t len = (size_t)(uint8_t)rest.ptr[0] << 8 | (uint8_t)rest.ptr[1];

		rest = slice_from(rest, 2);
		len = len < rest.len ? len : rest.len;
		char *copy = malloc(len + 1); /* so that a read behind it is seen */
		if (copy == NULL)
			abort();
		memcpy(copy, rest.ptr, len);
		(void)exporters_read(
			exporters, &(struct export_datagram){
					   .exporter = {0, UINT64_C(0xffff7f000001)},
					   .bytes = slice_of(copy, len),
					   .received_ns = 1,
					   .now_ms = now_ms += 1000,
				   });
		free(copy);
		rest = slice_from(rest, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct exporters *exporters =
		exporters_new(data[0] % 2 ? EXPORT_SFLOW : EXPORT_NETFLOW, on_line, NULL);

	read_all(exporters, slice_of(data + 1, size - 1));
	exporters_flush(exporters);
	exporters_free(exporters);
	return 0;
}
