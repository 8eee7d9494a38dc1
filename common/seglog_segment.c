#include "common/seglog_segment.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/file.h"

enum {
	HEAD_COPY_SIZE = SEGMENT_HEAD_SIZE / 2,
	HEAD_CRC_AT = HEAD_COPY_SIZE - 4,
	FORMAT_VERSION = 1,
	ENTRY_CRC_AT = SEGMENT_ENTRY_HEAD_SIZE - 4,

	BUFFER_SIZE = 256 * 1024,
	SKIM_SIZE = 4096,  /* read for a head whose payload will be passed over */
	BLOCK_SIZE = 4096, /* what a disk refuses is refused in such pieces */
};

static const unsigned char head_magic[8] = "SEGLOG\r\n";
static const unsigned char entry_magic[4] = {0xf1, 'S', 'L', 0x0d};

static void head_copy_write(const struct segment_head *head, unsigned char *bytes)
{
	memset(bytes, 0, HEAD_COPY_SIZE);
	memcpy(bytes, head_magic, sizeof(head_magic));
	bytes_put_u32(bytes + 8, FORMAT_VERSION);
	bytes_put_u32(bytes + 12, SEGMENT_HEAD_SIZE);
	memcpy(bytes + 16, head->id, SEGLOG_ID_SIZE);
	bytes_put_u64(bytes + 32, head->first);
	bytes_put_u64(bytes + 40, head->released);
	bytes_put_u32(bytes + HEAD_CRC_AT, crc32c(0, bytes, HEAD_CRC_AT));
}

void segment_head_write(const struct segment_head *head, unsigned char bytes[SEGMENT_HEAD_SIZE])
{
	head_copy_write(head, bytes);
	head_copy_write(head, bytes + HEAD_COPY_SIZE);
}

static bool head_copy_read(const unsigned char *bytes, struct segment_head *head)
{
	if (memcmp(bytes, head_magic, sizeof(head_magic)) != 0 ||
		bytes_get_u32(bytes + HEAD_CRC_AT) != crc32c(0, bytes, HEAD_CRC_AT) ||
		bytes_get_u32(bytes + 8) != FORMAT_VERSION || bytes_get_u64(bytes + 32) == 0)
		return false;
	memcpy(head->id, bytes + 16, SEGLOG_ID_SIZE);
	head->first = bytes_get_u64(bytes + 32);
	head->released = bytes_get_u64(bytes + 40);
	return true;
}

static bool head_is_whole(const unsigned char *bytes)
{
	struct segment_head head;

	return head_copy_read(bytes, &head) && head_copy_read(bytes + HEAD_COPY_SIZE, &head);
}

bool segment_head_read(const unsigned char *bytes, size_t len, struct segment_head *head)
{
	if (len >= HEAD_COPY_SIZE && head_copy_read(bytes, head))
		return true;
	return len >= SEGMENT_HEAD_SIZE && head_copy_read(bytes + HEAD_COPY_SIZE, head);
}

uint32_t segment_seed(const unsigned char id[SEGLOG_ID_SIZE])
{
	return crc32c(0, id, SEGLOG_ID_SIZE);
}

void segment_entry_head_write(const struct segment_entry_head *head, uint32_t seed,
	unsigned char bytes[SEGMENT_ENTRY_HEAD_SIZE])
{
	memcpy(bytes, entry_magic, sizeof(entry_magic));
	bytes_put_u32(bytes + 4, head->length);
	bytes_put_u64(bytes + 8, head->first);
	bytes_put_u32(bytes + 16, head->count);
	bytes_put_u32(bytes + 20, head->crc);
	bytes_put_u32(bytes + 24, head->undurable);
	bytes_put_u32(bytes + 28, head->kind);
	bytes_put_u32(bytes + ENTRY_CRC_AT, crc32c(seed, bytes, ENTRY_CRC_AT));
}

bool segment_entry_head_read(
	const unsigned char *bytes, uint32_t seed, struct segment_entry_head *head)
{
	struct segment_entry_head read = {
		.length = bytes_get_u32(bytes + 4),
		.first = bytes_get_u64(bytes + 8),
		.count = bytes_get_u32(bytes + 16),
		.crc = bytes_get_u32(bytes + 20),
		.undurable = bytes_get_u32(bytes + 24),
		.kind = bytes[28],
	};

	if (memcmp(bytes, entry_magic, sizeof(entry_magic)) != 0 ||
		bytes_get_u32(bytes + ENTRY_CRC_AT) != crc32c(seed, bytes, ENTRY_CRC_AT))
		return false;
	if (read.length == 0 || read.length > SEGLOG_PAYLOAD_MAX || read.count == 0 ||
		read.first == 0 || read.first > SEGLOG_SEQUENCE_MAX ||
		read.count - 1 > SEGLOG_SEQUENCE_MAX - read.first ||
		read.undurable >= read.first || bytes_get_u32(bytes + 28) > UINT8_MAX)
		return false;
	*head = read;
	return true;
}

