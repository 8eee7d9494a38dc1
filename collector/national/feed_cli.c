#include "collector/national/feed_cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/national/jws.h"
#include "collector/national/message.h"
#include "collector/national/profile.h"
#include "common/file.h"

enum { EXIT_USAGE = 2, BODY_MAX = 64 << 20, REPORT_MAX = 1 << 20 };

static const char usage[] =
	"usage: soc-collector feed check  --type T [--national DIR] FILE\n"
	"       soc-collector feed show   --type T FILE\n"
	"       soc-collector feed verify --type T [--jws FILE|TEXT] [--ca FILE]\n"
	"                                 [--national DIR] FILE\n"
	"       soc-collector feed types\n"
	"\n"
	"FILE is one message as it travels; '-' is standard input.\n"
	"  --type T        what it is; `feed types` lists them\n"
	"  --national DIR  profile and schemas of this folder instead of the built-in ones\n"
	"  --jws           the signature that came beside a JSON message\n"
	"  --ca FILE       certificates (PEM) that the signer's must lead to\n"
	"\n"
	"exit: 0 good, 1 not good, 2 wrong usage or unreadable file\n";

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

static int wrong(const char *what, const char *word)
{
	fprintf(stderr, "soc-collector feed: %s%s%s\n%s", what, word != NULL ? " " : "",
		word != NULL ? word : "", usage);
	return EXIT_USAGE;
}

/* ---- what it does ------------------------------------------------------------------ */

static int check(struct feed *feed)
{
	struct strbuf mistakes = STRBUF_INIT(REPORT_MAX);
	bool good = feed->type->check(
		feed->profile, feed->name, strbuf_slice(&feed->body), &mistakes);

	if (good)
		printf("%s: good, %s\n", feed->name, feed->type->schema);
	else
		fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int show(struct feed *feed)
{
	struct err err;

	if (feed->type->show(strbuf_slice(&feed->body), stdout, &err))
		return EXIT_SUCCESS;
	fprintf(stderr, "%s: %s\n", feed->name, err.text);
	return EXIT_FAILURE;
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
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int verify(struct feed *feed)
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

static const struct {
	const char *name;
	int (*run)(struct feed *feed);
} verbs[] = {{"check", check}, {"show", show}, {"verify", verify}};

static int list_types(void)
{
	for (size_t i = 0; message_types[i] != NULL; i++)
		printf("%-12s %-12s %s\n             %s\n", message_types[i]->name,
			message_types[i]->schema, message_types[i]->summary,
			message_types[i]->source);
	return EXIT_SUCCESS;
}

/* ---- what it is told --------------------------------------------------------------- */

static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"type", required_argument, NULL, 't'},
		{"national", required_argument, NULL, 'n'},
		{"jws", required_argument, NULL, 'j'},
		{"ca", required_argument, NULL, 'c'},
		{0},
	};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "t:", known, NULL)) != -1) {
		switch (letter) {
		case 't':
			options->type = optarg;
			break;
		case 'n':
			options->national = optarg;
			break;
		case 'j':
			options->jws = optarg;
			break;
		case 'c':
			options->ca = optarg;
			break;
		default:
			return false;
		}
	}
	options->path = optind + 1 == argc ? argv[optind] : NULL;
	return optind + 1 == argc;
}

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

static int run_verb(int (*run)(struct feed *feed), const struct options *options)
{
	struct feed feed = {
		.type = message_type_by_name(slice_str(options->type)),
		.options = *options,
		.body = STRBUF_INIT(BODY_MAX),
	};
	int status = EXIT_USAGE;

	if (feed.type == NULL)
		return wrong("there is no type", options->type);
	if (open_feed(&feed))
		status = run(&feed);
	national_profile_free(feed.profile);
	strbuf_done(&feed.body);
	return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}

int feed_main(int argc, char **argv)
{
	struct options options = {0};

	if (argc < 2)
		return wrong("what?", NULL);
	if (strcmp(argv[1], "--help") == 0)
		return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (strcmp(argv[1], "types") == 0)
		return list_types();
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (!read_options(argc - 1, argv + 1, &options))
			return wrong("one file is needed", NULL);
		return options.type != NULL ? run_verb(verbs[i].run, &options)
					    : wrong("--type is needed", NULL);
	}
	return wrong("unknown command", argv[1]);
}
