/* A message: what is read of it lies within it, and counting never says more than it may. */
#include <assert.h>
#include <stddef.h>

#include "collector/ingest/syslog/sequence_ids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sequence_ids *ids;
	const struct slice message = slice_of(data, size);
	struct slice host;
	uint32_t number;

	if (ids == NULL)
		ids = sequence_ids_new();
	if (sequence_ids_read(message, &number, &host)) {
		assert(number >= 1 && number <= INT32_MAX);
		assert(slice_is_within(host, message));
	}
	const int64_t more = sequence_ids_note(ids, 1, message);
	assert(more >= -1 && more < SEQUENCE_IDS_JUMP);
	return 0;
}
