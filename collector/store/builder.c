#include "collector/store/builder.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>
#include <zstd.h>

#include "collector/store/index.h"
#include "collector/store/planes.h"
#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/varint.h"

enum { BUFFER_MAX = 256 << 20 }; /* of one buffer; users stay below BLOCK_SIZE_MAX */

enum buffer {
	/* Parts of the front, as they will stand in it. */
	STREAMS,
	SOURCES,
	PARTS,
	MOVES,
	GAPS,
	COLUMNS, /* struct columns */
	BODIES,
	KEYS,  /* struct stream of each stream */
	SPANS, /* struct span of each source */
	FRONT,
	FRONT_PACKED,
	BODIES_PACKED,
	N_BUFFERS,
};

struct builder {
	struct block_head head;
	struct block_part last; /* the part ended last */
	struct strbuf buf[N_BUFFERS];
	struct index stream_index, source_index;
	uint32_t n_streams, n_sources;
	uint32_t part_records, part_moves, part_gaps; /* since the last part ended */
	ZSTD_CCtx *zstd;
};

struct span { /* of SOURCES */
	size_t at, len;
};

struct builder *builder_new(void)
{
	struct builder *builder = calloc(1, sizeof(*builder));

	if (builder == NULL)
		abort();
	for (size_t i = 0; i < N_BUFFERS; i++)
		strbuf_init(&builder->buf[i], BUFFER_MAX);
	builder->zstd = ZSTD_createCCtx();
	if (builder->zstd == NULL)
		abort();
	return builder;
}

void builder_free(struct builder *builder)
{
	if (builder == NULL)
		return;
	for (size_t i = 0; i < N_BUFFERS; i++)
		strbuf_done(&builder->buf[i]);
	index_done(&builder->stream_index);
	index_done(&builder->source_index);
	ZSTD_freeCCtx(builder->zstd);
	free(builder);
}

void builder_reset(struct builder *builder, enum block_kind kind, uint8_t class, uint64_t first)
{
	for (size_t i = 0; i < N_BUFFERS; i++)
		strbuf_reset(&builder->buf[i]);
	index_reset(&builder->stream_index);
	index_reset(&builder->source_index);
	builder->head =
		(struct block_head){.kind = (uint8_t)kind, .class = class, .first = first};
	builder->last = (struct block_part){0};
	builder->n_streams = builder->n_sources = 0;
	builder->part_records = builder->part_moves = builder->part_gaps = 0;
}

/* Room that is there by the builder's contract. */
static char *room(struct strbuf *buf, size_t len)
{
	char *to = strbuf_reserve(buf, len);

	assert(to != NULL);
	return to;
}

static void put(struct strbuf *buf, uint64_t value)
{
	char *to = room(buf, VARINT_SIZE_MAX);

	strbuf_extend(buf, (size_t)(varint_put(to, value) - to));
}

static void put_signed(struct strbuf *buf, int64_t value)
{
	put(buf, varint_fold(value));
}

static void put_text(struct strbuf *buf, struct slice text)
{
	put(buf, text.len);
	strbuf_add(buf, text);
}

static void put_u64(struct strbuf *buf, uint64_t value)
{
	bytes_put_u64(room(buf, sizeof(value)), value);
	strbuf_extend(buf, sizeof(value));
}

static bool same_stream(const void *user, uint32_t number)
{
	const struct builder *builder = ((const void *const *)user)[0];
	const struct stream *wanted = ((const void *const *)user)[1];
	struct stream here;

	memcpy(&here, builder->buf[KEYS].ptr + number * sizeof(here), sizeof(here));
	return here.agency == wanted->agency && here.host == wanted->host &&
	       here.lane == wanted->lane && here.epoch == wanted->epoch;
}

