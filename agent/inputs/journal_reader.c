#include "agent/inputs/journal_reader.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/inputs/journal_entry.h"
#include "agent/inputs/journal_guard.h"
#include "agent/inputs/journal_open.h"
#include "agent/state_item.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/file.h"
#include "common/log.h"
#include "common/loop.h"

enum {
	ENTRIES_AT_ONCE = 256, /* then the rest of the agent has its turn */
	NOTICES_AT_ONCE = 3,   /* that journald changed something */
	FRUITLESS_MS = 100,    /* a wake-up that brought no entry is not followed sooner */
	UNHEARD_MS = 2000,     /* on file systems that tell no changes */
	REOPEN_MS = 300000,
	GIVE_BACK = 8 << 20, /* bytes of lines after which mapped memory is given back */
	HOLD_MS = 600000,
	RETRY_FIRST_MS = 500,
	RETRY_MOST_MS = 300000,
};

static struct counter n_entries = COUNTER("journal.entries", "entries read from journals");
static struct counter n_cut = COUNTER("journal.cut", "entries longer than record-max");
static struct counter n_repeated =
	COUNTER("journal.repeated", "entries that journald wrote twice, read once");
static struct counter n_damaged =
	COUNTER("journal.damaged", "entries that could not be read whole");
static struct counter n_missing =
	COUNTER("journal.missing", "entries that were gone before they were read");
static struct counter n_gaps = COUNTER("journal.gaps", "times entries were found missing");
static struct counter n_reopened = COUNTER("journal.reopened", "journals opened anew");

struct journal_reader {
	const struct journal_library *library;
	const struct journal_settings *settings;
	struct event_base *base;
	struct intake *intake;

	struct sd_journal *journal; /* NULL = closed */
	struct event *readable;     /* journald changed something; while open */
	struct event *turn;         /* more to read */
	struct event *again;        /* to open anew, or to give back files while blocked */
	struct backoff backoff;

	/* Of the last entry given; before the first one a moment, "t="; "" = never began. */
	char cursor[JOURNAL_CURSOR_MAX];
	struct journal_cursor last; /* what it says */
	struct journal_entry entry;
	struct strbuf line;
	struct journal_cursor found; /* of the entry at hand */
	char found_cursor[JOURNAL_CURSOR_MAX];
	bool pending;  /* `line` of the entry at hand was refused by the intake */
	bool checking; /* the next entry tells whether some are missing */
	bool behind;   /* there may have been entries we did not see before this opening */
	bool counting; /* numbers of entries tell how many are missing */
	bool blocked, failing, partly;
	bool fruitless;  /* the last wake-up brought no entry */
	int64_t read_ms; /* monotonic: when an entry was last read */
	uint64_t whole;  /* of `line` */
	uint64_t mapped; /* bytes of lines since the journal was opened, about what is mapped */
};

enum turn {
	TURN_MORE,
	TURN_LATER, /* nothing but notices; there may be more of them */
	TURN_END,
	TURN_BLOCKED,
	TURN_BROKEN, /* a page of a file is missing */
	TURN_FAILED, /* closed, and reported */
};

static struct slice name_of(const struct journal_reader *reader)
{
	return slice_str(reader->settings->name);
}

/* An entry was given once; else the cursor is a moment or nothing. */
static bool has_entry(const struct journal_reader *reader)
{
	return reader->cursor[0] != '\0' && strncmp(reader->cursor, "t=", 2) != 0;
}

/* ---- giving ------------------------------------------------------------------- */

static struct chunk_source source_of(const struct journal_reader *reader, const char *cursor)
{
	return (struct chunk_source){.input = SLICE_LIT("journal"),
		.name = name_of(reader),
		.format = SLICE_LIT("json"),
		.position = slice_str(cursor)};
}

static void remember(struct journal_reader *reader)
{
	memcpy(reader->cursor, reader->found_cursor, sizeof(reader->cursor));
	reader->last = reader->found;
}

