#include "collector/normalize/normalize_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/cli/arguments.h"
#include "common/clock.h"
#include "common/err.h"

enum {
	LINE_MAX_BYTES = 1 << 20, /* longer lines are cut, and say so */
	READ_SIZE = 1 << 18,
	OUT_READY = 1 << 16, /* bytes that are worth a write */
	OUT_MAX = 64 << 20,
	ARENA_MAX = 32 << 20,
	ZONE_VIETNAM = 7 * 3600,
	YEAR_LEAST = 1970,
	YEAR_MOST = 2261,
};

struct options {
	struct normalize_settings settings;
	const struct parser *format;
	const char *path; /* NULL = standard input */
};

/* One run: where lines come from and go to. */
struct run {
	const struct normalizer *normalizer;
	const struct parser *format;
	struct record_source source;
	struct arena arena;
	struct strbuf line; /* what was read and has no line end yet */
	uint64_t whole;     /* bytes of that line, kept or not */
	struct strbuf out;
	int64_t now_ns;
};

/* "UTC", "Z", "+07:00", "-0330", "+07", "Asia/Ho_Chi_Minh" */
static bool zone_from(struct slice text, int32_t *seconds)
{
	char stamp[] = "2000-01-01T00:00:00+00:00";
	size_t room = sizeof(stamp) - sizeof("2000-01-01T00:00:00"), used;
	int64_t ns;

	if (slice_eq(text, SLICE_LIT("Asia/Ho_Chi_Minh")) ||
		slice_eq(text, SLICE_LIT("Asia/Saigon"))) {
		*seconds = ZONE_VIETNAM;
		return true;
	}
	if (slice_eq(text, SLICE_LIT("UTC")) || slice_eq(text, SLICE_LIT("Z"))) {
		*seconds = 0;
		return true;
	}
	if (text.len < 3 || text.len > room || (text.ptr[0] != '+' && text.ptr[0] != '-'))
		return false;
	memcpy(stamp + 19, text.ptr, text.len);
	if (!clock_parse_iso(slice_of(stamp, 19 + text.len), 0, &ns, &used) ||
		used != 19 + text.len)
		return false;
	*seconds = (int32_t)(INT64_C(946684800) - ns / CLOCK_NS_PER_S);
	return true;
}

static bool format_from(struct slice name, const struct parser **format, struct err *err)
{
	if (slice_eq(name, SLICE_LIT("auto")))
		return true;
	*format = parser_by_name(name);
	if (*format == NULL)
		return err_set(
			err, "--format %.*s: no such parser; see --list", SLICE_FMT(name));
	return true;
}

static bool take_zone(const struct arguments *arguments, int32_t *seconds, struct err *err)
{
	const char *text = arguments_text(arguments, "tz");

	return zone_from(slice_str(text), seconds) ||
	       err_set(err, "--tz %s: neither UTC, Asia/Ho_Chi_Minh nor an offset like +07:00",
		       text);
}

static bool take_year(const struct arguments *arguments, int *year, struct err *err)
{
	uint32_t number = 0;

	if (!arguments_number(arguments, "year", YEAR_LEAST, YEAR_MOST, &number, err))
		return false;
	*year = (int)number;
	return true;
}

static bool take_options(
	const struct arguments *arguments, struct options *options, struct err *err)
{
	if (arguments->n_operands > 0 && strcmp(arguments->operands[0], "-") != 0)
		options->path = arguments->operands[0];
	return format_from(
		       slice_str(arguments_text(arguments, "format")), &options->format, err) &&
	       take_zone(arguments, &options->settings.zone_seconds, err) &&
	       take_year(arguments, &options->settings.year, err);
}

static void list_parsers(void)
{
	for (unsigned i = 0; parsers[i] != NULL; i++)
		printf("%-14s %s (%s)\n", parsers[i]->name, parsers[i]->summary,
			parsers[i]->source);
}

static bool write_out(struct run *run, struct err *err)
{
	size_t at = 0;

	if (run->out.overflow)
		return err_set(err, "a line grew beyond %d bytes of JSON", OUT_MAX);
	while (at < run->out.len) {
		ssize_t n = write(STDOUT_FILENO, run->out.ptr + at, run->out.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "writing");
		at += (size_t)n;
	}
	strbuf_reset(&run->out);
	return true;
}

