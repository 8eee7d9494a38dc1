/*
 * inventory_parts - the parts of an inventory; each writes its fields
 *
 * One thread. Blocking reads of local files, bounded.
 */
#ifndef AGENT_INPUTS_INVENTORY_PARTS_H
#define AGENT_INPUTS_INVENTORY_PARTS_H

#include "agent/inputs/inventory_report.h"

/* What package managers keep, remembered until their file changes: counting reads it all. */
struct inventory_packages {
	const char *manager; /* NULL = none found */
	int64_t changed;     /* seconds since 1970 */
	uint64_t size;       /* of the file counted; with `changed` says that it is the same */
	uint64_t count;
	bool counted;
};

/* Programs that run, by the names the kernel has for them. */
struct inventory_processes {
	unsigned running;            /* bit n: a program of inventory_programs[n] */
	bool known;                  /* /proc could be read */
	struct listening *listening; /* whose owners are looked for */
	size_t n_listening;
};

enum { INVENTORY_LISTENING_MAX = 512, INVENTORY_PROGRAM_MAX = 16 };

/* A socket that waits for somebody. */
struct listening {
	bool is_udp, passing; /* passing: UDP, a port of the range for clients */
	uint16_t port;
	uint64_t inode;
	char ip[48];
	char process[INVENTORY_PROGRAM_MAX]; /* "" = unknown */
};

/* host.*, agent.version, soc.clock.* but for the uptime. */
void inventory_host(struct inventory_report *report);
void inventory_addresses(struct inventory_report *report);
void inventory_uptime(struct inventory_report *report);

void inventory_packages_look(int root, struct inventory_packages *packages);
void inventory_packages(
	struct inventory_report *report, const struct inventory_packages *packages);

/* Sorted, those that pass last. Gives how many, INVENTORY_LISTENING_MAX at most; *known is
 * false when none of the kernel's tables could be read. */
size_t inventory_listening_look(int root, struct listening *sockets, bool *known, bool *cut);

/* The list goes on behind the stable part. */
void inventory_listening(
	struct inventory_report *report, const struct listening *sockets, size_t n, bool cut);

/* Which known programs run, and who owns the sockets of processes->listening. */
void inventory_processes_look(int root, struct inventory_processes *processes);

/* Antivirus and firewalls. */
void inventory_protection(
	struct inventory_report *report, const struct inventory_processes *processes);

/* Names of processes looked for, ended by NULL; at most 32. */
extern const char *const inventory_programs[];

/* Whether a process of that name runs; `name` is in inventory_programs. */
bool inventory_runs(const struct inventory_processes *processes, const char *name);

#endif
