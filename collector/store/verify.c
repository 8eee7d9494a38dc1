#include "collector/store/verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/store/tail.h"
#include "collector/store/verify_parts.h"

void verify_fault(
	struct verifying *verifying, const char *name, uint64_t offset, const char *what)
{
	char path[VERIFY_PATH_ROOM];
	const struct store_fault fault = {
		.class = verifying->class,
		.file = path,
		.offset = offset,
		.after = verifying->after,
		.what = what,
	};

	snprintf(path, sizeof(path), "%s%s%s",
		verifying->class > 0 ? verifying->class_dir : verifying->dir,
		name[0] != '\0' ? "/" : "", name);
	verifying->verified->faults++;
	verifying->user->report(verifying->user->user, &fault);
}

void verify_progress(struct verifying *verifying, uint64_t bytes)
{
	verifying->done += bytes;
	if (verifying->user->progress != NULL)
		verifying->user->progress(
			verifying->user->user, verifying->done, verifying->total);
}

bool verify_counts(const struct verifying *verifying, uint64_t commit)
{
	return commit <= verifying->limit && !undone_has(&verifying->undone, commit);
}

/* What a block tells of all classes, and how far it brings its own. */
static void note_numbers(struct verifying *verifying, const struct block_head *head,
	const struct block_front *front)
{
	uint64_t *reached = &verifying->reached[verifying->class - 1];

	for (uint32_t i = 0; i < head->n_parts; i++) {
		if (!verify_counts(verifying, front->parts[i].commit))
			return;
		for (unsigned c = 0; c < STORE_CLASSES; c++) {
			if (verifying->next[c] < front->parts[i].next[c])
				verifying->next[c] = front->parts[i].next[c];
		}
	}
	if (head->kind == BLOCK_RECORDS && *reached < head->first + head->n_records)
		*reached = head->first + head->n_records;
}

void verify_count(struct verifying *verifying, uint64_t commit, uint64_t last_commit,
	uint64_t n_records, uint64_t size)
{
	struct store_verified_class *of = verifying->of;

	of->blocks++;
	of->records += n_records;
	of->bytes += size;
	if (of->first_commit == 0)
		of->first_commit = commit;
	of->last_commit = last_commit;
}

bool verify_block(struct verifying *verifying, const struct block_head *head,
	struct slice front_packed, struct slice bodies_packed)
{
	struct block_front front;

	arena_reset(&verifying->arena);
	strbuf_reset(&verifying->bodies);
	if (!block_front_read(head, front_packed, &verifying->arena, &front) ||
		!block_bodies_read(head, bodies_packed, &verifying->bodies))
		return false;
	note_numbers(verifying, head, &front);
	return true;
}

/* ---- a class, and all ------------------------------------------------------- */

static void note_head(struct verifying *verifying, const struct sealed_walk *walk)
{
	struct store_chain_head *head = &verifying->of->head;

	head->commit = walk->last_commit;
	head->next_record = walk->next_record;
	memcpy(head->sha256, &walk->link, sizeof(head->sha256));
}

/* The running segments first: what is sealed meanwhile is then seen sealed. */
static bool check_class(struct verifying *verifying, struct err *err)
{
	struct sealed_walk walk = {0};
	uint64_t n_removed;

	if (!verify_read_running(verifying, err))
		return false;
	verifying->segments = segments_open(verifying->class_dir, verifying->class, false, err);
	if (verifying->segments == NULL)
		return false;
	bool ok = verify_sealed(verifying, &walk, err);
	if (ok) {
		if (!segments_removed_check(verifying->segments, &n_removed))
			verify_fault(verifying, "removed", n_removed * REMOVED_SIZE,
				"an entry is damaged");
		verifying->of->removed = n_removed;
		verify_running(verifying, walk.next_record);
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
	verifying->of = &verifying->verified->classes[i];
	verifying->after = 0;
	snprintf(verifying->class_dir, sizeof(verifying->class_dir), "%.*s/class-%u",
		PATH_MAX - 32, verifying->dir, i + 1);
}

/* Records of a class that other classes' blocks tell of, and that are nowhere. */
static void check_ends(struct verifying *verifying)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		uint64_t reached = verifying->reached[i] > 0 ? verifying->reached[i] : 1;

		enter_class(verifying, i);
		verifying->after = verifying->of->last_commit;
		if (verifying->next[i] > reached)
			verify_fault(verifying, "", 0, "its last blocks are missing");
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
		verify_fault(verifying, "undone", 0, unreadable.text);
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

/* Of the files that will be read; what comes and goes meanwhile makes no odds. */
static uint64_t bytes_in(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat st;
	uint64_t bytes = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct slice name = slice_str(entry->d_name);

		if ((slice_ends(name, SLICE_LIT(".seg")) ||
			    slice_ends(name, SLICE_LIT(".sealed"))) &&
			fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			bytes += (uint64_t)st.st_size;
	}
	if (dir != NULL)
		closedir(dir);
	return bytes;
}

static void measure(struct verifying *verifying)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		enter_class(verifying, i);
		verifying->total += bytes_in(verifying->class_dir);
	}
	verifying->class = 0;
	verify_progress(verifying, 0);
}

bool store_verify(const char *dir, const struct store_verify_user *user,
	struct store_verified *verified, struct err *err)
{
	struct verifying verifying = {
		.dir = dir,
		.user = user,
		.verified = verified,
		.chain = chain_new(),
	};

	*verified = (struct store_verified){0};
	arena_init(&verifying.arena, BLOCK_ARENA_MAX);
	strbuf_init(&verifying.bodies, BLOCK_BODIES_MAX);
	measure(&verifying);
	bool ok = check_all(&verifying, err);
	free(verifying.running);
	arena_done(&verifying.arena);
	strbuf_done(&verifying.bodies);
	undone_done(&verifying.undone);
	chain_free(verifying.chain);
	return ok;
}

uint64_t store_verified_segments(const struct store_verified *verified)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		n += verified->classes[i].sealed + verified->classes[i].running;
	return n;
}

uint64_t store_verified_blocks(const struct store_verified *verified)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		n += verified->classes[i].blocks;
	return n;
}

uint64_t store_verified_records(const struct store_verified *verified)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		n += verified->classes[i].records;
	return n;
}
