#include "agent/bookmark.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "common/bytes.h"
#include "common/chunk.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/file.h"

enum {
	MAGIC = 0x334b4253, /* "SBK3" */
	LANES_AT = 4 + 4 + 8,
	LANE_SIZE = SEGLOG_ID_SIZE + 8 + 8 + 8 + 4 + 8,
	HEAD_SIZE = LANES_AT + LANE_COUNT * LANE_SIZE,
	SOURCE_HEAD_SIZE = 6,
	LOSS_HEAD_SIZE = 20,
	BUCKETS_FIRST = 64,
};

struct bookmark {
	struct bookmark_source **buckets;
	size_t n_buckets, n_sources;
	struct losses losses[LANE_COUNT];
	int64_t loaded_ns;
};

/* ---- sources -------------------------------------------------------------- */

static struct bookmark_source **bucket_of(
	const struct bookmark *bookmark, struct slice input, struct slice name)
{
	uint64_t hash =
		XXH3_64bits_withSeed(name.ptr, name.len, XXH3_64bits(input.ptr, input.len));

	return &bookmark->buckets[hash & (bookmark->n_buckets - 1)];
}

static void make_buckets(struct bookmark *bookmark, size_t n)
{
	bookmark->buckets = calloc(n, sizeof(struct bookmark_source *));
	if (bookmark->buckets == NULL)
		abort();
	bookmark->n_buckets = n;
}

struct bookmark *bookmark_new(void)
{
	struct bookmark *bookmark = calloc(1, sizeof(*bookmark));

	if (bookmark == NULL)
		abort();
	make_buckets(bookmark, BUCKETS_FIRST);
	return bookmark;
}

static void free_source(struct bookmark_source *source)
{
	strbuf_done(&source->position);
	strbuf_done(&source->pending);
	free(source);
}

static void drop_all(struct bookmark *bookmark)
{
	for (size_t i = 0; i < LANE_COUNT; i++)
		losses_done(&bookmark->losses[i]);
	for (size_t i = 0; i < bookmark->n_buckets; i++) {
		while (bookmark->buckets[i] != NULL) {
			struct bookmark_source *source = bookmark->buckets[i];

			bookmark->buckets[i] = source->next;
			free_source(source);
		}
	}
	bookmark->n_sources = 0;
}

void bookmark_free(struct bookmark *bookmark)
{
	if (bookmark == NULL)
		return;
	drop_all(bookmark);
	free(bookmark->buckets);
	free(bookmark);
}

static void widen(struct bookmark *bookmark)
{
	struct bookmark_source **old = bookmark->buckets;
	size_t n = bookmark->n_buckets;

	make_buckets(bookmark, n * 2);
	for (size_t i = 0; i < n; i++) {
		while (old[i] != NULL) {
			struct bookmark_source *source = old[i];
			struct bookmark_source **bucket =
				bucket_of(bookmark, source->input, source->name);

			old[i] = source->next;
			source->next = *bucket;
			*bucket = source;
		}
	}
	free(old);
}

struct bookmark_source *bookmark_find(
	const struct bookmark *bookmark, struct slice input, struct slice name)
{
	struct bookmark_source *source = *bucket_of(bookmark, input, name);

	while (source != NULL &&
		!(slice_eq(source->name, name) && slice_eq(source->input, input)))
		source = source->next;
	return source;
}

/* The names stand behind the struct. */
static struct bookmark_source *make_source(struct slice input, struct slice name)
{
	struct bookmark_source *source = calloc(1, sizeof(*source) + input.len + name.len);

	if (source == NULL)
		abort();
	char *names = (char *)(source + 1);
	memcpy(names, input.ptr, input.len);
	memcpy(names + input.len, name.ptr, name.len);
	source->input = slice_of(names, input.len);
	source->name = slice_of(names + input.len, name.len);
	strbuf_init(&source->position, CHUNK_POSITION_MAX);
	strbuf_init(&source->pending, CHUNK_POSITION_MAX);
	return source;
}

struct bookmark_source *bookmark_source(
	struct bookmark *bookmark, struct slice input, struct slice name)
{
	struct bookmark_source *source = bookmark_find(bookmark, input, name);

	if (source != NULL)
		return source;
	if (bookmark->n_sources >= bookmark->n_buckets)
		widen(bookmark);
	source = make_source(input, name);

	struct bookmark_source **bucket = bucket_of(bookmark, input, name);
	source->next = *bucket;
	*bucket = source;
	bookmark->n_sources++;
	return source;
}

void bookmark_drop(struct bookmark *bookmark, struct bookmark_source *source)
{
	struct bookmark_source **at = bucket_of(bookmark, source->input, source->name);

	while (*at != source)
		at = &(*at)->next;
	*at = source->next;
	bookmark->n_sources--;
	free_source(source);
}

