#include "collector/ctl/commands/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

#include "collector/ctl/layout.h"
#include "common/json.h"
#include "common/utf8.h"

enum { REQUEST_MAX = 16000, SHOWN_MAX = 256 << 20, ERROR_MAX = 4096 };

static bool is_of_output(const char *name)
{
	return strcmp(name, "socket") == 0 || strcmp(name, "table") == 0 ||
	       strcmp(name, "json") == 0;
}

static void put_options(struct json *json, const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->n_given; i++) {
		const struct given *given = &arguments->given[i];

		if (is_of_output(given->option->name))
			continue;
		if (given->value != NULL)
			json_put_str(json, given->option->name, given->value);
		else
			json_put_bool(json, given->option->name, true);
	}
}

static void put_operands(struct json *json, const struct arguments *arguments)
{
	if (arguments->n_operands == 0)
		return;
	if (arguments->command->operands_max == 1) {
		json_put_str(json, "number", arguments->operands[0]);
		return;
	}
	json_key(json, SLICE_LIT("numbers"));
	json_array(json);
	for (size_t i = 0; i < arguments->n_operands; i++)
		json_text(json, slice_str(arguments->operands[i]));
	json_array_end(json);
}

/* Whom the kernel does not name: who became root to ask. A claim, kept as one. */
static void put_claim(struct json *json)
{
	const char *name = getenv("SUDO_USER");

	if (name == NULL || *name == '\0')
		name = getenv("USER");
	if (name != NULL && *name != '\0')
		json_put_str(json, "claims", name);
}

static void put_request(struct strbuf *request, const struct arguments *arguments,
	const char *word, const char *kind)
{
	struct json json = json_into(request);

	strbuf_addf(request, "%s ", word);
	json_object(&json);
	put_options(&json, arguments);
	put_operands(&json, arguments);
	put_claim(&json);
	if (kind != NULL)
		json_put_str(&json, "kind", kind);
	json_object_end(&json);
}

/* What the collector says went wrong; false when nothing did. */
static bool answer_is_error(struct slice answer)
{
	yyjson_doc *doc = yyjson_read(answer.ptr, answer.len, 0);
	yyjson_val *error = yyjson_obj_get(yyjson_doc_get_root(doc), "error");
	struct strbuf shown = STRBUF_INIT(ERROR_MAX);

	if (doc == NULL)
		strbuf_add_str(&shown, "the answer is no JSON");
	else if (yyjson_is_str(error))
		utf8_show(&shown, slice_of(yyjson_get_str(error), yyjson_get_len(error)));
	const bool wrong = shown.len > 0;
	if (wrong)
		fprintf(stderr, "soc-ctl: %s\n", strbuf_cstr(&shown));
	strbuf_done(&shown);
	yyjson_doc_free(doc);
	return wrong;
}

static void print(const struct arguments *arguments, struct slice answer)
{
	struct strbuf shown = STRBUF_INIT(SHOWN_MAX);
	const bool table = arguments_flag(arguments, "table") ||
			   (isatty(STDOUT_FILENO) && !arguments_flag(arguments, "json"));

	if (table && layout_put(&shown, answer))
		fwrite(shown.ptr, 1, shown.len, stdout);
	else
		fwrite(answer.ptr, 1, answer.len, stdout);
	strbuf_done(&shown);
}

static int ask_and_print(const struct arguments *arguments, const char *request)
{
	struct strbuf answer = STRBUF_INIT(ANSWER_MAX);
	struct err err = {0};
	int code = EXIT_FAILED;

	if (!ask_collector(arguments_text(arguments, "socket"), request, &answer, &err)) {
		fprintf(stderr, "soc-ctl: %s\n", err.text);
	} else if (!answer_is_error(strbuf_slice(&answer))) {
		print(arguments, strbuf_slice(&answer));
		code = EXIT_DONE;
	}
	strbuf_done(&answer);
	return code;
}

int request_run(const struct arguments *arguments, const char *word, const char *kind)
{
	struct strbuf request = STRBUF_INIT(REQUEST_MAX);
	int code = EXIT_USAGE;

	put_request(&request, arguments, word, kind);
	if (request.overflow)
		fprintf(stderr, "soc-ctl: that is more than %d bytes\n", REQUEST_MAX);
	else
		code = ask_and_print(arguments, strbuf_cstr(&request));
	strbuf_done(&request);
	return code;
}
