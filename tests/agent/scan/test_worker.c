/* What a worker may not do, tried from inside its sandbox. */
#include "agent/scan/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "tests/support/folder.h"

enum { REFUSED = 10, DONE = 11 };

static int end_of(void (*what)(const char *path), const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)worker_confine(0);
		what(path);
		_exit(DONE);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void say_if_refused(bool done)
{
	_exit(done ? DONE : REFUSED);
}

static void open_to_write(const char *path)
{
	say_if_refused(open(path, O_WRONLY) >= 0);
}

static void open_to_read(const char *path)
{
	say_if_refused(open(path, O_RDONLY) >= 0);
}

static void create(const char *path)
{
	say_if_refused(open(path, O_WRONLY | O_CREAT, 0600) >= 0);
}

static void make_code(const char *path)
{
	(void)path;
	say_if_refused(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void make_thread(const char *path)
{
	(void)path;
	(void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void run_program(const char *path)
{
	char *const arguments[] = {NULL};

	(void)path;
	(void)execve("/bin/true", arguments, arguments);
}

static void make_socket(const char *path)
{
	(void)path;
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void remove_file(const char *path)
{
	(void)unlink(path);
}

static void signal_others(const char *path)
{
	(void)path;
	(void)kill(1, 0);
}

START_TEST(files_cannot_be_opened)
{
	static void (*const tries[])(const char *path) = {
		open_to_write, open_to_read, create, make_code};
	struct folder folder;

	folder_make(&folder);
	folder_replace(&folder, "file", "x");
	ck_assert_int_eq(chmod(folder.path, 0777), 0);
	ck_assert_int_eq(chmod(folder_path(&folder, "file"), 0666), 0);
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		int status = end_of(tries[i], folder_path(&folder, i == 2 ? "new" : "file"));
		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), REFUSED);
	}
	folder_remove(&folder);
}
END_TEST

START_TEST(what_only_an_attacker_does_ends_the_worker)
{
	static void (*const tries[])(const char *path) = {
		run_program, make_socket, make_thread, remove_file, signal_others};
	struct folder folder;

	folder_make(&folder);
	folder_replace(&folder, "file", "x");
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		int status = end_of(tries[i], folder_path(&folder, "file"));
		ck_assert_msg(WIFSIGNALED(status), "try %zu", i);
		ck_assert_int_eq(WTERMSIG(status), SIGSYS);
	}
	folder_remove(&folder);
}
END_TEST

TEST_MAIN("worker", files_cannot_be_opened, what_only_an_attacker_does_ends_the_worker)