uint32_t builder_stream(struct builder *builder, const struct stream *stream)
{
	uint64_t words[3] = {
		(uint64_t)stream->agency << 32 | stream->host, stream->lane, stream->epoch};
	uint64_t hash = XXH3_64bits(words, sizeof(words));
	const void *wanted[] = {builder, stream};
	uint32_t number = index_find(&builder->stream_index, hash, same_stream, wanted);

	if (number != INDEX_NONE)
		return number;
	index_put(&builder->stream_index, hash, builder->n_streams);
	strbuf_add(&builder->buf[KEYS], slice_of(stream, sizeof(*stream)));
	put(&builder->buf[STREAMS], stream->agency);
	put(&builder->buf[STREAMS], stream->host);
	put(&builder->buf[STREAMS], stream->lane);
	put_u64(&builder->buf[STREAMS], stream->epoch);
	return builder->n_streams++;
}

static struct slice source_text(const struct builder *builder, uint32_t number)
{
	struct span span;

	memcpy(&span, builder->buf[SPANS].ptr + number * sizeof(span), sizeof(span));
	return slice_of(builder->buf[SOURCES].ptr + span.at, span.len);
}

static bool same_source(const void *user, uint32_t number)
{
	const struct builder *builder = ((const void *const *)user)[0];
	const struct slice *wanted = ((const void *const *)user)[1];

	return slice_eq(source_text(builder, number), *wanted);
}

/* The source is written first, looked up as written, and taken back when it was there. */
uint32_t builder_source(struct builder *builder, const struct record_source *source)
{
	struct span span = {.at = builder->buf[SOURCES].len};

	put_text(&builder->buf[SOURCES], source->input);
	put_text(&builder->buf[SOURCES], source->name);
	put_text(&builder->buf[SOURCES], source->format);
	span.len = builder->buf[SOURCES].len - span.at;

	struct slice text = slice_of(builder->buf[SOURCES].ptr + span.at, span.len);
	uint64_t hash = XXH3_64bits(text.ptr, text.len);
	const void *wanted[] = {builder, &text};
	uint32_t number = index_find(&builder->source_index, hash, same_source, wanted);

	if (number != INDEX_NONE) {
		strbuf_cut(&builder->buf[SOURCES], span.at);
		return number;
	}
	index_put(&builder->source_index, hash, builder->n_sources);
	strbuf_add(&builder->buf[SPANS], slice_of(&span, sizeof(span)));
	return builder->n_sources++;
}

struct columns *builder_records(
	struct builder *builder, const struct columns *columns, uint32_t n, struct slice bodies)
{
	size_t size = n * sizeof(*columns), at = builder->buf[COLUMNS].len;

	assert(builder->head.n_records + builder->part_records + n <= BLOCK_RECORDS_MAX);
	memcpy(room(&builder->buf[COLUMNS], size), columns, size);
	strbuf_extend(&builder->buf[COLUMNS], size);
	strbuf_add(&builder->buf[BODIES], bodies);
	builder->part_records += n;
	return (struct columns *)(void *)(builder->buf[COLUMNS].ptr + at);
}

void builder_move(struct builder *builder, const struct block_move *move)
{
	struct strbuf *to = &builder->buf[MOVES];

	put(to, move->stream);
	put(to, move->home);
	put(to, move->from);
	put(to, move->position.stored);
	put(to, move->position.crc);
	put(to, move->position.records);
	put(to, move->position.declared);
	put(to, move->position.duplicates);
	put(to, move->position.lost);
	put(to, move->position.first);
	put_signed(to, move->position.last_received_ns);
	builder->part_moves++;
}

void builder_gap(struct builder *builder, uint32_t stream, const struct store_block_gap *gap)
{
	struct strbuf *to = &builder->buf[GAPS];

	put(to, stream);
	put(to, gap->first);
	put(to, gap->count);
	put(to, gap->reason);
	put(to, gap->bytes);
	put_signed(to, gap->received_ns);
	put_text(to, gap->source);
	builder->part_gaps++;
}

