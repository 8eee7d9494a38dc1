#include "agent/scan/compile.h"

#include <stdio.h>
#include <string.h>

#include "common/attr.h"

const char *const external_names[EXTERNAL_COUNT] = {
	"filename", "filepath", "extension", "owner", "filetype"};

static void on_message(int level, const char *file, int line, const YR_RULE *rule,
	const char *message, void *user)
{
	struct compile_source *source = user;

	(void)file;
	(void)rule;
	if (level == YARA_ERROR_LEVEL_ERROR && source->words[0] == '\0')
		snprintf(source->words, sizeof(source->words), "%d: %s", line, message);
}

static const char *refuse_include(
	const char *name, const char *file, const char *ruleset, void *user)
{
	struct compile_source *source = user;

	(void)file;
	(void)ruleset;
	snprintf(source->words, sizeof(source->words),
		"0: include \"%.100s\" is refused: put all rules into the folder", name);
	return NULL;
}

static void free_nothing(const char *text, void *user)
{
	(void)text;
	(void)user;
}

static YR_COMPILER *new_compiler(void)
{
	YR_COMPILER *compiler;

	if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
		return NULL;
	for (unsigned i = 0; i < EXTERNAL_COUNT; i++) {
		if (yr_compiler_define_string_variable(compiler, external_names[i], "") !=
			ERROR_SUCCESS) {
			yr_compiler_destroy(compiler);
			return NULL;
		}
	}
	return compiler;
}

/* What libyara would take as the start of compiled rules, or could not read to its end. */
static bool is_source(struct compile_source *source)
{
	if (strlen(source->text) == source->len)
		return true;
	bool compiled = source->len >= 4 && memcmp(source->text, "YARA", 4) == 0;
	snprintf(source->words, sizeof(source->words), "1: %s",
		compiled ? "compiled rules are refused: give their source" : "not text");
	return false;
}

static bool add_source(YR_COMPILER *compiler, struct compile_source *source)
{
	yr_compiler_set_callback(compiler, on_message, source);
	yr_compiler_set_include_callback(compiler, refuse_include, free_nothing, source);
	if (yr_compiler_add_string(compiler, source->text, source->ruleset) == 0)
		return true;
	if (source->words[0] == '\0')
		snprintf(source->words, sizeof(source->words), "0: not understood");
	return false;
}

/* A compiler that met an error is of no further use. */
static void try_alone(struct compile_source *source)
{
	YR_COMPILER *compiler = new_compiler();

	source->words[0] = '\0';
	source->refused = compiler == NULL || !add_source(compiler, source);
	if (compiler != NULL)
		yr_compiler_destroy(compiler);
}

/* False when a source failed: it is marked refused. */
static bool add_all(YR_COMPILER *compiler, struct compile_source *sources, size_t n,
	compile_progress progress, void *user)
{
	for (size_t i = 0; i < n; i++) {
		if (sources[i].refused)
			continue;
		progress(user, i);
		if (!add_source(compiler, &sources[i])) {
			sources[i].refused = true;
			return false;
		}
	}
	return true;
}

static size_t count_left(const struct compile_source *sources, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		left += !sources[i].refused;
	return left;
}

static YR_RULES *finish(YR_COMPILER *compiler, const char **words)
{
	YR_RULES *rules = NULL;

	if (yr_compiler_get_rules(compiler, &rules) == ERROR_SUCCESS)
		return rules;
	*words = "the rules together need more memory than allowed";
	return NULL;
}

/*
 * All at once, which is what happens when nobody made a mistake. After a first failure each
 * source is tried alone, so that many bad ones cost one more pass and not one each.
 */
YR_RULES *compile_sources(struct compile_source *sources, size_t n, compile_progress progress,
	void *user, const char **words)
{
	bool tried_alone = false;

	*words = NULL;
	for (size_t i = 0; i < n; i++)
		sources[i].refused = sources[i].refused || !is_source(&sources[i]);
	while (count_left(sources, n) > 0) {
		YR_COMPILER *compiler = new_compiler();
		YR_RULES *rules = NULL;

		if (compiler == NULL) {
			*words = "no memory for a compiler";
			return NULL;
		}
		bool good = add_all(compiler, sources, n, progress, user);
		if (good)
			rules = finish(compiler, words);
		yr_compiler_destroy(compiler);
		if (good)
			return rules;
		for (size_t i = 0; i < n && !tried_alone; i++) {
			if (sources[i].refused)
				continue;
			progress(user, i);
			try_alone(&sources[i]);
		}
		tried_alone = true;
	}
	return NULL;
}
