#include "agent/spool.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/bytes.h"
#include "common/counter.h"
#include "common/crc32c.h"
#include "common/file.h"

enum {
	ENTRY_CHUNK = 1,
	ENTRY_GAP = 2,
	/* Of a gap: u8 reason, u8 0, u16 length of the source, u64 bytes, source. */
	GAP_HEAD_SIZE = 12,
	SEGMENTS_MIN = 4, /* a lane has room for so many, or releasing one frees too little */
	ARENA_MAX = 32 << 20,
};

static struct counter n_lost = COUNTER("spool.lost", "items that could not be read again");

struct lane {
	struct seglog_settings settings;
	unsigned char log_id[SEGLOG_ID_SIZE]; /* settings.known_id */
	struct seglog *log;                   /* NULL: failed, to be opened again */
	struct spool_state failed;            /* what it was then */
	struct seglog_cursor *cursor;
	uint64_t read_at;   /* the cursor's next sequence */
	uint64_t last_lost; /* the end of what it could not read; 0 = nothing */
	uint64_t epoch, begin, acked;
	uint32_t acked_crc;
	enum spool_epoch unsaved; /* KEPT: the epoch is on disk */
	uint64_t old_epoch;       /* that was saved before it; 0 = none */
	bool known;               /* the log is the one the bookmark speaks of */
	struct {                  /* the entry whose append failed */
		uint64_t first;
		uint32_t count, crc;
	} suspect;
	char dir[PATH_MAX];
};

struct spool {
	struct lane lanes[LANE_COUNT];
};

/* ---- life ----------------------------------------------------------------- */

static bool draw_epoch(struct lane *lane, uint64_t begin, struct err *err)
{
	uint64_t epoch = 0;

	while (epoch == 0)
		if (getrandom(&epoch, sizeof(epoch), 0) != sizeof(epoch))
			return err_sys(err, "random numbers");
	lane->epoch = epoch;
	lane->begin = begin;
	lane->acked = 0;
	lane->acked_crc = 0;
	return true;
}

static bool is_known(const struct bookmark_lane *known, const struct seglog *log)
{
	return known->epoch != 0 &&
	       memcmp(known->log_id, seglog_id(log), SEGLOG_ID_SIZE) == 0 &&
	       known->acked < seglog_next(log) && known->begin <= seglog_next(log);
}

static bool open_lane(struct lane *lane, const struct bookmark_lane *known,
	struct spool_report *report, struct err *err)
{
	memcpy(lane->log_id, known->log_id, SEGLOG_ID_SIZE);
	lane->settings.known_durable = known->covered;
	lane->log = seglog_open(&lane->settings, &report->damage, err);
	if (lane->log == NULL)
		return false;
	lane->known = is_known(known, lane->log);
	if (lane->known) {
		report->epoch = SPOOL_EPOCH_KEPT;
		lane->epoch = known->epoch;
		lane->begin = known->begin;
		lane->acked = known->acked;
		lane->acked_crc = known->acked_crc;
		return true;
	}
	report->epoch = known->epoch == 0 && seglog_next(lane->log) == 1 ? SPOOL_EPOCH_FIRST
									 : SPOOL_EPOCH_LOST;
	lane->unsaved = report->epoch;
	lane->old_epoch = known->epoch;
	return draw_epoch(lane, seglog_released(lane->log) + 1, err);
}

static bool set_lane(struct lane *lane, const char *dir, const char *name, uint64_t quota,
	uint64_t segment_size, struct err *err)
{
	if ((size_t)snprintf(lane->dir, sizeof(lane->dir), "%s/%s", dir, name) >=
		sizeof(lane->dir))
		return err_set(err, "%s: name too long", dir);
	lane->settings = (struct seglog_settings){
		.dir = lane->dir,
		.segment_size = segment_size < quota / SEGMENTS_MIN ? segment_size
								    : quota / SEGMENTS_MIN,
		.quota = quota,
		.known_id = lane->log_id,
	};
	return true;
}

