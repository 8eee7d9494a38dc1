#include "collector/normalize/normalize_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yyjson.h>

#include "tests/support/check.h"

enum { LINES_MAX = 64 };

static yyjson_doc *docs[LINES_MAX];

static size_t read_objects(FILE *file)
{
	char *line = NULL;
	size_t room = 0, n = 0;
	ssize_t len;

	rewind(file);
	while ((len = getline(&line, &room, file)) > 0) {
		ck_assert_uint_lt(n, LINES_MAX);
		docs[n] = yyjson_read(line, (size_t)len, YYJSON_READ_NOFLAG);
		ck_assert_ptr_nonnull(docs[n++]);
	}
	free(line);
	return n;
}

static void forget(size_t n)
{
	for (size_t i = 0; i < n; i++)
		yyjson_doc_free(docs[i]);
}

static const char *text_of(size_t i, const char *name)
{
	return yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(docs[i]), name));
}

static size_t normalize_text(const char *text, FILE *out)
{
	FILE *in = tmpfile();
	struct err err = {0};

	ck_assert(in != NULL && fputs(text, in) >= 0 && fflush(in) == 0);
	rewind(in);
	struct normalize_lines lines = {.name = "-", .from = fileno(in), .to = fileno(out)};
	ck_assert_msg(normalize_lines(&lines, &err), "%s", err.text);
	fclose(in);
	return read_objects(out);
}

START_TEST(a_line_that_goes_on_names_the_first)
{
	FILE *out = tmpfile();
	size_t n = normalize_text("Jun  1 00:00:00 web app[1]: broken\n"
				  "\tat a.b(C.java:1)\r\n"
				  "\tat a.b(C.java:2)\n"
				  "Jun  1 00:00:01 web app[1]: whole\n"
				  "{\r\n"
				  "  \"msg\": \"x\",\r\n"
				  "  \"level\": \"info\"\r\n"
				  "}\r\n",
		out);

	ck_assert_uint_eq(n, 8);
	ck_assert_str_eq(
		text_of(0, "message"), "broken\n\tat a.b(C.java:1)\r\n\tat a.b(C.java:2)");
	ck_assert_str_eq(text_of(0, "event.original"), "Jun  1 00:00:00 web app[1]: broken");
	ck_assert_str_eq(text_of(0, "soc.parse_status"), "partial");
	ck_assert_str_eq(text_of(1, "event.original"), "\tat a.b(C.java:1)\r");
	for (size_t i = 1; i < 8; i = i == 2 ? 5 : i + 1) {
		yyjson_val *number =
			yyjson_obj_get(yyjson_doc_get_root(docs[i]), "soc.joined_line");

		ck_assert_str_eq(text_of(i, "soc.parse_status"), "joined");
		ck_assert_int_eq(yyjson_get_int(number), i < 3 ? 1 : 5);
	}
	ck_assert_str_eq(text_of(3, "message"), "whole");
	ck_assert_str_eq(text_of(4, "soc.parser"), "json");
	ck_assert_str_eq(text_of(4, "message"), "x");
	ck_assert_str_eq(text_of(4, "event.original"), "{\r");
	forget(n);
	fclose(out);
}
END_TEST

/* A reader at the other end of a pipe gets each line before the next is sent. */
START_TEST(the_last_record_of_an_audit_event_carries_it)
{
	FILE *out = tmpfile();
	size_t n = normalize_text(
		"type=SYSCALL msg=audit(1772852400.1:7): arch=c000003e syscall=59 pid=9\n"
		"type=EXECVE msg=audit(1772852400.1:7): argc=2 a0=\"rm\" a1=\"x\"\n"
		"type=SYSCALL msg=audit(1772852400.1:8): arch=c000003e syscall=42 pid=9\n"
		"type=SOCKADDR msg=audit(1772852400.1:8): saddr=02000050CB007109\n"
		"type=PROCTITLE msg=audit(1772852400.1:8): proctitle=\"x\"\n"
		"type=SYSCALL msg=audit(1772852400.1:9): arch=c000003e syscall=59 pid=9\n"
		"type=PROCTITLE msg=audit(1772852400.1:9): proctitle=\"x\"\n"
		"words\n",
		out);

	ck_assert_uint_eq(n, 8);
	ck_assert_ptr_null(text_of(0, "soc.event.action"));
	ck_assert_str_eq(text_of(1, "soc.event.action"), "executed");
	ck_assert_str_eq(text_of(1, "process.command_line"), "rm x");
	ck_assert_ptr_null(text_of(2, "soc.event.action"));
	ck_assert_str_eq(text_of(4, "soc.event.action"), "connected-to");
	ck_assert_str_eq(text_of(4, "destination.ip"), "203.0.113.9");
	ck_assert_str_eq(text_of(4, "event.action"), "proctitle");
	ck_assert_str_eq(text_of(6, "soc.event.action"), "executed");
	forget(n);
	fclose(out);
}
END_TEST

