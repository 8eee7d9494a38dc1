/*
 * worker - the process that compiles rules and looks into files
 *
 * Started as "PROGRAM scan --worker" with its channel on descriptor 3. It gets
 * rule sources and open files, opens nothing itself, and sits in a sandbox
 * (common/sandbox.h) before it compiles or scans. It can be killed at any time.
 *
 *	START limits · RULES … · COMPILE   ->
 *	                                   <-  COMPILING n … · READY
 *	FILE (+ descriptor) …              ->
 *	                                   <-  RESULT … in the order of the files
 *
 *	START   := memory_max · timeout_s
 *	RULES   := name · name space · text of the source
 *	COMPILING := number of the source
 *	READY   := rules · cpu_us · missing sandbox parts · words when none compiled
 *	           · refused sources, each number · words
 *	FILE    := ticket · filename · filepath (its folder) · extension · owner
 *	RESULT  := result.h
 */
#ifndef AGENT_SCAN_WORKER_H
#define AGENT_SCAN_WORKER_H

#include <stdint.h>

enum {
	WORKER_CHANNEL = 3,
	WORKER_SOURCES_MAX = 16384,
	WORKER_EXTERNAL_MAX = 8192, /* bytes of one variable */
	WORKER_READ_MAX = 4 << 20,  /* files up to here are read, larger ones mapped */
};

#define WORKER_OPTION "worker"

/* Until the channel is closed; the exit status of the process. */
int worker_main(void);

/* Into the worker's sandbox, for good; the parts that are missing (enum sandbox_part).
 * `memory_max` is bytes of address space, 0 = no limit. */
unsigned worker_confine(uint64_t memory_max);

#endif