void segment_name(uint64_t first, char name[SEGMENT_NAME_SIZE])
{
	snprintf(name, SEGMENT_NAME_SIZE, "%020" PRIu64 ".seg", first);
}

bool segment_name_read(const char *name, uint64_t *first)
{
	struct slice text = slice_str(name);
	const size_t digits = SEGMENT_NAME_SIZE - sizeof(".seg");

	return text.len == SEGMENT_NAME_SIZE - 1 &&
	       slice_eq(slice_from(text, digits), SLICE_LIT(".seg")) &&
	       slice_to_u64(slice_head(text, digits), SEGLOG_SEQUENCE_MAX, first) && *first > 0;
}

void segment_reader_init(struct segment_reader *reader)
{
	*reader = (struct segment_reader){.fd = -1};
}

void segment_reader_done(struct segment_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader->buffer);
	segment_reader_init(reader);
}

/* ---- the buffer ----------------------------------------------------------- */

static void grow_buffer(struct segment_reader *reader, size_t capacity)
{
	unsigned char *buffer = realloc(reader->buffer, capacity);

	if (buffer == NULL)
		abort();
	reader->buffer = buffer;
	reader->capacity = capacity;
}

/* Moves the window so that it starts at `at`, keeping what it has of that. */
static void slide_buffer(struct segment_reader *reader, uint64_t at)
{
	uint64_t end = reader->buffer_at + reader->buffer_len;

	if (at < reader->buffer_at || at >= end) {
		reader->buffer_len = 0;
	} else {
		reader->buffer_len = (size_t)(end - at);
		memmove(reader->buffer, reader->buffer + (at - reader->buffer_at),
			reader->buffer_len);
	}
	reader->buffer_at = at;
}