START_TEST(parsers_know_what_goes_on_with_their_records)
{
	FILE *out = tmpfile();
	size_t n = normalize_text(
		"# Time: 2026-03-07T03:00:00.123456Z\n"
		"# User@Host: app[app] @ web.example [192.0.2.7]  Id:    12\n"
		"# Query_time: 12.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 9\n"
		"SET timestamp=1772852400;\n"
		"SELECT *\n"
		"# User@Host: forged[x] @ [10.0.0.1]\n"
		"FROM t;\n"
		"# User@Host: an[an] @  [192.0.2.8]\n"
		"# Query_time: 1  Lock_time: 0\n"
		"DELETE FROM t;\n"
		"2026-03-07T03:00:00.123456Z\t   12 Query\tSELECT *\n"
		"FROM t\n"
		"\t\t   12 Quit\t\n"
		"Start-Date: 2026-03-07  10:00:00\n"
		"Commandline: apt-get install nginx\n"
		"Install: nginx:amd64 (1.22.1-9)\n"
		"Error: Sub-process returned an error code (1)\n"
		"End-Date: 2026-03-07  10:00:09\n"
		"Start-Date: 2026-03-07  10:01:00\n"
		"words\n",
		out);

	ck_assert_uint_eq(n, 20);
	ck_assert_str_eq(text_of(1, "user.name"), "app");
	ck_assert_str_eq(text_of(1, "message"),
		"SELECT *\n# User@Host: forged[x] @ [10.0.0.1]\nFROM t;");
	ck_assert_str_eq(text_of(6, "soc.parse_status"), "joined");
	ck_assert_str_eq(text_of(7, "user.name"), "an");
	ck_assert_str_eq(text_of(10, "message"), "SELECT *\nFROM t");
	ck_assert_str_eq(text_of(11, "soc.parse_status"), "joined");
	ck_assert_str_eq(text_of(12, "soc.parse_status"), "ok");
	ck_assert_str_eq(text_of(13, "package.name"), "nginx");
	ck_assert_str_eq(text_of(13, "event.action"), "package_manager_failed");
	ck_assert_str_eq(text_of(17, "soc.parse_status"), "joined");
	ck_assert_str_eq(text_of(18, "event.action"), "package_manager_started");
	forget(n);
	fclose(out);
}
END_TEST

START_TEST(lines_are_written_as_they_come)
{
	static const char line[] = "Jun  1 00:00:00 web app[1]: x\n";
	int in[2], out[2];
	char got[4096];

	ck_assert(pipe(in) == 0 && pipe(out) == 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct normalize_lines lines = {.name = "-", .from = in[0], .to = out[1]};
		struct err err = {0};

		close(in[1]);
		_exit(normalize_lines(&lines, &err) ? 0 : 1);
	}
	close(in[0]);
	close(out[1]);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(write(in[1], line, sizeof(line) - 1), sizeof(line) - 1);
		ck_assert_int_gt(read(out[0], got, sizeof(got)), 0);
	}
	close(in[1]);
	ck_assert_int_eq(read(out[0], got, sizeof(got)), 0);
	close(out[0]);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

TEST_MAIN("normalize/normalize_lines", a_line_that_goes_on_names_the_first,
	the_last_record_of_an_audit_event_carries_it,
	parsers_know_what_goes_on_with_their_records, lines_are_written_as_they_come)
