/*
 * sealed - a segment that is closed for good: blocks, chained, behind one another
 *
 *	head | block head, seal, front, bodies | ... | foot
 *
 * Written once, beside its name, and renamed when it is durable; never changed
 * again. Byte by byte in collector/README.md. One thread at a time per object.
 */
#ifndef COLLECTOR_STORE_SEALED_H
#define COLLECTOR_STORE_SEALED_H

#include <limits.h>

#include "collector/store/builder.h"
#include "collector/store/chain.h"

enum {
	SEALED_HEAD_SIZE = 96,
	SEALED_FOOT_SIZE = 96,
	SEALED_NAME_SIZE = 28, /* "%020u.sealed" with its NUL */
};

struct sealed_head {
	uint8_t class;
	unsigned char id[16];    /* of the class's log */
	uint64_t first_commit;   /* also the name */
	uint64_t first_record;   /* number of the class's next record before it */
	struct chain_link chain; /* before its first block */
};

struct sealed_foot {
	uint32_t n_blocks;
	uint64_t last_commit;
	uint64_t next_record;
	int64_t first_ns, last_ns; /* of its commits */
	uint64_t size;             /* bytes of the file before the foot */
	struct chain_link chain;   /* behind its last block */
};

void sealed_name(uint64_t first_commit, char name[SEALED_NAME_SIZE]);
MUST_USE bool sealed_name_read(const char *name, uint64_t *first_commit);

/* ---- writing -------------------------------------------------------------- */

struct sealed_writer;

/* Creates DIR/NAME.sealed.tmp. `chain` is borrowed. NULL on failure. */
MUST_USE struct sealed_writer *sealed_writer_new(
	const char *dir, const struct sealed_head *head, struct chain *chain, struct err *err);

MUST_USE bool sealed_writer_block(struct sealed_writer *writer, const struct block_head *head,
	struct slice front, struct slice bodies, struct err *err);

/* What the parts of the block just written say of time and numbers. */
void sealed_writer_part(
	struct sealed_writer *writer, const struct block_part *part, uint64_t next_record);

/* A last commit outside of these is dated as the nearer of them. */
void sealed_writer_date(struct sealed_writer *writer, int64_t from_ns, int64_t to_ns);

/* Makes the file durable under its name. Frees the writer in any case. */
MUST_USE bool sealed_writer_finish(
	struct sealed_writer *writer, struct sealed_foot *foot, struct err *err);

/* Removes what was written. NULL is fine. */
void sealed_writer_drop(struct sealed_writer *writer);

/* ---- reading -------------------------------------------------------------- */

struct sealed_reader;

enum sealed_open {
	SEALED_OPEN,
	SEALED_GONE,   /* no such file */
	SEALED_BROKEN, /* the head cannot be read, or belongs to something else: err */
	SEALED_FAILED, /* the disk: err */
};

MUST_USE enum sealed_open sealed_reader_open(const char *dir, uint64_t first_commit,
	uint8_t class, struct sealed_reader **reader, struct err *err);
void sealed_reader_close(struct sealed_reader *reader); /* NULL is fine */

const struct sealed_head *sealed_reader_head(const struct sealed_reader *reader);

/* False when it is missing or damaged. */
MUST_USE bool sealed_reader_foot(struct sealed_reader *reader, struct sealed_foot *foot);

/* The foot; of a damaged one what the blocks say instead, its times those of the file. Read
 * blocks with another reader. */
void sealed_reader_end(struct sealed_reader *reader, struct sealed_foot *foot);

struct sealed_block {
	uint64_t offset; /* of the block in the file, or of what is damaged */
	struct block_head head;
	const char *head_bytes;
	struct chain_seal seal;
	struct slice front; /* packed; until the next call */
};

enum sealed_read {
	SEALED_BLOCK,
	SEALED_LOST, /* what is at `offset` is no block or cannot be read; the next call goes
		      * on behind it */
	SEALED_END,
};

/* The bodies are passed over and read by sealed_reader_bodies(). */
MUST_USE enum sealed_read sealed_reader_next(
	struct sealed_reader *reader, struct sealed_block *block);

/* Where the next call looks. */
uint64_t sealed_reader_offset(const struct sealed_reader *reader);

/* The bodies, packed, of the block given last; absent when the disk does not give them. */
struct slice sealed_reader_bodies(struct sealed_reader *reader);

#endif
