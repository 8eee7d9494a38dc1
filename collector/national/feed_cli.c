#include "collector/national/feed_cli.h"

#include <stdio.h>
#include <unistd.h>

#include "collector/national/jws.h"
#include "collector/national/message.h"
#include "collector/national/profile.h"
#include "common/cli/arguments.h"
#include "common/file.h"

enum { BODY_MAX = 64 << 20, REPORT_MAX = 1 << 20 };

struct options {
	const char *type, *national, *jws, *ca, *path;
};

struct feed {
	const struct message_type *type;
	const char *name; /* of the file, for messages */
	struct options options;
	struct national_profile *profile;
	struct strbuf body;
};

/* ---- what it does ------------------------------------------------------------------ */

static int check_message(struct feed *feed)
{
	struct strbuf mistakes = STRBUF_INIT(REPORT_MAX);
	bool good = feed->type->check(
		feed->profile, feed->name, strbuf_slice(&feed->body), &mistakes);

	if (good)
		printf("%s: good, %s\n", feed->name, feed->type->schema);
	else
		fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int show_message(struct feed *feed)
{
	struct err err;

	if (feed->type->show(strbuf_slice(&feed->body), stdout, &err))
		return EXIT_DONE;
	fprintf(stderr, "%s: %s\n", feed->name, err.text);
	return EXIT_FAILED;
}

static struct slice without_blanks(struct slice text)
{
	static const char blanks[] = " \t\r\n";

	while (text.len > 0 && strchr(blanks, text.ptr[text.len - 1]) != NULL)
		text.len--;
	while (text.len > 0 && strchr(blanks, text.ptr[0]) != NULL)
		text = slice_from(text, 1);
	return text;
}

/* A file of that name, else the text itself. */
static bool read_jws(const char *given, struct strbuf *jws, struct err *err)
{
	if (given == NULL)
		return true;
	if (access(given, F_OK) == 0)
		return file_read(given, jws, err);
	strbuf_add_str(jws, given);
	return !jws->overflow || err_set(err, "--jws: too long");
}

static int verify_with(struct feed *feed, struct slice jws)
{
	struct strbuf report = STRBUF_INIT(REPORT_MAX);
	bool good = feed->type->verify(
		feed->profile, strbuf_slice(&feed->body), jws, feed->options.ca, &report);

	fputs(strbuf_cstr(&report), good ? stdout : stderr);
	strbuf_done(&report);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int verify_message(struct feed *feed)
{
	struct strbuf jws = STRBUF_INIT(JWS_SIZE_MAX + 1);
	int status = EXIT_USAGE;
	struct err err;

	if (!read_jws(feed->options.jws, &jws, &err))
		fprintf(stderr, "soc-collector feed: %s\n", err.text);
	else
		status = verify_with(feed,
			feed->options.jws ? without_blanks(strbuf_slice(&jws)) : SLICE_NONE);
	strbuf_done(&jws);
	return status;
}

static int run_types(const struct arguments *arguments)
{
	(void)arguments;
	for (size_t i = 0; message_types[i] != NULL; i++)
		printf("%-12s %-12s %s\n             %s\n", message_types[i]->name,
			message_types[i]->schema, message_types[i]->summary,
			message_types[i]->source);
	return EXIT_DONE;
}

/* ---- what it is told --------------------------------------------------------------- */

static bool open_feed(struct feed *feed)
{
	struct strbuf mistakes = STRBUF_INIT(REPORT_MAX);
	bool is_stdin = strcmp(feed->options.path, "-") == 0;
	struct err err;

	feed->name = is_stdin ? "standard input" : feed->options.path;
	feed->profile = national_profile_load(feed->options.national, &mistakes);
	fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
	if (feed->profile == NULL)
		return false;
	if (file_read(is_stdin ? "/dev/stdin" : feed->options.path, &feed->body, &err))
		return true;
	fprintf(stderr, "soc-collector feed: %s\n", err.text);
	return false;
}

static int unknown_type(const char *word)
{
	fprintf(stderr,
		"soc-collector feed: there is no type '%s'; try: soc-collector feed types\n",
		word);
	return EXIT_USAGE;
}

static int run_with(const struct options *options, int (*run)(struct feed *feed))
{
	struct feed feed = {
		.type = message_type_by_name(slice_str(options->type)),
		.options = *options,
		.body = STRBUF_INIT(BODY_MAX),
	};
	int status = EXIT_USAGE;

	if (feed.type == NULL)
		return unknown_type(options->type);
	if (open_feed(&feed))
		status = run(&feed);
	national_profile_free(feed.profile);
	strbuf_done(&feed.body);
	return status;
}

static int run_check(const struct arguments *arguments)
{
	const struct options options = {
		.type = arguments_text(arguments, "type"),
		.national = arguments_text(arguments, "national"),
		.path = arguments->operands[0],
	};

	return run_with(&options, check_message);
}

static int run_show(const struct arguments *arguments)
{
	const struct options options = {
		.type = arguments_text(arguments, "type"),
		.path = arguments->operands[0],
	};

	return run_with(&options, show_message);
}

static int run_verify(const struct arguments *arguments)
{
	const struct options options = {
		.type = arguments_text(arguments, "type"),
		.national = arguments_text(arguments, "national"),
		.jws = arguments_text(arguments, "jws"),
		.ca = arguments_text(arguments, "ca"),
		.path = arguments->operands[0],
	};

	return run_with(&options, verify_message);
}

#define OPTION_TYPE                                                                            \
	{                                                                                      \
		.name = "type", .letter = 't', .value = "TYPE",                                \
		.help = "what it is; `soc-collector feed types` lists them", .required = true  \
	}
#define OPTION_NATIONAL                                                                        \
	{                                                                                      \
		.name = "national", .value = "DIR",                                            \
		.help = "profile and schemas of this folder instead of the built-in ones"      \
	}

static const struct option_spec check_options[] = {OPTION_TYPE, OPTION_NATIONAL, {0}};
static const struct option_spec show_options[] = {OPTION_TYPE, {0}};
static const struct option_spec verify_options[] = {
	OPTION_TYPE,
	OPTION_NATIONAL,
	{.name = "jws",
		.value = "FILE|TEXT",
		.help = "the signature that came beside a JSON message"},
	{.name = "ca",
		.value = "FILE",
		.help = "certificates (PEM) that the signer's must lead to"},
	{0},
};

#define FILE_DETAILS                                                                           \
	"FILE is one message as it travels; '-' is standard input.\n"                          \
	"Exit status: 0 good, 1 not good, 2 not understood or an unreadable file."

const struct command feed_commands[] = {
	{.group = "feed",
		.name = "check",
		.operands = "FILE",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "hold a national message against its schema",
		.details = FILE_DETAILS,
		.options = check_options,
		.run = run_check},
	{.group = "feed",
		.name = "show",
		.operands = "FILE",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "print what a national message says, for people",
		.details = FILE_DETAILS,
		.options = show_options,
		.run = run_show},
	{.group = "feed",
		.name = "verify",
		.operands = "FILE",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "verify the signature of a national message",
		.details = FILE_DETAILS,
		.options = verify_options,
		.run = run_verify},
	{.group = "feed",
		.name = "types",
		.summary = "list the types of national messages",
		.run = run_types},
	{0},
};
