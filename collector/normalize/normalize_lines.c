#include "collector/normalize/normalize_lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/normalize/decoding.h"
#include "collector/normalize/families/audit_gather.h"
#include "collector/normalize/own/format.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/joining.h"
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
	const struct parser *parser; /* of the first line, or NULL */
	struct strbuf text;          /* all its lines */
	size_t first_len;            /* of the first one */
	uint64_t whole;              /* bytes of them all, kept or not */
	uint64_t number;             /* of the first, from 1 */
	size_t at;                   /* where its object stands in the output */
	bool written;                /* the object has gone */
	struct strbuf joined;        /* objects of the others */
	struct decoding_facts facts;
};

struct run {
	const struct normalize_lines *lines;
	const struct normalizer *normalizer;
	struct record_source source;
	struct headers *headers;
	struct arena arena;
	struct strbuf line; /* what was read and has no line end yet */
	enum charset charset;
	struct strbuf decoded; /* the line at hand, when it was not UTF-8 */
	struct decoding_facts facts;
	uint64_t whole;  /* bytes of that line, kept or not */
	uint64_t number; /* of the line, from 1 */
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
	struct header_scope scope;
	struct record record = {
		.raw = text,
		.received_ns = run->now_ns,
		.read_ns = CLOCK_NONE,
		.offset = run->number,
		.whole = whole,
		.source = &run->source,
		.kind = RECORD_LOG,
		.flags = whole > text.len ? RECORD_TRUNCATED : 0,
	};

	arena_reset(&run->arena);
	header_scope_begin(&scope, run->headers, &run->arena, 0);
	normalize_in_scope(run->normalizer, run->lines->format, &scope, &record);
	header_scope_end(&scope);
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

static void put_record(struct run *run, const struct record *whole, const struct parser *parser,
	const struct decoding_facts *facts)
{
	struct record record = *whole;

	if (!decoding_put(&run->arena, &record, facts))
		record.status = PARSE_DAMAGED;
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
		put_record(run, &record, normalizer_numbered(run->normalizer, record.parser),
			&held->facts);
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

	joining_begin(&held->joining, without_return(line), parser != NULL);
	held->parser = parser;
	strbuf_reset(&held->text);
	strbuf_add(&held->text, line);
	held->first_len = line.len;
	held->whole = whole;
	held->number = run->number;
	held->at = run->out.len;
	held->written = false;
	held->facts = run->facts;
	held->facts.original = SLICE_NONE; /* of all its lines nobody has kept them */
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

/* Whether a line goes on with the record at hand: by its text, or because the parser of the
 * record says so. */
static bool goes_on(struct held *held, struct slice line, bool known)
{
	const struct parser *parser = held->parser;
	struct slice text = strbuf_slice(&held->text);

	if (joining_take(&held->joining, text, line, known))
		return true;
	if (held->joining.n_lines == 0 || held->joining.n_lines == JOINED_LINES_MAX ||
		!((parser != NULL && parser->goes_on != NULL &&
			  parser->goes_on(text, line, known)) ||
			own_format_continues(parser, line)))
		return false;
	held->joining.n_lines++;
	return true;
}

static bool put_line(struct run *run, struct slice line, uint64_t whole, struct err *err)
{
	struct record record = normalized(run, line, whole);
	const struct parser *parser = normalizer_numbered(run->normalizer, record.parser);
	struct held *held = &run->held;

	run->number++;
	if (goes_on(held, without_return(line), parser != NULL)) {
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
	put_record(run, &record, parser, &run->facts);
	return true;
}

/* ---- lines ------------------------------------------------------------------------------ */

/* Its text as UTF-8, until the next line. */
static struct slice decode_line(struct run *run, struct slice line)
{
	struct charset_outcome outcome;

	run->facts = (struct decoding_facts){0};
	if (run->charset == CHARSET_UTF_8)
		return line;
	size_t size = charset_decode(run->charset, line, NULL, &outcome);
	strbuf_reset(&run->decoded);
	char *to = strbuf_reserve(&run->decoded, size);
	if (to == NULL)
		abort(); /* its limit is that of a line, grown */
	strbuf_extend(&run->decoded, charset_decode(run->charset, line, to, &outcome));
	run->facts.charset = charset_name(run->charset);
	run->facts.undecodable = outcome.undecodable;
	if (!outcome.exact)
		run->facts.original = line;
	return strbuf_slice(&run->decoded);
}

/* Bytes of a line as they were read. */
static bool take_line(struct run *run, struct slice line, uint64_t whole, struct err *err)
{
	struct slice text = decode_line(run, line);

	return put_line(run, text, whole == line.len ? text.len : whole, err);
}

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
	bool ok = take_line(run, strbuf_slice(&run->line), run->whole, err);
	strbuf_reset(&run->line);
	run->whole = 0;
	return ok;
}

static bool take_buffer(struct run *run, struct slice rest, struct err *err)
{
	while (rest.len > 0) {
		size_t len = charset_find_newline(run->charset, rest);
		struct slice part = slice_head(rest, len);

		if (len == rest.len) {
			keep(run, part);
			return true;
		}
		bool ok = run->whole > 0 || len > LINE_MAX_BYTES
				  ? finish_line(run, part, err)
				  : take_line(run, part, len, err);
		if (!ok)
			return false;
		rest = slice_from(rest, len + charset_unit(run->charset));
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
	size_t odd = 0; /* half of a unit, left of what was read before */

	for (bool first = true;; first = false) {
		ssize_t n = read(run->lines->from, buffer + odd, READ_SIZE - odd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "reading");
		if (n == 0)
			break;
		run->now_ns = clock_wall_ns();
		struct slice got = slice_of(buffer, odd + (size_t)n);
		if (first && run->charset == CHARSET_UTF_8 &&
			charset_of_mark(got) != CHARSET_COUNT)
			run->charset = charset_of_mark(got);
		odd = got.len % charset_unit(run->charset);
		if (!take_buffer(run, slice_head(got, got.len - odd), err))
			return false;
		buffer[0] = buffer[got.len - 1];
		if (is_pausing(run->lines->from) && !write_all(run, err))
			return false;
	}
	if (run->whole + odd > 0 && !finish_line(run, slice_of(buffer, odd), err))
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
		.headers = headers_new(),
		.source = {.input = SLICE_LIT("file"),
			.name = slice_str(lines->name),
			.format = SLICE_LIT("")},
		.line = STRBUF_INIT(LINE_MAX_BYTES),
		.charset = lines->charset,
		.decoded = STRBUF_INIT(LINE_MAX_BYTES * CHARSET_GROWTH),
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
	strbuf_done(&run.decoded);
	strbuf_done(&run.held.text);
	strbuf_done(&run.held.joined);
	strbuf_done(&run.out);
	free(buffer);
	headers_free(run.headers);
	normalizer_free(normalizer);
	return ok;
}
