/*
 * file_identity - which file it is that was read, and how far
 *
 * A path says nothing about that: rotation gives it another file, and inode
 * numbers are used again. A file is known by device, inode, the inode's
 * generation where the file system tells it, and a fingerprint (XXH3, 128
 * bits) of its first bytes, at most FILE_HEAD_MAX, together with how many
 * they are: a file that only grew still begins with them, a truncated and
 * written anew one does not.
 *
 * The encoded position is what chunks and the bookmark carry (FILE_POSITION_SIZE
 * bytes, little-endian):
 *
 *	0  u8  version, 1
 *	1  u8  0
 *	2  u16 bytes the fingerprint covers, 0..1024
 *	4  u32 generation of the inode, 0 = unknown
 *	8  u64 device
 *	16 u64 inode
 *	24 u64 fingerprint, low half
 *	32 u64 fingerprint, high half
 *	40 i64 time the file was last written when it was read, ns
 *	48 u64 offset: behind the last record read
 */
#ifndef AGENT_INPUTS_FILE_IDENTITY_H
#define AGENT_INPUTS_FILE_IDENTITY_H

#include "agent/inputs/file_source.h"
#include "common/slice.h"

enum { FILE_HEAD_MAX = 1024, FILE_POSITION_SIZE = 56 };

struct file_identity {
	uint64_t device, inode;
	uint32_t generation;
	uint16_t head_len;
	uint64_t head[2];
};

struct file_position {
	struct file_identity file;
	uint64_t offset;
	int64_t modified_ns; /* wall clock */
};

enum file_match {
	FILE_OTHER,
	FILE_COPY, /* another file that begins with the same bytes; never of an empty one */
	FILE_SAME,
};

/* What is open here; false when it cannot be read. */
MUST_USE bool file_identify(struct file_source *source, struct file_identity *identity);

/* Is what is open here the file that `known` describes? FILE_OTHER when it cannot be read. */
enum file_match file_compare(const struct file_identity *known, struct file_source *source);

/* The head of a file that is known to be the same: covers more bytes when it has grown. False
 * when it begins with other bytes now: it was truncated and written anew. */
MUST_USE bool file_head_check(struct file_identity *identity, struct file_source *source);

void file_position_write(const struct file_position *position, char *to);
MUST_USE bool file_position_read(struct slice bytes, struct file_position *position);

static inline int64_t file_modified_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
}

#endif