struct spool *spool_open(const char *dir, const struct spool_settings *settings,
	const struct bookmark_lane known[LANE_COUNT], struct spool_report report[LANE_COUNT],
	struct err *err)
{
	const uint64_t quotas[LANE_COUNT] = {settings->urgent_size, settings->bulk_size};
	struct spool *spool = calloc(1, sizeof(*spool));
	bool ok = spool != NULL && file_make_dirs(dir, 0700, err);

	if (spool == NULL)
		abort();
	for (size_t i = 0; i < LANE_COUNT && ok; i++)
		ok = set_lane(&spool->lanes[i], dir, frame_lane_text((enum frame_lane)i),
			     quotas[i], settings->segment_size, err) &&
		     open_lane(&spool->lanes[i], &known[i], &report[i], err);
	if (ok)
		return spool;
	spool_close(spool);
	return NULL;
}

static void close_log(struct lane *lane)
{
	seglog_cursor_close(lane->cursor);
	lane->cursor = NULL;
	seglog_close(lane->log);
	lane->log = NULL;
}

void spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	for (size_t i = 0; i < LANE_COUNT; i++)
		close_log(&spool->lanes[i]);
	free(spool);
}

/* ---- state ---------------------------------------------------------------- */

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Nothing up to here is sent again. */
static uint64_t done_up_to(const struct lane *lane)
{
	return max_u64(lane->acked, lane->begin - 1);
}

/* What only an open log knows. */
static void look_at_log(const struct lane *lane, struct spool_state *state)
{
	state->first = max_u64(seglog_first(lane->log), lane->begin);
	state->next = seglog_next(lane->log);
	state->bytes = seglog_bytes(lane->log);
}

void spool_lane(const struct spool *spool, enum frame_lane number, struct bookmark_lane *known)
{
	const struct lane *lane = &spool->lanes[number];

	if (lane->log != NULL) {
		memcpy(known->log_id, seglog_id(lane->log), SEGLOG_ID_SIZE);
		known->covered = seglog_durable(lane->log);
	}
	known->epoch = lane->epoch;
	known->begin = lane->begin;
	known->acked = lane->acked;
	known->acked_crc = lane->acked_crc;
}

void spool_state(const struct spool *spool, enum frame_lane number, struct spool_state *state)
{
	const struct lane *lane = &spool->lanes[number];

	*state = lane->failed;
	if (lane->log != NULL)
		look_at_log(lane, state);
	state->acked = done_up_to(lane);
	state->queued = state->next - 1 - state->acked;
}

/* ---- adding --------------------------------------------------------------- */

static bool open_again(struct lane *lane, struct err *err)
{
	struct seglog_damage damage;

	if (lane->log == NULL)
		lane->log = seglog_open(&lane->settings, &damage, err);
	return lane->log != NULL;
}

static void close_failed(struct lane *lane)
{
	look_at_log(lane, &lane->failed);
	lane->failed.next = seglog_durable(lane->log) + 1;
	memcpy(lane->log_id, seglog_id(lane->log), SEGLOG_ID_SIZE);
	lane->settings.known_durable = seglog_durable(lane->log);
	close_log(lane);
}

/* Did the entry that failed reach the disk after all? */
static bool suspect_is_there(struct lane *lane, uint32_t count, uint32_t crc)
{
	struct seglog_entry entry;
	struct seglog_cursor *cursor;
	bool there;

	if (lane->suspect.first == 0 || lane->suspect.count != count ||
		lane->suspect.crc != crc || seglog_next(lane->log) <= lane->suspect.first)
		return false;
	cursor = seglog_cursor_open(lane->log, lane->suspect.first);
	seglog_cursor_wait(cursor);
	there = seglog_cursor_next(cursor, &entry, NULL) == SEGLOG_ENTRY &&
		entry.first == lane->suspect.first && entry.count == count && entry.crc == crc;
	seglog_cursor_close(cursor);
	return there;
}

