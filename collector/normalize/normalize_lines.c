#include "collector/normalize/normalize_lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/normalize/audit_gather.h"
#include "collector/normalize/joining.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/json.h"

enum {
	LINE_MAX_BYTES = 1 << 20, /* longer lines and records are cut, and say so */
	READ_SIZE = 1 << 18,
	OUT_READY = 1 << 16, /* bytes that are worth a write */
	OUT_MAX = 64 << 20,
	ARENA_MAX = 32 << 20,
	PAUSE_MS = 200, /* behind it a record is over */
};

/* The record that the last line began or went on with. */
struct held {
	struct joining joining;
	struct strbuf text;   /* all its lines */
	size_t first_len;     /* of the first one */
	uint64_t whole;       /* bytes of them all, kept or not */
	uint64_t number;      /* of the first, from 1 */
	size_t at;            /* where its object stands in the output */
	bool written;         /* the object has gone */
	struct strbuf joined; /* objects of the others */
};

struct run {
	const struct normalize_lines *lines;
	const struct normalizer *normalizer;
	struct record_source source;
	struct arena arena;
	struct strbuf line; /* what was read and has no line end yet */
	uint64_t whole;     /* bytes of that line, kept or not */
	uint64_t number;    /* of the line, from 1 */
	struct held held;
	struct audit_gather audit;
	struct strbuf out;
	int64_t now_ns;
};

static bool write_out(struct run *run, struct err *err)
{
	size_t at = 0;

	if (run->out.overflow || run->held.joined.overflow)
		return err_set(err, "a line grew beyond %d bytes of JSON", OUT_MAX);
	while (at < run->out.len) {
		ssize_t n = write(run->lines->to, run->out.ptr + at, run->out.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "writing");
		at += (size_t)n;
	}
	strbuf_reset(&run->out);
	run->held.written = true;
	return true;
}

static struct record normalized(struct run *run, struct slice text, uint64_t whole)
{
	struct record record = {
		.raw = text,
		.received_ns = run->now_ns,
		.read_ns = CLOCK_NONE,
		.whole = whole,
		.source = &run->source,
		.kind = RECORD_LOG,
		.flags = whole > text.len ? RECORD_TRUNCATED : 0,
	};

	arena_reset(&run->arena);
	normalize_record(run->normalizer, run->lines->format, &run->arena, &record);
	if (run->lines->enricher != NULL)
		(void)enrich_record(run->lines->enricher, &run->arena, &record);
	record.received_ns = CLOCK_NONE; /* now is not a time of the event */
	return record;
}

static void mask(struct run *run, struct record *record)
{
	struct mask_tally uncounted = {0};

	if (run->lines->masker != NULL)
		(void)mask_record(run->lines->masker, &run->arena, record, &uncounted);
}

static void put_record(
	struct run *run, const struct record *whole, const struct parser *parser)
{
	struct record record = *whole;

	mask(run, &record);
	encode_json(&run->out, &record, slice_str(parser ? parser->name : NULL));
	strbuf_add_byte(&run->out, '\n');
}

/* ---- records of several lines ----------------------------------------------------------- */

static bool is_more_than_its_line(const struct run *run)
{
	return run->held.joined.len > 0 || audit_gather_waits(&run->audit);
}

/* The first line's object again, now that all of the record is known, or of an audit event, and
 * those of the others behind it. */
static void settle(struct run *run)
{
	struct held *held = &run->held;

	if (!is_more_than_its_line(run))
		return;
	if (!held->written) {
		struct record record = normalized(run, strbuf_slice(&held->text), held->whole);

		if (audit_gather_waits(&run->audit))
			audit_gather_close(&run->audit, &run->arena, &record);
		record.raw = slice_head(record.raw, held->first_len);
		strbuf_cut(&run->out, held->at);
		put_record(run, &record, normalizer_numbered(run->normalizer, record.parser));
	}
	strbuf_add(&run->out, strbuf_slice(&held->joined));
	strbuf_reset(&held->joined);
	held->written = true;
}

static bool write_all(struct run *run, struct err *err)
{
	settle(run);
	return write_out(run, err);
}

static struct slice without_return(struct slice line)
{
	return slice_head(line, line.len - slice_ends(line, SLICE_LIT("\r")));
}

static void begin(
	struct run *run, struct slice line, uint64_t whole, const struct parser *parser)
{
	struct held *held = &run->held;

	joining_begin(&held->joining, without_return(line), parser);
	strbuf_reset(&held->text);
	strbuf_add(&held->text, line);
	held->first_len = line.len;
	held->whole = whole;
	held->number = run->number;
	held->at = run->out.len;
	held->written = false;
}