void builder_part(struct builder *builder, const struct block_part *part)
{
	struct block_head *head = &builder->head;
	struct strbuf *to = &builder->buf[PARTS];
	uint64_t before = head->n_parts > 0 ? builder->last.commit : part->commit;

	put(to, part->commit - before);
	put(to, part->set);
	put_signed(to,
		(int64_t)((uint64_t)part->committed_ns - (uint64_t)builder->last.committed_ns));
	put(to, builder->part_records);
	put(to, builder->part_moves);
	put(to, builder->part_gaps);
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		put(to, part->next[i]);
	if (head->n_parts == 0)
		head->commit = part->commit;
	head->last_commit = part->commit;
	head->n_parts++;
	head->n_records += builder->part_records;
	builder->last = *part;
	builder->part_records = builder->part_moves = builder->part_gaps = 0;
}

uint32_t builder_n_records(const struct builder *builder)
{
	return builder->head.n_records + builder->part_records;
}

uint32_t builder_n_parts(const struct builder *builder)
{
	return builder->head.n_parts;
}

uint32_t builder_n_streams(const struct builder *builder)
{
	return builder->n_streams;
}

uint64_t builder_next_record(const struct builder *builder)
{
	return builder->head.first + builder_n_records(builder);
}

size_t builder_bodies_size(const struct builder *builder)
{
	return builder->buf[BODIES].len;
}

size_t builder_size(const struct builder *builder)
{
	size_t size = 0;

	for (size_t i = STREAMS; i <= BODIES; i++)
		size += builder->buf[i].len;
	return size;
}

static void put_columns(struct builder *builder)
{
	struct columns *columns = (struct columns *)(void *)builder->buf[COLUMNS].ptr;
	size_t n = builder->head.n_records;

	if (n == 0)
		return;
	char *to = room(&builder->buf[FRONT], planes_size_max(n));
	strbuf_extend(&builder->buf[FRONT], (size_t)(planes_write(to, columns, n) - to));
}

static void put_front(struct builder *builder)
{
	struct strbuf *front = &builder->buf[FRONT];

	put(front, builder->n_streams);
	strbuf_add(front, strbuf_slice(&builder->buf[STREAMS]));
	put(front, builder->n_sources);
	for (size_t i = SOURCES; i <= GAPS; i++)
		strbuf_add(front, strbuf_slice(&builder->buf[i]));
	put_columns(builder);
}

static struct slice pack(
	ZSTD_CCtx *zstd, int level, const struct strbuf *from, struct strbuf *to)
{
	size_t bound = ZSTD_compressBound(from->len);
	size_t size =
		ZSTD_compressCCtx(zstd, room(to, bound), bound, from->ptr, from->len, level);

	assert(!ZSTD_isError(size));
	strbuf_extend(to, size);
	return strbuf_slice(to);
}

void builder_pack(struct builder *builder, int level, struct packed_block *packed)
{
	struct block_head *head = &builder->head;

	assert(head->n_parts > 0 && builder->part_records == 0);
	put_front(builder);
	packed->front =
		pack(builder->zstd, level, &builder->buf[FRONT], &builder->buf[FRONT_PACKED]);
	packed->bodies = slice_of("", 0);
	if (builder->buf[BODIES].len > 0)
		packed->bodies = pack(builder->zstd, level, &builder->buf[BODIES],
			&builder->buf[BODIES_PACKED]);
	assert(builder->buf[FRONT].len <= BLOCK_FRONT_MAX &&
		builder->buf[BODIES].len <= BLOCK_BODIES_MAX);
	head->front_size = (uint32_t)builder->buf[FRONT].len;
	head->front_packed = (uint32_t)packed->front.len;
	head->front_crc = crc32c(0, packed->front.ptr, packed->front.len);
	head->bodies_size = (uint32_t)builder->buf[BODIES].len;
	head->bodies_packed = (uint32_t)packed->bodies.len;
	head->bodies_crc = crc32c(0, packed->bodies.ptr, packed->bodies.len);
	packed->head = *head;
	block_head_write(head, packed->head_bytes);
}
