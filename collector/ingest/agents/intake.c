#include "collector/ingest/agents/intake.h"

#include "collector/record/columns.h"
#include "common/clock.h"
#include "common/reading.h"

static const uint8_t kinds[] = {
	[ITEM_LINE] = RECORD_LOG,
	[ITEM_HIT] = RECORD_HIT,
	[ITEM_INVENTORY] = RECORD_INVENTORY,
	[ITEM_STATE] = RECORD_AGENT,
};

static uint16_t flags_of(unsigned item_flags)
{
	return (uint16_t)((item_flags & ITEM_TRUNCATED ? RECORD_TRUNCATED : 0) |
			  (item_flags & ITEM_UNTERMINATED ? RECORD_UNTERMINATED : 0) |
			  (item_flags & ITEM_JOINED ? RECORD_JOINED : 0) |
			  (item_flags & ITEM_TEST ? RECORD_TEST : 0));
}

/* NULL: the agent's settings name none. */
static const struct zone *copy_zone(struct batch *batch, struct slice rule)
{
	struct zone zone;

	if (!zone_parse(rule, &zone))
		return NULL;
	return (const void *)arena_copy(&batch->arena, slice_of(&zone, sizeof(zone))).ptr;
}

static struct record_source source_of(struct batch *batch, const struct chunk_source *source)
{
	const struct reading reading = reading_read(source->format);
	enum charset charset = CHARSET_UTF_8;

	(void)!charset_by_name(reading.charset, &charset);

	return (struct record_source){
		.input = source->input,
		.name = source->name,
		.format = reading.format,
		.zone = copy_zone(batch, reading.zone),
		.charset = charset,
	};
}

static struct record_source *copy_sources(struct batch *batch, const struct chunk *chunk)
{
	struct record_source *sources =
		arena_alloc(&batch->arena, chunk->n_sources * sizeof(*sources));

	for (unsigned i = 0; sources != NULL && i < chunk->n_sources; i++)
		sources[i] = source_of(batch, &chunk->sources[i]);
	return sources;
}

static void fill(struct record *record, const struct chunk_item *item, uint64_t sequence,
	const struct record_source *sources, const struct intake_facts *facts)
{
	*record = (struct record){
		.raw = item->bytes,
		.received_ns = facts->received_ns,
		.created_ns = CLOCK_NONE,
		.read_ns = item->read_ns,
		.sequence = sequence,
		.offset = item->offset,
		.whole = item->whole,
		.source = &sources[item->source],
		.agency = facts->agency,
		.host = facts->host,
		.kind = kinds[item->kind],
		.strength = IDENTITY_CERTIFICATE,
		.flags = flags_of(item->flags),
	};
}

const char *intake_unpack(struct batch *batch, struct chunk_reader *reader,
	struct slice chunk_bytes, const struct intake_facts *facts)
{
	struct chunk chunk;

	switch (chunk_read(reader, chunk_bytes, &batch->arena, &chunk)) {
	case CHUNK_OK:
		break;
	case CHUNK_BROKEN:
		return "BATCH with a broken chunk";
	case CHUNK_BOMB:
		return "BATCH that expands beyond the limits";
	}
	if (chunk.n_items != batch->count)
		return "BATCH whose count differs from its chunk";

	struct record_source *sources = copy_sources(batch, &chunk);
	batch->records = arena_alloc(&batch->arena, chunk.n_items * sizeof(*batch->records));
	batch->columns = arena_alloc(&batch->arena, chunk.n_items * sizeof(*batch->columns));
	if (sources == NULL || batch->records == NULL || batch->columns == NULL)
		return "BATCH larger than a batch may be";
	batch->n_records = chunk.n_items;
	batch->sources = sources;
	batch->n_sources = chunk.n_sources;
	for (unsigned i = 0; i < chunk.n_items; i++)
		fill(&batch->records[i], &chunk.items[i], batch->first + i, sources, facts);
	return NULL;
}