void bookmark_walk(const struct bookmark *bookmark,
	void (*visit)(void *user, const struct bookmark_source *source), void *user)
{
	for (size_t i = 0; i < bookmark->n_buckets; i++) {
		const struct bookmark_source *source = bookmark->buckets[i];

		while (source != NULL) {
			const struct bookmark_source *next = source->next;

			visit(user, source);
			source = next;
		}
	}
}

/* ---- the file ------------------------------------------------------------- */

static const char *read_lane(const char *at, struct bookmark_lane *lane)
{
	memcpy(lane->log_id, at, SEGLOG_ID_SIZE);
	at += SEGLOG_ID_SIZE;
	lane->epoch = bytes_get_u64(at);
	lane->begin = bytes_get_u64(at + 8);
	lane->acked = bytes_get_u64(at + 16);
	lane->acked_crc = bytes_get_u32(at + 24);
	lane->covered = bytes_get_u64(at + 28);
	return at + LANE_SIZE - SEGLOG_ID_SIZE;
}

static void write_lane(char *to, const struct bookmark_lane *lane)
{
	memcpy(to, lane->log_id, SEGLOG_ID_SIZE);
	to += SEGLOG_ID_SIZE;
	bytes_put_u64(to, lane->epoch);
	bytes_put_u64(to + 8, lane->begin);
	bytes_put_u64(to + 16, lane->acked);
	bytes_put_u32(to + 24, lane->acked_crc);
	bytes_put_u64(to + 28, lane->covered);
}

/* The next source of `rest`; false when it is not whole or out of limits. */
static bool read_source(struct bookmark *bookmark, struct slice *rest)
{
	if (rest->len < SOURCE_HEAD_SIZE)
		return false;

	size_t input = bytes_get_u16(rest->ptr);
	size_t name = bytes_get_u16(rest->ptr + 2);
	size_t position = bytes_get_u16(rest->ptr + 4);
	struct slice bytes = slice_from(*rest, SOURCE_HEAD_SIZE);

	if (input > CHUNK_WORD_MAX || name > CHUNK_NAME_MAX || position > CHUNK_POSITION_MAX ||
		input + name + position > bytes.len)
		return false;

	struct bookmark_source *source = bookmark_source(
		bookmark, slice_head(bytes, input), slice_of(bytes.ptr + input, name));
	strbuf_reset(&source->position);
	strbuf_add(&source->position, slice_of(bytes.ptr + input + name, position));
	*rest = slice_from(bytes, input + name + position);
	return true;
}

/* The next loss of `rest`; likewise. */
static bool read_loss(struct bookmark *bookmark, struct slice *rest)
{
	if (rest->len < LOSS_HEAD_SIZE)
		return false;

	const char *head = rest->ptr;
	uint8_t lane = (uint8_t)head[0], reason = (uint8_t)head[1];
	size_t source = bytes_get_u16(head + 2);

	if (lane >= LANE_COUNT || reason == 0 || reason >= GAP_REASON_COUNT ||
		source > FRAME_TEXT_MAX || source > rest->len - LOSS_HEAD_SIZE)
		return false;
	losses_add(&bookmark->losses[lane], slice_of(head + LOSS_HEAD_SIZE, source), reason,
		bytes_get_u64(head + 4), bytes_get_u64(head + 12));
	*rest = slice_from(*rest, LOSS_HEAD_SIZE + source);
	return true;
}

/* A number, and so many of what `read` reads. */
static bool read_list(struct bookmark *bookmark, struct slice *rest,
	bool (*read)(struct bookmark *bookmark, struct slice *rest))
{
	if (rest->len < 4)
		return false;

	uint32_t n = bytes_get_u32(rest->ptr);
	*rest = slice_from(*rest, 4);
	while (n > 0 && read(bookmark, rest))
		n--;
	return n == 0;
}

static bool is_whole(struct slice bytes)
{
	size_t body = bytes.len - 4;

	return bytes.len >= HEAD_SIZE + 4 && bytes_get_u32(bytes.ptr) == MAGIC &&
	       bytes_get_u32(bytes.ptr + 4) == LANE_COUNT &&
	       bytes_get_u32(bytes.ptr + body) == crc32c(0, bytes.ptr, body);
}

enum bookmark_status bookmark_parse(
	struct bookmark *bookmark, struct slice bytes, struct bookmark_lane lanes[LANE_COUNT])
{
	struct bookmark_lane read[LANE_COUNT];
	const char *at = bytes.ptr + LANES_AT;

	if (!is_whole(bytes))
		return BOOKMARK_DAMAGED;
	for (size_t i = 0; i < LANE_COUNT; i++)
		at = read_lane(at, &read[i]);
	struct slice rest = slice_of(bytes.ptr + HEAD_SIZE, bytes.len - HEAD_SIZE - 4);
	if (!read_list(bookmark, &rest, read_source) ||
		!read_list(bookmark, &rest, read_loss) || rest.len != 0) {
		drop_all(bookmark);
		return BOOKMARK_DAMAGED;
	}
	memcpy(lanes, read, sizeof(read));
	bookmark->loaded_ns = (int64_t)bytes_get_u64(bytes.ptr + 8);
	return BOOKMARK_READ;
}