static bool put_line(struct run *run, struct slice line, uint64_t whole, struct err *err)
{
	struct record record = {
		.raw = line,
		.received_ns = run->now_ns,
		.read_ns = CLOCK_NONE,
		.whole = whole,
		.source = &run->source,
		.kind = RECORD_LOG,
		.flags = whole > line.len ? RECORD_TRUNCATED : 0,
	};

	arena_reset(&run->arena);
	normalize_record(run->normalizer, run->format, &run->arena, &record);
	record.received_ns = CLOCK_NONE; /* now is not a time of the event */

	const struct parser *parser = parser_by_number(record.parser);
	encode_json(&run->out, &record, slice_str(parser ? parser->name : NULL));
	strbuf_add_byte(&run->out, '\n');
	return run->out.len < OUT_READY || write_out(run, err);
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

static bool read_all(struct run *run, int fd, char *buffer, struct err *err)
{
	for (;;) {
		ssize_t n = read(fd, buffer, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "reading");
		if (n == 0)
			break;
		run->now_ns = clock_wall_ns();
		if (!take_buffer(run, slice_of(buffer, (size_t)n), err))
			return false;
	}
	if (run->whole > 0 && !finish_line(run, SLICE_LIT(""), err))
		return false;
	return write_out(run, err);
}

static bool run_on(const struct options *options, int fd, struct err *err)
{
	struct normalizer *normalizer = normalizer_new(&options->settings);
	char *buffer = malloc(READ_SIZE);
	struct run run = {
		.normalizer = normalizer,
		.format = options->format,
		.source = {.input = SLICE_LIT("file"),
			.name = slice_str(options->path ? options->path : "-"),
			.format = SLICE_LIT("")},
		.line = STRBUF_INIT(LINE_MAX_BYTES),
		.out = STRBUF_INIT(OUT_MAX),
	};

	if (buffer == NULL)
		abort();
	arena_init(&run.arena, ARENA_MAX);
	bool ok = read_all(&run, fd, buffer, err);
	arena_done(&run.arena);
	strbuf_done(&run.line);
	strbuf_done(&run.out);
	free(buffer);
	normalizer_free(normalizer);
	return ok;
}

static bool normalize_file(const struct options *options, struct err *err)
{
	if (options->path == NULL)
		return run_on(options, STDIN_FILENO, err);

	int fd = open(options->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "%s", options->path);
	bool ok = run_on(options, fd, err);
	close(fd);
	return ok || err_within(err, "%s", options->path);
}

static int run_normalize(const struct arguments *arguments)
{
	struct options options = {0};
	struct err err = {0};

	if (arguments_flag(arguments, "list")) {
		list_parsers();
		return EXIT_DONE;
	}
	if (!take_options(arguments, &options, &err)) {
		fprintf(stderr, "soc-collector normalize: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (!normalize_file(&options, &err)) {
		fprintf(stderr, "soc-collector normalize: %s\n", err.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static const struct option_spec normalize_options[] = {
	{.name = "format",
		.value = "NAME",
		.help = "ask this parser first; --list shows them",
		.standard = "auto"},
	{.name = "tz",
		.value = "ZONE",
		.help = "of stamps without one: UTC, +07:00, Asia/Ho_Chi_Minh",
		.standard = "Asia/Ho_Chi_Minh"},
	{.name = "year",
		.value = "Y",
		.help = "of stamps without one (the one that makes them nearest to now)"},
	{.name = "list", .help = "list the parsers instead"},
	{0},
};

const struct command normalize_commands[] = {
	{.name = "normalize",
		.operands = "[FILE]",
		.operands_max = 1,
		.summary = "raw lines in, one JSON object a line out",
		.details = "Writes one object for every line, in order; `soc.parse_status` "
			   "says how\n"
			   "well it was understood. Without FILE, or with '-': standard input.",
		.options = normalize_options,
		.run = run_normalize},
	{0},
};