static enum spool_status add(
	struct lane *lane, uint8_t kind, struct slice payload, uint32_t count, struct err *err)
{
	uint32_t crc = crc32c(0, payload.ptr, payload.len);

	if (!open_again(lane, err))
		return SPOOL_FAILED;
	if (suspect_is_there(lane, count, crc)) {
		lane->suspect.first = 0;
		return SPOOL_OK;
	}

	uint64_t first = seglog_next(lane->log);
	enum seglog_status status = seglog_append(lane->log, kind, count, &payload, 1, err);
	if (status == SEGLOG_OK)
		status = seglog_sync(lane->log, err);
	lane->suspect.first = 0;
	if (status != SEGLOG_FAILED)
		return status == SEGLOG_OK ? SPOOL_OK : SPOOL_FULL;
	lane->suspect.first = first;
	lane->suspect.count = count;
	lane->suspect.crc = crc;
	close_failed(lane);
	return SPOOL_FAILED;
}

enum spool_status spool_add_chunk(struct spool *spool, enum frame_lane lane, struct slice chunk,
	uint32_t count, struct err *err)
{
	return add(&spool->lanes[lane], ENTRY_CHUNK, chunk, count, err);
}

enum seglog_room spool_room(const struct spool *spool, enum frame_lane lane, size_t size)
{
	const struct seglog *log = spool->lanes[lane].log;

	return log != NULL ? seglog_room(log, size) : SEGLOG_ROOM;
}

enum spool_status spool_add_gap(
	struct spool *spool, enum frame_lane lane, const struct frame_gap *gap, struct err *err)
{
	char bytes[GAP_HEAD_SIZE + FRAME_TEXT_MAX];
	size_t len = gap->source.len < FRAME_TEXT_MAX ? gap->source.len : FRAME_TEXT_MAX;

	assert(gap->count >= 1);
	bytes[0] = (char)gap->reason;
	bytes[1] = 0;
	bytes_put_u16(bytes + 2, (uint16_t)len);
	bytes_put_u64(bytes + 4, gap->bytes);
	if (len > 0)
		memcpy(bytes + GAP_HEAD_SIZE, gap->source.ptr, len);
	return add(&spool->lanes[lane], ENTRY_GAP, slice_of(bytes, GAP_HEAD_SIZE + len),
		gap->count, err);
}

/* ---- sending -------------------------------------------------------------- */

void spool_seek(struct spool *spool, enum frame_lane number, uint64_t sequence)
{
	struct lane *lane = &spool->lanes[number];

	if (lane->cursor != NULL)
		seglog_cursor_seek(lane->cursor, sequence);
	lane->read_at = sequence;
}

/* An entry of a form we do not know is as good as damaged. */
static void read_gap(const struct seglog_entry *from, struct spool_entry *entry)
{
	struct slice bytes = from->payload;

	entry->gap = true;
	entry->reason = GAP_DAMAGED;
	if (from->kind != ENTRY_GAP || bytes.len < GAP_HEAD_SIZE ||
		bytes.len - GAP_HEAD_SIZE != bytes_get_u16(bytes.ptr + 2) || bytes.ptr[0] < 1 ||
		bytes.ptr[0] >= GAP_REASON_COUNT)
		return;
	entry->reason = (uint8_t)bytes.ptr[0];
	entry->bytes = bytes_get_u64(bytes.ptr + 4);
	entry->source = slice_from(bytes, GAP_HEAD_SIZE);
}

static void fill_lost(
	struct lane *lane, const struct seglog_entry *from, struct spool_entry *entry)
{
	*entry = (struct spool_entry){.first = from->first,
		.count = from->count,
		.gap = true,
		.lost = true,
		.reason = GAP_DAMAGED};
	lane->last_lost = from->first + from->count - 1;
	counter_add(&n_lost, from->count);
}

