/*
 * One byte that says how, then a body: lines, an array, a bulk. Split anywhere it gives the
 * same items, each within its limit; and every item of a bulk has its outcome.
 */
#include <assert.h>
#include <stdlib.h>

#include "collector/ingest/http/bulk.h"
#include "collector/ingest/http/http_filter.h"
#include "common/crc32c.h"

enum { MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	uint32_t sum;
	uint64_t items, documents;
	bool broken;
};

static void hear(struct heard *heard, struct bulk *bulk, const struct http_item *item)
{
	assert(item->bytes.len > 0 && item->bytes.len <= MAX && item->whole >= item->bytes.len);
	heard->sum = crc32c(heard->sum, item->bytes.ptr, item->bytes.len);
	heard->sum = crc32c(heard->sum, &item->whole, sizeof(item->whole));
	heard->sum = crc32c(heard->sum, &item->number, sizeof(item->number));
	heard->items++;
	if (heard->broken)
		return;
	const enum bulk_took took = bulk_take(bulk, item);
	heard->broken = took > BULK_DOCUMENT;
	heard->documents += took == BULK_DOCUMENT;
}

static void check_runs(const struct heard *heard, const struct bulk *bulk)
{
	uint64_t stored = 0;
	size_t n;
	const struct bulk_run *runs = bulk_runs(bulk, &n);

	for (size_t i = 0; i < n; i++) {
		assert(bulk_index_name(bulk, runs[i].index).len <= BULK_INDEX_MAX);
		if (runs[i].outcome == BULK_STORED)
			stored += runs[i].count;
	}
	assert(stored == heard->documents);
}

static struct heard run(struct slice bytes, size_t size, enum http_items_of of)
{
	struct bulk *bulk = bulk_new(SLICE_LIT("p"));
	enum http_items_got got = ITEMS_MORE;
	struct heard heard = {0};
	struct http_items items;
	struct http_item item;

	http_items_init(&items, MAX, of);
	while (got != ITEMS_BROKEN && bytes.len > 0) {
		const size_t n = size < bytes.len ? size : bytes.len;
		char *copy = malloc(n);

		if (copy == NULL)
			abort();
		memcpy(copy, bytes.ptr, n);
		struct slice part = slice_of(copy, n);
		while ((got = http_items_next(&items, &part, &item)) == ITEMS_ITEM)
			hear(&heard, bulk, &item);
		free(copy);
		bytes = slice_from(bytes, n);
	}
	if (got != ITEMS_BROKEN && (got = http_items_end(&items, &item)) == ITEMS_ITEM)
		hear(&heard, bulk, &item);
	heard.sum += got == ITEMS_BROKEN;
	check_runs(&heard, bulk);
	http_items_done(&items);
	bulk_free(bulk);
	return heard;
}

static void check(struct slice bytes, size_t size, enum http_items_of of)
{
	const struct heard whole = run(bytes, bytes.len, of);
	const struct heard split = run(bytes, size, of);

	assert(whole.sum == split.sum && whole.items == split.items);
	assert(whole.documents == split.documents);
}

static void check_filter(struct slice list)
{
	struct strbuf decoded = STRBUF_INIT(HTTP_FILTER_MAX);

	if (http_filter_decode(list, &decoded))
		(void)http_filter_wants(
			strbuf_slice(&decoded), SLICE_LIT("items.index.status"));
	strbuf_done(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;

	const struct slice bytes = slice_of(data + 1, size - 1);
	const enum http_items_of of = data[0] % 2 == 1 ? ITEMS_OF_JSON : ITEMS_OF_LINES;
	check(bytes, 1, of);
	check(bytes, data[0] / 2 + 1, of);
	check(bytes, data[0] / 2 + 1, ITEMS_OF_ALL);
	check_filter(bytes);
	return 0;
}
