/*
 * Texts are gathered in one buffer, the small numbers about them in another:
 * zstd then sees lines beside lines. Both and the sources become one run of
 * bytes when the chunk is sealed.
 */
#include "common/chunk.h"

#include <stdlib.h>
#include <xxhash.h>
#include <zstd.h>

#include "common/chunk_layout.h"
#include "common/clock.h"
#include "common/varint.h"

enum {
	LEVEL = 1,       /* higher ones gain little on logs and cost a lot */
	WINDOW_LOG = 20, /* CHUNK_WINDOW_MAX */
	SLOTS = 2 * CHUNK_SOURCES_MAX,
	NO_SOURCE = CHUNK_SOURCES_MAX,

	/* Most bytes of an item's head: first byte, source, time, offset, flags, length, whole.
	 */
	ITEM_HEAD_MAX = 2 + 5 * VARINT_SIZE_MAX,
	/* Most bytes of a source beside its name, words and position. */
	SOURCE_HEAD_MAX = 4 * 3,

	/* A buffer grown beyond by an unusual chunk is given back. */
	KEEP_MAX = 4 * CHUNK_RAW_AIM,
};

_Static_assert(1 << WINDOW_LOG == CHUNK_WINDOW_MAX, "what is written must be readable");
_Static_assert(CHUNK_SIZE_MAX >= SEAL_HEAD_SIZE + ZSTD_COMPRESSBOUND(CHUNK_RAW_MAX),
	"whatever is built can be sealed");

struct built_source {
	size_t name_at; /* in names: input, name, format one after the other */
	uint16_t input_len, name_len, format_len, position_len;
	uint64_t hash;
	uint64_t end; /* item_end() of its last item */
	char position[CHUNK_POSITION_MAX];
};

struct chunk_builder {
	ZSTD_CCtx *zstd;
	struct strbuf raw; /* room for the head, then texts; sealed in place */
	struct strbuf heads;
	struct strbuf names;
	struct strbuf sealed;
	unsigned n_items, n_sources;
	unsigned last_source; /* of the last item; NO_SOURCE before the first */
	unsigned found;       /* chunk_builder_source()'s last answer, likewise */
	uint64_t last_ns;
	size_t sources_size;   /* most they can come to, whatever their positions */
	uint16_t slots[SLOTS]; /* number of a source + 1, by hash */
	struct built_source sources[CHUNK_SOURCES_MAX];
};

static void start_raw(struct chunk_builder *builder)
{
	char *head = strbuf_reserve(&builder->raw, RAW_HEAD_SIZE);

	assert(head != NULL);
	memset(head, 0, RAW_HEAD_SIZE);
	strbuf_extend(&builder->raw, RAW_HEAD_SIZE);
}

static void set_up(ZSTD_CCtx *zstd)
{
	const struct {
		ZSTD_cParameter parameter;
		int value;
	} wanted[] = {
		{ZSTD_c_compressionLevel, LEVEL}, {ZSTD_c_windowLog, WINDOW_LOG},
		{ZSTD_c_contentSizeFlag, 1},
		{ZSTD_c_checksumFlag, 0}, /* frame and spool carry a CRC */
	};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		size_t result =
			ZSTD_CCtx_setParameter(zstd, wanted[i].parameter, wanted[i].value);

		assert(!ZSTD_isError(result));
		(void)result;
	}
}

struct chunk_builder *chunk_builder_new(void)
{
	struct chunk_builder *builder = calloc(1, sizeof(*builder));
	ZSTD_CCtx *zstd = ZSTD_createCCtx();

	if (builder == NULL || zstd == NULL)
		abort();
	set_up(zstd);
	builder->zstd = zstd;
	strbuf_init(&builder->raw, CHUNK_RAW_MAX);
	strbuf_init(&builder->heads, CHUNK_RAW_MAX);
	strbuf_init(&builder->names, CHUNK_RAW_MAX);
	strbuf_init(&builder->sealed, CHUNK_SIZE_MAX);
	chunk_builder_reset(builder);
	return builder;
}

void chunk_builder_free(struct chunk_builder *builder)
{
	if (builder == NULL)
		return;
	strbuf_done(&builder->raw);
	strbuf_done(&builder->heads);
	strbuf_done(&builder->names);
	strbuf_done(&builder->sealed);
	ZSTD_freeCCtx(builder->zstd);
	free(builder);
}

static void empty(struct strbuf *buf)
{
	size_t limit = buf->limit;

	strbuf_reset(buf);
	if (buf->capacity > KEEP_MAX) {
		strbuf_done(buf);
		strbuf_init(buf, limit);
	}
}

void chunk_builder_reset(struct chunk_builder *builder)
{
	empty(&builder->raw);
	empty(&builder->heads);
	empty(&builder->names);
	empty(&builder->sealed);
	start_raw(builder);
	memset(builder->slots, 0, sizeof(builder->slots));
	builder->n_items = 0;
	builder->n_sources = 0;
	builder->sources_size = 0;
	builder->last_source = NO_SOURCE;
	builder->found = NO_SOURCE;
	builder->last_ns = 0;
}

