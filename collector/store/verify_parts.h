/* verify_parts - what the parts of verify share: running segments, sealed ones, the whole */
#ifndef COLLECTOR_STORE_VERIFY_PARTS_H
#define COLLECTOR_STORE_VERIFY_PARTS_H

#include "collector/store/segments.h"
#include "collector/store/undone.h"
#include "collector/store/verify.h"
#include "common/seglog.h"

enum { VERIFY_PATH_ROOM = PATH_MAX + NAME_MAX + 2 };

/* A running block, or what is wrong with one. */
struct running {
	char file[SEALED_NAME_SIZE];
	uint64_t offset, size;
	const char *fault;    /* NULL: a block that counts */
	bool missing;         /* its file is */
	uint64_t first, next; /* numbers of records */
	uint64_t commit;
};

struct verifying {
	const char *dir;
	const struct store_verify_user *user;
	struct store_verified *verified;
	uint64_t done, total; /* bytes of files */
	struct chain *chain;
	struct undone undone;
	uint64_t limit;                  /* newest commit that is known to be whole */
	uint64_t next[STORE_CLASSES];    /* the greatest any block told of each class */
	uint64_t reached[STORE_CLASSES]; /* what the blocks of the class come to */

	/* Of the class being read. */
	uint8_t class;
	struct store_verified_class *of;
	uint64_t after; /* commit last seen, for faults */
	char class_dir[PATH_MAX];
	char running_file[SEALED_NAME_SIZE]; /* being read */
	struct segments *segments;
	unsigned char id[SEGLOG_ID_SIZE];
	struct running *running;
	size_t n_running, running_room;
	struct arena arena;
	struct strbuf bodies;
};

/* At `offset` of the class's file `name`; "" is its folder. Outside of a class: of the store's.
 */
void verify_fault(
	struct verifying *verifying, const char *name, uint64_t offset, const char *what);

/* So many bytes more were read. */
void verify_progress(struct verifying *verifying, uint64_t bytes);

/* Whether a commit is one that readers are given. */
bool verify_counts(const struct verifying *verifying, uint64_t commit);

/* A block that is sound, once: what is sealed and still running counts as sealed. */
void verify_count(struct verifying *verifying, uint64_t commit, uint64_t last_commit,
	uint64_t n_records, uint64_t size);

/* Whether front and bodies unpack; notes what the front tells of all classes. */
bool verify_block(struct verifying *verifying, const struct block_head *head,
	struct slice front_packed, struct slice bodies_packed);

/* Reads the running segments into verifying->running. */
MUST_USE bool verify_read_running(struct verifying *verifying, struct err *err);

/* Tells of them, when it is known where the sealed ones end. */
void verify_running(struct verifying *verifying, uint64_t sealed_next);

/* Along the chain of a class. */
struct sealed_walk {
	char name[SEALED_NAME_SIZE];
	struct chain_link link; /* behind what was read */
	bool link_known;
	uint64_t next_record; /* likewise; 0 = not known */
	uint64_t last_commit;
	uint32_t n_blocks;
};

MUST_USE bool verify_sealed(
	struct verifying *verifying, struct sealed_walk *walk, struct err *err);

#endif
