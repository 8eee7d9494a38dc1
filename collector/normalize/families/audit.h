/*
 * audit - what the records of the Linux audit system mean, whoever wrote them down
 *
 * auditd writes lines of name=value, laurel writes JSON; both come here name by
 * name. Values that users choose (paths, arguments, account names) may be coded
 * as hexadecimal digits; they are decoded into the arena.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_AUDIT_H
#define COLLECTOR_NORMALIZE_AUDIT_H

#include "collector/normalize/text/extract.h"

enum { AUDIT_ARGUMENTS_MAX = 128 };

/* A record type: audit_types.c. */
struct audit_type {
	struct slice name;
	unsigned number; /* linux/audit.h, libaudit.h; 0 = not asked for by number */
	struct meaning meaning;
};

/* NULL for an unknown type. A number is what the kernel's own log has. */
const struct audit_type *audit_type_by_name(struct slice name);
const struct audit_type *audit_type_by_number(struct slice digits);

/* "59" -> "execve" on the architecture "c000003e"; SLICE_NONE when it is not known. */
struct slice audit_syscall_name(struct slice arch, struct slice number);

/* What a whole event with this system call means: "executed", a process that starts. NULL for
 * calls that are not in the table. */
const struct meaning *audit_syscall_meaning(struct slice name);

/* One record on its way; zeroed but for the first three. */
struct audit {
	struct record *record;
	struct parse_context *context;
	const struct audit_type *type; /* NULL = unknown */
	struct slice arch, syscall, syscall_name, addr, hostname, account;
	struct slice user_name; /* of uid, when the record is enriched */
	struct slice outcome;
	struct slice socket_address, socket_port; /* of a sockaddr, ours or theirs */
	bool whole_event; /* all records of the event together, not one of them */
	bool typed;       /* ... and the type says what the event means, not the system call */
	enum { AUDIT_POLICY_NONE, AUDIT_POLICY_SELINUX, AUDIT_POLICY_APPARMOR } policy;
	unsigned n_arguments;
	struct slice arguments[AUDIT_ARGUMENTS_MAX];
};

/* `coded`: the value may be hexadecimal digits (it stood without quotes). */
void audit_put(struct audit *audit, struct slice name, struct slice value, bool coded);

/* One of the arguments of a program that was started, in order. */
void audit_put_argument(struct audit *audit, struct slice argument);

/* After the last: action, category, type, outcome, and what several values say together. The
 * type's `name` stands for an unknown type. */
void audit_finish(struct audit *audit, struct slice name);

#endif