unsigned chunk_builder_items(const struct chunk_builder *builder)
{
	return builder->n_items;
}

size_t chunk_builder_raw_size(const struct chunk_builder *builder)
{
	return builder->raw.len + builder->heads.len + builder->sources_size;
}

static bool has_room(const struct chunk_builder *builder, size_t more)
{
	return chunk_builder_raw_size(builder) + more <= CHUNK_RAW_MAX;
}

/* ---- sources -------------------------------------------------------------- */

static const char *name_at(
	const struct chunk_builder *builder, const struct built_source *built)
{
	return builder->names.ptr + built->name_at;
}

static bool is_source(
	const struct chunk_builder *builder, unsigned number, const struct chunk_source *source)
{
	const struct built_source *built = &builder->sources[number];
	const char *input = name_at(builder, built);

	return slice_eq(slice_of(input, built->input_len), source->input) &&
	       slice_eq(slice_of(input + built->input_len, built->name_len), source->name);
}

/* The slot that holds the source, or the empty one where it belongs. */
static uint16_t *find_slot(
	struct chunk_builder *builder, const struct chunk_source *source, uint64_t hash)
{
	for (size_t at = hash % SLOTS;; at = (at + 1) % SLOTS) {
		unsigned number = builder->slots[at];

		if (number == 0 || (builder->sources[number - 1].hash == hash &&
					   is_source(builder, number - 1, source)))
			return &builder->slots[at];
	}
}

static unsigned add_source(
	struct chunk_builder *builder, const struct chunk_source *source, uint64_t hash)
{
	size_t size = SOURCE_HEAD_MAX + source->input.len + source->name.len +
		      source->format.len + CHUNK_POSITION_MAX;

	if (builder->n_sources == CHUNK_SOURCES_MAX || !has_room(builder, size))
		return CHUNK_SOURCES_MAX;

	struct built_source *built = &builder->sources[builder->n_sources];
	built->name_at = builder->names.len;
	built->input_len = (uint16_t)source->input.len;
	built->name_len = (uint16_t)source->name.len;
	built->format_len = (uint16_t)source->format.len;
	built->position_len = 0;
	built->hash = hash;
	built->end = 0;
	strbuf_add(&builder->names, source->input);
	strbuf_add(&builder->names, source->name);
	strbuf_add(&builder->names, source->format);
	builder->sources_size += size;
	return builder->n_sources++;
}

unsigned chunk_builder_source(struct chunk_builder *builder, const struct chunk_source *source)
{
	assert(source->input.len <= CHUNK_WORD_MAX && source->format.len <= CHUNK_WORD_MAX &&
		source->name.len <= CHUNK_NAME_MAX);
	if (builder->found != NO_SOURCE && is_source(builder, builder->found, source))
		return builder->found;

	uint64_t hash = XXH3_64bits_withSeed(source->name.ptr, source->name.len,
		XXH3_64bits(source->input.ptr, source->input.len));
	uint16_t *slot = find_slot(builder, source, hash);
	if (*slot == 0) {
		unsigned number = add_source(builder, source, hash);

		if (number == CHUNK_SOURCES_MAX)
			return CHUNK_SOURCES_MAX;
		*slot = (uint16_t)(number + 1);
	}
	builder->found = *slot - 1u;
	return builder->found;
}

void chunk_builder_position(
	struct chunk_builder *builder, unsigned source, struct slice position)
{
	assert(source < builder->n_sources && position.len <= CHUNK_POSITION_MAX);

	struct built_source *built = &builder->sources[source];
	if (position.len > 0)
		memcpy(built->position, position.ptr, position.len);
	built->position_len = (uint16_t)position.len;
}

/* ---- items ---------------------------------------------------------------- */

/* Writes the head of an item at `to`; returns its end. */
static char *put_head(
	const struct chunk_builder *builder, const struct chunk_item *item, char *to)
{
	uint64_t read_ns = (uint64_t)clock_foreign(item->read_ns);
	uint64_t expected = builder->sources[item->source].end;
	unsigned head = item->kind;
	char *first = to++;

	if (item->source == builder->last_source)
		head |= HEAD_SAME_SOURCE;
	else
		to = varint_put(to, item->source);
	if (read_ns == builder->last_ns)
		head |= HEAD_SAME_TIME;
	else
		to = varint_put(to, zigzag(builder->last_ns, read_ns));
	if (item->offset == expected)
		head |= HEAD_NEXT_OFFSET;
	else
		to = varint_put(to, zigzag(expected, item->offset));
	if (item->flags != 0) {
		head |= HEAD_FLAGS;
		*to++ = (char)item->flags;
	}
	to = varint_put(to, item->bytes.len);
	if ((item->flags & ITEM_TRUNCATED) != 0)
		to = varint_put(to, item->whole - item->bytes.len);
	*first = (char)head;
	return to;
}