static void fill_entry(const struct seglog_entry *from, struct spool_entry *entry)
{
	*entry = (struct spool_entry){.first = from->first, .count = from->count};
	if (from->kind != ENTRY_CHUNK) {
		read_gap(from, entry);
		return;
	}
	entry->crc = from->crc;
	entry->chunk = from->payload;
}

enum spool_read spool_next(
	struct spool *spool, enum frame_lane number, struct spool_entry *entry, struct err *err)
{
	struct lane *lane = &spool->lanes[number];
	struct seglog_entry read;

	if (!open_again(lane, err))
		return SPOOL_READ_FAILED;
	if (lane->read_at <= done_up_to(lane))
		spool_seek(spool, number, done_up_to(lane) + 1);
	if (lane->cursor == NULL)
		lane->cursor = seglog_cursor_open(lane->log, lane->read_at);
	switch (seglog_cursor_next(lane->cursor, &read, err)) {
	case SEGLOG_END:
		return SPOOL_END;
	case SEGLOG_READ_FAILED:
		return SPOOL_READ_FAILED;
	case SEGLOG_LOST:
		fill_lost(lane, &read, entry);
		break;
	case SEGLOG_ENTRY:
		fill_entry(&read, entry);
		break;
	}
	lane->read_at = read.first + read.count;
	return SPOOL_ENTRY;
}

enum ending { ENDS_THERE, ENDS_OTHERWISE, ENDING_UNKNOWN };

/* Does the entry that ends with `sequence` have that CRC? 0 stands for a gap. */
static enum ending look_up(struct lane *lane, uint64_t sequence, uint32_t crc)
{
	struct seglog_cursor *cursor;
	struct seglog_entry entry;
	enum ending ending = ENDING_UNKNOWN;

	/* Sent as a gap when it could not be read; it may be readable again. */
	if (crc == 0 && sequence == lane->last_lost)
		return ENDS_THERE;
	cursor = seglog_cursor_open(lane->log, sequence);
	if (seglog_cursor_next(cursor, &entry, NULL) == SEGLOG_ENTRY &&
		entry.first <= sequence) {
		uint32_t ours = entry.kind == ENTRY_CHUNK ? entry.crc : 0;

		ending = ours == crc && entry.first + entry.count - 1 == sequence
				 ? ENDS_THERE
				 : ENDS_OTHERWISE;
	}
	seglog_cursor_close(cursor);
	return ending;
}

bool spool_compare(struct spool *spool, enum frame_lane number, uint64_t stored,
	uint32_t stored_crc, struct spool_resume *resume)
{
	struct lane *lane = &spool->lanes[number];
	struct spool_state state;

	spool_state(spool, number, &state);
	uint64_t low = max_u64(stored, lane->begin - 1);
	if (stored >= state.next)
		return false;
	*resume = (struct spool_resume){.from = low + 1};
	if (low + 1 < state.first) {
		resume->from = state.first;
		resume->released = state.first - 1 - low;
	} else if (stored >= lane->begin && lane->log != NULL &&
		   look_up(lane, stored, stored_crc) == ENDS_OTHERWISE) {
		return false;
	}
	/* Also when it is less than it once said: what it lost is to be sent again. */
	lane->acked = stored;
	lane->acked_crc = stored_crc;
	spool_seek(spool, number, resume->from);
	return true;
}

bool spool_new_epoch(
	struct spool *spool, enum frame_lane number, enum spool_epoch why, struct err *err)
{
	struct lane *lane = &spool->lanes[number];
	uint64_t old = lane->unsaved == SPOOL_EPOCH_KEPT ? lane->epoch : lane->old_epoch;

	if (!draw_epoch(lane, done_up_to(lane) + 1, err))
		return false;
	lane->unsaved = why;
	lane->old_epoch = old;
	spool_seek(spool, number, lane->begin);
	return true;
}

