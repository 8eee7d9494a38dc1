#include "collector/store/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/store/segments.h"
#include "collector/store/tail.h"

enum { PATH_ROOM = PATH_MAX + NAME_MAX + 2 };

/* A running block, or a hole in front of one. */
struct running {
	char file[SEALED_NAME_SIZE];
	uint64_t offset;
	bool lost;
	uint64_t first, next; /* numbers of records */
};

struct verifying {
	const char *dir;
	void (*report)(void *user, const struct store_fault *fault);
	void *user;
	struct store_verified *verified;
	struct chain *chain;
	struct undone undone;
	uint64_t limit;                  /* newest commit that is known to be whole */
	uint64_t next[STORE_CLASSES];    /* the greatest any block told of each class */
	uint64_t reached[STORE_CLASSES]; /* what the blocks of the class come to */

	/* Of the class being read. */
	uint8_t class;
	char class_dir[PATH_MAX];
	struct segments *segments;
	unsigned char id[SEGLOG_ID_SIZE];
	struct running *running;
	size_t n_running, running_room;
	struct arena arena;
	struct strbuf bodies;
};

/* `name` NULL: the folder's own file. */
static void fault(
	struct verifying *verifying, const char *name, uint64_t offset, const char *what)
{
	char path[PATH_ROOM];
	const struct store_fault fault = {
		.class = verifying->class, .file = path, .offset = offset, .what = what};

	snprintf(path, sizeof(path), "%s/%s",
		verifying->class > 0 ? verifying->class_dir : verifying->dir, name);
	verifying->verified->faults++;
	verifying->report(verifying->user, &fault);
}

static bool counts(const struct verifying *verifying, uint64_t commit)
{
	return commit <= verifying->limit && !undone_has(&verifying->undone, commit);
}

/* What a block tells of all classes, and how far it brings its own. */
static void note_numbers(struct verifying *verifying, const struct block_head *head,
	const struct block_front *front)
{
	uint64_t *reached = &verifying->reached[verifying->class - 1];

	for (uint32_t i = 0; i < head->n_parts; i++) {
		if (!counts(verifying, front->parts[i].commit))
			return;
		for (unsigned c = 0; c < STORE_CLASSES; c++) {
			if (verifying->next[c] < front->parts[i].next[c])
				verifying->next[c] = front->parts[i].next[c];
		}
	}
	if (head->kind == BLOCK_RECORDS && *reached < head->first + head->n_records)
		*reached = head->first + head->n_records;
	verifying->verified->records += head->n_records;
}

static bool block_is_whole(struct verifying *verifying, const struct block_head *head,
	struct slice front_packed, struct slice bodies_packed)
{
	struct block_front front;

	arena_reset(&verifying->arena);
	strbuf_reset(&verifying->bodies);
	if (!block_front_read(head, front_packed, &verifying->arena, &front) ||
		!block_bodies_read(head, bodies_packed, &verifying->bodies))
		return false;
	note_numbers(verifying, head, &front);
	verifying->verified->blocks++;
	return true;
}

/* ---- running segments -------------------------------------------------------------- */

static struct running *add_running(
	struct verifying *verifying, const char *file, uint64_t offset)
{
	if (verifying->n_running == verifying->running_room) {
		verifying->running_room = verifying->running_room * 2 + 256;
		verifying->running = reallocarray(verifying->running, verifying->running_room,
			sizeof(*verifying->running));
		if (verifying->running == NULL)
			abort();
	}

	struct running *running = &verifying->running[verifying->n_running++];
	*running = (struct running){.offset = offset};
	snprintf(running->file, sizeof(running->file), "%s", file);
	return running;
}

static bool is_there(const struct verifying *verifying, const char *file)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%s/%s", verifying->class_dir, file);
	return access(path, F_OK) == 0;
}

static bool see_entry(void *user, const char *file, uint64_t offset, enum seglog_read what,
	const struct seglog_entry *entry)
{
	struct verifying *verifying = user;
	struct block_head head;

	if (what == SEGLOG_LOST) {
		if (is_there(verifying, file))
			fault(verifying, file, offset, "damaged");
		else
			add_running(verifying, file, offset)->lost = true;
		return true;
	}
	verifying->verified->bytes += entry->payload.len;
	if (!block_head_read(entry->payload, &head) || head.class != verifying->class ||
		entry->payload.len != BLOCK_HEAD_SIZE + block_tail_size(&head) ||
		!block_is_whole(verifying, &head,
			slice_of(entry->payload.ptr + BLOCK_HEAD_SIZE, head.front_packed),
			block_bodies(&head, entry->payload))) {
		fault(verifying, file, offset, "an entry that is no block of this class");
		return true;
	}
	if (head.kind == BLOCK_RECORDS && counts(verifying, head.commit)) {
		struct running *running = add_running(verifying, file, offset);

		running->first = head.first;
		running->next = head.first + head.n_records;
	}
	return true;
}

/*
 * A file may have gone because it was sealed while we read: then what follows begins where
 * sealed records already are. Whether something is missing at the end, check_ends() knows.
 */
