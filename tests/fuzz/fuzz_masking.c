/* Any line, normalized and masked: it keeps its length or goes, and no field points into what
 * was masked. */
#include <assert.h>

#include "collector/normalize/masking/masking.h"
#include "collector/normalize/normalize.h"
#include "common/clock.h"

enum { ARENA_MAX = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct slice text, struct slice value)
{
	uintptr_t at = (uintptr_t)value.ptr, start = (uintptr_t)text.ptr;

	return at >= start && at + value.len <= start + text.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct normalize_settings settings = {0};
	struct strbuf mistakes = STRBUF_INIT(1 << 12);
	struct masker *masker = masker_parse("all",
		SLICE_LIT("{citizen-ids: mask, old-citizen-ids: mask, phones: mask, emails: "
			  "mask, "
			  "card-numbers: mask, bank-accounts: mask}"),
		&mistakes);
	struct normalizer *normalizer = normalizer_new(&settings);
	struct record record = {
		.raw = slice_of(size ? (const void *)data : "", size),
		.read_ns = CLOCK_NONE,
		.kind = RECORD_LOG,
	};
	struct slice before = record.raw;
	struct mask_tally tally = {0};
	struct arena arena;

	assert(masker != NULL);
	arena_init(&arena, ARENA_MAX);
	normalize_record(normalizer, NULL, &arena, &record);
	assert(mask_record(masker, &arena, &record, &tally));
	assert(record.raw.len == size ||
		(record.raw.len == 0 && record.flags & RECORD_TRUNCATED));
	bool was_masked = record.raw.len > 0 && record.raw.ptr != before.ptr;
	for (unsigned i = 0; i < record.n_fields && was_masked; i++)
		assert(record.fields[i].len == 0 ||
			!lies_in(before, field_value(&record.fields[i])));
	arena_done(&arena);
	normalizer_free(normalizer);
	masker_free(masker);
	strbuf_done(&mistakes);
	return 0;
}
