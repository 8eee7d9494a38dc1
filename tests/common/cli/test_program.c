#include "common/cli/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cli/arguments.h"
#include "common/file.h"
#include "common/strbuf.h"
#include "tests/support/check.h"

enum { RAN = 40, RAN_IN_GROUP = 41 };

static int run_plain(const struct arguments *arguments)
{
	return RAN + (int)arguments->n_operands * 10;
}

static int run_grouped(const struct arguments *arguments)
{
	(void)arguments;
	puts("done");
	return RAN_IN_GROUP;
}

static const struct option_spec options[] = {
	{.name = "config",
		.letter = 'c',
		.value = "FILE",
		.help = "the settings",
		.required = true},
	{.name = "role", .value = "NAME"},
	{0},
};

static const struct command commands[] = {
	{.name = "check",
		.summary = "looks at settings",
		.operands = "[FILE]",
		.operands_max = 1,
		.options = options,
		.run = run_plain},
	{.group = "pki", .name = "issue", .summary = "makes a certificate", .run = run_grouped},
	{.group = "alerts",
		.name = "list",
		.summary = "what is wrong",
		.options = options,
		.run = run_plain},
	{0},
};
static const struct command *const tables[] = {commands, NULL};
static const struct command_group groups[] = {
	{"pki", "certificates", NULL}, {"alerts", "what is wrong", "list"}, {0}};
static const struct program program = {
	.name = "soc-try",
	.about = "tries things",
	.tables = tables,
	.groups = groups,
};

static int saved[2];
static char path[] = "/tmp/soc-test-program-XXXXXX";
static struct strbuf said = STRBUF_INIT(1 << 16);

/* Runs the program with its output and errors in `said`. */
static int run_words(size_t n, const char *const *words)
{
	char storage[8][32], *copies[8];
	struct err err;

	for (size_t i = 0; i < n; i++) {
		snprintf(storage[i], sizeof(storage[i]), "%s", words[i]);
		copies[i] = storage[i];
	}
	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	int fd = mkstemp(path);
	for (int i = 0; i < 2; i++) {
		fflush(i == 0 ? stdout : stderr);
		saved[i] = dup(i + 1);
		ck_assert_int_ge(dup2(fd, i + 1), 0);
	}
	int status = program_main(&program, (int)n, copies);
	for (int i = 0; i < 2; i++) {
		fflush(i == 0 ? stdout : stderr);
		ck_assert_int_ge(dup2(saved[i], i + 1), 0);
		close(saved[i]);
	}
	close(fd);
	strbuf_reset(&said);
	ck_assert(file_read(path, &said, &err));
	unlink(path);
	return status;
}

#define RUN(...)                                                                               \
	run_words(sizeof((const char *[]){"soc-try", __VA_ARGS__}) / sizeof(char *),           \
		(const char *[]){"soc-try", __VA_ARGS__})

static void expect_words(const char *words)
{
	ck_assert_msg(strstr(strbuf_cstr(&said), words) != NULL, "'%s' does not say '%s'",
		strbuf_cstr(&said), words);
}

START_TEST(a_command_gets_its_arguments_and_gives_its_exit_code)
{
	ck_assert_int_eq(RUN("check", "-c", "x"), RAN);
	ck_assert_int_eq(RUN("check", "--config=x", "y"), RAN + 10);
	ck_assert_int_eq(RUN("pki", "issue"), RAN_IN_GROUP);
	expect_words("done");
}
END_TEST

START_TEST(a_group_without_a_word_means_its_standard_command)
{
	ck_assert_int_eq(RUN("alerts", "-c", "x"), RAN);
	ck_assert_int_eq(RUN("alerts", "list", "-c", "x"), RAN);
	ck_assert_int_eq(RUN("alerts", "--help"), EXIT_DONE);
	ck_assert_int_eq(RUN("alerts", "lits"), EXIT_USAGE);
	expect_words("did you mean 'list'?");
	ck_assert_int_eq(RUN("pki"), EXIT_USAGE);
}
END_TEST

START_TEST(mistyped_words_are_proposed)
{
	ck_assert_int_eq(RUN("chekc"), EXIT_USAGE);
	expect_words("soc-try: unknown command 'chekc'; did you mean 'check'?");
	ck_assert_int_eq(RUN("pki", "isue"), EXIT_USAGE);
	expect_words("did you mean 'issue'?");
	ck_assert_int_eq(RUN("check"), EXIT_USAGE);
	expect_words(
		"soc-try check: option '--config FILE' is missing\ntry: soc-try check --help");
}
END_TEST

START_TEST(help_and_version_are_asked_for_everywhere)
{
	ck_assert_int_eq(RUN("--help"), EXIT_DONE);
	expect_words("soc-try - tries things");
	expect_words("looks at settings");
	expect_words("pki ...: certificates");
	ck_assert_int_eq(RUN("pki", "--help"), EXIT_DONE);
	expect_words("usage: soc-try pki COMMAND");
	ck_assert_int_eq(RUN("check", "--help"), EXIT_DONE);
	expect_words("usage: soc-try check --config FILE [options] [FILE]");
	expect_words("-c, --config FILE");
	ck_assert_msg(strstr(strbuf_cstr(&said), "role") == NULL, "not for people");
	ck_assert_int_eq(RUN("--version"), EXIT_DONE);
	expect_words("soc-try ");
	ck_assert_int_eq(run_words(1, (const char *[]){"soc-try"}), EXIT_USAGE);
	expect_words("usage: soc-try");
}
END_TEST

TEST_MAIN("program", a_command_gets_its_arguments_and_gives_its_exit_code,
	a_group_without_a_word_means_its_standard_command, mistyped_words_are_proposed,
	help_and_version_are_asked_for_everywhere)
