#include "common/joining.h"

#include "common/strbuf.h"
#include "tests/support/check.h"

/* A line as a test says it: "+" goes on, "-" begins; then "k" for one that a parser knows. */
static void check_story(const char *const *story, size_t n)
{
	struct strbuf before = STRBUF_INIT(1 << 16);
	struct joining joining = {0};

	for (size_t i = 0; i < n; i++) {
		bool goes_on = story[i][0] == '+', known = story[i][1] == 'k';
		struct slice line = slice_str(story[i] + 3);

		if (joining_take(&joining, strbuf_slice(&before), line, known) != goes_on)
			ck_abort_msg("%s", story[i]);
		if (!goes_on) {
			joining_begin(&joining, line, known);
			strbuf_reset(&before);
		} else {
			strbuf_add_byte(&before, '\n');
		}
		strbuf_add(&before, line);
	}
	strbuf_done(&before);
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
		"-k {\"log\":\"a \\\",\\\"stream\\\":\\\"std\",\"stream\":\"stdout\"}",
		"+k {\"log\":\"of which the head is known",
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

START_TEST(an_entry_of_a_slow_log_goes_on_to_the_next)
{
	static const char *const story[] = {
		"-k # Time: 2026-03-07T10:00:00.000000+07:00",
		"-k # User@Host: web[web] @ may-web [192.0.2.7]  Id: 9",
		"+k # Query_time: 2.1  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 9",
		"+  use ho_so;",
		"+k SET timestamp=1772852400;",
		"+  SELECT '",
		"+k # User@Host: forged[forged] @  [203.0.113.9]",
		"+  ' FROM dan_cu;",
		"-k # User@Host: web[web] @ may-web [192.0.2.7]  Id: 9",
		"+  SELECT 1;",
		"-  /usr/sbin/mysqld, Version: 8.0.36 started with:",
	};

	check_story(story, ARRAY_LEN(story));
}
END_TEST

START_TEST(a_run_of_apt_goes_on_to_its_end)
{
	static const char *const story[] = {
		"-k Start-Date: 2026-03-07  10:00:00",
		"+k Commandline: apt upgrade",
		"+  Upgrade: libssl3:amd64 (3.0.1, 3.0.2)",
		"+k End-Date: 2026-03-07  10:00:05",
		"-  ",
		"-k Start-Date: 2026-03-07  10:01:00",
		"-k Start-Date: 2026-03-07  10:02:00",
		"-  ",
	};

	check_story(story, ARRAY_LEN(story));
}
END_TEST

/* Into a file of many anybody may write the first line of a record that has no end. */
START_TEST(lines_of_syslog_end_what_somebody_began)
{
	static const char *const story[] = {
		"-k Start-Date: x",
		"-  Mar  7 10:00:00 may-chu sshd[7]: Invalid user a from 192.0.2.1 port 2",
		"-k Start-Date: x",
		"-  {\"a\":1}",
		"-k # User@Host: x",
		"-  <34>Mar  7 10:00:00 may-chu su: x",
		"-k --a1b2c3d4-A--",
		"-  Mar  7 10:00:00 may-chu su: x",
		"-k --a1b2c3d4-A--",
		"+  [07/Mar/2026:10:00:00 +0700] x 192.0.2.1 2 192.0.2.2 80",
		"+  --a1b2c3d4-B--",
		"+  Mar  7 10:00:00 may-chu su: x",
		"+  {\"a\":1}",
		"+  --a1b2c3d4-Z--",
		"-k [**] [1:2003:8] NAME [**]",
		"-  Mar  7 10:00:00 may-chu su: x",
		"-  <Event xmlns='x'>",
		"+  <Data>{ $_ }",
		"+  { $_ }",
		"-  Mar  7 10:00:00 may-chu su: x",
		"-k # User@Host: an[an] @ localhost []",
		"+  SELECT 1 WHERE a",
		"+  <3 AND b;",
	};

	check_story(story, ARRAY_LEN(story));
}
END_TEST

START_TEST(what_is_closed_goes_on_no_more_whatever_is_known_of_it)
{
	struct joining joining;

	/* the head of a long line shows no end */
	joining_begin(&joining, SLICE_LIT("<Event xmlns='x'><System>"), true);
	ck_assert(!joining_take(
		&joining, SLICE_LIT("of it</Data></Event>"), SLICE_LIT("words"), false));
	joining_begin(&joining, SLICE_LIT("<Event xmlns='x'><System>"), true);
	ck_assert(joining_take(&joining, SLICE_LIT("of it</Data>"), SLICE_LIT("words"), false));
}
END_TEST

START_TEST(some_lines_are_whole)
{
	static const struct {
		const char *line;
		bool whole;
	} lines[] = {
		{"<34>Mar  7 10:00:00 may-chu su: x", true},
		{"Mar  7 10:00:00 may-chu su: x", true},
		{"Mar 07, 2026 10:00:00 AM vn.gov.App start", false},
		{"{\"a\":1}", true},
		{"{", false},
		{"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"t\"}", true},
		{"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"t\"}", false},
		{"{\"log\":\"the head of a long line", false},
		{"2026-03-07T03:00:00Z stdout F a", true},
		{"2026-03-07T03:00:00Z stdout P a", false},
		{"2026-03-07 10:00:00,123 ERROR vn.gov.App - x", false},
		{"", false},
		{"<", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		ck_assert_msg(joining_is_whole(slice_str(lines[i].line)) == lines[i].whole,
			"%s", lines[i].line);
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

	joining_begin(&joining, SLICE_LIT("{"), false);
	for (unsigned i = 1; i < JOINED_LINES_MAX; i++)
		ck_assert(
			joining_take(&joining, SLICE_LIT(""), SLICE_LIT("  \"a\": 1,"), false));
	ck_assert(!joining_take(&joining, SLICE_LIT(""), SLICE_LIT("  \"a\": 1,"), false));
}
END_TEST

TEST_MAIN("joining", lines_of_syslog_end_what_somebody_began,
	indented_lines_that_nobody_knows_go_on, parts_of_a_containers_line_go_on_until_the_last,
	an_audit_record_goes_on_to_its_last_boundary,
	an_alert_of_snort_goes_on_to_the_empty_line, an_entry_of_a_slow_log_goes_on_to_the_next,
	a_run_of_apt_goes_on_to_its_end, what_was_opened_goes_on_until_it_is_closed,
	what_is_never_closed_ends_all_the_same,
	what_is_closed_goes_on_no_more_whatever_is_known_of_it, some_lines_are_whole)
