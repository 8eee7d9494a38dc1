#include "common/cli/arguments.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/slice.h"

static const struct option_spec *option_by_name(
	const struct command *command, struct slice name)
{
	for (const struct option_spec *option = command->options;
		option != NULL && option->name != NULL; option++) {
		if (slice_eq(slice_str(option->name), name))
			return option;
	}
	return NULL;
}

static bool unknown_option(const struct command *command, const char *word, struct err *err)
{
	struct slice rest = slice_str(word), name;
	struct nearest nearest;

	(void)slice_cut(&rest, '=', &name);
	nearest = (struct nearest){.word = slice_from(name, 2)};
	for (const struct option_spec *option = command->options;
		option != NULL && option->name != NULL && name.len > 2; option++) {
		if (option->help != NULL)
			nearest_offer(&nearest, option->name);
	}
	if (nearest.best != NULL)
		return err_set(err, "unknown option '%.*s'; did you mean '--%s'?",
			SLICE_FMT(name), nearest.best);
	return err_set(err, "unknown option '%.*s'", SLICE_FMT(name));
}

static size_t times_given(const struct arguments *arguments, const struct option_spec *option)
{
	size_t n = 0;

	for (size_t i = 0; i < arguments->n_given; i++)
		n += arguments->given[i].option == option;
	return n;
}

static bool add_option(struct arguments *arguments, const struct option_spec *option,
	const char *value, struct err *err)
{
	size_t most = option->most > 0 ? option->most : 1;

	if (times_given(arguments, option) >= most)
		return most == 1 ? err_set(err, "option '--%s' is given twice", option->name)
				 : err_set(err, "option '--%s' is given over %zu times",
					   option->name, most);
	arguments->given[arguments->n_given++] = (struct given){option, value};
	return true;
}

/* The name of a long option, or of the one with this letter; *value is absent when it comes
 * with the next word. */
static const struct option_spec *find_option(
	const struct command *command, const char *word, struct slice *value)
{
	struct slice rest = slice_str(word + 2), name;

	*value = SLICE_NONE;
	if (word[1] == '-') {
		(void)slice_cut(&rest, '=', &name);
		*value = rest;
		return option_by_name(command, name);
	}
	for (const struct option_spec *option = command->options;
		option != NULL && option->name != NULL; option++) {
		if (option->letter == word[1] && word[2] == '\0')
			return option;
	}
	return NULL;
}

/* `next` is the word behind it or NULL, *used set when taken. */
static bool read_option(struct arguments *arguments, const char *word, const char *next,
	bool *used, struct err *err)
{
	struct slice value;
	const struct option_spec *option = find_option(arguments->command, word, &value);

	if (option == NULL)
		return unknown_option(arguments->command, word, err);
	if (option->value == NULL && !slice_absent(value))
		return err_set(err, "option '--%s' takes no value", option->name);
	if (option->value == NULL)
		return add_option(arguments, option, NULL, err);
	if (!slice_absent(value))
		return add_option(arguments, option, value.ptr, err);
	if (next == NULL)
		return err_set(err, "option '--%s' needs a value: --%s %s", option->name,
			option->name, option->value);
	*used = true;
	return add_option(arguments, option, next, err);
}

static bool add_operand(struct arguments *arguments, const char *word, struct err *err)
{
	const struct command *command = arguments->command;

	if (arguments->n_operands == command->operands_max)
		return err_set(err, "'%s' is one word too many", word);
	arguments->operands[arguments->n_operands++] = word;
	return true;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static bool read_words(struct arguments *arguments, int n_words, char **words, struct err *err)
{
	bool options_ended = false;

	for (int i = 0; i < n_words; i++) {
		bool used_next = false;

		if (options_ended || !is_option(words[i])) {
			if (!add_operand(arguments, words[i], err))
				return false;
		} else if (strcmp(words[i], "--") == 0) {
			options_ended = true;
		} else if (is_help(words[i])) {
			arguments->help = true;
			return true;
		} else if (!read_option(arguments, words[i],
				   i + 1 < n_words ? words[i + 1] : NULL, &used_next, err)) {
			return false;
		}
		i += used_next;
	}
	return true;
}

static const struct option_spec *missing_option(const struct arguments *arguments)
{
	for (const struct option_spec *option = arguments->command->options;
		option != NULL && option->name != NULL; option++) {
		if (option->required && times_given(arguments, option) == 0)
			return option;
	}
	return NULL;
}

bool arguments_read(struct arguments *arguments, int n_words, char **words, struct err *err)
{
	const struct command *command = arguments->command;

	arguments->given = calloc((size_t)n_words + 1, sizeof(*arguments->given));
	arguments->operands = calloc((size_t)n_words + 1, sizeof(*arguments->operands));
	if (arguments->given == NULL || arguments->operands == NULL)
		abort();
	if (!read_words(arguments, n_words, words, err))
		return false;
	if (arguments->help)
		return true;
	if (arguments->n_operands < command->operands_min)
		return err_set(err, "%s is missing", command->operands);
	const struct option_spec *missing = missing_option(arguments);
	if (missing != NULL)
		return err_set(err, "option '--%s %s' is missing", missing->name,
			missing->value != NULL ? missing->value : "");
	return true;
}

void arguments_done(struct arguments *arguments)
{
	free(arguments->given);
	free(arguments->operands);
}

static const struct option_spec *known_option(
	const struct arguments *arguments, const char *name)
{
	const struct option_spec *option = option_by_name(arguments->command, slice_str(name));

	assert(option != NULL);
	return option;
}

bool arguments_flag(const struct arguments *arguments, const char *name)
{
	return times_given(arguments, known_option(arguments, name)) > 0;
}

const char *arguments_text(const struct arguments *arguments, const char *name)
{
	const struct option_spec *option = known_option(arguments, name);

	for (size_t i = 0; i < arguments->n_given; i++) {
		if (arguments->given[i].option == option)
			return arguments->given[i].value;
	}
	return option->standard;
}

size_t arguments_list(
	const struct arguments *arguments, const char *name, const char **values, size_t max)
{
	const struct option_spec *option = known_option(arguments, name);
	size_t n = 0;

	assert(option->most <= max);
	for (size_t i = 0; i < arguments->n_given; i++) {
		if (arguments->given[i].option == option)
			values[n++] = arguments->given[i].value;
	}
	return n;
}

bool arguments_number(const struct arguments *arguments, const char *name, uint32_t min,
	uint32_t max, uint32_t *number, struct err *err)
{
	const char *text = arguments_text(arguments, name);
	uint64_t value = 0;

	if (text == NULL)
		return true;
	if (!slice_to_u64(slice_str(text), max, &value) || value < min)
		return err_set(
			err, "--%s is a number from %u to %u, not '%s'", name, min, max, text);
	*number = (uint32_t)value;
	return true;
}
