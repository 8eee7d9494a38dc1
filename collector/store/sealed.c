/* The layout is in collector/README.md, "A sealed segment". */
#include "collector/store/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/file.h"

#define HEAD_MAGIC UINT64_C(0x31304c4145534353) /* "SCSEAL01" */
#define FOOT_MAGIC UINT64_C(0x3130544f4f464353) /* "SCFOOT01" */

enum { BLOCK_FRAME = BLOCK_HEAD_SIZE + CHAIN_SEAL_SIZE };

void sealed_name(uint64_t first_commit, char name[SEALED_NAME_SIZE])
{
	snprintf(name, SEALED_NAME_SIZE, "%020" PRIu64 ".sealed", first_commit);
}

bool sealed_name_read(const char *name, uint64_t *first_commit)
{
	struct slice text = slice_str(name);

	return text.len == SEALED_NAME_SIZE - 1 && slice_ends(text, SLICE_LIT(".sealed")) &&
	       slice_to_u64(slice_head(text, 20), UINT64_MAX, first_commit);
}

/* ---- head and foot --------------------------------------------------------- */

static void head_write(const struct sealed_head *head, char to[SEALED_HEAD_SIZE])
{
	memset(to, 0, SEALED_HEAD_SIZE);
	bytes_put_u64(to, HEAD_MAGIC);
	to[12] = (char)head->class;
	memcpy(to + 16, head->id, sizeof(head->id));
	bytes_put_u64(to + 32, head->first_commit);
	bytes_put_u64(to + 40, head->first_record);
	memcpy(to + 48, &head->chain, CHAIN_SIZE);
	bytes_put_u32(to + 8, crc32c(0, to + 12, SEALED_HEAD_SIZE - 12));
}

static bool head_read(const char *at, struct sealed_head *head)
{
	if (bytes_get_u64(at) != HEAD_MAGIC ||
		bytes_get_u32(at + 8) != crc32c(0, at + 12, SEALED_HEAD_SIZE - 12))
		return false;
	head->class = (uint8_t)at[12];
	memcpy(head->id, at + 16, sizeof(head->id));
	head->first_commit = bytes_get_u64(at + 32);
	head->first_record = bytes_get_u64(at + 40);
	memcpy(&head->chain, at + 48, CHAIN_SIZE);
	return true;
}

static void foot_write(const struct sealed_foot *foot, char to[SEALED_FOOT_SIZE])
{
	memset(to, 0, SEALED_FOOT_SIZE);
	bytes_put_u64(to, FOOT_MAGIC);
	bytes_put_u32(to + 12, foot->n_blocks);
	bytes_put_u64(to + 16, foot->last_commit);
	bytes_put_u64(to + 24, foot->next_record);
	bytes_put_u64(to + 32, (uint64_t)foot->first_ns);
	bytes_put_u64(to + 40, (uint64_t)foot->last_ns);
	bytes_put_u64(to + 48, foot->size);
	memcpy(to + 56, &foot->chain, CHAIN_SIZE);
	bytes_put_u32(to + 8, crc32c(0, to + 12, SEALED_FOOT_SIZE - 12));
}

static bool foot_read(const char *at, uint64_t offset, struct sealed_foot *foot)
{
	if (bytes_get_u64(at) != FOOT_MAGIC ||
		bytes_get_u32(at + 8) != crc32c(0, at + 12, SEALED_FOOT_SIZE - 12) ||
		bytes_get_u64(at + 48) != offset)
		return false;
	foot->n_blocks = bytes_get_u32(at + 12);
	foot->last_commit = bytes_get_u64(at + 16);
	foot->next_record = bytes_get_u64(at + 24);
	foot->first_ns = (int64_t)bytes_get_u64(at + 32);
	foot->last_ns = (int64_t)bytes_get_u64(at + 40);
	foot->size = offset;
	memcpy(&foot->chain, at + 56, CHAIN_SIZE);
	return true;
}

/* ---- writing ---------------------------------------------------------------- */

