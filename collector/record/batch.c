#include "collector/record/batch.h"

void batch_init(struct batch *batch)
{
	*batch = (struct batch){
		.encoded = STRBUF_INIT(BATCH_ENCODED_MAX),
		.skew_ms = UINT32_MAX,
	};
	arena_init(&batch->arena, BATCH_ARENA_MAX);
}

void batch_done(struct batch *batch)
{
	strbuf_done(&batch->encoded);
	arena_done(&batch->arena);
}

void batch_reset(struct batch *batch)
{
	struct arena arena = batch->arena;
	struct strbuf encoded = batch->encoded;

	arena_reset(&arena);
	strbuf_reset(&encoded);
	*batch = (struct batch){
		.arena = arena,
		.encoded = encoded,
		.skew_ms = UINT32_MAX,
		.send_home = batch->send_home,
		.home = batch->home,
		.pulse = batch->pulse,
	};
}