static void check_running(struct verifying *verifying, uint64_t sealed_next)
{
	uint64_t expected = sealed_next;
	const struct running *lost = NULL;

	for (size_t i = 0; i < verifying->n_running; i++) {
		const struct running *one = &verifying->running[i];

		if (one->lost) {
			lost = one;
			continue;
		}
		if (expected > 0 && one->first > expected && one->first > sealed_next)
			fault(verifying, lost ? lost->file : one->file,
				lost ? lost->offset : one->offset,
				lost ? "the file is missing" : "blocks are missing before it");
		lost = NULL;
		expected = one->next;
	}
}

/* ---- sealed segments ----------------------------------------------------------------- */

struct sealed_walk {
	char name[SEALED_NAME_SIZE];
	struct chain_link link; /* behind what was read */
	bool link_known;
	uint64_t next_record; /* likewise; 0 = not known */
	uint64_t last_commit;
	uint32_t n_blocks;
};

static const char *seal_fault(const struct sealed_walk *walk, const struct chain_seal *right,
	const struct chain_seal *found)
{
	if (!chain_same(&right->front, &found->front))
		return "the hash of its columns is wrong";
	if (!chain_same(&right->bodies, &found->bodies))
		return "the hash of its bodies is wrong";
	if (walk->link_known && !chain_same(&right->link, &found->link))
		return "the chain is broken";
	return NULL;
}

static void check_block(struct verifying *verifying, struct sealed_walk *walk,
	struct sealed_reader *reader, const struct sealed_block *block)
{
	struct slice bodies = sealed_reader_bodies(reader);
	struct chain_seal right;
	const char *what = "its bodies cannot be read";

	walk->n_blocks++;
	verifying->verified->bytes +=
		BLOCK_HEAD_SIZE + CHAIN_SEAL_SIZE + block_tail_size(&block->head);
	if (!slice_absent(bodies)) {
		right = chain_seal_block(
			verifying->chain, &walk->link, block->head_bytes, block->front, bodies);
		what = seal_fault(walk, &right, &block->seal);
		if (what == NULL && block->head.class != verifying->class)
			what = "it belongs to another level";
		if (what == NULL &&
			!block_is_whole(verifying, &block->head, block->front, bodies))
			what = "it does not unpack";
	}
	walk->link = block->seal.link;
	walk->link_known = true;
	if (what == NULL && block->head.kind == BLOCK_RECORDS && walk->next_record > 0 &&
		block->head.first != walk->next_record)
		what = "blocks are missing before it";
	if (block->head.kind == BLOCK_RECORDS) {
		walk->next_record = block->head.first + block->head.n_records;
		walk->last_commit = block->head.last_commit;
	}
	if (what != NULL)
		fault(verifying, walk->name, block->offset, what);
}

static void check_head(
	struct verifying *verifying, struct sealed_walk *walk, const struct sealed_head *head)
{
	if (memcmp(head->id, verifying->id, sizeof(head->id)) != 0)
		fault(verifying, walk->name, 0, "it belongs to another store");
	else if (walk->link_known && !chain_same(&head->chain, &walk->link))
		fault(verifying, walk->name, 0,
			"the chain does not go on from the segment before");
	else if (walk->next_record > 0 && head->first_record != walk->next_record)
		fault(verifying, walk->name, 0, "a segment is missing before it");
	if (!walk->link_known)
		walk->link = head->chain;
	walk->link_known = true;
	walk->next_record = head->first_record;
}

static void check_foot(
	struct verifying *verifying, struct sealed_walk *walk, struct sealed_reader *reader)
{
	struct sealed_foot foot;

	if (!sealed_reader_foot(reader, &foot))
		fault(verifying, walk->name, sealed_reader_offset(reader),
			"its foot is damaged");
	else if (foot.n_blocks != walk->n_blocks || foot.next_record != walk->next_record ||
		 foot.last_commit != walk->last_commit || !chain_same(&foot.chain, &walk->link))
		fault(verifying, walk->name, foot.size, "its foot tells of other blocks");
}

static void check_segment(struct verifying *verifying, struct sealed_walk *walk,
	struct sealed_reader *reader, bool head_is_good)
{
	struct sealed_block block;
	enum sealed_read status;

	walk->n_blocks = 0;
	verifying->verified->files++;
	if (head_is_good)
		check_head(verifying, walk, sealed_reader_head(reader));
	else
		fault(verifying, walk->name, 0, "its head is damaged");
	while ((status = sealed_reader_next(reader, &block)) != SEALED_END) {
		if (status == SEALED_BLOCK) {
			check_block(verifying, walk, reader, &block);
			continue;
		}
		fault(verifying, walk->name, block.offset, "damaged");
		walk->link_known = false;
		walk->next_record = 0;
	}
	check_foot(verifying, walk, reader);
}

/* Where the first segment's chain must go on. */
static void start_walk(struct verifying *verifying, struct sealed_walk *walk, uint64_t first)
{
	struct removed removed;

	*walk = (struct sealed_walk){.link_known = true};
	if (segments_removed_before(verifying->segments, first, &removed)) {
		walk->link = removed.chain;
		walk->next_record = removed.next_record;
		walk->last_commit = removed.last_commit;
	} else {
		walk->link = chain_start(verifying->chain, verifying->class, verifying->id);
		walk->next_record = 1;
	}
}