/* The line of the entry at hand. False when the intake is full. */
static bool give(struct journal_reader *reader)
{
	bool cut = reader->whole > reader->line.len;
	struct intake_item item = {
		.lane = LANE_BULK,
		.source = source_of(reader, reader->found_cursor),
		.item = {.kind = ITEM_LINE,
			.flags = (cut ? ITEM_TRUNCATED : 0U) |
				 (reader->settings->test ? ITEM_TEST : 0U),
			.read_ns = clock_foreign(clock_wall_ns()),
			.offset = reader->found.seqnum,
			.whole = reader->whole,
			.bytes = strbuf_slice(&reader->line)},
	};

	reader->pending = !intake_add(reader->intake, &item);
	if (reader->pending)
		return false;
	counter_add(&n_entries, 1);
	counter_add(&n_cut, cut);
	reader->mapped += reader->line.len;
	remember(reader);
	return true;
}

/* ---- what is missing ---------------------------------------------------------- */

/* `n` entries, 0 = unknown how many. */
static void declare(struct journal_reader *reader, uint64_t n, uint8_t reason)
{
	counter_add(&n_gaps, 1);
	counter_add(&n_missing, n);
	log_warn("journal.missing", "journal=%s entries=%llu%s", LOG_TEXT(name_of(reader)),
		(unsigned long long)n, n == 0 ? " (unknown)" : "");
	intake_declare(reader->intake, LANE_BULK, name_of(reader), n, reason, 0);
}

/* A number that is no count: damage, or a journal that is not what it was. */
static bool is_count(uint64_t n)
{
	return n <= UINT32_MAX;
}

/* The entry at hand is not the last one given: is it the next? */
static void check_next(struct journal_reader *reader)
{
	bool looked_for = reader->checking;
	uint64_t n = 0;

	reader->checking = false;
	if (!has_entry(reader))
		return;
	bool compares = journal_cursor_between(&reader->last, &reader->found, &n);
	if (compares && reader->counting && is_count(n)) {
		if (n > 0)
			declare(reader, n, looked_for ? GAP_ROTATED : GAP_DAMAGED);
	} else if (looked_for && reader->behind && !(compares && n == 0)) {
		declare(reader, 0, GAP_ROTATED);
	}
	reader->behind = false;
}

static bool is_this_boot(const union journal_id *boot_id)
{
	struct strbuf text = STRBUF_INIT(64);
	char digits[2 * sizeof(boot_id->bytes) + 1];
	size_t n = 0;

	if (!file_read("/proc/sys/kernel/random/boot_id", &text, NULL))
		text.len = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '-')
			text.ptr[n++] = text.ptr[i];
	for (size_t i = 0; i < sizeof(boot_id->bytes); i++)
		snprintf(digits + 2 * i, 3, "%02x", boot_id->bytes[i]);
	bool same = slice_starts(slice_of(text.ptr, n), slice_str(digits));
	strbuf_done(&text);
	return same;
}

/* Behind the newest entry; or, when a boot began since the last one given, in front of that. */
static int go_on_behind_newest(struct journal_reader *reader)
{
	struct journal_cursor newest;
	char *text = NULL;
	int result = reader->library->get_cursor(reader->journal, &text);

	if (result < 0)
		return result;
	newest = journal_cursor_read(slice_str(text));
	free(text);
	reader->checking = reader->behind = false;
	declare(reader, 0, GAP_ROTATED);
	if ((newest.parts & CURSOR_BOOT) == 0 ||
		memcmp(&newest.boot_id, &reader->last.boot_id, sizeof(newest.boot_id)) == 0 ||
		!is_this_boot(&newest.boot_id))
		return 0;
	return reader->library->seek_monotonic_usec(reader->journal, newest.boot_id, 0);
}

/* Nothing is at or behind the last entry given, and that is not there either. */
static int find_newest(struct journal_reader *reader)
{
	int result = reader->library->seek_tail(reader->journal);

	if (result >= 0)
		result = reader->library->previous(reader->journal);
	if (result > 0)
		return go_on_behind_newest(reader);
	if (result == 0) /* empty: what comes will be looked at */
		result = reader->library->seek_cursor(reader->journal, reader->cursor);
	return result;
}

/* ---- one entry ---------------------------------------------------------------- */

static int read_cursor(struct journal_reader *reader)
{
	char *text = NULL;
	int result = reader->library->get_cursor(reader->journal, &text);

	if (result < 0)
		return result;
	int len = snprintf(reader->found_cursor, sizeof(reader->found_cursor), "%s", text);
	free(text);
	reader->found = journal_cursor_read(slice_str(reader->found_cursor));
	return len > 0 && (size_t)len < sizeof(reader->found_cursor) ? 0 : -E2BIG;
}

