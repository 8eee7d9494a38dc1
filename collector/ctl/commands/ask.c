/*
 * ask - status, agents and ledger of the running collector
 *
 * The collector answers one line of JSON (collector/control.h); it is printed
 * as it is, for jq and for programs, or laid out for people on a terminal or
 * with --table.
 */
#include "collector/ctl/commands/ask.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <yyjson.h>

#include "common/cli/arguments.h"
#include "common/file.h"

enum { ANSWER_MAX = 256 << 20, PATIENCE_S = 15 };

#define SOCKET "/run/soc-collector/control.sock"

/* ---- asking ----------------------------------------------------------------- */

static int connect_to(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
		(size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
			sizeof(address.sun_path) ||
		connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		err_sys(err, "asking the collector at %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static bool read_answer(int fd, struct strbuf *answer, struct err *err)
{
	enum { PART = 64 * 1024 };

	for (;;) {
		char *to = strbuf_reserve(answer, PART);
		ssize_t n = to ? read(fd, to, PART) : 0;

		if (to == NULL)
			return err_set(err, "the answer is larger than %d bytes", ANSWER_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "reading the answer");
		if (n == 0)
			return answer->len > 0 || err_set(err, "the collector hung up");
		strbuf_extend(answer, (size_t)n);
	}
}

static bool ask(const char *path, const char *word, struct strbuf *answer, struct err *err)
{
	char request[64];
	int fd = connect_to(path, err);

	if (fd < 0)
		return false;
	int len = snprintf(request, sizeof(request), "%s\n", word);
	bool ok = file_write_all(fd, request, (size_t)len) ? read_answer(fd, answer, err)
							   : err_sys(err, "asking");
	close(fd);
	return ok;
}

/* ---- for people ------------------------------------------------------------- */

static void print_value(const char *name, yyjson_val *value)
{
	if (yyjson_is_uint(value))
		printf("%-28s %" PRIu64 "\n", name, yyjson_get_uint(value));
	else if (yyjson_is_sint(value))
		printf("%-28s %" PRId64 "\n", name, yyjson_get_sint(value));
	else if (yyjson_is_bool(value))
		printf("%-28s %s\n", name, yyjson_get_bool(value) ? "yes" : "no");
	else if (yyjson_is_str(value))
		printf("%-28s %s\n", name, yyjson_get_str(value));
}

static void print_object(yyjson_val *object)
{
	yyjson_val *name, *value;
	size_t at, n;

	yyjson_obj_foreach(object, at, n, name, value)
	{
		if (yyjson_is_obj(value)) {
			printf("\n%s\n", yyjson_get_str(name));
			print_object(value);
		} else {
			print_value(yyjson_get_str(name), value);
		}
	}
}

static void print_cell(yyjson_val *value)
{
	if (yyjson_is_str(value)) {
		printf("%-24s ", yyjson_get_str(value));
	} else if (yyjson_is_bool(value)) {
		printf("%-6s ", yyjson_get_bool(value) ? "yes" : "no");
	} else if (yyjson_is_null(value)) {
		printf("%-14s ", "-");
	} else {
		printf("%-14" PRId64 " ", yyjson_get_sint(value));
	}
}

/* The only member is a list of objects that are alike: its members are the columns. */
static void print_rows(yyjson_val *list)
{
	yyjson_val *row, *name, *value;
	size_t at, n, column, columns;

	yyjson_arr_foreach(list, at, n, row)
	{
		if (at == 0) {
			yyjson_obj_foreach(row, column, columns, name, value) printf("%-*s ",
				yyjson_is_str(value)    ? 24
				: yyjson_is_bool(value) ? 6
							: 14,
				yyjson_get_str(name));
			putchar('\n');
		}
		yyjson_obj_foreach(row, column, columns, name, value) print_cell(value);
		putchar('\n');
	}
	printf("%zu in all\n", yyjson_arr_size(list));
}

static bool print_for_people(struct slice answer)
{
	yyjson_doc *doc = yyjson_read(answer.ptr, answer.len, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (root != NULL) {
		yyjson_val *list = yyjson_obj_get(root, "agents");

		if (!yyjson_is_arr(list))
			list = yyjson_obj_get(root, "streams");
		if (yyjson_is_arr(list))
			print_rows(list);
		else
			print_object(root);
	}
	yyjson_doc_free(doc);
	return root != NULL;
}

/* ---- commands --------------------------------------------------------------- */

static int run_ask(const struct arguments *arguments)
{
	struct strbuf answer = STRBUF_INIT(ANSWER_MAX);
	struct err err = {0};
	bool ok = ask(
		arguments_text(arguments, "socket"), arguments->command->name, &answer, &err);
	bool table = arguments_flag(arguments, "table") || isatty(STDOUT_FILENO);

	if (!ok)
		fprintf(stderr, "soc-ctl: %s\n", err.text);
	else if (!table || !print_for_people(strbuf_slice(&answer)))
		fwrite(answer.ptr, 1, answer.len, stdout);
	strbuf_done(&answer);
	return ok && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct option_spec options[] = {
	{"socket", "PATH", "the collector's control socket", SOCKET, 0},
	{"table", NULL, "lay it out for people also when the output is no terminal", NULL, 0},
	{0},
};

const struct command ask_commands[] = {
	{
		.name = "status",
		.summary = "how the collector is: store, agents, every counter",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "agents",
		.summary = "every agent seen: online, clock offset, queue",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "ledger",
		.summary = "every stream: stored, declared missing, duplicates, lost",
		.options = options,
		.run = run_ask,
	},
	{0},
};
