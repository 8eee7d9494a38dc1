#include "common/cli/arguments.h"

#include <stdio.h>

#include "tests/support/check.h"

static const struct option_spec options[] = {
	{.name = "dir", .value = "DIR", .help = "", .standard = "here"},
	{.name = "days", .letter = 'd', .value = "N", .help = ""},
	{.name = "dns", .value = "NAME", .help = "", .most = 2},
	{.name = "force", .help = ""},
	{.name = "forced", .value = "X"},
	{0},
};

static const struct command command = {
	.name = "try",
	.operands = "FILE...",
	.operands_min = 1,
	.operands_max = 2,
	.options = options,
};

static struct arguments arguments;
static struct err err;

static bool read_words(size_t n, const char *const *words)
{
	static char storage[8][32]; /* borrowed by the arguments */
	char *copies[8];

	for (size_t i = 0; i < n; i++) {
		snprintf(storage[i], sizeof(storage[i]), "%s", words[i]);
		copies[i] = storage[i];
	}
	err.text[0] = '\0';
	arguments_done(&arguments);
	arguments = (struct arguments){.command = &command};
	return arguments_read(&arguments, (int)n, copies, &err);
}

#define READ(...)                                                                              \
	read_words(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                     \
		(const char *[]){__VA_ARGS__})

static void expect_words(const char *words)
{
	ck_assert_msg(
		strstr(err.text, words) != NULL, "'%s' does not say '%s'", err.text, words);
}

START_TEST(options_are_given_in_two_forms_and_counted)
{
	ck_assert(READ("--days=3", "a", "--force", "--", "--days"));
	ck_assert(arguments_flag(&arguments, "force"));
	ck_assert_uint_eq(arguments.n_operands, 2);
	ck_assert(READ("--dns", "x", "--dns=y", "a"));
	ck_assert(!arguments_flag(&arguments, "force"));
	ck_assert(READ("-d", "4", "-", "a"));
	ck_assert_str_eq(arguments_text(&arguments, "days"), "4");
	ck_assert_uint_eq(arguments.n_operands, 2);
	ck_assert(!READ("--dns", "x", "--dns=y", "--dns=z", "a"));
	expect_words("over 2 times");
	ck_assert(!READ("--days=3", "--days=3", "a"));
	expect_words("given twice");
}
END_TEST

START_TEST(what_is_not_given_has_its_standard_value)
{
	uint32_t days = 9;
	const char *names[4];

	ck_assert(READ("a"));
	ck_assert_str_eq(arguments_text(&arguments, "dir"), "here");
	ck_assert_ptr_null(arguments_text(&arguments, "days"));
	ck_assert(arguments_number(&arguments, "days", 1, 5, &days, &err));
	ck_assert_uint_eq(days, 9);
	ck_assert_uint_eq(arguments_list(&arguments, "dns", names, 4), 0);
}
END_TEST

START_TEST(mistakes_are_explained)
{
	ck_assert(!READ("--dyas", "3", "a"));
	expect_words("did you mean '--days'?");
	ck_assert(!READ("--qqqqqqqq", "a"));
	expect_words("unknown option '--qqqqqqqq'");
	ck_assert(!READ("a", "--days"));
	expect_words("needs a value: --days N");
	ck_assert(!READ("--force=yes", "a"));
	expect_words("takes no value");
	ck_assert(!READ("-f", "a"));
	expect_words("unknown option '-f'");
	ck_assert(!READ("-dx", "a"));
	expect_words("unknown option '-dx'");
	ck_assert(!READ("--force"));
	expect_words("FILE... is missing");
	ck_assert(!READ("a", "b", "c"));
	expect_words("'c' is one word too many");
}
END_TEST

START_TEST(options_that_are_required_are_asked_for)
{
	static const struct option_spec must[] = {
		{.name = "config",
			.letter = 'c',
			.value = "FILE",
			.help = "",
			.required = true},
		{0},
	};
	static const struct command strict = {.name = "run", .options = must};
	static char word[] = "-c", value[] = "x.yaml";
	char *words[] = {word, value};

	arguments_done(&arguments);
	arguments = (struct arguments){.command = &strict};
	ck_assert(!arguments_read(&arguments, 0, words, &err));
	expect_words("option '--config FILE' is missing");
	arguments_done(&arguments);
	arguments = (struct arguments){.command = &strict};
	ck_assert(arguments_read(&arguments, 2, words, &err));
	ck_assert_str_eq(arguments_text(&arguments, "config"), "x.yaml");
}
END_TEST

START_TEST(options_not_for_people_are_not_proposed)
{
	ck_assert(!READ("--force1", "a"));
	expect_words("did you mean '--force'?");
}
END_TEST

START_TEST(help_is_a_word_of_its_own_and_needs_nothing_else)
{
	ck_assert(READ("--help"));
	ck_assert(arguments.help);
	ck_assert(READ("--days", "3", "-h", "--qqqqqqqq"));
	ck_assert(arguments.help);
	ck_assert(READ("--dns", "-h", "a"));
	ck_assert(!arguments.help);
	ck_assert_str_eq(arguments_text(&arguments, "dns"), "-h");
	ck_assert(READ("--", "--help"));
	ck_assert(!arguments.help);
}
END_TEST

static bool days_of(const char *text)
{
	uint32_t days = 0;

	ck_assert(READ("--days", text, "a"));
	return arguments_number(&arguments, "days", 1, 5, &days, &err);
}

START_TEST(numbers_are_plain_and_within_their_limits)
{
	ck_assert(days_of("1"));
	ck_assert(days_of("5"));
	ck_assert(!days_of("0"));
	ck_assert(!days_of("6"));
	ck_assert(!days_of("-1"));
	ck_assert(!days_of("1d"));
	ck_assert(!days_of(""));
	expect_words("--days is a number from 1 to 5, not ''");
}
END_TEST

TEST_MAIN("arguments", options_are_given_in_two_forms_and_counted,
	what_is_not_given_has_its_standard_value, mistakes_are_explained,
	options_that_are_required_are_asked_for, options_not_for_people_are_not_proposed,
	help_is_a_word_of_its_own_and_needs_nothing_else,
	numbers_are_plain_and_within_their_limits)