struct sealed_writer {
	int fd;
	char dir[PATH_MAX];
	char path[PATH_MAX + SEALED_NAME_SIZE], tmp[PATH_MAX + SEALED_NAME_SIZE + 4];
	struct chain *chain;
	struct sealed_foot foot;
};

static bool write_part(struct sealed_writer *writer, struct slice bytes, struct err *err)
{
	if (!file_write_all(writer->fd, bytes.ptr, bytes.len))
		return err_sys(err, "writing %s", writer->tmp);
	writer->foot.size += bytes.len;
	return true;
}

struct sealed_writer *sealed_writer_new(
	const char *dir, const struct sealed_head *head, struct chain *chain, struct err *err)
{
	struct sealed_writer *writer = calloc(1, sizeof(*writer));
	char name[SEALED_NAME_SIZE], bytes[SEALED_HEAD_SIZE];

	if (writer == NULL)
		abort();
	sealed_name(head->first_commit, name);
	snprintf(writer->dir, sizeof(writer->dir), "%s", dir);
	snprintf(writer->path, sizeof(writer->path), "%s/%s", writer->dir, name);
	snprintf(writer->tmp, sizeof(writer->tmp), "%s.tmp", writer->path);
	writer->chain = chain;
	writer->foot.chain = head->chain;
	writer->foot.next_record = head->first_record;
	writer->fd =
		open(writer->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	head_write(head, bytes);
	if (writer->fd >= 0 && write_part(writer, slice_of(bytes, sizeof(bytes)), err))
		return writer;
	if (writer->fd < 0)
		err_sys(err, "%s", writer->tmp);
	sealed_writer_drop(writer);
	return NULL;
}

bool sealed_writer_block(struct sealed_writer *writer, const struct block_head *head,
	struct slice front, struct slice bodies, struct err *err)
{
	char bytes[BLOCK_HEAD_SIZE];

	block_head_write(head, bytes);
	struct chain_seal seal =
		chain_seal_block(writer->chain, &writer->foot.chain, bytes, front, bodies);
	if (!write_part(writer, slice_of(bytes, sizeof(bytes)), err) ||
		!write_part(writer, slice_of(&seal, sizeof(seal)), err) ||
		!write_part(writer, front, err) || !write_part(writer, bodies, err))
		return false;
	writer->foot.chain = seal.link;
	writer->foot.n_blocks++;
	return true;
}

void sealed_writer_part(
	struct sealed_writer *writer, const struct block_part *part, uint64_t next_record)
{
	if (writer->foot.last_commit == 0)
		writer->foot.first_ns = part->committed_ns;
	writer->foot.last_commit = part->commit;
	writer->foot.last_ns = part->committed_ns;
	writer->foot.next_record = next_record;
}

void sealed_writer_date(struct sealed_writer *writer, int64_t from_ns, int64_t to_ns)
{
	struct sealed_foot *foot = &writer->foot;

	if (foot->last_ns > to_ns)
		foot->last_ns = to_ns;
	if (foot->last_ns < from_ns)
		foot->last_ns = from_ns;
}

static bool make_durable(struct sealed_writer *writer, struct err *err)
{
	if (fsync(writer->fd) != 0)
		return err_sys(err, "syncing %s", writer->tmp);
	if (rename(writer->tmp, writer->path) != 0)
		return err_sys(err, "renaming %s", writer->tmp);
	return file_sync_dir(writer->dir, err);
}

bool sealed_writer_finish(
	struct sealed_writer *writer, struct sealed_foot *foot, struct err *err)
{
	char bytes[SEALED_FOOT_SIZE];
	struct sealed_foot done = writer->foot;

	foot_write(&done, bytes);
	bool ok = write_part(writer, slice_of(bytes, sizeof(bytes)), err) &&
		  make_durable(writer, err);
	if (!ok) {
		sealed_writer_drop(writer);
		return false;
	}
	*foot = done;
	close(writer->fd);
	free(writer);
	return true;
}

void sealed_writer_drop(struct sealed_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0) {
		close(writer->fd);
		(void)unlink(writer->tmp);
	}
	free(writer);
}

/* ---- reading ---------------------------------------------------------------- */

