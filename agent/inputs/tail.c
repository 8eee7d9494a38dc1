#include "agent/inputs/tail.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/inputs/tail_inner.h"
#include "agent/state_item.h"
#include "common/clock.h"
#include "common/log.h"

enum {
	RETRY_MS = 2000, /* after a file could not be opened or read */
	TOLD_MAX = 20,   /* failures told to the collector in a minute */
};

struct counter tail_files_lost =
	COUNTER("file.lost", "files whose rest could not be found again");
static struct counter n_rotated = COUNTER("file.rotations", "files replaced by rotation");
static struct counter n_failed = COUNTER("file.failures", "files not opened or read");

struct tail *tail_new(const char *path)
{
	struct tail *tail = calloc(1, sizeof(*tail));

	if (tail == NULL || (tail->path = strdup(path)) == NULL)
		abort();
	tail->source.fd = -1;
	tail->late.fd = -1;
	return tail;
}

void tail_close_source(struct tails *tails, struct file_source *source)
{
	tails->n_open -= file_source_is_open(source);
	file_source_close(source);
}

void tail_close(struct tails *tails, struct tail *tail)
{
	tail_close_source(tails, &tail->source);
	tail_close_late(tails, tail);
}

void tail_free(struct tails *tails, struct tail *tail)
{
	tail_close(tails, tail);
	free(tail->path);
	free(tail);
}

void tail_place(struct tail *tail, const struct file_position *position)
{
	tail->position = *position;
	tail->placed = true;
	file_scan_start(&tail->scan, position->offset);
}

void tail_came(struct tail *tail)
{
	tail->successors++;
}

void tail_left(struct tail *tail)
{
	tail->left = true;
}

/* ---- failures ------------------------------------------------------------- */

static void say(
	struct tails *tails, const struct tail *tail, const char *action, const char *why)
{
	struct state_item item;

	state_item_begin(&item, action);
	json_put_str(&item.json, "soc.about.input", "file");
	state_item_text(&item, "soc.about.source", slice_str(tail->path));
	state_item_reason(&item, why);
	state_item_give(&item, tails->intake);
}

/* Whoever can make files must not be able to fill the urgent lane with them. */
static bool may_tell(struct tails *tails, int64_t now_ms)
{
	if (now_ms - tails->told_ms >= 60000) {
		tails->told_ms = now_ms;
		tails->told = 0;
	}
	return tails->told++ < TOLD_MAX;
}

static enum tail_turn fail(
	struct tails *tails, struct tail *tail, int64_t now_ms, const struct err *err)
{
	tail->retry_ms = now_ms + RETRY_MS;
	if (tail->failing || err->sys == ENOENT)
		return TAIL_WAITING;
	tail->failing = true;
	counter_add(&n_failed, 1);
	log_warn("file.failed", "path=%s reason=%s", LOG_TEXT(slice_str(tail->path)),
		LOG_TEXT(slice_str(err->text)));
	tail->told = may_tell(tails, now_ms);
	if (tail->told)
		say(tails, tail, "input-failed", err->text);
	return TAIL_WAITING;
}

static void works_again(struct tails *tails, struct tail *tail)
{
	if (tail->told)
		say(tails, tail, "input-recovered", NULL);
	tail->failing = false;
	tail->told = false;
}

/* ---- at the end ----------------------------------------------------------- */

/* The writer is done with the rotated file at hand, as far as one can tell. */
static bool is_settled(const struct tail *tail, int64_t now_ms)
{
	int64_t silent_ms = (int64_t)tail->settings->rotated_ms;
	int64_t since_ms =
		tail->rotated_ms > tail->grown_ms ? tail->rotated_ms : tail->grown_ms;
	int64_t age_ms = (clock_wall_ns() - tail->position.modified_ns) / CLOCK_NS_PER_MS;

	return now_ms - since_ms >= silent_ms || age_ms > silent_ms;
}