static ssize_t read_once(int fd, uint64_t at, void *to, size_t len)
{
	ssize_t n;

	do
		n = pread(fd, to, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Up to `len` bytes; what the disk refuses twice becomes zeros when that is wanted. */
static ssize_t read_piece(struct segment_reader *reader, uint64_t at, void *to, size_t len)
{
	ssize_t n = read_once(reader->fd, at, to, len);

	if (n < 0 && file_is_refused(errno) && reader->pass_unread) {
		size_t block = BLOCK_SIZE - at % BLOCK_SIZE;

		len = block < len ? block : len;
		n = read_once(reader->fd, at, to, len);
		if (n < 0 && file_is_refused(errno)) {
			reader->unread += len;
			n = 0;
		}
	}
	if (n == 0) { /* refused, or somebody cut the file */
		memset(to, 0, len);
		n = (ssize_t)len;
	}
	return n;
}

static bool fill_buffer(struct segment_reader *reader, size_t len, struct err *err)
{
	uint64_t left = reader->limit - reader->buffer_at;
	size_t aim = reader->skimming && len <= SKIM_SIZE ? SKIM_SIZE : reader->capacity;

	if (aim > left)
		aim = (size_t)left;
	while (reader->buffer_len < len) {
		ssize_t n = read_piece(reader, reader->buffer_at + reader->buffer_len,
			reader->buffer + reader->buffer_len, aim - reader->buffer_len);

		if (n < 0)
			return err_sys(err, "reading a segment at %" PRIu64, reader->buffer_at);
		reader->buffer_len += (size_t)n;
	}
	return true;
}

/* `len` bytes at `at`, all before the limit; NULL when the disk fails. */
static const unsigned char *look(
	struct segment_reader *reader, uint64_t at, size_t len, struct err *err)
{
	assert(at + len <= reader->limit);
	if (at < reader->buffer_at || at + len > reader->buffer_at + reader->buffer_len) {
		slide_buffer(reader, at);
		if (len > reader->capacity)
			grow_buffer(reader, len > BUFFER_SIZE ? len : BUFFER_SIZE);
		if (!fill_buffer(reader, len, err))
			return NULL;
	}
	return reader->buffer + (at - reader->buffer_at);
}

/* ---- entries -------------------------------------------------------------- */

enum found { FOUND, FOUND_HEAD, FOUND_NOTHING, FOUND_FAILURE };

static uint64_t entry_end(uint64_t at, const struct segment_entry_head *head)
{
	return at + SEGMENT_ENTRY_HEAD_SIZE + head->length;
}

static bool plausible(
	const struct segment_reader *reader, uint64_t at, const struct segment_entry_head *head)
{
	return head->first >= reader->expected &&
	       head->first + (head->count - 1) <= reader->last &&
	       entry_end(at, head) <= reader->limit;
}

static enum found find_head(struct segment_reader *reader, uint64_t at,
	struct segment_entry_head *head, struct err *err)
{
	if (reader->limit - at < SEGMENT_ENTRY_HEAD_SIZE)
		return FOUND_NOTHING;

	const unsigned char *bytes = look(reader, at, SEGMENT_ENTRY_HEAD_SIZE, err);
	if (bytes == NULL)
		return FOUND_FAILURE;
	return segment_entry_head_read(bytes, reader->seed, head) && plausible(reader, at, head)
		       ? FOUND_HEAD
		       : FOUND_NOTHING;
}

/* FOUND_HEAD when the payload behind a good head is damaged. */
static enum found find_entry(struct segment_reader *reader, uint64_t at,
	struct segment_entry_head *head, struct slice *payload, struct err *err)
{
	enum found found = find_head(reader, at, head, err);

	if (found != FOUND_HEAD)
		return found;

	const unsigned char *bytes =
		look(reader, at, SEGMENT_ENTRY_HEAD_SIZE + head->length, err);
	if (bytes == NULL)
		return FOUND_FAILURE;
	*payload = slice_of(bytes + SEGMENT_ENTRY_HEAD_SIZE, head->length);
	return crc32c(0, payload->ptr, payload->len) == head->crc ? FOUND : FOUND_HEAD;
}

/* How far the bytes in the buffer from `at` on hold no start of an entry. */
static uint64_t next_magic(struct segment_reader *reader, uint64_t at)
{
	size_t len = (size_t)(reader->buffer_at + reader->buffer_len - at);
	const unsigned char *from = reader->buffer + (at - reader->buffer_at);
	const unsigned char *hit = memmem(from, len, entry_magic, sizeof(entry_magic));

	return hit != NULL ? at + (uint64_t)(hit - from) : at + len - (sizeof(entry_magic) - 1);
}

/* Searches from `at` on for a whole entry; *at is where it starts, or the limit. */
static enum found resync(struct segment_reader *reader, uint64_t *at, struct err *err)
{
	while (reader->limit - *at >= SEGMENT_ENTRY_HEAD_SIZE) {
		struct segment_entry_head head;
		struct slice payload;

		if (look(reader, *at, SEGMENT_ENTRY_HEAD_SIZE, err) == NULL)
			return FOUND_FAILURE;
		uint64_t candidate = next_magic(reader, *at);
		if (candidate == *at) {
			enum found found = find_entry(reader, candidate, &head, &payload, err);
			if (found == FOUND || found == FOUND_FAILURE)
				return found;
			candidate++;
		}
		*at = candidate;
	}
	*at = reader->limit;
	return FOUND_NOTHING;
}

/* Behind an entry whose payload is damaged: its end when something good is there. */
static enum found pass_payload(struct segment_reader *reader,
	const struct segment_entry_head *head, uint64_t *at, struct err *err)
{
	struct segment_entry_head next;
	uint64_t end = entry_end(*at, head);
	enum found found = FOUND_HEAD;

	if (end < reader->limit)
		found = find_head(reader, end, &next, err);
	if (found == FOUND_HEAD)
		*at = end;
	return found;
}

static enum found pass_damage(struct segment_reader *reader, enum found found,
	const struct segment_entry_head *head, struct err *err)
{
	uint64_t at = reader->offset;

	if (found == FOUND_HEAD)
		found = pass_payload(reader, head, &at, err);
	if (found == FOUND_NOTHING) {
		at++;
		found = resync(reader, &at, err);
	}
	if (found != FOUND_FAILURE) {
		reader->skipped += at - reader->offset;
		reader->offset = at;
	}
	return found;
}

static void pass_entry(struct segment_reader *reader, const struct segment_entry_head *head)
{
	reader->offset = entry_end(reader->offset, head);
	reader->expected = head->first + head->count;
}

enum segment_read segment_next(struct segment_reader *reader, uint64_t from,
	struct segment_entry_head *head, struct slice *payload, struct err *err)
{
	while (reader->offset < reader->limit) {
		enum found found = find_head(reader, reader->offset, head, err);
		bool skim = found == FOUND_HEAD && head->first + head->count <= from;

		reader->skimming = skim && head->length > SKIM_SIZE;
		if (skim) {
			pass_entry(reader, head);
			continue;
		}
		if (found == FOUND_HEAD)
			found = find_entry(reader, reader->offset, head, payload, err);
		if (found == FOUND) {
			pass_entry(reader, head);
			return SEGMENT_ENTRY;
		}
		if (found == FOUND_FAILURE ||
			pass_damage(reader, found, head, err) == FOUND_FAILURE)
			return SEGMENT_READ_FAILED;
	}
	return SEGMENT_END;
}

void segment_reader_start(
	struct segment_reader *reader, int fd, uint32_t seed, uint64_t first, uint64_t limit)
{
	const unsigned char *bytes = NULL;

	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = fd;
	reader->seed = seed;
	reader->limit = limit;
	reader->expected = first;
	reader->last = UINT64_MAX;
	reader->skipped = reader->unread = 0;
	reader->buffer_len = 0;
	reader->skimming = true; /* who seeks need not read much */
	if (limit >= SEGMENT_HEAD_SIZE)
		bytes = look(reader, 0, SEGMENT_HEAD_SIZE, NULL);
	/* Without its head a file may have lost its front: look at every byte. */
	reader->offset = bytes != NULL && head_is_whole(bytes) ? SEGMENT_HEAD_SIZE : 0;
}
