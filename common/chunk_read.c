/*
 * Nothing is believed: the zstd frame's own header is read here (RFC 8878
 * §3.1.1.1) so that size, window and dictionary are known before zstd runs,
 * and every count and length inside must come out exactly.
 */
#include <stdlib.h>
#include <zstd.h>

#include "common/chunk_layout.h"
#include "common/clock.h"
#include "common/varint.h"

struct chunk_reader {
	ZSTD_DCtx *zstd;
};

struct chunk_reader *chunk_reader_new(void)
{
	struct chunk_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL || (reader->zstd = ZSTD_createDCtx()) == NULL)
		abort();
	return reader;
}

void chunk_reader_free(struct chunk_reader *reader)
{
	if (reader == NULL)
		return;
	ZSTD_freeDCtx(reader->zstd);
	free(reader);
}

const char *chunk_status_text(enum chunk_status status)
{
	static const char *const words[] = {
		[CHUNK_OK] = "ok",
		[CHUNK_BROKEN] = "broken",
		[CHUNK_BOMB] = "expands beyond the limits",
	};

	return (size_t)status < ARRAY_LEN(words) ? words[status] : "unknown";
}

/* ---- the seal ------------------------------------------------------------- */

/* Takes the head and the padding off; what is left is the zstd frame. */
static bool open_seal(struct slice sealed, struct slice *frame)
{
	if (sealed.len < SEAL_HEAD_SIZE || sealed.len > CHUNK_SIZE_MAX ||
		sealed.ptr[SEAL_LAYOUT_AT] != CHUNK_LAYOUT || sealed.ptr[SEAL_ZERO_AT] != 0)
		return false;

	size_t padding = bytes_get_u16(sealed.ptr + SEAL_PADDING_AT);
	struct slice rest = slice_from(sealed, SEAL_HEAD_SIZE);
	if (rest.len < padding)
		return false;
	*frame = slice_head(rest, rest.len - padding);
	for (size_t at = frame->len; at < rest.len; at++)
		if (rest.ptr[at] != 0)
			return false;
	return true;
}

enum {
	ZSTD_HEAD_MIN = 6, /* magic, descriptor, window or content size */
	DESCRIPTOR_AT = 4,
	WINDOW_AT = 5,
	DESCRIPTOR_DICTIONARY = 0x03,
	DESCRIPTOR_CHECKSUM = 0x04,
	DESCRIPTOR_RESERVED = 0x08,
	DESCRIPTOR_SINGLE = 0x20, /* the window is the content */
};

static uint64_t window_size(struct slice frame, uint64_t content)
{
	unsigned window = (uint8_t)frame.ptr[WINDOW_AT];
	uint64_t base = 1ull << (10 + (window >> 3));

	if (((unsigned char)frame.ptr[DESCRIPTOR_AT] & DESCRIPTOR_SINGLE) != 0)
		return content;
	return base + base / 8 * (window & 7);
}

/* One frame of zstd as the builder makes it, and nothing else. */
static enum chunk_status check_frame(struct slice frame, size_t sealed_size, size_t *raw_size)
{
	enum {
		FORBIDDEN = DESCRIPTOR_DICTIONARY | DESCRIPTOR_CHECKSUM | DESCRIPTOR_RESERVED,
	};

	if (frame.len < ZSTD_HEAD_MIN || bytes_get_u32(frame.ptr) != ZSTD_MAGICNUMBER ||
		((unsigned char)frame.ptr[DESCRIPTOR_AT] & FORBIDDEN) != 0)
		return CHUNK_BROKEN;

	unsigned long long content = ZSTD_getFrameContentSize(frame.ptr, frame.len);
	if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR ||
		content < RAW_HEAD_SIZE)
		return CHUNK_BROKEN;
	if (content > CHUNK_RAW_MAX || window_size(frame, content) > CHUNK_WINDOW_MAX ||
		sealed_size < sealed_size_min((size_t)content))
		return CHUNK_BOMB;
	if (ZSTD_findFrameCompressedSize(frame.ptr, frame.len) != frame.len)
		return CHUNK_BROKEN;
	*raw_size = (size_t)content;
	return CHUNK_OK;
}

static enum chunk_status unpack(ZSTD_DCtx *zstd, struct slice frame, size_t raw_size,
	struct arena *arena, struct slice *raw)
{
	char *to = arena_alloc(arena, raw_size);

	if (to == NULL)
		return CHUNK_BOMB;
	if (ZSTD_decompressDCtx(zstd, to, raw_size, frame.ptr, frame.len) != raw_size)
		return CHUNK_BROKEN;
	*raw = slice_of(to, raw_size);
	return CHUNK_OK;
}

/* ---- what is inside ------------------------------------------------------- */

struct parts {
	struct slice texts, heads, sources;
	unsigned n_items, n_sources;
};

static bool split(struct slice raw, struct parts *parts)
{
	uint32_t n_items = bytes_get_u32(raw.ptr + RAW_ITEMS_AT);
	uint32_t n_sources = bytes_get_u32(raw.ptr + RAW_SOURCES_AT);
	size_t heads_size = bytes_get_u32(raw.ptr + RAW_HEADS_SIZE_AT);
	size_t sources_size = bytes_get_u32(raw.ptr + RAW_SOURCES_SIZE_AT);
	struct slice rest = slice_from(raw, RAW_HEAD_SIZE);

	if (n_items < 1 || n_items > CHUNK_ITEMS_MAX || n_sources < 1 ||
		n_sources > CHUNK_SOURCES_MAX || heads_size > rest.len ||
		sources_size > rest.len - heads_size)
		return false;

	size_t texts_size = rest.len - heads_size - sources_size;
	parts->texts = slice_head(rest, texts_size);
	parts->heads = slice_head(slice_from(rest, texts_size), heads_size);
	parts->sources = slice_from(rest, texts_size + heads_size);
	parts->n_items = n_items;
	parts->n_sources = n_sources;
	return true;
}

