/*
 * crew - the workers of a scan, kept alive and at work
 *
 * Starts them, gives them files, hears results in time, and ends a worker that
 * hangs. One that dies takes down the file it was looking at, nothing else:
 * its other files are given again, and a new one is started after a growing pause.
 * A source that crashes or stops the compiler is refused like one that does not
 * compile.
 *
 * Blocks in poll(). One thread.
 */
#ifndef AGENT_SCAN_CREW_H
#define AGENT_SCAN_CREW_H

#include <sys/stat.h>

#include "agent/scan/result.h"
#include "agent/scan/rules.h"

enum { CREW_WORKERS_MAX = 64 };

struct crew_limits {
	unsigned n_workers;  /* 1 .. CREW_WORKERS_MAX */
	unsigned n_waiting;  /* files given to a worker ahead; 1 .. CREW_WAITING_MAX */
	unsigned timeout_s;  /* for one file */
	uint64_t memory_max; /* bytes of address space of a worker; 0 = no limit */
};

enum { CREW_WAITING_MAX = 16 };

/* A file on its way. Memory from malloc(), handed over with crew_give() and back. */
struct crew_file {
	char *path;
	size_t name_at; /* where its name begins in path */
	bool is_root;
	int fd;
	struct stat st;      /* when it was opened */
	const char *owner;   /* lives as long as the crew */
	unsigned char tries; /* of the scan, when it changed meanwhile */
};

void crew_file_free(struct crew_file *file);

enum crew_loss {
	LOSS_CRASHED,   /* the worker died on it */
	LOSS_TIMEOUT,   /* it had to be killed */
	LOSS_NO_WORKER, /* none could be started any more */
};

struct crew_user {
	/* `reader` stands at the first of result->n_hits hits. The file is the user's now. */
	void (*on_result)(void *user, struct crew_file *file, const struct result *result,
		struct varint_reader *reader);
	void (*on_loss)(void *user, struct crew_file *file, enum crew_loss loss);
	void *user;
};

struct crew;

/*
 * The first worker has compiled: crew_rules() says how many. Marks refused sources of
 * `rules`, which the crew needs until it is freed. NULL: nothing can be scanned.
 */
MUST_USE struct crew *crew_new(const struct crew_limits *limits, struct rules *rules,
	const struct crew_user *user, struct err *err);
void crew_free(struct crew *crew);

uint64_t crew_rules(const struct crew *crew);
unsigned crew_sandbox_missing(const struct crew *crew); /* enum sandbox_part */
uint64_t crew_restarts(const struct crew *crew);

/* Processor time of all workers so far, in microseconds. */
uint64_t crew_cpu_us(const struct crew *crew);

/* Takes the file. False: nobody has room now, crew_wait(). */
MUST_USE bool crew_give(struct crew *crew, struct crew_file *file);

/* Files given and not yet answered. */
size_t crew_busy(const struct crew *crew);

/* Hears results, deaths and deadlines for at most `timeout_ms`; returns after the first or
 * when a signal came. */
void crew_wait(struct crew *crew, int timeout_ms);

#endif
