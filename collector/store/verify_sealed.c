/* Sealed segments: hashes, the chain, heads and feet. */
#include <string.h>

#include "collector/store/verify_parts.h"

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
	uint64_t size = BLOCK_HEAD_SIZE + CHAIN_SEAL_SIZE + block_tail_size(&block->head);
	struct chain_seal right;
	const char *what = "its bodies cannot be read";

	walk->n_blocks++;
	verify_progress(verifying, size);
	if (!slice_absent(bodies)) {
		right = chain_seal_block(
			verifying->chain, &walk->link, block->head_bytes, block->front, bodies);
		what = seal_fault(walk, &right, &block->seal);
		if (what == NULL && block->head.class != verifying->class)
			what = "it belongs to another level";
		if (what == NULL &&
			!verify_block(verifying, &block->head, block->front, bodies))
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
		verify_fault(verifying, walk->name, block->offset, what);
	else if (block->head.kind == BLOCK_RECORDS)
		verify_count(verifying, block->head.commit, block->head.last_commit,
			block->head.n_records, size);
	verifying->after = walk->last_commit;
}

static void check_head(
	struct verifying *verifying, struct sealed_walk *walk, const struct sealed_head *head)
{
	if (memcmp(head->id, verifying->id, sizeof(head->id)) != 0)
		verify_fault(verifying, walk->name, 0, "it belongs to another store");
	else if (walk->link_known && !chain_same(&head->chain, &walk->link))
		verify_fault(verifying, walk->name, 0,
			"the chain does not go on from the segment before");
	else if (walk->next_record > 0 && head->first_record != walk->next_record)
		verify_fault(verifying, walk->name, 0, "a segment is missing before it");
	walk->link = head->chain; /* what follows from a break is not told again */
	walk->link_known = true;
	walk->next_record = head->first_record;
}

static void check_foot(
	struct verifying *verifying, struct sealed_walk *walk, struct sealed_reader *reader)
{
	struct sealed_foot foot;

	if (!sealed_reader_foot(reader, &foot))
		verify_fault(verifying, walk->name, sealed_reader_offset(reader),
			"its foot is damaged");
	else if (foot.n_blocks != walk->n_blocks || foot.next_record != walk->next_record ||
		 foot.last_commit != walk->last_commit || !chain_same(&foot.chain, &walk->link))
		verify_fault(
			verifying, walk->name, foot.size, "its foot tells of other blocks");
}

static void check_segment(struct verifying *verifying, struct sealed_walk *walk,
	struct sealed_reader *reader, bool head_is_good)
{
	struct sealed_block block;
	enum sealed_read status;

	walk->n_blocks = 0;
	verifying->of->sealed++;
	if (head_is_good)
		check_head(verifying, walk, sealed_reader_head(reader));
	else
		verify_fault(verifying, walk->name, 0, "its head is damaged");
	while ((status = sealed_reader_next(reader, &block)) != SEALED_END) {
		if (status == SEALED_BLOCK) {
			check_block(verifying, walk, reader, &block);
			continue;
		}
		verify_fault(verifying, walk->name, block.offset, "damaged");
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

bool verify_sealed(struct verifying *verifying, struct sealed_walk *walk, struct err *err)
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
