#include "collector/ctl/commands/order.h"

#include <inttypes.h>
#include <stdio.h>
#include <yyjson.h>

#include "collector/ctl/asking.h"
#include "common/cli/arguments.h"

enum { RATE_MAX = 1000000 };

/* What the collector says went wrong; false when nothing did. */
static bool answer_is_error(struct slice answer, struct err *err)
{
	yyjson_doc *doc = yyjson_read(answer.ptr, answer.len, 0);
	const char *error = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "error"));
	bool wrong = doc == NULL || error != NULL;

	if (wrong)
		err_set(err, "%s", error != NULL ? error : "the answer is no JSON");
	yyjson_doc_free(doc);
	return wrong;
}

static bool give(const struct arguments *arguments, uint32_t agency, uint32_t host,
	uint32_t argument, struct err *err)
{
	struct strbuf answer = STRBUF_INIT(ANSWER_MAX);
	char request[128];

	snprintf(request, sizeof(request), "order %s %" PRIu32 " %" PRIu32 " %" PRIu32,
		arguments->command->name, agency, host, argument);
	bool good = ask_collector(arguments_text(arguments, "socket"), request, &answer, err) &&
		    !answer_is_error(strbuf_slice(&answer), err);
	strbuf_done(&answer);
	return good;
}

static int run_with(const struct arguments *arguments, uint32_t argument)
{
	uint32_t agency = 0, host = 0;
	struct err err = {0};

	if (!arguments_number(arguments, "agency", 1, UINT32_MAX, &agency, &err) ||
		!arguments_number(arguments, "host", 1, UINT32_MAX, &host, &err)) {
		fprintf(stderr, "soc-ctl: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (!give(arguments, agency, host, argument, &err)) {
		fprintf(stderr, "soc-ctl: %s\n", err.text);
		return EXIT_FAILED;
	}
	printf("sent to host %" PRIu32 " of agency %" PRIu32
	       "; what comes of it is a record of that host\n",
		host, agency);
	return EXIT_DONE;
}

static int run_order(const struct arguments *arguments)
{
	return run_with(arguments, 0);
}

static int run_slow_down(const struct arguments *arguments)
{
	uint32_t rate = 0;
	struct err err;

	if (arguments_number(arguments, "rate", 0, RATE_MAX, &rate, &err))
		return run_with(arguments, rate);
	fprintf(stderr, "soc-ctl: %s\n", err.text);
	return EXIT_USAGE;
}

#define OPTIONS_HOST                                                                           \
	{.name = "agency",                                                                     \
		.value = "N",                                                                  \
		.help = "internal number of the agency",                                       \
		.required = true},                                                             \
	{                                                                                      \
		.name = "host", .value = "M", .help = "internal number of the host",           \
		.required = true                                                               \
	}

static const struct option_spec options[] = {OPTIONS_HOST, OPTION_SOCKET, {0}};

static const struct option_spec slow_down_options[] = {
	OPTIONS_HOST,
	{.name = "rate",
		.value = "N",
		.help = "items a second of the bulk lane; 0 = no limit",
		.required = true},
	OPTION_SOCKET,
	{0},
};

const struct command order_commands[] = {
	{
		.group = "order",
		.name = "scan",
		.summary = "scan now, with the rules and paths of the agent's settings",
		.options = options,
		.run = run_order,
	},
	{
		.group = "order",
		.name = "report",
		.summary = "send inventory and state now",
		.options = options,
		.run = run_order,
	},
	{
		.group = "order",
		.name = "resend",
		.summary = "connect again and go on from what is stored",
		.options = options,
		.run = run_order,
	},
	{
		.group = "order",
		.name = "slow-down",
		.summary = "send slower until the connection ends",
		.options = slow_down_options,
		.run = run_slow_down,
	},
	{0},
};
