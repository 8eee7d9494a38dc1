/*
 * Two bytes say how large it has to become, the rest is the stream: it unpacks to exactly that,
 * or to nothing; and what is packed comes back.
 */
#include <assert.h>
#include <stddef.h>

#include "collector/ingest/wef/sldc.h"
#include "tests/collector/ingest/wef/sldc_writer.h"

enum { ROOM = 1 << 20, PACKED_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round(struct slice bytes)
{
	struct strbuf packed = STRBUF_INIT(ROOM), out = STRBUF_INIT(ROOM);

	sldc_pack(bytes, &packed);
	assert(sldc_unpack(strbuf_slice(&packed), bytes.len, &out));
	assert(slice_eq(strbuf_slice(&out), bytes));
	strbuf_done(&packed);
	strbuf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf out = STRBUF_INIT(ROOM);

	if (size < 2)
		return 0;
	const struct slice bytes = slice_of(data + 2, size - 2);
	const size_t wanted = (size_t)data[0] << 8 | data[1];
	const bool good = sldc_unpack(bytes, wanted, &out);
	assert(out.len == (good ? wanted : 0));
	strbuf_done(&out);
	if (bytes.len <= PACKED_MAX)
		check_round(bytes);
	return 0;
}