struct sealed_reader {
	int fd;
	char path[PATH_MAX + SEALED_NAME_SIZE];
	uint64_t size;      /* of the file */
	int64_t changed_ns; /* likewise */
	uint64_t offset;    /* of what is read next */
	struct sealed_head head;
	char frame[BLOCK_FRAME];
	struct block_head block;
	uint64_t bodies_at;
	struct strbuf front, bodies;
};

/* Short at the end of the file. */
static ssize_t read_at(
	const struct sealed_reader *reader, void *to, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(
			reader->fd, (char *)to + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static enum sealed_open read_head(
	struct sealed_reader *reader, uint64_t first_commit, uint8_t class, struct err *err)
{
	char bytes[SEALED_HEAD_SIZE];
	struct stat st;

	if (fstat(reader->fd, &st) != 0) {
		err_sys(err, "%s", reader->path);
		return SEALED_FAILED;
	}
	reader->size = (uint64_t)st.st_size;
	reader->changed_ns = st.st_mtim.tv_sec * CLOCK_NS_PER_S + st.st_mtim.tv_nsec;
	reader->offset = SEALED_HEAD_SIZE;
	ssize_t n = read_at(reader, bytes, sizeof(bytes), 0);
	if (n < 0) {
		err_sys(err, "%s", reader->path);
		return SEALED_FAILED;
	}
	if (n != SEALED_HEAD_SIZE || !head_read(bytes, &reader->head) ||
		reader->head.first_commit != first_commit || reader->head.class != class) {
		err_set(err, "%s:0: its head is damaged, or another file's", reader->path);
		return SEALED_BROKEN;
	}
	return SEALED_OPEN;
}

enum sealed_open sealed_reader_open(const char *dir, uint64_t first_commit, uint8_t class,
	struct sealed_reader **out, struct err *err)
{
	struct sealed_reader *reader = calloc(1, sizeof(*reader));
	char name[SEALED_NAME_SIZE];

	if (reader == NULL)
		abort();
	sealed_name(first_commit, name);
	snprintf(reader->path, sizeof(reader->path), "%.*s/%s", PATH_MAX - 1, dir, name);
	strbuf_init(&reader->front, BLOCK_SIZE_MAX);
	strbuf_init(&reader->bodies, BLOCK_SIZE_MAX);
	reader->fd = open(reader->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);

	enum sealed_open status = reader->fd >= 0 ? read_head(reader, first_commit, class, err)
				  : errno == ENOENT ? SEALED_GONE
						    : SEALED_FAILED;
	if (reader->fd < 0)
		err_sys(err, "%s", reader->path);
	*out = reader;
	/* A broken head says nothing about the blocks behind it. */
	if (status == SEALED_GONE || status == SEALED_FAILED) {
		sealed_reader_close(reader);
		*out = NULL;
	}
	return status;
}

void sealed_reader_close(struct sealed_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	strbuf_done(&reader->front);
	strbuf_done(&reader->bodies);
	free(reader);
}

const struct sealed_head *sealed_reader_head(const struct sealed_reader *reader)
{
	return &reader->head;
}

bool sealed_reader_foot(struct sealed_reader *reader, struct sealed_foot *foot)
{
	char bytes[SEALED_FOOT_SIZE];

	if (reader->size < SEALED_HEAD_SIZE + SEALED_FOOT_SIZE)
		return false;
	uint64_t offset = reader->size - SEALED_FOOT_SIZE;
	return read_at(reader, bytes, sizeof(bytes), offset) == SEALED_FOOT_SIZE &&
	       foot_read(bytes, offset, foot);
}

/* Whether a sound block that fits into the file starts there. */
static bool try_frame(struct sealed_reader *reader, uint64_t offset)
{
	if (read_at(reader, reader->frame, BLOCK_FRAME, offset) != BLOCK_FRAME ||
		!block_head_read(slice_of(reader->frame, BLOCK_HEAD_SIZE), &reader->block))
		return false;
	return offset + BLOCK_FRAME + block_tail_size(&reader->block) <= reader->size;
}

/* The next place from `offset` on where the magic of a block stands; the end when none. What
 * the disk refuses is passed over. */
static uint64_t find_magic(const struct sealed_reader *reader, uint64_t offset)
{
	enum { PART = 64 * 1024 };
	char part[PART];
	const uint32_t magic = BLOCK_MAGIC;

	while (offset + sizeof(magic) <= reader->size) {
		ssize_t n = read_at(reader, part, PART, offset);
		const char *found =
			n > 0 ? memmem(part, (size_t)n, &magic, sizeof(magic)) : NULL;

		if (found != NULL)
			return offset + (uint64_t)(found - part);
		offset += PART - sizeof(magic) + 1;
	}
	return reader->size;
}

static void skip_damage(struct sealed_reader *reader)
{
	struct sealed_foot foot;
	uint64_t offset = find_magic(reader, reader->offset + 1);

	while (offset < reader->size && !try_frame(reader, offset))
		offset = find_magic(reader, offset + 1);
	if (offset >= reader->size && sealed_reader_foot(reader, &foot) &&
		foot.size > reader->offset)
		offset = foot.size;
	reader->offset = offset;
}

static bool at_end(struct sealed_reader *reader)
{
	struct sealed_foot foot;

	return reader->offset >= reader->size ||
	       (reader->offset + SEALED_FOOT_SIZE == reader->size &&
		       sealed_reader_foot(reader, &foot));
}

enum sealed_read sealed_reader_next(struct sealed_reader *reader, struct sealed_block *block)
{
	*block = (struct sealed_block){.offset = reader->offset};
	if (at_end(reader))
		return SEALED_END;
	if (!try_frame(reader, reader->offset)) {
		skip_damage(reader);
		return SEALED_LOST;
	}

	uint32_t size = reader->block.front_packed;
	uint64_t front_at = reader->offset + BLOCK_FRAME;
	strbuf_reset(&reader->front);
	strbuf_reset(&reader->bodies);
	char *front = strbuf_reserve(&reader->front, size);
	reader->bodies_at = front_at + size;
	reader->offset = reader->bodies_at + reader->block.bodies_packed;
	if (front == NULL || read_at(reader, front, size, front_at) != (ssize_t)size)
		return SEALED_LOST;
	strbuf_extend(&reader->front, size);
	block->head = reader->block;
	block->head_bytes = reader->frame;
	memcpy(&block->seal, reader->frame + BLOCK_HEAD_SIZE, CHAIN_SEAL_SIZE);
	block->front = strbuf_slice(&reader->front);
	return SEALED_BLOCK;
}

uint64_t sealed_reader_offset(const struct sealed_reader *reader)
{
	return reader->offset;
}

void sealed_reader_end(struct sealed_reader *reader, struct sealed_foot *foot)
{
	struct sealed_block block;
	enum sealed_read status;

	if (sealed_reader_foot(reader, foot))
		return;
	*foot = (struct sealed_foot){
		.last_commit = reader->head.first_commit,
		.next_record = reader->head.first_record,
		.first_ns = reader->changed_ns,
		.last_ns = reader->changed_ns,
		.size = reader->size,
		.chain = reader->head.chain,
	};
	while ((status = sealed_reader_next(reader, &block)) != SEALED_END) {
		if (status != SEALED_BLOCK)
			continue;
		foot->n_blocks++;
		foot->chain = block.seal.link;
		if (block.head.kind == BLOCK_RECORDS) {
			foot->last_commit = block.head.last_commit;
			foot->next_record = block.head.first + block.head.n_records;
		}
	}
}

struct slice sealed_reader_bodies(struct sealed_reader *reader)
{
	size_t size = reader->block.bodies_packed;
	char *to = strbuf_reserve(&reader->bodies, size);

	if (reader->bodies.len > 0)
		return strbuf_slice(&reader->bodies);
	if (to == NULL || read_at(reader, to, size, reader->bodies_at) != (ssize_t)size)
		return SLICE_NONE;
	strbuf_extend(&reader->bodies, size);
	return strbuf_slice(&reader->bodies);
}