static enum tail_turn end_of_current(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	bool partial = file_scan_partial(&tail->scan);
	uint64_t patience = tail->settings->multiline.wait_ms;

	if (partial)
		patience = tail->settings->unfinished_ms;
	else if (!file_scan_may_go_on(&tail->scan))
		patience = 0;

	if ((!tail->counted || tail->successors > 0) && !tail_count_from_here(tails, tail))
		return TAIL_MORE;
	tail->rotated_ms = 0;
	if (!file_scan_pending(&tail->scan))
		return now_ms < tail->late_until_ms ? TAIL_WAITING : TAIL_IDLE;
	if (now_ms - tail->grown_ms < (int64_t)patience)
		return TAIL_WAITING;
	return tail_flush(tails, tail) ? TAIL_WAITING : TAIL_BLOCKED;
}

static enum tail_turn end_without_path(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	struct stat st;
	bool deleted = !file_source_stat(&tail->source, &st) || st.st_nlink == 0;

	if (!deleted && tail_still_patient(tail, now_ms))
		return TAIL_WAITING;
	tail_declare_removed(tails, tail, tail->counted ? tail->successors : 0);
	return TAIL_GONE;
}

static enum tail_turn next_file(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	struct err err = {0};

	switch (tail_next(tails, tail, &err)) {
	case MOVED_ON:
		works_again(tails, tail);
		return TAIL_MORE;
	case MOVED_NOWHERE:
		return end_without_path(tails, tail, now_ms);
	case MOVE_LATER:
		return TAIL_WAITING;
	case MOVE_BLOCKED:
		return TAIL_BLOCKED;
	case MOVE_FAILED:
		break;
	}
	return fail(tails, tail, now_ms, &err);
}

static enum tail_turn at_end(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	if (tail_path_names_source(tail))
		return end_of_current(tails, tail, now_ms);
	if (tail->rotated_ms == 0) {
		tail->rotated_ms = now_ms;
		counter_add(&n_rotated, 1);
		return TAIL_MORE; /* what was written before the renaming was not all seen */
	}
	return is_settled(tail, now_ms) ? next_file(tails, tail, now_ms) : TAIL_WAITING;
}

/* ---- a turn --------------------------------------------------------------- */

static enum tail_turn open_again(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	struct err err = {0};
	enum moved moved = tail->placed ? tail_locate(tails, tail, now_ms, &err)
					: tail_begin_new(tails, tail, &err);

	switch (moved) {
	case MOVED_ON:
		works_again(tails, tail);
		return file_source_is_open(&tail->source) ? TAIL_MORE : TAIL_IDLE;
	case MOVED_NOWHERE:
		return TAIL_GONE;
	case MOVE_LATER:
	case MOVE_BLOCKED:
		return TAIL_WAITING;
	case MOVE_FAILED:
		break;
	}
	return fail(tails, tail, now_ms, &err);
}

static enum tail_turn read_failed(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	struct err err;
	bool damaged = errno == EBADMSG;

	err_sys(&err, "reading");
	if (!damaged) {
		tail_close_source(tails, &tail->source);
		return fail(tails, tail, now_ms, &err);
	}
	enum tail_turn turn = next_file(tails, tail, now_ms);
	if (!tail->failing) {
		counter_add(&tail_files_lost, 1);
		tail_declare_loss(tails, tail, GAP_DAMAGED);
	}
	return turn;
}

void tail_begin(struct tails *tails, struct tail *tail)
{
	struct err err;

	if (!tail->placed)
		(void)tail_begin_new(tails, tail, &err); /* a turn tries again, and tells */
}

enum tail_turn tail_turn(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	if (now_ms < tail->retry_ms)
		return TAIL_WAITING;
	if (file_source_is_open(&tail->late) && !tail_read_late(tails, tail, now_ms))
		return TAIL_BLOCKED;
	if (!file_source_is_open(&tail->source)) {
		enum tail_turn turn = open_again(tails, tail, now_ms);

		if (turn != TAIL_MORE)
			return turn;
	}

	switch (tail_read(tails, tail, now_ms)) {
	case READ_MORE:
		return TAIL_MORE;
	case READ_END:
		works_again(tails, tail);
		return at_end(tails, tail, now_ms);
	case READ_REFUSED:
		return TAIL_BLOCKED;
	case READ_TRUNCATED:
		tail->at_rest = false;
		tail_close_source(tails, &tail->source);
		return TAIL_MORE;
	case READ_FAILED:
		break;
	}
	return read_failed(tails, tail, now_ms);
}
