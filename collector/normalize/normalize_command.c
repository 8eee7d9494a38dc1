#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/err.h"

enum {
	LINE_MAX_BYTES = 1 << 20, /* longer lines are cut, and say so */
	READ_SIZE = 1 << 18,
	OUT_READY = 1 << 16, /* bytes that are worth a write */
	OUT_MAX = 64 << 20,
	ARENA_MAX = 32 << 20,
	ZONE_VIETNAM = 7 * 3600,
};

struct options {
	struct normalize_settings settings;
	const struct parser *format;
	const char *path; /* NULL = standard input */
	bool list;
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

static const char usage[] =
	"usage: soc-collector normalize [--format auto|NAME] [--tz ZONE] [--year Y] [FILE]\n"
	"       soc-collector normalize --list\n"
	"\n"
	"Reads raw log lines, writes one JSON object a line, in order.\n"
	"  --format NAME  ask this parser first (--list shows them)\n"
	"  --tz ZONE      of stamps without one: UTC, +07:00, Asia/Ho_Chi_Minh (default)\n"
	"  --year Y       of stamps without one; default: this or last year\n";

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

static bool take_option(int option, struct options *options, struct err *err)
{
	struct slice value = slice_str(optarg);
	uint64_t year;

	switch (option) {
	case 'f':
		return format_from(value, &options->format, err);
	case 't':
		if (!zone_from(value, &options->settings.zone_seconds))
			return err_set(err,
				"--tz %s: neither UTC, Asia/Ho_Chi_Minh nor an offset like "
				"+07:00",
				optarg);
		return true;
	case 'y':
		if (!slice_to_u64(value, 2261, &year) || year < 1970)
			return err_set(err, "--year %s: not a year of 1970..2261", optarg);
		options->settings.year = (int)year;
		return true;
	case 'l':
		options->list = true;
		return true;
	default:
		return err_set(err, "%s", usage);
	}
}

static bool read_arguments(int argc, char **argv, struct options *options, struct err *err)
{
	static const struct option known[] = {
		{"format", required_argument, NULL, 'f'},
		{"tz", required_argument, NULL, 't'},
		{"year", required_argument, NULL, 'y'},
		{"list", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (!take_option(option, options, err))
			return false;
	}
	if (argc - optind > 1)
		return err_set(err, "one file at most\n%s", usage);
	options->path = optind < argc ? argv[optind] : NULL;
	if (options->path && strcmp(options->path, "-") == 0)
		options->path = NULL;
	return true;
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

int normalize_command(int argc, char **argv)
{
	struct options options = {.settings.zone_seconds = ZONE_VIETNAM};
	struct err err = {0};

	if (!read_arguments(argc, argv, &options, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	if (options.list) {
		list_parsers();
		return EXIT_SUCCESS;
	}
	if (!normalize_file(&options, &err)) {
		fprintf(stderr, "soc-collector normalize: %s\n", err.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
