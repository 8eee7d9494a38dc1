#include "collector/normalizing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { FROM, TO };

struct normalizing {
	struct normalize_lines lines;
	int ends[2];
	bool cut; /* the reader has gone before the end */
	bool ok;
	struct err err;
	pthread_t thread;
};

/* Writing to a reader that has gone is a failure here, not the end of the program. */
static void take_no_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *run(void *user)
{
	struct normalizing *normalizing = user;

	take_no_signal();
	normalizing->ok = normalize_lines(&normalizing->lines, &normalizing->err);
	close(normalizing->ends[TO]);
	return NULL;
}

struct normalizing *normalizing_start(
	const struct normalize_lines *lines, int *from, struct err *err)
{
	struct normalizing *normalizing = calloc(1, sizeof(*normalizing));

	if (normalizing == NULL)
		abort();
	normalizing->lines = *lines;
	if (pipe2(normalizing->ends, O_CLOEXEC) != 0) {
		err_sys(err, "pipe");
		free(normalizing);
		return NULL;
	}
	normalizing->lines.to = normalizing->ends[TO];
	errno = pthread_create(&normalizing->thread, NULL, run, normalizing);
	if (errno != 0) {
		err_sys(err, "starting a thread");
		close(normalizing->ends[FROM]);
		close(normalizing->ends[TO]);
		free(normalizing);
		return NULL;
	}
	*from = normalizing->ends[FROM];
	return normalizing;
}

bool normalizing_end(struct normalizing *normalizing, struct err *err)
{
	char byte;
	bool ok;

	normalizing->cut = read(normalizing->ends[FROM], &byte, 1) > 0;
	close(normalizing->ends[FROM]);
	pthread_join(normalizing->thread, NULL);
	ok = normalizing->ok || normalizing->cut;
	if (!ok)
		*err = normalizing->err;
	free(normalizing);
	return ok;
}
