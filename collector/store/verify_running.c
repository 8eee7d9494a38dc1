/* Running segments: check sums, numbers without a hole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store/verify_parts.h"

static void add_running(struct verifying *verifying, const struct running *running)
{
	if (verifying->n_running == verifying->running_room) {
		verifying->running_room = verifying->running_room * 2 + 256;
		verifying->running = reallocarray(verifying->running, verifying->running_room,
			sizeof(*verifying->running));
		if (verifying->running == NULL)
			abort();
	}
	verifying->running[verifying->n_running++] = *running;
}

static bool is_there(const struct verifying *verifying, const char *file)
{
	char path[VERIFY_PATH_ROOM];

	snprintf(path, sizeof(path), "%s/%s", verifying->class_dir, file);
	return access(path, F_OK) == 0;
}

static void note_file(struct verifying *verifying, const char *file)
{
	if (strcmp(verifying->running_file, file) == 0)
		return;
	snprintf(verifying->running_file, sizeof(verifying->running_file), "%s", file);
	verifying->of->running++;
}

/* NULL: it is a sound block of the class. */
static const char *entry_fault(
	struct verifying *verifying, const struct seglog_entry *entry, struct block_head *head)
{
	if (block_head_read(entry->payload, head) && head->class == verifying->class &&
		entry->payload.len == BLOCK_HEAD_SIZE + block_tail_size(head) &&
		verify_block(verifying, head,
			slice_of(entry->payload.ptr + BLOCK_HEAD_SIZE, head->front_packed),
			block_bodies(head, entry->payload)))
		return NULL;
	return "an entry that is no block of this class";
}

static bool see_entry(void *user, const char *file, uint64_t offset, enum seglog_read what,
	const struct seglog_entry *entry)
{
	struct verifying *verifying = user;
	struct running one = {.offset = offset};
	struct block_head head;

	snprintf(one.file, sizeof(one.file), "%s", file);
	if (what == SEGLOG_LOST) {
		one.missing = !is_there(verifying, file);
		one.fault = one.missing ? "the file is missing" : "damaged";
		add_running(verifying, &one);
		return true;
	}
	note_file(verifying, file);
	verify_progress(verifying, entry->payload.len);
	one.size = entry->payload.len;
	one.fault = entry_fault(verifying, entry, &head);
	if (one.fault == NULL &&
		(head.kind != BLOCK_RECORDS || !verify_counts(verifying, head.commit)))
		return true;
	if (one.fault == NULL) {
		one.first = head.first;
		one.next = head.first + head.n_records;
		one.commit = head.commit;
	}
	add_running(verifying, &one);
	return true;
}

bool verify_read_running(struct verifying *verifying, struct err *err)
{
	verifying->n_running = 0;
	verifying->running_file[0] = '\0';
	return seglog_walk(verifying->class_dir, see_entry, verifying, err);
}

static void check_order(struct verifying *verifying, const struct running *one,
	const struct running *missing, uint64_t expected, uint64_t sealed_next)
{
	if (expected > 0 && one->first > expected && one->first > sealed_next)
		verify_fault(verifying, missing ? missing->file : one->file,
			missing ? missing->offset : one->offset,
			missing ? missing->fault : "blocks are missing before it");
	verifying->after = one->commit;
	if (one->first >= sealed_next)
		verify_count(
			verifying, one->commit, one->commit, one->next - one->first, one->size);
}

/*
 * A file may have gone because it was sealed while we read: then what follows begins where
 * sealed records already are. Whether something is missing at the end, check_ends() knows.
 */
void verify_running(struct verifying *verifying, uint64_t sealed_next)
{
	const struct running *missing = NULL;
	uint64_t expected = sealed_next;

	for (size_t i = 0; i < verifying->n_running; i++) {
		const struct running *one = &verifying->running[i];

		if (one->missing) {
			missing = one;
			continue;
		}
		if (one->fault != NULL) {
			verify_fault(verifying, one->file, one->offset, one->fault);
			continue;
		}
		check_order(verifying, one, missing, expected, sealed_next);
		missing = NULL;
		expected = one->next;
	}
}