static bool check_sealed(struct verifying *verifying, struct sealed_walk *walk, struct err *err)
{
	uint64_t first_commit;
	size_t n = segments_count(verifying->segments);

	for (size_t i = 0; i < n && segments_at(verifying->segments, i, &first_commit); i++) {
		struct sealed_reader *reader = NULL;

		if (i == 0)
			start_walk(verifying, walk, first_commit);
		sealed_name(first_commit, walk->name);
		switch (sealed_reader_open(
			verifying->class_dir, first_commit, verifying->class, &reader, err)) {
		case SEALED_OPEN:
			check_segment(verifying, walk, reader, true);
			break;
		case SEALED_BROKEN:
			check_segment(verifying, walk, reader, false);
			break;
		case SEALED_GONE: /* removed while we read */
			*walk = (struct sealed_walk){0};
			break;
		case SEALED_FAILED:
			return false;
		}
		sealed_reader_close(reader);
	}
	if (n == 0)
		start_walk(verifying, walk, UINT64_MAX);
	return true;
}

/* ---- a class, and all --------------------------------------------------------------- */

static void note_head(struct verifying *verifying, const struct sealed_walk *walk)
{
	struct store_chain_head *head = &verifying->verified->heads[verifying->class - 1];

	head->commit = walk->last_commit;
	head->next_record = walk->next_record;
	memcpy(head->sha256, &walk->link, sizeof(head->sha256));
}

/* The running segments first: what is sealed meanwhile is then seen sealed. */
static bool check_class(struct verifying *verifying, struct err *err)
{
	struct sealed_walk walk = {0};
	uint64_t n_removed;

	verifying->n_running = 0;
	if (!seglog_walk(verifying->class_dir, see_entry, verifying, err))
		return false;
	verifying->segments = segments_open(verifying->class_dir, verifying->class, false, err);
	if (verifying->segments == NULL)
		return false;
	bool ok = check_sealed(verifying, &walk, err);
	if (ok) {
		if (!segments_removed_check(verifying->segments, &n_removed))
			fault(verifying, "removed", n_removed * REMOVED_SIZE,
				"an entry is damaged");
		verifying->verified->removed += n_removed;
		check_running(verifying, walk.next_record);
		note_head(verifying, &walk);
		if (verifying->reached[verifying->class - 1] < walk.next_record)
			verifying->reached[verifying->class - 1] = walk.next_record;
	}
	segments_close(verifying->segments);
	return ok;
}

static void enter_class(struct verifying *verifying, unsigned i)
{
	verifying->class = (uint8_t)(i + 1);
	snprintf(verifying->class_dir, sizeof(verifying->class_dir), "%.*s/class-%u",
		PATH_MAX - 32, verifying->dir, i + 1);
}

/* Records of a class that other classes' blocks tell of, and that are nowhere. */
static void check_ends(struct verifying *verifying)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		uint64_t reached = verifying->reached[i] > 0 ? verifying->reached[i] : 1;

		enter_class(verifying, i);
		if (verifying->next[i] > reached)
			fault(verifying, "", 0, "its last blocks are missing");
	}
}

static bool find_limit(struct verifying *verifying, struct err *err)
{
	bool whole;

	if (!tails_newest_in(
		    verifying->dir, &verifying->undone, &verifying->limit, &whole, err))
		return false;
	verifying->limit -= !whole;
	return true;
}

static bool read_id(struct verifying *verifying, struct err *err)
{
	struct seglog *log = seglog_open_reading(verifying->class_dir, NULL, err);

	if (log == NULL)
		return false;
	memcpy(verifying->id, seglog_id(log), sizeof(verifying->id));
	seglog_close(log);
	return true;
}

static bool check_all(struct verifying *verifying, struct err *err)
{
	struct err unreadable;

	if (!undone_load(&verifying->undone, verifying->dir, &unreadable))
		fault(verifying, "undone", 0, unreadable.text);
	verifying->verified->commits_undone = verifying->undone.n;
	if (!find_limit(verifying, err))
		return false;
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		enter_class(verifying, i);
		if (!read_id(verifying, err) || !check_class(verifying, err))
			return false;
	}
	check_ends(verifying);
	return true;
}

bool store_verify(const char *dir, void (*report)(void *user, const struct store_fault *fault),
	void *user, struct store_verified *verified, struct err *err)
{
	struct verifying verifying = {
		.dir = dir,
		.report = report,
		.user = user,
		.verified = verified,
		.chain = chain_new(),
	};

	*verified = (struct store_verified){0};
	arena_init(&verifying.arena, BLOCK_ARENA_MAX);
	strbuf_init(&verifying.bodies, BLOCK_BODIES_MAX);
	bool ok = check_all(&verifying, err);
	free(verifying.running);
	arena_done(&verifying.arena);
	strbuf_done(&verifying.bodies);
	undone_done(&verifying.undone);
	chain_free(verifying.chain);
	return ok;
}
