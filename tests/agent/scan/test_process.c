#include "agent/scan/process.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/scan_program.h"

struct bench {
	struct event_base *base;
	struct scan_process *process;
	unsigned lines;
	bool ended;
	int status;
	char why[128];
};

static bool on_line(void *user, struct slice line)
{
	struct bench *bench = user;

	(void)line;
	bench->lines++;
	return true;
}

static void on_end(void *user, int status, const char *why)
{
	struct bench *bench = user;

	bench->ended = true;
	bench->status = status;
	snprintf(bench->why, sizeof(bench->why), "%s", why != NULL ? why : "");
}

/* This program once more; main() below says what it does then. */
static void run(struct bench *bench, const char *how)
{
	char name[] = "soc-agent", what[16];
	char *const arguments[] = {name, what, NULL};
	const struct scan_process_settings settings = {.silence_ms = 60000, .stop_ms = 100};
	const struct scan_process_user user = {on_line, on_end, bench};
	struct err err;

	*bench = (struct bench){.base = event_base_new()};
	snprintf(what, sizeof(what), "%s", how);
	bench->process = scan_process_start(bench->base, arguments, &settings, &user, &err);
	ck_assert_msg(bench->process != NULL, "%s", err.text);
	while (!bench->ended)
		ck_assert_int_eq(event_base_loop(bench->base, EVLOOP_ONCE), 0);
	scan_process_free(bench->process);
	event_base_free(bench->base);
}

START_TEST(what_it_says_and_its_end_are_told)
{
	struct bench bench;

	run(&bench, "speaks");
	ck_assert_uint_eq(bench.lines, 2);
	ck_assert_int_eq(bench.status, 3);
	ck_assert_str_eq(bench.why, "");
}
END_TEST

START_TEST(one_that_says_it_is_done_and_stays_is_killed)
{
	struct bench bench;

	run(&bench, "stays");
	ck_assert_uint_eq(bench.lines, 1);
	ck_assert_int_eq(bench.status, -1);
	ck_assert_ptr_nonnull(strstr(bench.why, "did not end"));
}
END_TEST

static void read_to_the_end(int fd)
{
	char bytes[256];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* A scan for an agent that listens, or that died before the scan began. */
static void scan_for(struct folder *folder, const char *rules, bool listens)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	if (!listens)
		close(ends[0]);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl("/proc/self/exe", "soc-agent", "scan", "--feed", "order", "--rules",
			rules, folder->path, NULL);
		_exit(99);
	}
	close(ends[1]);
	if (listens) {
		read_to_the_end(ends[0]);
		close(ends[0]);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(a_scan_whose_agent_is_gone_looks_at_nothing)
{
	struct folder folder, other;
	char events[4096];
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	folder_make(&folder);
	folder_make(&other);
	folder_append(&folder, "file", "nothing");
	folder_append(&other, "rules.yar", "rule large { condition: filesize > 1000MB }");
	ck_assert_int_ge(inotify_add_watch(watch, folder.path, IN_OPEN), 0);
	scan_for(&folder, folder_path(&other, "rules.yar"), true);
	ck_assert_int_gt(read(watch, events, sizeof(events)), 0);
	scan_for(&folder, folder_path(&other, "rules.yar"), false);
	ck_assert_int_lt(read(watch, events, sizeof(events)), 0);
	close(watch);
	folder_remove(&folder);
	folder_remove(&other);
}
END_TEST

static int speak(int status)
{
	printf("S {}\n");
	fflush(stdout);
	return status;
}

static int test_main(void)
{
	const TTest *const tests[] = {what_it_says_and_its_end_are_told,
		one_that_says_it_is_done_and_stays_is_killed,
		a_scan_whose_agent_is_gone_looks_at_nothing};

	return test_run("scan_process", tests, ARRAY_LEN(tests));
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return test_main();
	if (strcmp(argv[1], "speaks") == 0)
		return speak(0) + speak(3);
	if (strcmp(argv[1], "stays") == 0) {
		speak(0);
		close(STDOUT_FILENO);
		for (;;)
			pause();
	}
	return scan_program(argc, argv);
}
