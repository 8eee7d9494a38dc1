#include "agent/inputs/file_identity.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <xxhash.h>

#include "common/bytes.h"

enum { POSITION_VERSION = 1 };

/* 0 where the file system has none. The kernel writes an int, whatever the request's name
 * says. */
static uint32_t inode_generation(const struct file_source *source)
{
	long generation = 0;

	if (ioctl(source->fd, FS_IOC_GETVERSION, &generation) != 0)
		return 0;
	return (uint32_t)generation;
}

static bool hash_head(struct file_source *source, size_t want, size_t *len, uint64_t head[2])
{
	char bytes[FILE_HEAD_MAX];
	ssize_t n = file_source_read(source, bytes, want, 0);

	if (n < 0)
		return false;
	XXH128_hash_t hash = XXH3_128bits(bytes, (size_t)n);
	*len = (size_t)n;
	head[0] = hash.low64;
	head[1] = hash.high64;
	return true;
}

bool file_identify(struct file_source *source, struct file_identity *identity)
{
	struct stat st;
	size_t len;

	if (!file_source_stat(source, &st) ||
		!hash_head(source, FILE_HEAD_MAX, &len, identity->head))
		return false;
	identity->device = st.st_dev;
	identity->inode = st.st_ino;
	identity->generation = inode_generation(source);
	identity->head_len = (uint16_t)len;
	return true;
}

static bool same_head(const struct file_identity *known, struct file_source *source)
{
	uint64_t head[2];
	size_t len;

	return hash_head(source, known->head_len, &len, head) && len == known->head_len &&
	       head[0] == known->head[0] && head[1] == known->head[1];
}

static bool same_inode(const struct file_identity *known, const struct file_source *source)
{
	struct stat st;

	if (source->gzip != NULL || !file_source_stat(source, &st) ||
		st.st_dev != known->device || st.st_ino != known->inode)
		return false;

	uint32_t generation = inode_generation(source);
	return generation == 0 || known->generation == 0 || generation == known->generation;
}

enum file_match file_compare(const struct file_identity *known, struct file_source *source)
{
	if (!same_head(known, source))
		return FILE_OTHER;
	if (same_inode(known, source))
		return FILE_SAME;
	return known->head_len > 0 ? FILE_COPY : FILE_OTHER;
}

bool file_head_check(struct file_identity *identity, struct file_source *source)
{
	if (!same_head(identity, source))
		return false;
	if (identity->head_len == FILE_HEAD_MAX)
		return true;

	size_t len;
	uint64_t head[2];
	if (hash_head(source, FILE_HEAD_MAX, &len, head) && len >= identity->head_len) {
		identity->head_len = (uint16_t)len;
		identity->head[0] = head[0];
		identity->head[1] = head[1];
	}
	return true;
}

void file_position_write(const struct file_position *position, char *to)
{
	const struct file_identity *file = &position->file;

	to[0] = POSITION_VERSION;
	to[1] = 0;
	bytes_put_u16(to + 2, file->head_len);
	bytes_put_u32(to + 4, file->generation);
	bytes_put_u64(to + 8, file->device);
	bytes_put_u64(to + 16, file->inode);
	bytes_put_u64(to + 24, file->head[0]);
	bytes_put_u64(to + 32, file->head[1]);
	bytes_put_u64(to + 40, (uint64_t)position->modified_ns);
	bytes_put_u64(to + 48, position->offset);
}

bool file_position_read(struct slice bytes, struct file_position *position)
{
	const char *from = bytes.ptr;

	if (bytes.len != FILE_POSITION_SIZE || from[0] != POSITION_VERSION || from[1] != 0 ||
		bytes_get_u16(from + 2) > FILE_HEAD_MAX || bytes_get_u64(from + 48) > INT64_MAX)
		return false;
	position->file = (struct file_identity){
		.head_len = bytes_get_u16(from + 2),
		.generation = bytes_get_u32(from + 4),
		.device = bytes_get_u64(from + 8),
		.inode = bytes_get_u64(from + 16),
		.head = {bytes_get_u64(from + 24), bytes_get_u64(from + 32)},
	};
	position->modified_ns = (int64_t)bytes_get_u64(from + 40);
	position->offset = bytes_get_u64(from + 48);
	return true;
}
