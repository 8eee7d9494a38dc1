/*
 * seglog_segment - the form of a segment file: writing heads, finding entries again
 *
 * Inner part of seglog; the format is in common/README.md. The reader walks the
 * entries of one segment file through a buffer of its own and passes over what
 * is damaged: it gives only entries whose head and payload carry the right
 * check sums, whose sequences grow and which lie inside the file. What was
 * lost shows as a jump of the sequences.
 *
 * One thread per reader.
 */
#ifndef COMMON_SEGLOG_SEGMENT_H
#define COMMON_SEGLOG_SEGMENT_H

#include "common/seglog.h"

enum {
	SEGMENT_HEAD_SIZE = 128, /* bytes; two copies of the same 64 */
	SEGMENT_ENTRY_HEAD_SIZE = 36,
	SEGMENT_NAME_SIZE = 25, /* "%020u.seg" with its NUL */
};

struct segment_head {
	unsigned char id[SEGLOG_ID_SIZE];
	uint64_t first;    /* sequence */
	uint64_t released; /* as known when the segment was made */
};

void segment_head_write(
	const struct segment_head *head, unsigned char bytes[SEGMENT_HEAD_SIZE]);

/* False when neither copy is whole. `len` may be less than SEGMENT_HEAD_SIZE. */
MUST_USE bool segment_head_read(
	const unsigned char *bytes, size_t len, struct segment_head *head);

struct segment_entry_head {
	uint64_t first;
	uint32_t count;
	uint32_t length;    /* bytes of payload */
	uint32_t crc;       /* of the payload */
	uint32_t undurable; /* sequences before `first` that were not yet durable */
	uint8_t kind;
};

/* What ties an entry's head to its log: start value of the head's check sum. */
uint32_t segment_seed(const unsigned char id[SEGLOG_ID_SIZE]);

void segment_entry_head_write(const struct segment_entry_head *head, uint32_t seed,
	unsigned char bytes[SEGMENT_ENTRY_HEAD_SIZE]);

/* False when this is no head of this log, or one that no writer makes. */
MUST_USE bool segment_entry_head_read(
	const unsigned char *bytes, uint32_t seed, struct segment_entry_head *head);

void segment_name(uint64_t first, char name[SEGMENT_NAME_SIZE]);
MUST_USE bool segment_name_read(const char *name, uint64_t *first);

struct segment_reader {
	int fd; /* owned; -1 = none */
	uint32_t seed;
	uint64_t offset;   /* of the next byte to look at */
	uint64_t limit;    /* bytes of the file that may be read; an entry's end */
	uint64_t expected; /* sequence behind the last entry */
	uint64_t last;     /* no entry reaches beyond this sequence */
	uint64_t skipped;  /* bytes passed over as damaged */
	uint64_t unread;   /* of these, bytes the disk refused to give */
	bool pass_unread;  /* take what the disk refuses for zeros, else fail */
	bool skimming;     /* the last entry was passed by its head alone */

	unsigned char *buffer;
	size_t capacity;
	uint64_t buffer_at; /* offset of its first byte */
	size_t buffer_len;
};

enum segment_read {
	SEGMENT_ENTRY,
	SEGMENT_END, /* nothing whole before the limit */
	SEGMENT_READ_FAILED,
};

/* fd -1; everything else zero. */
void segment_reader_init(struct segment_reader *reader);
void segment_reader_done(struct segment_reader *reader);

/*
 * Starts at the beginning of a file (takes the descriptor, closes the one before) that is
 * expected to start with sequence `first`. `limit` and `last` are set by the caller before
 * each call of segment_next(); they may grow.
 */
void segment_reader_start(
	struct segment_reader *reader, int fd, uint32_t seed, uint64_t first, uint64_t limit);

/*
 * The next whole entry that reaches up to sequence `from` or beyond it; those before are
 * passed by their heads. The payload stays until the next call.
 */
MUST_USE enum segment_read segment_next(struct segment_reader *reader, uint64_t from,
	struct segment_entry_head *head, struct slice *payload, struct err *err);

#endif