static void check_item(const struct chunk_builder *builder, const struct chunk_item *item)
{
	assert(item->source < builder->n_sources);
	assert(item->kind >= ITEM_LINE && item->kind <= ITEM_STATE);
	assert((item->flags & ~(unsigned)ITEM_FLAGS_ALL) == 0);
	assert(item->bytes.len <= CHUNK_ITEM_MAX);
	assert((item->flags & ITEM_TRUNCATED) != 0 ? item->whole >= item->bytes.len
						   : item->whole == item->bytes.len);
}

bool chunk_builder_add(struct chunk_builder *builder, const struct chunk_item *item)
{
	check_item(builder, item);
	if (builder->n_items == CHUNK_ITEMS_MAX ||
		!has_room(builder, ITEM_HEAD_MAX + item->bytes.len))
		return false;

	char *head = strbuf_reserve(&builder->heads, ITEM_HEAD_MAX);
	assert(head != NULL);
	strbuf_extend(&builder->heads, (size_t)(put_head(builder, item, head) - head));
	strbuf_add(&builder->raw, item->bytes);

	builder->sources[item->source].end = item_end(item->offset, item->whole);
	builder->last_source = item->source;
	builder->last_ns = (uint64_t)clock_foreign(item->read_ns);
	builder->n_items++;
	return true;
}

/* ---- sealing -------------------------------------------------------------- */

static void add_counted(struct strbuf *out, const char *bytes, size_t len)
{
	char digits[VARINT_SIZE_MAX];

	strbuf_add(out, slice_of(digits, (size_t)(varint_put(digits, len) - digits)));
	strbuf_add(out, slice_of(bytes, len));
}

static void add_sources(const struct chunk_builder *builder, struct strbuf *out)
{
	for (unsigned i = 0; i < builder->n_sources; i++) {
		const struct built_source *built = &builder->sources[i];
		const char *input = name_at(builder, built);
		const char *name = input + built->input_len;

		add_counted(out, input, built->input_len);
		add_counted(out, name, built->name_len);
		add_counted(out, name + built->name_len, built->format_len);
		add_counted(out, built->position, built->position_len);
	}
}

/* Puts heads and sources behind the texts and fills in the raw head. */
static void complete_raw(struct chunk_builder *builder)
{
	struct strbuf *raw = &builder->raw;

	strbuf_add(raw, strbuf_slice(&builder->heads));
	size_t sources_at = raw->len;
	add_sources(builder, raw);
	assert(!raw->overflow);

	bytes_put_u32(raw->ptr + RAW_ITEMS_AT, builder->n_items);
	bytes_put_u32(raw->ptr + RAW_SOURCES_AT, builder->n_sources);
	bytes_put_u32(raw->ptr + RAW_HEADS_SIZE_AT, (uint32_t)builder->heads.len);
	bytes_put_u32(raw->ptr + RAW_SOURCES_SIZE_AT, (uint32_t)(raw->len - sources_at));
}

static void compress(struct chunk_builder *builder)
{
	struct strbuf *sealed = &builder->sealed;
	const struct strbuf *raw = &builder->raw;
	size_t bound = ZSTD_compressBound(raw->len);

	strbuf_reset(sealed);
	char *to = strbuf_reserve(sealed, SEAL_HEAD_SIZE + bound);
	assert(to != NULL);
	size_t size =
		ZSTD_compress2(builder->zstd, to + SEAL_HEAD_SIZE, bound, raw->ptr, raw->len);
	if (ZSTD_isError(size))
		abort(); /* the output has room: only memory can be lacking */
	strbuf_extend(sealed, SEAL_HEAD_SIZE + size);
}

/* The same line a thousand times compresses better than a reader believes; zeros make up. */
static void pad(struct strbuf *sealed, size_t raw_size)
{
	size_t least = sealed_size_min(raw_size);
	size_t padding = least > sealed->len ? least - sealed->len : 0;
	char *zeros = strbuf_reserve(sealed, padding);

	assert(zeros != NULL && padding <= UINT16_MAX);
	memset(zeros, 0, padding);
	strbuf_extend(sealed, padding);
	sealed->ptr[SEAL_LAYOUT_AT] = CHUNK_LAYOUT;
	sealed->ptr[SEAL_ZERO_AT] = 0;
	bytes_put_u16(sealed->ptr + SEAL_PADDING_AT, (uint16_t)padding);
}

struct slice chunk_builder_seal(struct chunk_builder *builder)
{
	size_t texts_end = builder->raw.len;

	assert(builder->n_items > 0);
	complete_raw(builder);
	compress(builder);
	pad(&builder->sealed, builder->raw.len);
	strbuf_cut(&builder->raw, texts_end);
	return strbuf_slice(&builder->sealed);
}