static int read_fields(struct journal_reader *reader)
{
	const void *data;
	size_t len;
	int result;

	journal_entry_reset(&reader->entry);
	reader->library->restart_data(reader->journal);
	while ((result = reader->library->enumerate_available_data(
			reader->journal, &data, &len)) > 0)
		journal_entry_add(&reader->entry, slice_of(data, len));
	return result;
}

/* Stamped by its source to the microsecond, it cannot have been logged twice. */
static bool is_repeated(const struct journal_reader *reader)
{
	return journal_cursor_same(&reader->last, &reader->found) &&
	       (journal_entry_has(&reader->entry, SLICE_LIT("_SOURCE_REALTIME_TIMESTAMP")) ||
		       journal_entry_has(
			       &reader->entry, SLICE_LIT("_SOURCE_MONOTONIC_TIMESTAMP")));
}

static void write_line(struct journal_reader *reader)
{
	strbuf_reset(&reader->line);
	reader->whole = journal_entry_write(&reader->entry, &reader->found,
		(size_t)reader->settings->record_max, &reader->line);
}

static enum turn take_entry(struct journal_reader *reader)
{
	if (read_cursor(reader) < 0) {
		counter_add(&n_damaged, 1); /* its number will be found missing */
		return TURN_MORE;
	}
	if (reader->checking && journal_cursor_same(&reader->last, &reader->found)) {
		reader->checking = reader->behind = false;
		return TURN_MORE;
	}
	int result = read_fields(reader);
	if (journal_guard_missing())
		return TURN_BROKEN;
	if (result < 0)
		counter_add(&n_damaged, 1);
	if (result < 0 && reader->entry.n_fields == 0)
		return TURN_MORE;
	if (is_repeated(reader)) {
		counter_add(&n_repeated, 1);
		remember(reader);
		return TURN_MORE;
	}
	check_next(reader);
	write_line(reader);
	return give(reader) ? TURN_MORE : TURN_BLOCKED;
}

/* ---- opening ------------------------------------------------------------------ */

static void close_journal(struct journal_reader *reader)
{
	if (reader->readable != NULL)
		event_free(reader->readable);
	reader->readable = NULL;
	if (reader->journal != NULL)
		reader->library->close(reader->journal);
	reader->journal = NULL;
	event_del(reader->turn);
}

static void report(struct journal_reader *reader, const char *action, const char *reason)
{
	struct state_item item;

	state_item_begin(&item, action);
	json_put_str(&item.json, "soc.about.input", "journal");
	json_put_str(&item.json, "soc.about.source", reader->settings->name);
	state_item_reason(&item, reason);
	state_item_give(&item, reader->intake);
}

static void fail(struct journal_reader *reader, const char *what)
{
	close_journal(reader);
	reader->behind = true;
	if (!reader->failing) {
		log_warn("journal.failed", "journal=%s reason=%s instead=%s",
			LOG_TEXT(name_of(reader)), LOG_TEXT(slice_str(what)),
			LOG_TEXT(SLICE_LIT("trying again")));
		report(reader, "input-failed", what);
	}
	reader->failing = true;
	loop_arm(reader->again, backoff_next(&reader->backoff));
}

static void fail_with(struct journal_reader *reader, const char *what, int result)
{
	struct err err;

	errno = -result;
	(void)err_sys(&err, "%s", what);
	fail(reader, err.text);
}

/* Where the first start begins. */
static void place_by_age(struct journal_reader *reader)
{
	int64_t now_us = clock_wall_ns() / 1000;
	int64_t since_us = (int64_t)reader->settings->since_ms * 1000;
	uint64_t from_us = since_us < now_us ? (uint64_t)(now_us - since_us) : 0;

	snprintf(reader->cursor, sizeof(reader->cursor), "t=%llx", (unsigned long long)from_us);
	reader->last = journal_cursor_read(slice_str(reader->cursor));
	const struct chunk_source source = source_of(reader, reader->cursor);
	intake_position(reader->intake, LANE_BULK, &source);
}

/* In front of the last entry given, which is then passed over, or of what came after it. */
static int seek(struct journal_reader *reader)
{
	if (reader->cursor[0] == '\0')
		place_by_age(reader);
	reader->checking = has_entry(reader);
	if (!reader->checking)
		return reader->library->seek_realtime_usec(
			reader->journal, reader->last.realtime_us);
	return reader->library->seek_cursor(reader->journal, reader->cursor);
}

