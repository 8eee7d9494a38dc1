#include "collector/normalize/joining.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yyjson.h>

#include "collector/normalize/normalize_lines.h"
#include "collector/normalize/parsers.h"
#include "tests/support/check.h"

enum { LINES_MAX = 64 };

/* A line as a test says it: "+" goes on, "-" begins; then "k" for one that a parser knows. */
static void check_story(const char *const *story, size_t n)
{
	struct joining joining = {0};

	for (size_t i = 0; i < n; i++) {
		bool goes_on = story[i][0] == '+', known = story[i][1] == 'k';
		struct slice line = slice_str(story[i] + 3);

		if (joining_take(&joining, SLICE_LIT(""), line, known) != goes_on)
			ck_abort_msg("%s", story[i]);
		if (!goes_on)
			joining_begin(&joining, line, known ? &parser_json : NULL);
	}
}

START_TEST(an_alert_of_snort_goes_on_to_the_empty_line)
{
	static const char *const story[] = {
		"-  [**] [1:2003:8] one [**]",
		"+  [Classification: Misc Attack] [Priority: 2]",
		"+  03/07-10:00:00.123456 203.0.113.66:1434 -> 192.0.2.7:1434",
		"+  ",
		"-  [**] [1:2003:9] two [**]",
		"+  [Priority: 2]",
		"-  [**] [1:2003:9] three [**]",
		"-k known",
	};

	check_story(story, ARRAY_LEN(story));
}
END_TEST

START_TEST(indented_lines_that_nobody_knows_go_on)
{
	static const char *const story[] = {
		"-  \tfirst of all",
		"-k 2026-06-01 00:00:00 java.lang.IllegalStateException: x",
		"+  \tat vn.example.A.a(A.java:1)",
		"+  \t... 12 more",
		"+  Caused by: java.io.IOException: y",
		"+  \tat vn.example.B.b(B.java:2)",
		"-k 2026-06-01 00:00:01 next",
		"-  Caused by: nothing",
		"-  words",
		"-   indented words behind words nobody knows",
		"-k 2026-06-01 00:00:02 next",
		"-k  {\"indented\":\"but a record\"}",
		"-  ",
		"-  Traceback (most recent call last):",
		"+    File \"x.py\", line 1, in <module>",
		"+  ValueError: z",
		"+  ",
		"+  During handling of the above exception, another exception occurred:",
		"+  ",
		"+  Traceback (most recent call last):",
		"+    File \"x.py\", line 2, in <module>",
		"+      raise vn.Failure(1)",
		"+  vn.Broken: again",
		"-  words: of nobody",
		"-k 2026-06-01 00:00:03 vn.example.A failed",
		"+  java.sql.SQLException: no connection",
		"+  \tat vn.example.A.a(A.java:1)",
		"+  Caused by: java.net.ConnectException: refused",
		"-  Exception in thread \"main\" java.lang.IllegalStateException: x",
		"+  \tat vn.example.A.a(A.java:1)",
		"-  vn.example.Broken: no exception",
		"-k [07-Mar-2026 10:00:00 UTC] PHP Fatal error:  Uncaught Exception: x in a:1",
		"+  Stack trace:",
		"+  #0 /srv/www/a.php(12): f()",
		"+  #1 {main}",
		"+    thrown in /srv/www/a.php on line 1",
		"-  # Time: of nobody",
	};

	check_story(story, ARRAY_LEN(story));
}
END_TEST

START_TEST(parts_of_a_containers_line_go_on_until_the_last)
{
	static const char *const story[] = {
		"-k {\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-03-07T03:00:00Z\"}",
		"+k {\"log\":\"b\",\"stream\":\"stdout\",\"time\":\"2026-03-07T03:00:00Z\"}",
		"-k {\"log\":\"c\",\"stream\":\"stderr\",\"time\":\"2026-03-07T03:00:00Z\"}",
		"+k {\"log\":\"d\\n\",\"stream\":\"stderr\",\"time\":\"2026-03-07T03:00:00Z\"}",
		"-k {\"log\":\"e\\n\",\"stream\":\"stderr\",\"time\":\"2026-03-07T03:00:00Z\"}",
		"-k 2026-03-07T03:00:00Z stdout P a",
		"+k 2026-03-07T03:00:00Z stdout P b",
		"+k 2026-03-07T03:00:00Z stdout F",
		"-k 2026-03-07T03:00:00Z stdout F c",
		"-k 2026-03-07T03:00:00Z stdout P d",
		"-k 2026-03-07T03:00:00Z stderr F e",
	};

	check_story(story, ARRAY_LEN(story));
}
END_TEST

START_TEST(an_audit_record_goes_on_to_its_last_boundary)
{
	static const char *const story[] = {
		"-  --a1b2c3d4-A--",
		"+k [07/Mar/2026:10:00:00 +0700] Z8p 192.0.2.1 51000 192.0.2.80 443",
		"+  --a1b2c3d4-B--",
		"+  GET / HTTP/1.1",
		"+k Mar  7 10:00:00 web sshd[1]: Accepted password for root from 192.0.2.9",
		"+  --a1b2c3d4-Z--",
		"-  ",
		"-  --a1b2c3d5-A--",
		"+  cut",
		"-  --a1b2c3d6-A--",
	};

	check_story(story, ARRAY_LEN(story));
}
END_TEST

START_TEST(what_was_opened_goes_on_until_it_is_closed)
{
	static const char *const story[] = {
		"-  <Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">",
		"+    <System>",
		"+  </System>",
		"+k   a=1 b=2 c=3",
		"+  </Event>",
		"-  </Events>",
		"-  <Event>",
		"-  <Event>",
		"-k Jun  1 00:00:00 web sshd[1]: x",
		"-  <Event><System/></Event>",
		"-  {",
		"+    \"a\": {",
		"+k   \"b\": 1",
		"+  }",
		"-  {",
		"-  }",
	};

	check_story(story, ARRAY_LEN(story) - 2);
}
END_TEST

START_TEST(what_is_never_closed_ends_all_the_same)
{
	struct joining joining = {0};

	joining_begin(&joining, SLICE_LIT("{"), NULL);
	for (unsigned i = 1; i < JOINED_LINES_MAX; i++)
		ck_assert(
			joining_take(&joining, SLICE_LIT(""), SLICE_LIT("  \"a\": 1,"), false));
	ck_assert(!joining_take(&joining, SLICE_LIT(""), SLICE_LIT("  \"a\": 1,"), false));
}
END_TEST

/* ---- the program's reading --------------------------------------------------------------- */

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

TEST_MAIN("joining", an_alert_of_snort_goes_on_to_the_empty_line,
	parts_of_a_containers_line_go_on_until_the_last,
	an_audit_record_goes_on_to_its_last_boundary, indented_lines_that_nobody_knows_go_on,
	what_was_opened_goes_on_until_it_is_closed, what_is_never_closed_ends_all_the_same,
	a_line_that_goes_on_names_the_first, the_last_record_of_an_audit_event_carries_it,
	parsers_know_what_goes_on_with_their_records, lines_are_written_as_they_come)