enum spool_epoch spool_unsaved(const struct spool *spool, enum frame_lane lane, uint64_t *old)
{
	*old = spool->lanes[lane].old_epoch;
	return spool->lanes[lane].unsaved;
}

void spool_saved(struct spool *spool, enum frame_lane lane)
{
	spool->lanes[lane].unsaved = SPOOL_EPOCH_KEPT;
}

const char *spool_epoch_text(enum spool_epoch epoch)
{
	static const char *const words[] = {
		[SPOOL_EPOCH_KEPT] = "kept",
		[SPOOL_EPOCH_FIRST] = "first start",
		[SPOOL_EPOCH_LOST] = "spool lost",
		[SPOOL_EPOCH_ASKED] = "asked by collector",
		[SPOOL_EPOCH_DIFFERS] = "history differs",
	};

	return words[epoch];
}

void spool_ack(struct spool *spool, enum frame_lane number, uint64_t sequence, uint32_t crc)
{
	struct lane *lane = &spool->lanes[number];

	if (sequence <= done_up_to(lane))
		return;
	lane->acked = sequence;
	lane->acked_crc = crc;
}

bool spool_release(
	struct spool *spool, enum frame_lane number, uint64_t covered, struct err *err)
{
	struct lane *lane = &spool->lanes[number];
	uint64_t done = done_up_to(lane);
	uint64_t up_to = done < covered ? done : covered;

	if (lane->log == NULL || up_to <= seglog_released(lane->log))
		return true;
	return seglog_release(lane->log, up_to, err);
}

/* ---- start ---------------------------------------------------------------- */

static void take_positions(const struct chunk *chunk, struct bookmark *bookmark)
{
	for (unsigned i = 0; i < chunk->n_sources; i++) {
		const struct chunk_source *from = &chunk->sources[i];
		struct bookmark_source *source;

		if (from->position.len == 0)
			continue;
		source = bookmark_source(bookmark, from->input, from->name);
		strbuf_reset(&source->position);
		strbuf_add(&source->position, from->position);
	}
}

static void settle_gap(const struct seglog_entry *read, struct losses *losses)
{
	struct spool_entry gap = {0};

	read_gap(read, &gap);
	losses_settle(losses, gap.source, gap.reason, read->count, gap.bytes);
}

/* `losses`: those which what is found settles; NULL = it is no later than they are. */
static bool replay(struct seglog_cursor *cursor, struct chunk_reader *reader,
	struct arena *arena, struct bookmark *bookmark, struct losses *losses, struct err *err)
{
	struct seglog_entry entry;
	struct chunk chunk;

	for (;;) {
		enum seglog_read read = seglog_cursor_next(cursor, &entry, err);

		if (read == SEGLOG_END)
			return true;
		if (read == SEGLOG_READ_FAILED)
			return false;
		if (read == SEGLOG_LOST)
			continue;
		if (entry.kind != ENTRY_CHUNK) {
			if (losses != NULL)
				settle_gap(&entry, losses);
			continue;
		}
		if (chunk_read(reader, entry.payload, arena, &chunk) == CHUNK_OK)
			take_positions(&chunk, bookmark);
		arena_reset(arena);
	}
}

bool spool_replay(struct spool *spool, enum frame_lane number, uint64_t covered,
	struct bookmark *bookmark, struct err *err)
{
	struct lane *lane = &spool->lanes[number];
	struct seglog_cursor *cursor = seglog_cursor_open(lane->log, covered + 1);
	struct chunk_reader *reader = chunk_reader_new();
	struct arena arena;

	seglog_cursor_wait(cursor);
	arena_init(&arena, ARENA_MAX);
	bool ok = replay(cursor, reader, &arena, bookmark,
		lane->known ? bookmark_losses(bookmark, number) : NULL, err);
	arena_done(&arena);
	chunk_reader_free(reader);
	seglog_cursor_close(cursor);
	return ok;
}