static void look_who_may_read(struct journal_reader *reader)
{
	unsigned n = journal_unreadable(reader->settings);

	reader->counting =
		n == 0 && reader->settings->units.n == 0 && reader->settings->matches.n == 0;
	if ((n > 0) != reader->partly)
		log_warn(n > 0 ? "journal.partly_readable" : "journal.readable",
			"journal=%s files_forbidden=%u", LOG_TEXT(name_of(reader)), n);
	reader->partly = n > 0;
}

static void on_readable(evutil_socket_t fd, short what, void *user);

static bool open_journal(struct journal_reader *reader, struct err *err)
{
	reader->journal = journal_open(reader->library, reader->settings, err);
	if (reader->journal == NULL)
		return false;
	int fd = reader->library->get_fd(reader->journal);
	int result = fd < 0 ? fd : seek(reader);
	if (result < 0) {
		errno = -result;
		return err_sys(err, "journal '%s'", reader->settings->name);
	}
	reader->readable = event_new(reader->base, fd, EV_READ, on_readable, reader);
	if (reader->readable == NULL)
		abort();
	look_who_may_read(reader);
	return true;
}

/* ---- turns -------------------------------------------------------------------- */

/* All was read. Takes notice of what journald did; TURN_MORE when that may bring entries. */
static enum turn take_notice(struct journal_reader *reader)
{
	int result = 0;

	if (reader->checking && reader->behind) {
		result = find_newest(reader);
		if (result >= 0 && !reader->checking)
			return TURN_MORE;
	}
	if (result >= 0)
		result = reader->library->process(reader->journal);
	switch (result) {
	case JOURNAL_NOP:
		reader->behind = reader->behind && reader->checking;
		return TURN_END;
	case JOURNAL_APPEND:
		return TURN_MORE;
	case JOURNAL_INVALIDATE:
		look_who_may_read(reader);
		result = seek(reader);
		break;
	}
	if (result >= 0)
		return TURN_MORE;
	fail_with(reader, "reading", result);
	return TURN_FAILED;
}

static enum turn read_entries(struct journal_reader *reader)
{
	unsigned n_notices = 0;

	for (int i = 0; i < ENTRIES_AT_ONCE; i++) {
		int result = reader->library->next(reader->journal);
		enum turn turn;

		if (result < 0) {
			fail_with(reader, "reading", result);
			return TURN_FAILED;
		}
		turn = result > 0 ? take_entry(reader) : take_notice(reader);
		if (turn != TURN_MORE)
			return turn;
		/* Notices without end are not read without end. */
		n_notices += result == 0;
		if (n_notices > NOTICES_AT_ONCE)
			return TURN_LATER;
	}
	return TURN_MORE;
}

/* The page of a file was missing: what was read may be no entry at all. */
static enum turn read_guarded(struct journal_reader *reader)
{
	journal_guard_enter();
	enum turn turn = read_entries(reader);
	if (journal_guard_leave() && turn != TURN_FAILED) {
		fail(reader, "a journal file was truncated or cannot be read");
		return TURN_FAILED;
	}
	return turn;
}

static enum turn one_turn(struct journal_reader *reader)
{
	char before[JOURNAL_CURSOR_MAX];

	if (reader->pending && !give(reader))
		return TURN_BLOCKED;
	memcpy(before, reader->cursor, sizeof(before));
	enum turn turn = read_guarded(reader);
	reader->fruitless = strcmp(before, reader->cursor) == 0;
	if (!reader->fruitless)
		reader->read_ms = clock_mono_ms();
	return turn;
}

static void wait_for_more(struct journal_reader *reader)
{
	event_add(reader->readable, NULL);
	if (!reader->library->reliable_fd(reader->journal))
		loop_arm(reader->turn, UNHEARD_MS);
}

static void recovered(struct journal_reader *reader)
{
	backoff_reset(&reader->backoff);
	if (reader->failing) {
		log_info("journal.recovered", "journal=%s", LOG_TEXT(name_of(reader)));
		report(reader, "input-recovered", NULL);
	}
	reader->failing = false;
}

static void open_and_read(struct journal_reader *reader);