/* What reading failed with. */
static enum bookmark_status without_file(int sys)
{
	if (sys == ENOENT)
		return BOOKMARK_MISSING;
	return file_is_refused(sys) ? BOOKMARK_DAMAGED : BOOKMARK_FAILED;
}

enum bookmark_status bookmark_load(struct bookmark *bookmark, const char *path,
	struct bookmark_lane lanes[LANE_COUNT], struct err *err)
{
	struct strbuf bytes = STRBUF_INIT(BOOKMARK_FILE_MAX);
	struct err failed = {0};
	enum bookmark_status status;

	if (file_read(path, &bytes, &failed))
		status = bookmark_parse(bookmark, strbuf_slice(&bytes), lanes);
	else
		status = without_file(failed.sys);
	if (status == BOOKMARK_FAILED && err != NULL)
		*err = failed;
	strbuf_done(&bytes);
	return status;
}

struct writing {
	struct strbuf *out;
	uint32_t n;
};

static void write_source(void *user, const struct bookmark_source *source)
{
	struct writing *writing = user;
	char head[SOURCE_HEAD_SIZE];

	if (source->position.len == 0)
		return;
	bytes_put_u16(head, (uint16_t)source->input.len);
	bytes_put_u16(head + 2, (uint16_t)source->name.len);
	bytes_put_u16(head + 4, (uint16_t)source->position.len);
	strbuf_add(writing->out, slice_of(head, sizeof(head)));
	strbuf_add(writing->out, source->input);
	strbuf_add(writing->out, source->name);
	strbuf_add(writing->out, strbuf_slice(&source->position));
	writing->n++;
}

static void write_u32(struct strbuf *out, uint32_t value)
{
	char bytes[4];

	bytes_put_u32(bytes, value);
	strbuf_add(out, slice_of(bytes, sizeof(bytes)));
}

static void write_sources(const struct bookmark *bookmark, struct strbuf *out)
{
	struct writing writing = {.out = out};
	size_t at = out->len;

	write_u32(out, 0);
	bookmark_walk(bookmark, write_source, &writing);
	if (!out->overflow)
		bytes_put_u32(out->ptr + at, writing.n);
}

static void write_loss(struct strbuf *out, unsigned lane, const struct loss *loss)
{
	char head[LOSS_HEAD_SIZE];

	head[0] = (char)lane;
	head[1] = (char)loss->reason;
	bytes_put_u16(head + 2, (uint16_t)loss->source.len);
	bytes_put_u64(head + 4, loss->count);
	bytes_put_u64(head + 12, loss->bytes);
	strbuf_add(out, slice_of(head, sizeof(head)));
	strbuf_add(out, strbuf_slice(&loss->source));
}

static void write_losses(const struct bookmark *bookmark, struct strbuf *out)
{
	size_t n = 0;

	for (unsigned i = 0; i < LANE_COUNT; i++)
		n += bookmark->losses[i].n;
	write_u32(out, (uint32_t)n);
	for (unsigned i = 0; i < LANE_COUNT; i++)
		for (size_t j = 0; j < bookmark->losses[i].n; j++)
			write_loss(out, i, &bookmark->losses[i].items[j]);
}

static void write_all(const struct bookmark *bookmark,
	const struct bookmark_lane lanes[LANE_COUNT], struct strbuf *out)
{
	char head[HEAD_SIZE];

	bytes_put_u32(head, MAGIC);
	bytes_put_u32(head + 4, LANE_COUNT);
	bytes_put_u64(head + 8, (uint64_t)clock_wall_ns());
	for (size_t i = 0; i < LANE_COUNT; i++)
		write_lane(head + LANES_AT + i * LANE_SIZE, &lanes[i]);
	strbuf_add(out, slice_of(head, sizeof(head)));
	write_sources(bookmark, out);
	write_losses(bookmark, out);
	write_u32(out, crc32c(0, out->ptr, out->len));
}

struct losses *bookmark_losses(struct bookmark *bookmark, enum frame_lane lane)
{
	return &bookmark->losses[lane];
}

int64_t bookmark_loaded_ns(const struct bookmark *bookmark)
{
	return bookmark->loaded_ns;
}

bool bookmark_save(const struct bookmark *bookmark, const char *path,
	const struct bookmark_lane lanes[LANE_COUNT], struct err *err)
{
	struct strbuf out = STRBUF_INIT(BOOKMARK_FILE_MAX);

	write_all(bookmark, lanes, &out);
	bool ok = out.overflow ? err_set(err, "%s: too many sources", path)
			       : file_replace(path, strbuf_slice(&out), 0600, err);
	strbuf_done(&out);
	return ok;
}