static struct slice read_counted(struct varint_reader *from, size_t max)
{
	return varint_read_bytes(from, varint_read_max(from, max));
}

static bool read_sources(struct slice bytes, struct chunk_source *sources, unsigned n)
{
	struct varint_reader from = varint_reader(bytes);

	for (unsigned i = 0; i < n && !from.bad; i++) {
		sources[i].input = read_counted(&from, CHUNK_WORD_MAX);
		sources[i].name = read_counted(&from, CHUNK_NAME_MAX);
		sources[i].format = read_counted(&from, CHUNK_WORD_MAX);
		sources[i].position = read_counted(&from, CHUNK_POSITION_MAX);
	}
	return varint_reader_done(&from);
}

struct item_walk {
	struct varint_reader heads;
	struct slice texts; /* not yet given out */
	unsigned n_sources;
	unsigned source; /* of the last item; n_sources before the first */
	uint64_t read_ns;
	uint64_t ends[CHUNK_SOURCES_MAX];
};

/* A number that is `expected` when the head has `same`, else told as the difference to it. */
static uint64_t read_near(
	struct varint_reader *heads, unsigned head, unsigned same, uint64_t expected)
{
	return (head & same) != 0 ? expected : unzigzag(expected, varint_read(heads));
}

/* The numbers in front of the text, as they are; only the source is looked at. */
static bool read_head(struct item_walk *walk, struct chunk_item *item)
{
	struct varint_reader *heads = &walk->heads;
	unsigned head = (uint8_t)*varint_read_bytes(heads, 1).ptr;

	item->kind = (enum item_kind)(head & HEAD_KIND_MASK);
	item->source = (head & HEAD_SAME_SOURCE) != 0
			       ? walk->source
			       : (unsigned)varint_read_max(heads, CHUNK_SOURCES_MAX);
	if ((head & HEAD_UNKNOWN) != 0 || item->source >= walk->n_sources)
		return false;
	walk->source = item->source;
	walk->read_ns = read_near(heads, head, HEAD_SAME_TIME, walk->read_ns);
	item->read_ns = clock_foreign((int64_t)walk->read_ns);
	item->offset = read_near(heads, head, HEAD_NEXT_OFFSET, walk->ends[item->source]);
	item->flags = (head & HEAD_FLAGS) != 0 ? (uint8_t)*varint_read_bytes(heads, 1).ptr : 0;
	item->bytes.len = varint_read_max(heads, CHUNK_ITEM_MAX);
	item->whole = item->bytes.len;
	if ((item->flags & ITEM_TRUNCATED) != 0)
		item->whole += varint_read_max(heads, UINT64_MAX - item->whole);
	return true;
}

static bool read_item(struct item_walk *walk, struct chunk_item *item)
{
	if (!read_head(walk, item) || walk->heads.bad || item->kind < ITEM_LINE ||
		item->kind > ITEM_STATE || (item->flags & ~(unsigned)ITEM_FLAGS_ALL) != 0 ||
		item->bytes.len > walk->texts.len)
		return false;
	item->bytes.ptr = walk->texts.ptr;
	walk->texts = slice_from(walk->texts, item->bytes.len);
	walk->ends[item->source] = item_end(item->offset, item->whole);
	return true;
}

static bool read_items(const struct parts *parts, struct chunk_item *items)
{
	struct item_walk walk = {
		.heads = varint_reader(parts->heads),
		.texts = parts->texts,
		.n_sources = parts->n_sources,
		.source = parts->n_sources,
	};

	for (unsigned i = 0; i < parts->n_items; i++)
		if (!read_item(&walk, &items[i]))
			return false;
	return varint_reader_done(&walk.heads) && walk.texts.len == 0;
}

static enum chunk_status read_parts(
	const struct parts *parts, struct arena *arena, struct chunk *chunk)
{
	struct chunk_source *sources = arena_alloc(arena, parts->n_sources * sizeof(*sources));
	struct chunk_item *items = arena_alloc(arena, parts->n_items * sizeof(*items));

	if (sources == NULL || items == NULL)
		return CHUNK_BOMB;
	if (!read_sources(parts->sources, sources, parts->n_sources) ||
		!read_items(parts, items))
		return CHUNK_BROKEN;
	*chunk = (struct chunk){sources, parts->n_sources, items, parts->n_items};
	return CHUNK_OK;
}

enum chunk_status chunk_read(struct chunk_reader *reader, struct slice bytes,
	struct arena *arena, struct chunk *chunk)
{
	struct slice frame, raw;
	struct parts parts;
	size_t raw_size;

	if (!open_seal(bytes, &frame))
		return CHUNK_BROKEN;

	enum chunk_status status = check_frame(frame, bytes.len, &raw_size);
	if (status == CHUNK_OK)
		status = unpack(reader->zstd, frame, raw_size, arena, &raw);
	if (status != CHUNK_OK)
		return status;
	return split(raw, &parts) ? read_parts(&parts, arena, chunk) : CHUNK_BROKEN;
}