static void go_on(struct run *run, struct slice line, uint64_t whole)
{
	struct held *held = &run->held;
	struct record part = {.raw = line, .kind = RECORD_LOG};
	struct json json = json_into(&held->joined);

	mask(run, &part);
	held->whole += 1 + whole;
	if (held->text.len + 1 + line.len <= LINE_MAX_BYTES) {
		strbuf_add_byte(&held->text, '\n');
		strbuf_add(&held->text, line);
	}
	json_object(&json);
	json_put_text(&json, "event.original", part.raw);
	json_put_str(&json, "soc.parse_status", "joined");
	json_put_u64(&json, "soc.joined_line", held->number);
	json_object_end(&json);
	strbuf_add_byte(&held->joined, '\n');
}

static bool put_line(struct run *run, struct slice line, uint64_t whole, struct err *err)
{
	struct record record = normalized(run, line, whole);
	const struct parser *parser = normalizer_numbered(run->normalizer, record.parser);
	struct held *held = &run->held;

	run->number++;
	if (joining_take(&held->joining, strbuf_slice(&held->text), without_return(line),
		    parser != NULL)) {
		go_on(run, line, whole);
		return held->joined.len < LINE_MAX_BYTES || write_all(run, err);
	}
	if (is_more_than_its_line(run) && !audit_gather_is_open(&run->audit, &record)) {
		settle(run);
		record = normalized(run, line, whole);
	}
	if (run->out.len >= OUT_READY && !write_out(run, err))
		return false;
	begin(run, line, whole, parser);
	audit_gather_add(&run->audit, &run->arena, &record);
	put_record(run, &record, parser);
	return true;
}

/* ---- lines ------------------------------------------------------------------------------ */

/* A line that did not end in the buffer before: what fits of it is kept. */
static void keep(struct run *run, struct slice part)
{
	size_t room = LINE_MAX_BYTES - run->line.len;

	run->whole += part.len;
	strbuf_add(&run->line, slice_head(part, part.len < room ? part.len : room));
}

static bool finish_line(struct run *run, struct slice part, struct err *err)
{
	keep(run, part);
	bool ok = put_line(run, strbuf_slice(&run->line), run->whole, err);
	strbuf_reset(&run->line);
	run->whole = 0;
	return ok;
}

static bool take_buffer(struct run *run, struct slice rest, struct err *err)
{
	while (rest.len > 0) {
		size_t len = slice_find(rest, '\n');
		struct slice part = slice_head(rest, len);

		if (len == rest.len) {
			keep(run, part);
			return true;
		}
		bool ok = run->whole > 0 || len > LINE_MAX_BYTES
				  ? finish_line(run, part, err)
				  : put_line(run, part, len, err);
		if (!ok)
			return false;
		rest = slice_from(rest, len + 1);
	}
	return true;
}

static bool is_pausing(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLIN};

	return poll(&look, 1, PAUSE_MS) == 0;
}

static bool read_all(struct run *run, char *buffer, struct err *err)
{
	for (;;) {
		ssize_t n = read(run->lines->from, buffer, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "reading");
		if (n == 0)
			break;
		run->now_ns = clock_wall_ns();
		if (!take_buffer(run, slice_of(buffer, (size_t)n), err))
			return false;
		if (is_pausing(run->lines->from) && !write_all(run, err))
			return false;
	}
	if (run->whole > 0 && !finish_line(run, SLICE_LIT(""), err))
		return false;
	return write_all(run, err);
}

bool normalize_lines(const struct normalize_lines *lines, struct err *err)
{
	struct normalizer *normalizer = normalizer_new(&lines->settings);
	char *buffer = malloc(READ_SIZE);
	struct run run = {
		.lines = lines,
		.normalizer = normalizer,
		.source = {.input = SLICE_LIT("file"),
			.name = slice_str(lines->name),
			.format = SLICE_LIT("")},
		.line = STRBUF_INIT(LINE_MAX_BYTES),
		.held = {.text = STRBUF_INIT(LINE_MAX_BYTES), .joined = STRBUF_INIT(OUT_MAX)},
		.out = STRBUF_INIT(OUT_MAX),
	};

	if (buffer == NULL)
		abort();
	arena_init(&run.arena, ARENA_MAX);
	audit_gather_init(&run.audit);
	bool ok = read_all(&run, buffer, err);
	arena_done(&run.arena);
	audit_gather_done(&run.audit);
	strbuf_done(&run.line);
	strbuf_done(&run.held.text);
	strbuf_done(&run.held.joined);
	strbuf_done(&run.out);
	free(buffer);
	normalizer_free(normalizer);
	return ok;
}
