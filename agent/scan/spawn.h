/* spawn - this program once more, as another process (agent/scan: the scan, its workers) */
#ifndef AGENT_SCAN_SPAWN_H
#define AGENT_SCAN_SPAWN_H

#include <sys/types.h>

#include "common/err.h"

struct spawn {
	char *const *arguments;   /* ended by NULL */
	char *const *environment; /* NULL = ours */
	int from, to;             /* our descriptor `from` becomes its `to` */
};

/* Standard input and output are /dev/null unless `to` says else; standard error is ours. */
MUST_USE bool spawn_self(const struct spawn *spawn, pid_t *pid, struct err *err);

#endif
