#include "agent/inputs/file_columns.h"

#include "tests/agent/inputs/tail_bench.h"

#define ZEEK_HEAD                                                                              \
	"#separator "                                                                          \
	"\\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\n#types\ttime\tstring\taddr\n"

/* So many of the first lines are taken. */
static unsigned lines_of(const char *head)
{
	struct file_record record = {0};
	unsigned n = 0;

	while (file_columns_next(slice_str(head), record.next, &record))
		n++;
	return n;
}

START_TEST(directives_and_a_first_row_of_names_are_columns)
{
	ck_assert_uint_eq(lines_of(ZEEK_HEAD "1795305600.0\tC1\t192.0.2.1\n"), 4);
	ck_assert_uint_eq(lines_of("\xef\xbb\xbf#Software: x\r\n#Fields: date time\r\n"), 2);
	ck_assert_uint_eq(lines_of("time,user,src_ip\nhost,name,other\n"), 1);
	ck_assert_uint_eq(lines_of("#Fields: date time"), 0); /* not whole */
	ck_assert_uint_eq(lines_of("# Time: 2026-11-22\n"), 0);
	ck_assert_uint_eq(lines_of("Nov 22 08:00:01 web01 sshd[7]: x\n#Fields: a\n"), 0);
	ck_assert_uint_eq(lines_of("\n#Fields: a\n"), 0);
	ck_assert_uint_eq(lines_of(""), 0);
}
END_TEST

static void begin_at_end(struct bench *bench, const char *text)
{
	bench_init(bench, "*.log");
	bench->group.begin = FILE_BEGIN_END;
	folder_append(&bench->folder, "a.log", text);
}

START_TEST(a_file_begun_at_its_end_gives_its_columns_first)
{
	struct bench bench;

	begin_at_end(&bench, "time,user,src_ip\r\n1,old,192.0.2.1\r\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_append(&bench.folder, "a.log", "2,new,192.0.2.2\r\n");
	expect_items(&bench, 2);
	expect_text(&bench, 0, "time,user,src_ip\r");
	ck_assert_uint_eq(bench.intake.items[0].offset, 0);
	expect_text(&bench, 1, "2,new,192.0.2.2\r");
	ck_assert_uint_eq(bench.intake.items[1].offset, 35);
	bench_done(&bench);
}
END_TEST

START_TEST(columns_are_given_once_over_a_restart)
{
	struct bench bench;

	begin_at_end(&bench, ZEEK_HEAD "1\told\t192.0.2.1\n");
	bench_start(&bench);
	expect_items(&bench, 4);
	fake_intake_commit(&bench.intake);
	bench_kill(&bench);
	folder_append(&bench.folder, "a.log", "2\tnew\t192.0.2.2\n");
	bench_start(&bench);
	expect_items(&bench, 5);
	expect_text(&bench, 4, "2\tnew\t192.0.2.2");
	bench_done(&bench);
}
END_TEST

START_TEST(columns_wait_for_room)
{
	struct bench bench;

	begin_at_end(&bench, ZEEK_HEAD "1\told\t192.0.2.1\n");
	bench.settings.files.open_max = 0; /* closed and found again in between */
	bench.intake.refuse_after = 2;
	bench_start(&bench);
	expect_items(&bench, 2);
	folder_append(&bench.folder, "a.log", "2\tnew\t192.0.2.2\n");
	read_once(&bench);
	bench.intake.refuse_after = SIZE_MAX;
	file_input.resume(bench.input);
	expect_items(&bench, 5);
	expect_text(&bench, 1, "#path\tconn");
	expect_text(&bench, 2, "#fields\tts\tuid\tid.orig_h");
	expect_text(&bench, 4, "2\tnew\t192.0.2.2");
	bench_done(&bench);
}
END_TEST

/* The new one has columns of its own. */
START_TEST(a_file_truncated_before_its_columns_were_given_gives_those_it_has_now)
{
	struct bench bench;

	begin_at_end(&bench, "time,user,src_ip\n1,old,192.0.2.1\n");
	bench.intake.refuse_after = 0;
	bench_start(&bench);
	read_once(&bench);
	folder_replace(&bench.folder, "a.log", "time,host,user\n2,web01,an\n");
	bench.intake.refuse_after = SIZE_MAX;
	file_input.resume(bench.input);
	expect_items(&bench, 2);
	expect_text(&bench, 0, "time,host,user");
	expect_text(&bench, 1, "2,web01,an");
	bench_done(&bench);
}
END_TEST

START_TEST(what_comes_by_rotation_is_read_from_its_start)
{
	struct bench bench;

	begin_at_end(&bench, "time,user,src_ip\n1,old,192.0.2.1\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_append(&bench.folder, "a.log", "2,an,192.0.2.2\n");
	folder_rename(&bench.folder, "a.log", "a.log.1");
	folder_append(&bench.folder, "a.log", "time,user,src_ip\n3,binh,192.0.2.3\n");
	expect_items(&bench, 4);
	expect_text(&bench, 1, "2,an,192.0.2.2");
	expect_text(&bench, 2, "time,user,src_ip");
	expect_text(&bench, 3, "3,binh,192.0.2.3");
	bench_done(&bench);
}
END_TEST

START_TEST(a_log_without_columns_gives_nothing_of_its_past)
{
	struct bench bench;

	begin_at_end(&bench, "Nov 22 08:00:01 web01 sshd[7]: old\n#Fields: a b\n");
	bench_start(&bench);
	read_once(&bench);
	folder_append(&bench.folder, "a.log", "new\n");
	expect_items(&bench, 1);
	expect_text(&bench, 0, "new");
	bench_done(&bench);
}
END_TEST

TEST_MAIN("file_columns", directives_and_a_first_row_of_names_are_columns,
	a_file_begun_at_its_end_gives_its_columns_first, columns_are_given_once_over_a_restart,
	columns_wait_for_room,
	a_file_truncated_before_its_columns_were_given_gives_those_it_has_now,
	what_comes_by_rotation_is_read_from_its_start,
	a_log_without_columns_gives_nothing_of_its_past)