/* What libsystemd mapped stays mapped until the journal is closed. */
static void go_on(struct journal_reader *reader)
{
	if (reader->mapped < GIVE_BACK || journal_holds_removed()) {
		loop_arm(reader->turn, 0);
		return;
	}
	reader->behind = true;
	open_and_read(reader);
}

static void on_turn(evutil_socket_t fd, short what, void *user)
{
	struct journal_reader *reader = user;

	(void)fd;
	(void)what;
	switch (one_turn(reader)) {
	case TURN_MORE:
		go_on(reader);
		break;
	case TURN_LATER:
		loop_arm(reader->turn, FRUITLESS_MS);
		break;
	case TURN_END:
		recovered(reader);
		wait_for_more(reader);
		break;
	case TURN_BLOCKED:
		reader->blocked = true;
		loop_arm(reader->again, HOLD_MS);
		break;
	case TURN_BROKEN:
	case TURN_FAILED:
		break;
	}
}

/* Entries are read at once; what brings none, again and again, costs little. */
static void on_readable(evutil_socket_t fd, short what, void *user)
{
	struct journal_reader *reader = user;

	(void)fd;
	(void)what;
	loop_arm(reader->turn, reader->fruitless ? FRUITLESS_MS : 0);
}

static void open_and_read(struct journal_reader *reader)
{
	struct err err;

	close_journal(reader);
	journal_guard_enter();
	bool opened = open_journal(reader, &err);
	if (journal_guard_leave() && opened)
		opened = err_set(&err, "a journal file was truncated or cannot be read");
	if (!opened) {
		fail(reader, err.text);
		return;
	}
	reader->read_ms = clock_mono_ms();
	reader->fruitless = false;
	reader->mapped = 0;
	loop_arm(reader->turn, 0);
	loop_arm(reader->again, REOPEN_MS);
}

static void on_again(evutil_socket_t fd, short what, void *user)
{
	struct journal_reader *reader = user;

	(void)fd;
	(void)what;
	if (reader->blocked) {
		close_journal(reader);
		reader->behind = true;
	} else if (reader->journal != NULL &&
		   clock_mono_ms() - reader->read_ms < REOPEN_MS / 2) {
		loop_arm(reader->again, REOPEN_MS);
	} else {
		counter_add(&n_reopened, 1);
		open_and_read(reader);
	}
}

/* ---- life --------------------------------------------------------------------- */

struct journal_reader *journal_reader_new(const struct journal_library *library,
	const struct journal_settings *settings, struct event_base *base, struct intake *intake)
{
	struct journal_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		abort();
	reader->library = library;
	reader->settings = settings;
	reader->base = base;
	reader->intake = intake;
	reader->turn = evtimer_new(base, on_turn, reader);
	reader->again = evtimer_new(base, on_again, reader);
	if (reader->turn == NULL || reader->again == NULL)
		abort();
	backoff_init(&reader->backoff, RETRY_FIRST_MS, RETRY_MOST_MS);
	journal_entry_init(&reader->entry, (size_t)settings->record_max);
	strbuf_init(&reader->line, (size_t)settings->record_max);
	return reader;
}

void journal_reader_free(struct journal_reader *reader)
{
	close_journal(reader);
	event_free(reader->turn);
	event_free(reader->again);
	journal_entry_done(&reader->entry);
	strbuf_done(&reader->line);
	free(reader);
}

void journal_reader_place(struct journal_reader *reader, struct slice position)
{
	if (position.len == 0 || position.len >= sizeof(reader->cursor) ||
		memchr(position.ptr, '\0', position.len) != NULL)
		return;
	snprintf(reader->cursor, sizeof(reader->cursor), "%.*s", SLICE_FMT(position));
	reader->last = journal_cursor_read(position);
	reader->behind = true;
}

void journal_reader_begin(struct journal_reader *reader)
{
	open_and_read(reader);
}

void journal_reader_resume(struct journal_reader *reader)
{
	if (!reader->blocked || (reader->pending && !give(reader)))
		return;
	reader->blocked = false;
	if (reader->journal == NULL) {
		open_and_read(reader);
		return;
	}
	loop_arm(reader->again, REOPEN_MS);
	loop_arm(reader->turn, 0);
}

void journal_reader_drain(struct journal_reader *reader, int64_t end_ms)
{
	if (reader->journal == NULL || reader->blocked)
		return;
	while (clock_mono_ms() < end_ms && one_turn(reader) == TURN_MORE)
		;
}
