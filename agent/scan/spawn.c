#include "agent/scan/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

bool spawn_self(const struct spawn *spawn, pid_t *pid, struct err *err)
{
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (spawn->to != STDOUT_FILENO)
		posix_spawn_file_actions_addopen(
			&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, spawn->from, spawn->to);
	/* The file that runs, also when another version was installed over it meanwhile. */
	int error = posix_spawn(pid, "/proc/self/exe", &actions, NULL, spawn->arguments,
		spawn->environment != NULL ? spawn->environment : environ);
	posix_spawn_file_actions_destroy(&actions);
	errno = error;
	return error == 0 ||
	       err_sys(err, "starting %s %s", spawn->arguments[0], spawn->arguments[1]);
}
