/*
 * confine - what the signer's process may still do once it holds its keys
 *
 * No new privileges, no core file, no ptrace by others of the same user, no
 * files and no processes (RLIMIT), and a list of system calls: talk on the
 * open descriptors, manage memory, take the time, end. Anything else kills the
 * process; the supervisor starts it again. Private to signer/.
 */
#ifndef COLLECTOR_SIGNER_CONFINE_H
#define COLLECTOR_SIGNER_CONFINE_H

#include "common/err.h"

MUST_USE bool confine(struct err *err);

#endif
